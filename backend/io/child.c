#include "io/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"

enum {
    LOOK_MS = 50, /* how often the flag is looked at, and whether it ended … */
    END_MS = 5,   /* … which is soon once it has closed its output */
    STDIO = 3,    /* the first descriptor that is nobody's */
};

struct child {
    const char *name;
    pid_t pid;
    int fd; /* its output; -1: closed */
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

static int spawn(struct child *c, const char *const *argv, int out)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attr);
    set_signals(&attr);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    posix_spawn_file_actions_addclosefrom_np(&files, STDIO);
#endif
    int e = posix_spawn(&c->pid, argv[0], &files, &attr, (char *const *)(uintptr_t)argv, environ);
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
static bool follow(struct child *c, struct ncm_child_result *r, struct ncm_err *err)
{
    for (;;) {
        int wait = 0;
        pid_t got = waitpid(c->pid, &wait, WNOHANG);
        if (got != 0) {
            r->status = got > 0 ? status_of(wait) : 0;
            /* It wrote all before it ended. */
            struct pollfd p = {.fd = c->fd, .events = POLLIN};
            while (c->fd >= 0 && !r->truncated && poll(&p, 1, 0) > 0) {
                take(c, r);
                p.fd = c->fd;
            }
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
    struct child c = {.name = name, .cancel = cancel, .until = until_mono_ms};
    int pipes[2];
    *out = (struct ncm_child_result){0};
    if (over(&c, err)) {
        return false;
    }
    if (pipe2(pipes, O_CLOEXEC) != 0) {
        return ncm_fail(err, NCM_IO, _("The command %s cannot be started: %s"), name,
                        strerror(errno));
    }
    int e = spawn(&c, argv, pipes[1]);
    close(pipes[1]);
    if (e != 0) {
        close(pipes[0]);
        return ncm_fail(err,
                        e == ENOENT   ? NCM_NOT_FOUND
                        : e == EACCES ? NCM_FORBIDDEN
                                      : NCM_IO,
                        _("The command %s cannot be started: %s"), name, strerror(e));
    }
    c.fd = pipes[0];
    ncm_buf_init(&out->out, most);
    bool ok = follow(&c, out, err);
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
