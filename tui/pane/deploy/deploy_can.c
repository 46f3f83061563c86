/* What of a deployment can be done, by the rights that we have, its state and its source; else why
 * not. */
#include "pane/deploy/deploy.h"

const struct ncm_traffic *deploy_candidate(const struct ncm_fleet_deployment *f)
{
    const struct ncm_traffic *found = NULL;

    for (size_t i = 0; i < f->n_traffic; i++) {
        if (!f->traffic[i].stable && found == NULL) {
            found = &f->traffic[i];
        }
    }
    /* of a rollout the new revision is none: only its replicas decide */
    bool shared = ((f->it->allowed | f->it->forbidden) & 1u << NCM_ACT_TRAFFIC) != 0;
    return f->n_traffic > 1 && shared && !f->it->rolling ? found : NULL;
}

enum ncm_deploy_act deploy_needed(const struct ncm_fleet_deployment *f, enum ui_action_id action)
{
    switch (action) {
    case A_TRAFFIC:
    case A_ABORT:
        return NCM_ACT_TRAFFIC;
    case A_PROMOTE:
        return deploy_candidate(f) != NULL ? NCM_ACT_TRAFFIC : NCM_ACT_VERSION;
    case A_ROLLBACK: /* without revisions a candidate can still be taken away */
        return deploy_candidate(f) != NULL &&
                       !((f->it->allowed | f->it->forbidden) & 1u << NCM_ACT_ROLLBACK)
                   ? NCM_ACT_TRAFFIC
                   : NCM_ACT_ROLLBACK;
    case A_RESTART:
        return NCM_ACT_RESTART;
    case A_SCALE:
        return NCM_ACT_SCALE;
    case A_PAUSE_ROLLOUT:
    case A_RESUME_ROLLOUT:
        return NCM_ACT_PAUSE;
    case A_SET_VERSION:
        return NCM_ACT_VERSION;
    case A_LOGS:
        return NCM_ACT_LOGS;
    default:
        return NCM_N_ACTS;
    }
}

static bool may(const struct deploy *d, const struct ncm_fleet_deployment *f,
                enum ui_action_id action, const char **reason)
{
    enum ncm_deploy_act act = deploy_needed(f, action);
    const struct deploy_source *s = deploy_source_of(d, f->it);

    if (act == NCM_N_ACTS) {
        return true;
    }
    if (action == A_TRAFFIC && deploy_candidate(f) == NULL) {
        *reason = s != NULL && s->info.state == NCM_LOADING ? _("it is still loading")
                                                            : _("its traffic is not split");
        return false;
    }
    if (s != NULL && s->about->read_only && act != NCM_ACT_LOGS) {
        *reason = s->about->offered
                      ? _("it is only read: name the source in the configuration to change it")
                      : _("its source is configured as read-only");
        return false;
    }
    if (f->it->allowed & 1u << act) {
        return true;
    }
    if (f->it->forbidden & 1u << act) {
        *reason = f->it->why_not.len > 0 ? deploy_clean(f->it->why_not, 200)
                                         : _("you have no right to do that there");
        return false;
    }
    *reason = act == NCM_ACT_LOGS      ? _("it gives no logs")
              : act == NCM_ACT_TRAFFIC ? _("its traffic is not split")
                                       : _("that cannot be done with a thing of its kind");
    return false;
}

static bool can_jump(const struct deploy *d, const struct ncm_fleet_deployment *f,
                     enum ui_action_id action, const char **reason)
{
    const struct ncm_fleet_row *row = deploy_fleet_row(d, f->is.model, f->is.version);
    const struct ncm_model *m = deploy_model(d, f->is.model);
    const struct ncm_model_version *v =
        m != NULL ? ncm_model_version(m, ncm_cstr(f->is.version)) : NULL;

    if (action == A_TO_ALERTS) {
        return true;
    }
    if (f->is.model.len == 0) {
        *reason = _("it is not known which model it serves");
        return false;
    }
    if (action == A_TO_VERSION && m == NULL) {
        *reason = _("the registry does not know that model");
        return false;
    }
    if (action == A_TO_RUN && (v == NULL || v->run_id.len == 0)) {
        *reason = _("the registry knows no run of that version");
        return false;
    }
    if (action == A_TO_DRIFT && (row == NULL || row->drift_monitor.len == 0)) {
        *reason = _("no monitor watches that model");
        return false;
    }
    return true;
}

static bool can_state(const struct ncm_fleet_deployment *f, enum ui_action_id action,
                      const char **reason)
{
    if (action == A_PAUSE_ROLLOUT && f->it->paused) {
        *reason = _("it is paused already");
        return false;
    }
    if (action == A_RESUME_ROLLOUT && !f->it->paused) {
        *reason = _("it is not paused");
        return false;
    }
    if (action == A_ABORT && deploy_candidate(f) == NULL) {
        *reason = _("it has no candidate");
        return false;
    }
    return true;
}

bool deploy_can(struct deploy *d, enum ui_action_id action, const char **reason)
{
    const struct ncm_fleet_deployment *f = deploy_selected(d);
    bool offered = deploy_is_offered(d);

    switch (action) {
    case A_OPEN:
        if (offered) {
            return true;
        }
        *reason = _("there is no deployment");
        return f != NULL && (d->view == DEPLOY_LIST || d->part == PART_REPLICAS ||
                             (d->part == PART_HISTORY && deploy_revision(d) != NULL) ||
                             can_jump(d, f, A_TO_VERSION, reason));
    case A_DETAILS:
    case A_COPY:
    case A_COPY_ROW:
        *reason = _("there is no deployment");
        return f != NULL;
    case A_TO_VERSION:
    case A_TO_RUN:
    case A_TO_DRIFT:
    case A_TO_ALERTS:
        *reason = _("there is no deployment");
        return f != NULL && can_jump(d, f, action, reason);
    case A_TRAFFIC:
    case A_PROMOTE:
    case A_ROLLBACK:
    case A_RESTART:
    case A_SCALE:
    case A_PAUSE_ROLLOUT:
    case A_RESUME_ROLLOUT:
    case A_ABORT:
    case A_SET_VERSION:
    case A_LOGS:
        *reason = _("there is no deployment");
        return f != NULL && may(d, f, action, reason) && can_state(f, action, reason);
    default:
        return true;
    }
}
