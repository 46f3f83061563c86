#include "provider/scrape.h"

#include <math.h>
#include <string.h>

#include "base/list.h"
#include "base/map.h"
#include "base/num.h"
#include "model/alert_labels.h"
#include "provider/buckets.h"
#include "provider/scrape_inside.h"

#define COUNT_MOST 1e18

enum {
    WINDOW_MS = 300000,
    SERIES_MOST = 20000, /* of one server, over time: beyond, everything is begun anew */
    SCRAPES_MOST = 400,
    IDLE_MS = 60000,      /* asked for nothing for so long, a server's figures are of that time … */
    IDLE_LEAST_MS = 20000, /* … of which at least so much was watched */
    NAME_MOST = 200,
};

/* One counter of one label set. */
struct series {
    struct ncm_scrape_name is;
    struct ncm_kv *labels; /* sorted */
    size_t n_labels;
    double le;  /* BUCKET: upper end in ms; QUANTILE: q */
    bool aside; /* of a page that is no prediction */
    int64_t first_ms; /* the scrape it was first in */
    bool from_zero;   /* what it counted by then came since the scrape before */
};

/* values[i]: of series i; NaN where it was not there. */
struct reading {
    int64_t at_ms;
    double *values;
    size_t n;
};

struct ncm_scrapes {
    int64_t window_ms;
    struct ncm_map *names; /* of what is known: packed family and part */
    struct ncm_arena *arena;
    struct ncm_map *ids; /* of series */
    struct ncm_map *versions; /* family and version of a model → number of the scrape it was first in */
    size_t n_scrapes;         /* ever since */
    struct ncm_list series;
    struct reading readings[SCRAPES_MOST];
    size_t n; /* readings, oldest first */
};

/* ---- keeping --------------------------------------------------------------------------------- */

static void add_name(struct ncm_map *names, const char *base, const char *suffix, size_t family,
                     enum ncm_scrape_part part)
{
    char name[NAME_MOST];
    size_t value;
    if (base == NULL) {
        return;
    }
    size_t len = strlen(base), tail = strlen(suffix);
    memcpy(name, base, len);
    memcpy(name + len, suffix, tail);
    if (!ncm_map_get(names, name, len + tail, &value)) {
        ncm_map_set(names, name, len + tail, family * NCM_SCRAPE_PARTS + part);
    }
}

static struct ncm_map *names_of(void)
{
    struct ncm_map *names = ncm_map_new();
    for (size_t i = 0; i < ncm_scrape_n_families; i++) {
        const struct ncm_scrape_family *f = &ncm_scrape_families[i];
        add_name(names, f->requests, "", i, NCM_SCRAPE_REQUESTS);
        add_name(names, f->errors, "", i, NCM_SCRAPE_ERRORS);
        for (int k = 0; k < 2; k++) {
            const char *durations = k == 0 ? f->durations : f->also;
            add_name(names, durations, "_bucket", i, NCM_SCRAPE_BUCKET);
            add_name(names, durations, "_count", i, NCM_SCRAPE_COUNT);
            add_name(names, durations, "", i, NCM_SCRAPE_QUANTILE);
        }
    }
    return names;
}

static void begin(struct ncm_scrapes *s)
{
    s->arena = ncm_arena_new();
    s->ids = ncm_map_new();
    s->versions = ncm_map_new();
    s->n_scrapes = 0;
    s->series = (struct ncm_list){.size = sizeof(struct series)};
    s->n = 0;
}

static void end(struct ncm_scrapes *s)
{
    for (size_t i = 0; i < s->n; i++) {
        ncm_free(s->readings[i].values);
    }
    ncm_free(s->series.items);
    ncm_map_free(s->ids);
    ncm_map_free(s->versions);
    ncm_arena_free(s->arena);
}

struct ncm_scrapes *ncm_scrapes_new(int64_t window_ms)
{
    struct ncm_scrapes *s = ncm_alloc(1, sizeof *s);
    s->window_ms = window_ms > 0 ? window_ms : WINDOW_MS;
    s->names = names_of();
    begin(s);
    return s;
}

