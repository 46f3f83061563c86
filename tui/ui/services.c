/* What panes ask of the app. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ui/inside.h"

#define MESSAGE_BYTES 4096

struct ncm_session *ui_session(struct ui *ui)
{
    return ui->now->session;
}

void ui_dirty(struct ui *ui)
{
    ui->dirty = true;
}

void ui_wake_in(struct ui *ui, int64_t ms)
{
    int64_t at = ncm_mono_ms() + (ms > 0 ? ms : 0);

    if (ui->wake_mono_ms == 0 || at < ui->wake_mono_ms) {
        ui->wake_mono_ms = at;
    }
}

void message_clear(struct ui *ui)
{
    if (ui->message.text != NULL) {
        ncm_free(ui->message.text);
        ui->message.text = NULL;
        ui->dirty = true;
    }
}

/* Takes text: cleaned here once more, because it may hold what a store said. */
static void set_message(struct ui *ui, enum ui_tone tone, const char *text)
{
    struct ncm_buf clean;

    ncm_buf_init(&clean, MESSAGE_BYTES);
    ncm_text_clean(&clean, text, strlen(text), NCM_CLEAN_LINES);
    message_clear(ui);
    ui->message.text = ncm_buf_take(&clean);
    ui->message.tone = tone;
    ui->message.of_outage = ui->message.seen_away = false;
    ui->dirty = true;
    ncm_buf_release(&clean);
}

void ui_message(struct ui *ui, enum ui_tone tone, const char *fmt, ...)
{
    char text[MESSAGE_BYTES];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    set_message(ui, tone, text);
}

void ui_error(struct ui *ui, const struct ncm_err *err)
{
    struct ncm_buf text;

    ncm_buf_init(&text, MESSAGE_BYTES);
    ncm_buf_puts(&text, err->what);
    if (err->hint[0] != '\0') {
        ncm_buf_putc(&text, '\n');
        ncm_buf_puts(&text, err->hint);
    }
    set_message(ui, UI_BAD, text.p);
    ui->message.of_outage = err->code == NCM_UNREACHABLE || err->code == NCM_TIMEOUT;
    ncm_buf_release(&text);
}

void message_recover(struct ui *ui)
{
    if (ui->message.text == NULL || !ui->message.of_outage) {
        return;
    }
    enum ncm_freshness state = world_freshness(ui->now).state;
    ui->message.seen_away = ui->message.seen_away || state >= NCM_STALE;
    if (ui->message.seen_away && state == NCM_LIVE) {
        message_clear(ui);
    }
}

void ui_copy(struct ui *ui, const char *text, const char *what)
{
    char shown[512];

    term_copy(text);
    ncm_text_clip(shown, sizeof shown, text, strlen(text), 64);
    if (what != NULL) {
        ui_message(ui, UI_GOOD, _("copied: %s %s"), what, shown);
    } else {
        ui_message(ui, UI_GOOD, _("copied: %s"), shown);
    }
}

/* The pane that shows this kind. */
static size_t pane_for(const struct ui *ui, enum ui_object kind)
{
    static const char *const ids[] = {
        [OBJ_EXPERIMENT] = "runs",  [OBJ_RUN] = "runs",          [OBJ_MODEL] = "registry",
        [OBJ_VERSION] = "registry", [OBJ_AUDIT] = "log",         [OBJ_DRIFT] = "drift",
        [OBJ_ALERT] = "alerts",     [OBJ_DEPLOYMENT] = "deploy",
    };

    for (size_t i = 0; i < ui->now->n_panes; i++) {
        if (strcmp(ui_panes[i]->id, ids[kind]) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

void then_try(struct ui *ui)
{
    enum ui_action_id action = ui->then.action;
    const char *reason = "";

    if (action == A_NONE) {
        return;
    }
    if (ui->now->active != ui->then.pane || ui->top != NULL) {
        ui->then.action = A_NONE;
    } else if (ui_can(ui, action, &reason)) {
        ui->then.action = A_NONE;
        ui_do(ui, action, NULL, false);
    } else if (world_freshness(ui->now).state != NCM_LOADING) {
        ui->then.action = A_NONE;
        ui_message(ui, UI_INFO, "%s", reason);
    }
}

void ui_open_do(struct ui *ui, enum ui_object kind, const char *id, const char *id2,
                enum ui_action_id action)
{
    ui_open(ui, kind, id, id2);
    if (ui->now->active == pane_for(ui, kind)) {
        ui->then.action = action;
        ui->then.pane = ui->now->active;
        then_try(ui);
    }
}

void ui_open(struct ui *ui, enum ui_object kind, const char *id, const char *id2)
{
    struct ui_world *w = ui->now;
    size_t to = pane_for(ui, kind), from = w->active;

    if (to == SIZE_MAX || ui_panes[to]->open == NULL) {
        return;
    }
    if (to != from && w->n_back < UI_MAX_BACK) {
        w->back[w->n_back].pane = from;
        w->back[w->n_back].trail[0] = '\0';
        w->n_back++;
        pane_show(ui, to);
    }
    if (!ui_panes[to]->open(w->pane[to], kind, id, id2)) {
        ui_message(ui, UI_BAD, _("that is not there (any more)"));
    }
    if (to != from && w->n_back > 0 && ui_panes[to]->trail != NULL) {
        ui_panes[to]->trail(w->pane[to], w->back[w->n_back - 1].trail, sizeof w->back[0].trail);
    }
    ui_dirty(ui);
}
