/* From an intent to a plan: exactly what will change, checked against the present. */
#include "ops/plan.h"

#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "io/file.h"
#include "ops/parts.h"

static bool build(struct ncm_planner *p, struct ncm_err *err)
{
    switch (p->plan->intent->kind) {
    case NCM_DO_PROMOTE:
        return ncm_plan_promote(p, err);
    case NCM_DO_ROLLBACK:
        return ncm_plan_rollback(p, err);
    case NCM_DO_UNDO:
        return ncm_plan_undo(p, err);
    case NCM_DO_ALIAS_SET:
    case NCM_DO_ALIAS_DELETE:
        return ncm_plan_alias(p, err);
    case NCM_DO_REGISTER:
        return ncm_plan_register(p, err);
    case NCM_DO_VERSION_TAG:
    case NCM_DO_VERSION_UNTAG:
    case NCM_DO_VERSION_NOTE:
    case NCM_DO_VERSION_DELETE:
    case NCM_DO_MODEL_CREATE:
    case NCM_DO_MODEL_RENAME:
    case NCM_DO_MODEL_TAG:
    case NCM_DO_MODEL_UNTAG:
    case NCM_DO_MODEL_NOTE:
    case NCM_DO_MODEL_DELETE:
        return ncm_plan_registry(p, err);
    case NCM_DO_ALERT_ACK:
    case NCM_DO_ALERT_RESOLVE:
        return ncm_plan_alerts(p, err);
    case NCM_DO_SILENCE:
    case NCM_DO_SILENCE_EXPIRE:
        return ncm_plan_silences(p, err);
    case NCM_DO_DEPLOY_SCALE:
    case NCM_DO_DEPLOY_RESTART:
    case NCM_DO_DEPLOY_PAUSE:
    case NCM_DO_DEPLOY_RESUME:
    case NCM_DO_DEPLOY_ROLLBACK:
    case NCM_DO_DEPLOY_TRAFFIC:
    case NCM_DO_DEPLOY_PROMOTE:
    case NCM_DO_DEPLOY_ABORT:
    case NCM_DO_DEPLOY_VERSION:
        return ncm_plan_deploy(p, err);
    default:
        return ncm_plan_runs(p, err);
    }
}

/* It holds nothing of the store. */
static bool is_beside(const struct ncm_provider *provider)
{
    return (provider->capabilities & (NCM_CAP_ALERTS | NCM_CAP_DEPLOY)) != 0;
}

static bool may_write(struct ncm_planner *p, struct ncm_err *err)
{
    static const struct ncm_store_snapshot of_others = {.writable = true};
    if (is_beside(p->ctx->provider)) {
        p->store = &of_others; /* it says itself whether it takes a change */
        return true;
    }
    const void *store;
    struct ncm_query *q = ncm_query_new(NCM_T_STORE);
    bool ok = ncm_fetch_now(p->ctx, q, &store, err);
    ncm_query_free(q);
    if (!ok) {
        return false;
    }
    p->store = store;
    if (!p->store->writable) {
        ncm_fail(err, NCM_READ_ONLY, _("this store is only read: nothing can be changed in it"));
        return ncm_hint(err, "%s", ncm_cstr(p->store->why_read_only));
    }
    return true;
}

static bool reason_fits(const struct ncm_intent *i, struct ncm_err *err)
{
    size_t n = 0;
    uint32_t cp;
    const char *s = i->reason != NULL ? i->reason : "";
    for (size_t at = 0, len = strlen(s); at < len; n++) {
        at += ncm_utf8_decode(s + at, len - at, &cp);
    }
    return n <= NCM_REASON_MOST ||
           ncm_fail(err, NCM_USAGE, _("the reason is too long: at most %d characters"),
                    NCM_REASON_MOST);
}

static bool leaves_transition(const struct ncm_changes *c)
{
    for (size_t i = 0; i < c->n; i++) {
        if (c->items[i].kind == NCM_CH_VERSION_STAGE || c->items[i].kind == NCM_CH_ALIAS) {
            return true;
        }
    }
    return false;
}

/* Else it lies beside its store. */
static bool in_state_folder(const char *path)
{
    char *dir = ncm_dir_state();
    size_t n = strlen(dir);
    bool in = strncmp(path, dir, n) == 0 && path[n] == '/' && strchr(path + n + 1, '/') == NULL;
    ncm_free(dir);
    return in;
}

/* The first change makes a file nobody asked for: say so. */
static void note_first_audit(struct ncm_planner *p)
{
    const char *path = p->ctx->state_path;
    struct ncm_file_info info;
    struct ncm_err ignored;

    if (path == NULL || !ncm_file_stat(path, &info, &ignored) || info.kind != NCM_FILE_NONE) {
        return;
    }
    const char *slash = strrchr(path, '/');
    if (!in_state_folder(path)) {
        ncm_plan_note(p->plan, _("makes %s beside the store: the audit of changes is kept there"),
                      slash != NULL ? slash + 1 : path);
    } else {
        ncm_plan_note(p->plan, _("makes %s: the audit of changes is kept there"), path);
    }
}

const char *ncm_label_of_changes(const struct ncm_job_context *ctx, const struct ncm_changes *c)
{
    bool registry = c->n > 0 && ncm_change_of_registry(c->items[0].kind);
    return registry && ctx->registry_label != NULL ? ctx->registry_label : ctx->store_label;
}

