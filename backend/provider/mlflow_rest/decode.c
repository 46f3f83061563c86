/* The API's JSON as records. Nothing is trusted to be there or of the right kind: what a record
 * cannot do without is asked for by name, everything else is absent. */
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/mlflow_rest/internal.h"

static const char *kind_name(const struct ncm_node *n)
{
    static const char *const names[] = {"null",   "true/false", "integer", "number",
                                        "string", "list",       "object"};
    return names[n->kind];
}

bool rest_list(const struct ncm_doc *doc, const char *key, const struct ncm_node **list,
               struct ncm_err *err)
{
    static const struct ncm_node empty = {.kind = NCM_NODE_LIST};
    const struct ncm_node *n = ncm_node_get(ncm_doc_root(doc), key);
    /* An empty list is left out of an answer. */
    *list = n == NULL || n->kind == NCM_NODE_NULL ? &empty : n;
    return (*list)->kind == NCM_NODE_LIST ||
           ncm_fail(err, NCM_INVALID_DATA, _("the server's answer has '%s' as %s, not as a list"),
                    key, kind_name(n));
}

struct ncm_str rest_str(const struct ncm_node *n, const char *key, struct ncm_arena *a)
{
    const struct ncm_node *v = ncm_node_get(n, key);
    if (v == NULL || v->kind != NCM_NODE_STR) {
        return (struct ncm_str){0};
    }
    return ncm_arena_str(a, v->str, v->len);
}

struct ncm_str rest_id(const struct ncm_node *n, const char *key, struct ncm_arena *a)
{
    const struct ncm_node *v = key != NULL ? ncm_node_get(n, key) : n;
    char text[32];
    if (v != NULL && v->kind == NCM_NODE_INT) {
        snprintf(text, sizeof text, "%lld", (long long)v->i);
        return ncm_arena_cstr(a, text);
    }
    return v != NULL && v->kind == NCM_NODE_STR ? ncm_arena_str(a, v->str, v->len)
                                                : (struct ncm_str){0};
}

int64_t rest_time(const struct ncm_node *n, const char *key)
{
    const struct ncm_node *v = ncm_node_get(n, key);
    int64_t out = NCM_NO_TIME;
    if (v != NULL && v->kind == NCM_NODE_INT) {
        out = v->i;
    } else if (v != NULL && v->kind == NCM_NODE_STR && !ncm_parse_i64(v->str, &out)) {
        out = NCM_NO_TIME;
    }
    return out;
}

struct ncm_value rest_value(const struct ncm_node *n)
{
    double v;
    if (n != NULL && (n->kind == NCM_NODE_INT || n->kind == NCM_NODE_NUM)) {
        v = n->num;
    } else if (n == NULL || n->kind != NCM_NODE_STR || !ncm_parse_double(n->str, &v)) {
        return (struct ncm_value){.kind = NCM_V_UNSET};
    }
    if (v != v) {
        return (struct ncm_value){.kind = NCM_V_NAN, .num = v};
    }
    return (struct ncm_value){.kind = v >= DBL_MAX    ? NCM_V_PINF
                                      : v <= -DBL_MAX ? NCM_V_NINF
                                                      : NCM_V_NUMBER,
                              .num = v};
}

/* Key and value of each entry that has a key; in the order of the answer. */
static struct ncm_kv *pairs(const struct ncm_node *list, struct ncm_arena *a, size_t *n)
{
    *n = 0;
    if (list == NULL || list->kind != NCM_NODE_LIST || list->n == 0) {
        return NULL;
    }
    struct ncm_kv *out = ncm_arena_alloc(a, list->n, sizeof *out);
    for (size_t i = 0; i < list->n; i++) {
        struct ncm_kv kv = {rest_str(&list->items[i], "key", a),
                            rest_str(&list->items[i], "value", a)};
        if (kv.key.p != NULL) {
            /* An empty text is left out like an absent one; only the empty one can be stored. */
            kv.value = kv.value.p != NULL ? kv.value : ncm_arena_cstr(a, "");
            out[(*n)++] = kv;
        }
    }
    return out;
}

static int by_key(const void *x, const void *y)
{
    return ncm_str_compare(((const struct ncm_kv *)x)->key, ((const struct ncm_kv *)y)->key);
}

struct ncm_kv *rest_tags(const struct ncm_node *list, struct ncm_arena *a, size_t *n)
{
    struct ncm_kv *out = pairs(list, a, n);
    if (*n > 1) {
        qsort(out, *n, sizeof *out, by_key);
    }
    return out;
}

static enum ncm_lifecycle lifecycle(const struct ncm_node *n)
{
    return strcmp(ncm_node_str(n, "lifecycle_stage", "active"), "deleted") == 0 ? NCM_DELETED
                                                                                : NCM_ACTIVE;
}

