/* The session: a store, its source with three lanes (reads, stream, actions; a thread and a
 * connection each), wants (subscriptions), the newest snapshot of each, results of jobs, one bell.
 *
 * One owner thread (the screen, or a headless command) calls everything here unless a function
 * says "any thread". Nothing here blocks but the functions named ..._wait. */
#ifndef NCM_ENGINE_SESSION_H
#define NCM_ENGINE_SESSION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/config.h"
#include "model/query.h"
#include "model/snapshot.h"
#include "provider/provider.h"

struct ncm_session;
struct ncm_want;

/* What a session cannot be without. */
enum ncm_need {
    NCM_NEED_STORE,   /* a tracking store */
    NCM_NEED_SOURCE,  /* one, or a context that names where models are served, metrics or alerts */
    NCM_NEED_NOTHING, /* opens in any case */
};

/* Where the store comes from; see choose.h for the order. All borrowed during open. */
struct ncm_session_options {
    const char *store;   /* --store or NULL */
    const char *context; /* --context or NULL */
    const char *config;  /* --config or NULL */
    bool read_only;      /* --read-only */
    int64_t timeout_ms;  /* --timeout: how long no answer comes, and each action; 0: 30 s */
    const char *why;     /* said instead of "--store" as the reason; or NULL */
    bool cache;          /* keep what was shown between starts and show it at once (the screen) */
    enum ncm_need need;
    /* Instead of the namespaces that the configuration names for its clusters; "*": all. Borrowed
     * for the session's life. */
    const char *const *namespaces;
    size_t n_namespaces;
};

/* A topic that is answered above the providers (audit, holders). Runs on the reads lane. */
struct ncm_job_context {
    struct ncm_session *session; /* only for the functions marked "any thread" */
    const struct ncm_provider *provider;
    struct ncm_conn *conn; /* this lane's connection; NULL where the store is not open */
    const struct ncm_place *place;
    const char *store_label;
    const char *registry_label; /* where the registry is another store; else NULL */
    const char *state_path;     /* our own state file (engine/state.h opens it) */
    bool read_only;
    const char *why_read_only; /* a side's own reason, as a hint; or NULL */
    struct ncm_control control;
};
struct ncm_topic_ops {
    enum ncm_topic topic;
    bool (*fetch)(struct ncm_job_context *ctx, struct ncm_fetch *f, struct ncm_err *err);
    bool local; /* answered from our own files, also while the source is down */
};

/* Opens: reads the configuration, chooses the store, starts the lanes. It does not wait for the
 * store: that the file is missing or damaged shows as the state of the wants. Fails only where
 * there is no store to choose (NCM_NOT_FOUND, hint names the ways), or the configuration is wrong.
 * topics: ends with a NULL fetch; may be NULL. */
bool ncm_engine_open(const struct ncm_session_options *o, const struct ncm_topic_ops *topics,
                     struct ncm_session **out, struct ncm_err *err);
/* A further source beside the store: it answers some topics, with lanes, outages and retries of its
 * own, so that none waits for another. All is borrowed for the session's life but the texts. */
struct ncm_side {
    const char *name; /* "alertmanager": for the header and errors */
    const struct ncm_provider *provider;
    const char *location; /* for people, and the place's */
    const struct ncm_access *access;
    const void *with; /* the place's */
    bool (*takes)(const struct ncm_query *q);
    /* Instead of takes, where several sides differ by their names only; or NULL. */
    bool (*takes_as)(const char *name, const struct ncm_query *q);
    const char *why_read_only; /* translated: what to do about it; NULL: as the session is */
};
/* Before the first want. What it publishes comes with the session's own pump and bell; its records
 * go to the session's state; lock and read-only are the session's. */
bool ncm_session_add_side(struct ncm_session *s, const struct ncm_side *side, struct ncm_err *err);
/* The side of that name, to submit jobs to (their results come from ncm_session_result of s), or
 * NULL. Never close it. */
