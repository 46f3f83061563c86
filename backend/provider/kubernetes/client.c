/* One call of a cluster's API: who we are, and what an answer of any kind means. */
#include "provider/kubernetes/client.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/file.h"
#include "io/secret.h"
#include "provider/ask.h"
#include "provider/kubernetes/inside.h"

enum {
    SAYS_MOST = 200,       /* characters of a server's message */
    TOKEN_EACH_MS = 60000, /* a token's file is looked at again */
    SAME_CLOCK_MS = 1500,  /* Date has whole seconds */
    RETRY_MOST_S = 24 * 3600,
};

struct k8s_client {
    const struct k8s_login *login;
    struct k8s_ticket *ticket;
    struct ncm_http *http;
    struct ncm_access access;
    unsigned logins;       /* how often the login changed */
    unsigned serial;       /* of the plugin's credential */
    int64_t token_mono_ms; /* when its file was read; 0: never */
    int64_t skew_ms;
    char warning[320];
};

/* ---- who we are ----------------------------------------------------------------------------- */
static void add_header(char **headers, size_t *n, const char *name, const char *value)
{
    if (value != NULL && strpbrk(value, "\r\n") == NULL) {
        headers[(*n)++] = ncm_sprintf("%s: %s", name, value);
    }
}

static void access_of(const struct k8s_login *l, struct ncm_access *a)
{
    size_t n = 0;
    a->ca = ncm_strdup(l->ca_data != NULL ? NULL : l->ca_file);
    a->ca_pem = ncm_strdup(l->ca_data);
    a->cert = ncm_strdup(l->cert_data != NULL ? NULL : l->cert_file);
    a->cert_pem = ncm_strdup(l->cert_data);
    a->key = ncm_strdup(l->key_data != NULL ? NULL : l->key_file);
    a->key_pem = ncm_strdup(l->key_data);
    a->insecure = l->insecure;
    a->no_compression = l->no_compression;
    a->tls_name = ncm_strdup(l->tls_name);
    a->proxy = ncm_strdup(l->proxy);
    a->timeout_ms = l->timeout_ms;
    if (l->token != NULL) {
        a->token = (struct ncm_secret){NCM_SECRET_TEXT, ncm_strdup(l->token)};
    } else if (l->user_name != NULL && l->token_file == NULL && l->exec.command == NULL) {
        a->user = ncm_strdup(l->user_name);
        a->password = (struct ncm_secret){NCM_SECRET_TEXT,
                                          ncm_strdup(l->password != NULL ? l->password : "")};
    }
    a->headers = ncm_alloc(l->n_as_groups + 3, sizeof(char *));
    add_header(a->headers, &n, "Impersonate-User", l->as);
    add_header(a->headers, &n, "Impersonate-Uid", l->as_uid);
    for (size_t i = 0; i < l->n_as_groups; i++) {
        add_header(a->headers, &n, "Impersonate-Group", l->as_groups[i]);
    }
}

bool k8s_client_open(const struct k8s_login *login, struct k8s_ticket *ticket,
                     struct k8s_client **out, struct ncm_err *err)
{
    struct k8s_client *c = ncm_alloc(1, sizeof *c);
    c->login = login;
    c->ticket = ticket;
    access_of(login, &c->access);
    if (!ncm_http_open(login->server, &c->access, &c->http, err)) {
        k8s_client_close(c);
        *out = NULL;
        return false;
    }
    *out = c;
    return true;
}

void k8s_client_close(struct k8s_client *c)
{
    if (c != NULL) {
        ncm_http_close(c->http);
        ncm_access_release(&c->access);
        ncm_free(c);
    }
}

void k8s_client_interrupt(struct k8s_client *c)
{
    ncm_http_interrupt(c->http);
}

void k8s_client_ready(struct k8s_client *c)
{
    ncm_http_ready(c->http);
}

struct ncm_http *k8s_client_http(struct k8s_client *c)
{
    return c->http;
}

