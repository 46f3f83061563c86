/* The session and the panes on it: opening, switching, what arrives. */
#include <string.h>

#include "ui/inside.h"

const struct pane_ops *pane_ops_of(const struct ui *ui)
{
    return ui->now->session != NULL ? ui_panes[ui->now->active] : NULL;
}

void *pane_of(const struct ui *ui)
{
    return ui->now->session != NULL ? ui->now->pane[ui->now->active] : NULL;
}

unsigned pane_contexts(const struct ui *ui)
{
    const struct pane_ops *ops = pane_ops_of(ui);

    return IN_ALWAYS | (ops != NULL && ops->contexts != NULL ? ops->contexts(pane_of(ui)) : 0);
}

const struct ncm_config *ui_config(const struct ui *ui)
{
    return ui->now->session != NULL ? ncm_session_config(ui->now->session) : ui->config;
}

const struct ncm_store_snapshot *ui_store(const struct ui *ui)
{
    return ui->now->store != NULL ? ncm_want_get(ui->now->store) : NULL;
}

bool pane_exists(const struct ui *ui, enum ui_action_id id)
{
    if (id < A_PANE_1 || id > A_PANE_9) {
        return true;
    }
    for (size_t i = 0; i < ui->now->n_panes; i++) {
        if (ui_panes[i]->number == (int)(id - A_PANE_1) + 1) {
            return true;
        }
    }
    return false;
}

void pane_show(struct ui *ui, size_t index)
{
    if (ui->now->session == NULL || index >= ui->now->n_panes || index == ui->now->active) {
        return;
    }
    const struct pane_ops *old = ui_panes[ui->now->active], *next = ui_panes[index];
    if (old->leave != NULL) {
        old->leave(ui->now->pane[ui->now->active]);
    }
    ui->now->active = index;
    if (next->enter != NULL) {
        next->enter(ui->now->pane[index]);
    }
    if (next->update != NULL) {
        next->update(ui->now->pane[index]);
    }
    ui_dirty(ui);
}

/* The one that says so, by the configuration; without a store, where models run; else the runs. */
static size_t pane_at_start(const struct ui_world *w)
{
    enum { RUNS = 2, DEPLOY = 4 };
    int number = ncm_session_storeless(w->session) ? DEPLOY : RUNS;
    size_t found = 0;

    for (size_t i = 0; i < w->n_panes; i++) {
        if (ui_panes[i]->first != NULL && ui_panes[i]->first(w->pane[i])) {
            return i;
        }
        found = ui_panes[i]->number == number ? i : found;
    }
    return found;
}

void panes_make(struct ui *ui)
{
    struct ui_world *w = ui->now;
    struct ncm_query *query = ncm_query_new(NCM_T_STORE);

    w->store = ncm_session_want(w->session, query);
    ncm_query_free(query);
    for (w->n_panes = 0; ui_panes[w->n_panes] != NULL && w->n_panes < UI_MAX_PANES; w->n_panes++) {
        w->pane[w->n_panes] = ui_panes[w->n_panes]->create(ui);
    }
    w->active = pane_at_start(w);
    const struct pane_ops *first = pane_ops_of(ui);
    if (first->enter != NULL) {
        first->enter(pane_of(ui));
    }
    if (ncm_session_also(w->session)[0] != '\0') {
        ui_message(ui, UI_INFO, "%s", ncm_session_also(w->session));
    }
}

void panes_end(struct ui *ui)
{
    struct ui_world *w = ui->now;
    const struct pane_ops *active = pane_ops_of(ui);

    if (active != NULL && active->leave != NULL) {
        active->leave(pane_of(ui));
    }
    for (size_t i = 0; i < w->n_panes; i++) {
        ui_panes[i]->destroy(w->pane[i]);
        w->pane[i] = NULL;
    }
    w->n_panes = 0;
    ncm_want_release(w->store);
    w->store = NULL;
    ncm_want_release(w->rollouts);
    w->rollouts = NULL;
    for (size_t i = 0; i < w->n_jobs; i++) {
        change_forget(&w->jobs[i]);
    }
    w->n_jobs = 0;
}

void ui_await(struct ui *ui, uint64_t id, ui_job_done done, void *ctx)
{
    if (ui->now->n_jobs == UI_MAX_JOBS) { /* the oldest is answered by nobody */
        memmove(ui->now->jobs, ui->now->jobs + 1, (UI_MAX_JOBS - 1) * sizeof *ui->now->jobs);
        ui->now->n_jobs--;
    }
    ui->now->jobs[ui->now->n_jobs++] = (struct ui_job){id, done, ctx};
}

bool job_take(struct ui_world *w, uint64_t id, struct ui_job *out)
{
    for (size_t i = 0; i < w->n_jobs; i++) {
        if (w->jobs[i].id == id) {
            *out = w->jobs[i];
            w->n_jobs--;
            memmove(w->jobs + i, w->jobs + i + 1, (w->n_jobs - i) * sizeof *w->jobs);
            return true;
        }
    }
    return false;
}

static void take_results(struct ui *ui)
{
    struct ncm_job_result result;
    struct ui_job job;

    while (ncm_session_result(ui->now->session, &result)) {
        if (job_take(ui->now, result.id, &job)) {
            job.done(ui, job.ctx, &result);
        }
    }
}

void panes_pump(struct ui *ui)
{
    if (ui->now->session == NULL) {
        return;
    }
    /* Every pane re-reads: pointers it kept are only good until here. */
    if (ncm_session_pump(ui->now->session)) {
        for (size_t i = 0; i < ui->now->n_panes; i++) {
            if (ui_panes[i]->update != NULL) {
                ui_panes[i]->update(ui->now->pane[i]);
            }
        }
    }
    rollouts_watch(ui);
    ui->dirty = true;
    take_results(ui);
    then_try(ui);
    message_recover(ui);
}
