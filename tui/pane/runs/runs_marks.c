/* Rows of the run table: which are folded away, marked, matched; all by the run's handle, never by
 * its place. */
#include <string.h>

#include "runs.h"

/* ---- marks ---- */

static size_t mark_index(const struct run_table *t, int64_t handle)
{
    for (size_t i = 0; i < t->n_marks; i++)
        if (t->marks[i].handle == handle)
            return i;
    return SIZE_MAX;
}

bool marks_has(const struct run_table *t, int64_t handle)
{
    return mark_index(t, handle) != SIZE_MAX;
}

static void marks_add(struct run_table *t, int64_t handle, const struct ncm_run *r)
{
    t->marks = ncm_grow(t->marks, t->n_marks, &t->cap_marks, sizeof *t->marks);
    t->marks[t->n_marks++] = (struct run_mark){handle, ncm_strndup(ncm_cstr(r->id), r->id.len)};
}

void marks_toggle(struct run_table *t, int64_t handle, const struct ncm_run *r)
{
    size_t at = mark_index(t, handle);
    if (at == SIZE_MAX) {
        marks_add(t, handle, r);
        return;
    }
    ncm_free(t->marks[at].id);
    memmove(&t->marks[at], &t->marks[at + 1], (t->n_marks - at - 1) * sizeof *t->marks);
    t->n_marks--;
}

void marks_clear(struct run_table *t)
{
    for (size_t i = 0; i < t->n_marks; i++)
        ncm_free(t->marks[i].id);
    t->n_marks = 0;
    t->range = false;
}

void marks_prune(struct run_table *t)
{
    const struct ncm_runs_snapshot *s = t->feed.snap;
    size_t kept = 0;
    bool fewer = s != NULL && s->n < t->last_n;
    t->last_n = s != NULL ? s->n : 0;
    if (!fewer || t->n_marks == 0 || t->filter != NULL || t->feed.old || s->head.provisional)
        return;
    struct ncm_map *there = ncm_map_new();
    for (size_t i = 0; i < s->n; i++) {
        int64_t handle = ncm_runs_ref(s, i)->handle;
        ncm_map_set(there, (const char *)&handle, sizeof handle, i);
    }
    for (size_t i = 0; i < t->n_marks; i++) {
        size_t at;
        if (ncm_map_get(there, (const char *)&t->marks[i].handle, sizeof(int64_t), &at))
            t->marks[kept++] = t->marks[i];
        else
            ncm_free(t->marks[i].id);
    }
    t->n_marks = kept;
    ncm_map_free(there);
}

static bool range_rows(const struct run_table *t, size_t *from, size_t *to)
{
    size_t a = t->range ? rows_find(t, t->range_from, t->table.selected) : SIZE_MAX;
    if (a == SIZE_MAX)
        return false;
    size_t b = t->table.selected;
    *from = a < b ? a : b;
    *to = a < b ? b : a;
    return true;
}

void marks_range(struct run_table *t)
{
    size_t from, to, missing = 0;
    if (!range_rows(t, &from, &to)) {
        t->range = false;
        return;
    }
    for (size_t row = from; row <= to; row++) {
        const struct ncm_run_ref *ref = run_table_ref(t, row);
        const struct ncm_run *r = run_table_at(t, row);
        if (ref == NULL || r == NULL)
            missing++;
        else if (!marks_has(t, ref->handle))
            marks_add(t, ref->handle, r);
    }
    t->range = false;
    if (missing > 0) {
        char n[32];
        ui_message(t->pane->ui, UI_INFO,
                   _("%s rows of the range are not loaded yet and stay unmarked."),
                   ncm_fmt_count(n, sizeof n, (int64_t)missing));
    }
}

bool run_table_marked(const struct run_table *t, size_t row)
{
    const struct ncm_run_ref *ref = run_table_ref(t, row);
    size_t from, to;
    if (ref == NULL)
        return false;
    if (range_rows(t, &from, &to) && row >= from && row <= to)
        return true;
    return marks_has(t, ref->handle);
}

/* ---- folding ---- */

bool fold_is(const struct run_table *t, int64_t handle)
{
    size_t ignored;
    return ncm_map_get(t->folded, (const char *)&handle, sizeof handle, &ignored);
}

void fold_set(struct run_table *t, int64_t handle, bool folded)
{
    if (folded)
        ncm_map_set(t->folded, (const char *)&handle, sizeof handle, 1);
    else
        ncm_map_del(t->folded, (const char *)&handle, sizeof handle);
    rows_rebuild(t);
    size_t row = rows_find(t, t->selected, t->table.selected);
    if (row != SIZE_MAX)
        t->table.selected = row;
}

