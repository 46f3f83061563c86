/* What runs where: all sources of deployments, joined with the registry and the rates. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "deployments.h"
#include "out.h"

/* ---- asking ---------------------------------------------------------------------------------- */

static void say_failed(void *to, const char *source, const struct ncm_err *err)
{
    const struct cli *c = to;
    cli_note(c, "ncmlops: %s: %s", source, err->what);
    if (err->hint[0] != '\0') {
        cli_note(c, "hint: %s", err->hint);
    }
}

/* What a source could not read is no less important than what it did. */
static void say_notes(const struct cli *c, const struct ncm_fleet_feed *feed,
                      const struct ncm_deploy_about *about, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct ncm_deployments_snapshot *s = ncm_fleet_feed_source(feed, about[i].name);
        for (size_t k = 0; s != NULL && k < s->n_notes; k++) {
            cli_note(c, "ncmlops: %s: %s", about[i].name, ncm_cstr(s->notes[k]));
        }
    }
}

static bool nothing_to_ask(struct ncm_err *err)
{
    ncm_fail(
        err, NCM_NOT_FOUND,
        _("There are no deployments to ask for: no configuration and no kubeconfig names any"));
    return ncm_hint(err, "%s", _("'contexts.*.deployments' in the configuration, or KUBECONFIG"));
}

struct ncm_fleet_feed *cli_fleet(struct cli *c, unsigned parts, struct ncm_err *err)
{
    struct ncm_session *s = cli_session(c, err);
    size_t n = 0;
    const struct ncm_deploy_about *about = s != NULL ? ncm_deploy_sources(s, &n) : NULL;
    if (n == 0) {
        if (s != NULL) {
            nothing_to_ask(err);
        }
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        if (about[i].offered) {
            cli_note(c, _("not configured, so only read: %s"), about[i].location);
        }
    }
    struct ncm_fleet_feed *feed = ncm_fleet_feed_open(s, parts | NCM_FLEET_OFFERED);
    if (!ncm_fleet_feed_wait(feed, say_failed, c, err)) {
        ncm_fleet_feed_close(feed);
        return NULL;
    }
    say_notes(c, feed, about, n);
    return feed;
}

const struct ncm_fleet_deployment *cli_fleet_find(const struct cli *c, const struct ncm_fleet *f,
                                                  const char *ref, struct ncm_err *err)
{
    bool ambiguous = false;
    const struct ncm_fleet_deployment *d = ncm_fleet_find(f, ref, cli_value(c, "kind"), &ambiguous);
    if (d != NULL && !ambiguous) {
        return d;
    }
    struct ncm_buf names;
    ncm_buf_init(&names, 240);
    for (size_t i = 0; i < f->n_deployments; i++) {
        const struct ncm_deployment *it = f->deployments[i].it;
        if (ambiguous ? ncm_deployment_is(it, ref) : f->n_deployments < 10) {
            char *one = ncm_deployment_ref(it);
            ncm_buf_printf(&names, "%s%s (%s)", names.len > 0 ? ", " : "", one, ncm_cstr(it->kind));
            ncm_free(one);
        }
    }
    if (ambiguous) {
        ncm_fail(err, NCM_USAGE, _("'%s' fits several deployments"), ref);
        ncm_hint(err, _("SOURCE/NAMESPACE/NAME, or --kind: %s"), names.p);
    } else {
        ncm_fail(err, NCM_NOT_FOUND, _("There is no deployment '%s'"), ref);
        ncm_hint(err, names.len > 0 ? _("there are: %s") : "%s",
                 names.len > 0 ? names.p : _("'ncmlops deployments' lists them"));
    }
    ncm_buf_release(&names);
    return NULL;
}

/* ---- for people ------------------------------------------------------------------------------ */

char *cli_rps_text(char *out, size_t size, double rps)
{
    if (isnan(rps)) {
        snprintf(out, size, "%s", cli_dash());
        return out;
    }
    return ncm_fmt_num(out, size, rps, 3);
}

char *cli_ms_text(char *out, size_t size, double ms)
{
    char number[32];
    if (isnan(ms)) {
        snprintf(out, size, "%s", cli_dash());
    } else {
        snprintf(out, size, "%s ms", ncm_fmt_num(number, sizeof number, ms, 3));
    }
    return out;
}

char *cli_percent_text(char *out, size_t size, double share)
{
    return cli_rps_text(out, size, 100 * share);
}

void cli_traffic_text(struct ncm_buf *out, const struct ncm_fleet_deployment *f)
{
    for (size_t i = 0; i < f->n_traffic; i++) {
        const struct ncm_traffic *t = &f->traffic[i];
        char number[32];
        ncm_buf_puts(out, i > 0 ? ", " : "");
        ncm_buf_printf(out, "%s %% ", cli_rps_text(number, sizeof number, t->percent));
        ncm_buf_puts(out, t->version.p != NULL ? "v" : "");
        const struct ncm_str name = t->version.p != NULL ? t->version : t->target;
        ncm_text_clean(out, ncm_cstr(name), name.len, NCM_CLEAN_LINE);
    }
}

