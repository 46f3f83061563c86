/* One deployment, with everything that is known of it, as a page for people. */
#include <math.h>
#include <string.h>

#include "deployments.h"
#include "out.h"

static void put(struct ncm_buf *out, struct ncm_str s)
{
    if (s.p == NULL) {
        ncm_buf_puts(out, cli_dash());
    } else {
        ncm_text_clean(out, ncm_cstr(s), s.len, NCM_CLEAN_LINE);
    }
}

/* "  NAME" in so many cells. */
static void put_padded(struct ncm_buf *out, struct ncm_str s, int cells)
{
    size_t before = out->len;
    put(out, s);
    int pad = cells - ncm_text_width(out->p + before);
    ncm_buf_printf(out, "%*s  ", pad > 0 ? pad : 0, "");
}

static struct ncm_str str_of(const char *s)
{
    return s != NULL && s[0] != '\0' ? (struct ncm_str){s, strlen(s)} : (struct ncm_str){NULL, 0};
}

static void line_text(struct ncm_buf *out, const char *label, const char *text)
{
    cli_line(out, label, str_of(text));
}

/* "v14 (label: ncmlops/model-version of the pod)". */
static void version_line(struct ncm_buf *out, const struct ncm_fleet_deployment *f)
{
    const struct ncm_claim *by = f->is.by;
    if (f->is.version.p == NULL) {
        line_text(out, _("version"), NULL);
        return;
    }
    char *text = by == NULL ? ncm_sprintf("v%s", ncm_cstr(f->is.version))
                            : ncm_sprintf("v%s (%s%s%s)", ncm_cstr(f->is.version),
                                          ncm_cstr(by->where), by->text.p != NULL ? ": " : "",
                                          by->text.p != NULL ? ncm_cstr(by->text) : "");
    line_text(out, _("version"), text);
    ncm_free(text);
}

static void count_text(char *out, size_t size, int n)
{
    if (n < 0) {
        snprintf(out, size, "%s", cli_dash());
    } else {
        snprintf(out, size, "%d", n);
    }
}

static void replicas_line(struct ncm_buf *out, const struct ncm_deployment *d)
{
    char ready[16], desired[16], updated[16], available[16];
    count_text(ready, sizeof ready, d->ready);
    count_text(desired, sizeof desired, d->desired);
    count_text(updated, sizeof updated, d->updated);
    count_text(available, sizeof available, d->available);
    char *text = ncm_sprintf(_("%s of %s ready, %s updated, %s available"), ready, desired, updated,
                             available);
    line_text(out, _("replicas"), text);
    ncm_free(text);
}

static void rates_lines(struct ncm_buf *out, const struct ncm_rates *r)
{
    char rps[32], p50[40], p95[40], p99[40], share[32];
    if (!r->known) {
        line_text(out, _("rates"), NULL);
        return;
    }
    char *text = ncm_sprintf(
        _("%s a second, %s %% errors, p50 %s, p95 %s, p99 %s (%s)"),
        cli_rps_text(rps, sizeof rps, r->rps), cli_percent_text(share, sizeof share, r->error_rate),
        cli_ms_text(p50, sizeof p50, r->p50_ms), cli_ms_text(p95, sizeof p95, r->p95_ms),
        cli_ms_text(p99, sizeof p99, r->p99_ms), ncm_cstr(r->source));
    line_text(out, _("rates"), text);
    ncm_free(text);
}

static void probe_lines(struct ncm_buf *out, const struct ncm_probe *p)
{
    static const char *const words[] = {N_("not known"), N_("no"), N_("yes")};
    char ms[40];
    if (!p->probed) {
        return;
    }
    char *text = ncm_sprintf(_("alive %s, ready %s, model ready %s, %s (%s)"),
                             _(words[1 + (p->alive > 0) - (p->alive < 0)]),
                             _(words[1 + (p->ready > 0) - (p->ready < 0)]),
                             _(words[1 + (p->model_ready > 0) - (p->model_ready < 0)]),
                             cli_ms_text(ms, sizeof ms, p->latency_ms),
                             p->protocol.p != NULL ? ncm_cstr(p->protocol) : cli_dash());
    line_text(out, _("server"), text);
    if (p->reason.p != NULL) {
        cli_line(out, "", p->reason);
    }
    ncm_free(text);
}

