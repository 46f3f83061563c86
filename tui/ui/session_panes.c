/* The session and the panes on it: opening, switching, what arrives. */
#include <string.h>

#include "ui/inside.h"

const struct pane_ops *pane_ops_of(const struct ui *ui)
{
    return ui->session != NULL ? ui_panes[ui->active] : NULL;
}

void *pane_of(const struct ui *ui)
{
    return ui->session != NULL ? ui->pane[ui->active] : NULL;
}

unsigned pane_contexts(const struct ui *ui)
{
    const struct pane_ops *ops = pane_ops_of(ui);

    return IN_ALWAYS | (ops != NULL && ops->contexts != NULL ? ops->contexts(pane_of(ui)) : 0);
}

const struct ncm_config *ui_config(const struct ui *ui)
{
    return ui->session != NULL ? ncm_session_config(ui->session) : ui->config;
}

const struct ncm_store_snapshot *ui_store(const struct ui *ui)
{
    return ui->store != NULL ? ncm_want_get(ui->store) : NULL;
}

bool pane_exists(const struct ui *ui, enum ui_action_id id)
{
    if (id < A_PANE_1 || id > A_PANE_9) {
        return true;
    }
    for (size_t i = 0; i < ui->n_panes; i++) {
        if (ui_panes[i]->number == (int)(id - A_PANE_1) + 1) {
            return true;
        }
    }
    return false;
}

void pane_show(struct ui *ui, size_t index)
{
    if (ui->session == NULL || index >= ui->n_panes || index == ui->active) {
        return;
    }
    const struct pane_ops *old = ui_panes[ui->active], *next = ui_panes[index];
    if (old->leave != NULL) {
        old->leave(ui->pane[ui->active]);
    }
    ui->active = index;
    if (next->enter != NULL) {
        next->enter(ui->pane[index]);
    }
    if (next->update != NULL) {
        next->update(ui->pane[index]);
    }
    ui_dirty(ui);
}

bool panes_open(struct ui *ui, struct ncm_err *err)
{
    struct ncm_session_options options = ui->o.session;
    struct ncm_session *session;

    if (ui->demo_path != NULL) {
        options.store = ui->demo_path;
        options.context = NULL;
    }
    if (!ncm_session_open(&options, &session, err)) {
        return false;
    }
    ui->session = session;
    struct ncm_query *query = ncm_query_new(NCM_T_STORE);
    ui->store = ncm_session_want(session, query);
    ncm_query_free(query);
    ui->active = 0;
    ui->n_back = 0;
    for (ui->n_panes = 0; ui_panes[ui->n_panes] != NULL && ui->n_panes < UI_MAX_PANES;
         ui->n_panes++) {
        ui->pane[ui->n_panes] = ui_panes[ui->n_panes]->create(ui);
    }
    const struct pane_ops *first = pane_ops_of(ui);
    if (first->enter != NULL) {
        first->enter(pane_of(ui));
    }
    if (ncm_session_also(session)[0] != '\0') {
        ui_message(ui, UI_INFO, "%s", ncm_session_also(session));
    }
    return true;
}

void panes_close(struct ui *ui)
{
    if (ui->session == NULL) {
        return;
    }
    const struct pane_ops *active = pane_ops_of(ui);
    if (active->leave != NULL) {
        active->leave(pane_of(ui));
    }
    for (size_t i = 0; i < ui->n_panes; i++) {
        ui_panes[i]->destroy(ui->pane[i]);
        ui->pane[i] = NULL;
    }
    ui->n_panes = 0;
    ncm_want_release(ui->store);
    ui->store = NULL;
    ncm_session_close(ui->session);
    ui->session = NULL;
    ui->n_jobs = 0;
}

void ui_await(struct ui *ui, uint64_t id, ui_job_done done, void *ctx)
{
    if (ui->n_jobs == UI_MAX_JOBS) { /* the oldest is answered by nobody */
        memmove(ui->jobs, ui->jobs + 1, (UI_MAX_JOBS - 1) * sizeof *ui->jobs);
        ui->n_jobs--;
    }
    ui->jobs[ui->n_jobs++] = (struct ui_job){id, done, ctx};
}

static void take_results(struct ui *ui)
{
    struct ncm_job_result result;

    while (ncm_session_result(ui->session, &result)) {
        for (size_t i = 0; i < ui->n_jobs; i++) {
            if (ui->jobs[i].id == result.id) {
                struct ui_job job = ui->jobs[i];
                ui->n_jobs--;
                memmove(ui->jobs + i, ui->jobs + i + 1, (ui->n_jobs - i) * sizeof *ui->jobs);
                job.done(ui, job.ctx, &result);
                break;
            }
        }
    }
}

void panes_pump(struct ui *ui)
{
    if (ui->session == NULL) {
        return;
    }
    /* Every pane re-reads: pointers it kept are only good until here. */
    if (ncm_session_pump(ui->session)) {
        for (size_t i = 0; i < ui->n_panes; i++) {
            if (ui_panes[i]->update != NULL) {
                ui_panes[i]->update(ui->pane[i]);
            }
        }
    }
    ui->dirty = true;
    take_results(ui);
}
