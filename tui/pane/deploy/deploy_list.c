/* The list: deployments by model, what is wrong with the selected one below or beside it. */
#include "pane/deploy/deploy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SIDE_FROM  150 /* columns from which the panel stands beside the list */
#define BELOW_FROM 12  /* rows from which the findings stand below it */

static const struct {
    const char *word, *title;
    int min, want, align, priority;
} columns[N_COLUMNS] = {
    [COL_HEALTH] = {"health", N_("HEALTH"), 1, 10, 0, 0},
    [COL_NAME] = {"name", N_("DEPLOYMENT"), 14, 30, 0, 0},
    [COL_MODEL] = {"model", N_("MODEL"), 8, 14, 0, 5},
    [COL_VERSION] = {"version", N_("VERSION"), 6, 9, 0, 0},
    [COL_TRAFFIC] = {"traffic", N_("TRAFFIC"), 7, 7, 1, 4},
    [COL_READY] = {"ready", N_("READY"), 5, 5, 1, 1},
    [COL_ROLLOUT] = {"rollout", N_("ROLLOUT"), 10, 10, 0, 9},
    [COL_RESTARTS] = {"restarts", N_("RST"), 3, 3, 1, 8},
    [COL_RPS] = {"rps", N_("RPS"), 4, 6, 1, 6},
    [COL_P95] = {"p95", N_("p95"), 6, 7, 1, 7},
    [COL_ERRORS] = {"errors", N_("ERR %"), 5, 5, 1, 3},
    [COL_SINCE] = {"since", N_("SINCE"), 5, 5, 1, 2},
    [COL_KIND] = {"kind", N_("KIND"), 10, 16, 0, 12},
    [COL_KNOWN] = {"known-by", N_("KNOWN BY"), 8, 8, 0, 11},
    [COL_AGE] = {"age", N_("AGE"), 5, 5, 1, 10},
    [COL_SOURCE] = {"source", N_("SOURCE"), 6, 12, 0, 13},
};

const char *deploy_column_word(enum deploy_column c)
{
    return columns[c].word;
}

const char *deploy_column_title(enum deploy_column c)
{
    return _(columns[c].title);
}

static size_t count(void *ctx)
{
    return ((const struct deploy *)ctx)->n_rows;
}

static bool heading(void *ctx, size_t row)
{
    return ((const struct deploy *)ctx)->rows[row].at == DEPLOY_HEADING;
}

/* Which of the shown columns the table's i-th is. */
static enum deploy_column shown_column(const struct deploy *d, size_t i)
{
    for (size_t c = 0; c < N_COLUMNS; c++) {
        if (!((d->hidden | d->absent) & 1u << c) && i-- == 0) {
            return (enum deploy_column)c;
        }
    }
    return COL_NAME;
}

static void cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    const struct deploy *d = ctx;
    const struct deploy_row *r = &d->rows[row];

    if (r->at == DEPLOY_HEADING) {
        struct ncm_str model = d->fleet->deployments[r->first].is.model;
        snprintf(out->text, sizeof out->text, "%s",
                 model.len > 0 ? deploy_clean(model, 60) : _("no known model"));
        out->role = ROLE_HEAD;
        return;
    }
    deploy_cell(d, &d->fleet->deployments[r->at], shown_column(d, column), out);
}

/* "v14 Production", and what else holds a stage or an alias. */
static void heading_right(void *ctx, size_t row, struct table_cell *out)
{
    const struct deploy *d = ctx;
    struct ncm_str model = d->fleet->deployments[d->rows[row].first].is.model;
    size_t used = 0;
    bool registered = false;
    char version[80];

    out->role = ROLE_DIM;
    for (size_t i = 0; model.len > 0 && i < d->fleet->n_rows; i++) {
        const struct ncm_fleet_row *r = &d->fleet->rows[i];
        if (!ncm_str_eq(r->model, model)) {
            continue;
        }
        registered = registered || r->registered;
        if (r->stage.len > 0 && r->version.len > 0 && used + 120 < sizeof out->text) {
            used += (size_t)snprintf(out->text + used, sizeof out->text - used, "%s%s %s",
                                     used > 0 ? " · " : "",
                                     common_version_text(version, sizeof version, r->version, 10),
                                     deploy_clean(r->stage, 30));
            out->role = r->in_production ? ROLE_STAGE_PRODUCTION : out->role;
        }
    }
    if (used == 0 && model.len > 0 && d->registry != NULL) {
        snprintf(out->text, sizeof out->text, "%s",
                 registered ? _("no version in Production") : _("not in the registry"));
    }
}

