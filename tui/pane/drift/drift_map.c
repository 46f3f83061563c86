/* The heat map: monitors and their features against time. */
#include "pane/drift/drift.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ui/plot_axis.h"

enum map_column { M_FEATURE, M_HEAT, M_VALUE, M_THRESHOLD, M_SINCE, M_METHOD };

enum role drift_role(enum ncm_drift_state s)
{
    static const enum role roles[] = {ROLE_UNKNOWN, ROLE_UNKNOWN, ROLE_UNKNOWN,
                                      ROLE_OK,      ROLE_WARN,    ROLE_FAIL};
    return roles[s];
}

char *drift_state_text(char *out, size_t outsz, enum ncm_drift_state s)
{
    static const char *const words[] = {N_("gap"), N_("no data"), N_("too few rows"),
                                        N_("ok"),  N_("warning"), N_("critical")};
    static const enum sign signs[] = {SIGN_DASH, SIGN_DASH, SIGN_LOADING,
                                      SIGN_LIVE, SIGN_WARN, SIGN_CROSS};

    snprintf(out, outsz, "%s %s", sign(signs[s]), _(words[s]));
    return out;
}

char *drift_number(char *out, size_t outsz, double v)
{
    if (isnan(v)) {
        snprintf(out, outsz, "%s", sign(SIGN_DASH));
    } else {
        ncm_fmt_num(out, outsz, v, 3);
    }
    return out;
}

char *drift_threshold_text(char *out, size_t outsz, const struct ncm_drift_feature *f)
{
    char a[32], b[32];

    drift_number(a, sizeof a, f->warning);
    drift_number(b, sizeof b, f->critical);
    if (isnan(f->warning) && isnan(f->critical)) {
        snprintf(out, outsz, "%s", sign(SIGN_DASH));
    } else if (isnan(f->warning) || isnan(f->critical)) {
        snprintf(out, outsz, "%s %s", f->side == NCM_BAD_BELOW ? "<" : ">",
                 isnan(f->warning) ? b : a);
    } else {
        snprintf(out, outsz, "%s %s / %s", f->side == NCM_BAD_BELOW ? "<" : ">", a, b);
    }
    return out;
}

char *drift_window_text(char *out, size_t outsz, const struct ncm_drift_window *w)
{
    char from[40], to[40], clock[16];

    ncm_fmt_time(from, sizeof from, w->start_ms, false);
    ncm_fmt_time(to, sizeof to, w->end_ms, false);
    bool same_day = strlen(from) > 10 && strncmp(from, to, 10) == 0;
    ncm_fmt_clock(clock, sizeof clock, w->end_ms);
    snprintf(out, outsz, "%s%s%s", strlen(from) > 5 ? from + 5 : from, ncm_text_utf8() ? "–" : "-",
             same_day || strlen(to) < 6 ? clock : to + 5);
    return out;
}

/* ---- the table ---- */

static size_t map_count(void *ctx)
{
    return ((const struct drift *)ctx)->n_rows;
}

static bool map_heading(void *ctx, size_t row)
{
    return ((const struct drift *)ctx)->rows[row].feature == DRIFT_HEADING;
}

static void clip(char *out, size_t outsz, struct ncm_str s, int cells)
{
    ncm_text_clip(out, outsz, ncm_cstr(s), s.len, cells);
}

/* How a monitor is: its state, or why it has no newer figure; how old its newest row is. */
static void state_right(const struct drift *d, const struct ncm_drift_monitor *m,
                        struct table_cell *out)
{
    char state[64], age[40] = "", rows[40];

    out->role = drift_role(m->state);
    drift_state_text(state, sizeof state, m->state);
    if (m->last_row_ms != NCM_NO_TIME) {
        char old[32];
        ncm_fmt_age(old, sizeof old, ncm_ms_between(m->last_row_ms, ncm_now_ms()));
        snprintf(age, sizeof age, " · %s", old);
    }
    if (m->error.p != NULL) {
        char why[400];
        bool roomy = d->map_w >= 100; /* the line below says it where there is less */
        clip(why, sizeof why, m->error, d->map_w / 2);
        snprintf(out->text, sizeof out->text, "%s %s%s", sign(SIGN_OFFLINE),
                 roomy ? why : _("cannot be read"), age);
        out->role = ROLE_FAIL;
    } else if (drift_looked_at(d, m)) {
        char settings[120];
        ncm_text_clip(settings, sizeof settings, d->settings, strlen(d->settings),
                      d->map_w >= 110 ? 40 : 18);
        snprintf(out->text, sizeof out->text, _("what if %s%s"), settings,
                 d->look.snap == NULL ? sign(SIGN_ELLIPSIS) : "");
        out->role = ROLE_MARK;
    } else if (d->map_w >= 100 && m->rows > 0) {
        ncm_fmt_count(rows, sizeof rows, m->rows);
        snprintf(out->text, sizeof out->text, _("%s · %s rows%s"), state, rows, age);
    } else {
        snprintf(out->text, sizeof out->text, "%s%s", state, age);
    }
    if (m->warning.p != NULL) {
        size_t used = strlen(out->text);
        snprintf(out->text + used, sizeof out->text - used, " %s", sign(SIGN_WARN));
    }
}

