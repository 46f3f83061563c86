#include "engine/deploy_plan.h"

#include <string.h>

#include "base/mem.h"

void ncm_deploy_source_release(struct ncm_deploy_source *s)
{
    char *texts[] = {s->name,    s->kubeconfig, s->kube_context, s->selector,   s->url,
                     s->protocol, s->model,     s->served_name,  s->health,     s->ready,
                     s->info,    s->version,    s->metrics,      s->management, s->reload,
                     s->reload_body, s->traffic, s->test_path,   s->test_body,  s->group};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ncm_free(texts[i]);
    }
    for (size_t i = 0; i < s->n_namespaces; i++) {
        ncm_free(s->namespaces[i]);
    }
    ncm_free(s->namespaces);
    ncm_access_release(&s->access);
    memset(s, 0, sizeof *s);
}

void ncm_deploy_plan_release(struct ncm_deploy_plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        ncm_deploy_source_release(&p->items[i]);
    }
    ncm_free(p->items);
    *p = (struct ncm_deploy_plan){0};
}
