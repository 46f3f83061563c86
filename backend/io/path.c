/* Paths as text, and the folders that are ours. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/file.h"

char *ncm_path_join(const char *a, const char *b)
{
    size_t n = strlen(a);
    while (n > 1 && a[n - 1] == '/')
        n--;
    while (*b == '/' && n > 0)
        b++;
    if (n == 0 || *b == '\0')
        return n == 0 ? ncm_strdup(b) : ncm_strndup(a, n);
    return ncm_sprintf("%.*s%s%s", (int)n, a, a[n - 1] == '/' ? "" : "/", b);
}

/* The account's line of the password database; the caller frees *buffer afterwards. */
static const struct passwd *account(struct passwd *pw, char **buffer)
{
    size_t size = 16384;
    struct passwd *found = NULL;
    *buffer = ncm_alloc(size, 1);
    return getpwuid_r(geteuid(), pw, *buffer, size, &found) == 0 ? found : NULL;
}

static char *home(void)
{
    const char *env = getenv("HOME");
    if (env && *env == '/')
        return ncm_strdup(env);
    char *buffer;
    struct passwd pw;
    const struct passwd *me = account(&pw, &buffer);
    char *dir = ncm_strdup(me && me->pw_dir && *me->pw_dir == '/' ? me->pw_dir : "/");
    ncm_free(buffer);
    return dir;
}

/* Removes "." parts and repeated slashes of an absolute path; ".." stays: a link may be before it.
 * In place. */
static char *tidy(char *path)
{
    char *to = path;
    for (const char *from = path; *from;) {
        while (*from == '/')
            from++;
        size_t n = strcspn(from, "/");
        if (n > 0 && !(n == 1 && *from == '.')) {
            *to++ = '/';
            memmove(to, from, n);
            to += n;
        }
        from += n;
    }
    if (to == path)
        *to++ = '/';
    *to = '\0';
    return path;
}

static const char *after_home(const char *path)
{
    static const char *const names[] = {"~", "$HOME", "${HOME}"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t n = strlen(names[i]);
        if (strncmp(path, names[i], n) == 0 && (path[n] == '/' || path[n] == '\0'))
            return path + n;
    }
    return NULL;
}

char *ncm_path_expand(const char *path, const char *base)
{
    const char *rest = after_home(path);
    char *dir = NULL;
    if (rest) {
        dir = home();
        path = rest;
    } else if (*path == '/') {
        return tidy(ncm_strdup(path));
    } else if (base && *base == '/') {
        dir = ncm_strdup(base);
    } else {
        char *cwd = getcwd(NULL, 0);
        dir = base && *base ? ncm_path_join(cwd ? cwd : "/", base) : ncm_strdup(cwd ? cwd : "/");
        free(cwd);
    }
    char *joined = ncm_sprintf("%s/%s", dir, path);
    ncm_free(dir);
    return tidy(joined);
}

char *ncm_path_short(const char *path)
{
    char *h = home();
    size_t n = strlen(h);
    bool below = n > 1 && strncmp(path, h, n) == 0 && (path[n] == '/' || path[n] == '\0');
    char *text = below ? ncm_sprintf("~%s", path + n) : ncm_strdup(path);
    ncm_free(h);
    return text;
}

char *ncm_path_variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? ncm_strdup(value) : NULL;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *ncm_percent_decode(const char *s)
{
    char *out = ncm_alloc(strlen(s) + 1, 1);
    size_t n = 0;
    for (; *s; s++) {
        int high = *s == '%' ? hex(s[1]) : -1;
        int low = high >= 0 ? hex(s[2]) : -1;
        if (low < 0) {
            out[n++] = *s;
            continue;
        }
        if (high == 0 && low == 0) {
            ncm_free(out);
            return NULL;
        }
        out[n++] = (char)(high * 16 + low);
        s += 2;
    }
    out[n] = '\0';
    return out;
}

/* The length of "scheme" where s is "scheme:/…", else 0. */
static size_t scheme(const char *s)
{
    size_t n = 0;
    while ((s[n] >= 'a' && s[n] <= 'z') || (s[n] >= 'A' && s[n] <= 'Z') ||
           (n > 0 && ((s[n] >= '0' && s[n] <= '9') || s[n] == '+' || s[n] == '-' || s[n] == '.')))
        n++;
    return n > 0 && s[n] == ':' && s[n + 1] == '/' ? n : 0;
}

char *ncm_path_from_uri(const char *uri)
{
    size_t n = scheme(uri);
    if (n == 0)
        return ncm_strdup(uri);
    if (n != 4 || strncasecmp(uri, "file", 4) != 0)
        return NULL;
    const char *path = uri + 5;
    if (path[0] == '/' && path[1] == '/') {
        const char *host = path + 2;
        path = strchr(host, '/');
        if (!path)
            return NULL;
        size_t len = (size_t)(path - host);
        if (len != 0 && !(len == 9 && strncasecmp(host, "localhost", 9) == 0))
            return NULL;
    }
    return ncm_percent_decode(path);
}

bool ncm_path_inside(const char *inner)
{
    if (*inner == '/')
        return false;
    while (*inner) {
        size_t n = strcspn(inner, "/");
        if (n == 2 && inner[0] == '.' && inner[1] == '.')
            return false;
        inner += n;
        while (*inner == '/')
            inner++;
    }
    return true;
}

static char *own_dir(const char *variable, const char *otherwise)
{
    const char *env = getenv(variable);
    if (env && *env == '/')
        return ncm_path_join(env, "ncmlops");
    char *h = home();
    char *dir = ncm_sprintf("%s/%s/ncmlops", strcmp(h, "/") == 0 ? "" : h, otherwise);
    ncm_free(h);
    return dir;
}

char *ncm_dir_config(void)
{
    return own_dir("XDG_CONFIG_HOME", ".config");
}

char *ncm_dir_state(void)
{
    return own_dir("XDG_STATE_HOME", ".local/state");
}

char *ncm_whoami(void)
{
    char *buffer;
    struct passwd pw;
    const struct passwd *me = account(&pw, &buffer);
    char *name = me && me->pw_name && *me->pw_name ? ncm_strdup(me->pw_name)
                                                   : ncm_sprintf("uid %ld", (long)geteuid());
    ncm_free(buffer);
    return name;
}

char *ncm_hostname(void)
{
    char name[256] = "";
    if (gethostname(name, sizeof name - 1) != 0 || !*name)
        return ncm_strdup("localhost");
    return ncm_strdup(name);
}