void ncm_scrapes_free(struct ncm_scrapes *s)
{
    if (s != NULL) {
        end(s);
        ncm_map_free(s->names);
        ncm_free(s);
    }
}

/* The label that tells buckets or quantiles apart, in ms or as q; false where it is no number. */
static bool mark_of(const struct ncm_metrics_sample *m, const struct ncm_scrape_name *is,
                    double *out)
{
    const char *label = is->part == NCM_SCRAPE_BUCKET ? "le" : "quantile";
    const struct ncm_kv *kv = ncm_kv_find(m->labels, m->n_labels, label);
    *out = (double)NAN;
    if (is->part != NCM_SCRAPE_BUCKET && is->part != NCM_SCRAPE_QUANTILE) {
        return true;
    }
    if (kv == NULL || !ncm_parse_double(kv->value.p, out) || isnan(*out)) {
        return false;
    }
    *out *= is->part == NCM_SCRAPE_BUCKET ? ncm_scrape_families[is->family].to_ms : 1;
    return true;
}

/* Whether a scrape before this one had it; this is the first otherwise. */
static bool known_before(struct ncm_scrapes *s, const char *key, size_t len)
{
    size_t first = s->n_scrapes;
    if (!ncm_map_get(s->versions, key, len, &first)) {
        ncm_map_set(s->versions, key, len, first);
    }
    return first < s->n_scrapes;
}

/* A counter that appears while the server is watched began at 0 … unless it appears with a version:
 * a server may take its counts along to the next one's label, as Prometheus, which has a counter
 * begin at its first value, allows for. */
static bool began_at_zero(struct ncm_scrapes *s, const struct series *x)
{
    static const char *const names[] = {"model_version", "version"};
    char key[NAME_MOST];
    const struct ncm_kv *kv = NULL;
    size_t family = x->is.family;
    for (size_t i = 0; kv == NULL && i < sizeof names / sizeof *names; i++) {
        kv = ncm_kv_find(x->labels, x->n_labels, names[i]);
    }
    memcpy(key, &family, sizeof family);
    size_t len = kv != NULL ? kv->value.len : 0, most = sizeof key - sizeof family;
    len = len < most ? len : most;
    if (len > 0) {
        memcpy(key + sizeof family, kv->value.p, len);
    }
    bool family_before = known_before(s, key, sizeof family);
    return len == 0 || known_before(s, key, sizeof family + len) || !family_before;
}

static void new_series(struct ncm_scrapes *s, const struct ncm_metrics_sample *m,
                       const struct ncm_scrape_name *is, double mark, int64_t at_ms)
{
    struct series *out = ncm_list_add(&s->series);
    out->is = *is;
    out->le = mark;
    out->labels = ncm_arena_alloc(s->arena, m->n_labels, sizeof *out->labels);
    out->n_labels = m->n_labels;
    for (size_t i = 0; i < m->n_labels; i++) {
        out->labels[i].key = ncm_arena_copy(s->arena, m->labels[i].key);
        out->labels[i].value = ncm_arena_copy(s->arena, m->labels[i].value);
    }
    out->aside = ncm_scrape_aside(&ncm_scrape_families[is->family], out->labels, out->n_labels);
    out->first_ms = at_ms;
    out->from_zero = began_at_zero(s, out);
}

/* Index of the sample's series; false where it is of no interest or there are too many. */
static bool id_of(struct ncm_scrapes *s, const struct ncm_metrics_sample *m, int64_t at_ms,
                  struct ncm_buf *key, size_t *id)
{
    size_t packed;
    double mark;
    /* A counter below zero or beyond all counting is none. */
    if (!ncm_map_get(s->names, m->name.p, m->name.len, &packed) ||
        !(m->value >= 0 && m->value <= COUNT_MOST)) {
        return false;
    }
    struct ncm_scrape_name is = {packed / NCM_SCRAPE_PARTS,
                                 (enum ncm_scrape_part)(packed % NCM_SCRAPE_PARTS)};
    if (!mark_of(m, &is, &mark)) {
        return false;
    }
    ncm_buf_clear(key);
    ncm_buf_add(key, m->name.p, m->name.len);
    ncm_labels_key(m->labels, m->n_labels, key);
    if (ncm_map_get(s->ids, key->p, key->len, id)) {
        return true;
    }
    if (s->series.n >= SERIES_MOST || key->full) {
        return false;
    }
    *id = s->series.n;
    ncm_map_set(s->ids, key->p, key->len, *id);
    new_series(s, m, &is, mark, at_ms);
    return true;
}

