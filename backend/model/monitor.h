/* A monitor as the configuration describes it: what is watched, against what, how often, and from
 * which value on it matters. Plain; owned by the configuration that holds it. */
#ifndef NCM_MODEL_MONITOR_H
#define NCM_MODEL_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/alert.h"

enum ncm_monitor_kind {
    NCM_MONITOR_ROWS,      /* current: a log or table of rows; reference: rows */
    NCM_MONITOR_QUERY,     /* query: PromQL, its value is the figure */
    NCM_MONITOR_HISTOGRAM, /* histogram: PromQL selector of a histogram, two windows of it */
    NCM_MONITOR_METRIC,    /* metric: "RUN_ID/KEY", a metric's history in the tracking store */
    NCM_MONITOR_EVIDENTLY, /* evidently: a report file, a folder of them, or a UI service's URL */
};

enum ncm_reference_kind {
    NCM_REFERENCE_NONE,     /* a figure needs none */
    NCM_REFERENCE_FILE,     /* a path or glob of rows */
    NCM_REFERENCE_ARTIFACT, /* "run:RUN_ID/PATH": rows among a run's artifacts */
    NCM_REFERENCE_DATASET, /* "dataset:RUN_ID": the file of a dataset that the run names as input */
    NCM_REFERENCE_TRAILING, /* "trailing 24h": the time before each window */
    NCM_REFERENCE_WEEK,     /* "last week": the same hours seven days before */
    NCM_REFERENCE_VERSION,  /* "version:14": rows that this version answered */
    NCM_REFERENCE_FIRST,    /* "first": the first complete window */
};

/* The side on which a value is bad. */
enum ncm_bad_side { NCM_BAD_ABOVE, NCM_BAD_BELOW };

struct ncm_monitor {
    char *model, *name;
    enum ncm_monitor_kind kind;
    char *current;         /* ROWS: path, glob, "sqlite:FILE?table=T", "-" */
    char *current_version; /* ROWS: only rows that this version answered; NULL: all */
    char *source;          /* QUERY: the PromQL; HISTOGRAM, METRIC, EVIDENTLY: as above */
    char *reference;       /* as written; NULL: none */
    enum ncm_reference_kind reference_kind;
    char *reference_value; /* the path, "RUN_ID/PATH", the version; NULL for the others */
    int64_t trailing_ms;
    bool follow;                    /* the current files grow */
    int64_t window_ms, window_rows; /* one of them > 0 */
    int64_t slide_ms, slide_rows;   /* 0: tumbling */
    char **columns, **ignore;       /* NULL: all, none */
    size_t n_columns, n_ignore;
    char **types; /* "age=num", "code=cat" */
    size_t n_types;
    char *time_column, *version_column; /* NULL: guessed, none */
    char delimiter;                     /* 0: guessed */
    char *method;                       /* word of drift_method.h; NULL: the house's psi */
    double warning, critical;           /* NaN: the method's own, or learned */
    enum ncm_bad_side side;
    bool learned; /* thresholds from the reference's own chunks where there are enough */
    int64_t min_rows, for_ms, every_ms, step_ms;
    double bad_share;           /* bad rows that are skipped; 0: the reader's 1 % */
    enum ncm_severity severity; /* of a critical value; a warning is always a warning */
    bool record;                /* also as metrics of a run in the tracking store */
    int line, column;           /* in the configuration */
};

/* What holds where nothing is said: windows of an hour, looked at each minute, thresholds of the
 * method, critical, recorded. */
void ncm_monitor_init(struct ncm_monitor *m);
void ncm_monitor_release(struct ncm_monitor *m);
void ncm_monitor_copy(struct ncm_monitor *to, const struct ncm_monitor *from);

/* Sets reference, reference_kind, reference_value and trailing_ms from the text of a reference.
 * NCM_USAGE with the forms there are, nothing changed then. A path stays as it is written. */
bool ncm_monitor_set_reference(struct ncm_monitor *m, const char *text, struct ncm_err *err);
/* "1h", "15m", "1000 rows", with a slide "1h/5m", "1000/100 rows". NCM_USAGE. */
bool ncm_monitor_set_window(struct ncm_monitor *m, const char *text, struct ncm_err *err);
/* "0.25", "> 120", "< 0.9", "0.1, 0.25" (warning, critical), "learned", "default" (the method's
 * own). One number is the critical one; "-" in the place of one is the method's own. Without a sign
 * the greater value is the worse one, unless the warning is above the critical value. NCM_USAGE. */
bool ncm_monitor_set_threshold(struct ncm_monitor *m, const char *text, struct ncm_err *err);
/* The window and the thresholds in the form that the setters take. Caller frees. */
char *ncm_monitor_window_text(const struct ncm_monitor *m);
char *ncm_monitor_threshold_text(const struct ncm_monitor *m);
/* What a view changed, one text of a query: "method=ks;window=1h;reference=last week;
 * threshold=0.3;current=version:15" ("current=all": of every version). Applies all of it or
 * nothing. Another method without a threshold beside it gets its own ones. NCM_USAGE. */
bool ncm_monitor_apply(struct ncm_monitor *m, const char *settings, struct ncm_err *err);
/* Everything that its figures depend on, as one text: figures of two different ones are never on
 * one line. Caller frees. */
char *ncm_monitor_recipe(const struct ncm_monitor *m);

#endif
