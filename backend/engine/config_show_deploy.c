/* `config show`: where a context's models are served, in the file's own keys. */
#include <string.h>

#include "base/num.h"
#include "engine/config_show.h"

enum { SPAN = 32 };

/* Keys that are not set are left out. */
static void tell_texts(struct ncm_told *t, const struct ncm_deploy_source *d)
{
    const struct {
        const char *key, *value;
    } texts[] = {
        {"kubeconfig", d->kubeconfig},
        {"context", d->kube_context},
        {"selector", d->selector},
        {"protocol", d->protocol},
        {"model", d->model},
        {"served-name", d->served_name},
        {"health", d->health},
        {"ready", d->ready},
        {"info", d->info},
        {"version", d->version},
        {"reload", d->reload},
        {"reload-body", d->reload_body},
        {"traffic", d->traffic},
        {"group", d->group},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (texts[i].value != NULL) {
            ncm_told_text(t, texts[i].key, texts[i].value);
        }
    }
}

static void tell_cluster(struct ncm_told *t, const struct ncm_deploy_source *d)
{
    ncm_told_texts(t, "namespaces", d->namespaces, d->n_namespaces);
    ncm_told_flag(t, "probe", d->probe);
    ncm_told_flag(t, "read-only", d->read_only);
}

static void tell_endpoint(struct ncm_told *t, const struct ncm_deploy_source *d)
{
    char span[SPAN];
    ncm_told_uri(t, "url", d->url);
    if (d->metrics != NULL && strstr(d->metrics, "://") == NULL) {
        ncm_told_text(t, "metrics", d->metrics);
    } else {
        ncm_told_uri(t, "metrics", d->metrics);
    }
    ncm_told_uri(t, "management", d->management);
    if (d->test_path != NULL) {
        ncm_told_map(t, "test", false);
        ncm_told_text(t, "path", d->test_path);
        if (d->test_body != NULL) {
            ncm_told_text(t, "body", d->test_body);
        }
        ncm_told_end_map(t);
    }
    if (d->every_ms > 0) {
        ncm_told_text(t, "every", ncm_fmt_span(span, sizeof span, d->every_ms));
    }
    ncm_told_login(t, &d->access);
}

void ncm_told_deployments(struct ncm_told *t, const struct ncm_deploy_plan *p)
{
    if (p->n == 0) {
        return;
    }
    ncm_told_list(t, "deployments");
    for (size_t i = 0; i < p->n; i++) {
        const struct ncm_deploy_source *d = &p->items[i];
        bool http = d->type == NCM_DEPLOY_HTTP;
        ncm_told_item(t);
        ncm_told_text(t, "type", http ? "http" : "kubernetes");
        ncm_told_text(t, "name", d->name);
        tell_texts(t, d);
        if (http) {
            tell_endpoint(t, d);
        } else {
            tell_cluster(t, d);
        }
        ncm_told_end_item(t);
    }
    ncm_told_end_list(t);
}
