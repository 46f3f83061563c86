/* A small HTTP server on loopback, for the demo's model servers. The only includer of
 * libmicrohttpd's header. */
#ifndef NCM_IO_SERVE_H
#define NCM_IO_SERVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct ncm_serve;

/* Borrowed for the call. */
struct ncm_serve_request {
    const char *method; /* "GET" */
    const char *path;   /* "/v2/models/m", without query */
    const char *body;   /* NUL-terminated; "" without */
    size_t len;
};
struct ncm_serve_answer {
    int status;
    const char *type; /* media type; static */
    struct ncm_buf body;
};
/* Called on the server's own thread; the answer begins as an empty 404. */
typedef void (*ncm_serve_fn)(void *to, const struct ncm_serve_request *rq,
                             struct ncm_serve_answer *out);

/* Listens on 127.0.0.1; port 0: any that is free. Bodies of at most 64 KiB are taken, at most 64
 * connections at once, each for 30 s of silence. NCM_IO where the port is taken. */
bool ncm_serve_open(int port, ncm_serve_fn answer, void *to, struct ncm_serve **out,
                    struct ncm_err *err);
int ncm_serve_port(const struct ncm_serve *s);
/* Ends its connections and its thread. NULL allowed. */
void ncm_serve_close(struct ncm_serve *s);
/* A port of 127.0.0.1 that nobody listens on just now; 0 where none is to be had. */
int ncm_serve_free_port(void);

#endif
