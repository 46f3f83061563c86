#include "ops/watch/summary_text.h"

#include <math.h>

#include "base/buf.h"
#include "base/num.h"
#include "io/node.h"

enum {
    TEXT_MOST = 256 * 1024,
    VALUES_MOST = 64, /* enough to draw quantiles and to compare roughly */
    COUNTS_MOST = 10001,
};

static void put_moments(struct ncm_json *j, const struct ncm_moments *m)
{
    ncm_json_key(j, "moments");
    ncm_json_arr(j);
    ncm_json_i64(j, (int64_t)m->n);
    const double all[] = {m->mean, m->m2, m->m3, m->m4, m->min, m->max};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        ncm_json_num(j, all[i]);
    }
    ncm_json_end_arr(j);
}

/* At most VALUES_MOST of them: each stands for its neighbours up to half way. */
static void put_values(struct ncm_json *j, const struct ncm_summary *s)
{
    double total = 0, done = 0;
    size_t parts = s->n_values < VALUES_MOST ? s->n_values : VALUES_MOST, at = 0;
    for (size_t i = 0; i < s->n_values; i++) {
        total += s->weights != NULL ? s->weights[i] : 1;
    }
    ncm_json_key(j, "values");
    ncm_json_arr(j);
    for (size_t k = 0; k < parts; k++) {
        double middle = total * ((double)k + 0.5) / (double)parts;
        while (at + 1 < s->n_values && done + (s->weights != NULL ? s->weights[at] : 1) < middle) {
            done += s->weights != NULL ? s->weights[at] : 1;
            at++;
        }
        ncm_json_num(j, s->values[at]);
    }
    ncm_json_end_arr(j);
    ncm_json_key(j, "weight");
    ncm_json_num(j, parts > 0 ? total / (double)parts : 0);
}

char *ncm_summary_text(const struct ncm_summary *s)
{
    struct ncm_buf b;
    struct ncm_json j;
    ncm_buf_init(&b, TEXT_MOST);
    ncm_json_init(&j, &b, false);
    ncm_json_obj(&j);
    ncm_json_key(&j, "type");
    ncm_json_str(&j, s->words != NULL ? "cat" : "num");
    ncm_json_key(&j, "rows");
    ncm_json_i64(&j, s->rows);
    ncm_json_key(&j, "missing");
    ncm_json_i64(&j, s->missing);
    ncm_json_key(&j, "infinite");
    ncm_json_i64(&j, s->infinite);
    if (s->words == NULL) {
        put_moments(&j, &s->moments);
        if (!s->paired) {
            put_values(&j, s);
        }
    }
    ncm_json_key(&j, "counts");
    ncm_json_arr(&j);
    for (size_t i = 0; i < s->n_counts; i++) {
        ncm_json_i64(&j, s->counts[i]);
    }
    ncm_json_end_arr(&j);
    ncm_json_end_obj(&j);
    char *text = b.full ? NULL : ncm_buf_take(&b);
    ncm_buf_release(&b);
    return text;
}

static double number(const struct ncm_node *n)
{
    double v = NAN;
    if (n->kind == NCM_NODE_STR && ncm_parse_double(n->str, &v)) {
        return v;
    }
    return n->kind == NCM_NODE_INT || n->kind == NCM_NODE_NUM ? n->num : NAN;
}

static void take_moments(struct ncm_summary *s, const struct ncm_node *n)
{
    if (n == NULL || n->kind != NCM_NODE_LIST || n->n != 7 || n->items[0].kind != NCM_NODE_INT ||
        n->items[0].i < 0) {
        return;
    }
    s->moments = (struct ncm_moments){
        .n = (double)n->items[0].i,
        .mean = number(&n->items[1]),
        .m2 = number(&n->items[2]),
        .m3 = number(&n->items[3]),
        .m4 = number(&n->items[4]),
        .min = number(&n->items[5]),
        .max = number(&n->items[6]),
    };
}

static void take_values(struct ncm_summary *s, const struct ncm_node *n, const struct ncm_node *w)
{
    if (n == NULL || n->kind != NCM_NODE_LIST || n->n > NCM_SUMMARY_POINTS || w == NULL) {
        return;
    }
    s->values = ncm_alloc(n->n + 1, sizeof *s->values);
    s->weights = ncm_alloc(n->n + 1, sizeof *s->weights);
    for (size_t i = 0; i < n->n; i++) {
        double v = number(&n->items[i]);
        if (isnan(v) || (s->n_values > 0 && v < s->values[s->n_values - 1])) {
            continue;
        }
        s->values[s->n_values] = v;
        s->weights[s->n_values++] = number(w);
    }
}

static void take_counts(struct ncm_summary *s, const struct ncm_node *n)
{
    if (n == NULL || n->kind != NCM_NODE_LIST || n->n > COUNTS_MOST || n->n == 0) {
        return;
    }
    s->counts = ncm_alloc(n->n, sizeof *s->counts);
    for (size_t i = 0; i < n->n; i++) {
        const struct ncm_node *c = &n->items[i];
        s->counts[s->n_counts++] = c->kind == NCM_NODE_INT && c->i >= 0 ? c->i : 0;
    }
}

struct ncm_summary *ncm_summary_of_text(const char *p, size_t len, enum ncm_column_type *type)
{
    struct ncm_doc *doc;
    struct ncm_err ignored;
    if (!ncm_json_parse("summary", p, len, &doc, &ignored)) {
        return NULL;
    }
    const struct ncm_node *root = ncm_doc_root(doc);
    struct ncm_summary *s = NULL;
    if (root->kind == NCM_NODE_MAP) {
        s = ncm_alloc(1, sizeof *s);
        *type = ncm_node_str(root, "type", "")[0] == 'c' ? NCM_COLUMN_CATEGORY : NCM_COLUMN_NUMBER;
        s->rows = ncm_node_i64(root, "rows", 0);
        s->missing = ncm_node_i64(root, "missing", 0);
        s->infinite = ncm_node_i64(root, "infinite", 0);
        take_moments(s, ncm_node_get(root, "moments"));
        take_values(s, ncm_node_get(root, "values"), ncm_node_get(root, "weight"));
        take_counts(s, ncm_node_get(root, "counts"));
    }
    ncm_doc_free(doc);
    return s;
}
