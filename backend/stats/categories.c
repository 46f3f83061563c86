#include "stats/categories.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/map.h"
#include "base/mem.h"

#define LOW 5 /* expected rows below which a cell is doubtful */

struct ncm_cats_side ncm_cats_side_of(const struct ncm_column *c)
{
    return (struct ncm_cats_side){.words = c->words,
                                  .counts = c->counts,
                                  .n_words = c->n_words,
                                  .other = c->other,
                                  .n_missing = c->n_missing};
}

struct bin {
    const char *word;
    double ref, cur;
};

/* The bins while they are gathered: bins[0] is "(other)". */
struct join {
    struct bin *bins;
    size_t n, cap;
    struct ncm_map *at;
};

static struct bin *bin_of(struct join *j, const char *word)
{
    size_t i;
    size_t len = strlen(word);
    if (ncm_map_get(j->at, word, len, &i))
        return &j->bins[i];
    if (j->n > NCM_CATS_MOST)
        return &j->bins[0];
    j->bins = ncm_grow(j->bins, j->n, &j->cap, sizeof(*j->bins));
    j->bins[j->n] = (struct bin){.word = word};
    ncm_map_set(j->at, word, len, j->n);
    return &j->bins[j->n++];
}

static void add_side(struct join *j, const struct ncm_cats_side *s, bool is_ref)
{
    for (size_t i = 0; i < s->n_words; i++) {
        if (s->counts[i] == 0)
            continue;
        struct bin *b = i == s->other ? &j->bins[0] : bin_of(j, s->words[i]);
        *(is_ref ? &b->ref : &b->cur) += s->counts[i];
    }
}

static int by_word(const void *x, const void *y)
{
    const struct bin *a = x, *b = y;
    return strcmp(a->word, b->word);
}

/* Fills the table from n bins; the last of them is "(other)" where has_other. */
static void lay_out(struct ncm_cats *t, const struct bin *bins, size_t n, bool has_other)
{
    t->words = ncm_alloc(n + 1, sizeof(*t->words));
    t->ref = ncm_alloc(n + 1, sizeof(*t->ref));
    t->cur = ncm_alloc(n + 1, sizeof(*t->cur));
    t->n = n;
    t->other = has_other ? n - 1 : NCM_CATS_NO_BIN;
    for (size_t i = 0; i < n; i++) {
        t->words[i] = bins[i].word;
        t->ref[i] = bins[i].ref;
        t->cur[i] = bins[i].cur;
        t->n_ref += bins[i].ref;
        t->n_cur += bins[i].cur;
        t->distinct_ref += bins[i].ref > 0;
        t->distinct_cur += bins[i].cur > 0;
    }
    for (size_t i = 0; i < n; i++) {
        t->n_new += ncm_cats_is_new(t, i);
        t->n_gone += ncm_cats_is_gone(t, i);
    }
}

void ncm_cats_join(const struct ncm_cats_side *ref, const struct ncm_cats_side *cur,
                   struct ncm_cats *out)
{
    struct join j = {.n = 1, .cap = 64, .at = ncm_map_new()};
    j.bins = ncm_alloc(j.cap, sizeof(*j.bins));
    j.bins[0] = (struct bin){.word = _("(other)")};
    add_side(&j, ref, true);
    add_side(&j, cur, false);
    ncm_map_free(j.at);
    *out = (struct ncm_cats){.missing_ref = (double)ref->n_missing,
                             .missing_cur = (double)cur->n_missing};
    qsort(j.bins + 1, j.n - 1, sizeof(*j.bins), by_word);
    bool has_other = j.bins[0].ref + j.bins[0].cur > 0;
    if (has_other) {
        j.bins = ncm_grow(j.bins, j.n, &j.cap, sizeof(*j.bins));
        j.bins[j.n] = j.bins[0];
    }
    lay_out(out, j.bins + 1, has_other ? j.n : j.n - 1, has_other);
    ncm_free(j.bins);
}

void ncm_cats_free(struct ncm_cats *t)
{
    ncm_free(t->words);
    ncm_free(t->ref);
    ncm_free(t->cur);
    *t = (struct ncm_cats){0};
}

/* Whether a side's rows hold categories that are not told apart: one that is missing among the
 * others may then be one of these. */
static bool is_vague(const struct ncm_cats *t, const double *rows)
{
    return t->other != NCM_CATS_NO_BIN && rows[t->other] > 0;
}

bool ncm_cats_is_new(const struct ncm_cats *t, size_t i)
{
    return i != t->other && !(t->ref[i] > 0) && t->cur[i] > 0 && !is_vague(t, t->ref);
}

bool ncm_cats_is_gone(const struct ncm_cats *t, size_t i)
{
    return i != t->other && !(t->cur[i] > 0) && t->ref[i] > 0 && !is_vague(t, t->cur);
}

double ncm_cats_new_share(const struct ncm_cats *t)
{
    double rows = 0;
    for (size_t i = 0; i < t->n; i++)
        rows += ncm_cats_is_new(t, i) ? t->cur[i] : 0;
    return t->n_cur > 0 ? rows / t->n_cur : NAN;
}

