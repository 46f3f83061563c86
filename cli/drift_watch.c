/* ncmlops drift watch: monitors without a screen. */
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "api/watch.h"
#include "cli.h"

static atomic_bool watch_stop;

static void on_stop(int signal_number)
{
    (void)signal_number;
    atomic_store(&watch_stop, true);
}

static void catch_stop(void)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    struct sigaction sa = {.sa_handler = on_stop};
    sigemptyset(&sa.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        sigaction(signals[i], &sa, NULL);
    }
}

static void json_num(struct ncm_json *j, const char *key, double v)
{
    ncm_json_key(j, key);
    if (isnan(v)) {
        ncm_json_null(j);
    } else {
        ncm_json_num(j, v);
    }
}

static void feature_json(struct ncm_json *j, const struct ncm_drift_feature *f)
{
    ncm_json_obj(j);
    cli_json_str(j, "feature", f->name);
    cli_json_text(j, "type", f->type == NCM_COLUMN_NUMBER ? "numeric" : "categorical");
    cli_json_str(j, "method", f->method);
    json_num(j, "value", f->last);
    json_num(j, "warning", f->warning);
    json_num(j, "threshold", f->critical);
    cli_json_text(j, "state", ncm_drift_state_word(f->state));
    cli_json_time(j, "since", f->since_ms);
    ncm_json_end_obj(j);
}

/* The newest complete window; NULL without. */
static const struct ncm_drift_window *newest(const struct ncm_drift_monitor *m)
{
    for (size_t i = m->n_windows; i > 0; i--) {
        if (!m->windows[i - 1].open) {
            return &m->windows[i - 1];
        }
    }
    return NULL;
}

static void monitor_json(struct ncm_json *j, const void *item)
{
    const struct ncm_drift_monitor *m = item;
    const struct ncm_drift_window *w = newest(m);
    ncm_json_obj(j);
    cli_json_str(j, "model", m->model);
    cli_json_str(j, "monitor", m->name);
    cli_json_text(j, "state", ncm_drift_state_word(m->state));
    cli_json_str(j, "source", m->source);
    cli_json_str(j, "reference", m->reference);
    cli_json_str(j, "window", m->window);
    cli_json_time(j, "start", w != NULL ? w->start_ms : NCM_NO_TIME);
    cli_json_time(j, "end", w != NULL ? w->end_ms : NCM_NO_TIME);
    cli_json_count(j, "rows", w != NULL ? w->rows : -1);
    ncm_json_key(j, "windows");
    ncm_json_i64(j, (int64_t)m->n_windows);
    cli_json_count(j, "bad_rows", m->bad_rows);
    cli_json_time(j, "firing_since", m->firing_since_ms);
    cli_json_str(j, "error", m->error);
    cli_json_str(j, "warning", m->warning);
    ncm_json_key(j, "features");
    ncm_json_arr(j);
    for (size_t i = 0; i < m->n_features; i++) {
        feature_json(j, &m->features[i]);
    }
    ncm_json_end_arr(j);
    ncm_json_end_obj(j);
}

static const struct cli_column monitor_columns[] = {
    {N_("MODEL"), false},  {N_("MONITOR"), false},  {N_("STATE"), false}, {N_("WORST"), false},
    {N_("VALUE"), true},   {N_("THRESHOLD"), true}, {N_("SINCE"), false}, {N_("ROWS"), true},
    {N_("WINDOW"), false}, {N_("ERROR"), false},
};

static void cell_num(struct cli_cells *cells, double v)
{
    char text[40];
    cli_cell_text(cells, isnan(v) ? "–" : ncm_fmt_num(text, sizeof text, v, 4));
}

static void monitor_cells(struct cli_cells *cells, const void *item)
{
    const struct ncm_drift_monitor *m = item;
    const struct ncm_drift_window *w = newest(m);
    const struct ncm_drift_feature *f = m->n_features > 0 ? &m->features[0] : NULL;
    cli_cell(cells, m->model);
    cli_cell(cells, m->name);
    cli_cell_text(cells, ncm_drift_state_word(m->state));
    cli_cell(cells, f != NULL ? f->name : (struct ncm_str){0});
    cell_num(cells, f != NULL ? f->last : NAN);
    cell_num(cells, f != NULL ? f->critical : NAN);
    cli_cell_time(cells, f != NULL ? f->since_ms : NCM_NO_TIME);
    cli_cell_count(cells, w != NULL ? w->rows : -1);
    cli_cell_time(cells, w != NULL ? w->end_ms : NCM_NO_TIME);
    cli_cell(cells, m->error.len > 0 ? m->error : m->warning);
}

