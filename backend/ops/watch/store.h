/* The watch's part of our own state: figures, where reading goes on, who watches. A figure is named
 * by what it is of, so that whoever finds it a second time adds nothing. */
#ifndef NCM_OPS_WATCH_STORE_H
#define NCM_OPS_WATCH_STORE_H

#include "io/db.h"
#include "ops/watch/result.h"

/* "MODEL/NAME"; the caller frees. */
char *ncm_monitor_key(const struct ncm_monitor *m);

/* Writes window i with its figures as complete, in the caller's transaction. *fresh: whether it was
 * not there yet; where it was, nothing is changed. */
bool ncm_watch_put_window(struct ncm_db *db, const struct ncm_watched *w, size_t i, bool *fresh,
                          struct ncm_err *err);
/* Adds the newest NCM_WINDOWS_KEPT stored windows of this recipe to w. Nothing stored is no error.
 */
bool ncm_watch_load(struct ncm_db *db, struct ncm_watched *w, struct ncm_err *err);
/* Drops windows that ended before; their alerts and the audit stay. */
bool ncm_watch_forget(struct ncm_db *db, int64_t before_ms, struct ncm_err *err);

/* Where reading goes on, when somebody looked last and what went wrong then, which run holds the
 * figures. NULL position and run_id leave what is there. */
bool ncm_watch_put_monitor(struct ncm_db *db, const struct ncm_watched *w, const char *position,
                           const char *run_id, int64_t now_ms, struct ncm_err *err);
struct ncm_monitor_row {
    char *position, *run_id; /* owned; NULL without; position only of the same recipe */
    int64_t checked_ms;      /* NCM_NO_TIME: never */
};
bool ncm_watch_get_monitor(struct ncm_db *db, const struct ncm_watched *w,
                           struct ncm_monitor_row *out, struct ncm_err *err);
void ncm_monitor_row_release(struct ncm_monitor_row *r);

/* One watcher at a time: takes or renews the lease until now_ms + ttl_ms. *mine: it is ours; else
 * *other (caller frees) names who holds it. One whose process has ended on this machine holds it no
 * more. holder: as ncm_watch_holder makes it. */
bool ncm_watch_lease(struct ncm_db *db, const char *name, const char *holder, int64_t now_ms,
                     int64_t ttl_ms, bool *mine, char **other, struct ncm_err *err);
bool ncm_watch_release(struct ncm_db *db, const char *name, const char *holder,
                       struct ncm_err *err);
/* "HOST:PROCESS:TOKEN" of this process, another one with each call; caller frees. */
char *ncm_watch_holder(void);

#endif
