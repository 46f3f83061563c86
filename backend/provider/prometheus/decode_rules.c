/* Rules, alerts and targets. */
#include <math.h>
#include <stdlib.h>

#include "base/i18n.h"
#include "base/list.h"
#include "base/num.h"
#include "model/alert_labels.h"
#include "provider/prometheus/internal.h"

enum { ITEMS_MOST = 100000 }; /* rules, alerts or targets of one answer */

static struct ncm_value value_of(const struct ncm_node *n)
{
    double v;
    if (n == NULL || n->kind != NCM_NODE_STR || !ncm_parse_double(n->str, &v)) {
        return (struct ncm_value){0};
    }
    enum ncm_value_kind kind = isnan(v)   ? NCM_V_NAN
                               : isinf(v) ? (v > 0 ? NCM_V_PINF : NCM_V_NINF)
                                          : NCM_V_NUMBER;
    return (struct ncm_value){.kind = kind, .num = v};
}

/* Whether it is one that is pending or firing (Grafana's words differ in case, and it lists those
 * that are neither). */
static bool state_of(struct ncm_str word, enum ncm_alert_state *out)
{
    char c = word.len > 0 ? (char)(word.p[0] | 0x20) : ' ';
    bool pending = word.len == 7 && c == 'p';
    bool firing = (word.len == 6 && c == 'f') || (word.len == 8 && c == 'a');
    *out = pending ? NCM_ALERT_PENDING : NCM_ALERT_FIRING;
    return pending || firing;
}

static bool take_alert(const struct ncm_node *n, struct ncm_arena *a, struct ncm_list *out)
{
    char print[17];
    enum ncm_alert_state state;
    if (n->kind != NCM_NODE_MAP) {
        return false;
    }
    if (!state_of(ncm_ask_text(a, n, "state"), &state)) {
        return true;
    }
    struct ncm_alert *alert = ncm_list_add(out);
    alert->state = state;
    alert->source = ncm_arena_cstr(a, "prometheus");
    alert->labels = ncm_ask_labels(a, ncm_node_get(n, "labels"), &alert->n_labels);
    alert->annotations = ncm_ask_labels(a, ncm_node_get(n, "annotations"), &alert->n_annotations);
    ncm_labels_fingerprint(alert->labels, alert->n_labels, print);
    alert->id = ncm_arena_cstr(a, print);
    alert->since_ms = ncm_ask_time(ncm_node_str(n, "activeAt", NULL));
    alert->until_ms = alert->ack_ms = NCM_NO_TIME;
    alert->value = value_of(ncm_node_get(n, "value"));
    ncm_alert_describe(alert, a);
    return true;
}

static bool take_alerts(const struct ncm_node *list, struct ncm_arena *a, struct ncm_alert **items,
                        size_t *n, struct ncm_err *err)
{
    struct ncm_list out = {.size = sizeof(struct ncm_alert)};
    bool ok = list == NULL || list->kind == NCM_NODE_NULL ||
              (list->kind == NCM_NODE_LIST && list->n <= ITEMS_MOST);
    for (size_t i = 0; ok && list != NULL && i < list->n; i++) {
        ok = take_alert(&list->items[i], a, &out);
    }
    *n = ok ? out.n : 0;
    if (ok && out.n > 1) {
        qsort(out.items, out.n, out.size, ncm_alert_compare);
    }
    *items = ncm_list_move(&out, a);
    return ok || prom_odd(_("an alert"), err);
}

bool prom_decode_alerts(const struct ncm_node *data, struct ncm_prom_alerts *out,
                        struct ncm_err *err)
{
    return take_alerts(ncm_node_get(data, "alerts"), out->arena, &out->items, &out->n, err);
}

void ncm_prom_alerts_release(struct ncm_prom_alerts *a)
{
    ncm_arena_free(a->arena);
    *a = (struct ncm_prom_alerts){0};
}

/* ---- rules ----------------------------------------------------------------------------------- */

