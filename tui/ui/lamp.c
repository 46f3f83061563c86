/* The freshness lamp: the worst state of what a pane shows, in a few words. */
#include <stdio.h>

#include "ui/inside.h"

#define MINUTE_MS 60000
#define OLD_MS    5000 /* from which it is worth telling while the next answer is awaited */

/* Figures with a unit that still changes are looked at again in time. */
static void wake_for_age(struct ui *ui, int64_t age_ms)
{
    if (!ui->unfocused) {
        ui_wake_in(ui, age_ms < MINUTE_MS ? 1000 : MINUTE_MS);
    }
}

static void lamp_loading(struct ui *ui, struct lamp *l, const struct ncm_freshness_info *f)
{
    char done[32], total[32], age[32];

    l->role = ROLE_RUN;
    wake_for_age(ui, 0); /* looking at it also notices what hangs */
    if (f->age_ms >= MINUTE_MS || (f->age_ms >= OLD_MS && f->total <= 0)) {
        snprintf(l->text, sizeof l->text, _("%s loading · %s old"), sign(SIGN_LOADING),
                 ncm_fmt_age(age, sizeof age, f->age_ms));
    } else if (f->total > 0) {
        ncm_fmt_count(done, sizeof done, f->done);
        ncm_fmt_count(total, sizeof total, f->total);
        snprintf(l->text, sizeof l->text, _("%s loading %s/%s"), sign(SIGN_LOADING), done, total);
    } else {
        snprintf(l->text, sizeof l->text, _("%s loading"), sign(SIGN_LOADING));
    }
}

static void lamp_offline(struct ui *ui, struct lamp *l, const struct ncm_freshness_info *f)
{
    char age[32] = "", retry[32];

    /* How long the source is away; how old each figure is stands beside the figures. */
    int64_t away_ms = f->down_ms > 0 ? f->down_ms : f->age_ms;

    l->role = ROLE_FAIL;
    if (away_ms >= 0) {
        ncm_fmt_age(age, sizeof age, away_ms < 1000 ? 1000 : away_ms);
        wake_for_age(ui, away_ms);
    }
    if (age[0] != '\0') {
        snprintf(l->brief, sizeof l->brief, _("%s offline %s"), sign(SIGN_OFFLINE), age);
    } else {
        snprintf(l->brief, sizeof l->brief, _("%s offline"), sign(SIGN_OFFLINE));
    }
    if (f->retry_ms >= 0) {
        ncm_fmt_age(retry, sizeof retry, f->retry_ms < 1000 ? 1000 : f->retry_ms);
        wake_for_age(ui, 0);
        if (age[0] != '\0') {
            snprintf(l->text, sizeof l->text, _("%s offline %s (retry %s)"), sign(SIGN_OFFLINE),
                     age, retry);
        } else {
            snprintf(l->text, sizeof l->text, _("%s offline (retry %s)"), sign(SIGN_OFFLINE),
                     retry);
        }
    } else {
        snprintf(l->text, sizeof l->text, "%s", l->brief);
    }
}

struct ncm_freshness_info world_freshness(const struct ui_world *w)
{
    const struct pane_ops *ops = w->session != NULL ? ui_panes[w->active] : NULL;

    return ops != NULL && ops->freshness != NULL
               ? ops->freshness(w->pane[w->active])
               : (struct ncm_freshness_info){.state = NCM_LIVE, .age_ms = -1, .retry_ms = -1};
}

void lamp_make(struct ui *ui, struct lamp *l)
{
    const struct ui_world *w = ui->now;
    struct ncm_freshness_info f = world_freshness(w);

    l->text[0] = l->brief[0] = '\0';
    l->role = ROLE_DIM;
    if (w->session == NULL) {
        return;
    }
    if (f.unasked) {
        snprintf(l->text, sizeof l->text, _("%s not connected"), sign(SIGN_DASH));
    } else if (f.state == NCM_OFFLINE) {
        lamp_offline(ui, l, &f);
    } else if (f.state == NCM_LOADING) {
        lamp_loading(ui, l, &f);
    } else if (f.state == NCM_STALE) {
        char age[32];
        ncm_fmt_age(age, sizeof age, f.age_ms < 1000 ? 1000 : f.age_ms);
        l->role = ROLE_WARN;
        wake_for_age(ui, f.age_ms);
        snprintf(l->text, sizeof l->text, _("%s %s old"), sign(SIGN_STALE), age);
    } else if (w->paused) {
        l->role = ROLE_WARN;
        snprintf(l->text, sizeof l->text, _("%s paused"), sign(SIGN_STALE));
    } else {
        l->role = ROLE_OK;
        snprintf(l->text, sizeof l->text, _("%s live"), sign(SIGN_LIVE));
    }
    /* An answer that does not come rings no bell. */
    int64_t look = ncm_session_look_ms(w->session);
    if (look >= 0) {
        ui_wake_in(ui, look);
    }
    if (l->brief[0] == '\0') {
        snprintf(l->brief, sizeof l->brief, "%.*s", (int)sizeof l->brief - 1, l->text);
    }
}
