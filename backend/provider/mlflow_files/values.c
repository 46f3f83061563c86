/* Params, tags, metrics and data sets of a run, kept with the times of their files. */
#include <string.h>

#include "base/log.h"
#include "io/file.h"
#include "provider/mlflow_files/internal.h"

/* Folders within folders of keys ("val/f1"). */
#define MOST_DEPTH 32
/* A metric's file is read in pieces of this size. */
#define PIECE (1 << 20)

const char *files_folder_name(enum files_kind kind)
{
    static const char *const names[] = {"metrics", "params", "tags"};
    return names[kind];
}

struct ncm_value files_number(double v)
{
    if (v != v)
        return (struct ncm_value){.kind = NCM_V_NAN, .num = v};
    return (struct ncm_value){.kind = v > 1.7976931348623157e308    ? NCM_V_PINF
                                      : v < -1.7976931348623157e308 ? NCM_V_NINF
                                                                    : NCM_V_NUMBER,
                              .num = v};
}

bool files_is_key(const char *key)
{
    for (const char *p = key;; p++) {
        size_t n = strcspn(p, "/");
        if (n == 0 || n > 255 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
            return false;
        p += n;
        if (*p == '\0')
            return true;
    }
}

/* ---- finding ---- */

struct walk {
    void (*entry)(void *to, const char *key);
    void *to;
    const char *root;
    const char *prefix;      /* "" or "val/" */
    struct ncm_list folders; /* of the one that is being listed */
    size_t n;
};

static void found(void *to, const char *name, enum ncm_file_kind kind, bool link)
{
    struct walk *w = to;
    if (kind == NCM_FILE_DIR && link)
        return;
    char *key = ncm_sprintf("%s%s", w->prefix, name);
    if (kind == NCM_FILE_DIR)
        *(char **)ncm_list_add(&w->folders) = key;
    else
        w->entry(w->to, key);
    if (kind != NCM_FILE_DIR)
        ncm_free(key);
    w->n++;
}

static void walk_in(struct walk *w, const char *inner, int depth)
{
    struct ncm_err ignored;
    bool more;
    char *dir = inner[0] == '\0' ? ncm_strdup(w->root) : files_path(w->root, inner);
    char *prefix = ncm_sprintf("%s%s", inner, inner[0] == '\0' ? "" : "/");
    w->prefix = prefix;
    w->folders = (struct ncm_list){.size = sizeof(char *)};
    if (w->n < FILES_KEYS_MOST)
        ncm_dir_each(dir, FILES_KEYS_MOST - w->n, found, w, &more, &ignored);
    struct ncm_list folders = w->folders;
    for (size_t i = 0; i < folders.n; i++) {
        char *folder = ((char **)folders.items)[i];
        if (depth < MOST_DEPTH)
            walk_in(w, folder, depth + 1);
        ncm_free(folder);
    }
    ncm_free(folders.items);
    ncm_free(prefix);
    ncm_free(dir);
}

void files_walk(const char *dir, void (*entry)(void *to, const char *key), void *to)
{
    struct walk w = {.entry = entry, .to = to, .root = dir};
    walk_in(&w, "", 0);
}

/* ---- reading ---- */

static size_t place_of(const struct files_set *s, const char *key, bool *there)
{
    size_t low = 0, high = s->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int d = strcmp(s->items[mid].key, key);
        if (d == 0) {
            *there = true;
            return mid;
        }
        if (d < 0)
            low = mid + 1;
        else
            high = mid;
    }
    *there = false;
    return low;
}

const struct files_value *files_known(const struct files_run *r, enum files_kind kind,
                                      const char *key)
{
    bool there;
    size_t at = place_of(&r->sets[kind], key, &there);
    return there && r->sets[kind].items[at].there ? &r->sets[kind].items[at] : NULL;
}

static struct files_value *value_in(struct ncm_conn *c, struct files_set *s, const char *key)
{
    bool there;
    size_t at = place_of(s, key, &there);
    if (there)
        return &s->items[at];
    s->items = ncm_grow(s->items, s->n, &s->cap, sizeof(*s->items));
    memmove(s->items + at + 1, s->items + at, (s->n - at) * sizeof(*s->items));
    s->items[at] = (struct files_value){.key = ncm_strdup(key)};
    s->n++;
    atomic_fetch_add(&c->held, sizeof(*s->items) + strlen(key));
    return &s->items[at];
}

/* A fault is said once, not at every look. */
static void tell(struct files_value *v, const struct ncm_err *fault)
{
    if (fault != NULL && !v->told)
        ncm_log("mlflow-files: a value is unknown: %s", fault->what);
    v->told = fault != NULL;
}