/* Unlike a secret of ours a pod's token may be readable for its group. */
static bool read_token(struct k8s_client *c, bool *changed, struct ncm_err *err)
{
    struct ncm_buf text;
    bool cut = false;
    const char *path = c->login->token_file;
    ncm_buf_init(&text, NCM_SECRET_MOST);
    bool ok = ncm_file_read(path, 0, NCM_SECRET_MOST - 1, &text, &cut, err);
    if (ok) {
        size_t n = strspn(text.p, " \t\r\n");
        char *token = ncm_strndup(text.p + n, strcspn(text.p + n, " \t\r\n"));
        ok = *token != '\0' || ncm_fail(err, NCM_UNAUTHENTICATED,
                                        _("%s, which should hold the token, is empty"), path);
        *changed = ok && (c->access.token.from == NULL || strcmp(token, c->access.token.from) != 0);
        if (*changed) {
            ncm_secret_clear(&c->access.token);
            c->access.token = (struct ncm_secret){NCM_SECRET_TEXT, token};
        } else {
            ncm_secret_wipe(token);
        }
    } else {
        ncm_fail(err, NCM_UNAUTHENTICATED,
                 _("The file %s, which should hold the token, cannot be read"), path);
    }
    explicit_bzero(text.p, text.len);
    ncm_buf_release(&text);
    c->token_mono_ms = ok ? ncm_mono_ms() : 0;
    return ok;
}

bool k8s_client_login(struct k8s_client *c, bool refused, bool *changed,
                      const struct ncm_control *control, struct ncm_err *err)
{
    const struct k8s_login *l = c->login;
    bool ok = true;
    *changed = false;
    if (l->token != NULL) {
        return true;
    }
    if (l->token_file != NULL) {
        bool due = c->token_mono_ms == 0 || ncm_mono_ms() >= c->token_mono_ms + TOKEN_EACH_MS;
        ok = !(due || refused) || read_token(c, changed, err);
    } else if (l->exec.command != NULL && c->ticket != NULL) {
        unsigned before = c->serial;
        ok = k8s_ticket_take(c->ticket, l, refused, &c->serial, &c->access, control, err);
        *changed = ok && c->serial != before;
    }
    if (*changed) {
        c->logins++;
        ncm_http_enter(c->http, &c->access);
    }
    if (!ok) {
        char detail[400];
        snprintf(detail, sizeof detail, "%.399s", err->detail);
        ncm_detail(err, "not sent: %s", detail);
    }
    return ok;
}

/* ---- what an answer says -------------------------------------------------------------------- */
static void clip(struct k8s_client *c, const char *text, char out[SAYS_MOST * 4 + 8])
{
    size_t n = 0, chars = 0;
    text += strspn(text, " \t\r\n");
    /* What comes as plain text need not be UTF-8: no run of bytes counts as one character. */
    for (; text[n] != '\0' && chars < SAYS_MOST; chars++) {
        n++;
        for (int i = 0; i < 3 && ((unsigned char)text[n] & 0xC0) == 0x80; i++) {
            n++;
        }
    }
    bool cut = text[n] != '\0';
    memcpy(out, text, n);
    memcpy(out + n, cut ? "…" : "", cut ? sizeof "…" : 1);
    for (char *p = out; *p != '\0'; p++) {
        *p = *p == '\n' || *p == '\r' || *p == '\t' ? ' ' : *p;
    }
    ncm_http_hide(c->http, out);
}

static bool refuse_login(struct k8s_client *c, struct ncm_err *err)
{
    const struct k8s_login *l = c->login;
    ncm_fail(err, NCM_UNAUTHENTICATED, _("%s does not accept the login of %s (401)"), l->server,
             l->where != NULL ? l->where : "");
    if (l->exec.command != NULL) {
        ncm_hint(err, _("Log in again with the tool of your cluster; the plugin's new credential "
                        "was refused as well"));
    } else if (l->token != NULL || l->token_file != NULL) {
        ncm_hint(err, _("The token has expired or belongs to another cluster: log in again"));
    } else {
        ncm_hint(err, _("The kubeconfig's certificate or password is not accepted: log in again"));
    }
    return false;
}

/* "field: message; …" of a Status' causes. */
static void causes_of(const struct ncm_node *status, struct ncm_buf *out)
{
    const struct ncm_node *all = ncm_node_get(ncm_node_get(status, "details"), "causes");
    for (size_t i = 0; all != NULL && all->kind == NCM_NODE_LIST && i < all->n; i++) {
        const char *field = ncm_node_str(&all->items[i], "field", "");
        ncm_buf_printf(out, "%s%s%s%s", i > 0 ? "; " : "", field, *field != '\0' ? ": " : "",
                       ncm_node_str(&all->items[i], "message", ""));
    }
}

