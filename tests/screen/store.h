/* What the screen tests share: a folder of its own for the test program, with a fresh copy of the
 * store that a real MLflow 3.17 wrote as mlflow.db before each test. */
#ifndef TESTS_SCREEN_STORE_H
#define TESTS_SCREEN_STORE_H

/* cmocka's group fixtures: the folder comes and goes. */
int store_setup(void **state);
int store_teardown(void **state);
/* Fixture of one test: the folder holds a fresh mlflow.db and an empty folder "empty". */
int store_fresh(void **state);

const char *store_folder(void);
/* Runs a shell script with $1 and $2; it must succeed. */
void store_shell(const char *script, const char *a, const char *b);

#endif
