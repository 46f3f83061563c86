#include "ops/watch/panes.h"

#include <math.h>
#include <string.h>

#include "stats/sort.h"

static bool listed(char *const *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i], name) == 0) {
            return true;
        }
    }
    return false;
}

void ncm_pane_schema_init(struct ncm_pane_schema *s, const struct ncm_frame *f,
                          const struct ncm_monitor *m)
{
    s->columns = ncm_alloc(f->n_columns + 1, sizeof *s->columns);
    s->n = 0;
    for (size_t i = 0; i < f->n_columns; i++) {
        const struct ncm_column *c = &f->columns[i];
        bool out = listed(m->ignore, m->n_ignore, c->name) ||
                   (m->n_columns > 0 && !listed(m->columns, m->n_columns, c->name)) ||
                   (m->version_column != NULL && strcmp(m->version_column, c->name) == 0);
        if (!out) {
            s->columns[s->n++] =
                (struct ncm_pane_column){.name = ncm_strdup(c->name), .type = c->type};
        }
    }
}

void ncm_pane_schema_release(struct ncm_pane_schema *s)
{
    for (size_t i = 0; i < s->n; i++) {
        struct ncm_pane_column *c = &s->columns[i];
        for (size_t k = 0; k < c->n_words; k++) {
            ncm_free(c->words[k]);
        }
        ncm_free(c->words);
        ncm_free(c->name);
        ncm_bins_release(&c->bins);
    }
    ncm_free(s->columns);
    *s = (struct ncm_pane_schema){0};
}

