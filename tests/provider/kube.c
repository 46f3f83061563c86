#include "provider/kube.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/num.h"
#include "model/deploy.h"
#include "unit/scratch.h"

const char *kube_config(const char *user)
{
    static unsigned number;
    char name[32];
    char *text =
        ncm_sprintf("current-context: c\n"
                    "contexts: [{name: c, context: {cluster: k, user: u, namespace: ml}}]\n"
                    "clusters: [{name: k, cluster: {server: '%s'}}]\n"
                    "users: [{name: u, user: {%s}}]\n",
                    mlf_url(), user);
    snprintf(name, sizeof name, "kube%u.yaml", number++);
    const char *path = scratch_file(name, text, strlen(text));
    ncm_free(text);
    return path;
}

static struct k8s_login login;
static struct k8s_ticket *ticket;

struct k8s_client *kube_client(const char *user)
{
    struct k8s_client *c = NULL;
    struct ncm_err err = {0};
    if (!k8s_login_load(kube_config(user), NULL, &login, &err)) {
        fail_msg("%s", err.what);
    }
    ticket = k8s_ticket_new();
    if (!k8s_client_open(&login, ticket, &c, &err)) {
        fail_msg("%s", err.what);
    }
    return c;
}

void kube_client_close(struct k8s_client *c)
{
    k8s_client_close(c);
    k8s_ticket_free(ticket);
    k8s_login_release(&login);
}

struct ncm_err kube_fails(struct k8s_client *c, const char *path, enum ncm_code code)
{
    const struct k8s_call call = {.path = path};
    struct ncm_doc *doc;
    struct ncm_err err = {0};
    bool ok = k8s_call(c, &call, &doc, &err);
    ncm_doc_free(doc);
    if (ok || err.code != code) {
        fail_msg("%s: %s: %s", path, ok ? "taken" : ncm_code_name(err.code), err.what);
    }
    return err;
}

void kube_answers(struct k8s_client *c, const char *path)
{
    const struct k8s_call call = {.path = path};
    struct ncm_doc *doc;
    struct ncm_err err = {0};
    if (!k8s_call(c, &call, &doc, &err)) {
        fail_msg("%s: %s (%s)", path, err.what, err.detail);
    }
    ncm_doc_free(doc);
}

void kube_says(const char *on, int status, const char *text)
{
    mlf_rule((struct mlf_rule){.on = on, .status = status, .text = text});
}

void kube_says_once(const char *on, int after, int times, int status, const char *text)
{
    mlf_rule((struct mlf_rule){
        .on = on, .after = after, .times = times, .status = status, .text = text});
}

void kube_is_quiet(void)
{
    static const char empty[] = "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[]}";
    mlf_rule((struct mlf_rule){.on = "GET .*watch=1", .hold = true, .text = ""});
    kube_says("GET .*(kserve|metrics.k8s.io)", 404, "404 page not found\n");
    kube_says("GET .*limit=", 200, empty);
    kube_says("GET /version", 200, "{\"gitVersion\":\"v1.36.3\"}");
    kube_says("POST .*selfsubjectreviews", 201,
              "{\"status\":{\"userInfo\":{\"username\":\"ann\"}}}");
    kube_says("POST .*selfsubjectaccessreviews", 201, "{\"status\":{\"allowed\":true}}");
}

/* ---- a source -------------------------------------------------------------------------------- */
void kube_source(struct kube_source *s)
{
    *s = (struct kube_source){.setup = {.source = "k"}};
    s->setup.kubeconfig = ncm_strdup(kube_config("token: x"));
    s->setup.cluster = ncm_kubernetes_cluster_new();
    s->place = (struct ncm_place){.location = "test", .with = &s->setup};
}

void kube_source_end(struct kube_source *s)
{
    ncm_kubernetes_cluster_free(s->setup.cluster);
    ncm_free((char *)(uintptr_t)s->setup.kubeconfig);
}

struct ncm_conn *kube_lane(const struct kube_source *s)
{
    struct ncm_conn *c = NULL;
    struct ncm_control control = {0};
    struct ncm_err err = {0};
    if (!ncm_kubernetes.open(&s->place, &c, &control, &err)) {
        fail_msg("%s", err.what);
    }
    return c;
}

static void keep(void *to, struct ncm_snapshot *s)
{
    struct ncm_snapshot **last = to;
    ncm_snapshot_unref(*last);
    *last = s;
}

const char *kube_names(struct ncm_conn *c, bool full)
{
    static char names[1024];
    struct ncm_snapshot *last = NULL;
    struct ncm_err err = {0};
    struct ncm_query *q = ncm_query_new(NCM_T_DEPLOYMENTS);
    struct ncm_fetch f = {.query = q,
                          .full = full,
                          .control = {.deadline_mono_ms = ncm_mono_ms() + 30000},
                          .publish = keep,
                          .to = &last};
    if (!ncm_kubernetes.fetch(c, &f, &err)) {
        fail_msg("%s (%s)", err.what, err.detail);
    }
    assert_non_null(last);
    assert_false(last->provisional);
    const struct ncm_deployments_snapshot *s = (const struct ncm_deployments_snapshot *)last;
    names[0] = '\0';
    for (size_t i = 0; i < s->n; i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i > 0 ? " " : "",
                 ncm_cstr(s->items[i]->it.name));
    }
    ncm_snapshot_unref(last);
    ncm_query_free(q);
    return names;
}
