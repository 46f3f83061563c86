/* Sources of deployments that are plain HTTP endpoints. */
#include "base/mem.h"
#include "ops/deploy/sources.h"
#include "provider/endpoint/endpoint.h"

const struct ncm_provider *ncm_endpoints_provider(void)
{
    return &ncm_endpoint;
}

static struct ncm_endpoint_of endpoint_of(const struct ncm_deploy_source *d)
{
    struct ncm_endpoint_of e = {
        .name = d->name,
        .url = d->url,
        .access = &d->access,
        .probe =
            {
                .model = d->model,
                .served_name = d->served_name,
                .health = d->health,
                .ready = d->ready,
                .info = d->info,
                .version = d->version,
                .test_path = d->test_path,
                .test_body = d->test_body,
            },
        .metrics = d->metrics,
        .management = d->management,
        .reload = d->reload,
        .reload_body = d->reload_body,
        .traffic = d->traffic,
        .group = d->group,
        .every_ms = d->every_ms,
    };
    if (d->protocol == NULL || !ncm_protocol_of(d->protocol, &e.probe.protocol)) {
        e.probe.protocol = NCM_PROTOCOL_AUTO;
    }
    return e;
}

const void *ncm_endpoints_setup(struct ncm_session *s, const struct ncm_deploy_plan *p)
{
    struct ncm_endpoint_of *list = ncm_alloc(p->n, sizeof *list);
    struct ncm_endpoint_setup *setup = ncm_alloc(1, sizeof *setup);
    *setup = (struct ncm_endpoint_setup){.source = "http", .endpoints = list};
    for (size_t i = 0; i < p->n; i++) {
        if (p->items[i].type == NCM_DEPLOY_HTTP) {
            list[setup->n++] = endpoint_of(&p->items[i]);
        }
    }
    ncm_session_keep(s, list, ncm_free);
    ncm_session_keep(s, setup, ncm_free);
    return setup;
}
