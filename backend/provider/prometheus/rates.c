/* What a Prometheus knows of how much servers are asked and how well they answer: which of the
 * known families it has, then for each what came in the window, by the labels that say whose it is.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/list.h"
#include "base/map.h"
#include "base/num.h"
#include "model/alert_labels.h"
#include "provider/prometheus/histogram.h"
#include "provider/prometheus/internal.h"
#include "provider/scrape_inside.h"

enum { WINDOW_MS = 300000, WINDOW_LEAST_MS = 10000, QUERY_MOST = 16384, ROWS_MOST = 20000 };

/* Whose requests they are. */
static const char by_labels[] =
    "namespace,kubernetes_namespace,namespace_name,pod,pod_name,kubernetes_pod_name,service,"
    "kubernetes_service,service_name,instance,deployment,statefulset,inferenceservice,"
    "inferenceservice_name,revision,revision_name,model,model_name,model_version,version,"
    "destination_workload,destination_workload_namespace,destination_service_name,"
    "destination_service_namespace,cluster,cluster_name,k8s_cluster_name";
/* How they ended. */
static const char by_status[] =
    "status_code,code,http_response_code,response_code,http_status,http_status_code,"
    "http_response_status_code,status,outcome";

/* A service mesh counts on both ends, and only Prometheus sees it. */
static const struct ncm_scrape_family mesh = {.requests = "istio_requests_total",
                                              .durations = "istio_request_duration_milliseconds",
                                              .to_ms = 1};

/* One row while it is gathered. */
struct row {
    struct ncm_kv *labels;
    size_t n_labels;
    double requests, errors, coded_errors, timed;
    bool asked, failed, coded; /* whether anything said it */
    const double *le_ms, *counts;
    size_t n;
};

struct gather {
    struct ncm_prom *prom;
    const struct ncm_control *control;
    struct ncm_rates_snapshot *out;
    struct ncm_map *names; /* of the metrics that are there */
    struct ncm_list rows;  /* of all families: struct ncm_rates_row */
    struct ncm_list notes; /* struct ncm_str */
    int64_t window_ms, at_ms;
    size_t asked, failed;
    struct ncm_err err; /* of the last query that failed */
    /* of the family under way */
    const struct ncm_scrape_family *family;
    struct ncm_list mine; /* struct row */
    struct ncm_map *ids;  /* label key → row */
    bool stray_errors;    /* errors that belong to no row: nothing is said of errors then */
};

static size_t n_families(void)
{
    return ncm_scrape_n_families + 1;
}

