/* Promotions: a version to a stage, an alias to a version. */
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "ops/parts.h"

static char *version_name(const char *model, const char *version)
{
    return ncm_sprintf("%s v%s", model, version);
}

static bool run_is_deleted(struct ncm_planner *p, const char *run_id, bool *missing)
{
    struct ncm_err ignored;
    char *now = NULL;
    struct ncm_change ask = {.kind = NCM_CH_RUN_LIFECYCLE, .object = (char *)(uintptr_t)run_id};
    bool known = p->ctx->provider->present(p->conn, &ask, &now, &ignored);
    *missing = !known && ignored.code == NCM_NOT_FOUND;
    bool deleted = known && now != NULL && strcmp(now, "deleted") == 0;
    ncm_free(now);
    return deleted;
}

void ncm_plan_version_warnings(struct ncm_planner *p, const struct ncm_model_version *v)
{
    struct ncm_plan *plan = p->plan;
    bool missing = false;
    if (v->status.p != NULL && !ncm_str_is(v->status, "READY")) {
        ncm_plan_warn(plan, _("version %s is not READY: %s"), v->version.p, v->status.p);
    }
    if (v->run_id.len > 0 && run_is_deleted(p, v->run_id.p, &missing)) {
        ncm_plan_warn(plan, _("the run it came from is deleted: %s"), v->run_id.p);
    } else if (missing) {
        ncm_plan_warn(plan, _("the run it came from is not in this store: %s"), v->run_id.p);
    }
    if (ncm_text_is_odd(v->model.p, v->model.len)) {
        struct ncm_buf b;
        ncm_buf_init(&b, 900);
        ncm_text_escape(&b, v->model.p, v->model.len);
        ncm_plan_warn(plan, _("the model's name has hidden characters: %s"), b.p);
        ncm_buf_release(&b);
    }
}

/* What the registry showed a moment ago must still be so, or the plan would not hold together. */
static bool still(const struct ncm_model_version *v, const char *now, struct ncm_err *err)
{
    return (now != NULL && ncm_str_is(v->stage_text, now)) ||
           ncm_fail(err, NCM_CONFLICT, _("%s version %s moved just now: from %s to %s"), v->model.p,
                    v->version.p, ncm_cstr(v->stage_text), now != NULL ? now : "None");
}

static bool stage_change(struct ncm_planner *p, enum ncm_plan_tone tone,
                         const struct ncm_model_version *v, const char *to, const char **from,
                         struct ncm_err *err)
{
    const char *model = v->model.p;
    const char *version = v->version.p;
    if (!ncm_planner_add(p, NCM_CH_VERSION_STAGE, model, version, NULL, to, from, err) ||
        !still(v, *from, err)) {
        return false;
    }
    if (*from == NULL || strcmp(*from, to) != 0) {
        char *subject = version_name(model, version);
        ncm_plan_line(p->plan, tone, subject, _("stage"), *from, to);
        ncm_free(subject);
    }
    return true;
}

static bool expected(const struct ncm_plan *plan, const char *now, struct ncm_err *err)
{
    const struct ncm_intent *i = plan->intent;
    enum ncm_stage want;
    if (i->expect == NULL) {
        return true;
    }
    if (!ncm_stage_of(i->expect, &want)) {
        return ncm_fail(err, NCM_USAGE,
                        _("'%s' is no stage: None, Staging, Production or"
                          " Archived"),
                        i->expect);
    }
    return (now != NULL && strcmp(now, ncm_stage_name(want)) == 0) ||
           ncm_fail(err, NCM_CONFLICT, _("%s version %s is in %s, not in %s as expected"), i->model,
                    i->version, now != NULL ? now : "None", ncm_stage_name(want));
}

static bool in_stage(const struct ncm_model_version *v, const char *stage)
{
    return ncm_str_is(v->stage_text, stage);
}

