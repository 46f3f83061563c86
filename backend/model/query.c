#include "model/query.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"

struct ncm_query *ncm_query_new(enum ncm_topic topic)
{
    struct ncm_query *q = ncm_alloc(1, sizeof *q);
    q->topic = topic;
    if (topic == NCM_T_AUDIT || topic == NCM_T_DRIFT_FEATURE || topic == NCM_T_DRIFT_ROWS ||
        topic == NCM_T_RATES)
        q->at_ms = NCM_NO_TIME;
    return q;
}

static void add(char ***list, size_t *n, const char *s)
{
    *list = ncm_resize(*list, *n + 1, sizeof **list);
    (*list)[(*n)++] = ncm_strdup(s);
}

static void free_list(char **list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ncm_free(list[i]);
    ncm_free(list);
}

struct ncm_query *ncm_query_dup(const struct ncm_query *q)
{
    struct ncm_query *d = ncm_alloc(1, sizeof *d);
    *d = *q;
    d->ids = d->orders = d->columns = NULL;
    d->n_ids = d->n_orders = d->n_columns = 0;
    for (size_t i = 0; i < q->n_ids; i++)
        ncm_query_add_id(d, q->ids[i]);
    for (size_t i = 0; i < q->n_orders; i++)
        ncm_query_add_order(d, q->orders[i]);
    for (size_t i = 0; i < q->n_columns; i++)
        ncm_query_add_column(d, q->columns[i]);
    d->filter = ncm_strdup(q->filter);
    d->id = ncm_strdup(q->id);
    d->key = ncm_strdup(q->key);
    return d;
}

void ncm_query_free(struct ncm_query *q)
{
    if (!q)
        return;
    free_list(q->ids, q->n_ids);
    free_list(q->orders, q->n_orders);
    free_list(q->columns, q->n_columns);
    ncm_free(q->filter);
    ncm_free(q->id);
    ncm_free(q->key);
    ncm_free(q);
}

void ncm_query_add_id(struct ncm_query *q, const char *id)
{
    add(&q->ids, &q->n_ids, id);
}

void ncm_query_add_order(struct ncm_query *q, const char *order)
{
    add(&q->orders, &q->n_orders, order);
}

void ncm_query_add_column(struct ncm_query *q, const char *column)
{
    add(&q->columns, &q->n_columns, column);
}

static struct ncm_query *about(enum ncm_topic topic, const char *id, const char *key, int64_t limit)
{
    struct ncm_query *q = ncm_query_new(topic);
    q->id = ncm_strdup(id);
    q->key = ncm_strdup(key);
    q->limit = limit;
    return q;
}

struct ncm_query *ncm_query_run(const char *run_id)
{
    return about(NCM_T_RUN, run_id, NULL, 0);
}

struct ncm_query *ncm_query_series(const char *run_id, const char *key, int64_t points)
{
    return about(NCM_T_SERIES, run_id, key, points);
}

struct ncm_query *ncm_query_artifacts(const char *run_id, const char *path)
{
    return about(NCM_T_ARTIFACTS, run_id, path ? path : "", 0);
}

struct ncm_query *ncm_query_artifact(const char *run_id, const char *path, int64_t bytes)
{
    return about(NCM_T_ARTIFACT, run_id, path ? path : "", bytes);
}

struct ncm_query *ncm_query_facts(const char *model, const char *version)
{
    return about(NCM_T_FACTS, model, version, 0);
}

struct ncm_query *ncm_query_holders(const char *model, const char *stage_or_alias)
{
    return about(NCM_T_HOLDERS, model, stage_or_alias, 0);
}

/* Length first, so that no text can imitate another field. */
static void put(struct ncm_buf *b, const char *s)
{
    if (s)
        ncm_buf_printf(b, "%zu:%s", strlen(s), s);
    ncm_buf_putc(b, ';');
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Ids and columns are sets: order and repetition make no difference to the answer. */
static void put_set(struct ncm_buf *b, char *const *list, size_t n)
{
    char **sorted = ncm_alloc(n, sizeof *sorted);
    for (size_t i = 0; i < n; i++)
        sorted[i] = list[i];
    qsort(sorted, n, sizeof *sorted, compare);
    ncm_buf_putc(b, '(');
    for (size_t i = 0; i < n; i++)
        if (i == 0 || strcmp(sorted[i - 1], sorted[i]) != 0)
            put(b, sorted[i]);
    ncm_buf_putc(b, ')');
    ncm_free(sorted);
}

char *ncm_query_text(const struct ncm_query *q)
{
    struct ncm_buf b;
    ncm_buf_init(&b, SIZE_MAX / 2);
    ncm_buf_printf(&b, "%d/%d/%d%d%d%d/%" PRId64 "/%" PRId64 " ", (int)q->topic, (int)q->view,
                   q->all_columns, q->nested, q->lazy, q->sampled, q->limit, q->at_ms);
    put_set(&b, q->ids, q->n_ids);
    put(&b, q->filter && *q->filter ? q->filter : NULL);
    ncm_buf_putc(&b, '(');
    for (size_t i = 0; i < q->n_orders; i++)
        put(&b, q->orders[i]);
    ncm_buf_putc(&b, ')');
    /* Asked for everything, a list of columns adds nothing. */
    put_set(&b, q->columns, q->all_columns ? 0 : q->n_columns);
    put(&b, q->id);
    put(&b, q->key);
    char *text = ncm_buf_take(&b);
    ncm_buf_release(&b);
    return text;
}
