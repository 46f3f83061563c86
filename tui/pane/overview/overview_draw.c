/* Where everything of the pane stands, by the room that there is. */
#include "pane/overview/overview.h"

#include <stdio.h>
#include <string.h>

#include "ui/wrap.h"

enum { SAY_MOST = 6 };

/* ---- the models ---- */

/* "1 failed, 1 degraded · 5 well". */
static void count_text(const struct overview *o, bool narrow, char *out, size_t outsz)
{
    size_t bad = 0, n = o->fleet != NULL ? o->fleet->n_rows : 0;

    for (size_t i = 0; i < n; i++) {
        bad += overview_bad(&o->fleet->rows[i]);
    }
    if (n == 0) {
        out[0] = '\0';
    } else if (bad == 0) {
        snprintf(out, outsz, _("%zu well"), n);
    } else if (narrow) {
        snprintf(out, outsz, "%s %zu/%zu", sign(SIGN_CROSS), bad, n);
    } else {
        snprintf(out, outsz, _("%zu of %zu in trouble"), bad, n);
    }
}

/* What is wrong with the selected one, under the rows. Returns the rows used; paint: else only
 * counted. */
static int say(const struct overview *o, const struct canvas *c, int y, int most, bool really)
{
    const struct ncm_fleet_row *r = overview_row(o);
    struct overview_sentence s[SAY_MOST];
    int used = 0;
    char text[512];

    if (r == NULL || most <= 0) {
        return 0;
    }
    size_t n = overview_sentences(o, r, s, SAY_MOST);
    for (size_t i = 0; i < n && used < most; i++) {
        ncm_text_clip(text, sizeof text, ncm_cstr(s[i].text), s[i].text.len, 300);
        int left = most - used, rows = wrap_rows(text, c->w - 5);
        rows = rows > 2 ? 2 : rows;
        rows = rows > left ? left : rows;
        if (really) {
            paint(c, y + used, 2, s[i].role, ATTR_BOLD, s[i].sign);
            wrap_paint(c, y + used, 4, c->w - 5, rows, s[i].role == ROLE_RUN ? ROLE_TEXT : s[i].role,
                       text);
        }
        used += rows;
    }
    return used;
}

static int draw_sources(const struct overview *o, const struct canvas *c, int y, int most)
{
    char text[400];
    int n = 0;

    while (n < most && overview_source_text(o, (size_t)n, text, sizeof text)) {
        paint(c, y + n, 2, ROLE_FAIL, ATTR_BOLD, sign(SIGN_OFFLINE));
        paint_cut(c, y + n, 4, c->w - 5, 0, ROLE_FAIL, 0, text);
        n++;
    }
    return n;
}

static void draw_models(struct overview *o, const struct canvas *c, int say_rows, bool focused)
{
    char right[120];
    struct table_model m = overview_model(o);

    count_text(o, c->w < 60, right, sizeof right);
    if (overview_n_firing(o) > 0 && c->h < 9) {
        size_t used = strlen(right);
        snprintf(right + used, sizeof right - used, _(" · %zu fire"), overview_n_firing(o));
    }
    char title[120];
    snprintf(title, sizeof title, "%s", _("In production"));
    if (o->filter != NULL) {
        snprintf(title, sizeof title, _("In production (filter: %s)"),
                 overview_clean((struct ncm_str){o->filter, strlen(o->filter)}, 24));
    }
    paint_head(c, 0, title, right[0] != '\0' ? right : NULL, focused);
    int sources = draw_sources(o, c, 1, c->h > 8 ? 2 : c->h > 4);
    struct canvas rows = canvas_part(c, 1 + sources, 0, c->h - 1 - sources - say_rows, -1);
    overview_set_columns(o, c->w);
    table_draw(&o->table, &m, &rows, focused,
               o->filter != NULL ? _("No model version matches the filter. Esc clears it.")
                                 : _("No model version is in production or on its way."));
    say(o, c, c->h - say_rows, say_rows, true);
}

/* ---- the whole ---- */

static void draw_part(struct overview *o, enum overview_part p, const struct canvas *c, int say_rows)
{
    bool focused = o->part == p;

    o->shown[p] = *c;
    switch (p) {
    case OVER_MODELS:
        draw_models(o, c, say_rows, focused);
        break;
    case OVER_FIRING:
        overview_draw_firing(o, c, focused);
        break;
    case OVER_SIDE:
        overview_draw_side(o, c, focused);
        break;
    case OVER_EVENTS:
        overview_draw_events(o, c, focused);
        break;
    case N_OVER_PARTS:
        break;
    }
}

static int at_most(int v, int most)
{
    return v < most ? v : most;
}