static bool take_rule(const struct ncm_node *n, const struct ncm_node *group, struct ncm_arena *a,
                      struct ncm_list *out, struct ncm_err *err)
{
    const struct ncm_node *duration = ncm_node_get(n, "duration");
    if (n->kind != NCM_NODE_MAP || out->n >= ITEMS_MOST) {
        return prom_odd(_("a rule"), err);
    }
    struct ncm_prom_rule *r = ncm_list_add(out);
    r->group = ncm_ask_text(a, group, "name");
    r->file = ncm_ask_text(a, group, "file");
    r->name = ncm_ask_text(a, n, "name");
    r->query = ncm_ask_text(a, n, "query");
    r->state = ncm_ask_text(a, n, "state");
    r->health = ncm_ask_text(a, n, "health");
    r->last_error = ncm_ask_text(a, n, "lastError");
    r->alerting = ncm_str_is(ncm_ask_text(a, n, "type"), "alerting");
    r->for_ms = duration != NULL && duration->num > 0 && duration->num < 9e12
                    ? llround(duration->num * 1000)
                    : 0;
    r->labels = ncm_ask_labels(a, ncm_node_get(n, "labels"), &r->n_labels);
    r->annotations = ncm_ask_labels(a, ncm_node_get(n, "annotations"), &r->n_annotations);
    if (!take_alerts(ncm_node_get(n, "alerts"), a, &r->alerts, &r->n_alerts, err)) {
        return false;
    }
    for (size_t i = 0; i < r->n_alerts; i++) {
        r->alerts[i].query = r->query;
        r->alerts[i].threshold = ncm_alert_threshold(r->query);
    }
    return true;
}

bool prom_decode_rules(const struct ncm_node *data, struct ncm_prom_rules *out, struct ncm_err *err)
{
    struct ncm_list list = {.size = sizeof(struct ncm_prom_rule)};
    const struct ncm_node *groups = ncm_node_get(data, "groups");
    bool ok = groups != NULL && (groups->kind == NCM_NODE_LIST || groups->kind == NCM_NODE_NULL);
    ok = ok || prom_odd(_("a group of rules"), err);
    for (size_t g = 0; ok && g < groups->n; g++) {
        const struct ncm_node *rules = ncm_node_get(&groups->items[g], "rules");
        for (size_t i = 0; ok && rules != NULL && i < rules->n; i++) {
            ok = take_rule(&rules->items[i], &groups->items[g], out->arena, &list, err);
        }
    }
    out->n = list.n;
    out->items = ncm_list_move(&list, out->arena);
    return ok;
}

void ncm_prom_rules_release(struct ncm_prom_rules *r)
{
    ncm_arena_free(r->arena);
    *r = (struct ncm_prom_rules){0};
}

/* ---- targets --------------------------------------------------------------------------------- */

static int compare_targets(const void *a, const void *b)
{
    const struct ncm_prom_target *x = a, *y = b;
    int up_x = ncm_str_is(x->health, "up"), up_y = ncm_str_is(y->health, "up");
    int c = up_x != 0 && up_y == 0 ? 1 : up_x == 0 && up_y != 0 ? -1 : 0;
    c = c != 0 ? c : ncm_str_compare(x->job, y->job);
    return c != 0 ? c : ncm_str_compare(x->instance, y->instance);
}

static struct ncm_str label(const struct ncm_prom_target *t, const char *name)
{
    const struct ncm_kv *found = ncm_kv_find(t->labels, t->n_labels, name);
    return found != NULL ? found->value : (struct ncm_str){0};
}

static bool take_target(const struct ncm_node *n, struct ncm_arena *a, struct ncm_prom_target *t)
{
    const struct ncm_node *duration = ncm_node_get(n, "lastScrapeDuration");
    t->labels = ncm_ask_labels(a, ncm_node_get(n, "labels"), &t->n_labels);
    t->job = label(t, "job");
    t->instance = label(t, "instance");
    t->url = ncm_ask_text(a, n, "scrapeUrl");
    t->health = ncm_ask_text(a, n, "health");
    t->last_error = ncm_ask_text(a, n, "lastError");
    t->interval = ncm_ask_text(a, n, "scrapeInterval");
    t->last_scrape_ms = ncm_ask_time(ncm_node_str(n, "lastScrape", NULL));
    t->duration_s = duration != NULL ? duration->num : NAN;
    return n->kind == NCM_NODE_MAP;
}

bool prom_decode_targets(const struct ncm_node *data, struct ncm_prom_targets *out,
                         struct ncm_err *err)
{
    const struct ncm_node *list = ncm_node_get(data, "activeTargets");
    bool ok = list != NULL && (list->kind == NCM_NODE_LIST || list->kind == NCM_NODE_NULL) &&
              list->n <= ITEMS_MOST;
    out->n = ok ? list->n : 0;
    out->items = ncm_arena_alloc(out->arena, out->n, sizeof *out->items);
    for (size_t i = 0; ok && i < out->n; i++) {
        ok = take_target(&list->items[i], out->arena, &out->items[i]);
    }
    if (!ok) {
        return prom_odd(_("a target"), err);
    }
    if (out->n > 1) {
        qsort(out->items, out->n, sizeof *out->items, compare_targets);
    }
    return true;
}

void ncm_prom_targets_release(struct ncm_prom_targets *t)
{
    ncm_arena_free(t->arena);
    *t = (struct ncm_prom_targets){0};
}
