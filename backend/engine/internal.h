/* Inside the engine: the session's parts as its own files see them. Everything below `lock` is
 * shared between the owner and the lanes and is touched only while holding it, unless a comment
 * says who alone uses it. */
#ifndef NCM_ENGINE_INTERNAL_H
#define NCM_ENGINE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/choose.h"
#include "engine/session.h"
#include "engine/source.h"

#define NCM_NEVER      INT64_MAX
#define NCM_SIDE_SHIFT 48 /* ids of jobs: above it the number of the side, from 1 */

/* The bell: an eventfd, or a pipe where there is none. */
struct ncm_bell {
    int read_fd, write_fd;
};
bool ncm_bell_init(struct ncm_bell *b, struct ncm_err *err);
void ncm_bell_ring(const struct ncm_bell *b);
void ncm_bell_clear(const struct ncm_bell *b);
void ncm_bell_release(struct ncm_bell *b);

/* One query under way or answered; shared by all equal wants. */
struct ncm_load {
    struct ncm_load *next;
    struct ncm_query *query; /* immutable */
    char *text;              /* immutable */
    bool remote, local;      /* immutable; of its source, of its topic */
    struct ncm_want *wants;
    uint64_t serial; /* of the newest want or window move: who comes first */

    bool full;                /* to be loaded at due_ms */
    bool forced;              /* not held back by a pause */
    bool asked_for;           /* by a person's key: to be read anew */
    bool window;              /* only the window moved */
    bool reset;               /* nothing of the last snapshot may be borrowed */
    int64_t due_ms;           /* monotonic */
    uint64_t asked, answered; /* generations: what was asked for, what the last load covers */

    bool cache_tried; /* what was kept from an earlier start was looked for */
    bool from_cache;  /* newest was kept: shown, but nothing of it may be borrowed */

    bool running, run_window, run_cached, orphan, preempted;
    int preemptions; /* in a row; bounded, so that a reload ends some time */
    int64_t started_ms, ended_ms, duration_ms;
    int failures;
    int64_t failed_ms; /* monotonic */
    bool failed;
    struct ncm_err err;
    int64_t done, total, progress_ms;
    int64_t alive_ms; /* monotonic; when the running load last had something new; 0 not yet */
    atomic_bool cancel;

    struct ncm_snapshot *newest; /* last published: what the next fetch may borrow from */
    struct ncm_snapshot *slot;   /* published since the last pump; latest wins */
    bool news;                   /* error or progress changed since the last pump */

    struct ncm_snapshot *shown; /* owner only */
    bool shown_failed;          /* owner only */
    struct ncm_err shown_err;   /* owner only */
};

struct ncm_want {
    struct ncm_session *session;
    struct ncm_load *load;
    struct ncm_want *next;
    size_t first, count;
};

struct ncm_lane {
    struct ncm_session *session;
    pthread_t thread;
    pthread_cond_t wake;
    bool started, ended;
    struct ncm_conn *conn;
    bool reconnect;
    atomic_bool cancel;
};

struct ncm_job {
    struct ncm_job *next;
    ncm_job_fn run;
    void (*free_arg)(void *arg);
    bool reads_only;
    struct ncm_job_result result;
};

struct ncm_session {
    /* Immutable after opening. */
    struct ncm_session *parent; /* of a side; NULL */
    struct ncm_session **sides;
    size_t n_sides;
    bool (*takes)(const struct ncm_query *q);
    bool (*takes_as)(const char *name, const struct ncm_query *q);
    const char *why_read_only;
    struct ncm_kept {
        void *thing;
        void (*release)(void *thing);
    } *kept; /* what sides borrow */
    size_t n_kept;
    bool hangs;      /* closing: a thread of it still runs; it may reach the sides */
    bool side_hangs; /* closing: a side that still runs borrows from this one */
    const struct ncm_provider *provider;
    const struct ncm_topic_ops *topics;
    struct ncm_config *config;
    struct ncm_choice choice;
    struct ncm_source source; /* borrows from choice; provider is its */
    char *cache_path;
    bool read_only;
    int64_t timeout_ms;
    int64_t waited_ms; /* owner only: since the last answer, of timeout_ms */
    struct ncm_bell bell;
    atomic_bool locked;

    pthread_mutex_t lock;
    pthread_cond_t owner; /* a headless wait */
    bool quit, paused;
    bool watching;       /* someone pumps: changes matter */
    int64_t attended_ms; /* monotonic; of the last key */
    bool watch_failed;
    bool watch_now;      /* the source answers again: no need to wait for the next try */
    int64_t answered_ms; /* monotonic; of the last read that went well */
    struct {
        bool down;
        int64_t since_ms; /* monotonic */
        int failures;     /* of one try after another */
        int64_t until_ms; /* monotonic; before it nobody tries */
        struct ncm_err err;
    } outage; /* of the source as a whole: outage.c */
    struct ncm_load *loads, *running;
    uint64_t serial, jitter;
    struct ncm_lane reads, stream, actions;
    struct ncm_job *queue, *results;
    uint64_t job_id;
    struct {
        ncm_job_fn run; /* NULL: nothing */
        bool running;
        int failures;
        int64_t due_ms; /* monotonic */
    } background;
    bool inspecting; /* the job that runs changes nothing: it may be cut off */

    struct ncm_snapshot **grave; /* owner only: handed out, let go at the next pump */
    size_t n_grave, cap_grave;
};

/* Opens a session on a provider of the caller's choice; store is its location. For tests. */
bool ncm_engine_open_with(const struct ncm_provider *provider, const struct ncm_session_options *o,
                          const struct ncm_topic_ops *topics, struct ncm_session **out,
                          struct ncm_err *err);

