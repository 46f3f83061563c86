/* Reading a secret from where it is kept. */
#ifndef NCM_IO_SECRET_H
#define NCM_IO_SECRET_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "io/access.h"

#define NCM_SECRET_MOST 16384 /* bytes */

/* The secret's text into *out (ncm_free it through ncm_secret_wipe); NULL for NCM_SECRET_NONE.
 * Blocks while a command runs, at most until the monotonic time (0: 30 s) or until *cancel (may be
 * NULL). Errors name the variable, file or command's first word and never hold any of its output:
 * NCM_UNAUTHENTICATED the variable is not set, the file is not there or empty, the command failed;
 * NCM_FORBIDDEN others may read the file. */
bool ncm_secret_read(const struct ncm_secret *s, const atomic_bool *cancel, int64_t until_mono_ms,
                     char **out, struct ncm_err *err);
/* Where it is kept, for sentences: "$NAME", the file, the command's first word (the others may hold
 * secrets, as may the value of a variable set before it); "" for what has no such place. */
void ncm_secret_where(const struct ncm_secret *s, char *out, size_t size);
/* Overwrites, then frees. NULL allowed. */
void ncm_secret_wipe(char *secret);

#endif
