/* The configuration file: monitors, where figures and alerts come from, who is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "engine/config.h"
#include "io/node.h"

static char folder[] = "/tmp/ncm-config-watch-XXXXXX";
static char path[64], template[64];

static void put(const char *file, const char *text)
{
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(file, 0600), 0);
}

static struct ncm_config *load(const char *text)
{
    struct ncm_config *c = NULL;
    struct ncm_err err = {0};
    put(path, text);
    if (!ncm_config_load(path, &c, &err)) {
        fail_msg("%s", err.what);
    }
    return c;
}

/* The file is refused and the message ends so. */
static void refuse(const char *text, const char *end)
{
    struct ncm_config *c = NULL;
    struct ncm_err err = {0};
    put(path, text);
    assert_false(ncm_config_load(path, &c, &err));
    assert_int_equal(err.code, NCM_USAGE);
    size_t len = strlen(err.what), part = strlen(end);
    if (len < part || strcmp(err.what + len - part, end) != 0) {
        fail_msg("'%s' does not end with '%s'", err.what, end);
    }
}

/* One monitor with these settings beside its name. */
static void refuse_monitor(const char *settings, const char *end)
{
    char *text = ncm_sprintf("contexts:\n a:\n  models:\n   m:\n    monitors:\n"
                             "    - {name: n, %s}\n",
                             settings);
    refuse(text, end);
    ncm_free(text);
}

static struct ncm_config *load_monitor(const char *settings)
{
    char *text = ncm_sprintf("contexts:\n a:\n  models:\n   m:\n    monitors:\n"
                             "    - {name: n, %s}\n",
                             settings);
    struct ncm_config *c = load(text);
    ncm_free(text);
    return c;
}

static const char whole[] =
    "notify:\n"
    "  - {name: all, url: \"https://hook.example.com/T0/hush\", least: info}\n"
    "  - {name: chat, url: \"https://shared.example.com\"}\n"
    "contexts:\n"
    "  prod.seoul:\n"
    "    metrics: {type: prometheus, url: \"http://ann:h%40sh@prom:9090\", timeout: 5}\n"
    "    alerts: {type: alertmanager, url: \"https://alerts\", token-env: TOKEN}\n"
    "    textfile: out/ncmlops.prom\n"
    "    notify:\n"
    "      - {name: chat, url: \"https://own.example.com/x\", template-file: chat.txt}\n"
    "    models:\n"
    "      fraud.detector:\n"
    "        gates: {Production: [metrics.auc >= 0.9]}\n"
    "        on-drift: {pipeline: airflow/retrain}\n"
    "        monitors:\n"
    "          - name: input drift\n"
    "            reference: data/train.csv\n"
    "            current: /var/log/fraud/*.jsonl\n"
    "            follow: true\n"
    "            window: 1h\n"
    "            slide: 5m\n"
    "            method: psi\n"
    "            threshold: [0.1, 0.25]\n"
    "            every: 1m\n"
    "            columns: [amount, merchant.cat]\n"
    "            ignore: id\n"
    "            types: {merchant.cat: cat, age: num}\n"
    "            time: ts\n"
    "            version: model_version\n"
    "            delimiter: tab\n"
    "            min-rows: 200\n"
    "            bad-rows: 2%\n"
    "            record: no\n"
    "          - {name: latency, query: 'up', threshold: '> 120', for: 5m, severity: warning}\n"
    "      churn:\n"
    "        monitors:\n"
    "          - {name: shape, histogram: 'x_bucket', reference: last week, step: 30s}\n"
    "          - {name: auc, metric: abc/val_auc, critical: 0.8, warning: 0.9}\n"
    "          - {name: report, evidently: ~/reports, columns: [a]}\n";

static void check_rows_monitor(const struct ncm_monitor *m)
{
    char train[128];
    snprintf(train, sizeof train, "%s/data/train.csv", folder);
    assert_string_equal(m->model, "fraud.detector");
    assert_string_equal(m->name, "input drift");
    assert_int_equal(m->kind, NCM_MONITOR_ROWS);
    assert_string_equal(m->current, "/var/log/fraud/*.jsonl");
    assert_int_equal(m->reference_kind, NCM_REFERENCE_FILE);
    assert_string_equal(m->reference_value, train);
    assert_true(m->follow);
    assert_int_equal(m->window_ms, 3600000);
    assert_int_equal(m->slide_ms, 300000);
    assert_string_equal(m->method, "psi");
    assert_true(m->warning == 0.1);
    assert_true(m->critical == 0.25);
    assert_int_equal(m->n_columns, 2);
    assert_string_equal(m->columns[1], "merchant.cat");
    assert_int_equal(m->n_ignore, 1);
    assert_int_equal(m->n_types, 2);
    assert_string_equal(m->types[0], "merchant.cat=cat");
    assert_string_equal(m->time_column, "ts");
    assert_string_equal(m->version_column, "model_version");
    assert_int_equal(m->delimiter, '\t');
    assert_int_equal(m->min_rows, 200);
    assert_true(m->bad_share == 0.02);
    assert_false(m->record);
}

