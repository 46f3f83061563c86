/* The watches of the stream lane. */
#ifndef NCM_KUBERNETES_FEED_H
#define NCM_KUBERNETES_FEED_H

#include "provider/kubernetes/cluster.h"

struct k8s_feed {
    struct ncm_conn *conn;
    enum k8s_kind kind;
    char *ns;
    struct ncm_http_stream *stream;
    int64_t began_mono_ms; /* the stream */
    int64_t due_mono_ms;   /* when something is to be done, where no stream runs */
    unsigned login;        /* k8s_client_logins when it was begun */
    int fails;             /* in a row */
    bool polled;           /* may be listed, but not watched */
    bool expired;          /* said by a line: to be listed again */
    bool spoke;            /* the stream brought a line */
};

struct k8s_watcher {
    struct k8s_feed *feeds;
    size_t n_feeds;
    bool started;          /* all shelves were gone through, and the watches begun */
    int64_t since_mono_ms; /* what was read before is to be listed again; 0: nothing */
    uint64_t reported;     /* changes that were told of */
    int64_t said_mono_ms, logs_mono_ms, groups_due, probe_due, pulse_due;
};

/* A feed for each shelf. */
void k8s_feeds_open(struct ncm_conn *c);
void k8s_feeds_close(struct k8s_watcher *w);
/* Begins, lists and polls what is due. False: the cluster does not answer. looked_at: somebody is
 * there, so that usage is worth a call. */
bool k8s_feeds_step(struct ncm_conn *c, bool looked_at, const struct ncm_control *control,
                    struct ncm_err *err);
/* When the next one is due (monotonic ms). */
int64_t k8s_feeds_due(struct ncm_conn *c, bool looked_at);
/* Whether some kind's API is not installed; one that is by now is listed next. */
bool k8s_feeds_absent(struct ncm_conn *c);
void k8s_feeds_appeared(struct ncm_conn *c, const char *group);

#endif
