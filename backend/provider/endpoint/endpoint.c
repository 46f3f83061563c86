/* The provider's table: opening, closing, topics and watching. */
#include "provider/endpoint/endpoint.h"

#include <math.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/endpoint/internal.h"

#define BIT(topic) (1u << (topic))

enum {
    ATTENDED_MS = 60000, /* since the last key: somebody is there */
    IDLE_FACTOR = 3,
};

static int probe(const char *location)
{
    (void)location;
    return 0;
}

/* ---- opening --------------------------------------------------------------------------------- */

static const char *keep(struct ncm_arena *a, const char *s)
{
    return ncm_arena_cstr(a, s).p;
}

static void copy_set(struct ncm_arena *a, struct ncm_endpoint_of *e)
{
    const char **const texts[] = {
        &e->name,
        &e->url,
        &e->probe.model,
        &e->probe.served_name,
        &e->probe.health,
        &e->probe.ready,
        &e->probe.info,
        &e->probe.version,
        &e->probe.test_path,
        &e->probe.test_body,
        &e->metrics,
        &e->management,
        &e->reload,
        &e->reload_body,
        &e->traffic,
        &e->group,
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        *texts[i] = keep(a, *texts[i]);
    }
    e->every_ms = e->every_ms > 0 ? e->every_ms : EP_EVERY_MS;
}

static void close_conn(struct ncm_conn *c)
{
    if (c == NULL) {
        return;
    }
    for (size_t i = 0; i < c->n; i++) {
        struct ep_endpoint *e = &c->items[i];
        ep_close(e);
        ep_seen_release(&e->seen);
        ep_seen_release(&e->fresh);
        ncm_scrapes_free(e->scrapes);
        for (size_t k = 0; k < e->n_events; k++) {
            ncm_free(e->events[k].message);
        }
        ncm_free(e->version);
        ncm_free(e->test_request);
        ncm_free(e->test_answer);
    }
    ncm_free(c->items);
    ncm_arena_free(c->arena);
    ncm_free(c);
}

static bool open_conn(const struct ncm_place *place, struct ncm_conn **out,
                      struct ncm_control *control, struct ncm_err *err)
{
    const struct ncm_endpoint_setup *setup = place->with;
    (void)control;
    if (setup == NULL || setup->n == 0) {
        return ncm_fail(err, NCM_USAGE, _("no endpoint is named"));
    }
    struct ncm_conn *c = ncm_alloc(1, sizeof *c);
    c->arena = ncm_arena_new();
    c->source = keep(c->arena, setup->source);
    c->items = ncm_alloc(setup->n, sizeof *c->items);
    for (size_t i = 0; i < setup->n; i++) {
        struct ep_endpoint *e = &c->items[c->n++];
        e->set = setup->endpoints[i];
        copy_set(c->arena, &e->set);
        /* Two readings at least, however seldom it is asked. */
        int64_t window = (IDLE_FACTOR + 1) * e->set.every_ms;
        e->scrapes = ncm_scrapes_new(window > EP_WINDOW_MS ? window : EP_WINDOW_MS);
        e->health = NCM_HEALTH_UNKNOWN;
        e->health_since_ms = e->up_ms = NCM_NO_TIME;
        e->test_ms = (double)NAN;
        if (!ep_open(e, err)) {
            close_conn(c);
            return false;
        }
        e->set.access = NULL; /* the clients have copies */
    }
    *out = c;
    return true;
}

static void each_client(struct ncm_conn *c, void (*act)(struct ncm_http *h))
{
    for (size_t i = 0; i < c->n; i++) {
        struct ncm_http *const all[] = {c->items[i].own, c->items[i].management,
                                        c->items[i].metrics};
        for (size_t k = 0; k < 3; k++) {
            if (all[k] != NULL) {
                act(all[k]);
            }
        }
    }
}

static void interrupt_conn(struct ncm_conn *c)
{
    each_client(c, ncm_http_interrupt);
}

/* ---- topics ---------------------------------------------------------------------------------- */

