/* What the files of the app share; panes know only pane.h. */
#ifndef TUI_UI_INSIDE_H
#define TUI_UI_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/action.h"
#include "api/registry.h"
#include "api/runs.h"
#include "api/session.h"
#include "api/text.h"
#include "term/paint.h"
#include "term/script.h"
#include "term/term.h"
#include "ui/action.h"
#include "ui/layout.h"
#include "ui/pane.h"
#include "ui/theme.h"
#include "ui/tui.h"
#include "ui/widget.h"

#define UI_MAX_PANES  9
#define UI_MAX_BACK   16
#define UI_MAX_JOBS   16
#define UI_MAX_WORLDS 16

/* A key for the key line of a layer. */
struct layer_key {
    const char *key;   /* "esc" */
    const char *label; /* translated */
};

/* Something over the pane that has the keyboard: prompt, list, help, panel. They form a stack. */
struct layer_ops {
    /* Keys arrive as typed and pastes are inserted; else Hangul is turned back into keys. */
    bool (*takes_text)(const void *self);
    void (*draw)(struct ui *ui, void *self, const struct frame_layout *l);
    /* jamo: the key was typed with a Hangul input method on. May end the layer. */
    void (*key)(struct ui *ui, void *self, int key, bool jamo);
    void (*paste)(struct ui *ui, void *self, const char *text);            /* NULL: ignored */
    void (*mouse)(struct ui *ui, void *self, const struct term_event *ev); /* NULL: ignored */
    size_t (*keys)(void *self, struct layer_key *out, size_t max);
    void (*destroy)(void *self);
};
struct layer {
    const struct layer_ops *ops;
    void *self;
    struct layer *below;
};

struct asked; /* again.c: what a prompt asked, and the answer */

typedef void (*ui_job_done)(struct ui *ui, void *ctx, struct ncm_job_result *result);
struct ui_job {
    uint64_t id;
    ui_job_done done;
    void *ctx;
};

/* One open context: a session, the panes on it and where one was in them. It lives on while another
 * one is shown. */
struct ui_world {
    struct ncm_session *session; /* NULL: the first-start screen */
    char *name; /* of the context that it was opened as; NULL: by --store, from the folder, the demo
                 */
    bool demo;
    struct ncm_want *store;
    struct ncm_want *rollouts; /* plans that are not over */
    bool rollout_told;         /* that one was interrupted */
    void *pane[UI_MAX_PANES]; /* state of ui_panes[i] */
    size_t n_panes, active;
    struct {
        size_t pane;
        char trail[256]; /* of the opened pane: Esc there comes back */
    } back[UI_MAX_BACK]; /* panes that ui_open came from */
    size_t n_back;
    struct ui_job jobs[UI_MAX_JOBS];
    size_t n_jobs;
    bool paused; /* by the person's key */
};

struct ui {
    struct ncm_tui_options o;
    struct ncm_config *config;              /* where there is no session; else NULL */
    struct ui_world *worlds[UI_MAX_WORLDS]; /* in the order of their opening */
    size_t n_worlds;
    struct ui_world *now;    /* the one that is shown; never NULL */
    struct ui_world *before; /* the one that was shown before; or NULL */
    struct layer *top;
    const void *accepting; /* the prompt whose answer is being taken, or NULL */
    struct {
        char *text; /* clean; NULL: none */
        enum ui_tone tone;
        bool of_outage; /* that a source did not answer … */
        bool seen_away; /* … as the lamp said too while it stood there */
    } message;
    struct theme theme;
    bool theme_free; /* nobody chose it: it follows the terminal's background */
    bool dirty, quit, unfocused;
    int64_t attended_ms; /* monotonic; when the session was last told of a key */
    int hangul_hints;    /* given so far */
    int status;
    struct {
        enum ui_action_id action; /* A_NONE: nothing */
        size_t pane;
    } then;               /* what ui_open_do still has to do */
    int64_t wake_mono_ms; /* 0: nothing due */
    struct demo *demo;
    char *start_offer;        /* context of the kubeconfig, which the first page offers; or NULL */
    struct ncm_err start_why; /* why there is no store, on the first page */
};

/* ---- layer.c ---- */
void layer_push(struct ui *ui, const struct layer_ops *ops, void *self);
/* Ends the layer whose state is self, wherever it is in the stack. */
void layer_end(struct ui *ui, void *self);
void layer_end_all(struct ui *ui);

/* ---- session_panes.c ---- */
/* Makes the panes on the session of ui->now, and ends them. */
void panes_make(struct ui *ui);
void panes_end(struct ui *ui);
const struct pane_ops *pane_ops_of(const struct ui *ui);
void *pane_of(const struct ui *ui);
unsigned pane_contexts(const struct ui *ui);
/* false for the action of a pane that is not built. */
bool pane_exists(const struct ui *ui, enum ui_action_id id);
void pane_show(struct ui *ui, size_t index);
/* Takes new snapshots and job results. */
void panes_pump(struct ui *ui);
void ui_await(struct ui *ui, uint64_t id, ui_job_done done, void *ctx);
/* Who waits for a job's end, taken out of the list; false: nobody. */
bool job_take(struct ui_world *w, uint64_t id, struct ui_job *out);
/* The configuration in force; may be NULL. */
const struct ncm_config *ui_config(const struct ui *ui);
const struct ncm_store_snapshot *ui_store(const struct ui *ui);

/* ---- world.c ---- */
/* The world of the first page: no session. */
void world_first(struct ui *ui);
/* Opens one more session with its panes and shows it; name as in struct ui_world. NCM_NOT_FOUND
 * without any store; nothing changes then. */
