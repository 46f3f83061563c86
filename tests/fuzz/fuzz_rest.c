/* Whatever a tracking server answers: it is understood or refused with a sentence, and the runs
 * that were there before are still there. The first byte stands for the status. */
#include <stdlib.h>
#include <string.h>

#include "provider/mlflow_rest/runs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct ncm_node *list_of(const struct ncm_doc *doc, const char *key)
{
    static const struct ncm_node none = {.kind = NCM_NODE_LIST};
    const struct ncm_node *list;
    struct ncm_err err;
    return rest_list(doc, key, &list, &err) ? list : &none;
}

static void told(bool ok, const struct ncm_err *err)
{
    if (!ok && (err->code == NCM_OK || err->what[0] == '\0')) {
        abort();
    }
}

static void decode(const struct ncm_doc *doc)
{
    struct ncm_arena *a = ncm_arena_new();
    struct ncm_experiment experiment;
    struct ncm_model model;
    struct ncm_model_version version;
    struct ncm_run run;
    struct ncm_err err;
    const struct ncm_node *list = list_of(doc, "experiments");
    for (size_t i = 0; i < list->n; i++) {
        err.code = NCM_OK;
        told(rest_experiment(&list->items[i], a, &experiment, &err), &err);
    }
    list = list_of(doc, "registered_models");
    for (size_t i = 0; i < list->n; i++) {
        err.code = NCM_OK;
        told(rest_model(&list->items[i], a, &model, &err), &err);
    }
    list = list_of(doc, "model_versions");
    for (size_t i = 0; i < list->n; i++) {
        err.code = NCM_OK;
        told(rest_version(&list->items[i], a, &version, &err), &err);
    }
    err.code = NCM_OK;
    told(rest_run(ncm_node_get(ncm_doc_root(doc), "run"), a, &run, &err), &err);
    ncm_arena_free(a);
}

static uint64_t prints(const struct rest_runs *r)
{
    uint64_t print = r->n;
    for (size_t i = 0; i < r->n; i++) {
        print += rest_run_print(rest_runs_at(r, i));
    }
    return print;
}

/* The runs of a page, twice and among others; all of them can be read afterwards. */
static void take(const struct ncm_doc *doc)
{
    struct rest_runs *r = rest_runs_new();
    const struct ncm_node *list = list_of(doc, "runs");
    struct ncm_err err;
    uint64_t first = 0;
    for (int round = 0; round < 2; round++) {
        uint32_t *handles = NULL;
        err.code = NCM_OK;
        bool ok = rest_runs_take(r, list, &handles, &err);
        told(ok, &err);
        for (size_t i = 0; ok && i < list->n; i++) {
            if (handles[i] >= r->n || rest_runs_at(r, handles[i])->id.len == 0) {
                abort();
            }
        }
        ncm_free(handles);
        uint64_t print = prints(r);
        if (round > 0 && print != first) {
            abort(); /* the same page, the same runs */
        }
        first = print;
    }
    r->stale += 100000;
    size_t before = r->n;
    rest_runs_tidy(r);
    if (before > 0 && r->n != 0) {
        abort(); /* no list holds them */
    }
    rest_runs_free(r);
}

static void turn(const struct ncm_doc *doc)
{
    char *token = NULL;
    struct ncm_err err;
    if (!rest_turn(doc, "runs", &token, &err)) {
        abort();
    }
    bool more = token != NULL;
    if (rest_turn(doc, "runs", &token, &err) == more) {
        abort(); /* the same page once more never ends */
    }
    ncm_free(token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 200, 200, 200, 400, 401, 403, 404, 429, 500, 503, 302};
    static struct ncm_conn c;
    struct ncm_http_answer a = {.type = "application/json"};
    struct ncm_doc *doc;
    struct ncm_err err = {0};
    if (size == 0) {
        return 0;
    }
    if (c.http == NULL && !ncm_http_open("http://127.0.0.1:1", NULL, &c.http, &err)) {
        abort();
    }
    c.location = (char *)(uintptr_t) "http://127.0.0.1:1";
    a.status = statuses[data[0] % (sizeof statuses / sizeof *statuses)];
    ncm_buf_init(&a.body, 1 << 24);
    ncm_buf_add(&a.body, data + 1, size - 1);
    bool ok = rest_answer(&c, &a, "/runs/search", &doc, &err);
    told(ok, &err);
    if (ok) {
        decode(doc);
        take(doc);
        turn(doc);
    }
    ncm_doc_free(doc);
    ncm_buf_release(&a.body);
    return 0;
}
