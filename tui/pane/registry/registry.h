/* Pane 3, Registry: the board of models × stages, one model's versions with their metrics, one
 * version beside the one in Production, and who held what. Internal to this folder. */
#ifndef TUI_PANE_REGISTRY_H
#define TUI_PANE_REGISTRY_H

#include "api/registry.h"
#include "api/runs.h"
#include "api/session.h"
#include "api/text.h"
#include "pane/common_drift.h"
#include "ui/pane.h"
#include "ui/widget.h"

enum registry_view { VIEW_BOARD, VIEW_MODEL, VIEW_VERSION, VIEW_HOLDERS };

#define MODEL_RUNS      32 /* versions of one model whose source runs are loaded for the metrics */
#define MODEL_METRICS   4  /* metric columns of the versions table */
#define VERSION_COLUMNS 11 /* of the versions table at most */

/* One line of a version's detail. Strings live in the detail's arena or in held snapshots. */
struct detail_row {
    bool heading;
    struct ncm_str label;
    struct ncm_str mine;   /* this version */
    struct ncm_str theirs; /* the one in Production; absent: nothing to compare with */
    char delta[40];
    enum role role, delta_role;
};

struct version_run {
    char *run_id;
    struct ncm_want *want;
    const struct ncm_run_snapshot *run; /* held */
};

struct registry {
    struct ui *ui;
    bool shown;
    enum registry_view view;
    int part;               /* board: 0 models, 1 versions preview */
    bool as_list;           /* board: a plain list instead of the stages */
    bool full;              /* board: without the preview */
    int table_y, preview_y; /* screen rows where the tables were drawn, for the mouse */
    char *model, *version;  /* selection by identity; NULL without */
    char *filter;           /* board: words in the model's name; NULL none */

    struct ncm_want *models_want;
    const struct ncm_models_snapshot *models; /* held */
    size_t *rows, n_rows, cap_rows;           /* board rows → index in models */
    struct ncm_want *drift_want;              /* NULL where nothing is watched */
    const struct ncm_drift_snapshot *drift;   /* held */
    struct heat_cell drift_cells[12];         /* of the row that is drawn */

    struct version_run runs[MODEL_RUNS]; /* VIEW_MODEL */
    size_t n_runs;
    struct ncm_str metrics[MODEL_METRICS]; /* keys; in held run snapshots */
    size_t n_metrics;

    struct version_run mine, theirs; /* VIEW_VERSION: source runs */
    struct ncm_want *facts_want;
    const struct ncm_facts_snapshot *facts; /* held */
    struct ncm_arena *arena;                /* of rows below */
    struct detail_row *detail;
    size_t n_detail, cap_detail;
    bool only_different;

    struct ncm_want *holders_want;
    const struct ncm_holders_snapshot *holders; /* held */
    char *holders_of;                           /* "Production" or "@alias" */
    enum registry_view holders_from;            /* where Esc leads back */

    struct table board, preview, versions, detail_table, holders_table;
    /* Columns of the last drawing; the tables point here. */
    struct table_column board_columns[9], preview_columns[VERSION_COLUMNS],
        versions_columns[VERSION_COLUMNS], detail_columns[4], holders_columns[7];
    int preview_map[VERSION_COLUMNS], versions_map[VERSION_COLUMNS];
    char metric_heads[MODEL_METRICS][40], mine_head[40], theirs_head[64];

    char **picks; /* what the open picker offers; see registry_act.c */
    size_t n_picks;
};

/* ---- registry_data.c ---- */
/* The selected model / version in the newest snapshot; NULL where gone. */
const struct ncm_model *registry_model(const struct registry *r);
const struct ncm_model_version *registry_version(const struct registry *r);
/* The version of m in Production (highest number where there are several); NULL without. */
const struct ncm_model_version *registry_production(const struct ncm_model *m);
void registry_update(struct registry *r);
void registry_enter(struct registry *r);
void registry_leave(struct registry *r);
/* Selects; strings are copied. version NULL: the model's first. */
void registry_select(struct registry *r, const char *model, const char *version);
void registry_show(struct registry *r, enum registry_view view);
/* Reads the selection back from the focused table's cursor. */
void registry_follow_cursor(struct registry *r);
const struct ncm_run *registry_run_of(const struct registry *r, const char *run_id);
/* Wants to see who held "Production", "@champion" … of the selected model. */
void registry_want_holders(struct registry *r, const char *of);

/* ---- registry_board.c ---- */
void registry_draw_board(struct registry *r, const struct canvas *c);
/* The table and model that have the focus now. */
struct table *registry_focused(struct registry *r, struct table_model *model);

/* Fills a cell with clean text / with text of the store. */
void registry_set_text(struct table_cell *out, const char *clean);
void registry_set_raw(struct table_cell *out, struct ncm_str raw);
/* Rows of the preview below the board; 0 where there is no room. */
int registry_preview_rows(const struct registry *r, int height);

void registry_set_age(struct table_cell *out, int64_t ms);
/* "@champion=4 @canary=6". */
void registry_alias_cell(const struct ncm_model *m, struct table_cell *out);

/* ---- registry_versions.c ---- */
void registry_draw_preview(struct registry *r, const struct canvas *c);
void registry_draw_model(struct registry *r, const struct canvas *c);
struct table_model registry_preview_model(struct registry *r);
struct table_model registry_versions_model(struct registry *r);
/* Which metrics of the source runs are worth a column. */
void registry_choose_metrics(struct registry *r);

/* ---- registry_holders.c ---- */
void registry_draw_holders(struct registry *r, const struct canvas *c);
struct table_model registry_holders_model(struct registry *r);

/* ---- registry_detail.c ---- */
void registry_build_detail(struct registry *r);
void registry_draw_version(struct registry *r, const struct canvas *c);
struct table_model registry_detail_model(struct registry *r);
/* Moves to the next (+1) or previous (-1) heading. */
void registry_jump_part(struct registry *r, int direction);

/* ---- registry_promote.c ---- */
struct ncm_intent;
/* An intent about the selected version; the caller's. */
struct ncm_intent *registry_version_intent(const struct registry *r,
                                           int kind); /* enum ncm_intent_kind */
/* Asks for the version (on the board) and the stage or alias; or straight to "production", "@name".
 */
void registry_promote(struct registry *r);
void registry_promote_to(struct registry *r, const char *where);
void registry_ask_alias(struct registry *r);
void registry_set_alias(struct registry *r, const char *alias);
void registry_pick_rollback(struct registry *r);
void registry_rollback(struct registry *r, const char *of); /* a stage's name or "@alias" */
void registry_pick_holders(struct registry *r);
void registry_show_holders(struct registry *r, const char *of);

/* ---- registry_act.c, choices.c ---- */
bool registry_act(struct registry *r, enum ui_action_id action, const char *arg);
bool registry_can(struct registry *r, enum ui_action_id action, const char **reason);
void registry_free_picks(struct registry *r);

enum role stage_role(enum ncm_stage s);

#endif
