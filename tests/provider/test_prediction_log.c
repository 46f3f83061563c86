/* From rows of text to typed columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "provider/prediction_log/builder.h"

static struct ncm_err err;

/* A table as text. Of a cell that begins with '=' the rest is a JSON number, "\1t" and "\1f" are
 * true and false, NULL is absent, all else is text. */
struct table {
    const char *const *columns;
    size_t n_columns;
    const char *const *cells;
    size_t n_rows;
};

static struct ncm_field field_of(const char *cell)
{
    if (!cell) {
        return (struct ncm_field){.kind = NCM_FIELD_ABSENT};
    }
    if (cell[0] == '=') {
        return (struct ncm_field){cell + 1, (uint32_t)strlen(cell + 1), NCM_FIELD_NUMBER};
    }
    if (strcmp(cell, "\1t") == 0) {
        return (struct ncm_field){"true", 4, NCM_FIELD_TRUE};
    }
    if (strcmp(cell, "\1f") == 0) {
        return (struct ncm_field){"false", 5, NCM_FIELD_FALSE};
    }
    return (struct ncm_field){cell, (uint32_t)strlen(cell), NCM_FIELD_TEXT};
}

static void add_rows(struct ncm_frame_builder *b, const struct table *t, size_t from, size_t n)
{
    struct ncm_field *fields = calloc(n * t->n_columns + 1, sizeof *fields);
    int64_t *lines = calloc(n + 1, sizeof *lines);
    for (size_t i = 0; i < n; i++) {
        lines[i] = (int64_t)(from + i) + 2;
        for (size_t j = 0; j < t->n_columns; j++) {
            fields[i * t->n_columns + j] = field_of(t->cells[(from + i) * t->n_columns + j]);
        }
    }
    struct ncm_batch batch = {fields, n, t->n_columns, t->columns, "log.csv", lines};
    if (!ncm_frame_builder_add(b, &batch, &err)) {
        fail_msg("%s", err.what);
    }
    free(fields);
    free(lines);
}

static uint64_t random_bits(void)
{
    static uint64_t x = 88172645463325252u;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x;
}

/* The table in batches of at most `most` rows, as a reader of files would do it. */
static struct ncm_frame *frame_of(const struct table *t, const struct ncm_frame_options *o,
                                  size_t most)
{
    struct ncm_frame_builder *b = ncm_frame_builder_new(o);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t row = 0, n; row < t->n_rows; row += n) {
            n = most == 0 ? t->n_rows : (size_t)(random_bits() % most) + 1;
            n = n < t->n_rows - row ? n : t->n_rows - row;
            add_rows(b, t, row, n);
        }
        if (!ncm_frame_builder_turned(b)) {
            break;
        }
        ncm_frame_builder_restart(b);
    }
    assert_false(ncm_frame_builder_turned(b));
    struct ncm_frame *f = ncm_frame_builder_finish(b);
    ncm_frame_builder_free(b);
    return f;
}

/* One column of those cells, ended by "\1end". */
static struct ncm_frame *column_of(const char *const *cells, const struct ncm_frame_options *o)
{
    static const char *const names[] = {"x"};
    struct table t = {names, 1, cells, 0};
    while (!cells[t.n_rows] || strcmp(cells[t.n_rows], "\1end") != 0) {
        t.n_rows++;
    }
    struct ncm_frame *f = frame_of(&t, o, 0);
    assert_int_equal(f->n_columns, 1);
    assert_int_equal(f->n_rows, t.n_rows);
    return f;
}

static const struct ncm_frame_options usual;

static const char *word_at(const struct ncm_column *c, size_t row)
{
    return c->codes[row] == NCM_NO_CODE ? NULL : c->words[c->codes[row]];
}

