#include "unit/fake_source.h"

#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/num.h"

struct world world = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

struct ncm_conn {
    int number;
};

void fake_reset(void)
{
    pthread_mutex_lock(&world.lock);
    memset(&world.content, 0, sizeof world - offsetof(struct world, content));
    world.content = 1;
    pthread_mutex_unlock(&world.lock);
}

void fake_hold(bool hold)
{
    pthread_mutex_lock(&world.lock);
    world.hold = hold;
    pthread_cond_broadcast(&world.moved);
    pthread_mutex_unlock(&world.lock);
}

void fake_retry(int64_t ms)
{
    pthread_mutex_lock(&world.lock);
    world.retry_ms = ms;
    pthread_mutex_unlock(&world.lock);
}

void fake_fail_only(unsigned topics)
{
    pthread_mutex_lock(&world.lock);
    world.fail_only = topics;
    pthread_mutex_unlock(&world.lock);
}

int fake_get(const int *field)
{
    pthread_mutex_lock(&world.lock);
    int v = *field;
    pthread_mutex_unlock(&world.lock);
    return v;
}

void fake_set(int *field, int value)
{
    pthread_mutex_lock(&world.lock);
    *field = value;
    pthread_cond_broadcast(&world.moved);
    pthread_mutex_unlock(&world.lock);
}

void fake_happen(int content, unsigned events)
{
    pthread_mutex_lock(&world.lock);
    world.content = content;
    world.events |= events;
    pthread_cond_broadcast(&world.moved);
    pthread_mutex_unlock(&world.lock);
}

void fake_fail(int n, enum ncm_code code)
{
    pthread_mutex_lock(&world.lock);
    world.fail = n;
    world.code = code;
    pthread_mutex_unlock(&world.lock);
}

/* On world.moved; false once the time is over. */
static bool nap(int ms)
{
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_nsec += (long)ms * 1000000L;
    at.tv_sec += at.tv_nsec / 1000000000L;
    at.tv_nsec %= 1000000000L;
    return pthread_cond_timedwait(&world.moved, &world.lock, &at) == 0;
}

static bool fake_open(const struct ncm_place *place, struct ncm_conn **out,
                      struct ncm_control *control, struct ncm_err *err)
{
    (void)place;
    (void)control;
    (void)err;
    pthread_mutex_lock(&world.lock);
    *out = ncm_alloc(1, sizeof **out);
    (*out)->number = ++world.opens;
    pthread_mutex_unlock(&world.lock);
    return true;
}

static void fake_close(struct ncm_conn *conn)
{
    pthread_mutex_lock(&world.lock);
    world.closes++;
    pthread_mutex_unlock(&world.lock);
    ncm_free(conn);
}

static void fake_interrupt(struct ncm_conn *conn)
{
    (void)conn;
    pthread_mutex_lock(&world.lock);
    world.interrupted++;
    pthread_cond_broadcast(&world.moved);
    pthread_mutex_unlock(&world.lock);
}

static void answer(struct ncm_fetch *f, int content, int64_t age_ms)
{
    struct ncm_experiments_snapshot *s = ncm_snapshot_new(f->query->topic, sizeof *s);
    s->n = (size_t)content;
    s->head.taken_ms -= age_ms;
    s->head.provisional = f->cached;
    f->publish(f->to, &s->head);
}

static bool replay(struct ncm_fetch *f, struct ncm_err *err)
{
    pthread_mutex_lock(&world.lock);
    int kept = world.kept;
    world.replays++;
    pthread_mutex_unlock(&world.lock);
    if (kept == 0) {
        return ncm_fail(err, NCM_NOT_FOUND, "nothing is kept");
    }
    answer(f, kept, KEPT_AGE_MS);
    return true;
}

static bool concerns(unsigned only, const struct ncm_fetch *f)
{
    return only == 0 || (only & 1u << f->query->topic) != 0;
}

static bool fake_fetch(struct ncm_conn *conn, struct ncm_fetch *f, struct ncm_err *err)
{
    (void)conn;
    if (f->cached) {
        return replay(f, err);
    }
    pthread_mutex_lock(&world.lock);
    world.fetches++;
    world.fetches_of[f->query->topic]++;
    world.windows += f->window_only;
    world.running++;
    world.borrowed = f->previous != NULL;
    world.first = f->first;
    world.count = f->count;
    pthread_cond_broadcast(&world.moved);
    while (world.hold && concerns(world.hold_only, f) && !atomic_load(f->control.cancel)) {
        nap(20);
    }
    world.running--;
    int content = world.content;
    bool cancelled = atomic_load(f->control.cancel);
    bool fail = !cancelled && world.fail > 0 && concerns(world.fail_only, f);
    world.fail -= fail;
    enum ncm_code code = world.code;
    int64_t retry_ms = world.retry_ms;
    pthread_mutex_unlock(&world.lock);
    if (cancelled) {
        return ncm_fail(err, NCM_CANCELLED, "cancelled");
    }
    if (fail) {
        ncm_fail(err, code, "the disk is gone");
        err->retry_ms = retry_ms;
        return false;
    }
    answer(f, content, 0);
    return true;
}

static bool fake_watch(struct ncm_conn *conn, const struct ncm_interest *interest, int wait_ms,
                       const struct ncm_control *control, struct ncm_news *news,
                       struct ncm_err *err)
{
    (void)conn;
    int64_t until = ncm_mono_ms() + wait_ms;
    pthread_mutex_lock(&world.lock);
    world.watches++;
    world.interest = *interest;
    pthread_cond_broadcast(&world.moved);
    while (world.events == 0 && world.watch_fail == 0 && !atomic_load(control->cancel) &&
           ncm_mono_ms() < until) {
        nap(20);
    }
    bool fail = world.watch_fail > 0;
    world.watch_fail -= fail;
    int retry_ms = world.watch_retry;
    *news = (struct ncm_news){world.events, ~0u};
    world.events = 0;
    pthread_mutex_unlock(&world.lock);
    if (fail) {
        ncm_fail(err, NCM_UNREACHABLE, "the line is cut");
        err->retry_ms = retry_ms;
    }
    return !fail;
}

const struct ncm_provider fake_source = {
    .name = "fake",
    .capabilities = NCM_CAP_WATCH,
    .open = fake_open,
    .close = fake_close,
    .interrupt = fake_interrupt,
    .fetch = fake_fetch,
    .watch = fake_watch,
};

const struct ncm_provider fake_server = {
    .name = "fake-server",
    .capabilities = NCM_CAP_WATCH | NCM_CAP_CACHE | NCM_CAP_REMOTE,
    .open = fake_open,
    .close = fake_close,
    .interrupt = fake_interrupt,
    .fetch = fake_fetch,
    .watch = fake_watch,
};
