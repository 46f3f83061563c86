#include "ops/watch/own.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "model/matcher.h"
#include "provider/alertmanager/alertmanager.h"

enum { MATCHERS_MOST = 16384 };

/* The first column of the one row with this id; NCM_NOT_FOUND without. */
static bool text_of(struct ncm_db *db, const char *sql, const char *id, int64_t now_ms,
                    char **value, struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool row = false;
    *value = NULL;
    if (!ncm_db_prepare(db, sql, &st, err)) {
        return false;
    }
    ncm_bind_cstr(st, 1, id);
    ncm_bind_i64(st, 2, now_ms);
    bool ok = ncm_stmt_step(st, &row, err);
    if (ok && row && !ncm_col_null(st, 0)) {
        *value = ncm_strdup(ncm_cstr(ncm_col_text(st, 0)));
    }
    ncm_stmt_end(st);
    return ok && (row || ncm_fail(err, NCM_NOT_FOUND, _("There is no alert or silence %s"), id));
}

/* One in force that says the same. */
static bool find_same(struct ncm_db *db, const struct ncm_change *ch, int64_t now_ms, char **value,
                      struct ncm_err *err)
{
    struct ncm_arena *a = ncm_arena_new();
    struct ncm_silence s;
    struct ncm_buf text;
    struct ncm_stmt *st;
    bool row = false;
    ncm_buf_init(&text, MATCHERS_MOST);
    bool ok = ncm_alertmanager_silence(ch->to, a, &s, err) &&
              ncm_db_prepare(db,
                             "SELECT 1 FROM silences WHERE matchers=? AND ends_ms=? AND comment=?"
                             " AND ends_ms>?",
                             &st, err);
    if (ok) {
        ncm_matchers_format(s.matchers, s.n_matchers, &text);
        ncm_bind_cstr(st, 1, text.p);
        ncm_bind_i64(st, 2, s.ends_ms);
        ncm_bind_cstr(st, 3, ncm_cstr(s.comment));
        ncm_bind_i64(st, 4, now_ms);
        ok = ncm_stmt_step(st, &row, err);
        ncm_stmt_end(st);
    }
    *value = ok && row ? ncm_strdup("active") : NULL;
    ncm_buf_release(&text);
    ncm_arena_free(a);
    return ok;
}

bool ncm_own_present(struct ncm_db *db, const struct ncm_change *ch, int64_t now_ms, char **value,
                     struct ncm_err *err)
{
    *value = NULL;
    switch (ch->kind) {
    case NCM_CH_ALERT_ACK:
        return text_of(db, "SELECT ack_actor FROM alerts WHERE id=?1 AND ?2 IS NOT NULL",
                       ch->object, now_ms, value, err);
    case NCM_CH_ALERT_STATE:
        return text_of(db, "SELECT state FROM alerts WHERE id=?1 AND ?2 IS NOT NULL", ch->object,
                       now_ms, value, err);
    case NCM_CH_SILENCE_CREATE:
        if (ch->object == NULL || ch->object[0] == '\0') {
            return find_same(db, ch, now_ms, value, err);
        }
        /* fall through */
    case NCM_CH_SILENCE_EXPIRE:
        return text_of(db,
                       "SELECT CASE WHEN ends_ms>?2 THEN 'active' ELSE 'expired' END"
                       " FROM silences WHERE id=?1",
                       ch->object, now_ms, value, err);
    default:
        return ncm_fail(err, NCM_UNSUPPORTED, "%s", _("our own records do not hold this"));
    }
}

static bool put_silence(struct ncm_db *db, const struct ncm_change *ch, struct ncm_receipt *receipt,
                        struct ncm_err *err)
{
    struct ncm_arena *a = ncm_arena_new();
    struct ncm_silence s;
    struct ncm_buf text;
    struct ncm_stmt *st;
    bool fresh = ch->object == NULL || ch->object[0] == '\0';
    ncm_buf_init(&text, MATCHERS_MOST);
    bool ok = ncm_alertmanager_silence(ch->to, a, &s, err) &&
              ncm_db_prepare(db,
                             fresh ? "INSERT INTO silences(matchers,starts_ms,ends_ms,actor,"
                                     "comment) VALUES(?,?,?,?,?)"
                                   : "UPDATE silences SET matchers=?,starts_ms=?,ends_ms=?,actor=?,"
                                     "comment=? WHERE id=?",
                             &st, err);
    if (ok) {
        ncm_matchers_format(s.matchers, s.n_matchers, &text);
        ncm_bind_cstr(st, 1, text.p);
        ncm_bind_i64(st, 2, s.starts_ms);
        ncm_bind_i64(st, 3, s.ends_ms);
        ncm_bind_cstr(st, 4, ncm_cstr(s.created_by));
        ncm_bind_cstr(st, 5, ncm_cstr(s.comment));
        if (!fresh) {
            ncm_bind_cstr(st, 6, ch->object);
        }
        ok = ncm_stmt_run(st, err);
    }
    if (ok && fresh) {
        snprintf(receipt->new_id, sizeof receipt->new_id, "%lld",
                 (long long)ncm_db_last_rowid(db));
    } else if (ok) {
        snprintf(receipt->new_id, sizeof receipt->new_id, "%s", ch->object);
    }
    ncm_buf_release(&text);
    ncm_arena_free(a);
    return ok;
}

