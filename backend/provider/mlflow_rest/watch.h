/* What a watch remembers between two looks. */
#ifndef NCM_MLFLOW_REST_WATCH_H
#define NCM_MLFLOW_REST_WATCH_H

#include "provider/mlflow_rest/internal.h"

#define REST_LIVE_MOST 20

struct rest_live {
    char id[40];
    uint64_t print;
    int64_t changed_mono_ms;
};

struct rest_watch {
    bool began;
    int64_t newest_ms;                 /* latest start known; NCM_NO_TIME without */
    uint64_t newer, version, registry; /* fingerprints of the last answers */
    struct ncm_map *prints; /* of the running runs, by id, when all of them were last looked at */
    bool prints_whole;      /* that were all of them */
    struct rest_live live[REST_LIVE_MOST]; /* those that moved of late */
    size_t n_live;
    uint64_t ticks;
    struct ncm_news owed; /* noticed, and not told yet: an interrupt may end a look half way */
    int64_t looked_mono_ms, took_ms;
    bool no_registry;
};

#endif
