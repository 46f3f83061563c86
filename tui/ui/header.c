/* The header line: program, context, tabs, freshness lamp, clock; below it the trail and the store.
 */
#include <stdio.h>
#include <string.h>

#include "ui/inside.h"

#define MINUTE_MS 60000

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
    return form == TABS_NAMES || i == ui->now->active;
}

static bool tab_shown(const struct ui *ui, enum layout_tabs form, size_t i)
{
    if (i == ui->now->active || form == TABS_NONE || form == TABS_ACTIVE) {
        return form != TABS_NONE && i == ui->now->active;
    }
    return ui_panes[i]->useful == NULL || ui_panes[i]->useful(ui->now->pane[i]);
}

static int tabs_width(const struct ui *ui, enum layout_tabs form)
{
    char text[128];
    int w = 0;

    for (size_t i = 0; i < ui->now->n_panes; i++) {
        if (tab_shown(ui, form, i)) {
            w += tab_text(i, tab_named(ui, form, i), text, sizeof text);
        }
    }
    return w;
}

/* ---- what stands left of the tabs ---- */
enum { MAX_CHIPS = 5 };
struct chip {
    char text[160];
    enum role role;
    unsigned attrs;
};

static void add_chip(struct chip *chips, size_t *n, enum role role, const char *text)
{
    snprintf(chips[*n].text, sizeof chips[*n].text, "%s", text);
    chips[(*n)++].role = role;
}

/* The narrower it is, the fewer words: first the program's name goes, then the words for what the
 * colour says too. The context's own name only gets shorter. */
struct header_form {
    bool program, clock, demo, lock, words;
    int context; /* cells */
};
static const struct header_form forms[] = {
    {true, true, true, true, true, 24},     {false, true, true, true, true, 24},
    {false, true, true, true, true, 16},    {false, false, true, true, true, 16},
    {false, true, true, true, false, 16},   {false, false, true, true, false, 16},
    {false, false, false, true, false, 12}, {false, false, false, false, false, 12},
    {false, false, false, false, false, 8},
};

static size_t make_chips(struct ui *ui, const struct header_form *form, struct chip *out)
{
    struct ncm_session *s = ui->now->session;
    size_t n = 0;
    char name[96], text[160];

    if (form->program || s == NULL) {
        add_chip(out, &n, ROLE_BAR, " ncmlops");
        out[0].attrs = ATTR_BOLD;
    }
    if (s == NULL) {
        return n;
    }
    const char *context = ncm_session_context(s);
    ncm_text_clip_middle(name, sizeof name, context, strlen(context), form->context);
    if (ncm_session_protected(s)) {
        snprintf(text, sizeof text, _(" %s PROTECTED "), name);
        add_chip(out, &n, ROLE_DANGER, text);
    } else if (name[0] != '\0') {
        snprintf(text, sizeof text, " %s ", name);
        add_chip(out, &n, ROLE_LINK, text);
    }
    if (ncm_session_insecure(s)) {
        add_chip(out, &n, ROLE_DANGER, form->words ? _(" TLS not verified ") : _(" TLS? "));
    }
    if (ui->now->demo && form->demo && name[0] == '\0') { /* its context says it itself */
        add_chip(out, &n, ROLE_RUN, _(" demo "));
    }
    if (form->lock && (ncm_session_read_only(s) || ncm_session_locked(s))) {
        add_chip(out, &n, ROLE_WARN, ncm_session_read_only(s) ? _(" read-only ") : _(" locked "));
    }
    return n;
}

/* Chips, then where the tabs begin. */
struct header_plan {
    struct chip chips[MAX_CHIPS];
    size_t n;
    int tabs_x;
    enum layout_tabs form;
    struct lamp lamp;
    char clock[16];
    const char *right; /* of the lamp */
    int right_w;
};

static void plan_form(struct ui *ui, int cols, const struct header_form *form,
                      struct header_plan *p)
{
    memset(p->chips, 0, sizeof p->chips);
    p->n = make_chips(ui, form, p->chips);
    p->right = form->words ? p->lamp.text : p->lamp.brief;
    p->right_w = ncm_text_width(p->right) + 1;
    p->right_w += form->clock && p->clock[0] != '\0' ? ncm_text_width(p->clock) + 2 : 0;
    int x = 0;
    for (size_t i = 0; i < p->n; i++) {
        x += ncm_text_width(p->chips[i].text) + (p->chips[i].role == ROLE_BAR ? 1 : 0);
    }
    p->tabs_x = x + 1;
    int room = cols - p->tabs_x - p->right_w - 1;
    p->form = room < 0 ? TABS_NONE
                       : layout_tabs(tabs_width(ui, TABS_NAMES), tabs_width(ui, TABS_NUMBERS),
                                     tabs_width(ui, TABS_ACTIVE), room);
}

static void plan_header(struct ui *ui, int cols, struct header_plan *p)
{
    const struct ncm_config *config = ui_config(ui);
    size_t last = sizeof forms / sizeof *forms - 1;

    memset(p, 0, sizeof *p);
    lamp_make(ui, &p->lamp);
    if (cols >= 60 && !ui->unfocused && (config == NULL || config->clock)) {
        ncm_fmt_clock(p->clock, sizeof p->clock, ncm_now_ms());
    }
    for (size_t i = 0; i <= last; i++) {
        plan_form(ui, cols, &forms[i], p);
        if (p->form != TABS_NONE || i == last) {
            p->clock[0] = forms[i].clock ? p->clock[0] : '\0';
            break;
        }
    }
    if (p->clock[0] != '\0') {
        ui_wake_in(ui, MINUTE_MS - ncm_now_ms() % MINUTE_MS + 20);
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
        for (size_t i = 0; i < p.n; i++) {
            x += paint(header, 0, x, p.chips[i].role, p.chips[i].attrs, p.chips[i].text);
            x += p.chips[i].role == ROLE_BAR ? 1 : 0;
        }
        x = p.tabs_x;
        for (size_t i = 0; i < ui->now->n_panes; i++) {
            if (tab_shown(ui, p.form, i)) {
                tab_text(i, tab_named(ui, p.form, i), text, sizeof text);
                x += paint(header, 0, x, i == ui->now->active ? ROLE_BAR_ON : ROLE_BAR, 0, text);
            }
        }
        x = header->w - p.right_w;
        x += paint(header, 0, x, p.lamp.role, 0, p.right);
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
    for (size_t i = 0; i < ui->now->n_panes; i++) {
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
