/* Who gets how much of the traffic and how well each answers: the stable one and its candidate side
 * by side, and in a sentence what that comes to. */
#include "pane/deploy/deploy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_TARGETS 32

enum figure {
    F_VERSION,
    F_HEALTH,
    F_PERCENT,
    F_READY,
    F_RPS,
    F_REQUESTS,
    F_ERRORS,
    F_P50,
    F_P95,
    F_P99,
    N_FIGURES
};

static const char *figure_label(enum figure i)
{
    static const char *const labels[N_FIGURES] = {
        N_("version"),  N_("health"), N_("traffic"), N_("ready"), N_("requests/s"),
        N_("requests"), N_("errors"), N_("p50"),     N_("p95"),   N_("p99")};
    return _(labels[i]);
}

static enum role figure_text(const struct ncm_traffic *t, enum figure i, char *out, size_t outsz)
{
    const struct ncm_rates *r = &t->rates;
    char number[60], count[60];

    switch (i) {
    case F_VERSION:
        common_version_text(out, outsz, t->version, 24);
        return t->version.len > 0 ? ROLE_TEXT : ROLE_DIM;
    case F_HEALTH:
        common_health_text(out, outsz, t->health);
        return common_health_role(t->health);
    case F_PERCENT:
        common_percent_text(out, outsz, t->percent);
        return isnan(t->percent) ? ROLE_DIM : ROLE_TEXT;
    case F_READY:
        snprintf(out, outsz, t->ready >= 0 ? "%d" : "–", t->ready);
        return t->ready > 0 ? ROLE_TEXT : ROLE_DIM;
    case F_RPS:
        common_rps_text(out, outsz, r->rps);
        return isnan(r->rps) ? ROLE_DIM : ROLE_TEXT;
    case F_REQUESTS:
        if (isnan(r->requests)) {
            snprintf(out, outsz, "%s", sign(SIGN_DASH));
            return ROLE_DIM;
        }
        ncm_fmt_count(out, outsz, (int64_t)(r->requests + 0.5));
        return ROLE_TEXT;
    case F_ERRORS:
        if (isnan(r->error_rate)) {
            snprintf(out, outsz, "%s", sign(SIGN_DASH));
            return ROLE_DIM;
        }
        common_errors_text(number, sizeof number, r->error_rate);
        ncm_fmt_count(count, sizeof count, (int64_t)(r->errors + 0.5));
        snprintf(out, outsz, "%s %% (%s)", number, count);
        return common_errors_role(r->error_rate);
    case F_P50:
        common_latency_text(out, outsz, r->p50_ms, false);
        return isnan(r->p50_ms) ? ROLE_DIM : ROLE_TEXT;
    case F_P95:
        common_latency_text(out, outsz, r->p95_ms, r->p95_beyond);
        return isnan(r->p95_ms) ? ROLE_DIM : ROLE_TEXT;
    case F_P99:
        common_latency_text(out, outsz, r->p99_ms, false);
        return isnan(r->p99_ms) ? ROLE_DIM : ROLE_TEXT;
    case N_FIGURES:
        break;
    }
    return ROLE_TEXT;
}

/* One column a target; those that have no room are said. */
static void say_table(struct flow *f, const struct ncm_traffic *t, size_t n)
{
    char text[200];
    int label = 13, room = f->c.w - label - 3;
    size_t shown = n;
    int w = (int)((size_t)room / (n > 0 ? n : 1));

    w = w > 30 ? 30 : w;
    while (w < 16 && shown > 1) {
        shown--;
        w = room / (int)shown;
    }
    for (int row = -1; row < N_FIGURES; row++, f->y++) {
        if (f->y < 0 || f->y >= f->c.h) {
            continue;
        }
        if (row >= 0) {
            paint_cut(&f->c, f->y, 1, label, 0, ROLE_DIM, 0, figure_label((enum figure)row));
        }
        for (size_t i = 0; i < shown; i++) {
            int x = label + 3 + (int)i * w;
            if (row < 0) {
                paint_cut(&f->c, f->y, x, w - 2, 0, ROLE_HEAD, t[i].stable ? 0 : ATTR_BOLD,
                          deploy_clean(t[i].target, w - 3));
                continue;
            }
            enum role role = figure_text(&t[i], (enum figure)row, text, sizeof text);
            paint_cut(&f->c, f->y, x, w - 2, 0, role, 0, text);
        }
    }
    if (shown < n) {
        snprintf(text, sizeof text, _("and %zu more: a wider screen shows them"), n - shown);
        flow_text(f, 1, ROLE_DIM, text);
    }
}

static void say_split(struct flow *f, const struct ncm_fleet_deployment *x)
{
    int w = f->c.w - 2 > 100 ? 100 : f->c.w - 2;

    if (x->n_traffic < 2) {
        return;
    }
    if (f->y >= 0 && f->y < f->c.h) {
        common_traffic_paint(&f->c, f->y, 1, w, x->traffic, x->n_traffic);
    }
    f->y++;
    if (f->y >= 0 && f->y < f->c.h) {
        int at = 1;
        for (size_t i = 0; i < x->n_traffic && at < f->c.w - 8; i++) {
            char percent[40];
            paint_glyph(&f->c, f->y, at, (enum role)((int)ROLE_SERIES1 + (int)(i % 7)), 0,
                        i % 2 == 0 ? 0x2588 : 0x2592);
            at += 2;
            at += paintf(&f->c, f->y, at, ROLE_TEXT, 0, "%s %s %s",
                         deploy_clean(x->traffic[i].target, 30),
                         common_percent_text(percent, sizeof percent, x->traffic[i].percent),
                         x->traffic[i].stable ? _("stable") : _("candidate"));
            at += 3;
        }
    }
    f->y++;
    flow_gap(f);
}

