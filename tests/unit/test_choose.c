/* Which store is opened, and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/choose.h"
#include "engine/internal.h"

static char folder[] = "/tmp/ncm-choose-XXXXXX";
static char here[128];

static const struct ncm_config_context contexts[] = {
    {.name = (char[]){"prod"}, .protect = true, .tracking_uri = (char[]){"sqlite:////srv/p.db"}},
    {.name = (char[]){"lab"}, .read_only = true, .tracking_uri = (char[]){"/srv/lab.db"}},
    {.name = (char[]){"bare"}},
};
static struct ncm_config_context copies[3];
static struct ncm_config config = {.contexts = copies, .n_contexts = 3};

static void touch(const char *path)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
}

static void location(const char *uri, const char *wanted)
{
    char *got = NULL;
    struct ncm_err err = {0};
    if (!ncm_store_location(uri, &got, &err)) {
        fail_msg("%s: %s", uri, err.what);
    }
    assert_string_equal(got, wanted);
    ncm_free(got);
}

static void no_location(const char *uri)
{
    char *got = NULL;
    struct ncm_err err = {0};
    assert_false(ncm_store_location(uri, &got, &err));
    assert_int_equal(err.code, NCM_USAGE);
}

static void addresses(void **state)
{
    (void)state;
    char relative[256];
    snprintf(relative, sizeof relative, "%s/a/b.db", here);
    location("sqlite:///a/b.db", relative);
    location("sqlite+pysqlite:///a/b.db", relative);
    location("a/b.db", relative);
    location("sqlite:////srv/m.db", "/srv/m.db");
    location("sqlite:////srv/m.db?timeout=20", "/srv/m.db");
    location("/srv/m.db", "/srv/m.db");
    location("file:///srv/my%20runs", "/srv/my runs");
    location("http://host:5000/x", "http://host:5000/x");
    location("databricks://PROFILE", "databricks://PROFILE");
    location("postgresql://u@h/db", "postgresql://u@h/db");
    no_location("");
    no_location("sqlite://");
    no_location("sqlite:///");
    no_location("sqlite:///:memory:");
    no_location("sqlite://host/x.db");
    no_location("ftp://host/x");
}

/* Chooses; the caller releases. */
static struct ncm_choice choose(const char *store, const char *context)
{
    struct ncm_choice c;
    struct ncm_err err = {0};
    if (!ncm_choose_store(store, context, &config, &c, &err)) {
        fail_msg("%s", err.what);
    }
    return c;
}

static void check(struct ncm_choice c, const char *place, const char *why)
{
    assert_string_equal(c.location, place);
    assert_string_equal(c.why, why);
    ncm_choice_release(&c);
}

static void order_of_the_ways(void **state)
{
    (void)state;
    char db[256];
    snprintf(db, sizeof db, "%s/mlflow.db", here);
    struct ncm_choice c;
    struct ncm_err err = {0};
    assert_false(ncm_choose_store(NULL, NULL, &config, &c, &err));
    assert_int_equal(err.code, NCM_NOT_FOUND);
    assert_non_null(strstr(err.hint, "ncmlops demo"));
    mkdir("mlruns", 0755);
    assert_false(ncm_choose_store(NULL, NULL, &config, &c, &err)); /* only artifacts in it */
    mkdir("mlruns/0", 0755);
    touch("mlruns/0/meta.yaml");
    c = choose(NULL, NULL);
    assert_string_equal(c.why, "mlruns is here");
    ncm_choice_release(&c);
    touch("mlflow.db");
    c = choose(NULL, NULL);
    assert_non_null(strstr(c.also, "mlruns"));
    check(c, db, "mlflow.db is here");
    config.current_context = copies[1].name;
    check(choose(NULL, NULL), "/srv/lab.db", "context lab");
    setenv("MLFLOW_TRACKING_URI", "sqlite:////srv/env.db", 1);
    check(choose(NULL, NULL), "/srv/env.db", "MLFLOW_TRACKING_URI");
    setenv("NCMLOPS_CONTEXT", "prod", 1);
    check(choose(NULL, NULL), "/srv/p.db", "context prod");
    check(choose(NULL, "lab"), "/srv/lab.db", "context lab");
    check(choose("/srv/named.db", NULL), "/srv/named.db", "--store");
    unsetenv("NCMLOPS_CONTEXT");
    setenv("MLFLOW_TRACKING_URI", "", 1);
    check(choose(NULL, NULL), "/srv/lab.db", "context lab");
    unsetenv("MLFLOW_TRACKING_URI");
    config.current_context = NULL;
}

