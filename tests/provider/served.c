#include "provider/served.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "unit/web.h"

struct ncm_endpoint_of served_of[4];
struct ncm_endpoint_setup served_setup = {"api", served_of, 0};
struct ncm_conn *served;
const struct ncm_deployments_snapshot *served_snap;
int served_published, served_provisional;

/* Quotes in JSON may be written as '. */
void served_set(const char *server, const char *json)
{
    char body[8000];
    snprintf(body, sizeof body, "%s", json);
    for (char *p = body; *p != '\0'; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    struct ncm_http *h = web_open(web_url(server), NULL);
    struct ncm_http_answer a = web_ask(
        h, (struct ncm_http_request){
               .method = NCM_HTTP_POST, .path = "/_set", .body = body, .body_len = strlen(body)});
    assert_int_equal(a.status, 200);
    ncm_http_answer_release(&a);
    ncm_http_close(h);
}

/* How many requests began so ("POST /reload"), and the body of the last one. */
int served_asked(const char *server, const char *on, char *body, size_t size)
{
    char method[8], path[64];
    struct ncm_http *h = web_open(web_url(server), NULL);
    struct ncm_http_answer a = web_ask(h, (struct ncm_http_request){.path = "/_log"});
    int n = 0;
    assert_int_equal(sscanf(on, "%7s %63s", method, path), 2);
    char want[100];
    snprintf(want, sizeof want, "[\"%s\", \"%s\", ", method, path);
    for (const char *p = a.body.p; (p = strstr(p, want)) != NULL; n++) {
        p += strlen(want);
        if (body != NULL) {
            snprintf(body, size, "%.*s", (int)strcspn(p, "]"), p);
        }
    }
    ncm_http_answer_release(&a);
    ncm_http_close(h);
    return n;
}

int served_fresh(void **state)
{
    (void)state;
    for (const char *s = "abcd"; *s != '\0'; s++) {
        served_set((const char[]){*s, '\0'}, "{'fresh': true}");
    }
    memset(served_of, 0, sizeof served_of);
    served_setup.n = 0;
    return 0;
}

struct ncm_endpoint_of *served_add(const char *server, const char *name)
{
    struct ncm_endpoint_of *e = &served_of[served_setup.n++];
    *e = (struct ncm_endpoint_of){
        .name = name,
        .url = web_url(server),
        .probe = {.model = "churn",
                  .health = "/health",
                  .info = "/info",
                  .version = ".model.version"},
        .metrics = "none",
    };
    return e;
}

void served_open(void)
{
    struct ncm_place place = {.location = "endpoints", .with = &served_setup};
    struct ncm_control control = {0};
    struct ncm_err err;
    if (!ncm_endpoint.open(&place, &served, &control, &err)) {
        fail_msg("%s", err.what);
    }
}

int served_done(void **state)
{
    (void)state;
    ncm_snapshot_unref(served_snap);
    served_snap = NULL;
    ncm_endpoint.close(served);
    served = NULL;
    return 0;
}

void served_keep(void *to, struct ncm_snapshot *s)
{
    (void)to;
    ncm_snapshot_unref(served_snap);
    served_snap = (const struct ncm_deployments_snapshot *)s;
    served_published++;
    served_provisional += s->provisional ? 1 : 0;
}

bool served_fetch(bool full, struct ncm_err *err)
{
    struct ncm_query *q = ncm_query_new(NCM_T_DEPLOYMENTS);
    struct ncm_fetch f = {.query = q, .full = full, .publish = served_keep};
    served_published = served_provisional = 0;
    bool ok = ncm_endpoint.fetch(served, &f, err);
    ncm_query_free(q);
    return ok;
}

const struct ncm_deployment *served_get(const char *name)
{
    bool ambiguous;
    const struct ncm_deployment *d = ncm_deployments_find(served_snap, name, NULL, &ambiguous);
    assert_non_null(d);
    return d;
}

const struct ncm_deployment *served_look(const char *name)
{
    struct ncm_err err;
    if (!served_fetch(true, &err)) {
        fail_msg("%s", err.what);
    }
    assert_false(served_snap->head.provisional);
    return served_get(name);
}

void served_is(const struct ncm_deployment *d, enum ncm_health health, const char *reason)
{
    if (d->health != health || strstr(ncm_cstr(d->reason), reason) == NULL) {
        fail_msg("%s (%s)", ncm_health_word(d->health), ncm_cstr(d->reason));
    }
}

bool served_finds(const struct ncm_deployment *d, const char *kind)
{
    for (size_t i = 0; i < d->n_findings; i++) {
        if (ncm_str_is(d->findings[i].kind, kind)) {
            return true;
        }
    }
    return false;
}

void served_again(void)
{
    served_done(NULL);
    served_open();
}

int served_start(void **state)
{
    (void)state;
    return web_run("tests/lib/fake_endpoints.py", NULL) ? 0 : 1;
}

int served_stop(void **state)
{
    (void)state;
    web_stop();
    return 0;
}