static bool lacks(const char *record, const char *field, struct ncm_err *err)
{
    ncm_fail(err, NCM_INVALID_DATA, _("the server's answer holds a %s without '%s'"), record,
             field);
    ncm_hint(err, _("Is it an MLflow server, and does nothing in between change its answers?"));
    return false;
}

bool rest_experiment(const struct ncm_node *n, struct ncm_arena *a, struct ncm_experiment *out,
                     struct ncm_err *err)
{
    *out = (struct ncm_experiment){
        .id = rest_id(n, "experiment_id", a),
        .name = rest_str(n, "name", a),
        .artifact_location = rest_str(n, "artifact_location", a),
        .lifecycle = lifecycle(n),
        .creation_ms = rest_time(n, "creation_time"),
        .last_update_ms = rest_time(n, "last_update_time"),
        .run_count = -1,
        .running_count = -1,
        .newest_start_ms = NCM_NO_TIME,
    };
    out->tags = rest_tags(ncm_node_get(n, "tags"), a, &out->n_tags);
    return out->id.len > 0 || lacks("experiment", "experiment_id", err);
}

static void take_metrics(const struct ncm_node *list, struct ncm_arena *a, struct ncm_run *r)
{
    if (list == NULL || list->kind != NCM_NODE_LIST || list->n == 0) {
        return;
    }
    r->metrics = ncm_arena_alloc(a, list->n, sizeof *r->metrics);
    for (size_t i = 0; i < list->n; i++) {
        const struct ncm_node *m = &list->items[i];
        struct ncm_metric *to = &r->metrics[r->n_metrics];
        to->key = rest_str(m, "key", a);
        to->value = rest_value(ncm_node_get(m, "value"));
        to->timestamp_ms = rest_time(m, "timestamp");
        to->step = rest_time(m, "step");
        to->step = to->step == NCM_NO_TIME ? 0 : to->step;
        r->n_metrics += to->key.p != NULL ? 1 : 0;
    }
}

static struct ncm_str context_of(const struct ncm_node *tags, struct ncm_arena *a)
{
    for (size_t i = 0; tags != NULL && tags->kind == NCM_NODE_LIST && i < tags->n; i++) {
        if (strcmp(ncm_node_str(&tags->items[i], "key", ""), "mlflow.data.context") == 0) {
            return rest_str(&tags->items[i], "value", a);
        }
    }
    return (struct ncm_str){0};
}

static void take_inputs(const struct ncm_node *list, struct ncm_arena *a, struct ncm_run *r)
{
    if (list == NULL || list->kind != NCM_NODE_LIST || list->n == 0) {
        return;
    }
    r->inputs = ncm_arena_alloc(a, list->n, sizeof *r->inputs);
    for (size_t i = 0; i < list->n; i++) {
        const struct ncm_node *d = ncm_node_get(&list->items[i], "dataset");
        r->inputs[r->n_inputs++] = (struct ncm_dataset_input){
            .name = rest_str(d, "name", a),
            .digest = rest_str(d, "digest", a),
            .source_type = rest_str(d, "source_type", a),
            .source = rest_str(d, "source", a),
            .context = context_of(ncm_node_get(&list->items[i], "tags"), a),
        };
    }
}

static void take_outputs(const struct ncm_node *list, struct ncm_arena *a, struct ncm_run *r)
{
    if (list == NULL || list->kind != NCM_NODE_LIST || list->n == 0) {
        return;
    }
    r->logged_models = ncm_arena_alloc(a, list->n, sizeof *r->logged_models);
    for (size_t i = 0; i < list->n; i++) {
        struct ncm_str id = rest_str(&list->items[i], "model_id", a);
        if (id.p != NULL) {
            r->logged_models[r->n_logged_models++] = (struct ncm_logged_model){.id = id};
        }
    }
}

bool rest_run(const struct ncm_node *n, struct ncm_arena *a, struct ncm_run *out,
              struct ncm_err *err)
{
    const struct ncm_node *info = ncm_node_get(n, "info");
    const struct ncm_node *data = ncm_node_get(n, "data");
    *out = (struct ncm_run){
        .id = rest_str(info, "run_id", a),
        .name = rest_str(info, "run_name", a),
        .experiment_id = rest_id(info, "experiment_id", a),
        .user = rest_str(info, "user_id", a),
        .status_text = rest_str(info, "status", a),
        .artifact_uri = rest_str(info, "artifact_uri", a),
        .lifecycle = lifecycle(info),
        .start_ms = rest_time(info, "start_time"),
        .end_ms = rest_time(info, "end_time"),
    };
    if (out->id.p == NULL) {
        out->id = rest_str(info, "run_uuid", a);
    }
    if (out->id.len == 0) {
        return lacks("run", "info.run_id", err);
    }
    out->status = ncm_run_status_of(ncm_cstr(out->status_text));
    take_metrics(ncm_node_get(data, "metrics"), a, out);
    out->params = pairs(ncm_node_get(data, "params"), a, &out->n_params);
    out->tags = pairs(ncm_node_get(data, "tags"), a, &out->n_tags);
    take_inputs(ncm_node_get(ncm_node_get(n, "inputs"), "dataset_inputs"), a, out);
    take_outputs(ncm_node_get(ncm_node_get(n, "outputs"), "model_outputs"), a, out);
    ncm_run_sort(out);
    ncm_run_defaults(out);
    return true;
}

