/* What the tests of bad conditions share: a folder of its own with a store in it, changed from
 * outside by SQL, and the program opened on it. */
#ifndef TESTS_SCREEN_WITHSTAND_H
#define TESTS_SCREEN_WITHSTAND_H

#include <stdint.h>

#include "screen/vt.h"

/* cmocka's group fixtures: the folder comes and goes. */
int withstand_setup(void **state);
int withstand_teardown(void **state);

/* The path of `name` in the folder; static memory, good for the next 8 calls. */
const char *withstand_path(const char *name);
/* A fresh copy of the store of an MLflow release, as mlflow.db, with nothing beside it. */
void withstand_store(const char *version);
/* A shell script with $1 = the folder, $2 = an argument; it must succeed. */
void withstand_shell(const char *script, const char *arg);
/* Statements on mlflow.db, by another connection than the program's. */
void withstand_sql(const char *sql);
/* The program on mlflow.db, in English; returns when its first text is there. */
struct vt *withstand_open(int rows, int cols, const char *const *env);
/* Ctrl-C, and it must end in order. */
void withstand_quit(struct vt *vt);
/* Opens an object by the palette: ":" text Enter. */
void withstand_go(struct vt *vt, const char *command);
/* The program still answers: help opens and closes. */
void withstand_alive(struct vt *vt);
/* Fails where the raw stream holds what no program may send: a control that is none of the
 * terminal layer's, a bidirectional override, a zero-width character, bytes that are no UTF-8. */
void withstand_check_raw(struct vt *vt);
int64_t withstand_ms(void);
/* Limits grow with NCMLOPS_TEST_SLOW. */
int withstand_slow(void);

#endif
