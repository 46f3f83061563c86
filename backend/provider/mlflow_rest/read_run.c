/* Topics RUN and SERIES. */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/mlflow_rest/runs.h"
#include "stats/thin.h"

enum {
    PREFIX_LEAST = 4,
    ID_LEN = 32,
    LOGGED_MOST = 20,     /* logged models of a run that are asked for one by one */
    INTERVAL_MOST = 2500, /* points that the server samples at the most */
    HISTORY_PAGE = 25000,
    HISTORY_MOST = 20 * 1000 * 1000, /* points; some 480 MB */
};

/* "/path?key=value" with the value encoded; the caller frees. */
static char *with_value(const char *path, const char *value)
{
    struct ncm_buf out;
    ncm_buf_init(&out, 1 << 16);
    ncm_buf_puts(&out, path);
    ncm_http_encode(&out, value);
    char *text = ncm_buf_take(&out);
    ncm_buf_release(&out);
    return text;
}

static bool get_run(struct ncm_conn *c, const char *id, const struct ncm_control *control,
                    struct ncm_arena *a, struct ncm_run *out, struct ncm_err *err)
{
    struct ncm_doc *doc;
    char *path = with_value("/runs/get?run_id=", id);
    bool ok = rest_read(c, NCM_HTTP_GET, path, NULL, control, &doc, err);
    ncm_free(path);
    if (!ok) {
        return err->code == NCM_NOT_FOUND
                   ? ncm_fail(err, NCM_NOT_FOUND, _("There is no run %s in this store."), id)
                   : false;
    }
    ok = rest_run(ncm_node_get(ncm_doc_root(doc), "run"), a, out, err);
    ncm_doc_free(doc);
    return ok;
}

/* Names and states of the models that the run logged (MLflow 3); one that cannot be read keeps its
 * id. */
static void fill_logged(struct ncm_conn *c, const struct ncm_control *control, struct ncm_arena *a,
                        struct ncm_run *r)
{
    for (size_t i = 0; i < r->n_logged_models && i < LOGGED_MOST; i++) {
        struct ncm_logged_model *m = &r->logged_models[i];
        struct ncm_doc *doc;
        struct ncm_err ignored;
        char *path = with_value("/logged-models/", ncm_cstr(m->id));
        if (rest_read(c, NCM_HTTP_GET, path, NULL, control, &doc, &ignored)) {
            const struct ncm_node *info =
                ncm_node_get(ncm_node_get(ncm_doc_root(doc), "model"), "info");
            struct ncm_str status = rest_str(info, "status", a);
            static const char prefix[] = "LOGGED_MODEL_";
            bool long_word =
                status.len > sizeof prefix - 1 && strncmp(status.p, prefix, sizeof prefix - 1) == 0;
            m->name = rest_str(info, "name", a);
            m->status = long_word ? ncm_arena_cstr(a, status.p + sizeof prefix - 1) : status;
            m->artifact_location = rest_str(info, "artifact_uri", a);
            m->model_type = rest_str(info, "model_type", a);
            ncm_doc_free(doc);
        }
        ncm_free(path);
    }
}

/* Registered versions that came from the run; none where the server has no registry. */
static bool fill_versions(struct ncm_conn *c, const struct ncm_control *control,
                          struct ncm_arena *a, struct ncm_run *r, struct ncm_err *err)
{
    struct ncm_doc *doc;
    const struct ncm_node *list;
    struct ncm_list out = {.size = sizeof(struct ncm_version_ref)};
    if (strchr(ncm_cstr(r->id), '\'') != NULL) {
        return true; /* no id that a version could name */
    }
    char *filter = ncm_sprintf("run_id='%s'", ncm_cstr(r->id));
    char *path = with_value("/model-versions/search?max_results=1000&filter=", filter);
    bool ok = rest_read(c, NCM_HTTP_GET, path, NULL, control, &doc, err);
    ncm_free(path);
    ncm_free(filter);
    if (!ok) {
        return err->code == NCM_UNSUPPORTED || err->code == NCM_REFUSED;
    }
    ok = rest_list(doc, "model_versions", &list, err);
    for (size_t i = 0; ok && i < list->n; i++) {
        struct ncm_model_version v;
        ok = rest_version(&list->items[i], a, &v, err);
        if (ok) {
            *(struct ncm_version_ref *)ncm_list_add(&out) =
                (struct ncm_version_ref){v.model, v.version, v.stage_text};
        }
    }
    r->n_versions = out.n;
    r->versions = ncm_list_move(&out, a);
    ncm_doc_free(doc);
    return ok;
}

