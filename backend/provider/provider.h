/* What a provider is: one folder per outside system, one const table. Straight-line code that may
 * block (with a deadline and a way to be cancelled); never prints, exits or retries. Each lane has
 * a connection of its own, so nothing here needs a lock. */
#ifndef NCM_PROVIDER_PROVIDER_H
#define NCM_PROVIDER_PROVIDER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "io/access.h"
#include "model/change.h"
#include "model/query.h"
#include "model/snapshot.h"

struct ncm_conn; /* a provider's own connection state */

/* Where a source is and how it is entered. Borrowed. */
struct ncm_place {
    const char *location;             /* path, or URL without user and password */
    const struct ncm_access *access;  /* NULL: nothing is needed */
    const char *cache;                /* file for what is kept between starts; NULL: keep nothing */
    const struct ncm_place *registry; /* NULL: the same place. Only for the engine's pair of two
                                         providers, each of which sees its own place */
    const void *with; /* what a source made above the providers needs besides; of its own type */
};

/* How a lane is told to stop and when. */
struct ncm_control {
    const atomic_bool *cancel; /* set: end soon with NCM_CANCELLED */
    int64_t deadline_mono_ms;  /* ncm_mono_ms() by which to give up with NCM_TIMEOUT; 0 = none */
    bool may_recover;          /* open: may undo what a dead writer left half written */
};

/* One fetch. `publish` may be called several times (provisional first); it takes the caller's
 * reference. The last snapshot published must not be provisional. */
struct ncm_fetch {
    const struct ncm_query *query;
    const struct ncm_snapshot
        *previous;       /* the newest snapshot of this query or NULL: borrow chunks */
    size_t first, count; /* RUNS: rows that are looked at (pages to load) */
    bool window_only;    /* RUNS: nothing changed, only the window moved */
    bool full;           /* a person asked for it: nothing that is known already may be relied on */
    bool cached;         /* only what was kept from an earlier start (NCM_CAP_CACHE): published as
                            provisional with the time it was read; NCM_NOT_FOUND where nothing is */
    struct ncm_control control;
    /* ARTIFACT: gets the whole file piece by piece, and the snapshot holds no content; false ends
     * the fetch with *err. NULL: the content, up to the query's limit, is in the snapshot. */
    bool (*sink)(void *sink_to, const char *p, size_t len, struct ncm_err *err);
    void *sink_to;
    void (*publish)(void *to, struct ncm_snapshot *s);
    void (*progress)(void *to, int64_t done, int64_t total); /* total -1: unknown */
    void *to;
};

enum ncm_watch {
    NCM_WATCH_NOTHING = 0,
    NCM_WATCH_DATA = 1,     /* something was committed */
    NCM_WATCH_SCHEMA = 2,   /* migrated: features may differ, everything is reloaded */
    NCM_WATCH_REPLACED = 4, /* another file lies there now: reconnect */
    NCM_WATCH_GONE = 8,
};

/* What is looked at, so that a source which has to be asked is asked only for that. */
struct ncm_interest {
    unsigned topics; /* bits 1u << enum ncm_topic of all wants */
    int64_t idle_ms; /* since somebody last pressed a key; INT64_MAX: nobody is there */
};
/* What a watch noticed. */
struct ncm_news {
    unsigned what;   /* enum ncm_watch bits */
    unsigned topics; /* bits of the topics that may have changed; what == 0: none */
};

/* What was done, for the audit. */
struct ncm_receipt {
    char new_version[32]; /* of NCM_CH_VERSION_CREATE */
    char new_id[40]; /* of NCM_CH_EXPERIMENT_CREATE, NCM_CH_RUN_CREATE, NCM_CH_SILENCE_CREATE */
    int64_t time_ms; /* the time written into the store */
    /* Without NCM_CAP_ATOMIC: */
    bool partial; /* apply failed, and some of it stands or may stand: err->hint says what */
    bool unnoted; /* apply is done, but a transition tag could not be left */
};

/* Left in the store beside stage and alias changes, so that any client sees them: version tag
 * ncmlops.transition.<audit_id> = {"actor","time","from","to","reason"}. */
struct ncm_mark {
    const char *audit_id;
    const char *actor;
    const char *reason;
};

