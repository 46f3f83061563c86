#include "ops/watch/result.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "ops/drift/method.h"

void ncm_summary_free(struct ncm_summary *s)
{
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; s->words != NULL && i < s->n_words; i++) {
        ncm_free(s->words[i]);
    }
    ncm_free(s->counts);
    ncm_free(s->values);
    ncm_free(s->weights);
    ncm_free(s->words);
    ncm_free(s->word_counts);
    ncm_free(s);
}

void ncm_watched_init(struct ncm_watched *w, const struct ncm_monitor *m)
{
    *w = (struct ncm_watched){
        .monitor = m, .recipe = ncm_monitor_recipe(m), .last_row_ms = NCM_NO_TIME};
}

static void free_figures(struct ncm_watched_feature *f, size_t first, size_t n)
{
    for (size_t i = first; i < first + n; i++) {
        ncm_summary_free(f->figures[i].summary);
    }
}

static void release_feature(struct ncm_watched_feature *f, size_t n_windows)
{
    free_figures(f, 0, n_windows);
    ncm_free(f->figures);
    ncm_free(f->name);
    ncm_free(f->unit);
    ncm_free(f->method);
}

void ncm_watched_release(struct ncm_watched *w)
{
    for (size_t i = 0; i < w->n_features; i++) {
        release_feature(&w->features[i], w->n_windows);
    }
    ncm_free(w->features);
    ncm_free(w->windows);
    ncm_free(w->recipe);
    ncm_free(w->reference);
    *w = (struct ncm_watched){0};
}

size_t ncm_watched_find(const struct ncm_watched *w, int64_t end_ms)
{
    for (size_t i = w->n_windows; i > 0 && w->windows[i - 1].end_ms >= end_ms; i--) {
        if (w->windows[i - 1].end_ms == end_ms) {
            return i - 1;
        }
    }
    return SIZE_MAX;
}

/* The oldest window falls out. */
static void drop_oldest(struct ncm_watched *w)
{
    for (size_t i = 0; i < w->n_features; i++) {
        struct ncm_watched_feature *f = &w->features[i];
        free_figures(f, 0, 1);
        memmove(f->figures, f->figures + 1, (w->n_windows - 1) * sizeof *f->figures);
    }
    memmove(w->windows, w->windows + 1, (w->n_windows - 1) * sizeof *w->windows);
    w->n_windows--;
}

size_t ncm_watched_window(struct ncm_watched *w, int64_t start_ms, int64_t end_ms)
{
    size_t at = w->n_windows;
    while (at > 0 && w->windows[at - 1].end_ms > end_ms) {
        at--;
    }
    if (at > 0 && w->windows[at - 1].end_ms == end_ms) {
        return at - 1;
    }
    if (w->n_windows == NCM_WINDOWS_KEPT) {
        if (at == 0) {
            return SIZE_MAX;
        }
        drop_oldest(w);
        at--;
    }
    size_t after = w->n_windows - at;
    w->windows = ncm_resize(w->windows, w->n_windows + 1, sizeof *w->windows);
    memmove(w->windows + at + 1, w->windows + at, after * sizeof *w->windows);
    w->windows[at] =
        (struct ncm_drift_window){.start_ms = start_ms, .end_ms = end_ms, .open = true};
    for (size_t i = 0; i < w->n_features; i++) {
        struct ncm_watched_feature *f = &w->features[i];
        f->figures = ncm_resize(f->figures, w->n_windows + 1, sizeof *f->figures);
        memmove(f->figures + at + 1, f->figures + at, after * sizeof *f->figures);
        f->figures[at] = (struct ncm_figure){.value = NAN, .p_value = NAN};
    }
    w->n_windows++;
    return at;
}

/* What a window of rows will be measured by, so that those from the store can be read before the
 * first new one; what depends on the rows themselves is known then. */
static void expect(const struct ncm_watched *w, struct ncm_watched_feature *f)
{
    const struct ncm_monitor *m = w->monitor;
    const struct ncm_drift_method *method;
    struct ncm_err ignored;
    if (m->kind != NCM_MONITOR_ROWS || !ncm_drift_method_named(m->method, &method, &ignored)) {
        return;
    }
    method = ncm_drift_method_for(method, f->type);
    if (method->id >= NCM_M_EVIDENTLY) {
        return;
    }
    f->method = ncm_strdup(method->word);
    if (isnan(m->warning) && isnan(m->critical)) {
        f->warning = method->warning;
        f->critical = method->critical;
    }
}

