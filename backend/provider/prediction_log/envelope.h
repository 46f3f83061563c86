/* Logs whose lines are requests rather than rows: SageMaker's data capture. One line holds what
 * came in and what went out as text; here it becomes a row an instance. Of prediction_log only. */
#ifndef NCM_PROVIDER_PREDICTION_LOG_ENVELOPE_H
#define NCM_PROVIDER_PREDICTION_LOG_ENVELOPE_H

#include "io/rows.h"

/* Whether the rows are such lines (a column captureData.endpointInput.data). */
bool ncm_envelope_is(const struct ncm_batch *b);

struct log_envelope;
struct log_envelope *ncm_envelope_new(void);
void ncm_envelope_free(struct log_envelope *e); /* NULL allowed */
/* The lines to be unwrapped next; borrowed until ncm_envelope_next has said false. */
void ncm_envelope_begin(struct log_envelope *e, const struct ncm_batch *b);
/* Some of them as rows (valid until the next call); false: all were given. Columns: "timestamp"
 * (the time of the request), what stands beside captureData, and "input[0]" "output[0]" … for CSV
 * and for lists of JSON, "input.age" … for objects; what is neither (base64) is one text "input".
 * Of JSON the list under instances, inputs, features, predictions or outputs is taken, or a list
 * that stands alone. The n-th of the output belongs to the n-th of the input. At most 1,024 columns
 * in all and 10,000 rows of one line: what is beyond is left out. */
bool ncm_envelope_next(struct log_envelope *e, struct ncm_batch *out);
/* Whether a next one would be true. */
bool ncm_envelope_pending(const struct log_envelope *e);

#endif
