#include "io/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"

enum {
    LOOK_MS = 50,   /* how often the flag is looked at, and whether it ended … */
    END_MS = 5,     /* … which is soon once it has closed its output */
    HEAR_MOST = 64, /* blocks of its error output at a time */
    STDIO = 3,      /* the first descriptor that is nobody's */
};

struct child {
    const char *name;
    pid_t pid;
    int fd;   /* its output; -1: closed */
    int said; /* its error output; -1: closed, or not looked at */
    const struct ncm_child_how *how;
    const atomic_bool *cancel;
    int64_t until;
};

/* Signals that our threads block or ignore are the child's again. */
static void set_signals(posix_spawnattr_t *attr)
{
    sigset_t set;
    sigemptyset(&set);
    posix_spawnattr_setsigmask(attr, &set);
    sigfillset(&set);
    posix_spawnattr_setsigdefault(attr, &set);
    posix_spawnattr_setpgroup(attr, 0);
    posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                       POSIX_SPAWN_SETPGROUP);
}

/* Ours but for those that are given besides. The caller frees the array. */
static char **environment(const struct ncm_child_how *how)
{
    size_t n = 0, more = 0;
    while (environ[n] != NULL) {
        n++;
    }
    while (how->env != NULL && how->env[more] != NULL) {
        more++;
    }
    char **all = ncm_alloc(n + more + 1, sizeof *all);
    size_t used = 0;
    for (size_t i = 0; i < more; i++) {
        all[used++] = (char *)(uintptr_t)how->env[i];
    }
    for (size_t i = 0; i < n; i++) {
        bool there = false;
        for (size_t k = 0; k < more && !there; k++) {
            size_t len = strcspn(how->env[k], "=") + 1;
            there = strncmp(environ[i], how->env[k], len) == 0;
        }
        if (!there) {
            all[used++] = environ[i];
        }
    }
    return all;
}

static int spawn(struct child *c, const char *const *argv, int out, int said)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attr);
    set_signals(&attr);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    if (said >= 0) {
        posix_spawn_file_actions_adddup2(&files, said, STDERR_FILENO);
    } else {
        posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    }
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    posix_spawn_file_actions_addclosefrom_np(&files, STDIO);
#endif
    char **env = environment(c->how);
    int e = posix_spawnp(&c->pid, argv[0], &files, &attr, (char *const *)(uintptr_t)argv, env);
    ncm_free(env);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    return e;
}

/* Whether it must end now; sets *err. */
static bool over(const struct child *c, struct ncm_err *err)
{
    if (c->cancel != NULL && atomic_load(c->cancel)) {
        ncm_fail(err, NCM_CANCELLED, _("The command %s was cancelled"), c->name);
        return true;
    }
    if (c->until > 0 && ncm_mono_ms() >= c->until) {
        ncm_fail(err, NCM_TIMEOUT, _("The command %s took too long"), c->name);
        return true;
    }
    return false;
}

/* Of the error output only the last line that holds anything is kept. */
static void hear(struct child *c, struct ncm_child_result *r, struct ncm_buf *line)
{
    char block[1024];
    struct pollfd p = {.fd = c->said, .events = POLLIN};
    /* Not for ever: it may write faster than we read. */
    for (int i = 0; i < HEAR_MOST && c->said >= 0 && poll(&p, 1, 0) > 0; i++) {
        ssize_t n = read(c->said, block, sizeof block);
        for (ssize_t k = 0; k < n; k++) {
            if (block[k] == '\n' || block[k] == '\r') {
                ncm_buf_clear(line);
            } else {
                ncm_buf_putc(line, block[k]);
                snprintf(r->last, sizeof r->last, "%s", line->p);
            }
        }
        if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) {
            close(c->said);
            c->said = p.fd = -1;
        }
    }
}

