/* What the pane holds: the fleet, how its sources answer, the selection by identity. */
#include "pane/overview/overview.h"

#include <math.h>
#include <string.h>

/* ---- sources ---- */

size_t overview_n_sources(const struct overview *o, bool offered)
{
    size_t n = 0, found = 0;
    const struct ncm_deploy_about *about =
        o->ui != NULL ? ncm_deploy_sources(ui_session(o->ui), &n) : NULL;

    for (size_t i = 0; i < n; i++) {
        found += offered || !about[i].offered;
    }
    return found;
}

static void add_source(struct overview *o, const char *name, bool deployments)
{
    if (o->n_sources < OVER_SOURCES) {
        struct overview_source *s = &o->sources[o->n_sources++];
        *s = (struct overview_source){.name = name, .deployments = deployments};
        s->err = ncm_fleet_feed_error(o->feed, name, &s->info);
        if (s->err == NULL && s->info.state == NCM_OFFLINE) {
            s->info.state = NCM_LIVE; /* there is none in this session */
        }
    }
}

static void read_sources(struct overview *o)
{
    static const char *const others[] = {"registry", "prometheus", "alertmanager", "ncmlops"};
    size_t n = 0;
    const struct ncm_deploy_about *about = ncm_deploy_sources(ui_session(o->ui), &n);

    o->n_sources = 0;
    for (size_t i = 0; i < n; i++) {
        if (!about[i].offered) {
            add_source(o, about[i].name, true);
        }
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        add_source(o, others[i], false);
    }
}

/* ---- wants ---- */

void overview_enter(struct overview *o)
{
    struct ncm_session *s = ui_session(o->ui);

    if (o->feed == NULL) {
        o->feed = ncm_fleet_feed_open(s, NCM_FLEET_ALL);
    }
    if (o->drift_want == NULL && ncm_session_has_monitors(s)) {
        struct ncm_query *q = ncm_query_new(NCM_T_DRIFT);
        o->drift_want = ncm_session_want(s, q);
        ncm_query_free(q);
    }
    overview_update(o);
}

void overview_leave(struct overview *o)
{
    ncm_fleet_feed_close(o->feed);
    o->feed = NULL;
    ncm_want_release(o->drift_want);
    o->drift_want = NULL;
    o->fleet = NULL;
    o->drift = NULL;
    o->n_rows = 0;
    o->n_sources = 0;
    wall_close(o);
}

void overview_release(struct overview *o)
{
    if (o->ui != NULL) {
        overview_leave(o);
        ncm_want_release(o->store);
    }
    overview_free_picks(o);
    common_silence_release(&o->asking);
    ncm_free(o->filter);
    ncm_free(o->rows);
    ncm_free(o->model);
    ncm_free(o->version);
    ncm_free(o->alert);
    ncm_free(o->wall.model);
    ncm_free(o->wall.rung);
}

void overview_update(struct overview *o)
{
    if (o->feed == NULL) {
        return;
    }
    ncm_fleet_feed_update(o->feed);
    o->fleet = ncm_fleet_feed_get(o->feed);
    o->drift = o->drift_want != NULL ? ncm_want_get(o->drift_want) : NULL;
    read_sources(o);
    overview_place(o);
    if (o->wall.on) {
        wall_listen(o);
    }
}

/* ---- selection ---- */

static void set(char **field, struct ncm_str value)
{
    char *copy = value.p != NULL ? ncm_strdup(ncm_cstr(value)) : NULL;
    ncm_free(*field);
    *field = copy;
}

static bool is_alert(const struct ncm_alert *a, const char *id)
{
    size_t n = a->source.len;
    return strncmp(id, ncm_cstr(a->source), n) == 0 && id[n] == '/' && ncm_str_is(a->id, id + n + 1);
}

const struct ncm_fleet_row *overview_row(const struct overview *o)
{
    return o->fleet != NULL && o->table.selected < o->n_rows &&
                   o->rows[o->table.selected] < o->fleet->n_rows
               ? &o->fleet->rows[o->rows[o->table.selected]]
               : NULL;
}

