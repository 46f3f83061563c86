/* The evaluator of rows: a log followed, compared window by window with its reference. */
#include "ops/watch/rows_eval.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "ops/drift/method.h"
#include "provider/prediction_log/find_rows.h"

enum {
    STEP_MS = 400, /* of reading before what there is can be shown */
    WISHES_MOST = 512,
};

/* "age=num" of the configuration. */
static size_t wishes(const struct ncm_monitor *m, struct ncm_column_wish *out, char **names)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_types && n < WISHES_MOST; i++) {
        const char *equal = strrchr(m->types[i], '=');
        if (equal != NULL) {
            names[n] = ncm_strndup(m->types[i], (size_t)(equal - m->types[i]));
            out[n] = (struct ncm_column_wish){names[n], equal[1] == 'c' ? NCM_COLUMN_CATEGORY
                                                                        : NCM_COLUMN_NUMBER};
            n++;
        }
    }
    return n;
}

void ncm_row_watch_options(const struct ncm_monitor *m, struct ncm_row_wishes *w)
{
    memset(w, 0, sizeof *w);
    w->types = ncm_alloc(WISHES_MOST, sizeof *w->types);
    w->names = ncm_alloc(WISHES_MOST, sizeof(char *));
    w->n = wishes(m, w->types, w->names);
    w->o.rows = (struct ncm_rows_options){.delimiter = m->delimiter, .bad_share = m->bad_share};
    w->o.frame = (struct ncm_frame_options){
        .types = w->types,
        .n_types = w->n,
        .ignored = (const char *const *)m->ignore,
        .n_ignored = m->n_ignore,
        .time_name = m->time_column,
    };
}

void ncm_row_watch_options_release(struct ncm_row_wishes *w)
{
    for (size_t i = 0; i < w->n; i++) {
        ncm_free(w->names[i]);
    }
    ncm_free(w->names);
    ncm_free(w->types);
}

static void close_rows(struct ncm_evaluator *e)
{
    struct ncm_rows_eval *r = e->own;
    ncm_log_follow_close(r->log);
    for (size_t i = 0; i < r->n_panes; i++) {
        ncm_pane_free(r->panes[i], &r->schema);
    }
    ncm_pane_free(r->version_pane, &r->schema);
    ncm_pane_schema_release(&r->schema);
    ncm_baseline_free(r->base);
    ncm_frame_free(r->reference);
    ncm_free(r->panes);
    ncm_free(r->before);
    ncm_free(r->time_name);
    ncm_free(r->scratch);
    ncm_free(r);
}

/* "SKIP CLOSED POSITION" as position_rows makes it. */
static void resume(struct ncm_evaluator *e)
{
    struct ncm_rows_eval *r = e->own;
    const char *blank = e->resume != NULL ? strchr(e->resume, ' ') : NULL;
    const char *position = blank != NULL ? strchr(blank + 1, ' ') : NULL;
    if (position == NULL) {
        return;
    }
    char *skip = ncm_strndup(e->resume, (size_t)(blank - e->resume));
    char *closed = ncm_strndup(blank + 1, (size_t)(position - blank - 1));
    int64_t rows = 0, panes = 0;
    const char *line = strchr(position + 1, '\n');
    bool beginning = line == NULL || line[1] == '\0'; /* no file was open yet */
    if (ncm_parse_i64(skip, &rows) && rows >= 0 && ncm_parse_i64(closed, &panes) && panes >= 0 &&
        (ncm_log_follow_resume(r->log, position + 1) || beginning)) {
        if (e->monitor.window_rows > 0) {
            /* The first pane begins behind the rows that are passed over. */
            r->skip = rows;
            r->rows_seen = -rows;
            r->known_index = panes > 0 ? panes - 1 : INT64_MIN;
        }
    } else if (e->monitor.window_rows > 0) {
        /* Windows of rows have no other name than their place in the log. */
        e->stored_ms = NCM_NO_TIME;
    }
    ncm_free(skip);
    ncm_free(closed);
}

/* The version's column is needed too, though the reference need not have it. */
static void add_column(struct ncm_frame *f, const char *name)
{
    if (ncm_frame_find(f, name) != NULL) {
        return;
    }
    f->columns = ncm_resize(f->columns, f->n_columns + 1, sizeof *f->columns);
    struct ncm_column *c = &f->columns[f->n_columns++];
    *c = (struct ncm_column){.name = ncm_strdup(name),
                             .type = NCM_COLUMN_CATEGORY,
                             .other = NCM_NO_CODE,
                             .n_missing = f->n_rows};
    c->codes = ncm_alloc(f->n_rows + 1, sizeof *c->codes);
    c->words = ncm_alloc(1, sizeof(char *));
    c->counts = ncm_alloc(1, sizeof *c->counts);
    memset(c->codes, 0xff, f->n_rows * sizeof *c->codes);
}