/* Reads what is there, waiting a moment; false where it is to be ended. */
static bool take(struct child *c, struct ncm_child_result *r)
{
    struct pollfd p = {.fd = c->fd, .events = POLLIN};
    char block[4096];
    if (poll(&p, 1, c->fd >= 0 ? LOOK_MS : END_MS) <= 0) {
        return true;
    }
    ssize_t n = read(c->fd, block, sizeof block);
    if (n > 0 && !ncm_buf_add(&r->out, block, (size_t)n)) {
        r->truncated = true;
    }
    explicit_bzero(block, sizeof block);
    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) {
        close(c->fd);
        c->fd = -1;
    }
    return !r->truncated;
}

static int status_of(int wait)
{
    return WIFSIGNALED(wait) ? 128 + WTERMSIG(wait) : WEXITSTATUS(wait);
}

static void end_group(struct child *c)
{
    int ignored;
    kill(-c->pid, SIGKILL);
    while (waitpid(c->pid, &ignored, 0) < 0 && errno == EINTR) {}
}

/* Until the process itself has ended; what it left running in the background may keep the pipe. */
static bool follow(struct child *c, struct ncm_child_result *r, struct ncm_buf *line,
                   struct ncm_err *err)
{
    for (;;) {
        int wait = 0;
        hear(c, r, line);
        pid_t got = waitpid(c->pid, &wait, WNOHANG);
        if (got != 0) {
            r->status = got > 0 ? status_of(wait) : 0;
            /* It wrote all before it ended. */
            struct pollfd p = {.fd = c->fd, .events = POLLIN};
            while (c->fd >= 0 && !r->truncated && poll(&p, 1, 0) > 0) {
                take(c, r);
                p.fd = c->fd;
            }
            hear(c, r, line);
            return true;
        }
        if (over(c, err)) {
            end_group(c);
            return false;
        }
        if (!take(c, r)) {
            end_group(c);
            return true;
        }
    }
}

bool ncm_child_run(const char *const *argv, const char *name, size_t most,
                   const atomic_bool *cancel, int64_t until_mono_ms, struct ncm_child_result *out,
                   struct ncm_err *err)
{
    const struct ncm_child_how plain = {0};
    return ncm_child_run_with(argv, name, &plain, most, cancel, until_mono_ms, out, err);
}

bool ncm_child_run_with(const char *const *argv, const char *name, const struct ncm_child_how *how,
                        size_t most, const atomic_bool *cancel, int64_t until_mono_ms,
                        struct ncm_child_result *out, struct ncm_err *err)
{
    struct child c = {.name = name, .cancel = cancel, .until = until_mono_ms, .how = how};
    int pipes[2], said[2] = {-1, -1};
    struct ncm_buf line;
    *out = (struct ncm_child_result){0};
    if (over(&c, err)) {
        return false;
    }
    if (pipe2(pipes, O_CLOEXEC) != 0) {
        return ncm_fail(err, NCM_IO, _("The command %s cannot be started: %s"), name,
                        strerror(errno));
    }
    if (how->errors && pipe2(said, O_CLOEXEC) != 0) {
        said[0] = said[1] = -1;
    }
    int e = spawn(&c, argv, pipes[1], said[1]);
    close(pipes[1]);
    if (said[1] >= 0) {
        close(said[1]);
    }
    c.said = said[0];
    if (e != 0) {
        close(pipes[0]);
        if (c.said >= 0) {
            close(c.said);
        }
        return ncm_fail(err,
                        e == ENOENT   ? NCM_NOT_FOUND
                        : e == EACCES ? NCM_FORBIDDEN
                                      : NCM_IO,
                        _("The command %s cannot be started: %s"), name, strerror(e));
    }
    c.fd = pipes[0];
    ncm_buf_init(&out->out, most);
    ncm_buf_init(&line, sizeof out->last);
    bool ok = follow(&c, out, &line, err);
    ncm_buf_release(&line);
    if (c.said >= 0) {
        close(c.said);
    }
    if (c.fd >= 0) {
        close(c.fd);
    }
    if (!ok) {
        ncm_child_release(out);
    }
    return ok;
}

void ncm_child_release(struct ncm_child_result *r)
{
    if (r->out.p != NULL) {
        explicit_bzero(r->out.p, r->out.cap);
    }
    ncm_buf_release(&r->out);
}
