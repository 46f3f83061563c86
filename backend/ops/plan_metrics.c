/* Better or worse than who holds the place now: the metrics of the two source runs. */
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "ops/parts.h"

#define LINES_MOST 12

static const struct ncm_run_snapshot *load_run(struct ncm_planner *p,
                                               const struct ncm_model_version *v)
{
    const void *got = NULL;
    struct ncm_err ignored;
    if (v->run_id.len == 0) {
        return NULL;
    }
    struct ncm_query *q = ncm_query_run(v->run_id.p);
    if (!ncm_fetch_now(p->ctx, q, &got, &ignored)) {
        got = NULL;
    }
    ncm_query_free(q);
    return got;
}

static bool usual(const struct ncm_metric *m)
{
    return m != NULL && m->value.kind == NCM_V_NUMBER;
}

static void metric_line(struct ncm_plan *plan, const struct ncm_metric *was,
                        const struct ncm_metric *now, int direction)
{
    char from[64], to[64];
    bool up = now->value.num > was->value.num;
    enum ncm_plan_tone tone = direction == 0          ? NCM_TONE_NOTE
                              : up == (direction > 0) ? NCM_TONE_BETTER
                                                      : NCM_TONE_WORSE;
    const char *what = tone == NCM_TONE_BETTER  ? _("better")
                       : tone == NCM_TONE_WORSE ? _("worse")
                                                : _("differs");
    ncm_plan_line(plan, tone, now->key.p, what, ncm_fmt_num(from, sizeof from, was->value.num, 5),
                  ncm_fmt_num(to, sizeof to, now->value.num, 5));
}

static void compare(struct ncm_plan *plan, const struct ncm_run *was, const struct ncm_run *now,
                    const char *holder)
{
    size_t lines = 0, same = 0, more = 0;
    /* Metrics whose direction is known first: they decide. */
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < now->n_metrics; i++) {
            const struct ncm_metric *m = &now->metrics[i];
            const struct ncm_metric *o = ncm_run_metric(was, m->key.p);
            int direction = ncm_metric_direction(m->key.p);
            if (!usual(m) || !usual(o) || (direction == 0) != (pass == 1)) {
                continue;
            }
            if (!(m->value.num < o->value.num) && !(m->value.num > o->value.num)) {
                same++;
            } else if (lines == LINES_MOST) {
                more++;
            } else {
                lines++;
                metric_line(plan, o, m, direction);
            }
        }
    }
    if (more > 0) {
        ncm_plan_note(plan,
                      ngettext("%zu more metric differs from version %s",
                               "%zu more metrics differ from version %s", more),
                      more, holder);
    }
    if (lines == 0 && same > 0) {
        ncm_plan_note(plan, _("the metrics are those of version %s"), holder);
    } else if (lines == 0) {
        ncm_plan_note(plan, _("no metric in common with version %s"), holder);
    }
}

void ncm_plan_metrics(struct ncm_planner *p, const struct ncm_model_version *candidate,
                      const struct ncm_model_version *holder)
{
    if (holder == NULL || holder == candidate) {
        return;
    }
    const struct ncm_run_snapshot *was = load_run(p, holder);
    const struct ncm_run_snapshot *now = load_run(p, candidate);
    if (was == NULL || now == NULL) {
        ncm_plan_note(p->plan, _("no metrics to compare with version %s: a source run is missing"),
                      holder->version.p);
    } else {
        compare(p->plan, &was->run, &now->run, holder->version.p);
    }
    ncm_snapshot_unref(was);
    ncm_snapshot_unref(now);
}
