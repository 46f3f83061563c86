/* Experiments, runs and metrics: what is read. */
#include <string.h>

#include "cli.h"

enum {
    WINDOW = 1024, /* rows asked for at a time */
    DEFAULT_LIMIT = 100,
    EXPERIMENT_CELLS = 24,
};

/* ---- experiments ---------------------------------------------------------------------------- */

static void experiment_json(struct ncm_json *j, const void *item)
{
    const struct ncm_experiment *e = item;
    ncm_json_obj(j);
    cli_json_str(j, "experiment_id", e->id);
    cli_json_str(j, "name", e->name);
    cli_json_text(j, "lifecycle_stage", e->lifecycle == NCM_ACTIVE ? "active" : "deleted");
    cli_json_str(j, "artifact_location", e->artifact_location);
    cli_json_time(j, "creation_time", e->creation_ms);
    cli_json_time(j, "last_update_time", e->last_update_ms);
    cli_json_count(j, "run_count", e->run_count);
    cli_json_kvs(j, "tags", e->tags, e->n_tags);
    ncm_json_end_obj(j);
}

static const struct cli_column experiment_columns[] = {
    {N_("ID"), true},   {N_("NAME"), false},      {N_("STAGE"), false},
    {N_("RUNS"), true}, {N_("NEWEST RUN"), true}, {N_("UPDATED"), false},
};

static void experiment_cells(struct cli_cells *cells, const void *item)
{
    const struct ncm_experiment *e = item;
    cli_cell(cells, e->id);
    cli_cell(cells, e->name);
    cli_cell_text(cells, e->lifecycle == NCM_ACTIVE ? _("active") : _("deleted"));
    cli_cell_count(cells, e->run_count);
    if (e->newest_start_ms != NCM_NO_TIME) {
        char age[64];
        cli_cell_text(
            cells, ncm_fmt_age(age, sizeof age, ncm_ms_between(e->newest_start_ms, ncm_now_ms())));
    } else {
        cli_cell(cells, (struct ncm_str){NULL, 0});
    }
    cli_cell_time(cells, e->last_update_ms);
}

const struct ncm_experiments_snapshot *cli_ask_experiments(struct cli *c, enum ncm_view view,
                                                           struct ncm_err *err)
{
    struct ncm_query *q = ncm_query_new(NCM_T_EXPERIMENTS);
    q->view = view;
    return cli_ask(c, q, err);
}

bool cli_experiments(struct cli *c, struct ncm_err *err)
{
    const struct ncm_experiments_snapshot *s =
        cli_ask_experiments(c, cli_flag(c, "all") ? NCM_VIEW_ALL : NCM_VIEW_ACTIVE, err);
    if (s == NULL) {
        return false;
    }
    struct cli_array array = {s->items, sizeof *s->items};
    struct cli_list l = {
        .columns = experiment_columns,
        .n_columns = 6,
        .n = s->n,
        .ctx = &array,
        .at = cli_array_at,
        .json = experiment_json,
        .cells = experiment_cells,
        .nothing = _("no experiments"),
    };
    return cli_print_list(c, &l, err);
}

/* ---- runs ----------------------------------------------------------------------------------- */

/* The rows of a query, window by window: a store of a million runs passes through little memory. */
struct row {
    const struct ncm_run *run;
    struct ncm_str experiment; /* its name, else its id */
};
struct rows {
    struct ncm_want *want;
    const struct ncm_runs_snapshot *s;
    const struct ncm_experiments_snapshot *experiments; /* NULL: names are not shown */
    size_t first, end;
    struct row row;
};

struct ncm_str cli_experiment_name(const struct ncm_experiments_snapshot *s, struct ncm_str id)
{
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        if (ncm_str_eq(s->items[i].id, id)) {
            return s->items[i].name;
        }
    }
    return id;
}

static const void *row_at(void *ctx, size_t i, struct ncm_err *err)
{
    struct rows *r = ctx;
    if (i < r->first || i >= r->end) {
        const void *snapshot;
        r->first = i;
        r->end = i + WINDOW;
        ncm_want_window(r->want, i, WINDOW);
        if (!ncm_want_wait(r->want, &snapshot, err)) {
            return NULL;
        }
        r->s = snapshot;
    }
    const struct ncm_run *run = i < r->s->n ? ncm_runs_at(r->s, i) : NULL;
    if (run == NULL) {
        ncm_fail(err, NCM_INTERNAL, _("A row of the answer is missing"));
        return NULL;
    }
    r->row.run = run;
    r->row.experiment = cli_experiment_name(r->experiments, run->experiment_id);
    return &r->row;
}

/* Where all of them are dear, they come as they are printed. */
static bool more_rows(void *ctx, size_t *n, struct ncm_err *err)
{
    struct rows *r = ctx;
    const void *snapshot;
    size_t before = r->s->n;
    if (r->s->total < 0) {
        r->first = before;
        r->end = before + WINDOW;
        ncm_want_window(r->want, before, WINDOW);
        if (!ncm_want_wait(r->want, &snapshot, err)) {
            return false;
        }
        r->s = snapshot;
        if (r->s->n == before && r->s->total < 0) {
            return ncm_fail(err, NCM_INTERNAL, _("A row of the answer is missing"));
        }
    }
    *n = r->s->n;
    return true;
}

