#include "model/rates.h"

#include <math.h>

#include "base/num.h"

struct ncm_rates ncm_rates_unknown(void)
{
    const double nan = (double)NAN;
    return (struct ncm_rates){
        .window_s = nan,
        .requests = nan,
        .errors = nan,
        .rps = nan,
        .error_rate = nan,
        .p50_ms = nan,
        .p95_ms = nan,
        .p99_ms = nan,
        .taken_ms = NCM_NO_TIME,
    };
}

double ncm_rates_quantile(const struct ncm_rates *r, double q, bool *beyond)
{
    double total = 0, before = 0;
    if (beyond != NULL) {
        *beyond = false;
    }
    for (size_t i = 0; r->n > 0 && i <= r->n; i++) {
        total += r->counts[i];
    }
    if (!(total > 0)) {
        return (double)NAN;
    }
    double rank = q * total;
    for (size_t i = 0; i < r->n; i++) {
        if (before + r->counts[i] >= rank && r->counts[i] > 0) {
            double from = i > 0 ? r->le_ms[i - 1] : r->le_ms[0] > 0 ? 0 : r->le_ms[0];
            return from + (r->le_ms[i] - from) * ((rank - before) / r->counts[i]);
        }
        before += r->counts[i];
    }
    if (beyond != NULL) {
        *beyond = true;
    }
    return r->le_ms[r->n - 1];
}

void ncm_rates_derive(struct ncm_rates *r)
{
    const double nan = (double)NAN;
    r->rps = r->window_s > 0 ? r->requests / r->window_s : nan;
    r->error_rate = r->requests > 0 ? r->errors / r->requests : nan;
    r->p50_ms = ncm_rates_quantile(r, 0.5, NULL);
    r->p95_ms = ncm_rates_quantile(r, 0.95, &r->p95_beyond);
    r->p99_ms = ncm_rates_quantile(r, 0.99, NULL);
}

static bool has_bound(const struct ncm_rates *r, double le)
{
    for (size_t i = 0; i < r->n; i++) {
        if (r->le_ms[i] == le) {
            return true;
        }
    }
    return false;
}

/* Requests that took at most le ms, which is one of its bounds. */
static double within(const struct ncm_rates *r, double le)
{
    double sum = 0;
    for (size_t i = 0; i < r->n && r->le_ms[i] <= le; i++) {
        sum += r->counts[i];
    }
    return sum;
}

static double all_of(const struct ncm_rates *r)
{
    double sum = 0;
    for (size_t i = 0; i <= r->n; i++) {
        sum += r->counts[i];
    }
    return sum;
}

static double scale_of(const struct ncm_rates *r, double window)
{
    return r->window_s > 0 && window > 0 ? window / r->window_s : 1;
}

/* The bounds that every one with durations has. */
static size_t common_bounds(const struct ncm_rates *const *rows, size_t n, double *le)
{
    const struct ncm_rates *first = NULL;
    size_t kept = 0;
    for (size_t i = 0; i < n && first == NULL; i++) {
        first = rows[i]->known && rows[i]->n > 0 ? rows[i] : NULL;
    }
    for (size_t k = 0; first != NULL && k < first->n; k++) {
        bool all = true;
        for (size_t i = 0; all && i < n; i++) {
            all = !rows[i]->known || rows[i]->n == 0 || has_bound(rows[i], first->le_ms[k]);
        }
        if (all) {
            le[kept++] = first->le_ms[k];
        }
    }
    return kept;
}

static void add_durations(struct ncm_arena *a, const struct ncm_rates *const *rows, size_t n,
                          struct ncm_rates *out)
{
    size_t most = 0;
    for (size_t i = 0; i < n; i++) {
        most = rows[i]->known && rows[i]->n > most ? rows[i]->n : most;
    }
    double *le = ncm_arena_alloc(a, most + 1, sizeof *le);
    double *counts = ncm_arena_alloc(a, most + 2, sizeof *counts);
    size_t kept = common_bounds(rows, n, le);
    for (size_t i = 0; i < n; i++) {
        if (!rows[i]->known || rows[i]->n == 0) {
            continue;
        }
        double scale = scale_of(rows[i], out->window_s), before = 0;
        for (size_t k = 0; k < kept; k++) {
            double upto = within(rows[i], le[k]);
            counts[k] += (upto - before) * scale;
            before = upto;
        }
        counts[kept] += (all_of(rows[i]) - before) * scale;
    }
    out->le_ms = le;
    out->counts = counts;
    out->n = kept;
}

struct ncm_rates ncm_rates_sum(struct ncm_arena *a, const struct ncm_rates *const *rows, size_t n)
{
    struct ncm_rates sum = ncm_rates_unknown();
    size_t known = 0;
    for (size_t i = 0; i < n; i++) {
        const struct ncm_rates *r = rows[i];
        if (!r->known) {
            continue;
        }
        if (known++ == 0) {
            sum.source = r->source;
            sum.family = r->family;
            sum.known = true;
            sum.requests = sum.errors = 0;
        }
        sum.window_s = !(sum.window_s >= r->window_s) ? r->window_s : sum.window_s;
        sum.taken_ms = r->taken_ms > sum.taken_ms ? r->taken_ms : sum.taken_ms;
    }
    for (size_t i = 0; i < n && known > 0; i++) {
        if (rows[i]->known) {
            sum.requests += rows[i]->requests * scale_of(rows[i], sum.window_s);
            sum.errors += rows[i]->errors * scale_of(rows[i], sum.window_s);
        }
    }
    if (known == 0) {
        return sum;
    }
    if (known == 1) { /* its own figures may be better than what can be derived */
        for (size_t i = 0; i < n; i++) {
            if (rows[i]->known) {
                return *rows[i];
            }
        }
    }
    add_durations(a, rows, n, &sum);
    ncm_rates_derive(&sum);
    return sum;
}