static void findings_lines(struct ncm_buf *out, const struct ncm_fleet_deployment *f)
{
    if (f->n_findings > 0) {
        ncm_buf_printf(out, "\n%s\n", _("Findings"));
    }
    for (size_t i = 0; i < f->n_findings; i++) {
        const struct ncm_deploy_finding *x = &f->findings[i];
        ncm_buf_printf(out, "  %-8s  ", ncm_severity_word(x->severity));
        put(out, x->sentence);
        if (x->evidence.p != NULL) {
            ncm_buf_puts(out, "\n            ");
            put(out, x->evidence);
        }
        ncm_buf_putc(out, '\n');
    }
}

static void traffic_lines(struct ncm_buf *out, const struct ncm_fleet_deployment *f)
{
    char percent[32], rps[32], p95[40], share[32];
    if (f->n_traffic > 0) {
        ncm_buf_printf(out, "\n%s\n", _("Traffic"));
    }
    for (size_t i = 0; i < f->n_traffic; i++) {
        const struct ncm_traffic *t = &f->traffic[i];
        ncm_buf_printf(out, "  %5s %%  ", cli_rps_text(percent, sizeof percent, t->percent));
        put_padded(out, t->target, 24);
        ncm_buf_puts(out, t->version.p != NULL ? "v" : "");
        put_padded(out, t->version, 5);
        ncm_buf_printf(out, "%-11s  ", ncm_health_word(t->health));
        if (t->rates.known) {
            ncm_buf_printf(out, _("%s a second, p95 %s, %s %% errors"),
                           cli_rps_text(rps, sizeof rps, t->rates.rps),
                           cli_ms_text(p95, sizeof p95, t->rates.p95_ms),
                           cli_percent_text(share, sizeof share, t->rates.error_rate));
        }
        ncm_buf_putc(out, '\n');
    }
    if (f->canary_says.p != NULL) {
        ncm_buf_puts(out, "  ");
        put(out, f->canary_says);
        ncm_buf_putc(out, '\n');
    }
}

static void replica_lines(struct ncm_buf *out, const struct ncm_deployment *d)
{
    if (d->n_replicas > 0) {
        ncm_buf_printf(out, "\n%s\n", _("Replicas"));
    }
    for (size_t i = 0; i < d->n_replicas; i++) {
        const struct ncm_replica *r = &d->replicas[i];
        ncm_buf_puts(out, "  ");
        put_padded(out, r->name, 40);
        put_padded(out, r->phase, 18);
        ncm_buf_printf(out,
                       r->restarts < 0
                           ? "%s"
                           : ngettext("%s%d restart", "%s%d restarts", (unsigned long)r->restarts),
                       r->ready ? "" : _("not ready, "), r->restarts);
        if (r->reason.p != NULL) {
            ncm_buf_puts(out, "  ");
            put(out, r->reason);
        }
        ncm_buf_putc(out, '\n');
    }
}

static void history_lines(struct ncm_buf *out, const struct ncm_deployment *d)
{
    char when[40];
    if (d->n_revisions > 0) {
        ncm_buf_printf(out, "\n%s\n", _("History"));
    }
    for (size_t i = 0; i < d->n_revisions; i++) {
        const struct ncm_revision *r = &d->revisions[i];
        ncm_buf_puts(out, "  ");
        put_padded(out, r->revision, 5);
        ncm_buf_puts(out, r->version.p != NULL ? "v" : "");
        put_padded(out, r->version, 6);
        ncm_buf_printf(out, "%s  ",
                       r->created_ms == NCM_NO_TIME
                           ? cli_dash()
                           : ncm_fmt_time(when, sizeof when, r->created_ms, true));
        put(out, r->image);
        ncm_buf_printf(out, "%s%s\n", r->wanted ? _("  wanted") : "",
                       r->serving ? _("  serving") : "");
    }
}