static void missing_tokens_and_infinities_of_numbers(void **state)
{
    static const char *const cells[] = {
        "1.5",  "",     "NA", "N/A", "n/a",  "NaN",      "nan",       "null", "NULL", "None",
        "#N/A", "<NA>", NULL, "inf", "-INF", "Infinity", "+infinity", "-nan", "-2e3", "\1end"};
    (void)state;
    struct ncm_frame *f = column_of(cells, &usual);
    const struct ncm_column *c = &f->columns[0];
    assert_int_equal(c->type, NCM_COLUMN_NUMBER);
    assert_int_equal(c->n_missing, 13);
    assert_int_equal(c->n_infinite, 4);
    assert_true(c->numbers[0] == 1.5 && c->numbers[18] == -2000);
    assert_true(isnan(c->numbers[1]) && isnan(c->numbers[12]) && isnan(c->numbers[17]));
    assert_true(isinf(c->numbers[13]) && c->numbers[14] < 0 && c->numbers[16] > 0);
    assert_false(c->integers);
    ncm_frame_free(f);
}

static void categories_are_told_apart_by_their_bytes(void **state)
{
    static const char *const cells[] = {"0",   "00",   "0.0", " 0",      "0 ",   "red",
                                        "Red", "NA",   "0",   "(other)", "na",   "NAN",
                                        "\1t", "true", NULL,  "red",     "\1end"};
    (void)state;
    struct ncm_frame *f = column_of(cells, &usual);
    const struct ncm_column *c = &f->columns[0];
    assert_int_equal(c->type, NCM_COLUMN_CATEGORY);
    assert_int_equal(c->n_words, 11);
    assert_int_equal(c->n_missing, 2);
    assert_int_equal(c->other, NCM_NO_CODE);
    for (size_t i = 0; i < f->n_rows; i++) {
        const char *word = word_at(c, i);
        if (!word) {
            assert_true(i == 7 || i == 14);
        } else {
            assert_string_equal(word, i == 12 ? "true" : cells[i]);
        }
    }
    assert_int_equal(c->counts[0], 2);
    ncm_frame_free(f);
}

static void few_whole_numbers_are_a_category(void **state)
{
    static const char *const ten[] = {"1", "2",  "3", "4",  "5", "6",   "7",  "8",
                                      "9", "10", "1", NULL, "",  "1.0", "01", "\1end"};
    static const char *const eleven[] = {"1", "2", "3", "4",  "5",  "6",
                                         "7", "8", "9", "10", "11", "\1end"};
    static const char *const halves[] = {"1", "2.5", "1", "\1end"};
    static const char *const texts[] = {"=1.5", "2.25", "=3", "\1end"};
    static const char *const empty[] = {"", NULL, "NA", "\1end"};
    static const char *const yes_no[] = {"\1t", "\1f", "\1t", "\1end"};
    (void)state;
    struct ncm_frame *f = column_of(ten, &usual);
    assert_int_equal(f->columns[0].type, NCM_COLUMN_CATEGORY);
    assert_int_equal(f->columns[0].n_words, 12);
    assert_int_equal(f->columns[0].n_missing, 2);
    ncm_frame_free(f);
    f = column_of(eleven, &usual);
    assert_int_equal(f->columns[0].type, NCM_COLUMN_NUMBER);
    assert_true(f->columns[0].integers && f->columns[0].numbers[10] == 11);
    ncm_frame_free(f);
    f = column_of(halves, &usual);
    assert_int_equal(f->columns[0].type, NCM_COLUMN_NUMBER);
    ncm_frame_free(f);
    f = column_of(texts, &usual);
    assert_int_equal(f->columns[0].type, NCM_COLUMN_NUMBER);
    assert_true(f->columns[0].numbers[1] == 2.25);
    ncm_frame_free(f);
    f = column_of(empty, &usual);
    assert_int_equal(f->columns[0].type, NCM_COLUMN_NUMBER);
    assert_int_equal(f->columns[0].n_missing, 3);
    ncm_frame_free(f);
    f = column_of(yes_no, &usual);
    assert_string_equal(word_at(&f->columns[0], 1), "false");
    ncm_frame_free(f);
}

