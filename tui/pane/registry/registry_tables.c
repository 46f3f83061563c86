/* The board (models × stages), a model's versions, and who held what. */
#include "pane/registry/registry.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum role stage_role(enum ncm_stage s)
{
    static const enum role roles[NCM_N_STAGES] = {ROLE_STAGE_NONE, ROLE_STAGE_STAGING,
                                                  ROLE_STAGE_PRODUCTION, ROLE_STAGE_ARCHIVED};
    return roles[s];
}

void registry_set_text(struct table_cell *out, const char *clean)
{
    ncm_text_clip(out->text, sizeof out->text, clean, strlen(clean), 400);
}

void registry_set_raw(struct table_cell *out, struct ncm_str raw)
{
    out->raw = raw;
    out->is_raw = true;
}

static void set_age(struct table_cell *out, int64_t ms)
{
    if (ms == NCM_NO_TIME) {
        registry_set_text(out, sign(SIGN_DASH));
    } else {
        ncm_fmt_age(out->text, sizeof out->text, ncm_ms_between(ms, ncm_now_ms()));
    }
    out->role = ROLE_DIM;
}

/* ---- board ---- */

enum board_column {
    B_MODEL,
    B_PRODUCTION,
    B_STAGING,
    B_NONE,
    B_ARCHIVED,
    B_ALIASES,
    B_UPDATED,
    B_NOTE
};

/* "v6 v5 +3": the versions of one stage, highest first. */
static void stage_cell(const struct ncm_model *m, enum ncm_stage stage, struct table_cell *out)
{
    size_t used = 0;
    int more = 0, shown = 0;
    for (size_t i = 0; i < m->n_versions; i++) {
        if (m->versions[i].stage != stage) {
            continue;
        }
        if (shown >= 2) {
            more++;
            continue;
        }
        char part[64];
        ncm_text_clip(part, sizeof part, m->versions[i].version.p, m->versions[i].version.len, 12);
        int n =
            snprintf(out->text + used, sizeof out->text - used, "%sv%s", shown ? " " : "", part);
        used += n > 0 ? (size_t)n : 0;
        shown++;
    }
    if (more > 0) {
        snprintf(out->text + used, sizeof out->text - used, " +%d", more);
    }
    if (shown == 0) {
        registry_set_text(out, sign(SIGN_DASH));
        out->role = ROLE_DIM;
    } else {
        out->role = stage_role(stage);
    }
}

static void alias_cell(const struct ncm_model *m, struct table_cell *out)
{
    struct ncm_buf b;
    ncm_buf_init(&b, sizeof out->text - 1);
    for (size_t i = 0; i < m->n_aliases; i++) {
        const struct ncm_alias *a = &m->aliases[i];
        ncm_buf_puts(&b, i > 0 ? " @" : "@");
        ncm_text_clean(&b, a->name.p, a->name.len, NCM_CLEAN_LINE);
        ncm_buf_putc(&b, '=');
        ncm_text_clean(&b, a->version.p, a->version.len, NCM_CLEAN_LINE);
        if (a->dangling) {
            ncm_buf_puts(&b, sign(SIGN_WARN));
        }
    }
    registry_set_text(out, b.p);
    ncm_buf_release(&b);
}

static size_t board_count(void *ctx)
{
    const struct registry *r = ctx;
    return r->n_rows;
}

static void board_cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    const struct registry *r = ctx;
    const struct ncm_model *m = &r->models->items[r->rows[row]];
    switch ((enum board_column)column) {
    case B_MODEL:
        registry_set_raw(out, m->name);
        out->cut_middle = true;
        out->attrs = ATTR_BOLD;
        break;
    case B_PRODUCTION:
        stage_cell(m, NCM_STAGE_PRODUCTION, out);
        break;
    case B_STAGING:
        stage_cell(m, NCM_STAGE_STAGING, out);
        break;
    case B_NONE:
        stage_cell(m, NCM_STAGE_NONE, out);
        break;
    case B_ARCHIVED:
        stage_cell(m, NCM_STAGE_ARCHIVED, out);
        break;
    case B_ALIASES:
        alias_cell(m, out);
        break;
    case B_UPDATED:
        set_age(out, m->last_updated_ms);
        break;
    case B_NOTE:
        registry_set_raw(out, m->description);
        out->role = ROLE_DIM;
        break;
    }
}

enum list_column { L_MODEL, L_VERSIONS, L_LATEST, L_UPDATED, L_NOTE };

static void list_cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    const struct registry *r = ctx;
    const struct ncm_model *m = &r->models->items[r->rows[row]];
    switch ((enum list_column)column) {
    case L_MODEL:
        board_cell(ctx, row, B_MODEL, out);
        break;
    case L_VERSIONS:
        ncm_fmt_count(out->text, sizeof out->text, (int64_t)m->n_versions);
        break;
    case L_LATEST: {
        char number[24] = "";
        if (m->n_versions > 0) {
            ncm_text_clip(number, sizeof number, m->versions[0].version.p,
                          m->versions[0].version.len, 8);
        }
        snprintf(out->text, sizeof out->text, "%s%s", m->n_versions > 0 ? "v" : sign(SIGN_DASH),
                 number);
        break;
    }
    case L_UPDATED:
        set_age(out, m->last_updated_ms);
        break;
    case L_NOTE:
        registry_set_raw(out, m->description);
        break;
    }
}

