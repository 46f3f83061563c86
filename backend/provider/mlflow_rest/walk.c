/* Walking through the pages of runs/search, and keeping a list that was walked up to date without
 * asking for all of it again. Tokens mean offsets: rows may come twice, so they are known by id. */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/mlflow_rest/runs.h"

enum {
    BODY_MOST = 8 * 1024 * 1024,
    AGAIN_MOST = 100, /* runs asked for by id in one request */
    NEWER_PAGES = 50, /* of new runs in one refresh; more is a walk from the start */
    BARREN_MOST = 3,  /* pages in a row without a run that is new: more will not come either */
    QUICK_MS = 1500,  /* a page that came within this time may be followed by a larger one */
};

char *rest_search_body(char *const *ids, size_t n_ids, const char *filter, enum ncm_view view,
                       char *const *orders, size_t n_orders, size_t most, const char *token)
{
    static const char *const views[] = {"ACTIVE_ONLY", "DELETED_ONLY", "ALL"};
    struct ncm_buf out;
    struct ncm_json j;
    ncm_buf_init(&out, BODY_MOST);
    ncm_json_init(&j, &out, false);
    ncm_json_obj(&j);
    ncm_json_key(&j, "experiment_ids");
    ncm_json_arr(&j);
    for (size_t i = 0; i < n_ids; i++) {
        ncm_json_str(&j, ids[i]);
    }
    ncm_json_end_arr(&j);
    if (filter != NULL && filter[0] != '\0') {
        ncm_json_key(&j, "filter");
        ncm_json_str(&j, filter);
    }
    ncm_json_key(&j, "run_view_type");
    ncm_json_str(&j, views[view]);
    ncm_json_key(&j, "max_results");
    ncm_json_i64(&j, (int64_t)most);
    if (n_orders > 0) {
        ncm_json_key(&j, "order_by");
        ncm_json_arr(&j);
        for (size_t i = 0; i < n_orders; i++) {
            ncm_json_str(&j, orders[i]);
        }
        ncm_json_end_arr(&j);
    }
    if (token != NULL) {
        ncm_json_key(&j, "page_token");
        ncm_json_str(&j, token);
    }
    ncm_json_end_obj(&j);
    char *body = ncm_buf_take(&out);
    ncm_buf_release(&out);
    return body;
}

void rest_walk_restart(struct rest_walk *w)
{
    w->n = 0;
    if (w->in != NULL) {
        memset(w->in, 0, w->in_cap);
    }
    ncm_free(w->token);
    w->token = NULL;
    w->started = w->complete = false;
    w->page = REST_FIRST_PAGE;
    w->barren = 0;
    w->newest_ms = NCM_NO_TIME;
}

static char *body_of(struct ncm_conn *c, const struct rest_walk *w, const char *filter,
                     const char *token, size_t most)
{
    char *const *ids = w->n_ids > 0 ? w->ids : c->experiments.ids;
    size_t n_ids = w->n_ids > 0 ? w->n_ids : c->experiments.n;
    return rest_search_body(ids, n_ids, filter, w->view, w->orders, w->n_orders, most, token);
}

/* Marks a row as being there; false where it was. */
static bool enter(struct rest_walk *w, uint32_t handle)
{
    if (handle >= w->in_cap) {
        size_t cap = (size_t)handle + handle / 2 + 256;
        w->in = ncm_resize(w->in, cap, 1);
        memset(w->in + w->in_cap, 0, cap - w->in_cap);
        w->in_cap = cap;
    }
    if (w->in[handle] != 0) {
        return false;
    }
    w->in[handle] = 1;
    w->rows = ncm_grow(w->rows, w->n, &w->cap, sizeof *w->rows);
    w->rows[w->n++] = handle;
    return true;
}