/* Archives the others first, as MLflow does; *holder gets the newest of them. */
static bool others(struct ncm_planner *p, const struct ncm_model *m,
                   const struct ncm_model_version *self, const char *stage,
                   const struct ncm_model_version **holder, size_t *archived, struct ncm_err *err)
{
    const struct ncm_intent *i = p->plan->intent;
    for (size_t k = 0; k < m->n_versions; k++) {
        const struct ncm_model_version *v = &m->versions[k];
        const char *from;
        if (v == self || !in_stage(v, stage)) {
            continue;
        }
        if (*holder == NULL) {
            *holder = v;
        }
        if (i->archive) {
            (*archived)++;
            if (!stage_change(p, NCM_TONE_SIDE, v, "Archived", &from, err)) {
                return false;
            }
        }
    }
    return true;
}

static void staying_notes(struct ncm_planner *p, const struct ncm_model *m,
                          const struct ncm_model_version *self, const char *stage)
{
    for (size_t k = 0; k < m->n_versions; k++) {
        const struct ncm_model_version *v = &m->versions[k];
        if (v != self && in_stage(v, stage)) {
            ncm_plan_note(p->plan, _("version %s stays in %s too"), v->version.p, stage);
        }
    }
}

static void aliases_note(struct ncm_planner *p, const struct ncm_model *m, const char *stage)
{
    if (m->n_aliases > 0 && strcmp(stage, "Production") == 0) {
        ncm_plan_note(p->plan, _("this model has aliases too; a stage does not move them"));
    }
}

static bool to_stage(struct ncm_planner *p, enum ncm_stage stage, struct ncm_err *err)
{
    struct ncm_plan *plan = p->plan;
    const struct ncm_intent *i = plan->intent;
    const char *to = ncm_stage_name(stage);
    const struct ncm_model *m;
    const struct ncm_model_version *v;
    const struct ncm_model_version *holder = NULL;
    const char *from = NULL;
    size_t archived = 0;
    if (i->archive && stage != NCM_STAGE_STAGING && stage != NCM_STAGE_PRODUCTION) {
        return ncm_fail(err, NCM_USAGE,
                        _("only a version that goes to Staging or Production can"
                          " archive the others"));
    }
    if (!ncm_planner_version(p, i->model, i->version, &m, &v, err)) {
        return false;
    }
    plan->title = ncm_sprintf(_("Move %s version %s to %s"), i->model, i->version, to);
    plan->subject = ncm_sprintf("%s/%s", i->model, i->version);
    plan->confirm_name = ncm_strdup(i->model);
    plan->to = ncm_strdup(to);
    if (!others(p, m, v, to, &holder, &archived, err) ||
        !stage_change(p, NCM_TONE_CHANGE, v, to, &from, err) || !expected(plan, from, err)) {
        return false;
    }
    if (i->archive) {
        plan->changes.items[plan->changes.n - 1].extra = ncm_strdup("alone");
    }
    plan->from = ncm_strdup(from);
    plan->nothing = archived == 0 && from != NULL && strcmp(from, to) == 0;
    if (plan->nothing) {
        ncm_plan_note(plan, _("%s version %s is in %s already"), i->model, i->version, to);
        return true;
    }
    if (!i->archive && stage != NCM_STAGE_NONE && stage != NCM_STAGE_ARCHIVED) {
        staying_notes(p, m, v, to);
    }
    if (stage == NCM_STAGE_STAGING || stage == NCM_STAGE_PRODUCTION) {
        ncm_plan_metrics(p, v, holder);
    }
    aliases_note(p, m, to);
    ncm_plan_version_warnings(p, v);
    return true;
}

bool ncm_plan_promote(struct ncm_planner *p, struct ncm_err *err)
{
    struct ncm_intent *i = p->plan->intent;
    enum ncm_stage stage;
    if (i->to != NULL && i->to[0] == '@') {
        ncm_intent_set(&i->key, i->to + 1);
        return ncm_plan_alias(p, err);
    }
    if (i->to == NULL || !ncm_stage_of(i->to, &stage)) {
        return ncm_fail(err, NCM_USAGE,
                        _("'%s' is no stage: None, Staging, Production or"
                          " Archived"),
                        i->to != NULL ? i->to : "");
    }
    if (!p->store->has_stages) {
        return ncm_fail(err, NCM_UNSUPPORTED, _("this store has no stages"));
    }
    return to_stage(p, stage, err);
}

