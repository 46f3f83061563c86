/* Rows of an SQLite table: each once, by rowid, with numbers as they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/num.h"
#include "io/db.h"
#include "io/rows_db.h"
#include "unit/rows_text.h"
#include "unit/scratch.h"

static struct ncm_db *db;
static char path[256], address[512];

static void sql(const char *text)
{
    struct ncm_err err;
    if (!ncm_db_exec(db, text, &err))
        fail_msg("%s: %s", text, err.what);
}

static int fresh(void **state)
{
    struct ncm_err err;
    (void)state;
    scratch_remove();
    snprintf(path, sizeof path, "%s", scratch("p.db"));
    snprintf(address, sizeof address, "sqlite:%s?table=my%%20log", path);
    assert_true(ncm_db_open(path, NCM_DB_CREATE, 1000, NULL, &db, &err));
    sql("CREATE TABLE \"my log\" (a, b TEXT, c REAL)");
    sql("INSERT INTO \"my log\" VALUES (1, 'x', 0.1), (NULL, '', 1e300), (-7, 'y|', NULL)");
    return 0;
}

static int done(void **state)
{
    (void)state;
    ncm_db_close(db);
    return 0;
}

static void a_table_comes_with_its_kinds(void **state)
{
    struct ncm_rows_options o = {0};
    (void)state;
    char *got = rows_text(address, &o);
    assert_string_equal(got, "a|b|c\n1:#1|x|#0.1\n2:~||#1e+300\n3:#-7|y||~\n");
    ncm_free(got);
}

static void many_rows_come_once_each(void **state)
{
    struct ncm_rows_options o = {0};
    struct ncm_rows *r;
    struct ncm_batch b;
    struct ncm_err err;
    enum ncm_rows_got got;
    int64_t next = 1, sum = 0;
    (void)state;
    sql("CREATE TABLE n (v); WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k "
        "WHERE i < 10000) INSERT INTO n SELECT i FROM k");
    assert_true(ncm_rows_open_table(path, "n", INT64_MIN, &o, &r, &err));
    while ((got = ncm_rows_next(r, &b, NULL, &err)) == NCM_ROWS_BATCH)
        for (size_t i = 0; i < b.n_rows; i++) {
            char text[32];
            int64_t v;
            assert_int_equal(b.lines[i], next++);
            snprintf(text, sizeof text, "%.*s", (int)b.fields[i].len, b.fields[i].p);
            assert_true(ncm_parse_i64(text, &v));
            sum += v;
        }
    assert_int_equal(got, NCM_ROWS_END);
    assert_int_equal(sum, 10000 * 10001 / 2);
    ncm_rows_close(r);
}

static void what_is_inserted_comes(void **state)
{
    struct ncm_rows_options o = {.follow = true, .from_end = true};
    struct ncm_rows *r;
    struct ncm_err err;
    struct ncm_buf got;
    size_t n_columns = 0;
    (void)state;
    ncm_buf_init(&got, 1 << 16);
    assert_true(ncm_rows_open(address, &o, &r, &err));
    assert_int_equal(rows_text_rest(&got, r, &n_columns), NCM_ROWS_WAIT);
    sql("INSERT INTO \"my log\" VALUES (4, 'new', 2)");
    ncm_rows_wait(r, 20000, NULL);
    assert_int_equal(rows_text_rest(&got, r, &n_columns), NCM_ROWS_WAIT);
    assert_string_equal(got.p, "a|b|c\n4:#4|new|#2\n");
    char *position = ncm_rows_position(r);
    ncm_rows_close(r);
    sql("INSERT INTO \"my log\" VALUES (5, 'newer', 3)");
    ncm_buf_clear(&got);
    n_columns = 0;
    o.from_end = false;
    assert_true(ncm_rows_open(address, &o, &r, &err));
    assert_true(ncm_rows_resume(r, position));
    assert_int_equal(rows_text_rest(&got, r, &n_columns), NCM_ROWS_WAIT);
    assert_string_equal(got.p, "a|b|c\n5:#5|newer|#3\n");
    ncm_rows_close(r);
    ncm_free(position);
    ncm_buf_release(&got);
}

static void a_select_is_read_once(void **state)
{
    struct ncm_rows *r;
    struct ncm_err err;
    struct ncm_buf got;
    size_t n_columns = 0;
    (void)state;
    ncm_buf_init(&got, 1 << 16);
    assert_true(ncm_rows_open_select(
        path, "SELECT a, a, b AS n FROM \"my log\" WHERE a IS NOT NULL", &r, &err));
    assert_int_equal(rows_text_rest(&got, r, &n_columns), NCM_ROWS_END);
    assert_string_equal(got.p, "a|a_2|n\n1:#1|#1|x\n2:#-7|#-7|y|\n");
    ncm_rows_close(r);
    ncm_buf_release(&got);
}

static void what_is_not_there_is_said(void **state)
{
    struct ncm_rows_options o = {0};
    struct ncm_rows *r;
    struct ncm_err err;
    (void)state;
    assert_false(ncm_rows_open_table(path, "none", 0, &o, &r, &err));
    assert_int_equal(err.code, NCM_NOT_FOUND);
    assert_false(ncm_rows_open("sqlite:nowhere.db?table=x", &o, &r, &err));
    assert_int_equal(err.code, NCM_NOT_FOUND);
    assert_false(ncm_rows_open("sqlite:nowhere.db", &o, &r, &err));
    assert_int_equal(err.code, NCM_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_table_comes_with_its_kinds, fresh, done),
        cmocka_unit_test_setup_teardown(many_rows_come_once_each, fresh, done),
        cmocka_unit_test_setup_teardown(what_is_inserted_comes, fresh, done),
        cmocka_unit_test_setup_teardown(a_select_is_read_once, fresh, done),
        cmocka_unit_test_setup_teardown(what_is_not_there_is_said, fresh, done),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_remove();
    return failed;
}
