/* Alertmanager's API v2 as both generations speak it: lists, changes, and every form of error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/num.h"
#include "provider/alertmanager/alertmanager.h"
#include "provider/fake_monitoring.h"

static struct ncm_conn *am;

#define SILENCE(ends)                                                                              \
    "{\"matchers\":[{\"name\":\"alertname\",\"value\":\"FeatureDrift\",\"isRegex\":false},"        \
    "{\"name\":\"feature\",\"value\":\"amo.*\",\"isRegex\":true,\"isEqual\":true}],"               \
    "\"startsAt\":\"2026-11-21T05:00:00Z\",\"endsAt\":\"" ends "\",\"createdBy\":\"alice\","       \
    "\"comment\":\"longer still\"}"
#define LATER "2099-01-01T00:00:00.000Z"

static int fresh(void **state)
{
    struct ncm_place place = mon_place();
    struct ncm_control control = {0};
    struct ncm_err err;
    mon_fresh(state);
    return ncm_alertmanager.open(&place, &am, &control, &err) ? 0 : 1;
}

static int done(void **state)
{
    (void)state;
    ncm_alertmanager.close(am);
    am = NULL;
    return 0;
}

static void anew(void **state)
{
    done(state);
    fresh(state);
}

static const void *get(enum ncm_topic topic)
{
    struct ncm_err err;
    const void *s = mon_fetch(&ncm_alertmanager, am, topic, &err);
    if (s == NULL) {
        fail_msg("%s (%s)", err.what, err.detail);
    }
    return s;
}

static bool apply(enum ncm_change_kind kind, const char *object, const char *from, const char *to,
                  struct ncm_receipt *receipt, struct ncm_err *err)
{
    struct ncm_changes changes;
    struct ncm_control control = {0};
    *err = (struct ncm_err){0};
    ncm_changes_init(&changes);
    ncm_changes_add(&changes, kind, object, NULL, NULL, from, to);
    bool ok = ncm_alertmanager.apply(am, &changes, NULL, &control, receipt, err);
    ncm_changes_release(&changes);
    return ok;
}

static const struct ncm_alert *alert_of(const struct ncm_alerts_snapshot *s, const char *label,
                                        const char *value)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct ncm_kv *kv = ncm_kv_find(s->items[i].labels, s->items[i].n_labels, label);
        if (kv != NULL && ncm_str_is(kv->value, value)) {
            return &s->items[i];
        }
    }
    fail_msg("no alert with %s=%s", label, value);
    return NULL;
}

static void alerts_say_what_they_are_about(void **state)
{
    for (int g = 0; g < 2; g++) {
        anew(state);
        mon_answer("/api/v2/alerts", 200, mon_generations[g], "am_alerts_silenced.json");
        mon_answer("/api/v2/silences", 200, mon_generations[g], "am_silences_silenced.json");
        const struct ncm_alerts_snapshot *s = get(NCM_T_ALERTS);
        assert_true(s->n >= 7);
        const struct ncm_alert *a = alert_of(s, "alertname", "TargetDown");
        assert_int_equal(a->state, NCM_ALERT_FIRING);
        assert_int_equal(a->severity, NCM_SEVERITY_WARNING);
        assert_string_equal(a->subject.p, "dead 127.0.0.1:9");
        assert_string_equal(a->query.p, "up == 0");
        assert_string_equal(a->source.p, "alertmanager");
        assert_string_equal(a->id.p, "2d4d3b9b224409ed");
        assert_true(a->since_ms > 1795000000000);
        a = alert_of(s, "alertname", "HighErrorRatio");
        assert_int_equal(a->severity, NCM_SEVERITY_CRITICAL);
        assert_string_equal(a->severity_text.p, "page");
        assert_string_equal(a->query.p, "model:error_ratio:rate1m > 0.2");
        assert_true(a->threshold.kind == NCM_V_NUMBER && a->threshold.num == 0.2);
        /* Why each is quiet. */
        a = alert_of(s, "feature", "amount");
        assert_int_equal(a->state, NCM_ALERT_SILENCED);
        assert_int_equal(a->n_silenced_by, 1);
        assert_true(a->until_ms > a->since_ms);
        a = alert_of(s, "alertname", "SomeErrors");
        assert_int_equal(a->state, NCM_ALERT_SILENCED);
        assert_int_equal(a->n_inhibited_by, 1);
        assert_int_equal(a->n_silenced_by, 0);
        assert_int_equal(a->until_ms, NCM_NO_TIME);
        for (size_t i = 1; i < s->n; i++) {
            assert_true(s->items[i - 1].state <= s->items[i].state);
        }
        ncm_snapshot_unref(s);
    }
}

