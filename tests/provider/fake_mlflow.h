/* The server of tests/lib/fake_mlflow.py: what it holds, what goes wrong with it, what it was
 * asked; and a connection of the provider to it. JSON in arguments may be written with ' in place
 * of ". */
#ifndef TESTS_PROVIDER_FAKE_MLFLOW_H
#define TESTS_PROVIDER_FAKE_MLFLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "provider/provider.h"

/* For cmocka's groups: starts the server and makes a scratch folder; ends both. */
int mlf_start(void **state);
int mlf_stop(void **state);
/* For each test: an empty server and a connection in `mlf`; closes it. */
int mlf_fresh(void **state);
int mlf_done(void **state);
#define MLF_TEST(f) cmocka_unit_test_setup_teardown(f, mlf_fresh, mlf_done)
extern struct ncm_conn *mlf;
const char *mlf_url(void);
/* Another connection, as the arguments say (NULL allowed). */
struct ncm_conn *mlf_open(const struct ncm_access *access, const char *cache);

/* Records in the API's own form: {"runs": […], "experiments": […], "models": […], "versions": […]};
 * dropped ones by their ids. */
void mlf_put(const char *json);
void mlf_drop(const char *json);
/* One run, with a metric where key is not NULL; value is JSON. */
void mlf_run(const char *id, const char *experiment, int64_t start_ms, const char *status,
             const char *key, const char *value);
/* n FINISHED runs r00000 …, each a second older than the one before, from start_ms on. */
void mlf_runs(const char *experiment, size_t n, int64_t start_ms);

/* What happens to requests in which the regular expression is found ("METHOD TARGET BODY"). */
struct mlf_rule {
    const char *on;
    int status;       /* 0: 200 */
    const char *type; /* NULL: JSON */
    const char *text; /* the answer, as it is; NULL: the records' */
    const char *header;
    int after, times; /* not the first so many; only so many (0: all) */
    bool hold;        /* comes when mlf_release is called */
    int hours;        /* the server's clock is off by */
};
void mlf_rule(struct mlf_rule r);
void mlf_release(void);
/* Forgets what was asked so far. */
void mlf_forget(void);
/* How many requests since had this in them; the last one's body (good until the next call). */
int mlf_count(const char *on);
const char *mlf_last(const char *on);

/* What was published for the last question, oldest first. */
struct mlf_seen {
    size_t n;
    struct {
        size_t rows;   /* RUNS */
        int64_t total; /* RUNS */
        bool provisional;
        int64_t taken_ms;
    } at[64];
};
extern struct mlf_seen mlf_seen;
/* The fetch to the next question: everything but query, publish and to is taken from it. */
extern struct ncm_fetch mlf_fetch;
/* The last snapshot for the query (freed); NULL where it fails. */
const void *mlf_ask(struct ncm_conn *c, struct ncm_query *q, struct ncm_err *err);
/* The same, and the test ends where it fails. */
const void *mlf_get(struct ncm_conn *c, struct ncm_query *q);
/* Asks and gives the error that comes; the test ends where none does. */
struct ncm_err mlf_fails(struct ncm_query *q, enum ncm_code code);
struct ncm_query *mlf_all_runs(void);
/* The ids of a list's rows, with blanks between; static memory. */
const char *mlf_ids(const struct ncm_runs_snapshot *s);

#endif
