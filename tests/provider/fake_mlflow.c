#include "provider/fake_mlflow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/num.h"
#include "io/node.h"
#include "provider/mlflow_rest/mlflow_rest.h"
#include "unit/scratch.h"
#include "unit/web.h"

struct ncm_conn *mlf;
struct mlf_seen mlf_seen;
struct ncm_fetch mlf_fetch;
static struct ncm_http *asker;

int mlf_start(void **state)
{
    (void)state;
    if (!web_run("tests/lib/fake_mlflow.py", NULL)) {
        return 1;
    }
    asker = web_open(web_url("fake"), NULL);
    return 0;
}

int mlf_stop(void **state)
{
    (void)state;
    ncm_http_close(asker);
    asker = NULL;
    web_stop();
    scratch_remove();
    return 0;
}

const char *mlf_url(void)
{
    return web_url("fake");
}

struct ncm_conn *mlf_open(const struct ncm_access *access, const char *cache)
{
    struct ncm_conn *c;
    struct ncm_control control = {0};
    struct ncm_err err;
    struct ncm_place place = {.location = mlf_url(), .access = access, .cache = cache};
    if (!ncm_mlflow_rest.open(&place, &c, &control, &err)) {
        fail_msg("%s", err.what);
    }
    return c;
}

/* To the control part; the answer's text, good until the next call. */
static const char *tell(const char *path, const char *body)
{
    static struct ncm_http_answer a;
    struct ncm_err e;
    ncm_http_answer_release(&a);
    struct ncm_http_request rq = {
        .method = body != NULL ? NCM_HTTP_POST : NCM_HTTP_GET,
        .path = path,
        .body = body,
        .body_len = body != NULL ? strlen(body) : 0,
        .asks = true,
    };
    if (!ncm_http_do(asker, &rq, &a, &e)) {
        fail_msg("%s: %s (%s)", path, e.what, e.detail);
    }
    return a.body.p;
}

int mlf_fresh(void **state)
{
    (void)state;
    tell("/fake/reset", "");
    mlf_fetch = (struct ncm_fetch){.count = 100000};
    mlf = mlf_open(NULL, NULL);
    return 0;
}

int mlf_done(void **state)
{
    (void)state;
    ncm_mlflow_rest.close(mlf);
    mlf = NULL;
    return 0;
}

