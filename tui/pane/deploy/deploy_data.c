#include "pane/deploy/deploy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- sources ---- */

bool deploy_is_offered(const struct deploy *d)
{
    for (size_t i = 0; i < d->n_sources; i++) {
        if (d->sources[i].asked) {
            return false;
        }
    }
    return d->n_sources > 0;
}

const struct deploy_source *deploy_source_of(const struct deploy *d, const struct ncm_deployment *x)
{
    for (size_t i = 0; i < d->n_sources; i++) {
        if (ncm_str_is(x->source, d->sources[i].about->name)) {
            return &d->sources[i];
        }
    }
    return NULL;
}

bool deploy_is_stale(const struct deploy *d, const struct ncm_deployment *x)
{
    const struct deploy_source *s = deploy_source_of(d, x);
    return s != NULL && s->info.state >= NCM_STALE;
}

static void read_sources(struct deploy *d)
{
    size_t n = 0;
    const struct ncm_deploy_about *about = ncm_deploy_sources(ui_session(d->ui), &n);

    ncm_free(d->sources);
    d->sources = ncm_alloc(n + 1, sizeof *d->sources);
    d->n_sources = n;
    for (size_t i = 0; i < n; i++) {
        struct deploy_source *s = &d->sources[i];
        *s = (struct deploy_source){.about = &about[i],
                                    .asked = !about[i].offered || d->agreed,
                                    .info = {.state = NCM_LOADING, .age_ms = -1, .retry_ms = -1}};
        if (d->feed != NULL && s->asked) {
            s->err = ncm_fleet_feed_error(d->feed, s->about->name, &s->info);
            s->snap = ncm_fleet_feed_source(d->feed, s->about->name);
        }
    }
}

static void open_feed(struct deploy *d)
{
    read_sources(d);
    d->resting = false;
    if (d->feed != NULL) {
        ncm_fleet_feed_rest(d->feed, false);
    } else if (d->n_sources > 0 && !deploy_is_offered(d)) {
        d->feed = ncm_fleet_feed_open(ui_session(d->ui),
                                      NCM_FLEET_ALL | (d->agreed ? NCM_FLEET_OFFERED : 0u));
    }
    if (d->models == NULL && d->feed != NULL) {
        struct ncm_query *q = ncm_query_new(NCM_T_MODELS);
        d->models = ncm_session_want(ui_session(d->ui), q);
        ncm_query_free(q);
    }
}

void deploy_enter(struct deploy *d)
{
    open_feed(d);
    deploy_logs_ask(d);
    deploy_update(d);
}

/* What was shown stays, so that coming back shows it at once. */
void deploy_leave(struct deploy *d)
{
    deploy_logs_end(d);
    if (d->feed != NULL) {
        ncm_fleet_feed_rest(d->feed, true);
    }
    d->resting = true;
    ncm_want_release(d->models);
    d->models = NULL;
    d->registry = NULL;
    for (size_t i = 0; i < d->n_sources; i++) { /* borrowed from the wants */
        d->sources[i].err = NULL;
    }
}

void deploy_release(struct deploy *d)
{
    void *owned[] = {d->sources, d->filter,   d->rows,      d->ref,        d->kind,
                     d->replica, d->revision, d->asked_ref, d->asked_kind, d->asked_target};

    deploy_leave(d);
    ncm_fleet_feed_close(d->feed);
    deploy_free_picks(d);
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) {
        ncm_free(owned[i]);
    }
    ncm_free(d->logs.ref);
    ncm_free(d->logs.replica);
    ncm_free(d->logs.container);
    ncm_free(d->logs.needle);
}

void deploy_agree(struct deploy *d)
{
    d->agreed = true;
    d->fleet = NULL;
    d->n_rows = 0;
    ncm_fleet_feed_close(d->feed);
    d->feed = NULL;
    deploy_enter(d);
}

void deploy_update(struct deploy *d)
{
    if (d->ui == NULL || d->feed == NULL || d->resting) {
        return;
    }
    ncm_fleet_feed_update(d->feed);
    d->fleet = ncm_fleet_feed_get(d->feed);
    d->registry = d->models != NULL ? ncm_want_get(d->models) : NULL;
    read_sources(d);
    deploy_rebuild(d);
    deploy_logs_take(d);
}

void deploy_refresh(struct deploy *d)
{
    if (d->feed != NULL) {
        ncm_fleet_feed_refresh(d->feed);
    }
    if (d->logs.want != NULL) {
        ncm_want_refresh(d->logs.want);
    }
}

/* ---- what belongs to what ---- */

const struct ncm_fleet_row *deploy_fleet_row(const struct deploy *d, struct ncm_str model,
                                             struct ncm_str version)
{
    const struct ncm_fleet_row *found = NULL;

