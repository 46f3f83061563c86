/* The wall: opening, its pages, the bell. */
#include "pane/overview/overview.h"

#include <string.h>

#define LEAST_CYCLE_MS 3000

/* "cycle 15s", "cycle off", "15s". false: neither. */
static bool read_cycle(const char *arg, int64_t *ms)
{
    if (strncmp(arg, "cycle", 5) == 0) {
        arg += 5;
        arg += strspn(arg, " ");
    }
    if (strcmp(arg, "off") == 0 || strcmp(arg, "0") == 0) {
        *ms = 0;
        return true;
    }
    return ncm_parse_duration(arg, ms) && *ms >= LEAST_CYCLE_MS;
}

void wall_open(struct overview *o, const char *arg)
{
    const struct ncm_config *config = ncm_session_config(ui_session(o->ui));
    int64_t cycle = config != NULL ? config->wall_cycle_ms : 0;

    if (arg != NULL && *arg != '\0' && !read_cycle(arg, &cycle)) {
        ui_message(o->ui, UI_BAD, "%s", _("wall, wall cycle 15s (3s or more), or wall cycle off"));
        return;
    }
    o->wall.on = true;
    o->wall.cycle_ms = cycle;
    o->wall.page_mono_ms = ncm_mono_ms();
    o->moved = false;
    ncm_free(o->filter); /* nothing is left out there */
    o->filter = NULL;
    overview_place(o);
    wall_listen(o);
}

void wall_close(struct overview *o)
{
    o->wall.on = false;
    o->wall.looked = false;
    o->wall.n_rung = 0;
    ncm_free(o->wall.model);
    o->wall.model = NULL;
}

/* ---- the bell ---- */

static uint64_t hash(struct ncm_str a, struct ncm_str b)
{
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */

    for (size_t i = 0; i < a.len + b.len; i++) {
        h = (h ^ (unsigned char)(i < a.len ? a.p[i] : b.p[i - a.len])) * 0x100000001b3u;
    }
    return h;
}

static bool was_there(const struct wall *w, uint64_t id)
{
    for (size_t i = 0; i < w->n_rung; i++) {
        if (w->rung[i] == id) {
            return true;
        }
    }
    return false;
}

/* What fires and what has failed, as far as it is critical: nothing more is kept of it. */
void wall_listen(struct overview *o)
{
    const struct ncm_config *config = o->ui != NULL ? ncm_session_config(ui_session(o->ui)) : NULL;
    size_t most = o->fleet != NULL ? o->fleet->n_firing + o->fleet->n_rows : 0, n = 0;
    uint64_t *now = ncm_alloc(most + 1, sizeof *now);
    bool fresh = false;

    for (size_t i = 0; o->fleet != NULL && i < o->fleet->n_firing; i++) {
        const struct ncm_alert *a = o->fleet->firing[i];
        if (a->severity == NCM_SEVERITY_CRITICAL && a->state == NCM_ALERT_FIRING) {
            now[n++] = hash(a->source, a->id);
        }
    }
    for (size_t i = 0; o->fleet != NULL && i < o->fleet->n_rows; i++) {
        const struct ncm_fleet_row *r = &o->fleet->rows[i];
        if (r->health == NCM_HEALTH_FAILED) {
            now[n++] = hash(r->model, r->version);
        }
    }
    for (size_t i = 0; i < n; i++) {
        fresh = fresh || !was_there(&o->wall, now[i]);
    }
    ncm_free(o->wall.rung);
    o->wall.rung = now;
    o->wall.n_rung = n;
    if (fresh && o->wall.looked && config != NULL && config->bell) {
        term_ring();
    }
    o->wall.looked = o->wall.looked || most > 0;
}

/* ---- pages: all, then each model by itself ---- */

/* The model after `model` in the fleet's order; the first for NULL; NULL after the last. */
static const struct ncm_fleet_row *after(const struct ncm_fleet *f, const char *model)
{
    bool found = model == NULL;

    for (size_t i = 0; i < f->n_rows; i++) {
        if (found && (model == NULL || !ncm_str_is(f->rows[i].model, model))) {
            return &f->rows[i];
        }
        found = found || ncm_str_is(f->rows[i].model, model);
    }
    return NULL;
}

void wall_turn(struct overview *o)
{
    struct wall *w = &o->wall;
    int64_t now = ncm_mono_ms();

    if (w->cycle_ms == 0 || o->fleet == NULL) {
        return;
    }
    if (now - w->page_mono_ms >= w->cycle_ms) {
        const struct ncm_fleet_row *next = after(o->fleet, w->model);
        char *model = next != NULL ? ncm_strdup(ncm_cstr(next->model)) : NULL;
        ncm_free(w->model);
        w->model = model;
        w->page_mono_ms = now;
    }
    ui_wake_in(o->ui, w->cycle_ms - (now - w->page_mono_ms));
}
