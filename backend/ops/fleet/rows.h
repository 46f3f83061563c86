/* Rows while they are gathered. */
#ifndef NCM_OPS_FLEET_ROWS_H
#define NCM_OPS_FLEET_ROWS_H

#include "ops/fleet/inside.h"

/* A row while it is gathered. */
struct fleet_made {
    struct ncm_fleet_row row;
    const struct ncm_model *model;
    const struct ncm_model_version *version; /* of the registry; NULL */
    struct ncm_list deployments;             /* size_t */
    struct ncm_list rates;                   /* const struct ncm_rates * */
    int64_t bad_since, good_since;
    double share; /* of the traffic, before it is divided by all */
    bool share_known;
    int group_badness; /* of the worst of its model */
};

struct fleet_rows_work {
    struct fleet_work *w;
    struct ncm_list rows; /* struct fleet_made */
    struct ncm_map *by_version;
};

/* rows_percent.c: the share of the traffic of each of one model's versions, rows[0…n). Splits are
 * weighed by their requests where all are counted. How requests divide between deployments of
 * different versions that no split joins is not known unless they are counted. */
void fleet_fill_percents(struct fleet_rows_work *g, struct fleet_made *rows, size_t n);

#endif
