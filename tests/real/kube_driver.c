/* For kube_access.py: the provider of Kubernetes as two lanes of a session use it.
 *   kube_driver KUBECONFIG CONTEXT NAMESPACES fetch        once, without a watch
 *   kube_driver KUBECONFIG CONTEXT NAMESPACES logs REF     its newest lines
 *   kube_driver KUBECONFIG CONTEXT NAMESPACES doctor
 *   kube_driver KUBECONFIG CONTEXT NAMESPACES watch        until standard input ends; a line "full"
 *                                                          there asks for everything anew
 * NAMESPACES: "a,b", "*", or "" for the context's own. Prints a line for each thing it sees. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "model/deploy.h"
#include "provider/kubernetes/client.h"
#include "provider/kubernetes/inside.h"
#include "provider/kubernetes/kubernetes.h"

static const struct ncm_snapshot *last;

static void on_publish(void *to, struct ncm_snapshot *s)
{
    (void)to;
    if (s->provisional) {
        printf("provisional\n");
    }
    ncm_snapshot_unref(last);
    last = s;
}

static void on_progress(void *to, int64_t done, int64_t total)
{
    (void)to;
    (void)done;
    (void)total;
}

static void say_error(const char *where, const struct ncm_err *err)
{
    printf("error %s %s: %s | %s | %s\n", where, ncm_code_name(err->code), err->what, err->hint,
           err->detail);
    fflush(stdout);
}

static int64_t requests(struct ncm_conn *c)
{
    int64_t bytes, n;
    ncm_http_traffic(k8s_client_http(c->client), &bytes, &n);
    return n;
}

static void print_deployments(const struct ncm_deployments_snapshot *s)
{
    printf("who %s\nserver %s\n", ncm_cstr(s->who), ncm_cstr(s->server));
    for (size_t i = 0; i < s->n_notes; i++) {
        printf("note %s\n", ncm_cstr(s->notes[i]));
    }
    for (size_t i = 0; i < s->n; i++) {
        const struct ncm_deployment *d = &s->items[i]->it;
        printf("deployment %s/%s %s %d/%d %s allowed=%x version=%s\n", ncm_cstr(d->ns),
               ncm_cstr(d->name), ncm_cstr(d->kind), d->ready, d->desired,
               ncm_health_word(d->health), d->allowed, ncm_cstr(d->resource_version));
    }
    printf("end %zu\n", s->n);
}

static bool ask(struct ncm_conn *c, struct ncm_query *q, bool full, struct ncm_err *err)
{
    struct ncm_fetch f = {.query = q,
                          .previous = last,
                          .full = full,
                          .control = {.deadline_mono_ms = ncm_mono_ms() + 30000},
                          .publish = on_publish,
                          .progress = on_progress};
    /* It stays while it is borrowed from. */
    const struct ncm_snapshot *before = ncm_snapshot_ref(last);
    bool ok = ncm_kubernetes.fetch(c, &f, err);
    ncm_snapshot_unref(before);
    return ok;
}

static int once(const struct ncm_place *place, const char *ref)
{
    struct ncm_control control = {0};
    struct ncm_conn *c;
    struct ncm_err err;
    if (!ncm_kubernetes.open(place, &c, &control, &err)) {
        say_error("open", &err);
        return 1;
    }
    struct ncm_query *q = ncm_query_new(ref != NULL ? NCM_T_LOGS : NCM_T_DEPLOYMENTS);
    q->id = ncm_strdup(ref != NULL ? ref : "k");
    bool ok = ask(c, q, false, &err);
    if (!ok) {
        say_error("fetch", &err);
    } else if (ref == NULL) {
        print_deployments((const struct ncm_deployments_snapshot *)last);
    } else {
        const struct ncm_logs_snapshot *s = (const struct ncm_logs_snapshot *)last;
        for (size_t i = 0; i < s->n_notes; i++) {
            printf("note %s\n", ncm_cstr(s->notes[i]));
        }
        for (size_t i = 0; i < s->n; i++) {
            printf("line %lld %s %s\n", (long long)s->items[i].time_ms,
                   ncm_cstr(s->items[i].replica), ncm_cstr(s->items[i].text));
        }
        printf("end %zu\n", s->n);
    }
    printf("requests %lld\n", (long long)requests(c));
    ncm_query_free(q);
    ncm_kubernetes.close(c);
    return ok ? 0 : 1;
}

