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
           !ncm_str_eq(o->fleet->rows[o->rows[row - 1]].model, o->fleet->rows[o->rows[row]].model);
}

void overview_health(const struct overview *o, const struct ncm_fleet_row *r, char *out,
                     size_t outsz, enum role *role)
{
    char age[40];
    bool nowhere = r->n_deployments == 0 && r->health == NCM_HEALTH_UNKNOWN;
    bool bad = r->health >= NCM_HEALTH_UNKNOWN && !nowhere;

    if (nowhere) { /* missed where it is said to serve */
        bool missed = r->in_production && overview_any_deployed(o);
        snprintf(out, outsz, "%s%s", missed ? "? " : sign(SIGN_DASH), missed ? _("nowhere") : "");
        *role = missed ? ROLE_WARN : ROLE_DIM;
        return;
    }
    common_health_text(out, outsz, r->health);
    *role = common_health_role(r->health);
    int64_t since = bad && o->roomy ? overview_bad_since(o, r) : NCM_NO_TIME;
    if (since != NCM_NO_TIME) {
        size_t used = strlen(out);
        snprintf(out + used, outsz - used, " %s", common_since_text(age, sizeof age, since));
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
    int64_t since = !bad       ? r->since_ms
                    : o->roomy ? overview_running_since(o, r)
                               : overview_bad_since(o, r);

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
    const struct ncm_fleet_row *r = &o->fleet->rows[o->rows[row]];

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
        out->cut_middle = true;
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
    return o->fleet != NULL ? o->n_rows : 0;
}

static void cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    const struct overview *o = ctx;
    overview_cell(o, row, o->column[column], out);
}

struct table_model overview_model(struct overview *o)
{
    return (struct table_model){.ctx = o, .count = count, .cell = cell};
}

/* ---- columns ---- */

const char *overview_title(enum overview_column column)
{
    static const char *const titles[N_OCOLS] = {
        N_("MODEL"), N_("VER"), N_("STAGE"), N_("SHARE"), N_("READY"),         N_("HEALTH"),
        N_("RPS"),   N_("p95"), N_("ERR %"), N_("DRIFT"), N_("WORST FEATURE"), N_("SINCE")};
    return _(titles[column]);
}

/* Nothing is deployed, or nothing is watched: those columns would say nothing. */
static bool is_there(const struct overview *o, enum overview_column c)
{
    bool drift = false;

    switch (c) {
    case OCOL_DRIFT:
    case OCOL_FEATURE:
        for (size_t i = 0; o->fleet != NULL && i < o->fleet->n_rows; i++) {
            drift = drift || o->fleet->rows[i].drift_monitor.len > 0;
        }
        return drift;
    case OCOL_SHARE:
    case OCOL_READY:
    case OCOL_HEALTH:
    case OCOL_RPS:
    case OCOL_P95:
    case OCOL_ERRORS:
        return overview_any_deployed(o);
    default:
        return true;
    }
}

/* Widths that the words ask for. */
static void measure(const struct overview *o, int *model, int *stage, int *version)
{
    char text[80];

    *model = 12;
    *stage = 10;
    *version = 4;
    for (size_t i = 0; o->fleet != NULL && i < o->fleet->n_rows; i++) {
        const struct ncm_fleet_row *r = &o->fleet->rows[i];
        int s = ncm_text_width(overview_clean(r->stage, 24));
        int m = ncm_text_width(overview_clean(r->model, 28));
        int v = ncm_text_width(common_version_text(text, sizeof text, r->version, 12));
        *stage = s > *stage ? s : *stage;
        *model = m > *model ? m : *model;
        *version = v > *version ? v : *version;
    }
}

static int at_least(int cells, const char *title)
{
    int w = ncm_text_width(title);
    return w > cells ? w : cells;
}

void overview_set_columns(struct overview *o, int w)
{
    int model, stage, version;

    measure(o, &model, &stage, &version);
    o->roomy = w >= 110 || !overview_any_deployed(o);
    int more = w >= 150 ? 2 : 0, health = o->roomy ? 17 : 11;
    int errors = at_least(5, overview_title(OCOL_ERRORS));
    int drift = at_least(o->roomy ? 14 : 5, overview_title(OCOL_DRIFT));
    const struct table_column all[N_OCOLS] = {
        [OCOL_MODEL] = {.min = 12, .want = model + more},
        [OCOL_VERSION] = {.min = 4, .want = version + more},
        [OCOL_STAGE] = {.min = w >= 130 ? stage : 10, .want = stage + more, .priority = 3},
        [OCOL_SHARE] = {.min = 5, .want = 5 + more, .align = 1, .priority = 4},
        [OCOL_READY] = {.min = 5, .want = 5 + more, .align = 1, .priority = 9},
        [OCOL_HEALTH] = {.min = o->roomy ? 16 : 10, .want = health},
        [OCOL_RPS] = {.min = 4, .want = 5 + more, .align = 1, .priority = 7},
        [OCOL_P95] = {.min = 6, .want = 7 + more, .align = 1, .priority = 6},
        [OCOL_ERRORS] = {.min = errors, .want = errors + more, .align = 1, .priority = 2},
        [OCOL_DRIFT] = {.min = drift, .want = drift, .align = 1, .priority = 5},
        [OCOL_FEATURE] = {.min = 13, .want = more > 0 ? 22 : 14, .priority = 8},
        [OCOL_SINCE] = {.min = 5, .want = 5 + more, .align = 1, .priority = 1},
    };
    size_t n = 0;
    for (size_t i = 0; i < N_OCOLS; i++) {
        if (is_there(o, (enum overview_column)i)) {
            o->column[n] = (enum overview_column)i;
            o->columns[n] = all[i];
            o->columns[n++].title = overview_title((enum overview_column)i);
        }
    }
    o->table.columns = o->columns;
    o->table.n_columns = n;
    o->table.fixed = 2;
}
