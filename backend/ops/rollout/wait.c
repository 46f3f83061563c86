/* Watching a deployment until it is ready with the version, or until it is plain that it will not
 * be.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "ops/rollout/inside.h"

enum {
    LOOK_MS = 1000,
    STUCK_MS = 45000, /* bad for so long without a step forward: it is not going to be */
    BEAT_MS = 10000,
    FETCH_MS = 20000,
};

struct watched {
    struct rollout_run *run;
    size_t step;
    const char *version;
    struct ncm_job_context ctx; /* of the deployment's source */
    struct ncm_conn *conn;
    int64_t since_ms, bad_ms, moved_ms, beat_ms; /* monotonic; bad 0: it is not */
    int ready, updated, available;
    enum ncm_health health;
    char reason[200];
};

bool rollout_go_on(struct rollout_run *run, struct ncm_err *err)
{
    if (atomic_load(&run->setup->stop) == rollout_hash(run->r->id)) {
        return ncm_fail(err, NCM_CANCELLED, "%s", _("stopped"));
    }
    bool cancelled = run->ctx->control.cancel != NULL && atomic_load(run->ctx->control.cancel);
    if (cancelled || ncm_session_closing(run->setup->session)) {
        return ncm_fail(err, NCM_CANCELLED, "%s", _("ncmlops was ended"));
    }
    return true;
}

/* What it is, in the record, where that changed. */
static bool tell(struct watched *w, const char *text, struct ncm_err *err)
{
    struct rollout_step *s = &w->run->r->steps[w->step];
    int64_t now = ncm_mono_ms();
    if (s->detail == NULL || strcmp(s->detail, text) != 0) {
        ncm_free(s->detail);
        s->detail = ncm_strdup(text);
        w->beat_ms = now;
        return rollout_put_step(w->run->db, w->run->r, w->step, err);
    }
    if (now - w->beat_ms >= BEAT_MS) {
        w->beat_ms = now;
        return rollout_beat(w->run->db, w->run->r->id, err);
    }
    return true;
}

static bool runs_version(const struct ncm_deployment *d, const char *version)
{
    struct ncm_verdict_version is;
    if (version == NULL) {
        return true;
    }
    ncm_claims_decide(d->claims, d->n_claims, NULL, 0, &is);
    /* Where nothing tells, the finished rollout has to do. */
    return is.version.p == NULL || ncm_str_is(is.version, version);
}

static void look_at(struct watched *w, const struct ncm_deployment *d)
{
    int64_t now = ncm_mono_ms();
    bool moved = d->ready != w->ready || d->updated != w->updated || d->available != w->available;
    w->ready = d->ready;
    w->updated = d->updated;
    w->available = d->available;
    w->health = d->health;
    if (moved) {
        w->moved_ms = now;
    }
    if (d->health < NCM_HEALTH_DEGRADED) {
        w->bad_ms = 0;
    } else if (w->bad_ms == 0) {
        w->bad_ms = now;
    }
    snprintf(w->reason, sizeof w->reason, "%s", ncm_cstr(d->reason));
}

static bool is_ready(const struct watched *w, const struct ncm_deployment *d)
{
    bool all = d->desired < 0 || d->ready >= d->desired;
    bool fine = d->health == NCM_HEALTH_HEALTHY || d->health == NCM_HEALTH_STOPPED;
    return fine && all && !d->rolling && runs_version(d, w->version);
}

static bool is_stuck(const struct watched *w)
{
    int64_t now = ncm_mono_ms();
    return w->bad_ms != 0 && now - w->bad_ms > STUCK_MS && now - w->moved_ms > STUCK_MS;
}

