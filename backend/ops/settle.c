/* After a crash, or an answer that was lost: what became of an intent. Decided by what the store
 * holds, never by doing it again. */
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "ops/parts.h"
#include "ops/process.h"
#include "provider/mark.h"

/* A process that cannot be seen from here gets this long to write its outcome. */
#define ELSEWHERE_MS (15 * 60 * 1000)
/* What could not be told for so long is not asked for again. */
#define ASK_MS (7LL * 24 * 60 * 60 * 1000)

static bool still_at_it(const struct ncm_record *r)
{
    switch (ncm_process_state(ncm_cstr(r->process), ncm_cstr(r->host))) {
    case NCM_PROCESS_ALIVE:
        return true;
    case NCM_PROCESS_DEAD:
        return false;
    default:
        return ncm_now_ms() - r->time_ms < ELSEWHERE_MS;
    }
}

static bool begins(struct ncm_str s, const char *with)
{
    return s.p != NULL && strncmp(s.p, with, strlen(with)) == 0;
}

/* Its answer was lost, and a look at the store may tell by now. */
static bool is_undecided(const struct ncm_record *r)
{
    return !r->settled && r->result.p != NULL && ncm_str_is(r->result, "unknown") &&
           begins(r->detail, NCM_AUDIT_LATER) && ncm_now_ms() - r->time_ms < ASK_MS;
}

static bool is_unnoted(const struct ncm_record *r)
{
    return !r->settled && ncm_record_done(r) && begins(r->detail, NCM_AUDIT_UNNOTED) &&
           ncm_now_ms() - r->time_ms < ASK_MS;
}

/* The tag that a change should have left on a version. */
static bool leave_note(const struct ncm_settle *how, const struct ncm_record *r,
                       const struct ncm_change *ch, const char *version)
{
    struct ncm_changes one;
    struct ncm_buf text;
    struct ncm_err err;
    struct ncm_receipt receipt;
    struct ncm_control control = {.cancel = NULL};
    const struct ncm_mark mark = {
        .audit_id = ncm_cstr(r->id), .actor = ncm_cstr(r->actor), .reason = r->reason.p};
    char *key = ncm_sprintf(NCM_MARK_PREFIX "%s", mark.audit_id);
    ncm_buf_init(&text, 1u << 20);
    ncm_mark_text(&mark, r->time_ms, ch->kind == NCM_CH_ALIAS ? ch->key : NULL, ch->from, ch->to,
                  &text);
    ncm_changes_init(&one);
    ncm_changes_add(&one, NCM_CH_VERSION_TAG, ch->object, version, key, NULL, text.p);
    bool ok = how->provider->apply(how->conn, &one, NULL, &control, &receipt, &err) ||
              err.code == NCM_NOT_FOUND || err.code == NCM_CONFLICT; /* gone; there already */
    ncm_changes_release(&one);
    ncm_buf_release(&text);
    ncm_free(key);
    return ok;
}

static bool leave_notes(const struct ncm_settle *how, const struct ncm_record *r,
                        const struct ncm_changes *c)
{
    bool ok = true;
    for (size_t i = 0; ok && i < c->n; i++) {
        const struct ncm_change *ch = &c->items[i];
        if (ncm_change_same(ch->from, ch->to)) {
            continue;
        }
        if (ch->kind == NCM_CH_VERSION_STAGE) {
            ok = leave_note(how, r, ch, ch->version);
        } else if (ch->kind == NCM_CH_ALIAS) {
            ok = (ch->from == NULL || leave_note(how, r, ch, ch->from)) &&
                 (ch->to == NULL || leave_note(how, r, ch, ch->to));
        }
    }
    return ok;
}

/* What the store says of a record; of one that is done only its notes are missing. */
static void find(const struct ncm_settle *how, const struct ncm_record *r,
                 const struct ncm_changes *changes, struct ncm_evidence *found)
{
    const struct ncm_evidence_of of = {.provider = how->provider,
                                       .conn = how->conn,
                                       .audit_id = r->id.p,
                                       .changes = changes,
                                       .age_ms = ncm_now_ms() - r->time_ms};
    if (ncm_record_done(r)) {
        *found = (struct ncm_evidence){.result = "done", .unnoted = true};
    } else {
        ncm_audit_evidence(&of, found);
    }
}