    for (size_t i = 0; d->fleet != NULL && model.len > 0 && i < d->fleet->n_rows; i++) {
        const struct ncm_fleet_row *r = &d->fleet->rows[i];
        if (!ncm_str_eq(r->model, model)) {
            continue;
        }
        if (version.len > 0 ? ncm_str_eq(r->version, version)
                            : r->stage.len > 0 && r->in_production) {
            return r;
        }
        found = version.len == 0 && r->registered && found == NULL ? r : found;
    }
    return found;
}

const struct ncm_model *deploy_model(const struct deploy *d, struct ncm_str model)
{
    return d->registry != NULL && model.len > 0 ? ncm_models_find(d->registry, ncm_cstr(model))
                                                : NULL;
}

/* ---- rows ---- */

static bool matches(const struct deploy *d, const struct ncm_fleet_deployment *f)
{
    const struct ncm_deployment *x = f->it;
    const struct ncm_str fields[] = {x->name,       x->ns,     x->source, x->kind,      f->is.model,
                                     f->is.version, x->reason, x->image,  x->managed_by};

    if (d->filter == NULL || ncm_text_has(common_health_label(f->health), d->filter) ||
        ncm_text_has(ncm_health_word(f->health), d->filter)) {
        return true;
    }
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (ncm_text_has(ncm_cstr(fields[i]), d->filter)) {
            return true;
        }
    }
    for (size_t i = 0; i < f->n_findings; i++) {
        if (ncm_text_has(ncm_cstr(f->findings[i].sentence), d->filter)) {
            return true;
        }
    }
    return false;
}

/* What qsort needs to know, and has no room for. */
static const struct deploy *sorting;

/* The greater number first; the unknown last. */
static int by_number(double a, double b)
{
    if (isnan(a) || isnan(b)) {
        return (isnan(a) ? 1 : 0) - (isnan(b) ? 1 : 0);
    }
    return a > b ? -1 : a < b;
}

static int by_text(struct ncm_str a, struct ncm_str b)
{
    if ((a.len == 0) != (b.len == 0)) {
        return a.len == 0 ? 1 : -1;
    }
    return ncm_str_compare(a, b);
}

static int compare(const void *pa, const void *pb)
{
    size_t ia = ((const struct deploy_row *)pa)->at, ib = ((const struct deploy_row *)pb)->at;
    const struct ncm_fleet_deployment *a = &sorting->fleet->deployments[ia];
    const struct ncm_fleet_deployment *b = &sorting->fleet->deployments[ib];
    int c = 0;

    switch (sorting->sort) {
    case SORT_MODEL:
        c = by_text(a->is.model, b->is.model);
        break;
    case SORT_NAME:
        c = by_text(a->it->name, b->it->name);
        break;
    case SORT_TRAFFIC:
        c = by_number(deploy_share(a), deploy_share(b));
        break;
    case SORT_RPS:
        c = by_number(a->rates.rps, b->rates.rps);
        break;
    case SORT_P95:
        c = by_number(a->rates.p95_ms, b->rates.p95_ms);
        break;
    case SORT_ERRORS:
        c = by_number(a->rates.error_rate, b->rates.error_rate);
        break;
    case SORT_AGE:
        c = (a->it->created_ms < b->it->created_ms) - (a->it->created_ms > b->it->created_ms);
        break;
    case SORT_WORST:
    case N_SORTS:
        break;
    }
    c = c != 0 ? c : (ia > ib) - (ia < ib); /* the fleet has the worst first */
    return sorting->reverse ? -c : c;
}

static void add_row(struct deploy *d, size_t at, size_t first)
{
    d->rows = ncm_grow(d->rows, d->n_rows, &d->cap_rows, sizeof *d->rows);
    d->rows[d->n_rows++] = (struct deploy_row){at, first};
}

/* Groups in the order in which their first one comes; what serves no known model belongs together
 * only where it is neighbours. O(deployments × models). */
static void group_rows(struct deploy *d, const struct deploy_row *sorted, size_t n)
{
    const struct ncm_fleet_deployment *all = d->fleet->deployments;
    bool *done = ncm_alloc(n + 1, sizeof *done);

    for (size_t i = 0; i < n; i++) {
        if (done[i]) {
            continue;
        }
        struct ncm_str model = all[sorted[i].at].is.model;
        add_row(d, DEPLOY_HEADING, sorted[i].at);
        for (size_t k = i; k < n; k++) {
            struct ncm_str other = all[sorted[k].at].is.model;
            bool same = model.len == 0 ? other.len == 0 : ncm_str_eq(model, other);
            if (!done[k] && same) {
                add_row(d, sorted[k].at, sorted[i].at);
                done[k] = true;
            } else if (!done[k] && model.len == 0) {
                break;
            }
        }
    }
    ncm_free(done);
}