static void a_person_decides_types_and_columns(void **state)
{
    static const char *const names[] = {"a", "b", "c", "b"};
    static const char *const cells[] = {"1", "1.5", "x", "7", "2", "no", "y", "8"};
    static const struct ncm_column_wish types[] = {{"a", NCM_COLUMN_NUMBER},
                                                   {"b", NCM_COLUMN_CATEGORY}};
    static const char *const wanted[] = {"a", "b"}, *const ignored[] = {"a"};
    const struct table t = {names, 4, cells, 2};
    (void)state;
    struct ncm_frame *f =
        frame_of(&t, &(struct ncm_frame_options){.types = types, .n_types = 2}, 0);
    assert_int_equal(f->n_columns, 3);
    assert_int_equal(ncm_frame_find(f, "a")->type, NCM_COLUMN_NUMBER);
    assert_string_equal(word_at(ncm_frame_find(f, "b"), 1), "no");
    ncm_frame_free(f);
    f = frame_of(&t,
                 &(struct ncm_frame_options){
                     .wanted = wanted, .n_wanted = 2, .ignored = ignored, .n_ignored = 1},
                 0);
    assert_int_equal(f->n_columns, 1);
    assert_string_equal(f->columns[0].name, "b");
    ncm_frame_free(f);
}

static void words_beyond_the_most_are_other(void **state)
{
    static const char *const cells[] = {"a", "b", "c", "d", "b", "c", "\1end"};
    (void)state;
    struct ncm_frame *f = column_of(cells, &(struct ncm_frame_options){.most_words = 2});
    const struct ncm_column *c = &f->columns[0];
    assert_int_equal(c->n_words, 3);
    assert_int_equal(c->other, 2);
    assert_string_equal(c->words[2], "(other)");
    assert_int_equal(c->counts[0], 1);
    assert_int_equal(c->counts[1], 2);
    assert_int_equal(c->counts[2], 3);
    ncm_frame_free(f);
}

static void the_time_column_is_found(void **state)
{
    static const char *const names[] = {"time", "Timestamp", "x"};
    static const char *const cells[] = {"0.25", "2026-11-21T14:03:22Z", "1.5", "0.75", "soon",
                                        "2.5"};
    const struct table t = {names, 3, cells, 2};
    (void)state;
    struct ncm_frame *f = frame_of(&t, &usual, 1);
    assert_string_equal(f->time_name, "Timestamp");
    assert_int_equal(f->n_columns, 2); /* the time that it took is a number */
    assert_true(f->times[0] == 1795269802000 && f->times[1] == NCM_NO_TIME);
    ncm_frame_free(f);
    f = frame_of(&t, &(struct ncm_frame_options){.no_time = true}, 1);
    assert_null(f->times);
    assert_int_equal(f->n_columns, 3);
    ncm_frame_free(f);
    f = frame_of(&t, &(struct ncm_frame_options){.time_name = "x"}, 1);
    assert_string_equal(f->time_name, "x");
    assert_true(f->times[1] == 2500);
    ncm_frame_free(f);
}

static void columns_go_by_name(void **state)
{
    static const char *const first[] = {"a", "b"}, *const second[] = {"c", "b", "a"};
    static const char *const one[] = {"1.5", "x"}, *const two[] = {"new", "y", "2.5"};
    const struct table t = {first, 2, one, 1}, u = {second, 3, two, 1};
    (void)state;
    struct ncm_frame_builder *b = ncm_frame_builder_new(&usual);
    add_rows(b, &t, 0, 1);
    add_rows(b, &u, 0, 1);
    add_rows(b, &t, 0, 1);
    struct ncm_frame *f = ncm_frame_builder_finish(b);
    ncm_frame_builder_free(b);
    assert_int_equal(f->n_columns, 3);
    assert_true(f->columns[0].numbers[1] == 2.5 && f->columns[0].numbers[2] == 1.5);
    assert_string_equal(word_at(&f->columns[1], 1), "y");
    assert_string_equal(word_at(&f->columns[2], 1), "new");
    assert_null(word_at(&f->columns[2], 0));
    assert_int_equal(f->columns[2].n_missing, 2);
    ncm_frame_free(f);
}

