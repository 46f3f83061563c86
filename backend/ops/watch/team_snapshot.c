/* What a team knows, as a snapshot. */
#include <stdlib.h>

#include "base/list.h"
#include "ops/watch/alerts.h"
#include "ops/watch/team.h"

static int worst_first(const void *a, const void *b)
{
    const struct ncm_drift_monitor *x = a, *y = b;
    if (x->state != y->state) {
        return x->state > y->state ? -1 : 1;
    }
    int by_model = ncm_str_compare(x->model, y->model);
    return by_model != 0 ? by_model : ncm_str_compare(x->name, y->name);
}

static void sort_features(struct ncm_drift_snapshot *s)
{
    if (s->n > 1) {
        qsort(s->items, s->n, sizeof *s->items, worst_first);
    }
}

struct ncm_drift_snapshot *ncm_team_snapshot(struct ncm_team *t, const struct ncm_evaluator *only,
                                             size_t windows)
{
    struct ncm_drift_snapshot *s = ncm_snapshot_new(NCM_T_DRIFT, sizeof *s);
    struct ncm_arena *a = s->head.arena;
    struct ncm_list events = {.size = sizeof(struct ncm_drift_event)};
    struct ncm_err ignored;
    int64_t oldest = INT64_MAX;
    s->items = ncm_arena_alloc(a, t->n + 1, sizeof *s->items);
    for (size_t i = 0; i < t->n || (only != NULL && i == 0); i++) {
        const struct ncm_evaluator *e = only != NULL ? only : t->items[i];
        struct ncm_drift_monitor *m = &s->items[s->n++];
        ncm_watched_publish(&e->watched, windows, a, m);
        ncm_alerts_firing_since(t->db, &e->monitor, &m->firing_since_ms, &ignored);
        if (m->n_windows > 0 && m->windows[0].start_ms < oldest) {
            oldest = m->windows[0].start_ms;
        }
        if (only != NULL) {
            break;
        }
    }
    sort_features(s);
    ncm_alerts_events(t->db, oldest, a, &events, &ignored);
    s->n_events = events.n;
    s->events = ncm_list_move(&events, a);
    return s;
}
