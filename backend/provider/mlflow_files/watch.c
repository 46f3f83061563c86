/* Noticing what others write: the kernel tells of the folders that matter; what it cannot tell of
 * is looked through, the more seldom the longer that takes. */
#include <errno.h>
#include <linux/magic.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/mlflow_files/watch.h"

enum {
    STAT_MS = 2000,       /* whether the folder itself is still there */
    SETTLE_MS = 40,       /* one call of MLflow writes several files: one look at the end of them */
    LEAST_GAP_MS = 200,   /* busy writers are reported at most so often; */
    RUNS_A_MS = 150,      /* in a large store less often, as every look costs; */
    MOST_GAP_MS = 900,    /* and a new point shows within a second */
    FIRST_LOOK_MS = 3000, /* the first rows come before everything is looked through */
    LEAST_LOOK_MS = 1000,
    MOST_LOOK_MS = 120000,
    LOOK_SHARE = 100, /* one part in so many of the time goes into looking */
};

void files_watch_free(struct files_watch *w)
{
    if (w == NULL)
        return;
    files_watch_clear(w);
    ncm_map_free(w->by_wd);
    if (w->fd >= 0)
        close(w->fd);
    ncm_free(w);
}

bool files_is_remote(const char *folder)
{
    struct statfs fs;
    if (statfs(folder, &fs) != 0)
        return true;
    unsigned long type = (unsigned long)fs.f_type & 0xffffffffUL;
    return type == NFS_SUPER_MAGIC || type == SMB_SUPER_MAGIC || type == CIFS_SUPER_MAGIC ||
           type == SMB2_SUPER_MAGIC || type == FUSE_SUPER_MAGIC || type == V9FS_MAGIC;
}

static size_t count_runs(struct ncm_conn *c)
{
    struct ncm_err ignored;
    size_t n = 0;
    for (size_t i = 0; i < c->n_experiments; i++)
        c->experiments[i]->wanted = c->experiments[i]->there && c->experiments[i]->ok;
    if (files_list_runs(c, &ignored))
        for (size_t i = 0; i < c->n_runs; i++)
            n += c->runs[i]->there;
    return n;
}

static void begin(struct ncm_conn *c)
{
    struct files_watch *w = ncm_alloc(1, sizeof(*w));
    struct stat st;
    w->by_wd = ncm_map_new();
    w->fd = files_is_remote(c->root) ? -1 : inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (stat(c->root, &st) == 0) {
        w->device = st.st_dev;
        w->inode = st.st_ino;
    }
    w->n_runs = count_runs(c);
    if (w->fd >= 0)
        files_watch_add(c, w, c->root, WATCH_ROOT);
    w->begun_ms = ncm_mono_ms();
    w->look_ms = w->begun_ms + (w->fd >= 0 ? FIRST_LOOK_MS : LEAST_LOOK_MS);
    c->watch = w;
}

static unsigned check_folder(struct ncm_conn *c)
{
    struct files_watch *w = c->watch;
    struct stat st;
    if (stat(c->root, &st) != 0 || !S_ISDIR(st.st_mode)) {
        if (errno != ENOENT && errno != ENOTDIR)
            return NCM_WATCH_NOTHING;
        bool was = w->gone;
        w->gone = true;
        return was ? NCM_WATCH_NOTHING : NCM_WATCH_GONE;
    }
    bool other = w->gone || st.st_dev != w->device || st.st_ino != w->inode;
    w->gone = false;
    w->device = st.st_dev;
    w->inode = st.st_ino;
    return other ? NCM_WATCH_REPLACED : NCM_WATCH_NOTHING;
}

/* One notice; new folders are watched from now on. */
static void take(struct ncm_conn *c, struct files_watch *w, const struct inotify_event *e,
                 const char *name)
{
    size_t at;
    if ((e->mask & IN_Q_OVERFLOW) != 0) {
        w->topics = ~0u; /* notices were lost, of new folders too */
        files_watch_add(c, w, c->root, WATCH_ROOT);
        return;
    }
    if (!ncm_map_get(w->by_wd, (const char *)&e->wd, sizeof(e->wd), &at))
        return;
    enum watch_role role = w->slots[at].role;
    w->topics |= files_watch_topics(role);
    if ((e->mask & IN_IGNORED) != 0) {
        files_watch_forget(w, e->wd);
    } else if ((e->mask & IN_ISDIR) != 0 && (e->mask & (IN_CREATE | IN_MOVED_TO)) != 0 &&
               e->len > 0) {
        enum watch_role inner = files_watch_role_in(role, name);
        char *path = files_path(w->slots[at].path, name);
        if (inner != WATCH_NONE) { /* something may lie in it already */
            w->topics |= files_watch_topics(inner);
            files_watch_add(c, w, path, inner);
        }
        ncm_free(path);
    }
}

static bool drain(struct ncm_conn *c)
{
    struct files_watch *w = c->watch;
    union {
        struct inotify_event event;
        char bytes[16384];
    } buf;
    ssize_t n;
    while (w->fd >= 0 && (n = read(w->fd, buf.bytes, sizeof(buf.bytes))) > 0) {
        for (size_t at = 0; at < (size_t)n;) {
            struct inotify_event e;
            memcpy(&e, buf.bytes + at, sizeof(e));
            take(c, w, &e, buf.bytes + at + sizeof(e));
            at += sizeof(e) + e.len;
        }
    }
    return w->topics != 0;
}

