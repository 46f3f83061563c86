/* What Evidently measured: its report files, workspace folders and UI service. Read only.
 *
 * One series is one column by one method against one threshold. Evidently chooses the method by the
 * number of rows (p-values below 1,000, distances above), so that a column whose data grew has two
 * series; they are never joined, as one's 0.04 and the other's 0.04 mean opposite things. */
#ifndef NCM_EVIDENTLY_H
#define NCM_EVIDENTLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "provider/provider.h"

#define NCM_EVIDENTLY_FILE_MOST   (64 << 20) /* bytes of one report or snapshot */
#define NCM_EVIDENTLY_FILES_MOST  10000      /* of one folder */
#define NCM_EVIDENTLY_POINTS_MOST 1000000

struct ncm_evidently_point {
    int64_t time_ms; /* NCM_NO_TIME where nothing tells */
    double
        value; /* NaN where the report holds none; with a threshold its meaning is the method's */
    bool drifted; /* as Evidently says it; where it does not, by the method and the threshold */
};

struct ncm_evidently_series {
    struct ncm_str column; /* absent: the whole data set (method "share of drifted columns") */
    struct ncm_str method; /* "Wasserstein distance (normed)" "K-S p_value" … */
    double threshold;      /* NaN where unknown */
    struct ncm_evidently_point *points; /* by time */
    size_t n;
};

struct ncm_evidently {
    struct ncm_arena *arena;
    struct ncm_evidently_series *series; /* by column (the data set first), method, threshold */
    size_t n;
    size_t n_reports;           /* files or snapshots that were read */
    size_t n_skipped;           /* files that hold no drift, or could not be read */
    struct ncm_str why_skipped; /* of the first of them */
};
void ncm_evidently_release(struct ncm_evidently *e);

/* Whether a value of this method means drift: p-values below the threshold, distances at or above
 * it. NaN: no. */
bool ncm_evidently_drifted(const char *method, double value, double threshold);

/* One report: JSON of 0.7, of 0.4 to 0.6 (report or test suite), or a workspace's snapshot.
 * time_ms: for one that does not say its own (0.7's JSON; usually when the file was written). name
 * is for messages. NCM_INVALID_DATA where it is none of them or holds no drift, NCM_TOO_LARGE. */
bool ncm_evidently_report(const char *name, const char *p, size_t len, int64_t time_ms,
                          struct ncm_evidently *out, struct ncm_err *err);
/* A file, or a folder: all *.json in it, and in its snapshots/ or, of a workspace, in each
 * project's snapshots/. A file of a folder that is none is skipped and counted. NCM_NOT_FOUND where
 * there is nothing there at all, NCM_CANCELLED, NCM_TIMEOUT. control may be NULL. */
bool ncm_evidently_open(const char *path, const struct ncm_control *control,
                        struct ncm_evidently *out, struct ncm_err *err);

/* ---- the UI service ---- */

struct ncm_evidently_project {
    struct ncm_str id, name, description;
};
struct ncm_evidently_projects {
    struct ncm_arena *arena;
    struct ncm_evidently_project *items; /* by name, then id */
    size_t n;
};
/* Of the service at place (http(s)://HOST:PORT). Errors as of every server; NCM_INVALID_DATA where
 * it is not Evidently's. */
bool ncm_evidently_projects(const struct ncm_place *place, const struct ncm_control *control,
                            struct ncm_evidently_projects *out, struct ncm_err *err);
void ncm_evidently_projects_release(struct ncm_evidently_projects *p);
/* All drift series of a project from one call; since and until in ms UTC or NCM_NO_TIME.
 * NCM_NOT_FOUND: there is no such project. */
bool ncm_evidently_ui(const struct ncm_place *place, const char *project, int64_t since_ms,
                      int64_t until_ms, const struct ncm_control *control,
                      struct ncm_evidently *out, struct ncm_err *err);

#endif
