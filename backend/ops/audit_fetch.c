/* The audit as a topic: what pane 9 and `ncmlops audit` show. */
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "engine/state.h"
#include "io/file.h"
#include "ops/parts.h"

static void entry(struct ncm_audit_entry *e, const struct ncm_record *r, struct ncm_arena *a,
                  const char *actor, const char *host)
{
    e->id = ncm_arena_copy(a, r->id);
    e->actor = ncm_arena_copy(a, r->actor);
    e->host = ncm_arena_copy(a, r->host);
    e->action = ncm_arena_copy(a, r->action);
    e->undone_action = ncm_arena_copy(a, r->undone_action);
    e->subject = ncm_arena_copy(a, r->subject);
    e->from = ncm_arena_copy(a, r->was);
    e->to = ncm_arena_copy(a, r->becomes);
    if (ncm_record_done(r) && r->detail.p != NULL && strncmp(r->detail.p, "version ", 8) == 0) {
        e->to = ncm_arena_copy(a, (struct ncm_str){r->detail.p + 8, r->detail.len - 8});
    }
    e->reason = ncm_arena_copy(a, r->reason);
    /* Somebody is at it right now, or was cut off and is not settled yet. */
    e->result = r->result.p != NULL ? ncm_arena_copy(a, r->result) : ncm_arena_cstr(a, "open");
    e->hash = ncm_arena_copy(a, r->hash);
    e->store = ncm_arena_copy(a, r->store);
    e->changes = ncm_arena_copy(a, r->changes);
    e->time_ms = r->time_ms;
    e->mine = ncm_record_mine(r, actor, host);
    e->undoable = ncm_record_done(r) && !r->undone && ncm_record_inverse(r, NULL);
}

static void fill(struct ncm_audit_snapshot *s, const struct ncm_log_book *book, int64_t since)
{
    char *actor = ncm_whoami();
    char *host = ncm_hostname();
    s->items = ncm_arena_alloc(s->head.arena, book->n, sizeof *s->items);
    for (size_t i = book->n; i > 0; i--) {
        const struct ncm_record *r = &book->items[i - 1];
        if (since <= 0 || r->time_ms >= since) {
            entry(&s->items[s->n++], r, s->head.arena, actor, host);
        }
    }
    ncm_free(actor);
    ncm_free(host);
}

/* Settles what was cut off, where the store can be asked; that it cannot is no fault of the log. */
static void settle(struct ncm_job_context *ctx, struct ncm_db *state)
{
    struct ncm_err ignored;
    if (ctx->conn != NULL && ctx->provider != NULL && !ctx->read_only) {
        const struct ncm_settle how = ncm_settle_of(ctx, ctx->conn, false);
        ncm_audit_settle(state, &how, &ignored);
    }
}

/* The log as it is now. */
static bool publish(struct ncm_fetch *f, struct ncm_db *state, bool provisional,
                    struct ncm_err *err)
{
    struct ncm_log_book book = {0};
    char *broken = NULL;
    char *why = NULL;
    bool ok = state == NULL ||
              (ncm_log_book_load(state, &book, err) && ncm_audit_verify(state, &broken, &why, err));
    if (ok) {
        struct ncm_audit_snapshot *s = ncm_snapshot_new(NCM_T_AUDIT, sizeof *s);
        fill(s, &book, f->query->at_ms);
        s->head.provisional = provisional;
        s->verified = true;
        s->broken_id = ncm_arena_cstr(s->head.arena, broken);
        s->broken_why = ncm_arena_cstr(s->head.arena, why);
        f->publish(f->to, &s->head);
    }
    ncm_log_book_release(&book);
    ncm_free(broken);
    ncm_free(why);
    return ok;
}

bool ncm_audit_fetch(struct ncm_job_context *ctx, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_db *state = NULL;
    bool there = ctx->state_path != NULL && ncm_state_open(ctx->state_path, false, &state, err);
    if (!there && ctx->state_path != NULL && err->code != NCM_NOT_FOUND) {
        return false;
    }
    bool ok = true;
    if (there) {
        /* The log is ours: nobody waits for a server to see it. */
        bool remote = ctx->provider != NULL && (ctx->provider->capabilities & NCM_CAP_REMOTE) != 0;
        ok = !remote || publish(f, state, true, err);
        settle(ctx, state);
    }
    ok = ok && publish(f, state, false, err);
    ncm_db_close(state);
    return ok;
}
