/* Plans for runs and experiments: tags, notes, names, deleting and restoring; several at once. */
#include <string.h>

#include "base/i18n.h"
#include "ops/parts.h"

static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* "gentle-fox-1 (a1b2c3d4)"; caller frees. */
static char *run_label(struct ncm_planner *p, const char *id)
{
    struct ncm_err ignored;
    char *name = NULL;
    struct ncm_change ask = {.kind = NCM_CH_RUN_NAME, .object = (char *)(uintptr_t)id};
    if (!p->ctx->provider->present(p->conn, &ask, &name, &ignored) || name == NULL) {
        return ncm_strdup(id);
    }
    char *out = ncm_sprintf("%s (%.8s)", name, id);
    ncm_free(name);
    return out;
}

/* What an intent does to each of its objects. */
struct deed {
    enum ncm_change_kind change;
    const char *key;
    const char *to;
    char *what;   /* translated; owned */
    char *title;  /* of one; owned */
    char *titles; /* of several, with their number; owned */
};

static void deed_release(struct deed *d)
{
    ncm_free(d->what);
    ncm_free(d->title);
    ncm_free(d->titles);
}

static bool needs(const char *value, const char *what, struct ncm_err *err)
{
    return value != NULL || ncm_fail(err, NCM_USAGE, _("missing: %s"), what);
}

/* Adds the change for one object and its line; what is so already is left out. */
static bool add(struct ncm_planner *p, const struct deed *d, const char *object, const char *label,
                struct ncm_err *err)
{
    struct ncm_plan *plan = p->plan;
    char *from;
    struct ncm_change ask = {
        .kind = d->change, .object = (char *)(uintptr_t)object, .key = (char *)(uintptr_t)d->key};
    if (!p->ctx->provider->present(p->conn, &ask, &from, err)) {
        return false;
    }
    /* What is so already is refused all the same where its owner may not be changed. */
    ask.from = from;
    ask.to = (char *)(uintptr_t)d->to;
    const struct ncm_changes one = {.items = &ask, .n = 1, .cap = 1};
    bool ok = p->ctx->provider->check == NULL || p->ctx->provider->check(p->conn, &one, err);
    if (!ok) {
        ncm_free(from);
        return false;
    }
    if (d->to == NULL && from == NULL) {
        ok = ncm_fail(err, NCM_NOT_FOUND, _("%s has no tag '%s'"), label, d->key);
    } else if (same(from, d->to)) {
        ncm_plan_line(plan, NCM_TONE_NOTE, label, _("is so already"), NULL, NULL);
    } else {
        ncm_changes_add(&plan->changes, d->change, object, NULL, d->key, from, d->to);
        ncm_plan_line(plan, NCM_TONE_CHANGE, label, d->what, from, d->to);
        if (plan->from == NULL) {
            plan->from = d->key != NULL ? ncm_plan_tag_text(d->key, from) : ncm_strdup(from);
        }
    }
    ncm_free(from);
    return ok;
}

static void finish(struct ncm_plan *plan, struct deed *d, size_t n, const char *first)
{
    plan->subject = n == 1 ? ncm_strdup(first) : ncm_sprintf("%s +%zu", first, n - 1);
    plan->to = d->key != NULL ? ncm_plan_tag_text(d->key, d->to) : ncm_strdup(d->to);
    plan->title = n == 1 ? d->title : d->titles;
    if (n == 1) {
        d->title = NULL;
    } else {
        d->titles = NULL;
    }
    plan->nothing = plan->changes.n == 0;
}

