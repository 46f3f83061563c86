#include "ops/open.h"

#include "base/i18n.h"
#include "base/log.h"
#include "engine/source.h"
#include "engine/state.h"
#include "ops/deploy/attach.h"
#include "ops/parts.h"
#include "ops/rollout/rollout.h"
#include "ops/watch/source.h"

enum { SETTLE_MS = 10000 };

static const struct ncm_topic_ops topics[] = {
    {NCM_T_AUDIT, ncm_audit_fetch, true},
    {NCM_T_HOLDERS, ncm_holders_fetch, false},
    {NCM_N_TOPICS, NULL, false},
};

/* Without an outcome, or with one that was to be looked at again. */
static bool has_open_intents(struct ncm_db *state)
{
    struct ncm_err ignored;
    int64_t n = 0;
    return ncm_db_i64(state,
                      "SELECT count(*) FROM audit i WHERE i.part='intent' AND NOT EXISTS"
                      " (SELECT 1 FROM audit o WHERE o.id=i.id AND o.part='outcome'"
                      " AND coalesce(o.detail,'') NOT LIKE '" NCM_AUDIT_LATER "%'"
                      " AND coalesce(o.detail,'') NOT LIKE '" NCM_AUDIT_UNNOTED "%')",
                      0, &n, &ignored) &&
           n > 0;
}

/* Opens the record where it has something to settle; NULL where it has not. */
static struct ncm_db *open_unsettled(const char *path)
{
    struct ncm_db *state = NULL;
    struct ncm_err ignored;
    if (path != NULL && ncm_state_open(path, false, &state, &ignored) && has_open_intents(state)) {
        return state;
    }
    ncm_db_close(state);
    return NULL;
}

/* A change of ours that was cut off may have left a store of files half written, which a reader
 * cannot put right: so that is done before anyone reads, and the record is settled. */
static void settle_first(const struct ncm_source *source)
{
    struct ncm_control control = {.may_recover = true};
    struct ncm_conn *conn = NULL;
    struct ncm_err err;
    struct ncm_db *state = open_unsettled(source->state_path);
    if (state == NULL) {
        return;
    }
    if (source->provider->open(&source->place, &conn, &control, &err)) {
        const struct ncm_settle how = {.provider = source->provider, .conn = conn};
        ncm_audit_settle(state, &how, &err);
        source->provider->close(conn);
    } else {
        ncm_log("not settled: %s", err.what);
    }
    ncm_db_close(state);
}

/* A server is asked only when the screen is up: nobody waits for a network at the start. */
static void recover(const struct ncm_session_options *o)
{
    struct ncm_config *config = NULL;
    struct ncm_choice choice = {0};
    struct ncm_source source;
    struct ncm_err ignored; /* the engine says it again */
    if (!o->read_only && ncm_config_load(o->config, &config, &ignored) &&
        ncm_choose_store(o->store, o->context, config, &choice, &ignored)) {
        if (!choice.read_only && ncm_source_make(&source, &choice, &ignored)) {
            if ((source.provider->capabilities & NCM_CAP_REMOTE) == 0) {
                settle_first(&source);
            }
            ncm_source_release(&source);
        }
        ncm_choice_release(&choice);
    }
    ncm_config_free(config);
}

/* In the background; false (the server does not answer): again later. */
static bool settle_later(struct ncm_job_context *ctx, void *arg, struct ncm_err *err)
{
    struct ncm_db *state = open_unsettled(ctx->state_path);
    (void)arg;
    if (state == NULL) {
        return true;
    }
    struct ncm_query *q = ncm_query_new(NCM_T_STORE);
    const void *store = NULL;
    bool ok = ncm_fetch_now(ctx, q, &store, err); /* whether it can be asked at all */
    ncm_query_free(q);
    ncm_snapshot_unref(store);
    const struct ncm_settle how = ncm_settle_of(ctx, ctx->conn, !ctx->read_only);
    ok = ok && ncm_audit_settle(state, &how, err);
    if (ok && has_open_intents(state)) { /* somebody may still be at it */
        ok = ncm_fail(err, NCM_BUSY, _("a change is not settled yet"));
    }
    ncm_db_close(state);
    return ok;
}

/* The same for changes of deployments: what is there now tells. */
static bool settle_side(struct ncm_job_context *ctx, void *arg, struct ncm_err *err)
{
    bool ok = settle_later(ctx, arg, err);
    return ok || err->code == NCM_BUSY; /* what is open may be another source's */
}

static void settle_sides(struct ncm_session *s)
{
    size_t n;
    const struct ncm_deploy_about *sources = ncm_deploy_sources(s, &n);
    for (size_t i = 0; i < n; i++) {
        struct ncm_session *side = ncm_session_side(s, sources[i].name);
        if (side != NULL && !sources[i].offered && !sources[i].read_only) {
            ncm_session_background(side, settle_side);
        }
    }
}

void ncm_session_settle(struct ncm_session *s)
{
    size_t n;
    const struct ncm_deploy_about *sources = ncm_deploy_sources(s, &n);
    for (size_t i = 0; i < n && !ncm_session_read_only(s); i++) {
        struct ncm_session *side = ncm_session_side(s, sources[i].name);
        struct ncm_job_result ignored;
        if (side != NULL && !sources[i].offered && !sources[i].read_only) {
            uint64_t id = ncm_session_inspect(side, settle_side, NULL, NULL);
            ncm_session_result_within(side, id, SETTLE_MS, &ignored);
        }
    }
}

bool ncm_session_open(const struct ncm_session_options *o, struct ncm_session **out,
                      struct ncm_err *err)
{
    recover(o);
    if (!ncm_engine_open(o, topics, out, err)) {
        return false;
    }
    if (!ncm_watch_attach(*out, err) || !ncm_deploy_attach(*out, o, err) ||
        !ncm_rollout_attach(*out, err)) {
        ncm_session_close(*out);
        return false;
    }
    /* Who only asks one thing leaves it to the next change, which settles first. */
    if (o->cache && ncm_session_remote(*out) && !ncm_session_read_only(*out)) {
        ncm_session_background(*out, settle_later);
    }
    if (o->cache && !ncm_session_read_only(*out)) {
        settle_sides(*out);
    }
    return true;
}
