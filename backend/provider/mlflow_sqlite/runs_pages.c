/* Full rows of 128 runs at a time. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/num.h"
#include "provider/mlflow_sqlite/read.h"

struct page_load {
    struct ncm_conn *c;
    struct ncm_runs_page *page;
    struct ncm_map *slots; /* run id → index in page */
    struct ncm_str name_tag[NCM_RUNS_PAGE], user_tag[NCM_RUNS_PAGE];
    size_t cap_metrics[NCM_RUNS_PAGE], cap_params[NCM_RUNS_PAGE], cap_tags[NCM_RUNS_PAGE];
};

/* "?2,?3,…" for a page of values; ?1 is the key. */
static void placeholders(struct ncm_buf *sql)
{
    for (int i = 0; i < NCM_RUNS_PAGE; i++)
        ncm_buf_printf(sql, "%s?%d", i == 0 ? "" : ",", i + 2);
}

/* The page's runs by rowid, into their places. */
static bool load_rows(struct page_load *l, const struct ncm_runs_snapshot *s, size_t first,
                      struct ncm_err *err)
{
    struct ncm_buf sql;
    struct ncm_stmt *st;
    ncm_buf_init(&sql, 1 << 16);
    ncm_buf_puts(&sql, "SELECT rowid, " SQLITE_RUN_COLUMNS " FROM runs WHERE ?1 AND rowid IN (");
    placeholders(&sql);
    ncm_buf_putc(&sql, ')');
    bool ok = ncm_db_prepare(l->c->db, sql.p, &st, err);
    ncm_buf_release(&sql);
    if (!ok)
        return false;
    ncm_bind_i64(st, 1, 1);
    for (size_t i = 0; i < l->page->n; i++)
        ncm_bind_i64(st, (int)i + 2, ncm_runs_ref(s, first + i)->handle);
    bool row = false;
    while ((ok = ncm_stmt_step(st, &row, err)) && row) {
        int64_t rowid = ncm_col_i64(st, 0);
        for (size_t i = 0; i < l->page->n; i++) {
            if (ncm_runs_ref(s, first + i)->handle != rowid)
                continue;
            sqlite_fill_run(st, 1, l->page->arena, &l->page->runs[i]);
            ncm_map_set(l->slots, l->page->runs[i].id.p, l->page->runs[i].id.len, i);
        }
    }
    ncm_stmt_end(st);
    return ok;
}

/* Doubling in the arena: what is left behind is freed with the page. */
static void *grow_in(struct ncm_arena *a, void *items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return items;
    *cap = *cap == 0 ? 4 : *cap * 2;
    void *to = ncm_arena_alloc(a, *cap, size);
    if (n > 0)
        memcpy(to, items, n * size);
    return to;
}

/* Columns of every statement: run, key, value, and for metrics is_nan, timestamp, step. */
static void put_value(struct page_load *l, enum ncm_entity kind, size_t i, struct ncm_stmt *st)
{
    struct ncm_arena *a = l->page->arena;
    struct ncm_run *r = &l->page->runs[i];
    if (kind == NCM_ENT_METRIC) {
        r->metrics = grow_in(a, r->metrics, r->n_metrics, &l->cap_metrics[i], sizeof(*r->metrics));
        struct ncm_metric *m = &r->metrics[r->n_metrics++];
        m->key = ncm_col_dup(st, 1, a);
        m->value = sqlite_metric_value(st, 2, 3);
        m->timestamp_ms = sqlite_time(st, 4);
        m->step = ncm_col_i64(st, 5);
    } else if (kind == NCM_ENT_PARAM) {
        r->params = grow_in(a, r->params, r->n_params, &l->cap_params[i], sizeof(*r->params));
        r->params[r->n_params++] = (struct ncm_kv){ncm_col_dup(st, 1, a), ncm_col_dup(st, 2, a)};
    } else {
        r->tags = grow_in(a, r->tags, r->n_tags, &l->cap_tags[i], sizeof(*r->tags));
        r->tags[r->n_tags++] = (struct ncm_kv){ncm_col_dup(st, 1, a), ncm_col_dup(st, 2, a)};
    }
}

/* The tags that stand in for a run's own fields. */
static void put_special(struct page_load *l, const char *key, size_t i, struct ncm_stmt *st)
{
    struct ncm_str v = ncm_col_dup(st, 2, l->page->arena);
    if (strcmp(key, "mlflow.runName") == 0)
        l->name_tag[i] = v;
    else if (strcmp(key, "mlflow.user") == 0)
        l->user_tag[i] = v;
    else
        l->page->runs[i].parent_id = v;
}

