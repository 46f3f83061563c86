/* Is there a tracking server of this user that works on the same file? Linux only, through /proc;
 * nothing is opened but the processes' own descriptions. */
#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/file.h"
#include "provider/mlflow_sqlite/internal.h"

#define MOST_PROCESSES   4096
#define MOST_DESCRIPTORS 512
#define MOST_COMMAND     4096

/* The arguments with blanks between them; false where it is not a tracking server's. */
static bool is_server(char *command, size_t len)
{
    for (size_t i = 0; i + 1 < len; i++)
        if (command[i] == '\0' || iscntrl((unsigned char)command[i]))
            command[i] = ' ';
    if (strstr(command, "mlflow") == NULL)
        return false;
    return strstr(command, "mlflow server") != NULL || strstr(command, "mlflow ui") != NULL ||
           strstr(command, "mlflow.server") != NULL || strstr(command, "gunicorn") != NULL ||
           strstr(command, "uvicorn") != NULL;
}

static bool has_open(const char *pid, const struct stat *store)
{
    char path[300];
    struct dirent *e;
    char *fds = ncm_sprintf("/proc/%s/fd", pid);
    DIR *d = opendir(fds);
    ncm_free(fds);
    bool found = false;
    if (d == NULL)
        return false;
    for (int i = 0; !found && i < MOST_DESCRIPTORS && (e = readdir(d)) != NULL; i++) {
        struct stat st;
        if (e->d_name[0] == '.')
            continue;
        char *link = ncm_sprintf("/proc/%s/fd/%s", pid, e->d_name);
        ssize_t n = readlink(link, path, sizeof(path) - 1);
        /* stat follows the link; a pipe or socket cannot be the store */
        found = n > 0 && path[0] == '/' && stat(link, &st) == 0 && st.st_dev == store->st_dev &&
                st.st_ino == store->st_ino;
        ncm_free(link);
    }
    closedir(d);
    return found;
}

/* "mlflow server --port 5000": the rest of a command line may hold secrets. */
static char *describe(const char *pid, const char *command)
{
    bool ui = strstr(command, "mlflow ui") != NULL;
    const char *port = strstr(command, "--port");
    size_t len = port == NULL || port[6] == '\0' ? 0 : strcspn(port + 7, " ");
    if (port == NULL || len == 0 || strspn(port + 7, "0123456789") != len)
        return ncm_sprintf("pid %s: mlflow %s", pid, ui ? "ui" : "server");
    return ncm_sprintf("pid %s: mlflow %s --port %.*s", pid, ui ? "ui" : "server", (int)len,
                       port + 7);
}

/* A server opens the file only while it works: its command line may name it instead. */
static bool names_store(const char *pid, const char *command, const char *real)
{
    const char *uri = strstr(command, "sqlite:///");
    char target[PATH_MAX];
    if (uri == NULL)
        return false;
    const char *p = uri + strlen("sqlite:///");
    size_t len = strcspn(p, " ?'\"");
    char *link = ncm_sprintf("/proc/%s/cwd", pid);
    ssize_t n = p[0] == '/' ? 0 : readlink(link, target, sizeof(target) - 1);
    ncm_free(link);
    if (n < 0 || len == 0)
        return false;
    char *full = ncm_sprintf("%.*s%s%.*s", (int)n, target, n > 0 ? "/" : "", (int)len, p);
    char *resolved = realpath(full, NULL);
    bool same = resolved != NULL && strcmp(resolved, real) == 0;
    free(resolved);
    ncm_free(full);
    return same;
}

static bool check_process(const char *pid, const struct stat *store, const char *real,
                          struct ncm_buf *command)
{
    struct ncm_err err;
    struct stat st;
    bool truncated;
    char *path = ncm_sprintf("/proc/%s/cmdline", pid);
    ncm_buf_clear(command);
    bool ours = stat(path, &st) == 0 && st.st_uid == geteuid();
    ours = ours && ncm_file_read(path, 0, MOST_COMMAND, command, &truncated, &err) &&
           command->len > 0 && is_server(command->p, command->len) &&
           (names_store(pid, command->p, real) || has_open(pid, store));
    ncm_free(path);
    return ours;
}

struct ncm_str sqlite_find_server(const char *path, struct ncm_arena *a)
{
    struct ncm_str out = {0};
    struct ncm_buf command;
    struct stat store;
    struct dirent *e;
    char *real = realpath(path, NULL);
    DIR *d = real != NULL && stat(path, &store) == 0 ? opendir("/proc") : NULL;
    ncm_buf_init(&command, MOST_COMMAND + 1);
    for (int i = 0; d != NULL && out.p == NULL && i < MOST_PROCESSES && (e = readdir(d)) != NULL;) {
        if (!isdigit((unsigned char)e->d_name[0]) || atol(e->d_name) == getpid())
            continue;
        i++;
        if (!check_process(e->d_name, &store, real, &command))
            continue;
        char *text = describe(e->d_name, command.p);
        out = ncm_arena_cstr(a, text);
        ncm_free(text);
    }
    if (d != NULL)
        closedir(d);
    ncm_buf_release(&command);
    free(real);
    return out;
}
