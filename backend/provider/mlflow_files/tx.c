#include "provider/mlflow_files/tx.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/log.h"
#include "io/file_place.h"

void files_tx_init(struct files_tx *tx, struct ncm_conn *c)
{
    *tx = (struct files_tx){.c = c};
}

void files_tx_release(struct files_tx *tx)
{
    for (size_t i = 0; i < tx->n; i++) {
        ncm_free(tx->ops[i].path);
        ncm_free(tx->ops[i].via);
        ncm_free(tx->ops[i].data);
        ncm_free(tx->ops[i].old);
    }
    ncm_free(tx->ops);
    *tx = (struct files_tx){0};
}

/* What follows `dir` in a path below it ("" for itself); NULL for another path. */
static const char *below(const char *path, const char *dir)
{
    size_t n = strlen(dir);
    return strncmp(path, dir, n) == 0 && (path[n] == '\0' || path[n] == '/') ? path + n : NULL;
}

/* Where a path lies on the disk now; NULL where it is written (*hit) or taken away (*hit NULL) by
 * what was gathered. The caller frees. */
static char *on_disk(const struct files_tx *tx, const char *path, const struct files_op **hit)
{
    char *at = ncm_strdup(path);
    *hit = NULL;
    for (size_t i = tx->n; i-- > 0;) {
        const struct files_op *op = &tx->ops[i];
        const char *rest;
        bool same = strcmp(at, op->path) == 0;
        if ((op->kind == FILES_OP_WRITE || op->kind == FILES_OP_REMOVE) && same) {
            *hit = op->kind == FILES_OP_WRITE ? op : NULL;
            ncm_free(at);
            return NULL;
        }
        if (op->kind == FILES_OP_MOVE && (rest = below(at, op->data)) != NULL) {
            char *before = ncm_sprintf("%s%s", op->path, rest);
            ncm_free(at);
            at = before;
        } else if ((op->kind == FILES_OP_MOVE || op->kind == FILES_OP_DELETE) &&
                   below(at, op->path) != NULL) {
            ncm_free(at);
            return NULL;
        }
    }
    return at;
}

bool files_tx_read(struct files_tx *tx, const char *path, struct ncm_buf *out, bool *there,
                   struct ncm_err *err)
{
    const struct files_op *op;
    struct ncm_file_stamp any = {0};
    char *at = on_disk(tx, path, &op);
    enum ncm_look look = NCM_LOOK_GONE;
    ncm_buf_clear(out);
    if (op != NULL)
        look = ncm_buf_add(out, op->data, op->len) ? NCM_LOOK_NEW : NCM_LOOK_FAULT;
    else if (at != NULL)
        look = ncm_file_read_new(at, &any, FILES_VALUE_MOST, out, err);
    *there = look == NCM_LOOK_NEW;
    ncm_free(at);
    return look != NCM_LOOK_FAULT;
}

bool files_tx_is_file(struct files_tx *tx, const char *path)
{
    const struct files_op *op;
    struct stat st;
    char *at = on_disk(tx, path, &op);
    bool is = op != NULL || (at != NULL && stat(at, &st) == 0 && S_ISREG(st.st_mode));
    ncm_free(at);
    return is;
}

/* Where what was written then lies after all that was gathered later; NULL: it went. */
static char *carried(const struct files_tx *tx, size_t i, const char *path)
{
    char *at = ncm_strdup(path);
    for (i++; i < tx->n; i++) {
        const struct files_op *op = &tx->ops[i];
        const char *rest = below(at, op->path);
        if (rest == NULL || op->kind == FILES_OP_WRITE)
            continue;
        char *after = op->kind == FILES_OP_MOVE ? ncm_sprintf("%s%s", op->data, rest) : NULL;
        ncm_free(at);
        if (after == NULL)
            return NULL;
        at = after;
    }
    return at;
}

static void add_name(struct files_names *out, struct ncm_map *seen, const char *name, size_t len)
{
    size_t any;
    if (len == 0 || ncm_map_get(seen, name, len, &any))
        return;
    ncm_map_set(seen, name, len, 1);
    out->items = ncm_grow(out->items, out->n, &out->cap, sizeof(char *));
    out->items[out->n++] = ncm_strndup(name, len);
}

struct listing {
    struct files_names *out;
    struct ncm_map *seen;
};

static void list_entry(void *to, const char *name, enum ncm_file_kind kind, bool link)
{
    struct listing *l = to;
    (void)kind;
    (void)link;
    add_name(l->out, l->seen, name, strlen(name));
}

