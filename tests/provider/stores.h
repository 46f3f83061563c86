/* Stores that real MLflow releases wrote, unpacked into the scratch folder. */
#ifndef TESTS_PROVIDER_STORES_H
#define TESTS_PROVIDER_STORES_H

#include "io/node.h"
#include "provider/provider.h"

/* A fresh copy of tests/fixtures/mlflow-VERSION.db.gz as NAME in the scratch folder; its path. */
const char *store_copy(const char *version, const char *name);
/* What that release's own client returns for it; free with ncm_doc_free. */
struct ncm_doc *store_expected(const char *version);
/* Opens the store with the provider; ends the test where it cannot. */
struct ncm_conn *store_open(const char *path);
/* The last snapshot published for the query, which is freed; NULL where it fails (*err set). */
const void *store_ask(struct ncm_conn *c, struct ncm_query *q, struct ncm_err *err);
/* The same, and the test ends where it fails. */
const void *store_get(struct ncm_conn *c, struct ncm_query *q);

#endif
