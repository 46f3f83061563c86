#include "provider/stores.h"

#include <fcntl.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/file.h"
#include "provider/mlflow_sqlite/mlflow_sqlite.h"
#include "unit/scratch.h"

extern char **environ;

/* gzip -dc of a fixture into a scratch file. */
static void unpack(const char *fixture, const char *to)
{
    posix_spawn_file_actions_t files;
    char *from = ncm_sprintf("tests/fixtures/%s.gz", fixture);
    char *argv[] = {(char *)"gzip", (char *)"-dc", from, NULL};
    pid_t pid;
    int status = -1;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 1, to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(posix_spawnp(&pid, "gzip", &files, NULL, argv, environ), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    posix_spawn_file_actions_destroy(&files);
    ncm_free(from);
}

const char *store_copy(const char *version, const char *name)
{
    const char *path = scratch(name);
    char *fixture = ncm_sprintf("mlflow-%s.db", version);
    unpack(fixture, path);
    ncm_free(fixture);
    return path;
}

struct ncm_doc *store_expected(const char *version)
{
    struct ncm_buf text;
    struct ncm_doc *doc;
    struct ncm_err err;
    bool truncated;
    char *fixture = ncm_sprintf("expected-%s.json", version);
    const char *path = scratch(fixture);
    unpack(fixture, path);
    ncm_free(fixture);
    ncm_buf_init(&text, 4 << 20);
    assert_true(ncm_file_read(path, 0, 4 << 20, &text, &truncated, &err));
    assert_true(ncm_json_parse(path, text.p, text.len, &doc, &err));
    ncm_buf_release(&text);
    return doc;
}

struct ncm_conn *store_open(const char *path)
{
    struct ncm_conn *c;
    struct ncm_control control = {0};
    struct ncm_err err;
    if (!ncm_mlflow_sqlite.open(&(struct ncm_place){.location = path}, &c, &control, &err))
        fail_msg("%s: %s", path, err.what);
    return c;
}

static void keep(void *to, struct ncm_snapshot *s)
{
    struct ncm_snapshot **last = to;
    ncm_snapshot_unref(*last);
    *last = s;
}

const void *store_ask(struct ncm_conn *c, struct ncm_query *q, struct ncm_err *err)
{
    struct ncm_snapshot *last = NULL;
    struct ncm_fetch f = {.query = q, .count = 100000, .publish = keep, .to = &last};
    bool ok = ncm_mlflow_sqlite.fetch(c, &f, err);
    ncm_query_free(q);
    if (ok) {
        assert_non_null(last);
        assert_false(last->provisional);
        return last;
    }
    ncm_snapshot_unref(last);
    return NULL;
}

const void *store_get(struct ncm_conn *c, struct ncm_query *q)
{
    struct ncm_err err;
    const void *s = store_ask(c, q, &err);
    if (s == NULL)
        fail_msg("%s", err.what);
    return s;
}