/* Of a large store, the runs that go on are watched although they are not among the newest. */
static void watch_running(struct ncm_conn *c, const struct ncm_control *control)
{
    struct ncm_fetch f = {.control = *control};
    struct ncm_err ignored;
    if (!files_scan_runs(c, &f, &ignored))
        return;
    for (size_t i = 0; i < c->n_runs; i++) {
        const struct files_run *r = c->runs[i];
        if (!r->there || !r->ok || r->meta.status != NCM_RUN_RUNNING ||
            r->meta.lifecycle != NCM_ACTIVE)
            continue;
        char *dir = files_run_dir(c, r);
        files_watch_add(c, c->watch, dir, WATCH_RUN);
        ncm_free(dir);
    }
}

/* Looks through what nobody tells of, and plans the next time. */
static bool look_through(struct ncm_conn *c, const struct ncm_control *control, struct ncm_err *err)
{
    struct files_watch *w = c->watch;
    int64_t began = ncm_mono_ms();
    uint64_t print;
    bool first = w->print == 0;
    if (w->fd >= 0 && !w->partial) {
        w->look_ms = INT64_MAX;
        files_forget(c);
        return true;
    }
    if (!files_watch_print(c, control, w->fd < 0, &print, &w->n_runs, err))
        return false;
    if (!first && print != w->print)
        w->topics = ~0u;
    if (first && w->fd >= 0)
        watch_running(c, control);
    w->print = print;
    files_forget(c); /* this lane keeps nothing between two looks */
    int64_t pause = (ncm_mono_ms() - began) * LOOK_SHARE;
    pause = pause < LEAST_LOOK_MS ? LEAST_LOOK_MS : pause > MOST_LOOK_MS ? MOST_LOOK_MS : pause;
    w->look_ms = ncm_mono_ms() + pause;
    return true;
}

/* Sleeps until a notice, an interrupt, or the time is over. */
static void wait_notice(struct ncm_conn *c, int64_t until)
{
    struct pollfd fds[2] = {{.fd = c->wake, .events = POLLIN},
                            {.fd = c->watch->fd, .events = POLLIN}};
    int64_t left = until - ncm_mono_ms();
    if (left > 0 && !atomic_load(&c->stop))
        poll(fds, 2, (int)left);
}

/* The gap between two reports, which grows with what a look costs the reader. */
static void settle(struct ncm_conn *c)
{
    struct files_watch *w = c->watch;
    struct pollfd wake = {.fd = c->wake, .events = POLLIN};
    int64_t gap = LEAST_GAP_MS + (int64_t)w->n_runs / RUNS_A_MS;
    int64_t rest = w->reported_ms + (gap < MOST_GAP_MS ? gap : MOST_GAP_MS) - ncm_mono_ms();
    poll(&wake, 1, rest > SETTLE_MS ? (int)rest : SETTLE_MS);
    drain(c);
}

static bool is_cancelled(const struct ncm_control *control)
{
    return control->cancel != NULL && atomic_load(control->cancel);
}

bool files_watch(struct ncm_conn *c, const struct ncm_interest *interest, int wait_ms,
                 const struct ncm_control *control, struct ncm_news *news, struct ncm_err *err)
{
    uint64_t signals;
    int64_t end = ncm_mono_ms() + wait_ms, next_stat = 0;
    (void)interest;
    *news = (struct ncm_news){NCM_WATCH_NOTHING, ~0u};
    atomic_store(&c->stop, false);
    while (c->wake >= 0 && read(c->wake, &signals, sizeof(signals)) > 0)
        continue;
    if (c->watch == NULL)
        begin(c);
    struct files_watch *w = c->watch;
    for (;;) {
        int64_t now = ncm_mono_ms();
        if (is_cancelled(control))
            return ncm_fail(err, NCM_CANCELLED, _("Cancelled."));
        if (now >= next_stat) {
            news->what = check_folder(c);
            next_stat = now + STAT_MS;
            if (w->gone || news->what != NCM_WATCH_NOTHING)
                w->topics = 0;
            if (news->what != NCM_WATCH_NOTHING)
                return true;
        }
        if (!w->gone && wait_ms > 0 && now >= w->look_ms && !look_through(c, control, err)) {
            w->look_ms = now + LEAST_LOOK_MS;
            if (err->code != NCM_NOT_FOUND) /* gone: the next stat says so */
                return err->code == NCM_CANCELLED && !is_cancelled(control);
        }
        if (drain(c) && !w->gone) {
            settle(c);
            *news = (struct ncm_news){NCM_WATCH_DATA, w->topics};
            w->topics = 0;
            w->reported_ms = ncm_mono_ms();
            return true;
        }
        if (atomic_load(&c->stop) || ncm_mono_ms() >= end)
            return true;
        if (w->partial && w->look_ms == INT64_MAX) /* more came than can be watched */
            w->look_ms = now + LEAST_LOOK_MS;
        int64_t until = next_stat < end ? next_stat : end;
        wait_notice(c, w->look_ms < until ? w->look_ms : until);
    }
}
