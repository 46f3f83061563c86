/* What the configuration names but this machine does not have. Looks, opens nothing. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "engine/address.h"
#include "engine/choose.h"
#include "engine/config.h"
#include "io/file.h"

enum { OTHERS_MAY_READ = 044 };

struct examined {
    const char *context;
    const char *part; /* "tracking" */
    void (*add)(void *to, const char *sentence);
    void *to;
};

/* Takes sentence. "contexts.prod.tracking.ca: …". */
static void tell(const struct examined *e, const char *key, char *sentence)
{
    char *whole = ncm_sprintf("contexts.%s.%s%s%s: %s", e->context, e->part,
                              key[0] != '\0' ? "." : "", key, sentence);
    e->add(e->to, whole);
    ncm_free(whole);
    ncm_free(sentence);
}

static void examine_file(const struct examined *e, const char *key, const char *path, bool secret)
{
    struct ncm_file_info info = {0};
    struct ncm_err err;
    if (path == NULL) {
        return;
    }
    if (!ncm_file_stat(path, &info, &err)) {
        tell(e, key, ncm_strdup(err.what));
    } else if (info.kind == NCM_FILE_NONE) {
        tell(e, key, ncm_sprintf(_("there is no file %s"), path));
    } else if (secret && (info.mode & OTHERS_MAY_READ) != 0) {
        tell(e, key, ncm_sprintf(_("others may read %s: chmod 600 closes it"), path));
    }
}

static void examine_secret(const struct examined *e, const char *name, const struct ncm_secret *s)
{
    char *key = ncm_sprintf("%s-%s", name, s->kind == NCM_SECRET_ENV ? "env" : "file");
    const char *set = s->kind == NCM_SECRET_ENV ? getenv(s->from) : NULL;
    if (s->kind == NCM_SECRET_ENV && (set == NULL || set[0] == '\0')) {
        tell(e, key, ncm_sprintf(_("the variable %s is not set"), s->from));
    } else if (s->kind == NCM_SECRET_FILE) {
        examine_file(e, key, s->from, true);
    }
    ncm_free(key);
}

static void examine_login(const struct examined *e, const struct ncm_access *a)
{
    examine_secret(e, "password", &a->password);
    examine_secret(e, "token", &a->token);
    examine_file(e, "ca", a->ca, false);
    examine_file(e, "client-cert", a->cert, false);
    examine_file(e, "client-key", a->key, true);
}

/* A store on this machine; relative ones as the program takes them, from the file's own folder. */
static void examine_store(const struct examined *e, const struct ncm_config *c, const char *uri)
{
    const char *slash = c->path != NULL ? strrchr(c->path, '/') : NULL;
    char *dir = slash != NULL ? ncm_strndup(c->path, (size_t)(slash - c->path) + 1) : NULL;
    char *location = NULL;
    struct ncm_err err;
    if (uri != NULL && ncm_store_location(uri, dir, &location, &err) &&
        strstr(location, "://") == NULL) {
        examine_file(e, "uri", location, false);
    } else if (uri != NULL && location == NULL) {
        tell(e, "uri", ncm_strdup(err.what));
    }
    ncm_free(location);
    ncm_free(dir);
}

/* ---- the watch ------------------------------------------------------------------------------ */

/* Rows: of a glob the folder that its first wildcard lies in, of an SQLite file the file. */
static void examine_rows(const struct examined *e, const char *key, const char *text)
{
    static const char sqlite[] = "sqlite:";
    if (text == NULL || strcmp(text, "-") == 0 || ncm_uri_is_server(text)) {
        return;
    }
    bool table = strncmp(text, sqlite, sizeof sqlite - 1) == 0;
    const char *from = table ? text + sizeof sqlite - 1 : text;
    size_t len = strcspn(from, table ? "?" : "*?[");
    char *path = ncm_strndup(from, len);
    if (!table && from[len] != '\0') {
        char *slash = strrchr(path, '/');
        if (slash != NULL) {
            slash[slash == path] = '\0';
        }
    }
    examine_file(e, key, path, false);
    ncm_free(path);
}

