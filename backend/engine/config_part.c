/* The configuration file: the parts that hang together, one after another: a context, its store,
 * its sources of figures and alerts, whoever is told. */
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "engine/address.h"
#include "engine/config_file.h"
#include "io/file.h"

const struct ncm_node *ncm_config_key_of(const struct ncm_node *part, const char *prefix)
{
    for (size_t i = 0; part->kind == NCM_NODE_MAP && i < part->n; i++) {
        if (strncmp(part->items[i].key, prefix, strlen(prefix)) == 0) {
            return &part->items[i];
        }
    }
    return part;
}

char *ncm_config_source(const struct ncm_config_reader *r, const char *text)
{
    static const char sqlite[] = "sqlite:";
    if (strcmp(text, "-") == 0 || ncm_uri_is_server(text)) {
        return ncm_strdup(text);
    }
    if (strncmp(text, sqlite, sizeof sqlite - 1) != 0) {
        return ncm_path_expand(text, r->dir);
    }
    const char *file = text + sizeof sqlite - 1;
    size_t len = strcspn(file, "?");
    char *name = ncm_strndup(file, len);
    char *path = ncm_path_expand(name, r->dir);
    char *whole = ncm_sprintf("%s%s%s", sqlite, path, file + len);
    ncm_free(path);
    ncm_free(name);
    return whole;
}

/* ---- contexts and their store --------------------------------------------------------------- */

static bool begin_context(struct ncm_config_reader *r, const struct ncm_node *n)
{
    struct ncm_config *c = r->config;
    if (ncm_config_find(c, n->key) != NULL) {
        return ncm_config_wrong(r, n->key_line, n->key_column,
                                ncm_sprintf(_("the context '%s' is there twice"), n->key));
    }
    c->contexts = ncm_resize(c->contexts, c->n_contexts + 1, sizeof *c->contexts);
    c->contexts[c->n_contexts++] =
        (struct ncm_config_context){.name = ncm_strdup(n->key), .line = n->key_line};
    return true;
}

static bool begin_tracking(struct ncm_config_reader *r, const struct ncm_node *n)
{
    (void)n;
    struct ncm_config_context *x = ncm_config_last(r);
    r->access = &x->access;
    r->address = &x->tracking_uri;
    return true;
}

static bool end_tracking(struct ncm_config_reader *r, const struct ncm_node *n)
{
    const struct ncm_config_context *x = ncm_config_last(r);
    size_t from, to;
    if (!ncm_config_login(r, n, "uri")) {
        return false;
    }
    if (x->registry_uri != NULL && ncm_uri_user(x->registry_uri, &from, &to)) {
        return ncm_config_wrong_at(
            r, ncm_config_key_of(n, "registry-uri"),
            ncm_strdup(
                _("the registry is entered as the store is: no user belongs into its address")));
    }
    return true;
}

/* ---- what is asked over HTTP ---------------------------------------------------------------- */

static void begin_source(struct ncm_config_reader *r, struct ncm_http_source *s)
{
    r->access = &s->access;
    r->address = &s->url;
}

static bool begin_metrics(struct ncm_config_reader *r, const struct ncm_node *n)
{
    (void)n;
    begin_source(r, &ncm_config_last(r)->watch.metrics);
    return true;
}

static bool begin_alerts(struct ncm_config_reader *r, const struct ncm_node *n)
{
    (void)n;
    begin_source(r, &ncm_config_last(r)->watch.alerts);
    return true;
}

/* An address of a server, which such a part cannot be without. */
static bool end_source(struct ncm_config_reader *r, const struct ncm_node *n)
{
    if (n->kind == NCM_NODE_NULL) {
        return true;
    }
    if (*r->address == NULL) {
        return ncm_config_wrong_at(r, n, ncm_strdup(_("'url' is missing here")));
    }
    if (!ncm_uri_is_server(*r->address)) {
        return ncm_config_wrong_at(
            r, ncm_config_key_of(n, "url"),
            ncm_strdup(_("the address of a server is http(s)://HOST[:PORT][/PREFIX]")));
    }
    return ncm_config_login(r, n, "url");
}

/* ---- whoever is told ------------------------------------------------------------------------ */

/* The list that a webhook belongs to: of the context, or of the whole file. */
static struct ncm_webhook *add_webhook(struct ncm_webhook **list, size_t *n)
{
    *list = ncm_resize(*list, *n + 1, sizeof **list);
    struct ncm_webhook *w = &(*list)[(*n)++];
    *w = (struct ncm_webhook){.least = NCM_SEVERITY_WARNING};
    return w;
}

