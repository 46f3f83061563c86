/* Alerts and silences of an answer. */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "model/alert_labels.h"
#include "provider/alertmanager/internal.h"

enum { ITEMS_MOST = 100000, MATCHERS_MOST = 1000 };

static bool odd(const char *what, struct ncm_err *err)
{
    /* TR: part of an answer, e.g. "an alert" */
    return ncm_fail(err, NCM_INVALID_DATA, _("the answer of Alertmanager holds %s that is none"),
                    what);
}

static bool is_list(const struct ncm_node *root)
{
    return root != NULL && (root->kind == NCM_NODE_LIST || root->kind == NCM_NODE_NULL) &&
           root->n <= ITEMS_MOST;
}

/* ---- alerts ---------------------------------------------------------------------------------- */

static bool decode_alert(const struct ncm_node *n, struct ncm_arena *a, struct ncm_alert *out)
{
    const struct ncm_node *status = ncm_node_get(n, "status");
    char print[17];
    out->labels = ncm_ask_labels(a, ncm_node_get(n, "labels"), &out->n_labels);
    if (out->n_labels == 0) {
        return false;
    }
    out->annotations = ncm_ask_labels(a, ncm_node_get(n, "annotations"), &out->n_annotations);
    out->source = ncm_arena_cstr(a, "alertmanager");
    out->id = ncm_ask_text(a, n, "fingerprint");
    if (out->id.len == 0) {
        ncm_labels_fingerprint(out->labels, out->n_labels, print);
        out->id = ncm_arena_cstr(a, print);
    }
    out->link = ncm_ask_text(a, n, "generatorURL");
    out->query = ncm_alert_expr(a, ncm_cstr(out->link));
    out->threshold = ncm_alert_threshold(out->query);
    out->since_ms = ncm_ask_time(ncm_node_str(n, "startsAt", NULL));
    out->until_ms = out->ack_ms = NCM_NO_TIME;
    out->silenced_by = ncm_ask_texts(a, ncm_node_get(status, "silencedBy"), &out->n_silenced_by);
    out->inhibited_by = ncm_ask_texts(a, ncm_node_get(status, "inhibitedBy"), &out->n_inhibited_by);
    out->muted_by = ncm_ask_texts(a, ncm_node_get(status, "mutedBy"), &out->n_muted_by);
    /* "unprocessed" is one that came this moment. */
    bool quiet = strcmp(ncm_node_str(status, "state", ""), "suppressed") == 0 ||
                 out->n_silenced_by + out->n_inhibited_by + out->n_muted_by > 0;
    out->state = quiet ? NCM_ALERT_SILENCED : NCM_ALERT_FIRING;
    ncm_alert_describe(out, a);
    return true;
}

bool am_decode_alerts(const struct ncm_node *root, struct ncm_arena *a, struct ncm_alert **items,
                      size_t *n, struct ncm_err *err)
{
    *n = 0;
    if (!is_list(root)) {
        return odd(_("a list of alerts"), err);
    }
    *items = ncm_arena_alloc(a, root->n, sizeof **items);
    for (size_t i = 0; i < root->n; i++) {
        if (!decode_alert(&root->items[i], a, &(*items)[i])) {
            return odd(_("an alert"), err);
        }
    }
    *n = root->n;
    if (*n > 1) {
        qsort(*items, *n, sizeof **items, ncm_alert_compare);
    }
    return true;
}

/* ---- silences -------------------------------------------------------------------------------- */

static bool flag(const struct ncm_node *n, const char *key, bool fallback)
{
    const struct ncm_node *v = ncm_node_get(n, key);
    return v != NULL && v->kind == NCM_NODE_BOOL ? v->boolean : fallback;
}

static enum ncm_silence_state state_of(const char *word, int64_t ends_ms)
{
    if (strcmp(word, "pending") == 0) {
        return NCM_SILENCE_PENDING;
    }
    if (word[0] == '\0') {
        return ends_ms > ncm_now_ms() ? NCM_SILENCE_ACTIVE : NCM_SILENCE_EXPIRED;
    }
    return strcmp(word, "active") == 0 ? NCM_SILENCE_ACTIVE : NCM_SILENCE_EXPIRED;
}

