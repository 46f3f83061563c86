/* Keys of the logs: search, whose lines, which container, how they stand. */
#include "pane/deploy/deploy.h"

#include <stdio.h>
#include <string.h>

#define STEP_CELLS 16

static bool line_has(const struct deploy_logs *l, size_t at)
{
    return l->needle != NULL && ncm_text_has(ncm_cstr(l->snap->items[at].text), l->needle);
}

static void next_hit(struct deploy *d, bool forward)
{
    struct deploy_logs *l = &d->logs;
    size_t n = l->snap != NULL ? l->snap->n : 0;
    size_t from = l->hit != SIZE_MAX ? l->hit : forward ? l->top : n > 0 ? n - 1 : 0;

    for (size_t k = l->hit != SIZE_MAX ? 1 : 0; k <= n && n > 0; k++) {
        size_t at = (from + (forward ? k : n - k % n)) % n;
        if (line_has(l, at)) {
            l->hit = at;
            l->away = true;
            if (at < l->top || at >= l->top + (size_t)(l->rows_shown > 4 ? l->rows_shown - 3 : 1)) {
                l->top = at > 2 ? at - 2 : 0;
            }
            return;
        }
    }
    if (d->ui != NULL) {
        ui_message(d->ui, UI_INFO, "%s",
                   l->needle != NULL ? _("No line has it.") : _("Search first: /"));
    }
}

static const char *search_done(void *ctx, const char *text, size_t *at)
{
    struct deploy *d = ctx;
    struct deploy_logs *l = &d->logs;

    (void)at;
    if (text == NULL) {
        return NULL;
    }
    ncm_free(l->needle);
    l->needle = *text != '\0' ? ncm_strdup(text) : NULL;
    l->hit = SIZE_MAX;
    if (l->needle != NULL) {
        next_hit(d, false); /* the newest one is what matters */
    }
    ui_dirty(d->ui);
    return NULL;
}

static bool move(struct deploy *d, enum ui_action_id action)
{
    struct deploy_logs *l = &d->logs;
    size_t page = l->rows_shown > 2 ? (size_t)l->rows_shown - 2 : 1;

    switch (action) {
    case A_UP:
    case A_PAGE_UP: {
        size_t by = action == A_UP ? 1 : page;
        l->top = l->top > by ? l->top - by : 0;
        l->away = true;
        return true;
    }
    case A_DOWN:
    case A_PAGE_DOWN:
        l->top += action == A_DOWN ? 1 : page;
        l->away = l->away && !l->end_shown;
        return true;
    case A_TOP:
        l->top = 0;
        l->away = true;
        return true;
    case A_BOTTOM:
        l->away = false;
        l->hit = SIZE_MAX;
        return true;
    case A_LEFT:
        l->left = l->left > STEP_CELLS ? l->left - STEP_CELLS : 0;
        return true;
    case A_RIGHT:
        l->left += l->wrap || l->left > 4000 ? 0 : STEP_CELLS;
        return true;
    default:
        return false;
    }
}

static void set(char **field, const char *value)
{
    char *copy = ncm_strdup(value);
    ncm_free(*field);
    *field = copy;
}

static void replica_done(void *ctx, const size_t *chosen, size_t n)
{
    struct deploy *d = ctx;

    if (n > 0 && chosen[0] < d->n_picks) {
        const char *word = d->picks[chosen[0]];
        set(&d->logs.replica, word[0] != '\0' ? word : NULL);
        deploy_logs_ask(d);
        ui_dirty(d->ui);
    }
}

static void container_done(void *ctx, const size_t *chosen, size_t n)
{
    struct deploy *d = ctx;

    if (n > 0 && chosen[0] < d->n_picks) {
        set(&d->logs.container, d->picks[chosen[0]]);
        deploy_logs_ask(d);
        ui_dirty(d->ui);
    }
}