static void fetch_store(struct ncm_conn *c, struct ncm_fetch *f)
{
    struct ncm_store_snapshot *s = ncm_snapshot_new(NCM_T_STORE, sizeof *s);
    struct ncm_arena *a = s->head.arena;
    s->kind = ncm_arena_cstr(a, "HTTP");
    s->location = ncm_arena_cstr(a, c->n == 1 ? c->items[0].set.url : c->source);
    s->schema = ncm_arena_cstr(a, "");
    s->release = ncm_arena_cstr(a, "");
    for (size_t i = 0; i < c->n; i++) {
        s->writable =
            s->writable || c->items[i].set.reload != NULL || c->items[i].set.traffic != NULL;
    }
    if (!s->writable) {
        s->why_read_only =
            ncm_arena_cstr(a, _("neither reload nor traffic is configured for its endpoints"));
    }
    s->n_experiments = s->n_runs = s->n_models = -1;
    f->publish(f->to, &s->head);
}

struct early {
    struct ncm_conn *c;
    struct ncm_fetch *f;
};

/* What was seen before is as old as the oldest of it. */
static void publish_early(void *to)
{
    struct early *e = to;
    struct ncm_deployments_snapshot *s = ep_snapshot(e->c);
    s->head.provisional = true;
    for (size_t i = 0; i < s->n; i++) {
        const struct ncm_probe *p = &s->items[i]->it.probe;
        s->head.taken_ms = p->probed && p->at_ms < s->head.taken_ms ? p->at_ms : s->head.taken_ms;
    }
    e->f->publish(e->f->to, &s->head);
}

static bool fetch(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    enum ncm_topic topic = f->query->topic;
    struct early early = {c, f};
    each_client(c, ncm_http_ready);
    if (topic != NCM_T_STORE && topic != NCM_T_DEPLOYMENTS) {
        return ncm_fail(err, NCM_UNSUPPORTED, _("A model server behind a URL does not tell this."));
    }
    if (f->cached) {
        return ncm_fail(err, NCM_NOT_FOUND, _("Nothing was kept of this."));
    }
    if (topic == NCM_T_STORE) {
        fetch_store(c, f);
        return true;
    }
    if (!ep_look_all(c, f->full, &f->control, publish_early, &early, err)) {
        return false;
    }
    f->publish(f->to, &ep_snapshot(c)->head);
    return true;
}

/* ---- watching -------------------------------------------------------------------------------- */

/* Looking is all there is: when the time has come, everything may have changed. */
static bool watch(struct ncm_conn *c, const struct ncm_interest *interest, int wait_ms,
                  const struct ncm_control *control, struct ncm_news *news, struct ncm_err *err)
{
    int64_t now = ncm_mono_ms(), end = now + wait_ms, gap = INT64_MAX;
    *news = (struct ncm_news){0};
    each_client(c, ncm_http_ready);
    if (!ncm_ask_go_on(control, err)) {
        return false;
    }
    for (size_t i = 0; i < c->n; i++) {
        gap = c->items[i].set.every_ms < gap ? c->items[i].set.every_ms : gap;
    }
    gap *= interest->idle_ms < ATTENDED_MS ? 1 : IDLE_FACTOR;
    if (c->next_mono_ms == 0 || wait_ms == 0 || c->next_mono_ms > now + gap) {
        c->next_mono_ms = now + gap;
    }
    bool wanted = (interest->topics & BIT(NCM_T_DEPLOYMENTS)) != 0;
    int64_t due = wanted && c->next_mono_ms < end ? c->next_mono_ms : end;
    if (due > now && !ncm_http_pause(c->items[0].own, due - now, control->cancel, err)) {
        return false;
    }
    if (wanted && wait_ms > 0 && ncm_mono_ms() >= c->next_mono_ms) {
        c->next_mono_ms = ncm_mono_ms() + gap;
        news->what = NCM_WATCH_DATA;
        news->topics = BIT(NCM_T_DEPLOYMENTS);
    }
    return true;
}

const struct ncm_provider ncm_endpoint = {
    .name = "endpoint",
    .summary = N_("model servers over HTTP"),
    .capabilities = NCM_CAP_DEPLOY | NCM_CAP_WATCH | NCM_CAP_REMOTE | NCM_CAP_WRITE | NCM_CAP_UNDO,
    .probe = probe,
    .open = open_conn,
    .close = close_conn,
    .interrupt = interrupt_conn,
    .fetch = fetch,
    .watch = watch,
    .apply = ep_apply,
    .check = ep_check,
    .present = ep_present,
    .examine = ep_examine,
};