static void read_text(struct ncm_conn *c, const char *path, struct files_value *v,
                      struct ncm_buf *scratch)
{
    struct ncm_err err;
    enum ncm_look look = ncm_file_read_new(path, &v->stamp, FILES_VALUE_MOST, scratch, &err);
    if (look == NCM_LOOK_SAME)
        return;
    atomic_fetch_sub(&c->held, v->text.len);
    ncm_free((char *)v->text.p);
    v->text = (struct ncm_str){0};
    v->there = look != NCM_LOOK_GONE;
    if (look == NCM_LOOK_NEW) {
        v->text = (struct ncm_str){ncm_strndup(scratch->p, scratch->len), scratch->len};
        atomic_fetch_add(&c->held, v->text.len);
    }
    tell(v, look == NCM_LOOK_FAULT ? &err : NULL);
}

static void take_point(void *to, const struct ncm_sample *s)
{
    files_latest_take(to, s);
}

/* Whether the bytes before the place where reading ended are still the same: then the file only
 * grew, as MLflow lets it. */
static bool only_grew(const char *path, const struct files_value *v, struct ncm_buf *scratch)
{
    struct ncm_err ignored;
    bool more;
    ncm_buf_clear(scratch);
    return v->n_tail > 0 &&
           ncm_file_read(path, v->lines.offset - (int64_t)v->n_tail, v->n_tail, scratch, &more,
                         &ignored) &&
           scratch->len == v->n_tail && memcmp(scratch->p, v->tail, v->n_tail) == 0;
}

static void keep_tail(struct files_value *v, const char *p, size_t taken)
{
    size_t n = taken < sizeof(v->tail) ? taken : sizeof(v->tail);
    if (taken == 0)
        return;
    memcpy(v->tail, p + taken - n, n);
    v->n_tail = n;
}

static void read_metric(const char *path, struct files_value *v, struct ncm_buf *scratch)
{
    struct ncm_file_stamp was = v->stamp;
    struct ncm_err err;
    enum ncm_look look = ncm_file_look(path, &v->stamp, &err);
    bool more = look == NCM_LOOK_NEW;
    if (look == NCM_LOOK_SAME)
        return;
    bool grew = was.known && v->there && was.inode == v->stamp.inode &&
                v->stamp.size >= v->lines.offset && more && only_grew(path, v, scratch);
    if (!grew) {
        v->latest = (struct files_latest){0};
        v->lines = (struct files_lines){0};
        v->n_tail = 0;
    }
    int64_t bad = v->lines.bad;
    v->there = more;
    while (more) {
        char tail[sizeof(v->tail)];
        int64_t before = v->lines.offset;
        ncm_buf_clear(scratch);
        if (!ncm_file_read(path, before, PIECE, scratch, &more, &err)) {
            look = err.code == NCM_NOT_FOUND ? NCM_LOOK_GONE : NCM_LOOK_FAULT;
            v->there = false;
            break;
        }
        /* Taking the lines cuts them up: the last bytes are put by before. */
        const char *newline = memrchr(scratch->p, '\n', scratch->len);
        size_t whole = newline != NULL ? (size_t)(newline - scratch->p) + 1 : 0;
        size_t n = whole < sizeof(tail) ? whole : sizeof(tail);
        memcpy(tail, scratch->p + whole - n, n);
        files_lines_take(&v->lines, scratch->p, scratch->len, more, take_point, &v->latest);
        if (n > 0)
            keep_tail(v, tail, n);
    }
    tell(v, look == NCM_LOOK_FAULT ? &err : NULL);
    if (v->lines.bad > bad)
        ncm_log("mlflow-files: %s: %lld lines are no points", path, (long long)v->lines.bad);
}

static void look_at(struct ncm_conn *c, const char *folder, enum files_kind kind,
                    struct files_value *v, struct ncm_buf *scratch)
{
    if (v->seen == c->fetch)
        return;
    v->seen = c->fetch;
    char *path = files_path(folder, v->key);
    if (kind == FILES_METRIC)
        read_metric(path, v, scratch);
    else
        read_text(c, path, v, scratch);
    ncm_free(path);
}

static char *folder_of(const struct ncm_conn *c, const struct files_run *r, enum files_kind kind)
{
    return ncm_sprintf("%s/%s/%s", c->experiments[r->experiment]->dir, r->id,
                       files_folder_name(kind));
}

const struct files_value *files_value(struct ncm_conn *c, struct files_run *r, enum files_kind kind,
                                      const char *key, struct ncm_buf *scratch)
{
    static const struct files_value none;
    if (!files_is_key(key))
        return &none;
    struct files_value *v = value_in(c, &r->sets[kind], key);
    if (v->seen != c->fetch) {
        char *folder = folder_of(c, r, kind);
        look_at(c, folder, kind, v, scratch);
        ncm_free(folder);
    }
    return v;
}

static void keep_key(void *to, const char *key)
{
    *(char **)ncm_list_add(to) = ncm_strdup(key);
}

