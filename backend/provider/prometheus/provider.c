/* The provider's table: what Prometheus is among sources. */
#include <stdlib.h>

#include "base/i18n.h"
#include "base/list.h"
#include "base/num.h"
#include "model/alert_labels.h"
#include "provider/prometheus/internal.h"

enum {
    ATTENDED_MS = 60000, /* since the last key: somebody is there */
    GAP_MS = 5000,
    IDLE_GAP_MS = 30000,
    RATES_GAP_MS = 15000, /* what a Prometheus usually scrapes at */
    RATES_IDLE_GAP_MS = 60000,
};

struct ncm_conn {
    struct ncm_prom *prom;
    uint64_t print;         /* of the alerts at the last look */
    int64_t looked_mono_ms; /* 0: not yet */
    int64_t rates_mono_ms;  /* when rates were last said to be due; 0: not yet */
};

static int probe(const char *location)
{
    (void)location;
    return 0;
}

static bool open_conn(const struct ncm_place *place, struct ncm_conn **out,
                      struct ncm_control *control, struct ncm_err *err)
{
    struct ncm_prom *prom;
    (void)control;
    if (!ncm_prom_open(place, &prom, err)) {
        return false;
    }
    *out = ncm_alloc(1, sizeof **out);
    (*out)->prom = prom;
    return true;
}

static void close_conn(struct ncm_conn *c)
{
    if (c != NULL) {
        ncm_prom_close(c->prom);
        ncm_free(c);
    }
}

static void interrupt_conn(struct ncm_conn *c)
{
    ncm_prom_interrupt(c->prom);
}

/* ---- alerts ---------------------------------------------------------------------------------- */

static void take_rules(const struct ncm_prom_rules *rules, struct ncm_list *out)
{
    for (size_t i = 0; i < rules->n; i++) {
        for (size_t k = 0; k < rules->items[i].n_alerts; k++) {
            *(struct ncm_alert *)ncm_list_add(out) = rules->items[i].alerts[k];
        }
    }
}

/* Rules tell of their alerts with the query; who has none (or may not show them) has alerts. */
static bool read_alerts(struct ncm_prom *p, const struct ncm_control *control,
                        struct ncm_alerts_snapshot *s, struct ncm_err *err)
{
    struct ncm_prom_rules rules = {.arena = s->head.arena};
    struct ncm_prom_alerts alerts = {.arena = s->head.arena};
    struct ncm_list list = {.size = sizeof(struct ncm_alert)};
    struct ncm_doc *doc;
    const struct ncm_node *data;
    bool ok = prom_get(p, "/api/v1/rules?type=alert", control, &doc, &data, err);
    if (!ok && (err->code == NCM_NOT_FOUND || err->code == NCM_FORBIDDEN)) {
        ok = prom_get(p, "/api/v1/alerts", control, &doc, &data, err) &&
             prom_decode_alerts(data, &alerts, err);
        s->items = alerts.items;
        s->n = alerts.n;
    } else if (ok && prom_decode_rules(data, &rules, err)) {
        take_rules(&rules, &list);
        s->n = list.n;
        s->items = ncm_list_move(&list, s->head.arena);
    } else {
        ok = false;
    }
    ncm_doc_free(doc);
    if (ok && s->n > 1) {
        qsort(s->items, s->n, sizeof *s->items, ncm_alert_compare);
    }
    return ok;
}

static bool fetch_store(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    char version[64];
    if (!ncm_prom_version(c->prom, &f->control, version, err)) {
        return false;
    }
    struct ncm_store_snapshot *s = ncm_snapshot_new(NCM_T_STORE, sizeof *s);
    char *release = ncm_sprintf("Prometheus%s%s", version[0] != '\0' ? " " : "", version);
    s->kind = ncm_arena_cstr(s->head.arena, "Prometheus");
    s->location = ncm_arena_cstr(s->head.arena, ncm_http_base(c->prom->ask.http));
    s->release = ncm_arena_cstr(s->head.arena, release);
    s->why_read_only = ncm_arena_cstr(s->head.arena, _("Prometheus is only read"));
    s->n_experiments = s->n_runs = s->n_models = -1;
    ncm_free(release);
    f->publish(f->to, &s->head);
    return true;
}

static bool fetch_rates(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_rates_snapshot *s = ncm_snapshot_new(NCM_T_RATES, sizeof *s);
    if (!ncm_ask_go_on(&f->control, err) ||
        !prom_read_rates(c->prom, f->query, &f->control, s, err)) {
        ncm_snapshot_unref(s);
        return false;
    }
    f->publish(f->to, &s->head);
    return true;
}

