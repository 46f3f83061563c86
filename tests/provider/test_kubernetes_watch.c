/* Keeping up with a cluster: lists in pages, watches that end, expire, are refused or say nonsense.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/num.h"
#include "model/deploy.h"
#include "provider/kube.h"

#define PATIENCE_MS 30000

#define OBJECT(name, version)                                                                      \
    "{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"ml\",\"uid\":\"" name                    \
    "\",\"resourceVersion\":\"" #version "\"},\"spec\":{\"replicas\":1,\"template\":{}},"          \
    "\"status\":{\"readyReplicas\":1}}"
#define LIST(version, items)                                                                       \
    "{\"metadata\":{\"resourceVersion\":\"" #version "\"},\"items\":[" items "]}"
#define LINE(type, object) "{\"type\":\"" type "\",\"object\":" object "}\n"
#define BOOKMARK(version)                                                                          \
    LINE("BOOKMARK",                                                                               \
         "{\"kind\":\"Deployment\",\"metadata\":{\"resourceVersion\":\"" #version "\"}}")
#define GONE                                                                                       \
    LINE("ERROR", "{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\",\"message\":\"old\"}")

#define LISTED  "GET /apis/apps/v1/namespaces/ml/deployments\\?limit="
#define WATCHED "GET /apis/apps/v1/namespaces/ml/deployments\\?watch=1"

static const struct ncm_interest looking = {.topics = 1u << NCM_T_DEPLOYMENTS};
static struct kube_source source;
static struct ncm_conn *stream, *reads;

static int fresh(void **state)
{
    mlf_fresh(state);
    kube_source(&source);
    stream = kube_lane(&source);
    reads = kube_lane(&source);
    return 0;
}

static int done(void **state)
{
    mlf_release();
    ncm_kubernetes.close(stream);
    ncm_kubernetes.close(reads);
    kube_source_end(&source);
    return mlf_done(state);
}

static bool look(int wait_ms, struct ncm_news *news, struct ncm_err *err)
{
    struct ncm_control control = {0};
    return ncm_kubernetes.watch(stream, &looking, wait_ms, &control, news, err);
}

static void begin(void)
{
    struct ncm_news news;
    struct ncm_err err;
    if (!look(0, &news, &err)) {
        fail_msg("%s (%s)", err.what, err.detail);
    }
}

/* Until a fetch gives these. */
static void await(const char *names)
{
    int64_t until = ncm_mono_ms() + PATIENCE_MS;
    while (strcmp(kube_names(reads, false), names) != 0) {
        struct ncm_news news;
        struct ncm_err err;
        if (!look(200, &news, &err)) {
            fail_msg("%s (%s)", err.what, err.detail);
        }
        if (ncm_mono_ms() > until) {
            fail_msg("%s, not %s", kube_names(reads, false), names);
        }
    }
}

/* Until the server was asked that so often. */
static void await_asked(const char *on, int times)
{
    int64_t until = ncm_mono_ms() + PATIENCE_MS;
    while (mlf_count(on) < times) {
        struct ncm_news news;
        struct ncm_err err;
        if (!look(100, &news, &err)) {
            fail_msg("%s (%s)", err.what, err.detail);
        }
        if (ncm_mono_ms() > until) {
            fail_msg("%s: %d", on, mlf_count(on));
        }
    }
}

static void test_what_a_watch_says_is_told_and_nothing_listed_twice(void **state)
{
    (void)state;
    kube_says(LISTED, 200, LIST(7, OBJECT("churn", 5)));
    kube_says_once(WATCHED, 0, 1, 200,
                   LINE("ADDED", OBJECT("fraud", 9)) LINE("MODIFIED", OBJECT("fraud", 10))
                       LINE("DELETED", OBJECT("churn", 11)) BOOKMARK(12));
    kube_is_quiet();
    begin();
    assert_int_equal(mlf_count(WATCHED ".*resourceVersion=7"), 0);
    assert_string_equal(kube_names(reads, false), "churn");
    await("fraud");
    await_asked(WATCHED ".*resourceVersion=12", 1); /* goes on where the last one ended */
    assert_int_equal(mlf_count(WATCHED ".*allowWatchBookmarks=true.*resourceVersion=7"), 1);
    assert_int_equal(mlf_count(LISTED), 1);
    assert_int_equal(mlf_count("POST .*selfsubjectreviews"), 1);
}

