/* What the keys of the pane do; what changes anything is in deploy_change.c. */
#include "pane/deploy/deploy.h"

#include <stdio.h>
#include <string.h>

void deploy_free_picks(struct deploy *d)
{
    for (size_t i = 0; i < d->n_picks; i++) {
        ncm_free(d->picks[i]);
    }
    ncm_free(d->picks);
    d->picks = NULL;
    d->n_picks = 0;
}

static const char *filter_done(void *ctx, const char *text, size_t *at)
{
    struct deploy *d = ctx;
    (void)at;
    if (text != NULL) {
        ncm_free(d->filter);
        d->filter = *text != '\0' ? ncm_strdup(text) : NULL;
        deploy_rebuild(d);
        ui_dirty(d->ui);
    }
    return NULL;
}

static void sort_done(void *ctx, const size_t *chosen, size_t n)
{
    struct deploy *d = ctx;
    if (n > 0) {
        d->sort = (enum deploy_sort)chosen[0];
        d->reverse = false;
        deploy_rebuild(d);
        ui_dirty(d->ui);
    }
}

static void pick_sort(struct deploy *d, const char *arg)
{
    static const struct {
        const char *word, *label;
    } orders[N_SORTS] = {
        {"worst", N_("the worst first")},
        {"model", N_("by model")},
        {"name", N_("by name")},
        {"traffic", N_("the most traffic first")},
        {"rps", N_("the busiest first")},
        {"p95", N_("the slowest first")},
        {"errors", N_("the most errors first")},
        {"age", N_("the newest first")},
    };
    struct ui_pick_item items[N_SORTS];

    for (size_t i = 0; i < N_SORTS; i++) {
        items[i] = (struct ui_pick_item){.label = _(orders[i].label), .on = i == (size_t)d->sort};
        if (arg != NULL && strcmp(arg, orders[i].word) == 0) {
            sort_done(d, &i, 1);
            return;
        }
    }
    ui_pick(d->ui, _("Order"), items, N_SORTS, false, sort_done, d);
}

static void columns_done(void *ctx, const size_t *chosen, size_t n)
{
    struct deploy *d = ctx;

    if (chosen == NULL) {
        return;
    }
    d->hidden = ((1u << N_COLUMNS) - 1) & ~(1u << COL_HEALTH | 1u << COL_NAME | 1u << COL_VERSION);
    for (size_t i = 0; i < n; i++) {
        d->hidden &= ~(1u << (chosen[i] + COL_TRAFFIC));
    }
    ui_dirty(d->ui);
}

/* The first three always stay: a row without them tells nothing. */
static void pick_columns(struct deploy *d)
{
    struct ui_pick_item items[N_COLUMNS];
    size_t n = 0;

    for (size_t i = COL_TRAFFIC; i < N_COLUMNS; i++) {
        items[n++] = (struct ui_pick_item){.label = deploy_column_title((enum deploy_column)i),
                                           .detail = deploy_column_word((enum deploy_column)i),
                                           .on = !(d->hidden & 1u << i)};
    }
    ui_pick(d->ui, _("Columns"), items, n, true, columns_done, d);
}

/* The next one that is not well, in the order of the list, round and round. */
static void next_bad(struct deploy *d, bool forward)
{
    size_t n = d->n_rows;

    for (size_t k = 1; k <= n; k++) {
        size_t at = (d->table.selected + (forward ? k : n - k)) % n;
        if (d->rows[at].at != DEPLOY_HEADING &&
            d->fleet->deployments[d->rows[at].at].health >= NCM_HEALTH_DEGRADED) {
            d->table.selected = at;
            deploy_remember(d, true);
            return;
        }
    }
    ui_message(d->ui, UI_INFO, "%s", _("Nothing is degraded or failed."));
}

static void next_part(struct deploy *d, bool forward)
{
    int p = (int)d->part;

    do {
        p = (p + (forward ? 1 : N_PARTS - 1)) % N_PARTS;
    } while (!deploy_part_there(d, (enum deploy_part)p) && p != (int)d->part);
    d->logs_from = d->part;
    d->logs_from_list = false;
    deploy_show_part(d, (enum deploy_part)p);
    d->logs_from = PART_LOGS; /* walked to, not jumped to: back leads to the list */
}