static bool run_deed(const struct ncm_intent *i, struct deed *d, struct ncm_err *err)
{
    unsigned long n = i->n_objects;
    d->key = NULL;
    d->to = NULL;
    switch (i->kind) {
    case NCM_DO_RUN_TAG:
    case NCM_DO_RUN_UNTAG:
        d->change = NCM_CH_RUN_TAG;
        d->key = i->key;
        d->to = i->kind == NCM_DO_RUN_TAG ? i->to : NULL;
        if (!needs(i->key, _("the tag's key"), err) ||
            (i->kind == NCM_DO_RUN_TAG && !needs(i->to, _("the tag's value"), err))) {
            return false;
        }
        d->what = ncm_sprintf(_("tag %s"), i->key);
        d->title = d->to != NULL ? ncm_sprintf(_("Set tag %s of a run"), i->key)
                                 : ncm_sprintf(_("Remove tag %s of a run"), i->key);
        d->titles =
            d->to != NULL
                ? ncm_sprintf(ngettext("Set tag %s of %lu run", "Set tag %s of %lu runs", n),
                              i->key, n)
                : ncm_sprintf(ngettext("Remove tag %s of %lu run", "Remove tag %s of %lu runs", n),
                              i->key, n);
        return true;
    case NCM_DO_RUN_NOTE:
        d->change = NCM_CH_RUN_NOTE;
        d->to = i->to;
        d->what = ncm_strdup(_("note"));
        d->title = ncm_strdup(_("Change the note of a run"));
        d->titles = ncm_sprintf(
            ngettext("Change the note of %lu run", "Change the note of %lu runs", n), n);
        return needs(i->to, _("the text"), err);
    case NCM_DO_RUN_RENAME:
        d->change = NCM_CH_RUN_NAME;
        d->to = i->to;
        d->what = ncm_strdup(_("name"));
        d->title = ncm_strdup(_("Rename a run"));
        d->titles = ncm_sprintf(ngettext("Rename %lu run", "Rename %lu runs", n), n);
        return (i->to != NULL && i->to[0] != '\0') ||
               ncm_fail(err, NCM_USAGE, _("a run needs a name"));
    case NCM_DO_RUN_DELETE:
        d->change = NCM_CH_RUN_LIFECYCLE;
        d->to = "deleted";
        d->what = ncm_strdup(_("state"));
        d->title = ncm_strdup(_("Delete a run (it can be restored)"));
        d->titles = ncm_sprintf(ngettext("Delete %lu run (it can be restored)",
                                         "Delete %lu runs (they can be restored)", n),
                                n);
        return true;
    default:
        d->change = NCM_CH_RUN_LIFECYCLE;
        d->to = "active";
        d->what = ncm_strdup(_("state"));
        d->title = ncm_strdup(_("Restore a run"));
        d->titles = ncm_sprintf(ngettext("Restore %lu run", "Restore %lu runs", n), n);
        return true;
    }
}

/* Models whose versions came from a run that goes away. */
static void version_notes(struct ncm_planner *p, const char *id)
{
    const void *got;
    struct ncm_err ignored;
    struct ncm_query *q = ncm_query_run(id);
    if (ncm_fetch_now(p->ctx, q, &got, &ignored)) {
        const struct ncm_run *r = &((const struct ncm_run_snapshot *)got)->run;
        for (size_t k = 0; k < r->n_versions; k++) {
            ncm_plan_warn(p->plan, _("%s version %s (%s) came from this run"),
                          ncm_cstr(r->versions[k].model), ncm_cstr(r->versions[k].version),
                          ncm_cstr(r->versions[k].stage));
        }
        ncm_snapshot_unref(got);
    }
    ncm_query_free(q);
}

static bool runs(struct ncm_planner *p, struct ncm_err *err)
{
    struct ncm_plan *plan = p->plan;
    const struct ncm_intent *i = plan->intent;
    struct deed d = {0};
    if (i->n_objects == 0) {
        return ncm_fail(err, NCM_USAGE, _("a run must be named"));
    }
    bool ok = run_deed(i, &d, err);
    for (size_t k = 0; ok && k < i->n_objects; k++) {
        char *label = run_label(p, i->objects[k]);
        ok = add(p, &d, i->objects[k], label, err);
        ncm_free(label);
        if (ok && i->kind == NCM_DO_RUN_DELETE && k < 20) {
            version_notes(p, i->objects[k]);
        }
    }
    if (ok) {
        finish(plan, &d, i->n_objects, i->objects[0]);
        plan->confirm_name = run_label(p, i->objects[0]);
        char *paren = strrchr(plan->confirm_name, '(');
        if (paren != NULL && paren > plan->confirm_name) {
            paren[-1] = '\0';
        }
    }
    deed_release(&d);
    return ok;
}

static const struct ncm_experiment *find_experiment(const struct ncm_experiments_snapshot *s,
                                                    const char *id_or_name)
{
    for (size_t k = 0; k < s->n; k++) {
        if (ncm_str_is(s->items[k].id, id_or_name)) {
            return &s->items[k];
        }
    }
    for (size_t k = 0; k < s->n; k++) {
        if (ncm_str_is(s->items[k].name, id_or_name)) {
            return &s->items[k];
        }
    }
    return NULL;
}

