/* A store that is in use, in the wrong state, or large; files beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/db.h"
#include "io/file.h"
#include "provider/mlflow_sqlite/mlflow_sqlite.h"
#include "provider/stores.h"
#include "unit/scratch.h"

#define CURRENT "3.17.2"

/* As another program would. */
static void write_sql(const char *path, const char *sql)
{
    struct ncm_db *db;
    struct ncm_err err;
    if (!ncm_db_open(path, NCM_DB_WRITE, 5000, NULL, &db, &err) || !ncm_db_exec(db, sql, &err))
        fail_msg("%s", err.what);
    ncm_db_close(db);
}

static struct ncm_err refused(const char *path)
{
    struct ncm_conn *c;
    struct ncm_control control = {0};
    struct ncm_err err;
    if (ncm_mlflow_sqlite.open(&(struct ncm_place){.location = path}, &c, &control, &err))
        fail_msg("opened: %s", path);
    assert_true(err.what[0] != '\0');
    return err;
}

static void what_is_no_store_is_refused(void **state)
{
    const char *path = store_copy(CURRENT, "two.db");
    char *whole;
    struct ncm_buf bytes;
    struct ncm_err err;
    bool truncated;
    (void)state;
    assert_int_equal(refused(scratch("absent.db")).code, NCM_NOT_FOUND);
    assert_int_equal(refused(scratch_file("empty.db", "", 0)).code, NCM_INVALID_DATA);
    assert_int_equal(refused(scratch_file("text.db", "some words, no database", 23)).code,
                     NCM_INVALID_DATA);
    ncm_buf_init(&bytes, 1 << 20);
    assert_true(ncm_file_read(path, 0, 300000, &bytes, &truncated, &err));
    whole = bytes.p;
    assert_int_equal(refused(scratch_file("cut.db", whole, bytes.len)).code, NCM_INVALID_DATA);
    ncm_buf_release(&bytes);
    write_sql(path, "INSERT INTO alembic_version VALUES('0123456789ab')");
    assert_int_equal(refused(path).code, NCM_INVALID_DATA);
    write_sql(path, "DROP TABLE alembic_version");
    assert_int_equal(refused(path).code, NCM_INVALID_DATA);
}

static void probe_knows_its_kind(void **state)
{
    (void)state;
    assert_int_equal(ncm_mlflow_sqlite.probe(store_copy(CURRENT, "probe.db")), 100);
    assert_int_equal(ncm_mlflow_sqlite.probe("http://127.0.0.1:5000"), 0);
    assert_int_equal(ncm_mlflow_sqlite.probe(scratch("")), 0); /* a folder */
    assert_true(ncm_mlflow_sqlite.probe("sqlite:///nothing.db") > 0);
}

static void unknown_schemas_are_only_read(void **state)
{
    const char *path = store_copy(CURRENT, "unknown.db");
    (void)state;
    write_sql(path, "UPDATE alembic_version SET version_num='ffffffffffff'");
    struct ncm_conn *c = store_open(path);
    const struct ncm_store_snapshot *s = store_get(c, ncm_query_new(NCM_T_STORE));
    assert_false(s->writable);
    assert_true(s->why_read_only.len > 0);
    ncm_snapshot_unref(s);
    const struct ncm_runs_snapshot *runs = store_get(c, ncm_query_new(NCM_T_RUNS));
    assert_int_equal(runs->n, 42);
    ncm_snapshot_unref(runs);
    ncm_mlflow_sqlite.close(c);
    write_sql(path, "UPDATE alembic_version SET version_num='dc11669786a5';"
                    "ALTER TABLE model_versions ADD COLUMN region TEXT NOT NULL DEFAULT 'x';");
    c = store_open(path);
    s = store_get(c, ncm_query_new(NCM_T_STORE));
    assert_true(s->writable); /* a default: our writes stay whole */
    ncm_snapshot_unref(s);
    ncm_mlflow_sqlite.close(c);
}

/* What changed since the last call, within two seconds. */
static unsigned changes(struct ncm_conn *c)
{
    struct ncm_control control = {0};
    struct ncm_err err;
    struct ncm_interest interest = {.topics = ~0u};
    struct ncm_news news = {0};
    if (!ncm_mlflow_sqlite.watch(c, &interest, 2000, &control, &news, &err))
        fail_msg("%s", err.what);
    return news.what;
}