static void check_plan(const struct ncm_watch_plan *p)
{
    char file[128];
    snprintf(file, sizeof file, "%s/out/ncmlops.prom", folder);
    assert_int_equal(p->n_monitors, 5);
    check_rows_monitor(&p->monitors[0]);
    const struct ncm_monitor *latency = &p->monitors[1];
    assert_int_equal(latency->kind, NCM_MONITOR_QUERY);
    assert_string_equal(latency->source, "up");
    assert_true(latency->critical == 120);
    assert_int_equal(latency->for_ms, 300000);
    assert_int_equal(latency->severity, NCM_SEVERITY_WARNING);
    assert_true(latency->record);
    assert_int_equal(p->monitors[2].kind, NCM_MONITOR_HISTOGRAM);
    assert_int_equal(p->monitors[2].step_ms, 30000);
    assert_string_equal(p->monitors[3].source, "abc/val_auc");
    assert_int_equal(p->monitors[3].side, NCM_BAD_BELOW);
    assert_true(p->monitors[3].warning == 0.9);
    assert_int_equal(p->monitors[4].source[0], '/');
    assert_string_equal(p->textfile, file);
    assert_string_equal(p->metrics.access.user, "ann");
    assert_int_equal(p->metrics.access.timeout_ms, 5000);
    assert_string_equal(p->alerts.url, "https://alerts");
    assert_int_equal(p->alerts.access.token.kind, NCM_SECRET_ENV);
}

static void everything_that_watches(void **state)
{
    (void)state;
    struct ncm_config *c = load(whole);
    const struct ncm_watch_plan *p = &c->contexts[0].watch;
    check_plan(p);
    assert_string_equal(p->metrics.url, "http://prom:9090");
    assert_string_equal(p->metrics.access.password.from, "h@sh");
    ncm_config_free(c);
}

/* A context's own webhook wins over one of the whole file that has its name. */
static void who_is_told(void **state)
{
    (void)state;
    struct ncm_config *c = load(whole);
    const struct ncm_config_context *x = &c->contexts[0];
    assert_int_equal(c->n_webhooks, 2);
    assert_int_equal(x->n_own_webhooks, 1);
    assert_int_equal(x->watch.n_webhooks, 2);
    assert_string_equal(x->watch.webhooks[0].url, "https://own.example.com/x");
    assert_string_equal(x->watch.webhooks[0].template, "{{rule}} is {{state}}");
    assert_int_equal(x->watch.webhooks[0].least, NCM_SEVERITY_WARNING);
    assert_string_equal(x->watch.webhooks[1].name, "all");
    assert_int_equal(x->watch.webhooks[1].least, NCM_SEVERITY_INFO);
    ncm_config_free(c);
}

/* What is shown holds no secret and reads back as the same. */
static void shown_and_read_back(void **state)
{
    (void)state;
    struct ncm_config *c = load(whole);
    struct ncm_buf b;
    struct ncm_json j;
    char *shown = ncm_config_show(c);
    ncm_buf_init(&b, 1024 * 1024);
    ncm_json_init(&j, &b, true);
    ncm_config_json(c, &j);
    ncm_config_free(c);
    static const char *const secrets[] = {"h@sh", "h%40sh", "hush"};
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        assert_null(strstr(shown, secrets[i]));
        assert_null(strstr(b.p, secrets[i]));
    }
    assert_non_null(strstr(b.p, "\"input drift\""));
    c = load(shown);
    check_plan(&c->contexts[0].watch);
    assert_int_equal(c->contexts[0].watch.n_webhooks, 2);
    char *again = ncm_config_show(c);
    assert_string_equal(again, shown);
    ncm_free(again);
    ncm_free(shown);
    ncm_buf_release(&b);
    ncm_config_free(c);
}

