/* What the files of the Runs pane share. The pane is a stack of views: at the bottom the
 * experiments and the run table, above it a run, a plot, a comparison, artifacts. */
#ifndef TUI_PANE_RUNS_RUNS_H
#define TUI_PANE_RUNS_RUNS_H

#include "api/action.h"
#include "api/registry.h"
#include "api/runs.h"
#include "api/session.h"
#include "api/text.h"
#include "pane/common_drift.h"
#include "ui/pane.h"
#include "ui/widget.h"

/* ---- feeds (runs_feed.c): a want that keeps showing its last answer while another loads ---- */
struct feed {
    struct ncm_session *session;
    struct ncm_query *query; /* NULL: nothing asked */
    struct ncm_want *want;   /* NULL while the pane is left */
    const void *snap;        /* own reference, or NULL */
    bool old;                /* snap answers an earlier question */
    int64_t asked_ms;        /* monotonic */
    unsigned wants;          /* how many there have been: tells a new one from the last */
};
/* Takes the query; what is shown stays (as old) until the answer is there. */
void feed_ask(struct feed *f, struct ncm_session *s, struct ncm_query *q);
/* Stops following; keeps what is shown. */
void feed_stop(struct feed *f);
/* Drops everything. */
void feed_release(struct feed *f);
/* Left (paused) or shown again. */
void feed_pause(struct feed *f, bool paused);
/* Takes the newest answer; true where it changed. */
bool feed_update(struct feed *f);
bool feed_asked(const struct feed *f);
const struct ncm_err *feed_error(const struct feed *f);
/* Whether what is shown is to be painted dim: an earlier question's, or out of date. */
bool feed_dim(const struct feed *f);
struct ncm_freshness_info feed_freshness(const struct feed *f);
/* The worse of two. */
struct ncm_freshness_info freshness_worse(struct ncm_freshness_info a, struct ncm_freshness_info b);
/* Says in place of an empty table what is the matter: the feed's error with its hint, "loading…",
 * or the sentence for nothing there. */
void feed_paint_empty(const struct feed *f, const struct canvas *c, const char *nothing);

/* ---- views ---- */
struct runs_pane;
struct view;
typedef void (*each_feed)(struct feed *f, void *to);

struct view_ops {
    void (*free)(struct view *v);
    /* Calls each for every feed, the most important last: what is asked last is answered first. */
    void (*feeds)(struct view *v, each_feed each, void *to);
    void (*update)(struct view *v); /* feeds have taken their newest answers */
    void (*draw)(struct view *v, const struct canvas *c);
    unsigned (*contexts)(struct view *v);
    bool (*act)(struct view *v, enum ui_action_id action, const char *arg);
    bool (*can)(struct view *v, enum ui_action_id action, const char **reason); /* or NULL */
    size_t (*hints)(struct view *v, struct ui_hint *out, size_t max);
    void (*name)(struct view *v, char *out, size_t outsz); /* its piece of the trail; clean */
    bool (*back)(struct view *v); /* one level up inside; false: leave the view */
    /* The run under the selection, or NULL; list records hold only the shown columns. */
    const struct ncm_run *(*run)(struct view *v);
    /* Adds the ids of the runs that an action is about: the marked ones, else the selected. */
    void (*targets)(struct view *v, struct ncm_intent *intent);
    /* The experiment under the selection where experiments have the focus. May be NULL. */
    const struct ncm_experiment *(*experiment)(struct view *v);
    bool (*mouse)(struct view *v, const struct term_event *ev); /* or NULL */
};

struct view {
    const struct view_ops *ops;
    struct runs_pane *pane;
};

#define RUNS_DEPTH 12

/* A change on its way (runs_actions.c): it waits for the run's record, a choice, or a text. */
struct run_action {
    struct feed feed;
    enum ui_action_id pending; /* goes on when the record is there; A_NONE: nothing waits */
    struct ncm_intent *intent; /* of the prompt or picker that is open */
    char *subject;             /* what the prompt is about: its present value */
    char **choices;            /* what a picker offers */
    size_t n_choices;
};