struct watching {
    struct cli *c;
    struct ncm_err *err;
    bool once, ok;
    enum ncm_drift_state *before; /* one a monitor, in the order of their names */
};

/* A line whenever a monitor's state is another one than before. */
static void say_changes(struct watching *x, const struct ncm_drift_snapshot *s)
{
    if (x->before == NULL) {
        x->before = ncm_alloc(s->n + 1, sizeof *x->before);
        for (size_t i = 0; i < s->n; i++) {
            x->before[i] = NCM_DRIFT_GAP;
        }
    }
    for (size_t i = 0; i < s->n; i++) {
        const struct ncm_drift_monitor *m = &s->items[i];
        size_t place = 0; /* the snapshot's order follows the states */
        for (size_t k = 0; k < s->n; k++) {
            int by_model = ncm_str_compare(s->items[k].model, m->model);
            place +=
                by_model < 0 || (by_model == 0 && ncm_str_compare(s->items[k].name, m->name) < 0);
        }
        if (x->before[place] == m->state) {
            continue;
        }
        char time[40], value[40], line[512];
        const struct ncm_drift_feature *f = m->n_features > 0 ? &m->features[0] : NULL;
        x->before[place] = m->state;
        ncm_fmt_time(time, sizeof time, ncm_now_ms(), true);
        int n = snprintf(line, sizeof line, "%s %s/%s %s %s %s\n", time, ncm_cstr(m->model),
                         ncm_cstr(m->name), ncm_drift_state_word(m->state),
                         f != NULL ? ncm_cstr(f->name) : "",
                         f != NULL ? ncm_fmt_num(value, sizeof value, f->last, 4) : "");
        struct ncm_buf clean;
        ncm_buf_init(&clean, sizeof line * 4);
        ncm_text_clean(&clean, line, n > 0 ? strlen(line) - 1 : 0, NCM_CLEAN_LINE);
        ncm_buf_putc(&clean, '\n');
        cli_write(x->c, clean.p, clean.len);
        ncm_buf_release(&clean);
    }
}

static void report(void *to, const struct ncm_drift_snapshot *s, const char *note)
{
    struct watching *x = to;
    if (note != NULL) {
        cli_note(x->c, "ncmlops: %s", note);
    }
    if (!x->once && x->c->form == CLI_TABLE) {
        say_changes(x, s);
        x->ok = cli_stdout_ok(x->err) && x->ok; /* whoever reads a pipe is told now */
        return;
    }
    struct cli_array array = {s->items, sizeof *s->items};
    const struct cli_list l = {
        .columns = monitor_columns,
        .n_columns = sizeof monitor_columns / sizeof monitor_columns[0],
        .n = s->n,
        .ctx = &array,
        .at = cli_array_at,
        .json = monitor_json,
        .cells = monitor_cells,
    };
    x->ok = cli_print_list(x->c, &l, x->err) && cli_stdout_ok(x->err) && x->ok;
    for (size_t i = 0; i < s->n; i++) {
        if (s->items[i].state == NCM_DRIFT_CRITICAL && cli_flag(x->c, "exit-code")) {
            x->c->status = 10;
        }
    }
}

bool cli_drift_watch(struct cli *c, struct ncm_err *err)
{
    struct ncm_session *s = cli_session(c, err);
    if (s == NULL) {
        return false;
    }
    struct watching x = {.c = c, .err = err, .once = cli_flag(c, "once"), .ok = true};
    const struct ncm_watch_loop o = {
        .once = x.once, .stop = &watch_stop, .report = report, .to = &x};
    catch_stop();
    bool ok = ncm_watch_run(s, &o, err) && x.ok;
    ncm_free(x.before);
    return ok;
}
