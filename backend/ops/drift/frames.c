#include "ops/drift/frames.h"

#include <math.h>
#include <string.h>

#include "base/num.h"
#include "ops/drift/findings.h"
#include "ops/drift/inside.h"
#include "ops/drift/since.h"
#include "stats/sort.h"
#include "stats/threshold.h"

enum { CHUNKS_LEAST = 10, CHUNKS_MOST = 40, CHUNK_ROWS = 500 };

/* values, scratch: room for the rows; scratch may be NULL. Not for categories. */
static void input_of(const struct ncm_column *c, size_t rows, double *values, double *scratch,
                     struct ncm_drift_input *out)
{
    *out = (struct ncm_drift_input){.type = c->type, .rows = (int64_t)rows};
    if (c->type == NCM_COLUMN_CATEGORY) {
        out->words = ncm_cats_side_of(c);
        out->missing = (int64_t)c->n_missing;
        return;
    }
    size_t missing, infinite;
    memcpy(values, c->numbers, rows * sizeof *values);
    size_t n = ncm_keep_finite(values, rows, &missing, &infinite);
    out->missing = (int64_t)missing;
    out->infinite = (int64_t)infinite;
    out->moments = ncm_moments_of(values, n);
    ncm_sort(values, n, scratch);
    out->values = (struct ncm_ordered){.values = values, .n = n};
}

void ncm_drift_input_of(const struct ncm_column *c, size_t rows, double **sorted,
                        struct ncm_drift_input *out)
{
    *sorted = c->type == NCM_COLUMN_NUMBER ? ncm_alloc(rows + 1, sizeof **sorted) : NULL;
    input_of(c, rows, *sorted, NULL, out);
}

bool ncm_method_by_counts(const struct ncm_drift_method *m)
{
    return m->id == NCM_M_PSI || m->id == NCM_M_JS || m->id == NCM_M_HELLINGER ||
           m->id == NCM_M_KL || m->id == NCM_M_TVD || m->id == NCM_M_L_INFINITY;
}

void ncm_chunk_number(double *values, size_t n, bool sort, const struct ncm_bins *bins,
                      double *counts, struct ncm_drift_input *out)
{
    size_t missing, infinite;
    size_t kept = ncm_keep_finite(values, n, &missing, &infinite);
    memset(counts, 0, bins->n * sizeof *counts);
    ncm_bins_add(bins, values, kept, counts);
    *out = (struct ncm_drift_input){
        .type = NCM_COLUMN_NUMBER,
        .rows = (int64_t)n,
        .missing = (int64_t)missing,
        .infinite = (int64_t)infinite,
        .counts = counts,
        .moments = {.n = (double)kept},
    };
    if (sort) {
        out->moments = ncm_moments_of(values, kept);
        ncm_sort(values, kept, NULL);
    }
    out->values = (struct ncm_ordered){.values = values, .n = kept};
}

void ncm_chunk_category(const struct ncm_column *c, size_t n, const uint32_t *counts,
                        struct ncm_drift_input *out)
{
    size_t there = 0;
    for (size_t i = 0; i < c->n_words; i++) {
        there += counts[i];
    }
    *out = (struct ncm_drift_input){.type = NCM_COLUMN_CATEGORY, .rows = (int64_t)n};
    out->missing = (int64_t)(n - there);
    out->words = (struct ncm_cats_side){.words = c->words,
                                        .counts = counts,
                                        .n_words = c->n_words,
                                        .other = c->other,
                                        .n_missing = n - there};
}

static void count_words(const struct ncm_column *c, size_t first, size_t n, uint32_t *counts)
{
    memset(counts, 0, c->n_words * sizeof *counts);
    for (size_t i = first; i < first + n; i++) {
        if (c->codes[i] != NCM_NO_CODE) {
            counts[c->codes[i]]++;
        }
    }
}

/* A learned threshold alarms above itself, all others at it: without that a reference of one value
 * would alarm at a distance of nothing. What is the greatest possible value stays. */
static double above(double threshold, double most)
{
    return threshold < most ? nextafter(threshold, INFINITY) : threshold;
}

size_t ncm_drift_learn(const struct ncm_drift_method *m, const struct ncm_column *c, size_t rows,
                       const struct ncm_drift_input *whole, const struct ncm_bins *bins,
                       double *warning, double *critical)
{
    double values[CHUNKS_MOST], sizes[CHUNKS_MOST];
    *warning = *critical = NAN;
    size_t chunks = rows / CHUNK_ROWS < CHUNKS_MOST ? rows / CHUNK_ROWS : CHUNKS_MOST;
    if (chunks < CHUNKS_LEAST) {
        return 0;
    }
    const struct ncm_drift_method *fit = ncm_drift_method_for(m, c->type);
    if (fit->is_p || fit->id == NCM_M_EVIDENTLY) {
        return 0; /* a p-value has its own threshold */
    }
    size_t n = rows / chunks;
    bool number = c->type == NCM_COLUMN_NUMBER;
    double *part = number ? ncm_alloc(n + 1, sizeof *part) : NULL;
    double *counts = number ? ncm_alloc(bins->n + 1, sizeof *counts) : NULL;
    uint32_t *words = number ? NULL : ncm_alloc(c->n_words + 1, sizeof *words);
    for (size_t i = 0; i < chunks; i++) {
        struct ncm_drift_input chunk;
        if (number) {
            memcpy(part, c->numbers + i * n, n * sizeof *part);
            ncm_chunk_number(part, n, !ncm_method_by_counts(fit), bins, counts, &chunk);
        } else {
            count_words(c, i * n, n, words);
            ncm_chunk_category(c, n, words, &chunk);
        }
        values[i] = ncm_drift_statistic(fit, whole, &chunk, bins);
        sizes[i] = (double)n;
    }
    ncm_free(part);
    ncm_free(counts);
    ncm_free(words);
    struct ncm_threshold t = ncm_threshold_learn(values, sizes, chunks, fit->most);
    *warning = above(t.warning, fit->most);
    *critical = above(t.critical, fit->most);
    return t.state == NCM_THRESHOLD_LEARNED ? t.n_chunks : 0;
}