struct runs_pane {
    struct ui *ui;
    struct view *stack[RUNS_DEPTH];
    size_t depth;
    bool shown;
    bool entered;       /* shown just now, nothing drawn yet */
    bool guest;         /* the view above the browser was opened by another pane */
    struct feed models; /* for version badges and completion */
    struct badge_index *badges;
    struct feed drift; /* of the models that are watched; nothing is asked where none is */
    struct run_action action;
    char *deleting; /* id of the run whose view asked to delete it, or NULL */
};

struct ncm_session *pane_session(const struct runs_pane *p);
struct view *pane_top(const struct runs_pane *p);
/* Takes the view and shows it; the deepest of all is the browser. */
void pane_push(struct runs_pane *p, struct view *v);
void pane_ask(struct runs_pane *p, struct feed *f, struct ncm_query *q);
void pane_open_run(struct runs_pane *p, const char *run_id);

/* ---- versions that came from a run (runs_badge.c) ---- */
struct badge {
    const struct ncm_model *model;
    const struct ncm_model_version *version;
    size_t more; /* further versions of the same run */
};
struct badge_index *badges_new(const struct ncm_models_snapshot *s);
void badges_free(struct badge_index *b);
bool badges_find(const struct badge_index *b, struct ncm_str run_id, struct badge *out);
/* "fraud-detector v4 Production", brief "fraud-d… v4 Prod": the model's name is cut to keep within
 * so many cells, never the number or the stage. Returns the role of its stage. */
#define BADGE_CELLS 30
#define BADGE_BRIEF 16
enum role badge_text(const struct badge *b, bool brief, char *out, size_t outsz);

/* ---- small texts (runs_text.c) ---- */
/* A value for people: numbers with 5 digits, a dash where unset. Returns its role. */
enum role value_text(const struct ncm_value *v, char *out, size_t outsz);
/* The number behind a value for arithmetic and plots: NaN where there is none, ±inf. */
double value_number(const struct ncm_value *v);
/* Cleaned copy in out. */
char *clean_text(struct ncm_str s, char *out, size_t outsz);
/* A run's name, or the head of its id where it has none; clean. */
char *run_label(const struct ncm_run *r, char *out, size_t outsz);
/* "✔ finished" and its role. */
enum role status_text(const struct ncm_run *r, char *out, size_t outsz);
/* Below this many cells a status is its sign alone; below the second a version is cut short. */
#define RUNS_NARROW 64
#define RUNS_BRIEF  120
/* Adds " · text" (or the text alone to an empty one). */
void join_fact(char *out, size_t outsz, const char *text);
void set_text(struct table_cell *out, enum role role, const char *clean);

/* ---- columns of the run table (runs_columns.c) ---- */
#define RUNS_FIXED 2 /* columns that never scroll away */
enum column_kind { COL_ATTRIBUTE, COL_METRIC, COL_PARAM, COL_TAG };

struct cell_context {
    const struct runs_pane *pane;
    const struct ncm_experiments_snapshot *experiments;
    const struct ncm_run *run;
    const struct ncm_run_ref *ref;
    bool nested, folded, any_children;
    bool signs_only; /* too narrow for the words */
    bool brief;      /* no room for a whole version badge */
    int64_t now_ms;
};

struct attribute {
    const char *id;    /* stable word: "started" */
    const char *title; /* msgid of the head */
    const char *label; /* msgid for the pickers */
    const char *order; /* the search grammar's name, or NULL: cannot be sorted by */
    int min, want, align;
    int priority; /* the higher, the earlier it gives way; metrics have 20, 21, 22 …, params from 60
                   */
    enum { SHOW_ALWAYS, SHOW_INITIAL, SHOW_ALL_EXPERIMENTS, SHOW_WITH_VERSIONS, SHOW_CHOSEN } show;
    void (*cell)(const struct cell_context *x, struct table_cell *out);
};
/* THE table of attribute columns, ended by id == NULL. */
extern const struct attribute run_attributes[];

struct run_column {
    enum column_kind kind;
    const struct attribute *attribute; /* COL_ATTRIBUTE */
    char *key;                         /* the others */
};

struct run_sort {
    enum column_kind kind;
    const struct attribute *attribute;
    char *key;
    bool descending;
};