static void odd_alerts_are_understood(void **state)
{
    (void)state;
    mon_says("/api/v2/alerts", 200, "application/json",
             "[{\"labels\":{\"alertname\":\"A\"},\"status\":{\"state\":\"unprocessed\"}},"
             "{\"labels\":{\"alertname\":\"M\"},\"status\":{\"state\":\"suppressed\",\"mutedBy\":["
             "\"night\"]}},"
             "{\"labels\":{\"x\":\"y\"},\"annotations\":{\"message\":\"so\"},\"status\":{"
             "\"silencedBy\":null}}]");
    const struct ncm_alerts_snapshot *s = get(NCM_T_ALERTS);
    assert_int_equal(s->n, 3);
    const struct ncm_alert *m = alert_of(s, "alertname", "M");
    assert_int_equal(m->state, NCM_ALERT_SILENCED);
    assert_string_equal(m->muted_by[0].p, "night");
    assert_int_equal(alert_of(s, "alertname", "A")->state, NCM_ALERT_FIRING);
    assert_string_equal(alert_of(s, "x", "y")->summary.p, "so");
    assert_int_equal(alert_of(s, "x", "y")->id.len, 16); /* made from the labels */
    ncm_snapshot_unref(s);
}

static void silences_come_in_the_order_of_their_worth(void **state)
{
    for (int g = 0; g < 2; g++) {
        anew(state);
        mon_answer("/api/v2/silences", 200, mon_generations[g], "am_silences_silenced.json");
        const struct ncm_silences_snapshot *s = get(NCM_T_SILENCES);
        assert_int_equal(s->n, 2);
        assert_int_equal(s->items[0].state, NCM_SILENCE_ACTIVE);
        assert_int_equal(s->items[1].state, NCM_SILENCE_EXPIRED);
        assert_string_equal(s->items[0].created_by.p, "alice");
        assert_string_equal(s->items[0].comment.p, "longer still");
        assert_int_equal(s->items[0].n_matchers, 2);
        assert_true(s->items[0].matchers[1].is_regex && s->items[0].matchers[1].is_equal);
        assert_true(s->items[0].ends_ms > s->items[0].starts_ms);
        ncm_snapshot_unref(s);
    }
}

static void nothing_fires_is_an_empty_list(void **state)
{
    (void)state;
    mon_answer("/api/v2/alerts", 200, mon_generations[1], "am_alerts_idle.json");
    const struct ncm_alerts_snapshot *s = get(NCM_T_ALERTS);
    assert_int_equal(s->n, 0);
    ncm_snapshot_unref(s);
}

