/* Registering a run's model: which of those it logged, and the source exactly as MLflow's client
 * would write it. */
#include <string.h>

#include "base/i18n.h"
#include "io/file.h"
#include "io/node.h"
#include "ops/parts.h"

#define DIRS_MOST 50 /* top-level folders that are looked into for an MLmodel */

struct candidate {
    char *name;   /* artifact path or the logged model's name: what the person types */
    char *source; /* URI for the registry */
};
struct candidates {
    struct candidate *items;
    size_t n, cap;
};

static void add(struct candidates *c, const char *name, char *source)
{
    for (size_t i = 0; i < c->n; i++) {
        if (strcmp(c->items[i].source, source) == 0) {
            ncm_free(source);
            return;
        }
    }
    c->items = ncm_grow(c->items, c->n, &c->cap, sizeof *c->items);
    c->items[c->n++] = (struct candidate){ncm_strdup(name), source};
}

static void release(struct candidates *c)
{
    for (size_t i = 0; i < c->n; i++) {
        ncm_free(c->items[i].name);
        ncm_free(c->items[i].source);
    }
    ncm_free(c->items);
}

/* The run's artifact URI with a path below it; a query part of the URI stays at its end. */
static char *below(const char *uri, const char *path)
{
    size_t len = strcspn(uri, "?");
    const char *query = uri + len;
    while (len > 0 && uri[len - 1] == '/') {
        len--;
    }
    return ncm_sprintf("%.*s/%s%s", (int)len, uri, path, query);
}

/* Models of MLflow 3 have a life of their own and are named by id. */
static void logged_models(const struct ncm_run *r, const char *name, struct candidates *c)
{
    for (size_t i = 0; i < r->n_logged_models; i++) {
        const struct ncm_logged_model *m = &r->logged_models[i];
        if (name == NULL || ncm_str_is(m->name, name) || ncm_str_is(m->id, name)) {
            add(c, ncm_cstr(m->name), ncm_sprintf("models:/%s", ncm_cstr(m->id)));
        }
    }
}

/* Up to MLflow 2 the run's tag lists what it logged. */
static void history(const struct ncm_run *r, const char *path, struct candidates *c)
{
    const struct ncm_kv *tag = ncm_run_tag(r, "mlflow.log-model.history");
    struct ncm_doc *doc;
    struct ncm_err ignored;
    if (tag == NULL || tag->value.p == NULL ||
        !ncm_json_parse(tag->key.p, tag->value.p, tag->value.len, &doc, &ignored)) {
        return;
    }
    const struct ncm_node *root = ncm_doc_root(doc);
    for (size_t i = 0; root != NULL && root->kind == NCM_NODE_LIST && i < root->n; i++) {
        const char *at = ncm_node_str(&root->items[i], "artifact_path", NULL);
        if (at != NULL && at[0] != '\0' && (path == NULL || strcmp(path, at) == 0)) {
            add(c, at, below(ncm_cstr(r->artifact_uri), at));
        }
    }
    ncm_doc_free(doc);
}

/* Whether the folder holds a model; *listed false where its files cannot be seen from here. */
static bool holds_model(struct ncm_planner *p, const struct ncm_run *r, const char *path,
                        bool *listed)
{
    const void *got;
    struct ncm_err ignored;
    bool found = false;
    struct ncm_query *q = ncm_query_artifacts(r->id.p, path);
    *listed = ncm_fetch_now(p->ctx, q, &got, &ignored);
    ncm_query_free(q);
    if (!*listed) {
        return false;
    }
    const struct ncm_artifacts_snapshot *s = got;
    *listed = s->why.p == NULL;
    for (size_t i = 0; i < s->n; i++) {
        const char *slash = strrchr(ncm_cstr(s->items[i].path), '/');
        const char *base = slash != NULL ? slash + 1 : ncm_cstr(s->items[i].path);
        found = found || (!s->items[i].is_dir && strcmp(base, "MLmodel") == 0);
    }
    ncm_snapshot_unref(got);
    return found;
}

/* Looks into the run's own folders. */
static void folders(struct ncm_planner *p, const struct ncm_run *r, struct candidates *c)
{
    const void *got;
    struct ncm_err ignored;
    struct ncm_query *q = ncm_query_artifacts(r->id.p, "");
    bool ok = ncm_fetch_now(p->ctx, q, &got, &ignored);
    ncm_query_free(q);
    if (!ok) {
        return;
    }
    const struct ncm_artifacts_snapshot *s = got;
    for (size_t i = 0; i < s->n && i < DIRS_MOST; i++) {
        bool listed;
        if (s->items[i].is_dir && holds_model(p, r, s->items[i].path.p, &listed)) {
            add(c, s->items[i].path.p, below(ncm_cstr(r->artifact_uri), s->items[i].path.p));
        }
    }
    ncm_snapshot_unref(got);
}

/* With a path: the files there first, as MLflow does, then a logged model of that name. */
static bool by_path(struct ncm_planner *p, const struct ncm_run *r, const char *path,
                    struct candidates *c, struct ncm_err *err)
{
    bool listed;
    const char *plain = strncmp(path, "models:/", 8) == 0 ? path + 8 : path;
    if (!ncm_path_inside(plain)) {
        return ncm_fail(err, NCM_REFUSED, _("The path leads out of the run's artifacts: %s"), path);
    }
    if (plain == path && holds_model(p, r, path, &listed)) {
        add(c, path, below(ncm_cstr(r->artifact_uri), path));
        return true;
    }
    logged_models(r, plain, c);
    if (c->n == 0) {
        history(r, path, c);
    }
    if (c->n == 0 && !listed && plain == path) {
        add(c, path, below(ncm_cstr(r->artifact_uri), path));
        ncm_plan_warn(p->plan,
                      _("the run's files cannot be seen from here: whether there is a"
                        " model at '%s' was not checked"),
                      path);
    }
    if (c->n == 0) {
        return ncm_fail(err, NCM_NOT_FOUND, _("run '%s' has no model at '%s'"), r->id.p, path);
    }
    return true;
}

