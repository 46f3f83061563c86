/* One monitor at work: takes what is new, puts it into windows, gives each a figure. It belongs to
 * one thread, blocks only on the source it reads, and writes nowhere: who holds the lease does. */
#ifndef NCM_OPS_WATCH_EVALUATOR_H
#define NCM_OPS_WATCH_EVALUATOR_H

#include "engine/watch_plan.h"
#include "io/db.h"
#include "ops/watch/result.h"
#include "provider/provider.h"

/* What evaluators ask besides their own source. Borrowed; lives longer than they do. */
struct ncm_watch_env {
    const struct ncm_watch_plan *plan;
    const struct ncm_provider *tracking; /* the metadata store, for references and histories */
    const struct ncm_place *tracking_place;
};

struct ncm_evaluator;

/* The kinds: one table each. */
struct ncm_evaluator_kind {
    /* May take as long as reading the reference does: control ends it. */
    bool (*open)(struct ncm_evaluator *e, struct ncm_control *control, struct ncm_err *err);
    void (*close)(struct ncm_evaluator *e);
    /* Takes what is new; *more: there was more than is taken at once. */
    bool (*step)(struct ncm_evaluator *e, int64_t now_ms, struct ncm_control *control, bool *more,
                 struct ncm_err *err);
    /* One feature in one window, compared in full. */
    bool (*compare)(struct ncm_evaluator *e, size_t feature, size_t window, struct ncm_arena *a,
                    struct ncm_drift_column *out, struct ncm_err *err);
    /* Where reading goes on so that no row of a window that is not complete is lost; NULL: nowhere.
     * The caller frees. */
    char *(*position)(const struct ncm_evaluator *e);
    /* The rows behind a bar ("LO..HI", "=WORD", "missing"), at most `most`. NULL: there are none.
     */
    bool (*rows)(struct ncm_evaluator *e, size_t feature, size_t window, const char *bar,
                 size_t most, struct ncm_control *control, struct ncm_drift_rows_snapshot *out,
                 struct ncm_err *err);
};
extern const struct ncm_evaluator_kind ncm_rows_evaluator, ncm_figures_evaluator,
    ncm_histogram_evaluator;

struct ncm_evaluator {
    const struct ncm_watch_env *env;
    const struct ncm_evaluator_kind *kind;
    struct ncm_monitor monitor; /* its own copy */
    struct ncm_watched watched;
    void *own;         /* of the kind; NULL: not open */
    char *resume;      /* position to go on from, before it is opened; owned */
    int64_t stored_ms; /* windows that ended by then are stored already; NCM_NO_TIME: none */
    int64_t checked_ms, opened_ms;
    int failures;
    int64_t retry_ms; /* no earlier; wall clock */
    double progress;  /* 0 … 1 of the first read */
};

struct ncm_evaluator *ncm_evaluator_new(const struct ncm_watch_env *env,
                                        const struct ncm_monitor *m);
void ncm_evaluator_free(struct ncm_evaluator *e);
/* Takes what is stored of it already: windows, and where to go on. NULL allowed (nothing is). */
bool ncm_evaluator_restore(struct ncm_evaluator *e, struct ncm_db *db, struct ncm_err *err);
/* Opens where it is not open, and takes what is new. Faults stay in watched.error, with growing
 * pauses; only NCM_CANCELLED is returned. */
bool ncm_evaluator_step(struct ncm_evaluator *e, int64_t now_ms, struct ncm_control *control,
                        bool *more, struct ncm_err *err);
/* Whether its schedule says that it is time. */
bool ncm_evaluator_due(const struct ncm_evaluator *e, int64_t now_ms);

#endif