static void what_a_context_says(void **state)
{
    (void)state;
    struct ncm_choice c = choose(NULL, "prod");
    assert_true(c.protect);
    assert_false(c.read_only);
    assert_string_equal(c.context, "prod");
    ncm_choice_release(&c);
    c = choose(NULL, "lab");
    assert_true(c.read_only);
    ncm_choice_release(&c);
    c = choose("/srv/x.db", "prod"); /* its protection holds for another store too */
    assert_true(c.protect);
    ncm_choice_release(&c);
    struct ncm_err err = {0};
    assert_false(ncm_choose_store(NULL, "nobody", &config, &c, &err));
    assert_int_equal(err.code, NCM_NOT_FOUND);
    assert_string_equal(err.hint, "there are: prod, lab, bare");
    assert_false(ncm_choose_store(NULL, "bare", &config, &c, &err));
    assert_int_equal(err.code, NCM_USAGE);
}

static void another_registry_is_told(void **state)
{
    (void)state;
    setenv("MLFLOW_REGISTRY_URI", "sqlite:////srv/x.db", 1);
    struct ncm_choice c = choose("/srv/x.db", NULL);
    assert_true(c.also == NULL || strstr(c.also, "REGISTRY") == NULL);
    ncm_choice_release(&c);
    c = choose("/srv/y.db", NULL);
    assert_non_null(strstr(c.also, "MLFLOW_REGISTRY_URI"));
    ncm_choice_release(&c);
    unsetenv("MLFLOW_REGISTRY_URI");
}

static void labels_have_no_secrets(void **state)
{
    (void)state;
    struct ncm_choice c = choose("https://me:hu@sh@host:5000/pre?token=1", NULL);
    assert_string_equal(c.label, "https://host:5000/pre");
    ncm_choice_release(&c);
    setenv("HOME", here, 1);
    c = choose("x/y.db", NULL);
    assert_string_equal(c.label, "~/x/y.db");
    ncm_choice_release(&c);
    char *got = NULL;
    struct ncm_err err = {0};
    assert_false(ncm_store_location("redis://ann:s3cret@host/0", &got, &err));
    assert_null(strstr(err.what, "s3cret"));
    c = (struct ncm_choice){0};
    assert_true(ncm_choose_store("https://ann:pa/s3?ret@host:5000/pre", NULL, NULL, &c, &err));
    assert_string_equal(c.label, "https://host:5000/pre");
    ncm_choice_release(&c);
}

static void what_cannot_be_opened_says_what_can(void **state)
{
    (void)state;
    static const char *const stores[] = {"http://me:hush@host", "databricks", "mysql://u:hush@h/x",
                                         "mlruns"};
    for (size_t i = 0; i < sizeof stores / sizeof stores[0]; i++) {
        struct ncm_choice c = choose(stores[i], NULL);
        struct ncm_err err = {0};
        assert_null(ncm_choice_provider(&c, &err));
        assert_int_equal(err.code, NCM_UNSUPPORTED);
        assert_non_null(strstr(err.what, "SQLite"));
        assert_null(strstr(err.what, "hush"));
        assert_true(err.hint[0] != '\0');
        ncm_choice_release(&c);
    }
}

static int set_up(void **state)
{
    (void)state;
    memcpy(copies, contexts, sizeof copies);
    unsetenv("MLFLOW_TRACKING_URI");
    unsetenv("NCMLOPS_CONTEXT");
    return mkdtemp(folder) != NULL && chdir(folder) == 0 && getcwd(here, sizeof here) != NULL ? 0
                                                                                              : -1;
}

static int tear_down(void **state)
{
    (void)state;
    unlink("mlruns/0/meta.yaml");
    rmdir("mlruns/0");
    rmdir("mlruns");
    unlink("mlflow.db");
    return chdir("/") == 0 ? rmdir(folder) : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(order_of_the_ways),
        cmocka_unit_test(what_a_context_says),
        cmocka_unit_test(another_registry_is_told),
        cmocka_unit_test(labels_have_no_secrets),
        cmocka_unit_test(what_cannot_be_opened_says_what_can),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