static void rows_all(struct run_table *t)
{
    const struct ncm_runs_snapshot *s = run_table_snapshot(t);
    ncm_free(t->rows);
    t->rows = NULL;
    t->n_rows = s != NULL ? s->n : 0;
}

void rows_rebuild(struct run_table *t)
{
    const struct ncm_runs_snapshot *s = run_table_snapshot(t);
    rows_all(t);
    t->any_children = false;
    if (s == NULL || !t->nested || t->feed.snap == NULL)
        return;
    for (size_t i = 0; i < s->n && !t->any_children; i++)
        t->any_children = ncm_runs_ref(s, i)->has_children;
    if (!t->any_children || ncm_map_count(t->folded) == 0)
        return;
    uint8_t *open = ncm_alloc(s->n, 1); /* shown, and its children too */
    t->rows = ncm_alloc(s->n, sizeof *t->rows);
    t->n_rows = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct ncm_run_ref *r = ncm_runs_ref(s, i);
        bool inside = r->parent >= 0 && (size_t)r->parent < i;
        if (inside && !open[r->parent])
            continue;
        t->rows[t->n_rows++] = (uint32_t)i;
        open[i] = !r->has_children || !fold_is(t, r->handle);
    }
    ncm_free(open);
}

size_t rows_find(const struct run_table *t, int64_t handle, size_t near)
{
    size_t n = run_table_rows(t);
    if (near >= n)
        near = n > 0 ? n - 1 : 0;
    for (size_t step = 0; step < n; step++) { /* outwards from where it was */
        const struct ncm_run_ref *after = near + step < n ? run_table_ref(t, near + step) : NULL;
        if (after != NULL && after->handle == handle)
            return near + step;
        const struct ncm_run_ref *before = step <= near ? run_table_ref(t, near - step) : NULL;
        if (before != NULL && before->handle == handle)
            return near - step;
        if (after == NULL && before == NULL)
            break;
    }
    return SIZE_MAX;
}

bool fold_act(struct run_table *t, enum ui_action_id action)
{
    const struct ncm_runs_snapshot *s = run_table_snapshot(t);
    const struct ncm_run_ref *ref = run_table_ref(t, t->table.selected);
    if (ref == NULL || !t->nested || s != t->feed.snap)
        return false;
    bool folded = ref->has_children && fold_is(t, ref->handle);
    if (action == A_RIGHT && folded) {
        fold_set(t, ref->handle, false);
        return true;
    }
    if (action != A_LEFT || t->table.first_column > 0)
        return false;
    if (ref->has_children && !folded) {
        fold_set(t, ref->handle, true);
        return true;
    }
    if (ref->parent < 0 || (size_t)ref->parent >= s->n)
        return false;
    int64_t parent = ncm_runs_ref(s, (size_t)ref->parent)->handle;
    run_table_select_row(t, rows_find(t, parent, t->table.selected));
    return true;
}

void fold_all(struct run_table *t)
{
    const struct ncm_runs_snapshot *s = run_table_snapshot(t);
    bool fold = ncm_map_count(t->folded) == 0;
    ncm_map_free(t->folded);
    t->folded = ncm_map_new();
    for (size_t i = 0; fold && t->nested && s != NULL && i < s->n; i++) {
        const struct ncm_run_ref *r = ncm_runs_ref(s, i);
        if (r->has_children)
            ncm_map_set(t->folded, (const char *)&r->handle, sizeof r->handle, 1);
    }
    const struct ncm_run_ref *ref = run_table_ref(t, t->table.selected);
    int64_t keep = ref != NULL && fold && ref->parent >= 0 && s != NULL
                       ? ncm_runs_ref(s, (size_t)ref->parent)->handle
                       : t->selected;
    rows_rebuild(t);
    size_t row = rows_find(t, keep, t->table.selected);
    run_table_select_row(t, row != SIZE_MAX ? row : 0);
}

/* ---- search ---- */

static bool matches(const struct run_table *t, size_t row)
{
    char name[256];
    const struct ncm_run *r = run_table_at(t, row);
    return r != NULL && (ncm_text_has(run_label(r, name, sizeof name), t->needle) ||
                         (r->id.p != NULL && strncmp(r->id.p, t->needle, strlen(t->needle)) == 0));
}

bool match_next(struct run_table *t, bool forward)
{
    size_t n = run_table_rows(t);
    for (size_t step = 1; step <= n; step++) {
        size_t row =
            forward ? (t->table.selected + step) % n : (t->table.selected + n - step % n) % n;
        if (matches(t, row)) {
            run_table_select_row(t, row);
            return true;
        }
    }
    return false;
}