/* Adds the runs of an answer; *added (may be NULL) counts those that are new. */
static bool take(struct ncm_conn *c, struct rest_walk *w, const struct ncm_doc *doc, size_t *added,
                 struct ncm_err *err)
{
    const struct ncm_node *list;
    uint32_t *handles;
    if (!rest_list(doc, "runs", &list, err) || !rest_runs_take(c->runs, list, &handles, err)) {
        return false;
    }
    for (size_t i = 0; i < list->n; i++) {
        int64_t start = rest_runs_at(c->runs, handles[i])->start_ms;
        bool fresh = enter(w, handles[i]);
        if (added != NULL && fresh) {
            (*added)++;
        }
        /* One dated into the far future must not hide those that begin now. */
        if (start != NCM_NO_TIME && start > w->newest_ms && start < rest_far_ahead(c)) {
            w->newest_ms = start;
        }
    }
    ncm_free(handles);
    return true;
}

/* Notes where the next page is. */
static bool turn(struct rest_walk *w, const struct ncm_doc *doc, int64_t took_ms,
                 struct ncm_err *err)
{
    if (!rest_turn(doc, "runs", &w->token, err)) {
        return false;
    }
    w->started = true;
    w->complete = w->token == NULL;
    if (w->complete) {
        w->walked_mono_ms = w->refreshed_mono_ms = ncm_mono_ms();
    }
    if (took_ms < QUICK_MS && w->page < REST_LAST_PAGE) {
        w->page = w->page * 2 < REST_LAST_PAGE ? w->page * 2 : REST_LAST_PAGE;
    } else if (took_ms > 2 * QUICK_MS && w->page > REST_FIRST_PAGE) {
        w->page /= 2;
    }
    return true;
}

static bool first_page(struct ncm_conn *c, struct rest_walk *w, const struct ncm_control *control,
                       struct ncm_err *err)
{
    struct ncm_doc *doc;
    int64_t began = ncm_mono_ms();
    char *body = body_of(c, w, w->filter, NULL, REST_FIRST_PAGE);
    bool ok = rest_read(c, NCM_HTTP_POST, "/runs/search", body, control, &doc, err);
    ncm_free(body);
    if (!ok) {
        return false;
    }
    rest_walk_restart(w);
    w->walked_mono_ms = w->refreshed_mono_ms = began;
    w->experiments = c->experiments.print;
    ok = take(c, w, doc, NULL, err) && turn(w, doc, ncm_mono_ms() - began, err);
    ncm_doc_free(doc);
    return ok;
}

/* A request under way while the answer before it is taken. */
struct ahead {
    bool sent;
    char *body, *url;
    struct ncm_http_request rq;
    int64_t began;
};

static bool send_ahead(struct ncm_conn *c, struct rest_walk *w, struct ahead *a,
                       const struct ncm_control *control, struct ncm_err *err)
{
    a->body = body_of(c, w, w->filter, w->token, w->page);
    a->rq = rest_request(NCM_HTTP_POST, "/runs/search", a->body, control, &a->url);
    a->rq.asks = true;
    a->began = ncm_mono_ms();
    a->sent = ncm_http_begin(c->http, &a->rq, err);
    return a->sent;
}

static void end_ahead(struct ahead *a)
{
    ncm_free(a->body);
    ncm_free(a->url);
    *a = (struct ahead){.began = a->began};
}

static bool receive_ahead(struct ncm_conn *c, struct ahead *a, struct ncm_doc **doc,
                          struct ncm_err *err)
{
    struct ncm_http_answer answer;
    *doc = NULL;
    bool ok =
        ncm_http_finish(c->http, &answer, err) && rest_answer(c, &answer, "/runs/search", doc, err);
    ncm_http_answer_release(&answer);
    end_ahead(a);
    return ok;
}

/* Nobody waits for it any more. */
static void drop_ahead(struct ncm_conn *c, struct ahead *a)
{
    struct ncm_http_answer answer;
    struct ncm_err ignored;
    if (a->sent) {
        ncm_http_interrupt(c->http);
        ncm_http_finish(c->http, &answer, &ignored);
        ncm_http_answer_release(&answer);
        ncm_http_ready(c->http);
    }
    end_ahead(a);
}

