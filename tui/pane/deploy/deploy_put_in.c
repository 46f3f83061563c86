/* Another version for a deployment: only there, or as one plan that also promotes it in the registry. */
#include <stdio.h>
#include <string.h>

#include "pane/deploy/deploy.h"

static const struct ncm_model_version *in_production(const struct ncm_model *m)
{
    for (size_t i = 0; i < m->n_versions; i++) {
        if (m->versions[i].stage == NCM_STAGE_PRODUCTION) {
            return &m->versions[i];
        }
    }
    return NULL;
}

/* The stage or "@alias" that says which version runs: the alias of the one that does, else a usual
 * one. Empty: the registry says nothing of the kind. */
static void slot_of(const struct ncm_model *m, struct ncm_str runs, char *out, size_t outsz)
{
    static const char *const usual[] = {"champion", "production", "prod", "live"};
    out[0] = '\0';
    if (in_production(m) != NULL) {
        snprintf(out, outsz, "%s", ncm_stage_name(NCM_STAGE_PRODUCTION));
        return;
    }
    for (size_t k = 0; k < sizeof usual / sizeof *usual; k++) {
        for (size_t i = 0; i < m->n_aliases; i++) {
            if (ncm_str_is(m->aliases[i].name, usual[k])) {
                snprintf(out, outsz, "@%s", usual[k]);
                return;
            }
        }
    }
    for (size_t i = 0; i < m->n_aliases; i++) {
        if (runs.p != NULL && ncm_str_eq(m->aliases[i].version, runs)) {
            snprintf(out, outsz, "@%s", ncm_cstr(m->aliases[i].name));
            return;
        }
    }
}

/* The choice that is asked for; freed with its answer. */
struct put_in {
    struct ui *ui;
    char *model, *version, *slot, *ref, *kind, *heed;
};

static void put_in_free(struct put_in *p)
{
    ncm_free(p->model);
    ncm_free(p->version);
    ncm_free(p->slot);
    ncm_free(p->ref);
    ncm_free(p->kind);
    ncm_free(p->heed);
    ncm_free(p);
}

static void only_here(struct put_in *p)
{
    struct ncm_intent *i = ncm_intent_new(NCM_DO_DEPLOY_VERSION);
    ncm_intent_add_object(i, p->ref);
    ncm_intent_set(&i->key, p->kind);
    ncm_intent_set(&i->to, p->version);
    ncm_intent_set(&i->heed, p->heed);
    ui_change(p->ui, i);
}

static void as_one_plan(struct put_in *p)
{
    struct ncm_rollout_wish *w = ncm_alloc(1, sizeof *w);
    w->model = ncm_strdup(p->model);
    w->version = ncm_strdup(p->version);
    w->stage = ncm_strdup(p->slot);
    w->ref = ncm_strdup(p->ref);
    w->kind = ncm_strdup(p->kind);
    w->archive = p->slot[0] != '@';
    ui_rollout(p->ui, w);
}

static void picked(void *ctx, const size_t *chosen, size_t n)
{
    struct put_in *p = ctx;
    if (n > 0 && chosen != NULL && chosen[0] == 0) {
        as_one_plan(p);
    } else if (n > 0 && chosen != NULL) {
        only_here(p);
    }
    put_in_free(p);
}

void deploy_put_in(struct deploy *d, const struct ncm_fleet_deployment *f, const char *version)
{
    const struct ncm_model *m = deploy_model(d, f->is.model);
    char slot[200] = "", both[300], title[200];
    struct put_in *p = ncm_alloc(1, sizeof *p);
    *p = (struct put_in){.ui = d->ui,
                         .model = ncm_strdup(ncm_cstr(f->is.model)),
                         .version = ncm_strdup(version),
                         .heed = ncm_fleet_unknown_version(m, version),
                         .ref = ncm_deployment_ref(f->it),
                         .kind = ncm_strdup(ncm_cstr(f->it->kind))};
    if (m != NULL && ncm_model_version(m, version) != NULL) {
        slot_of(m, f->is.version, slot, sizeof slot);
    }
    p->slot = ncm_strdup(slot);
    if (slot[0] == '\0') {
        only_here(p);
        put_in_free(p);
        return;
    }
    struct ncm_str to = {slot, strlen(slot)};
    snprintf(both, sizeof both, _("run it here, then %s in the registry: one plan"),
             deploy_clean(to, 40));
    const struct ui_pick_item items[] = {
        {.label = both, .detail = _("watched until it is ready; can be taken back"), .on = true},
        {.label = _("only run it here"), .detail = _("the registry stays as it is")},
    };
    snprintf(title, sizeof title, _("v%s of %s"), version, deploy_clean(f->is.model, 40));
    ui_pick(d->ui, title, items, 2, false, picked, p);
}