enum ncm_capability {
    NCM_CAP_STAGES = 1,
    NCM_CAP_ALIASES = 2,
    NCM_CAP_WRITE = 4,
    NCM_CAP_WATCH = 8,
    NCM_CAP_UNDO = 16,
    NCM_CAP_ATOMIC = 32,  /* apply is one unit for the store too: one mark proves the whole list */
    NCM_CAP_CACHE = 64,   /* fetch knows `cached` */
    NCM_CAP_REMOTE = 128, /* over a network: latency, clock and login are worth a check */
    NCM_CAP_ALERTS = 256, /* holds alerts or silences, and nothing of the store */
    NCM_CAP_DEPLOY = 512, /* holds deployments, and nothing of the store */
};

/* What a person may want to know of a source beyond its store record: one line a check. */
enum ncm_check_state { NCM_CHECK_OK, NCM_CHECK_WARN, NCM_CHECK_FAIL };
typedef void (*ncm_check_fn)(void *to, enum ncm_check_state state, const char *name,
                             const char *what, const char *hint);

struct ncm_provider {
    const char *name;    /* "mlflow-sqlite" */
    const char *summary; /* one line, msgid */
    unsigned capabilities;
    /* How sure it is that `location` is its kind: 0 no … 100 certain. Opens nothing for writing. */
    int (*probe)(const char *location);
    /* Opens a connection for one lane. Read-only until the first apply. */
    bool (*open)(const struct ncm_place *place, struct ncm_conn **out, struct ncm_control *control,
                 struct ncm_err *err);
    void (*close)(struct ncm_conn *conn);
    /* Ends what another thread's lane is doing on this connection. Any thread. */
    void (*interrupt)(struct ncm_conn *conn);
    /* NCM_UNSUPPORTED for topics it does not have. */
    bool (*fetch)(struct ncm_conn *conn, struct ncm_fetch *f, struct ncm_err *err);
    /* Waits (at most wait_ms, or until cancelled) for a change. A source that has to be asked
     * chooses its own pauses from `interest`. wait_ms 0: sets the mark from which changes count. */
    bool (*watch)(struct ncm_conn *conn, const struct ncm_interest *interest, int wait_ms,
                  const struct ncm_control *control, struct ncm_news *news, struct ncm_err *err);
    /* Carries all changes out as one unit, comparing each `from` first: NCM_CONFLICT (what names
     * both states) and nothing written where one differs. mark may be NULL. Where the system has no
     * such unit (no NCM_CAP_ATOMIC) all are compared before the first is written and a failure on
     * the way is taken back; receipt->partial says where that did not succeed. */
    bool (*apply)(struct ncm_conn *conn, const struct ncm_changes *changes,
                  const struct ncm_mark *mark, const struct ncm_control *control,
                  struct ncm_receipt *receipt, struct ncm_err *err);
    /* Whether apply would take the changes, by the other system's own rules (names, lengths, what
     * is deleted); NCM_REFUSED, NCM_USAGE, NCM_NOT_FOUND with a sentence. Reads only. NULL: no
     * rules. */
    bool (*check)(struct ncm_conn *conn, const struct ncm_changes *changes, struct ncm_err *err);
    /* The present value that `change->from` is compared with; *value is NULL where absent (the
     * caller frees). NCM_NOT_FOUND where the object itself does not exist. */
    bool (*present)(struct ncm_conn *conn, const struct ncm_change *change, char **value,
                    struct ncm_err *err);
    /* Path of our own state beside the store, with its mode and group; NULL (also the result):
     * use the state folder. The caller frees. */
    char *(*state_path)(const char *location);
    /* doctor: reachable, TLS, login, version, what it can do, permissions, clock, latency: calls
     * say (hint may be NULL) for each. Opens what it needs itself. NULL: the store record says it
     * all. */
    void (*examine)(const struct ncm_place *place, const struct ncm_control *control,
                    ncm_check_fn say, void *to);
};

/* All built-in providers, NULL-terminated. A new system: one folder and one line there. */
extern const struct ncm_provider *const ncm_providers[];
/* The surest provider for a location, or NULL. */
const struct ncm_provider *ncm_provider_for(const char *location);

#endif
