/* Pane 4, Deploy: what the files of the pane share. Drawing reads only what stands in struct
 * deploy, so that it can be painted from a fleet made by hand. */
#ifndef TUI_PANE_DEPLOY_DEPLOY_H
#define TUI_PANE_DEPLOY_DEPLOY_H

#include "api/action.h"
#include "api/deploy.h"
#include "api/session.h"
#include "api/text.h"
#include "pane/common_deploy.h"
#include "ui/pane.h"
#include "ui/widget.h"

enum deploy_view { DEPLOY_LIST, DEPLOY_DETAIL };
/* Parts of one deployment, in the order of [ and ]. */
enum deploy_part {
    PART_OVERVIEW,
    PART_ROLLOUT,
    PART_REPLICAS,
    PART_TRAFFIC,
    PART_HISTORY,
    PART_EVENTS,
    PART_LOGS,
    N_PARTS,
};
/* Orders of the list, as the picker offers them. */
enum deploy_sort {
    SORT_WORST,
    SORT_MODEL,
    SORT_NAME,
    SORT_TRAFFIC,
    SORT_RPS,
    SORT_P95,
    SORT_ERRORS,
    SORT_AGE,
    N_SORTS,
};
/* Columns of the list, in their order on the screen. */
enum deploy_column {
    COL_HEALTH,
    COL_NAME,
    COL_MODEL,
    COL_VERSION,
    COL_TRAFFIC,
    COL_READY,
    COL_ROLLOUT,
    COL_RESTARTS,
    COL_RPS,
    COL_P95,
    COL_ERRORS,
    COL_SINCE,
    COL_KIND,
    COL_KNOWN,
    COL_AGE,
    COL_SOURCE,
    N_COLUMNS,
};

/* A row of the list: a model's heading, or one of its deployments. */
#define DEPLOY_HEADING SIZE_MAX
struct deploy_row {
    size_t at;    /* index in the fleet, or DEPLOY_HEADING */
    size_t first; /* of its group: index in the fleet */
};

/* One source of deployments: where it is and how it answers. */
struct deploy_source {
    const struct ncm_deploy_about *about;
    const struct ncm_err *err; /* NULL: it answers */
    struct ncm_freshness_info info;
    const struct ncm_deployments_snapshot *snap; /* NULL: nothing came yet */
    bool asked;                                  /* false: offered, and nobody agreed yet */
};

struct deploy_logs {
    struct ncm_want *want;
    const struct ncm_logs_snapshot *snap; /* held; bounded by what is asked for */
    char *key;                            /* of the query, so that the same is not asked anew */
    char *ref;                            /* whose lines these are */
    char *replica;                        /* NULL: of all */
    char *container;                      /* NULL: the first */
    bool previous;                        /* of the container before the last restart */
    bool times, wrap;
    bool away; /* not at the end: new lines do not move the view */
    char *needle;
    size_t top, hit; /* first line of the last drawing; the line that n or N went to, or SIZE_MAX */
    bool end_shown;  /* the last drawing had the newest line */
    int left, rows_shown;
};

struct deploy {
    struct ui *ui; /* NULL in tests of painting */
    struct ncm_fleet_feed *feed;
    bool resting;                  /* another pane is shown */
    const struct ncm_fleet *fleet; /* NULL: nothing yet */
    struct ncm_want *models;       /* for choosing a version */
    const struct ncm_models_snapshot *registry;
    struct deploy_source *sources;
    size_t n_sources;
    bool agreed; /* the offered source may be asked, in this session */
    enum deploy_view view;
    enum deploy_part part, logs_from;
    bool logs_from_list;
    char *filter;
    enum deploy_sort sort;
    bool reverse;
    unsigned hidden; /* bits of enum deploy_column that the person does not want */
    unsigned absent; /* those that would be empty in the last drawing */
    struct deploy_row *rows;
    size_t n_rows, cap_rows;
    char *ref, *kind; /* selected: identity, so that it stays */
    struct table table;
    struct table_column columns[N_COLUMNS];
    bool one_ns;            /* all of them are in one namespace: it goes without saying */
    bool moved;             /* the person chose what is selected; else it is the first one */
    bool flat, flat_chosen; /* no headings; as the person said, not as there is room */
    bool full;              /* the list without what is beside or below it */
    bool signs_only;        /* the last drawing had no room for the word of the health */
    int body_y;             /* of the list's head line, for the mouse */
    /* detail */
    bool bare;                /* the part alone, over the whole pane */
    int scrolled, scroll_max; /* of the parts that are text */
    size_t link, n_links;     /* selected one of the overview */
    struct table replicas, history, events;
    struct table_column replica_columns[10], history_columns[8], event_columns[6];
    char *revision; /* selected in the history: its name */
    char *replica;  /* selected replica's name */
    struct deploy_logs logs;
    char **picks; /* words of what a picker offers */
    size_t n_picks;
    char *asked_ref, *asked_kind; /* what a prompt or picker is about */
    char *asked_target;           /* and which target of its traffic */
};

