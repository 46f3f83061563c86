#include "provider/mlmodel.h"

#include <string.h>

#include "base/list.h"
#include "base/num.h"
#include "io/file.h"
#include "io/node.h"

#define MOST_LINES 500

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
    struct ncm_list list = {.size = sizeof(struct ncm_str)};
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
        *(struct ncm_str *)ncm_list_add(&list) = ncm_arena_str(a, line.p, line.len);
        ncm_buf_release(&line);
    }
    ncm_doc_free(doc);
    *n = list.n;
    *out = ncm_list_move(&list, a);
}

bool ncm_mlmodel_parse(const char *p, size_t len, struct ncm_arena *a,
                       struct ncm_model_facts *facts, struct ncm_err *err)
{
    struct ncm_doc *doc = NULL;
    char size[32];
    bool ok = ncm_yaml_parse("MLmodel", p, len, &doc, err);
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
    return ok;
}

void ncm_mlmodel_requirements(const char *text, struct ncm_arena *a, struct ncm_model_facts *facts)
{
    struct ncm_list list = {.size = sizeof(struct ncm_str)};
    for (const char *p = text; *p != '\0' && list.n < MOST_LINES;) {
        size_t len = strcspn(p, "\r\n");
        if (len > 0)
            *(struct ncm_str *)ncm_list_add(&list) = ncm_arena_str(a, p, len);
        p += len;
        p += *p != '\0';
    }
    facts->n_requirements = list.n;
    facts->requirements = ncm_list_move(&list, a);
}

bool ncm_mlmodel_folder(const char *folder, struct ncm_arena *a, struct ncm_model_facts *facts,
                        struct ncm_err *err)
{
    struct ncm_buf text;
    struct ncm_err ignored;
    bool truncated;
    char *path = ncm_path_join(folder, "MLmodel");
    char *pins = ncm_path_join(folder, "requirements.txt");
    ncm_buf_init(&text, NCM_MLMODEL_MOST + 1);
    bool ok = ncm_file_read(path, 0, NCM_MLMODEL_MOST, &text, &truncated, err) &&
              ncm_mlmodel_parse(text.p, text.len, a, facts, err);
    ncm_buf_clear(&text);
    if (ok && ncm_file_read(pins, 0, NCM_MLMODEL_MOST, &text, &truncated, &ignored))
        ncm_mlmodel_requirements(text.p, a, facts);
    if (ok) {
        facts->path = ncm_arena_cstr(a, folder);
        facts->why = (struct ncm_str){0};
    }
    ncm_buf_release(&text);
    ncm_free(path);
    ncm_free(pins);
    return ok;
}
