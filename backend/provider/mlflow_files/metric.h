/* The lines of a metric's file: "TIMESTAMP VALUE STEP\n", one a point, in the order they were
 * logged. Pure; any thread. */
#ifndef NCM_MLFLOW_FILES_METRIC_H
#define NCM_MLFLOW_FILES_METRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stats/thin.h"

/* One line without its newline; it is cut up in place. 2 to 6 fields: time and value; then the
 * step; a logged model's file has the run too. With 5 fields (a data set's name and digest) the
 * step is 0, as MLflow's own client reads it. False: not such a line. */
bool files_metric_line(char *line, size_t len, struct ncm_sample *out);

/* A file's lines as they come in pieces of any length. */
struct files_lines {
    int64_t offset; /* bytes taken: whole lines only */
    int64_t n, bad; /* points; lines that are none */
    bool skipping;  /* within a line that is too long */
};
/* Takes the whole lines of p[len], which is cut up; what is after the last newline is left for the
 * next time (begin at offset again): at the end of the file (not `more`) it is half written. A
 * piece without any newline that has more after it is a line too long to be one, and skipped. */
void files_lines_take(struct files_lines *l, char *p, size_t len, bool more,
                      void (*point)(void *to, const struct ncm_sample *s), void *to);

/* The point that MLflow shows as a metric's value: the greatest step, time and value; the one that
 * came first where NaN leaves that open. */
struct files_latest {
    bool any;
    struct ncm_sample at;
};
void files_latest_take(struct files_latest *l, const struct ncm_sample *s);

#endif
