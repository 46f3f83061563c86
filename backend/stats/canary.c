#include "stats/canary.h"

#include <math.h>

#include "stats/special.h"

#define UNKNOWN ((double)NAN)

enum { BISECTIONS = 80 };

const struct ncm_canary_rules ncm_canary_defaults = {
    .confidence = 0.95,
    .error_margin = 0.01,
    .slow_factor = 1.2,
    .least = 30,
};

const char *ncm_canary_word(enum ncm_canary_verdict v)
{
    static const char *const words[] = {"no_data", "cannot_tell", "same", "better", "worse"};
    return words[v];
}

/* The z that a standard normal exceeds in size with probability 1 - confidence. */
static double z_of(double confidence)
{
    double low = 0, high = 40;
    for (int i = 0; i < BISECTIONS; i++) {
        double mid = (low + high) / 2;
        if (ncm_normal_p2(mid) > 1 - confidence) {
            low = mid;
        } else {
            high = mid;
        }
    }
    return (low + high) / 2;
}

/* ---- shares of errors ------------------------------------------------------------------------ */

struct interval {
    double lo, at, hi;
};

/* Wilson's score interval of k of n. */
static struct interval wilson(double k, double n, double z)
{
    double p = k / n, zz = z * z;
    double mid = (2 * k + zz) / (2 * (n + zz));
    double half = z * sqrt(zz + 4 * k * (1 - p)) / (2 * (n + zz));
    double lo = k > 0 ? mid - half : 0, hi = k < n ? mid + half : 1;
    return (struct interval){lo > 0 ? lo : 0, p, hi < 1 ? hi : 1};
}

/* Newcombe's of a - b: as far as either may be off, together as if they were at right angles. */
static struct interval difference(struct interval a, struct interval b)
{
    double d = a.at - b.at;
    return (struct interval){
        d - hypot(a.at - a.lo, b.hi - b.at),
        d,
        d + hypot(a.hi - a.at, b.at - b.lo),
    };
}

static enum ncm_canary_verdict judge_shares(struct interval d, double margin)
{
    if (d.lo > 0 && d.at > margin) {
        return NCM_CANARY_WORSE;
    }
    if (d.hi < 0 && d.at < -margin) {
        return NCM_CANARY_BETTER;
    }
    return d.lo > -margin && d.hi < margin ? NCM_CANARY_SAME : NCM_CANARY_CANNOT_TELL;
}

/* How many more requests the side with fewer needs, were its share of errors to stay as it is. */
static double more_for(double k_few, double n_few, struct interval many, bool few_is_candidate,
                       const struct ncm_canary_rules *rules, double z)
{
    double share = k_few / n_few;
    for (double n = n_few * 1.1; n < 1e9; n *= 1.1) {
        struct interval few = wilson(share * n, n, z);
        struct interval d = few_is_candidate ? difference(few, many) : difference(many, few);
        if (judge_shares(d, rules->error_margin) != NCM_CANARY_CANNOT_TELL) {
            return ceil(n - n_few);
        }
    }
    return UNKNOWN;
}

static bool counted(const struct ncm_canary_side *s)
{
    return s->requests >= 0 && isfinite(s->requests);
}

static void compare_errors(const struct ncm_canary_side *s, const struct ncm_canary_side *c,
                           const struct ncm_canary_rules *rules, double z,
                           struct ncm_canary_result *out)
{
    bool known = counted(s) && counted(c) && s->errors >= 0 && c->errors >= 0 &&
                 s->errors <= s->requests && c->errors <= c->requests;
    double few = s->requests < c->requests ? s->requests : c->requests;
    if (!known) {
        return;
    }
    out->errors = NCM_CANARY_CANNOT_TELL;
    if (few > 0) {
        struct interval stable = wilson(s->errors, s->requests, z);
        struct interval candidate = wilson(c->errors, c->requests, z);
        struct interval d = difference(candidate, stable);
        out->error_diff = d.at;
        out->error_lo = d.lo;
        out->error_hi = d.hi;
        if (few >= rules->least) {
            bool candidate_has_fewer = c->requests <= s->requests;
            out->errors = judge_shares(d, rules->error_margin);
            out->more_needed = out->errors != NCM_CANARY_CANNOT_TELL ? 0
                               : candidate_has_fewer
                                   ? more_for(c->errors, c->requests, stable, true, rules, z)
                                   : more_for(s->errors, s->requests, candidate, false, rules, z);
        }
    }
    if (few < rules->least) {
        out->more_needed = ceil(rules->least - few);
    }
}

double ncm_canary_about(double more)
{
    if (!(more >= 10) || isinf(more)) {
        return ceil(more);
    }
    double unit = pow(10, floor(log10(more)));
    return ceil(more / unit - 1e-9) * unit;
}

/* ---- durations ------------------------------------------------------------------------------- */

