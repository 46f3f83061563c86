/* The join, fed by a session's wants. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/i18n.h"
#include "base/num.h"
#include "base/text.h"
#include "ops/fleet/inside.h"

struct slot {
    struct ncm_want *want; /* NULL while it rests */
    struct ncm_query *query;
    const void *snap; /* ours: a reference */
    struct ncm_str name;
    unsigned part;
};

struct ncm_fleet_feed {
    struct ncm_session *session;
    struct slot *slots; /* sources of deployments first */
    size_t n, n_sources;
    struct ncm_fleet *fleet;
};

static const char *const alert_sources[] = {"ncmlops", "alertmanager", "prometheus"};
enum { N_ALERTS = sizeof alert_sources / sizeof *alert_sources };

static void want(struct ncm_fleet_feed *f, struct ncm_query *q, const char *name, unsigned part)
{
    struct slot *s = &f->slots[f->n++];
    s->want = ncm_session_want(f->session, q);
    s->name = (struct ncm_str){name, strlen(name)};
    s->part = part;
    s->query = q;
}

static struct ncm_query *query_of(enum ncm_topic topic, const char *id, enum ncm_view view)
{
    struct ncm_query *q = ncm_query_new(topic);
    q->id = ncm_strdup(id);
    q->view = view;
    return q;
}

static void want_others(struct ncm_fleet_feed *f, bool has_rates, unsigned parts)
{
    if (parts & NCM_FLEET_REGISTRY) {
        want(f, query_of(NCM_T_MODELS, NULL, NCM_VIEW_ACTIVE), "registry", NCM_FLEET_REGISTRY);
    }
    if ((parts & NCM_FLEET_RATES) && has_rates) {
        want(f, query_of(NCM_T_RATES, NULL, NCM_VIEW_ACTIVE), "prometheus", NCM_FLEET_RATES);
    }
    if ((parts & NCM_FLEET_DRIFT) && ncm_session_has_monitors(f->session)) {
        want(f, query_of(NCM_T_DRIFT, NULL, NCM_VIEW_ACTIVE), "ncmlops", NCM_FLEET_DRIFT);
    }
    for (size_t i = 0; (parts & NCM_FLEET_ALERTS) && i < N_ALERTS; i++) {
        if (ncm_session_side(f->session, alert_sources[i]) != NULL) {
            want(f, query_of(NCM_T_ALERTS, alert_sources[i], NCM_VIEW_ALL), alert_sources[i],
                 NCM_FLEET_ALERTS);
        }
    }
    if (parts & NCM_FLEET_AUDIT) {
        want(f, query_of(NCM_T_AUDIT, NULL, NCM_VIEW_ACTIVE), "audit", NCM_FLEET_AUDIT);
    }
}

/* ---- joining ---- */

static const void *snap_of(const struct ncm_fleet_feed *f, unsigned part)
{
    for (size_t i = f->n_sources; i < f->n; i++) {
        if (f->slots[i].part == part) {
            return f->slots[i].snap;
        }
    }
    return NULL;
}

static const struct ncm_config_context *context_of(const struct ncm_session *s)
{
    const struct ncm_config *config = ncm_session_config(s);
    return config != NULL ? ncm_config_find(config, ncm_session_context(s)) : NULL;
}

static void join(struct ncm_fleet_feed *f)
{
    const struct ncm_deployments_snapshot **deployments =
        ncm_alloc(f->n_sources + 1, sizeof *deployments);
    const struct ncm_alerts_snapshot *alerts[N_ALERTS];
    struct ncm_fleet_in in = {
        .deployments = deployments,
        .models = snap_of(f, NCM_FLEET_REGISTRY),
        .rates = snap_of(f, NCM_FLEET_RATES),
        .drift = snap_of(f, NCM_FLEET_DRIFT),
        .alerts = alerts,
        .audit = snap_of(f, NCM_FLEET_AUDIT),
        .context = context_of(f->session),
        .now_ms = ncm_now_ms(),
    };
    for (size_t i = 0; i < f->n; i++) {
        const struct slot *s = &f->slots[i];
        if (s->snap != NULL && s->part == NCM_FLEET_DEPLOYMENTS) {
            deployments[in.n_deployments++] = s->snap;
        } else if (s->snap != NULL && s->part == NCM_FLEET_ALERTS) {
            alerts[in.n_alerts++] = s->snap;
        }
    }
    struct ncm_fleet *before = f->fleet;
    f->fleet = ncm_fleet_build(&in);
    ncm_fleet_free(before);
    ncm_free((void *)deployments);
}

