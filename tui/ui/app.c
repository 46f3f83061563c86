/* The loop: wait, take what arrived, take every key, paint at most one frame. Nothing here wakes up
 * without a reason: input, the bell, or a figure on the screen that is due. */
#include <string.h>

#include "api/deploy.h"
#include "ui/inside.h"

#define HANGUL_HINTS 3 /* keys: the first may be painted over at once by the next */
#define ATTEND_MS    1000

static void say_hangul(struct ui *ui)
{
    if (ui->hangul_hints < HANGUL_HINTS) {
        ui->hangul_hints++;
        ui_message(ui, UI_INFO, _("Hangul input is on – keys are translated; press 한/영"));
    }
}

/* One key on the pane. */
static void pane_key(struct ui *ui, int key, bool jamo)
{
    if (ui->now->session == NULL && (key == 'D' || key == TK_ENTER) && !jamo) {
        demo_start(ui);
        return;
    }
    if (ui->now->session == NULL && key == '4' && ui->start_offer != NULL) {
        cluster_start(ui);
        return;
    }
    enum ui_action_id action = keymap_find(key, pane_contexts(ui));
    if (action != A_NONE) {
        ui_do(ui, action, NULL, jamo);
    }
}

/* Whoever presses keys looks at the data: sources that have to be asked are asked more often. */
static void attend(struct ui *ui)
{
    int64_t now = ncm_mono_ms();

    if (ui->now->session != NULL && now - ui->attended_ms >= ATTEND_MS) {
        ui->attended_ms = now;
        ncm_session_attend(ui->now->session);
    }
}

static void one_key(struct ui *ui, int key, bool jamo)
{
    attend(ui);
    if (ui->top != NULL) {
        ui->top->ops->key(ui, ui->top->self, key, jamo);
    } else {
        pane_key(ui, key, jamo);
    }
}

static void on_key(struct ui *ui, const struct term_event *ev)
{
    char keys[6];
    bool as_typed = ui->top != NULL && ui->top->ops->takes_text(ui->top->self);

    if (ev->alt && (!as_typed || ev->key == TK_ENTER)) {
        /* over a slow link Esc and the next key arrive together; such a key never changes a thing
         */
        one_key(ui, TK_ESC, true);
        one_key(ui, ev->key, true);
        return;
    }
    size_t n = as_typed || ev->key >= KEY_BASE_ ? 0 : term_hangul_keys((uint32_t)ev->key, keys);
    if (n == 0) {
        one_key(ui, ev->key, false);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        one_key(ui, keys[i], true);
    }
    if (ui->message.text == NULL) {
        say_hangul(ui);
    }
}

static void on_paste(struct ui *ui, const char *text)
{
    if (ui->top != NULL && ui->top->ops->paste != NULL) {
        ui->top->ops->paste(ui, ui->top->self, text);
    } else {
        ui_message(ui, UI_INFO, _("pasted text is ignored here"));
    }
}

static void on_mouse(struct ui *ui, const struct term_event *ev)
{
    struct frame_layout l;
    const struct pane_ops *ops = pane_ops_of(ui);

    layout_frame(term_rows(), term_cols(), &l);
    if (ui->top != NULL) {
        if (ui->top->ops->mouse != NULL) {
            ui->top->ops->mouse(ui, ui->top->self, ev);
        }
        return;
    }
    if (ops == NULL) {
        return;
    }
    if (ev->y == l.header.y && l.header.h > 0) {
        size_t tab = header_tab_at(ui, ev->x);
        if (tab != SIZE_MAX) {
            ui->now->n_back = 0;
            pane_show(ui, tab);
        }
    } else if (ops->mouse != NULL) {
        ops->mouse(pane_of(ui), ev, &l.body);
    } else if ((ev->button == 4 || ev->button == 5) && ops->act != NULL) {
        ops->act(pane_of(ui), ev->button == 4 ? A_UP : A_DOWN, NULL);
    }
    ui_dirty(ui);
}

static void on_event(struct ui *ui, const struct term_event *ev)
{
    switch (ev->kind) {
    case TERM_KEY:
        on_key(ui, ev);
        break;
    case TERM_PASTE:
        on_paste(ui, ev->text);
        break;
    case TERM_MOUSE:
        on_mouse(ui, ev);
        break;
    case TERM_RESIZE:
    case TERM_RESUMED:
        ui_dirty(ui);
        break;
    case TERM_BACKGROUND:
        theme_background(ui, ev->light);
        break;
    case TERM_FOCUS:
        ui->unfocused = !ev->focused;
        ui_dirty(ui);
        break;
    case TERM_QUIT:
        ui->quit = true;
        ui->status = ev->signal > 0 ? 128 + ev->signal : 0;
        break;
    default:
        break;
    }
    if (ev->kind == TERM_RESUMED) {
        term_repaint();
    }
}

