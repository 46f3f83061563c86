/* One frame: header, trail, pane, message, keys; layers over them. */
#include <stdio.h>
#include <string.h>

#include "ui/inside.h"
#include "ui/wrap.h"

struct canvas box_draw(const struct canvas *box, const char *clean_title, enum role border)
{
    char title[256];

    paint_fill(box, 0, 0, box->h, box->w, ROLE_TEXT);
    if (box->h < 3 || box->w < 6) {
        return *box;
    }
    paint_box(box, border);
    ncm_text_clip(title, sizeof title, clean_title, strlen(clean_title), box->w - 6);
    if (title[0] != '\0') {
        paintf(box, 0, 2, border == ROLE_DANGER ? ROLE_DANGER : ROLE_FOCUS, 0, " %s ", title);
    }
    return canvas_part(box, 1, 2, box->h - 2, box->w - 4);
}

static void draw_too_small(const struct canvas *screen)
{
    char text[160];

    snprintf(text, sizeof text, _("terminal too small (%dx%d, need 40x8)"), screen->w, screen->h);
    wrap_paint(screen, 0, 0, screen->w, screen->h, ROLE_TEXT, text);
}

static void draw_layers(struct ui *ui, struct layer *layer, const struct frame_layout *l)
{
    if (layer != NULL) {
        draw_layers(ui, layer->below, l);
        layer->ops->draw(ui, layer->self, l);
    }
}

/* What the pane shows is no longer what the source says, as far as anyone knows. */
static bool is_old(const struct ui *ui)
{
    struct ncm_freshness_info f = world_freshness(ui->now);

    return (f.state == NCM_OFFLINE || (f.state == NCM_STALE && !ui->now->paused)) && f.age_ms >= 0;
}

/* Nothing but the pane, and what was asked or said over it. */
static void draw_whole(struct ui *ui, const struct pane_ops *ops, const struct frame_layout *l)
{
    ops->draw(pane_of(ui), &l->screen);
    if (ui->top != NULL) {
        paint_fill(&l->keys, 0, 0, 1, l->keys.w, ROLE_TEXT);
        keyline_draw(ui, &l->keys);
    }
    if (ui->message.text != NULL) {
        message_draw(ui, l);
    }
    draw_layers(ui, ui->top, l);
}

void frame_draw(struct ui *ui)
{
    struct frame_layout l;
    const struct pane_ops *ops = pane_ops_of(ui);

    layout_frame(term_rows(), term_cols(), &l);
    if (term_too_small()) {
        draw_too_small(&l.screen);
        return;
    }
    if (ops != NULL && ops->whole != NULL && ops->whole(pane_of(ui))) {
        draw_whole(ui, ops, &l);
        return;
    }
    header_draw(ui, &l.header, &l.trail);
    if (ops != NULL) {
        ops->draw(pane_of(ui), &l.body);
        if (is_old(ui) && !ops->dims_itself) {
            paint_fade(&l.body);
        }
    } else {
        start_screen_draw(ui, &l.body);
    }
    if (l.own_message_row || ui->message.text == NULL) {
        keyline_draw(ui, &l.keys);
    }
    message_draw(ui, &l);
    draw_layers(ui, ui->top, &l);
}
