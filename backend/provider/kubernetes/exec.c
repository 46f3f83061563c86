/* Credential plugins: a command of the kubeconfig that prints a token, or a certificate and its
 * key. */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/child.h"
#include "io/file.h"
#include "io/secret.h"
#include "provider/ask.h"
#include "provider/kubernetes/inside.h"

enum {
    OUTPUT_MOST = 1 << 20,
    PATIENCE_MS = 60000,
    EARLY_MS = 60000, /* before its end another one is asked for … */
    EACH_MS = 10000,  /* … but not more often than this, however short they last */
    LOOK_MS = 50,
};

struct k8s_ticket {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool running; /* a lane runs the plugin */
    unsigned serial;
    struct ncm_access access; /* token, cert_pem, key_pem */
    int64_t expires_ms;       /* NCM_NO_TIME: it does not say */
    int64_t got_mono_ms;
};

struct k8s_ticket *k8s_ticket_new(void)
{
    struct k8s_ticket *t = ncm_alloc(1, sizeof *t);
    pthread_condattr_t attr;
    pthread_mutex_init(&t->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&t->wake, &attr);
    pthread_condattr_destroy(&attr);
    return t;
}

void k8s_ticket_free(struct k8s_ticket *t)
{
    if (t != NULL) {
        ncm_access_release(&t->access);
        pthread_cond_destroy(&t->wake);
        pthread_mutex_destroy(&t->lock);
        ncm_free(t);
    }
}

static const char *short_name(const struct k8s_exec *x)
{
    const char *slash = strrchr(x->command, '/');
    return slash != NULL ? slash + 1 : x->command;
}

/* ---- asking --------------------------------------------------------------------------------- */
static void put_authority(struct ncm_json *j, const struct k8s_login *l)
{
    struct ncm_buf text, base64;
    struct ncm_err ignored;
    bool cut;
    ncm_buf_init(&text, OUTPUT_MOST);
    ncm_buf_init(&base64, 2 * OUTPUT_MOST);
    if (l->ca_data != NULL) {
        ncm_buf_puts(&text, l->ca_data);
    } else if (l->ca_file != NULL) {
        ncm_file_read(l->ca_file, 0, OUTPUT_MOST - 1, &text, &cut, &ignored);
    }
    if (text.len > 0) {
        ncm_base64(&base64, text.p, text.len);
        ncm_json_key(j, "certificate-authority-data");
        ncm_json_str(j, base64.p);
    }
    ncm_buf_release(&text);
    ncm_buf_release(&base64);
}

static char *exec_info(const struct k8s_login *l)
{
    struct ncm_buf out;
    struct ncm_json j;
    ncm_buf_init(&out, 4 * OUTPUT_MOST);
    ncm_buf_puts(&out, "KUBERNETES_EXEC_INFO=");
    ncm_json_init(&j, &out, false);
    ncm_json_obj(&j);
    ncm_json_key(&j, "apiVersion");
    ncm_json_str(&j, l->exec.api_version);
    ncm_json_key(&j, "kind");
    ncm_json_str(&j, "ExecCredential");
    ncm_json_key(&j, "spec");
    ncm_json_obj(&j);
    if (l->exec.provide_cluster) {
        ncm_json_key(&j, "cluster");
        ncm_json_obj(&j);
        ncm_json_key(&j, "server");
        ncm_json_str(&j, l->server);
        if (l->tls_name != NULL) {
            ncm_json_key(&j, "tls-server-name");
            ncm_json_str(&j, l->tls_name);
        }
        if (l->insecure) {
            ncm_json_key(&j, "insecure-skip-tls-verify");
            ncm_json_bool(&j, true);
        }
        put_authority(&j, l);
        if (l->proxy != NULL) {
            ncm_json_key(&j, "proxy-url");
            ncm_json_str(&j, l->proxy);
        }
        ncm_json_end_obj(&j);
    }
    ncm_json_key(&j, "interactive");
    ncm_json_bool(&j, false);
    ncm_json_end_obj(&j);
    ncm_json_end_obj(&j);
    char *text = ncm_buf_take(&out);
    ncm_buf_release(&out);
    return text;
}

