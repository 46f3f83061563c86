/* Number columns against the values of scipy, numpy, Evidently and NannyML. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "stats/evidently_num.h"
#include "stats/measures_num.h"
#include "stats/sort.h"
#include "unit/drift_oracle.h"

static size_t checked, wrong, columns;

struct loaded {
    double *values;
    struct ncm_number_side side;
};

static struct loaded load_side(const struct drift_oracle *o, const char *name, const char *side,
                               const char *column)
{
    struct drift_cells cells = drift_cells_read(o, name, side, column);
    struct loaded s = {.values = drift_numbers(&cells)};
    s.side.n = ncm_keep_finite(s.values, cells.n, &s.side.missing, &s.side.infinite);
    s.side.values = s.values;
    drift_cells_free(&cells);
    return s;
}

static void check_measures(const struct drift_oracle *o, const char *name, const char *column)
{
    struct loaded ref = load_side(o, name, "ref", column), cur = load_side(o, name, "cur", column);
    struct drift_told told = {0};
    ncm_measures_number(&ref.side, &cur.side, drift_told_add, &told);
    wrong += drift_compare(o, name, column, &told, &checked);
    columns++;
    drift_told_free(&told);
    ncm_free(ref.values);
    ncm_free(cur.values);
}

static void every_measure_is_what_the_tools_say(void **state)
{
    struct drift_oracle o;
    (void)state;
    drift_oracle_open(&o, NULL);
    drift_each(&o, "num", check_measures);
    drift_oracle_close(&o);
    print_message("%zu values of %zu columns\n", checked, columns);
    assert_int_equal(wrong, 0);
    assert_true(columns >= 20 && checked >= 1200);
}

static void check_choice(const struct drift_oracle *o, const char *name, const char *column)
{
    const struct ncm_node *row = drift_expected(o, name, column, "evidently.default.score");
    struct loaded ref = load_side(o, name, "ref", column), cur = load_side(o, name, "cur", column);
    struct ncm_evidently_choice c = {0};
    ncm_sort(ref.values, ref.side.n, NULL);
    ncm_sort(cur.values, cur.side.n, NULL);
    struct ncm_ordered a = {.values = ref.values, .n = ref.side.n};
    struct ncm_ordered b = {.values = cur.values, .n = cur.side.n};
    bool chosen = ncm_evidently_num_choose(&a, &b, &c);
    assert_non_null(row);
    assert_int_equal(chosen, ncm_node_get(row, "method") != NULL);
    if (chosen) {
        assert_string_equal(c.name, ncm_node_str(row, "method", ""));
        assert_true(fabs(c.threshold - ncm_node_get(row, "threshold")->num) < 1e-12);
        assert_int_equal(c.drift, ncm_node_get(row, "drift")->boolean);
    }
    columns++;
    ncm_free(ref.values);
    ncm_free(cur.values);
}

static void the_default_method_is_evidentlys(void **state)
{
    struct drift_oracle o;
    (void)state;
    columns = 0;
    drift_oracle_open(&o, NULL);
    drift_each(&o, "num", check_choice);
    drift_oracle_close(&o);
    assert_true(columns >= 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_measure_is_what_the_tools_say),
        cmocka_unit_test(the_default_method_is_evidentlys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