static void open_logs(struct deploy *d)
{
    const struct ncm_replica *r = d->view == DEPLOY_DETAIL ? deploy_replica(d) : NULL;
    char *replica = r != NULL ? ncm_strdup(ncm_cstr(r->name)) : NULL;

    d->logs_from_list = d->view == DEPLOY_LIST;
    d->logs_from = d->part;
    d->view = DEPLOY_DETAIL;
    deploy_show_part(d, PART_LOGS);
    if (replica != NULL) {
        ncm_free(d->logs.replica);
        d->logs.replica = replica;
        deploy_logs_ask(d);
    }
}

static void open_selected(struct deploy *d)
{
    if (deploy_is_offered(d)) {
        deploy_agree(d);
        return;
    }
    if (d->view == DEPLOY_LIST) {
        d->view = DEPLOY_DETAIL;
        deploy_show_part(d, PART_OVERVIEW);
    } else if (d->part == PART_REPLICAS) {
        open_logs(d);
    } else if (d->part == PART_HISTORY && deploy_revision(d) != NULL &&
               deploy_revision(d)->model.len > 0 && deploy_revision(d)->version.len > 0) {
        ui_open(d->ui, OBJ_VERSION, ncm_cstr(deploy_revision(d)->model),
                ncm_cstr(deploy_revision(d)->version));
    } else if (d->part == PART_OVERVIEW || d->part == PART_HISTORY) {
        deploy_act(d, A_TO_VERSION, NULL);
    }
}

static void show_text(struct deploy *d)
{
    const struct ncm_fleet_deployment *f = deploy_selected(d);
    const struct ncm_deployment *x = f->it;
    struct ncm_buf b;
    char *ref = ncm_deployment_ref(x), number[60];
    const struct {
        const char *label;
        struct ncm_str value;
    } lines[] = {{_("kind"), x->kind},
                 {_("source"), x->source},
                 {_("cluster"), x->cluster},
                 {_("uid"), x->uid},
                 {_("model"), f->is.model},
                 {_("version"), f->is.version},
                 {_("reason"), x->reason},
                 {_("image"), x->image},
                 {_("serving"), x->serving_image},
                 {_("strategy"), x->strategy},
                 {_("endpoint"), x->endpoint},
                 {_("services"), x->services},
                 {_("managed by"), x->managed_by},
                 {_("not allowed"), x->why_not}};

    ncm_buf_init(&b, 1 << 20);
    ncm_buf_printf(&b, "%s\n%s %s\n\n", ref, common_health_sign(f->health),
                   common_health_label(f->health));
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (lines[i].value.len > 0) {
            ncm_buf_printf(&b, "%s: ", lines[i].label);
            ncm_buf_add(&b, lines[i].value.p, lines[i].value.len);
            ncm_buf_putc(&b, '\n');
        }
    }
    ncm_buf_printf(&b, "%s: %s\n", _("ready"),
                   common_ready_text(number, sizeof number, x->ready, x->desired));
    for (size_t i = 0; i < f->n_findings; i++) {
        ncm_buf_printf(&b, "\n%s ", common_severity_sign(f->findings[i].severity));
        ncm_buf_puts(&b, ncm_cstr(f->findings[i].sentence));
        if (f->findings[i].evidence.len > 0) {
            ncm_buf_puts(&b, "\n  ");
            ncm_buf_puts(&b, ncm_cstr(f->findings[i].evidence));
        }
    }
    ui_show_text(d->ui, _("Deployment"), b.p);
    ncm_buf_release(&b);
    ncm_free(ref);
}

static void copy(struct deploy *d, bool row)
{
    const struct ncm_fleet_deployment *f = deploy_selected(d);
    char *ref = ncm_deployment_ref(f->it);

    if (d->view == DEPLOY_DETAIL && d->part == PART_REPLICAS && deploy_replica(d) != NULL) {
        ui_copy(d->ui, ncm_cstr(deploy_replica(d)->name), _("replica"));
    } else if (row) {
        struct ncm_buf b;
        ncm_buf_init(&b, 1 << 16);
        for (size_t i = 0; i < N_COLUMNS; i++) {
            struct table_cell cell = {.text = ""};
            deploy_cell(d, f, (enum deploy_column)i, &cell);
            ncm_buf_printf(&b, "%s%s", i > 0 ? "\t" : "",
                           cell.is_raw ? ncm_cstr(cell.raw) : cell.text);
        }
        ui_copy(d->ui, b.p, NULL);
        ncm_buf_release(&b);
    } else {
        ui_copy(d->ui, ref, _("deployment"));
    }
    ncm_free(ref);
}