size_t ncm_pane_schema_find(const struct ncm_pane_schema *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(s->columns[i].name, name) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

struct ncm_pane *ncm_pane_new(const struct ncm_pane_schema *s, int64_t index)
{
    struct ncm_pane *p = ncm_alloc(1, sizeof *p);
    p->index = index;
    p->features = ncm_alloc(s->n + 1, sizeof *p->features);
    for (size_t i = 0; i < s->n; i++) {
        if (s->columns[i].type == NCM_COLUMN_NUMBER) {
            p->features[i].sketch = ncm_kll_new(NCM_PANE_SKETCH);
            p->features[i].counts = ncm_alloc(s->columns[i].bins.n + 1, sizeof(double));
        }
    }
    return p;
}

void ncm_pane_free(struct ncm_pane *p, const struct ncm_pane_schema *s)
{
    if (p == NULL) {
        return;
    }
    for (size_t i = 0; i < s->n; i++) {
        ncm_kll_free(p->features[i].sketch);
        ncm_free(p->features[i].counts);
        ncm_free(p->features[i].words);
    }
    ncm_free(p->features);
    ncm_free(p->position);
    ncm_free(p);
}

static void add_numbers(struct ncm_pane_feature *x, const struct ncm_pane_column *c,
                        const double *v, size_t n, double *scratch)
{
    size_t missing, infinite;
    memcpy(scratch, v, n * sizeof *scratch);
    size_t finite = ncm_keep_finite(scratch, n, &missing, &infinite);
    struct ncm_moments part = ncm_moments_of(scratch, finite);
    x->missing += (int64_t)missing;
    x->infinite += (int64_t)infinite;
    ncm_moments_merge(&x->moments, &part);
    ncm_kll_add(x->sketch, scratch, finite);
    if (c->bins.n > 0) {
        ncm_bins_add(&c->bins, scratch, finite, x->counts);
    }
}

static void room_for_words(struct ncm_pane_feature *x, size_t n)
{
    if (x->n_words < n) {
        x->words = ncm_resize(x->words, n, sizeof *x->words);
        memset(x->words + x->n_words, 0, (n - x->n_words) * sizeof *x->words);
        x->n_words = n;
    }
}

static void add_words(struct ncm_pane_feature *x, struct ncm_pane_column *c,
                      const struct ncm_column *from, size_t first, size_t n)
{
    while (c->n_words < from->n_words) {
        c->words = ncm_grow(c->words, c->n_words, &c->cap_words, sizeof *c->words);
        c->words[c->n_words] = ncm_strdup(from->words[c->n_words]);
        c->n_words++;
    }
    room_for_words(x, from->n_words);
    for (size_t i = first; i < first + n; i++) {
        if (from->codes[i] == NCM_NO_CODE) {
            x->missing++;
        } else {
            x->words[from->codes[i]]++;
        }
    }
}

/* The schema's columns are in the frame's order, mostly: of thousands each is beside the last. */
static const struct ncm_column *find_near(const struct ncm_frame *f, const char *name, size_t *near)
{
    for (size_t k = 0; k < f->n_columns; k++) {
        size_t i = (*near + k) % f->n_columns;
        if (strcmp(f->columns[i].name, name) == 0) {
            *near = i + 1;
            return &f->columns[i];
        }
    }
    return NULL;
}

void ncm_pane_add(struct ncm_pane *p, struct ncm_pane_schema *s, const struct ncm_frame *f,
                  size_t first, size_t n, double *scratch)
{
    size_t near = 0;
    p->rows += (int64_t)n;
    p->news = true;
    for (size_t i = 0; i < s->n; i++) {
        struct ncm_pane_column *c = &s->columns[i];
        const struct ncm_column *from = find_near(f, c->name, &near);
        if (from == NULL || from->type != c->type) {
            p->features[i].missing += (int64_t)n;
        } else if (c->type == NCM_COLUMN_NUMBER) {
            add_numbers(&p->features[i], c, from->numbers + first, n, scratch);
        } else {
            add_words(&p->features[i], c, from, first, n);
        }
    }
}

void ncm_pane_merge(struct ncm_pane *a, const struct ncm_pane *b, const struct ncm_pane_schema *s)
{
    a->rows += b->rows;
    for (size_t i = 0; i < s->n; i++) {
        struct ncm_pane_feature *x = &a->features[i];
        const struct ncm_pane_feature *y = &b->features[i];
        x->missing += y->missing;
        x->infinite += y->infinite;
        ncm_moments_merge(&x->moments, &y->moments);
        if (s->columns[i].type == NCM_COLUMN_NUMBER) {
            ncm_kll_merge(x->sketch, y->sketch);
            for (size_t k = 0; k < s->columns[i].bins.n; k++) {
                x->counts[k] += y->counts[k];
            }
            continue;
        }
        room_for_words(x, y->n_words);
        for (size_t k = 0; k < y->n_words; k++) {
            x->words[k] += y->words[k];
        }
    }
}

/* At most NCM_SUMMARY_POINTS samples, each for as many rows as those it stands for. */
static void thin(struct ncm_summary *out)
{
    size_t n = out->n_values;
    if (n <= NCM_SUMMARY_POINTS) {
        return;
    }
    double total = 0, done = 0;
    for (size_t i = 0; i < n; i++) {
        total += out->weights[i];
    }
    size_t at = 0;
    for (size_t k = 0; k < NCM_SUMMARY_POINTS; k++) {
        double middle = total * ((double)k + 0.5) / NCM_SUMMARY_POINTS;
        while (at + 1 < n && done + out->weights[at] < middle) {
            done += out->weights[at++];
        }
        out->values[k] = out->values[at];
    }
    /* Only now: the weights were still needed. */
    for (size_t k = 0; k < NCM_SUMMARY_POINTS; k++) {
        out->weights[k] = total / NCM_SUMMARY_POINTS;
    }
    out->n_values = NCM_SUMMARY_POINTS;
}

static void summarise_words(const struct ncm_pane_feature *x, const struct ncm_pane_column *c,
                            struct ncm_summary *out)
{
    out->words = ncm_alloc(c->n_words + 1, sizeof *out->words);
    out->word_counts = ncm_alloc(c->n_words + 1, sizeof *out->word_counts);
    for (size_t k = 0; k < x->n_words && k < c->n_words; k++) {
        if (x->words[k] > 0) {
            out->words[out->n_words] = ncm_strdup(c->words[k]);
            out->word_counts[out->n_words++] = x->words[k];
        }
    }
}

struct ncm_summary *ncm_pane_summary(const struct ncm_pane *p, const struct ncm_pane_schema *s,
                                     size_t feature)
{
    const struct ncm_pane_column *c = &s->columns[feature];
    const struct ncm_pane_feature *x = &p->features[feature];
    struct ncm_summary *out = ncm_alloc(1, sizeof *out);
    out->rows = p->rows;
    out->missing = x->missing;
    out->infinite = x->infinite;
    if (c->type == NCM_COLUMN_CATEGORY) {
        summarise_words(x, c, out);
        return out;
    }
    out->moments = x->moments;
    out->n_values = ncm_kll_dump(x->sketch, &out->values, &out->weights);
    thin(out);
    if (c->bins.n > 0) {
        out->counts = ncm_alloc(c->bins.n, sizeof *out->counts);
        out->n_counts = c->bins.n;
        for (size_t k = 0; k < c->bins.n; k++) {
            out->counts[k] = (int64_t)x->counts[k];
        }
    }
    return out;
}
