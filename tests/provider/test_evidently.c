/* Evidently's reports of every form and its UI service. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/num.h"
#include "io/file.h"
#include "provider/evidently/evidently.h"
#include "provider/fake_monitoring.h"
#include "unit/scratch.h"

#define FOLDER "tests/fixtures/monitoring/evidently"

static const struct ncm_evidently_series *find(const struct ncm_evidently *e, const char *column,
                                               const char *method)
{
    for (size_t i = 0; i < e->n; i++) {
        if (ncm_str_is(e->series[i].column, column) && ncm_str_is(e->series[i].method, method)) {
            return &e->series[i];
        }
    }
    fail_msg("no series of %s by %s", column != NULL ? column : "all", method);
    return NULL;
}

static struct ncm_evidently open_path(const char *path)
{
    struct ncm_evidently e;
    struct ncm_err err;
    if (!ncm_evidently_open(path, NULL, &e, &err)) {
        fail_msg("%s: %s", path, err.what);
    }
    return e;
}

static struct ncm_evidently report(const char *text, int64_t time_ms)
{
    struct ncm_evidently e;
    struct ncm_err err;
    if (!ncm_evidently_report("r", text, strlen(text), time_ms, &e, &err)) {
        fail_msg("%s: %s", text, err.what);
    }
    return e;
}

static struct ncm_err refused(const char *text, enum ncm_code code)
{
    struct ncm_evidently e;
    struct ncm_err err;
    bool ok = ncm_evidently_report("r", text, strlen(text), 0, &e, &err);
    if (ok || err.code != code) {
        fail_msg("%s: %s", text, ok ? "taken" : err.what);
    }
    assert_null(e.arena);
    return err;
}

static void a_report_of_07_is_read(void **state)
{
    (void)state;
    struct ncm_evidently e = report(mon_text("evidently", "report_0.7.json"), 77);
    assert_int_equal(e.n, 4);
    const struct ncm_evidently_series *s = find(&e, "amount", "Wasserstein distance (normed)");
    assert_true(s->threshold == 0.1 && s->n == 1);
    assert_true(s->points[0].value == 0.17569921770172076 && s->points[0].drifted);
    assert_int_equal(s->points[0].time_ms, 77); /* it does not say its own */
    s = find(&e, "age", "Wasserstein distance (normed)");
    assert_false(s->points[0].drifted);
    s = find(&e, NULL, "share of drifted columns");
    assert_true(s->points[0].value > 0.66 && s->points[0].drifted && s->threshold == 0.5);
    assert_ptr_equal(s, &e.series[0]);
    ncm_evidently_release(&e);
}