static void map_heading_right(void *ctx, size_t row, struct table_cell *out)
{
    const struct drift *d = ctx;
    state_right(d, drift_monitor(d, d->rows[row].monitor), out);
}

static void heading_left(const struct drift *d, const struct ncm_drift_monitor *m,
                         struct table_cell *out)
{
    struct table_cell right = {.role = ROLE_TEXT};
    char model[120], name[120], reference[120] = "", window[64] = "";

    state_right(d, m, &right);
    int room = d->map_w - ncm_text_width(right.text) - 4;
    clip(model, sizeof model, m->model, 30);
    clip(name, sizeof name, m->name, 30);
    if (m->reference.len > 0) {
        clip(reference, sizeof reference, m->reference, 36);
    }
    if (m->window.len > 0) {
        clip(window, sizeof window, m->window, 16);
    }
    const char *dot = ncm_text_utf8() ? "·" : "|";
    snprintf(out->text, sizeof out->text, "%s %s %s", model, dot, name);
    const char *more[] = {window, reference};
    for (size_t i = 0; i < 2; i++) {
        char next[1024];
        if (more[i][0] == '\0') {
            continue;
        }
        snprintf(next, sizeof next, i == 0 ? "%s %s %s" : _("%s %s against %s"), out->text, dot,
                 more[i]);
        bool fits = ncm_text_width(next) <= room;
        if (fits || (i == 1 && ncm_text_width(out->text) + 24 <= room)) {
            ncm_text_clip(out->text, sizeof out->text, next, strlen(next), room);
        }
    }
    if (room > 4 && ncm_text_width(out->text) > room) {
        char cut[512];
        ncm_text_clip(cut, sizeof cut, out->text, strlen(out->text), room);
        snprintf(out->text, sizeof out->text, "%s", cut);
    }
}

static void heat_cells(struct drift *d, const struct ncm_drift_monitor *m,
                       const struct ncm_drift_feature *f, struct table_cell *out)
{
    size_t end = d->axis.n > d->scrolled ? d->axis.n - d->scrolled : 0;
    size_t first = end > DRIFT_MAX_CELLS ? end - DRIFT_MAX_CELLS : 0;
    size_t cursor = drift_cursor_column(d);

    for (size_t i = first; i < end; i++) {
        int64_t from, to;
        size_t window;
        drift_column_time(&d->axis, i, &from, &to);
        d->cells[i - first] = drift_cell(m, f, from, to, &window);
    }
    out->heat = d->cells;
    out->n_heat = end - first;
    out->heat_cursor = cursor == SIZE_MAX || cursor < first ? SIZE_MAX : cursor - first;
    out->heat_w = d->map_w >= 110 && d->axis.n * 2 + 70 <= (size_t)d->map_w ? 2 : 1;
}

/* The value where the cursor is, else the newest. */
static void value_cell(const struct drift *d, const struct ncm_drift_monitor *m,
                       const struct ncm_drift_feature *f, struct table_cell *out)
{
    char number[40];
    size_t window = drift_window(d, m, f);
    enum ncm_drift_state state = f->state;

    if (drift_cursor_column(d) != SIZE_MAX) {
        int64_t from, to;
        drift_column_time(&d->axis, drift_cursor_column(d), &from, &to);
        state = (enum ncm_drift_state)drift_cell(m, f, from, to, &window).state;
    }
    double value = window != SIZE_MAX ? f->points[window].value : NAN;
    const char *mark = state == NCM_DRIFT_CRITICAL  ? sign(SIGN_CROSS)
                       : state == NCM_DRIFT_WARNING ? sign(SIGN_WARN)
                                                    : "";
    snprintf(out->text, sizeof out->text, "%s%s%s", mark, *mark != '\0' ? " " : "",
             drift_number(number, sizeof number, value));
    out->role = drift_role(state);
}

