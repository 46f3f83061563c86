/* Where our own state about a store lies: one file a store, told apart by more than a name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/source.h"

static const struct ncm_provider nothing_beside = {.name = "remote"};

static char *beside(const char *location)
{
    return ncm_sprintf("%s.beside", location);
}
static const struct ncm_provider has_own = {.name = "local", .state_path = beside};

static char *path_of(const char *location, char *workspace)
{
    struct ncm_access access = {.workspace = workspace};
    struct ncm_place place = {.location = location, .access = &access};
    return ncm_place_state_path(&nothing_beside, &place);
}

/* Whether both have the same file. */
static bool same(const char *a, const char *b)
{
    char *x = path_of(a, NULL), *y = path_of(b, NULL);
    bool eq = strcmp(x, y) == 0;
    ncm_free(x);
    ncm_free(y);
    return eq;
}

static void a_server_has_a_file_of_its_own(void **state)
{
    (void)state;
    char *path = path_of("https://mlflow.example.com:5000", NULL);
    assert_int_equal(strncmp(path, "/state/ncmlops/mlflow.example.com_5000-", 39), 0);
    assert_string_equal(path + strlen(path) - 11, ".ncmlops.db");
    assert_int_equal(strlen(path), 39 + 8 + 11);
    ncm_free(path);
    assert_false(same("https://ml.example:5000", "http://ml.example:5000"));
    assert_false(same("https://ml.example/a", "https://ml.example/b"));
    assert_false(same("https://ml.example/a", "https://ml.example/A"));
    assert_true(same("https://ml.example/a", "https://ML.Example/a/"));
    assert_true(same("https://ml.example", "https://ml.example?x=1"));
    /* Who logs in changes nothing, and stands nowhere. */
    assert_true(same("https://ml.example", "https://ann:hush@ml.example"));
    path = path_of("https://ann:hush@ml.example", NULL);
    assert_null(strstr(path, "hush"));
    assert_null(strstr(path, "ann"));
    ncm_free(path);
}

static void workspaces_are_kept_apart(void **state)
{
    (void)state;
    char red[] = "red", blue[] = "blue";
    char *a = path_of("https://ml.example", red), *b = path_of("https://ml.example", blue);
    char *c = path_of("https://ml.example", NULL);
    assert_true(strcmp(a, b) != 0);
    assert_true(strcmp(a, c) != 0);
    ncm_free(a);
    ncm_free(b);
    ncm_free(c);
}

static void odd_names_make_plain_files(void **state)
{
    (void)state;
    static const char *const odd[] = {
        "http://[::1]:5000/", "/srv/ml flow/м\x01..", "http://..", "file", "/", ""};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        char *path = path_of(odd[i], NULL);
        const char *name = path + strlen("/state/ncmlops/");
        assert_int_equal(strncmp(path, "/state/ncmlops/", 15), 0);
        assert_null(strchr(name, '/'));
        assert_true(name[0] != '.' && name[0] != '\0');
        for (const char *p = name; *p != '\0'; p++) {
            assert_true(*p > ' ' && *p < 0x7f);
        }
        ncm_free(path);
    }
    char longest[4000] = "https://";
    memset(longest + 8, 'x', sizeof longest - 9);
    char *path = path_of(longest, NULL);
    assert_true(strlen(path) < 150); /* names of files have a limit */
    ncm_free(path);
}

static void beside_the_store_goes_before(void **state)
{
    (void)state;
    struct ncm_place place = {.location = "/srv/mlflow.db"};
    char *path = ncm_place_state_path(&has_own, &place);
    assert_string_equal(path, "/srv/mlflow.db.beside");
    ncm_free(path);
}

static int set_up(void **state)
{
    (void)state;
    return setenv("XDG_STATE_HOME", "/state", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_has_a_file_of_its_own),
        cmocka_unit_test(workspaces_are_kept_apart),
        cmocka_unit_test(odd_names_make_plain_files),
        cmocka_unit_test(beside_the_store_goes_before),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
