/* A model's versions: below the board, and with the whole pane for themselves. */
#include "pane/registry/registry.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum version_column {
    V_NUMBER,
    V_STAGE,
    V_ALIASES,
    V_METRIC0,
    V_METRIC1,
    V_METRIC2,
    V_METRIC3,
    V_RUN,
    V_CREATED,
    V_USER,
    V_NOTE
};

static void version_aliases(const struct ncm_model_version *v, struct table_cell *out)
{
    struct ncm_buf b;
    ncm_buf_init(&b, sizeof out->text - 1);
    for (size_t i = 0; i < v->n_aliases; i++) {
        ncm_buf_puts(&b, i > 0 ? " @" : "@");
        ncm_text_clean(&b, v->aliases[i].p, v->aliases[i].len, NCM_CLEAN_LINE);
    }
    registry_set_text(out, b.p);
    ncm_buf_release(&b);
}

/* A metric that every loaded version lacks is not chosen; the ones most versions have come first,
 * and of these the ones of which it is known which way is better. */
void registry_choose_metrics(struct registry *r)
{
    r->n_metrics = 0;
    for (size_t i = 0; i < r->n_runs; i++) {
        const struct ncm_run *run = r->runs[i].run != NULL ? &r->runs[i].run->run : NULL;
        for (size_t k = 0; run != NULL && k < run->n_metrics; k++) {
            struct ncm_str key = run->metrics[k].key;
            bool known = false;
            for (size_t j = 0; j < r->n_metrics; j++) {
                known = known || ncm_str_eq(r->metrics[j], key);
            }
            if (known ||
                (ncm_metric_direction(ncm_cstr(key)) == 0 && run->n_metrics > MODEL_METRICS)) {
                continue;
            }
            if (r->n_metrics < MODEL_METRICS) {
                r->metrics[r->n_metrics++] = key;
            }
        }
    }
}

/* Whether this value is the best of the column (known direction, at least two values). */
static bool is_best(const struct registry *r, struct ncm_str key, double value)
{
    int direction = ncm_metric_direction(ncm_cstr(key));
    int others = 0;
    for (size_t i = 0; i < r->n_runs; i++) {
        const struct ncm_run *run = r->runs[i].run != NULL ? &r->runs[i].run->run : NULL;
        const struct ncm_metric *m = run != NULL ? ncm_run_metric(run, ncm_cstr(key)) : NULL;
        if (m == NULL || m->value.kind != NCM_V_NUMBER) {
            continue;
        }
        others++;
        if ((m->value.num - value) * direction > 0) {
            return false;
        }
    }
    return direction != 0 && others > 1;
}

static void metric_cell(const struct registry *r, const struct ncm_model_version *v, size_t index,
                        struct table_cell *out)
{
    const struct ncm_run *run = registry_run_of(r, ncm_cstr(v->run_id));
    const struct ncm_metric *m = run != NULL && index < r->n_metrics
                                     ? ncm_run_metric(run, ncm_cstr(r->metrics[index]))
                                     : NULL;
    if (m == NULL) {
        registry_set_text(out, sign(SIGN_DASH));
        out->role = ROLE_DIM;
        return;
    }
    double value = m->value.kind == NCM_V_NAN ? NAN : m->value.num;
    char number[40];
    ncm_fmt_num(number, sizeof number, value, 5);
    bool best = m->value.kind == NCM_V_NUMBER && is_best(r, r->metrics[index], value);
    snprintf(out->text, sizeof out->text, "%s%s", best ? sign(SIGN_STAR) : "", number);
    out->role = best ? ROLE_BETTER : ROLE_TEXT;
}

static size_t versions_count(void *ctx)
{
    const struct ncm_model *m = registry_model(ctx);
    return m != NULL ? m->n_versions : 0;
}

static void version_cell(const struct registry *r, size_t row, enum version_column column,
                         struct table_cell *out)
{
    const struct ncm_model_version *v = &registry_model(r)->versions[row];
    const struct ncm_run *run = registry_run_of(r, ncm_cstr(v->run_id));
    switch (column) {
    case V_NUMBER: {
        char number[64];
        ncm_text_clip(number, sizeof number, v->version.p, v->version.len, 12);
        snprintf(out->text, sizeof out->text, "v%s", number);
        out->attrs = ATTR_BOLD;
        break;
    }
    case V_STAGE:
        registry_set_raw(out, v->stage_text);
        out->role = stage_role(v->stage);
        if (!ncm_str_is(v->status, "READY")) {
            registry_set_raw(out, v->status);
            out->role = ROLE_WARN;
        }
        break;
    case V_ALIASES:
        version_aliases(v, out);
        break;
    case V_METRIC0:
    case V_METRIC1:
    case V_METRIC2:
    case V_METRIC3:
        metric_cell(r, v, column - V_METRIC0, out);
        break;
    case V_CREATED:
        registry_set_age(out, v->creation_ms);
        break;
    case V_RUN:
        registry_set_raw(out, run != NULL && run->name.len > 0 ? run->name : v->run_id);
        out->role = ROLE_LINK;
        break;
    case V_USER:
        registry_set_raw(out, v->user.len > 0 || run == NULL ? v->user : run->user);
        out->role = ROLE_DIM;
        break;
    case V_NOTE:
        registry_set_raw(out, v->description);
        break;
    }
}

/* The two tables of versions differ in width only; which column is which stands in a map. */
static void preview_cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    const struct registry *r = ctx;
    version_cell(r, row, (enum version_column)r->preview_map[column], out);
}

static void versions_cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    const struct registry *r = ctx;
    version_cell(r, row, (enum version_column)r->versions_map[column], out);
}