static bool row_is(const struct deploy *d, size_t row, const char *ref, const char *kind)
{
    if (d->rows[row].at == DEPLOY_HEADING) {
        return false;
    }
    const struct ncm_deployment *x = d->fleet->deployments[d->rows[row].at].it;
    return ncm_deployment_is(x, ref) && (kind == NULL || ncm_str_is(x->kind, kind));
}

static bool find_selected(struct deploy *d)
{
    for (size_t i = 0; d->ref != NULL && i < d->n_rows; i++) {
        if (row_is(d, i, d->ref, d->kind)) {
            d->table.selected = i;
            return true;
        }
    }
    return false;
}

/* Whether every source has said all that it has to say at first. */
static bool settled(const struct deploy *d)
{
    for (size_t i = 0; i < d->n_sources; i++) {
        const struct deploy_source *s = &d->sources[i];
        if (s->asked && s->err == NULL && (s->snap == NULL || s->info.state == NCM_LOADING)) {
            return false;
        }
    }
    return true;
}

static bool in_one_ns(const struct deploy *d)
{
    struct ncm_str ns = {NULL, 0};

    for (size_t i = 0; d->fleet != NULL && i < d->fleet->n_deployments; i++) {
        struct ncm_str other = d->fleet->deployments[i].it->ns;
        if (other.len > 0 && ns.len > 0 && !ncm_str_eq(other, ns)) {
            return false;
        }
        ns = other.len > 0 ? other : ns;
    }
    return true;
}

void deploy_rebuild(struct deploy *d)
{
    size_t n = 0, all = d->fleet != NULL ? d->fleet->n_deployments : 0;
    struct deploy_row *sorted = ncm_alloc(all + 1, sizeof *sorted);

    for (size_t i = 0; i < all; i++) {
        if (matches(d, &d->fleet->deployments[i])) {
            sorted[n++] = (struct deploy_row){i, i};
        }
    }
    d->one_ns = in_one_ns(d);
    sorting = d;
    qsort(sorted, n, sizeof *sorted, compare);
    d->n_rows = 0;
    if (d->flat) {
        for (size_t i = 0; i < n; i++) {
            add_row(d, sorted[i].at, sorted[i].at);
        }
    } else if (n > 0) {
        group_rows(d, sorted, n);
    }
    ncm_free(sorted);
    if (d->view == DEPLOY_LIST && !d->moved) {
        d->table.selected = 0;
        d->table.selected += d->n_rows > 1 && d->rows[0].at == DEPLOY_HEADING;
        deploy_remember(d, settled(d)); /* from then on nothing moves it but the person */
    } else if (!find_selected(d) && d->view == DEPLOY_LIST) {
        size_t last = d->n_rows > 0 ? d->n_rows - 1 : 0;
        d->table.selected = d->table.selected > last ? last : d->table.selected;
        if (d->n_rows > 1 && d->rows[d->table.selected].at == DEPLOY_HEADING) {
            d->table.selected++;
        }
        if (d->ref == NULL || d->n_rows > 0) {
            deploy_remember(d, false);
        }
    }
}

void deploy_remember(struct deploy *d, bool chosen)
{
    d->moved = d->moved || chosen;
    if (d->table.selected >= d->n_rows || d->rows[d->table.selected].at == DEPLOY_HEADING) {
        return;
    }
    const struct ncm_deployment *x = d->fleet->deployments[d->rows[d->table.selected].at].it;
    ncm_free(d->ref);
    ncm_free(d->kind);
    d->ref = ncm_deployment_ref(x);
    d->kind = ncm_strdup(ncm_cstr(x->kind));
}

bool deploy_select(struct deploy *d, const char *ref, const char *kind)
{
    char *new_ref = ncm_strdup(ref), *new_kind = ncm_strdup(kind);

    ncm_free(d->ref);
    ncm_free(d->kind);
    d->ref = new_ref;
    d->moved = true;
    d->kind = new_kind;
    d->scrolled = 0;
    d->link = 0;
    d->replicas = d->history = d->events = (struct table){0};
    ncm_free(d->replica);
    ncm_free(d->revision);
    d->replica = d->revision = NULL;
    if (d->fleet != NULL && !find_selected(d) && d->filter != NULL) {
        ncm_free(d->filter);
        d->filter = NULL;
        deploy_rebuild(d);
    }
    return deploy_selected(d) != NULL;
}

const struct ncm_fleet_deployment *deploy_selected(const struct deploy *d)
{
    for (size_t i = 0; d->fleet != NULL && d->ref != NULL && i < d->fleet->n_deployments; i++) {
        const struct ncm_deployment *x = d->fleet->deployments[i].it;
        if (ncm_deployment_is(x, d->ref) && (d->kind == NULL || ncm_str_is(x->kind, d->kind))) {
            return &d->fleet->deployments[i];
        }
    }
    return NULL;
}
