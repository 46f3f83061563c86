#include "provider/mlflow_files/tx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/log.h"
#include "io/file_place.h"

/* Above so many files they are synced together, not each. */
#define LONG 32

void files_tx_init(struct files_tx *tx, struct ncm_conn *c)
{
    *tx = (struct files_tx){.c = c, .last = ncm_map_new(), .appends = ncm_map_new()};
}

void files_tx_release(struct files_tx *tx)
{
    for (size_t i = 0; i < tx->n; i++) {
        ncm_free(tx->ops[i].path);
        ncm_free(tx->ops[i].via);
        ncm_free(tx->ops[i].data);
        ncm_free(tx->ops[i].old);
        ncm_free(tx->ops[i].ready);
    }
    ncm_free(tx->ops);
    ncm_free(tx->moves);
    ncm_map_free(tx->last);
    ncm_map_free(tx->appends);
    *tx = (struct files_tx){0};
}

/* What follows `dir` in a path below it ("" for itself); NULL for another path. */
static const char *below(const char *path, const char *dir)
{
    size_t n = strlen(dir);
    return strncmp(path, dir, n) == 0 && (path[n] == '\0' || path[n] == '/') ? path + n : NULL;
}

/* A path as it was before one op moved or took away a folder; false where it was not there. */
static bool before_move(const struct files_op *op, char **at)
{
    const char *rest = op->kind == FILES_OP_MOVE ? below(*at, op->data) : NULL;
    if (rest == NULL)
        return below(*at, op->path) == NULL;
    char *before = ncm_sprintf("%s%s", op->path, rest);
    ncm_free(*at);
    *at = before;
    return true;
}

/* The last op before number `until` that writes or removes this path; NULL: none. */
static const struct files_op *last_write(const struct files_tx *tx, const char *path, size_t until)
{
    size_t i;
    if (!ncm_map_get(tx->last, path, strlen(path), &i))
        return NULL;
    if (i < until)
        return &tx->ops[i];
    for (i = until; i-- > 0;)
        if ((tx->ops[i].kind == FILES_OP_WRITE || tx->ops[i].kind == FILES_OP_REMOVE) &&
            strcmp(tx->ops[i].path, path) == 0)
            return &tx->ops[i];
    return NULL;
}

/* Where a path lies on the disk now, but for what the last `tx->n - until` ops do; NULL where it
 * went with a folder. The caller frees. */
static char *through_moves(const struct files_tx *tx, const char *path, size_t until)
{
    char *at = ncm_strdup(path);
    for (size_t k = tx->n_moves; k-- > 0;)
        if (tx->moves[k] < until && !before_move(&tx->ops[tx->moves[k]], &at)) {
            ncm_free(at);
            return NULL;
        }
    return at;
}

/* Where a path lies on the disk now; NULL where it is written (*hit) or taken away (*hit NULL) by
 * what was gathered. The caller frees. */
