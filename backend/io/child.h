/* A program of the person's, run to its end: its output within a limit, its time within a deadline.
 */
#ifndef NCM_IO_CHILD_H
#define NCM_IO_CHILD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct ncm_child_result {
    int status;         /* exit status; 128 + signal where one ended it */
    bool truncated;     /* it printed more than `most`, and was ended */
    struct ncm_buf out; /* what it wrote to its standard output */
    char last[200];     /* the last line of its error output, where that was wanted; "" without */
};

/* What ncm_child_run_with needs beyond the command. */
struct ncm_child_how {
    const char *const *env; /* "NAME=VALUE" beside ours and before them; NULL-terminated; or NULL */
    bool errors;            /* its error output is looked at for result->last */
};

/* Runs argv (argv[0] a path, or a name to be found in $PATH; NULL at the end) with our environment
 * in a process group of its own: no input, no error output, no descriptor of ours. Blocks until it
 * ends or until the monotonic time (0: no limit) or *cancel (may be NULL), then ends the whole
 * group. `name` stands for it in errors: NCM_NOT_FOUND, NCM_FORBIDDEN or NCM_IO (it cannot be
 * started), NCM_TIMEOUT, NCM_CANCELLED. Any exit status is success. Any thread. Release *out with
 * ncm_child_release where true. */
bool ncm_child_run(const char *const *argv, const char *name, size_t most,
                   const atomic_bool *cancel, int64_t until_mono_ms, struct ncm_child_result *out,
                   struct ncm_err *err);
bool ncm_child_run_with(const char *const *argv, const char *name, const struct ncm_child_how *how,
                        size_t most, const atomic_bool *cancel, int64_t until_mono_ms,
                        struct ncm_child_result *out, struct ncm_err *err);
/* Overwrites the output, then frees it. */
void ncm_child_release(struct ncm_child_result *r);

#endif
