/* What is said of one deployment, part by part; the list's panel and the detail say the same. */
#include "pane/deploy/deploy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void deploy_say_findings(struct flow *f, const struct ncm_fleet_deployment *x, size_t max)
{
    for (size_t i = 0; i < x->n_findings && i < max; i++) {
        const struct ncm_deploy_finding *g = &x->findings[i];
        flow_signed(f, common_severity_role(g->severity), common_severity_sign(g->severity),
                    deploy_clean(g->sentence, 500));
        if (g->evidence.len > 0 && !ncm_str_eq(g->evidence, g->sentence)) {
            flow_text(f, 3, ROLE_DIM, deploy_clean(g->evidence, 400));
        }
    }
    if (x->n_findings > max) {
        char more[80];
        snprintf(more, sizeof more, _("and %zu more"), x->n_findings - max);
        flow_text(f, 3, ROLE_DIM, more);
    }
    if (x->n_findings > 0) {
        return;
    }
    if (x->it->reason.len > 0 && x->health != NCM_HEALTH_HEALTHY) {
        flow_signed(f, common_health_role(x->health), common_health_sign(x->health),
                    deploy_clean(x->it->reason, 500));
    } else {
        flow_signed(f, ROLE_OK, sign(SIGN_CHECK), _("nothing to report"));
    }
}

/* "by the URI in env MODEL_URI of server: models:/churn/14". */
static void claim_text(const struct ncm_claim *c, char *out, size_t outsz)
{
    static const char *const by[] = {"–",
                                     N_("our label"),
                                     N_("a models:/ URI"),
                                     N_("a run"),
                                     N_("a storage path"),
                                     N_("the image"),
                                     N_("a common label"),
                                     N_("the configuration"),
                                     N_("the server's own answer")};
    snprintf(out, outsz, "%s%s%s%s%s", _(by[c->rule]), c->where.len > 0 ? " · " : "",
             deploy_clean(c->where, 60), c->text.len > 0 ? ": " : "", deploy_clean(c->text, 120));
}

void deploy_say_version(struct flow *f, const struct ncm_fleet_deployment *x)
{
    char text[800], version[160];

    if (x->is.version.len == 0) {
        flow_signed(f, ROLE_DIM, "?",
                    _("Nothing says which model version runs: no label, URI, path or image tag "
                      "names one."));
        return;
    }
    if (x->is.model.len > 0) {
        snprintf(text, sizeof text, "%s %s%s", deploy_clean(x->is.model, 60),
                 common_version_text(version, sizeof version, x->is.version, 40),
                 x->is.guess ? _(" (a guess)") : "");
    } else {
        common_version_text(text, sizeof text, x->is.version, 40);
    }
    flow_pairf(f, _("runs"), x->is.guess ? ROLE_WARN : ROLE_TEXT, text);
    if (x->is.by != NULL) {
        claim_text(x->is.by, text, sizeof text);
        flow_pairf(f, _("known by"), ROLE_DIM, text);
    }
    if (x->is.alias_moved) {
        flow_pairf(f, _("but"), ROLE_WARN, _("its alias points to another version since it began"));
    }
    if (x->is.against != NULL) {
        char claim[600];
        claim_text(x->is.against, claim, sizeof claim);
        snprintf(text, sizeof text, _("%s says %s"), claim,
                 common_version_text(version, sizeof version, x->is.against_version, 40));
        flow_pairf(f, _("but"), ROLE_FAIL, text);
    }
    struct ncm_str wanted = deploy_wanted(x);
    if (wanted.len > 0) {
        const struct ncm_claim *by = x->it->wanted;
        while (!ncm_str_eq(by->version, wanted)) {
            by++;
        }
        claim_text(by, text, sizeof text);
        char whole[1000];
        snprintf(whole, sizeof whole, "%s · %s",
                 common_version_text(version, sizeof version, wanted, 40), text);
        flow_pairf(f, _("wanted"), ROLE_RUN, whole);
    }
}

