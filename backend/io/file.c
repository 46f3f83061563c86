#include "io/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"

/* One sentence for what the system said about a path. */
static bool fail(const char *path, int e, struct ncm_err *err)
{
    enum ncm_code code = NCM_IO;
    if (e == ENOENT || e == ENOTDIR)
        code = NCM_NOT_FOUND;
    else if (e == EACCES || e == EPERM)
        code = NCM_FORBIDDEN;
    else if (e == EROFS)
        code = NCM_READ_ONLY;
    ncm_fail(err, code, "%s: %s", path, strerror(e));
    return ncm_detail(err, "%s: errno %d", path, e);
}

static void from_stat(const struct stat *st, struct ncm_file_info *out)
{
    *out = (struct ncm_file_info){
        .kind = S_ISREG(st->st_mode)   ? NCM_FILE_REGULAR
                : S_ISDIR(st->st_mode) ? NCM_FILE_DIR
                                       : NCM_FILE_OTHER,
        .size = st->st_size,
        .mtime_ms = (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000,
        .device = st->st_dev,
        .inode = st->st_ino,
        .mode = st->st_mode & 07777,
    };
}

bool ncm_file_stat(const char *path, struct ncm_file_info *out, struct ncm_err *err)
{
    struct stat st;
    *out = (struct ncm_file_info){.kind = NCM_FILE_NONE};
    if (stat(path, &st) == 0) {
        from_stat(&st, out);
        return true;
    }
    return errno == ENOENT || errno == ENOTDIR || fail(path, errno, err);
}

/* Opens only regular files, without ever waiting for the other end of a pipe. */
static int open_regular(const char *path, struct stat *st, struct ncm_err *err)
{
    if (stat(path, st) != 0)
        return fail(path, errno, err), -1;
    int fd = -1;
    if (S_ISREG(st->st_mode)) {
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0 || fstat(fd, st) != 0) {
            fail(path, errno, err);
            if (fd >= 0)
                close(fd);
            return -1;
        }
        if (S_ISREG(st->st_mode))
            return fd;
        close(fd);
    }
    if (S_ISDIR(st->st_mode))
        ncm_fail(err, NCM_INVALID_DATA, _("%s is a folder"), path);
    else
        ncm_fail(err, NCM_INVALID_DATA, _("%s is not a regular file"), path);
    return -1;
}

