#include "io/file_place.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/file.h"
#include "io/files_many.h"

#define LOCK_STEP_MS 20
#define TEMPORARY    ".ncmlops."

static bool fail(const char *path, int e, struct ncm_err *err)
{
    enum ncm_code code = e == ENOENT || e == ENOTDIR ? NCM_NOT_FOUND
                         : e == EACCES || e == EPERM ? NCM_FORBIDDEN
                         : e == EROFS                ? NCM_READ_ONLY
                                                     : NCM_IO;
    return ncm_fail(err, code, "%s: %s", path, strerror(e));
}

/* The folder of a path; the caller frees. */
static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? ncm_strdup(".")
                         : ncm_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static void sync_folder(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

static bool write_all(int fd, const char *p, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

/* 0 or errno. The group is kept where this user may give it. */
static int fill(int fd, const char *target, const void *p, size_t len, bool sync)
{
    struct stat st;
    int e = 0;
    if (stat(target, &st) == 0 && S_ISREG(st.st_mode)) {
        if (fchown(fd, (uid_t)-1, st.st_gid) != 0)
            errno = 0;
        if (fchmod(fd, st.st_mode & 0777) != 0)
            e = errno;
    }
    if (e == 0 && (!write_all(fd, p, len) || (sync && fsync(fd) != 0)))
        e = errno;
    if (close(fd) != 0 && e == 0)
        e = errno;
    return e;
}

static char *prepare(const char *path, const char *via, const void *p, size_t len, bool sync,
                     struct ncm_err *err)
{
    char random[17];
    ncm_random_hex(random, 8);
    char *temporary = ncm_sprintf("%s/" TEMPORARY "%s", via, random);
    /* Made by open, not mkstemp: a new file gets the mode that any other would. */
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    int e = fd < 0 ? errno : fill(fd, path, p, len, sync);
    if (e == 0)
        return temporary;
    if (fd >= 0)
        (void)unlink(temporary);
    fail(path, e, err);
    ncm_free(temporary);
    return NULL;
}

char *ncm_file_prepare(const char *path, const char *via, const void *p, size_t len,
                       struct ncm_err *err)
{
    return prepare(path, via, p, len, false, err);
}

bool ncm_file_put(const char *temporary, const char *path, struct ncm_err *err)
{
    char *dir = parent_of(path);
    bool ok =
        ncm_dir_make(dir, 0777, err) && (rename(temporary, path) == 0 || fail(path, errno, err));
    if (!ok)
        (void)unlink(temporary);
    ncm_free(dir);
    return ok;
}

bool ncm_file_place(const char *path, const char *via, const void *p, size_t len,
                    struct ncm_err *err)
{
    char *temporary = prepare(path, via, p, len, true, err);
    bool ok = temporary != NULL && ncm_file_put(temporary, path, err);
    if (ok) {
        char *dir = parent_of(path);
        sync_folder(dir);
        ncm_free(dir);
    }
    ncm_free(temporary);
    return ok;
}

void ncm_disk_sync(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)syncfs(fd);
    close(fd);
}

static void sweep_entry(void *to, const char *name, enum ncm_file_kind kind, bool link)
{
    if (kind != NCM_FILE_REGULAR || link || strncmp(name, TEMPORARY, strlen(TEMPORARY)) != 0)
        return;
    char *path = ncm_path_join(to, name);
    (void)unlink(path);
    ncm_free(path);
}

void ncm_file_sweep(const char *via)
{
    struct ncm_err ignored;
    bool more;
    char *dir = ncm_strdup(via);
    ncm_dir_each(dir, SIZE_MAX, sweep_entry, dir, &more, &ignored);
    ncm_free(dir);
}

bool ncm_file_unlink(const char *path, struct ncm_err *err)
{
    if (unlink(path) != 0)
        return fail(path, errno, err);
    char *dir = parent_of(path);
    sync_folder(dir);
    ncm_free(dir);
    return true;
}

/* Whether the file's last line has no newline. */
static bool is_half_line(int fd, off_t size)
{
    char last = '\n';
    return size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

/* 0 or errno. */
static int append(int fd, const char *p, size_t len, bool sync, int64_t *was, int64_t *now)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return errno;
    *was = *was == 0 ? st.st_size : *was;
    bool half = is_half_line(fd, st.st_size);
    char *text = ncm_sprintf("%s%.*s", half ? "\n" : "", (int)len, p);
    size_t n = len + half;
    ssize_t done = write(fd, text, n);
    int e = done < 0 ? errno : (size_t)done != n ? ENOSPC : sync && fsync(fd) != 0 ? errno : 0;
    ncm_free(text);
    *now = st.st_size + (int64_t)n;
    struct stat after;
    if (e != 0 && done > 0 && fstat(fd, &after) == 0 && after.st_size == st.st_size + done &&
        ftruncate(fd, st.st_size) != 0)
        e = errno;
    return e;
}

bool ncm_file_append(const char *path, const void *p, size_t len, bool sync, int64_t *was,
                     int64_t *now, struct ncm_err *err)
{
    char *dir = parent_of(path);
    *was = access(path, F_OK) == 0 ? 0 : -1;
    bool ok = ncm_dir_make(dir, 0777, err);
    if (ok) {
        int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
        int e = fd < 0 ? errno : append(fd, p, len, sync, was, now);
        if (fd >= 0 && close(fd) != 0 && e == 0)
            e = errno;
        if (e == 0 && sync && *was < 0)
            sync_folder(dir);
        ok = e == 0 || fail(path, e, err);
    }
    ncm_free(dir);
    return ok;
}

bool ncm_file_cut(const char *path, int64_t now, int64_t was, struct ncm_err *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return fail(path, errno, err);
    if (st.st_size != now)
        return ncm_fail(err, NCM_CONFLICT, _("%s: somebody else has written to it since"), path);
    if (was < 0)
        return ncm_file_unlink(path, err);
    return truncate(path, was) == 0 || fail(path, errno, err);
}

bool ncm_dir_move(const char *from, const char *to, struct ncm_err *err)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) != 0) {
        int e = errno;
        struct stat st;
        /* Some file systems know no such flag. */
        if (e != EINVAL || lstat(to, &st) == 0 || rename(from, to) != 0)
            return fail(e == EEXIST ? to : from, e, err);
    }
    char *a = parent_of(from), *b = parent_of(to);
    sync_folder(a);
    sync_folder(b);
    ncm_free(a);
    ncm_free(b);
    return true;
}

static int take_away(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

bool ncm_dir_remove(const char *path, struct ncm_err *err)
{
    if (nftw(path, take_away, 16, FTW_DEPTH | FTW_PHYS) != 0)
        return fail(path, errno, err);
    char *dir = parent_of(path);
    sync_folder(dir);
    ncm_free(dir);
    return true;
}

bool ncm_dir_lock(const char *path, int64_t deadline_mono_ms, int *fd, struct ncm_err *err)
{
    *fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0)
        return fail(path, errno, err);
    while (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR)
            continue;
        if (errno != EWOULDBLOCK) {
            ncm_dir_unlock(*fd);
            *fd = -1;
            return true;
        }
        if (ncm_mono_ms() >= deadline_mono_ms) {
            ncm_dir_unlock(*fd);
            ncm_fail(err, NCM_BUSY, _("Another ncmlops is changing %s."), path);
            return ncm_hint(err, _("try again in a moment"));
        }
        poll(NULL, 0, LOCK_STEP_MS);
    }
    return true;
}

void ncm_dir_unlock(int fd)
{
    if (fd >= 0)
        close(fd);
}