/* ---- deploy_data.c ---- */
void deploy_enter(struct deploy *d);
void deploy_leave(struct deploy *d);
void deploy_release(struct deploy *d);
void deploy_update(struct deploy *d);
void deploy_refresh(struct deploy *d);
/* The person agrees that the offered source is asked. */
void deploy_agree(struct deploy *d);
/* Rows anew: filter, order, selection by identity. */
void deploy_rebuild(struct deploy *d);
/* The selected row's identity; chosen: by the person. */
void deploy_remember(struct deploy *d, bool chosen);
bool deploy_select(struct deploy *d, const char *ref, const char *kind);
/* The selected one; NULL without. */
const struct ncm_fleet_deployment *deploy_selected(const struct deploy *d);
/* The fleet's row of a model version (version absent: the one of the model that is in production),
 * or NULL. */
const struct ncm_fleet_row *deploy_fleet_row(const struct deploy *d, struct ncm_str model,
                                             struct ncm_str version);
const struct ncm_model *deploy_model(const struct deploy *d, struct ncm_str model);
/* Its source; NULL where that is gone. */
const struct deploy_source *deploy_source_of(const struct deploy *d,
                                             const struct ncm_deployment *x);
/* Whether what is shown of it is old: its source does not answer. */
bool deploy_is_stale(const struct deploy *d, const struct ncm_deployment *x);
/* Something could be asked that nobody agreed to yet, and there is nothing else. */
bool deploy_is_offered(const struct deploy *d);

/* ---- deploy_list.c ---- */
struct table_model deploy_list_model(struct deploy *d);
void deploy_draw_list(struct deploy *d, const struct canvas *c);
/* What the sources that answer could not read; returns the rows used. */
int deploy_draw_notes(const struct deploy *d, const struct canvas *c, int y, int max);
const char *deploy_column_word(enum deploy_column c);
const char *deploy_column_title(enum deploy_column c);

/* ---- deploy_cells.c ---- */
void deploy_cell(const struct deploy *d, const struct ncm_fleet_deployment *f,
                 enum deploy_column column, struct table_cell *out);
/* "ns/name", or the name alone. */
char *deploy_name(char *out, size_t outsz, const struct ncm_deployment *x, int cells);
/* "v13 → v14" while it rolls; "v14"; "?" after a guess, "!" after what is contradicted. */
char *deploy_versions(char *out, size_t outsz, const struct ncm_fleet_deployment *f);
/* The version that its template asks for, where that is another than what serves; else absent. */
struct ncm_str deploy_wanted(const struct ncm_fleet_deployment *f);
/* Its own share of the traffic in per cent; NaN unknown. */
double deploy_share(const struct ncm_fleet_deployment *f);
/* Its targets, the stable one first, at most max; returns how many. */
size_t deploy_targets(const struct ncm_fleet_deployment *f, struct ncm_traffic *out, size_t max);
int deploy_restarts(const struct ncm_deployment *x); /* -1: it shows no replicas */

/* ---- deploy_start.c ---- */
/* What to do where nothing is configured, nobody agreed yet, or nothing could be read. */
void deploy_draw_start(struct deploy *d, const struct canvas *c);

