/* Every action of the program: one row in action_table.c. Keys, key line, help, palette, the key
 * settings of the configuration and their errors are made from it. */
#ifndef TUI_UI_ACTION_H
#define TUI_UI_ACTION_H

#include <stdbool.h>
#include <stddef.h>

/* Where an action applies: a pane says which of these hold now. */
enum ui_context {
    IN_ALWAYS = 1,
    IN_LIST = 2, /* a table or list has the focus: movement, search */
    IN_EXPERIMENTS = 4,
    IN_RUNS = 8, /* the run table */
    IN_RUN = 16, /* a run's detail */
    IN_COMPARE = 32,
    IN_PLOT = 64,      /* a plot has the focus */
    IN_REGISTRY = 128, /* board or model list */
    IN_VERSION = 256,  /* a version's detail */
    IN_LOG = 512,
    IN_TEXT = 1024, /* a scrolling text */
    IN_DRIFT = 2048,
    IN_FEATURE = 4096, /* one feature's drift */
    IN_ALERTS = 8192,
    IN_SILENCES = 16384,
    IN_DEPLOY = 32768,      /* the list of deployments */
    IN_DEPLOYMENT = 65536,  /* one of them */
    IN_DEPLOY_LOGS = 131072,
};
/* What runs: none of it is the store's. */
#define IN_SERVED (IN_DEPLOY | IN_DEPLOYMENT | IN_DEPLOY_LOGS)

enum ui_flag {
    ACT_CHANGES = 1,  /* changes something outside the screen: upper case only, never by a jamo */
    ACT_HIDDEN = 2,   /* not in the key line */
    ACT_ARGUMENT = 4, /* `:name ARG` */
    ACT_OWN_KEY = 8,  /* where it applies, its key is its own and no movement's */
};

enum ui_action_id {
    A_NONE,
    /* movement */
    A_UP,
    A_DOWN,
    A_TOP,
    A_BOTTOM,
    A_PAGE_UP,
    A_PAGE_DOWN,
    A_LEFT,
    A_RIGHT,
    A_NEXT_PART,
    A_PREV_PART,
    A_OPEN,
    A_BACK,
    A_QUIT,
    A_PREV_TAB,
    A_NEXT_TAB,
    A_PANE_1,
    A_PANE_2,
    A_PANE_3,
    A_PANE_4,
    A_PANE_5,
    A_PANE_6,
    A_PANE_7,
    A_PANE_8,
    A_PANE_9,
    /* general */
    A_PALETTE,
    A_FILTER,
    A_HELP,
    A_NEXT_MATCH,
    A_PREV_MATCH,
    A_REFRESH,
    A_PAUSE,
    A_COPY,
    A_COPY_ROW,
    A_LOCK,
    A_SUSPEND,
    A_REDRAW,
    A_THEME,
    A_STORE_INFO,
    A_CONTEXT,
    A_PROBLEM,
    /* lists */
    A_MARK,
    A_RANGE,
    A_BASELINE,
    A_UNMARK,
    A_SORT,
    A_REVERSE,
    A_COLUMNS,
    A_FULL,
    A_VIEW_DELETED,
    A_FOLD,
    /* runs */
    A_COMPARE,
    A_DETAILS,
    A_NOTE,
    A_ARTIFACTS,
    A_TAG,
    A_UNTAG,
    A_RENAME,
    A_DELETE,
    A_RESTORE,
    A_REGISTER,
    /* plot */
    A_METRIC,
    A_XAXIS,
    A_ZOOM_IN,
    A_ZOOM_OUT,
    A_ZOOM_RESET,
    A_SMOOTH,
    A_LOGSCALE,
    /* registry */
    A_PROMOTE,
    A_ROLLBACK,
    A_UNDO,
    A_ALIAS,
    A_SOURCE_RUN,
    A_DIFF,
    A_BOARD,
    A_HOLDERS,
    A_RUNS_WHERE,
    /* log */
    A_VERIFY,
    A_EXPORT,

    /* drift and alerts */
    A_METHOD,
    A_WINDOW,
    A_REFERENCE,
    A_THRESHOLD,
    A_CONFIGURED,
    A_VERSIONS,
    A_DRIFT_ROWS,
    A_DRIFT_LOG,
    A_COARSER,
    A_FINER,
    A_LIVE,
    A_ACKNOWLEDGE,
    A_RESOLVE,
    A_SILENCE,
    A_EXTEND,
    A_EXPIRE,
    A_SUBJECT,
    A_RESOLVED,

    /* deployments */
    A_TRAFFIC,
    A_RESTART,
    A_SCALE,
    A_PAUSE_ROLLOUT,
    A_RESUME_ROLLOUT,
    A_ABORT,
    A_SET_VERSION,
    A_LOGS,
    A_GROUP,
    A_TO_VERSION,
    A_TO_RUN,
    A_TO_DRIFT,
    A_TO_ALERTS,
    A_PREVIOUS_LOGS,
    A_CONTAINER,
    A_REPLICA,
    A_TIMES,
    A_WRAP,
    A_DEMO,
    N_ACTIONS,
};

struct ui_action {
    enum ui_action_id id;
    const char *name;  /* palette and configuration: "promote" */
    const char *keys;  /* default keys, blank-separated: "P", "j Down", "Space", "S-Tab" */
    const char *label; /* msgid, 1-2 words for the key line: "promote…" */
    const char *help;  /* msgid, one sentence */
    unsigned contexts; /* enum ui_context bits */
    unsigned flags;
};

extern const struct ui_action
    ui_actions[]; /* N_ACTIONS - 1 rows in no special order, then id A_NONE */
const struct ui_action *ui_action_of(enum ui_action_id id);
const struct ui_action *ui_action_named(const char *name);

struct ncm_config;
struct ncm_err;
/* The keymap in force: defaults and the configuration's. Errors name file:line:column, the unknown
 * action with the nearest known one, or both actions that would share a key. */
bool keymap_build(const struct ncm_config *config, struct ncm_err *err);
/* The action of a key where these contexts hold; A_NONE. */
enum ui_action_id keymap_find(int key, unsigned contexts);
/* First key of an action for showing ("P", "⏎", "spc"); "" where it has none. */
const char *keymap_label(enum ui_action_id id);
/* "P", "S-Tab", "F3" → key code; false for a word that is none. */
bool key_parse(const char *word, int *key);

#endif
