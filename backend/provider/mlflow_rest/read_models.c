/* Topics MODELS and FACTS. The registry comes in two lists, models (with their aliases) and
 * versions (which leave the aliases out), that are joined here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "provider/mlflow_rest/internal.h"
#include "provider/mlmodel.h"

enum {
    MODELS_PAGE = 1000,
    VERSIONS_PAGE = 2000,
    MODELS_MOST = 100000,
    VERSIONS_MOST = 1000000,
};

struct load {
    struct ncm_conn *c;
    const struct ncm_control *control;
    struct ncm_arena *arena;
    struct ncm_list models, versions;
    struct ncm_map *index; /* name → number of a model, after sorting */
};

/* All pages of a list: each entry goes to `take`. */
static bool all_pages(struct load *l, const char *path, const char *key, size_t most,
                      bool (*take)(struct load *l, const struct ncm_node *n, struct ncm_err *err),
                      struct ncm_err *err)
{
    char *token = NULL;
    bool ok = true, more = true;
    size_t n = 0;
    while (ok && more && n < most) {
        struct ncm_doc *doc;
        const struct ncm_node *list;
        struct ncm_buf url;
        ncm_buf_init(&url, 1 << 16);
        ncm_buf_puts(&url, path);
        if (token != NULL) {
            ncm_buf_puts(&url, "&page_token=");
            ncm_http_encode(&url, token);
        }
        ok = rest_read(l->c, NCM_HTTP_GET, url.p, NULL, l->control, &doc, err);
        ncm_buf_release(&url);
        if (!ok) {
            break;
        }
        ok = rest_list(doc, key, &list, err);
        for (size_t i = 0; ok && i < list->n; i++) {
            ok = take(l, &list->items[i], err);
        }
        n += ok ? list->n : 0;
        ok = ok && rest_turn(doc, key, &token, err);
        more = token != NULL;
        ncm_doc_free(doc);
    }
    ncm_free(token);
    return ok;
}

static bool is_prompt(const struct ncm_model *m)
{
    const struct ncm_kv *kv = ncm_kv_find(m->tags, m->n_tags, "mlflow.prompt.is_prompt");
    return kv != NULL && ncm_str_is(kv->value, "true");
}

static bool take_model(struct load *l, const struct ncm_node *n, struct ncm_err *err)
{
    struct ncm_model m;
    if (!rest_model(n, l->arena, &m, err)) {
        return false;
    }
    if (!is_prompt(&m)) {
        *(struct ncm_model *)ncm_list_add(&l->models) = m;
    }
    return true;
}

static bool take_version(struct load *l, const struct ncm_node *n, struct ncm_err *err)
{
    struct ncm_model_version v;
    if (!rest_version(n, l->arena, &v, err)) {
        return false;
    }
    *(struct ncm_model_version *)ncm_list_add(&l->versions) = v;
    return true;
}

static int by_name(const void *x, const void *y)
{
    return ncm_str_compare(((const struct ncm_model *)x)->name,
                           ((const struct ncm_model *)y)->name);
}

static int by_version(const void *x, const void *y)
{
    const struct ncm_model_version *a = x, *b = y;
    int d = ncm_str_compare(a->model, b->model);
    if (d != 0) {
        return d;
    }
    if (a->number != b->number) {
        return a->number > b->number ? -1 : 1;
    }
    return ncm_str_compare(b->version, a->version);
}

/* Offset paging may give a row twice. */
static size_t without_twins(void *items, size_t n, size_t size,
                            int (*compare)(const void *, const void *))
{
    char *p = items;
    size_t kept = n > 0 ? 1 : 0;
    for (size_t i = 1; i < n; i++) {
        if (compare(p + (kept - 1) * size, p + i * size) != 0) {
            memmove(p + kept * size, p + i * size, size);
            kept++;
        }
    }
    return kept;
}

static void hand_aliases(struct load *l, struct ncm_model *m)
{
    for (size_t i = 0; i < m->n_aliases; i++) {
        for (size_t k = 0; k < m->n_versions; k++) {
            struct ncm_model_version *v = &m->versions[k];
            if (!ncm_str_eq(v->version, m->aliases[i].version)) {
                continue;
            }
            if (v->aliases == NULL) {
                v->aliases = ncm_arena_alloc(l->arena, m->n_aliases, sizeof *v->aliases);
            }
            v->aliases[v->n_aliases++] = m->aliases[i].name;
            m->aliases[i].dangling = false;
        }
    }
}

/* Each model gets its stretch of the sorted versions; those of prompts belong to none. */
static void join(struct load *l, struct ncm_models_snapshot *s)
{
    if (l->models.n > 1) {
        qsort(l->models.items, l->models.n, sizeof(struct ncm_model), by_name);
    }
    if (l->versions.n > 1) {
        qsort(l->versions.items, l->versions.n, sizeof(struct ncm_model_version), by_version);
    }
    l->models.n = without_twins(l->models.items, l->models.n, sizeof(struct ncm_model), by_name);
    l->versions.n = without_twins(l->versions.items, l->versions.n,
                                  sizeof(struct ncm_model_version), by_version);
    size_t n_versions = l->versions.n, at = 0;
    s->n = l->models.n;
    s->items = ncm_list_move(&l->models, l->arena);
    struct ncm_model_version *versions = ncm_list_move(&l->versions, l->arena);
    for (size_t i = 0; i < s->n; i++) {
        struct ncm_model *m = &s->items[i];
        while (at < n_versions && ncm_str_compare(versions[at].model, m->name) < 0) {
            at++;
        }
        m->versions = versions != NULL ? versions + at : NULL;
        while (at < n_versions && ncm_str_eq(versions[at].model, m->name)) {
            m->n_versions++;
            at++;
        }
        hand_aliases(l, m);
    }
}

