/* What changes leave in a file store: the files MLflow would have written, or nothing at all. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fcntl.h>

#include <cmocka.h>

#include "base/num.h"
#include "io/file.h"
#include "provider/file_stores.h"
#include "provider/mlflow_files/mlflow_files.h"
#include "unit/scratch.h"

#define RUN_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static char *root;
static struct ncm_conn *conn;
static struct ncm_err err;
static struct ncm_receipt receipt;

static int set_up(void **state)
{
    static int serial;
    char name[32];
    (void)state;
    snprintf(name, sizeof name, "write-%d", serial++);
    root = folder_make(name);
    folder_write(root, "artifact_location: x\nexperiment_id: '0'\nname: Default\n", "0/meta.yaml");
    folder_run(root, RUN_A, 1000, 3);
    folder_write(root, "old", "1/" RUN_A "/tags/team");
    folder_write(root,
                 "aliases:\n  prod: '1'\ncreation_timestamp: 5\ndescription: 'two\n\n  lines'\n"
                 "last_updated_timestamp: 6\nname: m\nworkspace: default\n",
                 "models/m/meta.yaml");
    for (int v = 1; v <= 3; v++) {
        char *text = ncm_sprintf("creation_timestamp: 5\ncurrent_stage: %s\ndescription: null\n"
                                 "last_updated_timestamp: 6\nname: m\nsource: s\nversion: %d\n",
                                 v == 1   ? "Production"
                                 : v == 2 ? "Staging"
                                          : "None",
                                 v);
        folder_write(root, text, "models/m/version-%d/meta.yaml", v);
        ncm_free(text);
    }
    folder_write(root, "1", "models/m/aliases/prod");
    folder_write(root, "yes", "models/m/version-1/tags/checked");
    conn = folder_open(root);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    folder_close(conn);
    ncm_free(root);
    return 0;
}

static bool apply_all(struct ncm_changes *c)
{
    const struct ncm_mark mark = {"abc", "ann", "because"};
    struct ncm_control control = {.deadline_mono_ms = ncm_mono_ms() + 300};
    bool ok = ncm_mlflow_files.apply(conn, c, &mark, &control, &receipt, &err);
    ncm_changes_release(c);
    return ok;
}

static bool apply(enum ncm_change_kind kind, const char *object, const char *version,
                  const char *key, const char *from, const char *to)
{
    struct ncm_changes c;
    ncm_changes_init(&c);
    ncm_changes_add(&c, kind, object, version, key, from, to);
    return apply_all(&c);
}

static bool has(const char *path, const char *text)
{
    char *content = folder_read(root, "%s", path);
    bool found = content != NULL && strstr(content, text) != NULL;
    ncm_free(content);
    return found;
}

static bool is(const char *path, const char *text)
{
    char *content = folder_read(root, "%s", path);
    bool same = content == NULL ? text == NULL : text != NULL && strcmp(content, text) == 0;
    ncm_free(content);
    return same;
}

static void a_stage_is_written_with_its_times_and_mark(void **state)
{
    (void)state;
    assert_true(apply(NCM_CH_VERSION_STAGE, "m", "2", NULL, "Staging", "production"));
    char *time = ncm_sprintf("last_updated_timestamp: %lld\n", (long long)receipt.time_ms);
    assert_true(has("models/m/version-2/meta.yaml", "current_stage: Production\n"));
    assert_true(has("models/m/version-2/meta.yaml", time));
    assert_true(has("models/m/meta.yaml", time));
    /* Everything else stands as it stood. */
    assert_true(has("models/m/meta.yaml", "description: 'two\n\n  lines'\n"));
    assert_true(has("models/m/meta.yaml", "workspace: default\n"));
    assert_true(has("models/m/version-2/tags/ncmlops.transition.abc",
                    "\"from\":\"Staging\",\"to\":\"Production\""));
    ncm_free(time);
}

static void what_moved_is_a_conflict_and_nothing_is_written(void **state)
{
    struct ncm_changes c;
    (void)state;
    ncm_changes_init(&c);
    ncm_changes_add(&c, NCM_CH_VERSION_STAGE, "m", "1", NULL, "Production", "Archived");
    ncm_changes_add(&c, NCM_CH_VERSION_STAGE, "m", "3", NULL, "Staging", "Production");
    assert_false(apply_all(&c));
    assert_int_equal(err.code, NCM_CONFLICT);
    assert_non_null(strstr(err.what, "Staging"));
    assert_true(has("models/m/version-1/meta.yaml", "current_stage: Production\n"));
    assert_true(has("models/m/meta.yaml", "last_updated_timestamp: 6\n"));
    assert_true(is("models/m/version-1/tags/ncmlops.transition.abc", NULL));
}

