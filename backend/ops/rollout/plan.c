/* From a wish to a rollout: which steps, in which order, and what each will change. */
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "engine/state.h"
#include "ops/deploy/attach.h"
#include "ops/rollout/inside.h"

#define READY_MS (15 * 60000)

struct found {
    const struct ncm_deployments_snapshot *s; /* to be let go */
    const struct ncm_deployment *d;
};

/* The deployment of that name in one source; *many: more than one fits. */
static bool look_in(struct ncm_session *session, const char *source,
                    const struct ncm_rollout_wish *w, const struct ncm_control *control,
                    struct found *out, bool *many, struct ncm_err *err)
{
    struct ncm_session *side = ncm_session_side(session, source);
    struct ncm_job_context ctx;
    const void *s;
    struct ncm_query *q = ncm_query_new(NCM_T_DEPLOYMENTS);
    if (side == NULL) {
        ncm_query_free(q);
        return true;
    }
    ncm_session_context_of(side, control, &ctx);
    q->id = ncm_strdup(source);
    bool ok = ncm_fetch_now(&ctx, q, &s, err);
    ncm_query_free(q);
    if (!ok) {
        return false;
    }
    bool ambiguous;
    const struct ncm_deployment *d = ncm_deployments_find(s, w->ref, w->kind, &ambiguous);
    *many = *many || ambiguous || (d != NULL && out->d != NULL);
    if (d != NULL && out->d == NULL) {
        *out = (struct found){s, d};
    } else {
        ncm_snapshot_unref(s);
    }
    return true;
}

/* Over all sources; those that do not answer matter only where none has it. */
static bool find(struct ncm_session *session, const struct ncm_rollout_wish *w,
                 const struct ncm_control *control, struct found *out, struct ncm_err *err)
{
    size_t n;
    const struct ncm_deploy_about *sources = ncm_deploy_sources(session, &n);
    struct ncm_err first = {.code = NCM_OK}, one;
    bool many = false;
    *out = (struct found){NULL, NULL};
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(sources[i].name);
        bool named = strncmp(w->ref, sources[i].name, len) == 0 && w->ref[len] == '/';
        bool whole = strchr(w->ref, '/') != NULL && strchr(strchr(w->ref, '/') + 1, '/') != NULL;
        if ((whole && !named) || sources[i].offered) {
            continue;
        }
        if (!look_in(session, sources[i].name, w, control, out, &many, &one) &&
            first.code == NCM_OK) {
            first = one;
        }
    }
    if (many) {
        ncm_fail(err, NCM_USAGE, _("several deployments are named '%.80s'"), w->ref);
        return ncm_hint(err, "%s", _("write SOURCE/NAMESPACE/NAME"));
    }
    if (out->d == NULL) {
        if (first.code != NCM_OK) {
            *err = first;
            return false;
        }
        return ncm_fail(err, NCM_NOT_FOUND, _("there is no deployment '%.80s'"), w->ref);
    }
    return true;
}

/* Whether it names no version but what the wish is about to move: then it has to start again. */
static bool follows_slot(const struct ncm_deployment *d, const struct ncm_rollout_wish *w)
{
    const struct ncm_claim *claims = d->n_wanted > 0 ? d->wanted : d->claims;
    size_t n = d->n_wanted > 0 ? d->n_wanted : d->n_claims;
    for (size_t i = 0; i < n; i++) {
        enum ncm_stage a, b;
        if (w->stage[0] == '@' && ncm_str_is(claims[i].alias, w->stage + 1)) {
            return true;
        }
        if (claims[i].stage.p != NULL && ncm_stage_of(claims[i].stage.p, &a) &&
            ncm_stage_of(w->stage, &b) && a == b) {
            return true;
        }
    }
    return false;
}

static struct ncm_rollout_step *add_step(struct ncm_rollout_plan *p, enum ncm_step_kind kind,
                                         char *what)
{
    struct ncm_rollout_step *s = &p->steps[p->n_steps++];
    *s = (struct ncm_rollout_step){.kind = kind,
                                   .what = ncm_arena_cstr(p->arena, what),
                                   .started_ms = NCM_NO_TIME,
                                   .ended_ms = NCM_NO_TIME};
    ncm_free(what);
    return s;
}