static enum ncm_code code_of(int status)
{
    switch (status) {
    case 403:
        return NCM_FORBIDDEN;
    case 404:
        return NCM_NOT_FOUND;
    case 409:
    case 410:
        return NCM_CONFLICT;
    case 429:
        return NCM_RATE_LIMITED;
    default:
        return status >= 500 ? NCM_UNREACHABLE : NCM_REFUSED;
    }
}

static bool refused_by(struct k8s_client *c, const struct ncm_http_answer *a,
                       const struct ncm_node *status, struct ncm_err *err)
{
    char says[SAYS_MOST * 4 + 8];
    struct ncm_buf causes;
    const char *reason = ncm_node_str(status, "reason", "");
    clip(c, ncm_node_str(status, "message", ""), says);
    ncm_buf_init(&causes, 400);
    causes_of(status, &causes);
    ncm_http_hide(c->http, causes.p);
    ncm_fail(err, code_of(a->status), "%s",
             says[0] != '\0' ? says : _("the cluster refuses it without saying why"));
    if (a->status == 410) {
        ncm_detail(err, "expired");
    } else {
        ncm_detail(err, "sent; HTTP %d %s%s%s", a->status, reason, causes.len > 0 ? ": " : "",
                   causes.p);
    }
    if (a->status == 403 && strstr(says, "system:anonymous") != NULL) {
        ncm_hint(err,
                 _("Nobody is logged in: the context %s has no user, or its login was not "
                   "accepted"),
                 c->login->context != NULL ? c->login->context : "");
    } else if (a->status == 403) {
        ncm_hint(err, _("Ask the cluster's administrator for this right (RBAC)"));
    }
    const struct ncm_node *details = ncm_node_get(status, "details");
    int64_t retry_s = ncm_node_i64(details, "retryAfterSeconds", 0);
    retry_s = retry_s < 0 ? 0 : retry_s > RETRY_MOST_S ? RETRY_MOST_S : retry_s;
    err->retry_ms = a->retry_ms > 0 ? a->retry_ms : retry_s * 1000;
    ncm_buf_release(&causes);
    return false;
}

bool k8s_refused(struct k8s_client *c, const struct ncm_http_answer *a, struct ncm_err *err)
{
    char says[SAYS_MOST * 4 + 8];
    struct ncm_doc *doc = NULL;
    struct ncm_err ignored;
    if (a->status == 401) {
        refuse_login(c, err);
        return ncm_detail(err, "sent; HTTP 401");
    }
    if (a->body.p != NULL && ncm_ask_is_json(a) &&
        ncm_json_parse("Status", a->body.p, a->body.len, &doc, &ignored) &&
        strcmp(ncm_node_str(ncm_doc_root(doc), "kind", ""), "Status") == 0) {
        refused_by(c, a, ncm_doc_root(doc), err);
        ncm_doc_free(doc);
        return false;
    }
    ncm_doc_free(doc);
    clip(c, a->body.p != NULL && strcmp(a->type, "text/plain") == 0 ? a->body.p : "", says);
    if (a->status == 404 && strcmp(a->type, "text/plain") == 0) {
        ncm_fail(err, NCM_UNSUPPORTED, _("The cluster does not have this API (404)"));
        return ncm_detail(err, "sent; HTTP 404: %s", says);
    }
    ncm_http_refused(c->http, a, says[0] != '\0' ? says : NULL, err);
    return ncm_detail(err, "sent; HTTP %d: %s", a->status, says);
}

/* ---- calls ---------------------------------------------------------------------------------- */
static struct ncm_http_request request_of(const struct k8s_call *call)
{
    struct ncm_http_request rq = ncm_ask_request(call->method, call->path, call->control);
    rq.body = call->body;
    rq.body_len = call->body != NULL ? strlen(call->body) : 0;
    rq.type = call->type;
    rq.accept = call->accept != NULL ? call->accept : "application/json";
    rq.most = call->most;
    rq.timeout_ms = call->timeout_ms;
    /* Reviews are questions. */
    rq.asks = call->method == NCM_HTTP_POST && strstr(call->path, "/selfsubject") != NULL;
    return rq;
}