static void every_form_of_error_is_a_sentence(void **state)
{
    static const struct {
        int status;
        const char *type, *text;
        enum ncm_code code;
        const char *says;
    } all[] = {
        {400, "application/json", "\"bad matcher format: bad filter\"\n", NCM_REFUSED,
         "bad filter"},
        {422, "application/json", "{\"code\":612,\"message\":\"too few\"}", NCM_REFUSED, "too few"},
        {422, "application/json", "", NCM_REFUSED, "does not say why"},
        {404, "application/json", "", NCM_NOT_FOUND, "does not know it"},
        {404, "text/plain", "404 page not found\n", NCM_NOT_FOUND, "no Alertmanager at"},
        {410, "application/json", "{\"status\":\"deprecated\",\"error\":\"v1 is removed\"}",
         NCM_UNSUPPORTED, "v1 is removed"},
        {401, "text/plain", "Unauthorized", NCM_UNAUTHENTICATED, "(401)"},
        {403, "application/json", "{\"message\":\"no\"}", NCM_FORBIDDEN, "no"},
        {500, "application/json", "\"silence not found\"", NCM_UNREACHABLE, "silence not found"},
        {502, "text/html", "<html>", NCM_UNREACHABLE, "(502)"},
        {429, "application/json", "\"slower\"", NCM_RATE_LIMITED, "(429)"},
        {200, "text/html", "<html>Sign in", NCM_INVALID_DATA, "text/html"},
        {200, "application/json", "[{\"labels\"", NCM_INVALID_DATA, "JSON"},
        {200, "application/json", "{}", NCM_INVALID_DATA, "a list of alerts"},
        {200, "application/json", "", NCM_INVALID_DATA, "a list of alerts"},
        {200, "application/json", "[{}]", NCM_INVALID_DATA, "an alert"},
        {200, "application/json", "[7]", NCM_INVALID_DATA, "an alert"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct ncm_err err;
        anew(state);
        mon_says("/api/v2/alerts", all[i].status, all[i].type, all[i].text);
        const void *s = mon_fetch(&ncm_alertmanager, am, NCM_T_ALERTS, &err);
        if (s != NULL || err.code != all[i].code || strstr(err.what, all[i].says) == NULL) {
            fail_msg("%s: %s: %s", all[i].text, ncm_code_name(err.code), err.what);
        }
        assert_null(strstr(err.hint, "MLFLOW"));
    }
}

static void an_outage_is_an_outage(void **state)
{
    struct ncm_place nowhere = {.location = "http://127.0.0.1:1"};
    struct ncm_control control = {0};
    struct ncm_conn *c;
    struct ncm_err err;
    (void)state;
    assert_true(ncm_alertmanager.open(&nowhere, &c, &control, &err));
    assert_null(mon_fetch(&ncm_alertmanager, c, NCM_T_ALERTS, &err));
    assert_int_equal(err.code, NCM_UNREACHABLE);
    ncm_alertmanager.close(c);
}

/* ---- changes --------------------------------------------------------------------------------- */

static void a_silence_is_created(void **state)
{
    struct ncm_receipt r;
    struct ncm_err err;
    for (int g = 0; g < 2; g++) {
        anew(state);
        mon_says("GET /api/v2/silences", 200, "application/json", "[]");
        mon_answer("POST /api/v2/silences", 200, mon_generations[g], "am_silence_create.json");
        assert_true(apply(NCM_CH_SILENCE_CREATE, "", NULL, SILENCE(LATER), &r, &err));
        assert_int_equal(strlen(r.new_id), 36);
        assert_false(r.partial);
        assert_string_equal(
            mlf_last("POST /api/v2/silences"),
            "{\"matchers\":[{\"name\":\"alertname\",\"value\":\"FeatureDrift\",\"isRegex\":false,"
            "\"isEqual\":true},{\"name\":\"feature\",\"value\":\"amo.*\",\"isRegex\":true,"
            "\"isEqual\":true}],\"startsAt\":\"2026-11-21T05:00:00.000Z\",\"endsAt\":\"" LATER
            "\",\"createdBy\":\"alice\",\"comment\":\"longer still\"}");
    }
}

static void the_same_silence_is_not_made_twice(void **state)
{
    struct ncm_receipt r;
    struct ncm_err err;
    (void)state;
    char *list =
        ncm_sprintf("[{\"id\":\"x\",\"status\":{\"state\":\"active\"},%s]", &SILENCE(LATER)[1]);
    mon_says("GET /api/v2/silences", 200, "application/json", list);
    ncm_free(list);
    assert_false(apply(NCM_CH_SILENCE_CREATE, "", NULL, SILENCE(LATER), &r, &err));
    assert_int_equal(err.code, NCM_CONFLICT);
    assert_int_equal(mlf_count("POST /api/v2"), 0);
}

static void a_change_keeps_the_beginning_and_takes_the_new_id(void **state)
{
    struct ncm_receipt r;
    struct ncm_err err;
    for (int g = 0; g < 2; g++) {
        anew(state);
        mon_answer("GET /api/v2/silence/", 200, mon_generations[g], "am_silence_get.json");
        mon_answer("POST /api/v2/silences", 200, mon_generations[g],
                   "am_silence_update_new_id.json");
        const char *id = g == 0 ? "97869685-798f-4b8b-9723-c9f8d919cc21"
                                : "af86087d-9811-4dce-9f99-19ce40ae4f2d";
        assert_true(apply(NCM_CH_SILENCE_CREATE, id, "active", SILENCE(LATER), &r, &err));
        assert_int_equal(strlen(r.new_id), 36);
        assert_string_not_equal(r.new_id, id);
        const char *sent = mlf_last("POST /api/v2/silences");
        assert_non_null(strstr(sent, id));
        /* Matchers are the same: what it began with is sent back, so that the id could stay. */
        assert_non_null(strstr(sent, g == 0 ? "\"startsAt\":\"2026-11-21T05:31:37.636Z\""
                                            : "\"startsAt\":\"2026-11-21T05:37:14.459Z\""));
    }
}

static void a_silence_is_expired(void **state)
{
    struct ncm_receipt r;
    struct ncm_err err;
    for (int g = 0; g < 2; g++) {
        anew(state);
        mon_answer("GET /api/v2/silence/", 200, mon_generations[g], "am_silence_get.json");
        mon_says("DELETE /api/v2/silence/abc", 200, "", "");
        assert_true(apply(NCM_CH_SILENCE_EXPIRE, "abc", "active", "expired", &r, &err));
        assert_int_equal(mlf_count("DELETE"), 1);
        assert_false(apply(NCM_CH_SILENCE_EXPIRE, "abc", "expired", "expired", &r, &err));
        assert_int_equal(err.code, NCM_CONFLICT);
        assert_int_equal(mlf_count("DELETE"), 1);
    }
}

static void one_that_is_unknown_is_not_found(void **state)
{
    struct ncm_receipt r;
    struct ncm_err err;
    (void)state;
    mon_says("GET /api/v2/silence/gone", 404, "application/json", "");
    mon_answer("GET /api/v2/silence/odd", 422, mon_generations[0], "am_silence_get_badid.json");
    assert_false(apply(NCM_CH_SILENCE_EXPIRE, "gone", "active", "expired", &r, &err));
    assert_int_equal(err.code, NCM_NOT_FOUND);
    assert_false(apply(NCM_CH_SILENCE_EXPIRE, "odd", "active", "expired", &r, &err));
    assert_int_equal(err.code, NCM_NOT_FOUND);
    assert_int_equal(mlf_count("DELETE"), 0);
}

static void what_the_server_refuses_is_told(void **state)
{
    static const struct {
        const char *file, *says;
        int status;
    } all[] = {
        {"am_silence_error_nomatchers.json", "at least 1", 422},
        {"am_silence_error_nocomment.json", "required", 422},
        {"am_silence_error_ends.json", "time", 400},
        {"am_silence_error_regex.json", "error parsing regexp", 400},
        {"am_silence_error_empty_match.json", "empty string", 400},
        {"am_silence_error_badjson.json", "", 400},
    };
    for (int g = 0; g < 2; g++) {
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
            struct ncm_receipt r;
            struct ncm_err err;
            anew(state);
            mon_says("GET /api/v2/silences", 200, "application/json", "[]");
            mon_answer("POST /api/v2/silences", all[i].status, mon_generations[g], all[i].file);
            assert_false(apply(NCM_CH_SILENCE_CREATE, "", NULL, SILENCE(LATER), &r, &err));
            if (err.code != NCM_REFUSED || strstr(err.what, all[i].says) == NULL) {
                fail_msg("%s: %s: %s", all[i].file, ncm_code_name(err.code), err.what);
            }
            assert_false(r.partial);
            assert_int_equal(mlf_count("POST /api/v2"), 1);
        }
    }
}

