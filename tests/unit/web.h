/* Servers for tests: those of tests/lib/web.py and others, and what tests ask of them. */
#ifndef TESTS_UNIT_WEB_H
#define TESTS_UNIT_WEB_H

#include <stdbool.h>
#include <stdint.h>

#include "io/http.h"

enum { WEB_PATIENCE_MS = 60000 };

/* Starts them in a folder (certificates go there); false where python3 or openssl fail. */
bool web_start(const char *dir);
/* The same for another script that prints its addresses so; dir may be NULL. */
bool web_run(const char *script, const char *dir);
void web_stop(void);
/* "http://127.0.0.1:1234" of the server of that name. */
const char *web_url(const char *name);

/* A client; access may be NULL. Fails the test where there is none. */
struct ncm_http *web_open(const char *url, const struct ncm_access *access);
/* One request that must be answered, whatever its status; release the answer. */
struct ncm_http_answer web_ask(struct ncm_http *h, struct ncm_http_request rq);
/* GET that must bring an answer of that status; the body stays readable until the next call. */
const char *web_get(struct ncm_http *h, const char *path, int status);
/* GET that must fail so; the error stays readable until the next call. */
const struct ncm_err *web_fails(struct ncm_http *h, const char *path, enum ncm_code code);
/* How many requests whose path holds `path` a server had; *authorization gets what the last one
 * brought along (may be NULL). */
int web_seen(const char *server, const char *path, char authorization[256]);
/* The answer's number or text of that name (JSON, one level). */
int64_t web_number(const char *json, const char *name);

#endif
