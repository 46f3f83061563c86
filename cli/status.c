/* One line for each model version that is in production or on its way, the worst first. */
#include <string.h>

#include "deployments.h"
#include "out.h"

struct row {
    const struct ncm_fleet *fleet;
    const struct ncm_fleet_row *it;
};

static void row_json(struct ncm_json *j, const void *item)
{
    const struct row *row = item;
    const struct ncm_fleet_row *r = row->it;
    ncm_json_obj(j);
    cli_json_str(j, "model", r->model);
    cli_json_str(j, "version", r->version);
    cli_json_str(j, "stage", r->stage);
    cli_json_flag(j, "registered", r->registered);
    cli_json_flag(j, "in_production", r->in_production);
    cli_json_known(j, "percent", r->percent);
    cli_json_count(j, "desired", r->desired);
    cli_json_count(j, "ready", r->ready);
    cli_json_text(j, "health", ncm_health_word(r->health));
    cli_json_str(j, "reason", r->reason);
    cli_json_known(j, "rps", r->rates.rps);
    cli_json_known(j, "p95_ms", r->rates.p95_ms);
    cli_json_known(j, "error_rate", r->rates.error_rate);
    cli_json_known(j, "drift", r->drift_last);
    cli_json_str(j, "drift_feature", r->drift_feature);
    cli_json_str(j, "drift_monitor", r->drift_monitor);
    cli_json_text(j, "drift_state",
                  r->drift_monitor.p != NULL ? ncm_drift_state_word(r->drift_state) : NULL);
    cli_json_time(j, "since", r->since_ms);
    cli_json_count(j, "firing", (int64_t)r->n_firing);
    ncm_json_key(j, "deployments");
    ncm_json_arr(j);
    for (size_t i = 0; i < r->n_deployments; i++) {
        char *ref = ncm_deployment_ref(row->fleet->deployments[r->deployments[i]].it);
        ncm_json_str(j, ref);
        ncm_free(ref);
    }
    ncm_json_end_arr(j);
    ncm_json_end_obj(j);
}

static const struct cli_column columns[] = {
    {N_("MODEL"), false},  {N_("VERSION"), false}, {N_("STAGE"), false}, {N_("TRAFFIC"), true},
    {N_("HEALTH"), false}, {N_("READY"), true},    {N_("RPS"), true},    {N_("P95"), true},
    {N_("ERR %"), true},   {N_("DRIFT"), true},    {N_("SINCE"), true},  {N_("REASON"), false},
};

static void cell_count_of(struct cli_cells *cells, int ready, int desired)
{
    char text[48];
    if (ready < 0 || desired < 0) {
        cli_cell_text(cells, cli_dash());
        return;
    }
    snprintf(text, sizeof text, "%d/%d", ready, desired);
    cli_cell_text(cells, text);
}

static void row_cells(struct cli_cells *cells, const void *item)
{
    const struct ncm_fleet_row *r = ((const struct row *)item)->it;
    char text[48], percent[56];
    cli_cell(cells, r->model);
    char *version = r->version.p != NULL ? ncm_sprintf("v%s", r->version.p) : NULL;
    cli_cell(cells, (struct ncm_str){version, version != NULL ? strlen(version) : 0});
    ncm_free(version);
    cli_cell(cells, r->stage);
    snprintf(percent, sizeof percent, "%s %%", cli_rps_text(text, sizeof text, r->percent));
    cli_cell_text(cells, r->percent == r->percent ? percent : cli_dash());
    cli_cell_text(cells, ncm_health_word(r->health));
    cell_count_of(cells, r->ready, r->desired);
    cli_cell_text(cells, cli_rps_text(text, sizeof text, r->rates.rps));
    cli_cell_text(cells, cli_ms_text(text, sizeof text, r->rates.p95_ms));
    cli_cell_text(cells, cli_percent_text(text, sizeof text, r->rates.error_rate));
    cli_cell_text(cells, cli_rps_text(text, sizeof text, r->drift_last));
    cli_cell_text(cells, r->since_ms == NCM_NO_TIME
                             ? cli_dash()
                             : ncm_fmt_age(text, sizeof text, ncm_now_ms() - r->since_ms));
    cli_cell(cells, r->reason);
}

bool cli_status(struct cli *c, struct ncm_err *err)
{
    struct ncm_fleet_feed *feed = cli_fleet(c, NCM_FLEET_ALL, err);
    if (feed == NULL) {
        return false;
    }
    const struct ncm_fleet *f = ncm_fleet_feed_get(feed);
    struct row *rows = ncm_alloc(f->n_rows + 1, sizeof *rows);
    for (size_t i = 0; i < f->n_rows; i++) {
        rows[i] = (struct row){f, &f->rows[i]};
        if (cli_flag(c, "exit-code") &&
            (f->rows[i].health >= NCM_HEALTH_DEGRADED || f->rows[i].n_firing > 0)) {
            c->status = 10;
        }
    }
    struct cli_array array = {rows, sizeof *rows};
    const struct cli_list l = {
        .columns = columns,
        .n_columns = sizeof columns / sizeof columns[0],
        .n = f->n_rows,
        .ctx = &array,
        .at = cli_array_at,
        .json = row_json,
        .cells = row_cells,
        .nothing = _("nothing is in production or on its way"),
    };
    bool ok = cli_print_list(c, &l, err);
    ncm_free(rows);
    ncm_fleet_feed_close(feed);
    return ok;
}