static double total_of(const struct ncm_canary_side *s)
{
    double total = 0;
    for (size_t i = 0; s->n > 0 && i <= s->n; i++) {
        total += s->counts[i];
    }
    return total;
}

/* The duration of that rank (0 … total), interpolated in its bucket; infinity in the open one. */
static double at_rank(const struct ncm_canary_side *s, double rank)
{
    double before = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (before + s->counts[i] >= rank && s->counts[i] > 0) {
            double low = i > 0 ? s->le_ms[i - 1] : 0, part = (rank - before) / s->counts[i];
            return low + (s->le_ms[i] - low) * (part > 0 ? part : 0);
        }
        before += s->counts[i];
    }
    return (double)INFINITY;
}

/* The 95th of a hundred, and how far its rank may be off by chance. */
static struct interval p95(const struct ncm_canary_side *s, double z)
{
    double n = total_of(s), rank = 0.95 * n, off = z * sqrt(n * 0.95 * 0.05);
    double high = rank + off;
    return (struct interval){at_rank(s, rank - off > 0 ? rank - off : 0), at_rank(s, rank),
                             high < n ? at_rank(s, high) : (double)INFINITY};
}

static double ratio(double a, double b)
{
    return b > 0 && isfinite(b) ? a / b : UNKNOWN;
}

static enum ncm_canary_verdict judge_ratio(const struct ncm_canary_result *r, double factor)
{
    if (r->ratio_lo > 1 && r->ratio > factor) {
        return NCM_CANARY_WORSE;
    }
    if (r->ratio_hi < 1 && r->ratio < 1 / factor) {
        return NCM_CANARY_BETTER;
    }
    return r->ratio_lo > 1 / factor && r->ratio_hi < factor ? NCM_CANARY_SAME
                                                            : NCM_CANARY_CANNOT_TELL;
}

static void compare_latency(const struct ncm_canary_side *s, const struct ncm_canary_side *c,
                            const struct ncm_canary_rules *rules, double z,
                            struct ncm_canary_result *out)
{
    double n_stable = total_of(s), n_candidate = total_of(c);
    if (s->n == 0 || c->n == 0 || !isfinite(n_stable) || !isfinite(n_candidate)) {
        return;
    }
    out->latency = NCM_CANARY_CANNOT_TELL;
    if (n_stable <= 0 || n_candidate <= 0) {
        return;
    }
    struct interval stable = p95(s, z), candidate = p95(c, z);
    out->p95_stable = stable.at;
    out->p95_candidate = candidate.at;
    out->ratio = ratio(candidate.at, stable.at);
    out->ratio_lo = ratio(candidate.lo, stable.hi);
    out->ratio_hi = ratio(candidate.hi, stable.lo);
    if (n_stable >= rules->least && n_candidate >= rules->least) {
        out->latency = judge_ratio(out, rules->slow_factor);
    }
}

/* ---- both ------------------------------------------------------------------------------------ */

/* Durations may be missing; without errors counted nothing is said but what is sure to be worse. */
static enum ncm_canary_verdict together(enum ncm_canary_verdict errors,
                                        enum ncm_canary_verdict latency)
{
    if (errors == NCM_CANARY_WORSE || latency == NCM_CANARY_WORSE) {
        return NCM_CANARY_WORSE;
    }
    if (errors == NCM_CANARY_NO_DATA && latency == NCM_CANARY_NO_DATA) {
        return NCM_CANARY_NO_DATA;
    }
    if (errors == NCM_CANARY_NO_DATA || errors == NCM_CANARY_CANNOT_TELL ||
        latency == NCM_CANARY_CANNOT_TELL) {
        return NCM_CANARY_CANNOT_TELL;
    }
    return errors == NCM_CANARY_BETTER || latency == NCM_CANARY_BETTER ? NCM_CANARY_BETTER
                                                                       : NCM_CANARY_SAME;
}

void ncm_canary_compare(const struct ncm_canary_side *stable,
                        const struct ncm_canary_side *candidate,
                        const struct ncm_canary_rules *rules, struct ncm_canary_result *out)
{
    double z = z_of(rules->confidence);
    *out = (struct ncm_canary_result){
        .errors = NCM_CANARY_NO_DATA,
        .latency = NCM_CANARY_NO_DATA,
        .error_diff = UNKNOWN,
        .error_lo = UNKNOWN,
        .error_hi = UNKNOWN,
        .p95_stable = UNKNOWN,
        .p95_candidate = UNKNOWN,
        .ratio = UNKNOWN,
        .ratio_lo = UNKNOWN,
        .ratio_hi = UNKNOWN,
        .more_needed = UNKNOWN,
    };
    compare_errors(stable, candidate, rules, z, out);
    compare_latency(stable, candidate, rules, z, out);
    out->all = together(out->errors, out->latency);
}
