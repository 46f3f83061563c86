/* What a user does, as a plan that can be shown before it runs.
 *   intent (what the person wants) → plan (exactly what will change, checked against the present)
 *   → execute (audit the intent, synced; apply with compare-and-set; read back; audit the outcome).
 * Start functions are called by the session's owner thread and answer through
 * ncm_session_result(): the result's arg is the struct ncm_plan (the caller frees it). */
#ifndef NCM_OPS_PLAN_H
#define NCM_OPS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/session.h"
#include "model/change.h"

enum ncm_intent_kind {
    NCM_DO_PROMOTE,      /* model version, to = stage name; flag archive */
    NCM_DO_ROLLBACK,     /* model; to = stage name or "@alias" */
    NCM_DO_UNDO,         /* key = audit id of the change, NULL = one's own last one */
    NCM_DO_ALIAS_SET,    /* model version, key = alias */
    NCM_DO_ALIAS_DELETE, /* model, key = alias */
    NCM_DO_VERSION_TAG,
    NCM_DO_VERSION_UNTAG,
    NCM_DO_VERSION_NOTE,
    NCM_DO_VERSION_DELETE,
    NCM_DO_MODEL_CREATE,
    NCM_DO_MODEL_RENAME,
    NCM_DO_MODEL_TAG,
    NCM_DO_MODEL_UNTAG,
    NCM_DO_MODEL_NOTE,
    NCM_DO_MODEL_DELETE,
    NCM_DO_REGISTER, /* model = name, object = run id, key = artifact path or NULL (the
                        model the run logged, where there is just one), to = note or NULL */
    NCM_DO_RUN_TAG,
    NCM_DO_RUN_UNTAG,
    NCM_DO_RUN_NOTE,
    NCM_DO_RUN_RENAME,
    NCM_DO_RUN_DELETE,
    NCM_DO_RUN_RESTORE,
    NCM_DO_EXPERIMENT_CREATE,
    NCM_DO_EXPERIMENT_RENAME,
    NCM_DO_EXPERIMENT_TAG,
    NCM_DO_EXPERIMENT_UNTAG,
    NCM_DO_EXPERIMENT_DELETE,
    NCM_DO_EXPERIMENT_RESTORE,
    NCM_DO_ALERT_ACK,      /* objects = ids of our alerts; reason = the note */
    NCM_DO_ALERT_RESOLVE,  /* objects = ids of our alerts */
    NCM_DO_SILENCE,        /* key = matchers ('model="m", rule=~"drift.*"'), to = how long ("2h"),
                              model = source ("ncmlops", "alertmanager"); objects[0] = the silence
                              that is changed instead of a new one; reason = the comment */
    NCM_DO_SILENCE_EXPIRE, /* objects = ids of silences; model = source */
    /* of deployments: objects[0] = "SOURCE/NAMESPACE/NAME", key = its kind or NULL where the name is
       one of a kind */
    NCM_DO_DEPLOY_SCALE,    /* to = replicas */
    NCM_DO_DEPLOY_RESTART,
    NCM_DO_DEPLOY_PAUSE,
    NCM_DO_DEPLOY_RESUME,
    NCM_DO_DEPLOY_ROLLBACK, /* to = revision (number, name, or model version), NULL = the one before */
    NCM_DO_DEPLOY_TRAFFIC,  /* to = "TARGET=PERCENT[,TARGET=PERCENT…]" */
    NCM_DO_DEPLOY_PROMOTE,  /* the candidate gets all traffic */
    NCM_DO_DEPLOY_ABORT,    /* the candidate gets none */
    NCM_DO_DEPLOY_VERSION,  /* to = model version to set, spelled as the running one is */
    NCM_N_INTENTS,
};

/* All strings owned; NULL = not given. */
struct ncm_intent {
    enum ncm_intent_kind kind;
    char *model, *version;
    char **objects; /* run ids or experiment ids/names */
    size_t n_objects;
    char *key, *to;
    char *expect; /* --expect: stage of the version / version of the alias ("none") */
    char *reason;
    char *heed; /* what its asker knows against it, translated: the plan warns of it */
    bool archive; /* move what holds the stage to Archived */
    bool force;
};
struct ncm_intent *ncm_intent_new(enum ncm_intent_kind kind);
void ncm_intent_free(struct ncm_intent *i);
void ncm_intent_add_object(struct ncm_intent *i, const char *id); /* one named twice counts once */
void ncm_intent_set(char **field, const char *value);             /* replaces an owned string */

/* How a line of a plan reads. */
enum ncm_plan_tone {
    NCM_TONE_CHANGE,
    NCM_TONE_SIDE,
    NCM_TONE_BETTER,
    NCM_TONE_WORSE,
    NCM_TONE_NOTE,
    NCM_TONE_WARN
};
struct ncm_plan_line {
    enum ncm_plan_tone tone;
    char *subject; /* "fraud-detector v15" (raw: cleaned when painted) */
    char *what;    /* translated: "stage", "alias champion", "auc" … */
    char *from;    /* NULL where there is none */
    char *to;
};

struct ncm_plan_side;
struct ncm_plan {
    struct ncm_intent *intent;
    struct ncm_changes changes;
    struct ncm_plan_line *lines;
    size_t n_lines, cap_lines;
    char *title;        /* translated: "Promote fraud-detector v15 to Production" */
    char *subject;      /* "fraud-detector/15", a run id …: for the audit */
    char *from, *to;    /* short, for the audit */
    char *confirm_name; /* what must be typed in a protected context, and for deletions */
    char *undoes;       /* audit id of the record that this plan takes back, or NULL */
    bool irreversible;
    bool no_undo; /* done for good and yet harmless: a restart */
    bool nothing; /* it is already so */
    char *side;   /* the source beside the store that carries it out, or NULL */
    struct ncm_plan_side *sides; /* while it is made: those there are */
    size_t n_sides;
    /* After execution: */
    char *audit_id;
    struct ncm_receipt receipt;
    bool outcome_known; /* false: the answer was lost; err says what is known */
};
void ncm_plan_free(struct ncm_plan *p);

/* Takes the intent. Result arg: struct ncm_plan. Errors: NCM_NOT_FOUND, NCM_CONFLICT (--expect),
 * NCM_REFUSED (the store's rules), NCM_READ_ONLY, NCM_USAGE. */
uint64_t ncm_plan_start(struct ncm_session *s, struct ncm_intent *intent);
/* Takes the plan and carries it out. Result arg: the same plan with audit_id and receipt.
 * NCM_CONFLICT: nothing written, err says both states. */
uint64_t ncm_execute_start(struct ncm_session *s, struct ncm_plan *plan);

#endif
