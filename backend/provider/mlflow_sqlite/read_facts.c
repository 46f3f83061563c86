/* Topic FACTS: what the MLmodel file of a registered version says, where it can be reached. */
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "io/file.h"
#include "io/node.h"
#include "provider/mlflow_sqlite/read.h"

#define MOST_MLMODEL (1 << 20)
#define MOST_LINES   500

/* One text by two arguments; absent where there is no row. */
static bool one_text(struct ncm_conn *c, const char *sql, const char *x, const char *y, int column,
                     struct ncm_arena *a, struct ncm_str *out, bool *found, struct ncm_err *err)
{
    struct ncm_stmt *st;
    if (!ncm_db_prepare(c->db, sql, &st, err))
        return false;
    ncm_bind_cstr(st, 1, x);
    if (y != NULL)
        ncm_bind_cstr(st, 2, y);
    bool ok = ncm_stmt_step(st, found, err);
    if (ok && *found)
        *out = ncm_col_dup(st, column, a);
    ncm_stmt_end(st);
    return ok;
}

/* URIs that name a record of the store instead of a place: one step towards the place. */
static bool resolve(struct ncm_conn *c, struct ncm_str *uri, struct ncm_arena *a,
                    struct ncm_err *err)
{
    const char *p = ncm_cstr(*uri);
    bool found;
    if (strncmp(p, "models:/m-", 10) == 0 && c->schema.has_logged_models)
        return one_text(c, "SELECT artifact_location FROM logged_models WHERE model_id=?1", p + 8,
                        NULL, 0, a, uri, &found, err);
    if (strncmp(p, "runs:/", 6) != 0)
        return true;
    const char *id = p + 6, *slash = strchr(id, '/');
    struct ncm_str root = {0};
    char *run = ncm_strndup(id, slash == NULL ? strlen(id) : (size_t)(slash - id));
    bool ok = one_text(c, "SELECT artifact_uri FROM runs WHERE run_uuid=?1", run, NULL, 0, a, &root,
                       &found, err);
    if (ok && root.p != NULL) {
        char *full = slash == NULL ? ncm_strdup(root.p) : ncm_path_join(root.p, slash + 1);
        *uri = ncm_arena_cstr(a, full);
        ncm_free(full);
    }
    ncm_free(run);
    return ok;
}

static void copy_str(struct ncm_arena *a, const struct ncm_node *map, const char *key,
                     struct ncm_str *out)
{
    const struct ncm_node *n = ncm_node_get(map, key);
    if (n != NULL && n->str != NULL)
        *out = ncm_arena_str(a, n->str, n->len);
}

static void read_flavors(struct ncm_arena *a, const struct ncm_node *root,
                         struct ncm_model_facts *facts)
{
    struct ncm_buf names;
    const struct ncm_node *flavors = ncm_node_get(root, "flavors");
    if (flavors == NULL || flavors->kind != NCM_NODE_MAP || flavors->n == 0)
        return;
    ncm_buf_init(&names, 4096);
    for (size_t i = 0; i < flavors->n; i++)
        ncm_buf_printf(&names, "%s%s", i == 0 ? "" : ", ", flavors->items[i].key);
    facts->flavors = ncm_arena_str(a, names.p, names.len);
    ncm_buf_release(&names);
    copy_str(a, ncm_node_get(flavors, "python_function"), "python_version", &facts->python_version);
}

/* "age: double", "double", "tensor float64 (-1, 30)"; optional ones end in "?". */
static void column_text(struct ncm_buf *out, const struct ncm_node *n)
{
    const char *name = ncm_node_str(n, "name", NULL);
    const struct ncm_node *spec = ncm_node_get(n, "tensor-spec");
    const struct ncm_node *required = ncm_node_get(n, "required");
    if (name != NULL)
        ncm_buf_printf(out, "%s: ", name);
    ncm_buf_puts(out, ncm_node_str(n, "type", "?"));
    if (spec != NULL) {
        const struct ncm_node *shape = ncm_node_get(spec, "shape");
        ncm_buf_printf(out, " %s (", ncm_node_str(spec, "dtype", "?"));
        for (size_t i = 0; shape != NULL && i < shape->n; i++)
            ncm_buf_printf(out, "%s%lld", i == 0 ? "" : ", ", (long long)shape->items[i].i);
        ncm_buf_putc(out, ')');
    }
    if (required != NULL && required->kind == NCM_NODE_BOOL && !required->boolean)
        ncm_buf_putc(out, '?');
}

/* A signature's side is a text of JSON within the YAML. */
static void read_side(struct ncm_arena *a, const struct ncm_node *signature, const char *side,
                      struct ncm_str **out, size_t *n)
{
    struct sqlite_list list = {.size = sizeof(struct ncm_str)};
    const struct ncm_node *text = ncm_node_get(signature, side);
    struct ncm_doc *doc;
    struct ncm_err err;
    if (text == NULL || text->kind != NCM_NODE_STR ||
        !ncm_json_parse("MLmodel", text->str, text->len, &doc, &err))
        return;
    const struct ncm_node *columns = ncm_doc_root(doc);
    for (size_t i = 0; columns->kind == NCM_NODE_LIST && i < columns->n; i++) {
        struct ncm_buf line;
        ncm_buf_init(&line, 4096);
        column_text(&line, &columns->items[i]);
        *(struct ncm_str *)sqlite_list_add(&list) = ncm_arena_str(a, line.p, line.len);
        ncm_buf_release(&line);
    }
    ncm_doc_free(doc);
    *n = list.n;
    *out = sqlite_list_move(&list, a);
}

