/* The demo's model servers: three on loopback that speak the Open Inference Protocol and count as
 * real ones do. Two versions of one model stand behind a split, and the newer one goes bad after a
 * while. */
#ifndef NCM_OPS_DEMO_SERVE_H
#define NCM_OPS_DEMO_SERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct ncm_demo_serve;

/* Lines of a configuration: the context's `deployments`, on ports that are free now. */
void ncm_demo_serve_config(struct ncm_buf *out);
/* Starts them where ROOT/config.yaml says that they are; one whose port is taken by now stays away,
 * as a server does that does not start. NULL where the file names none. */
struct ncm_demo_serve *ncm_demo_serve_start(const char *root, int64_t now_ms);
/* The requests that came until now: a person's, and those of a busy shop. */
void ncm_demo_serve_tick(struct ncm_demo_serve *s, int64_t now_ms); /* NULL allowed */
void ncm_demo_serve_stop(struct ncm_demo_serve *s);                 /* NULL allowed */

#endif