static void mistakes_of_sources(void **state)
{
    (void)state;
    refuse("contexts:\n  a:\n    metrics: {typ: prometheus, url: 'http://h'}\n",
           ":3:15: unknown key 'typ', did you mean 'type'?");
    refuse("contexts:\n  a:\n    metrics: {type: graphite, url: 'http://h'}\n",
           ":3:21: 'graphite' is none of prometheus");
    refuse("contexts:\n  a:\n    metrics: {type: prometheus}\n", ":3:14: 'url' is missing here");
    refuse("contexts:\n  a:\n    alerts: {url: nowhere}\n",
           ":3:19: the address of a server is http(s)://HOST[:PORT][/PREFIX]");
    refuse("contexts:\n  a:\n    alerts: {url: 'https://a:b@h', user: u}\n",
           "one of them is enough");
    refuse("contexts:\n  a:\n    alerts: {url: 'https://h', password-env: A}\n",
           "wants 'user' beside it");
    refuse("contexts:\n  a:\n    metrics: {url: 'https://h', workspace: w}\n",
           "unknown key 'workspace'");
    refuse("notify: {name: a}\n", ":1:9: 'notify' wants a list");
    refuse("notify:\n  - {url: 'https://h'}\n", ":2:5: 'name' is missing here");
    refuse("notify:\n  - {name: a}\n", ":2:5: 'url' is missing here");
    refuse("notify:\n  - {name: a, url: 'https://h', least: loud}\n",
           "'loud' is none of info|warning|critical");
    refuse("notify:\n  - {name: a, url: 'https://h'}\n  - {name: a, url: 'https://i'}\n",
           ":3:12: 'a' is there twice");
    refuse("notify:\n  - {name: a, url: 'https://h', template-file: gone.txt}\n",
           "gone.txt: No such file or directory");
    refuse("notify:\n  - {name: a, url: 'https://h', templat: x}\n",
           ":2:33: unknown key 'templat', did you mean 'template'?");
}