size_t ncm_watched_feature(struct ncm_watched *w, const char *name, enum ncm_column_type type)
{
    for (size_t k = 0; k < w->n_features; k++) {
        size_t i = (w->asked + k) % w->n_features; /* thousands are asked for in their order */
        if (strcmp(w->features[i].name, name) == 0) {
            w->asked = i;
            return i;
        }
    }
    w->features = ncm_resize(w->features, w->n_features + 1, sizeof *w->features);
    struct ncm_watched_feature *f = &w->features[w->n_features];
    *f = (struct ncm_watched_feature){.name = ncm_strdup(name),
                                      .type = type,
                                      .warning = w->monitor->warning,
                                      .critical = w->monitor->critical};
    f->figures = ncm_alloc(w->n_windows + 1, sizeof *f->figures);
    for (size_t i = 0; i < w->n_windows; i++) {
        f->figures[i] = (struct ncm_figure){.value = NAN, .p_value = NAN};
    }
    expect(w, f);
    return w->n_features++;
}

/* A method of ours by its word; those of Evidently say it in their names. */
static bool is_p(const char *method)
{
    for (const struct ncm_drift_method *m = ncm_drift_methods; method != NULL && m->word; m++) {
        if (strcmp(m->word, method) == 0) {
            return m->is_p;
        }
    }
    return method != NULL && strstr(method, "p_value") != NULL;
}

enum ncm_bad_side ncm_watched_side(const struct ncm_watched *w, const struct ncm_watched_feature *f)
{
    return is_p(f->method) ? NCM_BAD_BELOW : w->monitor->side;
}

void ncm_watched_forget_gone(struct ncm_watched *w)
{
    size_t kept = 0;
    for (size_t i = 0; i < w->n_features; i++) {
        struct ncm_watched_feature *f = &w->features[i];
        bool known = false;
        for (size_t k = 0; k < w->n_windows && !known; k++) {
            known = f->figures[k].known;
        }
        if (known) {
            w->features[kept++] = *f;
        } else {
            release_feature(f, w->n_windows);
        }
    }
    w->n_features = kept;
}

/* How far a figure is beyond what matters: the order of two in the same state. */
static double weight(const struct ncm_watched_feature *f, const struct ncm_figure *g)
{
    if (isnan(g->value)) {
        return -INFINITY;
    }
    if (is_p(f->method)) {
        return -g->value;
    }
    double scale = isfinite(f->critical) && f->critical != 0 ? f->critical : 1.0;
    return g->value / scale;
}

enum ncm_drift_state ncm_watched_worst(const struct ncm_watched *w, size_t window, size_t *feature)
{
    enum ncm_drift_state worst = NCM_DRIFT_GAP;
    *feature = SIZE_MAX;
    for (size_t i = 0; window < w->n_windows && i < w->n_features; i++) {
        const struct ncm_figure *g = &w->features[i].figures[window];
        if (!g->known) {
            continue;
        }
        bool worse = *feature == SIZE_MAX || g->state > worst ||
                     (g->state == worst &&
                      weight(&w->features[i], g) >
                          weight(&w->features[*feature], &w->features[*feature].figures[window]));
        if (worse) {
            worst = g->state;
            *feature = i;
        }
    }
    return worst;
}

size_t ncm_watched_newest(const struct ncm_watched *w)
{
    for (size_t i = w->n_windows; i > 0; i--) {
        for (size_t k = 0; !w->windows[i - 1].open && k < w->n_features; k++) {
            if (w->features[k].figures[i - 1].known) {
                return i - 1;
            }
        }
    }
    return SIZE_MAX;
}

static uint32_t recipe_number(const char *text)
{
    uint32_t h = 2166136261u;
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        h = (h ^ *p) * 16777619u;
    }
    return h;
}

/* The state of the newest complete window and since when it has been so. */
static void publish_state(const struct ncm_watched *w, const struct ncm_watched_feature *f,
                          struct ncm_drift_feature *out)
{
    out->state = NCM_DRIFT_GAP;
    out->since_ms = NCM_NO_TIME;
    out->last = NAN;
    out->worst = NAN;
    bool found = false, same = true;
    for (size_t i = w->n_windows; i > 0; i--) {
        const struct ncm_figure *g = &f->figures[i - 1];
        if (!g->known) {
            continue;
        }
        if (isnan(out->last) || (!found && !w->windows[i - 1].open)) {
            out->last = g->value; /* of the newest complete one, where there is one */
        }
        bool worse =
            ncm_watched_side(w, f) == NCM_BAD_BELOW ? g->value < out->worst : g->value > out->worst;
        if (!isnan(g->value) && (isnan(out->worst) || worse)) {
            out->worst = g->value;
        }
        if (w->windows[i - 1].open) {
            continue;
        }
        if (!found) {
            out->state = g->state;
            found = true;
        }
        same = same && g->state == out->state;
        if (same) {
            out->since_ms = w->windows[i - 1].start_ms;
        }
    }
}

