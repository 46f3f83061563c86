/* From a query to conditions on table runs, columns to load and order terms. */
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/mlflow_sqlite/runs.h"

#define FIRST_BIND 3

int runs_bind_add(struct runs_binds *b, int first, struct runs_bind v)
{
    b->items = ncm_grow(b->items, b->n, &b->cap, sizeof(*b->items));
    b->items[b->n] = v;
    return first + (int)b->n++;
}

void runs_bind_all(const struct runs_binds *b, int first, struct ncm_stmt *st)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct runs_bind *v = &b->items[i];
        int at = first + (int)i;
        if (v->kind == RUNS_BIND_INT)
            ncm_bind_i64(st, at, v->i);
        else if (v->kind == RUNS_BIND_DOUBLE)
            ncm_bind_double(st, at, v->d);
        else
            ncm_bind_text(st, at, v->s.p, v->s.len);
    }
}

static int bind_text(struct runs_binds *b, int first, struct ncm_str s)
{
    struct runs_bind v = {.kind = RUNS_BIND_TEXT, .s = s};
    return runs_bind_add(b, first, v);
}

/* ILIKE folds ASCII only, as SQLite's lower() and so MLflow on SQLite does. */
void runs_text_sql(struct ncm_buf *sql, const char *column, const struct ncm_clause *cl,
                   struct runs_binds *binds, int first)
{
    switch (cl->op) {
    case NCM_OP_EQ:
        ncm_buf_printf(sql, "%s = ?%d", column, bind_text(binds, first, cl->text));
        break;
    case NCM_OP_NE:
        ncm_buf_printf(sql, "%s != ?%d", column, bind_text(binds, first, cl->text));
        break;
    case NCM_OP_LIKE:
        ncm_buf_printf(sql, "%s LIKE ?%d", column, bind_text(binds, first, cl->text));
        break;
    case NCM_OP_ILIKE:
        ncm_buf_printf(sql, "lower(%s) LIKE lower(?%d)", column, bind_text(binds, first, cl->text));
        break;
    case NCM_OP_IN:
    case NCM_OP_NOT_IN:
        ncm_buf_printf(sql, "%s %s (", column, cl->op == NCM_OP_IN ? "IN" : "NOT IN");
        for (size_t i = 0; i < cl->n_list; i++)
            ncm_buf_printf(sql, "%s?%d", i == 0 ? "" : ",", bind_text(binds, first, cl->list[i]));
        ncm_buf_putc(sql, ')');
        break;
    default:
        ncm_buf_puts(sql, "0");
    }
}

static const char *column_of(struct ncm_str attribute)
{
    if (ncm_str_is(attribute, "run_id"))
        return "run_uuid";
    if (ncm_str_is(attribute, "run_name"))
        return "name";
    if (ncm_str_is(attribute, "status"))
        return "status";
    if (ncm_str_is(attribute, "user_id"))
        return "user_id";
    if (ncm_str_is(attribute, "start_time"))
        return "start_time";
    if (ncm_str_is(attribute, "end_time"))
        return "end_time";
    return "artifact_uri";
}

static bool is_time(struct ncm_str attribute)
{
    return ncm_str_is(attribute, "start_time") || ncm_str_is(attribute, "end_time");
}

static void attribute_sql(struct runs_plan *p, const struct ncm_clause *cl)
{
    static const char *const ops[] = {"=", "!=", ">", ">=", "<", "<="};
    const char *column = column_of(cl->key);
    ncm_buf_puts(&p->where, " AND ");
    if (!is_time(cl->key)) {
        runs_text_sql(&p->where, column, cl, &p->binds, FIRST_BIND);
        return;
    }
    bool whole = (double)cl->integer == cl->number;
    struct runs_bind v = {
        .kind = whole ? RUNS_BIND_INT : RUNS_BIND_DOUBLE, .i = cl->integer, .d = cl->number};
    ncm_buf_printf(&p->where, "%s %s ?%d", column, ops[cl->op],
                   runs_bind_add(&p->binds, FIRST_BIND, v));
}

static struct runs_column *add_column(struct runs_plan *p, enum runs_column_kind kind,
                                      enum ncm_entity entity, struct ncm_str key)
{
    struct runs_column *col = &p->columns[p->n_columns++];
    *col = (struct runs_column){.kind = kind, .entity = entity, .key = key};
    return col;
}

/* MLflow looks for a run's name in its tag: stores before 1.29 have it only there. */
static void plan_filter(struct runs_plan *p)
{
    for (size_t i = 0; i < p->filter.n; i++) {
        const struct ncm_clause *cl = &p->filter.clauses[i];
        bool name = cl->entity == NCM_ENT_ATTRIBUTE && ncm_str_is(cl->key, "run_name");
        if (cl->entity == NCM_ENT_ATTRIBUTE && !name) {
            attribute_sql(p, cl);
            continue;
        }
        struct runs_column *col = add_column(p, RUNS_SET, name ? NCM_ENT_TAG : cl->entity, cl->key);
        if (name)
            col->key = ncm_arena_cstr(p->filter.arena, "mlflow.runName");
        col->clause = cl;
        col->absent = cl->op == NCM_OP_IS_NULL;
    }
    p->n_sets = p->n_columns;
}