static void fresh_state(struct ncm_evaluator *e)
{
    struct ncm_watched *w = &e->watched;
    w->rows = w->bad_rows = w->late_rows = 0;
    w->last_row_ms = NCM_NO_TIME;
    w->warning[0] = '\0';
}

/* The first chunk says which columns there are, where no reference does. */
static void take_schema(struct ncm_evaluator *e, const struct ncm_frame *f)
{
    struct ncm_rows_eval *r = e->own;
    ncm_pane_schema_init(&r->schema, r->reference != NULL ? r->reference : f, &e->monitor);
    for (size_t i = 0; r->base != NULL && i < r->schema.n; i++) {
        const struct ncm_base_feature *b = ncm_baseline_find(r->base, r->schema.columns[i].name, i);
        if (b != NULL && b->bins.n > 0) {
            r->schema.columns[i].bins = ncm_bins_copy(&b->bins);
        }
    }
    if (e->monitor.reference_kind == NCM_REFERENCE_VERSION) {
        r->version_pane = ncm_pane_new(&r->schema, 0);
    }
    r->schema_known = true;
}

/* Stored windows were judged by what was learned from the reference: as ops/drift/compare.c does,
 * not below half and the whole of the method's own warning. */
static void expect_learned(struct ncm_evaluator *e)
{
    const struct ncm_rows_eval *r = e->own;
    const struct ncm_drift_method *m;
    struct ncm_err ignored;
    bool own = !isnan(e->monitor.warning) || !isnan(e->monitor.critical);
    for (size_t i = 0; r->base != NULL && !own && i < e->watched.n_features; i++) {
        struct ncm_watched_feature *f = &e->watched.features[i];
        const struct ncm_base_feature *b = ncm_baseline_find(r->base, f->name, i);
        if (b == NULL || isnan(b->critical) || f->method == NULL ||
            !ncm_drift_method_named(f->method, &m, &ignored) || m->is_p) {
            continue;
        }
        double floor = isnan(m->warning) ? 0 : m->warning;
        f->critical = fmax(b->critical, floor);
        f->warning = fmin(f->critical, fmax(b->warning, floor / 2));
        f->learned = true;
    }
}

static bool knows_versions(const struct ncm_monitor *m, struct ncm_err *err)
{
    bool asked = m->reference_kind == NCM_REFERENCE_VERSION || m->current_version != NULL;
    if (!asked || m->version_column != NULL) {
        return true;
    }
    ncm_fail(err, NCM_USAGE, "%s", _("which version answered a row is not known"));
    return ncm_hint(err, "%s", _("the monitor's setting 'version' names the column"));
}

static bool open_rows(struct ncm_evaluator *e, struct ncm_control *control, struct ncm_err *err)
{
    if (!knows_versions(&e->monitor, err)) {
        return false;
    }
    struct ncm_rows_eval *r = ncm_alloc(1, sizeof *r);
    struct ncm_row_wishes wish;
    e->own = r;
    r->newest_ms = NCM_NO_TIME;
    r->closed_index = r->known_index = INT64_MIN;
    fresh_state(e);
    bool ok = ncm_row_watch_reference(e, control, err);
    ncm_row_watch_options(&e->monitor, &wish);
    wish.o.rows.follow = true;
    if (e->monitor.version_column != NULL && r->reference != NULL) {
        add_column(r->reference, e->monitor.version_column);
    }
    wish.o.frame.schema = r->reference;
    ok = ok && ncm_log_follow_open(e->monitor.current, &wish.o, &r->log, err);
    ncm_row_watch_options_release(&wish);
    if (!ok) {
        close_rows(e);
        e->own = NULL;
        return false;
    }
    if (e->stored_ms != NCM_NO_TIME && e->monitor.window_rows == 0) {
        int64_t pane = ncm_row_watch_pane(&e->monitor);
        r->known_index = e->stored_ms / pane - 1;
        /* The next window needs panes of those that are stored. */
        r->closed_index = r->known_index - ncm_row_watch_panes_a_window(&e->monitor) + 1;
    }
    if (r->reference != NULL) {
        take_schema(e, r->reference);
    }
    expect_learned(e);
    resume(e);
    return true;
}

