/* Several contexts open at once: opening one more, switching, what a hidden one has to say. */
#include <string.h>

#include "ui/inside.h"

void world_first(struct ui *ui)
{
    ui->now = ui->worlds[0] = ncm_alloc(1, sizeof *ui->now);
    ui->n_worlds = 1;
}

const char *world_title(const struct ui_world *w)
{
    return w->name != NULL ? w->name : w->demo ? _("demo") : ncm_session_location(w->session);
}

struct ui_world *world_named(const struct ui *ui, const char *context)
{
    for (size_t i = 0; i < ui->n_worlds; i++) {
        if (ui->worlds[i]->name != NULL && strcmp(ui->worlds[i]->name, context) == 0) {
            return ui->worlds[i];
        }
    }
    return NULL;
}

/* What is on the screen stays as it is: its wants are kept, but nothing is read anew for it. */
static void hide(struct ui *ui)
{
    layer_end_all(ui);
    message_clear(ui);
    if (ui->now->session != NULL) {
        ncm_session_pause(ui->now->session, true);
    }
}

static void world_free(struct ui_world *w)
{
    ncm_free(w->name);
    ncm_free(w);
}

/* The first page gives its place to what is opened on it. */
static void add(struct ui *ui, struct ui_world *w)
{
    struct ui_world *old = ui->now;

    layer_end_all(ui);
    if (old->session == NULL) {
        world_free(old);
        ui->n_worlds = 0;
        ui->before = NULL;
    } else {
        hide(ui);
        ui->before = old;
    }
    ui->worlds[ui->n_worlds++] = w;
    ui->now = w;
}

bool world_open(struct ui *ui, const struct ncm_session_options *o, const char *name, bool demo,
                struct ncm_err *err)
{
    struct ncm_session_options options = *o;
    struct ncm_session *session;

    if (ui->n_worlds == UI_MAX_WORLDS) {
        return ncm_fail(err, NCM_REFUSED,
                        _("%d contexts are open: that is as many as there can be"), UI_MAX_WORLDS);
    }
    options.cache = true;
    if (!ncm_session_open(&options, &session, err)) {
        return false;
    }
    struct ui_world *w = ncm_alloc(1, sizeof *w);
    w->session = session;
    w->name = ncm_strdup(name);
    w->demo = demo;
    add(ui, w);
    panes_make(ui);
    ui_dirty(ui);
    return true;
}

void world_show(struct ui *ui, struct ui_world *w)
{
    if (w == ui->now) {
        return;
    }
    hide(ui);
    ui->before = ui->now;
    ui->now = w;
    ncm_session_pause(w->session, w->paused);
    ncm_session_attend(w->session); /* what it did not look at meanwhile, it looks at now */
    panes_pump(ui);
}

void world_hear(struct ui *ui, struct ui_world *w)
{
    struct ncm_job_result result;
    struct ui_job job;

    if (!ncm_session_hear(w->session)) {
        return;
    }
    while (ncm_session_result(w->session, &result)) {
        if (job_take(w, result.id, &job) && !change_told(ui, &job, world_title(w), &result)) {
            job.done(ui, job.ctx, &result);
        }
    }
}

void worlds_close(struct ui *ui)
{
    struct ncm_session *sessions[UI_MAX_WORLDS];
    size_t n = 0;

    for (size_t i = 0; i < ui->n_worlds; i++) {
        ui->now = ui->worlds[i]; /* its panes let go of what is theirs */
        if (ui->now->session != NULL) {
            panes_end(ui);
            sessions[n++] = ui->now->session;
            ui->now->session = NULL;
        }
    }
    ncm_sessions_close(sessions, n);
    for (size_t i = 0; i < ui->n_worlds; i++) {
        world_free(ui->worlds[i]);
    }
    ui->n_worlds = 0;
}
