#include "engine/watch_plan.h"

#include <string.h>

#include "base/mem.h"

void ncm_webhook_copy(struct ncm_webhook *to, const struct ncm_webhook *from)
{
    *to = *from;
    to->name = ncm_strdup(from->name);
    to->url = ncm_strdup(from->url);
    to->template = ncm_strdup(from->template);
    to->content_type = ncm_strdup(from->content_type);
    ncm_access_copy(&to->access, &from->access);
}

/* Whoever has the address of some webhooks may post there: it is wiped like a secret. */
void ncm_webhook_release(struct ncm_webhook *w)
{
    if (w->url != NULL) {
        explicit_bzero(w->url, strlen(w->url));
    }
    ncm_free(w->name);
    ncm_free(w->url);
    ncm_free(w->template);
    ncm_free(w->content_type);
    ncm_access_release(&w->access);
    *w = (struct ncm_webhook){0};
}

static void release_source(struct ncm_http_source *s)
{
    ncm_free(s->url);
    ncm_access_release(&s->access);
}

void ncm_watch_plan_release(struct ncm_watch_plan *p)
{
    for (size_t i = 0; i < p->n_monitors; i++) {
        ncm_monitor_release(&p->monitors[i]);
    }
    for (size_t i = 0; i < p->n_webhooks; i++) {
        ncm_webhook_release(&p->webhooks[i]);
    }
    release_source(&p->metrics);
    release_source(&p->alerts);
    ncm_free(p->monitors);
    ncm_free(p->webhooks);
    ncm_free(p->textfile);
    *p = (struct ncm_watch_plan){0};
}