/* A session on the provider; takes config and choice. provider NULL: the one that the choice names.
 * parent: whose bell and lock are used; or NULL. */
bool ncm_session_make(const struct ncm_provider *provider, const struct ncm_session_options *o,
                      const struct ncm_topic_ops *topics, struct ncm_config *config,
                      struct ncm_choice *choice, struct ncm_session *parent,
                      struct ncm_session **out, struct ncm_err *err);
void ncm_session_free(struct ncm_session *s);
/* side.c: who answers this question: s itself or one of its sides. */
struct ncm_session *ncm_session_for(struct ncm_session *s, const struct ncm_query *q);

/* The provider for a store, or NULL and NCM_UNSUPPORTED / NCM_NOT_FOUND in words. */
const struct ncm_provider *ncm_choice_provider(const struct ncm_choice *c, struct ncm_err *err);

/* lanes.c */
void ncm_lane_init(struct ncm_lane *l, struct ncm_session *s);
/* Starts the thread where it does not run yet. Holding the lock. */
bool ncm_lane_start(struct ncm_lane *l, void *(*run)(void *lane));
/* Waits for `cond` until the monotonic time (NCM_NEVER: for ever); false on time-out. */
bool ncm_wait_until(struct ncm_session *s, pthread_cond_t *cond, int64_t until_ms);
/* Makes sure of a connection; on the lane's own thread, without the lock. */
bool ncm_lane_connect(struct ncm_lane *l, struct ncm_control *control, struct ncm_err *err);
void ncm_lane_disconnect(struct ncm_lane *l);
/* Something that a person waits for goes before a reload of what is on screen already, before the
 * exact answer where first rows are on screen, and before a first load that takes long: ends the
 * running load, which is put back. Holding the lock. */
void ncm_reads_preempt(struct ncm_session *s);
/* The same where the running load has taken long since others began to wait. Holding the lock. */
void ncm_reads_unstick(struct ncm_session *s);
/* Whether what was kept from an earlier start is still to be looked at. Holding the lock. */
bool ncm_load_cacheable(const struct ncm_session *s, const struct ncm_load *l);
/* Tells it to end what it is doing. Holding the lock. */
void ncm_lane_interrupt(struct ncm_lane *l, atomic_bool *cancel);
/* Waits for its end until the monotonic time, joins; false where it did not end. */
bool ncm_lane_join(struct ncm_lane *l, int64_t until_ms);
/* The n-th pause in a row: 1 s doubling to 60 s, ± a quarter, and never shorter than the other side
 * asked for. Holding the lock. */
int64_t ncm_backoff_ms(struct ncm_session *s, int failures, const struct ncm_err *err);
/* Whether an error says something about the connection rather than about the question. */
bool ncm_code_breaks(enum ncm_code code);
void ncm_job_context_fill(struct ncm_job_context *ctx, struct ncm_lane *l,
                          const atomic_bool *cancel);

/* outage.c; all holding the lock. */
/* Whether an error is the source's as a whole rather than one question's. */
bool ncm_code_of_source(enum ncm_code code);
/* After a failed load: true where the whole source is to blame: then all wait for one moment. */
bool ncm_source_failed(struct ncm_session *s, struct ncm_load *l, const struct ncm_err *err);
/* After a load that went well (its failed is still as before): everything that waited is due. */
void ncm_source_answered(struct ncm_session *s, const struct ncm_load *l);
/* Whether the reads open anew after this failure: behind a line that only breaks now and then, what
 * was read is kept and a list goes on where it was cut. */
bool ncm_source_reopens(const struct ncm_session *s, enum ncm_code code);
/* The watch was asked to come back later: so is everybody. false: it was not. */
bool ncm_source_limited(struct ncm_session *s, const struct ncm_err *err);
/* The watch works again after a failure: what failed is tried now. */
void ncm_source_watched(struct ncm_session *s);
/* A new question to a source that is down knows at once what the others know. */
void ncm_source_meet(struct ncm_session *s, struct ncm_load *l);
/* How long the next try of a source that is down may take, ms; 0: as long as any question. */
int64_t ncm_source_try_ms(const struct ncm_session *s, const struct ncm_load *l);
/* Whether this one has to wait for another try of the source. */
bool ncm_source_holds(const struct ncm_session *s, const struct ncm_load *l, int64_t now);

/* reads.c, stream.c, jobs.c: the threads. */
void *ncm_reads_main(void *lane);
void *ncm_stream_main(void *lane);
void *ncm_actions_main(void *lane);
void ncm_jobs_free(struct ncm_job *list);
/* Ends background work that is under way; with `all` also a job that only reads. Holding the lock.
 */
void ncm_actions_cut(struct ncm_session *s, bool all);

/* What answers a topic above the providers, or NULL. */
const struct ncm_topic_ops *ncm_topic_ops_of(const struct ncm_session *s, enum ncm_topic topic);

/* wants.c; all holding the lock. */
void ncm_load_free(struct ncm_load *l); /* unlinked and without users; not holding the lock */
/* Marks it for loading: now, or no sooner than the throttle allows. */
void ncm_load_mark(struct ncm_load *l, bool now, bool reset);
void ncm_loads_mark(struct ncm_session *s, unsigned topics, bool now, bool reset);
/* Moves what arrived to the owner's side; on the owner's thread. */
bool ncm_loads_take(struct ncm_session *s);
void ncm_grave_empty(struct ncm_session *s);

#endif
