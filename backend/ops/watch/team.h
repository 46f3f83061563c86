/* All monitors of one context at work: stepped, stored, judged. One thread's. */
#ifndef NCM_OPS_WATCH_TEAM_H
#define NCM_OPS_WATCH_TEAM_H

#include "ops/watch/evaluator.h"

/* What a watch is made of. Borrowed; lives longer. */
struct ncm_watch_setup {
    struct ncm_watch_env env;
    const char *state_path; /* our own state; NULL: nothing is kept */
    bool may_store;         /* false: read-only, results stay in memory */
};

struct ncm_team {
    const struct ncm_watch_setup *setup;
    struct ncm_evaluator **items; /* one a monitor of the plan, in its order */
    size_t n;
    struct ncm_evaluator *looks[2]; /* other settings that somebody looks at, the newest first */
    char *look_keys[2];             /* "MODEL/NAME;SETTINGS" */
    struct ncm_db *db;              /* NULL: not open (yet) */
    char *holder, *other;           /* of the lease: we, and who holds it instead of us */
    bool mine;
    int64_t renewed_ms, stored_ms, forgot_ms;
    int record_failures; /* of the tracking store, one after another … */
    struct ncm_err record_fault;
    int64_t record_retry_ms; /* … and when it is tried again; monotonic */
};

struct ncm_team *ncm_team_new(const struct ncm_watch_setup *setup);
void ncm_team_free(struct ncm_team *t);

/* Opens our state and takes what is stored; again and again no work. A state that cannot be opened
 * is an error only for who wants to store. */
bool ncm_team_restore(struct ncm_team *t, struct ncm_err *err);
/* One monitor by "MODEL/NAME", with other settings where they are not empty. NCM_NOT_FOUND,
 * NCM_USAGE. Valid until two others were looked at. */
bool ncm_team_find(struct ncm_team *t, const char *id, const char *settings,
                   struct ncm_evaluator **out, struct ncm_err *err);
/* Steps one (or, e NULL, all that are due; logs always are). *more: some have more to read. Those
 * over a network get little patience each, so that none keeps the others waiting. */
bool ncm_team_step(struct ncm_team *t, struct ncm_evaluator *e, int64_t now_ms,
                   const struct ncm_control *control, bool *more, struct ncm_err *err);

/* Stores windows that are complete, with what follows for alerts, in one transaction a monitor,
 * where the lease is ours (it is taken or renewed here). *stored: windows that were new. */
bool ncm_team_store(struct ncm_team *t, int64_t now_ms, size_t *stored, struct ncm_err *err);
/* What is known now, one reference: of one (its last `windows`), or with NULL of all. */
struct ncm_drift_snapshot *ncm_team_snapshot(struct ncm_team *t, const struct ncm_evaluator *only,
                                             size_t windows);
/* Gives the lease back, so that another one need not wait. */
void ncm_team_leave(struct ncm_team *t);
/* Windows that are stored and not yet metrics of a run in the tracking store are written there. A
 * fault is noted in *fault (code NCM_OK: none) and tried again after growing pauses. */
bool ncm_team_record(struct ncm_team *t, const struct ncm_control *control, struct ncm_err *fault,
                     struct ncm_err *err);

#endif