struct run_columns {
    struct run_column *items;
    size_t n, cap;
    bool chosen; /* by the person: never replaced by a guess */
    /* What the table gets; rebuilt by columns_layout. */
    struct table_column *heads;
    struct shown_column {
        size_t item;
        bool delta;
        char title[96];
    } * shown;
    size_t n_shown;
};
void columns_release(struct run_columns *c);
void columns_clear(struct run_columns *c);
void columns_add(struct run_columns *c, enum column_kind kind, const struct attribute *a,
                 struct ncm_str key);
bool columns_has(const struct run_columns *c, enum column_kind kind, const struct attribute *a,
                 struct ncm_str key);
/* The attributes shown at first, then the most frequent metrics and the params that differ among
 * the first runs. */
void columns_guess(struct run_columns *c, const struct ncm_runs_snapshot *s, bool all_experiments);
/* "metrics.K" … into the query. */
void columns_ask(const struct run_columns *c, struct ncm_query *q);
void columns_layout(struct run_columns *c, const struct run_sort *sort, bool deltas, bool versions,
                    int width);
/* Cell of shown column i; base: the baseline's record or NULL. */
void columns_cell(const struct run_columns *c, size_t i, const struct cell_context *x,
                  const struct ncm_run *base, struct table_cell *out);
/* "metrics.`auc` DESC"; caller frees. */
char *sort_order_text(const struct run_sort *s);
/* "by auc ↓", "newest first" for heads; clean. */
void sort_label(const struct run_sort *s, char *out, size_t outsz);
void sort_set(struct run_sort *s, enum column_kind kind, const struct attribute *a, const char *key,
              bool descending);
const struct attribute *attribute_of(const char *id);

/* ---- the run table (runs_table.c) ---- */
struct run_mark {
    int64_t handle;
    char *id;
};

/* Columns a person chose stay with their experiment. */
struct saved_columns {
    char *experiment; /* NULL: all active */
    struct run_columns columns;
};

struct run_table {
    struct runs_pane *pane;
    struct saved_columns *saved;
    size_t n_saved, cap_saved;
    struct feed feed, sample, keys, baseline;
    bool deleted;
    char *experiment; /* id; NULL = all active */
    char *filter;     /* search text; NULL = none */
    char *typed;      /* the filter as it was typed */
    struct run_sort sort;
    struct run_columns columns;
    struct table table;
    /* Rows on screen → index in the snapshot; rows NULL: all, as they are. */
    uint32_t *rows;
    size_t n_rows;
    bool any_children, any_versions, nested;
    int64_t selected;       /* handle of the selected run; -1 none */
    bool to_top;            /* another order was asked for: its first row is what one wants */
    struct ncm_map *folded; /* handles as bytes */
    struct run_mark *marks;
    size_t n_marks, cap_marks;
    size_t last_n;      /* rows of the last snapshot */
    bool range;         /* v: from here … */
    int64_t range_from; /* handle */
    int64_t base;       /* handle of the baseline; -1 none */
    char *needle;       /* n N */
    size_t window_first, window_count;
    unsigned window_of;   /* the want it was said to */
    struct canvas canvas; /* of the last draw */
};
void run_table_init(struct run_table *t, struct runs_pane *p);
void run_table_release(struct run_table *t);
/* Shows another experiment; everything that belongs to the old one goes. */
void run_table_open(struct run_table *t, const char *experiment, bool deleted);
/* Asks again after the filter, order, columns or view changed. */
void run_table_ask(struct run_table *t);
void run_table_update(struct run_table *t);
void run_table_draw(struct run_table *t, const struct canvas *c, bool focused,
                    const struct ncm_experiments_snapshot *experiments, const char *title);
const struct ncm_runs_snapshot *run_table_snapshot(const struct run_table *t);
const struct ncm_run *run_table_run(const struct run_table *t); /* selected, loaded; or NULL */
const struct ncm_run *run_table_at(const struct run_table *t, size_t row);
const struct ncm_run_ref *run_table_ref(const struct run_table *t, size_t row);
size_t run_table_rows(const struct run_table *t);
bool run_table_act(struct run_table *t, enum ui_action_id action);
void run_table_select_row(struct run_table *t, size_t row);
bool run_table_back(struct run_table *t);
/* ---- marks, range, folding (runs_marks.c) ---- */
bool marks_has(const struct run_table *t, int64_t handle);
void marks_toggle(struct run_table *t, int64_t handle, const struct ncm_run *r);
void marks_clear(struct run_table *t);
/* Lets go of marks whose runs are not in the list any more. */
void marks_prune(struct run_table *t);
void marks_range(struct run_table *t);
bool run_table_marked(const struct run_table *t, size_t row);
bool fold_is(const struct run_table *t, int64_t handle);
void fold_set(struct run_table *t, int64_t handle, bool folded);
bool fold_act(struct run_table *t, enum ui_action_id action);
void fold_all(struct run_table *t);
void rows_rebuild(struct run_table *t);
/* Row that shows this handle, or SIZE_MAX. near: where to look first. */
size_t rows_find(const struct run_table *t, int64_t handle, size_t near);
bool match_next(struct run_table *t, bool forward);

