/* The UI service. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/ask.h"
#include "provider/evidently/internal.h"

enum { PROJECTS_MOST = 10000 };

/* One call; an error is {"detail": text} or {"detail": [{"msg": …}]}. */
static bool call(struct ncm_ask *k, const struct ncm_http_request *rq, struct ncm_doc **doc,
                 struct ncm_err *err)
{
    struct ncm_http_answer a;
    struct ncm_err bad;
    *doc = NULL;
    bool ok = ncm_http_do(k->http, rq, &a, err);
    bool good = ok && a.status >= 200 && a.status <= 299;
    if (ok && !ncm_ask_is_json(&a)) {
        ok = good ? ncm_ask_no_json(k, &a, err) : ncm_ask_refused(k, &a, NULL, err);
    } else if (ok && !ncm_json_parse(ncm_http_base(k->http), a.body.p, a.body.len, doc, &bad)) {
        ok = good ? false : ncm_ask_refused(k, &a, NULL, err);
        *err = good ? bad : *err;
    } else if (ok && !good) {
        const char *detail = ncm_node_str(ncm_doc_root(*doc), "detail", NULL);
        ok = ncm_ask_refused(k, &a, detail, err);
        ncm_doc_free(*doc);
        *doc = NULL;
    }
    ncm_http_answer_release(&a);
    return ok;
}

static bool open_ask(const struct ncm_place *place, struct ncm_ask *k, struct ncm_err *err)
{
    *k = (struct ncm_ask){.product = "Evidently"};
    return ncm_http_open(place->location, place->access, &k->http, err);
}

static int by_name(const void *a, const void *b)
{
    const struct ncm_evidently_project *x = a, *y = b;
    int c = ncm_str_compare(x->name, y->name);
    return c != 0 ? c : ncm_str_compare(x->id, y->id);
}

static bool take_projects(const struct ncm_node *root, struct ncm_evidently_projects *out)
{
    if (root->kind != NCM_NODE_LIST || root->n > PROJECTS_MOST) {
        return false;
    }
    out->arena = ncm_arena_new();
    out->items = ncm_arena_alloc(out->arena, root->n, sizeof *out->items);
    for (size_t i = 0; i < root->n; i++) {
        out->items[i].id = ncm_ask_text(out->arena, &root->items[i], "id");
        out->items[i].name = ncm_ask_text(out->arena, &root->items[i], "name");
        out->items[i].description = ncm_ask_text(out->arena, &root->items[i], "description");
        if (out->items[i].id.len == 0) {
            ncm_evidently_projects_release(out);
            return false;
        }
    }
    out->n = root->n;
    if (out->n > 1) {
        qsort(out->items, out->n, sizeof *out->items, by_name);
    }
    return true;
}

bool ncm_evidently_projects(const struct ncm_place *place, const struct ncm_control *control,
                            struct ncm_evidently_projects *out, struct ncm_err *err)
{
    struct ncm_ask k;
    struct ncm_doc *doc = NULL;
    struct ncm_http_request rq = ncm_ask_request(NCM_HTTP_GET, "/api/projects", control);
    *out = (struct ncm_evidently_projects){0};
    bool ok = open_ask(place, &k, err) && ncm_ask_go_on(control, err) && call(&k, &rq, &doc, err);
    if (ok && !take_projects(ncm_doc_root(doc), out)) {
        ok = ncm_fail(err, NCM_INVALID_DATA, _("%s answers with no list of Evidently's projects"),
                      place->location);
    }
    ncm_doc_free(doc);
    ncm_http_close(k.http);
    return ok;
}

void ncm_evidently_projects_release(struct ncm_evidently_projects *p)
{
    ncm_arena_free(p->arena);
    *p = (struct ncm_evidently_projects){0};
}

/* ---- series ---------------------------------------------------------------------------------- */