struct table_model deploy_list_model(struct deploy *d)
{
    return (struct table_model){
        .ctx = d, .count = count, .cell = cell, .heading = heading, .heading_right = heading_right};
}

static int sorted_by(const struct deploy *d, enum deploy_column c)
{
    static const int of[N_SORTS] = {
        [SORT_WORST] = COL_HEALTH,    [SORT_MODEL] = -1,    [SORT_NAME] = COL_NAME,
        [SORT_TRAFFIC] = COL_TRAFFIC, [SORT_RPS] = COL_RPS, [SORT_P95] = COL_P95,
        [SORT_ERRORS] = COL_ERRORS,   [SORT_AGE] = COL_AGE};
    bool down = d->sort != SORT_NAME;

    return of[d->sort] != (int)c ? 0 : down != d->reverse ? -1 : 1;
}

/* Columns in which nothing stands, so that others have the room. */
static unsigned absent_columns(const struct deploy *d)
{
    unsigned absent = 1u << COL_ROLLOUT | 1u << COL_RPS | 1u << COL_P95 | 1u << COL_ERRORS |
                      1u << COL_RESTARTS | 1u << COL_TRAFFIC;

    for (size_t i = 0; i < d->fleet->n_deployments; i++) {
        const struct ncm_fleet_deployment *f = &d->fleet->deployments[i];
        absent &= f->it->rolling ? ~(1u << COL_ROLLOUT) : ~0u;
        absent &= !isnan(f->rates.rps) ? ~(1u << COL_RPS) : ~0u;
        absent &= !isnan(f->rates.p95_ms) ? ~(1u << COL_P95) : ~0u;
        absent &= !isnan(f->rates.error_rate) ? ~(1u << COL_ERRORS) : ~0u;
        absent &= f->it->n_replicas > 0 ? ~(1u << COL_RESTARTS) : ~0u;
        absent &= f->n_traffic > 0 ? ~(1u << COL_TRAFFIC) : ~0u;
    }
    return absent | (d->flat ? 0 : 1u << COL_MODEL);
}

/* As wide as the widest name that there is, so that no room is lost. */
static int name_cells(const struct deploy *d, int room)
{
    char name[400];
    int w = 12;

    for (size_t i = 0; i < d->n_rows && i < 400; i++) {
        if (d->rows[i].at != DEPLOY_HEADING) {
            const struct ncm_deployment *x = d->fleet->deployments[d->rows[i].at].it;
            if (d->one_ns) {
                ncm_text_clip(name, sizeof name, ncm_cstr(x->name), x->name.len, 60);
            } else {
                deploy_name(name, sizeof name, x, 60);
            }
            int k = ncm_text_width(name);
            w = k > w ? k : w;
        }
    }
    return w < room ? w : room;
}

static int version_cells(const struct deploy *d)
{
    char text[200];
    int w = 7;

    for (size_t i = 0; i < d->n_rows && i < 400; i++) {
        if (d->rows[i].at != DEPLOY_HEADING) {
            int k = ncm_text_width(
                deploy_versions(text, sizeof text, &d->fleet->deployments[d->rows[i].at]));
            w = k > w ? k : w;
        }
    }
    return w < 16 ? w : 16;
}

static void draw_table(struct deploy *d, const struct canvas *c)
{
    size_t n = 0;
    struct table_model m = deploy_list_model(d);

    d->signs_only = c->w < 60;
    d->absent = absent_columns(d);
    for (size_t i = 0; i < N_COLUMNS; i++) {
        if ((d->hidden | d->absent) & 1u << i) {
            continue;
        }
        struct table_column *t = &d->columns[n++];
        *t = (struct table_column){.title = _(columns[i].title),
                                   .min = columns[i].min,
                                   .want = columns[i].want,
                                   .align = columns[i].align,
                                   .priority = columns[i].priority,
                                   .sorted = sorted_by(d, (enum deploy_column)i)};
        if (i == COL_HEALTH) {
            t->title = d->signs_only ? "" : t->title;
            t->min = t->want = d->signs_only ? 1 : columns[i].want;
        } else if (i == COL_NAME) {
            t->want = name_cells(d, c->w / 3);
            int least = d->flat ? 18 : 22;
            t->min = t->want < least ? t->want : least;
        } else if (i == COL_VERSION) {
            t->min = t->want = version_cells(d);
        }
    }
    d->table.columns = d->columns;
    d->table.n_columns = n;
    d->table.fixed = 2;
    table_draw(&d->table, &m, c, true, _("Nothing matches the filter. Esc clears it."));
}

