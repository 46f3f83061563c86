/* What stands in the columns of the list. */
#include "pane/deploy/deploy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BAR_CELLS 6

char *deploy_name(char *out, size_t outsz, const struct ncm_deployment *x, int cells)
{
    char whole[400];

    if (x->ns.len > 0) {
        snprintf(whole, sizeof whole, "%s/%s", ncm_cstr(x->ns), ncm_cstr(x->name));
    } else {
        snprintf(whole, sizeof whole, "%s", ncm_cstr(x->name));
    }
    ncm_text_clip_middle(out, outsz, whole, strlen(whole), cells);
    return out;
}

struct ncm_str deploy_wanted(const struct ncm_fleet_deployment *f)
{
    for (size_t i = 0; i < f->it->n_wanted; i++) {
        struct ncm_str v = f->it->wanted[i].version;
        if (v.len > 0 && !ncm_str_eq(v, f->is.version)) {
            return v;
        }
    }
    return (struct ncm_str){NULL, 0};
}

char *deploy_versions(char *out, size_t outsz, const struct ncm_fleet_deployment *f)
{
    char is[80], wanted[80];
    struct ncm_str next = deploy_wanted(f);

    common_version_text(is, sizeof is, f->is.version, 12);
    if (next.len == 0) {
        snprintf(out, outsz, "%s%s%s", is, f->is.guess && f->is.version.len > 0 ? "?" : "",
                 f->is.against != NULL ? " !" : "");
        return out;
    }
    common_version_text(wanted, sizeof wanted, next, 12);
    snprintf(out, outsz, "%s%s%s%s", is, ncm_text_utf8() ? " → " : " > ", wanted,
             f->is.against != NULL ? " !" : "");
    return out;
}

/* Of the targets that its traffic is split between, it may be one itself. */
double deploy_share(const struct ncm_fleet_deployment *f)
{
    for (size_t i = 0; i < f->n_traffic; i++) {
        if (ncm_str_eq(f->traffic[i].target, f->it->name)) {
            return f->traffic[i].percent;
        }
    }
    return f->n_traffic == 1 ? f->traffic[0].percent : (double)NAN;
}

int deploy_restarts(const struct ncm_deployment *x)
{
    int sum = 0;

    for (size_t i = 0; i < x->n_replicas; i++) {
        sum += x->replicas[i].restarts > 0 ? x->replicas[i].restarts : 0;
    }
    return x->n_replicas > 0 ? sum : -1;
}

static void set_dash(struct table_cell *out)
{
    snprintf(out->text, sizeof out->text, "%s", sign(SIGN_DASH));
    out->role = ROLE_DIM;
}

static void set_raw(struct table_cell *out, struct ncm_str raw)
{
    out->raw = raw;
    out->is_raw = raw.len > 0;
    if (raw.len == 0) {
        set_dash(out);
    }
}

static void health_cell(const struct deploy *d, const struct ncm_fleet_deployment *f,
                        struct table_cell *out)
{
    if (d->signs_only) {
        snprintf(out->text, sizeof out->text, "%s", common_health_sign(f->health));
    } else {
        common_health_text(out->text, sizeof out->text, f->health);
    }
    out->role = common_health_role(f->health);
    out->attrs = f->health == NCM_HEALTH_FAILED ? ATTR_BOLD : 0;
}

static void version_cell(const struct ncm_fleet_deployment *f, struct table_cell *out)
{
    deploy_versions(out->text, sizeof out->text, f);
    out->attrs = f->is.version.len > 0 ? ATTR_BOLD : 0;
    out->role = f->is.against != NULL      ? ROLE_FAIL
                : f->is.version.len == 0   ? ROLE_DIM
                : deploy_wanted(f).len > 0 ? ROLE_RUN
                                           : ROLE_TEXT;
}

size_t deploy_targets(const struct ncm_fleet_deployment *f, struct ncm_traffic *out, size_t max)
{
    size_t n = 0;

    for (int stable = 1; stable >= 0; stable--) {
        for (size_t i = 0; i < f->n_traffic && n < max; i++) {
            if (f->traffic[i].stable == (stable == 1)) {
                out[n++] = f->traffic[i];
            }
        }
    }
    return n;
}

/* Two shares add up to nothing that one may read off: of several targets each has its own. */
static void traffic_cell(const struct ncm_fleet_deployment *f, struct table_cell *out)
{
    double own = deploy_share(f);

    if (isnan(own) && f->n_traffic > 1 && isfinite(f->traffic[0].percent)) {
        struct ncm_traffic t[3];
        char text[40];
        size_t used = 0, n = deploy_targets(f, t, 3);
        for (size_t i = 0; i < n && used + 24 < sizeof out->text; i++) {
            ncm_fmt_num(text, sizeof text, t[i].percent, 3);
            used += (size_t)snprintf(out->text + used, sizeof out->text - used, "%s%s",
                                     i > 0 ? "/" : "", text);
        }
        return;
    }
    common_percent_text(out->text, sizeof out->text, own);
    out->role = isnan(own) || own <= 0 ? ROLE_DIM : ROLE_TEXT;
}

