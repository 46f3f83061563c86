/* One watcher at a time. */
#include <string.h>

#include "base/num.h"
#include "io/file.h"
#include "ops/process.h"
#include "ops/watch/store.h"

char *ncm_watch_holder(void)
{
    char *host = ncm_hostname();
    char *process = ncm_process_self();
    char token[9];
    ncm_random_hex(token, 4); /* a process may watch more than once */
    char *holder = ncm_sprintf("%s:%s:%s", host, process, token);
    ncm_free(host);
    ncm_free(process);
    return holder;
}

/* Whether the process that took it has ended, as far as can be seen from here. */
static bool is_gone(const char *holder)
{
    const char *colon = strchr(holder, ':');
    const char *last = strrchr(holder, ':');
    if (colon == NULL || last == colon) {
        return false;
    }
    char *host = ncm_strndup(holder, (size_t)(colon - holder));
    char *process = ncm_strndup(colon + 1, (size_t)(last - colon - 1));
    bool gone = ncm_process_state(process, host) == NCM_PROCESS_DEAD;
    ncm_free(host);
    ncm_free(process);
    return gone;
}

static bool who_holds(struct ncm_db *db, const char *name, char **other, struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool row;
    *other = NULL;
    if (!ncm_db_prepare(db, "SELECT holder FROM leases WHERE name=?", &st, err)) {
        return false;
    }
    ncm_bind_cstr(st, 1, name);
    bool ok = ncm_stmt_step(st, &row, err);
    if (ok && row) {
        *other = ncm_strdup(ncm_cstr(ncm_col_text(st, 0)));
    }
    ncm_stmt_end(st);
    return ok;
}

static bool take(struct ncm_db *db, const char *name, const char *holder, int64_t now_ms,
                 int64_t ttl_ms, bool *mine, char **other, struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool row;
    *mine = false;
    *other = NULL;
    if (!ncm_db_prepare(db,
                        "INSERT INTO leases(name,holder,until_ms) VALUES(?1,?2,?4)"
                        " ON CONFLICT(name) DO UPDATE SET holder=?2, until_ms=?4"
                        /* One that lies far ahead was taken while the clock was wrong. */
                        " WHERE holder=?2 OR until_ms<?3 OR until_ms>?3+10*(?4-?3)",
                        &st, err)) {
        return false;
    }
    ncm_bind_cstr(st, 1, name);
    ncm_bind_cstr(st, 2, holder);
    ncm_bind_i64(st, 3, now_ms);
    ncm_bind_i64(st, 4, now_ms + ttl_ms);
    bool ok = ncm_stmt_step(st, &row, err);
    ncm_stmt_end(st);
    *mine = ok && ncm_db_changes(db) > 0;
    return ok && (*mine || who_holds(db, name, other, err));
}

bool ncm_watch_release(struct ncm_db *db, const char *name, const char *holder,
                       struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool row;
    if (!ncm_db_prepare(db, "DELETE FROM leases WHERE name=? AND holder=?", &st, err)) {
        return false;
    }
    ncm_bind_cstr(st, 1, name);
    ncm_bind_cstr(st, 2, holder);
    bool ok = ncm_stmt_step(st, &row, err);
    ncm_stmt_end(st);
    return ok;
}

bool ncm_watch_lease(struct ncm_db *db, const char *name, const char *holder, int64_t now_ms,
                     int64_t ttl_ms, bool *mine, char **other, struct ncm_err *err)
{
    if (!take(db, name, holder, now_ms, ttl_ms, mine, other, err)) {
        return false;
    }
    if (*mine || *other == NULL || !is_gone(*other)) {
        return true;
    }
    /* Killed: nobody need wait until its time is over. */
    char *gone = *other;
    bool ok = ncm_watch_release(db, name, gone, err) &&
              take(db, name, holder, now_ms, ttl_ms, mine, other, err);
    ncm_free(gone);
    return ok;
}
