/* A log that grows, as frames of what came: for monitors. One thread at a time. */
#ifndef NCM_PROVIDER_PREDICTION_LOG_FOLLOW_H
#define NCM_PROVIDER_PREDICTION_LOG_FOLLOW_H

#include "provider/prediction_log/read.h"

struct ncm_log_follow;

/* path and o as for ncm_log_read; o->rows.follow is implied. o->frame.schema (borrowed until the
 * close) should be the reference's frame: its columns, types and codes are then those of every
 * chunk. Without it the first chunk fixes columns and types. NCM_NOT_FOUND only for an SQLite file:
 * files are waited for. */
bool ncm_log_follow_open(const char *path, const struct ncm_log_options *o,
                         struct ncm_log_follow **out, struct ncm_err *err);
void ncm_log_follow_close(struct ncm_log_follow *f); /* NULL allowed */

/* The rows that came, as one frame (the caller frees it), at most one batch of them: ask again
 * until WAIT. BATCH: *chunk is set; WAIT: nothing new just now; END: standard input was closed.
 * Errors as those of ncm_log_read, and then the same again with every call. */
enum ncm_rows_got ncm_log_follow_next(struct ncm_log_follow *f, struct ncm_frame **chunk,
                                      const atomic_bool *cancel, struct ncm_err *err);
/* Waits until something may be new, or wait_ms, or cancel. */
void ncm_log_follow_wait(struct ncm_log_follow *f, int wait_ms, const atomic_bool *cancel);

/* Behind the last chunk, as a text for ncm_log_follow_resume after a restart; the caller frees.
 * resume: before the first next; false where nothing of it is there any more: reading then begins
 * at the start. */
char *ncm_log_follow_position(const struct ncm_log_follow *f);
bool ncm_log_follow_resume(struct ncm_log_follow *f, const char *position);

void ncm_log_follow_facts(const struct ncm_log_follow *f, struct ncm_log_facts *out);

#endif
