#include "io/files_many.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/num.h"

enum {
    MOST_THREADS = 8, /* more than processors: a slow disk or network answers several at once */
    FEW = 48,         /* so many are done sooner than a thread begins */
    STEP = 16,        /* things taken at a time */
    PROGRESS_MS = 50,
    SCRATCH_MOST = 64 << 20,
};

/* A file changed within this time may change again without its time of change moving. */
#define SETTLE_NS ((int64_t)2000000000)

static int64_t ns_of(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* One sentence for what the system said about a path. */
static enum ncm_look fault(const char *path, int e, struct ncm_err *err)
{
    if (e == ENOENT || e == ENOTDIR)
        return NCM_LOOK_GONE;
    ncm_fail(err, e == EACCES || e == EPERM ? NCM_FORBIDDEN : NCM_IO, "%s: %s", path, strerror(e));
    return NCM_LOOK_FAULT;
}

static bool is_same(const struct ncm_file_stamp *known, const struct stat *st)
{
    return known->known && known->settled && known->mtime_ns == ns_of(st->st_mtim) &&
           known->size == st->st_size && known->inode == st->st_ino;
}

static void stamp_of(const struct stat *st, struct ncm_file_stamp *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t mtime = ns_of(st->st_mtim), age = ns_of(now) - mtime;
    *out = (struct ncm_file_stamp){
        .mtime_ns = mtime,
        .size = st->st_size,
        .inode = st->st_ino,
        .known = true,
        .settled = age > SETTLE_NS,
    };
}

enum ncm_look ncm_file_look(const char *path, struct ncm_file_stamp *stamp, struct ncm_err *err)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        *stamp = (struct ncm_file_stamp){0};
        return fault(path, errno, err);
    }
    if (is_same(stamp, &st))
        return NCM_LOOK_SAME;
    stamp_of(&st, stamp);
    return NCM_LOOK_NEW;
}

/* As much as there was when it was opened: what comes later moves its time. 0 or errno. */
static int read_whole(int fd, size_t size, size_t max, struct ncm_buf *out, bool *too_large)
{
    char block[16384];
    for (;;) {
        ssize_t n = read(fd, block, sizeof block);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : 0;
        if (out->len + (size_t)n > max || !ncm_buf_add(out, block, (size_t)n)) {
            *too_large = true;
            return 0;
        }
        if (size > 0 && out->len >= size)
            return 0;
    }
}

