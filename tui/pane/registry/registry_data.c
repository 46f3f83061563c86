/* What the registry pane holds: wants, snapshots, the selection by identity. */
#include "pane/registry/registry.h"

#include <string.h>

const struct ncm_model *registry_model(const struct registry *r)
{
    return r->models != NULL && r->model != NULL ? ncm_models_find(r->models, r->model) : NULL;
}

const struct ncm_model_version *registry_version(const struct registry *r)
{
    const struct ncm_model *m = registry_model(r);
    return m != NULL && r->version != NULL ? ncm_model_version(m, r->version) : NULL;
}

const struct ncm_model_version *registry_production(const struct ncm_model *m)
{
    for (size_t i = 0; m != NULL && i < m->n_versions; i++) {
        if (m->versions[i].stage == NCM_STAGE_PRODUCTION) {
            return &m->versions[i];
        }
    }
    return NULL;
}

static void replace(char **field, const char *value)
{
    char *copy = ncm_strdup(value);
    ncm_free(*field);
    *field = copy;
}

/* "prod", "staging", "@champ": a version in that stage, an alias of that name. */
static bool model_has(const struct ncm_model *m, const char *word)
{
    for (size_t i = 0; i < m->n_versions; i++) {
        if (m->versions[i].stage != NCM_STAGE_NONE &&
            ncm_text_has(ncm_cstr(m->versions[i].stage_text), word)) {
            return true;
        }
    }
    for (size_t i = 0; i < m->n_aliases; i++) {
        if (ncm_text_has(ncm_cstr(m->aliases[i].name), *word == '@' ? word + 1 : word)) {
            return true;
        }
    }
    return ncm_text_has(ncm_cstr(m->name), word) || ncm_text_has(ncm_cstr(m->description), word);
}

/* Which models the board shows, and the cursor's row by the selected name. */
static void filter_rows(struct registry *r)
{
    r->n_rows = 0;
    size_t selected = 0;
    for (size_t i = 0; r->models != NULL && i < r->models->n; i++) {
        const struct ncm_model *m = &r->models->items[i];
        if (r->filter != NULL && !model_has(m, r->filter)) {
            continue;
        }
        if (r->model != NULL && ncm_str_is(m->name, r->model)) {
            selected = r->n_rows;
        }
        r->rows = ncm_grow(r->rows, r->n_rows, &r->cap_rows, sizeof *r->rows);
        r->rows[r->n_rows++] = i;
    }
    if (r->n_rows > 0 && r->view == VIEW_BOARD) {
        r->board.selected = selected;
        if (r->model == NULL || registry_model(r) == NULL) {
            registry_select(r, ncm_cstr(r->models->items[r->rows[selected]].name), NULL);
        }
    }
}

/* Puts the versions' cursor where the selected version is, or selects what the cursor is on. */
static void place_version(struct registry *r)
{
    const struct ncm_model *m = registry_model(r);
    if (m == NULL || m->n_versions == 0) {
        return;
    }
    for (size_t i = 0; i < m->n_versions; i++) {
        if (r->version != NULL && ncm_str_is(m->versions[i].version, r->version)) {
            r->preview.selected = i;
            r->versions.selected = i;
            return;
        }
    }
    if (r->view != VIEW_VERSION) {
        replace(&r->version, ncm_cstr(m->versions[0].version));
        r->preview.selected = 0;
        r->versions.selected = 0;
    }
}

void registry_select(struct registry *r, const char *model, const char *version)
{
    bool other = r->model == NULL || model == NULL || strcmp(r->model, model) != 0;
    if (other) {
        replace(&r->model, model);
        r->preview.top = 0;
        r->versions.top = 0;
    }
    if (other || version != NULL) {
        replace(&r->version, version);
    }
    place_version(r);
}

void registry_follow_cursor(struct registry *r)
{
    const struct ncm_model *m = NULL;
    if (r->view == VIEW_BOARD && r->part == 0) {
        if (r->board.selected < r->n_rows) {
            m = &r->models->items[r->rows[r->board.selected]];
            registry_select(r, ncm_cstr(m->name), NULL);
        }
        return;
    }
    m = registry_model(r);
    size_t row = r->view == VIEW_BOARD ? r->preview.selected : r->versions.selected;
    if (m != NULL && row < m->n_versions && r->view != VIEW_VERSION) {
        registry_select(r, r->model, ncm_cstr(m->versions[row].version));
    }
}

/* ---- source runs ---- */

static void drop_run(struct version_run *v)
{
    ncm_want_release(v->want);
    ncm_snapshot_unref(v->run);
    ncm_free(v->run_id);
    memset(v, 0, sizeof *v);
}

static void want_run(struct registry *r, struct version_run *v, struct ncm_str run_id)
{
    const char *id = ncm_cstr(run_id);
    if (v->run_id != NULL && strcmp(v->run_id, id) == 0) {
        return;
    }
    drop_run(v);
    if (*id == '\0') {
        return;
    }
    struct ncm_query *q = ncm_query_run(id);
    v->run_id = ncm_strdup(id);
    v->want = ncm_session_want(ui_session(r->ui), q);
    ncm_query_free(q);
}

static void drop_runs(struct registry *r)
{
    for (size_t i = 0; i < r->n_runs; i++) {
        drop_run(&r->runs[i]);
    }
    r->n_runs = 0;
    r->n_metrics = 0;
}

static void take_run(struct version_run *v)
{
    const struct ncm_run_snapshot *run = v->want != NULL ? ncm_want_get(v->want) : NULL;
    if (run != v->run) {
        ncm_snapshot_unref(v->run);
        v->run = ncm_snapshot_ref(run);
    }
}