static void mistakes_of_monitors(void **state)
{
    (void)state;
    static const struct {
        const char *settings, *end;
    } wrong[] = {
        {"query: up, reference: a", ":6:28: 'reference' means nothing beside 'query'"},
        {"query: up, windw: 1h", ":6:28: unknown key 'windw', did you mean 'window'?"},
        {"window: 1h", "a monitor wants one of 'current', 'query', 'histogram', 'metric' and "
                       "'evidently'"},
        {"query: up, current: a", ":6:37: 'query' and 'current' are both there: one of them is "
                                  "enough"},
        {"current: a", ":6:7: 'reference' is missing here"},
        {"current: a, reference: last month", ":6:40: 'last month' is no reference"},
        {"current: a, reference: b, window: soon", ":6:51: 'soon' is no window"},
        {"query: up, threshold: high", ":6:39: 'high' is no threshold"},
        {"query: up, threshold: [1]", "wants a number, a text, or a list of two numbers"},
        {"query: up, threshold: 3, critical: 4",
         "'threshold' and 'critical' are both there: one of them is enough"},
        {"query: up, threshold: '> 3', warning: 4", "the warning comes before the critical value"},
        {"query: up, threshold: learned",
         "'learned' wants a reference to learn from: name a number"},
        {"query: up, every: 60", "wants a length of time from 1s to 366d, such as 30s, 5m or 2h"},
        {"query: up, every: 0s", "wants a length of time from 1s to 366d, such as 30s, 5m or 2h"},
        {"query: up, severity: page", "'page' is none of info|warning|critical"},
        {"current: a, reference: b, slide: 2h",
         "'1h/2h': a slide longer than its window would leave rows out"},
        {"current: a, reference: b, window: 1h/5m, slide: 5m", "'window' names a slide already"},
        {"current: a, reference: 'version:3'",
         "version:N wants 'version' beside it: the column that holds it"},
        {"current: a, reference: b, types: {x: text}", "'text' is none of num|cat"},
        {"current: a, reference: b, delimiter: ab", "wants one character, or the word tab"},
        {"current: a, reference: b, bad-rows: 200%", "wants a share such as 1% or 0.01"},
        {"current: a, reference: b, min-rows: few", "wants a number from 0 to 1000000000"},
        {"current: a, reference: b, record: maybe", "wants yes or no"},
        {"current: a, reference: b, columns: [[x]]", "wants a list of columns"},
        {"metric: abc", "a metric is written RUN_ID/KEY"},
        {"histogram: x, reference: a.csv",
         "a histogram is compared with trailing TIME, last week or first"},
        {"evidently: 'https://a:b@h'", "the address of a service is http(s)://HOST without a user"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        refuse_monitor(wrong[i].settings, wrong[i].end);
    }
    refuse_monitor("query: up}\n    - {name: n, query: up",
                   ":7:14: the model 'm' has a monitor 'n' already");
    refuse_monitor("query: up}\n    - {query: up", ":7:7: 'name' is missing here");
    refuse_monitor("query: up}\n    - {name: a/b, query: up",
                   "the name of a monitor has at most 200 bytes and neither '/' nor ';'");
}

static void where_a_method_stands(void **state)
{
    (void)state;
    struct ncm_config *c = load_monitor("current: a, reference: b, method: pssi");
    assert_string_equal(c->contexts[0].watch.monitors[0].method, "pssi");
    assert_int_equal(c->contexts[0].watch.monitors[0].line, 6);
    assert_int_equal(c->contexts[0].watch.monitors[0].column, 51);
    ncm_config_free(c);
}

/* No bad row at all is another wish than none said. */
static void shares_of_bad_rows(void **state)
{
    (void)state;
    struct ncm_config *c = load_monitor("current: a, reference: b, bad-rows: 0%");
    assert_true(c->contexts[0].watch.monitors[0].bad_share > 0);
    assert_true(c->contexts[0].watch.monitors[0].bad_share < 1e-9);
    ncm_config_free(c);
    c = load_monitor("current: a, reference: b");
    assert_true(c->contexts[0].watch.monitors[0].bad_share == 0);
    ncm_config_free(c);
}

static void sources_of_rows(void **state)
{
    (void)state;
    char sqlite[128];
    struct ncm_config *c = load_monitor("current: 'sqlite:p.db?table=t', reference: '~/x*.csv'");
    snprintf(sqlite, sizeof sqlite, "sqlite:%s/p.db?table=t", folder);
    assert_string_equal(c->contexts[0].watch.monitors[0].current, sqlite);
    assert_int_equal(c->contexts[0].watch.monitors[0].reference_value[0], '/');
    assert_non_null(strstr(c->contexts[0].watch.monitors[0].reference_value, "/x*.csv"));
    ncm_config_free(c);
    c = load_monitor("current: '-', reference: first");
    assert_string_equal(c->contexts[0].watch.monitors[0].current, "-");
    ncm_config_free(c);
}

static char told[8][320];
static size_t n_told;

static void tell(void *to, const char *sentence)
{
    (void)to;
    assert_true(n_told < 8);
    snprintf(told[n_told++], sizeof told[0], "%s", sentence);
}

static void what_is_named_but_not_there(void **state)
{
    (void)state;
    unsetenv("NCM_TEST_UNSET");
    struct ncm_config *c =
        load("contexts:\n"
             "  a:\n"
             "    alerts: {url: 'https://h', token-env: NCM_TEST_UNSET}\n"
             "    notify: [{name: chat, url: 'https://h', token-env: NCM_TEST_UNSET}]\n"
             "    models:\n"
             "      m:\n"
             "        monitors:\n"
             "          - {name: n, current: later.csv, follow: yes, reference: gone.csv}\n"
             "          - {name: o, current: '*.txt', reference: first}\n"
             "          - {name: p, query: up}\n");
    n_told = 0;
    ncm_config_examine(c, NULL, tell, NULL);
    assert_int_equal(n_told, 4);
    assert_non_null(
        strstr(told[0], "contexts.a.models.m.monitors 'n'.reference: there is no file"));
    assert_string_equal(told[1], "contexts.a.models.m.monitors 'p': Prometheus is asked, and "
                                 "'metrics' names none");
    assert_string_equal(told[2],
                        "contexts.a.alerts.token-env: the variable NCM_TEST_UNSET is not set");
    assert_non_null(strstr(told[3], "contexts.a.notify 'chat'.token-env"));
    ncm_config_free(c);
}

/* The example in a new file holds once its signs are taken away. */
static void the_example_is_right(void **state)
{
    (void)state;
    char *text = ncm_config_template("lab", "/srv/mlruns", false);
    struct ncm_buf b;
    ncm_buf_init(&b, 64 * 1024);
    for (const char *line = text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        bool sign = strncmp(line, "    #", 5) == 0;
        ncm_buf_puts(&b, sign ? "    " : "");
        ncm_buf_add(&b, line + (sign ? 5 : 0), len - (sign ? 5 : 0));
        ncm_buf_putc(&b, '\n');
        line += len + (line[len] == '\n');
    }
    struct ncm_config *c = load(b.p);
    assert_int_equal(c->contexts[0].watch.n_monitors, 2);
    assert_int_equal(c->contexts[0].watch.n_webhooks, 1);
    assert_string_equal(c->contexts[0].watch.metrics.url, "http://localhost:9090");
    ncm_config_free(c);
    ncm_buf_release(&b);
    ncm_free(text);
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/config.yaml", folder);
    snprintf(template, sizeof template, "%s/chat.txt", folder);
    put(template, "{{rule}} is {{state}}");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    unlink(template);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_that_watches),     cmocka_unit_test(who_is_told),
        cmocka_unit_test(shown_and_read_back),         cmocka_unit_test(mistakes_of_sources),
        cmocka_unit_test(mistakes_of_monitors),        cmocka_unit_test(where_a_method_stands),
        cmocka_unit_test(shares_of_bad_rows),          cmocka_unit_test(sources_of_rows),
        cmocka_unit_test(what_is_named_but_not_there), cmocka_unit_test(the_example_is_right),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