static void traffic_row(struct flow *f, const struct ncm_traffic *t, enum role role)
{
    char percent[40], version[80], rps[40], p95[60], errors[40], text[400], name[160];
    int bar = f->c.w >= 60 ? 12 : 6;

    common_percent_text(percent, sizeof percent, t->percent);
    common_version_text(version, sizeof version, t->version, 10);
    int name_w = f->c.w - bar - 34 > 6 ? f->c.w - bar - 34 : 6;
    name_w = name_w > 28 ? 28 : name_w;
    ncm_text_clip_middle(name, sizeof name, ncm_cstr(t->target), t->target.len, name_w);
    if (f->y >= 0 && f->y < f->c.h) {
        paint(&f->c, f->y, 1, common_health_role(t->health), 0, common_health_sign(t->health));
        paint(&f->c, f->y, 3, ROLE_TEXT, t->stable ? 0 : ATTR_BOLD, name);
        int x = 3 + name_w + 1;
        common_bar_paint(&f->c, f->y, x, bar, t->percent / 100, role);
        x += bar + 1;
        paint_cut(&f->c, f->y, x, 6, 1, ROLE_TEXT, 0, percent);
        snprintf(text, sizeof text, "%s  %s", version, t->stable ? _("stable") : _("candidate"));
        paint_cut(&f->c, f->y, x + 8, f->c.w - x - 9, 0, ROLE_DIM, 0, text);
    }
    f->y++;
    if (t->rates.known) {
        common_rps_text(rps, sizeof rps, t->rates.rps);
        common_latency_text(p95, sizeof p95, t->rates.p95_ms, t->rates.p95_beyond);
        common_errors_text(errors, sizeof errors, t->rates.error_rate);
        snprintf(text, sizeof text, _("%s requests/s · p95 %s · errors %s %%"), rps, p95, errors);
        flow_text(f, 3, ROLE_DIM, text);
    }
}

void deploy_say_traffic(struct flow *f, const struct ncm_fleet_deployment *x)
{
    struct ncm_traffic t[16];
    size_t n = deploy_targets(x, t, 16);

    for (size_t i = 0; i < n; i++) {
        traffic_row(f, &t[i], (enum role)((int)ROLE_SERIES1 + (int)(i % 7)));
    }
    if (x->n_traffic == 0 && x->it->services.len > 0) {
        flow_pair(f, _("behind"), ROLE_TEXT, x->it->services);
    }
    if (x->canary_says.len > 0) {
        enum ncm_canary_verdict v = x->compared ? x->canary.all : NCM_CANARY_NO_DATA;
        flow_signed(f,
                    v == NCM_CANARY_WORSE    ? ROLE_WORSE
                    : v == NCM_CANARY_BETTER ? ROLE_BETTER
                                             : ROLE_DIM,
                    sign(v == NCM_CANARY_WORSE                            ? SIGN_WARN
                         : v == NCM_CANARY_BETTER || v == NCM_CANARY_SAME ? SIGN_CHECK
                                                                          : SIGN_DOT),
                    deploy_clean(x->canary_says, 500));
    }
}

void deploy_say_replicas(struct flow *f, const struct ncm_deployment *x, size_t max)
{
    char name[200], text[200], age[40];

    for (size_t i = 0; i < x->n_replicas && i < max; i++, f->y++) {
        const struct ncm_replica *r = &x->replicas[i];
        if (f->y < 0 || f->y >= f->c.h) {
            continue;
        }
        int w = f->c.w - 4, name_w = w > 60 ? w / 2 : w - 24 > 8 ? w - 24 : 8;
        ncm_text_clip_middle(name, sizeof name, ncm_cstr(r->name), r->name.len, name_w);
        paint(&f->c, f->y, 1, common_replica_role(r), 0, common_replica_sign(r));
        paint(&f->c, f->y, 3, r->terminating ? ROLE_DIM : ROLE_TEXT, 0, name);
        common_since_text(age, sizeof age, r->created_ms);
        if (r->restarts > 0) {
            snprintf(text, sizeof text, _("%s, restarts: %d, %s"), deploy_clean(r->phase, 24),
                     r->restarts, age);
        } else {
            snprintf(text, sizeof text, "%s, %s", deploy_clean(r->phase, 24), age);
        }
        paint_cut(&f->c, f->y, 4 + name_w, f->c.w - name_w - 5, 0, r->bad ? ROLE_FAIL : ROLE_DIM, 0,
                  text);
    }
    if (x->n_replicas > max) {
        snprintf(text, sizeof text, _("and %zu more"), x->n_replicas - max);
        flow_text(f, 3, ROLE_DIM, text);
    }
}

