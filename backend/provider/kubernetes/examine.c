/* What `doctor` says of a cluster. */
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"
#include "provider/kubernetes/cluster.h"

enum {
    SKEW_MS = 120000,     /* a clock that is off by more is worth a line */
    LEAST_SKEW_MS = 2000, /* the header has whole seconds */
    SLOW_MS = 1000,
    TRIES = 3, /* latency: the best of so many */
};

struct exam {
    struct ncm_conn *c;
    const struct ncm_control *control;
    ncm_check_fn say;
    void *to;
};

/* Takes what. */
static void say(const struct exam *x, enum ncm_check_state state, const char *name, char *what,
                const char *hint)
{
    x->say(x->to, state, name, what, hint);
    ncm_free(what);
}

static void say_error(const struct exam *x, const char *name, const struct ncm_err *err)
{
    x->say(x->to, NCM_CHECK_FAIL, name, err->what, err->hint[0] != '\0' ? err->hint : NULL);
}

/* The best of a few, over a connection that is there by then. */
static bool say_server(const struct exam *x)
{
    const struct k8s_call call = {.path = "/version", .control = x->control};
    int64_t best = INT64_MAX;
    char text[40];
    for (int i = 0; i < TRIES; i++) {
        struct ncm_http_answer a;
        struct ncm_err err;
        bool ok = k8s_call_raw(x->c->client, &call, &a, &err) &&
                  (a.status == 200 || k8s_refused(x->c->client, &a, &err));
        if (!ok) {
            bool login = err.code == NCM_UNAUTHENTICATED || err.code == NCM_FORBIDDEN;
            say_error(x, login ? "login" : err.code == NCM_TLS ? "tls" : "server", &err);
            ncm_http_answer_release(&a);
            return false;
        }
        best = a.took_ms < best ? a.took_ms : best;
        ncm_http_answer_release(&a);
    }
    say(x, NCM_CHECK_OK, "server", ncm_sprintf(_("%s answers"), x->c->login.server), NULL);
    ncm_fmt_duration(text, sizeof text, best);
    say(x, best > SLOW_MS ? NCM_CHECK_WARN : NCM_CHECK_OK, "latency", ncm_strdup(text), NULL);
    return true;
}

static void say_tls(const struct exam *x)
{
    const struct k8s_login *l = &x->c->login;
    if (strncmp(l->server, "http:", 5) == 0) {
        say(x, NCM_CHECK_WARN, "tls", ncm_strdup(_("not encrypted")),
            _("tokens go over the network as they are; use https://"));
    } else if (l->insecure) {
        say(x, NCM_CHECK_WARN, "tls", ncm_strdup(_("the certificate is not checked")),
            _("name the cluster's authority in place of insecure-skip-tls-verify"));
    } else {
        say(x, NCM_CHECK_OK, "tls", ncm_strdup(_("the certificate is checked")), NULL);
    }
}

static void say_who(const struct exam *x)
{
    struct k8s_cluster *k = x->c->cluster;
    k8s_introduce(x->c, x->control);
    pthread_mutex_lock(&k->lock);
    char *who = ncm_strdup(k->who), *version = ncm_strdup(k->version);
    pthread_mutex_unlock(&k->lock);
    if (version != NULL) {
        say(x, NCM_CHECK_OK, "version", ncm_sprintf("Kubernetes %s", version), NULL);
    }
    if (who == NULL) {
        say(x, NCM_CHECK_OK, "login",
            ncm_sprintf(_("%s; the cluster does not tell as whom"), x->c->login.where), NULL);
    } else if (strcmp(who, "system:anonymous") == 0) {
        say(x, NCM_CHECK_WARN, "login", ncm_strdup(_("nobody is logged in (system:anonymous)")),
            _("the context has no user, or its login was not accepted"));
    } else {
        say(x, NCM_CHECK_OK, "login", ncm_sprintf(_("%s, by %s"), who, x->c->login.where), NULL);
    }
    ncm_free(who);
    ncm_free(version);
}

static void say_clock(const struct exam *x)
{
    char text[40];
    int64_t skew = -k8s_client_skew_ms(x->c->client);
    int64_t off = skew < 0 ? -skew : skew;
    ncm_fmt_duration(text, sizeof text, off < LEAST_SKEW_MS ? LEAST_SKEW_MS : off);
    if (skew > -SKEW_MS && skew < SKEW_MS) {
        say(x, NCM_CHECK_OK, "clock", ncm_sprintf(_("within %s of the server's"), text), NULL);
    } else {
        say(x, NCM_CHECK_WARN, "clock",
            skew > 0 ? ncm_sprintf(_("%s ahead of the server's"), text)
                     : ncm_sprintf(_("%s behind the server's"), text),
            _("ages are counted by the server's clock; set both by NTP"));
    }
}

