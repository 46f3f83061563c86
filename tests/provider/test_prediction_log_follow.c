/* Logs that grow, as frames of what came. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "io/db.h"
#include "provider/prediction_log/follow.h"
#include "unit/scratch.h"

enum { PATIENCE_MS = 20000 };

static struct ncm_err err;
static struct ncm_log_facts facts;

static struct ncm_log_follow *follow(const char *path, const struct ncm_frame *schema,
                                     bool from_end)
{
    struct ncm_log_follow *f;
    struct ncm_log_options o = {.rows = {.from_end = from_end}, .frame = {.schema = schema}};
    if (!ncm_log_follow_open(path, &o, &f, &err)) {
        fail_msg("%s: %s", path, err.what);
    }
    return f;
}

/* The next chunk, waited for. */
static struct ncm_frame *next(struct ncm_log_follow *f)
{
    int64_t end = ncm_mono_ms() + PATIENCE_MS;
    while (ncm_mono_ms() < end) {
        struct ncm_frame *chunk = NULL;
        enum ncm_rows_got got = ncm_log_follow_next(f, &chunk, NULL, &err);
        if (got == NCM_ROWS_BATCH) {
            return chunk;
        }
        if (got != NCM_ROWS_WAIT) {
            fail_msg("%d: %s", (int)got, err.what);
        }
        ncm_log_follow_wait(f, 100, NULL);
    }
    fail_msg("nothing came");
    return NULL;
}

static void nothing_more(struct ncm_log_follow *f)
{
    struct ncm_frame *chunk;
    assert_int_equal(ncm_log_follow_next(f, &chunk, NULL, &err), NCM_ROWS_WAIT);
}

static void append(const char *path, const char *text)
{
    FILE *f = fopen(path, "ae");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* One row of x and c. */
static void is_row(struct ncm_frame *chunk, double x, const char *c)
{
    assert_int_equal(chunk->n_rows, 1);
    const struct ncm_column *n = ncm_frame_find(chunk, "x"), *w = ncm_frame_find(chunk, "c");
    assert_true(n->numbers[0] == x || (isnan(x) && isnan(n->numbers[0])));
    assert_string_equal(w->words[w->codes[0]], c);
    ncm_frame_free(chunk);
}

static struct ncm_frame *reference(void)
{
    static const char text[] = "x,c\n1.5,red\n2.5,blue\n";
    struct ncm_frame *f;
    assert_true(ncm_log_read(scratch_file("ref.csv", text, sizeof text - 1),
                             &(struct ncm_log_options){0}, &f, &facts, NULL, NULL, NULL, &err));
    return f;
}

static void rows_come_as_they_are_appended(void **state)
{
    static const char begin[] = "c,x\nblue,3\n";
    (void)state;
    struct ncm_frame *ref = reference();
    const char *path = scratch_file("grow.csv", begin, sizeof begin - 1);
    struct ncm_log_follow *f = follow(path, ref, false);
    struct ncm_frame *chunk = next(f);
    assert_int_equal(ncm_frame_find(chunk, "c")->codes[0], 1); /* as in the reference */
    is_row(chunk, 3, "blue");
    nothing_more(f);
    append(path, "green,4.5\nre");
    is_row(next(f), 4.5, "green");
    nothing_more(f);
    append(path, "d,many\n");
    is_row(next(f), NAN, "red");
    ncm_log_follow_facts(f, &facts);
    assert_int_equal(facts.rows, 3);
    assert_int_equal(facts.values.parse_failures, 1);
    char *position = ncm_log_follow_position(f);
    ncm_log_follow_close(f);
    append(path, "green,6\n");
    f = follow(path, ref, false);
    assert_true(ncm_log_follow_resume(f, position));
    is_row(next(f), 6, "green");
    nothing_more(f);
    ncm_log_follow_close(f);
    ncm_free(position);
    ncm_frame_free(ref);
}

static void exec(struct ncm_db *db, const char *sql)
{
    if (!ncm_db_exec(db, sql, &err)) {
        fail_msg("%s", err.what);
    }
}

static void rows_come_as_they_are_inserted(void **state)
{
    struct ncm_db *db;
    (void)state;
    const char *path = scratch("grow.db");
    struct ncm_frame *ref = reference();
    assert_true(ncm_db_open(path, NCM_DB_CREATE, 1000, NULL, &db, &err));
    exec(db, "CREATE TABLE p (x, c, other); INSERT INTO p VALUES (1, 'red', 1)");
    struct ncm_log_follow *f = follow(path, ref, true);
    nothing_more(f);
    exec(db, "INSERT INTO p VALUES (2.5, 'green', 1)");
    is_row(next(f), 2.5, "green");
    nothing_more(f);
    char *position = ncm_log_follow_position(f);
    ncm_log_follow_facts(f, &facts);
    assert_int_equal(facts.values.n_extra, 1);
    ncm_log_follow_close(f);
    exec(db, "INSERT INTO p VALUES ('7', 'blue', 1)");
    f = follow(path, ref, false);
    assert_true(ncm_log_follow_resume(f, position));
    is_row(next(f), 7, "blue");
    assert_false(ncm_log_follow_resume(f, "somewhere"));
    ncm_log_follow_close(f);
    ncm_db_close(db);
    ncm_free(position);
    ncm_frame_free(ref);
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
        cmocka_unit_test(rows_come_as_they_are_appended),
        cmocka_unit_test(rows_come_as_they_are_inserted),
    };
    return cmocka_run_group_tests(tests, NULL, clean_up);
}
