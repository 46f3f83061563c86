/* The first page: what a source of deployments is, and the one that is only offered. */
#include "pane/deploy/deploy.h"

#include <stdio.h>
#include <string.h>

#include "ui/wrap.h"

static const char *const yaml[] = {
    "deployments:",
    "  - {type: kubernetes, context: seoul, namespaces: [ml]}",
    "  - {type: http, name: churn-api, url: \"http://churn.example.com\"}",
};

static void draw_none(const struct canvas *c)
{
    int w = c->w - 4, y = 1 + (c->h >= 12);

    y += wrap_paint(c, y, 2, w, c->h - y, ROLE_TEXT,
                    _("No place is known where models run. A cluster or a plain HTTP endpoint "
                      "shows here with its health, its model version, its traffic and its logs."));
    y += c->h >= 12;
    y += wrap_paint(c, y, 2, w, c->h - y, ROLE_DIM,
                    _("In ~/.config/ncmlops/config.yaml, in a context:"));
    for (size_t i = 0; i < sizeof yaml / sizeof *yaml && y < c->h; i++) {
        paint(c, y++, 4, ROLE_LINK, 0, yaml[i]);
    }
    y += c->h >= 12;
    wrap_paint(c, y, 2, w, c->h - y, ROLE_DIM,
               _("Without any, the current context of your kubeconfig is offered here; there is "
                 "none now."));
}

static void draw_offer(const struct deploy *d, const struct canvas *c)
{
    int w = c->w - 4, y = 1 + (c->h >= 10);
    char text[400];

    y += wrap_paint(c, y, 2, w, c->h - y, ROLE_TEXT,
                    _("No place where models run is configured, but a kubeconfig is here:"));
    y += c->h >= 10;
    for (size_t i = 0; i < d->n_sources && y < c->h; i++) {
        const char *where = d->sources[i].about->location;
        ncm_text_clip(text, sizeof text, where, strlen(where), w > 4 ? w - 4 : w);
        y += wrap_paint(c, y, 4, w - 2, 3, ROLE_LINK, text);
    }
    y += c->h >= 10;
    if (y < c->h) {
        int x = 2 + paint(c, y, 2, ROLE_KEY, 0, keymap_label(A_OPEN));
        wrap_paint(c, y, x + 1, c->w - x - 2, c->h - y, ROLE_TEXT,
                   _("connects. It is only read, for this session."));
    }
    y += 1 + (c->h >= 10);
    wrap_paint(c, y, 2, w, c->h - y, ROLE_DIM,
               _("Nothing is contacted before that. To have it always, and to change things "
                 "there, name it in the configuration under deployments."));
}

static int draw_errors(const struct deploy *d, const struct canvas *c, int y)
{
    char text[700];

    for (size_t i = 0; i < d->n_sources && y < c->h; i++) {
        const struct deploy_source *s = &d->sources[i];
        if (s->err == NULL) {
            continue;
        }
        snprintf(text, sizeof text, "%s: ", s->about->name);
        size_t used = strlen(text);
        ncm_text_clip(text + used, sizeof text - used, s->err->what, strlen(s->err->what), 400);
        paint(c, y, 2, ROLE_FAIL, ATTR_BOLD, sign(SIGN_OFFLINE));
        y += wrap_paint(c, y, 4, c->w - 6, 4, ROLE_FAIL, text);
        if (s->err->hint[0] != '\0') {
            ncm_text_clip(text, sizeof text, s->err->hint, strlen(s->err->hint), 400);
            y += wrap_paint(c, y, 4, c->w - 6, 3, ROLE_DIM, text);
        }
        y += c->h >= 12;
    }
    return y;
}

/* Where nothing is found it may be because not all may be read. */
static void draw_nothing(const struct deploy *d, const struct canvas *c, bool answered)
{
    char text[700];
    int y = c->h > 3 ? 2 : 1;

    y += wrap_paint(c, y, 2, c->w - 4, 3, ROLE_DIM,
                    answered ? _("Nothing runs there: no deployment in the namespaces that are "
                                 "looked at.")
                             : _("loading…"));
    for (size_t i = 0; i < d->n_sources; i++) {
        const struct ncm_deployments_snapshot *s = d->sources[i].snap;
        for (size_t k = 0; s != NULL && k < s->n_notes && y < c->h; k++) {
            ncm_text_clip(text, sizeof text, ncm_cstr(s->notes[k]), s->notes[k].len, 400);
            y += wrap_paint(c, y, 2, c->w - 4, 3, ROLE_WARN, text);
        }
    }
}

void deploy_draw_start(struct deploy *d, const struct canvas *c)
{
    bool any_error = false, answered = false;

    paint_head(c, 0, _("Deployments"), NULL, true);
    for (size_t i = 0; i < d->n_sources; i++) {
        any_error = any_error || d->sources[i].err != NULL;
        answered = answered || d->sources[i].snap != NULL;
    }
    if (d->n_sources == 0) {
        draw_none(c);
    } else if (deploy_is_offered(d)) {
        draw_offer(d, c);
    } else if (any_error) {
        draw_errors(d, c, 1 + (c->h >= 12));
    } else {
        draw_nothing(d, c, answered);
    }
}
