/* Full rows of 128 runs at a time. */
#include <string.h>

#include "base/num.h"
#include "provider/mlflow_files/runs.h"

void files_fill(const struct ncm_conn *c, const struct files_run *r, struct ncm_arena *a,
                struct ncm_run *out)
{
    out->id = ncm_arena_cstr(a, r->id);
    out->experiment_id = ncm_arena_cstr(a, c->experiments[r->experiment]->id);
    out->name = ncm_arena_copy(a, r->meta.name);
    out->user = ncm_arena_copy(a, r->meta.user);
    out->artifact_uri = ncm_arena_copy(a, r->meta.artifact_uri);
    out->status = r->meta.status;
    out->status_text = ncm_arena_cstr(a, ncm_run_status_name(r->meta.status));
    out->lifecycle = r->meta.lifecycle;
    out->start_ms = r->meta.start_ms;
    out->end_ms = r->meta.end_ms;
}

struct ncm_str files_text(const struct files_run *r, enum files_kind kind, const char *key,
                          struct ncm_arena *a)
{
    const struct files_value *v = files_known(r, kind, key);
    return v != NULL ? ncm_arena_copy(a, v->text) : (struct ncm_str){0};
}

static void put_value(enum files_kind kind, const struct files_value *v, struct ncm_arena *a,
                      struct ncm_run *out)
{
    struct ncm_str key = ncm_arena_cstr(a, v->key);
    if (kind == FILES_METRIC) {
        if (v->latest.any)
            out->metrics[out->n_metrics++] =
                (struct ncm_metric){.key = key,
                                    .value = files_number(v->latest.at.value),
                                    .timestamp_ms = v->latest.at.time,
                                    .step = v->latest.at.step};
    } else if (kind == FILES_PARAM) {
        out->params[out->n_params++] = (struct ncm_kv){key, ncm_arena_copy(a, v->text)};
    } else {
        out->tags[out->n_tags++] = (struct ncm_kv){key, ncm_arena_copy(a, v->text)};
    }
}

void files_fill_values(const struct files_run *r, enum files_kind kind, const char *const *keys,
                       size_t n_keys, struct ncm_arena *a, struct ncm_run *out)
{
    const struct files_set *s = &r->sets[kind];
    size_t most = keys == NULL ? s->n : n_keys;
    if (kind == FILES_METRIC)
        out->metrics = ncm_arena_alloc(a, most + 1, sizeof(*out->metrics));
    else if (kind == FILES_PARAM)
        out->params = ncm_arena_alloc(a, most + 1, sizeof(*out->params));
    else
        out->tags = ncm_arena_alloc(a, most + 1, sizeof(*out->tags));
    for (size_t i = 0; i < most; i++) {
        const struct files_value *v = keys == NULL ? (s->items[i].there ? &s->items[i] : NULL)
                                                   : files_known(r, kind, keys[i]);
        if (v != NULL)
            put_value(kind, v, a, out);
    }
}

/* What the query wants of every run, by kind. */
struct columns {
    bool all;
    const char **keys[FILES_KINDS];
    size_t n[FILES_KINDS];
};

static void columns_of(const struct ncm_query *q, struct columns *w)
{
    static const char *const prefixes[] = {"metrics.", "params.", "tags."};
    *w = (struct columns){.all = q->all_columns};
    for (int k = 0; k < FILES_KINDS; k++) {
        size_t len = strlen(prefixes[k]);
        w->keys[k] = ncm_alloc(q->n_columns + 1, sizeof(char *));
        for (size_t i = 0; i < q->n_columns; i++)
            if (strncmp(q->columns[i], prefixes[k], len) == 0)
                w->keys[k][w->n[k]++] = q->columns[i] + len;
    }
}

static void columns_free(struct columns *w)
{
    for (int k = 0; k < FILES_KINDS; k++)
        ncm_free(w->keys[k]);
}

struct page_load {
    struct ncm_conn *c;
    const struct columns *want;
    struct files_run *runs[NCM_RUNS_PAGE];
};

static const char *const special[] = {"mlflow.runName", "mlflow.user", "mlflow.parentRunId"};

static void load_row(void *to, size_t i, struct ncm_buf *scratch)
{
    struct page_load *l = to;
    struct files_run *r = l->runs[i];
    if (r == NULL)
        return;
    for (int k = 0; k < FILES_KINDS; k++) {
        if (l->want->all)
            files_values(l->c, r, (enum files_kind)k, scratch);
        for (size_t j = 0; !l->want->all && j < l->want->n[k]; j++)
            files_value(l->c, r, (enum files_kind)k, l->want->keys[k][j], scratch);
    }
    for (size_t j = 0; !l->want->all && j < sizeof(special) / sizeof(special[0]); j++)
        files_value(l->c, r, FILES_TAG, special[j], scratch);
}

static void fill_row(const struct page_load *l, const struct files_run *r, struct ncm_arena *a,
                     struct ncm_run *out)
{
    if (r == NULL || !r->there || !r->ok) { /* removed since the order was read */
        out->id = out->name = ncm_arena_cstr(a, "");
        out->status = NCM_RUN_UNKNOWN;
        out->start_ms = out->end_ms = NCM_NO_TIME;
        return;
    }
    files_fill(l->c, r, a, out);
    for (int k = 0; k < FILES_KINDS; k++)
        files_fill_values(r, (enum files_kind)k, l->want->all ? NULL : l->want->keys[k],
                          l->want->n[k], a, out);
    out->parent_id = files_text(r, FILES_TAG, special[2], a);
    ncm_run_stand_in(out, files_text(r, FILES_TAG, special[0], a),
                     files_text(r, FILES_TAG, special[1], a));
    ncm_run_sort(out);
}

bool files_load_page(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_runs_snapshot *s, size_t p,
                     struct ncm_err *err)
{
    size_t first = p * NCM_RUNS_PAGE;
    struct columns want;
    columns_of(f->query, &want);
    struct page_load *l = ncm_alloc(1, sizeof(*l));
    struct ncm_runs_page *page = ncm_runs_page_new();
    page->n = s->n - first < NCM_RUNS_PAGE ? s->n - first : NCM_RUNS_PAGE;
    page->taken_ms = ncm_now_ms();
    l->c = c;
    l->want = &want;
    for (size_t i = 0; i < page->n; i++)
        l->runs[i] = files_of_handle(c, ncm_runs_ref(s, first + i)->handle);
    bool ok = files_many(c, &f->control, page->n, load_row, l, err);
    if (ok) {
        for (size_t i = 0; i < page->n; i++)
            fill_row(l, l->runs[i], page->arena, &page->runs[i]);
        s->pages[p] = page;
    } else {
        ncm_runs_page_drop(page);
    }
    ncm_free(l);
    columns_free(&want);
    return ok;
}
