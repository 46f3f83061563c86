/* The audit read whole: intents joined with their outcomes. */
#include <string.h>

#include "base/map.h"
#include "ops/parts.h"

static struct ncm_str col(struct ncm_stmt *st, int i, struct ncm_arena *a)
{
    return ncm_col_null(st, i) ? (struct ncm_str){NULL, 0} : ncm_col_dup(st, i, a);
}

static void read_intent(struct ncm_stmt *st, struct ncm_arena *a, struct ncm_record *r)
{
    r->seq = ncm_col_i64(st, 0);
    r->time_ms = ncm_col_i64(st, 1);
    r->id = col(st, 2, a);
    r->actor = col(st, 3, a);
    r->host = col(st, 4, a);
    r->process = col(st, 5, a);
    r->store = col(st, 6, a);
    r->action = col(st, 7, a);
    r->subject = col(st, 8, a);
    r->was = col(st, 9, a);
    r->becomes = col(st, 10, a);
    r->reason = col(st, 11, a);
    r->undoes = col(st, 12, a);
    r->changes = col(st, 13, a);
    r->result = col(st, 14, a);
    r->detail = col(st, 15, a);
    r->hash = col(st, 16, a);
    r->settled = ncm_col_i64(st, 17) != 0;
}

static void mark_undone(struct ncm_log_book *b)
{
    struct ncm_map *by_id = ncm_map_new();
    for (size_t i = 0; i < b->n; i++) {
        struct ncm_record *r = &b->items[i];
        size_t at;
        ncm_map_set(by_id, r->id.p, r->id.len, i);
        if (r->undoes.p != NULL && ncm_map_get(by_id, r->undoes.p, r->undoes.len, &at)) {
            r->undone_action = b->items[at].action;
            b->items[at].undone = b->items[at].undone || ncm_record_done(r);
        }
    }
    ncm_map_free(by_id);
}

bool ncm_log_book_load(struct ncm_db *state, struct ncm_log_book *out, struct ncm_err *err)
{
    struct ncm_stmt *st;
    size_t cap = 0;
    memset(out, 0, sizeof *out);
    if (!ncm_db_prepare(state,
                        "SELECT i.seq, i.time_ms, i.id, i.actor, i.host, i.process, i.store,"
                        " i.action, i.subject, i.was, i.becomes, i.reason, i.undoes, i.changes,"
                        " coalesce(s.result, o.result),"
                        " CASE WHEN s.id IS NULL THEN o.detail ELSE s.detail END,"
                        " coalesce(s.hash, o.hash, i.hash), s.id IS NOT NULL"
                        " FROM audit i LEFT JOIN audit o ON o.id=i.id AND o.part='outcome'"
                        " LEFT JOIN audit s ON s.id=i.id AND s.part='settled'"
                        " WHERE i.part='intent' ORDER BY i.seq",
                        &st, err)) {
        return false;
    }
    out->arena = ncm_arena_new();
    bool row = false;
    bool ok;
    while ((ok = ncm_stmt_step(st, &row, err)) && row) {
        out->items = ncm_grow(out->items, out->n, &cap, sizeof *out->items);
        memset(&out->items[out->n], 0, sizeof *out->items);
        read_intent(st, out->arena, &out->items[out->n++]);
    }
    ncm_stmt_end(st);
    if (!ok) {
        ncm_log_book_release(out);
        return false;
    }
    mark_undone(out);
    return true;
}

void ncm_log_book_release(struct ncm_log_book *b)
{
    ncm_arena_free(b->arena);
    ncm_free(b->items);
    memset(b, 0, sizeof *b);
}

bool ncm_record_mine(const struct ncm_record *r, const char *actor, const char *host)
{
    return ncm_str_is(r->actor, actor) && ncm_str_is(r->host, host);
}

bool ncm_record_done(const struct ncm_record *r)
{
    return r->result.p != NULL && ncm_str_is(r->result, "done");
}

/* What was created got its name only when it was: the outcome tells. */
static void fill_created(struct ncm_changes *c, const char *detail)
{
    if (detail != NULL && strncmp(detail, "run ", 4) == 0) {
        ncm_changes_made_run(c, detail + 4);
    }
    for (size_t i = 0; detail != NULL && i < c->n; i++) {
        struct ncm_change *ch = &c->items[i];
        if (ch->kind == NCM_CH_VERSION_CREATE && strncmp(detail, "version ", 8) == 0) {
            ncm_free(ch->version);
            ch->version = ncm_strdup(detail + 8);
        } else if (ch->kind == NCM_CH_EXPERIMENT_CREATE &&
                   strncmp(detail, "experiment ", 11) == 0) {
            ncm_free(ch->object);
            ch->object = ncm_strdup(detail + 11);
        } else if (ch->kind == NCM_CH_SILENCE_CREATE && strncmp(detail, "silence ", 8) == 0) {
            ncm_free(ch->object);
            ch->object = ncm_strdup(detail + 8);
        }
    }
}

/* A version is taken back only as it was made, a model only while it is empty. */
static void guard_deletions(struct ncm_changes *c)
{
    for (size_t i = 0; i < c->n; i++) {
        struct ncm_change *ch = &c->items[i];
        if (ch->from == NULL && ch->kind == NCM_CH_VERSION_DELETE) {
            ch->from = ncm_strdup("None");
        } else if (ch->from == NULL && ch->kind == NCM_CH_MODEL_DELETE) {
            ch->from = ncm_strdup("0");
        }
    }
}

bool ncm_record_inverse(const struct ncm_record *r, struct ncm_changes *out)
{
    struct ncm_changes done, back;
    struct ncm_err err;
    if (!ncm_changes_from_json(ncm_cstr(r->changes), r->changes.len, &done, &err)) {
        return false;
    }
    fill_created(&done, r->detail.p);
    bool ok = done.n > 0;
    ncm_changes_init(&back);
    ok = ok && ncm_changes_invert(&done, &back);
    ncm_changes_release(&done);
    if (ok && out != NULL) {
        guard_deletions(&back);
        *out = back;
    } else {
        ncm_changes_release(&back);
    }
    return ok;
}
