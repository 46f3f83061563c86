/* Asking model servers through the API server's proxy of Services: one at a time, slowly. */
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"
#include "provider/ask.h"
#include "provider/kubernetes/cluster.h"

enum {
    ROUND_MS = 15000, /* all of them once in so long … */
    LEAST_MS = 1500,  /* … but no faster than this */
    CLAIMS_MOST = 8,
    BODY_MOST = 1 << 20,
};

struct through {
    struct ncm_conn *c;
    const struct ncm_control *control;
    const char *ns, *service;
};

/* The API server's own words in place of the server's. */
static bool is_status(const struct ncm_http_answer *a)
{
    struct ncm_doc *doc = NULL;
    struct ncm_err ignored;
    bool is = a->status >= 400 && a->body.p != NULL && ncm_ask_is_json(a) &&
              ncm_json_parse("Status", a->body.p, a->body.len, &doc, &ignored) &&
              strcmp(ncm_node_str(ncm_doc_root(doc), "kind", ""), "Status") == 0;
    ncm_doc_free(doc);
    return is;
}

static bool ask(void *to, int side, enum ncm_http_method method, const char *path, const char *body,
                int64_t timeout_ms, struct ncm_http_answer *out, struct ncm_err *err)
{
    const struct through *t = to;
    struct ncm_buf url;
    *out = (struct ncm_http_answer){.date_ms = NCM_NO_TIME, .length = -1};
    if (side != 0) {
        return ncm_fail(err, NCM_UNSUPPORTED, _("Only a Service's own port is asked"));
    }
    ncm_buf_init(&url, 16384);
    ncm_buf_puts(&url, "/api/v1/namespaces/");
    ncm_http_encode(&url, t->ns);
    ncm_buf_puts(&url, "/services/");
    ncm_http_encode(&url, t->service);
    ncm_buf_printf(&url, "/proxy%s", path);
    const struct k8s_call call = {.method = method,
                                  .path = url.p,
                                  .body = body,
                                  .accept = "*/*",
                                  .most = BODY_MOST,
                                  .timeout_ms = timeout_ms,
                                  .control = t->control};
    bool ok = k8s_call_raw(t->c->client, &call, out, err);
    if (ok && (out->status == 401 || is_status(out))) {
        ok = k8s_refused(t->c->client, out, err);
    }
    ncm_buf_release(&url);
    return ok;
}

/* ---- whom ------------------------------------------------------------------------------------ */
struct target {
    char *ns, *service, *model;
    int64_t asked_mono_ms;
    enum ncm_protocol known;
    size_t n; /* how many there are */
};

/* Holding the lock. */
static struct k8s_answered **slot_of(struct k8s_cluster *k, const char *ns, const char *service)
{
    for (size_t i = 0; i < k->n_answered; i++) {
        if (ncm_str_is(k->answered[i]->ns, ns) && ncm_str_is(k->answered[i]->service, service)) {
            return &k->answered[i];
        }
    }
    return NULL;
}

static void consider(struct k8s_cluster *k, const struct ncm_deployment *d, const char *service,
                     struct target *best)
{
    const char *ns = ncm_cstr(d->ns);
    pthread_mutex_lock(&k->lock);
    struct k8s_answered **slot = slot_of(k, ns, service);
    int64_t asked = slot != NULL ? (*slot)->asked_mono_ms : 0;
    enum ncm_protocol known = slot != NULL ? (*slot)->known : NCM_PROTOCOL_AUTO;
    pthread_mutex_unlock(&k->lock);
    best->n++;
    if (best->service != NULL && asked >= best->asked_mono_ms) {
        return;
    }
    ncm_free(best->ns);
    ncm_free(best->service);
    ncm_free(best->model);
    best->ns = ncm_strdup(ns);
    best->service = ncm_strdup(service);
    best->model = ncm_strdup(d->model.p);
    best->asked_mono_ms = asked;
    best->known = known;
}

/* Deployments that say which model they serve and have something that could answer. */
static struct target choose(struct ncm_conn *c)
{
    const struct ncm_deployments_snapshot *all = k8s_seen(c);
    struct target best = {0};
    for (size_t i = 0; i < all->n; i++) {
        const struct ncm_deployment *d = &all->items[i]->it;
        if (d->n_claims == 0 || d->ready <= 0 || d->services.len == 0) {
            continue;
        }
        size_t n = strcspn(d->services.p, ",");
        char *service = ncm_strndup(d->services.p, n);
        consider(c->cluster, d, service, &best);
        ncm_free(service);
    }
    return best;
}

/* ---- asking ---------------------------------------------------------------------------------- */
static void put(struct k8s_cluster *k, struct k8s_answered *a)
{
    pthread_mutex_lock(&k->lock);
    struct k8s_answered **slot = slot_of(k, ncm_cstr(a->ns), ncm_cstr(a->service));
    if (slot != NULL) {
        k8s_answered_drop(*slot);
        *slot = a;
    } else {
        k->answered = ncm_resize(k->answered, k->n_answered + 1, sizeof *k->answered);
        k->answered[k->n_answered++] = a;
    }
    k->changes++;
    pthread_mutex_unlock(&k->lock);
}

int64_t k8s_probe_one(struct ncm_conn *c, const struct ncm_control *control)
{
    struct target t = choose(c);
    if (t.service != NULL) {
        struct through through = {c, control, t.ns, t.service};
        const struct ncm_probe_via via = {ask, &through};
        const struct ncm_probe_setup setup = {.protocol = NCM_PROTOCOL_AUTO, .model = t.model};
        struct k8s_answered *a = k8s_answered_new(t.ns, t.service);
        a->known = t.known;
        a->claims = ncm_arena_alloc(a->arena, CLAIMS_MOST, sizeof *a->claims);
        ncm_probe_run(&setup, &via, &a->known, false, a->arena, &a->probe, a->claims, CLAIMS_MOST,
                      &a->n_claims);
        a->asked_mono_ms = ncm_mono_ms();
        put(c->cluster, a);
    }
    int64_t pause = t.n > 0 ? ROUND_MS / (int64_t)t.n : ROUND_MS;
    ncm_free(t.ns);
    ncm_free(t.service);
    ncm_free(t.model);
    return pause > LEAST_MS ? pause : LEAST_MS;
}
