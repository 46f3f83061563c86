/* The evaluator of figures: PromQL, a metric's history, Evidently's results. Each series is a
 * feature, each step a window. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "model/alert_labels.h"
#include "ops/drift/compare.h"
#include "ops/watch/evaluator.h"
#include "ops/watch/tracking.h"
#include "provider/evidently/evidently.h"
#include "provider/prometheus/prometheus.h"

enum { SPAN_WINDOWS = 96, FEATURES_MOST = 200 };

struct figures {
    struct ncm_prom *prom; /* QUERY; NULL for the others */
    struct ncm_place place;
};

static void close_figures(struct ncm_evaluator *e)
{
    struct figures *f = e->own;
    ncm_prom_close(f->prom);
    ncm_free(f);
}

static bool open_figures(struct ncm_evaluator *e, struct ncm_control *control, struct ncm_err *err)
{
    (void)control;
    struct figures *f = ncm_alloc(1, sizeof *f);
    const struct ncm_http_source *metrics = &e->env->plan->metrics;
    if (e->monitor.kind == NCM_MONITOR_QUERY) {
        f->place = (struct ncm_place){.location = metrics->url, .access = &metrics->access};
        bool ok = metrics->url != NULL ? ncm_prom_open(&f->place, &f->prom, err)
                                       : ncm_fail(err, NCM_NOT_FOUND, "%s",
                                                  _("the context names no metrics source"));
        if (!ok) {
            ncm_free(f);
            return false;
        }
    }
    e->own = f;
    return true;
}

/* One figure into its window. A step that nobody asked about stays a gap. */
static void put(struct ncm_evaluator *e, size_t feature, int64_t end_ms, int64_t step_ms,
                double value)
{
    struct ncm_watched *w = &e->watched;
    int64_t start_ms;
    if (__builtin_sub_overflow(end_ms, step_ms, &start_ms)) {
        return;
    }
    size_t i = ncm_watched_window(w, start_ms, end_ms);
    if (i == SIZE_MAX) {
        return;
    }
    struct ncm_watched_feature *f = &w->features[feature];
    struct ncm_figure *g = &f->figures[i];
    w->windows[i].open = false;
    g->known = true;
    g->value = value;
    g->n = 1;
    g->state = ncm_drift_state_of(value, f->warning, f->critical, e->monitor.side, false);
    if (end_ms > w->last_row_ms || w->last_row_ms == NCM_NO_TIME) {
        w->last_row_ms = end_ms;
    }
}

static int64_t step_of(const struct ncm_monitor *m)
{
    return m->step_ms > 0 ? m->step_ms : m->every_ms > 0 ? m->every_ms : 60000;
}

static void say_warnings(struct ncm_evaluator *e, const struct ncm_prom_answer *a)
{
    e->watched.warning[0] = '\0';
    if (a->n_warnings > 0) {
        snprintf(e->watched.warning, sizeof e->watched.warning, "%s", ncm_cstr(a->warnings[0]));
    } else if (a->n > FEATURES_MOST) {
        snprintf(e->watched.warning, sizeof e->watched.warning,
                 _("%zu series; the first %d are shown"), a->n, FEATURES_MOST);
    }
}

static bool step_query(struct ncm_evaluator *e, int64_t now_ms, struct ncm_control *control,
                       struct ncm_err *err)
{
    struct figures *f = e->own;
    struct ncm_prom_answer answer;
    int64_t step = step_of(&e->monitor);
    int64_t end = now_ms / step * step;
    int64_t start = end - (SPAN_WINDOWS - 1) * step;
    if (e->stored_ms != NCM_NO_TIME && e->watched.n_windows > 0 && e->stored_ms > start) {
        start = e->stored_ms; /* what is known does not change */
    }
    if (start > end) {
        return true; /* the clock was put back */
    }
    struct ncm_control timed = *control;
    ncm_prom_ready(f->prom);
    if (!ncm_prom_range(f->prom, e->monitor.source, start, end, step, &timed, &answer, err)) {
        return false;
    }
    for (size_t i = 0; i < answer.n && i < FEATURES_MOST; i++) {
        const struct ncm_prom_series *s = &answer.series[i];
        size_t feature = ncm_watched_feature(&e->watched, s->n_labels > 0 ? ncm_cstr(s->key) : "",
                                             NCM_COLUMN_NUMBER);
        for (size_t k = 0; k < s->n; k++) {
            put(e, feature, s->points[k].t_ms, step, s->points[k].value);
        }
    }
    if (answer.kind == NCM_PROM_SCALAR) {
        put(e, ncm_watched_feature(&e->watched, "", NCM_COLUMN_NUMBER), answer.scalar.t_ms, step,
            answer.scalar.value);
    }
    say_warnings(e, &answer);
    ncm_prom_answer_release(&answer);
    return true;
}

static bool step_metric(struct ncm_evaluator *e, struct ncm_control *control, struct ncm_err *err)
{
    const struct ncm_series_snapshot *s;
    if (!ncm_tracking_series(e->env, e->monitor.source, control, &s, err)) {
        return false;
    }
    size_t first = s->n > NCM_WINDOWS_KEPT ? s->n - NCM_WINDOWS_KEPT : 0;
    size_t feature = ncm_watched_feature(&e->watched, ncm_cstr(s->key), NCM_COLUMN_NUMBER);
    int64_t before = NCM_NO_TIME;
    for (size_t i = first; i < s->n; i++) {
        const struct ncm_value *v = &s->points[i].value;
        int64_t t = s->points[i].timestamp_ms;
        double value = v->kind == NCM_V_NUMBER ? v->num
                       : v->kind == NCM_V_PINF ? INFINITY
                       : v->kind == NCM_V_NINF ? -INFINITY
                                               : NAN;
        int64_t step = 1;
        if (before == NCM_NO_TIME || t <= before || __builtin_sub_overflow(t, before, &step)) {
            step = 1;
        }
        put(e, feature, t, step, value);
        before = t;
    }
    ncm_snapshot_unref(s);
    return true;
}