static struct table_model board_model(struct registry *r)
{
    struct table_model m = {
        .ctx = r, .count = board_count, .cell = r->as_list ? list_cell : board_cell};
    return m;
}

/* ---- versions ---- */

enum version_column {
    V_NUMBER,
    V_STAGE,
    V_ALIASES,
    V_METRIC0,
    V_METRIC1,
    V_METRIC2,
    V_METRIC3,
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

static void versions_cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    const struct registry *r = ctx;
    const struct ncm_model_version *v = &registry_model(r)->versions[row];
    switch ((enum version_column)column) {
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
        set_age(out, v->creation_ms);
        break;
    case V_USER: {
        const struct ncm_run *run = registry_run_of(r, ncm_cstr(v->run_id));
        registry_set_raw(out, v->user.len > 0 || run == NULL ? v->user : run->user);
        out->role = ROLE_DIM;
        break;
    }
    case V_NOTE:
        registry_set_raw(out, v->description);
        break;
    }
}

/* The preview below the board has the same rows but no metrics: its columns are mapped. */
static const enum version_column preview_columns[] = {V_NUMBER,  V_STAGE, V_ALIASES,
                                                      V_CREATED, V_USER,  V_NOTE};

static void preview_cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    versions_cell(ctx, row, preview_columns[column], out);
}

static struct table_model preview_model(struct registry *r)
{
    struct table_model m = {.ctx = r, .count = versions_count, .cell = preview_cell};
    return m;
}

static struct table_model versions_model(struct registry *r)
{
    struct table_model m = {.ctx = r, .count = versions_count, .cell = versions_cell};
    return m;
}

/* ---- drawing ---- */

static const char *board_empty(const struct registry *r)
{
    if (r->models == NULL) {
        return _("loading…");
    }
    return r->filter != NULL
               ? _("No model matches the filter. Esc clears it.")
               : _("No registered models yet. In Runs, :register makes one from a run.");
}

static void draw_preview(struct registry *r, const struct canvas *c)
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
    const struct table_column columns[] = {
        {.title = _("VER"), .min = 4, .want = 5},
        {.title = _("STAGE"), .min = 10, .want = 11},
        {.title = _("ALIASES"), .min = 8, .want = 22, .priority = 2},
        {.title = _("MADE"), .min = 5, .want = 6, .align = 1, .priority = 3},
        {.title = _("BY"), .min = 6, .want = 10, .priority = 4},
        {.title = _("DESCRIPTION"), .min = 10, .want = 0, .priority = 1},
    };
    struct canvas body = canvas_part(c, 1, 0, -1, -1);
    struct table_model tm = preview_model(r);
    memcpy(r->preview_columns, columns, sizeof columns);
    r->preview.columns = r->preview_columns;
    r->preview.n_columns = sizeof columns / sizeof *columns;
    r->preview.fixed = 1;
    r->preview_y = body.y;
    table_draw(&r->preview, &tm, &body, r->part == 1,
               m == NULL ? "" : _("This model has no versions."));
}

int registry_preview_rows(const struct registry *r, int height)
{
    return height >= 14 && !r->full ? height * 2 / 5 : 0;
}

static void board_table(struct registry *r, const struct canvas *body)
{
    bool wide = body->w >= 140;
    const struct table_column stages[] = {
        {.title = _("MODEL"), .min = 18, .want = wide ? 44 : 0},
        {.title = _("PRODUCTION"), .min = 10, .want = 10},
        {.title = _("STAGING"), .min = 7, .want = 9},
        {.title = _("NONE"), .min = 5, .want = 9, .priority = 3},
        {.title = _("ARCHIVED"), .min = 8, .want = 9, .priority = 4},
        {.title = _("ALIASES"), .min = 9, .want = body->w >= 110 ? 40 : 14, .priority = 2},
        {.title = _("UPDATED"), .min = 7, .want = 7, .align = 1, .priority = 5},
        {.title = _("DESCRIPTION"), .min = 12, .want = 0, .priority = 6},
    };
    size_t n_stages = sizeof stages / sizeof *stages - (wide ? 0 : 1);
    const struct table_column list[] = {
        {.title = _("MODEL"), .min = 12, .want = body->w >= 110 ? 40 : 24},
        {.title = _("VERSIONS"), .min = 8, .want = 8, .align = 1},
        {.title = _("LATEST"), .min = 6, .want = 7, .align = 1},
        {.title = _("UPDATED"), .min = 7, .want = 7, .align = 1},
        {.title = _("DESCRIPTION"), .min = 12, .want = 0, .priority = 1},
    };
    struct table_model tm = board_model(r);
    memcpy(r->board_columns, r->as_list ? list : stages, r->as_list ? sizeof list : sizeof stages);
    r->board.columns = r->board_columns;
    r->board.n_columns = r->as_list ? sizeof list / sizeof *list : n_stages;
    r->board.fixed = 1;
    r->table_y = body->y;
    table_draw(&r->board, &tm, body, r->part == 0, board_empty(r));
}