double ncm_cats_gone_share(const struct ncm_cats *t)
{
    double rows = 0;
    for (size_t i = 0; i < t->n; i++)
        rows += ncm_cats_is_gone(t, i) ? t->ref[i] : 0;
    return t->n_ref > 0 ? rows / t->n_ref : NAN;
}

static bool is_empty(const struct ncm_cats *t)
{
    return !(t->n_ref > 0) || !(t->n_cur > 0);
}

/* One cell's part of the statistic. */
static double chi2_part(double seen, double expected, bool yates)
{
    double d = fabs(seen - expected);
    if (yates)
        d -= fmin(0.5, d);
    return d * d / expected;
}

static double g_part(double seen, double expected)
{
    return seen > 0 ? 2 * seen * log(seen / expected) : 0;
}

enum statistic { CHI2, CHI2_YATES, G };

static struct ncm_cats_test homogeneity(const struct ncm_cats *t, enum statistic which)
{
    struct ncm_cats_test r = {.statistic = NAN, .p = NAN, .min_expected = NAN, .low_share = NAN};
    if (is_empty(t))
        return r;
    double total = t->n_ref + t->n_cur;
    size_t low = 0;
    r.statistic = 0;
    r.min_expected = INFINITY;
    r.dof = t->n - 1;
    bool yates = which == CHI2_YATES && r.dof == 1;
    for (size_t i = 0; i < 2 * t->n; i++) {
        const double *seen = i % 2 == 0 ? t->ref : t->cur;
        double row = i % 2 == 0 ? t->n_ref : t->n_cur;
        double expected = row * (t->ref[i / 2] + t->cur[i / 2]) / total;
        r.statistic +=
            which == G ? g_part(seen[i / 2], expected) : chi2_part(seen[i / 2], expected, yates);
        r.min_expected = fmin(r.min_expected, expected);
        low += expected < LOW;
    }
    r.low_share = (double)low / (double)(2 * t->n);
    r.weak = r.min_expected < 1 || r.low_share > 0.2;
    r.statistic = fmax(r.statistic, 0); /* rounding of G */
    r.p = r.dof > 0 ? ncm_chi2_p(r.statistic, (double)r.dof) : 1;
    return r;
}

struct ncm_cats_test ncm_cats_chi2(const struct ncm_cats *t, bool yates)
{
    return homogeneity(t, yates ? CHI2_YATES : CHI2);
}

struct ncm_cats_test ncm_cats_g(const struct ncm_cats *t)
{
    return homogeneity(t, G);
}

static int by_rows(const void *x, const void *y)
{
    const struct bin *a = x, *b = y;
    double u = a->ref + a->cur, v = b->ref + b->cur;
    return u != v ? (u > v) - (u < v) : strcmp(a->word, b->word);
}

void ncm_cats_pool(const struct ncm_cats *t, double least, struct ncm_cats *out)
{
    struct bin *bins = ncm_alloc(t->n + 1, sizeof(*bins));
    struct bin rare = {.word = _("(rare)")};
    size_t put = 0;
    for (size_t i = 0; i < t->n; i++)
        bins[i] = (struct bin){t->words[i], t->ref[i], t->cur[i]};
    /* A bin expects at least `least` on both sides where its rows of both are at least need. */
    double need = least * (t->n_ref + t->n_cur) / fmin(t->n_ref, t->n_cur);
    qsort(bins, t->n, sizeof(*bins), by_rows);
    while (!is_empty(t) && t->n > 2 && put + 1 < t->n) {
        bool next_is_rare = bins[put].ref + bins[put].cur < need;
        bool pool_is_rare = put > 0 && rare.ref + rare.cur < need;
        if (!next_is_rare && !pool_is_rare)
            break;
        rare.ref += bins[put].ref;
        rare.cur += bins[put].cur;
        put++;
    }
    *out = (struct ncm_cats){.missing_ref = t->missing_ref, .missing_cur = t->missing_cur};
    if (put == 0) {
        for (size_t i = 0; i < t->n; i++)
            bins[i] = (struct bin){t->words[i], t->ref[i], t->cur[i]};
        lay_out(out, bins, t->n, t->other != NCM_CATS_NO_BIN);
    } else {
        size_t left = t->n - put;
        qsort(bins + put, left, sizeof(*bins), by_word);
        bins[t->n] = rare;
        lay_out(out, bins + put, left + 1, true);
    }
    ncm_free(bins);
}

double ncm_cats_cramers_v(const struct ncm_cats *t)
{
    return sqrt(ncm_cats_chi2(t, false).statistic / (t->n_ref + t->n_cur));
}

struct ncm_z ncm_cats_z(const struct ncm_cats *t)
{
    double k_ref = t->n > 0 ? t->ref[t->n - 1] : 0;
    double k_cur = t->n > 0 ? t->cur[t->n - 1] : 0;
    return ncm_two_proportions(k_ref, t->n_ref, k_cur, t->n_cur);
}