static void take_evidently(struct ncm_evaluator *e, const struct ncm_evidently_series *s)
{
    char *name =
        ncm_sprintf("%s · %s", s->column.p != NULL ? ncm_cstr(s->column) : _("all columns"),
                    ncm_cstr(s->method));
    size_t feature = ncm_watched_feature(&e->watched, name, NCM_COLUMN_NUMBER);
    ncm_free(name);
    struct ncm_watched_feature *f = &e->watched.features[feature];
    f->critical = s->threshold;
    for (size_t k = 0; k < s->n; k++) {
        const struct ncm_evidently_point *p = &s->points[k];
        if (p->time_ms == NCM_NO_TIME) {
            continue;
        }
        put(e, feature, p->time_ms, 1, p->value);
        size_t w = ncm_watched_find(&e->watched, p->time_ms);
        if (w != SIZE_MAX && f->figures[w].state >= NCM_DRIFT_OK) {
            f->figures[w].state = p->drifted ? NCM_DRIFT_CRITICAL : NCM_DRIFT_OK;
        }
    }
}

/* "http://HOST:PORT PROJECT": the project behind a blank; without one, that of this name alone. */
static bool read_service(const char *source, struct ncm_control *control, struct ncm_evidently *out,
                         struct ncm_err *err)
{
    const char *blank = strchr(source, ' ');
    char *url = blank != NULL ? ncm_strndup(source, (size_t)(blank - source)) : ncm_strdup(source);
    const struct ncm_place place = {.location = url};
    struct ncm_evidently_projects projects;
    bool ok = ncm_evidently_projects(&place, control, &projects, err);
    const char *id = NULL;
    for (size_t i = 0; ok && i < projects.n; i++) {
        const struct ncm_evidently_project *p = &projects.items[i];
        bool named =
            blank != NULL && (ncm_str_is(p->id, blank + 1) || ncm_str_is(p->name, blank + 1));
        if (named || (blank == NULL && projects.n == 1)) {
            id = ncm_cstr(p->id);
        }
    }
    if (ok && id == NULL) {
        ok = ncm_fail(err, NCM_NOT_FOUND,
                      _("%s has %zu projects: name one of them behind the address"), url,
                      projects.n);
        ncm_evidently_projects_release(&projects);
    } else if (ok) {
        ok = ncm_evidently_ui(&place, id, NCM_NO_TIME, NCM_NO_TIME, control, out, err);
        ncm_evidently_projects_release(&projects);
    }
    ncm_free(url);
    return ok;
}

static bool step_evidently(struct ncm_evaluator *e, struct ncm_control *control,
                           struct ncm_err *err)
{
    struct ncm_evidently results;
    bool service = strncmp(e->monitor.source, "http://", 7) == 0 ||
                   strncmp(e->monitor.source, "https://", 8) == 0;
    bool ok = service ? read_service(e->monitor.source, control, &results, err)
                      : ncm_evidently_open(e->monitor.source, control, &results, err);
    if (!ok) {
        return false;
    }
    for (size_t i = 0; i < results.n && i < FEATURES_MOST; i++) {
        take_evidently(e, &results.series[i]);
    }
    e->watched.warning[0] = '\0';
    if (results.n_skipped > 0) {
        snprintf(e->watched.warning, sizeof e->watched.warning, _("%zu files hold no results: %s"),
                 results.n_skipped, ncm_cstr(results.why_skipped));
    }
    ncm_evidently_release(&results);
    return true;
}

static bool step_figures(struct ncm_evaluator *e, int64_t now_ms, struct ncm_control *control,
                         bool *more, struct ncm_err *err)
{
    *more = false;
    ncm_watched_forget_gone(&e->watched); /* series come and go without end */
    switch (e->monitor.kind) {
    case NCM_MONITOR_QUERY:
        return step_query(e, now_ms, control, err);
    case NCM_MONITOR_METRIC:
        return step_metric(e, control, err);
    default:
        return step_evidently(e, control, err);
    }
}

static bool compare_figures(struct ncm_evaluator *e, size_t feature, size_t window,
                            struct ncm_arena *a, struct ncm_drift_column *out, struct ncm_err *err)
{
    const struct ncm_watched_feature *f = &e->watched.features[feature];
    (void)err;
    *out = (struct ncm_drift_column){
        .name = ncm_arena_cstr(a, f->name),
        .since_ms = NCM_NO_TIME,
        .method = ncm_arena_cstr(a, ""),
        .statistic = f->figures[window].value,
        .p_value = NAN,
        .p_adjusted = NAN,
        .effect = NAN,
        .psi = NAN,
        .js = NAN,
        .ks = NAN,
        .w1 = NAN,
        .w1_norm = NAN,
        .warning = f->warning,
        .critical = f->critical,
        .state = f->figures[window].state,
        .why = ncm_arena_cstr(a, _("a figure: there are no rows behind it")),
    };
    return true;
}

const struct ncm_evaluator_kind ncm_figures_evaluator = {
    .open = open_figures,
    .close = close_figures,
    .step = step_figures,
    .compare = compare_figures,
};
