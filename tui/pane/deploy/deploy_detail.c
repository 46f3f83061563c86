/* One deployment: what it is, the parts, and the one that is shown. */
#include "pane/deploy/deploy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *deploy_part_title(enum deploy_part p)
{
    static const char *const titles[N_PARTS] = {N_("Overview"), N_("Rollout"), N_("Replicas"),
                                                N_("Traffic"),  N_("History"), N_("Events"),
                                                N_("Logs")};
    return _(titles[p]);
}

/* By its kind alone, so that no part comes and goes while things arrive. */
bool deploy_part_there(const struct deploy *d, enum deploy_part p)
{
    const struct ncm_fleet_deployment *x = deploy_selected(d);

    if (x == NULL || p == PART_OVERVIEW) {
        return p == PART_OVERVIEW;
    }
    bool cluster = !ncm_str_is(x->it->kind, "Endpoint");
    bool serves = !ncm_str_is(x->it->kind, "CronJob") && !ncm_str_is(x->it->kind, "Job");
    switch (p) {
    case PART_ROLLOUT:
    case PART_HISTORY:
        return cluster && serves;
    case PART_TRAFFIC:
        return serves;
    default:
        return cluster;
    }
}

void deploy_show_part(struct deploy *d, enum deploy_part p)
{
    d->part = p;
    d->scrolled = 0;
    deploy_logs_ask(d);
}

static int tabs_width(const struct deploy *d, bool names)
{
    int w = 1;

    for (int p = 0; p < N_PARTS; p++) {
        if (deploy_part_there(d, (enum deploy_part)p) && (names || p == (int)d->part)) {
            w += ncm_text_width(deploy_part_title((enum deploy_part)p)) + 3;
        }
    }
    return w;
}

static void draw_tabs(const struct deploy *d, const struct canvas *c, int y)
{
    bool names = tabs_width(d, true) <= c->w;
    int x = 1, n = 0, at = 0;

    for (int p = 0; p < N_PARTS; p++) {
        if (deploy_part_there(d, (enum deploy_part)p)) {
            at = p == (int)d->part ? n : at;
            n++;
        }
    }
    for (int p = 0; p < N_PARTS; p++) {
        if (!deploy_part_there(d, (enum deploy_part)p) || (!names && p != (int)d->part)) {
            continue;
        }
        bool on = p == (int)d->part;
        x += paintf(c, y, x, on ? ROLE_BAR_ON : ROLE_DIM, 0, " %s ",
                    deploy_part_title((enum deploy_part)p));
        x += 1;
    }
    if (!names) {
        paintf(c, y, x, ROLE_DIM, 0, "%d/%d  [ ]", at + 1, n);
    }
}

/* "● healthy · v14 · 3/3 ready · 90 % of the traffic · 312 requests/s · p95 41 ms". */
static void draw_summary(const struct deploy *d, const struct ncm_fleet_deployment *x,
                         const struct canvas *c, int y)
{
    char text[120], number[60];
    bool stale = deploy_is_stale(d, x->it);
    int at = 1;

    at += paintf(c, y, at, stale ? ROLE_DIM : common_health_role(x->health), ATTR_BOLD, "%s",
                 common_health_text(text, sizeof text, x->health));
    if (x->it->health_since_ms != NCM_NO_TIME) {
        at += paintf(c, y, at, ROLE_DIM, 0, " %s",
                     common_since_text(text, sizeof text, x->it->health_since_ms));
    }
    deploy_versions(text, sizeof text, x);
    at += 2;
    at += paint(c, y, at, x->is.against != NULL ? ROLE_FAIL : ROLE_TEXT, ATTR_BOLD, text);
    if (x->it->desired >= 0 || x->it->ready >= 0) {
        common_ready_text(number, sizeof number, x->it->ready, x->it->desired);
        at += 2;
        at += paintf(c, y, at, common_ready_role(x->it->ready, x->it->desired), 0, _("%s ready"),
                     number);
    }
    if (x->it->rolling && x->it->progress_total > 0 && at + 24 < c->w) {
        at += 2;
        common_bar_paint(c, y, at, 10, (double)x->it->progress_done / x->it->progress_total,
                         ROLE_RUN);
        at += 11;
        at += paintf(c, y, at, ROLE_RUN, 0, "%d/%d", x->it->progress_done, x->it->progress_total);
    }
    double share = deploy_share(x);
    if (isfinite(share) && at + 16 < c->w) {
        snprintf(text, sizeof text, _("%s of the traffic"),
                 common_percent_text(number, sizeof number, share));
        if (at + 2 + ncm_text_width(text) < c->w) {
            at += 2 + paint(c, y, at + 2, ROLE_TEXT, 0, text);
        }
    }
    if (x->rates.known) {
        char rps[40], p95[60], errors[40];
        common_rps_text(rps, sizeof rps, x->rates.rps);
        common_latency_text(p95, sizeof p95, x->rates.p95_ms, x->rates.p95_beyond);
        common_errors_text(errors, sizeof errors, x->rates.error_rate);
        char all[300];
        snprintf(all, sizeof all, _("%s/s  p95 %s  err %s %%"), rps, p95, errors);
        if (at + 2 + ncm_text_width(all) < c->w) {
            paint(c, y, at + 2, common_errors_role(x->rates.error_rate), 0, all);
        }
    }
}

