/* One run with everything that the store knows of it. */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "provider/mlflow_files/registry.h"
#include "provider/mlflow_files/runs.h"

/* Logged models of an experiment looked through for those that name a run. */
#define MOST_LOGGED 1000000

struct names {
    struct ncm_list list; /* char * */
};

static void keep_folder(void *to, const char *name, enum ncm_file_kind kind, bool link)
{
    struct names *n = to;
    (void)link;
    if (kind == NCM_FILE_DIR)
        *(char **)ncm_list_add(&n->list) = ncm_strdup(name);
}

static struct names folders_in(const char *dir, size_t most)
{
    struct names n = {.list = {.size = sizeof(char *)}};
    struct ncm_err ignored;
    bool more;
    ncm_dir_each(dir, most, keep_folder, &n, &more, &ignored);
    return n;
}

static void names_free(struct names *n)
{
    for (size_t i = 0; i < n->list.n; i++)
        ncm_free(((char **)n->list.items)[i]);
    ncm_free(n->list.items);
}

/* ---- data sets ---- */

static int by_input(const void *x, const void *y)
{
    const struct ncm_dataset_input *a = x, *b = y;
    int d = ncm_str_compare(a->name, b->name);
    d = d != 0 ? d : ncm_str_compare(a->digest, b->digest);
    return d != 0 ? d : ncm_str_compare(a->context, b->context);
}

static void load_inputs(struct ncm_conn *c, const struct files_run *r, struct ncm_arena *a,
                        struct ncm_run *out, struct ncm_buf *scratch)
{
    struct ncm_list list = {.size = sizeof(struct ncm_dataset_input)};
    char *dir = files_run_dir(c, r), *path = files_path(dir, "inputs");
    struct names n = folders_in(path, FILES_KEYS_MOST);
    for (size_t i = 0; i < n.list.n; i++) {
        struct ncm_dataset_input in;
        if (files_read_input(c, r, ((char **)n.list.items)[i], a, &in, scratch))
            *(struct ncm_dataset_input *)ncm_list_add(&list) = in;
    }
    if (list.n > 1)
        qsort(list.items, list.n, list.size, by_input);
    out->n_inputs = list.n;
    out->inputs = ncm_list_move(&list, a);
    names_free(&n);
    ncm_free(path);
    ncm_free(dir);
}

/* ---- logged models (MLflow 3) ---- */

static int by_creation(const void *x, const void *y)
{
    const struct files_logged_meta *a = x, *b = y;
    if (a->creation_ms != b->creation_ms)
        return a->creation_ms < b->creation_ms ? -1 : 1;
    return ncm_str_compare(a->model.id, b->model.id);
}

bool files_read_logged(const char *experiment_dir, const char *id, struct ncm_arena *a,
                       struct files_logged_meta *out, struct ncm_buf *scratch)
{
    struct ncm_file_stamp any = {0};
    struct ncm_err ignored;
    char *path = ncm_sprintf("%s/models/%s/meta.yaml", experiment_dir, id);
    bool ok = files_is_id(id, 255) &&
              ncm_file_read_new(path, &any, FILES_META_MOST, scratch, &ignored) == NCM_LOOK_NEW &&
              files_meta_logged(path, scratch->p, scratch->len, a, out, &ignored) &&
              ncm_str_is(out->model.id, id) && !out->deleted;
    ncm_free(path);
    return ok;
}

static bool is_among(const struct ncm_list *list, const char *id)
{
    for (size_t i = 0; i < list->n; i++)
        if (ncm_str_is(((struct files_logged_meta *)list->items)[i].model.id, id))
            return true;
    return false;
}

void files_logged_free(struct files_experiment *e)
{
    for (size_t i = 0; i < e->n_logged; i++) {
        ncm_free(e->logged[i].id);
        ncm_free(e->logged[i].run);
    }
    ncm_free(e->logged);
    e->logged = NULL;
    e->n_logged = 0;
}

struct indexing {
    const struct files_experiment *e;
    const struct names *names;
    struct files_logged_of *found;
};

static void read_source(void *to, size_t i, struct ncm_buf *scratch)
{
    struct indexing *x = to;
    const char *id = ((char **)x->names->list.items)[i];
    struct ncm_arena *a = ncm_arena_new();
    struct files_logged_meta m;
    if (files_read_logged(x->e->dir, id, a, &m, scratch) && m.source_run.len > 0)
        x->found[i] = (struct files_logged_of){ncm_strdup(id), ncm_strdup(m.source_run.p)};
    ncm_arena_free(a);
}

/* Which run a logged model names never changes: they are read again where one came or went. */
static bool index_logged(struct ncm_conn *c, struct ncm_fetch *f, struct files_experiment *e,
                         struct ncm_err *err)
{
    struct ncm_err ignored;
    char *dir = files_path(e->dir, "models");
    enum ncm_look look = ncm_file_look(dir, &e->logged_stamp, &ignored);
    bool ok = true;
    if (look != NCM_LOOK_SAME)
        files_logged_free(e);
    if (look == NCM_LOOK_NEW) {
        struct names names = folders_in(dir, MOST_LOGGED);
        struct indexing x = {e, &names, ncm_alloc(names.list.n + 1, sizeof(*x.found))};
        ok = files_many(c, &f->control, names.list.n, read_source, &x, err);
        e->logged = x.found;
        for (size_t i = 0; i < names.list.n; i++)
            if (x.found[i].id != NULL)
                e->logged[e->n_logged++] = x.found[i];
        e->logged_stamp.known = e->logged_stamp.known && ok;
        names_free(&names);
    }
    ncm_free(dir);
    return ok;
}

