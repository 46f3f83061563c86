/* Plans about deployments: how many replicas, restart, pause, which revision. */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "ops/parts.h"

enum { REPLICAS_MOST = 10000, NAMED_MOST = 6 };

bool ncm_record_of_deployments(const struct ncm_record *r)
{
    return ncm_record_changes(r, "deploy_");
}

char *ncm_deploy_beside(const struct ncm_deployment *d, const char *name)
{
    return ncm_sprintf("%s/%s/%s", ncm_cstr(d->source), ncm_cstr(d->ns), name);
}

bool ncm_deploy_add(struct ncm_deploy_planner *w, enum ncm_change_kind kind,
                    const struct ncm_deployment *of, const char *key, const char *to,
                    const char **from, struct ncm_err *err)
{
    char *ref = ncm_deployment_ref(of);
    bool ok = ncm_planner_add(w->p, kind, ref, ncm_cstr(of->kind), key, to, from, err);
    ncm_free(ref);
    if (ok) {
        struct ncm_changes *c = &w->plan->changes;
        c->items[c->n - 1].extra = ncm_strdup(of->resource_version.p);
    }
    return ok;
}

/* ---- which deployment ------------------------------------------------------------------------ */

/* Several fit: all are named with their kinds, so that one can be chosen. */
static bool several(const struct ncm_deployments_snapshot *s, const char *ref, const char *kind,
                    struct ncm_err *err)
{
    struct ncm_buf b;
    size_t n = 0;
    ncm_buf_init(&b, 200);
    for (size_t i = 0; i < s->n; i++) {
        const struct ncm_deployment *d = &s->items[i]->it;
        if (ncm_deployment_is(d, ref) && (kind == NULL || ncm_str_is(d->kind, kind)) &&
            n++ < NAMED_MOST) {
            char *whole = ncm_deployment_ref(d);
            ncm_buf_printf(&b, "%s%s (%s)", b.len > 0 ? ", " : "", whole, ncm_cstr(d->kind));
            ncm_free(whole);
        }
    }
    ncm_fail(err, NCM_USAGE, _("'%s' is the name of %zu deployments"), ref, n);
    ncm_hint(err, "%s", b.p);
    ncm_buf_release(&b);
    return false;
}

static bool find(struct ncm_deploy_planner *w, struct ncm_err *err)
{
    struct ncm_intent *in = w->plan->intent;
    const void *got;
    bool ambiguous;
    if (in->n_objects != 1) {
        return ncm_fail(err, NCM_USAGE, _("a deployment must be named"));
    }
    struct ncm_query *q = ncm_query_new(NCM_T_DEPLOYMENTS);
    q->id = ncm_strdup(w->plan->side);
    bool ok = ncm_fetch_now(w->p->ctx, q, &got, err);
    ncm_query_free(q);
    if (!ok) {
        return false;
    }
    w->s = got;
    w->d = ncm_deployments_find(w->s, in->objects[0], in->key, &ambiguous);
    if (ambiguous) {
        return several(w->s, in->objects[0], in->key, err);
    }
    if (w->d == NULL) {
        ncm_fail(err, NCM_NOT_FOUND, _("there is no deployment '%s'"), in->objects[0]);
        if (w->s->n_notes > 0) {
            ncm_hint(err, "%s", ncm_cstr(w->s->notes[0])); /* what could not be read */
        }
        return false;
    }
    char *ref = ncm_deployment_ref(w->d);
    ncm_intent_set(&in->objects[0], ref);
    ncm_intent_set(&in->key, ncm_cstr(w->d->kind));
    w->shown = w->d->ns.len > 0
                   ? ncm_sprintf("%s/%s", ncm_cstr(w->d->ns), ncm_cstr(w->d->name))
                   : ncm_strdup(ncm_cstr(w->d->name));
    w->plan->subject = ref;
    w->plan->confirm_name = ncm_strdup(ncm_cstr(w->d->name));
    return true;
}