static void rollout_cell(const struct ncm_deployment *x, struct table_cell *out)
{
    char bar[80];

    if (!x->rolling || x->progress_total <= 0) {
        return;
    }
    common_bar_text(bar, sizeof bar, (double)x->progress_done / x->progress_total, BAR_CELLS);
    snprintf(out->text, sizeof out->text, "%s %d/%d", bar, x->progress_done, x->progress_total);
    out->role = ROLE_RUN;
}

static void restarts_cell(const struct ncm_deployment *x, struct table_cell *out)
{
    int n = deploy_restarts(x);

    if (n < 0) {
        set_dash(out);
        return;
    }
    snprintf(out->text, sizeof out->text, "%d", n);
    out->role = n > 0 ? ROLE_WARN : ROLE_DIM;
}

static void known_cell(const struct ncm_fleet_deployment *f, struct table_cell *out)
{
    static const char *const words[] = {"–",          N_("label"),    N_("URI"),
                                        N_("run"),    N_("path"),     N_("image"),
                                        N_("common"), N_("settings"), N_("answer")};
    if (f->is.by == NULL || f->is.version.len == 0) {
        set_dash(out);
        return;
    }
    snprintf(out->text, sizeof out->text, "%s", _(words[f->is.by->rule]));
    out->role = f->is.guess ? ROLE_WARN : ROLE_DIM;
}

static void numbers_cell(const struct ncm_rates *r, enum deploy_column column,
                         struct table_cell *out)
{
    if (column == COL_RPS) {
        common_rps_text(out->text, sizeof out->text, r->rps);
        out->role = isnan(r->rps) ? ROLE_DIM : ROLE_TEXT;
    } else if (column == COL_P95) {
        common_latency_text(out->text, sizeof out->text, r->p95_ms, r->p95_beyond);
        out->role = isnan(r->p95_ms) ? ROLE_DIM : ROLE_TEXT;
    } else {
        common_errors_text(out->text, sizeof out->text, r->error_rate);
        out->role = common_errors_role(r->error_rate);
    }
}

static void plain_cell(const struct deploy *d, const struct ncm_fleet_deployment *f,
                       enum deploy_column column, struct table_cell *out)
{
    const struct ncm_deployment *x = f->it;

    switch (column) {
    case COL_NAME:
        if (d->one_ns) {
            set_raw(out, x->name);
        } else {
            deploy_name(out->text, sizeof out->text, x, 200);
        }
        out->cut_middle = true;
        break;
    case COL_MODEL:
        set_raw(out, f->is.model);
        out->cut_middle = true;
        break;
    case COL_READY:
        common_ready_text(out->text, sizeof out->text, x->ready, x->desired);
        out->role = common_ready_role(x->ready, x->desired);
        break;
    case COL_KIND:
        set_raw(out, x->kind);
        out->role = ROLE_DIM;
        break;
    case COL_SINCE:
        common_since_text(out->text, sizeof out->text, x->health_since_ms);
        out->role = ROLE_DIM;
        break;
    case COL_AGE:
        common_since_text(out->text, sizeof out->text, x->created_ms);
        out->role = ROLE_DIM;
        break;
    case COL_SOURCE:
        set_raw(out, x->source);
        out->role = ROLE_DIM;
        break;
    default:
        break;
    }
}

void deploy_cell(const struct deploy *d, const struct ncm_fleet_deployment *f,
                 enum deploy_column column, struct table_cell *out)
{
    switch (column) {
    case COL_HEALTH:
        health_cell(d, f, out);
        break;
    case COL_VERSION:
        version_cell(f, out);
        break;
    case COL_TRAFFIC:
        traffic_cell(f, out);
        break;
    case COL_ROLLOUT:
        rollout_cell(f->it, out);
        break;
    case COL_RESTARTS:
        restarts_cell(f->it, out);
        break;
    case COL_RPS:
    case COL_P95:
    case COL_ERRORS:
        numbers_cell(&f->rates, column, out);
        break;
    case COL_KNOWN:
        known_cell(f, out);
        break;
    default:
        plain_cell(d, f, column, out);
        break;
    }
    if (deploy_is_stale(d, f->it)) {
        out->role = ROLE_DIM;
        out->attrs = 0;
    }
}