static bool experiment_deed(const struct ncm_intent *i, struct deed *d, struct ncm_err *err)
{
    switch (i->kind) {
    case NCM_DO_EXPERIMENT_RENAME:
        d->change = NCM_CH_EXPERIMENT_NAME;
        d->to = i->to;
        d->what = ncm_strdup(_("name"));
        d->title = ncm_strdup(_("Rename an experiment"));
        return needs(i->to, _("the new name"), err);
    case NCM_DO_EXPERIMENT_TAG:
    case NCM_DO_EXPERIMENT_UNTAG:
        d->change = NCM_CH_EXPERIMENT_TAG;
        d->key = i->key;
        d->to = i->kind == NCM_DO_EXPERIMENT_TAG ? i->to : NULL;
        if (!needs(i->key, _("the tag's key"), err) ||
            (i->kind == NCM_DO_EXPERIMENT_TAG && !needs(i->to, _("the tag's value"), err))) {
            return false;
        }
        d->what = ncm_sprintf(_("tag %s"), i->key);
        d->title = d->to != NULL ? ncm_sprintf(_("Set tag %s of an experiment"), i->key)
                                 : ncm_sprintf(_("Remove tag %s of an experiment"), i->key);
        return true;
    case NCM_DO_EXPERIMENT_DELETE:
        d->change = NCM_CH_EXPERIMENT_LIFECYCLE;
        d->to = "deleted";
        d->what = ncm_strdup(_("state"));
        d->title = ncm_strdup(_("Delete an experiment (it can be restored)"));
        return true;
    default:
        d->change = NCM_CH_EXPERIMENT_LIFECYCLE;
        d->to = "active";
        d->what = ncm_strdup(_("state"));
        d->title = ncm_strdup(_("Restore an experiment"));
        return true;
    }
}

static void experiment_side(struct ncm_planner *p, const struct ncm_experiment *e)
{
    const struct ncm_intent *i = p->plan->intent;
    if (p->plan->changes.n == 0) {
        return;
    }
    if (i->kind == NCM_DO_EXPERIMENT_DELETE && e->run_count > 0) {
        ncm_plan_note(
            p->plan,
            ngettext("%lld run goes with it", "%lld runs go with it", (unsigned long)e->run_count),
            (long long)e->run_count);
    }
    if (i->kind == NCM_DO_EXPERIMENT_RESTORE) {
        ncm_plan_warn(p->plan, _("all its runs come back, those too that had been deleted singly"));
    }
}

static bool experiments(struct ncm_planner *p, struct ncm_err *err)
{
    struct ncm_plan *plan = p->plan;
    const struct ncm_intent *i = plan->intent;
    const void *got;
    struct deed d = {0};
    if (i->n_objects == 0) {
        return ncm_fail(err, NCM_USAGE, _("an experiment must be named"));
    }
    struct ncm_query *q = ncm_query_new(NCM_T_EXPERIMENTS);
    q->view = NCM_VIEW_ALL;
    bool ok = ncm_fetch_now(p->ctx, q, &got, err);
    ncm_query_free(q);
    if (!ok) {
        return false;
    }
    ok = experiment_deed(i, &d, err);
    const struct ncm_experiment *first = NULL;
    for (size_t k = 0; ok && k < i->n_objects; k++) {
        const struct ncm_experiment *e = find_experiment(got, i->objects[k]);
        ok = e != NULL ||
             ncm_fail(err, NCM_NOT_FOUND, _("there is no experiment '%s'"), i->objects[k]);
        ok = ok && add(p, &d, e->id.p, ncm_cstr(e->name), err);
        if (ok) {
            experiment_side(p, e);
            first = first == NULL ? e : first;
        }
    }
    if (ok) {
        d.titles = ncm_strdup(d.title);
        finish(plan, &d, i->n_objects, first->id.p);
        plan->confirm_name = ncm_strdup(ncm_cstr(first->name));
    }
    deed_release(&d);
    ncm_snapshot_unref(got);
    return ok;
}

static bool experiment_create(struct ncm_planner *p, struct ncm_err *err)
{
    struct ncm_plan *plan = p->plan;
    const struct ncm_intent *i = plan->intent;
    const char *name = i->to != NULL ? i->to : i->n_objects > 0 ? i->objects[0] : NULL;
    const char *there;
    if (name == NULL || name[0] == '\0') {
        return ncm_fail(err, NCM_USAGE, _("an experiment needs a name"));
    }
    plan->title = ncm_sprintf(_("Create experiment %s"), name);
    plan->subject = ncm_strdup(name);
    plan->confirm_name = ncm_strdup(name);
    plan->to = ncm_strdup(name);
    if (!ncm_planner_add(p, NCM_CH_EXPERIMENT_CREATE, NULL, NULL, NULL, name, &there, err)) {
        return false;
    }
    /* check() names the rule where the name is taken, also by a deleted one. */
    ncm_plan_line(plan, NCM_TONE_CHANGE, name, _("is created"), NULL, NULL);
    return true;
}

bool ncm_plan_runs(struct ncm_planner *p, struct ncm_err *err)
{
    if (p->plan->intent->kind == NCM_DO_EXPERIMENT_CREATE) {
        return experiment_create(p, err);
    }
    if (p->plan->intent->kind > NCM_DO_EXPERIMENT_CREATE) {
        return experiments(p, err);
    }
    return runs(p, err);
}