/* ---- deploy_flow.c: a text of parts, painted from the top ---- */
struct flow {
    struct canvas c;
    int y;
    bool stale;
};
struct flow flow_begin(const struct canvas *c, int scrolled);
void flow_gap(struct flow *f);
/* A head line for what follows; a gap before it where it is not the first. */
void flow_head(struct flow *f, const char *title, const char *right);
/* Wrapped beside its sign. */
void flow_signed(struct flow *f, enum role role, const char *sign, const char *clean);
void flow_text(struct flow *f, int indent, enum role role, const char *clean);
/* "label     value"; raw is cleaned. */
void flow_pair(struct flow *f, const char *label, enum role role, struct ncm_str raw);
void flow_pairf(struct flow *f, const char *label, enum role role, const char *clean);

/* ---- deploy_say.c: what is said of one deployment, for the list and its detail ---- */
void deploy_say_findings(struct flow *f, const struct ncm_fleet_deployment *x, size_t max);
void deploy_say_version(struct flow *f, const struct ncm_fleet_deployment *x);
void deploy_say_traffic(struct flow *f, const struct ncm_fleet_deployment *x);
void deploy_say_replicas(struct flow *f, const struct ncm_deployment *x, size_t max);
void deploy_say_server(struct flow *f, const struct ncm_deployment *x);
void deploy_say_autoscaler(struct flow *f, const struct ncm_deployment *x);
/* Cleaned, of at most `cells`, in a buffer that is good for the next 4 calls. */
const char *deploy_clean(struct ncm_str raw, int cells);

/* ---- deploy_detail.c ---- */
void deploy_draw_detail(struct deploy *d, const struct canvas *c);
const char *deploy_part_title(enum deploy_part p);
bool deploy_part_there(const struct deploy *d, enum deploy_part p);
void deploy_show_part(struct deploy *d, enum deploy_part p);
/* Movement in the part; false where it is none. */
bool deploy_part_act(struct deploy *d, enum ui_action_id action);
/* ---- deploy_overview.c, deploy_rollout.c, deploy_tables.c, deploy_traffic.c ---- */
void deploy_draw_overview(struct deploy *d, const struct canvas *c);
void deploy_draw_rollout(struct deploy *d, const struct canvas *c);
void deploy_say_rollout(struct flow *f, const struct ncm_fleet_deployment *x);
void deploy_draw_replicas(struct deploy *d, const struct canvas *c);
void deploy_draw_history(struct deploy *d, const struct canvas *c);
void deploy_draw_events(struct deploy *d, const struct canvas *c);
void deploy_draw_traffic(struct deploy *d, const struct canvas *c);
/* The selected row of the replicas, of the history; NULL without. */
const struct ncm_replica *deploy_replica(const struct deploy *d);
const struct ncm_revision *deploy_revision(const struct deploy *d);
bool deploy_table_act(struct deploy *d, enum ui_action_id action);

/* ---- deploy_logs.c, deploy_logs_act.c ---- */
/* Asks for what the logs' settings say; ends the want where the part is not shown. */
void deploy_logs_ask(struct deploy *d);
bool deploy_logs_take(struct deploy *d);
void deploy_logs_end(struct deploy *d);
void deploy_draw_logs(struct deploy *d, const struct canvas *c);
bool deploy_logs_act(struct deploy *d, enum ui_action_id action, const char *arg);

/* ---- deploy_act.c ---- */
bool deploy_act(struct deploy *d, enum ui_action_id action, const char *arg);
/* ---- deploy_can.c ---- */
bool deploy_can(struct deploy *d, enum ui_action_id action, const char **reason);
/* The act that an action needs; NCM_N_ACTS: none. */
enum ncm_deploy_act deploy_needed(const struct ncm_fleet_deployment *f, enum ui_action_id action);
/* The target beside the stable one; NULL without. */
const struct ncm_traffic *deploy_candidate(const struct ncm_fleet_deployment *f);
/* ---- deploy_change.c ---- */
bool deploy_change_act(struct deploy *d, enum ui_action_id action, const char *arg);
void deploy_free_picks(struct deploy *d);

/* deploy_put_in.c: asks whether the registry follows, then plans it. version: of the model it runs. */
void deploy_put_in(struct deploy *d, const struct ncm_fleet_deployment *f, const char *version);

#endif
