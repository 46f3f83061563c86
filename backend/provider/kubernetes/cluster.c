/* The shelves that the lanes of a source share. */
#include "provider/kubernetes/cluster.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/num.h"

struct k8s_cluster *ncm_kubernetes_cluster_new(void)
{
    struct k8s_cluster *c = ncm_alloc(1, sizeof *c);
    pthread_condattr_t attr;
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&c->wake, &attr);
    pthread_condattr_destroy(&attr);
    c->ticket = k8s_ticket_new();
    return c;
}

static void drop_all(struct k8s_object **items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        k8s_object_drop(items[i]);
    }
    ncm_free(items);
}

static void clear_shelves(struct k8s_cluster *c)
{
    for (size_t i = 0; i < c->n_shelves; i++) {
        struct k8s_shelf *s = &c->shelves[i];
        drop_all(s->items, s->n);
        ncm_free(s->ns);
        ncm_free(s->why);
        ncm_free(s->version);
    }
    ncm_free(c->shelves);
    c->shelves = NULL;
    c->n_shelves = 0;
}

static void clear_rights(struct k8s_cluster *c)
{
    for (size_t i = 0; i < c->n_rights; i++) {
        ncm_free(c->rights[i].ns);
    }
    ncm_free(c->rights);
    c->rights = NULL;
    c->n_rights = 0;
}

static void clear_answered(struct k8s_cluster *c)
{
    for (size_t i = 0; i < c->n_answered; i++) {
        k8s_answered_drop(c->answered[i]);
    }
    ncm_free(c->answered);
    c->answered = NULL;
    c->n_answered = 0;
}

static void clear(struct k8s_cluster *c)
{
    char **texts[] = {&c->key, &c->narrowed, &c->who, &c->server, &c->version};
    clear_shelves(c);
    clear_rights(c);
    clear_answered(c);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ncm_free(*texts[i]);
        *texts[i] = NULL;
    }
    c->introduced = c->kept = c->doubt = false;
    c->skew_ms = 0;
}