/* Servers have no store in common: each that changes is named once. The caller frees. */
static char *places_of(struct ncm_planner *p)
{
    const struct ncm_changes *c = &p->plan->changes;
    struct ncm_buf b;
    bool servers = c->n > 0;
    ncm_buf_init(&b, 400);
    for (size_t i = 0; i < c->n; i++) {
        bool again = false;
        servers = servers && ncm_change_of_deployment(c->items[i].kind) &&
                  ncm_change_same(c->items[i].version, "Endpoint");
        for (size_t k = 0; k < i; k++) {
            again = again || ncm_change_same(c->items[i].object, c->items[k].object);
        }
        if (!again) {
            ncm_buf_printf(&b, "%s%s", b.len > 0 ? ", " : "", c->items[i].object);
        }
    }
    char *text = ncm_strdup(servers ? b.p : ncm_label_of_changes(p->ctx, c));
    ncm_buf_release(&b);
    return text;
}

/* What every plan says at its end: where it is written, and what is passed by. */
static void closing_lines(struct ncm_planner *p)
{
    if (p->plan->nothing) {
        return;
    }
    if (leaves_transition(&p->plan->changes)) {
        ncm_plan_note(p->plan,
                      _("writes to %s and leaves a note of this in the version's tags, so that"
                        " other clients see it"),
                      ncm_label_of_changes(p->ctx, &p->plan->changes));
    } else {
        char *places = places_of(p);
        ncm_plan_note(p->plan, _("writes to %s"), places);
        ncm_free(places);
    }
    note_first_audit(p);
    if (p->store->server.p != NULL) {
        ncm_plan_warn(p->plan,
                      _("a tracking server owns this file (%s): its webhooks do not fire and its"
                        " permissions are not asked"),
                      p->store->server.p);
    }
}

static bool make(struct ncm_planner *p, struct ncm_err *err)
{
    if (!reason_fits(p->plan->intent, err) || !may_write(p, err) || !build(p, err)) {
        return false;
    }
    const struct ncm_provider *provider = p->ctx->provider;
    if (!p->plan->nothing && provider->check != NULL &&
        !provider->check(p->conn, &p->plan->changes, err)) {
        return false;
    }
    closing_lines(p);
    return true;
}

static bool make_on(struct ncm_job_context *ctx, struct ncm_plan *plan, struct ncm_err *err)
{
    struct ncm_lane lane;
    if (!ncm_lane_begin(ctx, &lane, err)) {
        return false;
    }
    struct ncm_job_context here = *ctx;
    here.conn = lane.conn;
    struct ncm_planner p = {.ctx = &here, .conn = lane.conn, .plan = plan};
    bool ok = make(&p, err);
    if (p.store != NULL && !is_beside(ctx->provider)) {
        ncm_snapshot_unref(p.store);
    }
    ncm_snapshot_unref(p.models);
    ncm_lane_end(ctx, &lane);
    return ok;
}

static bool make_here(struct ncm_job_context *ctx, struct ncm_plan *plan, struct ncm_err *err)
{
    if (ctx->read_only) {
        ncm_fail(err, NCM_READ_ONLY, _("read-only: nothing is changed"));
        return ncm_hint(err, "%s",
                        ctx->why_read_only != NULL
                            ? ctx->why_read_only
                            : _("unlock with M, or start without --read-only"));
    }
    if (make_on(ctx, plan, err)) {
        return true;
    }
    if (err->code != NCM_READ_ONLY || ctx->conn == NULL || plan->n_lines > 0) {
        return false;
    }
    /* A writer died while this connection was open: a fresh one may undo its half. */
    struct ncm_job_context fresh = *ctx;
    fresh.conn = NULL;
    return make_on(&fresh, plan, err);
}

/* Where it is taken back is where it was done; settling what is open there may tell that the newest
 * change was another one. */
static bool make_undo(struct ncm_job_context *ctx, struct ncm_plan *plan, struct ncm_err *err)
{
    bool ok = false;
    ncm_undo_side(ctx, plan);
    for (int tries = 0; tries < 3; tries++) {
        char *name = ncm_strdup(plan->side);
        const struct ncm_plan_side *side = ncm_plan_side_named(plan, name);
        if (name != NULL && side == NULL) {
            ok = ncm_fail(err, NCM_NOT_FOUND,
                          _("your last change was made at '%s', which this context does not name"),
                          name);
        } else if (side != NULL) {
            struct ncm_job_context there = ncm_plan_side_context(ctx, side);
            ok = make_here(&there, plan, err);
        } else {
            ok = make_here(ctx, plan, err);
        }
        bool moved = !ok && !ncm_change_same(name, plan->side);
        ncm_free(name);
        if (!moved) {
            break;
        }
    }
    return ok;
}

bool ncm_plan_make(struct ncm_job_context *ctx, struct ncm_plan *plan, struct ncm_err *err)
{
    /* Who names the change that is taken back knows where it was made. */
    bool search = plan->intent->kind == NCM_DO_UNDO && plan->intent->key == NULL;
    bool ok = search ? make_undo(ctx, plan, err) : make_here(ctx, plan, err);
    ncm_plan_sides_release(plan);
    return ok;
}

static bool plan_job(struct ncm_job_context *ctx, void *arg, struct ncm_err *err)
{
    return ncm_plan_make(ctx, arg, err);
}

static bool execute_job(struct ncm_job_context *ctx, void *arg, struct ncm_err *err)
{
    return ncm_plan_execute(ctx, arg, err);
}

static void free_plan(void *arg)
{
    ncm_plan_free(arg);
}

uint64_t ncm_plan_start(struct ncm_session *s, struct ncm_intent *intent)
{
    struct ncm_plan *plan = ncm_alloc(1, sizeof *plan);
    plan->intent = intent;
    ncm_changes_init(&plan->changes);
    return ncm_session_submit(ncm_plan_sides_of(s, plan), plan_job, plan, free_plan);
}

uint64_t ncm_execute_start(struct ncm_session *s, struct ncm_plan *plan)
{
    return ncm_session_submit(ncm_plan_side_session(s, plan), execute_job, plan, free_plan);
}
