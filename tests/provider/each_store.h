/* One test for every kind of MLflow store: a database (of MLflow 2.9 or 3.17), a folder, a server
 * (tests/lib/fake_mlflow.py, which mlf_start and mlf_stop begin and end). */
#ifndef TESTS_PROVIDER_EACH_STORE_H
#define TESTS_PROVIDER_EACH_STORE_H

#include "provider/small_store.h"

/* The store of the test at hand; experiment 1 is there. */
struct each_store {
    const struct ncm_provider *p;
    struct ncm_conn *conn;
    struct small sql; /* the database */
    char *root;       /* the folder */
};
extern struct each_store each;

/* Set-ups and their ends for cmocka; a server's ends with mlf_done. A state that is not NULL: the
 * database is one of 3.17. */
int each_sql(void **state);
int each_sql_end(void **state);
int each_files(void **state);
int each_files_end(void **state);
int each_rest(void **state);

/* Asks (the query is freed) and gives the last snapshot; the test ends where that fails. */
const void *each_get(struct ncm_query *q);
/* Carries a list out, which is freed; what was made is in each_receipt. */
bool each_apply(struct ncm_changes *c, struct ncm_err *err);
extern struct ncm_receipt each_receipt;

#endif
