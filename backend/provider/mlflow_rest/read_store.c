/* Topics STORE, EXPERIMENTS and RUN_KEYS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/mlflow_rest/runs.h"

enum {
    EXPERIMENTS_PAGE = 1000,
    EXPERIMENTS_MOST = 100000,
    RUNNING_MOST = 100, /* running runs that are counted; more are not known */
    COUNTS_MS = 1000,   /* so old may the rows be that are counted */
    COUNTED_MS = 10000, /* many of them are counted no more often than this */
    COUNTED_FEW = 20,
    ACTIVE_MS = 60000,     /* the list of experiments is asked for anew after so long */
    KEYS_FROM_MOST = 5000, /* runs whose keys are collected */
    KEYS_MOST = 100000,
};

bool rest_read_store(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    if (c->replay) {
        return ncm_fail(err, NCM_NOT_FOUND, _("Nothing was kept of this."));
    }
    if (!rest_learn(c, &f->control, err)) {
        return false;
    }
    struct ncm_store_snapshot *s = ncm_snapshot_new(NCM_T_STORE, sizeof *s);
    struct ncm_arena *a = s->head.arena;
    char release[64];
    snprintf(release, sizeof release, c->facts.version[0] != '\0' ? "MLflow %s" : "%s",
             c->facts.version[0] != '\0' ? c->facts.version : _("MLflow before 2.0"));
    s->kind = ncm_arena_cstr(a, _("MLflow server"));
    s->location = ncm_arena_cstr(a, c->location);
    s->schema = ncm_arena_cstr(a, "REST 2.0");
    s->release = ncm_arena_cstr(a, release);
    s->writable = true; /* permissions are the server's to tell, change by change */
    s->has_registry = c->facts.has_registry;
    s->has_stages = c->facts.has_registry && c->facts.has_stages;
    s->has_aliases = c->facts.has_registry && c->facts.has_aliases;
    s->has_inputs = c->facts.major > 2 || (c->facts.major == 2 && c->facts.minor >= 4);
    s->has_logged_models = c->facts.has_logged_models;
    s->n_experiments = c->experiments.asked_mono_ms != 0 ? (int64_t)c->experiments.n : -1;
    s->n_runs = s->n_models = -1;
    rest_publish(c, f, &s->head);
    return true;
}

/* ---- experiments ------------------------------------------------------------------------------
 */