struct ncm_session *ncm_session_side(struct ncm_session *s, const char *name);

/* What a job on that session would be given, without a connection and with control of the caller's
 * choice: for work that goes over several of a session's sources. Any thread. */
void ncm_session_context_of(struct ncm_session *s, const struct ncm_control *control,
                            struct ncm_job_context *out);
/* Whether it is about to end: long work stops where it is. Any thread. */
bool ncm_session_closing(struct ncm_session *s);

/* Frees a thing with the session, after its threads have ended: what sides borrow. */
void ncm_session_keep(struct ncm_session *s, void *thing, void (*release)(void *thing));
/* The thing that was kept with this release, or NULL. */
void *ncm_session_kept(const struct ncm_session *s, void (*release)(void *thing));
/* The store's provider and place: for further sources that read from it on their own. Borrowed. */
const struct ncm_provider *ncm_session_provider(const struct ncm_session *s);
const struct ncm_place *ncm_session_place(const struct ncm_session *s);

/* Cancels reads, waits for a running action (at most 5 s), joins the threads, frees. */
void ncm_session_close(struct ncm_session *s);
/* The same for several at once, in the time that one may take. */
void ncm_sessions_close(struct ncm_session *const *sessions, size_t n);

/* Facts for the header. Borrowed. */
const struct ncm_config *ncm_session_config(const struct ncm_session *s);
const char *ncm_session_context(const struct ncm_session *s);  /* name or "" */
const char *ncm_session_location(const struct ncm_session *s); /* path or URL, no secrets */
const char *ncm_session_why(const struct ncm_session *s);      /* "from MLFLOW_TRACKING_URI" */
const char *ncm_session_also(const struct ncm_session *s); /* "./mlruns lies here too: …" or "" */
/* The file of our own records about this store. */
const char *ncm_session_state_path(const struct ncm_session *s);
/* ms; how long a command waits. */
int64_t ncm_session_timeout(const struct ncm_session *s);
/* Whether there is no tracking store, only further sources. */
bool ncm_session_storeless(const struct ncm_session *s);
/* Over a network. */
bool ncm_session_remote(const struct ncm_session *s);
bool ncm_session_protected(const struct ncm_session *s);
/* Certificates are not checked, as the user's own setting says. */
bool ncm_session_insecure(const struct ncm_session *s);
bool ncm_session_read_only(const struct ncm_session *s);
/* Whether its context names monitors: NCM_T_DRIFT then has something to say. */
bool ncm_session_has_monitors(const struct ncm_session *s);
/* M: the lock. Unlocking a protected context wants its name checked by the caller before;
 * --read-only cannot be unlocked (false). */
bool ncm_session_set_locked(struct ncm_session *s, bool locked);
bool ncm_session_locked(const struct ncm_session *s);

/* The bell: readable when something arrived; ncm_session_pump empties it and takes what arrived.
 * Pump returns whether anything a want shows has changed. Snapshot pointers handed out stay valid
 * until the next pump (take a reference for longer). The first pump starts the watch for changes:
 * who never pumps (a headless command) needs none. */
int ncm_session_bell(const struct ncm_session *s);
bool ncm_session_pump(struct ncm_session *s);
/* For a session that nobody looks at just now: empties the bell and takes nothing, so that what was
 * handed out stays valid. Returns whether a job has ended (ncm_session_result takes it). */
bool ncm_session_hear(struct ncm_session *s);
/* Somebody pressed a key: sources that have to be asked are asked more often for a while. */
void ncm_session_attend(struct ncm_session *s);
/* Pauses or resumes the live watch (key z; unfocused terminal). */
void ncm_session_pause(struct ncm_session *s, bool paused);