static void what_is_wrong_is_said_before_anything_is_sent(void **state)
{
    static const char *const all[] = {
        "",
        "{}",
        "{\"matchers\":[]}",
        SILENCE("2020-01-01T00:00:00Z"),
        "{\"matchers\":[{\"name\":\"a\",\"value\":\".*\",\"isRegex\":true}],\"startsAt\":"
        "\"2026-11-21T05:00:00Z\",\"endsAt\":\"" LATER "\",\"createdBy\":\"a\",\"comment\":\"c\"}",
        "{\"matchers\":[{\"name\":\"a\",\"value\":\"(\",\"isRegex\":true}],\"startsAt\":"
        "\"2026-11-21T05:00:00Z\",\"endsAt\":\"" LATER "\",\"createdBy\":\"a\",\"comment\":\"c\"}",
        "{\"matchers\":[{\"name\":\"a\",\"value\":\"b\"}],\"startsAt\":"
        "\"2026-11-21T05:00:00Z\",\"endsAt\":\"" LATER "\",\"createdBy\":\"a\",\"comment\":\"\"}",
        "{\"matchers\":[{\"name\":\"a\",\"value\":\"b\"}],\"createdBy\":\"a\",\"comment\":\"c\"}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct ncm_receipt r;
        struct ncm_err err;
        assert_false(apply(NCM_CH_SILENCE_CREATE, "", NULL, all[i], &r, &err));
        assert_int_equal(err.code, NCM_USAGE);
    }
    assert_int_equal(mlf_count("/api/v2"), 0);
}

