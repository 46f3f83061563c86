/* Holders as a topic. */
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "engine/state.h"
#include "ops/parts.h"

static bool load_book(struct ncm_job_context *ctx, struct ncm_log_book *book, struct ncm_err *err)
{
    struct ncm_db *state = NULL;
    memset(book, 0, sizeof *book);
    if (ctx->state_path == NULL) {
        return true;
    }
    if (!ncm_state_open(ctx->state_path, false, &state, err)) {
        return err->code == NCM_NOT_FOUND;
    }
    struct ncm_err ignored;
    if (ctx->conn != NULL && !ctx->read_only) {
        const struct ncm_settle how = ncm_settle_of(ctx, ctx->conn, false);
        ncm_audit_settle(state, &how, &ignored);
    }
    bool ok = ncm_log_book_load(state, book, err);
    ncm_db_close(state);
    return ok;
}

/* Nobody knows since when it was held: not before it was made. */
static bool was_made(const struct ncm_model *m, const struct ncm_holder *h, int64_t at)
{
    const struct ncm_model_version *v =
        m != NULL ? ncm_model_version(m, ncm_cstr(h->version)) : NULL;
    return v == NULL || v->creation_ms == NCM_NO_TIME || v->creation_ms <= at;
}

/* Copies into a snapshot; at > 0 keeps only who held it at that moment. */
static void publish(struct ncm_fetch *f, const struct ncm_holder_list *l, const struct ncm_model *m)
{
    struct ncm_holders_snapshot *s = ncm_snapshot_new(NCM_T_HOLDERS, sizeof *s);
    struct ncm_arena *a = s->head.arena;
    int64_t at = f->query->at_ms;
    s->items = ncm_arena_alloc(a, l->n, sizeof *s->items);
    for (size_t i = 0; i < l->n; i++) {
        const struct ncm_holder *h = &l->items[i];
        bool then = (h->from_ms == NCM_NO_TIME ? was_made(m, h, at) : h->from_ms <= at) &&
                    (h->until_ms == NCM_NO_TIME || at < h->until_ms);
        if (at > 0 && !then) {
            continue;
        }
        struct ncm_holder *to = &s->items[s->n++];
        *to = *h;
        to->version = ncm_arena_cstr(a, h->version.p);
        to->actor = ncm_arena_cstr(a, h->actor.p);
        to->reason = ncm_arena_cstr(a, h->reason.p);
        to->known_from = ncm_arena_cstr(a, h->known_from.p);
    }
    f->publish(f->to, &s->head);
}

bool ncm_holders_fetch(struct ncm_job_context *ctx, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_log_book book;
    struct ncm_holder_list list;
    const void *models = NULL;
    if (!load_book(ctx, &book, err)) {
        return false;
    }
    struct ncm_query *q = ncm_query_new(NCM_T_MODELS);
    bool ok = ncm_fetch_now(ctx, q, &models, err);
    ncm_query_free(q);
    const struct ncm_model *m = ok ? ncm_models_find(models, f->query->id) : NULL;
    const char *slot = f->query->key != NULL ? f->query->key : "Production";
    ok = ok && ncm_holders_find(&book, m, f->query->id, slot, &list, err);
    if (ok && m == NULL && list.n == 0) {
        ncm_holders_release(&list);
        ok = ncm_fail(err, NCM_NOT_FOUND, _("there is no model '%s'"), f->query->id);
    }
    if (ok) {
        publish(f, &list, m);
        ncm_holders_release(&list);
    }
    ncm_snapshot_unref(models);
    ncm_log_book_release(&book);
    return ok;
}