static void test_news_come_only_with_changes(void **state)
{
    struct ncm_news news;
    struct ncm_err err;
    (void)state;
    kube_is_quiet();
    begin();
    while (look(300, &news, &err) && news.what != NCM_WATCH_NOTHING) {}
    mlf_forget();
    assert_true(look(1500, &news, &err));
    assert_int_equal(news.what, NCM_WATCH_NOTHING);
    assert_int_equal(mlf_count("."), 0); /* an idle screen asks nothing */
}

static void test_a_version_that_is_too_old_is_listed_again(void **state)
{
    (void)state;
    kube_says_once(LISTED, 0, 1, 200, LIST(7, OBJECT("churn", 5)));
    kube_says(LISTED, 200, LIST(20, OBJECT("churn", 5) "," OBJECT("ranker", 19)));
    kube_says_once(WATCHED, 0, 1, 200, GONE);
    kube_is_quiet();
    begin();
    await("churn ranker");
    await_asked(WATCHED ".*resourceVersion=20", 1);
    assert_int_equal(mlf_count(LISTED), 2);
}

static void test_nonsense_in_a_watch_is_listed_again(void **state)
{
    (void)state;
    kube_says_once(LISTED, 0, 1, 200, LIST(7, OBJECT("churn", 5)));
    kube_says(LISTED, 200, LIST(20, OBJECT("ranker", 19)));
    kube_says_once(WATCHED, 0, 1, 200, "{\"type\":\"ADDED\",\"obj\n");
    kube_is_quiet();
    begin();
    await("ranker");
}

static void test_an_object_that_cannot_be_read_is_left_out(void **state)
{
    (void)state;
    kube_says(LISTED, 200, LIST(7, "{\"metadata\":{\"name\":7},\"spec\":[]}," OBJECT("churn", 5)));
    kube_says_once(WATCHED, 0, 1, 200,
                   LINE("ADDED", "{\"metadata\":{\"name\":[],\"resourceVersion\":\"8\"}}")
                       LINE("ADDED", OBJECT("fraud", 9)));
    kube_is_quiet();
    begin();
    await("churn fraud");
    assert_int_equal(mlf_count(LISTED), 1);
}

static void test_who_may_list_but_not_watch_polls(void **state)
{
    struct ncm_news news;
    struct ncm_err err;
    (void)state;
    kube_says(LISTED, 200, LIST(7, OBJECT("churn", 5)));
    kube_says(WATCHED, 403, "{\"kind\":\"Status\",\"message\":\"cannot watch\"}");
    kube_is_quiet();
    begin();
    await_asked(WATCHED, 1);
    assert_true(look(800, &news, &err));
    assert_int_equal(mlf_count(WATCHED), 1); /* it is not tried in a loop */
    assert_int_equal(mlf_count(LISTED), 1);
    assert_string_equal(kube_names(reads, false), "churn");
}

static void test_a_server_that_is_busy_is_left_alone(void **state)
{
    struct ncm_news news;
    struct ncm_err err;
    (void)state;
    kube_says_once(WATCHED, 0, 1, 429, "{\"kind\":\"Status\",\"message\":\"slowly\"}");
    kube_is_quiet();
    begin();
    await_asked(WATCHED, 1);
    assert_true(look(300, &news, &err));
    assert_int_equal(mlf_count(WATCHED), 1);
    await_asked(WATCHED, 2);
}

/* ---- lists ----------------------------------------------------------------------------------- */
static void test_pages(void **state)
{
    (void)state;
    kube_says("deployments\\?limit=500&continue=a%2Bb", 200, LIST(7, OBJECT("ranker", 6)));
    kube_says(LISTED, 200,
              "{\"metadata\":{\"resourceVersion\":\"7\",\"continue\":\"a+b\"},\"items\":[" OBJECT(
                  "churn", 5) "]}");
    kube_is_quiet();
    assert_string_equal(kube_names(reads, false), "churn ranker");
    assert_string_equal(kube_names(reads, false), "churn ranker"); /* nobody watches: listed anew */
    assert_int_equal(mlf_count(LISTED), 4);
}

