/* Is the candidate worse than the stable one? Differences with intervals; "cannot tell yet" is an
 * answer. Pure. */
#ifndef NCM_STATS_CANARY_H
#define NCM_STATS_CANARY_H

#include <stdbool.h>
#include <stddef.h>

enum ncm_canary_verdict {
    NCM_CANARY_NO_DATA,     /* nobody counts */
    NCM_CANARY_CANNOT_TELL, /* too few requests for the difference that matters */
    NCM_CANARY_SAME,        /* no difference that matters */
    NCM_CANARY_BETTER,
    NCM_CANARY_WORSE,
};
/* "no_data" "cannot_tell" "same" "better" "worse". */
const char *ncm_canary_word(enum ncm_canary_verdict v);

/* One side: counts in the same window. errors <= requests. Durations: counts of n + 1 buckets
 * with upper ends le_ms[n]; n 0: none. */
struct ncm_canary_side {
    double requests, errors;
    const double *le_ms, *counts;
    size_t n;
};
struct ncm_canary_rules {
    double confidence;   /* 0.95 */
    double error_margin; /* a difference of error share that matters: 0.01 */
    double slow_factor;  /* p95 of the candidate over that of the stable one that matters: 1.2 */
    double least;        /* requests on each side below which nothing is said: 30 */
};
extern const struct ncm_canary_rules ncm_canary_defaults;

struct ncm_canary_result {
    enum ncm_canary_verdict errors, latency, all; /* all: the worst that is sure, else as said */
    double error_diff, error_lo, error_hi; /* candidate − stable, share; NaN unknown */
    double p95_stable, p95_candidate;      /* ms; infinite: beyond the last edge */
    double ratio, ratio_lo, ratio_hi;      /* of p95 */
    double more_needed; /* requests that the smaller side lacks until it can be told; NaN unknown */
};
/* more_needed as a person needs it: rounded up to one digit, 355 to 400. */
double ncm_canary_about(double more);
/* Error shares: Newcombe's interval for the difference of two proportions (hybrid of two Wilson
 * score intervals; Newcombe 1998, method 10). p95: the interval of each side's quantile by the
 * binomial distribution of its rank (normal approximation), interpolated in its bucket; the ratio's
 * from the ends of both. O(n). */
void ncm_canary_compare(const struct ncm_canary_side *stable,
                        const struct ncm_canary_side *candidate,
                        const struct ncm_canary_rules *rules, struct ncm_canary_result *out);

#endif