/* A server without a registry (a 1.x file store behind it) refuses or does not know the calls. */
static bool without_registry(const struct ncm_err *err)
{
    return err->code == NCM_UNSUPPORTED || err->code == NCM_REFUSED;
}

bool rest_read_models(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_models_snapshot *s = ncm_snapshot_new(NCM_T_MODELS, sizeof *s);
    struct load l = {
        .c = c,
        .control = &f->control,
        .arena = s->head.arena,
        .models = {.size = sizeof(struct ncm_model)},
        .versions = {.size = sizeof(struct ncm_model_version)},
    };
    char models[64], versions[64];
    snprintf(models, sizeof models, "/registered-models/search?max_results=%d", MODELS_PAGE);
    snprintf(versions, sizeof versions, "/model-versions/search?max_results=%d", VERSIONS_PAGE);
    bool ok = all_pages(&l, models, "registered_models", MODELS_MOST, take_model, err) &&
              (l.models.n == 0 ||
               all_pages(&l, versions, "model_versions", VERSIONS_MOST, take_version, err));
    bool none = !ok && l.models.n == 0 && without_registry(err) && !c->replay;
    if (!ok && (!none || !rest_is_mlflow(c, &f->control, err))) {
        ncm_free(l.models.items);
        ncm_free(l.versions.items);
        ncm_snapshot_unref(s);
        return false;
    }
    join(&l, s);
    rest_publish(c, f, &s->head);
    return true;
}

/* ---- what the model's own files say -----------------------------------------------------------
 */

/* One small file of a version through the server. */
static bool version_file(struct ncm_conn *c, const struct ncm_query *q, const char *file,
                         const struct ncm_control *control, struct ncm_http_answer *a,
                         struct ncm_err *err)
{
    struct ncm_buf path;
    ncm_buf_init(&path, 1 << 16);
    ncm_buf_puts(&path, "/model-versions/get-artifact?name=");
    ncm_http_encode(&path, q->id);
    ncm_buf_puts(&path, "&version=");
    ncm_http_encode(&path, q->key);
    ncm_buf_puts(&path, "&path=");
    ncm_http_encode(&path, file);
    struct ncm_http_request rq = {
        .path = path.p,
        .most = NCM_MLMODEL_MOST,
        .cancel = control->cancel,
        .deadline_mono_ms = control->deadline_mono_ms,
    };
    bool ok = ncm_http_do(c->http, &rq, a, err);
    if (ok && (a->status < 200 || a->status > 299)) {
        struct ncm_doc *doc;
        bool missing = a->status == 404 || a->status == 500;
        ok = rest_answer(c, a, "/model-versions/get-artifact", &doc, err);
        ncm_doc_free(doc);
        /* The server says so too where the file is not there. */
        if (missing && (err->code == NCM_UNREACHABLE || err->code == NCM_UNSUPPORTED)) {
            ok = ncm_fail(err, NCM_NOT_FOUND, _("There is no artifact %s."), file);
        }
    }
    ncm_buf_release(&path);
    return ok;
}

bool rest_read_facts(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    const struct ncm_query *q = f->query;
    struct ncm_http_answer a;
    struct ncm_err why;
    if (c->replay) {
        return ncm_fail(err, NCM_NOT_FOUND, _("Nothing was kept of this."));
    }
    struct ncm_facts_snapshot *s = ncm_snapshot_new(NCM_T_FACTS, sizeof *s);
    struct ncm_arena *arena = s->head.arena;
    bool ok = version_file(c, q, "MLmodel", &f->control, &a, &why) &&
              ncm_mlmodel_parse(a.body.p, a.body.len, arena, &s->facts, &why);
    ncm_http_answer_release(&a);
    if (ok) {
        struct ncm_err ignored;
        s->facts.path = ncm_arena_cstr(arena, "MLmodel");
        if (version_file(c, q, "requirements.txt", &f->control, &a, &ignored)) {
            ncm_mlmodel_requirements(a.body.p, arena, &s->facts);
        }
        ncm_http_answer_release(&a);
    } else if (why.code == NCM_CANCELLED || why.code == NCM_TIMEOUT ||
               why.code == NCM_UNREACHABLE || why.code == NCM_UNAUTHENTICATED ||
               why.code == NCM_TLS) {
        *err = why;
        ncm_snapshot_unref(s);
        return false;
    } else {
        s->facts.why = ncm_arena_cstr(arena, why.what); /* the files are not where it looks */
    }
    rest_publish(c, f, &s->head);
    return true;
}
