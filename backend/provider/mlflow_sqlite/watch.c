/* Noticing commits, migrations and another file in the place of ours. The folder is watched, never
 * the file itself: opening it outside SQLite would drop our locks. */
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
#include "provider/mlflow_sqlite/internal.h"

/* With and without notices from the kernel. */
#define SLOW_CHECK_MS 5000
#define FAST_CHECK_MS 1000
/* A writer's commit is several writes: one look at the end of them. */
#define SETTLE_MS 40
/* Busy writers are reported at most so often. */
#define LEAST_GAP_MS 200
/* A store that nobody may read for so long is said to be held. */
#define HELD_MS 2000

struct sqlite_watch {
    int fd;     /* inotify, or -1 */
    char *name; /* of the file in its folder */
    dev_t device;
    ino_t inode;
    off_t size;
    bool gone;
    int64_t data_version, schema_version;
    int64_t reported_ms;
};

void sqlite_watch_free(struct sqlite_watch *w)
{
    if (w == NULL)
        return;
    if (w->fd >= 0)
        close(w->fd);
    ncm_free(w->name);
    ncm_free(w);
}

/* Other machines' writes to these raise no notices here. */
static bool is_remote(const char *folder)
{
    struct statfs fs;
    if (statfs(folder, &fs) != 0)
        return true;
    unsigned long type = (unsigned long)fs.f_type & 0xffffffffUL;
    return type == NFS_SUPER_MAGIC || type == SMB_SUPER_MAGIC || type == CIFS_SUPER_MAGIC ||
           type == SMB2_SUPER_MAGIC || type == FUSE_SUPER_MAGIC || type == V9FS_MAGIC;
}

static bool versions(struct ncm_conn *c, int64_t *data, int64_t *schema, struct ncm_err *err)
{
    return ncm_db_data_version(c->db, data, err) &&
           ncm_db_i64(c->db, "PRAGMA schema_version", 0, schema, err);
}

static bool watch_begin(struct ncm_conn *c, struct ncm_err *err)
{
    struct sqlite_watch *w = ncm_alloc(1, sizeof(*w));
    struct stat st;
    const char *slash = strrchr(c->path, '/');
    char *folder =
        slash == NULL ? ncm_strdup(".") : ncm_strndup(c->path, (size_t)(slash - c->path) + 1);
    w->fd = -1;
    w->name = ncm_strdup(slash == NULL ? c->path : slash + 1);
    if (!is_remote(folder)) {
        w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (w->fd >= 0 && inotify_add_watch(w->fd, folder,
                                            IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
                                                IN_MOVED_TO | IN_DELETE_SELF) < 0) {
            close(w->fd);
            w->fd = -1;
        }
    }
    ncm_free(folder);
    /* One that is gone already is reported by the first look. */
    if (stat(c->path, &st) == 0) {
        w->device = st.st_dev;
        w->inode = st.st_ino;
        w->size = st.st_size;
    }
    w->schema_version = c->schema_version;
    ncm_db_set_busy(c->db, HELD_MS);
    int64_t schema;
    if (!versions(c, &w->data_version, &schema, err)) {
        sqlite_watch_free(w);
        return false;
    }
    c->watch = w;
    return true;
}

/* What stat tells. */
static unsigned check_file(struct ncm_conn *c)
{
    struct sqlite_watch *w = c->watch;
    struct stat st;
    if (stat(c->path, &st) != 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            return NCM_WATCH_NOTHING;
        bool was = w->gone;
        w->gone = true;
        return was ? NCM_WATCH_NOTHING : NCM_WATCH_GONE;
    }
    bool other = w->gone || st.st_dev != w->device || st.st_ino != w->inode;
    bool shorter = st.st_size < w->size;
    w->gone = false;
    w->device = st.st_dev;
    w->inode = st.st_ino;
    w->size = st.st_size;
    return other || shorter ? NCM_WATCH_REPLACED : NCM_WATCH_NOTHING;
}