/* Whoever heard that it fires hears that it is over, and where that is taken back, that it is not. */
static bool tell_state(struct ncm_db *db, const struct ncm_change *ch, int64_t now_ms,
                       struct ncm_err *err)
{
    struct ncm_stmt *st;
    if (!ncm_db_prepare(db,
                        "INSERT OR IGNORE INTO deliveries(webhook,alert,event,event_ms,due_ms)"
                        " SELECT DISTINCT webhook,alert,?1,?2,?2 FROM deliveries WHERE alert=?3"
                        " AND ?1 IN ('firing','resolved')",
                        &st, err)) {
        return false;
    }
    ncm_bind_cstr(st, 1, ch->to);
    ncm_bind_i64(st, 2, now_ms);
    ncm_bind_cstr(st, 3, ch->object);
    return ncm_stmt_run(st, err);
}

static bool put(struct ncm_db *db, const struct ncm_change *ch, int64_t now_ms,
                struct ncm_receipt *receipt, struct ncm_err *err)
{
    struct ncm_stmt *st;
    const char *sql;
    switch (ch->kind) {
    case NCM_CH_ALERT_ACK:
        sql = "UPDATE alerts SET ack_actor=?1, ack_note=?2,"
              " ack_ms=CASE WHEN ?1 IS NULL THEN NULL ELSE ?3 END WHERE id=?4";
        break;
    case NCM_CH_ALERT_STATE:
        sql = "UPDATE alerts SET state=?1, until_ms=CASE WHEN ?1='resolved' THEN ?3 END"
              " WHERE id=?4 AND ?2 IS NULL";
        break;
    case NCM_CH_SILENCE_EXPIRE:
        sql = "UPDATE silences SET ends_ms=?3 WHERE id=?4 AND ?1 IS NOT NULL AND ?2 IS NULL";
        break;
    case NCM_CH_SILENCE_CREATE:
        return put_silence(db, ch, receipt, err);
    default:
        return ncm_fail(err, NCM_UNSUPPORTED, "%s", _("our own records do not hold this"));
    }
    if (!ncm_db_prepare(db, sql, &st, err)) {
        return false;
    }
    ncm_bind_cstr(st, 1, ch->to);
    ncm_bind_cstr(st, 2, ch->kind == NCM_CH_ALERT_ACK ? ch->extra : NULL);
    ncm_bind_i64(st, 3, now_ms);
    ncm_bind_cstr(st, 4, ch->object);
    return ncm_stmt_run(st, err) && (ch->kind != NCM_CH_ALERT_STATE || tell_state(db, ch, now_ms, err));
}

static bool compare(struct ncm_db *db, const struct ncm_change *ch, int64_t now_ms,
                    struct ncm_err *err)
{
    char *now = NULL;
    bool fresh = ch->kind == NCM_CH_SILENCE_CREATE &&
                 (ch->object == NULL || ch->object[0] == '\0');
    if (ch->any_from || fresh) {
        return true;
    }
    bool ok = ncm_own_present(db, ch, now_ms, &now, err) &&
              (ncm_change_same(now, ch->from) || ncm_change_conflict(ch, now, err));
    ncm_free(now);
    return ok;
}

bool ncm_own_apply(struct ncm_db *db, const struct ncm_changes *changes, int64_t now_ms,
                   struct ncm_receipt *receipt, struct ncm_err *err)
{
    bool ok = ncm_db_begin(db, err);
    for (size_t i = 0; ok && i < changes->n; i++) {
        ok = compare(db, &changes->items[i], now_ms, err) &&
             put(db, &changes->items[i], now_ms, receipt, err);
    }
    ok = ok && ncm_db_commit(db, err);
    if (!ok) {
        ncm_db_rollback(db);
    }
    receipt->time_ms = now_ms;
    return ok;
}