static void draw_source(const struct canvas *c, int y, const struct deploy_source *s,
                        enum role role, const char *what, const char *right)
{
    const struct ncm_str name = {s->about->name, strlen(s->about->name)};
    int room = right[0] != '\0' ? ncm_text_width(right) + 2 : 0;

    paint(c, y, 1, role, ATTR_BOLD, sign(role == ROLE_FAIL ? SIGN_OFFLINE : SIGN_WARN));
    int x = 3 + paint_cut(c, y, 3, 16, 0, role, ATTR_BOLD, deploy_clean(name, 16));
    room = c->w - x - room < 24 ? 0 : room;
    paint_cut(c, y, x + 1, c->w - x - room - 2, 0, role, 0, what);
    if (room > 0) {
        paint(c, y, c->w - room + 1, ROLE_DIM, 0, right);
    }
}

/* One line for each source that does not answer. */
static int draw_sources(const struct deploy *d, const struct canvas *c, int y, int max)
{
    char text[600], age[60];
    int used = 0;

    for (size_t i = 0; i < d->n_sources && used < max; i++) {
        const struct deploy_source *s = &d->sources[i];
        age[0] = '\0';
        if (s->err != NULL) {
            ncm_text_clip(text, sizeof text, s->err->what, strlen(s->err->what), 300);
            if (s->info.age_ms >= 0) {
                char ago[40];
                snprintf(age, sizeof age, _("figures are %s old"),
                         ncm_fmt_age(ago, sizeof ago, s->info.age_ms < 1000 ? 1000 : s->info.age_ms));
            }
            draw_source(c, y + used++, s, ROLE_FAIL, text, age);
        }
    }
    return used;
}

/* One line for each source that answers, but not all that is asked. */
int deploy_draw_notes(const struct deploy *d, const struct canvas *c, int y, int max)
{
    char more[60];
    int used = 0;

    for (size_t i = 0; i < d->n_sources && used < max; i++) {
        const struct deploy_source *s = &d->sources[i];
        if (s->err != NULL || s->snap == NULL || s->snap->n_notes == 0) {
            continue;
        }
        paint(c, y + used, 1, ROLE_WARN, ATTR_BOLD, sign(SIGN_WARN));
        int x = 3 + paint_cut(
                        c, y + used, 3, 16, 0, ROLE_WARN, ATTR_BOLD,
                        deploy_clean((struct ncm_str){s->about->name, strlen(s->about->name)}, 16));
        more[0] = '\0';
        if (s->snap->n_notes > 1) {
            snprintf(more, sizeof more, _("and %zu more"), s->snap->n_notes - 1);
        }
        int right = more[0] != '\0' ? ncm_text_width(more) + 2 : 0;
        paint_cut(c, y + used, x + 1, c->w - x - right - 2, 0, ROLE_WARN, 0,
                  deploy_clean(s->snap->notes[0], 300));
        if (right > 0) {
            paint(c, y + used, c->w - right + 1, ROLE_DIM, 0, more);
        }
        used++;
    }
    return used;
}

static void draw_head(const struct deploy *d, const struct canvas *c)
{
    char title[240], right[80] = "", words[80];
    size_t n = 0, failed = 0, degraded = 0;

    for (size_t i = 0; i < d->n_rows; i++) {
        if (d->rows[i].at != DEPLOY_HEADING) {
            enum ncm_health h = d->fleet->deployments[d->rows[i].at].health;
            n++;
            failed += h == NCM_HEALTH_FAILED;
            degraded += h == NCM_HEALTH_DEGRADED;
        }
    }
    size_t used = (size_t)snprintf(title, sizeof title, _("Deployments (%zu"), n);
    if (failed > 0) {
        used += (size_t)snprintf(title + used, sizeof title - used, _(", %zu failed"), failed);
    }
    if (degraded > 0) {
        used += (size_t)snprintf(title + used, sizeof title - used, _(", %zu degraded"), degraded);
    }
    if (d->filter != NULL) {
        ncm_text_clip(words, sizeof words, d->filter, strlen(d->filter), 24);
        used += (size_t)snprintf(title + used, sizeof title - used, _(", filter: %s"), words);
    }
    snprintf(title + used, sizeof title - used, ")");
    if (d->sort == SORT_WORST) {
        snprintf(right, sizeof right, "%s",
                 d->reverse ? _("the best first") : _("the worst first"));
    }
    paint_head(c, 0, title, right, true);
}