static bool open_alerts(struct deploy *d, const struct ncm_fleet_deployment *f)
{
    char *id = ncm_sprintf("about:%s", ncm_cstr(f->is.model.len > 0 ? f->is.model : f->it->name));

    ui_open(d->ui, OBJ_ALERT, id, NULL);
    ncm_free(id);
    return true;
}

/* To what belongs to the running version in other panes. */
static bool jump(struct deploy *d, enum ui_action_id action)
{
    const struct ncm_fleet_deployment *f = deploy_selected(d);
    const struct ncm_fleet_row *row = deploy_fleet_row(d, f->is.model, f->is.version);
    const struct ncm_model *m = deploy_model(d, f->is.model);
    const struct ncm_model_version *v =
        m != NULL ? ncm_model_version(m, ncm_cstr(f->is.version)) : NULL;

    switch (action) {
    case A_TO_VERSION:
        ui_open(d->ui, f->is.version.len > 0 ? OBJ_VERSION : OBJ_MODEL, ncm_cstr(f->is.model),
                f->is.version.len > 0 ? ncm_cstr(f->is.version) : NULL);
        return true;
    case A_TO_RUN:
        ui_open(d->ui, OBJ_RUN, ncm_cstr(v->run_id), NULL);
        return true;
    case A_TO_DRIFT: {
        char *id = ncm_sprintf("%s/%s", ncm_cstr(f->is.model),
                               row != NULL ? ncm_cstr(row->drift_monitor) : "");
        char *feature = row != NULL && row->drift_feature.len > 0
                            ? ncm_strdup(ncm_cstr(row->drift_feature))
                            : NULL;
        ui_open(d->ui, OBJ_DRIFT, id, feature);
        ncm_free(id);
        ncm_free(feature);
        return true;
    }
    case A_TO_ALERTS:
        return open_alerts(d, f);
    default:
        return false;
    }
}

static bool act_list(struct deploy *d, enum ui_action_id action, const char *arg)
{
    switch (action) {
    case A_SORT:
        pick_sort(d, arg);
        return true;
    case A_REVERSE:
        d->reverse = !d->reverse;
        deploy_rebuild(d);
        return true;
    case A_GROUP:
        d->flat_chosen = true;
        d->flat = !d->flat;
        deploy_rebuild(d);
        return true;
    case A_COLUMNS:
        pick_columns(d);
        return true;
    case A_FILTER:
        ui_prompt(d->ui, "/",
                  arg != NULL         ? arg
                  : d->filter != NULL ? d->filter
                                      : "",
                  filter_done, NULL, d);
        return true;
    case A_NEXT_MATCH:
    case A_PREV_MATCH:
        next_bad(d, action == A_NEXT_MATCH);
        return true;
    case A_FULL:
        d->full = !d->full;
        return true;
    default: {
        struct table_model m = deploy_list_model(d);
        if (!table_act(&d->table, &m, action)) {
            return false;
        }
        deploy_remember(d, true);
        return true;
    }
    }
}

static bool act_detail(struct deploy *d, enum ui_action_id action, const char *arg)
{
    switch (action) {
    case A_FULL:
        d->bare = !d->bare;
        return true;
    case A_NEXT_TAB:
    case A_PREV_TAB:
    case A_NEXT_PART:
    case A_PREV_PART:
        next_part(d, action == A_NEXT_TAB || action == A_NEXT_PART);
        return true;
    default:
        if (d->part == PART_LOGS) {
            return deploy_logs_act(d, action, arg);
        }
        return deploy_part_act(d, action);
    }
}

bool deploy_act(struct deploy *d, enum ui_action_id action, const char *arg)
{
    ui_dirty(d->ui);
    d->moved = true; /* whatever is done is done to what is selected now */
    switch (action) {
    case A_OPEN:
        open_selected(d);
        return true;
    case A_DETAILS:
        show_text(d);
        return true;
    case A_LOGS:
        open_logs(d);
        return true;
    case A_COPY:
    case A_COPY_ROW:
        copy(d, action == A_COPY_ROW);
        return true;
    case A_REFRESH:
        deploy_refresh(d);
        return true;
    default:
        break;
    }
    if ((deploy_selected(d) != NULL && jump(d, action)) || deploy_change_act(d, action, arg)) {
        return true;
    }
    return d->view == DEPLOY_LIST       ? act_list(d, action, arg)
           : deploy_selected(d) != NULL ? act_detail(d, action, arg)
                                        : false;
}
