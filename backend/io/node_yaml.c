/* YAML by libyaml's events, into the same tree as JSON. Scalars follow YAML 1.2's core schema. */
#include <math.h>
#include <string.h>
#include <yaml.h>

#include "base/i18n.h"
#include "base/map.h"
#include "base/num.h"
#include "io/node_doc.h"

/* A node that others may repeat, with what a repetition adds to the tree. */
struct anchor {
    struct ncm_node node;
    size_t size;
    int height;
};

struct frame {
    struct ncm_node self;
    struct ncm_node *items;
    size_t cap;
    bool have_key;
    struct ncm_node key;
    struct ncm_map *keys; /* of a MAP */
    char *anchor;
    size_t size; /* nodes in it, itself included, aliases written out */
    int height;
};

struct build {
    const char *name;
    struct ncm_arena *arena;
    struct frame stack[NCM_NODE_MAX_DEPTH];
    int depth;
    size_t total;
    struct ncm_map *names; /* anchor → index */
    struct anchor *anchors;
    size_t n_anchors, cap_anchors;
    struct ncm_node *root; /* NULL until it is complete */
    int documents;
};

static bool fail_at(const struct build *b, int line, int column, const char *what,
                    struct ncm_err *err)
{
    return ncm_fail(err, NCM_INVALID_DATA, "%s:%d:%d: %s", b->name, line, column, what);
}

static int mark_line(const yaml_event_t *e)
{
    return (int)e->start_mark.line + 1;
}

static int mark_column(const yaml_event_t *e)
{
    return (int)e->start_mark.column + 1;
}

static bool is_one_of(const char *s, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(s, words[i]) == 0)
            return true;
    return false;
}

#define ONE_OF(s, words) is_one_of(s, words, sizeof(words) / sizeof((words)[0]))

/* 0x… and 0o… */
static bool based_int(const char *s, int64_t *out)
{
    int base = s[0] == '0' && s[1] == 'x' ? 16 : s[0] == '0' && s[1] == 'o' ? 8 : 0;
    if (base == 0 || s[2] == '\0')
        return false;
    int64_t v = 0;
    for (s += 2; *s; s++) {
        int d = *s >= '0' && *s <= '9' ? *s - '0' : (*s | 0x20) - 'a' + 10;
        if (d < 0 || d >= base || v > (INT64_MAX - d) / base)
            return false;
        v = v * base + d;
    }
    *out = v;
    return true;
}

static void resolve(struct ncm_node *n)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    static const char *const truths[] = {"true", "True", "TRUE"};
    static const char *const lies[] = {"false", "False", "FALSE"};
    static const char *const nans[] = {".nan", ".NaN", ".NAN"};
    static const char *const infinities[] = {".inf", ".Inf", ".INF"};
    const char *s = n->str;
    const char *unsigned_part = *s == '-' || *s == '+' ? s + 1 : s;
    if (strlen(s) != n->len)
        return;
    if (ONE_OF(s, nulls)) {
        n->kind = NCM_NODE_NULL;
    } else if (ONE_OF(s, truths) || ONE_OF(s, lies)) {
        n->kind = NCM_NODE_BOOL;
        n->boolean = ONE_OF(s, truths);
    } else if (ncm_parse_i64(s, &n->i) || based_int(s, &n->i)) {
        n->kind = NCM_NODE_INT;
        n->num = (double)n->i;
    } else if (ONE_OF(s, nans)) {
        n->kind = NCM_NODE_NUM;
        n->num = NAN;
    } else if (ONE_OF(unsigned_part, infinities)) {
        n->kind = NCM_NODE_NUM;
        n->num = *s == '-' ? -INFINITY : INFINITY;
    } else if (strspn(s, "0123456789.eE+-") == n->len && ncm_parse_double(s, &n->num)) {
        n->kind = NCM_NODE_NUM;
    }
}

