/* Whole logs as frames, and the rows behind a bar. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/num.h"
#include "io/db.h"
#include "provider/prediction_log/find_rows.h"
#include "unit/scratch.h"

static struct ncm_err err;
static struct ncm_log_facts facts;
static const struct ncm_log_options usual;

static struct ncm_frame *read_log(const char *path, const struct ncm_log_options *o)
{
    struct ncm_frame *f = NULL;
    if (!ncm_log_read(path, o, &f, &facts, NULL, NULL, NULL, &err)) {
        fail_msg("%s: %s", path, err.what);
    }
    return f;
}

static const char *file(const char *name, const char *text)
{
    return scratch_file(name, text, strlen(text));
}

static void a_csv_file_is_a_frame(void **state)
{
    (void)state;
    const char *path = file("a.csv", "timestamp,age,city\n"
                                     "2026-11-21T00:00:00Z,30.5,\"Paris, FR\"\n"
                                     "2026-11-21T00:00:01Z,NA,Oslo\n"
                                     "2026-11-21T00:00:02Z,41,\"Paris, FR\"\n");
    struct ncm_frame *f = read_log(path, &usual);
    assert_int_equal(f->n_rows, 3);
    assert_string_equal(f->time_name, "timestamp");
    assert_true(f->times[2] - f->times[0] == 2000);
    const struct ncm_column *age = ncm_frame_find(f, "age"), *city = ncm_frame_find(f, "city");
    assert_true(age->numbers[0] == 30.5 && isnan(age->numbers[1]) && age->numbers[2] == 41);
    assert_string_equal(city->words[city->codes[2]], "Paris, FR");
    assert_int_equal(city->counts[0], 2);
    assert_int_equal(facts.rows, 3);
    assert_int_equal(facts.bad_rows, 0);
    assert_true(facts.bytes > 0 && facts.bytes == facts.total_bytes);
    assert_false(facts.again);
    ncm_frame_free(f);
}

static void json_lines_are_a_frame(void **state)
{
    (void)state;
    const char *path = file(
        "b.jsonl", "{\"timestamp\":\"2026-11-21 14:03:22.5\",\"request_id\":\"r1\",\"age\":30.5,"
                   "\"ok\":true,\"score\":\"0.5\"}\n"
                   "{\"timestamp\":\"2026-11-21 14:03:23\",\"request_id\":\"r2\",\"age\":null,"
                   "\"ok\":false,\"score\":\"0.25\",\"late\":7.5}\n");
    struct ncm_frame *f = read_log(path, &usual);
    assert_int_equal(f->n_rows, 2);
    assert_true(f->times[0] == 1795269802500);
    assert_int_equal(ncm_frame_find(f, "age")->n_missing, 1);
    assert_int_equal(ncm_frame_find(f, "ok")->type, NCM_COLUMN_CATEGORY);
    assert_true(ncm_frame_find(f, "score")->numbers[1] == 0.25);
    assert_true(isnan(ncm_frame_find(f, "late")->numbers[0]));
    assert_true(ncm_frame_find(f, "late")->numbers[1] == 7.5);
    ncm_frame_free(f);
}

/* Numbers for thousands of rows, then a word: all is read again and nothing of it is lost. */
static void a_late_word_makes_a_category_of_a_column(void **state)
{
    struct ncm_buf b;
    (void)state;
    ncm_buf_init(&b, (size_t)1 << 24);
    ncm_buf_puts(&b, "x,y\n");
    for (int i = 0; i < 60000; i++) {
        ncm_buf_printf(&b, "%d.50,%d\n", i, i);
    }
    ncm_buf_puts(&b, "none of them,1\n");
    const char *path = scratch_file("late.csv", b.p, b.len);
    struct ncm_frame *f = read_log(path, &usual);
    const struct ncm_column *x = ncm_frame_find(f, "x");
    assert_true(facts.again);
    assert_int_equal(facts.rows, 60001);
    assert_int_equal(facts.values.rows, 60001);
    assert_int_equal(facts.values.parse_failures, 0);
    assert_int_equal(x->type, NCM_COLUMN_CATEGORY);
    assert_string_equal(x->words[x->codes[0]], "0.50");
    assert_int_equal(x->n_words, 10001);
    assert_int_equal(x->other, 10000);
    assert_int_equal(ncm_frame_find(f, "y")->type, NCM_COLUMN_NUMBER);
    ncm_frame_free(f);
    ncm_buf_release(&b);
}