bool ncm_file_read(const char *path, int64_t offset, size_t max, struct ncm_buf *out,
                   bool *truncated, struct ncm_err *err)
{
    struct stat st;
    int fd = open_regular(path, &st, err);
    if (fd < 0)
        return false;
    char block[65536];
    size_t left = max;
    bool ok = true;
    *truncated = false;
    for (;;) {
        /* One byte more than wanted tells whether there is more: sizes lie while files grow. */
        size_t want = left < sizeof block ? left + 1 : sizeof block;
        ssize_t n = pread(fd, block, want > sizeof block ? sizeof block : want, offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            ok = fail(path, errno, err);
        if (n <= 0)
            break;
        size_t take = (size_t)n < left ? (size_t)n : left;
        if (!ncm_buf_add(out, block, take) || (size_t)n > left) {
            *truncated = true;
            break;
        }
        left -= take;
        offset += n;
    }
    close(fd);
    return ok;
}

static bool write_all(int fd, const char *p, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

/* Makes the new name itself survive a power cut. */
static void sync_dir_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *dir =
        slash ? ncm_strndup(path, slash == path ? 1 : (size_t)(slash - path)) : ncm_strdup(".");
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    ncm_free(dir);
}

struct ncm_file_out {
    char *target, *temporary;
    int fd;
    unsigned mode;
};

static void out_free(struct ncm_file_out *o)
{
    ncm_free(o->target);
    ncm_free(o->temporary);
    ncm_free(o);
}

bool ncm_file_out_open(const char *path, unsigned mode, struct ncm_file_out **out,
                       struct ncm_err *err)
{
    /* A link (a configuration kept elsewhere) stays a link: its target is replaced. */
    char *real = realpath(path, NULL);
    struct ncm_file_out *o = ncm_alloc(1, sizeof *o);
    o->target = ncm_strdup(real ? real : path);
    o->temporary = ncm_sprintf("%s.XXXXXX", o->target);
    o->mode = mode;
    o->fd = mkostemp(o->temporary, O_CLOEXEC);
    int e = errno;
    free(real);
    if (o->fd < 0) {
        out_free(o);
        return fail(path, e, err);
    }
    *out = o;
    return true;
}

bool ncm_file_out_put(struct ncm_file_out *o, const char *p, size_t len, struct ncm_err *err)
{
    return write_all(o->fd, p, len) || fail(o->target, errno, err);
}

void ncm_file_out_abort(struct ncm_file_out *o)
{
    if (o == NULL)
        return;
    close(o->fd);
    (void)unlink(o->temporary);
    out_free(o);
}

bool ncm_file_out_commit(struct ncm_file_out *o, struct ncm_err *err)
{
    int e = 0;
    if (fchmod(o->fd, (mode_t)o->mode) != 0 || fsync(o->fd) != 0)
        e = errno;
    if (close(o->fd) != 0 && e == 0)
        e = errno;
    if (e == 0 && rename(o->temporary, o->target) != 0)
        e = errno;
    if (e == 0) {
        sync_dir_of(o->target);
    } else {
        (void)unlink(o->temporary);
        fail(o->target, e, err);
    }
    out_free(o);
    return e == 0;
}

bool ncm_file_write(const char *path, const void *p, size_t len, unsigned mode, struct ncm_err *err)
{
    struct ncm_file_out *o;
    if (!ncm_file_out_open(path, mode, &o, err))
        return false;
    if (!ncm_file_out_put(o, p, len, err)) {
        ncm_file_out_abort(o);
        return false;
    }
    return ncm_file_out_commit(o, err);
}

bool ncm_dir_make(const char *path, unsigned mode, struct ncm_err *err)
{
    char *copy = ncm_strdup(path);
    bool ok = true;
    for (char *p = copy + 1; ok && *copy; p++) {
        char c = *p;
        if (c != '/' && c != '\0')
            continue;
        *p = '\0';
        struct stat st;
        if (mkdir(copy, (mode_t)mode) != 0 && !(stat(copy, &st) == 0 && S_ISDIR(st.st_mode)))
            ok = fail(copy, errno == EEXIST ? ENOTDIR : errno, err);
        *p = c;
        if (c == '\0')
            break;
    }
    ncm_free(copy);
    return ok;
}

static int by_kind_and_name(const void *a, const void *b)
{
    const struct ncm_dir_entry *x = a;
    const struct ncm_dir_entry *y = b;
    bool dx = x->info.kind == NCM_FILE_DIR;
    bool dy = y->info.kind == NCM_FILE_DIR;
    return dx != dy ? dy - dx : strcmp(x->name, y->name);
}

static void look(int dir, const char *name, struct ncm_file_info *out)
{
    struct stat st;
    *out = (struct ncm_file_info){.kind = NCM_FILE_OTHER};
    /* A link that leads nowhere is still an entry. */
    if (fstatat(dir, name, &st, 0) == 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        from_stat(&st, out);
}

bool ncm_dir_list(const char *path, size_t max, struct ncm_dir_entry **out, size_t *n,
                  bool *truncated, struct ncm_err *err)
{
    *out = NULL;
    *n = 0;
    *truncated = false;
    DIR *dir = opendir(path);
    if (!dir)
        return fail(path, errno, err);
    size_t cap = 0;
    struct dirent *d;
    errno = 0;
    while ((d = readdir(dir))) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        if (*n >= max) {
            *truncated = true;
            break;
        }
        *out = ncm_grow(*out, *n, &cap, sizeof **out);
        struct ncm_dir_entry *e = &(*out)[(*n)++];
        e->name = ncm_strdup(d->d_name);
        look(dirfd(dir), d->d_name, &e->info);
        errno = 0;
    }
    int e = d ? 0 : errno;
    closedir(dir);
    if (e != 0) {
        ncm_dir_free(*out, *n);
        *out = NULL;
        *n = 0;
        return fail(path, e, err);
    }
    if (*n > 0)
        qsort(*out, *n, sizeof **out, by_kind_and_name);
    return true;
}

void ncm_dir_free(struct ncm_dir_entry *e, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ncm_free(e[i].name);
    ncm_free(e);
}
