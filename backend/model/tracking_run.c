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