static void the_reference_decides_for_the_current_side(void **state)
{
    static const char *const names[] = {"n", "c", "gone"}, *const later[] = {"c", "n", "extra"};
    static const char *const ref[] = {"1.5", "x", "1.5", "2.5", "y", "2.5"};
    static const char *const cur[] = {"new", "oops", "1", "y", "3", "1", "7", "\1t", "1"};
    const struct table t = {names, 3, ref, 2}, u = {later, 3, cur, 3};
    (void)state;
    struct ncm_frame *r = frame_of(&t, &usual, 0);
    struct ncm_frame_builder *b = ncm_frame_builder_new(&(struct ncm_frame_options){.schema = r});
    add_rows(b, &u, 0, 3);
    struct ncm_frame_facts facts;
    ncm_frame_builder_facts(b, &facts);
    assert_int_equal(facts.parse_failures, 2);
    assert_string_equal(facts.failed_column, "n");
    assert_int_equal(facts.failed_line, 2);
    assert_int_equal(facts.n_extra, 1);
    assert_false(ncm_frame_builder_turned(b));
    struct ncm_frame *f = ncm_frame_builder_finish(b);
    ncm_frame_builder_free(b);
    assert_int_equal(f->n_columns, 3);
    assert_string_equal(f->columns[0].name, "n");
    assert_int_equal(f->columns[0].n_missing, 2);
    assert_true(f->columns[0].numbers[1] == 3);
    const struct ncm_column *c = &f->columns[1];
    assert_int_equal(c->n_words, 4); /* x y new 7: with the reference's codes first */
    assert_string_equal(c->words[0], "x");
    assert_int_equal(c->counts[0], 0);
    assert_int_equal(c->codes[1], 1);
    assert_int_equal(f->columns[2].n_missing, 3);
    ncm_frame_free(f);
    ncm_frame_free(r);
}

static void codes_keep_their_meaning_from_take_to_take(void **state)
{
    static const char *const names[] = {"c", "n"};
    static const char *const cells[] = {"x", "1.5", "y", "2.5", "y", "no", "z", "4.5"};
    const struct table t = {names, 2, cells, 4};
    (void)state;
    struct ncm_frame_builder *b = ncm_frame_builder_new(&usual);
    add_rows(b, &t, 0, 2);
    struct ncm_frame *one = ncm_frame_builder_take(b);
    struct ncm_frame *none = ncm_frame_builder_take(b);
    add_rows(b, &t, 2, 2);
    struct ncm_frame *two = ncm_frame_builder_take(b);
    struct ncm_frame_facts facts;
    ncm_frame_builder_facts(b, &facts);
    ncm_frame_builder_free(b);
    assert_int_equal(none->n_rows, 0);
    assert_int_equal(two->n_rows, 2);
    assert_int_equal(two->columns[0].codes[0], one->columns[0].codes[1]);
    assert_int_equal(two->columns[0].n_words, 3);
    assert_int_equal(two->columns[0].counts[0], 0);
    assert_int_equal(two->columns[0].counts[1], 1);
    assert_int_equal(two->columns[1].n_missing, 1);
    assert_int_equal(one->columns[1].n_missing, 0);
    assert_true(two->columns[1].numbers[1] == 4.5);
    assert_int_equal(facts.parse_failures, 1);
    assert_int_equal(facts.rows, 4);
    ncm_frame_free(one);
    ncm_frame_free(none);
    ncm_frame_free(two);
}

static void what_is_too_large_is_refused(void **state)
{
    static const char *const names[] = {"x"}, *const cells[] = {"1", "2", "3"};
    struct ncm_field fields[3] = {field_of(cells[0]), field_of(cells[1]), field_of(cells[2])};
    int64_t lines[3] = {2, 3, 4};
    struct ncm_batch batch = {fields, 3, 1, names, "log.csv", lines};
    (void)state;
    struct ncm_frame_builder *b =
        ncm_frame_builder_new(&(struct ncm_frame_options){.most_bytes = 16});
    assert_false(ncm_frame_builder_add(b, &batch, &err));
    assert_int_equal(err.code, NCM_TOO_LARGE);
    ncm_frame_builder_free(b);
}

/* ---- however it is cut ----------------------------------------------------------------------- */

static void same_column(const struct ncm_column *a, const struct ncm_column *b, size_t n)
{
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->n_words, b->n_words);
    assert_int_equal(a->other, b->other);
    assert_int_equal(a->n_missing, b->n_missing);
    assert_int_equal(a->n_infinite, b->n_infinite);
    assert_int_equal(a->integers, b->integers);
    for (size_t i = 0; i < a->n_words; i++) {
        assert_string_equal(a->words[i], b->words[i]);
        assert_int_equal(a->counts[i], b->counts[i]);
    }
    if (a->type == NCM_COLUMN_CATEGORY) {
        assert_memory_equal(a->codes, b->codes, n * sizeof *a->codes);
    } else {
        assert_memory_equal(a->numbers, b->numbers, n * sizeof *a->numbers);
    }
}

