/* A value and its validity: unknown is never 0. */
#ifndef NCM_MODEL_VALUE_H
#define NCM_MODEL_VALUE_H

#include <stdint.h>

#include "base/mem.h"

enum ncm_value_kind {
    NCM_V_UNSET,
    NCM_V_NUMBER,
    NCM_V_NAN,
    NCM_V_PINF,
    NCM_V_NINF,
    NCM_V_TEXT,
};

struct ncm_value {
    enum ncm_value_kind kind;
    double num;          /* NUMBER; ±DBL_MAX kept for PINF/NINF where the store holds that */
    struct ncm_str text; /* TEXT */
};

struct ncm_kv {
    struct ncm_str key;
    struct ncm_str value; /* absent where the store holds NULL */
};

/* The latest value of one metric of a run. timestamp in ms UTC, step 64-bit. */
struct ncm_metric {
    struct ncm_str key;
    struct ncm_value value;
    int64_t timestamp_ms;
    int64_t step;
};

/* Byte order, as keys and names are sorted; an absent string counts as empty. */
int ncm_str_compare(struct ncm_str a, struct ncm_str b);
/* Look-up in an array sorted by key; NULL where absent. */
const struct ncm_kv *ncm_kv_find(const struct ncm_kv *kv, size_t n, const char *key);

#endif