static bool read_mlmodel(const char *folder, struct ncm_arena *a, struct ncm_model_facts *facts,
                         struct ncm_err *err)
{
    struct ncm_buf text;
    struct ncm_doc *doc = NULL;
    bool truncated;
    char size[32];
    char *path = ncm_path_join(folder, "MLmodel");
    ncm_buf_init(&text, MOST_MLMODEL + 1);
    bool ok = ncm_file_read(path, 0, MOST_MLMODEL, &text, &truncated, err) &&
              ncm_yaml_parse("MLmodel", text.p, text.len, &doc, err);
    if (ok) {
        const struct ncm_node *root = ncm_doc_root(doc);
        const struct ncm_node *signature = ncm_node_get(root, "signature");
        int64_t bytes = ncm_node_i64(root, "model_size_bytes", -1);
        read_flavors(a, root, facts);
        copy_str(a, root, "mlflow_version", &facts->mlflow_version);
        copy_str(a, root, "utc_time_created", &facts->created);
        copy_str(a, root, "model_id", &facts->model_id);
        if (facts->model_id.len == 0)
            copy_str(a, root, "model_uuid", &facts->model_id);
        if (bytes >= 0)
            facts->size = ncm_arena_cstr(a, ncm_fmt_size(size, sizeof(size), bytes));
        read_side(a, signature, "inputs", &facts->inputs, &facts->n_inputs);
        read_side(a, signature, "outputs", &facts->outputs, &facts->n_outputs);
    }
    ncm_doc_free(doc);
    ncm_buf_release(&text);
    ncm_free(path);
    return ok;
}

static void read_requirements(const char *folder, struct ncm_arena *a,
                              struct ncm_model_facts *facts)
{
    struct sqlite_list list = {.size = sizeof(struct ncm_str)};
    struct ncm_buf text;
    struct ncm_err err;
    bool truncated;
    char *path = ncm_path_join(folder, "requirements.txt");
    ncm_buf_init(&text, MOST_MLMODEL + 1);
    if (ncm_file_read(path, 0, MOST_MLMODEL, &text, &truncated, &err))
        for (const char *p = text.p; *p != '\0' && list.n < MOST_LINES;) {
            size_t len = strcspn(p, "\r\n");
            if (len > 0)
                *(struct ncm_str *)sqlite_list_add(&list) = ncm_arena_str(a, p, len);
            p += len;
            p += *p != '\0';
        }
    ncm_buf_release(&text);
    ncm_free(path);
    facts->n_requirements = list.n;
    facts->requirements = sqlite_list_move(&list, a);
}

/* The first of a version's places that is a folder with a readable MLmodel. */
static bool try_place(struct ncm_conn *c, struct ncm_str uri, struct ncm_arena *a,
                      struct ncm_model_facts *facts, bool *done, struct ncm_err *err)
{
    struct ncm_err fault;
    if (uri.len == 0)
        return true;
    if (!resolve(c, &uri, a, err))
        return false;
    char *folder = sqlite_artifact_folder(c, ncm_cstr(uri), a, &facts->why);
    if (folder == NULL)
        return true;
    if (read_mlmodel(folder, a, facts, &fault)) {
        read_requirements(folder, a, facts);
        facts->path = ncm_arena_cstr(a, folder);
        facts->why = (struct ncm_str){0};
        *done = true;
    } else {
        facts->why = ncm_arena_cstr(a, fault.what);
    }
    ncm_free(folder);
    return true;
}

bool read_facts(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    const struct ncm_query *q = f->query;
    if (!c->schema.has_registry)
        return ncm_fail(err, NCM_NOT_FOUND, _("This store has no model registry."));
    struct ncm_facts_snapshot *s = ncm_snapshot_new(NCM_T_FACTS, sizeof(*s));
    struct ncm_arena *a = s->head.arena;
    struct ncm_str source = {0}, place = {0};
    bool found = false, done = false;
    char *sql = ncm_sprintf("SELECT source, %s FROM model_versions WHERE name=?1 AND version=?2"
                            " AND current_stage IS NOT 'Deleted_Internal'%s",
                            c->schema.has_storage_location ? "storage_location" : "NULL",
                            sqlite_workspace(c));
    bool ok = one_text(c, sql, q->id, q->key, 0, a, &source, &found, err) &&
              one_text(c, sql, q->id, q->key, 1, a, &place, &found, err);
    ncm_free(sql);
    if (ok && !found)
        ok = ncm_fail(err, NCM_NOT_FOUND, _("There is no version %s of %s."), q->key, q->id);
    ok = ok && try_place(c, place, a, &s->facts, &done, err) &&
         (done || try_place(c, source, a, &s->facts, &done, err));
    if (!ok) {
        ncm_snapshot_unref(s);
        return false;
    }
    if (!done && s->facts.why.p == NULL)
        s->facts.why = ncm_arena_cstr(a, _("The version names no place for its files."));
    f->publish(f->to, &s->head);
    return true;
}