static bool check(struct ncm_conn *c, unsigned *what, struct ncm_err *err)
{
    struct sqlite_watch *w = c->watch;
    int64_t data, schema;
    *what = check_file(c);
    if (w->gone || *what != NCM_WATCH_NOTHING)
        return true;
    if (!versions(c, &data, &schema, err))
        return false; /* held for long: what is shown can no longer be vouched for */
    if (data != w->data_version)
        *what |= NCM_WATCH_DATA;
    if (schema != w->schema_version)
        *what |= NCM_WATCH_SCHEMA | NCM_WATCH_DATA;
    w->data_version = data;
    w->schema_version = schema;
    return true;
}

/* Takes all notices; true where one is about our file or its journals. */
static bool drain(struct sqlite_watch *w)
{
    union {
        struct inotify_event event;
        char bytes[8192];
    } buf;
    bool ours = false;
    size_t len = strlen(w->name);
    ssize_t n;
    while ((n = read(w->fd, buf.bytes, sizeof(buf.bytes))) > 0) {
        for (size_t at = 0; at < (size_t)n;) {
            struct inotify_event e;
            memcpy(&e, buf.bytes + at, sizeof(e));
            const char *name = buf.bytes + at + sizeof(e);
            ours = ours || e.len == 0 || strncmp(name, w->name, len) == 0;
            at += sizeof(e) + e.len;
        }
    }
    return ours;
}

/* Sleeps until a notice about our file, an interrupt, or the time is over. */
static bool wait_notice(struct ncm_conn *c, int64_t until)
{
    struct pollfd fds[2] = {{.fd = c->wake, .events = POLLIN},
                            {.fd = c->watch->fd, .events = POLLIN}};
    for (;;) {
        int64_t left = until - ncm_mono_ms();
        if (left <= 0 || atomic_load(&c->stop))
            return false;
        if (poll(fds, 2, (int)left) > 0 && (fds[1].revents & POLLIN) != 0 && drain(c->watch))
            return true;
        if ((fds[0].revents & POLLIN) != 0)
            return false;
    }
}

static void settle(struct ncm_conn *c)
{
    struct pollfd wake = {.fd = c->wake, .events = POLLIN};
    int64_t rest = c->watch->reported_ms + LEAST_GAP_MS - ncm_mono_ms();
    poll(&wake, 1, rest > SETTLE_MS ? (int)rest : SETTLE_MS);
    if (c->watch->fd >= 0)
        drain(c->watch);
}

/* The kernel tells of every commit, but not what is in it: any topic may have changed. */
bool sqlite_watch(struct ncm_conn *c, const struct ncm_interest *interest, int wait_ms,
                  const struct ncm_control *control, struct ncm_news *news, struct ncm_err *err)
{
    uint64_t signals;
    unsigned *what = &news->what;
    int64_t end = ncm_mono_ms() + wait_ms;
    (void)interest;
    *news = (struct ncm_news){NCM_WATCH_NOTHING, ~0u};
    atomic_store(&c->stop, false);
    while (c->wake >= 0 && read(c->wake, &signals, sizeof(signals)) > 0)
        continue;
    if (c->watch == NULL && !watch_begin(c, err))
        return false;
    for (;;) {
        if (control->cancel != NULL && atomic_load(control->cancel))
            return ncm_fail(err, NCM_CANCELLED, _("Cancelled."));
        if (!check(c, what, err))
            return false;
        if (*what != NCM_WATCH_NOTHING) {
            c->watch->reported_ms = ncm_mono_ms();
            return true;
        }
        int64_t next = ncm_mono_ms() + (c->watch->fd >= 0 ? SLOW_CHECK_MS : FAST_CHECK_MS);
        if (wait_notice(c, next < end ? next : end))
            settle(c);
        else if (atomic_load(&c->stop) || ncm_mono_ms() >= end)
            return true;
    }
}
