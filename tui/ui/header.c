/* The header line: program, context, tabs, freshness lamp, clock; below it the trail and the store.
 */
#include <stdio.h>
#include <string.h>

#include "ui/inside.h"

#define MINUTE_MS 60000

/* ---- the lamp ---- */
struct lamp {
    char text[96];
    enum role role;
};

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
    if (f->age_ms >= MINUTE_MS) {
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

    l->role = ROLE_FAIL;
    if (f->age_ms >= 0) {
        ncm_fmt_age(age, sizeof age, f->age_ms);
        wake_for_age(ui, f->age_ms);
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
    } else if (age[0] != '\0') {
        snprintf(l->text, sizeof l->text, _("%s offline %s"), sign(SIGN_OFFLINE), age);
    } else {
        snprintf(l->text, sizeof l->text, _("%s offline"), sign(SIGN_OFFLINE));
    }
}

static void make_lamp(struct ui *ui, struct lamp *l)
{
    const struct pane_ops *ops = pane_ops_of(ui);
    struct ncm_freshness_info f = {NCM_LIVE, -1, -1, 0, 0};

    l->text[0] = '\0';
    l->role = ROLE_DIM;
    if (ops == NULL) {
        return;
    }
    if (ops->freshness != NULL) {
        f = ops->freshness(pane_of(ui));
    }
    if (f.state == NCM_OFFLINE) {
        lamp_offline(ui, l, &f);
    } else if (f.state == NCM_LOADING) {
        lamp_loading(ui, l, &f);
    } else if (f.state == NCM_STALE) {
        char age[32];
        ncm_fmt_age(age, sizeof age, f.age_ms);
        l->role = ROLE_WARN;
        wake_for_age(ui, f.age_ms);
        snprintf(l->text, sizeof l->text, _("%s %s old"), sign(SIGN_STALE), age);
    } else if (ui->paused) {
        l->role = ROLE_WARN;
        snprintf(l->text, sizeof l->text, _("%s paused"), sign(SIGN_STALE));
    } else {
        l->role = ROLE_OK;
        snprintf(l->text, sizeof l->text, _("%s live"), sign(SIGN_LIVE));
    }
}

/* ---- tabs ---- */
static int tab_text(size_t i, bool with_name, char *out, size_t outsz)
{
    if (with_name) {
        snprintf(out, outsz, " %d %s ", ui_panes[i]->number, _(ui_panes[i]->title));
    } else {
        snprintf(out, outsz, " %d ", ui_panes[i]->number);
    }
    return ncm_text_width(out);
}

static bool tab_named(const struct ui *ui, enum layout_tabs form, size_t i)
{
    return form == TABS_NAMES || i == ui->active;
}

static bool tab_shown(const struct ui *ui, enum layout_tabs form, size_t i)
{
    return form != TABS_NONE && (form != TABS_ACTIVE || i == ui->active);
}

static int tabs_width(const struct ui *ui, enum layout_tabs form)
{
    char text[128];
    int w = 0;

    for (size_t i = 0; i < ui->n_panes; i++) {
        if (tab_shown(ui, form, i)) {
            w += tab_text(i, tab_named(ui, form, i), text, sizeof text);
        }
    }
    return w;
}

/* ---- what stands left of the tabs ---- */
struct chip {
    char text[160];
    enum role role;
    unsigned attrs;
};

static size_t make_chips(struct ui *ui, struct chip *out)
{
    size_t n = 0;
    char name[96];

    snprintf(out[n].text, sizeof out[n].text, " ncmlops");
    out[n].role = ROLE_BAR;
    out[n++].attrs = ATTR_BOLD;
    if (ui->session == NULL) {
        return n;
    }
    const char *context = ncm_session_context(ui->session);
    ncm_text_clip_middle(name, sizeof name, context, strlen(context), 24);
    if (ncm_session_protected(ui->session)) {
        snprintf(out[n].text, sizeof out[n].text, _(" %s PROTECTED "), name);
        out[n++].role = ROLE_DANGER;
    } else if (name[0] != '\0') {
        snprintf(out[n].text, sizeof out[n].text, " %s ", name);
        out[n++].role = ROLE_LINK;
    }
    if (ui->o.demo || ui->demo_path != NULL) {
        snprintf(out[n].text, sizeof out[n].text, _(" demo "));
        out[n++].role = ROLE_RUN;
    }
    if (ncm_session_read_only(ui->session) || ncm_session_locked(ui->session)) {
        snprintf(out[n].text, sizeof out[n].text, "%s",
                 ncm_session_read_only(ui->session) ? _(" read-only ") : _(" locked "));
        out[n++].role = ROLE_WARN;
    }
    return n;
}

