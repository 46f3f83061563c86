/* The audit: a hash chain in our own state. Each record's hash = SHA-256 over the canonical text of
 * its fields and the hash before it. An action is two records: the intent (written and synced
 * before anything changes) and its outcome; readers see them joined. */
#ifndef NCM_OPS_AUDIT_H
#define NCM_OPS_AUDIT_H

#include "base/err.h"
#include "engine/session.h"
#include "io/db.h"
#include "ops/plan.h"

/* Writes the intent of a plan; *id gets the audit id (caller frees). */
bool ncm_audit_intent(struct ncm_db *state, const char *store, const struct ncm_plan *plan,
                      char **id, struct ncm_err *err);
/* result: "done", "failed", "conflict", "unknown"; detail may be NULL. Where there is an outcome
 * already nothing is written, except that one left for later (NCM_AUDIT_…) is settled, once. */
bool ncm_audit_outcome(struct ncm_db *state, const char *id, const char *result, const char *detail,
                       struct ncm_err *err);
/* How details of outcomes begin that another look at the store may settle: "unknown" for now, and
 * "done" with a transition tag missing. */
#define NCM_AUDIT_LATER   "not known yet"
#define NCM_AUDIT_UNNOTED "the note in the tags is missing"
/* Who settles: what the store holds is asked of conn. */
struct ncm_settle {
    const struct ncm_provider *provider;
    struct ncm_conn *conn;
    const char *store;    /* its label: of records for several remote stores only its own are
                             touched; NULL: all */
    const char *registry; /* another label whose records are its own; or NULL */
    bool may_write;       /* transition tags that are missing may be left now */
};
/* The same for a job, through a connection of it. */
struct ncm_settle ncm_settle_of(const struct ncm_job_context *ctx, struct ncm_conn *conn,
                                bool may_write);
/* After a crash or a lost answer: intents without an outcome, and those that were not known then,
 * are settled by what the store holds (the transition tag proves a promotion), else as "unknown";
 * never by repeating. What cannot be asked stays as it is. */
bool ncm_audit_settle(struct ncm_db *state, const struct ncm_settle *how, struct ncm_err *err);
/* Walks the chain: *broken is NULL where whole, else the id of the first broken record and *why a
 * sentence (caller frees both). */
bool ncm_audit_verify(struct ncm_db *state, char **broken, char **why, struct ncm_err *err);

/* Topic functions of NCM_T_AUDIT and NCM_T_HOLDERS. */
bool ncm_audit_fetch(struct ncm_job_context *ctx, struct ncm_fetch *f, struct ncm_err *err);
bool ncm_holders_fetch(struct ncm_job_context *ctx, struct ncm_fetch *f, struct ncm_err *err);

#endif