static int by_model(const void *x, const void *y)
{
    const struct ncm_version_ref *a = x, *b = y;
    int64_t i = 0, k = 0;
    int d = ncm_str_compare(a->model, b->model);
    if (d == 0 && ncm_parse_i64(ncm_cstr(a->version), &i) &&
        ncm_parse_i64(ncm_cstr(b->version), &k)) {
        d = (i < k) - (i > k); /* highest first */
    }
    return d;
}

/* Whether a text can be the beginning of an id: letters and digits, and not a whole one. */
static bool is_prefix(const char *s)
{
    size_t n = strspn(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return n >= PREFIX_LEAST && n < ID_LEN && s[n] == '\0';
}

/* The one run whose id begins so; several are NCM_USAGE, none leaves *id as it is. */
static bool by_prefix(struct ncm_conn *c, const char **id, const struct ncm_control *control,
                      struct ncm_arena *a, struct ncm_err *err)
{
    struct ncm_doc *doc;
    const struct ncm_node *list;
    if (c->replay) {
        return true; /* whose id that is has to be asked */
    }
    if (!rest_active(c, false, control, err)) {
        return false;
    }
    char *filter = ncm_sprintf("attributes.run_id LIKE '%s%%'", *id);
    char *body = rest_search_body(c->experiments.ids, c->experiments.n, filter, NCM_VIEW_ALL, NULL,
                                  0, 2, NULL);
    bool ok = rest_ask(c, NCM_HTTP_POST, "/runs/search", body, control, &doc, err);
    ncm_free(body);
    ncm_free(filter);
    if (!ok || !rest_list(doc, "runs", &list, err)) {
        ncm_doc_free(doc);
        return false;
    }
    struct ncm_str found[2] = {{0}};
    for (size_t i = 0; i < list->n && i < 2; i++) {
        found[i] = rest_str(ncm_node_get(&list->items[i], "info"), "run_id", a);
    }
    if (list->n >= 2) {
        ok = ncm_fail(err, NCM_USAGE, _("The ids of several runs begin with '%s'"), *id);
        ncm_hint(err, _("two of them are %s and %s"), ncm_cstr(found[0]), ncm_cstr(found[1]));
    } else if (found[0].len > 0) {
        *id = found[0].p;
    }
    ncm_doc_free(doc);
    return ok;
}

bool rest_read_run(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_run_snapshot *s = ncm_snapshot_new(NCM_T_RUN, sizeof *s);
    struct ncm_arena *a = s->head.arena;
    const char *id = f->query->id != NULL ? f->query->id : "";
    bool ok = (!is_prefix(id) || by_prefix(c, &id, &f->control, a, err)) &&
              get_run(c, id, &f->control, a, &s->run, err);
    if (ok) {
        fill_logged(c, &f->control, a, &s->run);
        ok = fill_versions(c, &f->control, a, &s->run, err);
    }
    if (!ok) {
        ncm_snapshot_unref(s);
        return false;
    }
    if (s->run.n_versions > 1) {
        qsort(s->run.versions, s->run.n_versions, sizeof *s->run.versions, by_model);
    }
    rest_publish(c, f, &s->head);
    return true;
}

/* ---- histories --------------------------------------------------------------------------------
 */

struct history {
    struct ncm_sample *items;
    size_t n, cap;
};

static bool take_points(const struct ncm_doc *doc, struct history *h, struct ncm_err *err)
{
    const struct ncm_node *list;
    if (!rest_list(doc, "metrics", &list, err)) {
        return false;
    }
    for (size_t i = 0; i < list->n; i++) {
        const struct ncm_node *m = &list->items[i];
        struct ncm_value v = rest_value(ncm_node_get(m, "value"));
        int64_t step = rest_time(m, "step");
        if (v.kind == NCM_V_UNSET) {
            return ncm_fail(err, NCM_INVALID_DATA,
                            _("the server's answer holds a point without a number"));
        }
        h->items = ncm_grow(h->items, h->n, &h->cap, sizeof *h->items);
        h->items[h->n++] = (struct ncm_sample){.step = step == NCM_NO_TIME ? 0 : step,
                                               .time = rest_time(m, "timestamp"),
                                               .value = v.num};
    }
    return true;
}

static char *series_path(const char *call, const char *run_name, const struct ncm_query *q,
                         int64_t most, const char *token)
{
    struct ncm_buf out;
    ncm_buf_init(&out, 1 << 16);
    ncm_buf_printf(&out, "%s?%s=", call, run_name);
    ncm_http_encode(&out, q->id);
    ncm_buf_puts(&out, "&metric_key=");
    ncm_http_encode(&out, q->key);
    ncm_buf_printf(&out, "&max_results=%lld", (long long)most);
    if (token != NULL) {
        ncm_buf_puts(&out, "&page_token=");
        ncm_http_encode(&out, token);
    }
    char *path = ncm_buf_take(&out);
    ncm_buf_release(&out);
    return path;
}

/* An even sample; *whole: nothing was left out. NCM_UNSUPPORTED where the server lacks it. */
static bool sampled(struct ncm_conn *c, struct ncm_fetch *f, struct history *h, bool *whole,
                    struct ncm_err *err)
{
    struct ncm_doc *doc;
    int64_t most =
        f->query->limit > 0 && f->query->limit < INTERVAL_MOST ? f->query->limit : INTERVAL_MOST;
    char *path = series_path("/metrics/get-history-bulk-interval", "run_ids", f->query, most, NULL);
    bool ok = rest_read(c, NCM_HTTP_GET, path, NULL, &f->control, &doc, err);
    ncm_free(path);
    if (!ok) {
        return false;
    }
    ok = take_points(doc, h, err);
    *whole = h->n < (size_t)most;
    ncm_doc_free(doc);
    return ok;
}

static bool all_points(struct ncm_conn *c, struct ncm_fetch *f, struct history *h,
                       struct ncm_err *err)
{
    char *token = NULL;
    bool ok = true, more = true;
    while (ok && more) {
        struct ncm_doc *doc;
        char *path = series_path("/metrics/get-history", "run_id", f->query, HISTORY_PAGE, token);
        ok = rest_read(c, NCM_HTTP_GET, path, NULL, &f->control, &doc, err);
        ncm_free(path);
        if (!ok) {
            break;
        }
        ok = take_points(doc, h, err) && rest_turn(doc, "metrics", &token, err);
        more = token != NULL;
        ncm_doc_free(doc);
        if (ok && more && h->n > HISTORY_MOST) {
            ok = ncm_fail(err, NCM_TOO_LARGE, _("The history of '%s' has too many points to read"),
                          f->query->key);
        }
        if (more && f->progress != NULL) {
            f->progress(f->to, (int64_t)h->n, -1);
        }
    }
    ncm_free(token);
    return ok;
}

bool rest_read_series(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct history h = {0};
    bool ok = false, whole = true, even = f->query->sampled && !c->no_interval;
    if (even) {
        ok = sampled(c, f, &h, &whole, err);
        c->no_interval = !ok && err->code == NCM_UNSUPPORTED;
        even = ok || !c->no_interval;
    }
    if (!even) {
        ok = all_points(c, f, &h, err);
    }
    if (!ok) {
        ncm_free(h.items);
        return false;
    }
    struct ncm_series_snapshot *s = ncm_snapshot_new(NCM_T_SERIES, sizeof *s);
    struct ncm_thin thin = {.limit = f->query->limit > 0 ? (size_t)f->query->limit : 0};
    s->run_id = ncm_arena_cstr(s->head.arena, f->query->id);
    s->key = ncm_arena_cstr(s->head.arena, f->query->key);
    if (h.n > 1) {
        qsort(h.items, h.n, sizeof *h.items, ncm_sample_order);
    }
    for (size_t i = 0; i < h.n; i++) {
        ncm_thin_push(&thin, &h.items[i]);
    }
    ncm_thin_finish(&thin, s);
    if (!whole) {
        s->total = -1; /* how many there are was not told */
    }
    ncm_free(h.items);
    rest_publish(c, f, &s->head);
    return true;
}