bool am_decode_silence(const struct ncm_node *n, struct ncm_arena *a, struct ncm_silence *out,
                       struct ncm_err *err)
{
    const struct ncm_node *list = ncm_node_get(n, "matchers");
    *out = (struct ncm_silence){0};
    if (list == NULL || list->kind != NCM_NODE_LIST || list->n == 0 || list->n > MATCHERS_MOST) {
        return odd(_("a silence"), err);
    }
    out->id = ncm_ask_text(a, n, "id");
    out->created_by = ncm_ask_text(a, n, "createdBy");
    out->comment = ncm_ask_text(a, n, "comment");
    out->starts_ms = ncm_ask_time(ncm_node_str(n, "startsAt", NULL));
    out->ends_ms = ncm_ask_time(ncm_node_str(n, "endsAt", NULL));
    out->updated_ms = ncm_ask_time(ncm_node_str(n, "updatedAt", NULL));
    out->state = state_of(ncm_node_str(ncm_node_get(n, "status"), "state", ""), out->ends_ms);
    out->matchers = ncm_arena_alloc(a, list->n, sizeof *out->matchers);
    for (size_t i = 0; i < list->n; i++) {
        struct ncm_matcher *m = &out->matchers[i];
        m->name = ncm_ask_text(a, &list->items[i], "name");
        m->value = ncm_ask_text(a, &list->items[i], "value");
        m->is_regex = flag(&list->items[i], "isRegex", false);
        m->is_equal = flag(&list->items[i], "isEqual", true);
        if (m->name.len == 0 || m->value.p == NULL) {
            return odd(_("a matcher"), err);
        }
    }
    out->n_matchers = list->n;
    return true;
}

int am_silence_compare(const void *a, const void *b)
{
    static const int rank[] = {
        [NCM_SILENCE_ACTIVE] = 0, [NCM_SILENCE_PENDING] = 1, [NCM_SILENCE_EXPIRED] = 2};
    const struct ncm_silence *x = a, *y = b;
    if (x->state != y->state) {
        return rank[x->state] - rank[y->state];
    }
    if (x->ends_ms != y->ends_ms) {
        bool late = x->ends_ms > y->ends_ms;
        return late == (x->state != NCM_SILENCE_EXPIRED) ? 1 : -1;
    }
    return ncm_str_compare(x->id, y->id);
}

bool am_decode_silences(const struct ncm_node *root, struct ncm_arena *a,
                        struct ncm_silence **items, size_t *n, struct ncm_err *err)
{
    *n = 0;
    if (!is_list(root)) {
        return odd(_("a list of silences"), err);
    }
    *items = ncm_arena_alloc(a, root->n, sizeof **items);
    for (size_t i = 0; i < root->n; i++) {
        if (!am_decode_silence(&root->items[i], a, &(*items)[i], err)) {
            return false;
        }
    }
    *n = root->n;
    if (*n > 1) {
        qsort(*items, *n, sizeof **items, am_silence_compare);
    }
    return true;
}

static bool same(const struct ncm_matcher *a, const struct ncm_matcher *b)
{
    return a->is_equal == b->is_equal && a->is_regex == b->is_regex &&
           ncm_str_eq(a->name, b->name) && ncm_str_eq(a->value, b->value);
}

static bool has(const struct ncm_silence *s, const struct ncm_matcher *m)
{
    for (size_t i = 0; i < s->n_matchers; i++) {
        if (same(&s->matchers[i], m)) {
            return true;
        }
    }
    return false;
}

bool am_same_matchers(const struct ncm_silence *a, const struct ncm_silence *b)
{
    for (size_t i = 0; i < a->n_matchers; i++) {
        if (!has(b, &a->matchers[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < b->n_matchers; i++) {
        if (!has(a, &b->matchers[i])) {
            return false;
        }
    }
    return true;
}