static void map_cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    struct drift *d = ctx;
    const struct ncm_drift_monitor *m = drift_monitor(d, d->rows[row].monitor);

    if (d->rows[row].feature == DRIFT_HEADING) {
        heading_left(d, m, out);
        return;
    }
    if (d->rows[row].feature == DRIFT_NO_FEATURE) {
        if (column == M_FEATURE) {
            snprintf(out->text, sizeof out->text, "%s", sign(SIGN_DASH));
            out->role = ROLE_DIM;
        }
        return;
    }
    const struct ncm_drift_feature *f = &m->features[d->rows[row].feature];
    switch ((enum map_column)column) {
    case M_FEATURE:
        out->raw = f->name;
        out->is_raw = out->cut_middle = true;
        break;
    case M_HEAT:
        heat_cells(d, m, f, out);
        break;
    case M_VALUE:
        value_cell(d, m, f, out);
        break;
    case M_THRESHOLD:
        drift_threshold_text(out->text, sizeof out->text, f);
        out->role = ROLE_DIM;
        break;
    case M_SINCE:
        if (f->since_ms != NCM_NO_TIME) {
            ncm_fmt_age(out->text, sizeof out->text, ncm_ms_between(f->since_ms, ncm_now_ms()));
        } else {
            snprintf(out->text, sizeof out->text, "%s", sign(SIGN_DASH));
        }
        out->role = f->state >= NCM_DRIFT_WARNING ? drift_role(f->state) : ROLE_DIM;
        break;
    case M_METHOD:
        clip(out->text, sizeof out->text, f->method, 24);
        out->role = ROLE_DIM;
        break;
    }
}

struct table_model drift_map_model(struct drift *d)
{
    return (struct table_model){.ctx = d,
                                .count = map_count,
                                .cell = map_cell,
                                .heading = map_heading,
                                .heading_right = map_heading_right};
}

/* ---- around it ---- */

/* Times over the cells, as many as there is room for. */
static void draw_times(struct drift *d, const struct canvas *c)
{
    double at[PLOT_MAX_TICKS], step;
    int w = d->table.heat_w, cell_w = 1;
    size_t end = d->axis.n > d->scrolled ? d->axis.n - d->scrolled : 0;

    if (w < 12 || end == 0) {
        return;
    }
    cell_w = d->map_w >= 110 && d->axis.n * 2 + 70 <= (size_t)d->map_w ? 2 : 1;
    size_t shown = (size_t)(w / cell_w) < end ? (size_t)(w / cell_w) : end;
    int64_t from, to, ignored;
    drift_column_time(&d->axis, end - shown, &from, &ignored);
    drift_column_time(&d->axis, end - 1, &ignored, &to);
    int cells = (int)shown * cell_w, x0 = d->table.heat_x + w - cells, until = -1;
    size_t n = plot_time_ticks((double)from, (double)to, true, (size_t)(cells / 9 + 1), at, &step);
    paint_fill(c, 0, d->table.heat_x, 1, w, ROLE_TEXT);
    for (size_t i = 0; i < n; i++) {
        char label[40];
        plot_x_label(label, sizeof label, PLOT_WALL, at[i], step);
        int x = (int)((at[i] - (double)from) / ((double)to - (double)from) * cells);
        int used = ncm_text_width(label);
        if (x > until && x + used <= cells) {
            paint(c, 0, x0 + x, ROLE_DIM, 0, label);
            until = x + used;
        }
    }
}

/* What is under the cursor, or what is wrong with the monitor. */
static void draw_foot(struct drift *d, const struct canvas *c, int y, int rows)
{
    const struct ncm_drift_monitor *m = drift_selected(d);
    const struct ncm_drift_feature *f = drift_selected_feature(d);
    char window[80], value[40], count[40], text[400], name[80];

    if (m == NULL) {
        return;
    }
    size_t at = drift_window(d, m, f);
    if (drift_cursor_column(d) != SIZE_MAX && f != NULL) {
        int64_t from, to;
        drift_column_time(&d->axis, drift_cursor_column(d), &from, &to);
        drift_cell(m, f, from, to, &at);
    }
    if (at == SIZE_MAX || f == NULL) {
        snprintf(text, sizeof text, "%s",
                 f == NULL ? _("No figure yet.") : _("Nobody watched in this column."));
    } else {
        const struct ncm_drift_window *w = &m->windows[at];
        char state[64];
        clip(name, sizeof name, f->name, 24);
        snprintf(text, sizeof text, _("%s · %s · %s · %s rows%s · %s"),
                 drift_window_text(window, sizeof window, w),
                 drift_number(value, sizeof value, f->points[at].value),
                 drift_state_text(state, sizeof state, f->points[at].state),
                 ncm_fmt_count(count, sizeof count, w->rows), w->open ? _(", still open") : "",
                 name);
    }
    paint_hline(c, y, 0, c->w, ROLE_BORDER);
    paint_cut(c, y + 1, 1, c->w - 2, 0, d->cursor_ms != NCM_NO_TIME ? ROLE_FOCUS : ROLE_DIM, 0,
              text);
    if (rows >= 3) {
        bool wrong = m->error.p != NULL;
        struct ncm_str say = wrong ? m->error : m->warning;
        paint_raw(c, y + 2, 1, c->w - 2, 0, wrong ? ROLE_FAIL : ROLE_WARN, 0, say);
    }
}

