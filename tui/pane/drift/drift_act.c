/* What the keys of the pane do. */
#include "pane/drift/drift.h"

#include <string.h>

static void show(struct drift *d, enum drift_view view)
{
    d->view = view;
    if (view == DRIFT_MAP) {
        d->curve.x0 = d->curve.x1 = 0;
    }
    drift_ask(d);
    ui_dirty(d->ui);
}

static const char *filter_done(void *ctx, const char *text, size_t *at)
{
    struct drift *d = ctx;
    (void)at;
    if (text != NULL) {
        ncm_free(d->filter);
        d->filter = *text != '\0' ? ncm_strdup(text) : NULL;
        drift_rebuild(d);
        ui_dirty(d->ui);
    }
    return NULL;
}

static void sort_done(void *ctx, const size_t *chosen, size_t n)
{
    struct drift *d = ctx;
    if (n > 0) {
        d->sort = (enum drift_sort)chosen[0];
        drift_rebuild(d);
        ui_dirty(d->ui);
    }
}

static void pick_sort(struct drift *d, const char *arg)
{
    static const char *const words[] = {"worst", "name", "monitor"};
    const struct ui_pick_item items[N_SORTS] = {
        {.label = _("the worst first"), .on = d->sort == SORT_WORST},
        {.label = _("features by name"), .on = d->sort == SORT_NAME},
        {.label = _("monitors by name, the worst feature first"), .on = d->sort == SORT_MONITOR},
    };
    for (size_t i = 0; arg != NULL && i < N_SORTS; i++) {
        if (strcmp(arg, words[i]) == 0) {
            sort_done(d, &i, 1);
            return;
        }
    }
    ui_pick(d->ui, _("Order"), items, N_SORTS, false, sort_done, d);
}

/* The next feature that drifts, in the order of the map, round and round. */
static void next_drifting(struct drift *d, bool forward)
{
    size_t n = d->n_rows;

    for (size_t k = 1; k <= n; k++) {
        size_t at = (d->table.selected + (forward ? k : n - k)) % n;
        const struct drift_row *r = &d->rows[at];
        if (r->feature < DRIFT_NO_FEATURE &&
            drift_monitor(d, r->monitor)->features[r->feature].state >= NCM_DRIFT_WARNING) {
            d->table.selected = at;
            drift_remember(d);
            d->bin = SIZE_MAX;
            drift_ask(d);
            return;
        }
    }
    ui_message(d->ui, UI_INFO, "%s", _("No feature drifts now."));
}

/* The feature before or after this one, without going back to the map. */
static void next_feature(struct drift *d, bool forward)
{
    size_t n = d->n_rows;

    for (size_t k = 1; n > 0 && k <= n; k++) {
        size_t at = (d->table.selected + (forward ? k : n - k)) % n;
        if (d->rows[at].feature < DRIFT_NO_FEATURE) {
            d->table.selected = at;
            drift_remember(d);
            d->bin = SIZE_MAX;
            d->pairs = (struct bars_pairs){0};
            drift_ask(d);
            return;
        }
    }
}

static void next_part(struct drift *d, bool forward)
{
    int n = d->curve_always ? N_PARTS - 1 : N_PARTS;
    d->part = (enum drift_part)(((int)d->part + (forward ? 1 : n - 1)) % n);
}

static void acknowledge(struct drift *d)
{
    const struct ncm_alert *a = drift_alert(d);
    struct ncm_intent *i = ncm_intent_new(NCM_DO_ALERT_ACK);

    ncm_intent_add_object(i, ncm_cstr(a->id));
    ui_change(d->ui, i);
}

static void silence(struct drift *d, const char *how_long)
{
    const struct ncm_drift_monitor *m = drift_selected(d);
    const struct ncm_alert *a = drift_alert(d);
    const struct ncm_kv labels[] = {
        {{"alertname", 9}, {"drift", 5}}, {{"model", 5}, m->model}, {{"monitor", 7}, m->name}};

    if (a != NULL) {
        common_silence_labels(&d->silence, d->ui, "ncmlops", a->labels, a->n_labels, how_long);
    } else {
        common_silence_labels(&d->silence, d->ui, "ncmlops", labels, 3, how_long);
    }
}

static void show_rows(struct drift *d)
{
    char *bar = drift_bar(d, false);

    if (bar == NULL) {
        ui_message(d->ui, UI_INFO, "%s", _("There is no bar to look behind."));
        return;
    }
    ncm_free(d->bar);
    d->bar = bar;
    d->row_table = (struct table){0};
    show(d, DRIFT_ROWS);
}

static void live(struct drift *d)
{
    d->cursor_ms = NCM_NO_TIME;
    d->curve.x0 = d->curve.x1 = 0;
    d->zoom = 0;
    drift_ask(d);
}

static void zoom(struct drift *d, bool in)
{
    if (d->view == DRIFT_MAP) {
        d->zoom += in ? -1 : 1;
        return;
    }
    const struct plot_series s = {.name = "", .x = d->curve_x, .y = d->curve_y, .n = d->n_curve};
    plot_act(&d->curve, &s, 1, in ? A_ZOOM_IN : A_ZOOM_OUT);
}

static bool step(struct drift *d, enum ui_action_id action)
{
    if (d->view == DRIFT_ROWS) {
        return false;
    }
    drift_step(d, action == A_RIGHT);
    drift_ask(d);
    return true;
}