static void begin_webhook(struct ncm_config_reader *r, struct ncm_webhook *w)
{
    r->webhook = w;
    r->access = &w->access;
    r->address = &w->url;
}

static bool begin_own_webhook(struct ncm_config_reader *r, const struct ncm_node *n)
{
    (void)n;
    struct ncm_config_context *x = ncm_config_last(r);
    begin_webhook(r, add_webhook(&x->watch.webhooks, &x->watch.n_webhooks));
    x->n_own_webhooks = x->watch.n_webhooks;
    return true;
}

static bool begin_shared_webhook(struct ncm_config_reader *r, const struct ncm_node *n)
{
    (void)n;
    begin_webhook(r, add_webhook(&r->config->webhooks, &r->config->n_webhooks));
    return true;
}

static bool is_named(const struct ncm_webhook *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool end_webhook(struct ncm_config_reader *r, const struct ncm_node *n,
                        const struct ncm_webhook *list, size_t before)
{
    if (r->webhook->name == NULL) {
        return ncm_config_wrong_at(r, n, ncm_strdup(_("'name' is missing here")));
    }
    if (is_named(list, before, r->webhook->name)) {
        return ncm_config_wrong_at(r, ncm_config_key_of(n, "name"),
                                   ncm_sprintf(_("'%s' is there twice"), r->webhook->name));
    }
    if (ncm_node_get(n, "template") != NULL && ncm_node_get(n, "template-file") != NULL) {
        return ncm_config_wrong_at(
            r, ncm_node_get(n, "template-file"),
            ncm_sprintf(_("'%s' and '%s' are both there: one of them is enough"), "template",
                        "template-file"));
    }
    return end_source(r, n);
}

static bool end_own_webhook(struct ncm_config_reader *r, const struct ncm_node *n)
{
    const struct ncm_watch_plan *p = &ncm_config_last(r)->watch;
    return end_webhook(r, n, p->webhooks, p->n_webhooks - 1);
}

static bool end_shared_webhook(struct ncm_config_reader *r, const struct ncm_node *n)
{
    return end_webhook(r, n, r->config->webhooks, r->config->n_webhooks - 1);
}

void ncm_config_share_webhooks(struct ncm_config *c)
{
    for (size_t i = 0; i < c->n_contexts; i++) {
        struct ncm_watch_plan *p = &c->contexts[i].watch;
        for (size_t k = 0; k < c->n_webhooks; k++) {
            if (!is_named(p->webhooks, p->n_webhooks, c->webhooks[k].name)) {
                ncm_webhook_copy(add_webhook(&p->webhooks, &p->n_webhooks), &c->webhooks[k]);
            }
        }
    }
}

/* ---- models --------------------------------------------------------------------------------- */

static bool begin_model(struct ncm_config_reader *r, const struct ncm_node *n)
{
    r->model = n->key;
    return true;
}

/* ---- which row begins which part ------------------------------------------------------------ */

struct part {
    const char *path;
    bool (*begin)(struct ncm_config_reader *r, const struct ncm_node *n);
    bool (*end)(struct ncm_config_reader *r, const struct ncm_node *n);
};

static const struct part *part_of(const struct ncm_setting *row)
{
    static const struct part parts[] = {
        {"contexts.*", begin_context, NULL},
        {"contexts.*.tracking", begin_tracking, end_tracking},
        {"contexts.*.deployments", ncm_config_begin_deploy, ncm_config_end_deploy},
        {"contexts.*.metrics", begin_metrics, end_source},
        {"contexts.*.alerts", begin_alerts, end_source},
        {"contexts.*.models.*", begin_model, NULL},
        {"contexts.*.models.*.monitors", ncm_config_begin_monitor, ncm_config_end_monitor},
        {"contexts.*.notify", begin_own_webhook, end_own_webhook},
        {"notify", begin_shared_webhook, end_shared_webhook},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (strcmp(parts[i].path, row->path) == 0) {
            return &parts[i];
        }
    }
    return NULL;
}

bool ncm_config_begin(struct ncm_config_reader *r, const struct ncm_setting *row,
                      const struct ncm_node *n)
{
    const struct part *part = part_of(row);
    return part == NULL || part->begin(r, n);
}

bool ncm_config_end(struct ncm_config_reader *r, const struct ncm_setting *row,
                    const struct ncm_node *n)
{
    const struct part *part = part_of(row);
    if (part == NULL || part->end == NULL) {
        return true;
    }
    bool ok = part->end(r, n);
    r->access = NULL;
    r->address = NULL;
    r->monitor = NULL;
    r->webhook = NULL;
    r->deploy = NULL;
    return ok;
}