bool rest_version(const struct ncm_node *n, struct ncm_arena *a, struct ncm_model_version *out,
                  struct ncm_err *err)
{
    *out = (struct ncm_model_version){
        .model = rest_str(n, "name", a),
        .version = rest_id(n, "version", a),
        .stage_text = rest_str(n, "current_stage", a),
        .creation_ms = rest_time(n, "creation_timestamp"),
        .last_updated_ms = rest_time(n, "last_updated_timestamp"),
        .user = rest_str(n, "user_id", a),
        .description = rest_str(n, "description", a),
        .source = rest_str(n, "source", a),
        .run_id = rest_str(n, "run_id", a),
        .status = rest_str(n, "status", a),
        .status_message = rest_str(n, "status_message", a),
        .run_link = rest_str(n, "run_link", a),
    };
    if (out->model.p == NULL || out->version.p == NULL) {
        return lacks("model version", out->model.p == NULL ? "name" : "version", err);
    }
    if (!ncm_parse_i64(out->version.p, &out->number)) {
        out->number = 0;
    }
    if (out->stage_text.p == NULL) { /* a registry without stages */
        out->stage_text = ncm_arena_cstr(a, "None");
    }
    if (!ncm_stage_of(out->stage_text.p, &out->stage)) {
        out->stage = NCM_STAGE_NONE;
    }
    out->tags = rest_tags(ncm_node_get(n, "tags"), a, &out->n_tags);
    return true;
}

static int by_alias(const void *x, const void *y)
{
    return ncm_str_compare(((const struct ncm_alias *)x)->name,
                           ((const struct ncm_alias *)y)->name);
}

/* A list in most servers; a map of name to version in what some of them write. */
static void take_aliases(const struct ncm_node *list, struct ncm_arena *a, struct ncm_model *m)
{
    if (list == NULL || list->n == 0 ||
        (list->kind != NCM_NODE_LIST && list->kind != NCM_NODE_MAP)) {
        return;
    }
    m->aliases = ncm_arena_alloc(a, list->n, sizeof *m->aliases);
    for (size_t i = 0; i < list->n; i++) {
        const struct ncm_node *n = &list->items[i];
        struct ncm_alias *to = &m->aliases[m->n_aliases];
        bool map = list->kind == NCM_NODE_MAP;
        to->name = map ? ncm_arena_cstr(a, n->key) : rest_str(n, "alias", a);
        to->version = rest_id(n, map ? NULL : "version", a);
        to->dangling = true; /* until its version is found */
        m->n_aliases += to->name.p != NULL && to->version.p != NULL ? 1 : 0;
    }
    qsort(m->aliases, m->n_aliases, sizeof *m->aliases, by_alias);
}

bool rest_model(const struct ncm_node *n, struct ncm_arena *a, struct ncm_model *out,
                struct ncm_err *err)
{
    *out = (struct ncm_model){
        .name = rest_str(n, "name", a),
        .description = rest_str(n, "description", a),
        .creation_ms = rest_time(n, "creation_timestamp"),
        .last_updated_ms = rest_time(n, "last_updated_timestamp"),
    };
    if (out->name.p == NULL) {
        return lacks("registered model", "name", err);
    }
    out->tags = rest_tags(ncm_node_get(n, "tags"), a, &out->n_tags);
    take_aliases(ncm_node_get(n, "aliases"), a, out);
    return true;
}

const char *rest_next(const struct ncm_doc *doc)
{
    const char *token = ncm_node_str(ncm_doc_root(doc), "next_page_token", NULL);
    return token != NULL && token[0] != '\0' ? token : NULL;
}

bool rest_turn(const struct ncm_doc *doc, const char *what, char **token, struct ncm_err *err)
{
    const char *next = rest_next(doc);
    if (next != NULL && *token != NULL && strcmp(next, *token) == 0) {
        return ncm_fail(err, NCM_INVALID_DATA,
                        _("the server gives the same page of '%s' again and again"), what);
    }
    ncm_free(*token);
    *token = ncm_strdup(next);
    return true;
}
