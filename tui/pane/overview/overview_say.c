/* What is said of one row, in sentences; and of sources that do not answer. */
#include "pane/overview/overview.h"

#include <stdio.h>
#include <string.h>

static bool said(const struct overview_sentence *s, size_t n, struct ncm_str text)
{
    for (size_t i = 0; i < n; i++) {
        if (ncm_str_eq(s[i].text, text)) {
            return true;
        }
    }
    return false;
}

static void add(struct overview_sentence *out, size_t *n, size_t max, enum ncm_severity severity,
                struct ncm_str text)
{
    if (*n < max && text.len > 0 && !said(out, *n, text)) {
        struct overview_sentence *s = &out[(*n)++]; /* text may be its own */
        s->role = common_severity_role(severity);
        s->sign = common_severity_sign(severity);
        s->text = text;
    }
}

/* Findings of one severity over all of its deployments. */
static void add_findings(const struct overview *o, const struct ncm_fleet_row *r,
                         enum ncm_severity severity, struct overview_sentence *out, size_t *n,
                         size_t max)
{
    for (size_t i = 0; i < r->n_deployments; i++) {
        const struct ncm_fleet_deployment *f = &o->fleet->deployments[r->deployments[i]];
        for (size_t k = 0; k < f->n_findings; k++) {
            bool fires = ncm_str_is(f->findings[k].kind, "alert"); /* said where it fires */
            bool other = ncm_str_is(f->findings[k].kind, "canary") && !r->canary_worse;
            if (f->findings[k].severity == severity && !fires && !other) {
                add(out, n, max, severity, f->findings[k].sentence);
            }
        }
    }
}

/* Of what is deployed a finding says it. */
static void add_drift(const struct overview *o, const struct ncm_fleet_row *r,
                      struct overview_sentence *out, size_t *n, size_t max)
{
    const struct ncm_drift_feature *f;
    char value[40], limit[40], age[40];

    if (*n == max || r->n_deployments > 0 || r->drift_state < NCM_DRIFT_WARNING ||
        overview_monitor(o, r, &f) == NULL) {
        return;
    }
    bool critical = r->drift_state == NCM_DRIFT_CRITICAL;
    struct overview_sentence *s = &out[*n];
    ncm_fmt_num(value, sizeof value, f->last, 3);
    ncm_fmt_num(limit, sizeof limit, critical ? f->critical : f->warning, 3);
    snprintf(s->own, sizeof s->own, _("%s of %s is %s, beyond %s for %s"),
             overview_clean(f->method, 24), overview_clean(f->name, 40), value, limit,
             common_since_text(age, sizeof age, f->since_ms));
    add(out, n, max, critical ? NCM_SEVERITY_CRITICAL : NCM_SEVERITY_WARNING,
        (struct ncm_str){s->own, strlen(s->own)});
}

size_t overview_sentences(const struct overview *o, const struct ncm_fleet_row *r,
                          struct overview_sentence *out, size_t max)
{
    size_t n = 0;
    bool bad = r->health >= NCM_HEALTH_DEGRADED;

    for (size_t i = 0; r->canary_worse && i < r->n_deployments; i++) {
        const struct ncm_fleet_deployment *f = &o->fleet->deployments[r->deployments[i]];
        bool fails = f->canary.errors == NCM_CANARY_WORSE;
        if (f->candidate != NULL) {
            add(out, &n, max, fails ? NCM_SEVERITY_CRITICAL : NCM_SEVERITY_WARNING, f->canary_says);
        }
    }
    add_findings(o, r, NCM_SEVERITY_CRITICAL, out, &n, max);
    if (n == 0 || r->n_deployments == 0) {
        add(out, &n, max, bad ? NCM_SEVERITY_CRITICAL : NCM_SEVERITY_WARNING, r->reason);
    }
    add_drift(o, r, out, &n, max);
    add_findings(o, r, NCM_SEVERITY_WARNING, out, &n, max);
    for (size_t i = 0; i < r->n_deployments; i++) {
        const struct ncm_fleet_deployment *f = &o->fleet->deployments[r->deployments[i]];
        if (f->compared) {
            add(out, &n, max, NCM_SEVERITY_INFO, f->canary_says);
        }
    }
    return n;
}

bool overview_source_text(const struct overview *o, size_t n, char *out, size_t outsz)
{
    for (size_t i = 0; i < o->n_sources; i++) {
        const struct overview_source *s = &o->sources[i];
        char age[40];
        if ((s->err == NULL && s->info.state < NCM_STALE) || n-- > 0) {
            continue;
        }
        if (s->info.age_ms < 0) {
            snprintf(out, outsz, _("%s does not answer"), s->name);
        } else if (s->err != NULL || s->info.state == NCM_OFFLINE) {
            snprintf(out, outsz, _("%s does not answer: its figures are %s old"), s->name,
                     ncm_fmt_age(age, sizeof age, s->info.age_ms < 1000 ? 1000 : s->info.age_ms));
        } else {
            snprintf(out, outsz, _("figures of %s are %s old"), s->name,
                     ncm_fmt_age(age, sizeof age, s->info.age_ms < 1000 ? 1000 : s->info.age_ms));
        }
        return true;
    }
    return false;
}