/* Keeps what was there until the next one. */
static bool take(struct slot *s, const void *snap)
{
    if (snap == NULL || snap == s->snap) {
        return false;
    }
    const void *before = s->snap;
    s->snap = ncm_snapshot_ref(snap);
    ncm_snapshot_unref(before);
    return true;
}

bool ncm_fleet_feed_update(struct ncm_fleet_feed *f)
{
    bool any = false;
    for (size_t i = 0; i < f->n; i++) {
        const struct slot *s = &f->slots[i];
        any = (s->want != NULL && take(&f->slots[i], ncm_want_get(s->want))) || any;
    }
    if (any) {
        join(f);
    }
    return any;
}

struct ncm_fleet_feed *fleet_feed_open_of(struct ncm_session *s,
                                          const struct ncm_deploy_about *sources, size_t n,
                                          bool has_rates, unsigned parts)
{
    struct ncm_fleet_feed *f = ncm_alloc(1, sizeof *f);
    f->session = s;
    f->slots = ncm_alloc(n + N_ALERTS + 4, sizeof *f->slots);
    for (size_t i = 0; (parts & NCM_FLEET_DEPLOYMENTS) && i < n; i++) {
        if (!sources[i].offered || (parts & NCM_FLEET_OFFERED)) {
            want(f, query_of(NCM_T_DEPLOYMENTS, sources[i].name, NCM_VIEW_ACTIVE), sources[i].name,
                 NCM_FLEET_DEPLOYMENTS);
        }
    }
    f->n_sources = f->n;
    want_others(f, has_rates, parts);
    join(f);
    (void)ncm_fleet_feed_update(f);
    return f;
}

struct ncm_fleet_feed *ncm_fleet_feed_open(struct ncm_session *s, unsigned parts)
{
    size_t n;
    const struct ncm_deploy_about *sources = ncm_deploy_sources(s, &n);
    return fleet_feed_open_of(s, sources, n, ncm_deploy_has_rates(s), parts);
}

void ncm_fleet_feed_close(struct ncm_fleet_feed *f)
{
    if (f == NULL) {
        return;
    }
    for (size_t i = 0; i < f->n; i++) {
        ncm_want_release(f->slots[i].want);
        ncm_query_free(f->slots[i].query);
        ncm_snapshot_unref(f->slots[i].snap);
    }
    ncm_fleet_free(f->fleet);
    ncm_free(f->slots);
    ncm_free(f);
}

void ncm_fleet_feed_rest(struct ncm_fleet_feed *f, bool rest)
{
    for (size_t i = 0; i < f->n; i++) {
        struct slot *s = &f->slots[i];
        if (rest) {
            ncm_want_release(s->want);
            s->want = NULL;
        } else if (s->want == NULL) {
            s->want = ncm_session_want(f->session, s->query);
        }
    }
}

const struct ncm_fleet *ncm_fleet_feed_get(const struct ncm_fleet_feed *f)
{
    return f->fleet;
}

/* ---- how it stands ---- */

/* What a session has none of is no fault of it. */
static bool is_absent(const struct ncm_err *err)
{
    return err != NULL && (err->code == NCM_UNSUPPORTED || err->code == NCM_NOT_FOUND);
}

/* The other parts may be absent; a source of deployments that is named must answer. */
static const struct ncm_err *error_of(const struct slot *s)
{
    const struct ncm_err *err = s->want != NULL ? ncm_want_error(s->want) : NULL;
    return s->part != NCM_FLEET_DEPLOYMENTS && is_absent(err) ? NULL : err;
}

/* After a rest what was there before is shown until the first answer: it has its age too. */
static struct ncm_freshness_info fresh_of(const struct slot *s)
{
    struct ncm_freshness_info info = ncm_want_freshness(s->want);
    if (info.age_ms < 0 && s->snap != NULL) {
        int64_t age = ncm_ms_between(((const struct ncm_snapshot *)s->snap)->taken_ms, ncm_now_ms());
        info.age_ms = age > 0 ? age : 0;
    }
    return info;
}

