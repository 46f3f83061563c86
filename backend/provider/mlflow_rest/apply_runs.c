/* New runs and points of metrics over the API: a run with its tags is one request, points go by the
 * thousand. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "model/rules.h"
#include "provider/mlflow_rest/apply.h"

enum {
    BODY_MOST = 2 << 20,
    POINTS_MOST = 1000,         /* that MLflow takes in one request … */
    POINTS_BYTES_MOST = 900000, /* … and a little less than it takes of text */
    FOUND_MOST = 100,           /* runs of one millisecond */
};

static void text(struct ncm_json *j, const char *key, const char *value)
{
    ncm_json_key(j, key);
    ncm_json_str(j, value);
}

static void number(struct ncm_json *j, const char *key, int64_t value)
{
    ncm_json_key(j, key);
    ncm_json_i64(j, value);
}

static void tag(struct ncm_json *j, const char *key, const char *value)
{
    ncm_json_obj(j);
    text(j, "key", key);
    text(j, "value", value);
    ncm_json_end_obj(j);
}

/* How many tags of the new run follow it directly. */
static size_t tags_after(const struct ncm_changes *c, size_t first)
{
    size_t i = first + 1;
    while (i < c->n && c->items[i].kind == NCM_CH_RUN_TAG && c->items[i].to != NULL &&
           ncm_change_of_new_run(&c->items[i])) {
        i++;
    }
    return i - first - 1;
}

/* As MLflow's own client makes it. */
static void run_body(const struct rest_writer *w, size_t first, size_t tags, struct ncm_buf *out)
{
    const struct ncm_change *ch = &w->changes->items[first];
    struct ncm_json j;
    ncm_json_init(&j, out, false);
    ncm_json_obj(&j);
    text(&j, "experiment_id", ch->object);
    text(&j, "user_id", ch->extra != NULL ? ch->extra : "unknown");
    text(&j, "run_name", ch->to);
    number(&j, "start_time", w->now_ms);
    ncm_json_key(&j, "tags");
    ncm_json_arr(&j);
    tag(&j, "mlflow.runName", ch->to);
    if (ch->extra != NULL) {
        tag(&j, "mlflow.user", ch->extra);
    }
    tag(&j, "mlflow.source.name", "ncmlops");
    tag(&j, "mlflow.source.type", "LOCAL");
    for (size_t i = first + 1; i <= first + tags; i++) {
        tag(&j, w->changes->items[i].key, w->changes->items[i].to);
    }
    ncm_json_end_arr(&j);
    ncm_json_end_obj(&j);
}

static bool take_id(const struct ncm_doc *doc, struct rest_step *step, struct ncm_err *err)
{
    const struct ncm_node *info = ncm_node_get(ncm_node_get(ncm_doc_root(doc), "run"), "info");
    const char *id = ncm_node_str(info, "run_id", "");
    if (id[0] == '\0' || strlen(id) >= sizeof step->created) {
        ncm_fail(err, NCM_INVALID_DATA, _("the server's answer does not say that it was done"));
        return ncm_detail(err, "sent; no answer to the point");
    }
    snprintf(step->created, sizeof step->created, "%s", id);
    step->time_ms = rest_time(info, "start_time");
    return true;
}

bool rest_new_run(struct rest_writer *w, size_t first, size_t *n, struct ncm_err *err)
{
    const struct ncm_change *ch = &w->changes->items[first];
    struct rest_step *step = &w->steps[first];
    struct ncm_doc *doc = NULL;
    struct ncm_buf body;
    size_t tags = tags_after(w->changes, first);
    ncm_buf_init(&body, BODY_MOST);
    run_body(w, first, tags, &body);
    bool ok = !body.full || ncm_fail(err, NCM_TOO_LARGE, _("the change is too large to be sent"));
    if (ok) {
        ok = rest_call(w->c, NCM_HTTP_POST, "/runs/create", body.p, w->control, &doc, err) &&
             take_id(doc, step, err);
        step->fate = ok                      ? REST_DONE
                     : rest_is_doubtful(err) ? rest_find_fate(w, ch, step, err)
                                             : REST_AS_WAS;
    }
    for (size_t i = first + 1; i <= first + tags; i++) {
        w->steps[i].fate = step->fate;
    }
    *n = tags + 1;
    snprintf(w->new_run, sizeof w->new_run, "%s", step->created);
    ncm_doc_free(doc);
    ncm_buf_release(&body);
    return step->fate == REST_DONE;
}

/* Whether two changes are points of one run. */
static bool same_run(const struct ncm_change *a, const struct ncm_change *b)
{
    return b->kind == NCM_CH_RUN_METRIC && strcmp(a->object, b->object) == 0;
}

/* The points that go into one request; *n is how many. */
static bool points_body(const struct rest_writer *w, size_t first, const char *run, size_t *n,
                        struct ncm_buf *out, struct ncm_err *err)
{
    const struct ncm_changes *c = w->changes;
    struct ncm_json j;
    size_t i = first;
    ncm_json_init(&j, out, false);
    ncm_json_obj(&j);
    text(&j, "run_id", run);
    ncm_json_key(&j, "metrics");
    ncm_json_arr(&j);
    for (; i < c->n && i - first < POINTS_MOST && out->len < POINTS_BYTES_MOST &&
           same_run(&c->items[first], &c->items[i]);
         i++) {
        struct ncm_change_point p;
        if (!ncm_change_point(&c->items[i], &p, err)) {
            return false;
        }
        ncm_json_obj(&j);
        text(&j, "key", c->items[i].key);
        ncm_json_key(&j, "value");
        ncm_json_num(&j, p.value);
        number(&j, "timestamp", p.timestamp_ms);
        number(&j, "step", p.step);
        ncm_json_end_obj(&j);
    }
    ncm_json_end_arr(&j);
    ncm_json_end_obj(&j);
    *n = i - first;
    return true;
}