bool world_open(struct ui *ui, const struct ncm_session_options *o, const char *name, bool demo,
                struct ncm_err *err);
/* Switches: nothing is loaded anew, everything is where it was. */
void world_show(struct ui *ui, struct ui_world *w);
struct ui_world *world_named(const struct ui *ui, const char *context);
/* Takes what a hidden one has to say at once. */
void world_hear(struct ui *ui, struct ui_world *w);
void worlds_close(struct ui *ui);
/* The context's name, else the store's; for sentences. */
const char *world_title(const struct ui_world *w);

/* ---- contexts.c ---- */
/* `:ctx`: a list, the named one, or "-" for the one before. */
void contexts_open(struct ui *ui, const char *name);
/* Names for completion, with a line of explanation each. */
void contexts_each(struct ui *ui, void (*add)(void *to, const char *name, const char *help),
                   void *to);

/* ---- change.c ---- */
/* Says how a change of a context that is not shown has ended, and ends it; false for other jobs. */
bool change_told(struct ui *ui, const struct ui_job *job, const char *context,
                 struct ncm_job_result *result);

/* Of a change that nobody will hear the end of: the program ends, and the change goes on. */
void change_forget(const struct ui_job *job);

/* ---- rollout.c ---- */
/* The newest plan's steps, as they happen. */
void rollouts_open(struct ui *ui);
/* After a pump: tells of a plan that was found interrupted. */
void rollouts_watch(struct ui *ui);

/* ---- dispatch.c ---- */
void ui_do(struct ui *ui, enum ui_action_id action, const char *arg, bool jamo);
/* Whether the action can be done here and now; else *reason (translated). */
bool ui_can(struct ui *ui, enum ui_action_id action, const char **reason);
/* Whether anything may be changed in this session at all. */
bool ui_may_change(struct ui *ui, const char **reason);
void ui_ask_quit(struct ui *ui);
/* The wall of the overview, from wherever one is; arg as `:wall` takes it, or NULL. */
void ui_wall(struct ui *ui, const char *arg);

/* ---- services.c ---- */
/* Does what ui_open_do still has to do, where it can by now. */
void then_try(struct ui *ui);

/* ---- lamp.c ---- */
struct lamp {
    char text[96];
    char brief[64]; /* the same where there is little room */
    enum role role;
};
/* Of the pane that is visible in that world. */
struct ncm_freshness_info world_freshness(const struct ui_world *w);
/* Of the one that is shown; an age in it is painted again when it is due. */
void lamp_make(struct ui *ui, struct lamp *l);

/* ---- problem.c ---- */
/* What keeps the visible pane from its source, in one line; false where nothing does. */
bool problem_line(struct ui *ui, char *out, size_t outsz);
/* All of it: what is wrong, since when, what would help. */
void problem_open(struct ui *ui);

/* ---- frame.c, header.c, keyline.c ---- */
void frame_draw(struct ui *ui);
void header_draw(struct ui *ui, const struct canvas *header, const struct canvas *trail);
/* The tab at column x of the header, or SIZE_MAX. */
void trail_draw(struct ui *ui, const struct canvas *c);
size_t header_tab_at(struct ui *ui, int x);
void keyline_draw(struct ui *ui, const struct canvas *c);
void message_draw(struct ui *ui, const struct frame_layout *l);
void message_clear(struct ui *ui);
/* What was said because a source did not answer goes once it answers again. */
void message_recover(struct ui *ui);
void start_screen_draw(struct ui *ui, const struct canvas *c);
/* A titled box with its inside cleared; returns the inside. */
struct canvas box_draw(const struct canvas *box, const char *clean_title, enum role border);

/* ---- theme_choice.c ---- */
/* --theme, the configuration, the one chosen last, or what suits the terminal. */
bool theme_start(struct ui *ui, struct ncm_err *err);
/* For the next start, unless the configuration says otherwise. */
void theme_remember(const char *name);
/* The terminal told its background. */
void theme_background(struct ui *ui, bool light);

/* ---- prompt.c, again.c ---- */
/* ui_prompt() with what was wrong before (or NULL) and release(ctx), called once at its end. */
void prompt_open(struct ui *ui, const char *label, const char *initial, const struct ncm_err *wrong,
                 ui_prompt_done done, ui_complete_fn complete, void *ctx,
                 void (*release)(void *ctx));
/* What the prompt that is being accepted asked; NULL where none is. */
struct asked *prompt_asked(const struct ui *ui);
struct asked *asked_new(const char *label, const char *text, ui_complete_fn complete, void *ctx);
void asked_free(struct asked *a);
/* Asks for the text of a refused plan again. Takes asked and the plan's intent where it does; false
 * (nothing taken) where another text would not help. */
bool ask_again(struct ui *ui, struct asked *asked, struct ncm_plan *plan,
               const struct ncm_err *err);

/* ---- the layers ---- */
void palette_open(struct ui *ui);
void help_open(struct ui *ui);
void theme_open(struct ui *ui, const char *name);
void store_info_open(struct ui *ui);
/* Two buttons; yes() is called when the first is chosen. Enter takes the focused one. */
void confirm_open(struct ui *ui, const char *question, const char *yes, const char *no,
                  bool yes_first, void (*done)(struct ui *ui));

/* ---- start.c ---- */
/* Makes the demo workspace in the background and opens it. */
void demo_start(struct ui *ui);
/* From the first page to what runs in the cluster of the kubeconfig, without a store. */
void cluster_start(struct ui *ui);
int demo_bell(const struct ui *ui); /* -1: none */
void demo_poll(struct ui *ui);
void demo_stop(struct ui *ui);

#endif