static void count_states(const struct drift *d, size_t *critical, size_t *warning)
{
    *critical = *warning = 0;
    for (size_t i = 0; i < drift_n_monitors(d); i++) {
        const struct ncm_drift_monitor *m = drift_monitor(d, i);
        for (size_t k = 0; k < m->n_features; k++) {
            *critical += m->features[k].state == NCM_DRIFT_CRITICAL;
            *warning += m->features[k].state == NCM_DRIFT_WARNING;
        }
    }
}

static void draw_title(const struct drift *d, const struct canvas *c)
{
    char title[256], right[120] = "";
    size_t critical, warning;

    count_states(d, &critical, &warning);
    snprintf(right, sizeof right, "%s %zu  %s %zu", sign(SIGN_CROSS), critical, sign(SIGN_WARN),
             warning);
    if (d->filter != NULL) {
        char words[80];
        ncm_text_clip(words, sizeof words, d->filter, strlen(d->filter), 30);
        snprintf(title, sizeof title, _("Drift (filter: %s)"), words);
    } else {
        size_t n = drift_n_monitors(d);
        snprintf(title, sizeof title, ngettext("Drift (%zu monitor)", "Drift (%zu monitors)", n),
                 n);
    }
    paint_head(c, 0, title, right, true);
}

/* Keeps the cursor's column in what is shown. */
static void scroll(struct drift *d)
{
    size_t cursor = drift_cursor_column(d);
    size_t room = d->table.heat_w > 0 ? (size_t)d->table.heat_w : 24;

    if (cursor == SIZE_MAX) {
        d->scrolled = 0;
        return;
    }
    size_t back = d->axis.n - 1 - cursor;
    if (back < d->scrolled) {
        d->scrolled = back;
    } else if (back >= d->scrolled + room) {
        d->scrolled = back - room + 1;
    }
}

void drift_draw_map(struct drift *d, const struct canvas *c)
{
    const struct ncm_drift_monitor *m = drift_selected(d);
    bool says = m != NULL && (m->error.p != NULL || m->warning.p != NULL);
    int foot = c->h >= 9 ? 2 + says : 0;
    bool wide = c->w >= 110;
    const struct table_column columns[] = {
        {.title = _("FEATURE"), .min = 8, .want = wide ? 28 : 16},
        {.title = "", .min = 8, .want = 0},
        {.title = _("VALUE"), .min = 7, .want = 9, .align = 1},
        {.title = _("THRESHOLDS"), .min = 11, .want = 13, .align = 1, .priority = 3},
        {.title = _("SINCE"), .min = 5, .want = 5, .align = 1, .priority = 1},
        {.title = _("METHOD"), .min = 6, .want = 12, .priority = wide ? 4 : 9},
    };

    if (drift_n_monitors(d) == 0) {
        drift_draw_start(d, c);
        return;
    }
    d->map_w = c->w;
    d->axis = drift_axis(d);
    scroll(d);
    draw_title(d, c);
    memcpy(d->columns, columns, sizeof columns);
    d->table.columns = d->columns;
    d->table.n_columns = sizeof columns / sizeof *columns - (wide ? 0 : 1);
    d->table.fixed = 2;
    struct canvas body = canvas_part(c, 1, 0, c->h - 1 - foot, -1);
    struct table_model model = drift_map_model(d);
    table_draw(&d->table, &model, &body, true, _("No feature matches the filter. Esc clears it."));
    draw_times(d, &body);
    if (foot > 0) {
        draw_foot(d, c, c->h - foot, foot);
    }
}