static char *experiments_body(const char *view, size_t most, const char *filter, const char *token)
{
    struct ncm_buf out;
    struct ncm_json j;
    ncm_buf_init(&out, 1 << 20);
    ncm_json_init(&j, &out, false);
    ncm_json_obj(&j);
    ncm_json_key(&j, "max_results");
    ncm_json_i64(&j, (int64_t)most);
    ncm_json_key(&j, "view_type");
    ncm_json_str(&j, view);
    if (filter != NULL) {
        ncm_json_key(&j, "filter");
        ncm_json_str(&j, filter);
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

static const char *view_word(enum ncm_view view)
{
    return view == NCM_VIEW_ALL ? "ALL" : view == NCM_VIEW_DELETED ? "DELETED_ONLY" : "ACTIVE_ONLY";
}

/* Offset paging may give one twice. */
static bool take_experiment(const struct ncm_node *n, struct ncm_arena *a, struct ncm_map *seen,
                            struct ncm_list *out, struct ncm_err *err)
{
    struct ncm_experiment e;
    size_t ignored;
    if (!rest_experiment(n, a, &e, err)) {
        return false;
    }
    if (!ncm_map_get(seen, e.id.p, e.id.len, &ignored)) {
        ncm_map_set(seen, e.id.p, e.id.len, 1);
        *(struct ncm_experiment *)ncm_list_add(out) = e;
    }
    return true;
}

static bool all_experiments(struct ncm_conn *c, enum ncm_view view, struct ncm_arena *a,
                            struct ncm_list *out, const struct ncm_control *control,
                            struct ncm_err *err)
{
    struct ncm_map *seen = ncm_map_new();
    char *token = NULL;
    bool ok = true, more = true;
    while (ok && more && out->n < EXPERIMENTS_MOST) {
        struct ncm_doc *doc;
        const struct ncm_node *list;
        char *body = experiments_body(view_word(view), EXPERIMENTS_PAGE, NULL, token);
        ok = rest_read(c, NCM_HTTP_POST, "/experiments/search", body, control, &doc, err);
        ncm_free(body);
        if (!ok) {
            break;
        }
        ok = rest_list(doc, "experiments", &list, err);
        for (size_t i = 0; ok && i < list->n; i++) {
            ok = take_experiment(&list->items[i], a, seen, out, err);
        }
        ok = ok && rest_turn(doc, "experiments", &token, err);
        more = token != NULL;
        ncm_doc_free(doc);
    }
    ncm_free(token);
    ncm_map_free(seen);
    return ok;
}

/* A fingerprint of which there are, in any order. */
static uint64_t print_of(const struct rest_experiments *e)
{
    uint64_t print = e->n;
    for (size_t i = 0; i < e->n; i++) {
        print += rest_print(REST_PRINT, e->ids[i], strlen(e->ids[i]));
    }
    return print;
}

static void remember(struct ncm_conn *c, const struct ncm_experiment *items, size_t n)
{
    struct rest_experiments *e = &c->experiments;
    for (size_t i = 0; i < e->n; i++) {
        ncm_free(e->ids[i]);
    }
    e->n = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t at = items[i].last_update_ms;
        if (items[i].lifecycle == NCM_ACTIVE) {
            e->ids = ncm_grow(e->ids, e->n, &e->cap, sizeof *e->ids);
            e->ids[e->n++] = ncm_strdup(items[i].id.p);
        }
        /* One dated into the far future must not hide what changes now. */
        if (at != NCM_NO_TIME && at > e->newest_ms && at < rest_far_ahead(c)) {
            e->newest_ms = at;
        }
    }
    e->print = print_of(e);
    e->asked_mono_ms = ncm_mono_ms();
}

/* Whether an experiment was made, renamed, deleted or restored since; one that cannot be asked
 * counts as a yes. */
static bool have_changed(struct ncm_conn *c, const struct ncm_control *control, bool *changed,
                         struct ncm_err *err)
{
    struct ncm_doc *doc;
    const struct ncm_node *list;
    *changed = true;
    if (c->no_change_filter || c->experiments.newest_ms <= 0) {
        return true;
    }
    char *filter = ncm_sprintf("last_update_time > %lld", (long long)c->experiments.newest_ms);
    char *body = experiments_body("ALL", 1, filter, NULL);
    bool ok = rest_ask(c, NCM_HTTP_POST, "/experiments/search", body, control, &doc, err);
    ncm_free(body);
    ncm_free(filter);
    if (!ok && err->code == NCM_REFUSED) {
        c->no_change_filter = true;
        return true;
    }
    ok = ok && rest_list(doc, "experiments", &list, err);
    *changed = !ok || list->n > 0;
    ncm_doc_free(doc);
    return ok;
}

bool rest_active(struct ncm_conn *c, bool anew, const struct ncm_control *control,
                 struct ncm_err *err)
{
    const struct rest_experiments *e = &c->experiments;
    bool known = e->asked_mono_ms != 0, changed = true;
    if (known && !anew && ncm_mono_ms() - e->asked_mono_ms < ACTIVE_MS &&
        !have_changed(c, control, &changed, err)) {
        return false;
    }
    if (known && !changed) {
        return true;
    }
    struct ncm_arena *a = ncm_arena_new();
    struct ncm_list list = {.size = sizeof(struct ncm_experiment)};
    bool ok = all_experiments(c, NCM_VIEW_ACTIVE, a, &list, control, err);
    if (ok) {
        remember(c, list.items, list.n);
    }
    ncm_free(list.items);
    ncm_arena_free(a);
    return ok;
}

/* Asks which runs are running; more than a page of them stays unknown. */
static bool ask_running(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct rest_running *k = &c->running;
    struct ncm_doc *doc = NULL;
    const struct ncm_node *runs;
    char *body =
        rest_search_body(c->experiments.ids, c->experiments.n, "attributes.status = 'RUNNING'",
                         NCM_VIEW_ACTIVE, NULL, 0, RUNNING_MOST, NULL);
    bool ok = rest_read(c, NCM_HTTP_POST, "/runs/search", body, &f->control, &doc, err) &&
              rest_list(doc, "runs", &runs, err);
    ncm_free(body);
    if (ok) {
        ncm_map_free(k->counts);
        k->counts = ncm_map_new();
        k->known = rest_next(doc) == NULL;
        k->asked_mono_ms = ncm_mono_ms();
        k->n = runs->n;
        for (size_t i = 0; i < runs->n; i++) {
            const char *id =
                ncm_node_str(ncm_node_get(&runs->items[i], "info"), "experiment_id", "");
            size_t n = 0;
            ncm_map_get(k->counts, id, strlen(id), &n);
            ncm_map_set(k->counts, id, strlen(id), n + 1);
        }
    }
    ncm_doc_free(doc);
    return ok;
}

/* How many runs are running where: one request for all experiments. */
static bool count_running(struct ncm_conn *c, struct ncm_experiments_snapshot *s,
                          struct ncm_fetch *f, struct ncm_err *err)
{
    struct rest_running *k = &c->running;
    bool fresh = k->n > COUNTED_FEW && ncm_mono_ms() - k->asked_mono_ms < COUNTED_MS;
    if (!fresh && c->experiments.n > 0 && !ask_running(c, f, err)) {
        return false;
    }
    for (size_t i = 0; k->known && i < s->n; i++) {
        size_t n = 0;
        if (s->items[i].lifecycle == NCM_ACTIVE) {
            ncm_map_get(k->counts, s->items[i].id.p, s->items[i].id.len, &n);
            s->items[i].running_count = (int64_t)n;
        }
    }
    return true;
}

/* The API counts nothing; where all runs were walked through just now, we did. A walk that is older
 * may lack what the change was about for which we are asked. */
static void count_walked(const struct ncm_conn *c, struct ncm_experiments_snapshot *s)
{
    for (const struct rest_walk *w = c->runs->walks; w != NULL; w = w->next) {
        bool one = w->n_ids == 1;
        bool fresh = ncm_mono_ms() - w->refreshed_mono_ms < COUNTS_MS;
        if (!fresh || !w->complete || w->filter != NULL || w->view != NCM_VIEW_ACTIVE ||
            w->n_ids > 1) {
            continue;
        }
        struct ncm_map *counts = ncm_map_new();
        for (size_t i = 0; i < w->n; i++) {
            struct ncm_str id = rest_runs_at(c->runs, w->rows[i])->experiment_id;
            size_t n = 0;
            ncm_map_get(counts, ncm_cstr(id), id.len, &n);
            ncm_map_set(counts, ncm_cstr(id), id.len, n + 1);
        }
        for (size_t i = 0; i < s->n; i++) {
            struct ncm_experiment *e = &s->items[i];
            size_t n = 0;
            if (e->lifecycle == NCM_ACTIVE && (!one || ncm_str_is(e->id, w->ids[0]))) {
                ncm_map_get(counts, e->id.p, e->id.len, &n);
                e->run_count = (int64_t)n;
            }
        }
        ncm_map_free(counts);
    }
}

/* Absent times last, then by id as a number where it is one. */
static int newest_update(const void *x, const void *y)
{
    const struct ncm_experiment *a = x, *b = y;
    int64_t i, k;
    if (a->last_update_ms != b->last_update_ms) {
        return a->last_update_ms > b->last_update_ms ? -1 : 1;
    }
    if (ncm_parse_i64(ncm_cstr(a->id), &i) && ncm_parse_i64(ncm_cstr(b->id), &k)) {
        return (i > k) - (i < k);
    }
    return ncm_str_compare(a->id, b->id);
}

bool rest_read_experiments(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_experiments_snapshot *s = ncm_snapshot_new(NCM_T_EXPERIMENTS, sizeof *s);
    struct ncm_list list = {.size = sizeof(struct ncm_experiment)};
    bool ok = all_experiments(c, f->query->view, s->head.arena, &list, &f->control, err);
    s->n = list.n;
    s->items = ncm_list_move(&list, s->head.arena);
    if (ok && s->n > 1) {
        qsort(s->items, s->n, sizeof *s->items, newest_update);
    }
    if (ok && !c->replay && f->query->view != NCM_VIEW_DELETED) {
        remember(c, s->items, s->n);
    }
    ok = ok && (c->replay || count_running(c, s, f, err));
    count_walked(c, s);
    if (!ok) {
        ncm_snapshot_unref(s);
        return false;
    }
    rest_publish(c, f, &s->head);
    return true;
}

/* ---- keys -------------------------------------------------------------------------------------
 */

static void collect(struct ncm_map *seen, struct ncm_list *out, struct ncm_arena *a,
                    struct ncm_str key)
{
    size_t ignored;
    if (out->n < KEYS_MOST && !ncm_map_get(seen, key.p, key.len, &ignored)) {
        ncm_map_set(seen, key.p, key.len, 1);
        *(struct ncm_str *)ncm_list_add(out) = ncm_arena_str(a, key.p, key.len);
    }
}

static int by_bytes(const void *x, const void *y)
{
    return ncm_str_compare(*(const struct ncm_str *)x, *(const struct ncm_str *)y);
}

struct keys {
    struct ncm_map *seen[3];
    struct ncm_list lists[3];
};

static void collect_run(struct keys *k, struct ncm_arena *a, const struct ncm_run *r)
{
    for (size_t i = 0; i < r->n_metrics; i++) {
        collect(k->seen[0], &k->lists[0], a, r->metrics[i].key);
    }
    for (size_t i = 0; i < r->n_params; i++) {
        collect(k->seen[1], &k->lists[1], a, r->params[i].key);
    }
    for (size_t i = 0; i < r->n_tags; i++) {
        collect(k->seen[2], &k->lists[2], a, r->tags[i].key);
    }
}

/* Something to take keys from: the newest runs, where none was read yet. */
static bool some_runs(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_doc *doc;
    const struct ncm_node *list;
    uint32_t *handles = NULL;
    if (c->runs->n > 0) {
        return true;
    }
    if (!rest_active(c, false, &f->control, err)) {
        return false;
    }
    char *body = rest_search_body(c->experiments.ids, c->experiments.n, NULL, NCM_VIEW_ACTIVE, NULL,
                                  0, REST_FIRST_PAGE, NULL);
    bool ok = rest_read(c, NCM_HTTP_POST, "/runs/search", body, &f->control, &doc, err);
    ncm_free(body);
    ok = ok && rest_list(doc, "runs", &list, err) && rest_runs_take(c->runs, list, &handles, err);
    ncm_free(handles);
    ncm_doc_free(doc);
    return ok;
}

/* The API has no list of keys: those of the runs that were read. */
bool rest_read_run_keys(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    if (!some_runs(c, f, err)) {
        return false;
    }
    struct ncm_run_keys_snapshot *s = ncm_snapshot_new(NCM_T_RUN_KEYS, sizeof *s);
    struct ncm_arena *a = s->head.arena;
    struct keys k;
    for (int i = 0; i < 3; i++) {
        k.seen[i] = ncm_map_new();
        k.lists[i] = (struct ncm_list){.size = sizeof(struct ncm_str)};
    }
    size_t first = c->runs->n > KEYS_FROM_MOST ? c->runs->n - KEYS_FROM_MOST : 0;
    for (size_t i = first; i < c->runs->n; i++) {
        collect_run(&k, a, rest_runs_at(c->runs, i));
    }
    size_t *counts[3] = {&s->n_metrics, &s->n_params, &s->n_tags};
    struct ncm_str **lists[3] = {&s->metrics, &s->params, &s->tags};
    for (int i = 0; i < 3; i++) {
        *counts[i] = k.lists[i].n;
        *lists[i] = ncm_list_move(&k.lists[i], a);
        if (*counts[i] > 1) {
            qsort(*lists[i], *counts[i], sizeof(struct ncm_str), by_bytes);
        }
        ncm_map_free(k.seen[i]);
    }
    rest_publish(c, f, &s->head);
    return true;
}
