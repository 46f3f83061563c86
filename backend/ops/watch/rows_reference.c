/* What rows are compared with: a file, a run's artifact or dataset, or earlier windows. */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "io/file.h"
#include "io/node.h"
#include "ops/watch/rows_eval.h"
#include "ops/watch/tracking.h"

#define WEEK_MS INT64_C(604800000)

/* The file that the reference's text stands for: as it is, or fetched from the tracking store to a
 * temporary one. The caller frees and, with *fetched, removes it. */
static char *file_of(struct ncm_evaluator *e, struct ncm_control *control, bool *fetched,
                     struct ncm_err *err)
{
    const struct ncm_monitor *m = &e->monitor;
    *fetched = false;
    switch (m->reference_kind) {
    case NCM_REFERENCE_FILE:
        return ncm_strdup(m->reference_value);
    case NCM_REFERENCE_ARTIFACT:
        *fetched = true;
        return ncm_tracking_artifact(e->env, m->reference_value, control, err);
    case NCM_REFERENCE_DATASET:
        return ncm_tracking_dataset(e->env, m->reference_value, control, fetched, err);
    default:
        return NULL;
    }
}

static bool names_file(const struct ncm_monitor *m)
{
    return m->reference_kind == NCM_REFERENCE_FILE || m->reference_kind == NCM_REFERENCE_ARTIFACT ||
           m->reference_kind == NCM_REFERENCE_DATASET;
}

static void describe(struct ncm_evaluator *e)
{
    char rows[32];
    ncm_free(e->watched.reference);
    e->watched.reference = ncm_sprintf(_("%s, %s rows"), e->monitor.reference,
                                       ncm_fmt_count(rows, sizeof rows, e->watched.ref_rows));
}

/* Times do not matter there: the log's time column need not be, and is no feature where it is. The
 * list is the options'; the caller frees it after them. */
static const char **reference_options(const struct ncm_monitor *m, struct ncm_row_wishes *w)
{
    ncm_row_watch_options(m, w);
    if (m->time_column == NULL) {
        return NULL;
    }
    struct ncm_frame_options *o = &w->o.frame;
    const char **ignored = ncm_alloc(o->n_ignored + 1, sizeof *ignored);
    for (size_t i = 0; i < o->n_ignored; i++) {
        ignored[i] = o->ignored[i];
    }
    ignored[o->n_ignored++] = m->time_column;
    o->ignored = ignored;
    o->time_name = NULL;
    return ignored;
}

/* Of a reference that is summed up only names, types and words are still asked for: the rows of a
 * large one need not stay as long as its log is watched. */
static void drop_rows(struct ncm_frame *f)
{
    for (size_t i = 0; i < f->n_columns; i++) {
        ncm_free(f->columns[i].numbers);
        ncm_free(f->columns[i].codes);
        f->columns[i].numbers = NULL;
        f->columns[i].codes = NULL;
    }
    ncm_free(f->times);
    f->times = NULL;
    f->n_rows = 0;
}

bool ncm_row_watch_reference(struct ncm_evaluator *e, struct ncm_control *control, struct ncm_err *err)
{
    struct ncm_rows_eval *r = e->own;
    struct ncm_row_wishes wish;
    struct ncm_log_facts facts;
    bool fetched;
    if (!names_file(&e->monitor)) {
        return true;
    }
    char *path = file_of(e, control, &fetched, err);
    if (path == NULL) {
        return ncm_wrap(err, "%s", _("the reference"));
    }
    const char **ignored = reference_options(&e->monitor, &wish);
    bool ok = ncm_log_read(path, &wish.o, &r->reference, &facts, control->cancel, NULL, NULL, err);
    ncm_row_watch_options_release(&wish);
    ncm_free(ignored);
    if (fetched) {
        ncm_tracking_discard(path);
    }
    ncm_free(path);
    if (!ok) {
        return ncm_wrap(err, "%s", _("the reference"));
    }
    e->watched.ref_rows = (int64_t)r->reference->n_rows;
    describe(e);
    r->base = ncm_baseline_of_frame(r->reference, &e->monitor);
    drop_rows(r->reference);
    return true;
}