/* ---- filter, sort, columns (runs_filter.c, runs_pick.c) ---- */
void filter_prompt(struct run_table *t);
/* From the palette: says what is wrong where it is. */
void filter_set(struct run_table *t, const char *text);
/* "fraud" → "attributes.run_name ILIKE '%fraud%'"; NULL where the text is meant as a search
 * expression. Caller frees. */
char *filter_of_words(const char *text);
void sort_pick(struct run_table *t);
/* "metrics.auc", "params.depth", "status"; again turns the order round. */
void sort_by_name(struct run_table *t, const char *name);
void columns_pick(struct run_table *t);
/* Reads which metrics, params and tags there are; the pickers open with what is known. */
void keys_ask(struct run_table *t);
void table_copy_row(struct run_table *t);

/* ---- the views ---- */
struct view *browse_new(struct runs_pane *p);
/* Shows an experiment's runs; id NULL = all active. */
void browse_open(struct view *v, const char *experiment);
/* Puts the run table in front, with all active runs where nothing was opened yet. */
void browse_focus_runs(struct view *v);
void browse_objects(struct view *v,
                    void (*add)(void *to, enum ui_object kind, const char *id, const char *id2,
                                const char *label),
                    void *to);
struct view *run_detail_new(struct runs_pane *p, const char *run_id);
/* One metric of a run as one large plot. */
struct view *run_plot_new(struct runs_pane *p, const char *run_id, const char *metric);
struct view *run_compare_new(struct runs_pane *p, const char *const *run_ids, size_t n);
struct view *run_artifacts_new(struct runs_pane *p, const char *run_id);

/* ---- the experiments part (runs_experiments.c) ---- */
struct experiment_list {
    struct runs_pane *pane;
    struct feed feed;
    struct table table;
    bool deleted;
    char *selected;                     /* id; NULL: the row of all active */
    size_t order;                       /* of the table of orders; 0: the store's own */
    const struct ncm_experiment **rows; /* in another order, of this snapshot */
    const void *rows_of;
    struct canvas canvas;
};
void experiments_init(struct experiment_list *e, struct runs_pane *p);
void experiments_release(struct experiment_list *e);
void experiments_ask(struct experiment_list *e);
void experiments_update(struct experiment_list *e);
void experiments_draw(struct experiment_list *e, const struct canvas *c, bool focused, bool narrow);
bool experiments_act(struct experiment_list *e, enum ui_action_id action);
void experiments_select_row(struct experiment_list *e, size_t row);
const struct ncm_experiment *experiments_at(const struct experiment_list *e, size_t row);
const struct ncm_experiment *experiments_find(const struct ncm_experiments_snapshot *s,
                                              const char *id);

/* ---- curves for plots (run_curves.c) ---- */
#define CURVES_MAX 20
struct curve {
    struct feed feed;
    char *run_id;
    char name[96];       /* clean */
    double *x, *y, *raw; /* raw NULL where nothing is smoothed */
    size_t *at;          /* which of the store's points each is */
    size_t n;
    bool one_step;       /* all its points have one step */
    const void *made_of; /* what x and y were made from */
    enum plot_x made_x;
    size_t made_smooth;
};
struct curves {
    struct runs_pane *pane;
    struct curve items[CURVES_MAX];
    size_t n;
    char *metric;
    enum plot_x x_kind;
    bool x_chosen; /* by the person: no automatic time axis */
    size_t smooth; /* index of its weight */
    struct plot plot;
    struct plot_series series[CURVES_MAX];
    char **offered; /* keys of the open picker */
    size_t n_offered;
    void (*picked)(void *ctx); /* told after a picker chose; may be NULL */
    void *picked_ctx;
};
void curves_init(struct curves *c, struct runs_pane *p, const char *const *run_ids, size_t n);
void curves_release(struct curves *c);
/* The legend's name of curve i; clean. */
void curves_name(struct curves *c, size_t i, const char *clean);
void curves_metric(struct curves *c, const char *metric);
void curves_feeds(struct curves *c, each_feed each, void *to);
void curves_update(struct curves *c);
void curves_draw(struct curves *c, const struct canvas *canvas, bool focused);
bool curves_act(struct curves *c, enum ui_action_id action);
/* "auc · step · smoothing 0.6 · 3 curves …" for the head. */
void curves_head(const struct curves *c, char *out, size_t outsz);
/* A picker over metric keys; the chosen one becomes the curves' metric. */
void curves_pick(struct curves *c, const struct ncm_str *keys, size_t n);