static void answer(char *out, size_t outsz, size_t *used, int is, const char *yes, const char *no)
{
    if (is >= 0 && *used < outsz) {
        int w = snprintf(out + *used, outsz - *used, "%s%s", *used > 0 ? " · " : "", is ? yes : no);
        *used += w > 0 ? (size_t)w : 0;
    }
}

void deploy_say_server(struct flow *f, const struct ncm_deployment *x)
{
    const struct ncm_probe *p = &x->probe;
    char text[400], took[40], ago[40];
    size_t used = 0;

    if (!p->probed) {
        return;
    }
    text[0] = '\0';
    answer(text, sizeof text, &used, p->alive, _("alive"), _("does not answer"));
    answer(text, sizeof text, &used, p->ready, _("ready"), _("not ready"));
    answer(text, sizeof text, &used, p->model_ready, _("model loaded"), _("model not loaded"));
    bool bad = p->alive == 0 || p->ready == 0 || p->model_ready == 0;
    flow_pairf(f, _("says"), bad ? ROLE_FAIL : ROLE_OK,
               used > 0 ? text : _("nothing that tells its state"));
    flow_pair(f, _("because"), ROLE_FAIL, p->reason);
    common_latency_text(took, sizeof took, p->latency_ms, false);
    common_ago_text(ago, sizeof ago, p->at_ms);
    snprintf(text, sizeof text, _("%s, answered in %s, asked %s"), deploy_clean(p->protocol, 20),
             took, ago);
    flow_pairf(f, _("protocol"), ROLE_DIM, text);
    flow_pair(f, _("its version"), ROLE_TEXT, p->answered);
    if (p->test_request.len > 0) {
        flow_pair(f, _("test request"), ROLE_DIM, p->test_request);
        common_latency_text(took, sizeof took, p->test_ms, false);
        bool ok = p->test_status >= 200 && p->test_status < 300;
        if (p->test_status > 0) {
            snprintf(text, sizeof text, "HTTP %d, %s: %s", p->test_status, took,
                     deploy_clean(p->test_answer, 120));
            flow_pairf(f, _("its answer"), ok ? ROLE_TEXT : ROLE_FAIL, text);
        } else {
            snprintf(text, sizeof text, _("not asked yet: %s asks"), keymap_label(A_REFRESH));
            flow_pairf(f, _("its answer"), ROLE_DIM, text);
        }
    }
}

void deploy_say_autoscaler(struct flow *f, const struct ncm_deployment *x)
{
    const struct ncm_autoscaler *a = &x->autoscaler;
    char text[400], wants[40];

    if (!a->there) {
        return;
    }
    snprintf(wants, sizeof wants, "%d", a->desired);
    snprintf(text, sizeof text, _("%d to %d replicas, now %d, wants %s%s"), a->min, a->max,
             a->current, a->desired < 0 ? sign(SIGN_DASH) : wants,
             a->limited ? _(" (at its limit)") : "");
    flow_pairf(f, _("autoscaler"), a->blind ? ROLE_WARN : ROLE_TEXT, text);
    flow_pair(f, _("why"), a->blind ? ROLE_WARN : ROLE_DIM, a->why);
}
