/* Carrying a plan out: intent to the audit (synced) → apply with compare-and-set → read back →
 * outcome to the audit. Nothing is changed that cannot be recorded first. */
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "engine/state.h"
#include "io/file.h"
#include "ops/parts.h"

static bool open_state(struct ncm_job_context *ctx, struct ncm_db **state, struct ncm_err *err)
{
    if (ctx->state_path == NULL) {
        ncm_fail(err, NCM_READ_ONLY, _("nothing is changed: there is no place for its record"));
        return ncm_hint(err, _("the folder of the store must be writable"));
    }
    if (!ncm_state_open(ctx->state_path, true, state, err)) {
        ncm_wrap(err, "%s", _("nothing is changed, because it cannot be recorded"));
        return ncm_detail(err, "%s", ctx->state_path);
    }
    return true;
}

/* Errors after which it is not known whether the commit reached the disk. */
static bool is_doubtful(enum ncm_code code)
{
    return code == NCM_IO || code == NCM_INTERNAL || code == NCM_TIMEOUT || code == NCM_CANCELLED ||
           code == NCM_UNREACHABLE;
}

static bool is_atomic(const struct ncm_job_context *ctx)
{
    return (ctx->provider->capabilities & NCM_CAP_ATOMIC) != 0;
}

static bool makes_run(const struct ncm_changes *c)
{
    for (size_t i = 0; i < c->n; i++) {
        if (c->items[i].kind == NCM_CH_RUN_CREATE) {
            return true;
        }
    }
    return false;
}

/* The changes with the numbers that the store gave to what it made. */
static void changes_done(const struct ncm_plan *plan, struct ncm_changes *out)
{
    ncm_changes_copy(out, &plan->changes);
    if (makes_run(out) && plan->receipt.new_id[0] != '\0') {
        ncm_changes_made_run(out, plan->receipt.new_id);
    }
    for (size_t i = 0; i < out->n; i++) {
        struct ncm_change *ch = &out->items[i];
        char **field = ch->kind == NCM_CH_VERSION_CREATE      ? &ch->version
                       : ch->kind == NCM_CH_EXPERIMENT_CREATE ? &ch->object
                       : ch->kind == NCM_CH_SILENCE_CREATE    ? &ch->object
                                                              : NULL;
        const char *made =
            ch->kind == NCM_CH_VERSION_CREATE ? plan->receipt.new_version : plan->receipt.new_id;
        if (field != NULL && made[0] != '\0') {
            ncm_free(*field);
            *field = ncm_strdup(made);
        }
    }
}

static void look(struct ncm_job_context *ctx, struct ncm_conn *conn, const struct ncm_plan *plan,
                 bool said_done, struct ncm_evidence *out)
{
    struct ncm_changes changes;
    changes_done(plan, &changes);
    const struct ncm_evidence_of of = {.provider = ctx->provider,
                                       .conn = conn,
                                       .audit_id = plan->audit_id,
                                       .changes = &changes,
                                       .said_done = said_done};
    ncm_audit_evidence(&of, out);
    ncm_changes_release(&changes);
}

/* A provider without transactions says itself where something stands or may stand. */
static const char *what_happened(struct ncm_job_context *ctx, struct ncm_conn *conn,
                                 struct ncm_plan *plan, const struct ncm_err *err, char **detail)
{
    bool open = is_atomic(ctx) ? err->code != NCM_CONFLICT && is_doubtful(err->code)
                               : plan->receipt.partial;
    if (!open) {
        *detail = ncm_strdup(err->what);
        return err->code == NCM_CONFLICT ? "conflict" : "failed";
    }
    struct ncm_evidence found;
    look(ctx, conn, plan, false, &found);
    *detail = found.detail;
    if (!is_atomic(ctx) && !found.away && strcmp(found.result, "failed") == 0) {
        /* What the changes name is as it was; the provider knows of something that is not. */
        found.result = "unknown";
        *detail = ncm_strdup(err->hint[0] != '\0' ? err->hint : err->what);
        ncm_free(found.detail);
    }
    ncm_log("after an error the change %s is %s: %s", plan->audit_id, found.result, err->what);
    return found.result;
}

static void record(struct ncm_db *state, struct ncm_plan *plan, const char *result,
                   const char *detail)
{
    struct ncm_err err;
    if (!ncm_audit_outcome(state, plan->audit_id, result, detail, &err)) {
        /* The intent stands; its outcome is settled by the store the next time. */
        ncm_log("outcome of %s not recorded: %s", plan->audit_id, err.what);
    }
}

static bool succeeded(struct ncm_db *state, struct ncm_plan *plan)
{
    char *detail = NULL;
    if (plan->receipt.new_version[0] != '\0') {
        detail = ncm_sprintf("version %s", plan->receipt.new_version);
    } else if (plan->receipt.new_id[0] != '\0') {
        const char *made = plan->changes.items[0].kind == NCM_CH_SILENCE_CREATE ? "silence"
                           : makes_run(&plan->changes)                          ? "run"
                                                                                : "experiment";
        detail = ncm_sprintf("%s %s", made, plan->receipt.new_id);
    } else if (plan->receipt.unnoted) {
        detail = ncm_strdup(NCM_AUDIT_UNNOTED);
    }
    plan->outcome_known = true;
    record(state, plan, "done", detail);
    ncm_free(detail);
    return true;
}