static const char *verdict_word(enum ncm_canary_verdict v)
{
    static const char *const words[] = {N_("nobody counts"), N_("cannot tell yet"),
                                        N_("no difference that matters"), N_("better"),
                                        N_("worse")};
    return _(words[v]);
}

static enum role verdict_role(enum ncm_canary_verdict v)
{
    return v == NCM_CANARY_WORSE    ? ROLE_WORSE
           : v == NCM_CANARY_BETTER ? ROLE_BETTER
           : v == NCM_CANARY_SAME   ? ROLE_OK
                                    : ROLE_DIM;
}

/* The difference with its interval, in points of a per cent. */
static void say_interval(struct flow *f, const struct ncm_canary_result *r)
{
    char a[40], lo[40], hi[40], text[300], left[60];

    if (!isnan(r->error_diff)) {
        ncm_fmt_delta(a, sizeof a, r->error_diff * 100, 2);
        ncm_fmt_delta(lo, sizeof lo, r->error_lo * 100, 2);
        ncm_fmt_delta(hi, sizeof hi, r->error_hi * 100, 2);
        snprintf(text, sizeof text, _("%s: %s points, between %s and %s"), verdict_word(r->errors),
                 a, lo, hi);
        flow_pairf(f, _("errors"), verdict_role(r->errors), text);
    }
    if (!isnan(r->ratio)) {
        ncm_fmt_num(a, sizeof a, r->ratio, 3);
        ncm_fmt_num(lo, sizeof lo, r->ratio_lo, 3);
        ncm_fmt_num(hi, sizeof hi, r->ratio_hi, 3);
        snprintf(text, sizeof text, _("%s: %s times as long, between %s and %s"),
                 verdict_word(r->latency), a, lo, hi);
        flow_pairf(f, _("p95"), verdict_role(r->latency), text);
    }
    if (isfinite(r->more_needed) && r->more_needed > 0) {
        ncm_fmt_count(left, sizeof left, (int64_t)ncm_canary_about(r->more_needed));
        snprintf(text, sizeof text, _("about %s more requests until it can be told"), left);
        flow_pairf(f, _("needs"), ROLE_DIM, text);
    }
}

/* The sentence first: at night nobody works out intervals. */
static void say_verdict(struct flow *f, const struct ncm_fleet_deployment *x)
{
    if (x->n_traffic < 2) {
        return;
    }
    if (x->canary_says.len > 0) {
        enum ncm_canary_verdict v = x->compared ? x->canary.all : NCM_CANARY_NO_DATA;
        flow_signed(f, verdict_role(v),
                    sign(v == NCM_CANARY_WORSE                            ? SIGN_CROSS
                         : v == NCM_CANARY_BETTER || v == NCM_CANARY_SAME ? SIGN_CHECK
                                                                          : SIGN_DOT),
                    deploy_clean(x->canary_says, 480));
    } else {
        flow_signed(f, ROLE_DIM, sign(SIGN_DOT),
                    _("Nobody counts requests of both: it cannot be "
                      "told which is better."));
    }
    flow_gap(f);
}

static void say_counted(struct flow *f, const struct ncm_fleet_deployment *x)
{
    const struct ncm_rates *r = &x->rates;
    char text[300], window[40], ago[40];

    for (size_t i = 0; !r->known && i < x->n_traffic; i++) {
        r = &x->traffic[i].rates;
    }
    if (r->known) {
        ncm_fmt_duration(window, sizeof window, (int64_t)(r->window_s * 1000));
        common_ago_text(ago, sizeof ago, r->taken_ms);
        snprintf(text, sizeof text, _("over %s, %s, by %s (%s)"), window, ago,
                 deploy_clean(r->source, 20), deploy_clean(r->family, 60));
        flow_pairf(f, _("counted"), ROLE_DIM, text);
    }
    flow_pair(f, _("split by"), ROLE_DIM, x->it->traffic_by);
    flow_pair(f, _("services"), ROLE_DIM, x->it->services);
}

void deploy_draw_traffic(struct deploy *d, const struct canvas *c)
{
    struct ncm_traffic targets[MAX_TARGETS];
    struct ncm_fleet_deployment ordered = *deploy_selected(d);
    const struct ncm_fleet_deployment *x = &ordered;
    struct flow f = flow_begin(c, d->scrolled);
    struct ncm_traffic whole = {.target = x->it->name,
                                .version = x->is.version,
                                .percent = (double)NAN,
                                .health = x->health,
                                .stable = true,
                                .ready = x->it->ready,
                                .rates = x->rates};

    ordered.n_traffic = deploy_targets(deploy_selected(d), targets, MAX_TARGETS);
    ordered.traffic = targets;
    say_split(&f, x);
    say_verdict(&f, x);
    say_table(&f, x->n_traffic > 0 ? x->traffic : &whole, x->n_traffic > 0 ? x->n_traffic : 1);
    if (x->compared) {
        flow_gap(&f);
        flow_head(&f, _("Candidate against stable"), NULL);
        say_interval(&f, &x->canary);
    }
    flow_gap(&f);
    say_counted(&f, x);
    int total = f.y + d->scrolled;
    d->scroll_max = total > c->h ? total - c->h : 0;
}