static void pick_replica(struct deploy *d)
{
    const struct ncm_deployment *x = deploy_selected(d)->it;
    size_t n = x->n_replicas + 1;
    struct ui_pick_item *items = ncm_alloc(n, sizeof *items);
    char(*labels)[160] = ncm_alloc(n, sizeof *labels),
    (*details)[120] = ncm_alloc(n, sizeof *details);

    deploy_free_picks(d);
    d->picks = ncm_alloc(n, sizeof *d->picks);
    d->n_picks = n;
    d->picks[0] = ncm_strdup("");
    items[0] = (struct ui_pick_item){.label = _("all of them"), .on = d->logs.replica == NULL};
    for (size_t i = 1; i < n; i++) {
        const struct ncm_replica *r = &x->replicas[i - 1];
        char name[120];
        ncm_text_clip_middle(name, sizeof name, ncm_cstr(r->name), r->name.len, 48);
        snprintf(labels[i], sizeof labels[0], "%s %s", common_replica_sign(r), name);
        snprintf(details[i], sizeof details[0], _("%s, restarts: %d"), deploy_clean(r->phase, 40),
                 r->restarts);
        items[i] = (struct ui_pick_item){.label = labels[i],
                                         .detail = details[i],
                                         .on = d->logs.replica != NULL &&
                                               ncm_str_is(r->name, d->logs.replica)};
        d->picks[i] = ncm_strdup(ncm_cstr(r->name));
    }
    ui_pick(d->ui, _("Lines of which replica?"), items, n, false, replica_done, d);
    ncm_free(items);
    ncm_free(labels);
    ncm_free(details);
}

/* The containers of all replicas, each name once. */
static void pick_container(struct deploy *d)
{
    const struct ncm_deployment *x = deploy_selected(d)->it;
    struct ui_pick_item items[32];
    char labels[32][120];
    size_t n = 0;

    deploy_free_picks(d);
    d->picks = ncm_alloc(32, sizeof *d->picks);
    for (size_t i = 0; i < x->n_replicas; i++) {
        for (size_t k = 0; k < x->replicas[i].n_containers && n < 32; k++) {
            const char *name = ncm_cstr(x->replicas[i].containers[k]);
            bool known = false;
            for (size_t j = 0; j < n; j++) {
                known = known || strcmp(d->picks[j], name) == 0;
            }
            if (!known) {
                ncm_text_clip(labels[n], sizeof labels[0], name, strlen(name), 40);
                items[n] = (struct ui_pick_item){.label = labels[n],
                                                 .on = d->logs.container != NULL &&
                                                       strcmp(d->logs.container, name) == 0};
                d->picks[n++] = ncm_strdup(name);
                d->n_picks = n;
            }
        }
    }
    if (n == 0) {
        ui_message(d->ui, UI_INFO, "%s", _("It names no containers."));
        return;
    }
    ui_pick(d->ui, _("Which container?"), items, n, false, container_done, d);
}

bool deploy_logs_act(struct deploy *d, enum ui_action_id action, const char *arg)
{
    struct deploy_logs *l = &d->logs;

    switch (action) {
    case A_FILTER:
        ui_prompt(d->ui, "/",
                  arg != NULL         ? arg
                  : l->needle != NULL ? l->needle
                                      : "",
                  search_done, NULL, d);
        return true;
    case A_NEXT_MATCH:
    case A_PREV_MATCH:
        next_hit(d, action == A_NEXT_MATCH);
        return true;
    case A_PREVIOUS_LOGS:
        l->previous = !l->previous;
        deploy_logs_ask(d);
        return true;
    case A_TIMES:
        l->times = !l->times;
        return true;
    case A_WRAP:
        l->wrap = !l->wrap;
        l->left = 0;
        return true;
    case A_REPLICA:
        if (arg != NULL && *arg != '\0') {
            set(&l->replica, strcmp(arg, "all") == 0 ? NULL : arg);
            deploy_logs_ask(d);
        } else {
            pick_replica(d);
        }
        return true;
    case A_CONTAINER:
        if (arg != NULL && *arg != '\0') {
            set(&l->container, arg);
            deploy_logs_ask(d);
        } else {
            pick_container(d);
        }
        return true;
    default:
        return move(d, action);
    }
}
