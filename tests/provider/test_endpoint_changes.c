/* Splits and versions of model servers over HTTP, and what changes of them do: compared first, one
 * PUT for a split, taken back where a later one fails. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "provider/served.h"

static void pair(void)
{
    struct ncm_endpoint_of *stable = served_add("a", "stable"), *canary = served_add("b", "canary");
    stable->group = canary->group = "churn";
    stable->traffic = "/traffic";
    stable->reload = canary->reload = "/reload";
    served_set("a", "{'split': {'stable': 90, 'canary': 10}}");
    served_set("b", "{'version': '8'}");
    served_open();
}

static void a_split_is_told_by_its_targets(void **state)
{
    (void)state;
    pair();
    for (int i = 0; i < 2; i++) {
        const struct ncm_deployment *d = served_look(i == 0 ? "stable" : "canary");
        assert_int_equal(d->n_traffic, 2);
        assert_string_equal(d->traffic_by.p, "percent");
        assert_string_equal(d->traffic[0].target.p, "stable");
        assert_string_equal(d->traffic[0].version.p, "7");
        assert_true(d->traffic[0].percent == 90 && d->traffic[0].stable);
        assert_string_equal(d->traffic[1].version.p, "8");
        assert_true(d->traffic[1].percent == 10 && !d->traffic[1].stable);
        assert_int_equal(d->traffic[1].health, NCM_HEALTH_HEALTHY);
        assert_true((d->allowed & (1u << NCM_ACT_TRAFFIC)) != 0);
    }
    served_set("a", "{'split': {'stable': 'much'}}");
    const struct ncm_deployment *d = served_look("stable");
    assert_int_equal(d->n_traffic, 0);
    served_set("a", "{'rules': {'GET /traffic': {'status': 500}}}");
    d = served_look("stable");
    assert_true(served_finds(d, "split_unknown"));
    assert_int_equal(d->n_traffic, 2);
    assert_true(isnan(d->traffic[0].percent)); /* nobody tells: unknown */
}

static struct ncm_changes changes;

static bool apply(struct ncm_err *err, struct ncm_receipt *receipt)
{
    struct ncm_control control = {0};
    *err = (struct ncm_err){0};
    bool ok = ncm_endpoint.apply(served, &changes, NULL, &control, receipt, err);
    ncm_changes_release(&changes);
    ncm_changes_init(&changes);
    return ok;
}

static void shift(const char *target, const char *from, const char *to)
{
    ncm_changes_add(&changes, NCM_CH_DEPLOY_TRAFFIC, "api//stable", "Endpoint", target, from, to);
}

static void traffic_moves_in_one_step(void **state)
{
    struct ncm_err err;
    struct ncm_receipt receipt;
    char body[200];
    (void)state;
    pair();
    shift("stable", "90", "50");
    shift("canary", "10", "50");
    assert_true(apply(&err, &receipt));
    assert_int_equal(served_asked("a", "PUT /traffic", body, sizeof body), 1);
    assert_non_null(strstr(body, "stable\\\":50"));
    assert_non_null(strstr(body, "canary\\\":50"));
    assert_true(receipt.time_ms > 0 && !receipt.partial);
    assert_true(served_look("canary")->traffic[1].percent == 50);
    /* Somebody was faster. */
    shift("stable", "90", "0");
    shift("canary", "10", "100");
    assert_false(apply(&err, &receipt));
    assert_int_equal(err.code, NCM_CONFLICT);
    /* It must be a hundred. */
    shift("stable", "50", "60");
    assert_false(apply(&err, &receipt));
    assert_int_equal(err.code, NCM_REFUSED);
    shift("stable", "50", "-1");
    assert_false(apply(&err, &receipt));
    assert_int_equal(err.code, NCM_USAGE);
    /* A new target, an old one out of the map. */
    shift("stable", "50", NULL);
    shift("third", NULL, "50.0");
    assert_true(apply(&err, &receipt));
    const struct ncm_deployment *d = served_look("stable");
    assert_string_equal(d->traffic[1].target.p, "third");
    assert_int_equal(served_asked("a", "PUT /traffic", NULL, 0), 2);
}