static void one_that_came_meanwhile_is_a_conflict(void **state)
{
    struct ncm_changes c;
    (void)state;
    ncm_changes_init(&c);
    ncm_changes_add(&c, NCM_CH_VERSION_STAGE, "m", "3", NULL, "None", "Production")->extra =
        ncm_strdup("alone");
    assert_false(apply_all(&c));
    assert_int_equal(err.code, NCM_CONFLICT);
    assert_true(has("models/m/version-3/meta.yaml", "current_stage: None\n"));
}

static void an_alias_is_its_file_and_the_map(void **state)
{
    (void)state;
    assert_true(apply(NCM_CH_ALIAS, "m", NULL, "prod", "1", "2"));
    assert_true(is("models/m/aliases/prod", "2"));
    assert_true(has("models/m/meta.yaml", "aliases:\n  prod: '2'\n"));
    assert_true(has("models/m/version-1/tags/ncmlops.transition.abc", "\"alias\":\"prod\""));
    assert_true(has("models/m/version-2/tags/ncmlops.transition.abc", "\"alias\":\"prod\""));
    assert_true(apply(NCM_CH_ALIAS, "m", NULL, "prod", "2", NULL));
    assert_true(is("models/m/aliases/prod", NULL));
    assert_true(has("models/m/meta.yaml", "aliases: {}\n"));
}

static void a_renamed_model_takes_everything_along(void **state)
{
    (void)state;
    assert_false(apply(NCM_CH_MODEL_RENAME, "m", NULL, NULL, "m", "a/b"));
    assert_false(apply(NCM_CH_MODEL_RENAME, "m", NULL, NULL, "m", "100%"));
    assert_int_equal(err.code, NCM_REFUSED);
    assert_true(apply(NCM_CH_MODEL_RENAME, "m", NULL, NULL, "m", "yes"));
    assert_true(is("models/m/meta.yaml", NULL));
    assert_true(has("models/yes/meta.yaml", "name: 'yes'\n"));
    assert_true(has("models/yes/version-1/meta.yaml", "name: 'yes'\n"));
    assert_true(is("models/yes/version-1/tags/checked", "yes"));
    assert_true(is("models/yes/aliases/prod", "1"));
}

static void a_new_version_has_the_next_number(void **state)
{
    (void)state;
    assert_true(apply(NCM_CH_VERSION_DELETE, "m", "3", NULL, "None", NULL));
    assert_true(has("models/m/version-3/meta.yaml", "current_stage: Deleted_Internal\n"));
    assert_true(apply(NCM_CH_VERSION_CREATE, "m", NULL, RUN_A, NULL, "runs:/x/model"));
    assert_string_equal(receipt.new_version, "4");
    assert_true(has("models/m/version-4/meta.yaml", "run_id: " RUN_A "\n"));
    assert_true(has("models/m/version-4/meta.yaml", "status: READY\n"));
}

static void a_model_and_its_first_version_are_one_list(void **state)
{
    struct ncm_changes c;
    (void)state;
    ncm_changes_init(&c);
    ncm_changes_add(&c, NCM_CH_MODEL_CREATE, "new", NULL, NULL, NULL, "null");
    ncm_changes_add(&c, NCM_CH_VERSION_CREATE, "new", NULL, NULL, NULL, "s3://b/m");
    assert_true(apply_all(&c));
    assert_true(has("models/new/meta.yaml", "description: 'null'\n"));
    assert_true(has("models/new/version-1/meta.yaml", "version: 1\n"));
    assert_true(apply(NCM_CH_MODEL_DELETE, "new", NULL, NULL, "1", NULL));
    assert_true(is("models/new/meta.yaml", NULL));
    assert_true(is("models/new/version-1/meta.yaml", NULL));
}