static bool cannot(const struct ncm_deploy_planner *w, enum ncm_deploy_act act, struct ncm_err *err)
{
    static const char *const why[NCM_N_ACTS] = {
        [NCM_ACT_SCALE] = N_("it has no number of replicas that could be set"),
        [NCM_ACT_RESTART] = N_("it cannot be restarted"),
        [NCM_ACT_PAUSE] = N_("it cannot be paused"),
        [NCM_ACT_ROLLBACK] = N_("it has no revisions to go back to"),
        [NCM_ACT_VERSION] = N_("its version cannot be set from here"),
    };
    /* TR: deployment, its kind, a sentence: why it cannot be done */
    return ncm_fail(err, NCM_UNSUPPORTED, _("%s (%s): %s"), w->shown, ncm_cstr(w->d->kind),
                    _(why[act]));
}

/* Which right an intent is about; what is merely forbidden the source itself says better. */
static bool can(const struct ncm_deploy_planner *w, enum ncm_intent_kind kind, struct ncm_err *err)
{
    enum ncm_deploy_act act;
    switch (kind) {
    case NCM_DO_DEPLOY_SCALE:
        act = NCM_ACT_SCALE;
        break;
    case NCM_DO_DEPLOY_RESTART:
        act = NCM_ACT_RESTART;
        break;
    case NCM_DO_DEPLOY_PAUSE:
    case NCM_DO_DEPLOY_RESUME:
        act = NCM_ACT_PAUSE;
        break;
    case NCM_DO_DEPLOY_ROLLBACK:
        act = NCM_ACT_ROLLBACK;
        break;
    case NCM_DO_DEPLOY_VERSION:
        act = NCM_ACT_VERSION;
        break;
    default: /* without a split there may still be a rollout to abort */
        return true;
    }
    const struct ncm_deployment *d = w->d;
    if (((d->allowed | d->forbidden) & (1u << act)) != 0) {
        return true;
    }
    cannot(w, act, err);
    if (act == NCM_ACT_ROLLBACK && d->n_traffic > 1) {
        return ncm_hint(err, "%s", _("abort takes the traffic from the candidate"));
    }
    if (act == NCM_ACT_ROLLBACK && ((d->allowed | d->forbidden) & (1u << NCM_ACT_VERSION)) != 0) {
        return ncm_hint(err, "%s", _("set-version puts another version there"));
    }
    return false;
}

static void warn_managed(struct ncm_deploy_planner *w)
{
    if (w->d->managed_by.p != NULL && !w->plan->nothing) {
        ncm_plan_warn(w->plan, _("%s manages it: what is changed by hand it takes back, at its next"
                                 " sync or upgrade"),
                      w->d->managed_by.p);
    }
}

/* ---- replicas -------------------------------------------------------------------------------- */

static void number(char out[32], int64_t n)
{
    snprintf(out, 32, "%lld", (long long)n);
}

/* The autoscaler keeps the number between its bounds: the least of them is what a person sets. */
static bool scale_by_autoscaler(struct ncm_deploy_planner *w, const struct ncm_deployment *of,
                                int64_t to, struct ncm_err *err)
{
    const struct ncm_autoscaler *a = &of->autoscaler;
    char text[32];
    const char *from = NULL;
    if (to > a->max) {
        ncm_fail(err, NCM_REFUSED, _("its autoscaler %s allows at most %d replicas"),
                 ncm_cstr(a->name), a->max);
        return ncm_hint(err, _("raise its maxReplicas first, or it would take this back"));
    }
    number(text, to);
    char *ref = ncm_deploy_beside(of, ncm_cstr(a->name));
    bool ok = ncm_planner_add(w->p, NCM_CH_DEPLOY_SCALE, ref, "HorizontalPodAutoscaler", NULL, text,
                              &from, err);
    ncm_free(ref);
    if (!ok) {
        return false;
    }
    if (ncm_change_same(from, text)) {
        ncm_changes_drop_last(&w->plan->changes);
        return true;
    }
    ncm_plan_line(w->plan, NCM_TONE_CHANGE, ncm_cstr(a->name), _("least replicas"), from, text);
    ncm_plan_note(w->plan,
                  _("the autoscaler %s decides between %d and %d: its least number is set, else it"
                    " would take the change back"),
                  ncm_cstr(a->name), (int)to, a->max);
    return true;
}