/* What came through a pipe cannot be read again: the column stays one of numbers, and it is said.
 */
static void a_late_word_of_standard_input_is_a_failure(void **state)
{
    (void)state;
    assert_non_null(freopen(scratch("late.csv"), "re", stdin));
    struct ncm_frame *f = read_log("-", &usual);
    const struct ncm_column *x = ncm_frame_find(f, "x");
    assert_false(facts.again);
    assert_int_equal(facts.values.parse_failures, 1);
    assert_string_equal(facts.values.failed_column, "x");
    assert_int_equal(facts.values.failed_line, 60002);
    assert_int_equal(x->type, NCM_COLUMN_NUMBER);
    assert_int_equal(x->n_missing, 1);
    assert_int_equal(f->n_rows, 60001);
    ncm_frame_free(f);
}

static void a_column_that_is_not_there_is_named(void **state)
{
    static const char *const wanted[] = {"x", "nowhere"};
    struct ncm_frame *f;
    (void)state;
    const char *path = file("c.csv", "x,y\n1,2\n");
    assert_false(ncm_log_read(path,
                              &(struct ncm_log_options){.frame = {.wanted = wanted, .n_wanted = 2}},
                              &f, &facts, NULL, NULL, NULL, &err));
    assert_int_equal(err.code, NCM_USAGE);
    assert_non_null(strstr(err.what, "nowhere"));
    assert_false(ncm_log_read(path, &(struct ncm_log_options){.frame = {.time_name = "when"}}, &f,
                              &facts, NULL, NULL, NULL, &err));
    assert_non_null(strstr(err.what, "when"));
    assert_false(ncm_log_read(scratch("nothing.csv"), &usual, &f, &facts, NULL, NULL, NULL, &err));
    assert_int_equal(err.code, NCM_NOT_FOUND);
}

static void stop_after_first(void *data, const struct ncm_log_facts *f)
{
    assert_true(f->rows > 0);
    atomic_store((atomic_bool *)data, true);
}

static void reading_can_be_cancelled(void **state)
{
    atomic_bool cancel = false;
    struct ncm_frame *f;
    struct ncm_buf b;
    (void)state;
    ncm_buf_init(&b, (size_t)1 << 26);
    ncm_buf_puts(&b, "x\n");
    for (int i = 0; i < 2000000; i++) {
        ncm_buf_puts(&b, "0.5\n");
    }
    const char *path = scratch_file("long.csv", b.p, b.len);
    assert_false(ncm_log_read(path, &usual, &f, &facts, &cancel, stop_after_first, &cancel, &err));
    assert_int_equal(err.code, NCM_CANCELLED);
    assert_true(facts.rows < 2000000);
    ncm_buf_release(&b);
}