static void watch_sees_commits_migrations_and_other_files(void **state)
{
    const char *path = store_copy(CURRENT, "watched.db");
    const char *other = store_copy("2.9.2", "other.db");
    struct ncm_conn *c = store_open(path);
    struct ncm_control control = {0};
    struct ncm_err err;
    struct ncm_interest interest = {.topics = ~0u};
    struct ncm_news news;
    (void)state;
    assert_true(ncm_mlflow_sqlite.watch(c, &interest, 0, &control, &news, &err));
    assert_int_equal(news.what, NCM_WATCH_NOTHING);
    write_sql(path, "UPDATE runs SET status='RUNNING' WHERE rowid=1");
    assert_int_equal(changes(c), NCM_WATCH_DATA);
    write_sql(path, "CREATE TABLE newer(x)");
    assert_int_equal(changes(c), NCM_WATCH_DATA | NCM_WATCH_SCHEMA);
    assert_int_equal(rename(other, path), 0);
    assert_int_equal(changes(c), NCM_WATCH_REPLACED);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(changes(c), NCM_WATCH_GONE);
    ncm_mlflow_sqlite.close(c);
}

static void reads_see_a_migration(void **state)
{
    const char *path = store_copy(CURRENT, "migrated.db");
    struct ncm_conn *c = store_open(path);
    (void)state;
    const struct ncm_store_snapshot *s = store_get(c, ncm_query_new(NCM_T_STORE));
    assert_true(s->has_aliases);
    ncm_snapshot_unref(s);
    write_sql(path, "DROP TABLE registered_model_aliases");
    s = store_get(c, ncm_query_new(NCM_T_STORE));
    assert_false(s->has_aliases);
    ncm_snapshot_unref(s);
    const struct ncm_models_snapshot *m = store_get(c, ncm_query_new(NCM_T_MODELS));
    assert_true(m->n > 0);
    ncm_snapshot_unref(m);
    ncm_mlflow_sqlite.close(c);
}

static void cycles_and_orphans_do_no_harm(void **state)
{
    const char *path = store_copy(CURRENT, "cycle.db");
    struct ncm_query *q = ncm_query_new(NCM_T_RUNS);
    (void)state;
    /* a → b → a, c → c, d → a run that is not there */
    write_sql(path, "DELETE FROM tags WHERE key='mlflow.parentRunId';"
                    "INSERT INTO tags(key, value, run_uuid) SELECT 'mlflow.parentRunId',"
                    " (SELECT run_uuid FROM runs WHERE rowid=CASE r.rowid WHEN 2 THEN 3 WHEN 3"
                    " THEN 2 ELSE 4 END), run_uuid FROM runs r WHERE rowid IN (2,3,4);"
                    "INSERT INTO tags(key, value, run_uuid) SELECT 'mlflow.parentRunId', 'nowhere',"
                    " run_uuid FROM runs WHERE rowid=5;"
                    "UPDATE runs SET lifecycle_stage='active' WHERE rowid<=5;");
    struct ncm_conn *c = store_open(path);
    const struct ncm_runs_snapshot *flat = store_get(c, ncm_query_new(NCM_T_RUNS));
    q->nested = true;
    const struct ncm_runs_snapshot *nested = store_get(c, q);
    size_t children = 0;
    assert_int_equal(nested->n, flat->n);
    for (size_t i = 0; i < nested->n; i++)
        children += ncm_runs_ref(nested, i)->parent >= 0;
    assert_int_equal(children, 1);
    ncm_snapshot_unref(flat);
    ncm_snapshot_unref(nested);
    ncm_mlflow_sqlite.close(c);
}

struct seen {
    struct ncm_snapshot *last;
    int provisional, exact;
};

static void see(void *to, struct ncm_snapshot *s)
{
    struct seen *seen = to;
    const struct ncm_runs_snapshot *runs = (const struct ncm_runs_snapshot *)s;
    if (s->provisional) {
        seen->provisional++;
        assert_int_equal(seen->exact, 0);
        assert_int_equal(runs->total, -1);
        assert_non_null(ncm_runs_at(runs, 0));
    } else {
        seen->exact++;
    }
    ncm_snapshot_unref(seen->last);
    seen->last = s;
}

