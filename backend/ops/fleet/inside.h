/* What the parts of the join share. */
#ifndef NCM_OPS_FLEET_INSIDE_H
#define NCM_OPS_FLEET_INSIDE_H

#include "base/list.h"
#include "base/map.h"
#include "engine/session.h"
#include "ops/deploy/attach.h"
#include "ops/fleet/fleet.h"

/* A stage or alias came to another version, as the tags of versions tell. */
struct fleet_move {
    const struct ncm_model *model;
    struct ncm_str version; /* whose tag says it */
    struct ncm_str alias;   /* absent: a stage */
    struct ncm_str from, to, actor, reason, id;
    int64_t time_ms;
};

#define FLEET_SEVERAL SIZE_MAX
#define FLEET_KEY     1024

/* All of it for the time of one build. */
struct fleet_work {
    const struct ncm_fleet_in *in;
    struct ncm_fleet *fleet;
    struct ncm_arena *arena;
    struct fleet_move *moves; /* by model, then time */
    size_t n_moves;
    struct ncm_map *by_label; /* "key\0namespace\0value" → first row of the chain */
    size_t *next_row;         /* the chain: of each rates row and key */
    struct ncm_map *names;    /* "namespace\0name" → the one source that has it, or SEVERAL */
    struct ncm_map *by_ref;   /* "source\0namespace\0name" → index of deployment */
};

/* "a\0b\0c" for maps; at most outsz bytes, not terminated. Returns its length. */
size_t fleet_key(char *out, size_t outsz, const char *a, const char *b, const char *c);
/* Formats into the arena. */
struct ncm_str fleet_text(struct ncm_arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* moves.c: reads the tags; who held a slot at a moment. */
void fleet_read_moves(struct fleet_work *w);
/* The first move of that stage or alias after `since`, or NULL. */
const struct fleet_move *fleet_move_after(const struct fleet_work *w, const struct ncm_model *m,
                                          struct ncm_str alias, struct ncm_str stage,
                                          int64_t since_ms);
/* When the version came to where it is now; NCM_NO_TIME unknown. */
int64_t fleet_held_since(const struct fleet_work *w, const struct ncm_model *m,
                         const struct ncm_model_version *v);

/* Whether a deployment of that name is in its source and namespace. */
bool fleet_has_deployment(const struct fleet_work *w, const struct ncm_deployment *beside,
                          struct ncm_str name);
/* By its number or name; NULL. */
const struct ncm_revision *fleet_revision(const struct ncm_deployment *d, struct ncm_str target);

/* registry questions */
const struct ncm_model *fleet_model(const struct fleet_work *w, struct ncm_str name);
const struct ncm_model_version *fleet_version(const struct ncm_model *m, struct ncm_str version);
/* What the registry says is in production: stage Production, else alias champion or production. */
const struct ncm_model_version *fleet_production(const struct ncm_model *m);
/* Whether the registry has the version in production: by its stage, or by such an alias. Several may
 * be. */
bool fleet_is_production(const struct ncm_model_version *v);
/* "v14"; a name that is no number as it is. */
struct ncm_str fleet_v(struct ncm_arena *a, struct ncm_str version);

/* rates.c: joined by labels. */
void fleet_index_rates(struct fleet_work *w);
void fleet_index_free(struct fleet_work *w);
struct ncm_rates fleet_rates_of(struct fleet_work *w, const struct ncm_deployment *d);
/* "http://host:8080/path" → "host:8080". */
void fleet_address(const char *url, char *out, size_t outsz);
/* Of one target: a revision, or pods of it. */
struct ncm_rates fleet_rates_of_target(struct fleet_work *w, const struct ncm_deployment *d,
                                       struct ncm_str target);

/* deployments.c: everything of one but its findings. */
void fleet_deployments(struct fleet_work *w);
/* canary.c */
void fleet_compare(struct fleet_work *w, struct ncm_fleet_deployment *d);
/* Whether that version of it is the candidate that was found to be worse. */
bool fleet_canary_worse(const struct ncm_fleet_deployment *d, struct ncm_str version);
struct ncm_str fleet_canary_sentence(struct ncm_arena *a, const struct ncm_canary_result *r,
                                     const struct ncm_traffic *stable,
                                     const struct ncm_traffic *candidate);

/* findings.c */
void fleet_findings(struct fleet_work *w);
/* alerts.c: whether it is about the model (its version, where it says one), the deployment. */
bool fleet_alert_of_model(const struct ncm_alert *a, struct ncm_str model);
bool fleet_alert_of_deployment(const struct ncm_alert *a, const struct ncm_deployment *d);
bool fleet_alert_fires(const struct ncm_alert *a);
/* Whether the alert's version fits: it says none, or this. */
bool fleet_alert_fits(const struct ncm_alert *a, struct ncm_str version);
void fleet_firing(struct fleet_work *w);

/* rows.c, events.c */
void fleet_rows(struct fleet_work *w);
void fleet_events(struct fleet_work *w);
/* How bad a state is where it matters: for sorting alone. */
int fleet_badness(enum ncm_health h, enum ncm_severity worst, bool production);

/* feed.c: with sources of the caller's choice; borrowed for its life. */
struct ncm_fleet_feed *fleet_feed_open_of(struct ncm_session *s,
                                          const struct ncm_deploy_about *sources, size_t n,
                                          bool has_rates, unsigned parts);

#endif
