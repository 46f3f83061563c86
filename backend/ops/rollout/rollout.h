/* Promote in the registry and set the version where it runs, as one plan: each step is shown before
 * it runs, watched until it is ready, and kept in our state, so that a restart of ours goes on or
 * takes it back. It runs on a side of its own ("rollout"), so that nothing waits behind it. */
#ifndef NCM_OPS_ROLLOUT_H
#define NCM_OPS_ROLLOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/session.h"
#include "io/db.h"
#include "model/change.h"
#include "ops/plan.h"

enum ncm_step_state {
    NCM_STEP_PLANNED,
    NCM_STEP_RUNNING, /* under way: written before it begins */
    NCM_STEP_DONE,
    NCM_STEP_FAILED,
    NCM_STEP_UNDONE,
    NCM_STEP_SKIPPED,
};
const char *ncm_step_state_word(enum ncm_step_state s);

enum ncm_step_kind {
    NCM_STEP_SET,     /* change the deployment */
    NCM_STEP_WAIT,    /* until it is healthy with the new version, or fails, or the limit is over */
    NCM_STEP_PROMOTE, /* change the registry */
};

struct ncm_rollout_step {
    enum ncm_step_kind kind;
    enum ncm_step_state state;
    struct ncm_str what;     /* translated when it was planned */
    struct ncm_str from, to; /* for people; absent */
    struct ncm_str audit_id; /* of its change; absent */
    struct ncm_str detail;   /* what came of it, or how far it is: "2 of 3 replicas ready" */
    int64_t started_ms, ended_ms;
};

enum ncm_rollout_state {
    NCM_ROLLOUT_RUNNING,     /* and its process is alive */
    NCM_ROLLOUT_INTERRUPTED, /* its process is gone: go on, take back, or leave */
    NCM_ROLLOUT_STOPPED,     /* by the person or a failed step; may be taken back or gone on with */
    NCM_ROLLOUT_DONE,
    NCM_ROLLOUT_UNDONE,
    NCM_ROLLOUT_LEFT, /* as it is, by the person's decision */
};
const char *ncm_rollout_state_word(enum ncm_rollout_state s);

struct ncm_rollout {
    struct ncm_str id, title, model, version, ref, actor, host, reason;
    enum ncm_rollout_state state;
    int64_t created_ms, ended_ms;
    struct ncm_rollout_step *steps;
    size_t n_steps, position; /* the step that is under way or next */
};

/* NCM_T_ROLLOUTS: newest first. */
struct ncm_rollouts_snapshot {
    struct ncm_snapshot head;
    struct ncm_rollout *items;
    size_t n;
};

/* Gives the session its side "rollout". After the other sides. */
bool ncm_rollout_attach(struct ncm_session *s, struct ncm_err *err);

/* What the person wants. */
struct ncm_rollout_wish {
    char *model, *version, *stage; /* stage: name, or "@alias" */
    char *ref, *kind;              /* the deployment; kind NULL: whatever it is */
    char *reason;
    bool archive;
    int64_t ready_ms; /* patience with each wait; 0: 15 min */
};
void ncm_rollout_wish_free(struct ncm_rollout_wish *w);

/* Takes the wish. Result arg: struct ncm_rollout_plan *: nothing is changed. */
struct ncm_rollout_plan {
    struct ncm_rollout_wish *wish;
    char *title;
    char *confirm_name;
    struct ncm_plan **plans; /* of the changes, in order: their lines and warnings are shown */
    size_t n_plans;
    struct ncm_rollout_step *steps; /* strings owned by arena */
    size_t n_steps;
    struct ncm_arena *arena;
    char *id; /* once started */
};
void ncm_rollout_plan_free(struct ncm_rollout_plan *p);
/* The whole as one plan, for a panel or a terminal: the steps as subjects "1. …" with what each
 * changes, then the warnings. It is for showing only. Never NULL; the caller frees. */
struct ncm_plan *ncm_rollout_plan_shown(const struct ncm_rollout_plan *p);
uint64_t ncm_rollout_plan_start(struct ncm_session *s, struct ncm_rollout_wish *wish);
/* Takes the plan; its steps are seen through NCM_T_ROLLOUTS. Result arg: the plan. The result comes
 * at its end: ok where all is done; else err says which step and why, and what stands. */
uint64_t ncm_rollout_run_start(struct ncm_session *s, struct ncm_rollout_plan *plan);
/* Of one that was interrupted or stopped; one that is done can be taken back, too. Result arg: a
 * text to be freed. */
/* What going on with it, or taking it back, would do, as a plan that is for showing only. NULL
 * with NCM_CONFLICT where it is under way or over. The caller frees. */
enum ncm_rollout_way { NCM_ROLLOUT_ON, NCM_ROLLOUT_BACK, NCM_ROLLOUT_AS_IS };
struct ncm_plan *ncm_rollout_way_shown(const struct ncm_rollout *r, enum ncm_rollout_way way,
                                       struct ncm_err *err);
uint64_t ncm_rollout_continue_start(struct ncm_session *s, const char *id);
uint64_t ncm_rollout_undo_start(struct ncm_session *s, const char *id);
uint64_t ncm_rollout_leave_start(struct ncm_session *s, const char *id);
/* Stops one that runs here after what is under way; it can then be taken back. False: it does not
 * run here. Any thread. */
bool ncm_rollout_stop(struct ncm_session *s, const char *id);

/* The title of the plan that this recorded change is a step of, or NULL. The caller frees. */
char *ncm_rollout_of_change(struct ncm_db *state, const char *audit_id);

#endif