/* Chips, then where the tabs begin; program name and context go first where it is narrow. */
struct header_plan {
    struct chip chips[4];
    size_t n, first;
    int tabs_x;
    enum layout_tabs form;
    struct lamp lamp;
    char clock[16];
    int right_w;
};

static void plan_header(struct ui *ui, int cols, struct header_plan *p)
{
    memset(p, 0, sizeof *p);
    p->n = make_chips(ui, p->chips);
    make_lamp(ui, &p->lamp);
    const struct ncm_config *config = ui_config(ui);
    if (cols >= 60 && !ui->unfocused && (config == NULL || config->clock)) {
        int64_t now = ncm_now_ms();
        ncm_fmt_clock(p->clock, sizeof p->clock, now);
        ui_wake_in(ui, MINUTE_MS - now % MINUTE_MS + 20);
    }
    p->right_w = ncm_text_width(p->lamp.text) + 1;
    p->right_w += p->clock[0] != '\0' ? ncm_text_width(p->clock) + 2 : 0;
    for (p->first = 0; p->first <= p->n; p->first++) {
        int x = 0;
        for (size_t i = p->first; i < p->n; i++) {
            x += ncm_text_width(p->chips[i].text) + (p->chips[i].role == ROLE_BAR ? 1 : 0);
        }
        p->tabs_x = x + 1;
        int room = cols - p->tabs_x - p->right_w - 1;
        p->form = layout_tabs(tabs_width(ui, TABS_NAMES), tabs_width(ui, TABS_NUMBERS),
                              tabs_width(ui, TABS_ACTIVE), room);
        if (p->form != TABS_NONE || p->n == p->first) {
            return;
        }
        /* a protected or locked context keeps its word longer than the program its name */
    }
}

void header_draw(struct ui *ui, const struct canvas *header, const struct canvas *trail)
{
    struct header_plan p;
    char text[256];

    if (header->h > 0) {
        plan_header(ui, header->w, &p);
        paint_fill(header, 0, 0, 1, header->w, ROLE_BAR);
        int x = 0;
        for (size_t i = p.first; i < p.n; i++) {
            x += paint(header, 0, x, p.chips[i].role, p.chips[i].attrs, p.chips[i].text);
            x += p.chips[i].role == ROLE_BAR ? 1 : 0;
        }
        x = p.tabs_x;
        for (size_t i = 0; i < ui->n_panes; i++) {
            if (tab_shown(ui, p.form, i)) {
                tab_text(i, tab_named(ui, p.form, i), text, sizeof text);
                x += paint(header, 0, x, i == ui->active ? ROLE_BAR_ON : ROLE_BAR, 0, text);
            }
        }
        x = header->w - p.right_w;
        x += paint(header, 0, x, p.lamp.role, 0, p.lamp.text);
        if (p.clock[0] != '\0') {
            paint(header, 0, x + 2, ROLE_DIM, 0, p.clock);
        }
    }
    if (trail->h > 0) {
        trail_draw(ui, trail);
    }
}

size_t header_tab_at(struct ui *ui, int x)
{
    struct header_plan p;
    char text[256];

    plan_header(ui, term_cols(), &p);
    int at = p.tabs_x;
    for (size_t i = 0; i < ui->n_panes; i++) {
        if (tab_shown(ui, p.form, i)) {
            int w = tab_text(i, tab_named(ui, p.form, i), text, sizeof text);
            if (x >= at && x < at + w) {
                return i;
            }
            at += w;
        }
    }
    return SIZE_MAX;
}