/* The answer to what writes is a proxy's page: whether it was done is looked up, not tried again.
 */
static void a_lost_answer_is_looked_up(void **state)
{
    struct ncm_receipt r;
    struct ncm_err err;
    (void)state;
    char *list = ncm_sprintf("[{\"id\":\"the-new-one\",\"status\":{\"state\":\"active\"},%s]",
                             &SILENCE(LATER)[1]);
    mlf_rule((struct mlf_rule){.on = "GET /api/v2/silences", .text = "[]", .times = 1});
    mon_says("GET /api/v2/silences", 200, "application/json", list);
    mon_says("POST /api/v2/silences", 200, "text/html", "<html>Gateway");
    ncm_free(list);
    assert_true(apply(NCM_CH_SILENCE_CREATE, "", NULL, SILENCE(LATER), &r, &err));
    assert_string_equal(r.new_id, "the-new-one");
    assert_int_equal(mlf_count("POST /api/v2"), 1);

    anew(state);
    mon_says("GET /api/v2/silences", 200, "application/json", "[]");
    mon_says("POST /api/v2/silences", 502, "text/html", "<html>Gateway");
    assert_false(apply(NCM_CH_SILENCE_CREATE, "", NULL, SILENCE(LATER), &r, &err));
    assert_false(r.partial); /* it can be asked, and there is none */
    assert_int_equal(mlf_count("POST /api/v2"), 1);
}

static void a_list_that_fails_is_taken_back(void **state)
{
    struct ncm_changes changes;
    struct ncm_control control = {0};
    struct ncm_receipt r;
    struct ncm_err err;
    (void)state;
    mon_says("GET /api/v2/silences", 200, "application/json", "[]");
    mon_answer("GET /api/v2/silence/", 200, mon_generations[0], "am_silence_get.json");
    mon_answer("POST /api/v2/silences", 200, mon_generations[0], "am_silence_create.json");
    mlf_rule((struct mlf_rule){.on = "DELETE .*/abc", .status = 400, .text = "\"no\""});
    mon_says("DELETE", 200, "", "");
    ncm_changes_init(&changes);
    ncm_changes_add(&changes, NCM_CH_SILENCE_CREATE, "", NULL, NULL, NULL, SILENCE(LATER));
    ncm_changes_add(&changes, NCM_CH_SILENCE_EXPIRE, "abc", NULL, NULL, "active", "expired");
    assert_false(ncm_alertmanager.apply(am, &changes, NULL, &control, &r, &err));
    assert_int_equal(err.code, NCM_REFUSED);
    assert_false(r.partial);
    assert_int_equal(mlf_count("DELETE"), 2); /* the second one is the new silence */
    ncm_changes_release(&changes);
}

static void present_tells_the_state(void **state)
{
    struct ncm_change ch = {.kind = NCM_CH_SILENCE_EXPIRE, .object = ncm_strdup("a b")};
    struct ncm_err err;
    char *value;
    (void)state;
    mon_answer("GET /api/v2/silence/a%20b", 200, mon_generations[1], "am_silence_get.json");
    assert_true(ncm_alertmanager.present(am, &ch, &value, &err));
    assert_string_equal(value, "active");
    ncm_free(value);
    ncm_free(ch.object);
    mon_says("GET /api/v2/silences", 200, "application/json", "[]");
    ch = (struct ncm_change){.kind = NCM_CH_SILENCE_CREATE, .to = ncm_strdup(SILENCE(LATER))};
    assert_true(ncm_alertmanager.present(am, &ch, &value, &err));
    assert_null(value);
    ncm_free(ch.to);
}

static void changes_are_inverted_where_that_is_honest(void **state)
{
    struct ncm_changes c, back, again;
    (void)state;
    ncm_changes_init(&c);
    ncm_changes_add(&c, NCM_CH_SILENCE_CREATE, "", NULL, NULL, NULL, SILENCE(LATER));
    assert_false(ncm_changes_invert(&c, &back)); /* its id is not known */
    ncm_free(c.items[0].object);
    c.items[0].object = ncm_strdup("new");
    assert_true(ncm_changes_invert(&c, &back));
    assert_int_equal(back.items[0].kind, NCM_CH_SILENCE_EXPIRE);
    assert_string_equal(back.items[0].object, "new");
    assert_string_equal(back.items[0].from, "active");
    assert_true(ncm_changes_invert(&back, &again));
    assert_int_equal(again.items[0].kind, NCM_CH_SILENCE_CREATE);
    assert_string_equal(again.items[0].object, "");
    assert_string_equal(again.items[0].to, SILENCE(LATER));
    ncm_changes_release(&again);
    ncm_changes_release(&back);
    c.items[0].from = ncm_strdup("active");
    assert_false(ncm_changes_invert(&c, &back)); /* what it was is not known */
    ncm_changes_release(&c);
}

