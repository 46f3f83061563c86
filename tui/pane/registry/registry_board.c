/* The board: models × stages, or a plain list. */
#include "pane/registry/registry.h"

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

void registry_set_age(struct table_cell *out, int64_t ms)
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
    B_DRIFT, /* only where anything is watched */
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

void registry_alias_cell(const struct ncm_model *m, struct table_cell *out)
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

/* The last windows of its worst feature. */
static void drift_cell(struct registry *r, const struct ncm_model *m, struct table_cell *out)
{
    size_t n = common_drift_cells(r->drift, m->name, r->drift_cells,
                                  sizeof r->drift_cells / sizeof *r->drift_cells, NULL);
    if (n == 0) {
        registry_set_text(out, sign(SIGN_DASH));
        out->role = ROLE_DIM;
        return;
    }
    out->heat = r->drift_cells;
    out->n_heat = n;
    out->heat_cursor = SIZE_MAX;
    out->heat_w = 1;
}

static void board_cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    struct registry *r = ctx;
    const struct ncm_model *m = &r->models->items[r->rows[row]];
    if (column >= B_DRIFT && r->drift_want == NULL) {
        column++;
    }
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
        registry_alias_cell(m, out);
        break;
    case B_UPDATED:
        registry_set_age(out, m->last_updated_ms);
        break;
    case B_DRIFT:
        drift_cell(r, m, out);
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
        registry_set_age(out, m->last_updated_ms);
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

int registry_preview_rows(const struct registry *r, int height)
{
    return height >= 14 && !r->full ? height * 2 / 5 : 0;
}

static void board_table(struct registry *r, const struct canvas *body)
{
    bool wide = body->w >= 140;
    struct table_column stages[] = {
        {.title = _("MODEL"), .min = 18, .want = wide ? 44 : 0},
        {.title = _("PRODUCTION"), .min = 10, .want = 10},
        {.title = _("STAGING"), .min = 7, .want = 9},
        {.title = _("NONE"), .min = 5, .want = 9, .priority = 3},
        {.title = _("ARCHIVED"), .min = 8, .want = 9, .priority = 4},
        {.title = _("ALIASES"), .min = 9, .want = body->w >= 110 ? 40 : 14, .priority = 2},
        {.title = _("UPDATED"), .min = 7, .want = 7, .align = 1, .priority = 5},
        {.title = _("DRIFT"), .min = 8, .want = 12, .priority = 1},
        {.title = _("DESCRIPTION"), .min = 12, .want = 0, .priority = 6},
    };
    size_t n_stages = sizeof stages / sizeof *stages - (wide ? 0 : 1);
    if (r->drift_want == NULL) {
        stages[B_DRIFT] = stages[B_NOTE];
        n_stages--;
    }
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
        registry_draw_preview(r, &bottom);
    }
}

struct table *registry_focused(struct registry *r, struct table_model *model)
{
    switch (r->view) {
    case VIEW_MODEL:
        *model = registry_versions_model(r);
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
        *model = registry_preview_model(r);
        return &r->preview;
    }
    *model = board_model(r);
    return &r->board;
}
