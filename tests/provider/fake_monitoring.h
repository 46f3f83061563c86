/* Recorded answers of real monitoring systems (tests/fixtures/monitoring), given again by the
 * server of fake_mlflow.h. */
#ifndef TESTS_PROVIDER_FAKE_MONITORING_H
#define TESTS_PROVIDER_FAKE_MONITORING_H

#include "provider/fake_mlflow.h"
#include "provider/provider.h"

/* The two generations that were recorded: "prom2.42_am0.25", "prom3.15_am0.34". */
extern const char *const mon_generations[2];

/* The text of a file there (good until the next call but three). */
const char *mon_text(const char *folder, const char *file);
/* Requests that `on` is found in ("METHOD TARGET BODY") are answered with that file. */
void mon_answer(const char *on, int status, const char *folder, const char *file);
/* … with that text as it is. */
void mon_says(const char *on, int status, const char *type, const char *text);
/* For each test: a server that has forgotten everything; no connection. */
int mon_fresh(void **state);
#define MON_TEST(f) cmocka_unit_test_setup(f, mon_fresh)
/* The server as a place. */
struct ncm_place mon_place(void);

/* The last snapshot of a fetch (unref it), NULL where it fails. */
const void *mon_fetch(const struct ncm_provider *p, struct ncm_conn *c, enum ncm_topic topic,
                      struct ncm_err *err);

#endif