static void large_stores_show_first_rows_at_once(void **state)
{
    const char *path = store_copy(CURRENT, "large.db");
    (void)state;
    write_sql(path, "INSERT INTO runs(run_uuid, name, source_type, source_name, entry_point_name,"
                    " user_id, status, start_time, lifecycle_stage, artifact_uri, experiment_id)"
                    " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<25000)"
                    " SELECT printf('%032x', i*7919), 'r', 'UNKNOWN', '', '', 'u', 'FINISHED',"
                    " 1800000000000+i, 'active', '', 1 FROM n;");
    struct ncm_conn *c = store_open(path);
    struct ncm_query *q = ncm_query_new(NCM_T_RUNS);
    struct seen seen = {0};
    struct ncm_err err;
    struct ncm_fetch f = {.query = q, .count = 50, .publish = see, .to = &seen};
    ncm_query_add_id(q, "1");
    assert_true(ncm_mlflow_sqlite.fetch(c, &f, &err));
    assert_int_equal(seen.provisional, 1);
    assert_int_equal(seen.exact, 1);
    const struct ncm_runs_snapshot *first = ncm_snapshot_ref(seen.last);
    assert_true(first->n > 25000);
    assert_int_equal(first->total, first->n);
    assert_non_null(ncm_runs_at(first, 0));
    assert_null(ncm_runs_at(first, 12000));

    /* the window moves a little: one more page, everything else shared */
    f.previous = &first->head;
    f.first = 200;
    f.window_only = true;
    assert_true(ncm_mlflow_sqlite.fetch(c, &f, &err));
    const struct ncm_runs_snapshot *near = (const struct ncm_runs_snapshot *)seen.last;
    assert_ptr_equal(near->pages[0], first->pages[0]);
    assert_non_null(ncm_runs_at(near, 200));

    /* far: the order is shared, pages that nobody looks at are let go */
    f.first = 12000;
    assert_true(ncm_mlflow_sqlite.fetch(c, &f, &err));
    const struct ncm_runs_snapshot *moved = (const struct ncm_runs_snapshot *)seen.last;
    assert_ptr_equal(moved->chunks[3], first->chunks[3]);
    assert_null(ncm_runs_at(moved, 0));
    assert_non_null(ncm_runs_at(moved, 12000));

    /* an old run changes: the order stays, so do its chunks */
    write_sql(path, "UPDATE runs SET name='renamed' WHERE start_time=1800000013000");
    f.window_only = false;
    assert_true(ncm_mlflow_sqlite.fetch(c, &f, &err));
    const struct ncm_runs_snapshot *again = (const struct ncm_runs_snapshot *)seen.last;
    assert_ptr_equal(again->chunks[3], first->chunks[3]);
    assert_string_equal(ncm_runs_at(again, 12000)->name.p, "renamed");

    q->limit = 10;
    seen.exact = 0;
    f.previous = NULL;
    f.first = 0;
    assert_true(ncm_mlflow_sqlite.fetch(c, &f, &err));
    const struct ncm_runs_snapshot *few = (const struct ncm_runs_snapshot *)seen.last;
    assert_int_equal(few->n, 10);
    assert_true(few->total > 25000);
    ncm_snapshot_unref(first);
    ncm_snapshot_unref(seen.last);
    ncm_query_free(q);
    ncm_mlflow_sqlite.close(c);
}

static const char mlmodel[] =
    "flavors:\n  python_function:\n    python_version: 3.11.2\n  sklearn:\n    pickled_model: "
    "m.pkl\n"
    "mlflow_version: 3.17.2\nmodel_size_bytes: 1500\nmodel_uuid: abc\nsignature:\n"
    "  inputs: '[{\"type\": \"double\", \"name\": \"age\", \"required\": true}, {\"type\": "
    "\"tensor\","
    " \"tensor-spec\": {\"dtype\": \"float64\", \"shape\": [-1, 30]}}]'\n  outputs: null\n"
    "utc_time_created: '2026-11-21 09:00:00'\n";

static void put_file(const char *folder, const char *name, const char *text)
{
    struct ncm_err err;
    char *path = ncm_path_join(folder, name);
    if (!ncm_file_write(path, text, strlen(text), 0600, &err))
        fail_msg("%s", err.what);
    ncm_free(path);
}