static void take_values(struct ev_builder *b, const struct ncm_node *one,
                        const struct ncm_node *sources)
{
    const struct ncm_node *params = ncm_node_get(one, "params");
    const struct ncm_node *values = ncm_node_get(one, "values");
    const char *column = ncm_node_str(params, "column", NULL);
    const char *type = ncm_node_str(one, "metric_type", "");
    bool share = strstr(type, "DriftedColumnsCount") != NULL &&
                 strcmp(ncm_node_str(params, "value_type", ""), "share") == 0;
    bool drift = strstr(type, "ValueDrift") != NULL && column != NULL;
    if (!share && !drift) {
        return;
    }
    const char *method = share ? EV_SHARE : ncm_node_str(params, "method", "");
    double threshold = ev_number(ncm_node_get(params, share ? "drift_share" : "threshold"));
    for (size_t i = 0; values != NULL && i < values->n && i < sources->n; i++) {
        /* null: this snapshot has no such value; nothing stands for it. */
        if (values->items[i].kind == NCM_NODE_NULL) {
            continue;
        }
        double value = ev_number(&values->items[i]);
        ev_add(b, share ? NULL : column, method, threshold,
               (struct ncm_evidently_point){
                   .time_ms = ncm_ask_time(ncm_node_str(&sources->items[i], "timestamp", NULL)),
                   .value = value,
                   .drifted = ncm_evidently_drifted(method, value, threshold),
               });
    }
}

bool ev_read_series(struct ev_builder *b, const struct ncm_node *root)
{
    const struct ncm_node *sources = ncm_node_get(root, "sources");
    const struct ncm_node *series = ncm_node_get(root, "series");
    if (sources == NULL || sources->kind != NCM_NODE_LIST || series == NULL ||
        series->kind != NCM_NODE_LIST) {
        return false;
    }
    for (size_t i = 0; i < series->n; i++) {
        take_values(b, &series->items[i], sources);
    }
    return true;
}

static void put_time(struct ncm_buf *path, const char *name, int64_t ms)
{
    char text[40];
    if (ms != NCM_NO_TIME) {
        ncm_fmt_iso(text, sizeof text, ms);
        text[strcspn(text, "Z")] = '\0'; /* its times have no zone */
        ncm_buf_printf(path, "%s%s=", strchr(path->p, '?') != NULL ? "&" : "?", name);
        ncm_http_encode(path, text);
    }
}

bool ncm_evidently_ui(const struct ncm_place *place, const char *project, int64_t since_ms,
                      int64_t until_ms, const struct ncm_control *control,
                      struct ncm_evidently *out, struct ncm_err *err)
{
    static const char body[] =
        "{\"series_filter\":["
        "{\"tags\":[],\"metadata\":{},\"metric\":\"evidently:metric_v2:ValueDrift\","
        "\"metric_labels\":{}},"
        "{\"tags\":[],\"metadata\":{},\"metric\":\"evidently:metric_v2:DriftedColumnsCount\","
        "\"metric_labels\":{}}]}";
    struct ncm_ask k;
    struct ncm_doc *doc = NULL;
    struct ncm_buf path;
    struct ev_builder b;
    *out = (struct ncm_evidently){0};
    ncm_buf_init(&path, 4096);
    ncm_buf_puts(&path, "/api/v2/snapshots/");
    ncm_http_encode(&path, project);
    ncm_buf_puts(&path, "/data_series_batch");
    put_time(&path, "timestamp_start", since_ms);
    put_time(&path, "timestamp_end", until_ms);
    struct ncm_http_request rq = ncm_ask_request(NCM_HTTP_POST, path.p, control);
    rq.body = body;
    rq.body_len = sizeof body - 1;
    rq.asks = true;
    ev_builder_init(&b);
    bool ok = open_ask(place, &k, err) && ncm_ask_go_on(control, err) && call(&k, &rq, &doc, err);
    if (ok && !ev_read_series(&b, ncm_doc_root(doc))) {
        ok = ncm_fail(err, NCM_INVALID_DATA, _("%s answers with no series of Evidently's"),
                      place->location);
    }
    ok = ok && ev_finish(&b, out, err);
    if (ok) {
        out->n_reports = ncm_node_get(ncm_doc_root(doc), "sources")->n;
    }
    ev_builder_release(&b);
    ncm_doc_free(doc);
    ncm_http_close(k.http);
    ncm_buf_release(&path);
    return ok;
}