enum ncm_look ncm_file_read_new(const char *path, struct ncm_file_stamp *stamp, size_t max,
                                struct ncm_buf *out, struct ncm_err *err)
{
    struct stat st;
    ncm_buf_clear(out);
    if (stamp->known && stat(path, &st) == 0 && is_same(stamp, &st))
        return NCM_LOOK_SAME;
    *stamp = (struct ncm_file_stamp){0};
    /* Never waits for the other end of a pipe. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return fault(path, errno, err);
    bool too_large = false;
    int e = fstat(fd, &st) != 0 ? errno : 0;
    bool regular = e == 0 && S_ISREG(st.st_mode);
    if (regular)
        e = read_whole(fd, (size_t)st.st_size, max, out, &too_large);
    close(fd);
    if (e == 0 && !regular) {
        ncm_fail(err, NCM_INVALID_DATA, _("%s is not a regular file"), path);
        return NCM_LOOK_FAULT;
    }
    if (e != 0)
        return fault(path, e, err);
    if (too_large) {
        ncm_fail(err, NCM_TOO_LARGE, _("%s is larger than %zu bytes"), path, max);
        return NCM_LOOK_FAULT;
    }
    stamp_of(&st, stamp);
    return NCM_LOOK_NEW;
}

static enum ncm_file_kind kind_at(int dir, const struct dirent *d, bool *link)
{
    struct stat st;
    *link = d->d_type == DT_LNK;
    if (d->d_type == DT_REG)
        return NCM_FILE_REGULAR;
    if (d->d_type == DT_DIR)
        return NCM_FILE_DIR;
    if (d->d_type != DT_LNK && d->d_type != DT_UNKNOWN)
        return NCM_FILE_OTHER;
    if (d->d_type == DT_UNKNOWN && fstatat(dir, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        *link = S_ISLNK(st.st_mode);
    if (fstatat(dir, d->d_name, &st, 0) != 0)
        return NCM_FILE_NONE;
    return S_ISREG(st.st_mode)   ? NCM_FILE_REGULAR
           : S_ISDIR(st.st_mode) ? NCM_FILE_DIR
                                 : NCM_FILE_OTHER;
}

bool ncm_dir_each(const char *path, size_t max,
                  void (*entry)(void *to, const char *name, enum ncm_file_kind kind, bool link),
                  void *to, bool *more, struct ncm_err *err)
{
    DIR *dir = opendir(path);
    int e = errno;
    size_t n = 0;
    *more = false;
    if (dir != NULL) {
        struct dirent *d;
        errno = 0;
        while ((d = readdir(dir)) != NULL) {
            if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0) {
                *more = n++ >= max;
                if (*more)
                    break;
                bool link;
                enum ncm_file_kind kind = kind_at(dirfd(dir), d, &link);
                entry(to, d->d_name, kind, link);
            }
            errno = 0;
        }
        e = d == NULL ? errno : 0;
        closedir(dir);
    }
    if (e == 0)
        return true;
    if (fault(path, e, err) == NCM_LOOK_GONE)
        ncm_fail(err, NCM_NOT_FOUND, "%s: %s", path, strerror(e));
    return false;
}

struct crew {
    const struct ncm_many *many;
    atomic_size_t next, done;
    atomic_int ended; /* enum ncm_code; NCM_OK while it goes on */
};

static bool is_set(const atomic_bool *flag)
{
    return flag != NULL && atomic_load(flag);
}

static bool goes_on(struct crew *c)
{
    const struct ncm_many *m = c->many;
    if (is_set(m->cancel) || is_set(m->stop))
        atomic_store(&c->ended, NCM_CANCELLED);
    else if (m->deadline_mono_ms != 0 && ncm_mono_ms() > m->deadline_mono_ms)
        atomic_store(&c->ended, NCM_TIMEOUT);
    return atomic_load(&c->ended) == NCM_OK;
}

static void toil(struct crew *c, bool tells)
{
    const struct ncm_many *m = c->many;
    struct ncm_buf scratch;
    int64_t told = ncm_mono_ms();
    size_t first;
    ncm_buf_init(&scratch, SCRATCH_MOST);
    while (goes_on(c) && (first = atomic_fetch_add(&c->next, STEP)) < m->n) {
        size_t end = m->n - first < STEP ? m->n : first + STEP;
        for (size_t i = first; i < end; i++)
            m->work(m->to, i, &scratch);
        size_t done = atomic_fetch_add(&c->done, end - first) + end - first;
        if (tells && m->progress != NULL && ncm_mono_ms() - told >= PROGRESS_MS) {
            told = ncm_mono_ms();
            m->progress(m->progress_to, done, m->n);
        }
    }
    ncm_buf_release(&scratch);
}

static void *worker(void *crew)
{
    toil(crew, false);
    return NULL;
}

bool ncm_many_do(const struct ncm_many *m, struct ncm_err *err)
{
    struct crew c = {.many = m};
    pthread_t threads[MOST_THREADS];
    sigset_t all, old;
    size_t n = 0, want = m->n <= FEW ? 0 : m->n / STEP < MOST_THREADS ? m->n / STEP : MOST_THREADS;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    while (n + 1 < want && pthread_create(&threads[n], NULL, worker, &c) == 0)
        n++;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    toil(&c, true);
    for (size_t i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    if (atomic_load(&c.done) == m->n)
        return true;
    if (atomic_load(&c.ended) == NCM_TIMEOUT)
        return ncm_fail(err, NCM_TIMEOUT, _("Reading the files took too long."));
    return ncm_fail(err, NCM_CANCELLED, _("Cancelled."));
}
