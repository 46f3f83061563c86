/* Records as JSON, by the contract: a field is never missing, absent is null, times are integers.
 */
#include <math.h>

#include "cli.h"

void cli_json_str(struct ncm_json *j, const char *key, struct ncm_str s)
{
    ncm_json_key(j, key);
    if (s.p == NULL) {
        ncm_json_null(j);
    } else {
        ncm_json_str_n(j, s.p, s.len);
    }
}

void cli_json_text(struct ncm_json *j, const char *key, const char *s)
{
    ncm_json_key(j, key);
    ncm_json_str(j, s);
}

void cli_json_time(struct ncm_json *j, const char *key, int64_t ms)
{
    ncm_json_key(j, key);
    if (ms == NCM_NO_TIME) {
        ncm_json_null(j);
    } else {
        ncm_json_i64(j, ms);
    }
}

void cli_json_count(struct ncm_json *j, const char *key, int64_t n)
{
    ncm_json_key(j, key);
    if (n < 0) {
        ncm_json_null(j);
    } else {
        ncm_json_i64(j, n);
    }
}

void cli_json_value(struct ncm_json *j, const struct ncm_value *v)
{
    switch (v->kind) {
    case NCM_V_UNSET:
        ncm_json_null(j);
        break;
    case NCM_V_TEXT:
        ncm_json_str_n(j, v->text.p, v->text.len);
        break;
    case NCM_V_NAN:
        ncm_json_num(j, NAN);
        break;
    default:
        /* A store that holds the greatest number for an infinity gives that number, as its own
         * client does. */
        ncm_json_num(j, v->kind != NCM_V_NUMBER && v->num == 0
                            ? (v->kind == NCM_V_PINF ? INFINITY : -INFINITY)
                            : v->num);
    }
}

static void json_text(struct ncm_json *j, struct ncm_str s)
{
    if (s.p == NULL) {
        ncm_json_null(j);
    } else {
        ncm_json_str_n(j, s.p, s.len);
    }
}

void cli_json_kvs(struct ncm_json *j, const char *key, const struct ncm_kv *kvs, size_t n)
{
    ncm_json_key(j, key);
    ncm_json_obj(j);
    for (size_t i = 0; i < n; i++) {
        ncm_json_key_n(j, ncm_cstr(kvs[i].key), kvs[i].key.len);
        json_text(j, kvs[i].value);
    }
    ncm_json_end_obj(j);
}

void cli_json_strs(struct ncm_json *j, const char *key, const struct ncm_str *items, size_t n)
{
    ncm_json_key(j, key);
    ncm_json_arr(j);
    for (size_t i = 0; i < n; i++) {
        json_text(j, items[i]);
    }
    ncm_json_end_arr(j);
}

static const char *lifecycle(enum ncm_lifecycle l)
{
    return l == NCM_ACTIVE ? "active" : "deleted";
}

void cli_json_run_fields(struct ncm_json *j, const struct ncm_run *r)
{
    cli_json_str(j, "run_id", r->id);
    cli_json_str(j, "run_name", r->name);
    cli_json_str(j, "experiment_id", r->experiment_id);
    cli_json_str(j, "user_id", r->user);
    cli_json_str(j, "status", r->status_text);
    cli_json_time(j, "start_time", r->start_ms);
    cli_json_time(j, "end_time", r->end_ms);
    cli_json_text(j, "lifecycle_stage", lifecycle(r->lifecycle));
    cli_json_str(j, "artifact_uri", r->artifact_uri);
    cli_json_str(j, "parent_run_id", r->parent_id);
    ncm_json_key(j, "metrics");
    ncm_json_obj(j);
    for (size_t i = 0; i < r->n_metrics; i++) {
        ncm_json_key_n(j, ncm_cstr(r->metrics[i].key), r->metrics[i].key.len);
        cli_json_value(j, &r->metrics[i].value);
    }
    ncm_json_end_obj(j);
    cli_json_kvs(j, "params", r->params, r->n_params);
    cli_json_kvs(j, "tags", r->tags, r->n_tags);
}

void cli_json_version_fields(struct ncm_json *j, const struct ncm_model_version *v)
{
    cli_json_str(j, "name", v->model);
    cli_json_str(j, "version", v->version);
    cli_json_str(j, "current_stage", v->stage_text);
    cli_json_time(j, "creation_timestamp", v->creation_ms);
    cli_json_time(j, "last_updated_timestamp", v->last_updated_ms);
    cli_json_str(j, "user_id", v->user);
    cli_json_str(j, "description", v->description);
    cli_json_str(j, "source", v->source);
    cli_json_str(j, "run_id", v->run_id);
    cli_json_str(j, "status", v->status);
    cli_json_str(j, "status_message", v->status_message);
    cli_json_kvs(j, "tags", v->tags, v->n_tags);
    cli_json_strs(j, "aliases", v->aliases, v->n_aliases);
}
