/* Shared by the files of this provider only. */
#ifndef NCM_MLFLOW_REST_INTERNAL_H
#define NCM_MLFLOW_REST_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "io/cache.h"
#include "io/http.h"
#include "io/node.h"
#include "model/change.h"
#include "model/query.h"
#include "model/search.h"
#include "model/snapshot.h"
#include "provider/ask.h"
#include "provider/provider.h"

#define REST_API "/api/2.0/mlflow"

/* What this server can do, asked once a connection. */
struct rest_facts {
    char version[32]; /* "3.17.2"; "" where it does not say (before 2.0) */
    int major, minor; /* 0, 0 where unknown */
    bool has_registry, has_stages, has_aliases, has_logged_models;
};

struct rest_runs;  /* runs.h: runs that were read */
struct rest_watch; /* watch.h */

/* The experiments that are not deleted, as far as known. */
struct rest_experiments {
    char **ids;
    size_t n, cap;
    int64_t asked_mono_ms; /* 0: never */
    int64_t newest_ms;     /* latest last_update_time seen */
    uint64_t print;        /* of which there are */
};

/* How many runs are running in which experiment. */
struct rest_running {
    struct ncm_map *counts; /* by experiment id */
    bool known;             /* false: there are too many to count */
    size_t n;               /* all in all */
    int64_t asked_mono_ms;
};

/* A lane's connection. One thread; others only interrupt. */
struct ncm_conn {
    char *location;
    struct ncm_http *http;
    struct ncm_cache *cache; /* NULL: nothing is kept between starts */
    bool token;              /* the login is a token */
    char *cache_user;        /* whose answers they are: keys of the cache begin with it */
    bool replay;             /* answers come from the cache only */
    int64_t replayed_ms;     /* the oldest that was used */
    struct rest_facts facts;
    bool facts_known;
    bool is_mlflow;        /* it answered a question about experiments */
    int64_t clock_ms;      /* the server's clock is ahead of ours by so much */
    bool no_interval;      /* the server lacks get-history-bulk-interval */
    bool no_run_in;        /* it cannot filter by a list of run ids */
    bool no_change_filter; /* it cannot filter experiments by last_update_time */
    struct rest_experiments experiments;
    struct rest_running running;
    struct rest_runs *runs;
    struct rest_watch *watch;
};

/* ---- call.c -------------------------------------------------------------------------------- */

/* One API call: path below REST_API with its query; body JSON or NULL. *doc is the answer, always
 * an object (ncm_doc_free). Errors: NCM_NOT_FOUND (RESOURCE_DOES_NOT_EXIST), NCM_REFUSED
 * (INVALID_PARAMETER_VALUE, RESOURCE_ALREADY_EXISTS, BAD_REQUEST, INVALID_STATE), NCM_UNSUPPORTED
 * (404/405 without JSON: this server does not have it), NCM_FORBIDDEN, NCM_UNAUTHENTICATED,
 * NCM_BUSY (TEMPORARILY_UNAVAILABLE), NCM_RATE_LIMITED, NCM_CONFLICT, NCM_UNREACHABLE (other 5xx;
 * detail begins with "sent"), NCM_INVALID_DATA (no JSON object), and those of ncm_http_do. */
bool rest_call(struct ncm_conn *c, enum ncm_http_method method, const char *path, const char *body,
               const struct ncm_control *control, struct ncm_doc **doc, struct ncm_err *err);
/* The same for what only asks, a search by POST too: it may be repeated when a connection dies. */
bool rest_ask(struct ncm_conn *c, enum ncm_http_method method, const char *path, const char *body,
              const struct ncm_control *control, struct ncm_doc **doc, struct ncm_err *err);
/* The same for a question whose answer may be kept for the next start, or comes from there. */
bool rest_read(struct ncm_conn *c, enum ncm_http_method method, const char *path, const char *body,
               const struct ncm_control *control, struct ncm_doc **doc, struct ncm_err *err);
/* What an answer of the API says, whatever its status: for who made the request itself. */
bool rest_answer(struct ncm_conn *c, const struct ncm_http_answer *a, const char *path,
                 struct ncm_doc **doc, struct ncm_err *err);
/* A request below REST_API with the control's flag and deadline; body borrowed. *url (caller frees)
 * holds the path. */
struct ncm_http_request rest_request(enum ncm_http_method method, const char *path,
                                     const char *body, const struct ncm_control *control,
                                     char **url);