static void any(struct ncm_planner *p, const struct ncm_run *r, struct candidates *c)
{
    logged_models(r, NULL, c);
    if (c->n == 0) {
        history(r, NULL, c);
    }
    if (c->n == 0) {
        folders(p, r, c);
    }
}

static bool several(const struct ncm_run *r, const struct candidates *c, struct ncm_err *err)
{
    struct ncm_buf names;
    ncm_buf_init(&names, 240);
    for (size_t i = 0; i < c->n; i++) {
        /* Models of one name differ by their id only. */
        bool twice = false;
        for (size_t k = 0; k < c->n; k++) {
            twice = twice || (k != i && strcmp(c->items[k].name, c->items[i].name) == 0);
        }
        const char *name = !twice ? c->items[i].name
                           : strncmp(c->items[i].source, "models:/", 8) == 0
                               ? c->items[i].source + 8
                               : c->items[i].source;
        ncm_buf_printf(&names, "%s%s", i > 0 ? ", " : "", name);
    }
    ncm_fail(err, NCM_USAGE, _("run '%s' logged %zu models: say which"), r->id.p, c->n);
    ncm_hint(err, _("--path one of: %s"), names.p);
    ncm_buf_release(&names);
    return false;
}

static bool choose(struct ncm_planner *p, const struct ncm_run *r, struct candidates *c,
                   struct ncm_err *err)
{
    const struct ncm_intent *i = p->plan->intent;
    if (i->key != NULL) {
        if (!by_path(p, r, i->key, c, err)) {
            return false;
        }
    } else {
        any(p, r, c);
    }
    if (c->n == 0) {
        ncm_fail(err, NCM_NOT_FOUND, _("run '%s' logged no model"), r->id.p);
        return ncm_hint(err, _("name its folder among the run's artifacts with --path"));
    }
    return c->n == 1 || several(r, c, err);
}

/* The same model once more is seldom meant. */
static void warn_of_same(struct ncm_planner *p, const struct ncm_model *m, const struct ncm_run *r,
                         const char *source)
{
    for (size_t i = 0; i < m->n_versions; i++) {
        const struct ncm_model_version *v = &m->versions[i];
        if (ncm_str_is(v->source, source) && ncm_str_eq(v->run_id, r->id)) {
            ncm_plan_warn(p->plan, _("version %s was made from the same model of this run"),
                          ncm_cstr(v->version));
            return;
        }
    }
}

static bool build(struct ncm_planner *p, const struct ncm_run *r, const char *source,
                  struct ncm_err *err)
{
    struct ncm_plan *plan = p->plan;
    const struct ncm_intent *i = plan->intent;
    const struct ncm_model *m = NULL;
    bool there = ncm_planner_model(p, i->model, &m, err);
    if (!there && err->code != NCM_NOT_FOUND) {
        return false;
    }
    if (!there) {
        const char *taken;
        if (!ncm_planner_add(p, NCM_CH_MODEL_CREATE, i->model, NULL, NULL, NULL, &taken, err)) {
            return false;
        }
        if (taken != NULL) {
            return ncm_fail(err, NCM_REFUSED, _("'%s' is the name of a prompt"), i->model);
        }
        ncm_plan_line(plan, NCM_TONE_SIDE, i->model, _("model is created"), NULL, NULL);
    }
    struct ncm_change *ch = ncm_changes_add(&plan->changes, NCM_CH_VERSION_CREATE, i->model, NULL,
                                            r->id.p, NULL, source);
    ch->extra = ncm_strdup(i->to);
    ncm_plan_line(plan, NCM_TONE_CHANGE, i->model, _("new version from"), NULL, source);
    if (there) {
        warn_of_same(p, m, r, source);
    }
    if (r->lifecycle == NCM_DELETED) {
        ncm_plan_warn(plan, _("the run it comes from is deleted: %s"), r->id.p);
    }
    return true;
}

bool ncm_plan_register(struct ncm_planner *p, struct ncm_err *err)
{
    struct ncm_plan *plan = p->plan;
    const struct ncm_intent *i = plan->intent;
    const void *got;
    struct candidates c = {0};
    if (i->n_objects != 1) {
        return ncm_fail(err, NCM_USAGE, _("a run must be named"));
    }
    struct ncm_query *q = ncm_query_run(i->objects[0]);
    bool ok = ncm_fetch_now(p->ctx, q, &got, err);
    ncm_query_free(q);
    if (!ok) {
        return false;
    }
    const struct ncm_run *r = &((const struct ncm_run_snapshot *)got)->run;
    ok = choose(p, r, &c, err) && build(p, r, c.items[0].source, err);
    if (ok) {
        plan->title = ncm_sprintf(_("Register a version of %s from run %s"), i->model,
                                  r->name.len > 0 ? r->name.p : r->id.p);
        plan->subject = ncm_strdup(i->model);
        plan->confirm_name = ncm_strdup(i->model);
        plan->to = ncm_strdup(c.items[0].source);
    }
    release(&c);
    ncm_snapshot_unref(got);
    return ok;
}
