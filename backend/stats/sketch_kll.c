#include "stats/sketch_kll.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "stats/kll_sort.h"
#include "stats/sketch_bytes.h"

#define MAGIC       0x314C4C4Bu /* "KLL1" */
#define MOST_LEVELS 56          /* weights stay whole in a double */
#define MOST_COUNT  ((uint64_t)1 << 57)
#define WIDER       1.3 /* as full levels are not kept waiting until memory is used up */
#define LEAST_CAP   8
#define LEAST_FIRST 256

struct level {
    double *v;
    size_t n, cap;
};

/* Level 0 is a buffer of `first` slots in the order of arrival; all above are sorted. */
struct ncm_kll {
    uint32_t k;
    size_t first;
    uint64_t n;
    uint64_t coins; /* state of the generator */
    double min, max;
    size_t n_levels;
    struct level levels[MOST_LEVELS];
    int64_t *work;      /* for sorting level 0 */
    struct level spare; /* what a merge of two levels is made in; then they change places */
};

static size_t first_of(uint32_t k)
{
    return k > LEAST_FIRST ? (k + 7u) & ~7u : LEAST_FIRST;
}

struct ncm_kll *ncm_kll_new(uint32_t k)
{
    struct ncm_kll *s = ncm_alloc(1, sizeof(*s));
    s->k = k < NCM_KLL_K_LEAST ? NCM_KLL_K_LEAST : k > NCM_KLL_K_MOST ? NCM_KLL_K_MOST : k;
    s->first = first_of(s->k);
    s->coins = 0x9E3779B97F4A7C15u;
    s->min = INFINITY;
    s->max = -INFINITY;
    s->n_levels = 1;
    s->levels[0].v = ncm_alloc(s->first, sizeof(double));
    s->levels[0].cap = s->first;
    s->work = ncm_alloc(2 * s->first, sizeof(*s->work));
    return s;
}

void ncm_kll_free(struct ncm_kll *s)
{
    if (s == NULL)
        return;
    for (size_t h = 0; h < MOST_LEVELS; h++)
        ncm_free(s->levels[h].v);
    ncm_free(s->spare.v);
    ncm_free(s->work);
    ncm_free(s);
}

static void room(struct level *l, size_t n)
{
    if (l->cap >= n)
        return;
    l->v = ncm_resize(l->v, n, sizeof(double));
    l->cap = n;
}

struct ncm_kll *ncm_kll_copy(const struct ncm_kll *s)
{
    struct ncm_kll *c = ncm_kll_new(s->k);
    struct level first = c->levels[0];
    int64_t *work = c->work;
    *c = *s;
    c->work = work;
    c->spare = (struct level){0};
    for (size_t h = 0; h < MOST_LEVELS; h++) {
        c->levels[h] = h == 0 ? first : (struct level){0};
        if (s->levels[h].n == 0)
            continue;
        room(&c->levels[h], s->levels[h].n);
        memcpy(c->levels[h].v, s->levels[h].v, s->levels[h].n * sizeof(double));
        c->levels[h].n = s->levels[h].n;
    }
    return c;
}

/* Samples at which a level above 0 is full. */
static size_t capacity(const struct ncm_kll *s, size_t h)
{
    double c = ceil(WIDER * s->k * pow(2.0 / 3, (double)(s->n_levels - 1 - h)));
    return c < LEAST_CAP ? LEAST_CAP : (size_t)c;
}

static unsigned coin(struct ncm_kll *s)
{
    s->coins += 0x9E3779B97F4A7C15u;
    return (unsigned)(ncm_mix64(s->coins) >> 63);
}

/* Merges n sorted numbers, every `step`-th from v on, into a sorted level. */
static void merge_into(struct ncm_kll *s, struct level *l, const double *v, size_t n, size_t step)
{
    room(&s->spare, l->n + n);
    double *out = s->spare.v;
    size_t i = 0;
    size_t j = 0;
    while (i < l->n && j < n) {
        double a = l->v[i];
        double b = v[j * step];
        bool take = b < a;
        *out++ = take ? b : a;
        j += take;
        i += !take;
    }
    for (; i < l->n; i++)
        *out++ = l->v[i];
    for (; j < n; j++)
        *out++ = v[j * step];
    struct level old = *l;
    *l = s->spare;
    l->n = old.n + n;
    s->spare = old;
    s->spare.n = 0;
}

/* Sends half of a sorted level up; of an odd number the least stays. */
static void compact(struct ncm_kll *s, size_t h)
{
    struct level *l = &s->levels[h];
    size_t odd = l->n % 2;
    if (h + 1 == s->n_levels)
        s->n_levels++;
    merge_into(s, &s->levels[h + 1], l->v + odd + coin(s), l->n / 2, 2);
    l->n = odd;
}

