/* What the files of this provider share. */
#ifndef NCM_ENDPOINT_INTERNAL_H
#define NCM_ENDPOINT_INTERNAL_H

#include "io/http.h"
#include "io/node.h"
#include "provider/ask.h"
#include "provider/endpoint/endpoint.h"
#include "provider/scrape.h"

enum {
    EP_CLAIMS_MOST = 16, /* versions that one server answers */
    EP_EVENTS_MOST = 40, /* of one endpoint; the oldest go */
    EP_EVERY_MS = 10000, /* pause between probes where none is set */
    EP_PATIENCE_MS = 2000,
    EP_SLOW_MS = 1000,    /* a health question that takes longer is a finding */
    EP_START_MS = 120000, /* so long after it came up, "not ready" is starting */
    EP_WINDOW_MS = 300000, /* that rates are of */
    EP_RATES_MS = 60000,  /* rates older than that are of the past */
    EP_BODY_MOST = 1 << 20,
    EP_METRICS_MOST = 32 << 20,
};

/* What one look at a server gave; all of it in its arena. */
struct ep_seen {
    struct ncm_arena *arena; /* NULL: never looked */
    struct ncm_probe probe;
    struct ncm_claim claims[EP_CLAIMS_MOST];
    size_t n_claims;
    bool hung;      /* no answer in time */
    bool cancelled; /* the look was ended: it says nothing */
    bool has_metrics;
    struct ncm_metrics metrics;
    int64_t metrics_mono_ms;    /* when they were read: a wall clock may stand or jump */
    struct ncm_str metrics_why; /* why there are none, where they were asked for; or absent */
    struct ncm_str split;       /* what its traffic path answered; absent where it has none … */
    struct ncm_str split_why;   /* … or why it could not be read */
};

/* A change that was noticed here. */
struct ep_event {
    int64_t time_ms;
    bool warning;
    const char *reason; /* static */
    char *message;      /* owned */
};

struct ep_endpoint {
    struct ncm_endpoint_of set; /* strings in the connection's arena */
    struct ncm_http *own, *management, *metrics;
    const char *metrics_path; /* NULL: none found */
    int metrics_side;         /* 0 own, 2 `metrics` */
    int64_t metrics_mono_ms;  /* when it was last searched for; 0 never */
    enum ncm_protocol known;
    struct ncm_scrapes *scrapes;
    int64_t counted_ms, counted_mono_ms; /* the newest of them, by both clocks; 0 none */
    struct ep_seen seen, fresh;
    int64_t looked_mono_ms;
    bool looked;
    /* What was noticed over time. */
    enum ncm_health health;
    int64_t health_since_ms, up_ms;         /* up: it came up while we looked */
    char *version;                          /* last answered; NULL */
    struct ep_event events[EP_EVENTS_MOST]; /* oldest first */
    size_t n_events;
    /* The last answer to the saved test request. */
    char *test_request, *test_answer;
    int test_status;
    double test_ms;
};

struct ncm_conn {
    struct ncm_arena *arena;
    const char *source;
    struct ep_endpoint *items;
    size_t n;
    int64_t next_mono_ms; /* watch: when to look again; 0: no mark yet */
};

/* ---- ask.c ---- */

struct ep_asker {
    struct ep_endpoint *e;
    const struct ncm_control *control; /* or NULL */
    bool hung, cancelled;
};
/* For struct ncm_probe_via; `to` is a struct ep_asker. */
bool ep_ask(void *to, int side, enum ncm_http_method method, const char *path, const char *body,
            int64_t timeout_ms, struct ncm_http_answer *out, struct ncm_err *err);
/* Opens the clients of an endpoint. */
bool ep_open(struct ep_endpoint *e, struct ncm_err *err);
void ep_close(struct ep_endpoint *e);

/* ---- look.c ---- */

/* Asks everything into e->fresh. Any thread, one at a time. */
void ep_look(struct ep_endpoint *e, bool with_test, const struct ncm_control *control);
/* Makes what was seen the present state: counts, changes noticed. */
void ep_take(struct ep_endpoint *e);
/* Asks those that are due (full: all), several at once. `early` is called once where some take
 * long, with what is known until then. false: cancelled. */
bool ep_look_all(struct ncm_conn *c, bool full, const struct ncm_control *control,
                 void (*early)(void *to), void *to, struct ncm_err *err);
void ep_seen_release(struct ep_seen *s);
enum ncm_health ep_health(const struct ep_endpoint *e);

/* ---- deployment.c ---- */

/* Of the samples whose labels include `want`; known from the second reading on, and while it can be
 * read. */
void ep_rates(const struct ep_endpoint *e, const struct ncm_kv *want, size_t n,
              struct ncm_arena *a, struct ncm_rates *out);
struct ncm_deployments_snapshot *ep_snapshot(struct ncm_conn *c);

/* ---- traffic.c ---- */

/* A target's share. */
struct ep_share {
    struct ncm_str target;
    double percent;
};
/* {"TARGET": PERCENT, …} in the order given; numbers may be texts. NCM_INVALID_DATA. */
bool ep_shares(const char *text, size_t len, struct ncm_arena *a, struct ep_share **out, size_t *n,
               struct ncm_err *err);
/* Who holds the split that e is a part of: itself, or one of its group; NULL. */
struct ep_endpoint *ep_splitter(struct ncm_conn *c, struct ep_endpoint *e);
/* Fills d's traffic. */
void ep_traffic(struct ncm_conn *c, struct ep_endpoint *e, struct ncm_deployment *d,
                struct ncm_arena *a);

/* ---- apply.c, examine.c ---- */

bool ep_apply(struct ncm_conn *c, const struct ncm_changes *changes, const struct ncm_mark *mark,
              const struct ncm_control *control, struct ncm_receipt *receipt, struct ncm_err *err);
bool ep_check(struct ncm_conn *c, const struct ncm_changes *changes, struct ncm_err *err);
bool ep_present(struct ncm_conn *c, const struct ncm_change *ch, char **value, struct ncm_err *err);
void ep_examine(const struct ncm_place *place, const struct ncm_control *control, ncm_check_fn say,
                void *to);

#endif