static void what_tests_say_wins(void **state)
{
    static const char form[] =
        "{\"metrics\":[{\"id\":\"a\",\"config\":{\"type\":\"x:ValueDrift\",\"column\":\"c\","
        "\"method\":\"K-S p_value\",\"threshold\":0.05},\"value\":%s}],\"tests\":[%s]}";
    static const struct {
        const char *value, *tests;
        bool drifted;
    } all[] = {
        {"0.01", "", true}, /* a p-value drifts below its threshold */
        {"0.2", "", false},
        {"NaN", "", false},
        {"null", "", false},
        {"0.2", "{\"metric_config\":{\"metric_id\":\"a\"},\"status\":\"FAIL\"}", true},
        {"0.01", "{\"metric_config\":{\"metric_id\":\"a\"},\"status\":\"SUCCESS\"}", false},
        {"0.01", "{\"metric_config\":{\"metric_id\":\"b\"},\"status\":\"SUCCESS\"}", true},
        {"0.01", "{\"metric_config\":{\"metric_id\":\"a\"},\"status\":\"SKIPPED\"}", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char *text = ncm_sprintf(form, all[i].value, all[i].tests);
        struct ncm_evidently e = report(text, 0);
        if (e.series[0].points[0].drifted != all[i].drifted) {
            fail_msg("%s", text);
        }
        assert_int_equal(isnan(e.series[0].points[0].value) != 0, i == 2 || i == 3);
        ncm_evidently_release(&e);
        ncm_free(text);
    }
    assert_true(ncm_evidently_drifted("PSI", 0.1, 0.1));
    assert_false(ncm_evidently_drifted("PSI", NAN, 0.1));
    assert_false(ncm_evidently_drifted("t-test p_value", 0.05, 0.05));
}

static void legacy_reports_are_read(void **state)
{
    (void)state;
    struct ncm_evidently e = report(mon_text("evidently", "report_0.4_legacy.json"), 0);
    assert_int_equal(e.n, 4);
    const struct ncm_evidently_series *s = find(&e, "amount", "Wasserstein distance (normed)");
    assert_true(s->points[0].value > 0.44 && s->points[0].drifted);
    assert_true(s->points[0].time_ms > 1795000000000); /* its own */
    assert_true(find(&e, NULL, "share of drifted columns")->points[0].drifted);
    assert_int_equal(find(&e, NULL, "share of drifted columns")->n, 1);
    ncm_evidently_release(&e);
    e = report(mon_text("evidently", "testsuite_0.4_legacy.json"), 0);
    assert_int_equal(e.n, 3); /* each column once, though two tests name it */
    s = find(&e, "country", "Jensen-Shannon distance");
    assert_true(s->points[0].value == 0.108 && s->points[0].drifted && s->n == 1);
    ncm_evidently_release(&e);
    e = report("{\"metrics\":[{\"metric\":\"ColumnDriftMetric\",\"result\":{\"column_name\":\"p\","
               "\"stattest_name\":\"PSI\",\"stattest_threshold\":0.1,\"drift_score\":Infinity,"
               "\"drift_detected\":true}}]}",
               5);
    assert_true(isinf(e.series[0].points[0].value) && e.series[0].points[0].drifted);
    ncm_evidently_release(&e);
}

/* Three snapshots; the third had so few rows that Evidently took other methods. */
static void a_workspace_is_read_without_joining_methods(void **state)
{
    (void)state;
    struct ncm_evidently e = open_path(FOLDER "/workspace");
    assert_int_equal(e.n_reports, 3);
    assert_int_equal(e.n_skipped, 0);
    assert_int_equal(e.n, 7);
    const struct ncm_evidently_series *s = find(&e, "amount", "Wasserstein distance (normed)");
    assert_int_equal(s->n, 2);
    assert_true(s->points[1].time_ms - s->points[0].time_ms == 86400000);
    assert_false(s->points[0].drifted);
    assert_true(s->points[1].drifted);
    s = find(&e, "amount", "K-S p_value");
    assert_int_equal(s->n, 1);
    assert_true(s->points[0].drifted && s->points[0].value < 0.05 && s->threshold == 0.05);
    assert_int_equal(s->points[0].time_ms, 1767398400000); /* 2026-01-03, UTC */
    s = find(&e, NULL, "share of drifted columns");
    assert_int_equal(s->n, 3);
    assert_true(s->points[2].value == 1 && s->points[2].drifted && !s->points[1].drifted);
    ncm_evidently_release(&e);
}

static void a_folder_of_reports_skips_what_is_none(void **state)
{
    struct ncm_err err;
    (void)state;
    char *folder = ncm_strdup(scratch("reports"));
    assert_true(ncm_dir_make(folder, 0700, &err));
    static const struct {
        const char *name, *text;
    } files[] = {
        {"a.json", "{\"metrics\":[{\"id\":\"a\",\"config\":{\"type\":\"x:ValueDrift\",\"column\":"
                   "\"c\",\"method\":\"PSI\",\"threshold\":\"0.1\"},\"value\":0.3}]}"},
        {"b.json", "[1,2]"},
        {"c.json", "{\"metrics\":["},
        {"d.txt", "not looked at"},
        {"metadata.json", "{}"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = ncm_path_join(folder, files[i].name);
        assert_true(ncm_file_write(path, files[i].text, strlen(files[i].text), 0600, &err));
        ncm_free(path);
    }
    struct ncm_evidently e = open_path(folder);
    assert_int_equal(e.n_reports, 1);
    assert_int_equal(e.n_skipped, 2);
    assert_non_null(strstr(e.why_skipped.p, "b.json"));
    assert_true(e.series[0].threshold == 0.1 && e.series[0].points[0].time_ms > 1600000000000);
    ncm_evidently_release(&e);
    ncm_free(folder);
}

static void what_is_no_report_is_named(void **state)
{
    struct ncm_evidently e;
    struct ncm_err err;
    atomic_bool cancel = true;
    struct ncm_control control = {.cancel = &cancel};
    (void)state;
    assert_non_null(strstr(refused("{}", NCM_INVALID_DATA).what, "no report of Evidently"));
    refused("[]", NCM_INVALID_DATA);
    refused("{\"metrics\":{}}", NCM_INVALID_DATA);
    refused("", NCM_INVALID_DATA);
    assert_non_null(strstr(refused("{\"metrics\":[]}", NCM_INVALID_DATA).what, "without drift"));
    refused("{\"metric_results\":{}}", NCM_INVALID_DATA);
    refused("{\"tests\":[{}]}", NCM_INVALID_DATA);
    assert_false(ncm_evidently_open(FOLDER "/none", NULL, &e, &err));
    assert_int_equal(err.code, NCM_NOT_FOUND);
    assert_false(ncm_evidently_open(FOLDER "/workspace", &control, &e, &err));
    assert_int_equal(err.code, NCM_CANCELLED);
}

/* ---- the service ----------------------------------------------------------------------------- */

static void the_service_gives_series(void **state)
{
    struct ncm_place place = mon_place();
    struct ncm_evidently e;
    struct ncm_err err;
    (void)state;
    mon_answer("POST /api/v2/snapshots/01a1/data_series_batch", 201, "evidently", "ui_series.json");
    assert_true(ncm_evidently_ui(&place, "01a1", NCM_NO_TIME, NCM_NO_TIME, NULL, &e, &err));
    assert_int_equal(e.n_reports, 3);
    assert_int_equal(e.n, 4);
    const struct ncm_evidently_series *s = find(&e, "amount", "Wasserstein distance (normed)");
    assert_int_equal(s->n, 3);
    assert_int_equal(s->points[0].time_ms, 1767225600000);
    assert_true(!s->points[0].drifted && s->points[1].drifted && s->threshold == 0.1);
    s = find(&e, NULL, "share of drifted columns");
    assert_true(!s->points[0].drifted && s->points[2].drifted);
    ncm_evidently_release(&e);
    assert_true(ncm_evidently_ui(&place, "01a1", 1767225600000, 1767225660000, NULL, &e, &err));
    assert_int_equal(mlf_count("timestamp_start=2026-01-01T00%3A00%3A00.000&"
                               "timestamp_end=2026-01-01T00%3A01%3A00.000 "),
                     1);
    ncm_evidently_release(&e);
}

static void values_that_are_missing_make_no_points(void **state)
{
    struct ncm_place place = mon_place();
    struct ncm_evidently e;
    struct ncm_err err;
    (void)state;
    mon_says(
        "data_series_batch", 201, "application/json",
        "{\"sources\":[{\"timestamp\":\"2026-01-01T00:00:00\"},{\"timestamp\":null}],\"series\":["
        "{\"metric_type\":\"evidently:metric_v2:ValueDrift\",\"params\":{\"column\":\"a\","
        "\"method\":\"PSI\",\"threshold\":\"0.1\"},\"values\":[null,NaN,0.5]},"
        "{\"metric_type\":\"evidently:metric_v2:ValueDrift\",\"params\":{},\"values\":[1]},"
        "{\"metric_type\":\"evidently:metric_v2:MeanValue\",\"params\":{\"column\":\"a\"},"
        "\"values\":[1]}]}");
    assert_true(ncm_evidently_ui(&place, "x", NCM_NO_TIME, NCM_NO_TIME, NULL, &e, &err));
    assert_int_equal(e.n, 1);
    assert_int_equal(e.series[0].n, 1);
    assert_true(isnan(e.series[0].points[0].value));
    assert_int_equal(e.series[0].points[0].time_ms, NCM_NO_TIME);
    ncm_evidently_release(&e);
}

static void projects_are_listed(void **state)
{
    struct ncm_place place = mon_place();
    struct ncm_evidently_projects p;
    struct ncm_err err;
    (void)state;
    mon_answer("GET /api/projects", 200, "evidently", "ui_projects.json");
    assert_true(ncm_evidently_projects(&place, NULL, &p, &err));
    assert_int_equal(p.n, 1);
    assert_string_equal(p.items[0].name.p, "fraud");
    ncm_evidently_projects_release(&p);
}

static void errors_of_the_service_are_told(void **state)
{
    static const struct {
        int status;
        const char *type, *text;
        enum ncm_code code;
        const char *says;
    } all[] = {
        {404, "application/json", "{\"status_code\":404,\"detail\":\"project not found\"}",
         NCM_NOT_FOUND, "project not found"},
        {403, "application/json", "{\"detail\":\"Not enough permissions\"}", NCM_FORBIDDEN,
         "Not enough permissions"},
        {500, "application/json", "{\"status_code\":500,\"detail\":\"Internal Server Error\"}",
         NCM_UNREACHABLE, "Internal"},
        {404, "text/html", "<html>", NCM_NOT_FOUND, "no Evidently at"},
        {200, "text/html", "<html>", NCM_INVALID_DATA, "text/html"},
        {200, "application/json", "{}", NCM_INVALID_DATA, "no series"},
        {200, "application/json", "{\"sources\"", NCM_INVALID_DATA, "JSON"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct ncm_place place;
        struct ncm_evidently e;
        struct ncm_err err;
        mon_fresh(state);
        place = mon_place();
        mon_says("data_series_batch", all[i].status, all[i].type, all[i].text);
        bool ok = ncm_evidently_ui(&place, "x", NCM_NO_TIME, NCM_NO_TIME, NULL, &e, &err);
        if (ok || err.code != all[i].code || strstr(err.what, all[i].says) == NULL) {
            fail_msg("%s: %s: %s", all[i].text, ncm_code_name(err.code), err.what);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MON_TEST(a_report_of_07_is_read),
        MON_TEST(what_tests_say_wins),
        MON_TEST(legacy_reports_are_read),
        MON_TEST(a_workspace_is_read_without_joining_methods),
        MON_TEST(a_folder_of_reports_skips_what_is_none),
        MON_TEST(what_is_no_report_is_named),
        MON_TEST(the_service_gives_series),
        MON_TEST(values_that_are_missing_make_no_points),
        MON_TEST(projects_are_listed),
        MON_TEST(errors_of_the_service_are_told),
    };
    return cmocka_run_group_tests(tests, mlf_start, mlf_stop);
}
