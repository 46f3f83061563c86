/* Reading within a job: straight line, on the lane's own connection. */
#include <string.h>

#include "base/i18n.h"
#include "ops/parts.h"

bool ncm_lane_begin(struct ncm_job_context *ctx, struct ncm_lane *lane, struct ncm_err *err)
{
    lane->own = false;
    lane->conn = ctx->conn;
    if (lane->conn != NULL) {
        return true;
    }
    if (ctx->provider == NULL) {
        return ncm_fail(err, NCM_UNSUPPORTED, _("no provider knows this kind of store"));
    }
    /* Whoever asks for a change may also undo what a killed writer left half written. */
    struct ncm_control control = ctx->control;
    control.may_recover = !ctx->read_only;
    lane->own = ctx->provider->open(ctx->place, &lane->conn, &control, err);
    return lane->own;
}

void ncm_lane_end(struct ncm_job_context *ctx, struct ncm_lane *lane)
{
    if (lane->own) {
        ctx->provider->close(lane->conn);
    }
    lane->conn = NULL;
    lane->own = false;
}

void ncm_fetch_keep(void *to, struct ncm_snapshot *s)
{
    struct ncm_snapshot **slot = to;
    ncm_snapshot_unref(*slot);
    *slot = s;
}

void ncm_fetch_quiet(void *to, int64_t done, int64_t total)
{
    (void)to;
    (void)done;
    (void)total;
}

bool ncm_fetch_now(struct ncm_job_context *ctx, const struct ncm_query *q, const void **out,
                   struct ncm_err *err)
{
    struct ncm_lane lane;
    struct ncm_snapshot *got = NULL;
    *out = NULL;
    if (!ncm_lane_begin(ctx, &lane, err)) {
        return false;
    }
    struct ncm_fetch f = {
        .query = q,
        .control = ctx->control,
        .publish = ncm_fetch_keep,
        .progress = ncm_fetch_quiet,
        .to = &got,
    };
    bool ok = ctx->provider->fetch(lane.conn, &f, err);
    ncm_lane_end(ctx, &lane);
    if (!ok) {
        ncm_snapshot_unref(got);
        return false;
    }
    if (got == NULL) {
        return ncm_fail(err, NCM_INTERNAL, _("the store gave no answer"));
    }
    *out = got;
    return true;
}