static void publish_feature(const struct ncm_watched *w, const struct ncm_watched_feature *f,
                            size_t first, struct ncm_arena *a, struct ncm_drift_feature *out)
{
    size_t n = w->n_windows - first;
    uint32_t recipe = recipe_number(w->recipe);
    out->name = ncm_arena_cstr(a, f->name);
    out->method = ncm_arena_cstr(a, f->method);
    out->unit = ncm_arena_cstr(a, f->unit);
    out->type = f->type;
    out->warning = f->warning;
    out->critical = f->critical;
    out->side = ncm_watched_side(w, f);
    out->learned = f->learned;
    out->points = ncm_arena_alloc(a, n + 1, sizeof *out->points);
    for (size_t i = 0; i < n; i++) {
        const struct ncm_figure *g = &f->figures[first + i];
        out->points[i] = (struct ncm_drift_point){
            .value = g->value,
            .p_value = g->p_value,
            .n = g->n,
            .state = g->known ? g->state : NCM_DRIFT_GAP,
            .recipe = recipe,
        };
    }
    publish_state(w, f, out);
}

static double badness(const struct ncm_drift_feature *f)
{
    if (isnan(f->last)) {
        return -INFINITY;
    }
    double scale = isfinite(f->critical) && f->critical != 0 ? f->critical : 1.0;
    return f->side == NCM_BAD_BELOW ? -f->last / scale : f->last / scale;
}

static int worst_first(const void *a, const void *b)
{
    const struct ncm_drift_feature *x = a, *y = b;
    if (x->state != y->state) {
        return x->state > y->state ? -1 : 1;
    }
    double u = badness(x), v = badness(y);
    if (u != v) {
        return u > v ? -1 : 1;
    }
    return ncm_str_compare(x->name, y->name);
}

static void publish_facts(const struct ncm_watched *w, struct ncm_arena *a,
                          struct ncm_drift_monitor *out)
{
    const struct ncm_monitor *m = w->monitor;
    char *window = ncm_monitor_window_text(m);
    out->model = ncm_arena_cstr(a, m->model);
    out->name = ncm_arena_cstr(a, m->name);
    out->source = ncm_arena_cstr(a, m->current != NULL ? m->current : m->source);
    out->reference = ncm_arena_cstr(a, w->reference != NULL ? w->reference : m->reference);
    out->window = ncm_arena_cstr(a, window);
    out->recipe = ncm_arena_cstr(a, w->recipe);
    out->kind = m->kind;
    out->severity = m->severity;
    out->rows = w->rows;
    out->bad_rows = w->bad_rows;
    out->ref_rows = w->ref_rows;
    out->last_row_ms = w->last_row_ms;
    out->every_ms = m->every_ms;
    out->firing_since_ms = NCM_NO_TIME;
    if (w->error.code != NCM_OK) {
        out->error = ncm_arena_cstr(a, w->error.what);
    }
    if (w->warning[0] != '\0') {
        out->warning = ncm_arena_cstr(a, w->warning);
    }
    ncm_free(window);
}

void ncm_watched_publish(const struct ncm_watched *w, size_t windows, struct ncm_arena *a,
                         struct ncm_drift_monitor *out)
{
    size_t n = windows < w->n_windows ? windows : w->n_windows;
    size_t first = w->n_windows - n;
    publish_facts(w, a, out);
    out->n_windows = n;
    out->windows = ncm_arena_alloc(a, n + 1, sizeof *out->windows);
    for (size_t i = 0; i < n; i++) {
        out->windows[i] = w->windows[first + i];
    }
    out->n_features = w->n_features;
    out->features = ncm_arena_alloc(a, w->n_features + 1, sizeof *out->features);
    for (size_t i = 0; i < w->n_features; i++) {
        publish_feature(w, &w->features[i], first, a, &out->features[i]);
        if (out->features[i].state > out->state) {
            out->state = out->features[i].state;
        }
    }
    qsort(out->features, out->n_features, sizeof *out->features, worst_first);
}