const struct ncm_alert *overview_alert(const struct overview *o)
{
    return o->firing.selected < overview_n_firing(o) ? o->fleet->firing[o->firing.selected] : NULL;
}

bool overview_select(struct overview *o, const char *model, const char *version)
{
    for (size_t i = 0; o->fleet != NULL && model != NULL && i < o->n_rows; i++) {
        const struct ncm_fleet_row *r = &o->fleet->rows[o->rows[i]];
        if (ncm_str_is(r->model, model) &&
            (version == NULL || ncm_str_is(r->version, version))) {
            o->table.selected = i;
            return true;
        }
    }
    return false;
}

void overview_remember(struct overview *o)
{
    const struct ncm_fleet_row *r = overview_row(o);
    const struct ncm_alert *a = overview_alert(o);

    if (r != NULL) {
        set(&o->model, r->model);
        set(&o->version, r->version);
    }
    ncm_free(o->alert);
    o->alert = a != NULL ? ncm_sprintf("%s/%s", ncm_cstr(a->source), ncm_cstr(a->id)) : NULL;
}

static bool matches(const struct overview *o, const struct ncm_fleet_row *r)
{
    const char *fields[] = {ncm_cstr(r->model), ncm_cstr(r->version), ncm_cstr(r->stage),
                            ncm_cstr(r->drift_feature), common_health_label(r->health)};

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (o->filter == NULL || ncm_text_has(fields[i], o->filter)) {
            return true;
        }
    }
    return false;
}

static void filter_rows(struct overview *o)
{
    o->n_rows = 0;
    for (size_t i = 0; o->fleet != NULL && i < o->fleet->n_rows; i++) {
        if (matches(o, &o->fleet->rows[i])) {
            o->rows = ncm_grow(o->rows, o->n_rows, &o->cap_rows, sizeof *o->rows);
            o->rows[o->n_rows++] = i;
        }
    }
}

/* What is only missed somewhere may stand above it, by what the fleet makes of it. */
static void select_worst(struct overview *o)
{
    o->table.selected = 0;
    for (size_t i = 0; o->fleet != NULL && i < o->n_rows; i++) {
        if (overview_bad(&o->fleet->rows[o->rows[i]])) {
            o->table.selected = i;
            return;
        }
    }
}

/* Until somebody chose, the worst is selected: it is what the rest of the screen tells of. */
void overview_place(struct overview *o)
{
    filter_rows(o);
    if (!o->moved) {
        select_worst(o);
    } else if (!overview_select(o, o->model, o->version)) {
        (void)overview_select(o, o->model, NULL);
    }
    for (size_t i = 0; o->alert != NULL && i < overview_n_firing(o); i++) {
        if (is_alert(o->fleet->firing[i], o->alert)) {
            o->firing.selected = i;
        }
    }
}

/* ---- what belongs to a row ---- */

bool overview_bad(const struct ncm_fleet_row *r)
{
    bool here = r->n_deployments > 0; /* what is deployed elsewhere is nothing to be woken up for */
    enum ncm_severity least = here || r->n_firing > 0 ? NCM_SEVERITY_WARNING : NCM_SEVERITY_CRITICAL;

    return r->severity >= least || r->drift_state >= NCM_DRIFT_WARNING ||
           (here && r->health >= NCM_HEALTH_UNKNOWN) ||
           (here && r->health == NCM_HEALTH_STOPPED && r->in_production && r->stage.len > 0);
}

static const struct overview_source *source_named(const struct overview *o, struct ncm_str name)
{
    for (size_t i = 0; i < o->n_sources; i++) {
        if (ncm_str_is(name, o->sources[i].name)) {
            return &o->sources[i];
        }
    }
    return NULL;
}

static bool is_old(const struct overview_source *s)
{
    return s != NULL && (s->err != NULL || s->info.state >= NCM_STALE);
}