static size_t count_of(const struct ncm_doc *doc)
{
    const struct ncm_node *runs = ncm_node_get(ncm_doc_root(doc), "runs");
    return runs != NULL && runs->kind == NCM_NODE_LIST ? runs->n : 0;
}

/* Takes a page; the one after it is asked for first, so that the server works meanwhile. Whatever
 * fails, the page is taken or will be asked for again. */
static bool take_page(struct ncm_conn *c, struct rest_walk *w, const struct ncm_doc *doc,
                      size_t need, struct ahead *ahead, const struct ncm_control *control,
                      struct ncm_err *err)
{
    struct ncm_err why;
    char *token = ncm_strdup(w->token);
    size_t before = w->n;
    bool ok = turn(w, doc, ncm_mono_ms() - ahead->began, err);
    if (ok) {
        bool more = !w->complete && w->n + count_of(doc) < need;
        bool sent = !more || send_ahead(c, w, ahead, control, &why);
        ok = take(c, w, doc, NULL, err);
        if (ok && !sent) {
            *err = why;
            ncm_free(token);
            return false;
        }
    }
    w->barren = w->n > before ? 0 : w->barren + 1;
    if (ok && w->barren > BARREN_MOST && !w->complete) {
        ok = ncm_fail(err, NCM_INVALID_DATA,
                      _("the server gives the same page of '%s' again and again"), "runs");
    }
    if (ok) {
        ncm_free(token);
    } else {
        ncm_free(w->token);
        w->token = token;
        w->complete = false;
    }
    return ok;
}

bool rest_walk_to(struct ncm_conn *c, struct rest_walk *w, size_t need,
                  const struct ncm_control *control, rest_page_fn page, void *to,
                  struct ncm_err *err)
{
    struct ahead ahead = {0};
    bool ok = true;
    if (!w->started) {
        ok = first_page(c, w, control, err) && page(to, w, err);
    }
    while (ok && !w->complete && w->n < need && !c->replay) {
        struct ncm_doc *doc = NULL;
        ok = ncm_ask_go_on(control, err) && (ahead.sent || send_ahead(c, w, &ahead, control, err)) &&
             receive_ahead(c, &ahead, &doc, err) &&
             take_page(c, w, doc, need, &ahead, control, err) && page(to, w, err);
        ncm_doc_free(doc);
    }
    drop_ahead(c, &ahead);
    return ok;
}

/* ---- keeping it up to date --------------------------------------------------------------------
 */

static int newest_first(const void *x, const void *y, void *to)
{
    const struct rest_runs *r = to;
    const struct ncm_run *a = rest_runs_at(r, *(const uint32_t *)x);
    const struct ncm_run *b = rest_runs_at(r, *(const uint32_t *)y);
    if (a->start_ms != b->start_ms) {
        return a->start_ms > b->start_ms ? -1 : 1; /* absent ones are the least */
    }
    return ncm_str_compare(a->id, b->id);
}

void rest_walk_sort(const struct rest_runs *r, struct rest_walk *w)
{
    if (w->n > 1) {
        qsort_r(w->rows, w->n, sizeof *w->rows, newest_first, (void *)(uintptr_t)r);
    }
}

/* The question's own filter and one condition more. */
static char *narrowed(const struct rest_walk *w, const char *condition)
{
    return w->filter != NULL ? ncm_sprintf("%s AND %s", w->filter, condition)
                             : ncm_strdup(condition);
}