static void compact_full(struct ncm_kll *s)
{
    for (size_t h = 1; h < s->n_levels && h + 1 < MOST_LEVELS; h++)
        if (s->levels[h].n >= capacity(s, h))
            compact(s, h);
}

static void flush(struct ncm_kll *s)
{
    struct level *l = &s->levels[0];
    ncm_kll_sort(l->v, s->work, l->n);
    s->min = fmin(s->min, l->v[0]);
    s->max = fmax(s->max, l->v[l->n - 1]);
    compact(s, 0);
    compact_full(s);
}

void ncm_kll_add(struct ncm_kll *s, const double *values, size_t n)
{
    struct level *l = &s->levels[0];
    for (size_t i = 0; i < n;) {
        size_t at = l->n;
        for (; i < n && at < s->first; i++) {
            l->v[at] = values[i];
            at += values[i] - values[i] == 0; /* finite */
        }
        s->n += at - l->n;
        l->n = at;
        if (at == s->first)
            flush(s);
    }
}

bool ncm_kll_merge(struct ncm_kll *s, const struct ncm_kll *from)
{
    if (s->k != from->k || s->n + from->n < s->n)
        return false;
    struct ncm_kll *copy = s == from ? ncm_kll_copy(from) : NULL;
    const struct ncm_kll *f = copy != NULL ? copy : from;
    ncm_kll_add(s, f->levels[0].v, f->levels[0].n);
    s->n += f->n - f->levels[0].n;
    s->min = fmin(s->min, f->min);
    s->max = fmax(s->max, f->max);
    if (s->n_levels < f->n_levels)
        s->n_levels = f->n_levels;
    for (size_t h = 1; h < f->n_levels; h++)
        merge_into(s, &s->levels[h], f->levels[h].v, f->levels[h].n, 1);
    compact_full(s);
    ncm_kll_free(copy);
    return true;
}

uint64_t ncm_kll_count(const struct ncm_kll *s)
{
    return s->n;
}

uint32_t ncm_kll_k(const struct ncm_kll *s)
{
    return s->k;
}

/* min and max are kept only of what left level 0. */
double ncm_kll_min(const struct ncm_kll *s)
{
    double low = s->min;
    for (size_t i = 0; i < s->levels[0].n; i++)
        low = fmin(low, s->levels[0].v[i]);
    return s->n > 0 ? low : NAN;
}

double ncm_kll_max(const struct ncm_kll *s)
{
    double high = s->max;
    for (size_t i = 0; i < s->levels[0].n; i++)
        high = fmax(high, s->levels[0].v[i]);
    return s->n > 0 ? high : NAN;
}

double ncm_kll_error(const struct ncm_kll *s)
{
    return s->n_levels == 1 ? 0 : 2.296 / pow(s->k, 0.9723);
}

struct sample {
    double value, weight;
};

static int by_value(const void *x, const void *y)
{
    const struct sample *a = x, *b = y;
    return (a->value > b->value) - (a->value < b->value);
}

size_t ncm_kll_dump(const struct ncm_kll *s, double **values, double **weights)
{
    size_t n = 0;
    *values = *weights = NULL;
    for (size_t h = 0; h < s->n_levels; h++)
        n += s->levels[h].n;
    if (n == 0)
        return 0;
    struct sample *all = ncm_alloc(n, sizeof(*all));
    size_t at = 0;
    for (size_t h = 0; h < s->n_levels; h++)
        for (size_t i = 0; i < s->levels[h].n; i++)
            all[at++] = (struct sample){s->levels[h].v[i], ldexp(1, (int)h)};
    qsort(all, n, sizeof(*all), by_value);
    *values = ncm_alloc(n, sizeof(**values));
    *weights = ncm_alloc(n, sizeof(**weights));
    for (size_t i = 0; i < n; i++) {
        (*values)[i] = all[i].value;
        (*weights)[i] = all[i].weight;
    }
    ncm_free(all);
    return n;
}

double ncm_kll_quantile(const struct ncm_kll *s, double q)
{
    if (s->n == 0 || !(q >= 0 && q <= 1))
        return NAN;
    if (q == 0)
        return ncm_kll_min(s);
    if (q == 1)
        return ncm_kll_max(s);
    double *values, *weights;
    size_t n = ncm_kll_dump(s, &values, &weights);
    double wanted = q * (double)s->n;
    double below = 0;
    size_t i = 0;
    for (; i + 1 < n; i++) {
        below += weights[i];
        if (below >= wanted)
            break;
    }
    double v = values[i];
    ncm_free(values);
    ncm_free(weights);
    return v;
}

