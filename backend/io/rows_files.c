/* Which files a path means, and how each is opened. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "io/rows_inside.h"

static enum ncm_code code_of(int e)
{
    return e == ENOENT || e == ENOTDIR ? NCM_NOT_FOUND
           : e == EACCES || e == EPERM ? NCM_FORBIDDEN
                                       : NCM_IO;
}

bool ncm_rows_file_open(struct rows_file *f, struct rows_source **out, struct ncm_err *err)
{
    struct stat st;
    bool is_stdin = strcmp(f->path, "-") == 0;
    int fd =
        is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(f->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        int e = errno;
        if (fd >= 0)
            close(fd);
        return ncm_fail(err, code_of(e), "%s: %s", f->path, strerror(e));
    }
    if (S_ISDIR(st.st_mode)) {
        close(fd);
        return ncm_fail(err, NCM_INVALID_DATA, _("%s is a folder; a file of rows is expected"),
                        f->path);
    }
    f->dev = st.st_dev;
    f->ino = st.st_ino;
    f->size = S_ISREG(st.st_mode) && !is_stdin ? st.st_size : -1;
    f->line = 1;
    f->begun = false;
    *out = ncm_rows_source_new(fd, f->path);
    return true;
}

void ncm_rows_file_free(struct rows_file *f)
{
    ncm_free(f->path);
    ncm_free(f->map);
    ncm_free(f);
}

static struct rows_file *add(struct ncm_rows *r, const char *path)
{
    struct stat st;
    struct rows_file *f = ncm_alloc(1, sizeof *f);
    f->path = ncm_strdup(path);
    f->size = stat(path, &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : -1;
    r->files = ncm_grow(r->files, r->n_files, &r->files_cap, sizeof(struct rows_file *));
    r->files[r->n_files++] = f;
    return f;
}

bool ncm_rows_find(struct ncm_rows *r, struct ncm_err *err)
{
    glob_t g;
    struct stat st;
    if (strcmp(r->path, "-") == 0 || stat(r->path, &st) == 0) {
        add(r, r->path);
        return true;
    }
    int rc = glob(r->path, 0, NULL, &g);
    for (size_t i = 0; rc == 0 && i < g.gl_pathc; i++)
        if (stat(g.gl_pathv[i], &st) == 0 && !S_ISDIR(st.st_mode))
            add(r, g.gl_pathv[i]);
    globfree(&g);
    return r->n_files > 0 || ncm_fail(err, NCM_NOT_FOUND, _("%s: no such file"), r->path);
}