static bool add_plan(struct ncm_rollout_plan *p, const struct ncm_job_context *ctx,
                     struct ncm_plan *plan, struct ncm_err *err)
{
    struct ncm_job_context here = *ctx;
    p->plans = ncm_resize(p->plans, p->n_plans + 1, sizeof(struct ncm_plan *));
    p->plans[p->n_plans++] = plan;
    return ncm_plan_make(&here, plan, err);
}

static bool add_change(struct ncm_session *session, struct ncm_rollout_plan *p,
                       enum ncm_step_kind kind, const char *to, char *what,
                       const struct ncm_control *control, struct ncm_err *err)
{
    struct ncm_rollout_step *s = add_step(p, kind, what);
    s->to = ncm_arena_cstr(p->arena, to);
    struct rollout r;
    struct ncm_job_context ctx;
    rollout_of_plan(p, &r);
    bool ok =
        rollout_context(session, &r, kind, control, &ctx, err) &&
        add_plan(p, &ctx, rollout_new_plan(&r, kind, rollout_intent(&r, p->n_steps - 1)), err);
    rollout_release(&r);
    if (ok) {
        const struct ncm_plan *plan = p->plans[p->n_plans - 1];
        s->from = ncm_arena_cstr(p->arena, plan->from);
        if (to != NULL && plan->to != NULL) {
            s->to = ncm_arena_cstr(p->arena, plan->to);
        }
        s->state = plan->nothing ? NCM_STEP_SKIPPED : NCM_STEP_PLANNED;
    }
    return ok;
}

static bool build(struct ncm_session *session, struct ncm_rollout_plan *p, bool slot,
                  const struct ncm_control *control, struct ncm_err *err)
{
    const struct ncm_rollout_wish *w = p->wish;
    bool ok = true;
    char *promote = ncm_sprintf(_("%s v%s to %s in the registry"), w->model, w->version, w->stage);
    p->steps = ncm_arena_alloc(p->arena, 3, sizeof *p->steps);
    if (slot) {
        ok =
            add_change(session, p, NCM_STEP_PROMOTE, w->stage, ncm_strdup(promote), control, err) &&
            add_change(session, p, NCM_STEP_SET, NULL,
                       ncm_sprintf(_("restart %s, which loads %s at its start"), w->ref, w->stage),
                       control, err);
    } else {
        ok = add_change(session, p, NCM_STEP_SET, w->version,
                        ncm_sprintf(_("%s runs v%s"), w->ref, w->version), control, err);
    }
    if (ok) {
        add_step(p, NCM_STEP_WAIT, ncm_sprintf(_("wait until %s is ready"), w->ref));
    }
    if (ok && !slot) {
        ok = add_change(session, p, NCM_STEP_PROMOTE, w->stage, ncm_strdup(promote), control, err);
    }
    ncm_free(promote);
    return ok;
}

static bool not_busy(const struct ncm_job_context *ctx, const char *ref, struct ncm_err *err)
{
    struct ncm_db *db = NULL;
    struct ncm_err none;
    if (ctx->state_path == NULL || !ncm_state_open(ctx->state_path, false, &db, &none)) {
        return true; /* whoever carries it out looks again */
    }
    bool alone = rollout_is_alone(db, ref, "", err);
    ncm_db_close(db);
    return alone;
}

bool rollout_plan_make(struct ncm_session *s, struct ncm_job_context *ctx,
                       struct ncm_rollout_plan *plan, struct ncm_err *err)
{
    struct ncm_rollout_wish *w = plan->wish;
    struct found f;
    if (ctx->read_only) {
        ncm_fail(err, NCM_READ_ONLY, _("read-only: nothing is changed"));
        return ncm_hint(err, _("unlock with M, or start without --read-only"));
    }
    if (!find(s, w, &ctx->control, &f, err)) {
        return false;
    }
    bool slot = follows_slot(f.d, w);
    ncm_free(w->ref);
    w->ref = ncm_deployment_ref(f.d);
    ncm_free(w->kind);
    w->kind = ncm_strdup(ncm_cstr(f.d->kind));
    ncm_snapshot_unref(f.s);
    plan->title =
        ncm_sprintf(_("%s v%s to %s, and into %s"), w->model, w->version, w->stage, w->ref);
    plan->confirm_name = ncm_strdup(w->model);
    return not_busy(ctx, w->ref, err) && build(s, plan, slot, &ctx->control, err);
}

