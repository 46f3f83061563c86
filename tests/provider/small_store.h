/* A small MLflow store made by SQL, old (2.9: no workspaces, no logged models) or new (3.17), and
 * a job context over it, for tests that change things.
 *   experiments 0 Default, 1 "exp", 2 "gone" (deleted)
 *   runs RUN1 … RUN3 of experiment 1 (auc 0.80 0.85 0.90, loss 0.5 0.4 0.6), RUN4 deleted
 *   model "m": v1 Archived, v2 Production @champion, v3 Staging, v4 None, v5 deleted; model "empty"
 *   new: logged model m-1 of RUN3 */
#ifndef TESTS_PROVIDER_SMALL_STORE_H
#define TESTS_PROVIDER_SMALL_STORE_H

#include "ops/parts.h"

#define RUN1 "11111111111111111111111111111111"
#define RUN2 "22222222222222222222222222222222"
#define RUN3 "33333333333333333333333333333333"
#define RUN4 "44444444444444444444444444444444"

struct small {
    char path[256];
    struct ncm_place place;
    char state_path[256];
    struct ncm_conn *conn;
    struct ncm_job_context ctx;
};

/* Makes it anew (with nothing recorded) under this name in the scratch folder. */
void small_open(struct small *s, const char *name, bool modern);
void small_close(struct small *s);
/* Runs statements on it from outside; the first value of `ask`, "NULL" for NULL, "-" without a
 * row (static memory, good for the next 8 calls). */
void small_exec(struct small *s, const char *sql);
const char *small_ask(struct small *s, const char *sql);
/* One change straight through the provider; `mark` is the audit id or NULL. */
bool small_apply(struct small *s, const char *mark, struct ncm_err *err, enum ncm_change_kind kind,
                 const char *object, const char *version, const char *key, const char *from,
                 const char *to);
/* Plans and carries out an intent (taken). NULL and err where one of the two fails. */
struct ncm_plan *small_plan(struct small *s, struct ncm_intent *i, struct ncm_err *err);
struct ncm_plan *small_do(struct small *s, struct ncm_intent *i, struct ncm_err *err);
struct ncm_intent *small_intent(enum ncm_intent_kind kind, const char *model, const char *version,
                                const char *key, const char *to);

#endif
