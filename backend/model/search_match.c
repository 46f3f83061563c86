/* Search and order on records in memory, with the results of MLflow's SQL store on SQLite or of its
 * file store. */
#include "model/search.h"

#include <string.h>

#include "base/num.h"
#include "model/search_like.h"

static const char run_name_tag[] = "mlflow.runName";

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static size_t char_len(const char *p, size_t len)
{
    size_t n = 1;
    while (n < len && n < 4 && ((unsigned char)p[n] & 0xC0) == 0x80)
        n++;
    return n;
}

/* SQL LIKE: % any run of characters, _ one character; no escape. Linear in the common case and
 * never worse than text × pattern: only the last % is gone back to. */
static bool like(struct ncm_str text, struct ncm_str pattern, bool fold)
{
    size_t t = 0, p = 0, mark_t = 0, mark_p = 0;
    bool marked = false;
    while (t < text.len) {
        if (p < pattern.len && pattern.p[p] == '%') {
            marked = true;
            mark_p = ++p;
            mark_t = t;
        } else if (p < pattern.len && pattern.p[p] == '_') {
            t += char_len(text.p + t, text.len - t);
            p++;
        } else if (p < pattern.len &&
                   (fold ? lower(text.p[t]) == lower(pattern.p[p]) : text.p[t] == pattern.p[p])) {
            t++;
            p++;
        } else if (marked) {
            mark_t += char_len(text.p + mark_t, text.len - mark_t);
            t = mark_t;
            p = mark_p;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.p[p] == '%')
        p++;
    return p == pattern.len;
}

static int compare_text(struct ncm_str a, struct ncm_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int d = n == 0 ? 0 : memcmp(a.p, b.p, n);
    return d != 0 ? d : (a.len > b.len) - (a.len < b.len);
}

static bool in_list(const struct ncm_clause *c, struct ncm_str v)
{
    for (size_t i = 0; i < c->n_list; i++)
        if (ncm_str_eq(c->list[i], v))
            return true;
    return false;
}

static bool match_like(const struct ncm_clause *c, struct ncm_str v, enum ncm_search_as as)
{
    bool fold = c->op == NCM_OP_ILIKE;
    return as == NCM_SEARCH_FILES ? ncm_like_files(v, c->text, fold) : like(v, c->text, fold);
}

static bool match_text(const struct ncm_clause *c, struct ncm_str v, enum ncm_search_as as)
{
    if (v.p == NULL)
        return false;
    switch (c->op) {
    case NCM_OP_EQ:
        return ncm_str_eq(v, c->text);
    case NCM_OP_NE:
        return !ncm_str_eq(v, c->text);
    case NCM_OP_LIKE:
    case NCM_OP_ILIKE:
        return match_like(c, v, as);
    case NCM_OP_IN:
        return in_list(c, v);
    case NCM_OP_NOT_IN:
        return !in_list(c, v);
    default:
        return false;
    }
}

static bool match_order(enum ncm_op op, int d)
{
    switch (op) {
    case NCM_OP_EQ:
        return d == 0;
    case NCM_OP_NE:
        return d != 0;
    case NCM_OP_GT:
        return d > 0;
    case NCM_OP_GE:
        return d >= 0;
    case NCM_OP_LT:
        return d < 0;
    case NCM_OP_LE:
        return d <= 0;
    default:
        return false;
    }
}

static bool match_metric(const struct ncm_clause *c, const struct ncm_run *r)
{
    const struct ncm_metric *m = ncm_run_metric(r, ncm_cstr(c->key));
    if (m == NULL || m->value.kind == NCM_V_UNSET || m->value.kind == NCM_V_TEXT)
        return false;
    if (m->value.kind == NCM_V_NAN)
        return c->op == NCM_OP_NE;
    return match_order(c->op, (m->value.num > c->number) - (m->value.num < c->number));
}

static bool match_time(const struct ncm_clause *c, int64_t v)
{
    if (v == NCM_NO_TIME)
        return false;
    if ((double)c->integer == c->number) /* written as a whole number */
        return match_order(c->op, (v > c->integer) - (v < c->integer));
    /* |number| beyond int64, or with a fraction: the whole part decides, then the fraction. */
    int d = (v > c->integer) - (v < c->integer);
    if (d == 0)
        d = (double)c->integer < c->number ? -1 : 1;
    return match_order(c->op, d);
}

static bool match_dataset(const struct ncm_clause *c, const struct ncm_run *r,
                          enum ncm_search_as as)
{
    for (size_t i = 0; i < r->n_inputs; i++) {
        const struct ncm_dataset_input *in = &r->inputs[i];
        struct ncm_str v = ncm_str_is(c->key, "name")     ? in->name
                           : ncm_str_is(c->key, "digest") ? in->digest
                                                          : in->context;
        if (match_text(c, v, as))
            return true;
    }
    return false;
}

/* The SQL store searches a run's name in its tag; the record's own name may be a fallback. */
static struct ncm_str searched_name(const struct ncm_run *r)
{
    const struct ncm_kv *tag = ncm_run_tag(r, run_name_tag);
    return tag != NULL ? tag->value : r->name;
}

static struct ncm_str attribute_text(const struct ncm_run *r, struct ncm_str key)
{
    if (ncm_str_is(key, "run_id"))
        return r->id;
    if (ncm_str_is(key, "run_name"))
        return r->name;
    if (ncm_str_is(key, "status"))
        return r->status_text;
    if (ncm_str_is(key, "user_id"))
        return r->user;
    return r->artifact_uri;
}

static bool match_kv(const struct ncm_clause *c, const struct ncm_kv *kv, enum ncm_search_as as)
{
    if (c->op == NCM_OP_IS_NULL)
        return kv == NULL;
    if (c->op == NCM_OP_IS_NOT_NULL)
        return kv != NULL;
    return kv != NULL && match_text(c, kv->value, as);
}

static bool match_clause(const struct ncm_clause *c, const struct ncm_run *r, enum ncm_search_as as)
{
    switch (c->entity) {
    case NCM_ENT_METRIC:
        return match_metric(c, r);
    case NCM_ENT_PARAM:
        return match_kv(c, ncm_run_param(r, ncm_cstr(c->key)), as);
    case NCM_ENT_TAG:
        return match_kv(c, ncm_run_tag(r, ncm_cstr(c->key)), as);
    case NCM_ENT_DATASET:
        return match_dataset(c, r, as);
    case NCM_ENT_ATTRIBUTE:
        break;
    }
    if (ncm_str_is(c->key, "start_time"))
        return match_time(c, r->start_ms);
    if (ncm_str_is(c->key, "end_time"))
        return match_time(c, r->end_ms);
    if (as == NCM_SEARCH_SQL && ncm_str_is(c->key, "run_name"))
        return match_text(c, searched_name(r), as);
    return match_text(c, attribute_text(r, c->key), as);
}

bool ncm_filter_match(const struct ncm_filter *f, const struct ncm_run *r)
{
    for (size_t i = 0; i < f->n; i++)
        if (!match_clause(&f->clauses[i], r, f->as))
            return false;
    return true;
}

/* Absent ones last, whatever the direction. */
static int compare_times(int64_t a, int64_t b, bool descending)
{
    if ((a == NCM_NO_TIME) != (b == NCM_NO_TIME))
        return a == NCM_NO_TIME ? 1 : -1;
    int d = (a > b) - (a < b);
    return descending ? -d : d;
}

static int compare_absent_last(struct ncm_str a, struct ncm_str b, bool descending)
{
    if ((a.p == NULL) != (b.p == NULL))
        return a.p == NULL ? 1 : -1;
    if (a.p == NULL)
        return 0;
    int d = compare_text(a, b);
    return descending ? -d : d;
}

static int metric_class(const struct ncm_metric *m)
{
    if (m == NULL || m->value.kind == NCM_V_UNSET || m->value.kind == NCM_V_TEXT)
        return 2;
    return m->value.kind == NCM_V_NAN ? 1 : 0;
}

static int compare_metrics(const struct ncm_metric *a, const struct ncm_metric *b, bool descending)
{
    int ca = metric_class(a), cb = metric_class(b);
    if (ca != cb || ca != 0)
        return ca - cb;
    int d = (a->value.num > b->value.num) - (a->value.num < b->value.num);
    return descending ? -d : d;
}

static struct ncm_str value_of(const struct ncm_kv *kv)
{
    return kv != NULL ? kv->value : (struct ncm_str){0};
}

static int compare_by(const struct ncm_order *o, const struct ncm_run *a, const struct ncm_run *b)
{
    const char *key = ncm_cstr(o->key);
    switch (o->entity) {
    case NCM_ENT_METRIC:
        return compare_metrics(ncm_run_metric(a, key), ncm_run_metric(b, key), o->descending);
    case NCM_ENT_PARAM:
        return compare_absent_last(value_of(ncm_run_param(a, key)), value_of(ncm_run_param(b, key)),
                                   o->descending);
    case NCM_ENT_TAG:
        return compare_absent_last(value_of(ncm_run_tag(a, key)), value_of(ncm_run_tag(b, key)),
                                   o->descending);
    case NCM_ENT_DATASET:
        return 0;
    case NCM_ENT_ATTRIBUTE:
        break;
    }
    if (ncm_str_is(o->key, "start_time"))
        return compare_times(a->start_ms, b->start_ms, o->descending);
    if (ncm_str_is(o->key, "end_time"))
        return compare_times(a->end_ms, b->end_ms, o->descending);
    return compare_absent_last(attribute_text(a, o->key), attribute_text(b, o->key), o->descending);
}

int ncm_orders_compare(const struct ncm_orders *o, const struct ncm_run *a, const struct ncm_run *b)
{
    for (size_t i = 0; i < o->n; i++) {
        int d = compare_by(&o->items[i], a, b);
        if (d != 0)
            return d;
    }
    int d = compare_times(a->start_ms, b->start_ms, true);
    return d != 0 ? d : compare_text(a->id, b->id);
}