static const struct ncm_scrape_family *family_at(size_t i)
{
    return i < ncm_scrape_n_families ? &ncm_scrape_families[i] : &mesh;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static bool ask(struct gather *g, const char *query, struct ncm_prom_answer *a)
{
    g->asked++;
    if (ncm_prom_instant(g->prom, query, g->at_ms, g->control, a, &g->err)) {
        for (size_t i = 0; i < a->n_warnings; i++) {
            *(struct ncm_str *)ncm_list_add(&g->notes) =
                ncm_arena_copy(g->out->head.arena, a->warnings[i]);
        }
        return true;
    }
    g->failed++;
    return false;
}

/* What one family lacks is said, and the others are read all the same; but who does not answer is
 * not asked again. */
static bool goes_on(const struct gather *g)
{
    switch (g->err.code) {
    case NCM_USAGE:
    case NCM_REFUSED:
    case NCM_TOO_LARGE:
    case NCM_INVALID_DATA:
        return true;
    default:
        return g->failed == 0;
    }
}

static void note(struct gather *g, const char *metric)
{
    char *text = ncm_sprintf("%s: %s", metric, g->err.what);
    *(struct ncm_str *)ncm_list_add(&g->notes) = ncm_arena_cstr(g->out->head.arena, text);
    ncm_free(text);
}

static void put_name(struct ncm_buf *q, const char *name, const char *suffix)
{
    if (name != NULL) {
        ncm_buf_printf(q, "%s%s%s", q->p[q->len - 1] == '"' ? "" : "|", name, suffix);
    }
}

static bool find_names(struct gather *g)
{
    struct ncm_prom_answer a;
    struct ncm_buf q;
    ncm_buf_init(&q, QUERY_MOST);
    ncm_buf_puts(&q, "count by (__name__) ({__name__=~\"");
    for (size_t i = 0; i < n_families(); i++) {
        const struct ncm_scrape_family *f = family_at(i);
        put_name(&q, f->requests, "");
        put_name(&q, f->errors, "");
        put_name(&q, f->durations, "_bucket");
        put_name(&q, f->durations, "_count");
        put_name(&q, f->also, "_bucket");
        put_name(&q, f->also, "_count");
    }
    ncm_buf_puts(&q, "\"})");
    bool ok = ask(g, q.p, &a);
    ncm_buf_release(&q);
    if (!ok) {
        return false;
    }
    for (size_t i = 0; i < a.n; i++) {
        const struct ncm_kv *kv = ncm_kv_find(a.series[i].labels, a.series[i].n_labels, "__name__");
        if (kv != NULL && kv->value.p != NULL) {
            ncm_map_set(g->names, kv->value.p, kv->value.len, 1);
        }
    }
    ncm_prom_answer_release(&a);
    return true;
}

static bool is_there(const struct gather *g, const char *name, const char *suffix)
{
    size_t ignored;
    char *full = name != NULL ? ncm_sprintf("%s%s", name, suffix) : NULL;
    bool found = full != NULL && ncm_map_get(g->names, full, strlen(full), &ignored);
    ncm_free(full);
    return found;
}

/* The name of its durations that is there; NULL. */
static const char *durations_of(const struct gather *g, const struct ncm_scrape_family *f)
{
    const char *const names[] = {f->durations, f->also};
    for (size_t i = 0; i < 2; i++) {
        if (is_there(g, names[i], "_bucket") || is_there(g, names[i], "_count")) {
            return names[i];
        }
    }
    return NULL;
}

/* Predictions alone: no health pages, no metrics. What an absent label would be is let through. */
static void put_selector(struct ncm_buf *q, const struct gather *g)
{
    static const char *const labels[] = {"path",          "handler",    "endpoint", "route",
                                         "path_template", "http_route", "uri"};
    static const char pages[] =
        "/|/(ping|version|traffic|info|model/info|metrics|docs|readyz|livez|ready"
        "|live|schema.json|openapi.json|favicon.ico|v2|v1/models|v2/models)"
        "|/(health|v2/health|v2/repository|-/|actuator).*|none";
    bool first = true;
    if (g->family == &mesh) {
        ncm_buf_puts(q, "{reporter=\"destination\"}");
        return;
    }
    ncm_buf_puts(q, "{");
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++, first = false) {
        ncm_buf_printf(q, g->family->only != NULL ? "%s%s=~\"|.*%s.*\"" : "%s%s!~\"%s\"",
                       first ? "" : ",", labels[i],
                       g->family->only != NULL ? g->family->only : pages);
    }
    ncm_buf_puts(q, "}");
}

