/* What the lanes of one source share of its cluster: who we are, what may be done, and the objects
 * on shelves, one for each kind and scope. Objects are immutable and counted; everything else is
 * behind the lock. The stream lane (the keeper) fills the shelves and keeps them by watching; where
 * it does not run, a lane that needs them lists by itself. */
#ifndef NCM_KUBERNETES_CLUSTER_H
#define NCM_KUBERNETES_CLUSTER_H

#include <pthread.h>

#include "model/deploy.h"
#include "provider/kubernetes/answered.h"
#include "provider/kubernetes/inside.h"
#include "provider/kubernetes/objects.h"

enum {
    K8S_EVENTS_MOST = 1000,
    K8S_ALL_KINDS = (1 << K8S_N_KINDS) - 1,
};

struct k8s_shelf {
    enum k8s_kind kind;
    char *ns;                  /* NULL: of all namespaces */
    struct k8s_object **items; /* by (ns, name) */
    size_t n, cap;
    enum k8s_reading reading;
    char *why;            /* of FORBIDDEN and FAILED */
    char *version;        /* from which a watch goes on; NULL: to be listed */
    int64_t read_mono_ms; /* when it was last listed or tried; 0: never */
};

/* Rights in a namespace; "" everywhere. */
struct k8s_right {
    char *ns;
    unsigned allowed;
    bool known;
};

struct k8s_cluster {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    char *key; /* which login all of it belongs to */
    struct k8s_ticket *ticket;
    struct k8s_shelf *shelves; /* kind after kind, each by scope */
    size_t n_shelves;
    char *narrowed;            /* why not all namespaces are read though they are wanted; or NULL */
    bool filling;              /* a lane lists just now */
    struct k8s_client *keeper; /* the stream lane's; NULL: nobody watches */
    bool kept;                 /* the keeper has gone once through all shelves */
    bool relist;               /* the keeper is asked to list everything again */
    uint64_t changes;          /* grows with every change of a shelf */
    uint64_t listed;           /* grows with every completed round of lists */
    char *who, *server, *version;
    bool introduced; /* who and version were asked for */
    int64_t skew_ms;
    struct k8s_right *rights;
    size_t n_rights;
    struct k8s_answered **answered;
    size_t n_answered;
    bool doubt; /* rights are to be asked again */
};

/* The cluster of this login: empty, unless it is the same one already. */
void k8s_cluster_enter(struct k8s_cluster *c, const struct ncm_kubernetes_setup *setup,
                       const struct k8s_login *login);
/* Waits on wake, at most so long; holding the lock. */
void k8s_cluster_wait(struct k8s_cluster *c, int64_t ms);

/* ---- shelves; holding the lock --------------------------------------------------------------- */
/* Takes the objects over (those of before are dropped), sorts them. */
void k8s_shelf_set(struct k8s_cluster *c, struct k8s_shelf *s, struct k8s_object **items, size_t n,
                   const char *version);
void k8s_shelf_fail(struct k8s_cluster *c, struct k8s_shelf *s, enum k8s_reading reading,
                    const char *why);
/* Takes the object over. */
void k8s_shelf_put(struct k8s_cluster *c, struct k8s_shelf *s, struct k8s_object *o);
void k8s_shelf_remove(struct k8s_cluster *c, struct k8s_shelf *s, struct ncm_str ns,
                      struct ncm_str name);
/* Reads no more than one namespace: all of them may not be listed. */
void k8s_cluster_narrow(struct k8s_cluster *c, const char *ns, const char *why);

/* ---- list.c: all pages of some kinds, without the lock --------------------------------------- */
enum { K8S_LIST_AT_ONCE = 6 };
struct k8s_listing {
    enum k8s_kind kind;
    char *ns; /* owned; NULL: of all namespaces */
    bool ok;
    struct ncm_err err; /* where not ok */
    struct k8s_object **items;
    size_t n;
    char *version;
};
/* At most K8S_LIST_AT_ONCE, side by side. kind and ns are given. */
void k8s_list_some(struct ncm_conn *c, struct k8s_listing *l, size_t n,
                   const struct ncm_control *control);
void k8s_listing_release(struct k8s_listing *l);
/* "/apis/apps/v1/namespaces/x/deployments?…": up to where parameters follow. The caller frees. */
char *k8s_list_path(enum k8s_kind kind, const char *ns, const char *selector);
/* Puts the outcome of a list on its shelf, holding the lock. False (l->err): the cluster as a whole
 * does not answer. */
bool k8s_list_settle(struct k8s_cluster *c, struct k8s_shelf *s, struct k8s_listing *l);

/* gather.c: lists what was not listed since (monotonic ms; 0: ever) of these kinds (bits), the
 * deployments first; `first` (may be NULL) is called when those are there. One lane at a time. */
bool k8s_gather(struct ncm_conn *c, unsigned kinds, int64_t since_mono_ms,
                const struct ncm_control *control, void (*first)(void *to), void *to,
                struct ncm_err *err);
/* Who we are and what the server is, once a connection; what is not told stays unknown. */
void k8s_introduce(struct ncm_conn *c, const struct ncm_control *control);

/* rights.c: asks for what is not known yet. */
void k8s_rights_ask(struct ncm_conn *c, const struct ncm_control *control);
/* For k8s_view. */
unsigned k8s_rights_of(const void *cluster, const char *ns);

/* view.c: the snapshot of what is on the shelves; one reference. */
struct ncm_deployments_snapshot *k8s_snapshot(struct ncm_conn *c,
                                              const struct ncm_deployments_snapshot *previous);

/* The same as it was made last by this connection, made anew where something changed since.
 * Borrowed until the next call. */
const struct ncm_deployments_snapshot *k8s_seen(struct ncm_conn *c);

/* watch.c */
bool k8s_watch(struct ncm_conn *c, const struct ncm_interest *interest, int wait_ms,
               const struct ncm_control *control, struct ncm_news *news, struct ncm_err *err);
void k8s_watch_end(struct ncm_conn *c);
/* Whether the server answers at all, within seconds: a list may take much longer. */
bool k8s_greet(struct ncm_conn *c, const struct ncm_control *control, struct ncm_err *err);

#endif
