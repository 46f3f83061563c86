/* Which files a path means, and how each is opened. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <unistd.h>

#include "base/i18n.h"
#include "io/rows_inside.h"
#include "io/rows_scan.h"

static enum ncm_code code_of(int e)
{
    return e == ENOENT || e == ENOTDIR ? NCM_NOT_FOUND
           : e == EACCES || e == EPERM ? NCM_FORBIDDEN
                                       : NCM_IO;
}

bool ncm_rows_fd(const char *path, int *out, struct stat *st, struct ncm_err *err)
{
    int fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                    : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, st) != 0) {
        int e = errno;
        if (fd >= 0)
            close(fd);
        return ncm_fail(err, code_of(e), "%s: %s", path, strerror(e));
    }
    if (S_ISDIR(st->st_mode)) {
        close(fd);
        return ncm_fail(err, NCM_INVALID_DATA, _("%s is a folder; a file of rows is expected"),
                        path);
    }
    *out = fd;
    return true;
}

static int64_t size_of(const char *path, const struct stat *st)
{
    return S_ISREG(st->st_mode) && strcmp(path, "-") != 0 ? st->st_size : -1;
}

/* Reads the file's beginning as far as its header goes: what follows it may have been read in
 * another life. */
static bool learn(struct ncm_rows *r, struct rows_file *f, struct ncm_err *err)
{
    r->header_only = true;
    bool ok = true;
    while (ok && !f->begun && !r->at_end) {
        ok = ncm_rows_refill(r, NULL, err);
        if (ok && ncm_rows_parse(r, r->at_end) == ROWS_FAILED) {
            *err = r->err;
            ok = false;
        }
    }
    r->header_only = false;
    return ok;
}

/* From where the source stands (at) on to offset in the decompressed bytes. */
static bool skip_to(struct ncm_rows *r, int64_t offset, struct ncm_err *err)
{
    int64_t at = r->at + (int64_t)r->len;
    if (at <= offset && !ncm_rows_source_packed(r->source)) {
        ncm_rows_source_forget(r->source);
        lseek(ncm_rows_source_fd(r->source), (off_t)offset, SEEK_SET);
        at = offset;
    }
    if (at > offset) { /* it is in the buffer already */
        r->pos = (size_t)(offset - r->at);
        return true;
    }
    r->pos = r->len = 0;
    while (at < offset) {
        size_t got, want = r->cap < (size_t)(offset - at) ? r->cap : (size_t)(offset - at);
        if (!ncm_rows_source_read(r->source, r->buf, want, !r->o.follow, &got, err))
            return false;
        if (got == 0)
            break;
        at += (int64_t)got;
    }
    r->at = at;
    return true;
}

bool ncm_rows_file_open(struct ncm_rows *r, struct rows_file *f, struct ncm_err *err)
{
    struct stat st;
    int fd;
    if (f->fd >= 0) {
        fd = fcntl(f->fd, F_DUPFD_CLOEXEC, 3);
        if (fd < 0 || fstat(fd, &st) != 0)
            return ncm_fail(err, NCM_IO, "%s: %s", f->path, strerror(errno));
        lseek(fd, 0, SEEK_SET);
    } else if (!ncm_rows_fd(f->path, &fd, &st, err)) {
        return false;
    }
    f->dev = st.st_dev;
    f->ino = st.st_ino;
    f->size = size_of(f->path, &st);
    r->source = ncm_rows_source_new(fd, f->path);
    for (r->current = 0; r->files[r->current] != f;)
        r->current++;
    r->at = 0;
    r->len = r->pos = 0;
    r->at_end = r->skip_line = false;
    f->line = 1;
    if (f->consumed == 0) {
        f->begun = false;
        f->format = NCM_ROWS_GUESS;
        f->head_len = 0;
    }
    if (f->consumed == 0 || f->size < 0)
        return true;
    if (!learn(r, f, err) || !skip_to(r, f->consumed, err)) {
        ncm_rows_close_source(r);
        return false;
    }
    r->at_end = false;
    f->line = f->next_line;
    r->skip_line = f->skip_first;
    return true;
}

ptrdiff_t ncm_rows_file_head(const struct rows_file *f, char *out, size_t cap, bool *packed)
{
    struct ncm_err err;
    struct stat st;
    size_t n = 0, got = 1;
    int fd;
    if (f->fd >= 0)
        fd = fcntl(f->fd, F_DUPFD_CLOEXEC, 3);
    else if (!ncm_rows_fd(f->path, &fd, &st, &err))
        return -1;
    lseek(fd, 0, SEEK_SET);
    struct rows_source *s = ncm_rows_source_new(fd, f->path);
    bool ok = true;
    while (ok && got > 0 && n < cap) {
        ok = ncm_rows_source_read(s, out + n, cap - n, false, &got, &err);
        n += ok ? got : 0;
    }
    *packed = ncm_rows_source_packed(s);
    ncm_rows_source_free(s);
    return ok ? (ptrdiff_t)n : -1;
}

struct rows_file *ncm_rows_file_add(struct ncm_rows *r, const char *path)
{
    struct stat st;
    struct rows_file *f = ncm_alloc(1, sizeof *f);
    f->path = ncm_strdup(path);
    f->fd = -1;
    f->tried = -1;
    f->next_line = f->line = 1;
    f->size = -1;
    if (stat(path, &st) == 0) {
        f->size = size_of(path, &st);
        f->dev = st.st_dev;
        f->ino = st.st_ino;
    }
    r->files = ncm_grow(r->files, r->n_files, &r->files_cap, sizeof(struct rows_file *));
    r->files[r->n_files++] = f;
    return f;
}

void ncm_rows_file_free(struct rows_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    ncm_free(f->path);
    ncm_free(f->map);
    ncm_free(f);
}

char **ncm_rows_names(const struct ncm_rows *r, size_t *n)
{
    glob_t g;
    struct stat st;
    *n = 0;
    if (strcmp(r->path, "-") == 0 || stat(r->path, &st) == 0) {
        char **one = ncm_alloc(1, sizeof *one);
        one[(*n)++] = ncm_strdup(r->path);
        return one;
    }
    if (glob(r->path, 0, NULL, &g) != 0)
        g.gl_pathc = 0;
    char **names = ncm_alloc(g.gl_pathc + 1, sizeof *names);
    for (size_t i = 0; i < g.gl_pathc; i++)
        if (stat(g.gl_pathv[i], &st) == 0 && !S_ISDIR(st.st_mode))
            names[(*n)++] = ncm_strdup(g.gl_pathv[i]);
    globfree(&g);
    return names;
}

void ncm_rows_names_free(char **names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ncm_free(names[i]);
    ncm_free(names);
}
