/* Putting one run's record in order. */
#include <stdlib.h>

#include "model/tracking.h"

static int by_key(const void *x, const void *y)
{
    return ncm_str_compare(((const struct ncm_kv *)x)->key, ((const struct ncm_kv *)y)->key);
}

static int by_metric_key(const void *x, const void *y)
{
    return ncm_str_compare(((const struct ncm_metric *)x)->key,
                           ((const struct ncm_metric *)y)->key);
}

void ncm_run_sort(struct ncm_run *r)
{
    if (r->n_metrics > 1)
        qsort(r->metrics, r->n_metrics, sizeof(*r->metrics), by_metric_key);
    if (r->n_params > 1)
        qsort(r->params, r->n_params, sizeof(*r->params), by_key);
    if (r->n_tags > 1)
        qsort(r->tags, r->n_tags, sizeof(*r->tags), by_key);
}

void ncm_run_stand_in(struct ncm_run *r, struct ncm_str name_tag, struct ncm_str user_tag)
{
    if (r->name.len == 0)
        r->name = name_tag.len > 0 ? name_tag : r->id;
    if ((r->user.len == 0 || ncm_str_is(r->user, "unknown")) && user_tag.len > 0)
        r->user = user_tag;
}

static struct ncm_str tag(const struct ncm_run *r, const char *key)
{
    const struct ncm_kv *kv = ncm_run_tag(r, key);
    return kv != NULL ? kv->value : (struct ncm_str){0};
}

void ncm_run_defaults(struct ncm_run *r)
{
    r->parent_id = tag(r, "mlflow.parentRunId");
    ncm_run_stand_in(r, tag(r, "mlflow.runName"), tag(r, "mlflow.user"));
}

static struct ncm_kv *copy_kvs(struct ncm_arena *a, const struct ncm_kv *from, size_t n)
{
    struct ncm_kv *to = n > 0 ? ncm_arena_alloc(a, n, sizeof *to) : NULL;
    for (size_t i = 0; i < n; i++)
        to[i] = (struct ncm_kv){ncm_arena_copy(a, from[i].key), ncm_arena_copy(a, from[i].value)};
    return to;
}

static struct ncm_metric *copy_metrics(struct ncm_arena *a, const struct ncm_metric *from, size_t n)
{
    struct ncm_metric *to = n > 0 ? ncm_arena_alloc(a, n, sizeof *to) : NULL;
    for (size_t i = 0; i < n; i++) {
        to[i] = from[i];
        to[i].key = ncm_arena_copy(a, from[i].key);
        to[i].value.text = ncm_arena_copy(a, from[i].value.text);
    }
    return to;
}

static void copy_relations(struct ncm_arena *a, struct ncm_run *to, const struct ncm_run *from)
{
    to->inputs = ncm_arena_alloc(a, from->n_inputs, sizeof *to->inputs);
    for (size_t i = 0; i < from->n_inputs; i++) {
        const struct ncm_dataset_input *in = &from->inputs[i];
        to->inputs[i] = (struct ncm_dataset_input){
            ncm_arena_copy(a, in->name), ncm_arena_copy(a, in->digest),
            ncm_arena_copy(a, in->source_type), ncm_arena_copy(a, in->source),
            ncm_arena_copy(a, in->context)};
    }
    to->logged_models = ncm_arena_alloc(a, from->n_logged_models, sizeof *to->logged_models);
    for (size_t i = 0; i < from->n_logged_models; i++) {
        const struct ncm_logged_model *m = &from->logged_models[i];
        to->logged_models[i] = (struct ncm_logged_model){
            ncm_arena_copy(a, m->id), ncm_arena_copy(a, m->name), ncm_arena_copy(a, m->status),
            ncm_arena_copy(a, m->artifact_location), ncm_arena_copy(a, m->model_type)};
    }
    to->versions = ncm_arena_alloc(a, from->n_versions, sizeof *to->versions);
    for (size_t i = 0; i < from->n_versions; i++) {
        const struct ncm_version_ref *v = &from->versions[i];
        to->versions[i] =
            (struct ncm_version_ref){ncm_arena_copy(a, v->model), ncm_arena_copy(a, v->version),
                                     ncm_arena_copy(a, v->stage)};
    }
}

void ncm_run_copy(struct ncm_arena *a, struct ncm_run *to, const struct ncm_run *from)
{
    *to = *from;
    to->id = ncm_arena_copy(a, from->id);
    to->name = ncm_arena_copy(a, from->name);
    to->experiment_id = ncm_arena_copy(a, from->experiment_id);
    to->user = ncm_arena_copy(a, from->user);
    to->status_text = ncm_arena_copy(a, from->status_text);
    to->artifact_uri = ncm_arena_copy(a, from->artifact_uri);
    to->parent_id = ncm_arena_copy(a, from->parent_id);
    to->metrics = copy_metrics(a, from->metrics, from->n_metrics);
    to->params = copy_kvs(a, from->params, from->n_params);
    to->tags = copy_kvs(a, from->tags, from->n_tags);
    copy_relations(a, to, from);
}