void registry_draw_board(struct registry *r, const struct canvas *c)
{
    int below = registry_preview_rows(r, c->h);
    struct canvas top = canvas_part(c, 0, 0, c->h - below, -1);
    char title[256];
    size_t all = r->models != NULL ? r->models->n : 0;
    if (r->filter != NULL) {
        char words[100];
        ncm_text_clip(words, sizeof words, r->filter, strlen(r->filter), 30);
        snprintf(title, sizeof title, _("Models (%zu of %zu, filter: %s)"), r->n_rows, all, words);
    } else {
        snprintf(title, sizeof title, _("Models (%zu)"), all);
    }
    paint_head(&top, 0, title, NULL, r->part == 0);
    struct canvas body = canvas_part(&top, 1, 0, -1, -1);
    board_table(r, &body);
    if (below > 0) {
        struct canvas bottom = canvas_part(c, c->h - below, 0, below, -1);
        draw_preview(r, &bottom);
    }
}

/* Name, owner tags and description of the model above its versions; returns the rows used. */
static int draw_model_head(const struct registry *r, const struct ncm_model *m,
                           const struct canvas *c)
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
        alias_cell(m, &cell);
        int x = 1 + paint_cut(c, y, 1, ncm_text_width(cell.text), 0, ROLE_LINK, 0, cell.text);
        for (size_t i = 0; i < m->n_tags && x < c->w - 8; i++) {
            char key[80], value[80];
            ncm_text_clip(key, sizeof key, m->tags[i].key.p, m->tags[i].key.len, 24);
            ncm_text_clip(value, sizeof value, m->tags[i].value.p, m->tags[i].value.len, 24);
            x += paintf(c, y, x, ROLE_DIM, 0, "%s%s=%s", x > 1 ? "  " : "", key, value);
        }
        y++;
    }
    (void)r;
    return y;
}

void registry_draw_model(struct registry *r, const struct canvas *c)
{
    const struct ncm_model *m = registry_model(r);
    if (m == NULL) {
        paint(c, 1, 1, ROLE_DIM, 0, r->models == NULL ? _("loading…") : _("This model is gone."));
        return;
    }
    int y = draw_model_head(r, m, c);
    for (size_t i = 0; i < MODEL_METRICS; i++) {
        char *head = r->metric_heads[i];
        head[0] = '\0';
        if (i < r->n_metrics) {
            ncm_text_clip(head, sizeof r->metric_heads[i], r->metrics[i].p, r->metrics[i].len, 12);
        }
    }
    struct table_column columns[] = {
        {.title = _("VER"), .min = 4, .want = 5},
        {.title = _("STAGE"), .min = 10, .want = 11},
        {.title = _("ALIASES"), .min = 8, .want = c->w >= 110 ? 30 : 14, .priority = 5},
        {.title = r->metric_heads[0], .min = 9, .want = 11, .align = 1, .priority = 1},
        {.title = r->metric_heads[1], .min = 9, .want = 11, .align = 1, .priority = 2},
        {.title = r->metric_heads[2], .min = 9, .want = 11, .align = 1, .priority = 7},
        {.title = r->metric_heads[3], .min = 9, .want = 11, .align = 1, .priority = 8},
        {.title = _("MADE"), .min = 5, .want = 6, .align = 1, .priority = 4},
        {.title = _("BY"), .min = 6, .want = 10, .priority = 6},
        {.title = _("DESCRIPTION"), .min = 10, .want = 0, .priority = 3},
    };
    struct canvas body = canvas_part(c, y, 0, -1, -1);
    struct table_model tm = versions_model(r);
    memcpy(r->versions_columns, columns, sizeof columns);
    r->versions.columns = r->versions_columns;
    r->versions.n_columns = sizeof columns / sizeof *columns;
    r->versions.fixed = 1;
    r->table_y = body.y;
    table_draw(&r->versions, &tm, &body, true, _("This model has no versions."));
}

struct table *registry_focused(struct registry *r, struct table_model *model)
{
    switch (r->view) {
    case VIEW_MODEL:
        *model = versions_model(r);
        return &r->versions;
    case VIEW_VERSION:
        *model = registry_detail_model(r);
        return &r->detail_table;
    case VIEW_HOLDERS:
        *model = registry_holders_model(r);
        return &r->holders_table;
    case VIEW_BOARD:
        break;
    }
    if (r->part == 1) {
        *model = preview_model(r);
        return &r->preview;
    }
    *model = board_model(r);
    return &r->board;
}