static bool alias_expected(const struct ncm_intent *i, const char *now, struct ncm_err *err)
{
    if (i->expect == NULL) {
        return true;
    }
    bool none = strcmp(i->expect, "none") == 0;
    if (none ? now == NULL : now != NULL && strcmp(now, i->expect) == 0) {
        return true;
    }
    if (now == NULL) {
        return ncm_fail(err, NCM_CONFLICT,
                        _("alias %s of %s points nowhere, not at version %s as"
                          " expected"),
                        i->key, i->model, i->expect);
    }
    return ncm_fail(err, NCM_CONFLICT,
                    _("alias %s of %s points at version %s, not at %s as"
                      " expected"),
                    i->key, i->model, now, i->expect);
}

/* The lines of an alias that moves: who gets it, who loses it. */
static void alias_lines(struct ncm_planner *p, const struct ncm_model *m,
                        const struct ncm_model_version *v, const char *from)
{
    const struct ncm_intent *i = p->plan->intent;
    const struct ncm_model_version *old = from != NULL ? ncm_model_version(m, from) : NULL;
    char *what = ncm_sprintf(_("alias %s"), i->key);
    ncm_plan_line(p->plan, NCM_TONE_CHANGE, i->model, what, from, v != NULL ? i->version : NULL);
    if (from != NULL) {
        char *loser = version_name(i->model, from);
        ncm_plan_line(p->plan, NCM_TONE_SIDE, loser, _("loses the alias"), i->key, NULL);
        ncm_free(loser);
    }
    ncm_free(what);
    if (v != NULL) {
        ncm_plan_metrics(p, v, old);
        ncm_plan_version_warnings(p, v);
    }
}

bool ncm_plan_alias(struct ncm_planner *p, struct ncm_err *err)
{
    struct ncm_plan *plan = p->plan;
    const struct ncm_intent *i = plan->intent;
    bool set = i->kind != NCM_DO_ALIAS_DELETE;
    const struct ncm_model *m;
    const struct ncm_model_version *v = NULL;
    const char *from;
    if (i->key == NULL || i->key[0] == '\0') {
        return ncm_fail(err, NCM_USAGE, _("an alias must be named"));
    }
    if (set ? !ncm_planner_version(p, i->model, i->version, &m, &v, err)
            : !ncm_planner_model(p, i->model, &m, err)) {
        return false;
    }
    if (!ncm_planner_add(p, NCM_CH_ALIAS, i->model, NULL, i->key, set ? i->version : NULL, &from,
                         err) ||
        !alias_expected(i, from, err)) {
        return false;
    }
    plan->title =
        set ? ncm_sprintf(_("Point alias %s of %s at version %s"), i->key, i->model, i->version)
            : ncm_sprintf(_("Take alias %s from %s"), i->key, i->model);
    plan->subject = set || from != NULL ? ncm_sprintf("%s/%s", i->model, set ? i->version : from)
                                        : ncm_strdup(i->model);
    plan->confirm_name = ncm_strdup(i->model);
    plan->from = ncm_plan_slot_text("@", i->key, from);
    plan->to = ncm_plan_slot_text("@", i->key, set ? i->version : NULL);
    if (!set && from == NULL) {
        return ncm_fail(err, NCM_NOT_FOUND, _("model '%s' has no alias '%s'"), i->model, i->key);
    }
    plan->nothing = set && from != NULL && strcmp(from, i->version) == 0;
    if (plan->nothing) {
        ncm_plan_note(plan, _("alias %s of %s points at version %s already"), i->key, i->model,
                      i->version);
        return true;
    }
    alias_lines(p, m, v, from);
    return true;
}