static void captured_requests_are_a_row_an_instance(void **state)
{
    static const char text[] =
        "{\"captureData\":{\"endpointInput\":{\"observedContentType\":\"text/csv\",\"mode\":"
        "\"INPUT\",\"data\":\"132.5,NY,\\n25,\\\"a,b\\\",7.5\",\"encoding\":\"CSV\"},"
        "\"endpointOutput\":{\"data\":\"0.01\\n0.99\",\"encoding\":\"CSV\"}},"
        "\"eventMetadata\":{\"eventId\":\"e1\",\"inferenceTime\":\"2026-11-21T14:03:22Z\"}}\n"
        "{\"captureData\":{\"endpointInput\":{\"data\":\"{\\\"instances\\\":[[1.5,\\\"LA\\\"]]}\","
        "\"encoding\":\"JSON\"},\"endpointOutput\":{\"data\":\"{\\\"predictions\\\":[0.25]}\","
        "\"encoding\":\"JSON\"}},\"eventMetadata\":{\"eventId\":\"e2\",\"inferenceTime\":"
        "\"2026-11-21T14:03:23Z\"}}\n";
    (void)state;
    struct ncm_frame *f = read_log(file("capture.jsonl", text), &usual);
    assert_int_equal(f->n_rows, 3);
    assert_string_equal(f->time_name, "timestamp");
    assert_true(f->times[1] == 1795269802000 && f->times[2] == 1795269803000);
    const struct ncm_column *age = ncm_frame_find(f, "input[0]"),
                            *city = ncm_frame_find(f, "input[1]"),
                            *out = ncm_frame_find(f, "output[0]"),
                            *id = ncm_frame_find(f, "eventMetadata.eventId");
    assert_true(age->numbers[0] == 132.5 && age->numbers[1] == 25 && age->numbers[2] == 1.5);
    assert_string_equal(city->words[city->codes[0]], "NY");
    assert_string_equal(city->words[city->codes[1]], "a,b");
    assert_string_equal(city->words[city->codes[2]], "LA");
    assert_true(out->numbers[0] == 0.01 && out->numbers[1] == 0.99 && out->numbers[2] == 0.25);
    assert_int_equal(id->codes[0], id->codes[1]);
    assert_int_equal(ncm_frame_find(f, "input[2]")->n_missing, 2);
    assert_int_equal(facts.rows, 2); /* lines */
    assert_int_equal(facts.values.rows, 3);
    ncm_frame_free(f);
}

/* ---- tables ---------------------------------------------------------------------------------- */

static const char *make_table(const char *name, const char *sql)
{
    struct ncm_db *db;
    const char *path = scratch(name);
    assert_true(ncm_db_open(path, NCM_DB_CREATE, 1000, NULL, &db, &err));
    if (!ncm_db_exec(db, sql, &err)) {
        fail_msg("%s", err.what);
    }
    ncm_db_close(db);
    return path;
}

static void a_table_is_a_frame(void **state)
{
    (void)state;
    const char *path = make_table(
        "p.db", "CREATE TABLE \"my \"\"predictions\" (ts INTEGER, x REAL, \"the word\" TEXT);"
                "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2499)"
                "INSERT INTO \"my \"\"predictions\" SELECT 1795269802 + i, "
                "CASE WHEN i = 7 THEN NULL ELSE i / 3.0 END, 'w' || (i % 3) FROM n");
    struct ncm_frame *f = read_log(path, &usual);
    assert_int_equal(f->n_rows, 2500);
    assert_int_equal(facts.rows, 2500);
    const struct ncm_column *x = ncm_frame_find(f, "x");
    assert_int_equal(x->n_missing, 1);
    for (int i = 0; i < 2500; i++) {
        assert_true(i == 7 || x->numbers[i] == i / 3.0);
        assert_true(f->times[i] == 1795269802000 + i * 1000);
    }
    assert_int_equal(ncm_frame_find(f, "the word")->n_words, 3);
    ncm_frame_free(f);
}

static void which_table_is_asked_where_there_are_several(void **state)
{
    struct ncm_frame *f;
    (void)state;
    const char *path = make_table("q.sqlite", "CREATE TABLE a (x); CREATE TABLE b (y);"
                                              "INSERT INTO b VALUES (1.5)");
    assert_false(ncm_log_read(path, &usual, &f, &facts, NULL, NULL, NULL, &err));
    assert_int_equal(err.code, NCM_USAGE);
    assert_false(ncm_log_read(path, &(struct ncm_log_options){.table = "c"}, &f, &facts, NULL, NULL,
                              NULL, &err));
    assert_int_equal(err.code, NCM_NOT_FOUND);
    f = read_log(path, &(struct ncm_log_options){.table = "b"});
    assert_true(f->n_rows == 1 && f->columns[0].numbers[0] == 1.5);
    ncm_frame_free(f);
}

/* ---- the rows behind a bar ------------------------------------------------------------------- */