/* What is worst of it stays in sight in every part. */
static int draw_gravest(const struct ncm_fleet_deployment *x, const struct canvas *c, int y)
{
    if (x->n_findings == 0 || x->findings[0].severity == NCM_SEVERITY_INFO) {
        return 0;
    }
    enum role role = common_severity_role(x->findings[0].severity);
    paint(c, y, 1, role, 0, common_severity_sign(x->findings[0].severity));
    paint_cut(c, y, 3, c->w - 4, 0, role, 0, deploy_clean(x->findings[0].sentence, 400));
    return 1;
}

static void draw_part(struct deploy *d, const struct canvas *c)
{
    switch (d->part) {
    case PART_ROLLOUT:
        deploy_draw_rollout(d, c);
        break;
    case PART_REPLICAS:
        deploy_draw_replicas(d, c);
        break;
    case PART_TRAFFIC:
        deploy_draw_traffic(d, c);
        break;
    case PART_HISTORY:
        deploy_draw_history(d, c);
        break;
    case PART_EVENTS:
        deploy_draw_events(d, c);
        break;
    case PART_LOGS:
        deploy_draw_logs(d, c);
        break;
    case PART_OVERVIEW:
    case N_PARTS:
        deploy_draw_overview(d, c);
        break;
    }
}

void deploy_draw_detail(struct deploy *d, const struct canvas *c)
{
    const struct ncm_fleet_deployment *x = deploy_selected(d);
    char title[300], right[160];

    if (x == NULL) {
        paint_head(c, 0, _("Deployment"), NULL, true);
        paint_cut(c, 2, 2, c->w - 4, 0, ROLE_DIM, 0,
                  d->fleet == NULL ? _("loading…")
                                   : _("it is not there (any more): Esc goes back"));
        return;
    }
    deploy_name(title, sizeof title, x->it, c->w / 2);
    const struct deploy_source *s = deploy_source_of(d, x->it);
    if (s != NULL && s->err != NULL) {
        char ago[40];
        snprintf(right, sizeof right, _("%s does not answer; figures are %s old"),
                 deploy_clean(x->it->source, 24),
                 ncm_fmt_age(ago, sizeof ago, s->info.age_ms < 1000 ? 1000 : s->info.age_ms));
    } else {
        snprintf(right, sizeof right, "%s · %s", deploy_clean(x->it->kind, 24),
                 deploy_clean(x->it->source, 30));
    }
    paint_head(c, 0, title, right, true);
    if (!deploy_part_there(d, d->part)) {
        d->part = PART_OVERVIEW;
    }
    int y = 1;
    if (c->h >= 6 && !d->bare) {
        draw_summary(d, x, c, y++);
    }
    if (c->h >= 12 && !d->bare && d->part != PART_OVERVIEW) {
        y += draw_gravest(x, c, y);
    }
    if (c->h >= 4 && !d->bare) {
        y += c->h >= 16;
        draw_tabs(d, c, y++);
        y += c->h >= 16;
    }
    struct canvas body = canvas_part(c, y, 0, -1, -1);
    draw_part(d, &body);
    if (deploy_is_stale(d, x->it) && d->part != PART_LOGS) {
        paint_fade(&body);
    }
}

static bool scroll(struct deploy *d, enum ui_action_id action)
{
    switch (action) {
    case A_UP:
        d->scrolled--;
        break;
    case A_DOWN:
        d->scrolled++;
        break;
    case A_TOP:
        d->scrolled = 0;
        break;
    case A_BOTTOM:
        d->scrolled = d->scroll_max;
        break;
    case A_PAGE_UP:
        d->scrolled -= 10;
        break;
    case A_PAGE_DOWN:
        d->scrolled += 10;
        break;
    default:
        return false;
    }
    d->scrolled = d->scrolled > d->scroll_max ? d->scroll_max : d->scrolled;
    d->scrolled = d->scrolled < 0 ? 0 : d->scrolled;
    return true;
}

bool deploy_part_act(struct deploy *d, enum ui_action_id action)
{
    switch (d->part) {
    case PART_REPLICAS:
    case PART_HISTORY:
    case PART_EVENTS:
        return deploy_table_act(d, action);
    case PART_LOGS:
        return deploy_logs_act(d, action, NULL);
    default:
        return scroll(d, action);
    }
}