/* Those that the run names in outputs/, and those that name the run. */
static bool load_logged(struct ncm_conn *c, struct ncm_fetch *f, const struct files_run *r,
                        struct ncm_arena *a, struct ncm_run *out, struct ncm_buf *scratch,
                        struct ncm_err *err)
{
    struct files_experiment *e = c->experiments[r->experiment];
    struct ncm_list list = {.size = sizeof(struct files_logged_meta)};
    struct files_logged_meta m;
    if (!index_logged(c, f, e, err))
        return false;
    char *dir = files_run_dir(c, r), *path = files_path(dir, "outputs");
    struct names own = folders_in(path, FILES_KEYS_MOST);
    for (size_t i = 0; i < own.list.n; i++) {
        const char *id = ((char **)own.list.items)[i];
        if (files_read_logged(e->dir, id, a, &m, scratch))
            *(struct files_logged_meta *)ncm_list_add(&list) = m;
    }
    for (size_t i = 0; i < e->n_logged; i++)
        if (strcmp(e->logged[i].run, r->id) == 0 && !is_among(&list, e->logged[i].id) &&
            files_read_logged(e->dir, e->logged[i].id, a, &m, scratch))
            *(struct files_logged_meta *)ncm_list_add(&list) = m;
    if (list.n > 1)
        qsort(list.items, list.n, list.size, by_creation);
    out->logged_models = ncm_arena_alloc(a, list.n + 1, sizeof(*out->logged_models));
    for (size_t i = 0; i < list.n; i++)
        out->logged_models[out->n_logged_models++] =
            ((struct files_logged_meta *)list.items)[i].model;
    ncm_free(list.items);
    names_free(&own);
    ncm_free(path);
    ncm_free(dir);
    return true;
}

/* ---- registered versions ---- */

static bool load_versions(struct ncm_conn *c, struct ncm_fetch *f, const struct files_run *r,
                          struct ncm_arena *a, struct ncm_run *out, struct ncm_err *err)
{
    struct ncm_arena *all = ncm_arena_new();
    struct ncm_list list = {.size = sizeof(struct ncm_version_ref)};
    struct ncm_model *models;
    size_t n;
    bool ok = files_load_models(c, &f->control, all, &models, &n, err);
    for (size_t i = 0; ok && i < n; i++)
        for (size_t k = 0; k < models[i].n_versions; k++) {
            const struct ncm_model_version *v = &models[i].versions[k];
            if (!ncm_str_is(v->run_id, r->id))
                continue;
            struct ncm_version_ref *ref = ncm_list_add(&list);
            ref->model = ncm_arena_str(a, v->model.p, v->model.len);
            ref->version = ncm_arena_str(a, v->version.p, v->version.len);
            ref->stage = ncm_arena_str(a, v->stage_text.p, v->stage_text.len);
        }
    out->n_versions = list.n;
    out->versions = ncm_list_move(&list, a);
    ncm_arena_free(all);
    return ok;
}

/* ---- the run ---- */

static bool load_run(struct ncm_conn *c, struct ncm_fetch *f, const char *id, struct ncm_arena *a,
                     struct ncm_run *out, struct ncm_err *err)
{
    struct files_run *r;
    struct ncm_buf scratch;
    if (!files_find_run(c, id, &r, err))
        return false;
    ncm_buf_init(&scratch, FILES_VALUE_MOST + 1);
    files_fill(c, r, a, out);
    for (int k = 0; k < FILES_KINDS; k++) {
        files_values(c, r, (enum files_kind)k, &scratch);
        files_fill_values(r, (enum files_kind)k, NULL, 0, a, out);
    }
    ncm_run_sort(out);
    load_inputs(c, r, a, out, &scratch);
    bool ok = load_logged(c, f, r, a, out, &scratch, err) && load_versions(c, f, r, a, out, err);
    ncm_run_defaults(out);
    ncm_buf_release(&scratch);
    return ok;
}

enum { PREFIX_LEAST = 4 };

/* Whether a text can be the beginning of an id: letters and digits, and not a whole one. */
static bool is_prefix(const char *s)
{
    size_t n = strspn(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return n >= PREFIX_LEAST && n < 32 && s[n] == '\0';
}

/* The one run whose id begins so; several are NCM_USAGE, none leaves *id as it is. */
static bool by_prefix(struct ncm_conn *c, const char **id, struct ncm_err *err)
{
    const char *found[2] = {NULL, NULL};
    size_t n = 0, len = strlen(*id);
    for (size_t i = 0; i < c->n_experiments; i++)
        c->experiments[i]->wanted = c->experiments[i]->there && c->experiments[i]->ok;
    if (!files_list_runs(c, err))
        return false;
    for (size_t i = 0; i < c->n_runs; i++) {
        const struct files_run *r = c->runs[i];
        if (!r->there || !c->experiments[r->experiment]->wanted || strncmp(r->id, *id, len) != 0)
            continue;
        if (strcmp(r->id, *id) == 0)
            return true;
        if (n < 2)
            found[n] = r->id;
        n++;
    }
    if (n > 1) {
        ncm_fail(err, NCM_USAGE, _("The ids of several runs begin with '%s'"), *id);
        return ncm_hint(err, _("two of them are %s and %s"), found[0], found[1]);
    }
    if (n == 1)
        *id = found[0];
    return true;
}

bool files_read_one(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    struct ncm_run_snapshot *s = ncm_snapshot_new(NCM_T_RUN, sizeof(*s));
    const char *id = f->query->id != NULL ? f->query->id : "";
    if (!files_scan_experiments(c, &f->control, err) ||
        (is_prefix(id) && !by_prefix(c, &id, err)) ||
        !load_run(c, f, id, s->head.arena, &s->run, err)) {
        ncm_snapshot_unref(s);
        return false;
    }
    f->publish(f->to, &s->head);
    return true;
}