static void on_check(void *to, enum ncm_check_state state, const char *name, const char *what,
                     const char *hint)
{
    static const char *const words[] = {"ok", "warn", "fail"};
    (void)to;
    printf("%s %s: %s%s%s\n", words[state], name, what, hint != NULL ? " | " : "",
           hint != NULL ? hint : "");
}

/* What standard input says; false at its end. */
static bool heard(bool *full)
{
    char word[64];
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    *full = false;
    if (poll(&p, 1, 0) <= 0) {
        return true;
    }
    ssize_t n = read(STDIN_FILENO, word, sizeof word);
    *full = n > 0;
    return n > 0;
}

static void watch_once(const struct ncm_place *place, struct ncm_conn **stream,
                       struct ncm_conn *reads, struct ncm_query *q)
{
    const struct ncm_interest in = {.topics = 1u << NCM_T_DEPLOYMENTS};
    struct ncm_control control = {.deadline_mono_ms = *stream == NULL ? ncm_mono_ms() + 30000 : 0};
    struct ncm_news news = {0};
    struct ncm_err err;
    bool first = *stream == NULL;
    struct pollfd nothing = {.fd = -1};
    bool ok = !first || ncm_kubernetes.open(place, stream, &control, &err);
    ok = ok && ncm_kubernetes.watch(*stream, &in, first ? 0 : 500, &control, &news, &err);
    if (!ok) {
        say_error("watch", &err);
        if (*stream != NULL) {
            ncm_kubernetes.close(*stream);
            *stream = NULL;
        }
        poll(&nothing, 1, 500);
        return;
    }
    if (first || news.what != NCM_WATCH_NOTHING) {
        if (!ask(reads, q, false, &err)) {
            say_error("fetch", &err);
            return;
        }
        print_deployments((const struct ncm_deployments_snapshot *)last);
        printf("requests %lld %lld\n", (long long)requests(*stream), (long long)requests(reads));
    }
}

static int watch(const struct ncm_place *place)
{
    struct ncm_control control = {0};
    struct ncm_conn *stream = NULL, *reads;
    struct ncm_err err;
    bool full;
    struct ncm_query *q = ncm_query_new(NCM_T_DEPLOYMENTS);
    if (!ncm_kubernetes.open(place, &reads, &control, &err)) {
        say_error("open", &err);
        return 1;
    }
    while (heard(&full)) {
        watch_once(place, &stream, reads, q);
        fflush(stdout);
    }
    if (stream != NULL) {
        ncm_kubernetes.close(stream);
    }
    ncm_kubernetes.close(reads);
    ncm_query_free(q);
    return 0;
}

int main(int argc, char **argv)
{
    const char *namespaces[16];
    struct ncm_kubernetes_setup setup = {.source = "k", .namespaces = namespaces};
    if (argc < 5) {
        return 2;
    }
    ncm_log_open(getenv("NCMLOPS_LOG"));
    setup.kubeconfig = argv[1];
    setup.context = argv[2][0] != '\0' ? argv[2] : NULL;
    for (char *p = strtok_r(argv[3], ",", &argv[3]); p != NULL && setup.n_namespaces < 16;
         p = strtok_r(NULL, ",", &argv[3])) {
        namespaces[setup.n_namespaces++] = p;
    }
    setup.cluster = ncm_kubernetes_cluster_new();
    const struct ncm_place place = {.location = "test", .with = &setup};
    int result = 0;
    if (strcmp(argv[4], "watch") == 0) {
        result = watch(&place);
    } else if (strcmp(argv[4], "doctor") == 0) {
        struct ncm_control control = {0};
        ncm_kubernetes.examine(&place, &control, on_check, NULL);
    } else {
        result = once(&place, argc > 5 ? argv[5] : NULL);
    }
    ncm_snapshot_unref(last);
    ncm_kubernetes_cluster_free(setup.cluster);
    return result;
}
