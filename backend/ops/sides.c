/* Which source carries a plan out: the store, or one beside it. Undo finds that out by the record
 * that it takes back, so a plan knows all of them while it is made. */
#include <string.h>

#include "base/i18n.h"
#include "ops/deploy/attach.h"
#include "ops/parts.h"

static bool of_deployments(enum ncm_intent_kind kind)
{
    return kind >= NCM_DO_DEPLOY_SCALE && kind <= NCM_DO_DEPLOY_VERSION;
}

static void add(struct ncm_session *s, struct ncm_plan *plan, const char *name, bool deploys)
{
    struct ncm_session *side = ncm_session_side(s, name);
    if (side == NULL) {
        return;
    }
    plan->sides = ncm_resize(plan->sides, plan->n_sides + 1, sizeof *plan->sides);
    plan->sides[plan->n_sides++] = (struct ncm_plan_side){
        .name = ncm_strdup(name),
        .label = ncm_strdup(ncm_session_location(side)),
        .provider = ncm_session_provider(side),
        .place = ncm_session_place(side),
        .deploys = deploys,
        .read_only = ncm_session_read_only(side) || ncm_session_read_only(s),
    };
}

void ncm_plan_sides_release(struct ncm_plan *plan)
{
    for (size_t i = 0; i < plan->n_sides; i++) {
        ncm_free(plan->sides[i].name);
        ncm_free(plan->sides[i].label);
    }
    ncm_free(plan->sides);
    plan->sides = NULL;
    plan->n_sides = 0;
}

const struct ncm_plan_side *ncm_plan_side_named(const struct ncm_plan *plan, const char *name)
{
    for (size_t i = 0; name != NULL && i < plan->n_sides; i++) {
        if (strcmp(plan->sides[i].name, name) == 0) {
            return &plan->sides[i];
        }
    }
    return NULL;
}

/* The source that a REF begins with; without one the only one there is. */
static char *source_of(const struct ncm_plan *plan, const char *ref)
{
    const char *slash = strchr(ref, '/');
    char *first = slash != NULL ? ncm_strndup(ref, (size_t)(slash - ref)) : NULL;
    const struct ncm_plan_side *found = ncm_plan_side_named(plan, first), *only = NULL;
    size_t n = 0;
    ncm_free(first);
    if (found != NULL && found->deploys && strchr(slash + 1, '/') != NULL) {
        return ncm_strdup(found->name);
    }
    for (size_t i = 0; i < plan->n_sides; i++) {
        n += plan->sides[i].deploys;
        only = plan->sides[i].deploys ? &plan->sides[i] : only;
    }
    return n == 1 ? ncm_strdup(only->name) : NULL;
}

struct ncm_session *ncm_plan_sides_of(struct ncm_session *s, struct ncm_plan *plan)
{
    const struct ncm_intent *in = plan->intent;
    size_t n;
    const struct ncm_deploy_about *sources = ncm_deploy_sources(s, &n);
    for (size_t i = 0; i < n; i++) {
        add(s, plan, sources[i].name, true);
    }
    add(s, plan, "ncmlops", false);
    add(s, plan, "alertmanager", false);
    if (in->kind == NCM_DO_ALERT_ACK || in->kind == NCM_DO_ALERT_RESOLVE) {
        plan->side = ncm_strdup("ncmlops");
    } else if (in->kind == NCM_DO_SILENCE || in->kind == NCM_DO_SILENCE_EXPIRE) {
        plan->side = ncm_strdup(in->model != NULL ? in->model : "ncmlops");
    } else if (of_deployments(in->kind) && in->n_objects == 1) {
        plan->side = source_of(plan, in->objects[0]);
    }
    return ncm_plan_side_session(s, plan);
}

struct ncm_session *ncm_plan_side_session(struct ncm_session *s, const struct ncm_plan *plan)
{
    struct ncm_session *side = plan->side != NULL ? ncm_session_side(s, plan->side) : NULL;
    return side != NULL ? side : s;
}

char *ncm_record_side(const struct ncm_record *r, const struct ncm_plan *plan)
{
    struct ncm_changes changes;
    struct ncm_err ignored;
    char *name = NULL;
    if (ncm_record_of_alerts(r)) {
        for (size_t i = 0; name == NULL && i < plan->n_sides; i++) {
            bool its = !plan->sides[i].deploys && ncm_str_is(r->store, plan->sides[i].label);
            name = its ? ncm_strdup(plan->sides[i].name) : NULL;
        }
        return name != NULL ? name : ncm_strdup("ncmlops");
    }
    if (!ncm_record_of_deployments(r) ||
        !ncm_changes_from_json(ncm_cstr(r->changes), r->changes.len, &changes, &ignored)) {
        return NULL;
    }
    const char *object = changes.n > 0 ? changes.items[0].object : "";
    name = ncm_strndup(object, strcspn(object, "/"));
    ncm_changes_release(&changes);
    return name;
}

struct ncm_job_context ncm_plan_side_context(const struct ncm_job_context *ctx,
                                             const struct ncm_plan_side *side)
{
    struct ncm_job_context there = *ctx;
    there.provider = side->provider;
    there.conn = NULL;
    there.place = side->place;
    there.store_label = side->label;
    there.registry_label = NULL;
    there.read_only = ctx->read_only || side->read_only;
    return there;
}