static void note(struct k8s_client *c, const struct ncm_http_answer *a)
{
    if (a->date_ms != NCM_NO_TIME) {
        int64_t skew = a->date_ms + 500 - (ncm_now_ms() - a->took_ms / 2);
        c->skew_ms = skew > -SAME_CLOCK_MS && skew < SAME_CLOCK_MS ? 0 : skew;
    }
    snprintf(c->warning, sizeof c->warning, "%s", a->warning);
}

/* io/http speaks of settings that a kubeconfig does not have. */
static void advise(struct ncm_err *err)
{
    if (err->code == NCM_TLS) {
        ncm_hint(err, _("Whom to trust stands in the cluster's entry of the kubeconfig "
                        "(certificate-authority, tls-server-name); log in again to have it "
                        "written anew"));
    }
}

bool k8s_call_raw(struct k8s_client *c, const struct k8s_call *call, struct ncm_http_answer *out,
                  struct ncm_err *err)
{
    bool changed;
    *out = (struct ncm_http_answer){.date_ms = NCM_NO_TIME, .length = -1};
    if (!ncm_ask_go_on(call->control, err) ||
        !k8s_client_login(c, false, &changed, call->control, err)) {
        return false;
    }
    const struct ncm_http_request rq = request_of(call);
    bool ok = ncm_http_do(c->http, &rq, out, err);
    /* A 401 had no effect, so that this repeats nothing. */
    if (ok && out->status == 401) {
        struct ncm_err ignored;
        if (k8s_client_login(c, true, &changed, call->control, &ignored) && changed) {
            ncm_http_answer_release(out);
            ok = ncm_http_do(c->http, &rq, out, err);
        }
    }
    if (ok) {
        note(c, out);
    } else {
        advise(err);
    }
    return ok;
}

static bool decode(struct k8s_client *c, const struct ncm_http_answer *a, struct ncm_doc **out,
                   struct ncm_err *err)
{
    const struct ncm_ask ask = {c->http, "Kubernetes"};
    *out = NULL;
    if (a->status < 200 || a->status > 299) {
        return k8s_refused(c, a, err);
    }
    if (a->body.p == NULL || a->body.p[strspn(a->body.p, " \t\r\n")] == '\0') {
        return true;
    }
    return (ncm_ask_is_json(a) || ncm_ask_no_json(&ask, a, err)) &&
           ncm_json_parse(c->login->server, a->body.p, a->body.len, out, err);
}

bool k8s_call(struct k8s_client *c, const struct k8s_call *call, struct ncm_doc **out,
              struct ncm_err *err)
{
    struct ncm_http_answer a;
    *out = NULL;
    bool ok = k8s_call_raw(c, call, &a, err) && decode(c, &a, out, err);
    ncm_http_answer_release(&a);
    return ok;
}

bool k8s_call_all(struct k8s_client *c, const struct k8s_call *calls, size_t n,
                  struct ncm_doc **out, bool *ok, struct ncm_err *errs)
{
    struct ncm_err err;
    bool changed, all = true;
    if (n == 0) {
        return true;
    }
    bool in = k8s_client_login(c, false, &changed, calls[0].control, &err);
    struct ncm_http_request *rqs = ncm_alloc(n, sizeof *rqs);
    struct ncm_http_answer *answers = ncm_alloc(n, sizeof *answers);
    for (size_t i = 0; i < n; i++) {
        rqs[i] = request_of(&calls[i]);
        ok[i] = in;
        out[i] = NULL;
        if (!in) {
            errs[i] = err;
        }
    }
    if (in) {
        ncm_http_all(c->http, rqs, n, answers, ok, errs);
    }
    for (size_t i = 0; i < n; i++) {
        /* Each by itself: the first one renews the login for all. */
        if (ok[i] && answers[i].status == 401) {
            ok[i] = k8s_call(c, &calls[i], &out[i], &errs[i]);
        } else if (ok[i]) {
            note(c, &answers[i]);
            ok[i] = decode(c, &answers[i], &out[i], &errs[i]);
        } else {
            advise(&errs[i]);
        }
        ncm_http_answer_release(&answers[i]);
        all = all && ok[i];
    }
    ncm_free(rqs);
    ncm_free(answers);
    return all;
}

unsigned k8s_client_logins(const struct k8s_client *c)
{
    return c->logins;
}

int64_t k8s_client_skew_ms(const struct k8s_client *c)
{
    return c->skew_ms;
}

const char *k8s_client_warning(const struct k8s_client *c)
{
    return c->warning;
}
