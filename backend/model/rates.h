/* How much a server is asked and how well it answers, over a window. Plain; arrays live in the
 * owner's arena. Absent numbers are NaN: unknown is never 0. */
#ifndef NCM_MODEL_RATES_H
#define NCM_MODEL_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/value.h"

struct ncm_rates {
    bool known;        /* false: nobody counts; everything below is NaN or absent */
    double window_s;   /* length of the window that the counts are of */
    double requests;   /* in the window */
    double errors;     /* of them */
    double rps;        /* requests a second */
    double error_rate; /* 0…1; NaN without requests */
    double p50_ms, p95_ms, p99_ms;
    bool p95_beyond; /* p95 lies in the last, open bucket: it is more than p95_ms */
    /* Durations: counts[i] requests took (le_ms[i-1], le_ms[i]] ms, the last of the n + 1 counts
     * those beyond le_ms[n-1]. n 0: no histogram. */
    const double *le_ms, *counts;
    size_t n;
    int64_t taken_ms;      /* end of the window, ms since 1970 UTC */
    struct ncm_str source; /* "prometheus", "scraped" */
    struct ncm_str family; /* the metric they come from: "request_predict_seconds" */
};

/* All unknown. */
struct ncm_rates ncm_rates_unknown(void);
/* Several counted side by side as one: counts of another window are scaled to the longest,
 * durations are kept at the bounds that all with durations have, so that nothing is interpolated.
 * Those that are not known are left out; a figure that one of them lacks is unknown. source and
 * family: of the first. Arrays in the arena. */
struct ncm_rates ncm_rates_sum(struct ncm_arena *a, const struct ncm_rates *const *rows, size_t n);
/* rps, error_rate and quantiles from window_s, requests, errors and durations. */
void ncm_rates_derive(struct ncm_rates *r);
/* The duration that the share q (0…1) of the requests stays within, ms: linear within its bucket,
 * as Prometheus has it. NaN without durations. *beyond (may be NULL): it lies in the open bucket,
 * the result is its lower end. */
double ncm_rates_quantile(const struct ncm_rates *r, double q, bool *beyond);

#endif