/* One look. *ready; false: it is not going to be, or the record cannot be written. */
static bool look(struct watched *w, const struct ncm_deployments_snapshot *s, bool *ready,
                 struct ncm_err *err)
{
    bool ambiguous;
    char text[320];
    const struct ncm_deployment *d =
        ncm_deployments_find(s, w->run->r->ref, w->run->r->kind, &ambiguous);
    if (d == NULL) {
        return ncm_fail(err, NCM_NOT_FOUND, _("%s is gone"), w->run->r->ref);
    }
    look_at(w, d);
    *ready = is_ready(w, d);
    snprintf(text, sizeof text, _("%d of %d replicas ready"), d->ready < 0 ? 0 : d->ready,
             d->desired < 0 ? 0 : d->desired);
    if (w->bad_ms != 0 && w->reason[0] != '\0') {
        size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, "; %s", w->reason);
    }
    if (!tell(w, text, err)) {
        return false;
    }
    if (!*ready && is_stuck(w)) {
        return ncm_fail(err, NCM_REFUSED, _("it does not become ready: %s"),
                        w->reason[0] != '\0' ? w->reason : _("nothing says why"));
    }
    return true;
}

/* A source that does not answer is waited for, within the limit. */
static bool ask(struct watched *w, const void **out, struct ncm_err *err)
{
    struct ncm_snapshot *got = NULL;
    struct ncm_query *q = ncm_query_new(NCM_T_DEPLOYMENTS);
    const char *slash = strchr(w->run->r->ref, '/');
    struct ncm_fetch f = {.query = q,
                          .control = w->ctx.control,
                          .publish = ncm_fetch_keep,
                          .progress = ncm_fetch_quiet,
                          .to = &got};
    q->id = ncm_strndup(w->run->r->ref, (size_t)(slash - w->run->r->ref));
    f.control.deadline_mono_ms = ncm_mono_ms() + FETCH_MS;
    bool ok = w->conn != NULL || w->ctx.provider->open(w->ctx.place, &w->conn, &f.control, err);
    ok = ok && w->ctx.provider->fetch(w->conn, &f, err);
    ncm_query_free(q);
    if (!ok) {
        ncm_snapshot_unref(got);
        if (w->conn != NULL) {
            w->ctx.provider->close(w->conn);
            w->conn = NULL;
        }
        return false;
    }
    *out = got;
    return got != NULL || ncm_fail(err, NCM_INTERNAL, _("the source gave no answer"));
}

static bool one_look(struct watched *w, bool *ready, struct ncm_err *err)
{
    const void *s = NULL;
    struct ncm_err why;
    if (ask(w, &s, &why)) {
        bool ok = look(w, s, ready, err);
        ncm_snapshot_unref(s);
        return ok;
    }
    return tell(w, why.what, err);
}

static bool pause_for(struct rollout_run *run, int ms, struct ncm_err *err)
{
    for (int gone = 0; gone < ms; gone += 250) {
        if (!rollout_go_on(run, err)) {
            return false;
        }
        poll(NULL, 0, 250);
    }
    return rollout_go_on(run, err);
}

bool rollout_wait(struct rollout_run *run, size_t i, const char *version, struct ncm_err *err)
{
    struct watched w = {.run = run, .step = i, .version = version, .ready = -2};
    struct ncm_control control = {.cancel = run->ctx->control.cancel};
    bool ready = false;
    char span[32];
    if (!rollout_context(run->setup->session, run->r, NCM_STEP_WAIT, &control, &w.ctx, err)) {
        return false;
    }
    w.since_ms = w.moved_ms = w.beat_ms = ncm_mono_ms();
    /* What was there before the change must not be taken for its outcome. */
    bool ok = pause_for(run, LOOK_MS, err);
    while (ok && !ready) {
        ok = one_look(&w, &ready, err);
        if (ok && !ready && ncm_mono_ms() - w.since_ms > run->r->ready_ms) {
            ok = ncm_fail(err, NCM_TIMEOUT, _("not ready after %s: %s"),
                          ncm_fmt_duration(span, sizeof span, run->r->ready_ms),
                          run->r->steps[i].detail != NULL ? run->r->steps[i].detail : "–");
        }
        ok = ok && (ready || pause_for(run, LOOK_MS, err));
    }
    if (w.conn != NULL) {
        w.ctx.provider->close(w.conn);
    }
    return ok;
}