/* sum by (labels, more) (increase(name{…}[window])) */
static bool ask_increase(struct gather *g, const char *name, const char *suffix, const char *more,
                         struct ncm_prom_answer *a)
{
    struct ncm_buf q;
    ncm_buf_init(&q, QUERY_MOST);
    ncm_buf_printf(&q, "sum by (%s%s%s) (increase(%s%s", by_labels, more[0] != '\0' ? "," : "",
                   more, name, suffix);
    put_selector(&q, g);
    ncm_buf_printf(&q, "[%llds]))", (long long)(g->window_ms / 1000));
    bool ok = ask(g, q.p, a);
    ncm_buf_release(&q);
    if (!ok) {
        note(g, name);
    }
    return ok;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static bool is_status(struct ncm_str key)
{
    const char *at = by_status;
    while (*at != '\0') {
        size_t n = strcspn(at, ",");
        if (key.len == n && memcmp(key.p, at, n) == 0) {
            return true;
        }
        at += n + (at[n] == ',');
    }
    return false;
}

/* The row of those labels; NULL where there is none and `make` is false, or too many. */
static struct row *row_of(struct gather *g, const struct ncm_kv *labels, size_t n, bool make)
{
    struct ncm_arena *a = g->out->head.arena;
    struct ncm_kv *own = ncm_alloc(n + 1, sizeof *own);
    struct ncm_buf key;
    size_t kept = 0, at;
    for (size_t i = 0; i < n; i++) {
        if (!is_status(labels[i].key) && labels[i].value.len > 0) {
            own[kept++] = labels[i];
        }
    }
    ncm_buf_init(&key, 1 << 16);
    ncm_labels_key(own, kept, &key);
    struct row *r = NULL;
    if (ncm_map_get(g->ids, key.p, key.len, &at)) {
        r = (struct row *)g->mine.items + at;
    } else if (make && g->mine.n + g->rows.n < ROWS_MOST) {
        ncm_map_set(g->ids, key.p, key.len, g->mine.n);
        r = ncm_list_add(&g->mine);
        r->labels = ncm_arena_alloc(a, kept, sizeof *r->labels);
        r->n_labels = kept;
        for (size_t i = 0; i < kept; i++) {
            r->labels[i].key = ncm_arena_copy(a, own[i].key);
            r->labels[i].value = ncm_arena_copy(a, own[i].value);
        }
    }
    ncm_buf_release(&key);
    ncm_free(own);
    return r;
}

static bool value_of(const struct ncm_prom_series *s, double *out)
{
    *out = s->n == 1 ? s->points[0].value : (double)NAN;
    return isfinite(*out) && *out >= 0;
}

static void take_requests(struct gather *g, const struct ncm_prom_answer *a)
{
    for (size_t i = 0; i < a->n; i++) {
        const struct ncm_prom_series *s = &a->series[i];
        double value;
        struct row *r = value_of(s, &value) ? row_of(g, s->labels, s->n_labels, true) : NULL;
        if (r != NULL) {
            enum ncm_scrape_status status = ncm_scrape_status(s->labels, s->n_labels);
            r->requests += value;
            r->asked = true;
            r->coded = r->coded || status != NCM_SCRAPE_NO_STATUS;
            r->coded_errors += status == NCM_SCRAPE_ERROR ? value : 0;
        }
    }
}

static void take_errors(struct gather *g, const struct ncm_prom_answer *a)
{
    for (size_t i = 0; i < a->n; i++) {
        double value;
        if (!value_of(&a->series[i], &value)) {
            continue;
        }
        struct row *r = row_of(g, a->series[i].labels, a->series[i].n_labels, g->family->apart);
        if (r == NULL) {
            g->stray_errors = true;
            continue;
        }
        r->errors += value;
        r->failed = true;
        r->asked = true;
    }
}

static void take_buckets(struct gather *g, const struct ncm_prom_answer *answer)
{
    struct ncm_arena *a = g->out->head.arena;
    size_t n;
    struct ncm_bucket_group *groups = ncm_bucket_groups(answer, a, &n);
    for (size_t i = 0; i < n; i++) {
        const struct ncm_bucket *b = groups[i].buckets;
        size_t last = groups[i].n > 0 ? groups[i].n - 1 : 0;
        struct row *r = groups[i].n > 1 && isinf(b[last].le)
                            ? row_of(g, groups[i].labels, groups[i].n_labels, false)
                            : NULL;
        if (r == NULL) {
            continue;
        }
        double *le = ncm_arena_alloc(a, last, sizeof *le), so_far = 0;
        double *counts = ncm_arena_alloc(a, last + 1, sizeof *counts);
        for (size_t k = 0; k <= last; k++) {
            double upto = isfinite(b[k].count) && b[k].count > so_far ? b[k].count : so_far;
            counts[k] = upto - so_far;
            so_far = upto;
            if (k < last) {
                le[k] = b[k].le * g->family->to_ms;
            }
        }
        r->le_ms = le;
        r->counts = counts;
        r->n = last;
    }
}

static void finish_row(struct gather *g, const struct row *r, bool counts_errors)
{
    const struct ncm_scrape_family *f = g->family;
    struct ncm_arena *a = g->out->head.arena;
    struct ncm_rates_row *out = ncm_list_add(&g->rows);
    struct ncm_rates rates = ncm_rates_unknown();
    rates.known = true;
    rates.window_s = (double)g->window_ms / 1000;
    rates.requests = r->requests + (f->apart ? r->errors : 0);
    if (g->stray_errors) {
        rates.errors = (double)NAN;
    } else if (counts_errors) {
        rates.errors = r->errors;
    } else if (r->coded) {
        rates.errors = r->coded_errors;
    }
    rates.le_ms = r->le_ms;
    rates.counts = r->counts;
    rates.n = r->n;
    rates.taken_ms = g->at_ms != NCM_NO_TIME ? g->at_ms : g->out->head.taken_ms;
    rates.source = ncm_arena_cstr(a, "prometheus");
    rates.family = ncm_arena_cstr(a, f->requests != NULL ? f->requests : f->durations);
    if (rates.errors > rates.requests) { /* increases are estimates, each for itself */
        rates.errors = rates.requests;
    }
    ncm_rates_derive(&rates);
    out->labels = r->labels;
    out->n_labels = r->n_labels;
    out->rates = rates;
}

/* ---- one family ------------------------------------------------------------------------------ */

static void read_family(struct gather *g)
{
    const struct ncm_scrape_family *f = g->family;
    bool counter = is_there(g, f->requests, "");
    bool counts_errors = is_there(g, f->errors, "");
    const char *durations = durations_of(g, f);
    struct ncm_prom_answer a;
    g->mine = (struct ncm_list){.size = sizeof(struct row)};
    g->ids = ncm_map_new();
    g->stray_errors = false;
    if ((counter || is_there(g, durations, "_count")) &&
        ask_increase(g, counter ? f->requests : durations, counter ? "" : "_count", by_status,
                     &a)) {
        take_requests(g, &a);
        ncm_prom_answer_release(&a);
    }
    if (counts_errors && goes_on(g)) {
        if (ask_increase(g, f->errors, "", "", &a)) {
            take_errors(g, &a);
            ncm_prom_answer_release(&a);
        } else {
            g->stray_errors = true;
        }
    }
    if (g->mine.n > 0 && is_there(g, durations, "_bucket") && goes_on(g) &&
        ask_increase(g, durations, "_bucket", "le", &a)) {
        take_buckets(g, &a);
        ncm_prom_answer_release(&a);
    }
    const struct row *rows = g->mine.items;
    for (size_t i = 0; i < g->mine.n; i++) {
        if (rows[i].asked) {
            finish_row(g, &rows[i], counts_errors);
        }
    }
    ncm_map_free(g->ids);
    ncm_free(g->mine.items);
}

static bool has_family(const struct gather *g, const struct ncm_scrape_family *f)
{
    return is_there(g, f->requests, "") || is_there(g, durations_of(g, f), "_count") ||
           (f->apart && is_there(g, f->errors, ""));
}

bool prom_read_rates(struct ncm_prom *p, const struct ncm_query *q,
                     const struct ncm_control *control, struct ncm_rates_snapshot *out,
                     struct ncm_err *err)
{
    struct gather g = {
        .prom = p,
        .control = control,
        .out = out,
        .names = ncm_map_new(),
        .rows = {.size = sizeof(struct ncm_rates_row)},
        .notes = {.size = sizeof(struct ncm_str)},
        .window_ms = q->at_ms == NCM_NO_TIME || q->at_ms <= 0 ? WINDOW_MS : q->at_ms,
        .at_ms = NCM_NO_TIME,
    };
    g.window_ms = g.window_ms < WINDOW_LEAST_MS ? WINDOW_LEAST_MS : g.window_ms;
    bool ok = find_names(&g);
    for (size_t i = 0; ok && i < n_families() && goes_on(&g); i++) {
        g.family = family_at(i);
        if (has_family(&g, g.family)) {
            read_family(&g);
        }
    }
    /* One that fell silent on the way has told but a part. */
    ok = ok && goes_on(&g) && (g.failed == 0 || g.failed + 1 < g.asked);
    if (!ok) {
        *err = g.err;
    }
    out->n_notes = g.notes.n;
    out->notes = ncm_list_move(&g.notes, out->head.arena);
    out->n = g.rows.n;
    out->items = ncm_list_move(&g.rows, out->head.arena);
    ncm_map_free(g.names);
    return ok;
}