/* Complete windows that lie within [from, to), without overlap, newest first. */
static size_t windows_within(const struct ncm_watched *w, int64_t from_ms, int64_t to_ms,
                             size_t *out)
{
    size_t n = 0;
    int64_t before = to_ms;
    for (size_t i = w->n_windows; i > 0; i--) {
        const struct ncm_drift_window *win = &w->windows[i - 1];
        if (win->end_ms <= before && win->start_ms >= from_ms && win->rows > 0) {
            out[n++] = i - 1;
            before = win->start_ms;
        }
    }
    return n;
}

static size_t first_complete(const struct ncm_watched *w, size_t *out)
{
    for (size_t i = 0; i < w->n_windows; i++) {
        if (!w->windows[i].open && w->windows[i].rows > 0) {
            out[0] = i;
            return 1;
        }
    }
    return 0;
}

static struct ncm_baseline *of_windows(struct ncm_watched *w, const size_t *chosen, size_t n)
{
    char **names = ncm_alloc(w->n_features + 1, sizeof(char *));
    enum ncm_column_type *types = ncm_alloc(w->n_features + 1, sizeof *types);
    const struct ncm_summary **rows =
        ncm_alloc(n * w->n_features + 1, sizeof(struct ncm_summary *));
    const struct ncm_summary *const **windows =
        ncm_alloc(n + 1, sizeof(struct ncm_summary *const *));
    for (size_t k = 0; k < w->n_features; k++) {
        names[k] = w->features[k].name;
        types[k] = w->features[k].type;
    }
    for (size_t i = 0; i < n; i++) {
        windows[i] = rows + i * w->n_features;
        for (size_t k = 0; k < w->n_features; k++) {
            rows[i * w->n_features + k] = w->features[k].figures[chosen[i]].summary;
        }
    }
    struct ncm_baseline *b =
        ncm_baseline_of_summaries(names, types, w->n_features, windows, n);
    ncm_free(names);
    ncm_free(types);
    ncm_free(rows);
    ncm_free(windows);
    return b;
}

static struct ncm_baseline *of_version(struct ncm_evaluator *e)
{
    struct ncm_rows_eval *r = e->own;
    if (r->version_pane == NULL || r->version_pane->rows == 0) {
        return NULL;
    }
    size_t n = r->schema.n;
    char **names = ncm_alloc(n + 1, sizeof(char *));
    enum ncm_column_type *types = ncm_alloc(n + 1, sizeof *types);
    struct ncm_summary **made = ncm_alloc(n + 1, sizeof(struct ncm_summary *));
    for (size_t i = 0; i < n; i++) {
        names[i] = r->schema.columns[i].name;
        types[i] = r->schema.columns[i].type;
        made[i] = ncm_pane_summary(r->version_pane, &r->schema, i);
    }
    const struct ncm_summary *const *one = (const struct ncm_summary *const *)made;
    struct ncm_baseline *b = ncm_baseline_of_summaries(names, types, n, &one, 1);
    e->watched.ref_rows = r->version_pane->rows;
    for (size_t i = 0; i < n; i++) {
        ncm_summary_free(made[i]);
    }
    ncm_free(names);
    ncm_free(types);
    ncm_free(made);
    return b;
}

struct ncm_baseline *ncm_row_watch_reference_of(struct ncm_evaluator *e, size_t window)
{
    struct ncm_watched *w = &e->watched;
    const struct ncm_monitor *m = &e->monitor;
    size_t chosen[NCM_WINDOWS_KEPT], n = 0;
    int64_t start = w->windows[window].start_ms;
    switch (m->reference_kind) {
    case NCM_REFERENCE_VERSION:
        return of_version(e);
    case NCM_REFERENCE_TRAILING:
        n = windows_within(w, start - m->trailing_ms, start, chosen);
        break;
    case NCM_REFERENCE_WEEK:
        n = windows_within(w, start - WEEK_MS, w->windows[window].end_ms - WEEK_MS, chosen);
        break;
    case NCM_REFERENCE_FIRST:
        n = first_complete(w, chosen);
        break;
    default:
        return NULL;
    }
    return n > 0 ? of_windows(w, chosen, n) : NULL;
}
