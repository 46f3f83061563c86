/* Plans for models and versions: tags, descriptions, creating, renaming, deleting. */
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "ops/parts.h"

static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool needs(const char *value, const char *what, struct ncm_err *err)
{
    return value != NULL || ncm_fail(err, NCM_USAGE, _("missing: %s"), what);
}

/* One change, its line, and the plan's own from and to. */
static bool single(struct ncm_planner *p, enum ncm_change_kind kind, const char *subject,
                   const char *what, const char *key, const char *to, struct ncm_err *err)
{
    struct ncm_plan *plan = p->plan;
    const struct ncm_intent *i = plan->intent;
    const char *from;
    bool of_version = kind <= NCM_CH_VERSION_DELETE;
    if (!ncm_planner_add(p, kind, i->model, of_version ? i->version : NULL, key, to, &from, err)) {
        return false;
    }
    plan->from = key != NULL ? ncm_plan_tag_text(key, from) : ncm_strdup(from);
    plan->to = key != NULL ? ncm_plan_tag_text(key, to) : ncm_strdup(to);
    plan->nothing = same(from, to);
    if (plan->nothing) {
        ncm_plan_note(plan, _("it is so already"));
    } else {
        ncm_plan_line(plan, NCM_TONE_CHANGE, subject, what, from, to);
    }
    return true;
}

static bool tag(struct ncm_planner *p, enum ncm_change_kind kind, const char *subject, bool set,
                struct ncm_err *err)
{
    const struct ncm_intent *i = p->plan->intent;
    if (!needs(i->key, _("the tag's key"), err) ||
        (set && !needs(i->to, _("the tag's value"), err))) {
        return false;
    }
    p->plan->title = set ? ncm_sprintf(_("Set tag %s of %s"), i->key, subject)
                         : ncm_sprintf(_("Remove tag %s of %s"), i->key, subject);
    char *what = ncm_sprintf(_("tag %s"), i->key);
    bool ok = single(p, kind, subject, what, i->key, set ? i->to : NULL, err);
    ncm_free(what);
    return ok;
}

static bool note(struct ncm_planner *p, enum ncm_change_kind kind, const char *subject,
                 struct ncm_err *err)
{
    const struct ncm_intent *i = p->plan->intent;
    p->plan->title = ncm_sprintf(_("Change the description of %s"), subject);
    return needs(i->to, _("the text"), err) &&
           single(p, kind, subject, _("description"), NULL, i->to, err);
}

/* In MLflow 3 a version's aliases go with it; before, they are left pointing at nothing. */
static void aliases_of_deleted(struct ncm_planner *p, const struct ncm_model_version *v)
{
    for (size_t k = 0; k < v->n_aliases; k++) {
        char *what = ncm_sprintf(_("alias %s"), v->aliases[k].p);
        if (p->store->has_logged_models) {
            ncm_plan_line(p->plan, NCM_TONE_SIDE, v->model.p, what, v->version.p, NULL);
        } else {
            ncm_plan_warn(p->plan, _("alias %s will point at a version that is gone"),
                          v->aliases[k].p);
        }
        ncm_free(what);
    }
}

static bool version_delete(struct ncm_planner *p, const struct ncm_model_version *v,
                           const char *subject, struct ncm_err *err)
{
    struct ncm_plan *plan = p->plan;
    const char *from;
    plan->title = ncm_sprintf(_("Delete %s for good"), subject);
    plan->irreversible = true;
    if (!ncm_planner_add(p, NCM_CH_VERSION_DELETE, plan->intent->model, plan->intent->version, NULL,
                         NULL, &from, err)) {
        return false;
    }
    plan->from = ncm_strdup(from);
    ncm_plan_line(plan, NCM_TONE_CHANGE, subject, _("is deleted"), from, NULL);
    aliases_of_deleted(p, v);
    if (v->stage == NCM_STAGE_PRODUCTION || v->stage == NCM_STAGE_STAGING) {
        ncm_plan_warn(plan, _("it is in %s now"), v->stage_text.p);
    }
    ncm_plan_warn(plan, _("this cannot be undone; its number is never given again"));
    ncm_plan_version_warnings(p, v);
    return true;
}