static void tell_json(const char *path, const char *json)
{
    char *text = ncm_strdup(json);
    for (char *p = text; *p != '\0'; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    tell(path, text);
    ncm_free(text);
}

void mlf_put(const char *json)
{
    tell_json("/fake/put", json);
}

void mlf_drop(const char *json)
{
    tell_json("/fake/drop", json);
}

static void add_run(struct ncm_buf *out, const char *id, const char *experiment, int64_t start_ms,
                    const char *status)
{
    ncm_buf_printf(out,
                   "{'info':{'run_id':'%s','experiment_id':'%s','run_name':'name of %s',"
                   "'status':'%s','start_time':%lld},'data':{",
                   id, experiment, id, status, (long long)start_ms);
}

void mlf_run(const char *id, const char *experiment, int64_t start_ms, const char *status,
             const char *key, const char *value)
{
    struct ncm_buf b;
    ncm_buf_init(&b, 1 << 20);
    ncm_buf_puts(&b, "{'runs':[");
    add_run(&b, id, experiment, start_ms, status);
    if (key != NULL) {
        ncm_buf_printf(&b, "'metrics':[{'key':'%s','value':%s,'timestamp':1,'step':1}]", key,
                       value);
    }
    ncm_buf_puts(&b, "}}]}");
    mlf_put(b.p);
    ncm_buf_release(&b);
}

void mlf_runs(const char *experiment, size_t n, int64_t start_ms)
{
    struct ncm_buf b;
    ncm_buf_init(&b, 16 << 20);
    ncm_buf_puts(&b, "{'runs':[");
    for (size_t i = 0; i < n; i++) {
        char id[32];
        snprintf(id, sizeof id, "r%05zu", i);
        ncm_buf_puts(&b, i > 0 ? "," : "");
        add_run(&b, id, experiment, start_ms - (int64_t)i * 1000, "FINISHED");
        ncm_buf_puts(&b, "}}");
    }
    ncm_buf_puts(&b, "]}");
    mlf_put(b.p);
    ncm_buf_release(&b);
}

static void add_text(struct ncm_json *j, const char *key, const char *text)
{
    if (text != NULL) {
        ncm_json_key(j, key);
        ncm_json_str(j, text);
    }
}

static void add_number(struct ncm_json *j, const char *key, int64_t number)
{
    if (number != 0) {
        ncm_json_key(j, key);
        ncm_json_i64(j, number);
    }
}

void mlf_rule(struct mlf_rule r)
{
    struct ncm_buf b;
    struct ncm_json j;
    ncm_buf_init(&b, 16 << 20);
    ncm_json_init(&j, &b, false);
    ncm_json_arr(&j);
    ncm_json_obj(&j);
    add_text(&j, "on", r.on);
    add_text(&j, "type", r.type);
    add_text(&j, "text", r.text);
    add_text(&j, "header", r.header);
    add_number(&j, "status", r.status);
    add_number(&j, "after", r.after);
    add_number(&j, "times", r.times);
    add_number(&j, "hold", r.hold);
    add_number(&j, "date", r.hours);
    ncm_json_end_obj(&j);
    ncm_json_end_arr(&j);
    tell("/fake/rules", b.p);
    ncm_buf_release(&b);
}

void mlf_release(void)
{
    tell("/fake/release", "");
}

void mlf_forget(void)
{
    tell("/fake/forget", "");
}

static struct ncm_doc *look_up(const char *on)
{
    struct ncm_buf path;
    struct ncm_doc *doc;
    struct ncm_err err;
    ncm_buf_init(&path, 1 << 16);
    ncm_buf_puts(&path, "/fake/log?on=");
    ncm_http_encode(&path, on);
    const char *text = tell(path.p, NULL);
    if (!ncm_json_parse("log", text, strlen(text), &doc, &err)) {
        fail_msg("%s", err.what);
    }
    ncm_buf_release(&path);
    return doc;
}

int mlf_count(const char *on)
{
    struct ncm_doc *doc = look_up(on);
    int n = (int)ncm_node_i64(ncm_doc_root(doc), "n", -1);
    ncm_doc_free(doc);
    return n;
}

const char *mlf_last(const char *on)
{
    static char text[4096];
    struct ncm_doc *doc = look_up(on);
    snprintf(text, sizeof text, "%s", ncm_node_str(ncm_doc_root(doc), "last", ""));
    ncm_doc_free(doc);
    return text;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void keep(void *to, struct ncm_snapshot *s)
{
    struct ncm_snapshot **last = to;
    if (mlf_seen.n < sizeof mlf_seen.at / sizeof *mlf_seen.at) {
        bool runs = s->topic == NCM_T_RUNS;
        const struct ncm_runs_snapshot *r = (const struct ncm_runs_snapshot *)s;
        mlf_seen.at[mlf_seen.n].rows = runs ? r->n : 0;
        mlf_seen.at[mlf_seen.n].total = runs ? r->total : 0;
        mlf_seen.at[mlf_seen.n].provisional = s->provisional;
        mlf_seen.at[mlf_seen.n++].taken_ms = s->taken_ms;
    }
    ncm_snapshot_unref(*last);
    *last = s;
}

const void *mlf_ask(struct ncm_conn *c, struct ncm_query *q, struct ncm_err *err)
{
    struct ncm_snapshot *last = NULL;
    struct ncm_fetch f = mlf_fetch;
    mlf_seen.n = 0;
    f.query = q;
    f.publish = keep;
    f.to = &last;
    *err = (struct ncm_err){0};
    bool ok = ncm_mlflow_rest.fetch(c, &f, err);
    ncm_query_free(q);
    if (ok) {
        assert_non_null(last);
        assert_int_equal(last->provisional, f.cached);
        return last;
    }
    ncm_snapshot_unref(last);
    return NULL;
}

const void *mlf_get(struct ncm_conn *c, struct ncm_query *q)
{
    struct ncm_err err;
    const void *s = mlf_ask(c, q, &err);
    if (s == NULL) {
        fail_msg("%s (%s)", err.what, err.detail);
    }
    return s;
}

struct ncm_err mlf_fails(struct ncm_query *q, enum ncm_code code)
{
    struct ncm_err err;
    const void *s = mlf_ask(mlf, q, &err);
    ncm_snapshot_unref(s);
    if (s != NULL || err.code != code) {
        fail_msg("%s: %s (%s)", s != NULL ? "it was taken" : ncm_code_name(err.code), err.what,
                 err.detail);
    }
    return err;
}

struct ncm_query *mlf_all_runs(void)
{
    struct ncm_query *q = ncm_query_new(NCM_T_RUNS);
    q->all_columns = true;
    return q;
}

const char *mlf_ids(const struct ncm_runs_snapshot *s)
{
    static char text[4096];
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < s->n && len < sizeof text - 64; i++) {
        const struct ncm_run *r = ncm_runs_at(s, i);
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i > 0 ? " " : "",
                                r != NULL ? ncm_cstr(r->id) : "?");
    }
    return text;
}
