/* Shared by the files of ops that plan, carry out and record changes. */
#ifndef NCM_OPS_PARTS_H
#define NCM_OPS_PARTS_H

#include "base/buf.h"
#include "model/deploy.h"
#include "ops/audit.h"
#include "ops/plan.h"

#define NCM_REASON_MOST 2000 /* characters of a reason */

/* fetch_now.c: one fetch on this lane, waited for; *out (unref it) is the final snapshot. */
bool ncm_fetch_now(struct ncm_job_context *ctx, const struct ncm_query *q, const void **out,
                   struct ncm_err *err);
/* For a fetch that is waited for: publish keeps the newest snapshot in *to, a struct ncm_snapshot *
 * that is NULL at first (unref it); progress is of no interest. */
void ncm_fetch_keep(void *to, struct ncm_snapshot *s);
void ncm_fetch_quiet(void *to, int64_t done, int64_t total);
/* The connection of this lane, opened here where the engine has none; pair with ..._done. */
struct ncm_lane {
    struct ncm_conn *conn;
    bool own;
};
bool ncm_lane_begin(struct ncm_job_context *ctx, struct ncm_lane *lane, struct ncm_err *err);
void ncm_lane_end(struct ncm_job_context *ctx, struct ncm_lane *lane);

/* changes_json.c */
void ncm_changes_to_json(const struct ncm_changes *c, struct ncm_buf *out);
/* NCM_INVALID_DATA where the text is no change list. out is initialised here and to be released
 * only on success. */
bool ncm_changes_from_json(const char *p, size_t len, struct ncm_changes *out, struct ncm_err *err);

/* audit_log.c: the records, intent and outcome joined, oldest first. */
struct ncm_record {
    int64_t seq, time_ms;
    struct ncm_str id, actor, host, process, store, action, subject, was, becomes, reason, undoes;
    struct ncm_str changes; /* JSON */
    struct ncm_str result;  /* absent: no outcome yet */
    struct ncm_str detail, hash;
    struct ncm_str undone_action; /* of the record that this one takes back; absent without */
    bool undone;                  /* a later done record takes it back */
    bool settled;                 /* the outcome was found out later */
};
struct ncm_log_book {
    struct ncm_arena *arena;
    struct ncm_record *items;
    size_t n;
};
bool ncm_log_book_load(struct ncm_db *state, struct ncm_log_book *out, struct ncm_err *err);
void ncm_log_book_release(struct ncm_log_book *b);
/* By this user on this host. */
bool ncm_record_mine(const struct ncm_record *r, const char *actor, const char *host);
bool ncm_record_done(const struct ncm_record *r);
/* Whether its changes can be inverted; out (may be NULL; release on true) gets the inverse. */
bool ncm_record_inverse(const struct ncm_record *r, struct ncm_changes *out);

/* holders.c: who held a stage ("Production") or an alias ("@champion") of a model, newest first.
 * present is the model as it is now or NULL (then from audit and tags of nothing). */
struct ncm_holder_list {
    struct ncm_arena *arena;
    struct ncm_holder *items;
    size_t n;
};
bool ncm_holders_find(const struct ncm_log_book *book, const struct ncm_model *present,
                      const char *model, const char *slot, struct ncm_holder_list *out,
                      struct ncm_err *err);
void ncm_holders_release(struct ncm_holder_list *l);

/* plan.c */
struct ncm_planner {
    struct ncm_job_context *ctx;
    struct ncm_conn *conn;
    struct ncm_plan *plan;
    const struct ncm_store_snapshot *store;
    const struct ncm_models_snapshot *models; /* loaded by ncm_planner_model; may be NULL */
};
void ncm_plan_line(struct ncm_plan *p, enum ncm_plan_tone tone, const char *subject,
                   const char *what, const char *from, const char *to);
