/* The first part of a deployment: what is wrong, what runs, what the server says, what it is. */
#include "pane/deploy/deploy.h"

#include <stdio.h>
#include <string.h>

static void say_conditions(struct flow *f, const struct ncm_deployment *x)
{
    char text[900], ago[40];

    for (size_t i = 0; i < x->n_conditions; i++) {
        const struct ncm_deploy_condition *k = &x->conditions[i];
        common_since_text(ago, sizeof ago, k->since_ms);
        snprintf(text, sizeof text, "%s %s · %s%s%s%s%s", deploy_clean(k->type, 40),
                 deploy_clean(k->status, 10), ago, k->reason.len > 0 ? " · " : "",
                 deploy_clean(k->reason, 60), k->message.len > 0 ? ": " : "",
                 deploy_clean(k->message, 200));
        flow_text(f, 1, ROLE_DIM, text);
    }
}

static void say_about(struct flow *f, const struct ncm_deployment *x)
{
    char text[200], age[40];

    flow_pair(f, _("image"), ROLE_TEXT, x->image);
    if (!ncm_str_eq(x->image, x->serving_image)) {
        flow_pair(f, _("serving"), ROLE_TEXT, x->serving_image);
    }
    flow_pair(f, _("endpoint"), ROLE_TEXT, x->endpoint);
    flow_pair(f, _("services"), ROLE_TEXT, x->services);
    flow_pair(f, _("strategy"), ROLE_TEXT, x->strategy);
    flow_pair(f, _("cluster"), ROLE_TEXT, x->cluster);
    flow_pair(f, _("managed by"), ROLE_WARN, x->managed_by);
    flow_pair(f, _("schedule"), ROLE_TEXT, x->schedule);
    if (x->last_run_ms != NCM_NO_TIME) {
        ncm_fmt_time(text, sizeof text, x->last_run_ms, false);
        flow_pairf(f, _("last run"), ROLE_TEXT, text);
    }
    if (x->next_run_ms != NCM_NO_TIME) {
        ncm_fmt_time(text, sizeof text, x->next_run_ms, false);
        flow_pairf(f, _("next run"), ROLE_TEXT, text);
    }
    if (x->created_ms != NCM_NO_TIME) {
        char when[40];
        snprintf(text, sizeof text, "%s (%s)",
                 ncm_fmt_time(when, sizeof when, x->created_ms, false),
                 common_ago_text(age, sizeof age, x->created_ms));
        flow_pairf(f, _("created"), ROLE_TEXT, text);
    }
    flow_pair(f, _("not allowed"), ROLE_WARN, x->why_not);
}

/* traffic: also how it is split; false where that stands beside it. */
static void say_all(struct flow *f, const struct ncm_fleet_deployment *x, bool traffic)
{
    flow_head(f, _("Findings"), NULL);
    deploy_say_findings(f, x, 20);
    flow_gap(f);
    flow_head(f, _("Version"), NULL);
    deploy_say_version(f, x);
    if (x->it->probe.probed) {
        flow_gap(f);
        flow_head(f, _("Server"), NULL);
        deploy_say_server(f, x->it);
    }
    if (traffic && x->n_traffic > 1) {
        flow_gap(f);
        flow_head(f, _("Traffic"), NULL);
        deploy_say_traffic(f, x);
    }
    if (x->it->autoscaler.there) {
        flow_gap(f);
        flow_head(f, _("Autoscaler"), NULL);
        deploy_say_autoscaler(f, x->it);
    }
    flow_gap(f);
    flow_head(f, _("About"), NULL);
    say_about(f, x->it);
    if (x->it->n_conditions > 0) {
        flow_gap(f);
        flow_head(f, _("Conditions"), NULL);
        say_conditions(f, x->it);
    }
}

/* On a wide screen: what moves, beside what it is. */
static void draw_beside(const struct ncm_fleet_deployment *x, const struct canvas *c)
{
    struct flow f = flow_begin(c, 0);

    if (x->n_traffic > 1) {
        flow_head(&f, _("Traffic"), deploy_clean(x->it->traffic_by, 20));
        deploy_say_traffic(&f, x);
        flow_gap(&f);
    }
    flow_head(&f, _("Rollout"), NULL);
    deploy_say_rollout(&f, x);
}

void deploy_draw_overview(struct deploy *d, const struct canvas *c)
{
    const struct ncm_fleet_deployment *x = deploy_selected(d);
    bool beside = c->w >= 150 && (x->it->n_replicas > 0 || x->it->n_revisions > 0);
    int right = beside ? c->w / 2 : 0;
    struct canvas left = canvas_part(c, 0, 0, -1, beside ? c->w - right - 1 : -1);
    struct flow f = flow_begin(&left, d->scrolled);

    say_all(&f, x, !beside);
    if (beside) {
        struct canvas part = canvas_part(c, 0, c->w - right, -1, -1);
        paint_vline(c, 0, c->w - right - 1, c->h, ROLE_BORDER);
        draw_beside(x, &part);
    }
    int total = f.y + d->scrolled;
    d->scroll_max = total > c->h ? total - c->h : 0;
    if (d->scrolled > d->scroll_max) {
        d->scrolled = d->scroll_max;
    }
}
