/* CSV (RFC 4180) from the same JSON that the other forms print, so that the fields cannot differ.
 */
#include <string.h>

#include "out.h"

enum { TEXT_MAX = 256 * 1024 * 1024 };

struct columns {
    struct ncm_map *index; /* "params.lr" → place in names */
    char **names;
    size_t n, cap;
};

/* One item as a parsed tree. */
static struct ncm_doc *tree_of(const struct cli_list *l, size_t i, struct ncm_err *err)
{
    const void *item = l->at(l->ctx, i, err);
    if (item == NULL) {
        return NULL;
    }
    struct ncm_buf b;
    struct ncm_json j;
    struct ncm_doc *doc = NULL;
    ncm_buf_init(&b, TEXT_MAX);
    ncm_json_init(&j, &b, false);
    l->json(&j, item);
    bool ok = ncm_json_parse("CSV", b.p, b.len, &doc, err);
    ncm_buf_release(&b);
    return ok ? doc : NULL;
}

static char *join(const char *prefix, const char *key)
{
    return prefix[0] == '\0' ? ncm_strdup(key) : ncm_sprintf("%s.%s", prefix, key);
}

static void add_columns(struct columns *cols, const char *prefix, const struct ncm_node *n)
{
    for (size_t i = 0; i < n->n; i++) {
        const struct ncm_node *child = &n->items[i];
        char *name = join(prefix, child->key);
        size_t at;
        if (child->kind == NCM_NODE_MAP) {
            add_columns(cols, name, child);
        } else if (!ncm_map_get(cols->index, name, strlen(name), &at)) {
            ncm_map_set(cols->index, name, strlen(name), cols->n);
            cols->names = ncm_grow(cols->names, cols->n, &cols->cap, sizeof *cols->names);
            cols->names[cols->n++] = ncm_strdup(name);
        }
        ncm_free(name);
    }
}

static void json_node(struct ncm_json *j, const struct ncm_node *n)
{
    switch (n->kind) {
    case NCM_NODE_BOOL:
        ncm_json_bool(j, n->boolean);
        break;
    case NCM_NODE_INT:
        ncm_json_i64(j, n->i);
        break;
    case NCM_NODE_NUM:
        ncm_json_num(j, n->num);
        break;
    case NCM_NODE_STR:
        ncm_json_str_n(j, n->str, n->len);
        break;
    case NCM_NODE_LIST:
        ncm_json_arr(j);
        for (size_t i = 0; i < n->n; i++) {
            json_node(j, &n->items[i]);
        }
        ncm_json_end_arr(j);
        break;
    case NCM_NODE_MAP:
        ncm_json_obj(j);
        for (size_t i = 0; i < n->n; i++) {
            ncm_json_key(j, n->items[i].key);
            json_node(j, &n->items[i]);
        }
        ncm_json_end_obj(j);
        break;
    default:
        ncm_json_null(j);
    }
}

/* The value of one cell, unquoted. */
static void cell_text(struct ncm_buf *out, const struct ncm_node *n)
{
    if (n->kind == NCM_NODE_STR) {
        for (size_t i = 0; i < n->len; i++) {
            ncm_buf_putc(out, n->str[i]);
        }
    } else if (n->kind != NCM_NODE_NULL) {
        struct ncm_json j;
        ncm_json_init(&j, out, false);
        json_node(&j, n);
    }
}

static void fill(const struct columns *cols, struct ncm_buf *cells, const char *prefix,
                 const struct ncm_node *n)
{
    for (size_t i = 0; i < n->n; i++) {
        const struct ncm_node *child = &n->items[i];
        char *name = join(prefix, child->key);
        size_t at;
        if (child->kind == NCM_NODE_MAP) {
            fill(cols, cells, name, child);
        } else if (ncm_map_get(cols->index, name, strlen(name), &at)) {
            cell_text(&cells[at], child);
        }
        ncm_free(name);
    }
}

static void quoted(struct ncm_buf *out, const char *p, size_t len)
{
    if (strcspn(p, ",\"\r\n") >= len) {
        ncm_buf_add(out, p, len);
        return;
    }
    ncm_buf_putc(out, '"');
    for (size_t i = 0; i < len; i++) {
        if (p[i] == '"') {
            ncm_buf_putc(out, '"');
        }
        ncm_buf_putc(out, p[i]);
    }
    ncm_buf_putc(out, '"');
}

static void put_line(struct cli *c, struct ncm_buf *line)
{
    ncm_buf_putc(line, '\n');
    cli_write(c, line->p, line->len);
    ncm_buf_clear(line);
}

static bool gather(const struct cli_list *l, struct columns *cols, struct ncm_err *err)
{
    for (size_t i = 0; i < l->n; i++) {
        struct ncm_doc *doc = tree_of(l, i, err);
        if (doc == NULL) {
            return false;
        }
        add_columns(cols, "", ncm_doc_root(doc));
        ncm_doc_free(doc);
    }
    return true;
}

static bool print_rows(struct cli *c, const struct cli_list *l, const struct columns *cols,
                       struct ncm_err *err)
{
    struct ncm_buf line;
    struct ncm_buf *cells = ncm_alloc(cols->n + 1, sizeof *cells);
    bool ok = true;
    ncm_buf_init(&line, TEXT_MAX);
    for (size_t k = 0; k < cols->n; k++) {
        ncm_buf_init(&cells[k], TEXT_MAX);
        ncm_buf_puts(&line, k > 0 ? "," : "");
        quoted(&line, cols->names[k], strlen(cols->names[k]));
    }
    put_line(c, &line);
    for (size_t i = 0; i < l->n && ok; i++) {
        struct ncm_doc *doc = tree_of(l, i, err);
        ok = doc != NULL;
        if (!ok) {
            break;
        }
        fill(cols, cells, "", ncm_doc_root(doc));
        ncm_doc_free(doc);
        for (size_t k = 0; k < cols->n; k++) {
            ncm_buf_puts(&line, k > 0 ? "," : "");
            quoted(&line, cells[k].p, cells[k].len);
            ncm_buf_clear(&cells[k]);
        }
        put_line(c, &line);
    }
    for (size_t k = 0; k < cols->n; k++) {
        ncm_buf_release(&cells[k]);
    }
    ncm_free(cells);
    ncm_buf_release(&line);
    return ok;
}

bool cli_print_csv(struct cli *c, const struct cli_list *l, struct ncm_err *err)
{
    struct columns cols = {.index = ncm_map_new()};
    bool ok = gather(l, &cols, err) && (cols.n == 0 || print_rows(c, l, &cols, err));
    for (size_t i = 0; i < cols.n; i++) {
        ncm_free(cols.names[i]);
    }
    ncm_free(cols.names);
    ncm_map_free(cols.index);
    return ok;
}