bool files_tx_is_folder(struct files_tx *tx, const char *path)
{
    const struct files_op *op;
    char *at = on_disk(tx, path, &op);
    bool is = at != NULL && files_is_folder(at);
    for (size_t i = 0; !is && i < tx->n; i++) {
        if (tx->ops[i].kind != FILES_OP_WRITE)
            continue;
        char *now = carried(tx, i, tx->ops[i].path);
        const char *rest = now != NULL ? below(now, path) : NULL;
        is = rest != NULL && rest[0] != '\0';
        ncm_free(now);
    }
    ncm_free(at);
    return is;
}

/* Of a path below dir, the name in it. */
static void add_below(struct files_names *out, struct ncm_map *seen, const char *path,
                      const char *dir)
{
    const char *rest = path != NULL ? below(path, dir) : NULL;
    if (rest != NULL && rest[0] == '/')
        add_name(out, seen, rest + 1, strcspn(rest + 1, "/"));
}

void files_tx_list(struct files_tx *tx, const char *dir, struct files_names *out)
{
    struct files_names all = {0};
    struct listing l = {&all, ncm_map_new()};
    const struct files_op *op;
    struct ncm_err ignored;
    bool more;
    char *at = on_disk(tx, dir, &op);
    if (at != NULL)
        ncm_dir_each(at, 4000000, list_entry, &l, &more, &ignored);
    for (size_t i = 0; i < tx->n; i++) {
        const char *path = tx->ops[i].kind == FILES_OP_WRITE  ? tx->ops[i].path
                           : tx->ops[i].kind == FILES_OP_MOVE ? tx->ops[i].data
                                                              : NULL;
        char *now = path != NULL ? carried(tx, i, path) : NULL;
        add_below(&all, l.seen, now, dir);
        ncm_free(now);
    }
    *out = (struct files_names){0};
    for (size_t i = 0; i < all.n; i++) {
        char *path = files_path(dir, all.items[i]);
        if (files_tx_is_file(tx, path) || files_tx_is_folder(tx, path)) {
            out->items = ncm_grow(out->items, out->n, &out->cap, sizeof(char *));
            out->items[out->n++] = all.items[i];
        } else {
            ncm_free(all.items[i]);
        }
        ncm_free(path);
    }
    ncm_free(all.items);
    ncm_map_free(l.seen);
    ncm_free(at);
}

void files_tx_names_free(struct files_names *n)
{
    for (size_t i = 0; i < n->n; i++)
        ncm_free(n->items[i]);
    ncm_free(n->items);
    *n = (struct files_names){0};
}

static struct files_op *add(struct files_tx *tx, enum files_op_kind kind, const char *path)
{
    tx->ops = ncm_grow(tx->ops, tx->n, &tx->cap, sizeof(*tx->ops));
    struct files_op *op = &tx->ops[tx->n++];
    *op = (struct files_op){.kind = kind, .path = ncm_strdup(path)};
    return op;
}

void files_tx_write(struct files_tx *tx, const char *via, const char *path, const char *p,
                    size_t len)
{
    struct files_op *op = add(tx, FILES_OP_WRITE, path);
    op->via = ncm_strdup(via);
    op->data = ncm_strndup(p, len);
    op->len = len;
}

void files_tx_remove(struct files_tx *tx, const char *path)
{
    add(tx, FILES_OP_REMOVE, path);
}

void files_tx_move(struct files_tx *tx, const char *from, const char *to)
{
    add(tx, FILES_OP_MOVE, from)->data = ncm_strdup(to);
}

void files_tx_delete(struct files_tx *tx, const char *path)
{
    add(tx, FILES_OP_DELETE, path);
}

/* ---- before the first write ---- */

static bool refuse_link(const char *path, struct ncm_err *err)
{
    ncm_fail(err, NCM_REFUSED, _("%s is or leads through a link out of the store"), path);
    return ncm_hint(err, _("nothing is written through such links"));
}

/* The nearest folder above a path that is there: it must lie in the store and take files. */
static bool check_place(const char *root, const char *path, struct ncm_err *err)
{
    struct stat st;
    char *dir = ncm_strdup(path);
    bool ok = true;
    if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
        ok = refuse_link(path, err);
    do {
        char *slash = strrchr(dir, '/');
        slash[slash == dir] = '\0';
    } while (ok && lstat(dir, &st) != 0 && strlen(dir) > 1);
    char *real = ok ? realpath(dir, NULL) : NULL;
    if (ok && (real == NULL || below(real, root) == NULL))
        ok = refuse_link(path, err);
    if (ok && (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode))) {
        ok = ncm_fail(err, NCM_REFUSED, _("%s is a file: no folder can be made in its place"), dir);
    } else if (ok && access(dir, W_OK | X_OK) != 0) {
        ok = ncm_fail(err, NCM_FORBIDDEN, _("this user may not write to %s"), dir);
    }
    free(real);
    ncm_free(dir);
    return ok;
}