bool rest_points(struct rest_writer *w, size_t first, size_t *n, struct ncm_err *err)
{
    const struct ncm_change ch = ncm_change_for_run(&w->changes->items[first], w->new_run);
    struct ncm_doc *doc = NULL;
    struct ncm_buf body;
    ncm_buf_init(&body, BODY_MOST);
    bool ok = points_body(w, first, ch.object, n, &body, err);
    if (ok) {
        ok = rest_call(w->c, NCM_HTTP_POST, "/runs/log-batch", body.p, w->control, &doc, err);
        /* The last of them tells of all. */
        const struct ncm_change last =
            ncm_change_for_run(&w->changes->items[first + *n - 1], w->new_run);
        struct rest_step step = {.time_ms = NCM_NO_TIME};
        enum rest_fate fate = ok                      ? REST_DONE
                              : rest_is_doubtful(err) ? rest_find_fate(w, &last, &step, err)
                                                      : REST_AS_WAS;
        for (size_t i = first; i < first + *n; i++) {
            w->steps[i].fate = fate;
        }
        ok = fate == REST_DONE;
    }
    ncm_doc_free(doc);
    ncm_buf_release(&body);
    return ok;
}

/* ---- what is there --------------------------------------------------------------------------- */

bool rest_now_new_run(struct rest_writer *w, const struct ncm_change *ch, char **value,
                      struct ncm_err *err)
{
    struct ncm_doc *doc;
    const struct ncm_node *run;
    if (ch->key == NULL) {
        return true;
    }
    if (!rest_get_run(w, ch->key, &doc, &run, err)) {
        return err->code == NCM_NOT_FOUND;
    }
    *value = ncm_strdup(ch->key);
    ncm_doc_free(doc);
    return true;
}

/* ±the greatest number stands for infinities, as an SQL store holds them. */
static bool same_value(struct ncm_value v, double wanted)
{
    switch (v.kind) {
    case NCM_V_NAN:
        return isnan(wanted);
    case NCM_V_PINF:
        return isinf(wanted) && wanted > 0;
    case NCM_V_NINF:
        return isinf(wanted) && wanted < 0;
    default:
        return v.kind == NCM_V_NUMBER && v.num == wanted;
    }
}

bool rest_now_point(struct rest_writer *w, const struct ncm_change *ch, char **value,
                    struct ncm_err *err)
{
    struct ncm_change_point p;
    struct ncm_doc *doc;
    const struct ncm_node *run, *list;
    if (!ncm_change_point(ch, &p, err) || !rest_get_run(w, ch->object, &doc, &run, err)) {
        return false;
    }
    ncm_doc_free(doc);
    char *path = rest_path("/metrics/get-history", "run_id", ch->object, "metric_key", ch->key);
    bool ok = rest_call(w->c, NCM_HTTP_GET, path, NULL, w->control, &doc, err) &&
              rest_list(doc, "metrics", &list, err);
    for (size_t i = 0; ok && *value == NULL && i < list->n; i++) {
        const struct ncm_node *m = &list->items[i];
        if (rest_time(m, "timestamp") == p.timestamp_ms && ncm_node_i64(m, "step", 0) == p.step &&
            same_value(rest_value(ncm_node_get(m, "value")), p.value)) {
            *value = ncm_strdup(ch->to);
        }
    }
    ncm_doc_free(doc);
    ncm_free(path);
    return ok;
}

bool rest_find_new_run(struct rest_writer *w, const struct ncm_change *ch, char *id, size_t size,
                       struct ncm_err *err)
{
    struct ncm_doc *doc = NULL;
    const struct ncm_node *list;
    struct ncm_buf body;
    struct ncm_json j;
    char *filter = ncm_sprintf("attributes.start_time = %lld", (long long)w->now_ms);
    ncm_buf_init(&body, BODY_MOST);
    ncm_json_init(&j, &body, false);
    ncm_json_obj(&j);
    ncm_json_key(&j, "experiment_ids");
    ncm_json_arr(&j);
    ncm_json_str(&j, ch->object);
    ncm_json_end_arr(&j);
    text(&j, "filter", filter);
    number(&j, "max_results", FOUND_MOST);
    ncm_json_end_obj(&j);
    id[0] = '\0';
    bool ok = rest_ask(w->c, NCM_HTTP_POST, "/runs/search", body.p, w->control, &doc, err) &&
              rest_list(doc, "runs", &list, err);
    for (size_t i = 0; ok && i < list->n; i++) {
        const struct ncm_node *run = &list->items[i];
        const char *name = rest_tag(ncm_node_get(run, "data"), "mlflow.runName");
        if (name != NULL && strcmp(name, ch->to) == 0) {
            snprintf(id, size, "%s", ncm_node_str(ncm_node_get(run, "info"), "run_id", ""));
        }
    }
    ncm_doc_free(doc);
    ncm_buf_release(&body);
    ncm_free(filter);
    return ok;
}