/* What the comparison of one column after another takes: memory is not asked for anew each time. */
struct work {
    const struct ncm_frame *ref, *cur;
    const struct ncm_drift_table_options *o;
    struct ncm_drift_parts parts;
    double *left, *right, *scratch;
};

static void work_begin(struct work *w)
{
    size_t most = w->ref->n_rows > w->cur->n_rows ? w->ref->n_rows : w->cur->n_rows;
    w->left = ncm_alloc(w->ref->n_rows + 1, sizeof *w->left);
    w->right = ncm_alloc(w->cur->n_rows + 1, sizeof *w->right);
    w->scratch = ncm_alloc(most + 1, sizeof *w->scratch);
    ncm_drift_parts_of(w->cur, &w->parts);
}

static void work_end(struct work *w)
{
    ncm_drift_parts_release(&w->parts);
    ncm_free(w->left);
    ncm_free(w->right);
    ncm_free(w->scratch);
}

static void compare_column(const struct work *w, const struct ncm_column *r,
                           const struct ncm_column *c, struct ncm_arena *a,
                           struct ncm_drift_column *out)
{
    struct ncm_drift_input left, right;
    struct ncm_bins bins = {0};
    const struct ncm_drift_table_options *o = w->o;
    const struct ncm_drift_method *m = o->method != NULL ? o->method : &ncm_drift_methods[0];
    struct ncm_drift_options each = {
        .method = m,
        .warning = o->warning,
        .critical = o->critical,
        .learned_warning = NAN,
        .learned_critical = NAN,
        .least_rows = o->least_rows,
    };
    input_of(r, w->ref->n_rows, w->left, w->scratch, &left);
    input_of(c, w->cur->n_rows, w->right, w->scratch, &right);
    if (r->type == NCM_COLUMN_NUMBER && left.values.n > 0) {
        bins = ncm_bins_quantiles(left.values.values, left.values.n, 10);
        each.bins = &bins;
    }
    bool fixed = !isnan(o->warning) || !isnan(o->critical);
    if (o->learn && !fixed && (r->type == NCM_COLUMN_CATEGORY || each.bins != NULL)) {
        ncm_drift_learn(m, r, w->ref->n_rows, &left, each.bins, &each.learned_warning,
                        &each.learned_critical);
    }
    ncm_drift_compare(r->name, &left, &right, &each, a, out);
    if (out->drifted) {
        out->since_ms = ncm_drift_since(&w->parts, m, &left, c, each.bins, out->critical);
    }
    ncm_drift_findings(&left, &right, out, a);
    ncm_bins_release(&bins);
}

static void decide(const struct ncm_drift_table_options *o, struct ncm_drift_table *out)
{
    size_t compared = 0;
    ncm_drift_correct(out->columns, out->n);
    for (size_t i = 0; i < out->n; i++) {
        if (!out->columns[i].drifted) {
            out->columns[i].since_ms = NCM_NO_TIME;
        }
        out->n_drifted += out->columns[i].drifted;
        compared += out->columns[i].state != NCM_DRIFT_NO_DATA;
    }
    out->drifted_share = compared > 0 ? (double)out->n_drifted / (double)compared : 0;
    bool evidently = o->method != NULL && strncmp(o->method->word, "evidently", 9) == 0;
    out->drifted = evidently ? out->drifted_share >= 0.5 && compared > 0 : out->n_drifted > 0;
}

void ncm_drift_table(const struct ncm_frame *ref, const struct ncm_frame *cur,
                     const struct ncm_drift_table_options *o, struct ncm_drift_table *out)
{
    struct ncm_arena *a = ncm_arena_new();
    struct work w = {.ref = ref, .cur = cur, .o = o};
    *out = (struct ncm_drift_table){
        .arena = a, .ref_rows = (int64_t)ref->n_rows, .cur_rows = (int64_t)cur->n_rows};
    out->columns = ncm_arena_alloc(a, ref->n_columns + 1, sizeof *out->columns);
    work_begin(&w);
    for (size_t i = 0; i < ref->n_columns; i++) {
        const struct ncm_column *c = ncm_frame_find(cur, ref->columns[i].name);
        if (c != NULL && c->type == ref->columns[i].type) {
            compare_column(&w, &ref->columns[i], c, a, &out->columns[out->n++]);
        }
    }
    work_end(&w);
    ncm_drift_schema_findings(ref, cur, a, &out->findings, &out->n_findings);
    decide(o, out);
}

void ncm_drift_table_release(struct ncm_drift_table *t)
{
    ncm_arena_free(t->arena);
    *t = (struct ncm_drift_table){0};
}
