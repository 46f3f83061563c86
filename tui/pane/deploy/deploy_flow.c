/* Text of parts: each function paints its rows and moves on; what lies above or below the canvas is
 * dropped, so that scrolling is a number. */
#include "pane/deploy/deploy.h"

#include <stdio.h>
#include <string.h>

#include "ui/wrap.h"

#define LABEL_CELLS 13

struct flow flow_begin(const struct canvas *c, int scrolled)
{
    return (struct flow){.c = *c, .y = -scrolled};
}

void flow_gap(struct flow *f)
{
    f->y++;
}

void flow_head(struct flow *f, const char *title, const char *right)
{
    char text[200];
    int w = f->c.w;

    if (f->y >= 0 && f->y < f->c.h) {
        ncm_text_clip(text, sizeof text, title, strlen(title), w > 8 ? w - 6 : 2);
        paint_head(&f->c, f->y, text, right, false);
    }
    f->y++;
}

/* One row; outside the canvas nothing is painted. */
static void row(struct flow *f, int x, enum role role, const char *text)
{
    if (f->y >= 0 && f->y < f->c.h) {
        paint(&f->c, f->y, x, role, 0, text);
    }
}

/* Wrapped from column x on, every row counted. */
static void wrapped(struct flow *f, int x, enum role role, const char *clean)
{
    char text[1024];
    int w = f->c.w - x - 1 > 8 ? f->c.w - x - 1 : 8;
    size_t skip;

    if (*clean == '\0') {
        f->y++;
        return;
    }
    while (*clean != '\0') {
        size_t n = wrap_row(clean, w, &skip);
        snprintf(text, sizeof text, "%.*s", (int)(n < sizeof text ? n : sizeof text - 1), clean);
        row(f, x, role, text);
        f->y++;
        if (n + skip == 0) {
            break;
        }
        clean += n + skip;
    }
}

void flow_signed(struct flow *f, enum role role, const char *mark, const char *clean)
{
    row(f, 1, role, mark);
    wrapped(f, 3, role == ROLE_OK || role == ROLE_DIM ? ROLE_TEXT : role, clean);
}

void flow_text(struct flow *f, int indent, enum role role, const char *clean)
{
    wrapped(f, indent, role, clean);
}

void flow_pairf(struct flow *f, const char *label, enum role role, const char *clean)
{
    char text[80];
    int room = f->c.w >= 36 ? LABEL_CELLS : f->c.w / 3;

    ncm_text_clip(text, sizeof text, label, strlen(label), room);
    row(f, 1, ROLE_DIM, text);
    wrapped(f, room + 2, role, clean);
}

void flow_pair(struct flow *f, const char *label, enum role role, struct ncm_str raw)
{
    struct ncm_buf b;

    if (raw.len == 0) {
        return;
    }
    ncm_buf_init(&b, 1 << 14);
    ncm_text_clean(&b, raw.p, raw.len < 4000 ? raw.len : 4000, NCM_CLEAN_LINE);
    flow_pairf(f, label, role, b.p);
    ncm_buf_release(&b);
}

const char *deploy_clean(struct ncm_str raw, int cells)
{
    static char text[4][2048];
    static int at;

    at = (at + 1) % 4;
    ncm_text_clip(text[at], sizeof text[0], ncm_cstr(raw), raw.len, cells < 500 ? cells : 500);
    return text[at];
}