static const struct cli_column columns[] = {
    {N_("DEPLOYMENT"), false}, {N_("KIND"), false}, {N_("MODEL"), false},   {N_("VERSION"), false},
    {N_("HEALTH"), false},     {N_("READY"), true}, {N_("TRAFFIC"), false}, {N_("RPS"), true},
    {N_("P95"), true},         {N_("ERR %"), true}, {N_("AGE"), true},      {N_("REASON"), false},
};

static void cell_ready(struct cli_cells *cells, const struct ncm_deployment *d)
{
    char text[48];
    if (d->ready < 0 && d->desired < 0) {
        cli_cell_text(cells, cli_dash());
        return;
    }
    char ready[16], desired[16];
    snprintf(ready, sizeof ready, "%d", d->ready);
    snprintf(desired, sizeof desired, "%d", d->desired);
    snprintf(text, sizeof text, "%s/%s", d->ready < 0 ? "?" : ready,
             d->desired < 0 ? "?" : desired);
    cli_cell_text(cells, text);
}

static void cell_owned(struct cli_cells *cells, char *text)
{
    cli_cell(cells, text != NULL && text[0] != '\0' ? (struct ncm_str){text, strlen(text)}
                                                    : (struct ncm_str){NULL, 0});
    ncm_free(text);
}

static void cells_of(struct cli_cells *cells, const void *item)
{
    const struct ncm_fleet_deployment *f = *(const struct ncm_fleet_deployment *const *)item;
    const struct ncm_deployment *d = f->it;
    char text[48];
    struct ncm_buf traffic;
    ncm_buf_init(&traffic, 4096);
    cli_traffic_text(&traffic, f);
    cell_owned(cells, ncm_deployment_ref(d));
    cli_cell(cells, d->kind);
    cli_cell(cells, f->is.model);
    cell_owned(cells, f->is.version.p != NULL ? ncm_sprintf("v%s", ncm_cstr(f->is.version)) : NULL);
    cli_cell_text(cells, ncm_health_word(f->health));
    cell_ready(cells, d);
    cell_owned(cells, ncm_buf_take(&traffic));
    cli_cell_text(cells, cli_rps_text(text, sizeof text, f->rates.rps));
    cli_cell_text(cells, cli_ms_text(text, sizeof text, f->rates.p95_ms));
    cli_cell_text(cells, cli_percent_text(text, sizeof text, f->rates.error_rate));
    cli_cell_text(cells, d->created_ms == NCM_NO_TIME
                             ? cli_dash()
                             : ncm_fmt_age(text, sizeof text, ncm_now_ms() - d->created_ms));
    cli_cell(cells, d->reason.p == NULL && f->n_findings > 0 ? f->findings[0].sentence : d->reason);
    ncm_buf_release(&traffic);
}

/* By source, namespace, name, kind: what a script compares from one call to the next. */
static int by_ref(const void *a, const void *b)
{
    const struct ncm_deployment *x = (*(const struct ncm_fleet_deployment *const *)a)->it;
    const struct ncm_deployment *y = (*(const struct ncm_fleet_deployment *const *)b)->it;
    const struct ncm_str left[] = {x->source, x->ns, x->name, x->kind};
    const struct ncm_str right[] = {y->source, y->ns, y->name, y->kind};
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        int way = strcmp(ncm_cstr(left[i]), ncm_cstr(right[i]));
        if (way != 0) {
            return way;
        }
    }
    return 0;
}

bool cli_deployments(struct cli *c, struct ncm_err *err)
{
    struct ncm_fleet_feed *feed =
        cli_fleet(c, NCM_FLEET_DEPLOYMENTS | NCM_FLEET_REGISTRY | NCM_FLEET_RATES, err);
    if (feed == NULL) {
        return false;
    }
    const struct ncm_fleet *f = ncm_fleet_feed_get(feed);
    const struct ncm_fleet_deployment **items = ncm_alloc(f->n_deployments + 1, sizeof *items);
    for (size_t i = 0; i < f->n_deployments; i++) {
        items[i] = &f->deployments[i];
        if (cli_flag(c, "exit-code") && items[i]->health >= NCM_HEALTH_DEGRADED) {
            c->status = 10;
        }
    }
    qsort(items, f->n_deployments, sizeof *items, by_ref);
    struct cli_array array = {items, sizeof *items};
    const struct cli_list l = {
        .columns = columns,
        .n_columns = sizeof columns / sizeof columns[0],
        .n = f->n_deployments,
        .ctx = &array,
        .at = cli_array_at,
        .json = cli_deployment_json,
        .cells = cells_of,
        .nothing = _("there are no deployments"),
    };
    bool ok = cli_print_list(c, &l, err);
    ncm_free(items);
    ncm_fleet_feed_close(feed);
    return ok;
}