static void warn_scale(struct ncm_deploy_planner *w, const struct ncm_deployment *of, int64_t to)
{
    if (to == 0 && of->ready > 0 && of->services.len > 0) {
        ncm_plan_warn(w->plan, _("%s stops serving: its %d ready replicas, behind %s, go away"),
                      ncm_cstr(of->name), of->ready, of->services.p);
    } else if (to == 0 && of->ready > 0) {
        ncm_plan_warn(w->plan, _("%s stops serving: its %d ready replicas go away"),
                      ncm_cstr(of->name), of->ready);
    }
    if (to == 0 && of->autoscaler.there) {
        ncm_plan_note(w->plan, _("its autoscaler %s rests while it has no replicas"),
                      ncm_cstr(of->autoscaler.name));
    }
}

bool ncm_deploy_scale(struct ncm_deploy_planner *w, const struct ncm_deployment *of, int64_t to,
                      struct ncm_err *err)
{
    char text[32];
    const char *from = NULL;
    number(text, to);
    /* An autoscaler does nothing about what has no replicas, and none makes it none. */
    if (of->autoscaler.there && to > 0 && of->desired != 0 && !w->plan->intent->force) {
        return scale_by_autoscaler(w, of, to, err);
    }
    if (!ncm_deploy_add(w, NCM_CH_DEPLOY_SCALE, of, NULL, text, &from, err)) {
        return false;
    }
    if (ncm_change_same(from, text)) {
        ncm_changes_drop_last(&w->plan->changes);
        return true;
    }
    ncm_plan_line(w->plan, NCM_TONE_CHANGE, ncm_cstr(of->name), _("replicas"), from, text);
    warn_scale(w, of, to);
    if (of->autoscaler.there && to > 0) {
        ncm_plan_warn(w->plan, _("its autoscaler %s may change the number again"),
                      ncm_cstr(of->autoscaler.name));
    }
    return true;
}

static bool plan_scale(struct ncm_deploy_planner *w, struct ncm_err *err)
{
    struct ncm_plan *plan = w->plan;
    const char *wish = plan->intent->to;
    int64_t to;
    if (wish == NULL || !ncm_parse_i64(wish, &to) || to < 0 || to > REPLICAS_MOST) {
        return ncm_fail(err, NCM_USAGE, _("'%s' is no number of replicas (0 to %d)"),
                        wish != NULL ? wish : "", REPLICAS_MOST);
    }
    plan->title = ncm_sprintf(_("Scale %s to %lld"), w->shown, (long long)to);
    if (!ncm_deploy_scale(w, w->d, to, err)) {
        return false;
    }
    bool changes = plan->changes.n > 0; /* of the autoscaler's least number, maybe */
    plan->from = ncm_strdup(changes ? plan->changes.items[0].from : wish);
    plan->to = ncm_strdup(wish);
    return true;
}

/* ---- restart, pause -------------------------------------------------------------------------- */