static void test_pages_that_expire_on_the_way(void **state)
{
    (void)state;
    kube_says_once("continue=", 0, 1, 410,
                   "{\"kind\":\"Status\",\"message\":\"old\",\"reason\":\"Expired\"}");
    kube_says("continue=", 200, LIST(8, OBJECT("ranker", 6)));
    kube_says(LISTED, 200,
              "{\"metadata\":{\"resourceVersion\":\"7\",\"continue\":\"x\"},\"items\":[" OBJECT(
                  "churn", 5) "]}");
    kube_is_quiet();
    assert_string_equal(kube_names(reads, false), "churn ranker");
    assert_int_equal(mlf_count(LISTED), 4);
}

static struct ncm_snapshot *published;
static bool fetch(struct ncm_conn *c, struct ncm_err *err);

static void test_pages_without_an_end(void **state)
{
    struct ncm_err err;
    (void)state;
    kube_says("GET /api/v1/.*/pods\\?limit", 200,
              "{\"metadata\":{\"resourceVersion\":\"7\",\"continue\":\"x\"},\"items\":[]}");
    kube_says(LISTED, 200, LIST(7, OBJECT("churn", 5)));
    kube_is_quiet();
    assert_true(fetch(reads, &err));
    const struct ncm_deployments_snapshot *s = (const struct ncm_deployments_snapshot *)published;
    assert_int_equal(s->n, 1);
    assert_non_null(strstr(ncm_cstr(s->notes[0]), "again and again"));
    assert_int_equal(mlf_count("GET /api/v1/.*/pods\\?limit=500&continue="), 1);
    ncm_snapshot_unref(published);
    published = NULL;
}

static void keep(void *to, struct ncm_snapshot *s)
{
    (void)to;
    ncm_snapshot_unref(published);
    published = s;
}

static bool fetch(struct ncm_conn *c, struct ncm_err *err)
{
    struct ncm_query *q = ncm_query_new(NCM_T_DEPLOYMENTS);
    struct ncm_fetch f = {.query = q, .publish = keep};
    bool ok = ncm_kubernetes.fetch(c, &f, err);
    ncm_query_free(q);
    return ok;
}

static void test_one_kind_that_is_forbidden(void **state)
{
    struct ncm_err err;
    (void)state;
    kube_says("GET .*/pods\\?limit", 403,
              "{\"kind\":\"Status\",\"message\":\"pods is forbidden: User ann\"}");
    kube_says(LISTED, 200, LIST(7, OBJECT("churn", 5)));
    kube_is_quiet();
    assert_true(fetch(reads, &err));
    const struct ncm_deployments_snapshot *s = (const struct ncm_deployments_snapshot *)published;
    assert_int_equal(s->n, 1);
    assert_true(s->n_notes >= 1);
    assert_non_null(strstr(ncm_cstr(s->notes[0]), "pods"));
    assert_true(ncm_str_is(s->who, "ann"));
    ncm_snapshot_unref(published);
    published = NULL;
}

static void test_nothing_may_be_read(void **state)
{
    struct ncm_err err;
    (void)state;
    kube_says("GET .*limit", 403, "{\"kind\":\"Status\",\"message\":\"it is forbidden\"}");
    kube_is_quiet();
    assert_false(fetch(reads, &err));
    assert_int_equal(err.code, NCM_FORBIDDEN);
    assert_string_equal(err.what, "it is forbidden");
    assert_null(published);
}