static void a_deleted_run_stays_and_can_come_back(void **state)
{
    (void)state;
    char *before = folder_read(root, "1/" RUN_A "/meta.yaml");
    assert_true(apply(NCM_CH_RUN_LIFECYCLE, RUN_A, NULL, NULL, "active", "deleted"));
    assert_true(has("1/" RUN_A "/meta.yaml", "lifecycle_stage: deleted\n"));
    assert_true(has("1/" RUN_A "/meta.yaml", "deleted_time: "));
    assert_false(apply(NCM_CH_RUN_TAG, RUN_A, NULL, "team", "old", "new"));
    assert_int_equal(err.code, NCM_REFUSED);
    assert_true(apply(NCM_CH_RUN_LIFECYCLE, RUN_A, NULL, NULL, "deleted", "active"));
    assert_true(is("1/" RUN_A "/meta.yaml", before));
    ncm_free(before);
}

static void an_experiment_goes_to_the_trash_with_its_runs(void **state)
{
    (void)state;
    char id[33];
    for (int i = 0; i < 50; i++) { /* so many are written in another way */
        snprintf(id, sizeof id, "%032d", i);
        folder_run(root, id, i, 3);
    }
    assert_false(apply(NCM_CH_EXPERIMENT_LIFECYCLE, "0", NULL, NULL, "active", "deleted"));
    assert_int_equal(err.code, NCM_REFUSED);
    assert_true(apply(NCM_CH_EXPERIMENT_LIFECYCLE, "1", NULL, NULL, "active", "deleted"));
    assert_true(has(".trash/1/meta.yaml", "lifecycle_stage: deleted\n"));
    assert_true(has(".trash/1/" RUN_A "/meta.yaml", "lifecycle_stage: deleted\n"));
    for (int i = 0; i < 50; i++) {
        snprintf(id, sizeof id, "%032d", i);
        char *meta = ncm_sprintf(".trash/1/%s/meta.yaml", id);
        assert_true(has(meta, "lifecycle_stage: deleted\n"));
        ncm_free(meta);
    }
    assert_true(is("1/meta.yaml", NULL));
    assert_false(apply(NCM_CH_EXPERIMENT_CREATE, NULL, NULL, NULL, NULL, "one"));
    assert_true(apply(NCM_CH_EXPERIMENT_LIFECYCLE, "1", NULL, NULL, "deleted", "active"));
    assert_true(has("1/" RUN_A "/meta.yaml", "lifecycle_stage: active\n"));
    assert_true(apply(NCM_CH_EXPERIMENT_CREATE, NULL, NULL, NULL, NULL, "two: a"));
    char *path = ncm_sprintf("%s/meta.yaml", receipt.new_id);
    assert_true(has(path, "name: 'two: a'\n"));
    ncm_free(path);
}

static void names_are_in_the_record_and_the_tag(void **state)
{
    (void)state;
    assert_true(apply(NCM_CH_RUN_NAME, RUN_A, NULL, NULL, "named", "1e3"));
    assert_true(has("1/" RUN_A "/meta.yaml", "run_name: '1e3'\n"));
    assert_true(is("1/" RUN_A "/tags/mlflow.runName", "1e3"));
    assert_true(apply(NCM_CH_RUN_NOTE, RUN_A, NULL, NULL, NULL, "a\nb"));
    assert_true(is("1/" RUN_A "/tags/mlflow.note.content", "a\nb"));
}

/* A key that is the beginning of another one cannot be a file. */
static void what_cannot_be_a_file_is_refused_before_anything_is_written(void **state)
{
    struct ncm_changes c;
    (void)state;
    folder_write(root, "x", "1/" RUN_A "/tags/a/b");
    ncm_changes_init(&c);
    ncm_changes_add(&c, NCM_CH_RUN_TAG, RUN_A, NULL, "team", "old", "new");
    ncm_changes_add(&c, NCM_CH_RUN_TAG, RUN_A, NULL, "a", NULL, "v");
    assert_false(apply_all(&c));
    assert_int_equal(err.code, NCM_REFUSED);
    assert_false(apply(NCM_CH_RUN_TAG, RUN_A, NULL, "team/x", NULL, "v"));
    assert_int_equal(err.code, NCM_REFUSED);
    assert_true(is("1/" RUN_A "/tags/team", "old"));
}