/* The lines of one change under the head of its step; of the registry they name which version each is
 * of. */
static void show_change(struct ncm_plan *out, const char *head, const struct ncm_plan *plan,
                        bool registry)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->n_lines; i++) {
        const struct ncm_plan_line *l = &plan->lines[i];
        if (l->tone != NCM_TONE_CHANGE && l->tone != NCM_TONE_SIDE) {
            continue;
        }
        char *what = registry && l->subject != NULL ? ncm_sprintf("%s  %s", l->subject, l->what)
                                                    : ncm_strdup(l->what);
        /* the head once: what else the step does follows under it */
        ncm_plan_line(out, NCM_TONE_CHANGE, n == 0 ? head : "", what, l->from, l->to);
        ncm_free(what);
        n++;
    }
    if (n == 0) {
        ncm_plan_line(out, NCM_TONE_CHANGE, head,
                      plan->nothing ? _("it is so already") : plan->title, NULL, NULL);
    }
}

static void show_remarks(struct ncm_plan *out, const struct ncm_plan *plan)
{
    for (size_t i = 0; i < plan->n_lines; i++) {
        const struct ncm_plan_line *l = &plan->lines[i];
        if (l->tone != NCM_TONE_CHANGE && l->tone != NCM_TONE_SIDE) {
            ncm_plan_line(out, l->tone, l->subject, l->what, l->from, l->to);
        }
    }
}

struct ncm_plan *ncm_rollout_plan_shown(const struct ncm_rollout_plan *p)
{
    struct ncm_plan *out = ncm_alloc(1, sizeof *out);
    size_t nth = 0;
    char span[32];
    ncm_changes_init(&out->changes);
    out->title = ncm_strdup(p->title);
    out->subject = ncm_strdup(p->wish->ref);
    out->confirm_name = ncm_strdup(p->confirm_name);
    out->nothing = true;
    for (size_t i = 0; i < p->n_steps; i++) {
        char *head = ncm_sprintf("%zu. %s", i + 1, ncm_cstr(p->steps[i].what));
        if (p->steps[i].kind == NCM_STEP_WAIT) {
            int64_t most = p->wish->ready_ms > 0 ? p->wish->ready_ms : READY_MS;
            char *text = ncm_sprintf(_("at most %s, then it stops there and can be taken back"),
                                     ncm_fmt_duration(span, sizeof span, most));
            ncm_plan_line(out, NCM_TONE_CHANGE, head, text, NULL, NULL);
            ncm_free(text);
        } else {
            out->nothing = out->nothing && p->plans[nth]->nothing;
            show_change(out, head, p->plans[nth++], p->steps[i].kind == NCM_STEP_PROMOTE);
        }
        ncm_free(head);
    }
    for (size_t i = 0; i < p->n_plans; i++) {
        show_remarks(out, p->plans[i]);
    }
    return out;
}

static const char *step_words(enum ncm_step_state s)
{
    static const char *const words[] = {N_("not begun"), N_("under way"),  N_("done"),
                                        N_("failed"),    N_("taken back"), N_("not needed")};
    return _(words[s]);
}

static bool allows(const struct ncm_rollout *r, enum ncm_rollout_way way, struct ncm_err *err)
{
    switch (r->state) {
    case NCM_ROLLOUT_INTERRUPTED:
    case NCM_ROLLOUT_STOPPED:
        return true;
    case NCM_ROLLOUT_RUNNING:
        return ncm_fail(err, NCM_CONFLICT, _("somebody is still carrying this plan out"));
    default:
        return (way == NCM_ROLLOUT_BACK && r->state == NCM_ROLLOUT_DONE) ||
               rollout_over(r->state, err);
    }
}

/* What becomes of a step; NULL: nothing. */
static const char *step_becomes(const struct ncm_rollout_step *s, enum ncm_rollout_way way)
{
    bool begun = s->state == NCM_STEP_DONE || s->state == NCM_STEP_FAILED ||
                 s->state == NCM_STEP_RUNNING;
    if (way == NCM_ROLLOUT_BACK) {
        return begun && s->kind != NCM_STEP_WAIT ? step_words(NCM_STEP_UNDONE) : NULL;
    }
    bool over = s->state == NCM_STEP_DONE || s->state == NCM_STEP_SKIPPED;
    return way == NCM_ROLLOUT_ON && !over ? step_words(NCM_STEP_DONE) : NULL;
}