static bool version_plan(struct ncm_planner *p, struct ncm_err *err)
{
    struct ncm_plan *plan = p->plan;
    const struct ncm_intent *i = plan->intent;
    const struct ncm_model *m;
    const struct ncm_model_version *v;
    if (!ncm_planner_version(p, i->model, i->version, &m, &v, err)) {
        return false;
    }
    plan->subject = ncm_sprintf("%s/%s", i->model, i->version);
    plan->confirm_name = ncm_strdup(i->model);
    char *subject = ncm_sprintf("%s v%s", i->model, i->version);
    bool ok;
    switch (i->kind) {
    case NCM_DO_VERSION_TAG:
    case NCM_DO_VERSION_UNTAG:
        ok = tag(p, NCM_CH_VERSION_TAG, subject, i->kind == NCM_DO_VERSION_TAG, err);
        break;
    case NCM_DO_VERSION_NOTE:
        ok = note(p, NCM_CH_VERSION_NOTE, subject, err);
        break;
    default:
        ok = version_delete(p, v, subject, err);
        break;
    }
    ncm_free(subject);
    return ok;
}

static bool model_create(struct ncm_planner *p, struct ncm_err *err)
{
    struct ncm_plan *plan = p->plan;
    const struct ncm_intent *i = plan->intent;
    if (!needs(i->model, _("the model's name"), err)) {
        return false;
    }
    const char *there;
    plan->title = ncm_sprintf(_("Create model %s"), i->model);
    plan->subject = ncm_strdup(i->model);
    plan->confirm_name = ncm_strdup(i->model);
    plan->to = ncm_strdup(i->model);
    if (!ncm_planner_add(p, NCM_CH_MODEL_CREATE, i->model, NULL, NULL, i->to, &there, err)) {
        return false;
    }
    if (there != NULL) {
        return ncm_fail(err, NCM_REFUSED, _("there is already a model '%s'"), i->model);
    }
    ncm_plan_line(plan, NCM_TONE_CHANGE, i->model, _("is created"), NULL, NULL);
    return true;
}

static bool model_rename(struct ncm_planner *p, struct ncm_err *err)
{
    struct ncm_plan *plan = p->plan;
    const struct ncm_intent *i = plan->intent;
    plan->title = ncm_sprintf(_("Rename model %s"), i->model);
    if (!needs(i->to, _("the new name"), err) ||
        !single(p, NCM_CH_MODEL_RENAME, i->model, _("name"), NULL, i->to, err)) {
        return false;
    }
    if (!plan->nothing) {
        ncm_plan_warn(plan, _("whoever loads it by the old name finds it no more"));
    }
    return true;
}

static bool model_delete(struct ncm_planner *p, const struct ncm_model *m, struct ncm_err *err)
{
    struct ncm_plan *plan = p->plan;
    const char *from;
    plan->title = ncm_sprintf(_("Delete model %s with all its versions"), plan->intent->model);
    plan->irreversible = true;
    if (!ncm_planner_add(p, NCM_CH_MODEL_DELETE, plan->intent->model, NULL, NULL, NULL, &from,
                         err)) {
        return false;
    }
    plan->from = ncm_strdup(from);
    ncm_plan_line(plan, NCM_TONE_CHANGE, plan->intent->model, _("is deleted"), NULL, NULL);
    for (size_t k = 0; k < m->n_versions && k < 20; k++) {
        char *subject = ncm_sprintf("%s v%s", plan->intent->model, m->versions[k].version.p);
        ncm_plan_line(plan, NCM_TONE_SIDE, subject, _("is deleted"), m->versions[k].stage_text.p,
                      NULL);
        ncm_free(subject);
    }
    if (m->n_versions > 20) {
        ncm_plan_note(plan, _("and %zu versions more"), m->n_versions - 20);
    }
    ncm_plan_warn(plan, _("this cannot be undone"));
    return true;
}

bool ncm_plan_registry(struct ncm_planner *p, struct ncm_err *err)
{
    struct ncm_plan *plan = p->plan;
    const struct ncm_intent *i = plan->intent;
    const struct ncm_model *m;
    if (i->kind >= NCM_DO_VERSION_TAG && i->kind <= NCM_DO_VERSION_DELETE) {
        return version_plan(p, err);
    }
    if (i->kind == NCM_DO_MODEL_CREATE) {
        return model_create(p, err);
    }
    if (!ncm_planner_model(p, i->model, &m, err)) {
        return false;
    }
    plan->subject = ncm_strdup(i->model);
    plan->confirm_name = ncm_strdup(i->model);
    switch (i->kind) {
    case NCM_DO_MODEL_TAG:
    case NCM_DO_MODEL_UNTAG:
        return tag(p, NCM_CH_MODEL_TAG, i->model, i->kind == NCM_DO_MODEL_TAG, err);
    case NCM_DO_MODEL_NOTE:
        return note(p, NCM_CH_MODEL_NOTE, i->model, err);
    case NCM_DO_MODEL_RENAME:
        return model_rename(p, err);
    default:
        return model_delete(p, m, err);
    }
}