static void run_json(struct ncm_json *j, const void *item)
{
    const struct row *row = item;
    ncm_json_obj(j);
    cli_json_run_fields(j, row->run);
    ncm_json_end_obj(j);
}

static const struct cli_column run_columns[] = {
    {N_("RUN ID"), false}, {N_("NAME"), false},    {N_("EXPERIMENT"), false},
    {N_("STATUS"), false}, {N_("STARTED"), false}, {N_("DURATION"), true},
    {N_("USER"), false},   {N_("METRICS"), false},
};

/* The first few metrics; all of them are in the other forms and in `run show`. */
static void metrics_cell(struct cli_cells *cells, const struct ncm_run *r)
{
    struct ncm_buf b;
    ncm_buf_init(&b, 4096);
    for (size_t i = 0; i < r->n_metrics && i < 3; i++) {
        char number[64], key[128];
        const struct ncm_metric *m = &r->metrics[i];
        ncm_text_clip(key, sizeof key, ncm_cstr(m->key), m->key.len, 16);
        if (m->value.kind == NCM_V_NUMBER) {
            ncm_fmt_num(number, sizeof number, m->value.num, 5);
        } else {
            snprintf(number, sizeof number, "%s",
                     m->value.kind == NCM_V_PINF   ? "inf"
                     : m->value.kind == NCM_V_NINF ? "-inf"
                                                   : "NaN");
        }
        ncm_buf_printf(&b, "%s%s=%s", i > 0 ? " " : "", key, number);
    }
    if (r->n_metrics > 3) {
        ncm_buf_printf(&b, " +%zu", r->n_metrics - 3);
    }
    cli_cell_text(cells, b.p);
    ncm_buf_release(&b);
}

static void run_cells(struct cli_cells *cells, const void *item)
{
    const struct row *row = item;
    const struct ncm_run *r = row->run;
    char text[64], experiment[EXPERIMENT_CELLS * 16];
    bool over = r->start_ms != NCM_NO_TIME && r->end_ms != NCM_NO_TIME;
    cli_cell(cells, r->id);
    cli_cell(cells, r->name);
    ncm_text_clip_middle(experiment, sizeof experiment, ncm_cstr(row->experiment),
                         row->experiment.len, EXPERIMENT_CELLS);
    cli_cell_text(cells, experiment);
    cli_cell(cells, r->status_text);
    cli_cell_time(cells, r->start_ms);
    if (over) {
        cli_cell_text(cells,
                      ncm_fmt_duration(text, sizeof text, ncm_ms_between(r->start_ms, r->end_ms)));
    } else {
        cli_cell(cells, (struct ncm_str){NULL, 0});
    }
    cli_cell(cells, r->user);
    metrics_cell(cells, r);
}

static bool add_experiment(struct ncm_query *q, const struct ncm_experiments_snapshot *s,
                           const char *name, struct ncm_err *err)
{
    for (size_t i = 0; i < s->n; i++) {
        if (ncm_str_is(s->items[i].id, name)) {
            ncm_query_add_id(q, name);
            return true;
        }
    }
    for (size_t i = 0; i < s->n; i++) {
        if (ncm_str_is(s->items[i].name, name)) {
            ncm_query_add_id(q, ncm_cstr(s->items[i].id));
            return true;
        }
    }
    ncm_fail(err, NCM_NOT_FOUND, _("There is no experiment '%s'"), name);
    return ncm_hint(err, "%s", _("'ncmlops experiments --all' lists them"));
}

/* -e takes names and ids; an id wins over an experiment of that name. */
static bool add_experiments(struct cli *c, struct ncm_query *q, struct ncm_err *err)
{
    const struct ncm_experiments_snapshot *s = NULL;
    for (size_t i = 0; i < c->n_values; i++) {
        if (strcmp(c->values[i].name, "experiment") != 0) {
            continue;
        }
        s = s != NULL ? s : cli_ask_experiments(c, NCM_VIEW_ALL, err);
        if (s == NULL || !add_experiment(q, s, c->values[i].value, err)) {
            return false;
        }
    }
    return true;
}

/* Says where in the text it went wrong; characters are counted, not bytes. */
static bool point_at(const char *text, size_t at, struct ncm_err *err)
{
    size_t len = strlen(text), column = 1;
    uint32_t cp;
    for (size_t i = 0; i < at && i < len; column++) {
        i += ncm_utf8_decode(text + i, len - i, &cp);
    }
    int shown = (int)ncm_text_fit(text + (at < len ? at : len), 40, &(int){0});
    char *hint = ncm_strdup(err->hint);
    if (at >= len) {
        ncm_hint(err, _("character %zu, at the end%s%s"), column, hint[0] != '\0' ? ". " : "",
                 hint);
    } else {
        ncm_hint(err, _("character %zu, at '%.*s'%s%s"), column, shown, text + at,
                 hint[0] != '\0' ? ". " : "", hint);
    }
    ncm_free(hint);
    return false;
}