static char *on_disk(const struct files_tx *tx, const char *path, const struct files_op **hit)
{
    char *at = ncm_strdup(path);
    size_t until = tx->n;
    *hit = NULL;
    for (size_t k = tx->n_moves;; k--) {
        const struct files_op *move = k > 0 ? &tx->ops[tx->moves[k - 1]] : NULL;
        const struct files_op *op = last_write(tx, at, until);
        bool decides = op != NULL && (move == NULL || op > move);
        if (decides && op->kind == FILES_OP_WRITE)
            *hit = op;
        if (decides || (move != NULL && !before_move(move, &at))) {
            ncm_free(at);
            return NULL;
        }
        if (move == NULL)
            return at;
        until = tx->moves[k - 1];
    }
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
        if (rest == NULL || op->kind == FILES_OP_WRITE || op->kind == FILES_OP_APPEND ||
            op->kind == FILES_OP_FOLDER)
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
    if (kind == FILES_OP_WRITE || kind == FILES_OP_REMOVE) {
        ncm_map_set(tx->last, path, strlen(path), tx->n);
    } else if (kind == FILES_OP_APPEND) {
        ncm_map_set(tx->appends, path, strlen(path), tx->n);
    } else if (kind != FILES_OP_FOLDER) {
        tx->moves = ncm_grow(tx->moves, tx->n_moves, &tx->cap_moves, sizeof(*tx->moves));
        tx->moves[tx->n_moves++] = tx->n;
    }
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

void files_tx_append(struct files_tx *tx, const char *path, const char *p, size_t len)
{
    size_t i;
    struct files_op *op = ncm_map_get(tx->appends, path, strlen(path), &i)
                              ? &tx->ops[i]
                              : add(tx, FILES_OP_APPEND, path);
    if (op->len + len > op->cap) {
        op->cap = (op->len + len) * 2;
        op->data = ncm_resize(op->data, op->cap, 1);
    }
    memcpy(op->data + op->len, p, len);
    op->len += len;
}

void files_tx_folder(struct files_tx *tx, const char *path)
{
    add(tx, FILES_OP_FOLDER, path);
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
    const struct files_op *op = &tx->ops[i];
    struct stat st;
    char *at = through_moves(tx, op->path, i);
    bool ok = at == NULL || check_place(root, at, err);
    bool fills = op->kind == FILES_OP_WRITE || op->kind == FILES_OP_APPEND;
    if (ok && at != NULL && fills && lstat(at, &st) == 0) {
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

static bool carry_out(struct files_op *op, bool sync, struct ncm_err *err)
{
    switch (op->kind) {
    case FILES_OP_WRITE:
        return keep_old(op, err) &&
               (op->ready != NULL ? ncm_file_put(op->ready, op->path, err)
                                  : ncm_file_place(op->path, op->via, op->data, op->len, err));
    case FILES_OP_REMOVE:
        return keep_old(op, err) && ncm_file_unlink(op->path, err);
    case FILES_OP_MOVE:
        return ncm_dir_move(op->path, op->data, err);
    case FILES_OP_APPEND:
        return ncm_file_append(op->path, op->data, op->len, sync, &op->was, &op->now, err);
    case FILES_OP_FOLDER:
        op->had = files_is_folder(op->path);
        return ncm_dir_make(op->path, 0777, err);
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
    else if (op->kind == FILES_OP_APPEND)
        ok = ncm_file_cut(op->path, op->now, op->was, err);
    else if (op->kind == FILES_OP_FOLDER)
        ok = op->had || rmdir(op->path) == 0 ||
             ncm_fail(err, NCM_IO, "%s: %s", op->path, strerror(errno));
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

/* Temporary files that will not be moved any more. */
static void drop_ready(struct files_tx *tx)
{
    struct ncm_err ignored;
    for (size_t i = 0; i < tx->n; i++)
        if (tx->ops[i].ready != NULL && !tx->ops[i].done)
            ncm_file_unlink(tx->ops[i].ready, &ignored);
}

/* A long list is written beside everything first and synced once; then the files only change their
 * names. Those after the first folder that moves have no place to wait in. */
static bool make_ready(struct files_tx *tx, struct ncm_err *err)
{
    size_t end = tx->n_moves > 0 ? tx->moves[0] : tx->n;
    bool ok = true;
    for (size_t i = 0; ok && i < end; i++) {
        struct files_op *op = &tx->ops[i];
        if (op->kind != FILES_OP_WRITE || !files_is_folder(op->via)) /* it is made on the way */
            continue;
        op->ready = ncm_file_prepare(op->path, op->via, op->data, op->len, err);
        ok = op->ready != NULL;
    }
    if (ok)
        ncm_disk_sync(tx->c->root);
    else
        drop_ready(tx);
    return ok;
}

bool files_tx_commit(struct files_tx *tx, struct ncm_err *err)
{
    bool is_long = tx->n > LONG;
    if (!check_all(tx, err) || (is_long && !make_ready(tx, err)))
        return false;
    for (int last = 0; last < 2; last++)
        for (size_t i = 0; i < tx->n; i++) {
            struct files_op *op = &tx->ops[i];
            if ((op->kind == FILES_OP_DELETE) != (last == 1))
                continue;
            op->done = carry_out(op, !is_long, err);
            if (!op->done && last == 0) {
                take_all_back(tx, i, err);
                drop_ready(tx);
                return false;
            }
            if (!op->done) {
                tx->partial = true;
                return ncm_hint(err, _("this was removed in part: %s"), op->path);
            }
        }
    if (is_long)
        ncm_disk_sync(tx->c->root);
    return true;
}

void files_tx_sweep(const struct files_tx *tx)
{
    struct ncm_map *seen = ncm_map_new();
    for (size_t i = 0; i < tx->n; i++) {
        const char *via = tx->ops[i].via;
        size_t any;
        if (via == NULL || ncm_map_get(seen, via, strlen(via), &any))
            continue;
        ncm_map_set(seen, via, strlen(via), 1);
        ncm_file_sweep(via);
    }
    ncm_map_free(seen);
}