static void drop_old(struct ncm_scrapes *s, int64_t now_ms)
{
    size_t old = 0;
    while (old < s->n && (now_ms - s->readings[old].at_ms > s->window_ms ||
                          s->readings[old].at_ms >= now_ms || s->n - old >= SCRAPES_MOST)) {
        ncm_free(s->readings[old++].values);
    }
    memmove(s->readings, s->readings + old, (s->n - old) * sizeof *s->readings);
    s->n -= old;
}

void ncm_scrapes_add(struct ncm_scrapes *s, const struct ncm_metrics *m, int64_t at_ms)
{
    struct ncm_buf key;
    struct reading r = {.at_ms = at_ms};
    size_t cap = 0;
    if (s->series.n >= SERIES_MOST) {
        end(s);
        begin(s);
    }
    ncm_buf_init(&key, 1 << 16);
    for (size_t i = 0; i < m->n; i++) {
        size_t id;
        if (!id_of(s, &m->samples[i], at_ms, &key, &id)) {
            continue;
        }
        while (r.n <= id) {
            r.values = ncm_grow(r.values, r.n, &cap, sizeof *r.values);
            r.values[r.n++] = (double)NAN;
        }
        r.values[id] = m->samples[i].value;
    }
    ncm_buf_release(&key);
    s->n_scrapes++;
    drop_old(s, at_ms);
    s->readings[s->n++] = r;
}

/* ---- rates ----------------------------------------------------------------------------------- */

static double value_at(const struct reading *r, size_t id)
{
    return id < r->n ? r->values[id] : (double)NAN;
}

/* What came since the reading `from`. One that was away goes on from what it had, and one that comes
 * back after more than the window begins at what it has. */
static double increase(const struct ncm_scrapes *s, size_t from, size_t id)
{
    const struct series *x = (const struct series *)s->series.items + id;
    double sum = 0, before = value_at(&s->readings[from], id);
    for (size_t i = from + 1; i < s->n; i++) {
        double after = value_at(&s->readings[i], id);
        if (isnan(after)) {
            continue;
        }
        bool from_zero = x->from_zero && x->first_ms == s->readings[i].at_ms;
        before = !isnan(before) ? before : from_zero ? 0 : after;
        sum += ncm_counter_increase(before, after);
        before = after;
    }
    return sum;
}

static bool includes(const struct series *x, const struct ncm_kv *want, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct ncm_kv *kv = ncm_kv_find(x->labels, x->n_labels, want[i].key.p);
        if (kv == NULL || !ncm_str_eq(kv->value, want[i].value)) {
            return false;
        }
    }
    return true;
}

/* Whether the newest reading has it, and it counts what is asked for. */
static bool counts(const struct ncm_scrapes *s, size_t id, const struct ncm_kv *want, size_t n)
{
    const struct series *x = (const struct series *)s->series.items + id;
    return !x->aside && !isnan(value_at(&s->readings[s->n - 1], id)) && includes(x, want, n);
}

/* The first family of the table that counts requests there; false where none does. */
static bool family_of(const struct ncm_scrapes *s, const struct ncm_kv *want, size_t n, size_t *out)
{
    const struct series *all = s->series.items;
    bool found = false;
    for (size_t i = 0; i < s->series.n; i++) {
        bool asked = all[i].is.part == NCM_SCRAPE_REQUESTS || all[i].is.part == NCM_SCRAPE_COUNT;
        if (asked && (!found || all[i].is.family < *out) && counts(s, i, want, n)) {
            *out = all[i].is.family;
            found = true;
        }
    }
    return found;
}

