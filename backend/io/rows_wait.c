/* Waiting for what may be new: inotify tells of the folders in which the files lie; where it cannot
 * (network file systems, no watches left), and once a second in any case, sizes are looked at. */
#include <errno.h>
#include <fnmatch.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/num.h"
#include "io/rows_inside.h"

enum {
    TICK_MS = 1000,
    CANCEL_MS = 250, /* a flag can only be looked at */
    GAP_MS = 100,    /* between two ends of a wait, so that a stream is read in large pieces */
    MOST_FOLDERS = 64,
};

struct rows_watch {
    int notify; /* -1: there is none */
    int bell;
    int64_t woke; /* monotonic ms of the last end of a wait */
    char *folders[MOST_FOLDERS];
    size_t n_folders;
};

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == path ? ncm_strdup("/")
           : slash       ? ncm_strndup(path, (size_t)(slash - path))
                         : ncm_strdup(".");
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Watches the folder of a path; that of a pattern with wildcards in it is simply not there. */
static void add_folder(struct rows_watch *w, const char *path)
{
    char *folder = folder_of(path);
    bool known = w->n_folders == MOST_FOLDERS || w->notify < 0;
    for (size_t i = 0; !known && i < w->n_folders; i++)
        known = strcmp(w->folders[i], folder) == 0;
    if (!known && inotify_add_watch(w->notify, folder,
                                    IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
                                        IN_MOVED_TO | IN_ONLYDIR) >= 0)
        w->folders[w->n_folders++] = folder;
    else
        ncm_free(folder);
}

struct rows_watch *ncm_rows_watch_new(void)
{
    struct rows_watch *w = ncm_alloc(1, sizeof *w);
    w->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    w->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return w;
}

void ncm_rows_watch_free(struct ncm_rows *r)
{
    struct rows_watch *w = r->watch;
    if (!w)
        return;
    if (w->notify >= 0)
        close(w->notify);
    close(w->bell);
    for (size_t i = 0; i < w->n_folders; i++)
        ncm_free(w->folders[i]);
    ncm_free(w);
}

void ncm_rows_wake(struct ncm_rows *r)
{
    uint64_t one = 1;
    while (write(r->watch->bell, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

bool ncm_rows_heed_events(struct ncm_rows *r)
{
    union {
        struct inotify_event event;
        char bytes[16384];
    } u;
    bool ours = false;
    ssize_t n;
    while ((n = read(r->watch->notify, u.bytes, sizeof u.bytes)) > 0) {
        for (ssize_t at = 0; at < n;) {
            struct inotify_event e;
            memcpy(&e, u.bytes + at, sizeof e);
            const char *name = u.bytes + at + sizeof e;
            bool named = e.len == 0 || fnmatch(base_of(r->path), name, 0) == 0 ||
                         strcmp(base_of(r->path), name) == 0;
            ours = ours || named;
            /* A file that is ours may get a name that is not. */
            ours = ours || (e.mask & ~(uint32_t)IN_MODIFY) != 0;
            r->look_again = r->look_again || (named && (e.mask & ~(uint32_t)IN_MODIFY) != 0);
            at += (ssize_t)(sizeof e + e.len);
        }
    }
    return ours;
}

/* A pipe or terminal that is open. */
static bool streams(const struct ncm_rows *r)
{
    return r->source && ncm_rows_current(r)->size < 0;
}

/* At most that long, less where something came or the bell rang. */
static bool pause_for(struct ncm_rows *r, int64_t ms, bool events, bool *rang)
{
    struct pollfd p[3] = {{.fd = r->watch->bell, .events = POLLIN},
                          {.fd = events ? r->watch->notify : -1, .events = POLLIN},
                          {.fd = -1, .events = POLLIN}};
    if (events && streams(r))
        p[2].fd = ncm_rows_source_fd(r->source);
    uint64_t count;
    poll(p, 3, ms < 0 ? 0 : (int)ms);
    if (p[0].revents && read(r->watch->bell, &count, sizeof count) > 0)
        *rang = true;
    return p[1].revents || p[2].revents;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool is_new(struct ncm_rows *r, bool came)
{
    return r->table ? ncm_rows_table_is_new(r) : streams(r) ? came : ncm_rows_is_new(r);
}

bool ncm_rows_heed_folders(struct ncm_rows *r)
{
    size_t before = r->watch->n_folders;
    add_folder(r->watch, r->path);
    for (size_t i = 0; i < r->n_files; i++)
        if (r->files[i]->size >= 0 && !r->files[i]->gone)
            add_folder(r->watch, r->files[i]->path);
    return r->watch->n_folders > before;
}

void ncm_rows_wait(struct ncm_rows *r, int wait_ms, const atomic_bool *cancel)
{
    struct rows_watch *w = r->watch;
    const int64_t end = ncm_mono_ms() + wait_ms;
    const int64_t every = r->table ? ncm_rows_table_look_ms() : TICK_MS;
    int64_t tick = ncm_mono_ms() + every, now;
    bool rang = false;
    if (!r->table)
        ncm_rows_heed_folders(r);
    bool found = is_new(r, false);
    while (!found && !rang && (now = ncm_mono_ms()) < end && !(cancel && atomic_load(cancel))) {
        int64_t ms = least(end, tick) - now;
        bool came = pause_for(r, cancel ? least(ms, CANCEL_MS) : ms, true, &rang);
        if (came && !ncm_rows_heed_events(r) && !streams(r)) {
            /* Others are busy in our folders: once in a while is enough to hear of that. */
            pause_for(r, least(GAP_MS, end - ncm_mono_ms()), false, &rang);
            came = false;
        }
        if (came || ncm_mono_ms() >= tick) {
            found = is_new(r, came);
            tick = ncm_mono_ms() + every;
        }
    }
    while (found && !rang && (now = ncm_mono_ms()) < least(end, w->woke + GAP_MS) &&
           !(cancel && atomic_load(cancel)))
        pause_for(r, least(end, w->woke + GAP_MS) - now, false, &rang);
    w->woke = ncm_mono_ms();
}
