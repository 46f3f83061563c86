/* File stores (mlruns/) that real MLflow releases wrote, unpacked into the scratch folder, and
 * small ones made by hand. */
#ifndef TESTS_PROVIDER_FILE_STORES_H
#define TESTS_PROVIDER_FILE_STORES_H

#include "model/query.h"
#include "provider/provider.h"

/* A fresh copy of tests/fixtures/mlruns-VERSION.tar.gz as NAME/mlruns in the scratch folder; its
 * path (the caller frees). */
char *folder_copy(const char *version, const char *name);
/* A store with one experiment (id 1, "one"), nothing else; its path (the caller frees). */
char *folder_make(const char *name);
/* Writes ROOT/PATH (printf form) with its folders; `text` is its content. */
void folder_write(const char *root, const char *text, const char *path, ...)
    __attribute__((format(printf, 3, 4)));
/* Appends to it. */
void folder_append(const char *root, const char *path, const char *text);
/* Its content (the caller frees); NULL where there is none. */
char *folder_read(const char *root, const char *path, ...) __attribute__((format(printf, 2, 3)));
/* A run of experiment 1 with that 32-digit id; start in ms, status as MLflow numbers it. */
void folder_run(const char *root, const char *id, int64_t start, int status);

struct ncm_conn *folder_open(const char *root);
void folder_close(struct ncm_conn *c);
/* The last snapshot published for the query, which is freed; NULL where it fails (*err set). */
const void *folder_ask(struct ncm_conn *c, struct ncm_query *q, struct ncm_err *err);
/* The same, and the test ends where it fails. */
const void *folder_get(struct ncm_conn *c, struct ncm_query *q);
/* All runs with everything in them. */
const struct ncm_runs_snapshot *folder_runs(struct ncm_conn *c);
/* The run of that id among them; the test ends where it is not there. */
const struct ncm_run *folder_find(const struct ncm_runs_snapshot *s, const char *id);

#endif