const struct ncm_run *registry_run_of(const struct registry *r, const char *run_id)
{
    for (size_t i = 0; i < r->n_runs; i++) {
        if (r->runs[i].run != NULL && strcmp(r->runs[i].run_id, run_id) == 0) {
            return &r->runs[i].run->run;
        }
    }
    return NULL;
}

static void update_model_runs(struct registry *r)
{
    const struct ncm_model *m = registry_model(r);
    size_t n = m == NULL ? 0 : m->n_versions < MODEL_RUNS ? m->n_versions : MODEL_RUNS;
    for (size_t i = n; i < r->n_runs; i++) {
        drop_run(&r->runs[i]);
    }
    for (size_t i = 0; i < n; i++) {
        want_run(r, &r->runs[i], m->versions[i].run_id);
    }
    r->n_runs = n;
    for (size_t i = 0; i < n; i++) {
        take_run(&r->runs[i]);
    }
    registry_choose_metrics(r);
}

static void update_version(struct registry *r)
{
    const struct ncm_model_version *v = registry_version(r);
    const struct ncm_model_version *p = registry_production(registry_model(r));
    struct ncm_str none = {NULL, 0};
    want_run(r, &r->mine, v != NULL ? v->run_id : none);
    want_run(r, &r->theirs, p != NULL && p != v ? p->run_id : none);
    take_run(&r->mine);
    take_run(&r->theirs);
    if (v != NULL && r->facts_want == NULL) {
        struct ncm_query *q = ncm_query_facts(r->model, r->version);
        r->facts_want = ncm_session_want(ui_session(r->ui), q);
        ncm_query_free(q);
    }
    const struct ncm_facts_snapshot *f = r->facts_want ? ncm_want_get(r->facts_want) : NULL;
    if (f != r->facts) {
        ncm_snapshot_unref(r->facts);
        r->facts = ncm_snapshot_ref(f);
    }
    registry_build_detail(r);
}

static void drop_version(struct registry *r)
{
    drop_run(&r->mine);
    drop_run(&r->theirs);
    ncm_want_release(r->facts_want);
    r->facts_want = NULL;
    ncm_snapshot_unref(r->facts);
    r->facts = NULL;
}

static void drop_holders(struct registry *r)
{
    ncm_want_release(r->holders_want);
    r->holders_want = NULL;
    ncm_snapshot_unref(r->holders);
    r->holders = NULL;
}

void registry_want_holders(struct registry *r, const char *of)
{
    drop_holders(r);
    replace(&r->holders_of, of);
    struct ncm_query *q = ncm_query_holders(r->model, of);
    r->holders_want = ncm_session_want(ui_session(r->ui), q);
    ncm_query_free(q);
}

/* Only what the view shows is wanted. */
static void drop_unseen(struct registry *r)
{
    if (r->view != VIEW_MODEL && r->view != VIEW_BOARD) {
        drop_runs(r);
    }
    if (r->view != VIEW_VERSION) {
        drop_version(r);
    }
    if (r->view != VIEW_HOLDERS) {
        drop_holders(r);
    }
}

void registry_show(struct registry *r, enum registry_view view)
{
    if (view == VIEW_VERSION && r->view != VIEW_VERSION) {
        drop_version(r);
        r->detail_table.selected = 0;
        r->detail_table.top = 0;
    }
    r->view = view;
    drop_unseen(r);
    registry_update(r);
    ui_dirty(r->ui);
}

void registry_update(struct registry *r)
{
    if (!r->shown) {
        return;
    }
    const struct ncm_models_snapshot *s = ncm_want_get(r->models_want);
    if (s != r->models) {
        ncm_snapshot_unref(r->models);
        r->models = ncm_snapshot_ref(s);
    }
    const struct ncm_drift_snapshot *drift =
        r->drift_want != NULL ? ncm_want_get(r->drift_want) : NULL;
    if (drift != NULL && drift != r->drift) {
        ncm_snapshot_unref(r->drift);
        r->drift = ncm_snapshot_ref(drift);
    }
    filter_rows(r);
    place_version(r);
    if (r->view == VIEW_MODEL || r->view == VIEW_BOARD) {
        update_model_runs(r);
    } else if (r->view == VIEW_VERSION) {
        update_version(r);
    } else if (r->view == VIEW_HOLDERS && r->holders_want != NULL) {
        const struct ncm_holders_snapshot *h = ncm_want_get(r->holders_want);
        if (h != r->holders) {
            ncm_snapshot_unref(r->holders);
            r->holders = ncm_snapshot_ref(h);
        }
    }
}

void registry_enter(struct registry *r)
{
    r->shown = true;
    struct ncm_query *q = ncm_query_new(NCM_T_MODELS);
    r->models_want = ncm_session_want(ui_session(r->ui), q);
    ncm_query_free(q);
    if (ncm_session_has_monitors(ui_session(r->ui))) {
        q = ncm_query_new(NCM_T_DRIFT);
        r->drift_want = ncm_session_want(ui_session(r->ui), q);
        ncm_query_free(q);
    }
    if (r->view == VIEW_HOLDERS && r->holders_of != NULL) {
        char *of = ncm_strdup(r->holders_of);
        registry_want_holders(r, of);
        ncm_free(of);
    }
    registry_update(r);
}

void registry_leave(struct registry *r)
{
    r->shown = false;
    drop_runs(r);
    drop_version(r);
    drop_holders(r);
    ncm_want_release(r->models_want);
    ncm_want_release(r->drift_want);
    r->models_want = r->drift_want = NULL;
}
