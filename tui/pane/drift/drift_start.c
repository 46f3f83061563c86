/* The first page: what a monitor is and how one is made. */
#include "pane/drift/drift.h"

#include <stdio.h>
#include <string.h>

#include "ui/wrap.h"

static const char *const yaml[] = {
    "models:",
    "  fraud-detector:",
    "    monitors:",
    "      - {name: input drift, reference: data/train.csv,",
    "         current: /var/log/fraud/*.jsonl, follow: true, window: 1h}",
};

static int draw_error(const struct drift *d, const struct canvas *c)
{
    const struct ncm_err *err = d->all.want != NULL ? ncm_want_error(d->all.want) : NULL;
    char what[600];

    if (err == NULL || err->code == NCM_UNSUPPORTED || err->code == NCM_NOT_FOUND) {
        return 0;
    }
    ncm_text_clip(what, sizeof what, err->what, strlen(err->what), 500);
    int used = wrap_paint(c, 1, 2, c->w - 4, 3, ROLE_FAIL, what);
    if (err->hint[0] != '\0') {
        ncm_text_clip(what, sizeof what, err->hint, strlen(err->hint), 500);
        used += wrap_paint(c, 1 + used, 2, c->w - 4, 2, ROLE_DIM, what);
    }
    return used + 1;
}

void drift_draw_start(struct drift *d, const struct canvas *c)
{
    paint_head(c, 0, _("Drift"), NULL, true);
    if (d->all.snap == NULL && d->all.want != NULL && ncm_want_error(d->all.want) == NULL) {
        paint(c, c->h > 3 ? 2 : 1, 2, ROLE_DIM, 0, _("loading…"));
        return;
    }
    int y = 1 + draw_error(d, c);
    int w = c->w - 4;
    y += y + 2 < c->h && c->h >= 12;
    y += wrap_paint(c, y, 2, w, c->h - y, ROLE_TEXT,
                    _("Nothing is watched yet. A monitor compares the rows that a model gets now "
                      "with a reference, feature by feature and window by window, and says when "
                      "they differ."));
    y += c->h >= 14;
    y += wrap_paint(c, y, 2, w, c->h - y, ROLE_DIM,
                    _("In ~/.config/ncmlops/config.yaml, in a context:"));
    for (size_t i = 0; i < sizeof yaml / sizeof *yaml && y < c->h; i++) {
        paint(c, y++, 4, ROLE_LINK, 0, yaml[i]);
    }
    y += c->h >= 14;
    y += wrap_paint(c, y, 2, w, c->h - y, ROLE_DIM, _("Two files at once, without any monitor:"));
    paint(c, y, 4, ROLE_LINK, 0, "ncmlops drift check --reference A.csv --current B.csv");
}
