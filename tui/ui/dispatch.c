/* From an action to what it does: what the app does itself, else the pane. */
#include <stdio.h>
#include <string.h>

#include "ui/inside.h"

bool ui_may_change(struct ui *ui, const char **reason)
{
    bool elsewhere = (pane_contexts(ui) & IN_SERVED) != 0; /* the store's lock is not theirs */

    if (ui->now->session == NULL) {
        *reason = _("no store is open");
        return false;
    }
    if (ncm_session_read_only(ui->now->session)) {
        *reason = _("read-only: nothing can be changed in this session");
        return false;
    }
    if (ncm_session_locked(ui->now->session)) {
        *reason = _("locked: M unlocks it for this session");
        return false;
    }
    if (!elsewhere && ui_store(ui) != NULL && !ui_store(ui)->writable) {
        *reason = ncm_cstr(ui_store(ui)->why_read_only);
        return false;
    }
    return true;
}

bool ui_can(struct ui *ui, enum ui_action_id action, const char **reason)
{
    const struct ui_action *a = ui_action_of(action);
    const struct pane_ops *ops = pane_ops_of(ui);

    if (a == NULL || !(a->contexts & pane_contexts(ui))) {
        *reason = _("that does nothing here");
        return false;
    }
    if ((a->flags & ACT_CHANGES) && !ui_may_change(ui, reason)) {
        return false;
    }
    return ops == NULL || ops->can == NULL || ops->can(pane_of(ui), action, reason);
}

static void quit_now(struct ui *ui)
{
    ui->quit = true;
}

void ui_ask_quit(struct ui *ui)
{
    confirm_open(ui, _("Leave ncmlops?"), _("Leave"), _("Stay"), true, quit_now);
}

/* One level up: in the pane, else to the pane that opened this one. */
static bool go_back(struct ui *ui)
{
    const struct pane_ops *ops = pane_ops_of(ui);
    char trail[256] = "";

    if (ops == NULL) {
        return false;
    }
    if (ops->trail != NULL) {
        ops->trail(pane_of(ui), trail, sizeof trail);
    }
    if (ui->now->n_back > 0 && strcmp(trail, ui->now->back[ui->now->n_back - 1].trail) == 0) {
        size_t to = ui->now->back[--ui->now->n_back].pane;
        if (ops->back != NULL) {
            ops->back(pane_of(ui));
        }
        pane_show(ui, to);
        return true;
    }
    if (ops->back != NULL && ops->back(pane_of(ui))) {
        return true;
    }
    if (ui->now->n_back > 0) {
        pane_show(ui, ui->now->back[--ui->now->n_back].pane);
        return true;
    }
    return false;
}

static void show_pane_number(struct ui *ui, int number)
{
    for (size_t i = 0; i < ui->now->n_panes; i++) {
        if (ui_panes[i]->number == number) {
            ui->now->n_back = 0;
            pane_show(ui, i);
            return;
        }
    }
    char names[160] = "";
    size_t used = 0;
    for (size_t i = 0; i < ui->now->n_panes && used < sizeof names; i++) {
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%d %s", i > 0 ? ", " : "",
                                 ui_panes[i]->number, _(ui_panes[i]->title));
    }
    if (names[0] != '\0') {
        ui_message(ui, UI_INFO, _("there is no pane %d; there are %s"), number, names);
    }
}

static const char *unlock(void *ctx, const char *text, size_t *at)
{
    struct ui *ui = ctx;

    if (text == NULL) {
        return NULL;
    }
    if (strcmp(text, ncm_session_context(ui->now->session)) != 0) {
        *at = strlen(text);
        return _("that is not the name of this context");
    }
    ncm_session_set_locked(ui->now->session, false);
    ui_message(ui, UI_INFO, _("unlocked for this session"));
    return NULL;
}

