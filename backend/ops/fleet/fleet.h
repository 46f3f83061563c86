/* Everything joined: deployments of all sources with the registry, rates, drift and alerts. One row a
 * model version that is in production or on its way, the worst first; unknown stays unknown. */
#ifndef NCM_OPS_FLEET_H
#define NCM_OPS_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/deploy.h"
#include "model/drift.h"
#include "model/snapshot.h"
#include "stats/canary.h"

/* What is joined; NULL and 0 for what is not there (yet). Borrowed; the fleet takes references. */
struct ncm_fleet_in {
    const struct ncm_deployments_snapshot *const *deployments;
    size_t n_deployments;
    const struct ncm_models_snapshot *models;
    const struct ncm_rates_snapshot *rates;
    const struct ncm_drift_snapshot *drift;
    const struct ncm_alerts_snapshot *const *alerts;
    size_t n_alerts;
    const struct ncm_audit_snapshot *audit;
    const struct ncm_config_context *context; /* its models' settings; or NULL */
    int64_t now_ms;
};

/* One deployment with what the others know of it. */
struct ncm_fleet_deployment {
    const struct ncm_deployment *it;
    struct ncm_verdict_version is; /* model and version, resolved */
    struct ncm_rates rates;        /* the best there are: of Prometheus, else its own */
    struct ncm_traffic *traffic;   /* with models, versions and rates filled in */
    size_t n_traffic;
    bool compared;                 /* there is a stable one and a candidate with rates */
    struct ncm_canary_result canary;
    struct ncm_str canary_says;    /* translated: the verdict in a sentence; absent without */
    const struct ncm_traffic *candidate; /* of `traffic`: what was compared, where it is this one's
                                            own; NULL: it is another deployment's */
    struct ncm_deploy_finding *findings; /* its own and the joined ones, gravest first */
    size_t n_findings;
    enum ncm_health health; /* its own, or degraded by a grave joined finding */
};

struct ncm_fleet_row {
    struct ncm_str model, version; /* version absent: unknown which */
    struct ncm_str stage;          /* "Production", "@champion", "Production @champion"; absent */
    bool registered;               /* the registry knows the model */
    bool in_production;            /* stage Production, or alias champion/production, or it has the
                                      most traffic where the registry has neither */
    double percent;                /* of the traffic; NaN unknown */
    int desired, ready;            /* over its deployments; -1 unknown */
    enum ncm_health health;
    bool canary_worse;             /* it is the candidate, and surely worse than the stable one */
    struct ncm_str reason;         /* of the worst of its deployments or findings; absent */
    struct ncm_rates rates;
    const double *drift;           /* n_drift values of its worst feature, oldest first */
    size_t n_drift;
    double drift_last;             /* NaN */
    struct ncm_str drift_feature, drift_monitor;
    enum ncm_drift_state drift_state;
    int64_t since_ms;  /* since when it is what and how it is: health if bad, else its promotion */
    size_t *deployments; /* indices */
    size_t n_deployments;
    size_t n_firing;
    enum ncm_severity severity; /* the gravest of what fires and of the findings */
    int badness;       /* sorts: the greater, the further up */
};

struct ncm_fleet_event {
    int64_t time_ms;
    char sign; /* 'P' promoted, 'B' rolled back, 'D' rollout, 'R' restart, 'X' crash or failure,
                  'A' alert, 'S' scaled, 'o' resolved */
    struct ncm_str model, version, where, what; /* where: REF or absent; what: translated */
};

struct ncm_fleet {
    struct ncm_arena *arena;
    struct ncm_fleet_row *rows; /* by badness, then model and version: versions of a model together
                                   under its worst */
    size_t n_rows;
    struct ncm_fleet_deployment *deployments; /* by badness, then model, REF */
    size_t n_deployments;
    const struct ncm_alert **firing; /* the gravest first, then the oldest */
    size_t n_firing;
    struct ncm_fleet_event *events; /* newest first, at most 500 … */
    size_t n_events;
    size_t n_history; /* … and all that are known of, at most 5,000: for time lines */
    const void **held; /* snapshots it borrows from */
    size_t n_held;
};
/* Pure but for allocation. O(n log n) of everything. */
struct ncm_fleet *ncm_fleet_build(const struct ncm_fleet_in *in);
void ncm_fleet_free(struct ncm_fleet *f); /* NULL allowed */
/* The deployment of that REF (and kind, where not NULL) or NULL. */
const struct ncm_fleet_deployment *ncm_fleet_find(const struct ncm_fleet *f, const char *ref,
                                                  const char *kind, bool *ambiguous);
