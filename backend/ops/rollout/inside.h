/* Between the files of a rollout: its record in our state, and how its steps are carried out. */
#ifndef NCM_OPS_ROLLOUT_INSIDE_H
#define NCM_OPS_ROLLOUT_INSIDE_H

#include <stdatomic.h>

#include "io/db.h"
#include "model/deploy.h"
#include "ops/parts.h"
#include "ops/rollout/rollout.h"

/* One step as it stands in the record. Texts are owned; NULL = absent. */
struct rollout_step {
    enum ncm_step_kind kind;
    enum ncm_step_state state;
    char *what, *from, *to;
    char *changes; /* JSON: as planned */
    char *audit_id, *detail;
    int64_t started_ms, ended_ms;
};

struct rollout {
    char *id, *title;
    char *model, *version, *stage, *ref, *kind, *reason;
    bool archive;
    bool undoing; /* it is being taken back */
    int64_t ready_ms;
    struct rollout_step *steps;
    size_t n_steps, position;
};
void rollout_release(struct rollout *r);

/* store.c: our state. All commit, synced, before they return. */
/* Writes it as running, by this process. r->id is set here. */
bool rollout_create(struct ncm_db *db, struct rollout *r, struct ncm_err *err);
/* NCM_NOT_FOUND where there is none of that id. */
bool rollout_load(struct ncm_db *db, const char *id, struct rollout *out, struct ncm_err *err);
/* Step i as it is now, and r->position. */
bool rollout_put_step(struct ncm_db *db, const struct rollout *r, size_t i, struct ncm_err *err);
/* Its state; ended_ms is set where it is over. */
bool rollout_put_state(struct ncm_db *db, const struct rollout *r, enum ncm_rollout_state state,
                       struct ncm_err *err);
/* Takes one over that nobody is at; undoing: to take it back. NCM_CONFLICT where somebody is, or
 * where it is over (what is done can still be taken back), or, with `alone`, where another one of
 * its deployment is not. What was loaded before may be old: load it again. */
bool rollout_claim(struct ncm_db *db, const struct rollout *r, bool undoing, bool alone,
                   struct ncm_err *err);
/* Says that this process is still at it. */
bool rollout_beat(struct ncm_db *db, const char *id, struct ncm_err *err);
/* db NULL: none yet. */
bool rollouts_read(struct ncm_db *db, bool all, struct ncm_rollouts_snapshot **out,
                   struct ncm_err *err);
/* NCM_CONFLICT: it is over. */
bool rollout_over(enum ncm_rollout_state state, struct ncm_err *err);
/* NCM_CONFLICT where one of this deployment other than `but` (id; "": none) is not over. */
bool rollout_is_alone(struct ncm_db *db, const char *ref, const char *but, struct ncm_err *err);

/* What the side borrows for the session's life. */
struct rollout_setup {
    struct ncm_session *session; /* the one it is a side of */
    const char *state_path;
    bool may_store;
    atomic_uint_fast64_t running; /* hash of the id that is carried out here; 0: none */
    atomic_uint_fast64_t stop;    /* hash of the id that is to stop; 0: none */
};
uint64_t rollout_hash(const char *id);

/* A run under way. */
struct rollout_run {
    struct ncm_job_context *ctx; /* of the rollout's own lane */
    struct rollout_setup *setup;
    struct ncm_db *db;
    struct rollout *r;
    struct ncm_rollout_plan *plan; /* its first plans, or NULL after a restart */
};
/* NCM_CANCELLED where the person stopped it or the session ends. */
bool rollout_go_on(struct rollout_run *run, struct ncm_err *err);
/* The intent that step i is made of; NULL for a wait. */
struct ncm_intent *rollout_intent(const struct rollout *r, size_t i);
/* A plan to be made of the intent, by the part of the session that `kind` of r is carried out by.
 * Takes the intent. */
struct ncm_plan *rollout_new_plan(const struct rollout *r, enum ncm_step_kind kind,
                                  struct ncm_intent *intent);
/* The session's part that carries step i out, as a job would see it, with `patience_ms` from now.
 */
bool rollout_context(struct ncm_session *s, const struct rollout *r, enum ncm_step_kind kind,
                     const struct ncm_control *control, struct ncm_job_context *out,
                     struct ncm_err *err);
/* wait.c: until the deployment is healthy with the version (NULL: with any). */
bool rollout_wait(struct rollout_run *run, size_t i, const char *version, struct ncm_err *err);
/* run.c: from r->position on; back: from the last done step backwards. Both write every state. */
bool rollout_forward(struct rollout_run *run, struct ncm_err *err);
bool rollout_back(struct rollout_run *run, struct ncm_err *err);
/* plan.c: the whole job of ncm_rollout_plan_start. */
bool rollout_plan_make(struct ncm_session *s, struct ncm_job_context *ctx,
                       struct ncm_rollout_plan *plan, struct ncm_err *err);
/* The record that a plan becomes. */
void rollout_of_plan(const struct ncm_rollout_plan *plan, struct rollout *out);

extern const struct ncm_provider ncm_rollout_provider;

#endif