static void test_all_namespaces_or_the_own_one(void **state)
{
    static const char *const all[] = {"*"};
    struct kube_source wide;
    struct ncm_err err;
    (void)state;
    kube_source(&wide);
    wide.setup.namespaces = all;
    wide.setup.n_namespaces = 1;
    kube_says("GET /apis/apps/v1/deployments", 403,
              "{\"kind\":\"Status\",\"message\":\"not at the cluster scope\"}");
    kube_says(LISTED, 200, LIST(7, OBJECT("churn", 5)));
    kube_is_quiet();
    struct ncm_conn *c = kube_lane(&wide);
    assert_true(fetch(c, &err));
    const struct ncm_deployments_snapshot *s = (const struct ncm_deployments_snapshot *)published;
    assert_int_equal(s->n, 1);
    assert_non_null(strstr(ncm_cstr(s->notes[s->n_notes - 1]), "not at the cluster scope"));
    ncm_snapshot_unref(published);
    published = NULL;
    ncm_kubernetes.close(c);
    kube_source_end(&wide);
}

/* Of several namespaces one may be forbidden: it must not be missing without a word. */
static void test_one_namespace_that_is_forbidden(void **state)
{
    static const char *const both[] = {"ml", "ml-quota"};
    struct kube_source wide;
    struct ncm_err err;
    bool told = false;
    (void)state;
    kube_source(&wide);
    wide.setup.namespaces = both;
    wide.setup.n_namespaces = 2;
    kube_says("GET .*/ml-quota/.*limit", 403, "{\"kind\":\"Status\",\"message\":\"not yours\"}");
    kube_says(LISTED, 200, LIST(7, OBJECT("churn", 5)));
    kube_is_quiet();
    struct ncm_conn *c = kube_lane(&wide);
    assert_true(fetch(c, &err));
    const struct ncm_deployments_snapshot *s = (const struct ncm_deployments_snapshot *)published;
    assert_int_equal(s->n, 1);
    for (size_t i = 0; i < s->n_notes; i++) {
        told = told || (strstr(ncm_cstr(s->notes[i]), "deployments") != NULL &&
                        strstr(ncm_cstr(s->notes[i]), " in ml-quota: forbidden (not yours)") != NULL);
    }
    assert_true(told);
    ncm_snapshot_unref(published);
    published = NULL;
    ncm_kubernetes.close(c);
    kube_source_end(&wide);
}

static void test_a_selector_narrows_what_is_listed_and_watched(void **state)
{
    (void)state;
    source.setup.selector = "team in (a,b)";
    kube_is_quiet();
    begin();
    await_asked("GET .*deployments\\?labelSelector=team%20in%20%28a%2Cb%29&watch=1", 1);
    assert_int_equal(mlf_count("GET .*deployments\\?labelSelector=team%20in%20%28a%2Cb%29&limit"),
                     1);
    assert_int_equal(mlf_count("GET .*pods\\?labelSelector"), 0);
}

static void test_model_servers_are_asked_through_the_proxy(void **state)
{
    struct ncm_news news;
    struct ncm_err err;
    int64_t until = ncm_mono_ms() + PATIENCE_MS;
    const struct ncm_deployments_snapshot *s;
    (void)state;
    source.setup.probe = true;
    kube_says("GET .*/services/front/proxy/ping", 200, "\n");
    kube_says("GET .*/services/front/proxy/version", 200, "3.17.2");
    kube_says("(GET|POST) .*/proxy/", 404, "{}");
    kube_says("GET .*/services\\?limit", 200,
              LIST(7, "{\"metadata\":{\"name\":\"front\",\"namespace\":\"ml\"},"
                      "\"spec\":{\"selector\":{\"app\":\"churn\"}}}"));
    kube_says(LISTED, 200,
              LIST(7, "{\"metadata\":{\"name\":\"churn\",\"namespace\":\"ml\",\"uid\":\"u\"},"
                      "\"spec\":{\"replicas\":1,\"template\":{\"metadata\":{\"labels\":{\"app\":"
                      "\"churn\",\"ncmlops/model\":\"churn\",\"ncmlops/model-version\":\"5\"}}}},"
                      "\"status\":{\"readyReplicas\":1,\"replicas\":1}}"));
    kube_is_quiet();
    begin();
    do {
        assert_true(look(200, &news, &err));
        assert_true(fetch(reads, &err));
        s = (const struct ncm_deployments_snapshot *)published;
        assert_true(ncm_mono_ms() < until);
    } while (s->n != 1 || !s->items[0]->it.probe.probed);
    assert_int_equal(s->items[0]->it.probe.alive, 1);
    assert_true(ncm_str_is(s->items[0]->it.probe.protocol, "mlflow"));
    int asked = mlf_count("GET .*/proxy/ping");
    assert_true(look(500, &news, &err));
    assert_int_equal(mlf_count("GET .*/proxy/ping"), asked); /* not in a loop */
    ncm_snapshot_unref(published);
    published = NULL;
}