/* ms until something on the screen is due; -1 for ever. */
static int due_in(const struct ui *ui)
{
    if (ui->wake_mono_ms == 0) {
        return -1;
    }
    int64_t left = ui->wake_mono_ms - ncm_mono_ms();
    return left < 0 ? 0 : left > 600000 ? 600000 : (int)left;
}

static void paint_frame(struct ui *ui)
{
    ui->dirty = false;
    term_frame_begin();
    frame_draw(ui);
    term_frame_end();
}

static void loop(struct ui *ui)
{
    while (!ui->quit) {
        int fds[UI_MAX_WORLDS + 1];
        bool ready[UI_MAX_WORLDS + 1] = {false};
        struct ui_world *worlds[UI_MAX_WORLDS];
        size_t n = 0, n_worlds = 0;
        struct term_event ev;

        if (ui->dirty && term_can_paint()) {
            paint_frame(ui);
        }
        for (size_t i = 0; i < ui->n_worlds; i++) {
            if (ui->worlds[i]->session != NULL) {
                worlds[n_worlds++] = ui->worlds[i];
                fds[n++] = ncm_session_bell(ui->worlds[i]->session);
            }
        }
        if (demo_bell(ui) >= 0) {
            fds[n++] = demo_bell(ui);
        }
        /* dirty and not paintable: the acknowledgement wakes us */
        term_wait(fds, n, ready, ui->dirty ? 1000 : due_in(ui));
        for (size_t i = 0; i < n_worlds; i++) {
            if (ready[i] && worlds[i] == ui->now) {
                panes_pump(ui);
            } else if (ready[i]) {
                world_hear(ui, worlds[i]);
            }
        }
        demo_poll(ui);
        while (!ui->quit && term_next(&ev)) {
            on_event(ui, &ev);
        }
        if (due_in(ui) == 0) {
            ui->wake_mono_ms = 0;
            ui->dirty = true;
        }
    }
}

static bool start_terminal(struct ui *ui, struct ncm_err *err)
{
    const struct ncm_config *config = ui_config(ui);
    struct term_options options = {
        .color = ui->o.no_color ? TERM_COLOR_NEVER : TERM_COLOR_AUTO,
        .plot = config != NULL ? config->plot : NULL,
        .mouse = config != NULL && config->mouse,
        .escdelay_ms = config != NULL && config->escdelay_ms > 0 ? config->escdelay_ms : 25,
    };

    if (!keymap_build(config, err) || !theme_start(ui, err)) {
        return false;
    }
    options.ask_background = ui->theme_free;
    if (!term_start(&options, err)) {
        return false;
    }
    term_set_styles(ui->theme.styles);
    for (size_t i = 0; config != NULL && i < config->n_warnings; i++) {
        ui_message(ui, UI_INFO, "%s", config->warnings[i]);
    }
    return true;
}

static bool open_store(struct ui *ui, struct ncm_err *err)
{
    bool named = ui->o.session.store != NULL || ui->o.session.context != NULL ||
                 ui->o.session.config != NULL;

    world_first(ui);
    if (world_open(ui, &ui->o.session, NULL, ui->o.demo, err)) {
        if (ui->o.session.store == NULL) { /* else it is another store than the context's */
            const char *context = ncm_session_context(ui->now->session);
            ui->now->name = context[0] != '\0' ? ncm_strdup(context) : NULL;
        }
        return true;
    }
    ui->start_why = *err;
    ui->start_offer = ncm_deploy_offer();
    return (err->code == NCM_NOT_FOUND || err->code == NCM_UNSUPPORTED) && !named &&
           ncm_config_load(NULL, &ui->config, err);
}

bool ncm_tui_run(const struct ncm_tui_options *o, int *status, struct ncm_err *err)
{
    struct ui ui;

    memset(&ui, 0, sizeof ui);
    ui.o = *o;
    ui.dirty = true;
    bool ok = open_store(&ui, err) && (o->script == NULL || script_load(o->script, err)) &&
              start_terminal(&ui, err);
    if (ok) {
        loop(&ui);
        layer_end_all(&ui);
        term_stop(); /* first: a slow end never leaves a broken screen */
        *status = ui.status;
        ok = o->script == NULL || script_done(err);
    }
    worlds_close(&ui);
    demo_stop(&ui);
    message_clear(&ui);
    ncm_config_free(ui.config);
    ncm_free(ui.start_offer);
    return ok;
}
