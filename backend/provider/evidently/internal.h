/* What the files of this folder share. */
#ifndef NCM_EVIDENTLY_INTERNAL_H
#define NCM_EVIDENTLY_INTERNAL_H

#include "base/list.h"
#include "base/map.h"
#include "io/node.h"
#include "model/value.h"
#include "provider/evidently/evidently.h"

#define EV_SHARE "share of drifted columns"

/* Points gathered from many reports. */
struct ev_builder {
    struct ncm_arena *arena;
    struct ncm_list series; /* struct ev_growing */
    struct ncm_map *known;  /* column, method, threshold → index */
    size_t points;
    bool full;
};
void ev_builder_init(struct ev_builder *b);
void ev_builder_release(struct ev_builder *b);
/* column NULL: the whole data set. */
void ev_add(struct ev_builder *b, const char *column, const char *method, double threshold,
            struct ncm_evidently_point point);
/* Moves all into *out, sorted. NCM_TOO_LARGE. */
bool ev_finish(struct ev_builder *b, struct ncm_evidently *out, struct ncm_err *err);

/* A report of any form into the builder. NCM_INVALID_DATA. */
bool ev_read_report(struct ev_builder *b, const char *name, const struct ncm_node *root,
                    int64_t time_ms, struct ncm_err *err);
/* A number, or a text that is one; NaN else. */
double ev_number(const struct ncm_node *n);
/* Points of a data_series_batch answer; false where it is none. */
bool ev_read_series(struct ev_builder *b, const struct ncm_node *root);

#endif
