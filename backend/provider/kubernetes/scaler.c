/* What the autoscaler wants, and why, in a sentence. */
#include <math.h>

#include "base/i18n.h"
#include "provider/kubernetes/scene.h"

static const struct k8s_condition *condition(const struct k8s_hpa *h, const char *type,
                                             const char *status)
{
    const struct k8s_condition *c = k8s_condition_find(&h->conditions, type);
    return c != NULL && ncm_str_is(c->it.status, status) ? c : NULL;
}

/* "cpu 150 % of 60 %". */
static struct ncm_str metric_words(struct ncm_arena *a, const struct k8s_metric *m)
{
    char now[32], target[32];
    const char *unit = m->percent ? " %" : "";
    ncm_fmt_num(target, sizeof target, m->target, 4);
    if (isnan(m->current)) {
        /* TR: a metric that an autoscaler watches and its target: "cpu unknown, target 60 %" */
        return k8s_say(a, _("%s unknown, target %s%s"), ncm_cstr(m->name), target, unit);
    }
    ncm_fmt_num(now, sizeof now, m->current, 4);
    /* TR: a metric, what it is, its target: "cpu 150 % of 60 %" */
    return k8s_say(a, _("%s %s%s of %s%s"), ncm_cstr(m->name), now, unit, target, unit);
}

/* The one that is furthest beyond its target: it decides. */
static const struct k8s_metric *deciding(const struct k8s_hpa *h)
{
    const struct k8s_metric *most = NULL;
    double ratio = 0.0;
    for (size_t i = 0; i < h->n_metrics; i++) {
        const struct k8s_metric *m = &h->metrics[i];
        double r =
            isnan(m->current) || isnan(m->target) || m->target <= 0 ? -1.0 : m->current / m->target;
        if (most == NULL || r > ratio) {
            most = m;
            ratio = r;
        }
    }
    return most;
}

void k8s_fill_scaler(const struct k8s_unit *u, struct ncm_arena *a, struct ncm_autoscaler *out)
{
    const struct k8s_hpa *h = u->hpa;
    if (h == NULL) {
        return;
    }
    const struct k8s_condition *blind = condition(h, "ScalingActive", "False");
    const struct k8s_condition *unable = condition(h, "AbleToScale", "False");
    const struct k8s_condition *limited = condition(h, "ScalingLimited", "True");
    const struct k8s_metric *m = deciding(h);
    out->there = true;
    out->name = ncm_arena_copy(a, h->head.o.name);
    out->min = h->min;
    out->max = h->max;
    out->current = h->current;
    out->blind =
        (blind != NULL && !ncm_str_is(blind->it.reason, "ScalingDisabled")) || unable != NULL;
    out->limited = limited != NULL && !out->blind;
    out->desired =
        out->blind || (blind != NULL) || (h->desired == 0 && h->min > 0) ? -1 : h->desired;
    if (blind != NULL && ncm_str_is(blind->it.reason, "ScalingDisabled")) {
        out->why = k8s_say(a, "%s", _("switched off while the deployment has no replicas"));
    } else if (out->blind) {
        const struct k8s_condition *why = blind != NULL ? blind : unable;
        /* TR: an autoscaler; %s: the API's own words */
        out->why = k8s_say(a, _("cannot tell: %s: %s"), ncm_cstr(why->it.reason),
                           ncm_cstr(why->it.message));
    } else if (m == NULL) {
        out->why = k8s_say(a, _("wants %d"), h->desired);
    } else {
        struct ncm_str words = metric_words(a, m);
        if (limited != NULL && ncm_str_is(limited->it.reason, "TooManyReplicas")) {
            /* TR: "cpu 150 % of 60 %: wants more than its most, 6" */
            out->why = k8s_say(a, _("%s: wants more than its most, %d"), words.p, h->max);
        } else if (limited != NULL && ncm_str_is(limited->it.reason, "TooFewReplicas")) {
            out->why = k8s_say(a, _("%s: wants fewer than its least, %d"), words.p, h->min);
        } else {
            out->why = k8s_say(a, _("%s: wants %d"), words.p, h->desired);
        }
    }
}
