#include "engine/watch_plan.h"

#include "base/mem.h"

void ncm_watch_plan_release(struct ncm_watch_plan *p)
{
    for (size_t i = 0; i < p->n_monitors; i++) {
        ncm_monitor_release(&p->monitors[i]);
    }
    for (size_t i = 0; i < p->n_webhooks; i++) {
        struct ncm_webhook *w = &p->webhooks[i];
        ncm_free(w->name);
        ncm_free(w->url);
        ncm_free(w->template);
        ncm_free(w->content_type);
        ncm_access_release(&w->access);
    }
    ncm_free(p->monitors);
    ncm_free(p->webhooks);
    ncm_free(p->metrics.url);
    ncm_free(p->alerts.url);
    ncm_access_release(&p->metrics.access);
    ncm_access_release(&p->alerts.access);
    ncm_free(p->textfile);
    *p = (struct ncm_watch_plan){0};
}
