/* A pane: draws and asks. One const table each, one line in pane_list.c. */
#ifndef TUI_UI_PANE_H
#define TUI_UI_PANE_H

#include <stdbool.h>
#include <stddef.h>

#include "api/session.h"
#include "term/paint.h"
#include "term/term.h"
#include "ui/action.h"

struct ui; /* the app; services below */

/* What another pane can be asked to open. */
enum ui_object {
    OBJ_EXPERIMENT,
    OBJ_RUN,
    OBJ_MODEL,
    OBJ_VERSION,
    OBJ_AUDIT,
    OBJ_DRIFT,
    OBJ_ALERT, /* id: "SOURCE/ID"; "about:TEXT": those that have it */
    OBJ_DEPLOYMENT, /* id: "SOURCE/NAMESPACE/NAME", "NAMESPACE/NAME" or "NAME"; id2: kind or NULL.
                       id "model:NAME": what serves that model */
};

struct ui_hint {
    enum ui_action_id action;
    const char *label; /* NULL: the action's own */
};

struct pane_ops {
    const char *id;    /* "runs" */
    int number;        /* 2: key and tab */
    const char *title; /* msgid */
    void *(*create)(struct ui *ui);
    void (*destroy)(void *self);
    /* Shown / left: take and release wants here, so that only the visible pane loads. */
    void (*enter)(void *self);
    void (*leave)(void *self);
    /* New snapshots were pumped: re-read what the wants hold; keep selection by identity. */
    void (*update)(void *self);
    void (*draw)(void *self, const struct canvas *c);
    unsigned (*contexts)(void *self);
    /* Performs an action; arg is the palette's argument or NULL. false: not taken. */
    bool (*act)(void *self, enum ui_action_id action, const char *arg);
    /* Whether it can be done now; else *reason (translated, static) is shown. NULL = always. */
    bool (*can)(void *self, enum ui_action_id action, const char **reason);
    /* The keys that matter now, most important first. */
    size_t (*hints)(void *self, struct ui_hint *out, size_t max);
    /* The trail below the pane's title: "fraud-detection › xgboost-04". Clean text. */
    void (*trail)(void *self, char *out, size_t outsz);
    /* Esc/backspace: one level up; false: at the pane's top. */
    bool (*back)(void *self);
    struct ncm_freshness_info (*freshness)(void *self);
    /* Lines of what its sources do not answer or could not read; nothing where all is well. Or NULL. */
    void (*trouble)(void *self, struct ncm_buf *out);
    bool (*open)(void *self, enum ui_object kind, const char *id, const char *id2);
    /* Objects for the palette's completion: calls add for each (kind word, name). May be NULL. */
    void (*objects)(void *self,
                    void (*add)(void *to, enum ui_object kind, const char *id, const char *id2,
                                const char *label),
                    void *to);
    void (*mouse)(void *self, const struct term_event *ev, const struct canvas *c); /* or NULL */
    /* Whether there is anything for it in this session: without, its tab is left out while another
     * one is shown. NULL = always. */
    bool (*useful)(void *self);
    /* By what is configured, without waiting for data: the program opens on the first pane that says
     * so. NULL = no. */
    bool (*first)(void *self);
    /* It takes the whole screen: no header, trail, message row or key line. NULL = never. */
    bool (*whole)(void *self);
    bool dims_itself; /* it paints what is old as such; else all of it is dimmed with its lamp */
};

extern const struct pane_ops *const ui_panes[]; /* NULL-terminated, by number */

/* ---- services of the app ---- */
struct ncm_session *ui_session(struct ui *ui); /* NULL: no store (first-start screen) */
/* Asks for a repaint / another layout. */
void ui_dirty(struct ui *ui);
/* Wake up by then at the latest (wall time figures such as ages); ms from now. */
void ui_wake_in(struct ui *ui, int64_t ms);

enum ui_tone { UI_INFO, UI_GOOD, UI_BAD };
/* One line at the bottom, kept until the next key press that matters. Clean text. */
void ui_message(struct ui *ui, enum ui_tone tone, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void ui_error(struct ui *ui, const struct ncm_err *err);

/* A one-line text field at the bottom. done(ctx, text): text NULL = left with Esc; returns NULL
 * when accepted, else a message (static or valid until the next call) and the field stays, with the
 * cursor at byte *at. complete may be NULL. */
typedef const char *(*ui_prompt_done)(void *ctx, const char *text, size_t *at);
typedef void (*ui_complete_fn)(void *ctx, const char *text, size_t cursor,
                               void (*add)(void *to, const char *word, const char *help), void *to);
void ui_prompt(struct ui *ui, const char *label, const char *initial, ui_prompt_done done,
               ui_complete_fn complete, void *ctx);

/* A list to choose from, in the middle; typing narrows it. Items are copied. multi: Space toggles.
 * done(ctx, chosen indices, n): n = 0 with NULL = left with Esc. */
struct ui_pick_item {
    const char *label;  /* clean */
    const char *detail; /* clean, dim; or NULL */
    bool on;            /* multi: initially chosen; else: initial selection */
    bool disabled;
};
typedef void (*ui_pick_done)(void *ctx, const size_t *chosen, size_t n);
void ui_pick(struct ui *ui, const char *title, const struct ui_pick_item *items, size_t n,
             bool multi, ui_pick_done done, void *ctx);

/* The whole way of a change: plan → panel with exactly what will change → reason → (typed name) →
 * confirm (Cancel is the default) → execute → message; conflicts show both states. Takes the
 * intent. Refuses with the reason where the session is read-only or locked. */
struct ncm_intent;
void ui_change(struct ui *ui, struct ncm_intent *intent);

/* The same for a rollout (api/deploy.h): promote and deploy as one plan, then its steps as they
 * happen. Takes the wish. */
struct ncm_rollout_wish;
void ui_rollout(struct ui *ui, struct ncm_rollout_wish *wish);

/* Edits text in $VISUAL/$EDITOR on the normal screen; NULL where it was left unchanged or failed
 * (a message is shown). Caller frees. */
char *ui_edit(struct ui *ui, const char *initial, const char *suffix);
void ui_copy(struct ui *ui, const char *text, const char *what);
/* Switches to the pane that shows it and opens it there; Esc comes back here. */
void ui_open(struct ui *ui, enum ui_object kind, const char *id, const char *id2);
/* The same, and does the action there (A_NONE: nothing) as soon as what it needs is loaded; the next
 * key ends the waiting. */
void ui_open_do(struct ui *ui, enum ui_object kind, const char *id, const char *id2,
                enum ui_action_id action);
/* A scrolling text in the middle (details of an error, store information). Text is cleaned. */
void ui_show_text(struct ui *ui, const char *title, const char *text);

#endif