static void note_facts(struct ncm_evaluator *e)
{
    struct ncm_rows_eval *r = e->own;
    struct ncm_log_facts facts;
    ncm_log_follow_facts(r->log, &facts);
    e->watched.bad_rows = facts.bad_rows;
    e->progress = facts.total_bytes > 0 ? (double)facts.bytes / (double)facts.total_bytes : 1;
    e->watched.warning[0] = '\0';
    if (facts.n_files == 0) {
        snprintf(e->watched.warning, sizeof e->watched.warning, _("no file is there yet: %s"),
                 e->monitor.current);
    } else if (facts.bad_rows > 0 && facts.n_kept > 0) {
        const struct ncm_bad_row *b = &facts.kept[0];
        snprintf(e->watched.warning, sizeof e->watched.warning, _("%lld bad rows, first %s:%lld"),
                 (long long)facts.bad_rows, b->file, (long long)b->line);
    } else if (facts.values.parse_failures > 0) {
        snprintf(e->watched.warning, sizeof e->watched.warning,
                 _("%lld values are no numbers, first in %s"),
                 (long long)facts.values.parse_failures, facts.values.failed_column);
    } else if (e->watched.late_rows > 0) {
        snprintf(e->watched.warning, sizeof e->watched.warning,
                 _("%lld rows are in no window: too late, far ahead or without a time"),
                 (long long)e->watched.late_rows);
    }
}

static bool step_rows(struct ncm_evaluator *e, int64_t now_ms, struct ncm_control *control,
                      bool *more, struct ncm_err *err)
{
    struct ncm_rows_eval *r = e->own;
    int64_t until = ncm_mono_ms() + STEP_MS;
    enum ncm_rows_got got = NCM_ROWS_BATCH;
    while (got == NCM_ROWS_BATCH && ncm_mono_ms() < until) {
        struct ncm_frame *chunk = NULL;
        ncm_free(r->before);
        r->before = ncm_log_follow_position(r->log);
        r->in_batch = 0;
        got = ncm_log_follow_next(r->log, &chunk, control->cancel, err);
        if (got == NCM_ROWS_BATCH) {
            if (!r->schema_known) {
                take_schema(e, chunk);
            }
            if (r->time_name == NULL) {
                r->time_name = ncm_strdup(chunk->time_name);
            }
            ncm_row_watch_take(e, chunk, now_ms);
            r->caught_up = false;
            ncm_row_watch_close(e, now_ms);
        }
        ncm_frame_free(chunk);
    }
    if (got == NCM_ROWS_ERROR) {
        return false;
    }
    *more = got == NCM_ROWS_BATCH;
    r->caught_up = !*more;
    ncm_row_watch_close(e, now_ms);
    ncm_row_watch_figures(e);
    note_facts(e);
    return true;
}

/* The pane whose first row came first: rows need not be in the order of their times. */
static const struct ncm_pane *first_begun(const struct ncm_rows_eval *r)
{
    const struct ncm_pane *first = r->n_panes > 0 ? r->panes[0] : NULL;
    for (size_t i = 1; i < r->n_panes; i++) {
        first = r->panes[i]->number < first->number ? r->panes[i] : first;
    }
    return first;
}

static char *position_rows(const struct ncm_evaluator *e)
{
    const struct ncm_rows_eval *r = e->own;
    if (r == NULL || r->log == NULL || r->skip > 0 ||
        e->monitor.reference_kind == NCM_REFERENCE_VERSION) {
        return NULL;
    }
    const struct ncm_pane *p = first_begun(r);
    if (p != NULL) {
        int64_t last = r->closed_index > r->known_index ? r->closed_index : r->known_index;
        int64_t closed = last >= p->index ? last - p->index + 1 : 0;
        return ncm_sprintf("%lld %lld %s", (long long)p->skip, (long long)closed,
                           p->position != NULL ? p->position : "");
    }
    char *here = ncm_log_follow_position(r->log);
    char *text = ncm_sprintf("0 0 %s", here != NULL ? here : "");
    ncm_free(here);
    return text;
}

static bool compare_rows(struct ncm_evaluator *e, size_t feature, size_t window,
                         struct ncm_arena *a, struct ncm_drift_column *out, struct ncm_err *err)
{
    struct ncm_rows_eval *r = e->own;
    const struct ncm_watched_feature *f = &e->watched.features[feature];
    const struct ncm_summary *s = f->figures[window].summary;
    struct ncm_baseline *made =
        r != NULL && r->base == NULL ? ncm_row_watch_reference_of(e, window) : NULL;
    const struct ncm_baseline *base = r == NULL ? NULL : r->base != NULL ? r->base : made;
    const struct ncm_base_feature *ref =
        base != NULL ? ncm_baseline_find(base, f->name, feature) : NULL;
    bool ok = s != NULL && ref != NULL
                  ? ncm_baseline_compare(ref, s, &e->monitor, a, out, err)
                  : ncm_fail(err, NCM_NOT_FOUND,
                             s == NULL ? _("there are no rows of that window")
                                       : _("there is no reference for that window yet"));
    ncm_baseline_free(made);
    return ok;
}

