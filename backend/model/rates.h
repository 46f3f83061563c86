/* How much a server is asked and how well it answers, over a window. Plain; arrays live in the
 * owner's arena. Absent numbers are NaN: unknown is never 0. */
#ifndef NCM_MODEL_RATES_H
#define NCM_MODEL_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/value.h"

struct ncm_rates {
    bool known;             /* false: nobody counts; everything below is NaN or absent */
    double window_s;        /* length of the window that the counts are of */
    double requests;        /* in the window */
    double errors;          /* of them */
    double rps;             /* requests a second */
    double error_rate;      /* 0…1; NaN without requests */
    double p50_ms, p95_ms, p99_ms;
    bool p95_beyond;        /* p95 lies in the last, open bucket: it is more than p95_ms */
    /* Durations: counts[i] requests took (le_ms[i-1], le_ms[i]] ms, the last of the n + 1 counts
     * those beyond le_ms[n-1]. n 0: no histogram. */
    const double *le_ms, *counts;
    size_t n;
    int64_t taken_ms;       /* end of the window, ms since 1970 UTC */
    struct ncm_str source;  /* "prometheus", "scraped" */
    struct ncm_str family;  /* the metric they come from: "request_predict_seconds" */
};

/* All unknown. */
struct ncm_rates ncm_rates_unknown(void);

#endif