/* Sums while the series of one family are walked. */
struct sums {
    double part[NCM_SCRAPE_PARTS];
    size_t seen[NCM_SCRAPE_PARTS];
    double coded_errors; /* requests with a status of 5xx … */
    size_t coded;        /* … where series say their status */
    double quantiles[3];
    size_t n_quantiles[3];
};

static void take_quantile(struct sums *t, double q, double ms)
{
    static const double wanted[3] = {0.5, 0.95, 0.99};
    for (int i = 0; i < 3; i++) {
        if (q == wanted[i]) {
            t->quantiles[i] = ms;
            t->n_quantiles[i]++;
        }
    }
}

/* The reading that the figures begin with: the window's first, but where nobody asked for the last
 * minute, how the requests before it went is no news of now: that minute's first. */
static size_t begin_of(const struct ncm_scrapes *s, size_t family, const struct ncm_kv *want, size_t n)
{
    const struct series *all = s->series.items;
    int64_t end = s->readings[s->n - 1].at_ms;
    size_t from = s->n - 1;
    while (from > 0 && end - s->readings[from - 1].at_ms <= IDLE_MS) {
        from--;
    }
    if (from == 0 || end - s->readings[from].at_ms < IDLE_LEAST_MS) {
        return 0;
    }
    for (size_t i = 0; i < s->series.n; i++) {
        const struct series *x = &all[i];
        if (x->is.family == family && x->is.part != NCM_SCRAPE_QUANTILE && !x->aside &&
            includes(x, want, n) && increase(s, from, i) > 0) {
            return 0;
        }
    }
    return from;
}

static void walk(const struct ncm_scrapes *s, size_t from, size_t family, const struct ncm_kv *want,
                 size_t n, struct sums *t, struct ncm_list *buckets)
{
    const struct series *all = s->series.items;
    const struct ncm_scrape_family *f = &ncm_scrape_families[family];
    for (size_t i = 0; i < s->series.n; i++) {
        const struct series *x = &all[i];
        enum ncm_scrape_part part = x->is.part;
        if (x->is.family != family || x->aside || !includes(x, want, n)) {
            continue;
        }
        if (part == NCM_SCRAPE_QUANTILE) {
            double now = value_at(&s->readings[s->n - 1], i);
            if (!isnan(now) && from == 0) {
                take_quantile(t, x->le, now * f->to_ms);
            }
            continue;
        }
        double more = increase(s, from, i);
        t->part[part] += more;
        t->seen[part]++;
        if (part == NCM_SCRAPE_BUCKET) {
            *(struct ncm_bucket *)ncm_list_add(buckets) = (struct ncm_bucket){x->le, more};
        }
        bool by_counter = part == NCM_SCRAPE_REQUESTS;
        bool by_count = part == NCM_SCRAPE_COUNT && f->requests == NULL;
        enum ncm_scrape_status status = ncm_scrape_status(x->labels, x->n_labels);
        if ((by_counter || by_count) && status != NCM_SCRAPE_NO_STATUS) {
            t->coded++;
            t->coded_errors += status == NCM_SCRAPE_ERROR ? more : 0;
        }
    }
}

static void fill_counts(const struct ncm_scrape_family *f, const struct sums *t,
                        struct ncm_rates *out)
{
    bool counter = t->seen[NCM_SCRAPE_REQUESTS] > 0;
    out->requests = counter ? t->part[NCM_SCRAPE_REQUESTS] : t->part[NCM_SCRAPE_COUNT];
    if (t->seen[NCM_SCRAPE_ERRORS] > 0) {
        out->errors = t->part[NCM_SCRAPE_ERRORS];
        out->requests += f->apart ? out->errors : 0;
    } else if (t->coded > 0) {
        out->errors = t->coded_errors;
    }
    out->rps = out->requests / out->window_s;
    if (out->requests > 0) {
        /* Errors of other pages may be counted with them. */
        out->error_rate = out->errors > out->requests ? 1 : out->errors / out->requests;
    }
    for (int i = 0; i < 3; i++) {
        double *to = i == 0 ? &out->p50_ms : i == 1 ? &out->p95_ms : &out->p99_ms;
        *to = t->n_quantiles[i] == 1 ? t->quantiles[i] : (double)NAN;
    }
}

