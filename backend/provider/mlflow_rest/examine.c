/* What `doctor` says of a server: each line a thing that can be wrong on its own, with what to try
 * next. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/mlflow_rest/internal.h"

enum {
    LEAST_SKEW_MS = 1000, /* the server's date has whole seconds */
    SKEW_MS = 120000,     /* a clock that is off by more is worth a line */
    SLOW_MS = 1000,
    TRIES = 3, /* latency: the best of so many */
};

struct exam {
    struct ncm_conn c;
    const struct ncm_access *access;
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

static bool get(const struct exam *x, const char *path, struct ncm_http_answer *a,
                struct ncm_err *err)
{
    struct ncm_http_request rq = {
        .path = path,
        .most = 1 << 20,
        .cut = true,
        .cancel = x->control->cancel,
        .deadline_mono_ms = x->control->deadline_mono_ms,
    };
    return ncm_http_do(x->c.http, &rq, a, err);
}

/* Which of the words for a connection that failed is the right one. */
static const char *line_of(enum ncm_code code)
{
    return code == NCM_TLS ? "tls" : code == NCM_UNAUTHENTICATED ? "login" : "server";
}

static void check_tls(const struct exam *x)
{
    if (strncmp(x->c.location, "https:", 6) != 0) {
        bool secret = x->access != NULL && (x->access->token.kind != NCM_SECRET_NONE ||
                                            x->access->password.kind != NCM_SECRET_NONE);
        say(x, secret ? NCM_CHECK_WARN : NCM_CHECK_OK, "tls",
            ncm_strdup(_("plain HTTP: nothing is encrypted")),
            secret ? _("the token or password can be read on the way; use https") : NULL);
    } else if (x->access != NULL && x->access->insecure) {
        say(x, NCM_CHECK_WARN, "tls", ncm_strdup(_("the certificate is not checked")),
            _("take insecure-tls (MLFLOW_TRACKING_INSECURE_TLS) away and name the server's CA "
              "instead"));
    } else {
        say(x, NCM_CHECK_OK, "tls",
            x->access != NULL && x->access->ca != NULL
                ? ncm_sprintf(_("certificate checked against %s"), x->access->ca)
                : ncm_strdup(_("certificate checked")),
            NULL);
    }
}

static void check_clock(const struct exam *x, int64_t server_ms)
{
    char text[32];
    int64_t skew = server_ms != NCM_NO_TIME ? ncm_ms_between(server_ms, ncm_now_ms()) : 0;
    int64_t off = skew < 0 ? -skew : skew;
    if (server_ms == NCM_NO_TIME) {
        return;
    }
    ncm_fmt_duration(text, sizeof text, off < LEAST_SKEW_MS ? LEAST_SKEW_MS : off);
    if (off <= SKEW_MS) {
        say(x, NCM_CHECK_OK, "clock", ncm_sprintf(_("within %s of the server's"), text), NULL);
    } else {
        say(x, NCM_CHECK_WARN, "clock",
            skew > 0 ? ncm_sprintf(_("%s ahead of the server's"), text)
                     : ncm_sprintf(_("%s behind the server's"), text),
            _("ages of runs are off by that much; set both clocks by NTP"));
    }
}

static void check_latency(const struct exam *x)
{
    int64_t best = INT64_MAX;
    char text[32];
    for (int i = 0; i < TRIES; i++) {
        struct ncm_http_answer a;
        struct ncm_err ignored;
        if (get(x, "/health", &a, &ignored) && a.took_ms < best) {
            best = a.took_ms;
        }
        ncm_http_answer_release(&a);
    }
    if (best == INT64_MAX) {
        return;
    }
    ncm_fmt_duration(text, sizeof text, best > 0 ? best : 1);
    say(x, best > SLOW_MS ? NCM_CHECK_WARN : NCM_CHECK_OK, "latency",
        ncm_sprintf(_("%s for one request"), text),
        best > SLOW_MS ? _("a slow link or a busy server: what is shown is asked for less often")
                       : NULL);
}

/* Whether anything answers at all. */
static bool check_reachable(struct exam *x)
{
    struct ncm_http_answer a;
    struct ncm_err err;
    bool ok = get(x, "/health", &a, &err);
    if (ok && a.status >= 300 && a.status < 400) {
        ok = ncm_http_refused(x->c.http, &a, NULL, &err);
    }
    if (!ok) {
        say_error(x, line_of(err.code), &err);
    } else {
        say(x, NCM_CHECK_OK, "server", ncm_sprintf(_("%s answers"), x->c.location), NULL);
        check_tls(x);
        check_clock(x, a.date_ms);
    }
    ncm_http_answer_release(&a);
    if (ok) {
        check_latency(x);
    }
    return ok;
}

static char *who(const struct exam *x)
{
    const struct ncm_access *a = x->access;
    if (a != NULL && a->user != NULL && a->password.kind != NCM_SECRET_NONE) {
        return ncm_sprintf(_("as user %s"), a->user);
    }
    if (a != NULL && a->token.kind == NCM_SECRET_ENV) {
        return ncm_sprintf(_("with the token in $%s"), a->token.from);
    }
    return ncm_strdup(a != NULL && a->token.kind != NCM_SECRET_NONE ? _("with a token")
                                                                    : _("without a login"));
}

/* One real question, as the dashboard asks it. */
static bool check_login(struct exam *x)
{
    struct ncm_doc *doc;
    struct ncm_err err;
    bool ok = rest_ask(&x->c, NCM_HTTP_POST, "/experiments/search", "{\"max_results\":1}",
                       x->control, &doc, &err);
    if (!ok) {
        say_error(x, err.code == NCM_UNAUTHENTICATED || err.code == NCM_FORBIDDEN ? "login" : "api",
                  &err);
        return false;
    }
    char *as = who(x);
    say(x, NCM_CHECK_OK, "login", ncm_sprintf(_("experiments can be read %s"), as), NULL);
    ncm_free(as);
    ncm_doc_free(doc);
    return true;
}

static void check_abilities(struct exam *x)
{
    struct ncm_err err;
    const struct rest_facts *f = &x->c.facts;
    if (!rest_learn(&x->c, x->control, &err)) {
        say_error(x, "version", &err);
        return;
    }
    say(x, NCM_CHECK_OK, "version",
        f->version[0] != '\0' ? ncm_sprintf("MLflow %s", f->version)
                              : ncm_strdup(_("MLflow before 2.0 (it does not say)")),
        NULL);
    if (!f->has_registry) {
        say(x, NCM_CHECK_WARN, "registry", ncm_strdup(_("this server has no model registry")),
            _("its store must be a database (--backend-store-uri)"));
        return;
    }
    say(x, NCM_CHECK_OK, "registry",
        ncm_strdup(f->has_stages && f->has_aliases ? _("stages and aliases")
                   : f->has_stages                 ? _("stages, no aliases")
                                                   : _("aliases, no stages")),
        NULL);
}

/* What a login may do is only known where the server keeps users. */
static void check_permissions(struct exam *x)
{
    struct ncm_doc *doc;
    struct ncm_err err;
    if (!rest_ask(&x->c, NCM_HTTP_GET, "/users/current", NULL, x->control, &doc, &err)) {
        say(x, NCM_CHECK_OK, "permissions",
            ncm_strdup(_("the server tells nothing about permissions: it says so when it refuses "
                         "a change")),
            NULL);
        return;
    }
    const struct ncm_node *user = ncm_node_get(ncm_doc_root(doc), "user");
    const struct ncm_node *admin = ncm_node_get(user, "is_admin");
    bool all = admin != NULL && admin->kind == NCM_NODE_BOOL && admin->boolean;
    say(x, NCM_CHECK_OK, "permissions",
        ncm_sprintf(all ? _("%s may do everything (administrator)")
                        : _("%s may do what its permissions allow"),
                    ncm_node_str(user, "username", "?")),
        NULL);
    ncm_doc_free(doc);
}

void rest_examine(const struct ncm_place *place, const struct ncm_control *control, ncm_check_fn fn,
                  void *to)
{
    struct exam x = {.access = place->access, .control = control, .say = fn, .to = to};
    struct ncm_err err;
    x.c.location = ncm_strdup(place->location);
    x.c.token = place->access != NULL && place->access->token.kind != NCM_SECRET_NONE;
    if (!ncm_http_open(place->location, place->access, &x.c.http, &err)) {
        say_error(&x, "server", &err);
    } else if (check_reachable(&x) && check_login(&x)) {
        check_abilities(&x);
        check_permissions(&x);
    }
    ncm_http_close(x.c.http);
    ncm_free(x.c.location);
}
