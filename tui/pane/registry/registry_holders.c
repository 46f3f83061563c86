/* Who held a stage or an alias of a model, and when. */
#include "pane/registry/registry.h"

#include <stdio.h>
#include <string.h>

enum holder_column { H_VERSION, H_FROM, H_UNTIL, H_FOR, H_ACTOR, H_KNOWN, H_REASON };

static size_t holders_count(void *ctx)
{
    const struct registry *r = ctx;
    return r->holders != NULL ? r->holders->n : 0;
}

static void holders_cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    const struct registry *r = ctx;
    const struct ncm_holder *h = &r->holders->items[row];
    bool now = h->until_ms == NCM_NO_TIME;
    switch ((enum holder_column)column) {
    case H_VERSION: {
        char number[64];
        ncm_text_clip(number, sizeof number, h->version.p, h->version.len, 12);
        snprintf(out->text, sizeof out->text, "v%s", number);
        out->attrs = ATTR_BOLD;
        out->role = now ? ROLE_STAGE_PRODUCTION : ROLE_TEXT;
        break;
    }
    case H_FROM:
        ncm_fmt_time(out->text, sizeof out->text, h->from_ms, false);
        break;
    case H_UNTIL:
        if (now) {
            registry_set_text(out, _("now"));
            out->role = ROLE_OK;
        } else {
            ncm_fmt_time(out->text, sizeof out->text, h->until_ms, false);
        }
        break;
    case H_FOR:
        if (h->from_ms != NCM_NO_TIME) {
            int64_t ms = ncm_ms_between(h->from_ms, now ? ncm_now_ms() : h->until_ms);
            if (ms < 0) { /* times of two clocks that differ */
                registry_set_text(out, sign(SIGN_DASH));
            } else {
                ncm_fmt_duration(out->text, sizeof out->text, ms);
            }
        }
        break;
    case H_ACTOR:
        registry_set_raw(out, h->actor);
        break;
    case H_KNOWN:
        registry_set_raw(out, h->known_from);
        out->role = ROLE_DIM;
        break;
    case H_REASON:
        registry_set_raw(out, h->reason);
        break;
    }
}

struct table_model registry_holders_model(struct registry *r)
{
    struct table_model m = {.ctx = r, .count = holders_count, .cell = holders_cell};
    return m;
}

void registry_draw_holders(struct registry *r, const struct canvas *c)
{
    char name[160], title[256];
    const char *model = r->model != NULL ? r->model : "";
    ncm_text_clip_middle(name, sizeof name, model, strlen(model), c->w - 36 > 8 ? c->w - 36 : 8);
    snprintf(title, sizeof title, _("Who held %s of %s"),
             r->holders_of != NULL ? r->holders_of : "", name);
    paint_head(c, 0, title, NULL, true);
    const struct table_column columns[] = {
        {.title = _("VER"), .min = 4, .want = 5},
        {.title = _("SINCE"), .min = 16, .want = 16},
        {.title = _("UNTIL"), .min = 16, .want = 16},
        {.title = _("FOR"), .min = 8, .want = 9, .align = 1, .priority = 2},
        {.title = _("BY"), .min = 6, .want = 12, .priority = 3},
        {.title = _("KNOWN FROM"), .min = 8, .want = 10, .priority = 4},
        {.title = _("REASON"), .min = 24, .want = 0, .priority = 1},
    };
    struct canvas body = canvas_part(c, 1, 0, -1, -1);
    struct table_model tm = registry_holders_model(r);
    memcpy(r->holders_columns, columns, sizeof columns);
    r->holders_table.columns = r->holders_columns;
    r->holders_table.n_columns = sizeof columns / sizeof *columns;
    r->holders_table.fixed = 1;
    const char *empty =
        r->holders == NULL ? _("loading…") : _("Nothing is known of earlier holders.");
    r->table_y = body.y;
    table_draw(&r->holders_table, &tm, &body, true, empty);
}