/* ---- watching and doctor --------------------------------------------------------------------- */

static void what_moves_is_noticed(void **state)
{
    struct ncm_control control = {0};
    struct ncm_interest interest = {.topics = 1u << NCM_T_ALERTS | 1u << NCM_T_SILENCES};
    struct ncm_news news;
    struct ncm_err err;
    (void)state;
    mlf_rule((struct mlf_rule){.on = "/api/v2/alerts",
                               .times = 1,
                               .text = mon_text(mon_generations[0], "am_alerts_firing.json")});
    mon_answer("/api/v2/alerts", 200, mon_generations[0], "am_alerts_silenced.json");
    mon_answer("/api/v2/silences", 200, mon_generations[0], "am_silences_silenced.json");
    assert_true(ncm_alertmanager.watch(am, &interest, 0, &control, &news, &err));
    assert_int_equal(news.what, NCM_WATCH_NOTHING);
    assert_true(ncm_alertmanager.watch(am, &interest, 10000, &control, &news, &err));
    assert_int_equal(news.what, NCM_WATCH_DATA);
    assert_int_equal(news.topics, 1u << NCM_T_ALERTS);
    mlf_forget();
    interest.topics = 1u << NCM_T_MODELS;
    assert_true(ncm_alertmanager.watch(am, &interest, 0, &control, &news, &err));
    assert_int_equal(mlf_count("/api/v2"), 0); /* nobody looks: nobody asks */
}

static void note(void *to, enum ncm_check_state state, const char *name, const char *what,
                 const char *hint)
{
    (void)hint;
    ncm_buf_printf(to, "%d %s: %s\n", (int)state, name, what);
}

static void doctor_names_the_version(void **state)
{
    struct ncm_control control = {0};
    struct ncm_place place = mon_place();
    for (int g = 0; g < 2; g++) {
        struct ncm_buf b;
        ncm_buf_init(&b, 1 << 16);
        anew(state);
        mon_answer("/api/v2/status", 200, mon_generations[g], "am_status.json");
        mon_answer("/api/v2/alerts", 200, mon_generations[g], "am_alerts_only_silenced.json");
        mon_answer("/api/v2/silences", 200, mon_generations[g], "am_silences_silenced.json");
        const struct ncm_store_snapshot *s = get(NCM_T_STORE);
        assert_string_equal(s->release.p, g == 0 ? "Alertmanager 0.25.0" : "Alertmanager");
        assert_true(s->writable);
        ncm_snapshot_unref(s);
        ncm_alertmanager.examine(&place, &control, note, &b);
        assert_non_null(strstr(b.p, g == 0 ? "0 version: Alertmanager 0.25.0"
                                           : "0 version: built from source"));
        assert_non_null(strstr(b.p, "alerts: 1 can be read, 1 of them"));
        ncm_buf_release(&b);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(alerts_say_what_they_are_about),
        TEST(odd_alerts_are_understood),
        TEST(silences_come_in_the_order_of_their_worth),
        TEST(nothing_fires_is_an_empty_list),
        TEST(every_form_of_error_is_a_sentence),
        TEST(an_outage_is_an_outage),
        TEST(a_silence_is_created),
        TEST(the_same_silence_is_not_made_twice),
        TEST(a_change_keeps_the_beginning_and_takes_the_new_id),
        TEST(a_silence_is_expired),
        TEST(one_that_is_unknown_is_not_found),
        TEST(what_the_server_refuses_is_told),
        TEST(what_is_wrong_is_said_before_anything_is_sent),
        TEST(a_lost_answer_is_looked_up),
        TEST(a_list_that_fails_is_taken_back),
        TEST(present_tells_the_state),
        TEST(changes_are_inverted_where_that_is_honest),
        TEST(what_moves_is_noticed),
        TEST(doctor_names_the_version),
    };
    return cmocka_run_group_tests(tests, mlf_start, mlf_stop);
}
