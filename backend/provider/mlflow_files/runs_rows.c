/* Which runs match and in which order. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "provider/mlflow_files/runs.h"

struct files_run *files_of_handle(const struct ncm_conn *c, int64_t handle)
{
    size_t number;
    return ncm_map_get(c->by_handle, (const char *)&handle, sizeof(handle), &number)
               ? c->runs[number]
               : NULL;
}

/* ---- the plan ---- */

static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static void add_key(struct files_plan *p, enum ncm_entity entity, struct ncm_str key)
{
    struct files_wanted *k = &p->keys[entity == NCM_ENT_METRIC  ? FILES_METRIC
                                      : entity == NCM_ENT_PARAM ? FILES_PARAM
                                                                : FILES_TAG];
    k->items[k->n++] = ncm_cstr(key);
}

static void sort_keys(struct files_wanted *k)
{
    size_t n = 0;
    if (k->n > 1)
        qsort(k->items, k->n, sizeof(*k->items), by_text);
    for (size_t i = 0; i < k->n; i++)
        if (n == 0 || strcmp(k->items[n - 1], k->items[i]) != 0)
            k->items[n++] = k->items[i];
    k->n = n;
}

static bool is_name(enum ncm_entity entity, struct ncm_str key)
{
    return entity == NCM_ENT_ATTRIBUTE && ncm_str_is(key, "run_name");
}

/* Clauses that meta.yaml answers come first: the others need more files. */
static void plan_filter(struct files_plan *p)
{
    struct ncm_clause *sorted =
        ncm_arena_alloc(p->filter.arena, p->filter.n + 1, sizeof(struct ncm_clause));
    size_t n = 0;
    for (int pass = 0; pass < 2; pass++) {
        if (pass == 1)
            p->of_record = (struct ncm_filter){.clauses = sorted, .n = n};
        for (size_t i = 0; i < p->filter.n; i++) {
            const struct ncm_clause *cl = &p->filter.clauses[i];
            bool record = cl->entity == NCM_ENT_ATTRIBUTE && !is_name(cl->entity, cl->key);
            if (record == (pass == 0))
                sorted[n++] = *cl;
            if (pass == 0 && (cl->entity == NCM_ENT_METRIC || cl->entity == NCM_ENT_PARAM ||
                              cl->entity == NCM_ENT_TAG))
                add_key(p, cl->entity, cl->key);
            p->inputs = p->inputs || cl->entity == NCM_ENT_DATASET;
            p->names = p->names || is_name(cl->entity, cl->key);
        }
    }
    p->of_values =
        (struct ncm_filter){.clauses = sorted + p->of_record.n, .n = p->filter.n - p->of_record.n};
    p->of_record.as = p->of_values.as = NCM_SEARCH_FILES;
}

static bool is_newest_first(const struct ncm_orders *o)
{
    return o->n == 0 ||
           (o->n == 1 && o->items[0].descending && o->items[0].entity == NCM_ENT_ATTRIBUTE &&
            ncm_str_is(o->items[0].key, "start_time"));
}

static bool is_among(const struct ncm_orders *o, const struct ncm_order *item)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->items[i].entity == item->entity && ncm_str_eq(o->items[i].key, item->key))
            return true;
    return false;
}

/* The file store takes an order that names a column twice (the SQL store does not): the first one
 * decides. */
static bool parse_orders(const struct ncm_query *q, struct files_plan *p, struct ncm_err *err)
{
    p->parts = ncm_alloc(q->n_orders + 1, sizeof(*p->parts));
    p->orders.arena = ncm_arena_new();
    p->orders.items = ncm_arena_alloc(p->orders.arena, q->n_orders + 1, sizeof(struct ncm_order));
    for (size_t i = 0; i < q->n_orders; i++) {
        const char *text = q->orders[i];
        if (!ncm_orders_parse(&text, 1, &p->parts[i], NULL, err))
            return false;
        p->n_parts++;
        for (size_t k = 0; k < p->parts[i].n; k++)
            if (!is_among(&p->orders, &p->parts[i].items[k]))
                p->orders.items[p->orders.n++] = p->parts[i].items[k];
    }
    return true;
}

