/* Everything that the watch of one context needs beside its tracking store, as the configuration
 * says it: monitors, where figures and alerts come from, who is told. */
#ifndef NCM_ENGINE_WATCH_PLAN_H
#define NCM_ENGINE_WATCH_PLAN_H

#include "io/access.h"
#include "model/alert.h"
#include "model/monitor.h"

/* Somebody who is told of alerts over HTTP. All strings owned. */
struct ncm_webhook {
    char *name;
    char *url;
    char *template;     /* text with {{rule}} {{state}} …; NULL: our JSON */
    char *content_type; /* NULL: application/json */
    enum ncm_severity least;
    struct ncm_access access;
};

/* An HTTP source: its address without user and password; url NULL: there is none. */
struct ncm_http_source {
    char *url;
    struct ncm_access access;
};

struct ncm_watch_plan {
    struct ncm_monitor *monitors;
    size_t n_monitors;
    struct ncm_http_source metrics, alerts; /* Prometheus, Alertmanager */
    struct ncm_webhook *webhooks;
    size_t n_webhooks;
    char *textfile; /* OpenMetrics text is written there after each round; NULL: nowhere */
};

void ncm_webhook_copy(struct ncm_webhook *to, const struct ncm_webhook *from);
void ncm_webhook_release(struct ncm_webhook *w);
/* Everything of it; it is empty then. */
void ncm_watch_plan_release(struct ncm_watch_plan *p);

#endif
