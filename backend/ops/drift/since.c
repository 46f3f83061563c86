#include "ops/drift/since.h"

#include <math.h>
#include <string.h>

#include "base/num.h"
#include "ops/drift/inside.h"
#include "stats/sort.h"

/* Beginnings of the pieces: times at even places among all that there are. */
static size_t begin_parts(const struct ncm_frame *f, int64_t *starts)
{
    size_t n = 0, parts = 0;
    double *times = ncm_alloc(f->n_rows + 1, sizeof *times);
    for (size_t i = 0; i < f->n_rows; i++) {
        if (f->times[i] != NCM_NO_TIME) {
            times[n++] = (double)f->times[i];
        }
    }
    ncm_sort(times, n, NULL);
    size_t most = n / NCM_DRIFT_PART_ROWS;
    most = most < NCM_DRIFT_PARTS ? most : NCM_DRIFT_PARTS;
    for (size_t i = 0; i < most; i++) {
        int64_t start = (int64_t)times[n / most * i];
        if (parts == 0 || start > starts[parts - 1]) {
            starts[parts++] = start;
        }
    }
    ncm_free(times);
    return parts;
}

static size_t part_of(const struct ncm_drift_parts *p, int64_t ms)
{
    size_t k = 0;
    while (k + 1 < p->n && ms >= p->start_ms[k + 1]) {
        k++;
    }
    return k;
}

void ncm_drift_parts_of(const struct ncm_frame *f, struct ncm_drift_parts *out)
{
    *out = (struct ncm_drift_parts){0};
    if (f->times == NULL || f->n_rows >= UINT32_MAX) {
        return;
    }
    out->n = begin_parts(f, out->start_ms);
    if (out->n < 2) {
        out->n = 0;
        return;
    }
    size_t at[NCM_DRIFT_PARTS] = {0};
    for (size_t i = 0; i < f->n_rows; i++) {
        if (f->times[i] != NCM_NO_TIME) {
            at[part_of(out, f->times[i])]++;
        }
    }
    for (size_t k = 0; k < out->n; k++) {
        out->first[k + 1] = out->first[k] + at[k];
        at[k] = out->first[k];
    }
    out->rows = ncm_alloc(out->first[out->n] + 1, sizeof *out->rows);
    for (size_t i = 0; i < f->n_rows; i++) {
        if (f->times[i] != NCM_NO_TIME) {
            out->rows[at[part_of(out, f->times[i])]++] = (uint32_t)i;
        }
    }
}

void ncm_drift_parts_release(struct ncm_drift_parts *p)
{
    ncm_free(p->rows);
    *p = (struct ncm_drift_parts){0};
}

/* The value of piece k; values, counts, words: room for what the column's kind needs. */
static double value_of(const struct ncm_drift_parts *p, size_t k, const struct ncm_drift_method *m,
                       const struct ncm_drift_input *ref, const struct ncm_column *cur,
                       const struct ncm_bins *bins, double *values, double *counts, uint32_t *words)
{
    struct ncm_drift_input part;
    const uint32_t *rows = p->rows + p->first[k];
    size_t n = p->first[k + 1] - p->first[k];
    if (cur->type == NCM_COLUMN_NUMBER) {
        for (size_t i = 0; i < n; i++) {
            values[i] = cur->numbers[rows[i]];
        }
        ncm_chunk_number(values, n, !ncm_method_by_counts(m), bins, counts, &part);
        return part.values.n > 0 ? ncm_drift_statistic(m, ref, &part, bins) : NAN;
    }
    memset(words, 0, cur->n_words * sizeof *words);
    for (size_t i = 0; i < n; i++) {
        if (cur->codes[rows[i]] != NCM_NO_CODE) {
            words[cur->codes[rows[i]]]++;
        }
    }
    ncm_chunk_category(cur, n, words, &part);
    return part.rows > part.missing ? ncm_drift_statistic(m, ref, &part, bins) : NAN;
}

int64_t ncm_drift_since(const struct ncm_drift_parts *p, const struct ncm_drift_method *m,
                        const struct ncm_drift_input *ref, const struct ncm_column *cur,
                        const struct ncm_bins *bins, double critical)
{
    const struct ncm_drift_method *fit = ncm_drift_method_for(m, cur->type);
    bool number = cur->type == NCM_COLUMN_NUMBER;
    int64_t since = NCM_NO_TIME;
    size_t most = 0;
    if (fit->id == NCM_M_EVIDENTLY || isnan(critical)) {
        return since;
    }
    for (size_t k = 0; k < p->n; k++) {
        size_t n = p->first[k + 1] - p->first[k];
        most = n > most ? n : most;
    }
    double *values = number ? ncm_alloc(most + 1, sizeof *values) : NULL;
    double *counts = number ? ncm_alloc(bins->n + 1, sizeof *counts) : NULL;
    uint32_t *words = number ? NULL : ncm_alloc(cur->n_words + 1, sizeof *words);
    for (size_t k = p->n; k > 0; k--) {
        double v = value_of(p, k - 1, fit, ref, cur, bins, values, counts, words);
        if (isnan(v)) {
            continue;
        }
        if (fit->is_p ? v > critical : v < critical) {
            break;
        }
        since = p->start_ms[k - 1];
    }
    ncm_free(values);
    ncm_free(counts);
    ncm_free(words);
    return since;
}