static struct ncm_found_rows *find(const char *path, const struct ncm_row_question *q)
{
    struct ncm_found_rows *r;
    if (!ncm_log_find_rows(path, &usual, q, &r, NULL, &err)) {
        fail_msg("%s", err.what);
    }
    return r;
}

static void finds(const char *path, const struct ncm_row_question *q, const char *lines)
{
    struct ncm_found_rows *r = find(path, q);
    char got[200] = "";
    for (size_t i = 0; i < r->n; i++) {
        size_t n = strlen(got);
        snprintf(got + n, sizeof got - n, "%s%lld", i ? " " : "", (long long)r->rows[i].line);
    }
    assert_string_equal(got, lines);
    ncm_found_rows_free(r);
}

static void the_rows_behind_a_bar(void **state)
{
    (void)state;
    const char *path = file("bar.csv", "ts,x,c\n"
                                       "2026-11-21,1,red\n"
                                       "2026-11-22,2.0,Red\n"
                                       "2026-11-23,3,red\n"
                                       "2026-11-24,NA,\n"
                                       "2026-11-25,oops,red\n"
                                       "2026-11-26,-inf,blue\n");
    struct ncm_row_question q = {.column = "x", .test = NCM_ROW_WITHIN, .lo = 1, .hi = 2};
    q.since_ms = q.until_ms = NCM_NO_TIME;
    finds(path, &q, "2 3");
    q.above_lo = true;
    finds(path, &q, "3");
    q.above_lo = false;
    q.below_hi = true;
    finds(path, &q, "2");
    q = (struct ncm_row_question){.column = "x", .test = NCM_ROW_WITHIN, .lo = -INFINITY, .hi = 1};
    finds(path, &q, "2 7");
    q = (struct ncm_row_question){.column = "c", .test = NCM_ROW_WORD, .word = "red"};
    finds(path, &q, "2 4 6");
    q.time = "ts";
    q.since_ms = INT64_C(1795392000000); /* the 23rd */
    q.until_ms = INT64_C(1795564800000); /* the 25th */
    finds(path, &q, "4");
    q.until_ms = NCM_NO_TIME;
    finds(path, &q, "4 6");
    char *words[] = {"red", "blue", "(other)"};
    struct ncm_column known = {.words = words, .n_words = 3, .other = 2};
    q = (struct ncm_row_question){.column = "c", .test = NCM_ROW_OTHER, .known = &known};
    finds(path, &q, "3");
    q = (struct ncm_row_question){.column = "x", .test = NCM_ROW_MISSING};
    finds(path, &q, "5");
    q.number = true;
    finds(path, &q, "5 6");
    q = (struct ncm_row_question){.test = NCM_ROW_ANY, .most = 2};
    finds(path, &q, "2 3");
    struct ncm_found_rows *r = find(path, &q);
    assert_true(r->more);
    assert_int_equal(r->n_columns, 3);
    assert_string_equal(r->columns[1], "x");
    assert_string_equal(r->rows[1].fields[1], "2.0");
    assert_string_equal(r->rows[1].file, path);
    ncm_found_rows_free(r);
    q = (struct ncm_row_question){.column = "y", .test = NCM_ROW_MISSING};
    assert_false(ncm_log_find_rows(path, &usual, &q, &r, NULL, &err));
    assert_int_equal(err.code, NCM_USAGE);
}

static int clean_up(void **state)
{
    (void)state;
    scratch_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_csv_file_is_a_frame),
        cmocka_unit_test(json_lines_are_a_frame),
        cmocka_unit_test(a_late_word_makes_a_category_of_a_column),
        cmocka_unit_test(a_late_word_of_standard_input_is_a_failure),
        cmocka_unit_test(a_column_that_is_not_there_is_named),
        cmocka_unit_test(reading_can_be_cancelled),
        cmocka_unit_test(captured_requests_are_a_row_an_instance),
        cmocka_unit_test(a_table_is_a_frame),
        cmocka_unit_test(which_table_is_asked_where_there_are_several),
        cmocka_unit_test(the_rows_behind_a_bar),
    };
    return cmocka_run_group_tests(tests, NULL, clean_up);
}
