/* A change to an outside system, as data. A plan is a list of them; providers carry a list out as
 * one unit (one transaction where the system has them); undo is the list inverted. What a panel
 * shows and what is written are therefore the same thing. */
#ifndef NCM_MODEL_CHANGE_H
#define NCM_MODEL_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum ncm_change_kind {
    /* object = model, version set */
    NCM_CH_VERSION_STAGE,  /* from/to: stage names; extra "alone": a conflict where another version
                              of the model is in that stage afterwards */
    NCM_CH_VERSION_TAG,    /* key; from/to: value or NULL = absent */
    NCM_CH_VERSION_NOTE,   /* from/to: description or NULL */
    NCM_CH_VERSION_CREATE, /* to: source URI; key: run id or NULL; extra: note or NULL; the new
                              number comes back in the receipt */
    NCM_CH_VERSION_DELETE, /* cannot be undone */
    /* object = model */
    NCM_CH_ALIAS,        /* key = alias; from/to: version or NULL = absent */
    NCM_CH_MODEL_CREATE, /* to: description or NULL */
    NCM_CH_MODEL_RENAME, /* from/to: names (object = from) */
    NCM_CH_MODEL_TAG,
    NCM_CH_MODEL_NOTE,
    NCM_CH_MODEL_DELETE, /* cannot be undone */
    /* object = run id */
    NCM_CH_RUN_TAG,
    NCM_CH_RUN_NOTE, /* tag mlflow.note.content */
    NCM_CH_RUN_NAME,
    NCM_CH_RUN_LIFECYCLE, /* from/to: "active" "deleted" */
    NCM_CH_RUN_CREATE, /* object = experiment id; to: the run's name; key: its id, 32 hex digits, of
                          our choice or NULL (a server chooses itself); extra: user or NULL. It is
                          RUNNING from now on; its id comes back in the receipt. One a list: later
                          changes of the list name the new run by the object "" */
    NCM_CH_RUN_METRIC, /* a point of a metric's history: key; to: value as ncm_fmt_exact writes it;
                          extra: "TIMESTAMP_MS STEP". Never compared (what is present: `to`
                          where that very point is there), cannot be undone. The same point twice:
                          one in an SQL store (also behind a server), two in a file store, as MLflow
                          itself does */
    NCM_CH_RUN_STATUS, /* from/to: "SCHEDULED" "RUNNING" "FINISHED" "FAILED" "KILLED"; the last
                          three set the end time, the others leave it as it is */
    /* object = experiment id */
    NCM_CH_EXPERIMENT_CREATE, /* to: name */
    NCM_CH_EXPERIMENT_NAME,
    NCM_CH_EXPERIMENT_TAG,
    NCM_CH_EXPERIMENT_LIFECYCLE,
    /* of Alertmanager's silences; a silence is JSON {"matchers":[{name,value,isRegex,isEqual}],
       "startsAt","endsAt","createdBy","comment"}, times in RFC 3339. What is compared is the state
       of object: "active" (pending counts as active), "expired" or NULL where there is none. */
    NCM_CH_SILENCE_CREATE, /* object: "" for a new one (from NULL), or the id of the one to change
                              (from "active"); to: the silence; the id comes back in the receipt,
                              also for a change, which may give a new one. Inverted: expire */
    NCM_CH_SILENCE_EXPIRE, /* object: id; from "active", to "expired"; extra: the silence, where
                              undo shall make it again (with a new id, from now on) */
    /* of our own alerts: object = id */
    NCM_CH_ALERT_ACK,   /* from/to: who looks after it, NULL = nobody; extra: the note */
    NCM_CH_ALERT_STATE, /* from/to: "firing" "pending" "resolved" */
    /* of deployments: object = "SOURCE/NAMESPACE/NAME", version = its kind ("Deployment"), extra =
       the resourceVersion that the person saw, or NULL: another one with the same `from` is fine */
    NCM_CH_DEPLOY_SCALE,    /* from/to: replicas; of a version "HorizontalPodAutoscaler" its least
                               replicas, of an "InferenceService" the predictor's */
    NCM_CH_DEPLOY_PAUSE,    /* from/to: "running" "paused" */
    NCM_CH_DEPLOY_RESTART,  /* from: the restartedAt that is there or NULL; to: the new one, RFC 3339.
                               Its inverse does nothing that matters: cannot be undone */
    NCM_CH_DEPLOY_REVISION, /* from/to: names of revisions (ReplicaSets); the template goes back to
                               that of `to` */
    NCM_CH_DEPLOY_VERSION,  /* key: the claim's `where`, so that it is found again; from/to: the text
                               there ("models:/churn/7") */
    NCM_CH_DEPLOY_TRAFFIC,  /* key: target; from/to: percent, NULL = not set. Of an
                               InferenceService there is one: of its newest revision */
    NCM_CH_DEPLOY_SELECTOR, /* object: the Service, version "Service"; key: label; from/to: values.
                               Only asked for, with key NULL: the whole selector as "k=v,k=v"; with
                               version "Deployment" the labels of its pods */
    NCM_N_CHANGES,
};

