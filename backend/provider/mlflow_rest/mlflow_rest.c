/* The provider's table: opening, closing and which function reads what. */
#include "provider/mlflow_rest/mlflow_rest.h"

#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/mlflow_rest/internal.h"
#include "provider/mlflow_rest/runs.h"

/* A call that an interrupt meant for an earlier one hit is begun again, at most so often. */
#define MAX_RETRIES 4

static bool starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

static int probe(const char *location)
{
    return starts(location, "http://") || starts(location, "https://") ? 80 : 0;
}

static void close_conn(struct ncm_conn *c)
{
    if (c == NULL) {
        return;
    }
    rest_watch_free(c->watch);
    rest_runs_free(c->runs);
    ncm_cache_close(c->cache);
    ncm_http_close(c->http);
    for (size_t i = 0; i < c->experiments.n; i++) {
        ncm_free(c->experiments.ids[i]);
    }
    ncm_free(c->experiments.ids);
    ncm_map_free(c->running.counts);
    ncm_free(c->cache_user);
    ncm_free(c->location);
    ncm_free(c);
}

/* Whose answers are kept: the user's name, or where the token comes from (never the token). */
static char *user_of(const struct ncm_access *a)
{
    static const struct ncm_access nobody;
    a = a != NULL ? a : &nobody;
    bool named = a->token.kind != NCM_SECRET_NONE && a->token.kind != NCM_SECRET_TEXT;
    return ncm_sprintf("%s\n%s\n%d %s", a->user != NULL ? a->user : "",
                       a->workspace != NULL ? a->workspace : "", (int)a->token.kind,
                       named ? a->token.from : "");
}

/* Sends nothing yet: a server that is away shows as the state of what is asked of it. */
static bool open_conn(const struct ncm_place *place, struct ncm_conn **out,
                      struct ncm_control *control, struct ncm_err *err)
{
    const struct ncm_access *access = place->access;
    (void)control;
    struct ncm_conn *c = ncm_alloc(1, sizeof *c);
    c->location = ncm_strdup(place->location);
    c->cache_user = user_of(access);
    c->token = access != NULL && access->token.kind != NCM_SECRET_NONE;
    c->runs = rest_runs_new();
    if (!ncm_http_open(place->location, access, &c->http, err)) {
        close_conn(c);
        return false;
    }
    if (place->cache != NULL) {
        c->cache = ncm_cache_open(place->cache);
    }
    *out = c;
    return true;
}

static void interrupt_conn(struct ncm_conn *c)
{
    ncm_http_interrupt(c->http);
}

static bool fetch_topic(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    switch (f->query->topic) {
    case NCM_T_STORE:
        return rest_read_store(c, f, err);
    case NCM_T_EXPERIMENTS:
        return rest_read_experiments(c, f, err);
    case NCM_T_RUN_KEYS:
        return rest_read_run_keys(c, f, err);
    case NCM_T_RUNS:
        return rest_read_runs(c, f, err);
    case NCM_T_RUN:
        return rest_read_run(c, f, err);
    case NCM_T_SERIES:
        return rest_read_series(c, f, err);
    case NCM_T_ARTIFACTS:
        return rest_read_artifacts(c, f, err);
    case NCM_T_ARTIFACT:
        return rest_read_artifact(c, f, err);
    case NCM_T_MODELS:
        return rest_read_models(c, f, err);
    case NCM_T_FACTS:
        return rest_read_facts(c, f, err);
    default:
        return ncm_fail(err, NCM_UNSUPPORTED, _("An MLflow store does not hold this."));
    }
}

/* What was kept is read into tables of its own, so that nothing old gets between what is new. */
static bool fetch_kept(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct rest_runs *runs = c->runs;
    struct rest_experiments experiments = c->experiments;
    c->runs = rest_runs_new();
    c->experiments = (struct rest_experiments){0};
    c->replay = true;
    c->replayed_ms = 0;
    bool ok = fetch_topic(c, f, err);
    c->replay = false;
    rest_runs_free(c->runs);
    for (size_t i = 0; i < c->experiments.n; i++) {
        ncm_free(c->experiments.ids[i]);
    }
    ncm_free(c->experiments.ids);
    c->runs = runs;
    c->experiments = experiments;
    return ok;
}

static bool fetch(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    if (f->cached) {
        return fetch_kept(c, f, err);
    }
    for (int i = 0;; i++) {
        ncm_http_ready(c->http);
        if (!ncm_ask_go_on(&f->control, err)) {
            return false;
        }
        bool ok = fetch_topic(c, f, err);
        bool meant = f->control.cancel != NULL && atomic_load(f->control.cancel);
        if (ok || err->code != NCM_CANCELLED || meant || i >= MAX_RETRIES || f->sink != NULL) {
            return ok;
        }
    }
}

void rest_publish(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_snapshot *s)
{
    if (c->replay) {
        s->provisional = true;
        s->taken_ms = c->replayed_ms != 0 ? c->replayed_ms : s->taken_ms;
    }
    f->publish(f->to, s);
}

const struct ncm_provider ncm_mlflow_rest = {
    .name = "mlflow-rest",
    .summary = N_("MLflow's tracking server, over its REST API"),
    .capabilities = NCM_CAP_STAGES | NCM_CAP_ALIASES | NCM_CAP_WRITE | NCM_CAP_WATCH |
                    NCM_CAP_UNDO | NCM_CAP_CACHE | NCM_CAP_REMOTE,
    .probe = probe,
    .open = open_conn,
    .close = close_conn,
    .interrupt = interrupt_conn,
    .fetch = fetch,
    .watch = rest_wait,
    .apply = rest_apply,
    .check = rest_check,
    .present = rest_present,
    .examine = rest_examine,
};