static void condition_lines(struct ncm_buf *out, const struct ncm_deployment *d)
{
    if (d->n_conditions > 0) {
        ncm_buf_printf(out, "\n%s\n", _("Conditions"));
    }
    for (size_t i = 0; i < d->n_conditions; i++) {
        const struct ncm_deploy_condition *c = &d->conditions[i];
        ncm_buf_puts(out, "  ");
        put_padded(out, c->type, 20);
        put_padded(out, c->status, 7);
        put_padded(out, c->reason, 24);
        put(out, c->message);
        ncm_buf_putc(out, '\n');
    }
}

static void event_lines(struct ncm_buf *out, const struct ncm_deployment *d)
{
    char when[40];
    if (d->n_events > 0) {
        ncm_buf_printf(out, "\n%s\n", _("Events"));
    }
    for (size_t i = 0; i < d->n_events; i++) {
        const struct ncm_deploy_event *e = &d->events[i];
        ncm_buf_printf(out, "  %s  %s ",
                       e->time_ms == NCM_NO_TIME
                           ? cli_dash()
                           : ncm_fmt_time(when, sizeof when, e->time_ms, true),
                       e->warning ? "!" : " ");
        put_padded(out, e->reason, 20);
        put_padded(out, e->object, 24);
        put(out, e->message);
        if (e->count > 1) {
            ncm_buf_printf(out, " (×%d)", e->count);
        }
        ncm_buf_putc(out, '\n');
    }
}

static void head_lines(struct ncm_buf *out, const struct ncm_fleet_deployment *f)
{
    const struct ncm_deployment *d = f->it;
    char *ref = ncm_deployment_ref(d);
    line_text(out, _("deployment"), ref);
    ncm_free(ref);
    cli_line(out, _("kind"), d->kind);
    line_text(out, _("health"), ncm_health_word(f->health));
    cli_line(out, _("reason"), d->reason);
    cli_line(out, _("model"), f->is.model);
    version_line(out, f);
    replicas_line(out, d);
    rates_lines(out, &f->rates);
    probe_lines(out, &d->probe);
    cli_line(out, _("revision"), d->revision);
    cli_line(out, _("image"), d->image);
    if (d->serving_image.p != NULL && !ncm_str_eq(d->serving_image, d->image)) {
        cli_line(out, _("serving image"), d->serving_image);
    }
    cli_line(out, _("strategy"), d->strategy);
    cli_line(out, _("endpoint"), d->endpoint);
    if (d->autoscaler.there) {
        cli_line(out, _("autoscaler"),
                 d->autoscaler.why.p != NULL ? d->autoscaler.why : d->autoscaler.name);
    }
    if (d->managed_by.p != NULL) {
        cli_line(out, _("managed by"), d->managed_by);
    }
    if (d->schedule.p != NULL) {
        cli_line(out, _("schedule"), d->schedule);
        cli_line_time(out, _("last run"), d->last_run_ms);
        cli_line_time(out, _("next run"), d->next_run_ms);
    }
    cli_line_time(out, _("created"), d->created_ms);
}

static void show_text(struct ncm_buf *out, const void *item)
{
    const struct ncm_fleet_deployment *f = item;
    head_lines(out, f);
    findings_lines(out, f);
    traffic_lines(out, f);
    replica_lines(out, f->it);
    history_lines(out, f->it);
    condition_lines(out, f->it);
    event_lines(out, f->it);
}

bool cli_deployment_show(struct cli *c, struct ncm_err *err)
{
    struct ncm_fleet_feed *feed =
        cli_fleet(c, NCM_FLEET_DEPLOYMENTS | NCM_FLEET_REGISTRY | NCM_FLEET_RATES, err);
    if (feed == NULL) {
        return false;
    }
    const struct ncm_fleet_deployment *d =
        cli_fleet_find(c, ncm_fleet_feed_get(feed), c->words[0], err);
    bool ok = d != NULL;
    if (ok) {
        const struct cli_object o = {d, cli_deployment_show_json, show_text};
        ok = cli_print_object(c, &o, err);
        c->status = cli_flag(c, "exit-code") && d->health >= NCM_HEALTH_DEGRADED ? 10 : 0;
    }
    ncm_fleet_feed_close(feed);
    return ok;
}