bool files_plan_make(const struct ncm_query *q, struct files_plan *p, struct ncm_err *err)
{
    *p = (struct files_plan){.view = q->view, .nested = q->nested};
    if (!ncm_filter_parse(q->filter, &p->filter, NULL, err) || !parse_orders(q, p, err))
        return false;
    for (int k = 0; k < FILES_KINDS; k++)
        p->keys[k].items = ncm_arena_alloc(p->filter.arena, p->filter.n + p->orders.n + 1,
                                           sizeof(*p->keys[k].items));
    plan_filter(p);
    for (size_t i = 0; i < p->orders.n; i++) {
        const struct ncm_order *o = &p->orders.items[i];
        if (o->entity != NCM_ENT_ATTRIBUTE)
            add_key(p, o->entity, o->key);
        p->names = p->names || is_name(o->entity, o->key);
    }
    for (int k = 0; k < FILES_KINDS; k++)
        sort_keys(&p->keys[k]);
    p->simple = p->of_values.n == 0 && is_newest_first(&p->orders);
    return true;
}

void files_plan_free(struct files_plan *p)
{
    ncm_filter_release(&p->filter);
    for (size_t i = 0; i < p->n_parts; i++)
        ncm_orders_release(&p->parts[i]);
    ncm_free(p->parts);
    ncm_orders_release(&p->orders);
}

/* ---- rows ---- */

struct making {
    struct ncm_conn *c;
    const struct files_plan *plan;
    struct files_row *rows;
};

static void view_record(struct ncm_conn *c, const struct files_run *r, struct ncm_run *v)
{
    const char *status = ncm_run_status_name(r->meta.status);
    const char *experiment = c->experiments[r->experiment]->id;
    v->id = (struct ncm_str){r->id, strlen(r->id)};
    v->experiment_id = (struct ncm_str){experiment, strlen(experiment)};
    v->name = r->meta.name;
    v->user = r->meta.user;
    v->artifact_uri = r->meta.artifact_uri;
    v->status = r->meta.status;
    v->status_text = (struct ncm_str){status, strlen(status)};
    v->lifecycle = r->meta.lifecycle;
    v->start_ms = r->meta.start_ms;
    v->end_ms = r->meta.end_ms;
}

static size_t view_kv(struct making *m, struct files_run *r, enum files_kind kind,
                      struct ncm_kv *out, struct ncm_buf *scratch)
{
    const struct files_wanted *k = &m->plan->keys[kind];
    size_t n = 0;
    for (size_t i = 0; i < k->n; i++) {
        const struct files_value *v = files_value(m->c, r, kind, k->items[i], scratch);
        if (v->there)
            out[n++] = (struct ncm_kv){{k->items[i], strlen(k->items[i])}, v->text};
    }
    return n;
}

/* The texts stay where the connection keeps them: nothing else is read of this run meanwhile. */
static void view_values(struct making *m, struct files_row *row, struct ncm_buf *scratch)
{
    const struct files_plan *p = m->plan;
    struct files_run *r = row->run;
    size_t n_metrics = p->keys[FILES_METRIC].n;
    size_t n_kv = p->keys[FILES_PARAM].n + p->keys[FILES_TAG].n;
    size_t n_inputs;
    if (p->inputs)
        files_inputs(m->c, r, scratch);
    n_inputs = p->inputs ? r->n_inputs : 0;
    if (n_metrics + n_kv + n_inputs > 0) {
        struct ncm_run *v = &row->view;
        struct ncm_metric *metrics =
            ncm_alloc(n_metrics * sizeof(*v->metrics) + n_kv * sizeof(struct ncm_kv) +
                          n_inputs * sizeof(*v->inputs),
                      1);
        row->block = v->metrics = metrics;
        v->params = (struct ncm_kv *)(void *)(metrics + n_metrics);
        for (size_t i = 0; i < n_metrics; i++) {
            const char *key = p->keys[FILES_METRIC].items[i];
            const struct files_value *value = files_value(m->c, r, FILES_METRIC, key, scratch);
            if (value->there && value->latest.any)
                v->metrics[v->n_metrics++] = (struct ncm_metric){
                    .key = {key, strlen(key)}, .value = files_number(value->latest.at.value)};
        }
        v->n_params = view_kv(m, r, FILES_PARAM, v->params, scratch);
        v->tags = v->params + v->n_params;
        v->n_tags = view_kv(m, r, FILES_TAG, v->tags, scratch);
        v->inputs = (struct ncm_dataset_input *)(void *)(v->params + n_kv);
        for (size_t i = 0; i < n_inputs; i++)
            v->inputs[v->n_inputs++] = (struct ncm_dataset_input){.name = r->inputs[i].name,
                                                                  .digest = r->inputs[i].digest,
                                                                  .context = r->inputs[i].context};
    }
}