/* What the column of that number holds in that row; *hold keeps the text alive. */
static const char *some_cell(size_t column, size_t row, char hold[24])
{
    uint64_t r = random_bits();
    if (r % 50 == 0) {
        return r % 100 == 0 ? NULL : "NA";
    }
    switch (column) {
    case 0:
        snprintf(hold, 24, "%lld", (long long)(1795269802000 + (int64_t)row));
        break;
    case 1: /* few whole numbers */
        snprintf(hold, 24, "=%d", (int)(r % 7));
        break;
    case 2: /* the same, with more of them late */
        snprintf(hold, 24, "%d", (int)(r % (row < 7000 ? 7 : 70)));
        break;
    case 3:
        snprintf(hold, 24, "%.6f", (double)(r % 1000000) / 7e5);
        break;
    case 4: /* numbers, and one word very late */
        snprintf(hold, 24, row == 8765 ? "oops" : "%d", (int)(r % 5000));
        break;
    case 5: /* numbers, and a word early enough */
        snprintf(hold, 24, row == 3000 ? "oops" : "%d", (int)(r % 5000));
        break;
    case 6: /* more words than are kept */
        snprintf(hold, 24, "word %d", (int)(r % 300));
        break;
    default: /* comes late, then whole numbers or a fraction at the very end */
        if (row < 5000) {
            return NULL;
        }
        snprintf(hold, 24, row == 9999 ? "0.5" : "%d", (int)(r % 3));
    }
    return hold;
}

static void the_frame_is_the_same_however_rows_are_cut(void **state)
{
    enum { ROWS = 10000, COLUMNS = 8 };
    static const char *const names[] = {"ts",   "few",   "later", "float",
                                        "late", "early", "many",  "end"};
    static char hold[ROWS * COLUMNS][24];
    static const char *cells[ROWS * COLUMNS];
    (void)state;
    for (size_t i = 0; i < ROWS * COLUMNS; i++) {
        cells[i] = some_cell(i % COLUMNS, i / COLUMNS, hold[i]);
    }
    cells[0] = "2026-11-21";
    const struct table t = {names, COLUMNS, cells, ROWS};
    const struct ncm_frame_options o = {.most_words = 100};
    struct ncm_frame *whole = frame_of(&t, &o, 0);
    static const enum ncm_column_type types[] = {
        NCM_COLUMN_CATEGORY, NCM_COLUMN_NUMBER,   NCM_COLUMN_NUMBER, NCM_COLUMN_CATEGORY,
        NCM_COLUMN_CATEGORY, NCM_COLUMN_CATEGORY, NCM_COLUMN_NUMBER};
    assert_int_equal(whole->n_columns, COLUMNS - 1);
    for (size_t k = 0; k < whole->n_columns; k++) {
        assert_int_equal(whole->columns[k].type, types[k]);
    }
    for (size_t most = 1; most < 12000; most = most * 3 + 1) {
        struct ncm_frame *f = frame_of(&t, &o, most);
        assert_int_equal(f->n_columns, whole->n_columns);
        assert_int_equal(f->n_rows, ROWS);
        assert_memory_equal(f->times, whole->times, ROWS * sizeof *f->times);
        for (size_t k = 0; k < f->n_columns; k++) {
            same_column(&f->columns[k], &whole->columns[k], ROWS);
        }
        ncm_frame_free(f);
    }
    ncm_frame_free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_tokens_and_infinities_of_numbers),
        cmocka_unit_test(categories_are_told_apart_by_their_bytes),
        cmocka_unit_test(few_whole_numbers_are_a_category),
        cmocka_unit_test(a_person_decides_types_and_columns),
        cmocka_unit_test(words_beyond_the_most_are_other),
        cmocka_unit_test(the_time_column_is_found),
        cmocka_unit_test(columns_go_by_name),
        cmocka_unit_test(the_reference_decides_for_the_current_side),
        cmocka_unit_test(codes_keep_their_meaning_from_take_to_take),
        cmocka_unit_test(what_is_too_large_is_refused),
        cmocka_unit_test(the_frame_is_the_same_however_rows_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
