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
        out[(*n)++] = (struct overview_sentence){common_severity_role(severity),
                                                 common_severity_sign(severity), text};
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
            if (f->findings[k].severity == severity) {
                add(out, n, max, severity, f->findings[k].sentence);
            }
        }
    }
}

size_t overview_sentences(const struct overview *o, const struct ncm_fleet_row *r,
                          struct overview_sentence *out, size_t max)
{
    size_t n = 0;
    bool bad = r->health >= NCM_HEALTH_DEGRADED;

    add_findings(o, r, NCM_SEVERITY_CRITICAL, out, &n, max);
    for (size_t i = 0; i < r->n_deployments; i++) {
        const struct ncm_fleet_deployment *f = &o->fleet->deployments[r->deployments[i]];
        if (f->compared && f->canary.all == NCM_CANARY_WORSE) {
            add(out, &n, max, NCM_SEVERITY_CRITICAL, f->canary_says);
        }
    }
    if (n == 0 || r->n_deployments == 0) {
        add(out, &n, max, bad ? NCM_SEVERITY_CRITICAL : NCM_SEVERITY_WARNING, r->reason);
    }
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