/* ---- parts of a run (run_parts.c, run_metrics.c) ---- */
struct pair_row {
    char *label, *value; /* label NULL: a further line of the value */
    enum role role;
    enum ui_object kind;
    char *link, *link2; /* what Enter opens; NULL: nothing */
    bool heading;
};
struct pairs {
    struct pair_row *rows;
    size_t n, cap;
    char label_title[48], value_title[48];
    struct table table;
    struct table_column heads[2];
    struct canvas canvas;
};
void pairs_init(struct pairs *p);
void pairs_clear(struct pairs *p);
void pairs_release(struct pairs *p);
/* Copies; raw text is cleaned. Returns the row (valid until the next). */
struct pair_row *pairs_add(struct pairs *p, const char *label, struct ncm_str value,
                           enum role role);
struct pair_row *pairs_text(struct pairs *p, const char *label, const char *value, enum role role);
void pairs_head(struct pairs *p, const char *title);
void pairs_link(struct pair_row *r, enum ui_object kind, struct ncm_str id, struct ncm_str id2);
void pairs_draw(struct pairs *p, const struct canvas *c, bool focused, const char *empty);
bool pairs_act(struct pairs *p, enum ui_action_id action);

struct metric_table {
    struct runs_pane *pane;
    char *run_id;
    const struct ncm_run *run; /* borrowed from the detail's feed */
    char *selected;            /* its key: the record may be gone when the next arrives */
    uint32_t *rows;            /* after narrowing; NULL: all */
    size_t n_rows;
    struct table table;
    struct table_column heads[7];
    struct series_slot {
        char *key;
        struct feed feed;
        double *v;
        size_t n;
        double lo, hi;
        bool used;
    } * slots;
    size_t n_slots, cap_slots;
    struct canvas canvas;
};
void metrics_init(struct metric_table *m, struct runs_pane *p, const char *run_id);
void metrics_release(struct metric_table *m);
void metrics_feeds(struct metric_table *m, each_feed each, void *to);
void metrics_set(struct metric_table *m, const struct ncm_run *run, const char *narrow);
void metrics_update(struct metric_table *m);
void metrics_draw(struct metric_table *m, const struct canvas *c, bool focused, const char *empty);
bool metrics_act(struct metric_table *m, enum ui_action_id action);
const char *metrics_selected(const struct metric_table *m); /* key or NULL */

/* The facts of a run, as rows (run_facts.c). */
struct run_facts_input {
    const struct ncm_run *run, *parent;
    const struct ncm_runs_snapshot *children;
    const struct ncm_experiment *experiment;
    const struct ncm_model_facts *model;
    const struct ncm_drift_snapshot *drift; /* or NULL */
};
void run_facts_fill(struct pairs *p, const struct run_facts_input *in);

/* ---- actions that change runs (runs_actions.c) ---- */
/* True where it was one of them. */
bool run_actions_act(struct runs_pane *p, enum ui_action_id action, const char *arg);
/* Registers what lies in one folder of the run's artifacts. */
void run_register_path(struct runs_pane *p, const char *run_id, const char *path);
void run_actions_update(struct runs_pane *p);
void run_actions_release(struct runs_pane *p);

/* ---- preview (run_preview.c) ---- */
/* JSON laid out for reading, whatever its numbers are; broken text is kept as it is. */
void json_layout(struct ncm_buf *out, const char *p, size_t len);

#endif
