#include "io/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/child.h"

enum { PATIENCE_MS = 30000 };

void ncm_secret_wipe(char *secret)
{
    if (secret != NULL) {
        explicit_bzero(secret, strlen(secret));
    }
    ncm_free(secret);
}

void ncm_secret_where(const struct ncm_secret *s, char *out, size_t size)
{
    const char *p = s->from != NULL ? s->from : "";
    switch (s->kind) {
    case NCM_SECRET_ENV:
        snprintf(out, size, "$%s", p);
        break;
    case NCM_SECRET_FILE:
        snprintf(out, size, "%s", p);
        break;
    case NCM_SECRET_COMMAND:
        p += strspn(p, " \t");
        snprintf(out, size, "%.*s", (int)strcspn(p, " \t="), p);
        break;
    case NCM_SECRET_NONE:
    case NCM_SECRET_TEXT:
        out[0] = '\0';
        break;
    }
}

/* The first line; NULL where it is empty or holds what no header may. */
static char *first_line(const char *p, size_t len)
{
    size_t n = 0;
    while (n < len && p[n] != '\n' && p[n] != '\0') {
        n++;
    }
    bool nul = n < len && p[n] == '\0';
    while (n > 0 && (p[n - 1] == '\r' || p[n - 1] == ' ' || p[n - 1] == '\t')) {
        n--;
    }
    if (n == 0 || nul || memchr(p, '\r', n) != NULL) {
        return NULL;
    }
    return ncm_strndup(p, n);
}

static bool from_env(const char *name, char **out, struct ncm_err *err)
{
    const char *value = getenv(name);
    if (value == NULL || *value == '\0') {
        ncm_fail(err, NCM_UNAUTHENTICATED,
                 _("The variable $%s, which should hold the secret, is not set"), name);
        return ncm_hint(err, _("Set it in the shell that starts ncmlops"));
    }
    *out = first_line(value, strlen(value));
    return *out != NULL || ncm_fail(err, NCM_UNAUTHENTICATED,
                                    _("The variable $%s holds no secret in its first line"), name);
}

/* "~/x" is under the home folder, as everywhere. */
static char *full_path(const char *path)
{
    const char *home = getenv("HOME");
    return path[0] == '~' && path[1] == '/' && home != NULL ? ncm_sprintf("%s%s", home, path + 1)
                                                            : ncm_strdup(path);
}

static bool file_fails(const char *path, int e, struct ncm_err *err)
{
    return ncm_fail(err, e == EACCES || e == EPERM ? NCM_FORBIDDEN : NCM_UNAUTHENTICATED,
                    _("The file %s, which should hold the secret, cannot be read: %s"), path,
                    strerror(e));
}

/* Looks at what was opened, not at what lay there before. */
static bool read_own(int fd, const char *path, char *text, size_t size, size_t *len,
                     struct ncm_err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return file_fails(path, errno, err);
    }
    if (!S_ISREG(st.st_mode)) {
        return ncm_fail(err, NCM_UNAUTHENTICATED, _("%s, which should hold the secret, is no file"),
                        path);
    }
    if ((st.st_mode & 077) != 0) {
        ncm_fail(err, NCM_FORBIDDEN, _("Others may read the secret in %s, so it is not used"),
                 path);
        return ncm_hint(err, "chmod 600 %s", path);
    }
    ssize_t n = 0;
    for (*len = 0; *len < size && (n = read(fd, text + *len, size - *len)) != 0;) {
        if (n < 0 && errno != EINTR) {
            return file_fails(path, errno, err);
        }
        *len += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool from_file(const char *path, char **out, struct ncm_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return file_fails(path, errno, err);
    }
    char *text = ncm_alloc(NCM_SECRET_MOST + 1, 1);
    size_t len = 0;
    bool ok = read_own(fd, path, text, NCM_SECRET_MOST + 1, &len, err);
    close(fd);
    if (ok && len > NCM_SECRET_MOST) {
        ok = ncm_fail(err, NCM_UNAUTHENTICATED, _("%s is too large to hold a secret"), path);
    } else if (ok) {
        *out = first_line(text, len);
        ok = *out != NULL ||
             ncm_fail(err, NCM_UNAUTHENTICATED, _("%s holds no secret in its first line"), path);
    }
    explicit_bzero(text, NCM_SECRET_MOST + 1);
    ncm_free(text);
    return ok;
}

static bool from_command(const struct ncm_secret *s, const atomic_bool *cancel, int64_t until,
                         char **out, struct ncm_err *err)
{
    char word[64];
    ncm_secret_where(s, word, sizeof word);
    const char *const argv[] = {"/bin/sh", "-c", s->from, NULL};
    struct ncm_child_result got;
    if (!ncm_child_run(argv, word, NCM_SECRET_MOST, cancel, until, &got, err)) {
        return false;
    }
    bool ok = got.status == 0 && !got.truncated;
    if (ok) {
        *out = first_line(got.out.p, got.out.len);
        ok = *out != NULL ||
             ncm_fail(err, NCM_UNAUTHENTICATED,
                      _("The command %s, which should print the secret, printed none"), word);
    } else if (got.truncated) {
        ncm_fail(err, NCM_UNAUTHENTICATED, _("The command %s prints too much for a secret"), word);
    } else {
        ncm_fail(err, NCM_UNAUTHENTICATED,
                 _("The command %s, which should print the secret, failed with status %d"), word,
                 got.status);
    }
    ncm_child_release(&got);
    return ok;
}

bool ncm_secret_read(const struct ncm_secret *s, const atomic_bool *cancel, int64_t until_mono_ms,
                     char **out, struct ncm_err *err)
{
    *out = NULL;
    char *path;
    bool ok;
    switch (s->kind) {
    case NCM_SECRET_NONE:
        return true;
    case NCM_SECRET_ENV:
        return from_env(s->from, out, err);
    case NCM_SECRET_FILE:
        path = full_path(s->from);
        ok = from_file(path, out, err);
        ncm_free(path);
        return ok;
    case NCM_SECRET_COMMAND:
        return from_command(
            s, cancel, until_mono_ms > 0 ? until_mono_ms : ncm_mono_ms() + PATIENCE_MS, out, err);
    case NCM_SECRET_TEXT:
        *out = first_line(s->from, strlen(s->from));
        return *out != NULL ||
               ncm_fail(err, NCM_UNAUTHENTICATED, _("The secret in the settings is empty"));
    }
    ncm_bug("secret: kind %d", (int)s->kind);
}