struct ncm_plan *ncm_rollout_way_shown(const struct ncm_rollout *r, enum ncm_rollout_way way,
                                       struct ncm_err *err)
{
    const char *title = ncm_cstr(r->title);
    if (!allows(r, way, err)) {
        return NULL;
    }
    struct ncm_plan *out = ncm_alloc(1, sizeof *out);
    ncm_changes_init(&out->changes);
    out->title = way == NCM_ROLLOUT_ON     ? ncm_sprintf(_("Go on with: %s"), title)
                 : way == NCM_ROLLOUT_BACK ? ncm_sprintf(_("Take back: %s"), title)
                                           : ncm_sprintf(_("Leave as it is: %s"), title);
    out->subject = ncm_strdup(ncm_cstr(r->ref));
    out->confirm_name = ncm_strdup(ncm_cstr(r->model));
    for (size_t i = 0; i < r->n_steps; i++) {
        const struct ncm_rollout_step *s = &r->steps[i];
        const char *to = step_becomes(s, way);
        char *head = ncm_sprintf("%zu. %s", i + 1, ncm_cstr(s->what));
        if (to != NULL) {
            ncm_plan_line(out, NCM_TONE_CHANGE, head, _("state"), step_words(s->state), to);
        } else {
            ncm_plan_line(out, NCM_TONE_NOTE, head, step_words(s->state), NULL, NULL);
        }
        ncm_free(head);
    }
    return out;
}

void rollout_of_plan(const struct ncm_rollout_plan *plan, struct rollout *out)
{
    const struct ncm_rollout_wish *w = plan->wish;
    size_t nth = 0;
    *out = (struct rollout){
        .title = ncm_strdup(plan->title),
        .model = ncm_strdup(w->model),
        .version = ncm_strdup(w->version),
        .stage = ncm_strdup(w->stage),
        .ref = ncm_strdup(w->ref),
        .kind = ncm_strdup(w->kind),
        .reason = ncm_strdup(w->reason),
        .archive = w->archive,
        .ready_ms = w->ready_ms > 0 ? w->ready_ms : READY_MS,
        .n_steps = plan->n_steps,
    };
    out->steps = ncm_alloc(plan->n_steps, sizeof *out->steps);
    for (size_t i = 0; i < plan->n_steps; i++) {
        const struct ncm_rollout_step *s = &plan->steps[i];
        struct ncm_buf json;
        ncm_buf_init(&json, 1u << 20);
        if (s->kind != NCM_STEP_WAIT && nth < plan->n_plans) {
            ncm_changes_to_json(&plan->plans[nth++]->changes, &json);
        }
        out->steps[i] = (struct rollout_step){
            .kind = s->kind,
            .state = s->state,
            .what = ncm_strdup(ncm_cstr(s->what)),
            .from = ncm_strdup(s->from.p),
            .to = ncm_strdup(s->to.p),
            .changes = json.len > 0 ? ncm_strndup(json.p, json.len) : NULL,
            .started_ms = NCM_NO_TIME,
            .ended_ms = NCM_NO_TIME,
        };
        ncm_buf_release(&json);
    }
}

void ncm_rollout_wish_free(struct ncm_rollout_wish *w)
{
    if (w != NULL) {
        char *texts[] = {w->model, w->version, w->stage, w->ref, w->kind, w->reason};
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
            ncm_free(texts[i]);
        }
        ncm_free(w);
    }
}

void ncm_rollout_plan_free(struct ncm_rollout_plan *p)
{
    if (p == NULL) {
        return;
    }
    for (size_t i = 0; i < p->n_plans; i++) {
        ncm_plan_free(p->plans[i]);
    }
    ncm_free(p->plans);
    ncm_rollout_wish_free(p->wish);
    ncm_free(p->title);
    ncm_free(p->confirm_name);
    ncm_free(p->id);
    ncm_arena_free(p->arena);
    ncm_free(p);
}