bool rest_walk_newer(struct ncm_conn *c, struct rest_walk *w, const struct ncm_control *control,
                     size_t *found, struct ncm_err *err)
{
    char *condition = NULL, *filter = NULL, *token = NULL;
    bool ok = true, more = true;
    *found = 0;
    if (w->newest_ms != NCM_NO_TIME) {
        condition = ncm_sprintf("attributes.start_time >= %lld", (long long)w->newest_ms);
        filter = narrowed(w, condition);
    }
    for (int i = 0; ok && more && i < NEWER_PAGES; i++) {
        struct ncm_doc *doc;
        char *body = body_of(c, w, filter != NULL ? filter : w->filter, token, REST_FIRST_PAGE);
        ok = rest_ask(c, NCM_HTTP_POST, "/runs/search", body, control, &doc, err);
        ncm_free(body);
        if (ok) {
            const char *next = rest_next(doc);
            ncm_free(token);
            token = ncm_strdup(next);
            more = next != NULL;
            ok = take(c, w, doc, found, err);
            ncm_doc_free(doc);
        }
    }
    ncm_free(token);
    ncm_free(filter);
    ncm_free(condition);
    if (ok && more) {
        w->started = false; /* between these and those that were known some may be missing */
    } else if (ok && *found > 0) {
        rest_walk_sort(c->runs, w);
    }
    return ok;
}

static void leave(struct rest_walk *w, const uint32_t *gone, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        w->in[gone[i]] = 0;
    }
    if (n > 0 && !w->complete) {
        w->started = false; /* what follows moved up: the next page would skip as many */
    }
    size_t kept = 0;
    for (size_t i = 0; i < w->n; i++) {
        if (w->in[w->rows[i]] != 0) {
            w->rows[kept++] = w->rows[i];
        }
    }
    w->n = kept;
}

/* At most AGAIN_MOST of them in one request. */
static bool ask_again(struct ncm_conn *c, struct rest_walk *w, const uint32_t *handles, size_t n,
                      const struct ncm_control *control, struct ncm_err *err)
{
    struct ncm_buf list;
    struct ncm_doc *doc;
    const struct ncm_node *runs;
    uint32_t *got = NULL;
    ncm_buf_init(&list, BODY_MOST);
    ncm_buf_puts(&list, "attributes.run_id IN (");
    for (size_t i = 0; i < n; i++) {
        ncm_buf_puts(&list, i > 0 ? ",'" : "'");
        for (const char *p = ncm_cstr(rest_runs_at(c->runs, handles[i])->id); *p != '\0'; p++) {
            ncm_buf_puts(&list, *p == '\'' ? "'" : ""); /* a quote is doubled */
            ncm_buf_putc(&list, *p);
        }
        ncm_buf_putc(&list, '\'');
    }
    ncm_buf_putc(&list, ')');
    char *filter = narrowed(w, list.p);
    char *body = body_of(c, w, filter, NULL, n);
    bool ok = rest_ask(c, NCM_HTTP_POST, "/runs/search", body, control, &doc, err);
    ncm_free(body);
    ncm_free(filter);
    ncm_buf_release(&list);
    if (!ok) {
        return false;
    }
    ok = rest_list(doc, "runs", &runs, err) && rest_runs_take(c->runs, runs, &got, err);
    if (ok && runs->n < n) {
        uint32_t gone[AGAIN_MOST];
        size_t n_gone = 0;
        for (size_t i = 0; i < n; i++) {
            bool there = false;
            for (size_t k = 0; k < runs->n && !there; k++) {
                there = got[k] == handles[i];
            }
            if (!there) {
                gone[n_gone++] = handles[i];
            }
        }
        leave(w, gone, n_gone);
    }
    ncm_free(got);
    ncm_doc_free(doc);
    return ok;
}

bool rest_walk_again(struct ncm_conn *c, struct rest_walk *w, const uint32_t *handles, size_t n,
                     const struct ncm_control *control, struct ncm_err *err)
{
    for (size_t at = 0; at < n && !c->no_run_in; at += AGAIN_MOST) {
        size_t part = n - at < AGAIN_MOST ? n - at : AGAIN_MOST;
        if (!ask_again(c, w, handles + at, part, control, err)) {
            if (err->code != NCM_REFUSED) {
                return false;
            }
            c->no_run_in = true; /* an old server: the list is walked again instead */
        }
    }
    return true;
}
