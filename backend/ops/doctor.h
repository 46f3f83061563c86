/* Checks of everything configured, one line each. */
#ifndef NCM_OPS_DOCTOR_H
#define NCM_OPS_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/session.h"

struct ncm_check {
    enum ncm_check_state state;
    char *name; /* "store", "schema", "audit" … */
    char *what; /* translated */
    char *hint; /* or NULL */
};
/* Blocks (headless). Caller frees with ncm_checks_free. */
void ncm_doctor(struct ncm_session *s, struct ncm_check **out, size_t *n);
void ncm_checks_free(struct ncm_check *c, size_t n);

#endif