static bool check_op(const struct files_tx *tx, size_t i, const char *root, struct ncm_err *err)
{
    const struct files_op *op = &tx->ops[i], *hit;
    struct files_tx before = {.c = tx->c, .ops = tx->ops, .n = i};
    struct stat st;
    char *at = on_disk(&before, op->path, &hit);
    bool ok = at == NULL || check_place(root, at, err);
    if (ok && at != NULL && op->kind == FILES_OP_WRITE && lstat(at, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            ok = ncm_fail(err, NCM_REFUSED,
                          _("%s is a folder: a key cannot be the beginning of another one"), at);
        else if (access(at, W_OK) != 0)
            ok = ncm_fail(err, NCM_FORBIDDEN, _("this user may not write to %s"), at);
    }
    ncm_free(at);
    return ok;
}

static bool check_all(const struct files_tx *tx, struct ncm_err *err)
{
    char *root = realpath(tx->c->root, NULL);
    bool ok = root != NULL || ncm_fail(err, NCM_NOT_FOUND, _("%s is gone"), tx->c->root);
    for (size_t i = 0; ok && i < tx->n; i++)
        ok = check_op(tx, i, root, err);
    free(root);
    return ok;
}

/* ---- carrying out ---- */

static bool keep_old(struct files_op *op, struct ncm_err *err)
{
    struct ncm_file_stamp any = {0};
    struct ncm_buf old;
    ncm_buf_init(&old, FILES_VALUE_MOST + 1);
    enum ncm_look look = ncm_file_read_new(op->path, &any, FILES_VALUE_MOST, &old, err);
    op->had = look == NCM_LOOK_NEW;
    if (op->had) {
        op->old_len = old.len;
        op->old = ncm_buf_take(&old);
    }
    ncm_buf_release(&old);
    return look != NCM_LOOK_FAULT;
}

static bool carry_out(struct files_op *op, struct ncm_err *err)
{
    switch (op->kind) {
    case FILES_OP_WRITE:
        return keep_old(op, err) && ncm_file_place(op->path, op->via, op->data, op->len, err);
    case FILES_OP_REMOVE:
        return keep_old(op, err) && ncm_file_unlink(op->path, err);
    case FILES_OP_MOVE:
        return ncm_dir_move(op->path, op->data, err);
    default:
        return ncm_dir_remove(op->path, err);
    }
}

static bool take_back(const struct files_op *op, struct ncm_err *err)
{
    char *dir = ncm_strndup(op->path, (size_t)(strrchr(op->path, '/') - op->path));
    bool ok = true;
    if (op->kind == FILES_OP_MOVE)
        ok = ncm_dir_move(op->data, op->path, err);
    else if (op->had)
        ok = ncm_file_place(op->path, op->via != NULL ? op->via : dir, op->old, op->old_len, err);
    else
        ok = ncm_file_unlink(op->path, err);
    ncm_free(dir);
    return ok;
}

/* Says in *err's hint what remains changed. */
static void take_all_back(struct files_tx *tx, size_t n, struct ncm_err *err)
{
    for (size_t i = n; i-- > 0;) {
        struct ncm_err fault;
        if (!tx->ops[i].done || take_back(&tx->ops[i], &fault))
            continue;
        tx->partial = true;
        ncm_log("mlflow-files: not taken back: %s", fault.what);
        ncm_hint(err, _("this remains changed: %s (%s)"), tx->ops[i].path, fault.what);
    }
}

bool files_tx_commit(struct files_tx *tx, struct ncm_err *err)
{
    if (!check_all(tx, err))
        return false;
    for (int last = 0; last < 2; last++)
        for (size_t i = 0; i < tx->n; i++) {
            struct files_op *op = &tx->ops[i];
            if ((op->kind == FILES_OP_DELETE) != (last == 1))
                continue;
            op->done = carry_out(op, err);
            if (!op->done && last == 0) {
                take_all_back(tx, i, err);
                return false;
            }
            if (!op->done) {
                tx->partial = true;
                return ncm_hint(err, _("this was removed in part: %s"), op->path);
            }
        }
    return true;
}
