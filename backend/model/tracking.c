#include "model/tracking.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"

static const char *const status_names[] = {"SCHEDULED", "RUNNING", "FINISHED",
                                           "FAILED",    "KILLED",  "UNKNOWN"};

const char *ncm_run_status_name(enum ncm_run_status s)
{
    return (unsigned)s < NCM_RUN_UNKNOWN ? status_names[s] : "UNKNOWN";
}

enum ncm_run_status ncm_run_status_of(const char *name)
{
    for (int i = 0; name && i < NCM_RUN_UNKNOWN; i++)
        if (strcmp(status_names[i], name) == 0)
            return (enum ncm_run_status)i;
    return NCM_RUN_UNKNOWN;
}

bool ncm_run_is_over(enum ncm_run_status s)
{
    return s == NCM_RUN_FINISHED || s == NCM_RUN_FAILED || s == NCM_RUN_KILLED;
}

const struct ncm_metric *ncm_run_metric(const struct ncm_run *r, const char *key)
{
    struct ncm_str wanted = {key, strlen(key)};
    size_t low = 0;
    size_t high = r->n_metrics;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = ncm_str_compare(r->metrics[mid].key, wanted);
        if (c == 0)
            return &r->metrics[mid];
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

const struct ncm_kv *ncm_run_param(const struct ncm_run *r, const char *key)
{
    return ncm_kv_find(r->params, r->n_params, key);
}

const struct ncm_kv *ncm_run_tag(const struct ncm_run *r, const char *key)
{
    return ncm_kv_find(r->tags, r->n_tags, key);
}

static struct ncm_value text_value(struct ncm_str s)
{
    struct ncm_value v = {.kind = s.p ? NCM_V_TEXT : NCM_V_UNSET, .text = s};
    return v;
}

static struct ncm_value kv_value(const struct ncm_kv *kv)
{
    return text_value(kv ? kv->value : (struct ncm_str){NULL, 0});
}

static struct ncm_value time_value(int64_t ms)
{
    struct ncm_value v = {.kind = NCM_V_UNSET};
    if (ms != NCM_NO_TIME)
        v = (struct ncm_value){.kind = NCM_V_NUMBER, .num = (double)ms};
    return v;
}

static struct ncm_value attribute(const struct ncm_run *r, const char *name)
{
    const struct {
        const char *name;
        struct ncm_str text;
    } texts[] = {
        {"run_name", r->name},
        {"status", r->status_text},
        {"user_id", r->user},
        {"run_id", r->id},
        {"artifact_uri", r->artifact_uri},
        {"experiment_id", r->experiment_id},
        {"parent_run_id", r->parent_id},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(name, texts[i].name) == 0)
            return text_value(texts[i].text);
    if (strcmp(name, "start_time") == 0)
        return time_value(r->start_ms);
    if (strcmp(name, "end_time") == 0)
        return time_value(r->end_ms);
    if (strcmp(name, "duration") == 0 && r->start_ms != NCM_NO_TIME && r->end_ms != NCM_NO_TIME)
        return (struct ncm_value){.kind = NCM_V_NUMBER,
                                  .num = (double)r->end_ms - (double)r->start_ms};
    return (struct ncm_value){.kind = NCM_V_UNSET};
}

struct ncm_value ncm_run_cell(const struct ncm_run *r, const char *column)
{
    if (strncmp(column, "metrics.", 8) == 0) {
        const struct ncm_metric *m = ncm_run_metric(r, column + 8);
        return m ? m->value : (struct ncm_value){.kind = NCM_V_UNSET};
    }
    if (strncmp(column, "params.", 7) == 0)
        return kv_value(ncm_run_param(r, column + 7));
    if (strncmp(column, "tags.", 5) == 0)
        return kv_value(ncm_run_tag(r, column + 5));
    return attribute(r, column);
}