/* ---- both lanes ------------------------------------------------------------------------------ */
static atomic_bool stop;

static void *keep_watching(void *to)
{
    struct ncm_control control = {0};
    struct ncm_news news;
    struct ncm_err err;
    (void)to;
    while (!atomic_load(&stop)) {
        if (!ncm_kubernetes.watch(stream, &looking, 300, &control, &news, &err)) {
            break;
        }
    }
    return NULL;
}

static void test_who_wants_everything_anew_has_the_watch_list_it(void **state)
{
    pthread_t thread;
    (void)state;
    kube_says_once(LISTED, 0, 1, 200, LIST(7, OBJECT("churn", 5)));
    kube_says(LISTED, 200, LIST(9, OBJECT("fraud", 8)));
    kube_is_quiet();
    begin();
    atomic_store(&stop, false);
    assert_int_equal(pthread_create(&thread, NULL, keep_watching, NULL), 0);
    assert_string_equal(kube_names(reads, false), "churn");
    assert_string_equal(kube_names(reads, true), "fraud");
    assert_int_equal(mlf_count(LISTED), 2);
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
}

static char *recorded(const char *name)
{
    static char text[1 << 18];
    char path[128];
    snprintf(path, sizeof path, "tests/fixtures/kubernetes/%s.gz", name);
    gzFile f = gzopen(path, "rb");
    assert_non_null(f);
    int n = gzread(f, text, sizeof text - 1);
    assert_true(n > 0);
    text[n] = '\0';
    gzclose(f);
    return text;
}

static void test_a_recorded_rollback(void **state)
{
    (void)state;
    kube_says("GET .*deployments\\?limit", 200, recorded("deployments_list.json"));
    kube_says_once(WATCHED, 0, 1, 200, recorded("watch_deployments_rollback.jsonl"));
    kube_is_quiet();
    begin();
    await_asked(WATCHED ".*resourceVersion=1504", 1);
    assert_int_equal(mlf_count("GET .*deployments\\?limit"), 1);
    assert_non_null(strstr(kube_names(reads, false), "fraud"));
}

#define WATCH_TEST(f) cmocka_unit_test_setup_teardown(f, fresh, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WATCH_TEST(test_what_a_watch_says_is_told_and_nothing_listed_twice),
        WATCH_TEST(test_news_come_only_with_changes),
        WATCH_TEST(test_a_version_that_is_too_old_is_listed_again),
        WATCH_TEST(test_nonsense_in_a_watch_is_listed_again),
        WATCH_TEST(test_an_object_that_cannot_be_read_is_left_out),
        WATCH_TEST(test_who_may_list_but_not_watch_polls),
        WATCH_TEST(test_a_server_that_is_busy_is_left_alone),
        WATCH_TEST(test_pages),
        WATCH_TEST(test_pages_that_expire_on_the_way),
        WATCH_TEST(test_pages_without_an_end),
        WATCH_TEST(test_one_kind_that_is_forbidden),
        WATCH_TEST(test_nothing_may_be_read),
        WATCH_TEST(test_all_namespaces_or_the_own_one),
        WATCH_TEST(test_one_namespace_that_is_forbidden),
        WATCH_TEST(test_a_selector_narrows_what_is_listed_and_watched),
        WATCH_TEST(test_model_servers_are_asked_through_the_proxy),
        WATCH_TEST(test_who_wants_everything_anew_has_the_watch_list_it),
        WATCH_TEST(test_a_recorded_rollback),
    };
    return cmocka_run_group_tests(tests, mlf_start, mlf_stop);
}
