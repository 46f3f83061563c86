/* Putting back who held a stage or an alias before. */
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "engine/state.h"
#include "ops/parts.h"

static bool load_book(struct ncm_planner *p, struct ncm_log_book *book, struct ncm_err *err)
{
    struct ncm_db *state = NULL;
    struct ncm_err ignored;
    memset(book, 0, sizeof *book);
    if (p->ctx->state_path == NULL) {
        return true;
    }
    if (!ncm_state_open(p->ctx->state_path, false, &state, err)) {
        return err->code == NCM_NOT_FOUND;
    }
    const struct ncm_settle how = ncm_settle_of(p->ctx, p->conn, false);
    ncm_audit_settle(state, &how, &ignored);
    bool ok = ncm_log_book_load(state, book, err);
    ncm_db_close(state);
    return ok;
}

static bool holds(const struct ncm_holder_list *l, struct ncm_str version)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->items[i].until_ms == NCM_NO_TIME && ncm_str_eq(l->items[i].version, version)) {
            return true;
        }
    }
    return false;
}

/* The newest that held it, does not hold it now and is still there. */
static const struct ncm_model_version *previous(struct ncm_planner *p, const struct ncm_model *m,
                                                const struct ncm_holder_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct ncm_holder *h = &l->items[i];
        if (h->until_ms == NCM_NO_TIME || holds(l, h->version)) {
            continue;
        }
        const struct ncm_model_version *v = ncm_model_version(m, ncm_cstr(h->version));
        if (v != NULL) {
            return v;
        }
        ncm_plan_warn(p->plan, _("version %s, which held it later, is deleted"),
                      ncm_cstr(h->version));
    }
    return NULL;
}

static bool unknown(const char *model, const char *slot, struct ncm_err *err)
{
    ncm_fail(err, NCM_NOT_FOUND,
             _("previous holder unknown: no record of who held %s of %s"
               " before"),
             slot, model);
    return ncm_hint(err, _("only changes made with ncmlops leave a record; use promote or alias"
                           " set"));
}

static bool put_stage(struct ncm_planner *p, const struct ncm_model *m,
                      const struct ncm_model_version *back, const char *stage, struct ncm_err *err)
{
    struct ncm_plan *plan = p->plan;
    const char *from;
    const struct ncm_model_version *now = NULL;
    for (size_t i = 0; i < m->n_versions; i++) {
        const struct ncm_model_version *v = &m->versions[i];
        if (v == back || !ncm_str_is(v->stage_text, stage)) {
            continue;
        }
        char *subject = ncm_sprintf("%s v%s", m->name.p, v->version.p);
        bool ok = ncm_planner_add(p, NCM_CH_VERSION_STAGE, m->name.p, v->version.p, NULL,
                                  "Archived", &from, err);
        if (ok && (from == NULL || strcmp(from, stage) != 0)) {
            ok = ncm_fail(err, NCM_CONFLICT, _("%s version %s moved just now: from %s to %s"),
                          m->name.p, v->version.p, stage, from != NULL ? from : "None");
        } else if (ok) {
            ncm_plan_line(plan, NCM_TONE_SIDE, subject, _("stage"), from, "Archived");
        }
        ncm_free(subject);
        if (!ok) {
            return false;
        }
        now = now == NULL ? v : now;
    }
    if (!ncm_planner_add(p, NCM_CH_VERSION_STAGE, m->name.p, back->version.p, NULL, stage, &from,
                         err)) {
        return false;
    }
    plan->changes.items[plan->changes.n - 1].extra = ncm_strdup("alone");
    char *subject = ncm_sprintf("%s v%s", m->name.p, back->version.p);
    ncm_plan_line(plan, NCM_TONE_CHANGE, subject, _("stage"), from, stage);
    ncm_free(subject);
    plan->from = ncm_plan_slot_text("", stage, now != NULL ? now->version.p : NULL);
    ncm_plan_metrics(p, back, now);
    return true;
}

static bool put_alias(struct ncm_planner *p, const struct ncm_model *m,
                      const struct ncm_model_version *back, const char *alias, struct ncm_err *err)
{
    const char *from;
    if (!ncm_planner_add(p, NCM_CH_ALIAS, m->name.p, NULL, alias, back->version.p, &from, err)) {
        return false;
    }
    char *what = ncm_sprintf(_("alias %s"), alias);
    ncm_plan_line(p->plan, NCM_TONE_CHANGE, m->name.p, what, from, back->version.p);
    ncm_free(what);
    p->plan->from = ncm_plan_slot_text("@", alias, from);
    ncm_plan_metrics(p, back, from != NULL ? ncm_model_version(m, from) : NULL);
    return true;
}

static bool put_back(struct ncm_planner *p, const struct ncm_model *m,
                     const struct ncm_holder_list *l, const char *slot, struct ncm_err *err)
{
    struct ncm_plan *plan = p->plan;
    enum ncm_stage stage;
    const struct ncm_model_version *back = previous(p, m, l);
    if (back == NULL) {
        return unknown(m->name.p, slot, err);
    }
    bool alias = slot[0] == '@';
    plan->title = alias ? ncm_sprintf(_("Roll back: point alias %s of %s at version %s again"),
                                      slot + 1, m->name.p, back->version.p)
                        : ncm_sprintf(_("Roll back: %s version %s to %s again"), m->name.p,
                                      back->version.p, slot);
    plan->subject = ncm_sprintf("%s/%s", m->name.p, back->version.p);
    plan->confirm_name = ncm_strdup(m->name.p);
    plan->to = ncm_plan_slot_text("", slot, back->version.p);
    bool ok = alias
                  ? put_alias(p, m, back, slot + 1, err)
                  : ncm_stage_of(slot, &stage) && put_stage(p, m, back, ncm_stage_name(stage), err);
    if (ok) {
        ncm_plan_version_warnings(p, back);
    }
    return ok;
}

bool ncm_plan_rollback(struct ncm_planner *p, struct ncm_err *err)
{
    struct ncm_intent *i = p->plan->intent;
    const struct ncm_model *m;
    struct ncm_log_book book;
    struct ncm_holder_list list;
    enum ncm_stage stage;
    if (i->to == NULL) {
        ncm_intent_set(&i->to, "Production");
    }
    if (!ncm_planner_model(p, i->model, &m, err)) {
        return false;
    }
    if (i->to[0] != '@' && ncm_stage_of(i->to, &stage)) {
        ncm_intent_set(&i->to, ncm_stage_name(stage));
        if (stage != NCM_STAGE_PRODUCTION && stage != NCM_STAGE_STAGING) {
            return ncm_fail(err, NCM_USAGE,
                            _("only Production, Staging and aliases are rolled"
                              " back"));
        }
    }
    if (!load_book(p, &book, err)) {
        return false;
    }
    bool ok = ncm_holders_find(&book, m, i->model, i->to, &list, err);
    if (ok) {
        ok = put_back(p, m, &list, i->to, err);
        ncm_holders_release(&list);
    }
    ncm_log_book_release(&book);
    return ok;
}
