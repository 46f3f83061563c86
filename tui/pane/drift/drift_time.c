/* Windows and the map's common axis of time: monitors with windows of their own lengths stand in
 * the same columns. */
#include "pane/drift/drift.h"

#include <math.h>

#define MAX_COLUMNS 2000
#define ZOOM_LEAST  -6
#define ZOOM_MOST   10

/* The usual way from one window's end to the next. */
static int64_t stride(const struct ncm_drift_monitor *m)
{
    int64_t least = 0;
    for (size_t i = 1; i < m->n_windows; i++) {
        int64_t by = ncm_ms_between(m->windows[i - 1].end_ms, m->windows[i].end_ms);
        least = by > 0 && (least == 0 || by < least) ? by : least;
    }
    if (least == 0 && m->n_windows > 0) {
        least = ncm_ms_between(m->windows[0].start_ms, m->windows[0].end_ms);
    }
    return least > 0 ? least : 0;
}

struct drift_axis drift_axis(const struct drift *d)
{
    struct drift_axis a = {.end_ms = NCM_NO_TIME, .step_ms = 60000};
    int64_t shortest = 0, longest = 0, first = INT64_MAX;

    for (size_t i = 0; i < drift_n_monitors(d); i++) {
        const struct ncm_drift_monitor *m = drift_monitor(d, i);
        int64_t by = stride(m);
        if (m->n_windows == 0 || by == 0) {
            continue;
        }
        int64_t end = m->windows[m->n_windows - 1].end_ms, start = m->windows[0].start_ms;
        a.end_ms = a.end_ms == NCM_NO_TIME || end > a.end_ms ? end : a.end_ms;
        first = start < first ? start : first;
        shortest = shortest == 0 || by < shortest ? by : shortest;
        longest = by > longest ? by : longest;
    }
    if (a.end_ms == NCM_NO_TIME) {
        return a;
    }
    int64_t step = shortest > longest / 12 ? shortest : longest / 12;
    int zoom = d->zoom < ZOOM_LEAST ? ZOOM_LEAST : d->zoom > ZOOM_MOST ? ZOOM_MOST : d->zoom;
    step = zoom >= 0 ? step << zoom : step >> -zoom;
    a.step_ms = step > 0 ? step : 1;
    int64_t n = (ncm_ms_between(first, a.end_ms) + a.step_ms - 1) / a.step_ms;
    a.n = n < 1 ? 1 : n > MAX_COLUMNS ? MAX_COLUMNS : (size_t)n;
    return a;
}

void drift_column_time(const struct drift_axis *a, size_t i, int64_t *from, int64_t *to)
{
    *to = a->end_ms - (int64_t)(a->n - 1 - i) * a->step_ms;
    *from = *to - a->step_ms;
}

/* The first window that ends after t. */
static size_t window_after(const struct ncm_drift_monitor *m, int64_t t)
{
    size_t lo = 0, hi = m->n_windows;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (m->windows[mid].end_ms <= t) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

/* The time that window i alone stands for: sliding ones overlap, their ends do not. */
static int64_t slot_start(const struct ncm_drift_monitor *m, size_t i)
{
    int64_t start = m->windows[i].start_ms;
    return i > 0 && m->windows[i - 1].end_ms > start ? m->windows[i - 1].end_ms : start;
}

static double level_of(const struct ncm_drift_feature *f, const struct ncm_drift_point *p)
{
    return heat_level((enum heat_state)p->state, p->value, f->warning, f->critical,
                      f->side == NCM_BAD_BELOW);
}

struct heat_cell drift_cell(const struct ncm_drift_monitor *m, const struct ncm_drift_feature *f,
                            int64_t from, int64_t to, size_t *window)
{
    struct heat_cell cell = {.state = HEAT_GAP};

    *window = SIZE_MAX;
    for (size_t i = window_after(m, from); i < m->n_windows && slot_start(m, i) < to; i++) {
        int64_t a = slot_start(m, i) > from ? slot_start(m, i) : from;
        int64_t b = m->windows[i].end_ms < to ? m->windows[i].end_ms : to;
        int64_t slot = m->windows[i].end_ms - slot_start(m, i);
        int64_t shorter = slot < to - from ? slot : to - from;
        if (b - a < shorter / 10) { /* it only touches the column */
            continue;
        }
        const struct ncm_drift_point *p = &f->points[i];
        double level = level_of(f, p);
        bool worse = (enum heat_state)p->state > cell.state;
        bool same = (enum heat_state)p->state == cell.state;
        if (*window == SIZE_MAX || worse || (same && !(level < cell.level))) {
            cell.state = (enum heat_state)p->state;
            cell.level = level;
            *window = i;
        }
        cell.open = cell.open || m->windows[i].open;
    }
    return cell;
}

size_t drift_window(const struct drift *d, const struct ncm_drift_monitor *m,
                    const struct ncm_drift_feature *f)
{
    if (m == NULL || m->n_windows == 0) {
        return SIZE_MAX;
    }
    if (d->cursor_ms != NCM_NO_TIME) {
        size_t i = window_after(m, d->cursor_ms - 1);
        return i < m->n_windows ? i : m->n_windows - 1;
    }
    for (size_t i = m->n_windows; f != NULL && i > 0; i--) {
        if (!m->windows[i - 1].open && f->points[i - 1].state >= NCM_DRIFT_OK) {
            return i - 1;
        }
    }
    for (size_t i = m->n_windows; f != NULL && i > 0; i--) {
        if (isfinite(f->points[i - 1].value)) {
            return i - 1;
        }
    }
    return m->n_windows - 1;
}

size_t drift_cursor_column(const struct drift *d)
{
    if (d->cursor_ms == NCM_NO_TIME || d->axis.n == 0) {
        return SIZE_MAX;
    }
    int64_t back = ncm_ms_between(d->cursor_ms, d->axis.end_ms) / d->axis.step_ms;
    back = back < 0 ? 0 : back;
    return (size_t)back < d->axis.n ? d->axis.n - 1 - (size_t)back : 0;
}

static void step_column(struct drift *d, bool right)
{
    size_t at = drift_cursor_column(d);
    int64_t from, to;

    d->axis = drift_axis(d);
    if (d->axis.n == 0 || d->axis.end_ms == NCM_NO_TIME) {
        return;
    }
    if (at == SIZE_MAX) {
        at = d->axis.n - 1;
    } else if (right && at + 1 >= d->axis.n) {
        d->cursor_ms = NCM_NO_TIME;
        return;
    } else {
        at = right ? at + 1 : at > 0 ? at - 1 : 0;
    }
    drift_column_time(&d->axis, at, &from, &to);
    d->cursor_ms = to;
}

void drift_step(struct drift *d, bool right)
{
    const struct ncm_drift_monitor *m = drift_selected(d);
    size_t at = drift_window(d, m, drift_selected_feature(d));

    if (d->view == DRIFT_MAP) {
        step_column(d, right);
        return;
    }
    if (at == SIZE_MAX) {
        return;
    }
    if (right && at + 1 >= m->n_windows) {
        d->cursor_ms = NCM_NO_TIME;
    } else {
        at = right ? at + 1 : at > 0 ? at - 1 : 0;
        d->cursor_ms = m->windows[at].end_ms;
    }
}