static bool fetch(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    ncm_prom_ready(c->prom);
    if (f->query->topic != NCM_T_ALERTS && f->query->topic != NCM_T_STORE &&
        f->query->topic != NCM_T_RATES) {
        return ncm_fail(err, NCM_UNSUPPORTED, _("Prometheus does not hold this."));
    }
    if (f->cached) {
        return ncm_fail(err, NCM_NOT_FOUND, _("Nothing was kept of this."));
    }
    if (f->query->topic == NCM_T_STORE) {
        return fetch_store(c, f, err);
    }
    if (f->query->topic == NCM_T_RATES) {
        return fetch_rates(c, f, err);
    }
    struct ncm_alerts_snapshot *s = ncm_snapshot_new(NCM_T_ALERTS, sizeof *s);
    if (!ncm_ask_go_on(&f->control, err) || !read_alerts(c->prom, &f->control, s, err)) {
        ncm_snapshot_unref(s);
        return false;
    }
    f->publish(f->to, &s->head);
    return true;
}

/* ---- watching -------------------------------------------------------------------------------- */

/* Which alerts there are, and in which state: values move all the time, and are news only with the
 * next look at the list. */
static uint64_t print_of(const struct ncm_alerts_snapshot *s)
{
    uint64_t print = s->n;
    for (size_t i = 0; i < s->n; i++) {
        uint64_t one = (uint64_t)s->items[i].state + 1;
        for (size_t k = 0; k < s->items[i].id.len; k++) {
            one = one * 31 + (unsigned char)s->items[i].id.p[k];
        }
        print += one * UINT64_C(1099511628211);
    }
    return print;
}

static bool look(struct ncm_conn *c, const struct ncm_control *control, bool *moved,
                 struct ncm_err *err)
{
    struct ncm_alerts_snapshot *s = ncm_snapshot_new(NCM_T_ALERTS, sizeof *s);
    bool ok = read_alerts(c->prom, control, s, err);
    if (ok) {
        uint64_t print = print_of(s);
        *moved = c->looked_mono_ms != 0 && print != c->print;
        c->print = print;
        c->looked_mono_ms = ncm_mono_ms();
    }
    ncm_snapshot_unref(s);
    return ok;
}

/* When something is to be asked again; INT64_MAX: nobody wants it. */
static int64_t due_at(const struct ncm_interest *interest, enum ncm_topic topic, int64_t last,
                      int64_t gap, int64_t idle_gap)
{
    if ((interest->topics & 1u << topic) == 0) {
        return INT64_MAX;
    }
    return last == 0 ? ncm_mono_ms() : last + (interest->idle_ms < ATTENDED_MS ? gap : idle_gap);
}

/* Rates move all the time: they are news whenever they are due. The first time they were just read.
 */
static bool rates_due(struct ncm_conn *c, int64_t due, struct ncm_news *news)
{
    bool first = c->rates_mono_ms == 0;
    if (due > ncm_mono_ms()) {
        return false;
    }
    c->rates_mono_ms = ncm_mono_ms();
    if (!first) {
        news->what = NCM_WATCH_DATA;
        news->topics |= 1u << NCM_T_RATES;
    }
    return !first;
}

static bool watch(struct ncm_conn *c, const struct ncm_interest *interest, int wait_ms,
                  const struct ncm_control *control, struct ncm_news *news, struct ncm_err *err)
{
    int64_t end = ncm_mono_ms() + wait_ms;
    bool moved = false;
    *news = (struct ncm_news){0};
    ncm_prom_ready(c->prom);
    if (!ncm_ask_go_on(control, err)) {
        return false;
    }
    for (;;) {
        int64_t alerts = due_at(interest, NCM_T_ALERTS, c->looked_mono_ms, GAP_MS, IDLE_GAP_MS);
        int64_t rates =
            due_at(interest, NCM_T_RATES, c->rates_mono_ms, RATES_GAP_MS, RATES_IDLE_GAP_MS);
        int64_t due = alerts < rates ? alerts : rates, now = ncm_mono_ms();
        int64_t rest = (due < end ? due : end) - now;
        if (rest > 0 && !ncm_http_pause(c->prom->ask.http, rest, control->cancel, err)) {
            return false;
        }
        if (due > end) {
            return true;
        }
        bool first = c->looked_mono_ms == 0, looks = alerts <= ncm_mono_ms();
        bool counted = rates_due(c, rates, news);
        if (looks && !look(c, control, &moved, err)) {
            return false;
        }
        if (moved) {
            news->what = NCM_WATCH_DATA;
            news->topics |= 1u << NCM_T_ALERTS;
        }
        if (counted || (looks && (first || moved)) || ncm_mono_ms() >= end) {
            return true;
        }
    }
}

const struct ncm_provider ncm_prometheus = {
    .name = "prometheus",
    .summary = N_("Prometheus, over its HTTP API"),
    .capabilities = NCM_CAP_WATCH | NCM_CAP_REMOTE,
    .probe = probe,
    .open = open_conn,
    .close = close_conn,
    .interrupt = interrupt_conn,
    .fetch = fetch,
    .watch = watch,
    .examine = prom_examine,
};