static void ask_unlock(struct ui *ui)
{
    const char *context = ncm_session_context(ui->now->session);
    char name[96], label[192];

    ncm_text_clip(name, sizeof name, context, strlen(context), 40);
    snprintf(label, sizeof label, _("Type %s to unlock it for this session:"), name);
    ui_prompt(ui, label, "", unlock, NULL, ui);
}

static void toggle_lock(struct ui *ui)
{
    if (ui->now->session == NULL) {
        return;
    }
    if (!ncm_session_locked(ui->now->session)) {
        ncm_session_set_locked(ui->now->session, true);
        ui_message(ui, UI_INFO, _("locked: nothing is changed until it is unlocked"));
    } else if (ncm_session_read_only(ui->now->session)) {
        ui_message(ui, UI_BAD, _("started with --read-only: it stays so"));
    } else if (ncm_session_protected(ui->now->session) &&
               ncm_session_context(ui->now->session)[0] != '\0') {
        ask_unlock(ui);
    } else if (ncm_session_set_locked(ui->now->session, false)) {
        ui_message(ui, UI_INFO, _("unlocked for this session"));
    }
}

static void toggle_pause(struct ui *ui)
{
    if (ui->now->session != NULL) {
        ui->now->paused = !ui->now->paused;
        ncm_session_pause(ui->now->session, ui->now->paused);
        ui_message(ui, UI_INFO, ui->now->paused ? _("live updates are paused") : _("live again"));
    }
}

/* What the app does itself; false: the pane's. */
static bool app_act(struct ui *ui, enum ui_action_id action, const char *arg)
{
    if (action >= A_PANE_1 && action <= A_PANE_9) {
        show_pane_number(ui, (int)(action - A_PANE_1) + 1);
        return true;
    }
    switch (action) {
    case A_BACK:
        go_back(ui);
        return true;
    case A_QUIT:
        if (!go_back(ui)) {
            ui_ask_quit(ui);
        }
        return true;
    case A_PALETTE:
        palette_open(ui);
        return true;
    case A_HELP:
        help_open(ui);
        return true;
    case A_PAUSE:
        toggle_pause(ui);
        return true;
    case A_LOCK:
        toggle_lock(ui);
        return true;
    case A_SUSPEND:
        term_suspend();
        return true;
    case A_REDRAW:
        term_repaint();
        return true;
    case A_THEME:
        theme_open(ui, arg);
        return true;
    case A_STORE_INFO:
        store_info_open(ui);
        return true;
    case A_CONTEXT:
        contexts_open(ui, arg);
        return true;
    case A_PROBLEM:
        problem_open(ui);
        return true;
    case A_DEMO:
        demo_start(ui);
        return true;
    default:
        return false;
    }
}

void ui_do(struct ui *ui, enum ui_action_id action, const char *arg, bool jamo)
{
    const struct ui_action *a = ui_action_of(action);
    const struct pane_ops *ops = pane_ops_of(ui);
    const char *reason = "";

    if (a == NULL) {
        return;
    }
    message_clear(ui);
    ui_dirty(ui);
    if (jamo && (a->flags & ACT_CHANGES)) {
        ui_message(ui, UI_INFO, _("switch to Latin input first: '%s' changes things"), a->name);
        return;
    }
    if (!ui_can(ui, action, &reason)) {
        ui_message(ui, UI_INFO, "%s", reason);
        return;
    }
    if (app_act(ui, action, arg)) {
        return;
    }
    if (ops != NULL && ops->act != NULL && ops->act(pane_of(ui), action, arg)) {
        return;
    }
    if (action == A_UNDO && ui->now->session != NULL) {
        ui_change(ui, ncm_intent_new(NCM_DO_UNDO));
    } else if (action == A_REFRESH && ui->now->store != NULL) {
        ncm_want_refresh(ui->now->store);
    } else if (action == A_DETAILS && world_freshness(ui->now).state == NCM_OFFLINE) {
        problem_open(ui); /* of nothing that is shown, why */
    } else if (!(a->flags & ACT_HIDDEN)) {
        ui_message(ui, UI_INFO, _("'%s' does nothing here"), a->name);
    }
}