double ncm_kll_rank(const struct ncm_kll *s, double x)
{
    double below = 0;
    for (size_t h = 0; h < s->n_levels; h++) {
        size_t n = 0;
        for (size_t i = 0; i < s->levels[h].n; i++)
            n += s->levels[h].v[i] <= x;
        below += ldexp((double)n, (int)h);
    }
    return s->n > 0 ? below / (double)s->n : NAN;
}

bool ncm_kll_write(const struct ncm_kll *s, struct ncm_buf *out)
{
    ncm_put_u32(out, MAGIC);
    ncm_put_u32(out, s->k);
    ncm_put_u64(out, s->n);
    ncm_put_u64(out, s->coins);
    ncm_put_double(out, s->n > 0 ? ncm_kll_min(s) : 0);
    ncm_put_double(out, s->n > 0 ? ncm_kll_max(s) : 0);
    ncm_put_u32(out, (uint32_t)s->n_levels);
    for (size_t h = 0; h < s->n_levels; h++) {
        ncm_put_u32(out, (uint32_t)s->levels[h].n);
        for (size_t i = 0; i < s->levels[h].n; i++)
            ncm_put_double(out, s->levels[h].v[i]);
    }
    return !out->full;
}

/* No level above 0 ever holds more. */
static size_t most_of(const struct ncm_kll *s)
{
    return (size_t)ceil(WIDER * s->k) + 1;
}

/* One level; false where its numbers cannot be those of a sketch. */
static bool read_level(struct ncm_take *t, struct ncm_kll *s, size_t h)
{
    size_t n = ncm_take_u32(t);
    if (t->bad || n > t->left / 8 || n > (h == 0 ? s->first - 1 : most_of(s)))
        return false;
    room(&s->levels[h], n);
    s->levels[h].n = n;
    double *v = s->levels[h].v;
    for (size_t i = 0; i < n; i++) {
        v[i] = ncm_take_double(t);
        if (!isfinite(v[i]) || v[i] < s->min || v[i] > s->max ||
            (h > 0 && i > 0 && v[i] < v[i - 1]))
            return false;
    }
    return true;
}

/* Why it is no sketch, or NULL. */
static const char *read_all(struct ncm_take *t, struct ncm_kll *s)
{
    s->n = ncm_take_u64(t);
    s->coins = ncm_take_u64(t);
    s->min = ncm_take_double(t);
    s->max = ncm_take_double(t);
    s->n_levels = ncm_take_u32(t);
    if (t->bad)
        return _("they end too early");
    if (s->n_levels < 1 || s->n_levels > MOST_LEVELS)
        return _("a wrong number of levels");
    uint64_t sum = 0;
    for (size_t h = 0; h < s->n_levels; h++) {
        if (!read_level(t, s, h))
            return _("a level is cut short, too long, not in order, or beyond minimum and maximum");
        if (s->levels[h].n > MOST_COUNT >> h)
            return _("the weights are too great");
        sum += (uint64_t)s->levels[h].n << h;
    }
    if (sum != s->n)
        return _("the weights are not the count");
    if (t->left > 0)
        return _("something follows it");
    if (!isfinite(s->min) || !isfinite(s->max))
        return _("minimum or maximum is no number");
    if (s->n == 0) {
        if (fpclassify(s->min) != FP_ZERO || fpclassify(s->max) != FP_ZERO || signbit(s->min) ||
            signbit(s->max))
            return _("an empty one has no minimum or maximum");
        s->min = INFINITY;
        s->max = -INFINITY;
    }
    return NULL;
}

bool ncm_kll_read(const void *bytes, size_t len, struct ncm_kll **out, struct ncm_err *err)
{
    struct ncm_take t = {.p = bytes, .left = len};
    if (len > NCM_KLL_BYTES_MOST)
        return ncm_not_a_sketch(err, "KLL", _("too long"));
    uint32_t magic = ncm_take_u32(&t);
    uint32_t k = ncm_take_u32(&t);
    if (t.bad || magic != MAGIC || k < NCM_KLL_K_LEAST || k > NCM_KLL_K_MOST)
        return ncm_not_a_sketch(err, "KLL", _("a wrong beginning"));
    struct ncm_kll *s = ncm_kll_new(k);
    const char *what = read_all(&t, s);
    if (what != NULL) {
        ncm_kll_free(s);
        return ncm_not_a_sketch(err, "KLL", what);
    }
    *out = s;
    return true;
}
