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
    if (!ncm_store_location(uri, NULL, &got, &err)) {
        fail_msg("%s: %s", uri, err.what);
    }
    assert_string_equal(got, wanted);
    ncm_free(got);
}

static void no_location(const char *uri)
{
    char *got = NULL;
    struct ncm_err err = {0};
    assert_false(ncm_store_location(uri, NULL, &got, &err));
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
    location("HTTPS://ann:hu%40sh@Host:5000/x//?token=1", "https://Host:5000/x");
    location("http://[::1]:5000/", "http://[::1]:5000");
    location("databricks://PROFILE", "databricks://PROFILE");
    location("postgresql://u@h/db", "postgresql://u@h/db");
    no_location("");
    no_location("sqlite://");
    no_location("sqlite:///");
    no_location("sqlite:///:memory:");
    no_location("sqlite://host/x.db");
    no_location("ftp://host/x");
    no_location("https://");
    no_location("https:///x");
    no_location("http://me@");
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
    assert_non_null(strstr(c.also, "--store mlruns opens it"));
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

/* It belongs to what MLflow's own client would open; never to a store that was named here. */
static void another_registry(void **state)
{
    (void)state;
    setenv("MLFLOW_REGISTRY_URI", "sqlite:////srv/x.db", 1);
    struct ncm_choice c = choose("/srv/x.db", NULL);
    assert_null(c.registry);
    assert_true(c.also == NULL || strstr(c.also, "REGISTRY") == NULL);
    ncm_choice_release(&c);
    c = choose("/srv/y.db", NULL);
    assert_null(c.registry);
    assert_non_null(strstr(c.also, "MLFLOW_REGISTRY_URI is not used"));
    ncm_choice_release(&c);
    c = choose(NULL, "prod");
    assert_null(c.registry);
    ncm_choice_release(&c);
    setenv("MLFLOW_TRACKING_URI", "http://host:1", 1);
    setenv("MLFLOW_REGISTRY_URI", "https://ann:s3cret@models.example.com/", 1);
    c = choose(NULL, NULL);
    assert_string_equal(c.registry, "https://models.example.com");
    assert_string_equal(c.registry_access.user, "ann");
    assert_string_equal(c.registry_access.password.from, "s3cret");
    assert_null(c.access.user);
    assert_non_null(strstr(c.also, "https://models.example.com"));
    assert_null(strstr(c.also, "s3cret"));
    ncm_choice_release(&c);
    unsetenv("MLFLOW_REGISTRY_URI");
    unsetenv("MLFLOW_TRACKING_URI");
    copies[0].registry_uri = (char[]){"models.db"};
    config.path = (char[]){"/srv/etc/config.yaml"};
    c = choose(NULL, "prod");
    assert_string_equal(c.registry, "/srv/etc/models.db");
    ncm_choice_release(&c);
    copies[0].registry_uri = NULL;
    config.path = NULL;
}

/* What MLflow's own client reads from the environment. */
static void login_of_the_environment(void **state)
{
    (void)state;
    setenv("HOME", here, 1);
    setenv("MLFLOW_TRACKING_URI", "https://host", 1);
    struct ncm_choice c = choose(NULL, NULL);
    assert_true(c.access.netrc);
    assert_null(c.access.user);
    assert_false(c.access.insecure);
    ncm_choice_release(&c);

    assert_int_equal(mkdir(".mlflow", 0700), 0);
    FILE *f = fopen(".mlflow/credentials", "w");
    fputs("[other]\nmlflow_tracking_username = eve\n; a remark\n[mlflow]\n"
          "MLFLOW_Tracking_Username=ann\r\nmlflow_tracking_password :  50%% = off \n",
          f);
    fclose(f);
    c = choose("https://named", NULL);
    assert_string_equal(c.access.user, "ann");
    assert_int_equal(c.access.password.kind, NCM_SECRET_TEXT);
    assert_string_equal(c.access.password.from, "50% = off");
    assert_false(c.access.netrc);
    ncm_choice_release(&c);
    setenv("MLFLOW_TRACKING_PASSWORD", "x", 1);
    c = choose(NULL, NULL); /* each from the variable, else from the file */
    assert_string_equal(c.access.user, "ann");
    assert_int_equal(c.access.password.kind, NCM_SECRET_ENV);
    assert_string_equal(c.access.password.from, "MLFLOW_TRACKING_PASSWORD");
    ncm_choice_release(&c);
    unlink(".mlflow/credentials");
    rmdir(".mlflow");
    setenv("MLFLOW_TRACKING_TOKEN", "t", 1);
    c = choose(NULL, NULL); /* a password without a user is none */
    assert_null(c.access.user);
    assert_int_equal(c.access.token.kind, NCM_SECRET_ENV);
    ncm_choice_release(&c);
    setenv("MLFLOW_TRACKING_USERNAME", "bob", 1);
    c = choose(NULL, NULL); /* both: the password, as with MLflow */
    assert_string_equal(c.access.user, "bob");
    assert_int_equal(c.access.token.kind, NCM_SECRET_NONE);
    ncm_choice_release(&c);
    c = choose("https://me:my%2Fown@host", NULL); /* an address says it itself */
    assert_string_equal(c.access.user, "me");
    assert_string_equal(c.access.password.from, "my/own");
    ncm_choice_release(&c);

    setenv("MLFLOW_TRACKING_INSECURE_TLS", "True", 1);
    setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "7", 1);
    setenv("MLFLOW_TRACKING_CLIENT_CERT_PATH", "~/me.pem", 1);
    setenv("MLFLOW_WORKSPACE", "team", 1);
    c = choose(NULL, NULL);
    assert_true(c.access.insecure);
    assert_int_equal(c.access.timeout_ms, 7000);
    assert_string_equal(c.access.workspace, "team");
    assert_non_null(strstr(c.access.cert, "/me.pem"));
    ncm_choice_release(&c);
    setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", "/etc/ca.pem", 1);
    c = choose(NULL, NULL); /* the one that checks wins */
    assert_false(c.access.insecure);
    assert_string_equal(c.access.ca, "/etc/ca.pem");
    ncm_choice_release(&c);
}