void ncm_fleet_feed_freshness(const struct ncm_fleet_feed *f, struct ncm_freshness_info *out)
{
    size_t asked = 0;
    *out = (struct ncm_freshness_info){.state = NCM_LIVE, .age_ms = -1, .retry_ms = -1};
    for (size_t i = 0; i < f->n; i++) {
        if (f->slots[i].want == NULL) {
            continue;
        }
        struct ncm_freshness_info one = fresh_of(&f->slots[i]);
        if (f->slots[i].part != NCM_FLEET_DEPLOYMENTS &&
            is_absent(ncm_want_error(f->slots[i].want))) {
            continue;
        }
        asked++;
        bool worse =
            one.state > out->state || (one.state == out->state && one.age_ms > out->age_ms);
        int64_t done = out->done + one.done;
        int64_t total = out->total < 0 || one.total < 0 ? -1 : out->total + one.total;
        *out = worse ? one : *out;
        out->done = done;
        out->total = total;
    }
    out->unasked = asked == 0;
}

static const struct slot *slot_of(const struct ncm_fleet_feed *f, const char *source)
{
    for (size_t i = 0; i < f->n; i++) {
        if (ncm_str_is(f->slots[i].name, source)) {
            return &f->slots[i];
        }
    }
    return NULL;
}

const struct ncm_err *ncm_fleet_feed_error(const struct ncm_fleet_feed *f, const char *source,
                                           struct ncm_freshness_info *info)
{
    const struct slot *s = slot_of(f, source);
    if (info != NULL) {
        *info = s != NULL && s->want != NULL
                    ? fresh_of(s)
                    : (struct ncm_freshness_info){.state = NCM_LIVE, .age_ms = -1, .retry_ms = -1};
    }
    return s != NULL ? error_of(s) : NULL;
}

const struct ncm_deployments_snapshot *ncm_fleet_feed_source(const struct ncm_fleet_feed *f,
                                                             const char *source)
{
    const struct slot *s = slot_of(f, source);
    return s != NULL && s->part == NCM_FLEET_DEPLOYMENTS ? s->snap : NULL;
}

static void clean_line(struct ncm_buf *out, const char *before, const char *text)
{
    if (text[0] != '\0') {
        ncm_buf_puts(out, before);
        ncm_text_clean(out, text, strlen(text), NCM_CLEAN_LINE);
        ncm_buf_putc(out, '\n');
    }
}

void ncm_fleet_feed_trouble(const struct ncm_fleet_feed *f, struct ncm_buf *out)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct slot *s = &f->slots[i];
        const struct ncm_err *err = error_of(s);
        const struct ncm_deployments_snapshot *d =
            s->part == NCM_FLEET_DEPLOYMENTS ? s->snap : NULL;
        char name[120];
        snprintf(name, sizeof name, "%s: ", s->name.p);
        if (err != NULL) {
            clean_line(out, name, err->what);
            clean_line(out, "  ", err->hint);
            clean_line(out, "  ", err->detail);
        }
        for (size_t k = 0; d != NULL && k < d->n_notes; k++) {
            clean_line(out, name, ncm_cstr(d->notes[k]));
        }
    }
}

void ncm_fleet_feed_refresh(struct ncm_fleet_feed *f)
{
    for (size_t i = 0; i < f->n; i++) {
        if (f->slots[i].want != NULL) {
            ncm_want_refresh(f->slots[i].want);
        }
    }
}

/* ---- headless ---- */

bool ncm_fleet_feed_wait(struct ncm_fleet_feed *f,
                         void (*said)(void *to, const char *source, const struct ncm_err *err),
                         void *to, struct ncm_err *err)
{
    struct ncm_err *failed = ncm_alloc(f->n + 1, sizeof *failed);
    bool *bad = ncm_alloc(f->n + 1, sizeof *bad);
    size_t n_failed = 0;
    for (size_t i = 0; i < f->n; i++) {
        const void *snap = NULL;
        if (ncm_want_wait(f->slots[i].want, &snap, &failed[i])) {
            (void)take(&f->slots[i], snap);
        } else {
            bad[i] = f->slots[i].part == NCM_FLEET_DEPLOYMENTS || !is_absent(&failed[i]);
            n_failed += i < f->n_sources;
        }
    }
    join(f);
    bool ok = f->n_sources == 0 || n_failed < f->n_sources;
    if (!ok) {
        *err = failed[0];
    }
    for (size_t i = 0; i < f->n && said != NULL; i++) {
        if (bad[i] && (ok || i > 0)) {
            said(to, f->slots[i].name.p, &failed[i]);
        }
    }
    ncm_free(failed);
    ncm_free(bad);
    return ok;
}