/* One key of all runs of the page (through the key), or with key NULL everything of them. */
static bool load_values(struct page_load *l, enum ncm_entity kind, const char *key, bool special,
                        struct ncm_err *err)
{
    struct ncm_buf sql;
    struct ncm_stmt *st;
    ncm_buf_init(&sql, 1 << 16);
    ncm_buf_printf(&sql, "SELECT run_uuid, key, value%s FROM %s WHERE %s AND run_uuid IN (",
                   kind == NCM_ENT_METRIC ? ", is_nan, timestamp, step" : "",
                   kind == NCM_ENT_METRIC  ? "latest_metrics"
                   : kind == NCM_ENT_PARAM ? "params"
                                           : "tags",
                   key != NULL ? "key=?1" : "?1");
    placeholders(&sql);
    ncm_buf_putc(&sql, ')');
    bool ok = ncm_db_prepare(l->c->db, sql.p, &st, err);
    ncm_buf_release(&sql);
    if (!ok)
        return false;
    if (key != NULL)
        ncm_bind_cstr(st, 1, key);
    else
        ncm_bind_i64(st, 1, 1);
    for (size_t i = 0; i < l->page->n; i++) {
        struct ncm_str id = l->page->runs[i].id;
        if (id.p != NULL)
            ncm_bind_text(st, (int)i + 2, id.p, id.len);
    }
    bool row = false;
    while ((ok = ncm_stmt_step(st, &row, err)) && row) {
        struct ncm_str id = ncm_col_text(st, 0);
        size_t i;
        if (!ncm_map_get(l->slots, id.p, id.len, &i))
            continue;
        if (special)
            put_special(l, key, i, st);
        else
            put_value(l, kind, i, st);
    }
    ncm_stmt_end(st);
    return ok;
}

static bool load_columns(struct page_load *l, const struct ncm_query *q, struct ncm_err *err)
{
    static const char *const special[] = {"mlflow.runName", "mlflow.user", "mlflow.parentRunId"};
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof(special) / sizeof(special[0]); i++)
        ok = load_values(l, NCM_ENT_TAG, special[i], true, err);
    if (q->all_columns)
        return ok && load_values(l, NCM_ENT_METRIC, NULL, false, err) &&
               load_values(l, NCM_ENT_PARAM, NULL, false, err) &&
               load_values(l, NCM_ENT_TAG, NULL, false, err);
    for (size_t i = 0; ok && i < q->n_columns; i++) {
        const char *column = q->columns[i];
        if (strncmp(column, "metrics.", 8) == 0)
            ok = load_values(l, NCM_ENT_METRIC, column + 8, false, err);
        else if (strncmp(column, "params.", 7) == 0)
            ok = load_values(l, NCM_ENT_PARAM, column + 7, false, err);
        else if (strncmp(column, "tags.", 5) == 0)
            ok = load_values(l, NCM_ENT_TAG, column + 5, false, err);
    }
    return ok;
}

static void finish(struct page_load *l)
{
    for (size_t i = 0; i < l->page->n; i++) {
        struct ncm_run *r = &l->page->runs[i];
        if (r->id.p == NULL) { /* removed from the store since the order was read */
            r->id = r->name = ncm_arena_cstr(l->page->arena, "");
            r->status = NCM_RUN_UNKNOWN;
            r->start_ms = r->end_ms = NCM_NO_TIME;
            continue;
        }
        ncm_run_stand_in(r, l->name_tag[i], l->user_tag[i]);
        ncm_run_sort(r);
    }
}

bool sqlite_load_page(struct ncm_conn *c, const struct ncm_query *q, struct ncm_runs_snapshot *s,
                      size_t p, struct ncm_err *err)
{
    size_t first = p * NCM_RUNS_PAGE;
    struct page_load *l = ncm_alloc(1, sizeof(*l));
    struct ncm_runs_page *page = ncm_runs_page_new();
    page->n = s->n - first < NCM_RUNS_PAGE ? s->n - first : NCM_RUNS_PAGE;
    page->taken_ms = ncm_now_ms();
    l->c = c;
    l->page = page;
    l->slots = ncm_map_new();
    bool ok = load_rows(l, s, first, err) && load_columns(l, q, err);
    if (ok) {
        finish(l);
        s->pages[p] = page;
    } else {
        ncm_runs_page_drop(page);
    }
    ncm_map_free(l->slots);
    ncm_free(l);
    return ok;
}
