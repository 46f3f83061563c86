/* The cells of the models' rows. */
#include "pane/overview/overview.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SPARK = 8 };

const char *overview_clean(struct ncm_str raw, int cells)
{
    static char text[4][512];
    static int at;

    at = (at + 1) % 4;
    ncm_text_clip(text[at], sizeof text[0], ncm_cstr(raw), raw.len, cells);
    return text[at];
}

static bool first_of_model(const struct overview *o, size_t row)
{
    return row == 0 || row == o->table.top ||
           !ncm_str_eq(o->fleet->rows[row - 1].model, o->fleet->rows[row].model);
}

void overview_health(const struct overview *o, const struct ncm_fleet_row *r, char *out,
                     size_t outsz, enum role *role)
{
    char age[40];
    bool nowhere = r->n_deployments == 0 && r->health == NCM_HEALTH_UNKNOWN;
    bool bad = r->health >= NCM_HEALTH_UNKNOWN && !nowhere;

    if (nowhere && !r->in_production) {
        snprintf(out, outsz, "%s", sign(SIGN_DASH));
        *role = ROLE_DIM;
        return;
    }
    common_health_text(out, outsz, r->health);
    *role = common_health_role(r->health);
    if (bad && o->roomy && r->since_ms != NCM_NO_TIME) {
        size_t used = strlen(out);
        snprintf(out + used, outsz - used, " %s", common_since_text(age, sizeof age, r->since_ms));
    }
}

static enum role stage_role(const struct ncm_fleet_row *r)
{
    return r->in_production                            ? ROLE_STAGE_PRODUCTION
           : strstr(ncm_cstr(r->stage), "Staging")     ? ROLE_STAGE_STAGING
           : strstr(ncm_cstr(r->stage), "Archived")    ? ROLE_STAGE_ARCHIVED
                                                       : ROLE_STAGE_NONE;
}

static enum role drift_role(const struct ncm_fleet_row *r)
{
    return r->drift_state == NCM_DRIFT_CRITICAL  ? ROLE_FAIL
           : r->drift_state == NCM_DRIFT_WARNING ? ROLE_WARN
           : r->drift_state == NCM_DRIFT_OK      ? ROLE_TEXT
                                                 : ROLE_DIM;
}

/* Its last windows, each as high as it is near to its threshold. */
static size_t spark_text(const struct overview *o, const struct ncm_fleet_row *r, char *out)
{
    const struct ncm_drift_feature *f;
    const struct ncm_drift_monitor *m = overview_monitor(o, r, &f);
    size_t n = m != NULL ? m->n_windows : r->n_drift, used = 0;
    double top = 0.25;

    for (size_t i = 0; i < r->n_drift; i++) {
        top = r->drift[i] > top ? r->drift[i] : top;
    }
    for (size_t i = n > SPARK ? n - SPARK : 0; i < n; i++) {
        struct heat_cell cell = {.state = HEAT_OK};
        if (m != NULL) {
            const struct ncm_drift_point *p = &f->points[i];
            cell.state = (enum heat_state)p->state;
            cell.level =
                heat_level(cell.state, p->value, f->warning, f->critical, f->side == NCM_BAD_BELOW);
        } else {
            static const uint32_t bars[] = {0x2581, 0x2582, 0x2583, 0x2584,
                                            0x2585, 0x2586, 0x2587, 0x2588};
            int k = (int)(r->drift[i] / top * 7.99);
            if (ncm_text_utf8() && isfinite(r->drift[i])) {
                used += ncm_utf8_encode(bars[k < 0 ? 0 : k > 7 ? 7 : k], out + used);
                continue;
            }
        }
        used += ncm_utf8_encode(heat_glyph(&cell), out + used);
    }
    out[used] = '\0';
    return n < SPARK ? n : SPARK;
}

static void drift_cell(const struct overview *o, const struct ncm_fleet_row *r,
                       struct table_cell *out)
{
    char value[40] = "", signs[SPARK * 5 + 1] = "";
    size_t n = 0;