/* What speaks against an intent that gives the candidate more traffic, translated: that it is worse,
 * or that nobody can tell. NULL: nothing does. The caller frees. */
struct ncm_intent;
char *ncm_fleet_heed(const struct ncm_fleet_deployment *d, const struct ncm_intent *in);
/* That the registry does not have that version ("9", "v9") of a model, translated; NULL where it has,
 * or knows none of it, or the model is NULL. The caller frees. */
char *ncm_fleet_unknown_version(const struct ncm_model *m, const char *version);
/* The row that one of `firing` is about: index, or SIZE_MAX where it is about none. */
size_t ncm_fleet_alert_row(const struct ncm_fleet *f, const struct ncm_alert *alert);
/* The events of one model since then, newest first, at most `most` pointers into the fleet. Returns how
 * many. */
size_t ncm_fleet_timeline(const struct ncm_fleet *f, const char *model, int64_t since_ms,
                          const struct ncm_fleet_event **out, size_t most);

/* ---- fed by a session ---- */
enum ncm_fleet_part {
    NCM_FLEET_DEPLOYMENTS = 1,
    NCM_FLEET_REGISTRY = 2,
    NCM_FLEET_RATES = 4,
    NCM_FLEET_DRIFT = 8,
    NCM_FLEET_ALERTS = 16,
    NCM_FLEET_AUDIT = 32,
    NCM_FLEET_ALL = 63,
    NCM_FLEET_OFFERED = 64, /* also the source that was only offered */
};
struct ncm_session;
struct ncm_freshness_info;
struct ncm_fleet_feed;
struct ncm_fleet_feed *ncm_fleet_feed_open(struct ncm_session *s, unsigned parts);
void ncm_fleet_feed_close(struct ncm_fleet_feed *f); /* NULL allowed */
/* While nobody looks: asks for nothing, and what was joined stays as it is; and wakes up again. */
void ncm_fleet_feed_rest(struct ncm_fleet_feed *f, bool rest);
/* After a pump: joins anew where something arrived. Returns whether it did. */
bool ncm_fleet_feed_update(struct ncm_fleet_feed *f);
/* Never NULL; valid until the next update that returns true. */
const struct ncm_fleet *ncm_fleet_feed_get(const struct ncm_fleet_feed *f);
/* The worst of its wants; and one source's: its error or NULL, the age. */
void ncm_fleet_feed_freshness(const struct ncm_fleet_feed *f, struct ncm_freshness_info *out);
const struct ncm_err *ncm_fleet_feed_error(const struct ncm_fleet_feed *f, const char *source,
                                           struct ncm_freshness_info *info);
/* The newest snapshot of a source of deployments, or NULL. */
const struct ncm_deployments_snapshot *ncm_fleet_feed_source(const struct ncm_fleet_feed *f,
                                                             const char *source);
/* A line for each source that does not answer, and for each thing that one could not read; hints below
 * them, detail of errors too. Cleaned. */
struct ncm_buf;
void ncm_fleet_feed_trouble(const struct ncm_fleet_feed *f, struct ncm_buf *out);
void ncm_fleet_feed_refresh(struct ncm_fleet_feed *f);
/* Headless: waits for all; false + err where all sources of deployments failed. Where only some did,
 * their errors come to `said` (may be NULL), one call each. */
bool ncm_fleet_feed_wait(struct ncm_fleet_feed *f,
                         void (*said)(void *to, const char *source, const struct ncm_err *err),
                         void *to, struct ncm_err *err);

#endif
