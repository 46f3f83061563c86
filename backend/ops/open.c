#include "ops/open.h"

#include "base/log.h"
#include "engine/choose.h"
#include "engine/state.h"
#include "ops/parts.h"

static const struct ncm_topic_ops topics[] = {
    {NCM_T_AUDIT, ncm_audit_fetch},
    {NCM_T_HOLDERS, ncm_holders_fetch},
    {NCM_N_TOPICS, NULL},
};

static bool has_open_intents(struct ncm_db *state)
{
    struct ncm_err ignored;
    int64_t n = 0;
    return ncm_db_i64(state,
                      "SELECT count(*) FROM audit i WHERE i.part='intent' AND NOT EXISTS"
                      " (SELECT 1 FROM audit o WHERE o.id=i.id AND o.part='outcome')",
                      0, &n, &ignored) &&
           n > 0;
}

/* A change of ours that was cut off may have left the store half written, which a reader cannot
 * put right: so that is done before anyone reads, and the record is settled. */
static void settle_first(const char *location)
{
    const struct ncm_provider *provider = ncm_provider_for(location);
    struct ncm_place place = {.location = location};
    struct ncm_control control = {.may_recover = true};
    struct ncm_conn *conn = NULL;
    struct ncm_db *state = NULL;
    struct ncm_err err;
    char *path =
        provider != NULL && provider->state_path != NULL ? provider->state_path(location) : NULL;
    if (path != NULL && ncm_state_open(path, false, &state, &err) && has_open_intents(state)) {
        if (provider->open(&place, &conn, &control, &err)) {
            const struct ncm_settle how = {.provider = provider, .conn = conn};
            ncm_audit_settle(state, &how, &err);
            provider->close(conn);
        } else {
            ncm_log("not settled: %s", err.what);
        }
    }
    ncm_db_close(state);
    ncm_free(path);
}

static void recover(const struct ncm_session_options *o)
{
    struct ncm_config *config = NULL;
    struct ncm_choice choice = {0};
    struct ncm_err ignored; /* the engine says it again */
    if (!o->read_only && ncm_config_load(o->config, &config, &ignored) &&
        ncm_choose_store(o->store, o->context, config, &choice, &ignored)) {
        if (!choice.read_only) {
            settle_first(choice.location);
        }
        ncm_choice_release(&choice);
    }
    ncm_config_free(config);
}

bool ncm_session_open(const struct ncm_session_options *o, struct ncm_session **out,
                      struct ncm_err *err)
{
    recover(o);
    return ncm_engine_open(o, topics, out, err);
}