bool overview_stale(const struct overview *o, const struct ncm_fleet_row *r)
{
    for (size_t i = 0; i < r->n_deployments; i++) {
        const struct ncm_deployment *d = o->fleet->deployments[r->deployments[i]].it;
        if (is_old(source_named(o, d->source))) {
            return true;
        }
    }
    return r->n_deployments == 0 && is_old(source_named(o, (struct ncm_str){"registry", 8}));
}

bool overview_rates_stale(const struct overview *o, const struct ncm_fleet_row *r)
{
    return overview_stale(o, r) ||
           (ncm_str_is(r->rates.source, "prometheus") && is_old(source_named(o, r->rates.source)));
}

const struct ncm_drift_monitor *overview_monitor(const struct overview *o,
                                                 const struct ncm_fleet_row *r,
                                                 const struct ncm_drift_feature **feature)
{
    *feature = NULL;
    if (o->drift == NULL || r->drift_monitor.len == 0) {
        return NULL;
    }
    const struct ncm_drift_monitor *m =
        ncm_drift_find(o->drift, ncm_cstr(r->model), ncm_cstr(r->drift_monitor));
    for (size_t i = 0; m != NULL && i < m->n_features && *feature == NULL; i++) {
        *feature = ncm_str_eq(m->features[i].name, r->drift_feature) ? &m->features[i] : NULL;
    }
    return *feature != NULL ? m : NULL;
}

const struct ncm_fleet_row *overview_drift_row(const struct overview *o,
                                               const struct ncm_fleet_row *r)
{
    const struct ncm_drift_feature *f;

    for (size_t i = 0; i < o->fleet->n_rows; i++) {
        const struct ncm_fleet_row *x = &o->fleet->rows[i];
        if (ncm_str_eq(x->model, r->model) && overview_monitor(o, x, &f) != NULL) {
            return x;
        }
    }
    return NULL;
}

int64_t overview_running_since(const struct overview *o, const struct ncm_fleet_row *r)
{
    int64_t since = NCM_NO_TIME;

    for (size_t i = 0; i < r->n_deployments; i++) {
        const struct ncm_deployment *d = o->fleet->deployments[r->deployments[i]].it;
        since = d->rolled_ms > since ? d->rolled_ms : since;
    }
    return since;
}

bool overview_any_deployed(const struct overview *o)
{
    return o->fleet != NULL && o->fleet->n_deployments > 0;
}

const struct ncm_alert *overview_alert_of(const struct overview *o, const struct ncm_fleet_row *r)
{
    for (size_t i = 0; i < overview_n_firing(o); i++) {
        const struct ncm_alert *a = o->fleet->firing[i];
        const struct ncm_kv *kv = ncm_kv_find(a->labels, a->n_labels, "model");
        if (ncm_str_eq(a->subject, r->model) || (kv != NULL && ncm_str_eq(kv->value, r->model))) {
            return a;
        }
    }
    return r->n_firing > 0 && overview_n_firing(o) == 1 ? o->fleet->firing[0] : NULL;
}

int64_t overview_bad_since(const struct overview *o, const struct ncm_fleet_row *r)
{
    const struct ncm_drift_feature *f;
    const struct ncm_alert *a = r->n_firing > 0 ? overview_alert_of(o, r) : NULL;

    if (r->n_deployments > 0 && r->health >= NCM_HEALTH_UNKNOWN && r->since_ms != NCM_NO_TIME) {
        return r->since_ms;
    }
    if (r->canary_worse) {
        return NCM_NO_TIME; /* a comparison has no beginning */
    }
    if (a != NULL) {
        return a->since_ms;
    }
    if (r->drift_state < NCM_DRIFT_WARNING && r->n_deployments > 0 && overview_bad(r)) {
        const struct ncm_fleet_row *x = overview_drift_row(o, r); /* worse for its model's drift */
        r = x != NULL ? x : r;
    }
    return r->drift_state >= NCM_DRIFT_WARNING && overview_monitor(o, r, &f) != NULL ? f->since_ms
                                                                                    : NCM_NO_TIME;
}