void ncm_kubernetes_cluster_free(void *cluster)
{
    struct k8s_cluster *c = cluster;
    if (c != NULL) {
        clear(c);
        k8s_ticket_free(c->ticket);
        pthread_cond_destroy(&c->wake);
        pthread_mutex_destroy(&c->lock);
        ncm_free(c);
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* scopes NULL: one of all namespaces. */
static void make_shelves(struct k8s_cluster *c, const char **scopes, size_t n)
{
    size_t each = n > 0 ? n : 1;
    clear_shelves(c);
    if (n > 0) {
        qsort(scopes, n, sizeof *scopes, by_text);
    }
    c->n_shelves = each * K8S_N_KINDS;
    c->shelves = ncm_alloc(c->n_shelves, sizeof *c->shelves);
    for (size_t i = 0; i < c->n_shelves; i++) {
        c->shelves[i].kind = (enum k8s_kind)(i / each);
        c->shelves[i].ns = n > 0 ? ncm_strdup(scopes[i % each]) : NULL;
    }
}

static bool wants_all(const struct ncm_kubernetes_setup *setup)
{
    for (size_t i = 0; i < setup->n_namespaces; i++) {
        if (strcmp(setup->namespaces[i], "*") == 0) {
            return true;
        }
    }
    return false;
}

static void make_scopes(struct k8s_cluster *c, const struct ncm_kubernetes_setup *setup,
                        const struct k8s_login *login)
{
    const char **scopes = ncm_alloc(setup->n_namespaces + 1, sizeof *scopes);
    size_t n = 0;
    if (setup->n_namespaces == 0) {
        scopes[n++] = login->ns;
    } else if (!wants_all(setup)) {
        for (size_t i = 0; i < setup->n_namespaces; i++) {
            bool twice = false;
            for (size_t k = 0; k < n && !twice; k++) {
                twice = strcmp(scopes[k], setup->namespaces[i]) == 0;
            }
            if (!twice) {
                scopes[n++] = setup->namespaces[i];
            }
        }
    }
    make_shelves(c, scopes, n);
    ncm_free(scopes);
}

void k8s_cluster_enter(struct k8s_cluster *c, const struct ncm_kubernetes_setup *setup,
                       const struct k8s_login *login)
{
    char *key = ncm_sprintf("%s\n%s\n%s\n%s\n%s", login->server, login->user, login->ns,
                            login->context, login->as != NULL ? login->as : "");
    pthread_mutex_lock(&c->lock);
    /* The file may have changed: what is known of another cluster is worth nothing. */
    if (c->key == NULL || strcmp(c->key, key) != 0) {
        clear(c);
        c->key = ncm_strdup(key);
        make_scopes(c, setup, login);
    }
    pthread_mutex_unlock(&c->lock);
    ncm_free(key);
}

void k8s_cluster_narrow(struct k8s_cluster *c, const char *ns, const char *why)
{
    const char *scope = ns;
    make_shelves(c, &scope, 1);
    ncm_free(c->narrowed);
    c->narrowed = ncm_strdup(why);
}

void k8s_cluster_wait(struct k8s_cluster *c, int64_t ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(ms / 1000);
    at.tv_nsec += (long)(ms % 1000) * 1000000L;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000L;
    }
    pthread_cond_timedwait(&c->wake, &c->lock, &at);
}

/* ---- shelves --------------------------------------------------------------------------------- */
static int compare_text(struct ncm_str a, struct ncm_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int d = n > 0 ? memcmp(a.p, b.p, n) : 0;
    return d != 0 ? d : (a.len > b.len) - (a.len < b.len);
}

static int compare(const struct k8s_object *o, struct ncm_str ns, struct ncm_str name)
{
    int d = compare_text(o->ns, ns);
    return d != 0 ? d : compare_text(o->name, name);
}

static int by_place(const void *a, const void *b)
{
    const struct k8s_object *y = *(struct k8s_object *const *)b;
    return compare(*(struct k8s_object *const *)a, y->ns, y->name);
}

/* Where it stands, or would. */
static size_t place_of(const struct k8s_shelf *s, struct ncm_str ns, struct ncm_str name,
                       bool *there)
{
    size_t from = 0, to = s->n;
    while (from < to) {
        size_t mid = from + (to - from) / 2;
        int d = compare(s->items[mid], ns, name);
        if (d == 0) {
            *there = true;
            return mid;
        }
        from = d < 0 ? mid + 1 : from;
        to = d < 0 ? to : mid;
    }
    *there = false;
    return from;
}

static void take_out(struct k8s_shelf *s, size_t i)
{
    k8s_object_drop(s->items[i]);
    memmove(&s->items[i], &s->items[i + 1], (s->n - i - 1) * sizeof(struct k8s_object *));
    s->n--;
}

/* Versions are opaque, but grow as numbers in every server there is; where they do not, the event
 * is as good as any other to lose. */
static int64_t number_of(const struct k8s_object *o)
{
    int64_t n;
    return ncm_parse_i64(ncm_cstr(o->resource_version), &n) ? n : 0;
}

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The newest events only, once there are a quarter more of them than are kept. */
static void prune(struct k8s_shelf *s)
{
    if (s->kind != K8S_EVENT || s->n <= K8S_EVENTS_MOST + K8S_EVENTS_MOST / 4) {
        return;
    }
    int64_t *all = ncm_alloc(s->n, sizeof *all);
    for (size_t i = 0; i < s->n; i++) {
        all[i] = number_of(s->items[i]);
    }
    qsort(all, s->n, sizeof *all, by_number);
    int64_t least = all[s->n - K8S_EVENTS_MOST];
    ncm_free(all);
    size_t kept = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (number_of(s->items[i]) >= least) {
            s->items[kept++] = s->items[i];
        } else {
            k8s_object_drop(s->items[i]);
        }
    }
    s->n = kept;
}

void k8s_shelf_set(struct k8s_cluster *c, struct k8s_shelf *s, struct k8s_object **items, size_t n,
                   const char *version)
{
    if (n > 0) {
        qsort(items, n, sizeof *items, by_place);
    }
    drop_all(s->items, s->n);
    s->items = items;
    s->n = s->cap = n;
    s->reading = K8S_READ;
    ncm_free(s->why);
    s->why = NULL;
    ncm_free(s->version);
    s->version = ncm_strdup(version);
    s->read_mono_ms = ncm_mono_ms();
    prune(s);
    c->changes++;
}

void k8s_shelf_fail(struct k8s_cluster *c, struct k8s_shelf *s, enum k8s_reading reading,
                    const char *why)
{
    drop_all(s->items, s->n);
    s->items = NULL;
    s->n = s->cap = 0;
    s->reading = reading;
    ncm_free(s->why);
    s->why = ncm_strdup(why);
    ncm_free(s->version);
    s->version = NULL;
    s->read_mono_ms = ncm_mono_ms();
    c->changes++;
}

void k8s_shelf_put(struct k8s_cluster *c, struct k8s_shelf *s, struct k8s_object *o)
{
    bool there;
    size_t i = place_of(s, o->ns, o->name, &there);
    if (there) {
        k8s_object_drop(s->items[i]);
    } else {
        s->items = ncm_grow(s->items, s->n, &s->cap, sizeof(struct k8s_object *));
        memmove(&s->items[i + 1], &s->items[i], (s->n - i) * sizeof(struct k8s_object *));
        s->n++;
    }
    s->items[i] = o;
    prune(s);
    c->changes++;
}

void k8s_shelf_remove(struct k8s_cluster *c, struct k8s_shelf *s, struct ncm_str ns,
                      struct ncm_str name)
{
    bool there;
    size_t i = place_of(s, ns, name, &there);
    if (there) {
        take_out(s, i);
        c->changes++;
    }
}