/* "KEY=VALUE" for the audit; NULL where there is no value. The caller frees. */
char *ncm_plan_tag_text(const char *key, const char *value);
/* "@champion v4" or "Production v4" for the audit; NULL without a version. The caller frees. */
char *ncm_plan_slot_text(const char *sign, const char *slot, const char *version);
void ncm_plan_warn(struct ncm_plan *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void ncm_plan_note(struct ncm_plan *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds a change whose `from` is what the store holds now; *from (may be NULL) borrows it. */
bool ncm_planner_add(struct ncm_planner *p, enum ncm_change_kind kind, const char *object,
                     const char *version, const char *key, const char *to, const char **from,
                     struct ncm_err *err);
/* NCM_NOT_FOUND where there is no such model / version; borrowed from the planner's snapshot. */
bool ncm_planner_model(struct ncm_planner *p, const char *name, const struct ncm_model **out,
                       struct ncm_err *err);
bool ncm_planner_version(struct ncm_planner *p, const char *name, const char *version,
                         const struct ncm_model **model, const struct ncm_model_version **out,
                         struct ncm_err *err);
/* The whole job of ncm_plan_start on a plan that has its intent. */
bool ncm_plan_make(struct ncm_job_context *ctx, struct ncm_plan *plan, struct ncm_err *err);

/* plan_registry.c, plan_stage.c, plan_metrics.c, plan_register.c, plan_runs.c, rollback.c, undo.c
 */
bool ncm_plan_registry(struct ncm_planner *p, struct ncm_err *err);
bool ncm_plan_promote(struct ncm_planner *p, struct ncm_err *err);
bool ncm_plan_alias(struct ncm_planner *p, struct ncm_err *err);
/* Lines: how the metrics of `candidate` stand against those of `holder` (NULL: nobody). */
void ncm_plan_metrics(struct ncm_planner *p, const struct ncm_model_version *candidate,
                      const struct ncm_model_version *holder);
/* Warnings about a version: not ready, its run deleted, odd characters in its name. */
void ncm_plan_version_warnings(struct ncm_planner *p, const struct ncm_model_version *v);
bool ncm_plan_register(struct ncm_planner *p, struct ncm_err *err);
bool ncm_plan_runs(struct ncm_planner *p, struct ncm_err *err);
bool ncm_plan_rollback(struct ncm_planner *p, struct ncm_err *err);
bool ncm_plan_undo(struct ncm_planner *p, struct ncm_err *err);
/* plan->side: of the newest change of one's own, as far as the record tells now. */
void ncm_undo_side(const struct ncm_job_context *ctx, struct ncm_plan *plan);
/* plan_alerts.c */
bool ncm_plan_alerts(struct ncm_planner *p, struct ncm_err *err);
bool ncm_plan_silences(struct ncm_planner *p, struct ncm_err *err);
/* Whether the words of a record's changes begin so: the one that takes an undo back is called undo
 * too. */
bool ncm_record_changes(const struct ncm_record *r, const char *word);
/* Whether a record is of alerts or silences: they are another source's than the store's. */
bool ncm_record_of_alerts(const struct ncm_record *r);

/* plan_deploy.c, plan_deploy_version.c, plan_deploy_traffic.c: what runs where. */
struct ncm_deploy_planner {
    struct ncm_planner *p;
    struct ncm_plan *plan;
    const struct ncm_deployments_snapshot *s;
    const struct ncm_deployment *d;
    char *shown; /* "NAMESPACE/NAME" */
};
bool ncm_plan_deploy(struct ncm_planner *p, struct ncm_err *err);
bool ncm_plan_deploy_version(struct ncm_deploy_planner *w, struct ncm_err *err);
bool ncm_plan_deploy_traffic(struct ncm_deploy_planner *w, struct ncm_err *err);
/* Goes back to a revision (in->to NULL: the one before), or to the one that serves. */
bool ncm_plan_deploy_revision(struct ncm_deploy_planner *w, struct ncm_err *err);
/* Adds a change of a deployment with what is there now, compared from then on with what the person
 * saw; *from (may be NULL) borrows it. */
bool ncm_deploy_add(struct ncm_deploy_planner *w, enum ncm_change_kind kind,
                    const struct ncm_deployment *of, const char *key, const char *to,
                    const char **from, struct ncm_err *err);
/* `to` runs what `from` runs: each place where both say a version is set as it is in `from`. */
bool ncm_deploy_take_version(struct ncm_deploy_planner *w, const struct ncm_deployment *to,
                             const struct ncm_deployment *from, struct ncm_err *err);
/* Scales one deployment, through its autoscaler where it has one. */
bool ncm_deploy_scale(struct ncm_deploy_planner *w, const struct ncm_deployment *of, int64_t to,
                      struct ncm_err *err);
/* "SOURCE/NAMESPACE/NAME" of something beside a deployment; the caller frees. */
char *ncm_deploy_beside(const struct ncm_deployment *d, const char *name);
/* Whether a record is of deployments; whose source, its changes name. */
bool ncm_record_of_deployments(const struct ncm_record *r);

/* sides.c: the sources beside the store, as a plan that is being made knows them. */
struct ncm_plan_side {
    char *name, *label;
    const struct ncm_provider *provider;
    const struct ncm_place *place; /* borrowed from the session */
    bool deploys;
    bool read_only; /* its configuration says so, or it was only offered */
};
/* Which sources there are, and which of them carries the plan out (plan->side). On the owner's
 * thread; the session that plans it. */
struct ncm_session *ncm_plan_sides_of(struct ncm_session *s, struct ncm_plan *plan);
/* The session that carries a finished plan out. */
struct ncm_session *ncm_plan_side_session(struct ncm_session *s, const struct ncm_plan *plan);
void ncm_plan_sides_release(struct ncm_plan *plan);
const struct ncm_plan_side *ncm_plan_side_named(const struct ncm_plan *plan, const char *name);
/* The name of the source that a record's changes are another's than the store's; NULL: the store's.
 * The caller frees. */
char *ncm_record_side(const struct ncm_record *r, const struct ncm_plan *plan);
/* A job's context for a side: through a connection of its own. */
struct ncm_job_context ncm_plan_side_context(const struct ncm_job_context *ctx,
                                             const struct ncm_plan_side *side);

/* plan.c: the store that the changes are made in, for people and for the record. */
const char *ncm_label_of_changes(const struct ncm_job_context *ctx, const struct ncm_changes *c);
/* execute.c: the whole job of ncm_execute_start. */
bool ncm_plan_execute(struct ncm_job_context *ctx, struct ncm_plan *plan, struct ncm_err *err);
/* evidence.c: whether a change is in the store, by what it holds now. */
struct ncm_evidence_of {
    const struct ncm_provider *provider;
    struct ncm_conn *conn;
    const char *audit_id;
    const struct ncm_changes *changes; /* with numbers of what was created, where known */
    int64_t age_ms; /* since the intent: a server may be late with what nobody answered */
    bool said_done; /* the store said so: what is there is ours */
};
struct ncm_evidence {
    const char *result; /* "done", "failed" or "unknown" */
    char *detail;       /* by what that is known; the caller frees */
    bool later;         /* unknown for now: another look may tell */
    bool away;          /* … because the store could not be asked */
    bool unnoted;       /* a transition tag is missing */
    bool noted;         /* every change is proven by its transition tag */
};
void ncm_audit_evidence(const struct ncm_evidence_of *of, struct ncm_evidence *out);
/* Reading back from a store with transactions: false where the change's transition tag ought to be
 * in it and is not. */
bool ncm_audit_written(const struct ncm_evidence_of *of);

/* audit.c: the word of an action, "promote" …; stable. */
const char *ncm_intent_word(enum ncm_intent_kind kind);

#endif