/* All strings owned by the list. NULL = absent / not used. */
struct ncm_change {
    enum ncm_change_kind kind;
    char *object;
    char *version;
    char *key;
    char *from;    /* what must be there now: the compare of compare-and-set */
    bool any_from; /* do not compare */
    char *to;
    char *extra;
};

struct ncm_changes {
    struct ncm_change *items;
    size_t n, cap;
};

void ncm_changes_init(struct ncm_changes *c);
void ncm_changes_release(struct ncm_changes *c);
/* Appends; every string is copied (NULL allowed). Returns the new item (valid until the next). */
struct ncm_change *ncm_changes_add(struct ncm_changes *c, enum ncm_change_kind kind,
                                   const char *object, const char *version, const char *key,
                                   const char *from, const char *to);
/* Takes the last one away again. */
void ncm_changes_drop_last(struct ncm_changes *c);
void ncm_changes_copy(struct ncm_changes *to, const struct ncm_changes *from);
/* The list that takes this one back, in reverse order; false where one of them cannot be undone. A
 * run made in the list is deleted, and whatever else the list did to it goes with it; its id must
 * be known for that (ncm_changes_made_run). */
bool ncm_changes_invert(const struct ncm_changes *c, struct ncm_changes *out);

/* "version_stage" …: stable words for the audit and JSON; and back (false: unknown word). */
const char *ncm_change_word(enum ncm_change_kind kind);
bool ncm_change_of(const char *word, enum ncm_change_kind *out);

/* Whether it concerns the registry (versions, aliases, models) rather than runs and experiments. */
bool ncm_change_of_registry(enum ncm_change_kind kind);

/* Whether it concerns a deployment: another source's than the store's. */
bool ncm_change_of_deployment(enum ncm_change_kind kind);

/* One point of a metric's history. timestamp_ms: since 1970 UTC. */
struct ncm_change_point {
    double value; /* any, NaN and infinities too */
    int64_t timestamp_ms, step;
};
/* Appends a NCM_CH_RUN_METRIC; run "": the one made in this list. */
void ncm_changes_add_point(struct ncm_changes *c, const char *run, const char *key,
                           const struct ncm_change_point *p);
/* The point of a NCM_CH_RUN_METRIC; NCM_USAGE where its texts are no point. */
bool ncm_change_point(const struct ncm_change *ch, struct ncm_change_point *out,
                      struct ncm_err *err);

/* Whether the change concerns the run made earlier in its list (a run's change with object ""). */
bool ncm_change_of_new_run(const struct ncm_change *ch);
/* The change itself, with the id `made` as its object where it concerns the new run. Everything is
 * borrowed from ch and made. */
struct ncm_change ncm_change_for_run(const struct ncm_change *ch, const char *made);
/* Writes the id of the run that the list made into it: what was planned becomes what was done. */
void ncm_changes_made_run(struct ncm_changes *c, const char *id);

/* What a change is about, as a label before a colon: "the stage of m version 3". Caller frees. */
char *ncm_change_about(const struct ncm_change *ch);
/* Fails with NCM_CONFLICT and both states: what the change expects and what is there now (NULL:
 * absent). Nothing was written. */
bool ncm_change_conflict(const struct ncm_change *ch, const char *now, struct ncm_err *err);
/* Whether two values are the same; two absent ones are. */
bool ncm_change_same(const char *a, const char *b);

#endif
