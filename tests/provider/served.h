/* The four servers of tests/lib/fake_endpoints.py as endpoints of one source, and what is told of
 * them. */
#ifndef TESTS_PROVIDER_SERVED_H
#define TESTS_PROVIDER_SERVED_H

#include "model/deploy.h"
#include "provider/endpoint/endpoint.h"

extern struct ncm_endpoint_of served_of[4];
extern struct ncm_endpoint_setup served_setup;
extern struct ncm_conn *served;
/* The newest snapshot; how many were published by the last fetch, how many of them provisional. */
extern const struct ncm_deployments_snapshot *served_snap;
extern int served_published, served_provisional;

/* For groups and for each test. */
int served_start(void **state);
int served_stop(void **state);
int served_fresh(void **state);
int served_done(void **state);
#define SERVED_TEST(f) cmocka_unit_test_setup_teardown(f, served_fresh, served_done)

/* Tells a server ("a") how to be; quotes in JSON may be written as '. */
void served_set(const char *server, const char *json);
/* How many requests began so ("POST /reload"); body and login of the last one (may be NULL). */
int served_asked(const char *server, const char *on, char *body, size_t size);
/* One more endpoint of the source, and a connection to all. */
struct ncm_endpoint_of *served_add(const char *server, const char *name);
void served_open(void);
/* Connects anew. */
void served_again(void);
void served_keep(void *to, struct ncm_snapshot *s);
bool served_fetch(bool full, struct ncm_err *err);
/* The deployment of that name: of the newest snapshot; after a look at all. */
const struct ncm_deployment *served_get(const char *name);
const struct ncm_deployment *served_look(const char *name);
void served_is(const struct ncm_deployment *d, enum ncm_health health, const char *reason);
bool served_finds(const struct ncm_deployment *d, const char *kind);

#endif