static void a_failure_half_way_is_taken_back(void **state)
{
    struct ncm_changes c;
    struct rlimit old, small;
    char *large = ncm_alloc(100001, 1);
    (void)state;
    memset(large, 'x', 100000);
    ncm_changes_init(&c);
    ncm_changes_add(&c, NCM_CH_RUN_TAG, RUN_A, NULL, "team", "old", "new");
    ncm_changes_add(&c, NCM_CH_RUN_TAG, RUN_A, NULL, "fresh", NULL, "new");
    ncm_changes_add(&c, NCM_CH_RUN_TAG, RUN_A, NULL, "large", NULL, large);
    /* The disk takes no file of that size. */
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 50000;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    bool ok = apply_all(&c);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, handler);
    assert_false(ok);
    assert_string_equal(err.hint, "");
    assert_false(receipt.partial);
    assert_true(is("1/" RUN_A "/tags/team", "old"));
    assert_true(is("1/" RUN_A "/tags/fresh", NULL));
    assert_true(is("1/" RUN_A "/tags/large", NULL));
    ncm_free(large);
}

/* A folder so deep that no path reaches its end. */
static void make_deep(const char *at)
{
    char name[201];
    memset(name, 'd', 200);
    name[200] = '\0';
    int fd = open(at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < 25; i++) {
        assert_true(fd >= 0 && mkdirat(fd, name, 0755) == 0);
        int next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close(fd);
        fd = next;
    }
    close(fd);
}

static void what_was_removed_in_part_is_told(void **state)
{
    (void)state;
    char *dir = ncm_path_join(root, "models/m"), *deep = ncm_path_join(dir, "deep");
    assert_int_equal(mkdir(deep, 0755), 0);
    make_deep(deep);
    assert_false(apply(NCM_CH_MODEL_DELETE, "m", NULL, NULL, "3", NULL));
    assert_true(receipt.partial);
    assert_non_null(strstr(err.hint, dir));
    char *remove = ncm_sprintf("rm -rf %s", deep);
    assert_int_equal(system(remove), 0);
    ncm_free(remove);
    ncm_free(deep);
    ncm_free(dir);
}

static void a_long_list_that_fails_leaves_nothing(void **state)
{
    struct ncm_changes c;
    char key[16];
    (void)state;
    folder_write(root, "x", "1/" RUN_A "/tags/z/inner");
    ncm_changes_init(&c);
    for (int i = 0; i < 60; i++) {
        snprintf(key, sizeof key, "k%d", i);
        ncm_changes_add(&c, NCM_CH_RUN_TAG, RUN_A, NULL, key, NULL, "v");
    }
    ncm_changes_add(&c, NCM_CH_VERSION_CREATE, "m", NULL, NULL, NULL, "s3://b/m");
    assert_true(apply_all(&c));
    assert_true(is("1/" RUN_A "/tags/k59", "v"));
    assert_true(has("models/m/version-4/meta.yaml", "version: 4\n"));
    struct rlimit old, small;
    char *large = ncm_alloc(100001, 1);
    memset(large, 'x', 100000);
    ncm_changes_init(&c);
    for (int i = 0; i < 60; i++) {
        snprintf(key, sizeof key, "k%d", i);
        ncm_changes_add(&c, NCM_CH_RUN_TAG, RUN_A, NULL, key, "v", "w");
    }
    ncm_changes_add(&c, NCM_CH_RUN_TAG, RUN_A, NULL, "large", NULL, large);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 50000;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    bool ok = apply_all(&c);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, handler);
    ncm_free(large);
    assert_false(ok);
    assert_true(is("1/" RUN_A "/tags/k0", "v"));
    assert_true(is("1/" RUN_A "/tags/k59", "v"));
    struct ncm_dir_entry *entries;
    size_t n;
    bool more;
    char *dir = ncm_path_join(root, "1/" RUN_A);
    assert_true(ncm_dir_list(dir, 100, &entries, &n, &more, &err));
    for (size_t i = 0; i < n; i++)
        assert_true(entries[i].name[0] != '.');
    ncm_dir_free(entries, n);
    ncm_free(dir);
}

static void nothing_is_written_through_links(void **state)
{
    (void)state;
    char *outside = ncm_strdup(scratch("outside")),
         *tag = ncm_path_join(root, "1/" RUN_A "/tags/l");
    char *file = ncm_strdup(scratch_file("precious", "keep", 4));
    char *away = ncm_path_join(root, "7");
    folder_write(outside,
                 "artifact_location: x\nexperiment_id: '7'\nlifecycle_stage: active\nname: seven\n",
                 "meta.yaml");
    assert_int_equal(symlink(file, tag), 0);
    assert_int_equal(symlink(outside, away), 0);
    assert_false(apply(NCM_CH_RUN_TAG, RUN_A, NULL, "l", "keep", "gone"));
    assert_int_equal(err.code, NCM_REFUSED);
    assert_false(apply(NCM_CH_EXPERIMENT_TAG, "7", NULL, "k", NULL, "v"));
    assert_int_equal(err.code, NCM_REFUSED);
    assert_true(is("1/" RUN_A "/tags/l", "keep"));
    assert_int_equal(unlink(away), 0);
    ncm_free(away);
    ncm_free(file);
    ncm_free(tag);
    ncm_free(outside);
}

