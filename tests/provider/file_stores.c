#include "provider/file_stores.h"

#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "io/file.h"
#include "provider/mlflow_files/mlflow_files.h"
#include "unit/scratch.h"

extern char **environ;

char *folder_copy(const char *version, const char *name)
{
    struct ncm_err err;
    pid_t pid;
    int status = -1;
    char *to = ncm_strdup(scratch(name));
    char *from = ncm_sprintf("tests/fixtures/mlruns-%s.tar.gz", version);
    char *argv[] = {(char *)"tar", (char *)"-xzf", from, (char *)"-C", to, NULL};
    assert_true(ncm_dir_make(to, 0700, &err));
    assert_int_equal(posix_spawnp(&pid, "tar", NULL, NULL, argv, environ), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    char *root = ncm_path_join(to, "mlruns");
    ncm_free(from);
    ncm_free(to);
    return root;
}

char *folder_make(const char *name)
{
    char *root = ncm_strdup(scratch(name));
    folder_write(root,
                 "artifact_location: file:///gone/1\ncreation_time: 5\nexperiment_id: '1'\n"
                 "last_update_time: 6\nlifecycle_stage: active\nname: one\n",
                 "1/meta.yaml");
    return root;
}

static char *path_in(const char *root, const char *path, va_list ap)
    __attribute__((format(printf, 2, 0)));
static char *path_in(const char *root, const char *path, va_list ap)
{
    char inner[1024];
    vsnprintf(inner, sizeof inner, path, ap);
    return ncm_path_join(root, inner);
}

void folder_write(const char *root, const char *text, const char *path, ...)
{
    struct ncm_err err;
    va_list ap;
    va_start(ap, path);
    char *full = path_in(root, path, ap);
    va_end(ap);
    char *dir = ncm_strndup(full, (size_t)(strrchr(full, '/') - full));
    assert_true(ncm_dir_make(dir, 0700, &err));
    FILE *f = fopen(full, "w"); /* in place, as MLflow does */
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
    ncm_free(dir);
    ncm_free(full);
}

void folder_append(const char *root, const char *path, const char *text)
{
    char *full = ncm_path_join(root, path);
    FILE *f = fopen(full, "a");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
    ncm_free(full);
}

char *folder_read(const char *root, const char *path, ...)
{
    struct ncm_buf text;
    struct ncm_err err;
    bool more;
    va_list ap;
    va_start(ap, path);
    char *full = path_in(root, path, ap);
    va_end(ap);
    ncm_buf_init(&text, 1 << 20);
    bool there = ncm_file_read(full, 0, 1 << 19, &text, &more, &err);
    char *out = there ? ncm_buf_take(&text) : NULL;
    ncm_buf_release(&text);
    ncm_free(full);
    return out;
}

void folder_run(const char *root, const char *id, int64_t start, int status)
{
    char *meta = ncm_sprintf("artifact_uri: file:///gone/1/%s/artifacts\nend_time: null\n"
                             "experiment_id: '1'\nlifecycle_stage: active\nrun_id: %s\n"
                             "run_name: named\nstart_time: %lld\nstatus: %d\nuser_id: ann\n",
                             id, id, (long long)start, status);
    folder_write(root, meta, "1/%s/meta.yaml", id);
    ncm_free(meta);
}

struct ncm_conn *folder_open(const char *root)
{
    struct ncm_conn *c;
    struct ncm_control control = {0};
    struct ncm_err err;
    if (!ncm_mlflow_files.open(&(struct ncm_place){.location = root}, &c, &control, &err))
        fail_msg("%s: %s", root, err.what);
    return c;
}

void folder_close(struct ncm_conn *c)
{
    ncm_mlflow_files.close(c);
}

static void keep(void *to, struct ncm_snapshot *s)
{
    struct ncm_snapshot **last = to;
    ncm_snapshot_unref(*last);
    *last = s;
}

const void *folder_ask(struct ncm_conn *c, struct ncm_query *q, struct ncm_err *err)
{
    struct ncm_snapshot *last = NULL;
    struct ncm_fetch f = {.query = q, .count = 100000, .publish = keep, .to = &last};
    bool ok = ncm_mlflow_files.fetch(c, &f, err);
    ncm_query_free(q);
    if (ok)
        assert_false(last->provisional);
    else
        keep(&last, NULL);
    return last;
}

const void *folder_get(struct ncm_conn *c, struct ncm_query *q)
{
    struct ncm_err err;
    const void *s = folder_ask(c, q, &err);
    if (s == NULL)
        fail_msg("%s", err.what);
    return s;
}

const struct ncm_runs_snapshot *folder_runs(struct ncm_conn *c)
{
    struct ncm_query *q = ncm_query_new(NCM_T_RUNS);
    q->all_columns = true;
    return folder_get(c, q);
}

const struct ncm_run *folder_find(const struct ncm_runs_snapshot *s, const char *id)
{
    for (size_t i = 0; i < s->n; i++)
        if (ncm_str_is(ncm_runs_at(s, i)->id, id))
            return ncm_runs_at(s, i);
    fail_msg("no run %s", id);
    return NULL;
}
