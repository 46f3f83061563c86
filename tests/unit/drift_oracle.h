/* Columns of two sides and what scipy, Evidently, NannyML and the house say of them: reads
 * tests/fixtures/drift (or a folder like it) and compares measures with what is expected. */
#ifndef TESTS_UNIT_DRIFT_ORACLE_H
#define TESTS_UNIT_DRIFT_ORACLE_H

#include <stdbool.h>
#include <stddef.h>

#include "io/node.h"
#include "stats/measures.h"

/* Opens DIR/expected.json and DIR/manifest.json; fails the test where they cannot be read. dir
 * NULL: NCMLOPS_DRIFT_FIXTURES, else tests/fixtures/drift. */
struct drift_oracle {
    const char *dir;
    struct ncm_doc *expected, *manifest;
};
void drift_oracle_open(struct drift_oracle *o, const char *dir);
void drift_oracle_close(struct drift_oracle *o);

/* One column of a CSV file: its raw fields after unquoting, NUL-terminated, with their lengths. */
struct drift_cells {
    char **cell;
    size_t *len;
    size_t n;
};
/* side: "ref" or "cur"; empty where the file has no such column. */
struct drift_cells drift_cells_read(const struct drift_oracle *o, const char *name,
                                    const char *side, const char *column);
void drift_cells_free(struct drift_cells *c);
/* Whether a field is one of the tokens that mean "missing". */
bool drift_missing(const char *cell);
/* The fields as numbers, NaN where missing; n of them, freed with ncm_free. */
double *drift_numbers(const struct drift_cells *c);

/* Calls fn for each column of a kind ("num", "cat") of the pairs in the manifest. */
typedef void (*drift_column_fn)(const struct drift_oracle *o, const char *name, const char *column);
void drift_each(const struct drift_oracle *o, const char *kind, drift_column_fn fn);

/* Copies of the measures that were told; drift_told_add is the function to tell them to. */
struct drift_told {
    struct drift_measure *list;
    size_t n, cap;
};
void drift_told_add(void *told, const struct ncm_measure *m);
void drift_told_free(struct drift_told *t);

/* Compares with everything that is expected of the column, at its tolerance; prints each that is
 * missing or wrong as "case/column metric: want …, got …". Expected maps of counts ("categories")
 * are told as texts, with two values (reference, current) each. Adds to *checked; returns how many
 * were wrong. */
size_t drift_compare(const struct drift_oracle *o, const char *name, const char *column,
                     const struct drift_told *told, size_t *checked);

/* The expected record of a metric, NULL where there is none. */
const struct ncm_node *drift_expected(const struct drift_oracle *o, const char *name,
                                      const char *column, const char *metric);

#endif
