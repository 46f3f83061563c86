/* The provider's table: opening, closing, topics and watching. */
#include "provider/alertmanager/alertmanager.h"

#include "base/i18n.h"
#include "base/num.h"
#include "provider/alertmanager/internal.h"

#define BIT(topic) (1u << (topic))

enum {
    ATTENDED_MS = 60000, /* since the last key: somebody is there */
    GAP_MS = 4000,
    IDLE_GAP_MS = 20000,
};

static int probe(const char *location)
{
    (void)location;
    return 0;
}

static bool open_conn(const struct ncm_place *place, struct ncm_conn **out,
                      struct ncm_control *control, struct ncm_err *err)
{
    (void)control;
    struct ncm_conn *c = ncm_alloc(1, sizeof *c);
    c->ask.product = "Alertmanager";
    if (!ncm_http_open(place->location, place->access, &c->ask.http, err)) {
        ncm_free(c);
        return false;
    }
    *out = c;
    return true;
}

static void close_conn(struct ncm_conn *c)
{
    if (c != NULL) {
        ncm_http_close(c->ask.http);
        ncm_free(c);
    }
}

static void interrupt_conn(struct ncm_conn *c)
{
    ncm_http_interrupt(c->ask.http);
}

static bool read_topic(struct ncm_conn *c, enum ncm_topic topic, const struct ncm_control *control,
                       struct ncm_snapshot **out, struct ncm_err *err)
{
    bool ok;
    if (topic == NCM_T_ALERTS) {
        struct ncm_alerts_snapshot *s = ncm_snapshot_new(topic, sizeof *s);
        ok = am_read_alerts(c, control, s->head.arena, &s->items, &s->n, err);
        *out = &s->head;
    } else {
        struct ncm_silences_snapshot *s = ncm_snapshot_new(topic, sizeof *s);
        ok = am_read_silences(c, control, s->head.arena, &s->items, &s->n, err);
        *out = &s->head;
    }
    if (!ok) {
        ncm_snapshot_unref(*out);
        *out = NULL;
    }
    return ok;
}

static bool fetch_store(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_doc *doc;
    if (!am_call(c, NCM_HTTP_GET, "/status", NULL, &f->control, &doc, err)) {
        return false;
    }
    const struct ncm_node *root = doc != NULL ? ncm_doc_root(doc) : NULL;
    const char *version = ncm_node_str(ncm_node_get(root, "versionInfo"), "version", "");
    struct ncm_store_snapshot *s = ncm_snapshot_new(NCM_T_STORE, sizeof *s);
    char *release = ncm_sprintf("Alertmanager%s%.60s", version[0] != '\0' ? " " : "", version);
    s->kind = ncm_arena_cstr(s->head.arena, "Alertmanager");
    s->location = ncm_arena_cstr(s->head.arena, ncm_http_base(c->ask.http));
    s->schema = ncm_arena_cstr(s->head.arena, "API v2");
    s->release = ncm_arena_cstr(s->head.arena, release);
    s->writable = true; /* whether silences may be made is the server's to tell */
    s->n_experiments = s->n_runs = s->n_models = -1;
    ncm_free(release);
    ncm_doc_free(doc);
    f->publish(f->to, &s->head);
    return true;
}

static bool fetch(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_snapshot *s;
    enum ncm_topic topic = f->query->topic;
    ncm_http_ready(c->ask.http);
    if (topic != NCM_T_STORE && topic != NCM_T_ALERTS && topic != NCM_T_SILENCES) {
        return ncm_fail(err, NCM_UNSUPPORTED, _("Alertmanager does not hold this."));
    }
    if (f->cached) {
        return ncm_fail(err, NCM_NOT_FOUND, _("Nothing was kept of this."));
    }
    if (topic == NCM_T_STORE) {
        return fetch_store(c, f, err);
    }
    if (!read_topic(c, topic, &f->control, &s, err)) {
        return false;
    }
    f->publish(f->to, s);
    return true;
}

/* ---- watching -------------------------------------------------------------------------------- */

