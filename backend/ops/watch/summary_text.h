/* A summary as the text that our state keeps, and back. Categories are kept as counts only: their
 * words may be private. */
#ifndef NCM_OPS_WATCH_SUMMARY_TEXT_H
#define NCM_OPS_WATCH_SUMMARY_TEXT_H

#include "ops/watch/result.h"

/* JSON; the caller frees. */
char *ncm_summary_text(const struct ncm_summary *s);
/* NULL where the text is none of ours; *type what it is of. */
struct ncm_summary *ncm_summary_of_text(const char *p, size_t len, enum ncm_column_type *type);

#endif
