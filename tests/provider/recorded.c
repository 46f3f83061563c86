#include "provider/recorded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/num.h"
#include "io/node.h"

static struct ncm_doc *doc;

static const struct ncm_node *entry_at(size_t i)
{
    return &ncm_doc_root(doc)->items[i];
}

size_t recorded_read(const char *file)
{
    static char text[1 << 18];
    char path[200];
    struct ncm_err err;
    snprintf(path, sizeof path, "tests/fixtures/serving/%s.gz", file);
    gzFile f = gzopen(path, "rb");
    assert_non_null(f);
    int n = gzread(f, text, sizeof text);
    gzclose(f);
    assert_true(n > 0 && (size_t)n < sizeof text);
    recorded_forget();
    assert_true(ncm_json_parse(file, text, (size_t)n, &doc, &err));
    return ncm_doc_root(doc)->n;
}

void recorded_forget(void)
{
    ncm_doc_free(doc);
    doc = NULL;
}

const char *recorded_text(size_t entry, const char *member)
{
    return ncm_node_str(entry_at(entry), member, "");
}

static void write_node(struct ncm_json *j, const struct ncm_node *n)
{
    switch (n->kind) {
    case NCM_NODE_MAP:
    case NCM_NODE_LIST:
        n->kind == NCM_NODE_MAP ? ncm_json_obj(j) : ncm_json_arr(j);
        for (size_t i = 0; i < n->n; i++) {
            if (n->kind == NCM_NODE_MAP) {
                ncm_json_key(j, n->items[i].key);
            }
            write_node(j, &n->items[i]);
        }
        n->kind == NCM_NODE_MAP ? ncm_json_end_obj(j) : ncm_json_end_arr(j);
        break;
    case NCM_NODE_STR:
        ncm_json_str_n(j, n->str, n->len);
        break;
    case NCM_NODE_INT:
        ncm_json_i64(j, n->i);
        break;
    case NCM_NODE_NUM:
        ncm_json_num(j, n->num);
        break;
    case NCM_NODE_BOOL:
        ncm_json_bool(j, n->boolean);
        break;
    default:
        ncm_json_null(j);
        break;
    }
}

static void body_into(const struct ncm_node *e, struct ncm_buf *out)
{
    struct ncm_json j;
    const struct ncm_node *json = ncm_node_get(e, "json");
    if (json == NULL) {
        ncm_buf_puts(out, ncm_node_str(e, "text", ""));
        return;
    }
    ncm_json_init(&j, out, false);
    write_node(&j, json);
}

char *recorded_body(size_t entry)
{
    struct ncm_buf b;
    ncm_buf_init(&b, 1 << 20);
    body_into(entry_at(entry), &b);
    char *text = ncm_buf_take(&b);
    ncm_buf_release(&b);
    return text;
}

static void no_answer(struct ncm_http_answer *out)
{
    *out = (struct ncm_http_answer){.length = -1, .date_ms = NCM_NO_TIME};
    ncm_buf_init(&out->body, 1 << 20);
}

/* Whether the entry's path is `path` at that address. */
static bool fits(const struct ncm_node *e, const char *method, const char *at, const char *path)
{
    const char *p = ncm_node_str(e, "path", "");
    size_t len = strlen(at);
    return strcmp(ncm_node_str(e, "method", ""), method) == 0 && strncmp(p, at, len) == 0 &&
           strcmp(p + len, path) == 0;
}

static bool ask_recorded(void *to, int side, enum ncm_http_method method, const char *path,
                         const char *body, int64_t timeout_ms, struct ncm_http_answer *out,
                         struct ncm_err *err)
{
    struct recorded *r = to;
    const char *at = side == 0 ? r->own : side == 1 ? r->management : NULL;
    const char *word = method == NCM_HTTP_POST ? "POST" : "GET";
    const struct ncm_node *found = NULL;
    no_answer(out);
    r->asked++;
    assert_int_equal(timeout_ms, 2000);
    assert_true(body == NULL || method == NCM_HTTP_POST);
    if (at == NULL) {
        return ncm_fail(err, NCM_UNREACHABLE, "connection refused");
    }
    for (size_t i = 0; i < r->upto && i < ncm_doc_root(doc)->n; i++) {
        found = fits(entry_at(i), word, at, path) ? entry_at(i) : found;
    }
    if (r->pick != SIZE_MAX && fits(entry_at(r->pick), word, at, path)) {
        found = entry_at(r->pick);
    }
    if (found == NULL) {
        out->status = 404;
        ncm_buf_puts(&out->body, "Not Found");
        return true;
    }
    if (ncm_node_i64(found, "status", 0) == 0) {
        return ncm_fail(err, NCM_TIMEOUT, "no answer in time");
    }
    out->status = (int)ncm_node_i64(found, "status", 0);
    out->took_ms = 3;
    snprintf(out->type, sizeof out->type, "%s", ncm_node_str(found, "content_type", ""));
    out->type[strcspn(out->type, ";")] = '\0';
    body_into(found, &out->body);
    return true;
}

struct ncm_probe_via recorded_via(struct recorded *r)
{
    return (struct ncm_probe_via){ask_recorded, r};
}

static bool ask_made(void *to, int side, enum ncm_http_method method, const char *path,
                     const char *body, int64_t timeout_ms, struct ncm_http_answer *out,
                     struct ncm_err *err)
{
    struct made_by_hand *m = to;
    char on[300];
    (void)body;
    (void)timeout_ms;
    no_answer(out);
    m->asked++;
    snprintf(on, sizeof on, "%d %s %s", side, method == NCM_HTTP_POST ? "POST" : "GET", path);
    out->status = 404;
    for (size_t i = 0; i < m->n; i++) {
        const struct made *x = &m->items[i];
        if (strcmp(x->on, on) != 0 && strcmp(x->on, "all") != 0) {
            continue;
        }
        if (x->status <= 0) {
            return ncm_fail(err, x->status == 0 ? NCM_TIMEOUT : NCM_UNREACHABLE, "%s",
                            x->status == 0 ? "no answer in time" : "connection refused");
        }
        out->status = x->status;
        out->took_ms = 5;
        ncm_buf_puts(&out->body, x->body != NULL ? x->body : "");
        return true;
    }
    return true;
}

struct ncm_probe_via made_via(struct made_by_hand *m)
{
    return (struct ncm_probe_via){ask_made, m};
}
