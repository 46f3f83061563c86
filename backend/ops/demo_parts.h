/* What the parts of the demo share: the specification of its experiments and models as tables, and
 * the writer that turns them into rows. Everything a run shows follows from its id, so the
 * companion process goes on where the history ends. */
#ifndef NCM_OPS_DEMO_PARTS_H
#define NCM_OPS_DEMO_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "io/db.h"

/* CREATE statements, each ended by NULL. */
extern const char *const ncm_demo_schema_a[];
extern const char *const ncm_demo_schema_b[];

/* A metric: its value runs from `start` towards a level between `worst` and `best` (by the quality
 * of the run) with noise. points: 0 = one value at the end, 1 = every step, n = every n-th. */
struct ncm_demo_metric {
    const char *key;
    double start, worst, best, noise, rate;
    int points;
};

/* A param: one of the values between the bars. */
struct ncm_demo_param {
    const char *key;
    const char *values;
};

struct ncm_demo_experiment {
    const char *name, *note, *team, *source, *branch;
    const char *families; /* run names: FAMILY-NUMBER */
    const char *users;
    const char *dataset, *dataset_uri, *columns; /* NAME:TYPE|… */
    const char *flavor, *requirements;
    int runs, steps, minutes; /* how many; steps and length of one */
    int children;             /* of a sweep: runs come in families of this size; 0 = flat */
    struct ncm_demo_metric metrics[8];
    struct ncm_demo_param params[9];
};

/* A registered version: made from the run at `place` (0 … 1) of its experiment. */
struct ncm_demo_version {
    double place, quality;
    const char *stage, *note;
};

/* A change of a stage or an alias in the past, left as a transition tag. */
struct ncm_demo_move {
    int version;
    double days_ago;
    const char *actor, *from, *to, *reason;
};

struct ncm_demo_model {
    const char *name, *note, *owner, *tier;
    int experiment; /* index in ncm_demo_experiments */
    bool stages;    /* false: the team uses aliases only */
    int n_versions;
    struct ncm_demo_version versions[12];
    const char *champion, *challenger; /* alias names or NULL */
    int champion_of, challenger_of;    /* versions */
    struct ncm_demo_move moves[16];
};

extern const struct ncm_demo_experiment ncm_demo_experiments[];
extern const size_t ncm_demo_n_experiments;
extern const struct ncm_demo_model ncm_demo_models[];
extern const size_t ncm_demo_n_models;

/* One run as planned. */
struct ncm_demo_run {
    const struct ncm_demo_experiment *experiment;
    int experiment_id;
    int number; /* within the experiment, from 1 */
    int parent; /* index of the parent in the plan, -1 without */
    int64_t start_ms, end_ms;
    const char *status;
    double quality;
    int diverges_at; /* step from which values blow up; 0 never */
    int steps;       /* to write */
    bool deleted, live;
    char id[33];
    char name[96];
    char user[32];
};

/* The writer: keeps the first error; later calls then do nothing. */
struct ncm_demo {
    struct ncm_db *db;
    char *root; /* absolute folder */
    int64_t now_ms;
    struct ncm_err *err;
    bool ok;
};

/* Binds by `types` (s text or NULL, i int64_t, d double) and runs the statement once. */
void ncm_demo_put(struct ncm_demo *d, const char *sql, const char *types, ...);

/* A well-mixed 64-bit number of (seed, a, b); of text; uniform in [0,1); about normal (0, 1). */
uint64_t ncm_demo_mix(uint64_t seed, uint64_t a, uint64_t b);
uint64_t ncm_demo_hash(const char *text);
double ncm_demo_uniform(uint64_t n);
double ncm_demo_normal(uint64_t n);
/* 32 hex digits and NUL from two numbers. */
void ncm_demo_id(uint64_t a, uint64_t b, char out[33]);
/* The n-th (modulo) of "a|b|c" into out[outsz]. */
void ncm_demo_pick(const char *list, uint64_t n, char *out, size_t outsz);

/* The value of a metric of a run at a step of `steps`; NaN and infinities where it diverged. */
double ncm_demo_value(const struct ncm_demo_run *r, size_t metric, int step, int steps);
/* Rows of one run: runs, tags, params, metrics, latest_metrics, dataset input. */
void ncm_demo_write_run(struct ncm_demo *d, const struct ncm_demo_run *plan,
                        const struct ncm_demo_run *r);
/* What the parents of sweeps say of their trials; after all runs. */
void ncm_demo_write_sweeps(struct ncm_demo *d, const struct ncm_demo_run *plan, size_t n);
/* One point; latest: also the row that lists show. */
void ncm_demo_write_point(struct ncm_demo *d, const char *run_id, const char *key, double value,
                          int64_t time_ms, int64_t step, bool latest);
/* The plan of all runs in the order of their start; the caller frees with ncm_free. */
struct ncm_demo_run *ncm_demo_plan(int64_t now_ms, size_t *n);
/* The run that a version was made from: its number within the experiment. */
int ncm_demo_version_number(const struct ncm_demo_model *m, int version);
/* A run that is being trained, number `number` of the experiment, started at start_ms. */
void ncm_demo_live_run(struct ncm_demo_run *r, int experiment_id, int number, int64_t start_ms);
double ncm_demo_live_quality(const char *id);
/* Total steps of a live run. */
#define NCM_DEMO_LIVE_STEPS 900
#define NCM_DEMO_LIVE_TAG   "ncmlops.demo.live"

/* Registered models with versions, aliases, logged models and their files. */
void ncm_demo_write_registry(struct ncm_demo *d, const struct ncm_demo_run *plan, size_t n);
/* Artifact files of a run, of a logged model. */
void ncm_demo_run_files(struct ncm_demo *d, const struct ncm_demo_run *r);
void ncm_demo_model_files(struct ncm_demo *d, const struct ncm_demo_run *r, const char *model_id,
                          const char *folder, int64_t time_ms);

#endif