static void make_row(void *to, size_t i, struct ncm_buf *scratch)
{
    struct making *m = to;
    struct files_row *row = &m->rows[i];
    struct files_run *r = row->run;
    const struct files_plan *p = m->plan;
    if (!r->there || !r->ok ||
        (p->view != NCM_VIEW_ALL &&
         (p->view == NCM_VIEW_DELETED) != (r->meta.lifecycle == NCM_DELETED)))
        return;
    view_record(m->c, r, &row->view);
    if (!ncm_filter_match(&p->of_record, &row->view))
        return;
    if (p->names && row->view.name.len == 0) {
        const struct files_value *tag = files_value(m->c, r, FILES_TAG, "mlflow.runName", scratch);
        row->view.name = tag->there ? tag->text : (struct ncm_str){0};
    }
    view_values(m, row, scratch);
    row->match = ncm_filter_match(&p->of_values, &row->view);
}

bool files_rows_make(struct ncm_conn *c, const struct ncm_control *control,
                     const struct files_plan *p, struct files_run **candidates, size_t n,
                     struct files_rows *out, struct ncm_err *err)
{
    struct making m = {.c = c, .plan = p};
    m.rows = ncm_alloc(n + 1, sizeof(*m.rows));
    *out = (struct files_rows){.items = m.rows, .n = n};
    for (size_t i = 0; i < n; i++)
        m.rows[i].run = candidates[i];
    if (!files_many(c, control, n, make_row, &m, err)) {
        files_rows_free(out);
        return false;
    }
    out->n = 0;
    for (size_t i = 0; i < n; i++) {
        if (m.rows[i].match)
            m.rows[out->n++] = m.rows[i];
        else
            ncm_free(m.rows[i].block);
    }
    return true;
}

void files_rows_free(struct files_rows *r)
{
    for (size_t i = 0; i < r->n; i++)
        ncm_free(r->items[i].block);
    ncm_free(r->items);
    *r = (struct files_rows){0};
}

static int compare_rows(const void *x, const void *y, void *orders)
{
    const struct files_row *a = x, *b = y;
    return ncm_orders_compare(orders, &a->view, &b->view);
}

void files_rows_sort(const struct files_plan *p, struct files_rows *r)
{
    struct ncm_orders orders = p->orders;
    if (r->n > 1)
        qsort_r(r->items, r->n, sizeof(*r->items), compare_rows, &orders);
}

/* ---- nesting ---- */

struct nesting {
    struct ncm_conn *c;
    const struct files_rows *rows;
};

static void load_parent(void *to, size_t i, struct ncm_buf *scratch)
{
    struct nesting *t = to;
    files_value(t->c, t->rows->items[i].run, FILES_TAG, "mlflow.parentRunId", scratch);
}

/* Rows by the number of their run; parents are looked for in the order's own experiments. */
static void find_parents(struct ncm_conn *c, const struct files_rows *r, size_t n, int32_t *parent)
{
    struct ncm_map *rows = ncm_map_new();
    for (size_t i = 0; i < n; i++)
        ncm_map_set(rows, r->items[i].run->id, strlen(r->items[i].run->id), i);
    for (size_t i = 0; i < n; i++) {
        const struct files_value *v =
            files_value(c, r->items[i].run, FILES_TAG, "mlflow.parentRunId", NULL);
        size_t row;
        parent[i] = -1;
        if (v->there && v->text.len > 0 && ncm_map_get(rows, v->text.p, v->text.len, &row) &&
            row != i)
            parent[i] = (int32_t)row;
    }
    ncm_map_free(rows);
}

static void put(const struct files_run *r, struct ncm_run_ref *ref)
{
    ref->handle = r->handle;
    ref->running = r->meta.status == NCM_RUN_RUNNING;
}

bool files_refs(struct ncm_conn *c, const struct ncm_control *control, const struct files_plan *p,
                const struct files_rows *r, size_t n, struct ncm_run_ref *out, struct ncm_err *err)
{
    if (!p->nested || n > INT32_MAX) {
        for (size_t i = 0; i < n; i++) {
            out[i] = (struct ncm_run_ref){.parent = -1};
            put(r->items[i].run, &out[i]);
        }
        return true;
    }
    struct nesting t = {c, r};
    if (!files_many(c, control, n, load_parent, &t, err))
        return false;
    int32_t *parent = ncm_alloc(n + 1, sizeof(int32_t));
    int32_t *order = ncm_alloc(n + 1, sizeof(int32_t));
    find_parents(c, r, n, parent);
    ncm_runs_nest(parent, n, order, out);
    for (size_t k = 0; k < n; k++)
        put(r->items[order[k]].run, &out[k]);
    ncm_free(parent);
    ncm_free(order);
    return true;
}