/* Beside the list: all that matters of the selected one. */
static void draw_side(struct deploy *d, const struct canvas *c)
{
    const struct ncm_fleet_deployment *x = deploy_selected(d);
    char title[200];

    if (x == NULL) {
        return;
    }
    struct flow f = flow_begin(c, 0);
    flow_head(&f, deploy_name(title, sizeof title, x->it, c->w - 6), NULL);
    deploy_say_findings(&f, x, 4);
    flow_gap(&f);
    flow_head(&f, _("Version"), NULL);
    deploy_say_version(&f, x);
    if (x->it->probe.probed) {
        flow_gap(&f);
        flow_head(&f, _("Server"), NULL);
        deploy_say_server(&f, x->it);
    }
    if (x->n_traffic > 0) {
        flow_gap(&f);
        flow_head(&f, _("Traffic"), ncm_cstr(x->it->traffic_by));
        deploy_say_traffic(&f, x);
    }
    if (x->it->n_replicas > 0) {
        flow_gap(&f);
        flow_head(&f, _("Replicas"), NULL);
        int room = c->h - f.y;
        deploy_say_replicas(&f, x->it, room > 1 ? (size_t)room - 1 : 1);
    }
}

/* Below it: what is wrong, as far as there is room. */
static void draw_below(struct deploy *d, const struct canvas *c)
{
    const struct ncm_fleet_deployment *x = deploy_selected(d);
    char title[200];

    if (x == NULL) {
        return;
    }
    struct flow f = flow_begin(c, 0);
    flow_head(&f, deploy_name(title, sizeof title, x->it, c->w - 6), NULL);
    deploy_say_findings(&f, x, 3);
    if (x->n_traffic > 1 && f.y < c->h) {
        deploy_say_traffic(&f, x);
    }
    if (f.y < c->h) {
        deploy_say_version(&f, x);
    }
    if (x->it->probe.probed && f.y + 4 < c->h) {
        flow_gap(&f);
        flow_head(&f, _("Server"), NULL);
        deploy_say_server(&f, x->it);
    }
    if (x->it->n_replicas > 0 && f.y + 4 < c->h) {
        flow_gap(&f);
        flow_head(&f, _("Replicas"), NULL);
        deploy_say_replicas(&f, x->it, (size_t)(c->h - f.y - 1));
    }
}

/* Headings as long as everything has room; with less each row tells its model itself. */
static void choose_form(struct deploy *d, int h)
{
    size_t n = 0, headings = 0;

    for (size_t i = 0; i < d->fleet->n_deployments; i++) {
        struct ncm_str model = d->fleet->deployments[i].is.model;
        bool first = true;
        for (size_t k = 0; k < i && first; k++) {
            first = !ncm_str_eq(model, d->fleet->deployments[k].is.model);
        }
        n++;
        headings += first;
    }
    bool flat = (int)(n + headings) > (h * 2) / 3 && headings * 2 > n;
    if (!d->flat_chosen && flat != d->flat) {
        d->flat = flat;
        deploy_rebuild(d);
    }
}

void deploy_draw_list(struct deploy *d, const struct canvas *c)
{
    if (d->fleet == NULL || (d->fleet->n_deployments == 0 && d->filter == NULL)) {
        deploy_draw_start(d, c);
        return;
    }
    choose_form(d, c->h);
    int side = c->w >= SIDE_FROM && c->h >= BELOW_FROM && !d->full ? c->w * 2 / 5 : 0;
    struct canvas left = canvas_part(c, 0, 0, -1, side > 0 ? c->w - side - 1 : -1);
    int errors = c->h >= 8 ? draw_sources(d, &left, 1, 3) : 0;
    errors += c->h >= 8 ? deploy_draw_notes(d, &left, 1 + errors, 3 - errors) : 0;
    int room = left.h - 1 - errors;
    int below = side == 0 && c->h >= BELOW_FROM && !d->full && d->n_rows > 0 ? room / 3 : 0;
    /* what the rows do not need is worth more below them */
    int spare = room - below - (int)d->n_rows - 2;
    below += below > 0 && spare > 0 ? spare : 0;
    struct canvas body = canvas_part(&left, 1 + errors, 0, room - below, -1);

    draw_head(d, &left);
    d->body_y = 1 + errors;
    draw_table(d, &body);
    if (side > 0) {
        struct canvas right = canvas_part(c, 0, c->w - side, -1, -1);
        paint_vline(c, 1, c->w - side - 1, c->h - 1, ROLE_BORDER);
        draw_side(d, &right);
    } else if (below > 0) {
        struct canvas bottom = canvas_part(&left, left.h - below, 0, below, -1);
        draw_below(d, &bottom);
    }
}