    out->role = drift_role(r);
    if (isfinite(r->drift_last)) {
        ncm_fmt_num(value, sizeof value, r->drift_last, r->drift_last < 0.1 ? 1 : 2);
    } else {
        snprintf(value, sizeof value, "%s", sign(SIGN_DASH));
    }
    if (o->roomy && r->n_drift > 0) {
        n = spark_text(o, r, signs);
    }
    snprintf(out->text, sizeof out->text, "%*s%s%s%5s", n > 0 ? (int)(SPARK - n) : 0, "", signs,
             n > 0 ? " " : "", value);
    if (!o->roomy) {
        snprintf(out->text, sizeof out->text, "%s", value);
    }
}

static void since_cell(const struct overview *o, const struct ncm_fleet_row *r,
                       struct table_cell *out)
{
    bool bad = r->health >= NCM_HEALTH_UNKNOWN && r->n_deployments > 0;
    int64_t since = bad && o->roomy ? overview_running_since(o, r) : r->since_ms;

    common_since_text(out->text, sizeof out->text, since);
    out->role = bad && !o->roomy ? common_health_role(r->health) : ROLE_TEXT;
}

static void rate_cell(const struct overview *o, const struct ncm_fleet_row *r,
                      enum overview_column column, struct table_cell *out)
{
    if (column == OCOL_RPS) {
        common_rps_text(out->text, sizeof out->text, r->rates.rps);
    } else if (column == OCOL_P95) {
        common_latency_text(out->text, sizeof out->text, r->rates.p95_ms, r->rates.p95_beyond);
    } else {
        common_errors_text(out->text, sizeof out->text, r->rates.error_rate);
        out->role = common_errors_role(r->rates.error_rate);
    }
    if (overview_rates_stale(o, r) || !r->rates.known) {
        out->role = ROLE_DIM;
    }
}

void overview_cell(const struct overview *o, size_t row, enum overview_column column,
                   struct table_cell *out)
{
    const struct ncm_fleet_row *r = &o->fleet->rows[row];

    switch (column) {
    case OCOL_MODEL:
        if (first_of_model(o, row)) {
            out->raw = r->model;
            out->is_raw = true;
            out->cut_middle = true;
            out->attrs = overview_bad(r) ? ATTR_BOLD : 0;
        }
        return;
    case OCOL_VERSION:
        common_version_text(out->text, sizeof out->text, r->version, 12);
        break;
    case OCOL_STAGE:
        snprintf(out->text, sizeof out->text, "%s",
                 r->stage.len > 0 ? overview_clean(r->stage, 60) : sign(SIGN_DASH));
        out->role = r->stage.len > 0 ? stage_role(r) : ROLE_DIM;
        break;
    case OCOL_SHARE:
        common_percent_text(out->text, sizeof out->text, r->percent);
        break;
    case OCOL_READY:
        common_ready_text(out->text, sizeof out->text, r->ready, r->desired);
        out->role = common_ready_role(r->ready, r->desired);
        break;
    case OCOL_HEALTH:
        overview_health(o, r, out->text, sizeof out->text, &out->role);
        break;
    case OCOL_RPS:
    case OCOL_P95:
    case OCOL_ERRORS:
        rate_cell(o, r, column, out);
        break;
    case OCOL_DRIFT:
        drift_cell(o, r, out);
        break;
    case OCOL_FEATURE:
        out->raw = r->drift_feature;
        out->is_raw = r->drift_feature.len > 0;
        out->role = r->drift_state >= NCM_DRIFT_WARNING ? ROLE_TEXT : ROLE_DIM;
        snprintf(out->text, sizeof out->text, "%s", sign(SIGN_DASH));
        break;
    case OCOL_SINCE:
        since_cell(o, r, out);
        break;
    case N_OCOLS:
        break;
    }
    if (strcmp(out->text, sign(SIGN_DASH)) == 0 || overview_stale(o, r)) {
        out->role = out->is_raw && !overview_stale(o, r) ? out->role : ROLE_DIM;
    }
}

static size_t count(void *ctx)
{
    const struct overview *o = ctx;
    return o->fleet != NULL ? o->fleet->n_rows : 0;
}

static void cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    overview_cell(ctx, row, (enum overview_column)column, out);
}

struct table_model overview_model(struct overview *o)
{
    return (struct table_model){.ctx = o, .count = count, .cell = cell};
}