static void show_monitor(struct drift *d)
{
    const struct ncm_drift_monitor *m = drift_selected(d);
    struct ncm_buf b;
    const struct {
        const char *label;
        struct ncm_str value;
    } lines[] = {{_("model"), m->model},    {_("monitor"), m->name},
                 {_("current"), m->source}, {_("reference"), m->reference},
                 {_("window"), m->window},  {_("recipe"), m->recipe},
                 {_("error"), m->error},    {_("warning"), m->warning}};

    ncm_buf_init(&b, 1 << 20);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (lines[i].value.len > 0) {
            ncm_buf_printf(&b, "%s: ", lines[i].label);
            ncm_buf_add(&b, lines[i].value.p, lines[i].value.len);
            ncm_buf_putc(&b, '\n');
        }
    }
    ncm_buf_printf(&b, _("rows read: %lld, of them bad: %lld, of the reference: %lld\n"),
                   (long long)m->rows, (long long)m->bad_rows, (long long)m->ref_rows);
    ui_show_text(d->ui, _("Monitor"), b.p);
    ncm_buf_release(&b);
}

static bool move(struct drift *d, enum ui_action_id action)
{
    struct table_model m = d->view == DRIFT_ROWS ? drift_rows_model(d) : drift_map_model(d);

    if (d->view == DRIFT_FEATURE) {
        if (action == A_NEXT_PART || action == A_PREV_PART) {
            next_feature(d, action == A_NEXT_PART);
            return true;
        }
        return drift_part_act(d, action);
    }
    if (!table_act(d->view == DRIFT_ROWS ? &d->row_table : &d->table, &m, action)) {
        return false;
    }
    if (d->view == DRIFT_MAP) {
        drift_remember(d);
    }
    return true;
}

static bool act_view(struct drift *d, enum ui_action_id action, const char *arg)
{
    switch (action) {
    case A_OPEN:
        if (d->view == DRIFT_MAP) {
            d->bin = SIZE_MAX;
            d->pairs = (struct bars_pairs){0};
            show(d, DRIFT_FEATURE);
        } else if (d->view == DRIFT_FEATURE) {
            show_rows(d);
        } else {
            drift_show_row(d);
        }
        return true;
    case A_DRIFT_ROWS:
        if (d->view != DRIFT_ROWS) {
            show_rows(d);
        }
        return true;
    case A_DETAILS:
        show_monitor(d);
        return true;
    case A_FILTER:
        ui_prompt(d->ui, "/",
                  arg != NULL         ? arg
                  : d->filter != NULL ? d->filter
                                      : "",
                  filter_done, NULL, d);
        return true;
    case A_SORT:
        pick_sort(d, arg);
        return true;
    case A_NEXT_MATCH:
    case A_PREV_MATCH:
        next_drifting(d, action == A_NEXT_MATCH);
        return true;
    case A_PREV_TAB:
    case A_NEXT_TAB:
        next_part(d, action == A_NEXT_TAB);
        return true;
    case A_DRIFT_LOG:
        d->curve.log_y = !d->curve.log_y;
        return true;
    default:
        return false;
    }
}

bool drift_act(struct drift *d, enum ui_action_id action, const char *arg)
{
    ui_dirty(d->ui);
    if (act_view(d, action, arg) || drift_look_act(d, action, arg)) {
        return true;
    }
    switch (action) {
    case A_LEFT:
    case A_RIGHT:
        return step(d, action) || move(d, action);
    case A_FINER:
    case A_COARSER:
        zoom(d, action == A_FINER);
        return true;
    case A_LIVE:
        live(d);
        return true;
    case A_ACKNOWLEDGE:
        acknowledge(d);
        return true;
    case A_SILENCE:
        silence(d, arg);
        return true;
    case A_REFRESH: {
        const struct drift_feed *feeds[] = {&d->all, &d->look, &d->feature, &d->rows_feed};
        for (size_t i = 0; i < 4; i++) {
            if (feeds[i]->want != NULL) {
                ncm_want_refresh(feeds[i]->want);
            }
        }
        return true;
    }
    case A_COPY:
    case A_COPY_ROW:
        if (d->view == DRIFT_ROWS) {
            ui_copy(d->ui, ncm_cstr(drift_row_place(d)), _("place"));
            return true;
        }
        ui_copy(d->ui, d->feature_name != NULL ? d->feature_name : d->monitor_id, _("feature"));
        return true;
    default:
        return move(d, action);
    }
}

bool drift_can(struct drift *d, enum ui_action_id action, const char **reason)
{
    const struct ui_action *a = ui_action_of(action);
    bool ours = (a->contexts & (IN_DRIFT | IN_FEATURE)) != 0 && !(a->contexts & IN_ALWAYS);
    bool opens = action == A_OPEN || action == A_DETAILS || action == A_COPY ||
                 action == A_COPY_ROW;

    if ((ours || opens) && drift_selected(d) == NULL) {
        *reason = _("nothing is watched here");
        return false;
    }
    if (action == A_OPEN && drift_selected_feature(d) == NULL) {
        *reason = _("the monitor has no figure yet");
        return false;
    }
    if (action == A_CONFIGURED && d->settings == NULL) {
        *reason = _("it is as configured");
        return false;
    }
    if (action == A_ACKNOWLEDGE && drift_alert(d) == NULL) {
        *reason = _("no alert of this monitor is open");
        return false;
    }
    return true;
}
