/* Where rows come from: files, or the table of an SQLite file. Of prediction_log only. */
#ifndef NCM_PROVIDER_PREDICTION_LOG_SOURCE_H
#define NCM_PROVIDER_PREDICTION_LOG_SOURCE_H

#include "provider/prediction_log/read.h"

struct log_source;
bool ncm_log_source_open(const char *path, const struct ncm_rows_options *o, const char *table,
                         const atomic_bool *cancel, struct log_source **out, struct ncm_err *err);
void ncm_log_source_close(struct log_source *s);
/* As ncm_rows_next. */
enum ncm_rows_got ncm_log_source_next(struct log_source *s, struct ncm_batch *out,
                                      const atomic_bool *cancel, struct ncm_err *err);
void ncm_log_source_wait(struct log_source *s, int wait_ms, const atomic_bool *cancel);
/* Everything but the values. */
void ncm_log_source_facts(const struct log_source *s, struct ncm_log_facts *out);
/* As ncm_rows_position and ncm_rows_resume. */
char *ncm_log_source_position(const struct log_source *s);
bool ncm_log_source_resume(struct log_source *s, const char *position);

/* The rows of one table, in the order of their rowids; follow: new rowids as they come. Columns
 * that are NULL are absent, numbers are numbers, BLOBs are texts. */
struct log_table;
bool ncm_log_table_open(const char *path, const char *table, bool follow, bool from_end,
                        const atomic_bool *cancel, struct log_table **out, struct ncm_err *err);
void ncm_log_table_close(struct log_table *t);
enum ncm_rows_got ncm_log_table_next(struct log_table *t, struct ncm_batch *out,
                                     const atomic_bool *cancel, struct ncm_err *err);
int64_t ncm_log_table_rows(const struct log_table *t);
/* The rowid of the last row that was given. */
int64_t ncm_log_table_last(const struct log_table *t);
void ncm_log_table_go_on(struct log_table *t, int64_t after);

#endif