static struct ncm_node scalar_node(struct build *b, const yaml_event_t *e)
{
    const char *tag = (const char *)e->data.scalar.tag;
    struct ncm_str text =
        ncm_arena_str(b->arena, (const char *)e->data.scalar.value, e->data.scalar.length);
    struct ncm_node n = {
        .kind = NCM_NODE_STR,
        .str = text.p,
        .len = text.len,
        .line = mark_line(e),
        .column = mark_column(e),
    };
    bool plain = !tag && e->data.scalar.plain_implicit;
    if (plain || (tag && (strcmp(tag, YAML_INT_TAG) == 0 || strcmp(tag, YAML_FLOAT_TAG) == 0 ||
                          strcmp(tag, YAML_BOOL_TAG) == 0 || strcmp(tag, YAML_NULL_TAG) == 0)))
        resolve(&n);
    return n;
}

static bool take_key(struct build *b, struct frame *f, const struct ncm_node *n,
                     struct ncm_err *err)
{
    size_t seen;
    if (n->kind == NCM_NODE_LIST || n->kind == NCM_NODE_MAP || strlen(n->str) != n->len)
        return fail_at(b, n->line, n->column, _("a key must be plain text"), err);
    if (ncm_map_get(f->keys, n->str, n->len, &seen)) {
        ncm_fail(err, NCM_INVALID_DATA, _("%s:%d:%d: the key \"%s\" is there twice"), b->name,
                 n->line, n->column, n->str);
        return ncm_hint(err, _("its first place is line %d"), f->items[seen].key_line);
    }
    ncm_map_set(f->keys, n->str, n->len, f->self.n);
    f->key = *n;
    f->have_key = true;
    return true;
}

/* Puts a complete node where it belongs. size, height: as in struct anchor. */
static bool add(struct build *b, struct ncm_node n, size_t size, int height, struct ncm_err *err)
{
    b->total += size;
    if (b->total > NCM_NODE_MAX_COUNT)
        return ncm_node_too_many(b->name, err);
    if (b->depth + height > NCM_NODE_MAX_DEPTH)
        return ncm_node_too_deep(b->name, err);
    if (b->depth == 0) {
        b->root = ncm_arena_alloc(b->arena, 1, sizeof *b->root);
        *b->root = n;
        return true;
    }
    struct frame *f = &b->stack[b->depth - 1];
    f->size += size;
    if (height >= f->height)
        f->height = height + 1;
    if (f->self.kind == NCM_NODE_MAP && !f->have_key)
        return take_key(b, f, &n, err);
    n.key = NULL;
    n.key_line = n.key_column = 0;
    if (f->self.kind == NCM_NODE_MAP) {
        n.key = f->key.str;
        n.key_line = f->key.line;
        n.key_column = f->key.column;
        f->have_key = false;
    }
    f->items = ncm_grow(f->items, f->self.n, &f->cap, sizeof *f->items);
    f->items[f->self.n++] = n;
    return true;
}

static void remember(struct build *b, const char *anchor, const struct ncm_node *n, size_t size,
                     int height)
{
    if (!anchor)
        return;
    b->anchors = ncm_grow(b->anchors, b->n_anchors, &b->cap_anchors, sizeof *b->anchors);
    b->anchors[b->n_anchors] = (struct anchor){*n, size, height};
    ncm_map_set(b->names, anchor, strlen(anchor), b->n_anchors++);
}

static bool add_scalar(struct build *b, const yaml_event_t *e, struct ncm_err *err)
{
    struct ncm_node n = scalar_node(b, e);
    remember(b, (const char *)e->data.scalar.anchor, &n, 1, 0);
    return add(b, n, 1, 0, err);
}

static bool add_alias(struct build *b, const yaml_event_t *e, struct ncm_err *err)
{
    const char *name = (const char *)e->data.alias.anchor;
    size_t i;
    if (!ncm_map_get(b->names, name, strlen(name), &i)) {
        return ncm_fail(err, NCM_INVALID_DATA,
                        _("%s:%d:%d: the alias *%s has no complete anchor before it"), b->name,
                        mark_line(e), mark_column(e), name);
    }
    struct ncm_node n = b->anchors[i].node;
    n.line = mark_line(e);
    n.column = mark_column(e);
    return add(b, n, b->anchors[i].size, b->anchors[i].height, err);
}