static bool was_replaced(struct ncm_job_context *ctx, struct ncm_conn *conn, struct ncm_plan *plan,
                         struct ncm_err *err)
{
    const struct ncm_evidence_of of = {.provider = ctx->provider,
                                       .conn = conn,
                                       .audit_id = plan->audit_id,
                                       .changes = &plan->changes};
    if (ncm_audit_written(&of)) {
        return false;
    }
    ncm_fail(err, NCM_CONFLICT,
             _("the store was replaced while it was written: the change is not"
               " in it"));
    ncm_hint(err, _("look at the present state and decide again"));
    return true;
}

/* It said that it was done: everything must be as planned, or carry our note of having been so. */
static bool is_otherwise(struct ncm_job_context *ctx, struct ncm_conn *conn, struct ncm_plan *plan,
                         struct ncm_err *err)
{
    struct ncm_evidence found;
    look(ctx, conn, plan, true, &found);
    bool fine = found.away || strcmp(found.result, "done") == 0;
    if (!fine) {
        plan->receipt.partial = true;
        ncm_fail(err, NCM_CONFLICT,
                 _("the store said that it was done, but now it is not as planned"));
        ncm_detail(err, "%s", found.detail);
        ncm_hint(err, _("look at the present state and decide again"));
    }
    ncm_free(found.detail);
    return !fine;
}

/* Reads back through a fresh connection: a file that was put in the store's place between opening
 * and committing has nothing of what was written. A store that cannot be asked now had its commit.
 */
static bool read_back(struct ncm_job_context *ctx, struct ncm_plan *plan, struct ncm_err *err)
{
    struct ncm_conn *conn;
    struct ncm_err ignored;
    struct ncm_control control = ctx->control;
    if (!ctx->provider->open(ctx->place, &conn, &control, &ignored)) {
        return true;
    }
    bool other =
        is_atomic(ctx) ? was_replaced(ctx, conn, plan, err) : is_otherwise(ctx, conn, plan, err);
    ctx->provider->close(conn);
    return !other;
}

static bool carry_out(struct ncm_job_context *ctx, struct ncm_conn *conn, struct ncm_db *state,
                      struct ncm_plan *plan, struct ncm_err *err)
{
    char *actor = ncm_whoami();
    char *detail = NULL;
    struct ncm_mark mark = {
        .audit_id = plan->audit_id, .actor = actor, .reason = plan->intent->reason};
    bool ok = ctx->provider->apply(conn, &plan->changes, &mark, &ctx->control, &plan->receipt, err);
    ncm_free(actor);
    ok = ok && read_back(ctx, plan, err);
    if (ok) {
        return succeeded(state, plan);
    }
    const char *result = what_happened(ctx, conn, plan, err, &detail);
    plan->outcome_known = strcmp(result, "unknown") != 0;
    record(state, plan, result, detail);
    if (strcmp(result, "done") == 0) {
        ok = true;
    } else if (!plan->outcome_known && (is_atomic(ctx) || err->hint[0] == '\0')) {
        ncm_hint(err, _("whether it was written is not known: look at the store"));
    }
    ncm_free(detail);
    return ok;
}

static bool execute(struct ncm_job_context *ctx, struct ncm_conn *conn, struct ncm_plan *plan,
                    struct ncm_err *err)
{
    struct ncm_db *state;
    struct ncm_err ignored;
    if (!open_state(ctx, &state, err)) {
        return false;
    }
    const struct ncm_settle how = ncm_settle_of(ctx, conn, true);
    ncm_audit_settle(state, &how, &ignored);
    const char *label = ncm_label_of_changes(ctx, &plan->changes);
    bool ok = ncm_audit_intent(state, label, plan, &plan->audit_id, err);
    if (!ok) {
        ncm_wrap(err, "%s", _("nothing is changed, because it cannot be recorded"));
    }
    ok = ok && carry_out(ctx, conn, state, plan, err);
    ncm_db_close(state);
    if (ctx->session != NULL) {
        ncm_session_touch(ctx->session);
    }
    return ok;
}

bool ncm_plan_execute(struct ncm_job_context *ctx, struct ncm_plan *plan, struct ncm_err *err)
{
    struct ncm_lane lane;
    plan->outcome_known = true;
    if (plan->nothing) {
        return true;
    }
    if (ctx->read_only) {
        ncm_fail(err, NCM_READ_ONLY, _("read-only: nothing is changed"));
        return ncm_hint(err, "%s",
                        ctx->why_read_only != NULL
                            ? ctx->why_read_only
                            : _("unlock with M, or start without --read-only"));
    }
    if (!ncm_lane_begin(ctx, &lane, err)) {
        return false;
    }
    ncm_free(plan->audit_id);
    plan->audit_id = NULL;
    bool ok = execute(ctx, lane.conn, plan, err);
    ncm_lane_end(ctx, &lane);
    return ok;
}