static void another_ones_changes_are_waited_for(void **state)
{
    (void)state;
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0 && flock(fd, LOCK_EX) == 0);
    assert_false(apply(NCM_CH_RUN_TAG, RUN_A, NULL, "team", "old", "new"));
    assert_int_equal(err.code, NCM_BUSY);
    close(fd);
    assert_true(apply(NCM_CH_RUN_TAG, RUN_A, NULL, "team", "old", "new"));
}

static void modes_are_kept_and_nothing_is_left_behind(void **state)
{
    struct stat st;
    struct ncm_dir_entry *entries;
    size_t n;
    bool more;
    (void)state;
    char *path = ncm_path_join(root, "models/m/meta.yaml"), *dir = ncm_path_join(root, "models/m");
    assert_int_equal(chmod(path, 0640), 0);
    folder_write(root, "half", "models/m/.ncmlops.0123456789abcdef"); /* of a killed one */
    assert_true(apply(NCM_CH_MODEL_NOTE, "m", NULL, NULL, "two\nlines", "new"));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_true(ncm_dir_list(dir, 100, &entries, &n, &more, &err));
    for (size_t i = 0; i < n; i++)
        assert_true(entries[i].name[0] != '.');
    ncm_dir_free(entries, n);
    ncm_free(dir);
    ncm_free(path);
}

static void present_tells_what_is_there(void **state)
{
    struct ncm_changes c;
    char *value;
    (void)state;
    assert_true(apply(NCM_CH_VERSION_STAGE, "m", "2", NULL, "Staging", "Archived"));
    ncm_changes_init(&c);
    ncm_changes_add(&c, NCM_CH_VERSION_TAG, "m", NULL, "ncmlops.transition.abc", NULL, NULL);
    ncm_changes_add(&c, NCM_CH_VERSION_STAGE, "m", "9", NULL, NULL, NULL);
    ncm_changes_add(&c, NCM_CH_MODEL_DELETE, "m", NULL, NULL, NULL, NULL);
    ncm_changes_add(&c, NCM_CH_EXPERIMENT_NAME, "../1", NULL, NULL, NULL, NULL);
    assert_true(ncm_mlflow_files.present(conn, &c.items[0], &value, &err));
    assert_non_null(strstr(value, "Archived"));
    ncm_free(value);
    assert_false(ncm_mlflow_files.present(conn, &c.items[1], &value, &err));
    assert_int_equal(err.code, NCM_NOT_FOUND);
    assert_true(ncm_mlflow_files.present(conn, &c.items[2], &value, &err));
    assert_string_equal(value, "3");
    ncm_free(value);
    assert_false(ncm_mlflow_files.present(conn, &c.items[3], &value, &err));
    ncm_changes_release(&c);
}

static int remove_all(void **state)
{
    (void)state;
    scratch_remove();
    return 0;
}

#define WRITE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WRITE(a_stage_is_written_with_its_times_and_mark),
        WRITE(what_moved_is_a_conflict_and_nothing_is_written),
        WRITE(one_that_came_meanwhile_is_a_conflict),
        WRITE(an_alias_is_its_file_and_the_map),
        WRITE(a_renamed_model_takes_everything_along),
        WRITE(a_new_version_has_the_next_number),
        WRITE(a_model_and_its_first_version_are_one_list),
        WRITE(a_deleted_run_stays_and_can_come_back),
        WRITE(an_experiment_goes_to_the_trash_with_its_runs),
        WRITE(names_are_in_the_record_and_the_tag),
        WRITE(what_cannot_be_a_file_is_refused_before_anything_is_written),
        WRITE(a_failure_half_way_is_taken_back),
        WRITE(what_was_removed_in_part_is_told),
        WRITE(a_long_list_that_fails_leaves_nothing),
        WRITE(nothing_is_written_through_links),
        WRITE(another_ones_changes_are_waited_for),
        WRITE(modes_are_kept_and_nothing_is_left_behind),
        WRITE(present_tells_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, remove_all);
}