static bool open_frame(struct build *b, const yaml_event_t *e, enum ncm_node_kind kind,
                       const yaml_char_t *anchor, struct ncm_err *err)
{
    if (b->depth >= NCM_NODE_MAX_DEPTH)
        return ncm_node_too_deep(b->name, err);
    struct frame *f = &b->stack[b->depth++];
    *f = (struct frame){
        .self = {.kind = kind, .line = mark_line(e), .column = mark_column(e)},
        .keys = kind == NCM_NODE_MAP ? ncm_map_new() : NULL,
        .anchor = ncm_strdup((const char *)anchor),
        .size = 1,
        .height = 1,
    };
    return true;
}

static void release_frame(struct frame *f)
{
    ncm_map_free(f->keys);
    ncm_free(f->items);
    ncm_free(f->anchor);
}

static bool close_frame(struct build *b, struct ncm_err *err)
{
    struct frame f = b->stack[--b->depth];
    struct ncm_node n = f.self;
    struct ncm_node *items = ncm_arena_alloc(b->arena, n.n, sizeof *items);
    if (n.n > 0)
        memcpy(items, f.items, n.n * sizeof *items);
    n.items = items;
    remember(b, f.anchor, &n, f.size, f.height);
    release_frame(&f);
    /* What is inside was counted when it was added. */
    b->total -= f.size - 1;
    return add(b, n, f.size, f.height, err);
}

static bool on_event(struct build *b, const yaml_event_t *e, struct ncm_err *err)
{
    switch (e->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (b->documents++ == 0)
            return true;
        return fail_at(b, mark_line(e), mark_column(e), _("a second document begins here"), err);
    case YAML_SCALAR_EVENT:
        return add_scalar(b, e, err);
    case YAML_ALIAS_EVENT:
        return add_alias(b, e, err);
    case YAML_SEQUENCE_START_EVENT:
        return open_frame(b, e, NCM_NODE_LIST, e->data.sequence_start.anchor, err);
    case YAML_MAPPING_START_EVENT:
        return open_frame(b, e, NCM_NODE_MAP, e->data.mapping_start.anchor, err);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_frame(b, err);
    default:
        return true;
    }
}

static bool parser_fail(const struct build *b, const yaml_parser_t *p, struct ncm_err *err)
{
    ncm_fail(err, NCM_INVALID_DATA, _("%s:%d:%d: this is not valid YAML (%s)"), b->name,
             (int)p->problem_mark.line + 1, (int)p->problem_mark.column + 1,
             p->problem ? p->problem : "?");
    return ncm_detail(err, "%s, offset %zu", p->context ? p->context : "", p->problem_offset);
}

static bool run(struct build *b, yaml_parser_t *parser, struct ncm_err *err)
{
    for (;;) {
        yaml_event_t e;
        if (!yaml_parser_parse(parser, &e))
            return parser_fail(b, parser, err);
        bool end = e.type == YAML_STREAM_END_EVENT;
        bool ok = on_event(b, &e, err);
        yaml_event_delete(&e);
        if (!ok || end)
            return ok;
    }
}

static void release(struct build *b)
{
    while (b->depth > 0)
        release_frame(&b->stack[--b->depth]);
    ncm_map_free(b->names);
    ncm_free(b->anchors);
}

bool ncm_yaml_parse(const char *name, const char *p, size_t len, struct ncm_doc **out,
                    struct ncm_err *err)
{
    yaml_parser_t parser;
    if (len > NCM_NODE_MAX_BYTES)
        return ncm_node_too_long(name, err);
    if (!yaml_parser_initialize(&parser))
        ncm_bug("out of memory: YAML parser");
    struct ncm_doc *d = ncm_doc_new();
    struct build *b = ncm_alloc(1, sizeof *b);
    *b = (struct build){.name = name, .arena = d->arena, .names = ncm_map_new()};
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)p, len);
    bool ok = run(b, &parser, err);
    yaml_parser_delete(&parser);
    if (ok && !b->root)
        b->root = ncm_arena_alloc(d->arena, 1, sizeof *b->root); /* an empty file is null */
    d->root = b->root;
    release(b);
    ncm_free(b);
    if (!ok) {
        ncm_doc_free(d);
        return false;
    }
    *out = d;
    return true;
}