static void fill_durations(struct ncm_list *list, struct ncm_arena *a, struct ncm_rates *out)
{
    struct ncm_bucket *b = list->items;
    size_t n = ncm_buckets_sort(b, list->n);
    if (n < 2 || b[n - 1].le != INFINITY) {
        return;
    }
    double *le = ncm_arena_alloc(a, n - 1, sizeof *le), so_far = 0;
    double *per_bucket = ncm_arena_alloc(a, n, sizeof *per_bucket);
    for (size_t i = 0; i < n; i++) {
        b[i].count = b[i].count > so_far ? b[i].count : so_far;
        per_bucket[i] = b[i].count - so_far;
        so_far = b[i].count;
        if (i < n - 1) {
            le[i] = b[i].le;
        }
    }
    out->le_ms = le;
    out->counts = per_bucket;
    out->n = n - 1;
    out->p50_ms = ncm_histogram_quantile(0.5, b, n, NULL);
    out->p95_ms = ncm_histogram_quantile(0.95, b, n, &out->p95_beyond);
    out->p99_ms = ncm_histogram_quantile(0.99, b, n, NULL);
}

void ncm_scrapes_rates(const struct ncm_scrapes *s, const struct ncm_kv *want, size_t n_want,
                       struct ncm_arena *a, struct ncm_rates *out)
{
    struct ncm_list buckets = {.size = sizeof(struct ncm_bucket)};
    struct sums t = {0};
    size_t family = 0;
    *out = ncm_rates_unknown();
    if (s->n < 2 || !family_of(s, want, n_want, &family)) {
        return;
    }
    const struct ncm_scrape_family *f = &ncm_scrape_families[family];
    out->known = true;
    out->taken_ms = s->readings[s->n - 1].at_ms;
    size_t from = begin_of(s, family, want, n_want);
    out->window_s = (double)(out->taken_ms - s->readings[from].at_ms) / 1000;
    out->source = ncm_arena_cstr(a, "scraped");
    out->family = ncm_arena_cstr(a, f->requests != NULL ? f->requests : f->durations);
    walk(s, from, family, want, n_want, &t, &buckets);
    fill_counts(f, &t, out);
    if (buckets.n > 0) {
        fill_durations(&buckets, a, out);
    }
    ncm_free(buckets.items);
}

/* ---- values of a label ----------------------------------------------------------------------- */

static bool is_value(struct ncm_str v)
{
    static const char *const nothing[] = {"",        "None", "none", "default", "not available",
                                          "unknown", "null"};
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        if (ncm_str_is(v, nothing[i])) {
            return false;
        }
    }
    return v.p != NULL;
}

/* Inserts in order unless it is there or there is no room. */
static size_t insert(struct ncm_str *out, size_t n, size_t most, struct ncm_str v)
{
    size_t at = 0;
    while (at < n && ncm_str_compare(out[at], v) < 0) {
        at++;
    }
    if (n >= most || (at < n && ncm_str_eq(out[at], v))) {
        return n;
    }
    memmove(out + at + 1, out + at, (n - at) * sizeof *out);
    out[at] = v;
    return n + 1;
}

size_t ncm_scrapes_values(const struct ncm_scrapes *s, const char *label, struct ncm_arena *a,
                          struct ncm_str *out, size_t most)
{
    const struct series *all = s->series.items;
    size_t n = 0, family = SIZE_MAX;
    for (size_t i = 0; s->n > 0 && i < s->series.n; i++) {
        const struct ncm_kv *kv = ncm_kv_find(all[i].labels, all[i].n_labels, label);
        bool asked = all[i].is.part == NCM_SCRAPE_REQUESTS || all[i].is.part == NCM_SCRAPE_COUNT;
        if (!asked || kv == NULL || !is_value(kv->value) || !counts(s, i, NULL, 0) ||
            all[i].is.family > family) {
            continue;
        }
        n = all[i].is.family < family ? 0 : n; /* an earlier one of the table: only that counts */
        family = all[i].is.family;
        n = insert(out, n, most, kv->value);
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = ncm_arena_copy(a, out[i]);
    }
    return n;
}