void files_values(struct ncm_conn *c, struct files_run *r, enum files_kind kind,
                  struct ncm_buf *scratch)
{
    struct files_set *s = &r->sets[kind];
    struct ncm_list keys = {.size = sizeof(char *)};
    if (s->listed == c->fetch)
        return;
    s->listed = c->fetch;
    char *folder = folder_of(c, r, kind);
    files_walk(folder, keep_key, &keys);
    for (size_t i = 0; i < keys.n; i++) {
        char *key = ((char **)keys.items)[i];
        look_at(c, folder, kind, value_in(c, s, key), scratch);
        ncm_free(key);
    }
    for (size_t i = 0; i < s->n; i++)
        if (s->items[i].seen != c->fetch) {
            s->items[i].seen = c->fetch;
            s->items[i].there = false;
            s->items[i].stamp.known = false;
        }
    ncm_free(keys.items);
    ncm_free(folder);
}

/* ---- data sets ---- */

static void free_inputs(struct files_run *r)
{
    for (size_t i = 0; i < r->n_inputs; i++)
        ncm_free(r->inputs[i].text);
    ncm_free(r->inputs);
    r->inputs = NULL;
    r->n_inputs = 0;
}

static void keep_name(void *to, const char *name, enum ncm_file_kind kind, bool link)
{
    (void)link;
    if (kind == NCM_FILE_DIR)
        keep_key(to, name);
}

static struct files_input pack_input(const struct ncm_dataset_input *d, struct ncm_str context)
{
    struct files_input in = {.name = d->name, .digest = d->digest, .context = context};
    struct ncm_str *strings[] = {&in.name, &in.digest, &in.context};
    char *at = in.text = ncm_alloc(d->name.len + d->digest.len + context.len + 3, 1);
    for (size_t i = 0; i < 3; i++) {
        if (strings[i]->p == NULL)
            continue;
        memcpy(at, strings[i]->p, strings[i]->len);
        strings[i]->p = at;
        at += strings[i]->len + 1;
    }
    return in;
}

bool files_read_input(struct ncm_conn *c, const struct files_run *r, const char *name,
                      struct ncm_arena *a, struct ncm_dataset_input *out, struct ncm_buf *scratch)
{
    const struct files_experiment *e = c->experiments[r->experiment];
    struct ncm_file_stamp any = {0};
    struct files_link_meta link;
    struct ncm_err err;
    char *path = ncm_sprintf("%s/%s/inputs/%s/meta.yaml", e->dir, r->id, name);
    bool ok = ncm_file_read_new(path, &any, FILES_META_MOST, scratch, &err) == NCM_LOOK_NEW &&
              files_meta_link(path, scratch->p, scratch->len, a, &link, &err) &&
              ncm_str_is(link.source_type, "DATASET") && files_is_id(ncm_cstr(link.source_id), 255);
    ncm_free(path);
    if (!ok)
        return false;
    path = ncm_sprintf("%s/datasets/%s/meta.yaml", e->dir, ncm_cstr(link.source_id));
    any = (struct ncm_file_stamp){0};
    *out = (struct ncm_dataset_input){0};
    ok = ncm_file_read_new(path, &any, FILES_META_MOST, scratch, &err) == NCM_LOOK_NEW &&
         files_meta_dataset(path, scratch->p, scratch->len, a, out, &err);
    out->context = link.context;
    ncm_free(path);
    return ok;
}

void files_inputs(struct ncm_conn *c, struct files_run *r, struct ncm_buf *scratch)
{
    struct ncm_list names = {.size = sizeof(char *)};
    struct ncm_list found_inputs = {.size = sizeof(struct files_input)};
    struct ncm_err err;
    bool more;
    char *dir = files_run_dir(c, r), *path = files_path(dir, "inputs");
    enum ncm_look look = ncm_file_look(path, &r->inputs_stamp, &err);
    if (look != NCM_LOOK_SAME)
        free_inputs(r);
    if (look == NCM_LOOK_NEW)
        ncm_dir_each(path, FILES_KEYS_MOST, keep_name, &names, &more, &err);
    for (size_t i = 0; i < names.n; i++) {
        char *name = ((char **)names.items)[i];
        struct ncm_arena *a = ncm_arena_new();
        struct ncm_dataset_input d;
        if (files_read_input(c, r, name, a, &d, scratch))
            *(struct files_input *)ncm_list_add(&found_inputs) = pack_input(&d, d.context);
        ncm_arena_free(a);
        ncm_free(name);
    }
    if (look == NCM_LOOK_NEW) {
        r->inputs = found_inputs.items;
        r->n_inputs = found_inputs.n;
    }
    ncm_free(names.items);
    ncm_free(path);
    ncm_free(dir);
}

void files_run_forget(struct files_run *r)
{
    for (int k = 0; k < FILES_KINDS; k++) {
        struct files_set *s = &r->sets[k];
        for (size_t i = 0; i < s->n; i++) {
            ncm_free(s->items[i].key);
            ncm_free((char *)s->items[i].text.p);
        }
        ncm_free(s->items);
        *s = (struct files_set){0};
    }
    free_inputs(r);
    r->inputs_stamp = (struct ncm_file_stamp){0};
    files_keys_free(r->keys);
    r->keys = NULL;
}