static bool plan_restart(struct ncm_deploy_planner *w, struct ncm_err *err)
{
    struct ncm_plan *plan = w->plan;
    char now[40];
    const char *from = NULL;
    if (w->d->paused && ncm_str_is(w->d->kind, "Deployment")) {
        ncm_fail(err, NCM_REFUSED, _("%s is paused: a restart would not roll out"), w->shown);
        return ncm_hint(err, _("resume it first"));
    }
    ncm_fmt_iso(now, sizeof now, ncm_now_ms());
    memcpy(strchr(now, '.'), "Z", 2); /* whole seconds, as everybody writes it there */
    plan->title = ncm_sprintf(_("Restart %s"), w->shown);
    if (!ncm_deploy_add(w, NCM_CH_DEPLOY_RESTART, w->d, NULL, now, &from, err)) {
        return false;
    }
    plan->from = ncm_strdup(from);
    plan->to = ncm_strdup(now);
    ncm_plan_line(plan, NCM_TONE_CHANGE, w->shown, _("restarted"), from, now);
    if (w->d->desired > 0) {
        ncm_plan_note(plan, _("its %d replicas are replaced one after another, as its strategy says"),
                      w->d->desired);
    }
    if (w->d->rolling) {
        ncm_plan_warn(plan, "%s", _("a rollout is going on: the new version is restarted with it"));
    }
    if (w->d->strategy.p != NULL && ncm_str_is(w->d->strategy, "Recreate")) {
        ncm_plan_warn(plan, "%s", _("its strategy is Recreate: nothing serves in between"));
    }
    plan->no_undo = true;
    ncm_plan_note(plan, "%s", _("a restart cannot be undone"));
    return true;
}

static bool plan_pause(struct ncm_deploy_planner *w, struct ncm_err *err)
{
    struct ncm_plan *plan = w->plan;
    bool pause = plan->intent->kind == NCM_DO_DEPLOY_PAUSE;
    const char *to = pause ? "paused" : "running", *from = NULL;
    plan->title = ncm_sprintf(pause ? _("Pause %s") : _("Resume %s"), w->shown);
    if (!ncm_deploy_add(w, NCM_CH_DEPLOY_PAUSE, w->d, NULL, to, &from, err)) {
        return false;
    }
    plan->from = ncm_strdup(from);
    plan->to = ncm_strdup(to);
    if (ncm_change_same(from, to)) {
        ncm_changes_drop_last(&plan->changes);
        return true;
    }
    ncm_plan_line(plan, NCM_TONE_CHANGE, w->shown, _("rollout"), from, to);
    if (pause && w->d->rolling) {
        ncm_plan_note(plan, _("the rollout stops where it is: %d of %d replicas are new"),
                      w->d->progress_done, w->d->progress_total);
    } else if (pause) {
        ncm_plan_note(plan, "%s",
                      _("what is changed from now on waits; what serves goes on serving"));
    } else if (w->d->n_wanted > 0) {
        ncm_plan_note(plan, "%s", _("what was changed while it was paused rolls out now"));
    }
    return true;
}

/* ---- all ------------------------------------------------------------------------------------- */

static bool dispatch(struct ncm_deploy_planner *w, struct ncm_err *err)
{
    switch (w->plan->intent->kind) {
    case NCM_DO_DEPLOY_SCALE:
        return plan_scale(w, err);
    case NCM_DO_DEPLOY_RESTART:
        return plan_restart(w, err);
    case NCM_DO_DEPLOY_PAUSE:
    case NCM_DO_DEPLOY_RESUME:
        return plan_pause(w, err);
    case NCM_DO_DEPLOY_ROLLBACK:
        return ncm_plan_deploy_revision(w, err);
    case NCM_DO_DEPLOY_VERSION:
        return ncm_plan_deploy_version(w, err);
    default:
        return ncm_plan_deploy_traffic(w, err);
    }
}

bool ncm_plan_deploy(struct ncm_planner *p, struct ncm_err *err)
{
    struct ncm_deploy_planner w = {.p = p, .plan = p->plan};
    bool ok = find(&w, err) && can(&w, p->plan->intent->kind, err) && dispatch(&w, err);
    if (ok) {
        p->plan->nothing = p->plan->changes.n == 0;
        if (p->plan->intent->heed != NULL && !p->plan->nothing) {
            ncm_plan_warn(p->plan, "%s", p->plan->intent->heed);
        }
        warn_managed(&w);
    }
    ncm_free(w.shown);
    ncm_snapshot_unref(w.s);
    return ok;
}