/* The artifacts were made in another folder; they moved here with the store. */
static void artifacts_are_found_beside_the_store(void **state)
{
    const char *path = store_copy(CURRENT, "files.db");
    struct ncm_err err;
    (void)state;
    struct ncm_conn *c = store_open(path);
    const struct ncm_models_snapshot *m = store_get(c, ncm_query_new(NCM_T_MODELS));
    const struct ncm_model_version *v =
        ncm_model_version(ncm_models_find(m, "fraud-detector"), "1");
    const char *id = v->run_id.p;
    char *run = ncm_sprintf("mlruns/1/%s/artifacts/model", id);
    const char *folder = scratch(run);

    const struct ncm_artifacts_snapshot *list = store_get(c, ncm_query_artifacts(id, ""));
    assert_true(list->why.len > 0); /* not there yet */
    ncm_snapshot_unref(list);
    const struct ncm_facts_snapshot *facts = store_get(c, ncm_query_facts("fraud-detector", "1"));
    assert_true(facts->facts.path.p == NULL && facts->facts.why.len > 0);
    ncm_snapshot_unref(facts);

    assert_true(ncm_dir_make(folder, 0700, &err));
    put_file(folder, "MLmodel", mlmodel);
    put_file(folder, "requirements.txt", "mlflow==3.17.2\n\nnumpy<3\n");
    list = store_get(c, ncm_query_artifacts(id, "model"));
    assert_int_equal(list->n, 2);
    assert_string_equal(list->items[0].path.p, "model/MLmodel");
    ncm_snapshot_unref(list);
    const struct ncm_artifact_snapshot *file =
        store_get(c, ncm_query_artifact(id, "model/requirements.txt", 6));
    assert_string_equal(file->content.p, "mlflow");
    assert_true(file->truncated && !file->binary && file->size == 24);
    ncm_snapshot_unref(file);

    facts = store_get(c, ncm_query_facts("fraud-detector", "1"));
    assert_string_equal(facts->facts.flavors.p, "python_function, sklearn");
    assert_string_equal(facts->facts.python_version.p, "3.11.2");
    assert_string_equal(facts->facts.size.p, "1.5 kB");
    assert_int_equal(facts->facts.n_inputs, 2);
    assert_string_equal(facts->facts.inputs[0].p, "age: double");
    assert_string_equal(facts->facts.inputs[1].p, "tensor float64 (-1, 30)");
    assert_int_equal(facts->facts.n_requirements, 2);
    ncm_snapshot_unref(facts);

    /* nothing outside the run's folder */
    assert_null(store_ask(c, ncm_query_artifact(id, "../../../../files.db", 0), &err));
    assert_int_equal(err.code, NCM_REFUSED);
    char *link = ncm_path_join(folder, "out");
    assert_int_equal(symlink(path, link), 0);
    ncm_free(link);
    assert_null(store_ask(c, ncm_query_artifact(id, "model/out", 0), &err));
    assert_int_equal(err.code, NCM_REFUSED);
    assert_null(store_ask(c, ncm_query_artifact(id, "model/absent", 0), &err));
    assert_int_equal(err.code, NCM_NOT_FOUND);
    ncm_snapshot_unref(m);
    ncm_free(run);
    ncm_mlflow_sqlite.close(c);
}

static void what_is_absent_is_not_found(void **state)
{
    struct ncm_conn *c = store_open(store_copy(CURRENT, "absent-run.db"));
    struct ncm_err err;
    (void)state;
    assert_null(store_ask(c, ncm_query_run("0123"), &err));
    assert_int_equal(err.code, NCM_NOT_FOUND);
    assert_null(store_ask(c, ncm_query_facts("fraud-detector", "3"), &err)); /* deleted */
    assert_int_equal(err.code, NCM_NOT_FOUND);
    assert_null(store_ask(c, ncm_query_new(NCM_T_AUDIT), &err));
    assert_int_equal(err.code, NCM_UNSUPPORTED);
    const struct ncm_series_snapshot *s = store_get(c, ncm_query_series("0123", "auc", 0));
    assert_int_equal(s->n, 0);
    ncm_snapshot_unref(s);
    ncm_mlflow_sqlite.close(c);
}

static void a_cancelled_read_ends(void **state)
{
    struct ncm_conn *c = store_open(store_copy(CURRENT, "cancel.db"));
    struct ncm_query *q = ncm_query_new(NCM_T_RUNS);
    atomic_bool cancel;
    struct seen seen = {0};
    struct ncm_err err;
    struct ncm_fetch f = {.query = q, .count = 50, .publish = see, .to = &seen};
    (void)state;
    atomic_init(&cancel, true);
    f.control.cancel = &cancel;
    assert_false(ncm_mlflow_sqlite.fetch(c, &f, &err));
    assert_int_equal(err.code, NCM_CANCELLED);
    atomic_store(&cancel, false);
    ncm_mlflow_sqlite.interrupt(c); /* meant for the one before: this one is whole */
    assert_true(ncm_mlflow_sqlite.fetch(c, &f, &err));
    ncm_snapshot_unref(seen.last);
    ncm_query_free(q);
    ncm_mlflow_sqlite.close(c);
}

static int drop_scratch(void **state)
{
    (void)state;
    scratch_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_store_is_refused),
        cmocka_unit_test(probe_knows_its_kind),
        cmocka_unit_test(unknown_schemas_are_only_read),
        cmocka_unit_test(watch_sees_commits_migrations_and_other_files),
        cmocka_unit_test(reads_see_a_migration),
        cmocka_unit_test(cycles_and_orphans_do_no_harm),
        cmocka_unit_test(large_stores_show_first_rows_at_once),
        cmocka_unit_test(artifacts_are_found_beside_the_store),
        cmocka_unit_test(what_is_absent_is_not_found),
        cmocka_unit_test(a_cancelled_read_ends),
    };
    return cmocka_run_group_tests(tests, NULL, drop_scratch);
}