/* "LO..HI" of numbers, "=WORD", "missing". */
static bool question_of(const char *bar, struct ncm_row_question *q, struct ncm_err *err)
{
    if (strcmp(bar, "missing") == 0) {
        q->test = NCM_ROW_MISSING;
        return true;
    }
    if (bar[0] == '=') {
        q->test = NCM_ROW_WORD;
        q->word = bar + 1;
        return true;
    }
    const char *dots = strstr(bar, "..");
    char *lo = dots != NULL ? ncm_strndup(bar, (size_t)(dots - bar)) : NULL;
    bool ok = dots != NULL && ncm_parse_double(lo, &q->lo) && ncm_parse_double(dots + 2, &q->hi);
    q->test = NCM_ROW_WITHIN;
    q->above_lo = true;
    ncm_free(lo);
    return ok || ncm_fail(err, NCM_USAGE, _("'%s' is no bar: LO..HI, =WORD or missing"), bar);
}

static void take_found(const struct ncm_found_rows *found, struct ncm_drift_rows_snapshot *out)
{
    struct ncm_arena *a = out->head.arena;
    out->n_columns = found->n_columns;
    out->columns = ncm_arena_alloc(a, found->n_columns + 1, sizeof *out->columns);
    for (size_t i = 0; i < found->n_columns; i++) {
        out->columns[i] = ncm_arena_cstr(a, found->columns[i]);
    }
    out->n = found->n;
    out->more = found->more;
    out->cells = ncm_arena_alloc(a, found->n * found->n_columns + 1, sizeof *out->cells);
    out->places = ncm_arena_alloc(a, found->n + 1, sizeof *out->places);
    for (size_t i = 0; i < found->n; i++) {
        const struct ncm_found_row *row = &found->rows[i];
        char *place = ncm_sprintf("%s:%lld", row->file, (long long)row->line);
        out->places[i] = ncm_arena_cstr(a, place);
        ncm_free(place);
        for (size_t k = 0; k < found->n_columns; k++) {
            out->cells[i * found->n_columns + k] =
                ncm_arena_cstr(a, k < row->n_fields ? row->fields[k] : NULL);
        }
    }
}

/* After a restart without a new row nothing has told yet which column holds the time: the log's
 * first rows do. Without it every row of the log would be one of the window. */
static bool learn_time(struct ncm_evaluator *e, const struct ncm_log_options *o,
                       struct ncm_control *control, struct ncm_err *err)
{
    struct ncm_rows_eval *r = e->own;
    struct ncm_log_follow *log = NULL;
    struct ncm_frame *chunk = NULL;
    if (r->time_name != NULL || e->monitor.window_rows > 0) {
        return true;
    }
    if (!ncm_log_follow_open(e->monitor.current, o, &log, err)) {
        return false;
    }
    enum ncm_rows_got got = ncm_log_follow_next(log, &chunk, control->cancel, err);
    if (got == NCM_ROWS_BATCH && chunk->time_name != NULL) {
        r->time_name = ncm_strdup(chunk->time_name);
    }
    ncm_frame_free(chunk);
    ncm_log_follow_close(log);
    return got != NCM_ROWS_ERROR;
}

static bool rows_behind(struct ncm_evaluator *e, size_t feature, size_t window, const char *bar,
                        size_t most, struct ncm_control *control,
                        struct ncm_drift_rows_snapshot *out, struct ncm_err *err)
{
    struct ncm_rows_eval *r = e->own;
    struct ncm_row_wishes wish;
    struct ncm_found_rows *found = NULL;
    const struct ncm_watched_feature *f = &e->watched.features[feature];
    ncm_row_watch_options(&e->monitor, &wish);
    if (!learn_time(e, &wish.o, control, err)) {
        ncm_row_watch_options_release(&wish);
        return false;
    }
    struct ncm_row_question q = {
        .column = f->name,
        .number = f->type == NCM_COLUMN_NUMBER,
        .time = e->monitor.window_rows > 0 ? NULL : r->time_name,
        .since_ms = e->watched.windows[window].start_ms,
        .until_ms = e->watched.windows[window].end_ms,
        .most = most,
    };
    bool ok = question_of(bar, &q, err) &&
              ncm_log_find_rows(e->monitor.current, &wish.o, &q, &found, control->cancel, err);
    if (ok) {
        take_found(found, out);
    }
    ncm_found_rows_free(found);
    ncm_row_watch_options_release(&wish);
    return ok;
}

const struct ncm_evaluator_kind ncm_rows_evaluator = {
    .open = open_rows,
    .close = close_rows,
    .step = step_rows,
    .compare = compare_rows,
    .position = position_rows,
    .rows = rows_behind,
};