/* A context without a login of its own takes the environment's; one with it takes nothing. */
static void login_of_a_context(void **state)
{
    (void)state;
    copies[2].tracking_uri = (char[]){"https://bare.example.com"};
    struct ncm_choice c = choose(NULL, "bare");
    assert_string_equal(c.access.user, "bob");
    ncm_choice_release(&c);
    copies[2].access.token = (struct ncm_secret){NCM_SECRET_ENV, (char[]){"MINE"}};
    c = choose(NULL, "bare");
    assert_null(c.access.user);
    assert_string_equal(c.access.token.from, "MINE");
    assert_null(c.access.ca);
    ncm_choice_release(&c);
    c = choose("https://elsewhere.example.com", "bare"); /* never sent to another server */
    assert_int_equal(c.access.token.kind, NCM_SECRET_NONE);
    ncm_choice_release(&c);
    static const char *const names[] = {
        "URI",          "TOKEN",           "USERNAME", "PASSWORD", "SERVER_CERT_PATH",
        "INSECURE_TLS", "CLIENT_CERT_PATH"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[64];
        snprintf(name, sizeof name, "MLFLOW_TRACKING_%s", names[i]);
        unsetenv(name);
    }
    unsetenv("MLFLOW_HTTP_REQUEST_TIMEOUT");
    unsetenv("MLFLOW_WORKSPACE");
    copies[2] = contexts[2];
}

/* In the configuration, paths are relative to its folder. */
static void paths_of_a_configuration(void **state)
{
    (void)state;
    config.path = (char[]){"/srv/etc/config.yaml"};
    copies[2].tracking_uri = (char[]){"sqlite:///data/m.db"};
    check(choose(NULL, "bare"), "/srv/etc/data/m.db", "context bare");
    copies[2].tracking_uri = (char[]){"mlruns"};
    check(choose(NULL, "bare"), "/srv/etc/mlruns", "context bare");
    config.path = NULL;
    copies[2] = contexts[2];
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
    assert_false(ncm_store_location("redis://ann:s3cret@host/0", NULL, &got, &err));
    assert_null(strstr(err.what, "s3cret"));
    c = (struct ncm_choice){0};
    assert_true(ncm_choose_store("https://ann:pa/s3?ret@host:5000/pre", NULL, NULL, &c, &err));
    assert_string_equal(c.label, "https://host:5000/pre");
    ncm_choice_release(&c);
}

static void what_cannot_be_opened_says_what_can(void **state)
{
    (void)state;
    static const char *const stores[] = {"databricks", "mysql://u:hush@h/x"};
    for (size_t i = 0; i < sizeof stores / sizeof stores[0]; i++) {
        struct ncm_choice c = choose(stores[i], NULL);
        struct ncm_err err = {0};
        assert_null(ncm_choice_provider(&c, &err));
        assert_int_equal(err.code, NCM_UNSUPPORTED);
        assert_null(strstr(err.what, "hush"));
        assert_non_null(strstr(err.hint, "tracking server"));
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
        cmocka_unit_test(another_registry),
        cmocka_unit_test(login_of_the_environment),
        cmocka_unit_test(login_of_a_context),
        cmocka_unit_test(paths_of_a_configuration),
        cmocka_unit_test(labels_have_no_secrets),
        cmocka_unit_test(what_cannot_be_opened_says_what_can),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