static void versions_are_loaded_by_the_reload_page(void **state)
{
    struct ncm_err err;
    struct ncm_receipt receipt;
    char *now, body[200];
    (void)state;
    pair();
    served_of[1].reload_body =
        "{\"version\": \"{{version}}\", \"uri\": \"models:/churn/{{version}}\"}";
    served_again();
    ncm_changes_add(&changes, NCM_CH_DEPLOY_VERSION, "api//canary", "Endpoint", NULL, "8", "9\"x");
    assert_true(ncm_endpoint.present(served, &changes.items[0], &now, &err));
    assert_string_equal(now, "8");
    ncm_free(now);
    assert_true(apply(&err, &receipt));
    assert_int_equal(served_asked("b", "POST /reload", body, sizeof body), 1);
    assert_non_null(strstr(body, "models:/churn/9"));
    assert_string_equal(served_look("canary")->version.p, "9\"x");
    ncm_changes_add(&changes, NCM_CH_DEPLOY_VERSION, "api//canary", "Endpoint", NULL, "8", "9");
    assert_false(apply(&err, &receipt));
    assert_int_equal(err.code, NCM_CONFLICT);
    /* The server says no. */
    served_set("b",
               "{'rules': {'POST /reload': {'status': 400, 'text': '{\\\"error\\\": \\\"no such "
               "version\\\"}'}}}");
    ncm_changes_add(&changes, NCM_CH_DEPLOY_VERSION, "api//canary", "Endpoint", NULL, "9\"x", "10");
    assert_false(apply(&err, &receipt));
    assert_int_equal(err.code, NCM_REFUSED);
    assert_non_null(strstr(err.what, "no such version"));
    ncm_changes_add(&changes, NCM_CH_DEPLOY_VERSION, "api//nobody", "Endpoint", NULL, "1", "2");
    assert_false(apply(&err, &receipt));
    assert_int_equal(err.code, NCM_NOT_FOUND);
    ncm_changes_add(&changes, NCM_CH_DEPLOY_SCALE, "api//canary", "Endpoint", NULL, "1", "2");
    assert_false(apply(&err, &receipt));
    assert_int_equal(err.code, NCM_UNSUPPORTED);
}

static void what_failed_is_taken_back(void **state)
{
    struct ncm_err err;
    struct ncm_receipt receipt;
    (void)state;
    pair();
    served_set("a", "{'rules': {'PUT /traffic': {'status': 500, 'text': 'down'}}}");
    ncm_changes_add(&changes, NCM_CH_DEPLOY_VERSION, "api//canary", "Endpoint", NULL, "8", "9");
    shift("stable", "90", "0");
    shift("canary", "10", "100");
    assert_false(apply(&err, &receipt));
    assert_false(receipt.partial);
    assert_string_equal(served_look("canary")->version.p, "8");
    assert_int_equal(served_asked("b", "POST /reload", NULL, 0), 2);
    /* An answer that was lost: looked at, not sent again. */
    served_set("a", "{'rules': {'PUT /traffic': {'mode': 'lost'}}}");
    shift("stable", "90", "20");
    shift("canary", "10", "80");
    assert_true(apply(&err, &receipt));
    assert_int_equal(served_asked("a", "PUT /traffic", NULL, 0), 2);
    assert_true(served_look("canary")->traffic[1].percent == 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED_TEST(a_split_is_told_by_its_targets),
        SERVED_TEST(traffic_moves_in_one_step),
        SERVED_TEST(versions_are_loaded_by_the_reload_page),
        SERVED_TEST(what_failed_is_taken_back),
    };
    ncm_changes_init(&changes);
    return cmocka_run_group_tests(tests, served_start, served_stop);
}