/* What is dated later than this, by the server's clock, is a mistake: it must not hide what begins
 * now. Ms since 1970. */
int64_t rest_far_ahead(const struct ncm_conn *c);
/* Fills c->facts where they are not known. */
bool rest_learn(struct ncm_conn *c, const struct ncm_control *control, struct ncm_err *err);
/* Whether a tracking server is there at all: that something is missing may also mean that the
 * address is another program's. The error is what the first question of all gets. */
bool rest_is_mlflow(struct ncm_conn *c, const struct ncm_control *control, struct ncm_err *err);

/* ---- decode.c: JSON to records; strings live in the arena ------------------------------------ */

/* NCM_INVALID_DATA naming `what` where a list or a needed text is missing or of another kind. */
bool rest_list(const struct ncm_doc *doc, const char *key, const struct ncm_node **list,
               struct ncm_err *err);
struct ncm_str rest_str(const struct ncm_node *n, const char *key, struct ncm_arena *a);
/* The same for ids and versions, which some servers write as integers. n itself with key NULL. */
struct ncm_str rest_id(const struct ncm_node *n, const char *key, struct ncm_arena *a);
/* Integer (also as text, as some proxies and old servers write it) or NCM_NO_TIME. */
int64_t rest_time(const struct ncm_node *n, const char *key);
/* A metric's value: a number, or "NaN", "Infinity", "-Infinity"; ±1.797e308 are infinities. */
struct ncm_value rest_value(const struct ncm_node *n);
struct ncm_kv *rest_tags(const struct ncm_node *list, struct ncm_arena *a, size_t *n);
bool rest_experiment(const struct ncm_node *n, struct ncm_arena *a, struct ncm_experiment *out,
                     struct ncm_err *err);
/* A whole run with its inputs; ids of its logged models in logged_models. */
bool rest_run(const struct ncm_node *n, struct ncm_arena *a, struct ncm_run *out,
              struct ncm_err *err);
bool rest_version(const struct ncm_node *n, struct ncm_arena *a, struct ncm_model_version *out,
                  struct ncm_err *err);
/* A registered model without its versions; every alias dangles until its version is found. */
bool rest_model(const struct ncm_node *n, struct ncm_arena *a, struct ncm_model *out,
                struct ncm_err *err);
/* next_page_token, or NULL on the last page. Borrowed from the document. */
const char *rest_next(const struct ncm_doc *doc);
/* *token (freed) becomes that of the page after this one, NULL after the last. NCM_INVALID_DATA
 * naming `what` where it is the one that asked for this page: the server would never end. */
bool rest_turn(const struct ncm_doc *doc, const char *what, char **token, struct ncm_err *err);

/* ---- one function a topic; each publishes at least one snapshot -------------------------------
 */

bool rest_read_store(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool rest_read_experiments(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool rest_read_run_keys(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool rest_read_runs(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool rest_read_run(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool rest_read_series(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool rest_read_artifacts(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool rest_read_artifact(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool rest_read_models(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
bool rest_read_facts(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err);
/* Publishes: marked as kept from an earlier start where it is. */
void rest_publish(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_snapshot *s);

/* The ids of all active experiments into q->ids-like list, asked again where they may have changed
 * (anew: in any case). Borrowed from the connection. */
bool rest_active(struct ncm_conn *c, bool anew, const struct ncm_control *control,
                 struct ncm_err *err);

/* ---- watch.c, examine.c, apply.c ------------------------------------------------------------ */

bool rest_wait(struct ncm_conn *c, const struct ncm_interest *interest, int wait_ms,
               const struct ncm_control *control, struct ncm_news *news, struct ncm_err *err);
void rest_watch_free(struct rest_watch *w); /* NULL allowed */
void rest_runs_free(struct rest_runs *r);   /* NULL allowed */
void rest_examine(const struct ncm_place *place, const struct ncm_control *control,
                  ncm_check_fn say, void *to);
bool rest_apply(struct ncm_conn *c, const struct ncm_changes *changes, const struct ncm_mark *mark,
                const struct ncm_control *control, struct ncm_receipt *receipt,
                struct ncm_err *err);
bool rest_check(struct ncm_conn *c, const struct ncm_changes *changes, struct ncm_err *err);
bool rest_present(struct ncm_conn *c, const struct ncm_change *change, char **value,
                  struct ncm_err *err);

#endif