/* How fresh a want is; the header shows the worst of the visible ones. */
enum ncm_freshness { NCM_LIVE, NCM_LOADING, NCM_STALE, NCM_OFFLINE };
struct ncm_freshness_info {
    enum ncm_freshness state;
    int64_t age_ms;      /* of what is shown; -1 nothing yet */
    int64_t retry_ms;    /* until the next try; -1 none planned */
    int64_t done, total; /* progress; total -1 unknown, 0 none */
    bool unasked;        /* nothing is asked: neither live nor old */
    int64_t down_ms;     /* since the source last answered or was first found away; 0: it is not */
};

/* Subscribes: loads now, again whenever the store changes, and when it fails, retries with growing
 * jittered pauses. The query is copied. Equal ones share one load. Never NULL. */
struct ncm_want *ncm_session_want(struct ncm_session *s, const struct ncm_query *q);
/* Ends it; the last user's release cancels the load. NULL allowed. */
void ncm_want_release(struct ncm_want *w);
/* The newest snapshot (cast by topic) or NULL. Valid until the next pump. */
const void *ncm_want_get(const struct ncm_want *w);
/* The last error, or NULL where the last load went well. */
const struct ncm_err *ncm_want_error(const struct ncm_want *w);
struct ncm_freshness_info ncm_want_freshness(const struct ncm_want *w);
/* ms until a want may count as loading although nothing arrived; -1: none will. */
int64_t ncm_session_look_ms(struct ncm_session *s);
/* What keeps a session from its source: the last error of a want that is offline, NULL where none
 * is. *taken_ms: when the newest data that is shown for it was read, NCM_NO_TIME without. */
const struct ncm_err *ncm_session_problem(struct ncm_session *s, int64_t *taken_ms);
/* RUNS: which rows are on screen (with a margin): their pages are loaded. */
void ncm_want_window(struct ncm_want *w, size_t first, size_t count);
void ncm_want_refresh(struct ncm_want *w);
/* Headless: until a final snapshot that covers everything asked so far, or an error; false + err
 * on error or NCM_TIMEOUT. The snapshot that an earlier wait on this want gave is let go. */
bool ncm_want_wait(struct ncm_want *w, const void **snapshot, struct ncm_err *err);

/* A job on the actions lane (never cancelled by leaving a pane). run() is called on the lane's
 * thread; arg is handed to it and comes back in the result; free_arg (may be NULL) frees it where
 * nobody takes the result. Returns an id > 0. Jobs run one after another, none is dropped. */
typedef bool (*ncm_job_fn)(struct ncm_job_context *ctx, void *arg, struct ncm_err *err);
uint64_t ncm_session_submit(struct ncm_session *s, ncm_job_fn run, void *arg,
                            void (*free_arg)(void *arg));
/* The same for a job that changes nothing: it is cut off when a wait for it runs out and when the
 * session closes. */
uint64_t ncm_session_inspect(struct ncm_session *s, ncm_job_fn run, void *arg,
                             void (*free_arg)(void *arg));
struct ncm_job_result {
    uint64_t id;
    bool ok;
    struct ncm_err err;
    void *arg;
};
/* Takes one finished job; false where none is. Call after pump. */
bool ncm_session_result(struct ncm_session *s, struct ncm_job_result *out);
/* Headless: waits for this job. */
bool ncm_session_result_wait(struct ncm_session *s, uint64_t id, struct ncm_job_result *out,
                             struct ncm_err *err);
/* Headless: the same for at most `ms`; false where it has not ended by then. */
bool ncm_session_result_within(struct ncm_session *s, uint64_t id, int64_t ms,
                               struct ncm_job_result *out);
/* Work of our own on the actions lane that nobody waits for: run until it returns true, with
 * growing pauses between; it is cancelled for every job that somebody submits (and then tried
 * again) and when the session closes. One at a time: a second one replaces the first. */
void ncm_session_background(struct ncm_session *s, ncm_job_fn run);
/* Says that something was changed by us: every want is loaded again now. Any thread. */
void ncm_session_touch(struct ncm_session *s);

#endif