/* Rows that the models get with what is said of the selected one. */
static int models_height(struct overview *o, const struct canvas *c, int most, int *say_rows)
{
    char text[400];
    int n = at_most((int)o->n_rows, 1000), sources = 0;

    while (sources < 2 && overview_source_text(o, (size_t)sources, text, sizeof text)) {
        sources++;
    }
    *say_rows = say(o, c, 0, c->h >= 30 ? 6 : 3, false);
    int want = 2 + sources + (n > 0 ? n : 2) + *say_rows;
    return at_most(want, most);
}

static void draw_wide(struct overview *o, const struct canvas *c)
{
    int say_rows, top = models_height(o, c, c->h * 6 / 10, &say_rows);
    int left_w = c->w / 2, h = c->h - top;
    struct canvas models = canvas_part(c, 0, 0, top, -1);
    struct canvas left = canvas_part(c, top, 0, h, left_w);
    struct canvas right = canvas_part(c, top, left_w + 1, h, -1);
    int firing = at_most((int)overview_n_firing(o) + 2, h / 2);
    struct canvas fire = canvas_part(&left, 0, 0, firing, -1);
    struct canvas events = canvas_part(&left, firing, 0, h - firing, -1);

    draw_part(o, OVER_MODELS, &models, say_rows);
    draw_part(o, OVER_FIRING, &fire, 0);
    draw_part(o, OVER_EVENTS, &events, 0);
    draw_part(o, OVER_SIDE, &right, 0);
    paint_vline(c, top + 1, left_w, h - 1, ROLE_BORDER);
}

static void draw_stacked(struct overview *o, const struct canvas *c)
{
    int say_rows, n = (int)at_most((int)overview_n_firing(o), 100);
    int top = models_height(o, c, c->h * 6 / 10, &say_rows);
    int rest = c->h - top;
    int firing = o->part == OVER_FIRING ? at_most(1 + (n > 0 ? n : 1), rest / 2)
                                        : at_most(1 + (n > 0 ? n : 1), rest >= 12 ? 5 : rest / 2);
    struct canvas models = canvas_part(c, 0, 0, top, -1);
    struct canvas fire = canvas_part(c, top, 0, firing, -1);
    struct canvas below = canvas_part(c, top + firing, 0, rest - firing, -1);

    draw_part(o, OVER_MODELS, &models, say_rows);
    draw_part(o, OVER_FIRING, &fire, 0);
    if (below.h >= 18) {
        struct canvas side = canvas_part(&below, 0, 0, below.h * 6 / 10, -1);
        struct canvas events = canvas_part(&below, side.h, 0, below.h - side.h, -1);
        draw_part(o, OVER_SIDE, &side, 0);
        draw_part(o, OVER_EVENTS, &events, 0);
    } else {
        draw_part(o, o->below == OVER_EVENTS ? OVER_EVENTS : OVER_SIDE, &below, 0);
    }
}

void overview_draw(struct overview *o, const struct canvas *c)
{
    int say_rows;

    memset(o->shown, 0, sizeof o->shown);
    if (o->fleet == NULL || (o->fleet->n_rows == 0 && o->fleet->n_firing == 0 &&
                             o->fleet->n_deployments == 0)) {
        overview_draw_empty(o, c);
    } else if (c->w >= 120 && c->h >= 16) {
        draw_wide(o, c);
    } else if (c->h >= 14) {
        draw_stacked(o, c);
    } else if (o->part == OVER_MODELS) {
        say_rows = say(o, c, 0, c->h >= 10 ? 2 : c->h >= 7, false);
        draw_part(o, OVER_MODELS, c, say_rows);
    } else {
        draw_part(o, o->part, c, 0);
    }
}

/* ---- nothing ---- */

void overview_draw_empty(struct overview *o, const struct canvas *c)
{
    int w = c->w - 4, y = 1;
    char text[400];
    bool loading = o->fleet == NULL;

    for (size_t i = 0; i < o->n_sources; i++) {
        loading = loading || o->sources[i].info.state == NCM_LOADING;
    }
    paint_head(c, 0, _("In production"), NULL, true);
    y += c->h >= 12;
    for (size_t i = 0; overview_source_text(o, i, text, sizeof text) && y < c->h; i++) {
        paint(c, y, 2, ROLE_FAIL, ATTR_BOLD, sign(SIGN_OFFLINE));
        y += wrap_paint(c, y, 4, w - 2, c->h - y, ROLE_FAIL, text);
    }
    if (loading) {
        wrap_paint(c, y, 2, w, c->h - y, ROLE_DIM, _("loading…"));
        return;
    }
    y += wrap_paint(c, y, 2, w, c->h - y, ROLE_TEXT,
                    _("No model version is in production or on its way. What is in a stage or has "
                      "an alias in the registry, and what is deployed, shows here with its health, "
                      "its traffic and its drift."));
    y += c->h >= 12;
    snprintf(text, sizeof text, _("%s Registry promotes a version; %s Deploy shows where models run."),
             keymap_label(A_PANE_3), keymap_label(A_PANE_4));
    wrap_paint(c, y, 2, w, c->h - y, ROLE_DIM, text);
}
