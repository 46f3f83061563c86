/* From rows of text to typed columns. A column whose values all parse as numbers is a number,
 * unless it has at most ten different values, all whole: then it is a category. JSON's texts that
 * hold numbers count as numbers; true and false are words. Categories are told apart by their
 * bytes. Infinities are kept and counted; NaN, null, absent keys and the missing tokens of CSV are
 * missing. The frame is the same however the rows were cut into batches. One thread at a time. */
#ifndef NCM_PROVIDER_PREDICTION_LOG_BUILDER_H
#define NCM_PROVIDER_PREDICTION_LOG_BUILDER_H

#include "base/err.h"
#include "io/rows.h"
#include "model/frame.h"

struct ncm_column_wish {
    const char *name;
    enum ncm_column_type type;
};

/* All borrowed, and copied by ncm_frame_builder_new. Zero: the defaults. */
struct ncm_frame_options {
    const struct ncm_column_wish *types; /* decided by the person; go before everything else */
    size_t n_types;
    const char *const *wanted; /* none: all; the time column is read all the same */
    size_t n_wanted;
    const char *const *ignored;
    size_t n_ignored;
    const char *time_name; /* NULL: the first of ts, time, timestamp, @timestamp, date, datetime,
                              event_time (any case) whose values are times */
    bool no_time;          /* there is no time column, whatever the names are */
    bool may_lack;         /* types and wanted may name columns that are not there, and */
    bool may_lack_time;    /* time_name may: for ncm_log_read, which else says that they are not */
    /* The reference's frame: its columns (those wanted), types, words with their codes, and its
     * time column; other columns are left out. Values that do not fit are parse failures. */
    const struct ncm_frame *schema;
    size_t most_words;  /* of one category; what comes later is "(other)". 0: 10,000 */
    int64_t most_bytes; /* of the frame's values. 0: 8 GiB */
};

/* What could not be taken as it was, so far. A number that did not parse in a column whose type is
 * fixed counts as missing, and the first one is named here. */
struct ncm_frame_facts {
    int64_t rows; /* all that were added, with those that were taken away */
    int64_t parse_failures;
    char failed_column[128], failed_file[256]; /* "" without */
    int64_t failed_line;
    int64_t no_time; /* rows whose time is missing or cannot be read */
    size_t n_extra; /* columns left out: they are not in the schema, or came after the first take */
};

struct ncm_frame_builder;
struct ncm_frame_builder *ncm_frame_builder_new(const struct ncm_frame_options *o);
void ncm_frame_builder_free(struct ncm_frame_builder *b);

/* Rows that will come in all, as far as can be told: makes room at once. */
void ncm_frame_builder_expect(struct ncm_frame_builder *b, size_t rows);

/* The batch's rows behind those that are there. Columns go by name: they may come in another order,
 * be absent (missing) or new (missing in all earlier rows). Of two of one name the first counts.
 * O(fields). NCM_TOO_LARGE beyond most_bytes. */
bool ncm_frame_builder_add(struct ncm_frame_builder *b, const struct ncm_batch *batch,
                           struct ncm_err *err);

/* Whether a column that looked like numbers for thousands of rows turned out to be a category: the
 * words of its earlier rows are gone. After ncm_frame_builder_restart the same rows have to be
 * added again from the first one; such a column is then a category from the start. Who cannot read
 * them again (standard input) goes on: those values count as parse failures and are missing. */
bool ncm_frame_builder_turned(const struct ncm_frame_builder *b);
void ncm_frame_builder_restart(struct ncm_frame_builder *b);

/* All rows as a frame (the caller frees it); the builder is empty then and only good to be freed.
 */
struct ncm_frame *ncm_frame_builder_finish(struct ncm_frame_builder *b);

/* For streams: the rows since the last take as a frame (the caller frees it), also where there are
 * none. The first take fixes columns, types and, where there is no schema, the time column; codes
 * keep their meaning from take to take: each frame has all words so far, with the counts of its own
 * rows. Memory: the rows of one take and the words. */
struct ncm_frame *ncm_frame_builder_take(struct ncm_frame_builder *b);

/* Rows that are there: added and neither finished nor taken. */
size_t ncm_frame_builder_rows(const struct ncm_frame_builder *b);
/* Whether a column of that name was seen (or is in the schema); the time column is one too. */
bool ncm_frame_builder_has(const struct ncm_frame_builder *b, const char *name);
/* Of the time column, or NULL so far. */
const char *ncm_frame_builder_time(const struct ncm_frame_builder *b);
void ncm_frame_builder_facts(const struct ncm_frame_builder *b, struct ncm_frame_facts *out);

#endif