/* A later change of the same thing that is done: what the store holds now is its doing. */
static bool done_again(const struct ncm_log_book *book, size_t which)
{
    const struct ncm_record *r = &book->items[which];
    for (size_t i = which + 1; i < book->n; i++) {
        const struct ncm_record *o = &book->items[i];
        if (ncm_record_done(o) && ncm_str_eq(o->store, r->store) &&
            ncm_str_eq(o->subject, r->subject)) {
            return true;
        }
    }
    return false;
}

/* What without a note of ours may as well have been a later change is not claimed. */
static void give_up_claim(struct ncm_evidence *found)
{
    ncm_free(found->detail);
    *found = (struct ncm_evidence){
        .result = "unknown",
        .detail = ncm_strdup("the store is as it was to become, but it was changed again since")};
}

/* *away: the store cannot be asked now, so that the others need not be tried. */
static bool settle_one(struct ncm_db *state, const struct ncm_settle *how,
                       const struct ncm_log_book *book, size_t which, bool *away,
                       struct ncm_err *err)
{
    const struct ncm_record *r = &book->items[which];
    struct ncm_changes changes;
    struct ncm_evidence found = {.result = "unknown"};
    bool left = false; /* missing notes were left now */
    if (ncm_changes_from_json(ncm_cstr(r->changes), r->changes.len, &changes, err)) {
        find(how, r, &changes, &found);
        bool claims = !ncm_record_done(r) && strcmp(found.result, "done") == 0 && !found.noted;
        if (claims && done_again(book, which)) {
            give_up_claim(&found);
        }
        left = found.unnoted && strcmp(found.result, "done") == 0 && how->may_write &&
               leave_notes(how, r, &changes);
        ncm_changes_release(&changes);
    }
    *away = found.away;
    bool ok = true;
    if (!found.later && (left || !ncm_record_done(r))) {
        ok = ncm_audit_outcome(state, r->id.p, found.result,
                               left ? "done; its note was left later" : found.detail, err);
    }
    ncm_free(found.detail);
    return ok;
}

struct ncm_settle ncm_settle_of(const struct ncm_job_context *ctx, struct ncm_conn *conn,
                                bool may_write)
{
    return (struct ncm_settle){.provider = ctx->provider,
                               .conn = conn,
                               .store = ctx->store_label,
                               .registry = ctx->registry_label,
                               .may_write = may_write};
}

/* The records of a registry also hold changes of the runs that somebody sees together with it. */
static bool is_of_this_store(const struct ncm_settle *how, const struct ncm_record *r)
{
    bool named = how->store != NULL && ncm_str_is(r->store, how->store);
    if (ncm_record_of_alerts(r) || (how->provider->capabilities & NCM_CAP_ALERTS) != 0) {
        return named && ncm_record_of_alerts(r) &&
               (how->provider->capabilities & NCM_CAP_ALERTS) != 0;
    }
    if (ncm_record_of_deployments(r) || (how->provider->capabilities & NCM_CAP_DEPLOY) != 0) {
        return named && ncm_record_of_deployments(r) &&
               (how->provider->capabilities & NCM_CAP_DEPLOY) != 0;
    }
    return (how->provider->capabilities & NCM_CAP_REMOTE) == 0 || how->store == NULL || named ||
           (how->registry != NULL && ncm_str_is(r->store, how->registry));
}

bool ncm_audit_settle(struct ncm_db *state, const struct ncm_settle *how, struct ncm_err *err)
{
    struct ncm_log_book book;
    if (!ncm_log_book_load(state, &book, err)) {
        return false;
    }
    bool ok = true, away = false;
    for (size_t i = 0; ok && !away && i < book.n; i++) {
        const struct ncm_record *r = &book.items[i];
        bool open = (r->result.p == NULL && !still_at_it(r)) || is_undecided(r) ||
                    (how->may_write && is_unnoted(r));
        if (open && is_of_this_store(how, r)) {
            ok = settle_one(state, how, &book, i, &away, err);
        }
    }
    ncm_log_book_release(&book);
    return ok;
}