static uint64_t add(uint64_t print, struct ncm_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        print = (print ^ (unsigned char)s.p[i]) * UINT64_C(1099511628211);
    }
    return print;
}

static uint64_t print_of(const struct ncm_snapshot *s)
{
    uint64_t print = 1;
    if (s->topic == NCM_T_ALERTS) {
        const struct ncm_alerts_snapshot *alerts = (const struct ncm_alerts_snapshot *)s;
        for (size_t i = 0; i < alerts->n; i++) {
            const struct ncm_alert *a = &alerts->items[i];
            print = add(print * 31 + (uint64_t)a->state, a->id);
            print = print * 31 + (uint64_t)a->until_ms + (uint64_t)a->since_ms;
        }
    } else {
        const struct ncm_silences_snapshot *silences = (const struct ncm_silences_snapshot *)s;
        for (size_t i = 0; i < silences->n; i++) {
            const struct ncm_silence *one = &silences->items[i];
            print = add(print * 31 + (uint64_t)one->state, one->id);
            print = print * 31 + (uint64_t)one->updated_ms;
        }
    }
    return print;
}

static bool look(struct ncm_conn *c, unsigned topics, const struct ncm_control *control,
                 struct ncm_news *news, struct ncm_err *err)
{
    static const enum ncm_topic known[2] = {NCM_T_ALERTS, NCM_T_SILENCES};
    for (int i = 0; i < 2; i++) {
        struct ncm_snapshot *s;
        if ((topics & BIT(known[i])) == 0) {
            continue;
        }
        if (!read_topic(c, known[i], control, &s, err)) {
            return false;
        }
        uint64_t print = print_of(s);
        ncm_snapshot_unref(s);
        if ((c->printed & BIT(known[i])) != 0 && print != c->prints[i]) {
            news->topics |= BIT(known[i]);
        }
        c->prints[i] = print;
        c->printed |= BIT(known[i]);
    }
    news->what = news->topics != 0 ? NCM_WATCH_DATA : NCM_WATCH_NOTHING;
    c->looked_mono_ms = ncm_mono_ms();
    return true;
}

static bool watch(struct ncm_conn *c, const struct ncm_interest *interest, int wait_ms,
                  const struct ncm_control *control, struct ncm_news *news, struct ncm_err *err)
{
    int64_t end = ncm_mono_ms() + wait_ms;
    unsigned topics = interest->topics & (BIT(NCM_T_ALERTS) | BIT(NCM_T_SILENCES));
    *news = (struct ncm_news){0};
    ncm_http_ready(c->ask.http);
    if (!ncm_ask_go_on(control, err)) {
        return false;
    }
    for (;;) {
        int64_t now = ncm_mono_ms();
        int64_t gap = interest->idle_ms < ATTENDED_MS ? GAP_MS : IDLE_GAP_MS;
        bool first = (topics & ~c->printed) != 0;
        int64_t due = topics == 0 ? INT64_MAX : first ? now : c->looked_mono_ms + gap;
        int64_t rest = (due < end ? due : end) - now;
        if (rest > 0 && !ncm_http_pause(c->ask.http, rest, control->cancel, err)) {
            return false;
        }
        if (due > end) {
            return true;
        }
        if (!look(c, topics, control, news, err)) {
            return false;
        }
        if (first || news->topics != 0 || ncm_mono_ms() >= end) {
            return true;
        }
    }
}

const struct ncm_provider ncm_alertmanager = {
    .name = "alertmanager",
    .summary = N_("Alertmanager, over its API v2"),
    .capabilities = NCM_CAP_WRITE | NCM_CAP_WATCH | NCM_CAP_UNDO | NCM_CAP_REMOTE | NCM_CAP_ALERTS,
    .probe = probe,
    .open = open_conn,
    .close = close_conn,
    .interrupt = interrupt_conn,
    .fetch = fetch,
    .watch = watch,
    .apply = am_apply,
    .check = am_check,
    .present = am_present,
    .examine = am_examine,
};
