/* What `doctor` says of an Alertmanager. */
#include <string.h>

#include "base/i18n.h"
#include "provider/alertmanager/internal.h"

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

static void say_status(const struct exam *x, const struct ncm_node *status)
{
    const char *version = ncm_node_str(ncm_node_get(status, "versionInfo"), "version", "");
    const struct ncm_node *cluster = ncm_node_get(status, "cluster");
    const struct ncm_node *peers = ncm_node_get(cluster, "peers");
    const char *state = ncm_node_str(cluster, "status", "");
    say(x, NCM_CHECK_OK, "server", ncm_sprintf(_("%s answers"), ncm_http_base(x->c->ask.http)),
        NULL);
    say(x, NCM_CHECK_OK, "version",
        version[0] != '\0' ? ncm_sprintf("Alertmanager %.40s", version)
                           : ncm_strdup(_("built from source, without a version")),
        NULL);
    if (strcmp(state, "settling") == 0) {
        say(x, NCM_CHECK_WARN, "cluster",
            ncm_strdup(_("its members have not found each other yet")),
            _("alerts may be sent twice until they have"));
    } else if (strcmp(state, "ready") == 0) {
        say(x, NCM_CHECK_OK, "cluster",
            ncm_sprintf(_("ready, %zu members"), peers != NULL ? peers->n : 0), NULL);
    } else {
        say(x, NCM_CHECK_OK, "cluster", ncm_strdup(_("it stands alone")), NULL);
    }
}

static void say_alerts(const struct exam *x)
{
    struct ncm_arena *a = ncm_arena_new();
    struct ncm_alert *items;
    struct ncm_err err;
    size_t n, quiet = 0;
    if (!am_read_alerts(x->c, x->control, a, &items, &n, &err)) {
        say_error(x, "alerts", &err);
    } else {
        for (size_t i = 0; i < n; i++) {
            quiet += items[i].state == NCM_ALERT_SILENCED ? 1 : 0;
        }
        say(x, NCM_CHECK_OK, "alerts",
            ncm_sprintf(_("%zu can be read, %zu of them are kept quiet"), n, quiet), NULL);
    }
    ncm_arena_free(a);
}

void am_examine(const struct ncm_place *place, const struct ncm_control *control, ncm_check_fn fn,
                void *to)
{
    struct exam x = {.control = control, .say = fn, .to = to};
    struct ncm_control open_control = *control;
    struct ncm_doc *doc;
    struct ncm_err err;
    if (!ncm_alertmanager.open(place, &x.c, &open_control, &err)) {
        say_error(&x, "server", &err);
        return;
    }
    if (!am_call(x.c, NCM_HTTP_GET, "/status", NULL, control, &doc, &err)) {
        bool login = err.code == NCM_UNAUTHENTICATED || err.code == NCM_FORBIDDEN;
        say_error(&x, login ? "login" : err.code == NCM_TLS ? "tls" : "server", &err);
    } else {
        say_status(&x, doc != NULL ? ncm_doc_root(doc) : NULL);
        say_alerts(&x);
    }
    ncm_doc_free(doc);
    ncm_alertmanager.close(x.c);
}