static const char **plus(const char *first, char *const *rest)
{
    size_t n = 0;
    while (rest[n] != NULL) {
        n++;
    }
    const char **all = ncm_alloc(n + 2, sizeof *all);
    all[0] = first;
    for (size_t i = 0; i < n; i++) {
        all[i + 1] = rest[i];
    }
    return all;
}

/* ---- the answer ----------------------------------------------------------------------------- */
static bool no_credential(const struct k8s_exec *x, const char *why, struct ncm_err *err)
{
    return ncm_fail(err, NCM_UNAUTHENTICATED, _("The credential plugin %s %s"), short_name(x), why);
}

bool k8s_ticket_decode(const struct k8s_exec *x, const char *p, size_t len,
                       struct ncm_access *access, int64_t *expires_ms, struct ncm_err *err)
{
    struct ncm_doc *doc;
    struct ncm_err ignored; /* may hold a part of the text */
    *expires_ms = NCM_NO_TIME;
    if (!ncm_json_parse("exec", p, len, &doc, &ignored)) {
        return no_credential(x, _("prints no JSON"), err);
    }
    const struct ncm_node *root = ncm_doc_root(doc);
    const struct ncm_node *status = ncm_node_get(root, "status");
    const char *version = ncm_node_str(root, "apiVersion", "");
    const char *token = ncm_node_str(status, "token", "");
    const char *cert = ncm_node_str(status, "clientCertificateData", "");
    const char *key = ncm_node_str(status, "clientKeyData", "");
    bool ok = false;
    if (strcmp(version, x->api_version) != 0) {
        no_credential(x, _("answers in another version than the kubeconfig names"), err);
    } else if (*token == '\0' && *cert == '\0') {
        no_credential(x, _("gives neither a token nor a certificate"), err);
    } else if ((*cert == '\0') != (*key == '\0')) {
        no_credential(x, _("gives only one of certificate and key"), err);
    } else if (strpbrk(token, "\r\n") != NULL) {
        no_credential(x, _("gives a token of several lines"), err);
    } else {
        if (*token != '\0') {
            access->token = (struct ncm_secret){NCM_SECRET_TEXT, ncm_strdup(token)};
        }
        if (*cert != '\0') {
            access->cert_pem = ncm_strdup(cert);
            access->key_pem = ncm_strdup(key);
        }
        *expires_ms = ncm_ask_time(ncm_node_str(status, "expirationTimestamp", ""));
        ok = true;
    }
    ncm_doc_free(doc);
    return ok;
}

static bool not_started(const struct k8s_login *l, struct ncm_err *err)
{
    if (err->code != NCM_NOT_FOUND) {
        return false;
    }
    ncm_fail(err, NCM_UNAUTHENTICATED,
             _("The credential plugin %s, which %s logs in with, is not installed"),
             short_name(&l->exec), l->where);
    return l->exec.install_hint != NULL
               ? ncm_hint(err, "%.250s", l->exec.install_hint)
               : ncm_hint(err, _("Install it, or put its folder into $PATH"));
}