static void plan_orders(struct runs_plan *p)
{
    int select = 4; /* after rowid, run_uuid, start_time, running */
    for (size_t i = 0; i < p->orders.n; i++) {
        const struct ncm_order *o = &p->orders.items[i];
        struct runs_term *t = &p->terms[p->n_terms++];
        *t = (struct runs_term){.descending = o->descending, .select = -1};
        if (o->entity == NCM_ENT_ATTRIBUTE) {
            t->text = !is_time(o->key);
            t->select = select++;
            ncm_buf_printf(&p->select, ", %s", column_of(o->key));
        } else {
            t->text = o->entity != NCM_ENT_METRIC;
            t->column = p->n_columns;
            add_column(p, t->text ? RUNS_TEXT : RUNS_NUMBER, o->entity, o->key);
        }
    }
}

/* The experiments asked for; none means all active ones. */
static bool plan_experiments(struct ncm_conn *c, const struct ncm_query *q, struct runs_plan *p,
                             struct ncm_err *err)
{
    ncm_buf_puts(&p->where, " AND experiment_id IN (");
    if (q->n_ids > 0) {
        const char *comma = "";
        for (size_t i = 0; i < q->n_ids; i++) {
            int64_t id;
            if (!ncm_parse_i64(q->ids[i], &id))
                continue;
            ncm_buf_printf(&p->where, "%s%lld", comma, (long long)id);
            comma = ",";
        }
    } else {
        struct ncm_stmt *st;
        char *sql = ncm_sprintf("SELECT experiment_id FROM experiments WHERE"
                                " lifecycle_stage='active'%s",
                                sqlite_workspace(c));
        bool ok = ncm_db_prepare(c->db, sql, &st, err);
        ncm_free(sql);
        if (!ok)
            return false;
        bool row = false;
        const char *comma = "";
        while ((ok = ncm_stmt_step(st, &row, err)) && row) {
            ncm_buf_printf(&p->where, "%s%lld", comma, (long long)ncm_col_i64(st, 0));
            comma = ",";
        }
        ncm_stmt_end(st);
        if (!ok)
            return false;
    }
    ncm_buf_puts(&p->where, ")");
    return true;
}

static bool is_newest_first(const struct ncm_orders *o)
{
    return o->n == 0 ||
           (o->n == 1 && o->items[0].descending && o->items[0].entity == NCM_ENT_ATTRIBUTE &&
            ncm_str_is(o->items[0].key, "start_time"));
}

bool runs_plan_make(struct ncm_conn *c, const struct ncm_query *q, struct runs_plan *p,
                    struct ncm_err *err)
{
    *p = (struct runs_plan){.nested = q->nested};
    ncm_buf_init(&p->where, 4 << 20);
    ncm_buf_init(&p->select, 1 << 20);
    if (!ncm_filter_parse(q->filter, &p->filter, NULL, err) ||
        !ncm_orders_parse((const char *const *)q->orders, q->n_orders, &p->orders, NULL, err))
        return false;
    ncm_buf_puts(&p->where, "lifecycle_stage IN (");
    ncm_buf_puts(&p->where, q->view == NCM_VIEW_ACTIVE    ? "'active')"
                            : q->view == NCM_VIEW_DELETED ? "'deleted')"
                                                          : "'active','deleted')");
    if (!plan_experiments(c, q, p, err))
        return false;
    p->columns = ncm_alloc(p->filter.n + p->orders.n + 1, sizeof(*p->columns));
    p->terms = ncm_alloc(p->orders.n + 1, sizeof(*p->terms));
    plan_filter(p);
    plan_orders(p);
    p->simple = p->n_sets == 0 && is_newest_first(&p->orders);
    if (p->nested) {
        p->parent = p->n_columns;
        add_column(p, RUNS_TEXT, NCM_ENT_TAG,
                   ncm_arena_cstr(p->filter.arena, "mlflow.parentRunId"));
    }
    if (p->where.full)
        return ncm_fail(err, NCM_TOO_LARGE, _("The filter is too long."));
    return true;
}

void runs_plan_free(struct runs_plan *p)
{
    for (size_t i = 0; i < p->n_columns; i++)
        runs_column_free(&p->columns[i]);
    for (size_t i = 0; i < p->n_terms; i++)
        runs_texts_free(&p->terms[i].texts);
    ncm_free(p->columns);
    ncm_free(p->terms);
    ncm_free(p->binds.items);
    ncm_buf_release(&p->where);
    ncm_buf_release(&p->select);
    ncm_filter_release(&p->filter);
    ncm_orders_release(&p->orders);
}