struct table_model registry_preview_model(struct registry *r)
{
    struct table_model m = {.ctx = r, .count = versions_count, .cell = preview_cell};
    return m;
}

struct table_model registry_versions_model(struct registry *r)
{
    struct table_model m = {.ctx = r, .count = versions_count, .cell = versions_cell};
    return m;
}

/* Metrics that no version has are left out; returns how many columns there are. */
static size_t make_columns(struct registry *r, int w, struct table_column *out, int *map)
{
    const struct table_column all[] = {
        [V_NUMBER] = {.title = _("VER"), .min = 4, .want = 5},
        [V_STAGE] = {.title = _("STAGE"), .min = 10, .want = 11},
        [V_ALIASES] = {.title = _("ALIASES"), .min = 8, .want = w >= 110 ? 30 : 14, .priority = 5},
        [V_METRIC0] =
            {.title = r->metric_heads[0], .min = 8, .want = 10, .align = 1, .priority = 1},
        [V_METRIC1] =
            {.title = r->metric_heads[1], .min = 8, .want = 10, .align = 1, .priority = 4},
        [V_METRIC2] =
            {.title = r->metric_heads[2], .min = 8, .want = 10, .align = 1, .priority = 8},
        [V_METRIC3] =
            {.title = r->metric_heads[3], .min = 8, .want = 10, .align = 1, .priority = 9},
        [V_RUN] = {.title = _("FROM RUN"), .min = 10, .want = w >= 110 ? 24 : 14, .priority = 2},
        [V_CREATED] = {.title = _("MADE"), .min = 6, .want = 6, .align = 1, .priority = 6},
        [V_USER] = {.title = _("BY"), .min = 6, .want = 10, .priority = 7},
        [V_NOTE] = {.title = _("DESCRIPTION"), .min = 12, .want = 0, .priority = 3},
    };
    size_t n = 0;
    for (int i = 0; i < (int)(sizeof all / sizeof *all); i++) {
        if (i >= V_METRIC0 && i <= V_METRIC3 && (size_t)(i - V_METRIC0) >= r->n_metrics) {
            continue;
        }
        out[n] = all[i];
        map[n++] = i;
    }
    return n;
}

static void make_heads(struct registry *r)
{
    for (size_t i = 0; i < r->n_metrics; i++) {
        ncm_text_clip(r->metric_heads[i], sizeof r->metric_heads[i], r->metrics[i].p,
                      r->metrics[i].len, 12);
    }
}

void registry_draw_preview(struct registry *r, const struct canvas *c)
{
    const struct ncm_model *m = registry_model(r);
    char title[256] = "";
    if (m != NULL) {
        char name[160];
        ncm_text_clip_middle(name, sizeof name, m->name.p, m->name.len,
                             c->w - 24 > 8 ? c->w - 24 : 8);
        snprintf(title, sizeof title, _("Versions of %s (%zu)"), name, m->n_versions);
    }
    paint_head(c, 0, title, NULL, r->part == 1);
    make_heads(r);
    struct canvas body = canvas_part(c, 1, 0, -1, -1);
    struct table_model tm = registry_preview_model(r);
    r->preview.columns = r->preview_columns;
    r->preview.n_columns = make_columns(r, c->w, r->preview_columns, r->preview_map);
    r->preview.fixed = 1;
    r->preview_y = body.y;
    table_draw(&r->preview, &tm, &body, r->part == 1,
               m == NULL ? "" : _("This model has no versions."));
}

/* Name, owner tags and description of the model above its versions; returns the rows used. */
static int draw_model_head(const struct ncm_model *m, const struct canvas *c)
{
    char title[256];
    char name[200];
    ncm_text_clip_middle(name, sizeof name, m->name.p, m->name.len, c->w - 8 > 8 ? c->w - 8 : 8);
    snprintf(title, sizeof title, "%s", name);
    paint_head(c, 0, title, NULL, true);
    int y = 1;
    if (m->description.len > 0 && c->h >= 10) {
        paint_raw(c, y++, 1, c->w - 2, 0, ROLE_DIM, 0, m->description);
    }
    if ((m->n_aliases > 0 || m->n_tags > 0) && c->h >= 12) {
        struct table_cell cell = {0};
        registry_alias_cell(m, &cell);
        int x = 1 + paint_cut(c, y, 1, ncm_text_width(cell.text), 0, ROLE_LINK, 0, cell.text);
        for (size_t i = 0; i < m->n_tags && x < c->w - 8; i++) {
            char key[80], value[80];
            ncm_text_clip(key, sizeof key, m->tags[i].key.p, m->tags[i].key.len, 24);
            ncm_text_clip(value, sizeof value, m->tags[i].value.p, m->tags[i].value.len, 24);
            x += paintf(c, y, x, ROLE_DIM, 0, "%s%s=%s", x > 1 ? "  " : "", key, value);
        }
        y++;
    }
    return y;
}

void registry_draw_model(struct registry *r, const struct canvas *c)
{
    const struct ncm_model *m = registry_model(r);
    if (m == NULL) {
        paint(c, 1, 1, ROLE_DIM, 0, r->models == NULL ? _("loading…") : _("This model is gone."));
        return;
    }
    int y = draw_model_head(m, c);
    make_heads(r);
    struct canvas body = canvas_part(c, y, 0, -1, -1);
    struct table_model tm = registry_versions_model(r);
    r->versions.columns = r->versions_columns;
    r->versions.n_columns = make_columns(r, c->w, r->versions_columns, r->versions_map);
    r->versions.fixed = 1;
    r->table_y = body.y;
    table_draw(&r->versions, &tm, &body, true, _("This model has no versions."));
}