/* "pods: forbidden (…)": each kind that may not be read. */
static void say_kinds(const struct exam *x)
{
    struct k8s_cluster *k = x->c->cluster;
    struct ncm_err err;
    if (!k8s_gather(x->c, K8S_ALL_KINDS, ncm_mono_ms(), x->control, NULL, NULL, &err)) {
        say_error(x, "deployments", &err);
        return;
    }
    size_t n = 0;
    pthread_mutex_lock(&k->lock);
    for (size_t i = 0; i < k->n_shelves; i++) {
        const struct k8s_shelf *s = &k->shelves[i];
        n += s->kind == K8S_DEPLOYMENT || s->kind == K8S_STATEFULSET ||
                     s->kind == K8S_INFERENCESERVICE || s->kind == K8S_CRONJOB
                 ? s->n
                 : 0;
        if (s->reading == K8S_FORBIDDEN || s->reading == K8S_FAILED) {
            say(x, NCM_CHECK_WARN, k8s_resources[s->kind].plural, ncm_strdup(s->why), NULL);
        } else if (s->reading == K8S_ABSENT && s->kind == K8S_USAGE) {
            say(x, NCM_CHECK_OK, "metrics.k8s.io",
                ncm_strdup(_("not installed: use of CPU and memory stays unknown")), NULL);
        }
    }
    if (k->narrowed != NULL) {
        say(x, NCM_CHECK_WARN, "namespaces",
            ncm_sprintf(_("only the namespace %s is read: %s"), x->c->login.ns, k->narrowed),
            _("name those that you may read in the configuration (namespaces)"));
    }
    pthread_mutex_unlock(&k->lock);
    say(x, NCM_CHECK_OK, "deployments", ncm_sprintf(_("%zu can be read"), n), NULL);
}

static void say_rights(const struct exam *x)
{
    struct k8s_cluster *k = x->c->cluster;
    unsigned changes = 0;
    k8s_rights_ask(x->c, x->control);
    pthread_mutex_lock(&k->lock);
    for (size_t i = 0; i < k->n_rights; i++) {
        const struct k8s_right *r = &k->rights[i];
        changes |= (r->known ? r->allowed : ~0u) & ~(1u << NCM_ACT_LOGS);
        struct ncm_buf yes, no;
        ncm_buf_init(&yes, 256);
        ncm_buf_init(&no, 256);
        for (int act = 0; act < NCM_N_ACTS; act++) {
            struct ncm_buf *b = (r->allowed & 1u << act) != 0 ? &yes : &no;
            ncm_buf_printf(b, "%s%s", b->len > 0 ? ", " : "",
                           ncm_deploy_act_label((enum ncm_deploy_act)act));
        }
        const char *where = r->ns[0] != '\0' ? r->ns : _("all namespaces");
        /* TR: %s: a namespace, a list of actions (scale, restart …) */
        say(x, NCM_CHECK_OK, "rights",
            no.len == 0    ? ncm_sprintf(_("%s: everything"), where)
            : yes.len == 0 ? ncm_sprintf(_("%s: no changes, no logs"), where)
                           : ncm_sprintf(_("%s: %s; not %s"), where, yes.p, no.p),
            NULL);
        ncm_buf_release(&yes);
        ncm_buf_release(&no);
    }
    if (k->n_rights > 0 && changes == 0) {
        say(x, NCM_CHECK_WARN, "write", ncm_strdup(_("this login may change nothing")), NULL);
    }
    pthread_mutex_unlock(&k->lock);
}

void k8s_examine(const struct ncm_place *place, const struct ncm_control *control, ncm_check_fn fn,
                 void *to)
{
    struct exam x = {.control = control, .say = fn, .to = to};
    struct ncm_control open_control = *control;
    struct ncm_err err;
    if (!ncm_kubernetes.open(place, &x.c, &open_control, &err)) {
        say_error(&x, "kubeconfig", &err);
        return;
    }
    if (say_server(&x)) {
        say_tls(&x);
        say_who(&x);
        say_clock(&x);
        say_kinds(&x);
        say_rights(&x);
    }
    ncm_kubernetes.close(x.c);
}