static bool run(const struct k8s_login *l, const struct ncm_control *control,
                struct ncm_access *access, int64_t *expires_ms, struct ncm_err *err)
{
    const struct k8s_exec *x = &l->exec;
    struct ncm_child_result got;
    int64_t until = ncm_mono_ms() + PATIENCE_MS;
    if (x->interactive_always) {
        ncm_fail(
            err, NCM_UNSUPPORTED,
            _("The credential plugin %s wants a terminal of its own (interactiveMode: Always)"),
            short_name(x));
        return ncm_hint(err,
                        _("Log in with its own tool first, or set interactiveMode: IfAvailable"));
    }
    if (control != NULL && control->deadline_mono_ms > 0 && control->deadline_mono_ms < until) {
        until = control->deadline_mono_ms;
    }
    char *info = exec_info(l);
    const char **argv = plus(x->command, x->args);
    const char **env = plus(info, x->env);
    const struct ncm_child_how how = {.env = env, .errors = true};
    bool ok = ncm_child_run_with(argv, short_name(x), &how, OUTPUT_MOST,
                                 control != NULL ? control->cancel : NULL, until, &got, err) ||
              not_started(l, err);
    if (ok) {
        if (got.status != 0) {
            ok = got.last[0] != '\0'
                     ? ncm_fail(err, NCM_UNAUTHENTICATED,
                                _("The credential plugin %s failed with status %d: %s"),
                                short_name(x), got.status, got.last)
                     : ncm_fail(err, NCM_UNAUTHENTICATED,
                                _("The credential plugin %s failed with status %d"), short_name(x),
                                got.status);
            ncm_hint(err, _("Log in again with the tool of your cluster"));
        } else {
            ok = k8s_ticket_decode(x, got.out.p, got.out.len, access, expires_ms, err);
        }
        ncm_child_release(&got);
    }
    ncm_free(argv);
    ncm_free(env);
    ncm_free(info);
    return ok;
}

/* ---- sharing -------------------------------------------------------------------------------- */
static bool lasts(const struct k8s_ticket *t)
{
    return t->serial > 0 &&
           (t->expires_ms == NCM_NO_TIME || ncm_now_ms() < t->expires_ms - EARLY_MS ||
            (ncm_now_ms() < t->expires_ms && ncm_mono_ms() < t->got_mono_ms + EACH_MS));
}

static void give(const struct k8s_ticket *t, unsigned *serial, struct ncm_access *access)
{
    if (*serial == t->serial) {
        return;
    }
    ncm_secret_clear(&access->token);
    if (t->access.token.from != NULL) {
        access->token = (struct ncm_secret){NCM_SECRET_TEXT, ncm_strdup(t->access.token.from)};
    }
    if (t->access.cert_pem != NULL) {
        ncm_secret_wipe(access->cert_pem);
        ncm_secret_wipe(access->key_pem);
        access->cert_pem = ncm_strdup(t->access.cert_pem);
        access->key_pem = ncm_strdup(t->access.key_pem);
    }
    *serial = t->serial;
}

/* While another lane runs it. */
static void wait_a_moment(struct k8s_ticket *t)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_nsec += LOOK_MS * 1000000L;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000L;
    }
    pthread_cond_timedwait(&t->wake, &t->lock, &at);
}

bool k8s_ticket_take(struct k8s_ticket *t, const struct k8s_login *l, bool refused,
                     unsigned *serial, struct ncm_access *access, const struct ncm_control *control,
                     struct ncm_err *err)
{
    bool ok = true;
    pthread_mutex_lock(&t->lock);
    while (t->running && ok) {
        ok = ncm_ask_go_on(control, err);
        wait_a_moment(t);
    }
    bool good = lasts(t) && !(refused && t->serial == *serial);
    if (ok && !good) {
        struct ncm_access fresh = {0};
        int64_t expires_ms = NCM_NO_TIME;
        t->running = true;
        pthread_mutex_unlock(&t->lock);
        ok = run(l, control, &fresh, &expires_ms, err);
        pthread_mutex_lock(&t->lock);
        t->running = false;
        if (ok) {
            ncm_access_release(&t->access);
            t->access = fresh;
            t->expires_ms = expires_ms;
            t->got_mono_ms = ncm_mono_ms();
            t->serial++;
        }
        pthread_cond_broadcast(&t->wake);
    }
    if (ok) {
        give(t, serial, access);
    }
    pthread_mutex_unlock(&t->lock);
    return ok;
}