static void examine_monitor(const struct examined *context, const struct ncm_config_context *x,
                            const struct ncm_monitor *m)
{
    bool asks = m->kind == NCM_MONITOR_QUERY || m->kind == NCM_MONITOR_HISTOGRAM;
    char *part = ncm_sprintf("models.%s.monitors '%s'", m->model, m->name);
    const struct examined e = {context->context, part, context->add, context->to};
    if (m->reference_kind == NCM_REFERENCE_FILE) {
        examine_rows(&e, "reference", m->reference_value);
    }
    if (!m->follow) { /* a log that is followed may begin later */
        examine_rows(&e, "current", m->current);
    }
    if (m->kind == NCM_MONITOR_EVIDENTLY) {
        examine_rows(&e, "evidently", m->source);
    }
    if (asks && x->watch.metrics.url == NULL) {
        tell(&e, "", ncm_strdup(_("Prometheus is asked, and 'metrics' names none")));
    }
    ncm_free(part);
}

static void examine_watch(const struct examined *context, const struct ncm_config_context *x)
{
    const struct ncm_watch_plan *p = &x->watch;
    struct examined e = *context;
    for (size_t i = 0; i < p->n_monitors; i++) {
        examine_monitor(context, x, &p->monitors[i]);
    }
    e.part = "metrics";
    examine_login(&e, &p->metrics.access);
    e.part = "alerts";
    examine_login(&e, &p->alerts.access);
    for (size_t i = 0; i < p->n_webhooks; i++) {
        char *part = ncm_sprintf("notify '%s'", p->webhooks[i].name);
        e.part = part;
        examine_login(&e, &p->webhooks[i].access);
        ncm_free(part);
    }
    if (p->textfile != NULL) {
        const char *slash = strrchr(p->textfile, '/');
        char *folder = ncm_strndup(p->textfile, (size_t)(slash - p->textfile) + 1);
        e.part = "textfile";
        examine_file(&e, "", folder, false);
        ncm_free(folder);
    }
}

/* ---- where models are served ------------------------------------------------------------------
 */

/* Of several files those that are missing are left out, as kubectl does: one must be there. */
static void examine_kubeconfig(const struct examined *e, const char *paths)
{
    struct ncm_err ignored;
    size_t n = 0, there = 0;
    for (const char *p = paths; p != NULL && *p != '\0'; n++) {
        size_t len = strcspn(p, ":");
        char *path = ncm_strndup(p, len);
        struct ncm_file_info info = {0};
        there += ncm_file_stat(path, &info, &ignored) && info.kind == NCM_FILE_REGULAR &&
                 access(path, R_OK) == 0;
        if (n == 0 && p[len] == '\0' && there == 0 && info.kind != NCM_FILE_NONE) {
            tell(e, "kubeconfig", ncm_sprintf(_("%s cannot be read"), path));
            there = 1;
        }
        ncm_free(path);
        p += len + (p[len] == ':');
    }
    if (n > 0 && there == 0) {
        tell(e, "kubeconfig", ncm_sprintf(_("there is no file %s"), paths));
    }
}

static void examine_deployments(const struct examined *context, const struct ncm_deploy_plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct ncm_deploy_source *d = &p->items[i];
        char *part = ncm_sprintf("deployments '%s'", d->name);
        const struct examined e = {context->context, part, context->add, context->to};
        examine_kubeconfig(&e, d->kubeconfig);
        examine_login(&e, &d->access);
        ncm_free(part);
    }
}

void ncm_config_examine(const struct ncm_config *c, const char *context,
                        void (*add)(void *to, const char *sentence), void *to)
{
    for (size_t i = 0; i < c->n_contexts; i++) {
        const struct ncm_config_context *x = &c->contexts[i];
        const struct examined e = {x->name, "tracking", add, to};
        if (context != NULL && strcmp(context, x->name) != 0) {
            continue;
        }
        examine_store(&e, c, x->tracking_uri);
        examine_login(&e, &x->access);
        examine_deployments(&e, &x->deploy);
        examine_watch(&e, x);
    }
}