/* Checked here first, so that the place of a mistake can be shown. */
static bool check_search(struct cli *c, struct ncm_query *q, struct ncm_err *err)
{
    struct ncm_filter filter;
    size_t at = 0;
    const char *text = cli_value(c, "filter");
    if (text != NULL) {
        if (!ncm_filter_parse(text, &filter, &at, err)) {
            return point_at(text, at, err);
        }
        ncm_filter_release(&filter);
        q->filter = ncm_strdup(text);
    }
    for (size_t i = 0; i < c->n_values; i++) {
        if (strcmp(c->values[i].name, "order-by") != 0) {
            continue;
        }
        struct ncm_orders orders;
        const char *order = c->values[i].value;
        at = 0;
        if (!ncm_orders_parse(&order, 1, &orders, &at, err)) {
            return point_at(order, at, err);
        }
        ncm_orders_release(&orders);
        ncm_query_add_order(q, order);
    }
    return true;
}

static bool runs_query(struct cli *c, struct ncm_query *q, struct ncm_err *err)
{
    q->all_columns = true;
    q->lazy = c->form == CLI_JSONL;
    q->view = cli_flag(c, "deleted") ? NCM_VIEW_DELETED : NCM_VIEW_ACTIVE;
    return cli_count(c, "limit", DEFAULT_LIMIT, &q->limit, err) && check_search(c, q, err) &&
           add_experiments(c, q, err);
}

bool cli_runs(struct cli *c, struct ncm_err *err)
{
    struct ncm_query *q = ncm_query_new(NCM_T_RUNS);
    struct ncm_session *s = runs_query(c, q, err) ? cli_session(c, err) : NULL;
    if (s == NULL) {
        ncm_query_free(q);
        return false;
    }
    struct ncm_err ignored;
    struct rows r = {.want = ncm_session_want(s, q), .end = WINDOW};
    r.experiments = c->form == CLI_TABLE ? cli_ask_experiments(c, NCM_VIEW_ALL, &ignored) : NULL;
    const void *snapshot = NULL;
    ncm_query_free(q);
    ncm_want_window(r.want, 0, WINDOW);
    bool ok = ncm_want_wait(r.want, &snapshot, err);
    if (ok) {
        r.s = snapshot;
        struct cli_list l = {
            .columns = run_columns,
            .n_columns = 8,
            .n = r.s->n,
            .ctx = &r,
            .at = row_at,
            .json = run_json,
            .cells = run_cells,
            .nothing = _("no runs"),
            .more = more_rows,
        };
        ok = cli_print_list(c, &l, err);
    }
    ncm_want_release(r.want);
    return ok;
}

/* ---- metric --------------------------------------------------------------------------------- */

static void point_json(struct ncm_json *j, const void *item)
{
    const struct ncm_point *p = item;
    ncm_json_obj(j);
    ncm_json_key(j, "step");
    ncm_json_i64(j, p->step);
    cli_json_time(j, "timestamp", p->timestamp_ms);
    ncm_json_key(j, "value");
    cli_json_value(j, &p->value);
    ncm_json_end_obj(j);
}

static const struct cli_column point_columns[] = {
    {N_("STEP"), true},
    {N_("TIME"), false},
    {N_("VALUE"), true},
};

static void point_cells(struct cli_cells *cells, const void *item)
{
    const struct ncm_point *p = item;
    char text[64];
    snprintf(text, sizeof text, "%lld", (long long)p->step);
    cli_cell_text(cells, text);
    cli_cell_time(cells, p->timestamp_ms);
    if (p->value.kind == NCM_V_NUMBER) {
        cli_cell_text(cells, ncm_fmt_exact(text, sizeof text, p->value.num));
    } else {
        cli_cell_value(cells, &p->value);
    }
}

bool cli_metric(struct cli *c, struct ncm_err *err)
{
    int64_t points;
    if (!cli_count(c, "points", 0, &points, err) || !cli_full_run_id(c, &c->words[0], err)) {
        return false;
    }
    const struct ncm_series_snapshot *s =
        cli_ask(c, ncm_query_series(c->words[0], c->words[1], points), err);
    if (s == NULL) {
        return false;
    }
    if (s->n == 0) {
        struct ncm_query *run = ncm_query_run(c->words[0]);
        return cli_ask(c, run, err) != NULL &&
               ncm_fail(err, NCM_NOT_FOUND, _("The run %s has no metric '%s'"), c->words[0],
                        c->words[1]);
    }
    struct cli_array array = {s->points, sizeof *s->points};
    struct cli_list l = {
        .columns = point_columns,
        .n_columns = 3,
        .n = s->n,
        .ctx = &array,
        .at = cli_array_at,
        .json = point_json,
        .cells = point_cells,
    };
    return cli_print_list(c, &l, err);
}
