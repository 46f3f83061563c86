/* Answers about drift: the team steps, what is complete is stored, and snapshots are made. */
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "ops/watch/source.h"

enum { WINDOWS = 96, ROWS = 100, FIRST_MS = 250 };

static void say_progress(const struct ncm_team *t, const struct ncm_evaluator *only,
                         struct ncm_fetch *f)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++) {
        sum += t->items[i]->progress;
        n++;
    }
    if (only != NULL) {
        sum = only->progress;
        n = 1;
    }
    f->progress(f->to, n > 0 ? (int64_t)(100 * sum / (double)n) : 0, 100);
}

/* Steps until there is no more to read; shows what there is meanwhile, now and then. */
static bool catch_up(struct ncm_team *t, struct ncm_evaluator *only, struct ncm_fetch *f,
                     size_t windows, struct ncm_err *err)
{
    bool more = true;
    int64_t shown = ncm_mono_ms();
    while (more) {
        if (f->control.cancel != NULL && atomic_load(f->control.cancel)) {
            return ncm_fail(err, NCM_CANCELLED, "%s", _("cancelled"));
        }
        if (!ncm_team_step(t, only, ncm_now_ms(), &f->control, &more, err)) {
            return false;
        }
        if (more && ncm_mono_ms() - shown > FIRST_MS) {
            shown = ncm_mono_ms();
            say_progress(t, only, f);
            if (f->query->topic == NCM_T_DRIFT) {
                struct ncm_drift_snapshot *s = ncm_team_snapshot(t, only, windows);
                s->head.provisional = true;
                f->publish(f->to, &s->head);
            }
        }
    }
    return true;
}

static bool find(struct ncm_team *t, const struct ncm_query *q, struct ncm_evaluator **out,
                 struct ncm_err *err)
{
    *out = NULL;
    return q->id == NULL || ncm_team_find(t, q->id, q->filter, out, err);
}

/* For a question about one. */
static bool find_one(struct ncm_team *t, const struct ncm_query *q, struct ncm_evaluator **out,
                     struct ncm_err *err)
{
    return find(t, q, out, err) &&
           (*out != NULL || ncm_fail(err, NCM_USAGE, "%s", _("the question names no monitor")));
}

static bool fetch_drift(struct ncm_team *t, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_evaluator *only;
    size_t stored, windows = f->query->limit > 0 ? (size_t)f->query->limit : WINDOWS;
    if (!find(t, f->query, &only, err) || !catch_up(t, only, f, windows, err) ||
        !ncm_team_store(t, ncm_now_ms(), &stored, err)) {
        return false;
    }
    struct ncm_drift_snapshot *s = ncm_team_snapshot(t, only, windows);
    f->publish(f->to, &s->head);
    return true;
}

/* The feature and the window of a question. */
static bool place_of(struct ncm_evaluator *e, const struct ncm_query *q, size_t *feature,
                     size_t *window, struct ncm_err *err)
{
    const struct ncm_watched *w = &e->watched;
    *feature = SIZE_MAX;
    for (size_t i = 0; i < w->n_features; i++) {
        if (q->key != NULL && strcmp(w->features[i].name, q->key) == 0) {
            *feature = i;
        }
    }
    if (*feature == SIZE_MAX) {
        return ncm_fail(err, NCM_NOT_FOUND, _("There is no feature %s"),
                        q->key != NULL ? q->key : "");
    }
    *window = SIZE_MAX;
    for (size_t i = w->n_windows; i > 0 && *window == SIZE_MAX; i--) {
        bool known = w->features[*feature].figures[i - 1].known;
        bool asked = q->at_ms == NCM_NO_TIME ? known && w->windows[i - 1].rows > 0
                                             : w->windows[i - 1].end_ms == q->at_ms;
        if (asked) {
            *window = i - 1;
        }
    }
    return *window != SIZE_MAX ||
           ncm_fail(err, NCM_NOT_FOUND, "%s", _("there is no such window yet"));
}

static bool fetch_feature(struct ncm_team *t, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_evaluator *e;
    size_t feature, window;
    if (!find_one(t, f->query, &e, err) || !catch_up(t, e, f, WINDOWS, err) ||
        !place_of(e, f->query, &feature, &window, err)) {
        return false;
    }
    struct ncm_drift_feature_snapshot *s = ncm_snapshot_new(NCM_T_DRIFT_FEATURE, sizeof *s);
    struct ncm_arena *a = s->head.arena;
    if (!e->kind->compare(e, feature, window, a, &s->column, err)) {
        ncm_snapshot_unref(s);
        return false;
    }
    s->model = ncm_arena_cstr(a, e->monitor.model);
    s->monitor = ncm_arena_cstr(a, e->monitor.name);
    s->reference = ncm_arena_cstr(a, e->watched.reference != NULL ? e->watched.reference
                                                                  : e->monitor.reference);
    s->current =
        ncm_arena_cstr(a, e->monitor.current != NULL ? e->monitor.current : e->monitor.source);
    s->window = e->watched.windows[window];
    f->publish(f->to, &s->head);
    return true;
}

static bool fetch_rows(struct ncm_team *t, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_evaluator *e;
    size_t feature, window;
    const struct ncm_query *q = f->query;
    if (!find_one(t, q, &e, err) || !catch_up(t, e, f, WINDOWS, err) ||
        !place_of(e, q, &feature, &window, err)) {
        return false;
    }
    if (e->kind->rows == NULL || q->n_orders == 0) {
        return ncm_fail(err, NCM_UNSUPPORTED, "%s", _("there are no rows behind this figure"));
    }
    struct ncm_drift_rows_snapshot *s = ncm_snapshot_new(NCM_T_DRIFT_ROWS, sizeof *s);
    if (!e->kind->rows(e, feature, window, q->orders[0], q->limit > 0 ? (size_t)q->limit : ROWS,
                       &f->control, s, err)) {
        ncm_snapshot_unref(s);
        return false;
    }
    f->publish(f->to, &s->head);
    return true;
}

bool ncm_watch_fetch(struct ncm_team *team, struct ncm_fetch *f, struct ncm_err *err)
{
    switch (f->query->topic) {
    case NCM_T_DRIFT:
        return fetch_drift(team, f, err);
    case NCM_T_DRIFT_FEATURE:
        return fetch_feature(team, f, err);
    default:
        return fetch_rows(team, f, err);
    }
}
