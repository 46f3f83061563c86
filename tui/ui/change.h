/* What the two files of a change share: the flow, and its panel. */
#ifndef TUI_UI_CHANGE_H
#define TUI_UI_CHANGE_H

#include "api/deploy.h"
#include "ui/inside.h"

enum change_state { CHANGE_PLANNING, CHANGE_PANEL, CHANGE_EXECUTING };
enum change_focus { ON_REASON, ON_NAME, ON_CANCEL, ON_CONFIRM };

struct change {
    struct ui *ui;
    enum change_state state;
    bool pending; /* a job will come back to us */
    bool left;    /* the panel was closed meanwhile */
    struct ncm_plan *plan;
    struct ncm_rollout_plan *rollout; /* what plan only shows, of a rollout; else NULL */
    struct asked *asked; /* the prompt the change came from, until it is planned; or NULL */
    bool danger;         /* protected or irreversible: the name must be typed */
    struct field reason, name;
    enum change_focus focus;
    int letter;    /* y or n typed on a button, should it be the start of a word; else 0 */
    char keys[32]; /* "y ⏎", as the key line shows it */
    char *complaint;
    size_t top;  /* first plan row shown */
    size_t rows; /* plan rows in all, and how many fit: of the last paint */
    int rows_shown;
    bool seen_all; /* the last row has been on the screen */
};

/* The name that must be typed, or NULL. */
const char *change_name(const struct change *c);
/* rollout.c: starts the rollout that the panel showed, and shows how it goes. Ends the panel. */
void rollout_go(struct ui *ui, struct change *c);
void change_panel_draw(struct change *c, const struct frame_layout *l);

#endif
