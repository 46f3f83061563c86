#include "provider/prediction_log/source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/num.h"
#include "provider/prediction_log/envelope.h"

/* One of the two. */
struct log_source {
    struct ncm_rows *rows;
    struct log_table *table;
    struct log_envelope *envelope; /* where the lines are requests */
    char *before;                  /* position before the lines that are being unwrapped */
};

static bool ends_with(const char *path, const char *end)
{
    size_t n = strlen(path), m = strlen(end);
    return n > m && strcmp(path + n - m, end) == 0;
}

/* By its name: looking inside would drop the locks that this process may hold on it. */
static bool is_database(const char *path, const char *table)
{
    return table || ends_with(path, ".db") || ends_with(path, ".sqlite") ||
           ends_with(path, ".sqlite3");
}

/* "sqlite:FILE?table=NAME" into both; false: it is no such text. The caller frees. */
static bool named_table(const char *path, char **file, char **table)
{
    static const char before[] = "sqlite:", between[] = "?table=";
    if (strncmp(path, before, sizeof before - 1) != 0) {
        return false;
    }
    const char *rest = path + sizeof before - 1;
    const char *mark = strstr(rest, between);
    *file = mark != NULL ? ncm_strndup(rest, (size_t)(mark - rest)) : ncm_strdup(rest);
    *table = mark != NULL ? ncm_strdup(mark + sizeof between - 1) : NULL;
    return true;
}

static bool open_source(const char *path, const struct ncm_rows_options *o, const char *table,
                        const atomic_bool *cancel, struct log_source **out, struct ncm_err *err)
{
    struct log_source *s = ncm_alloc(1, sizeof *s);
    bool is_open =
        is_database(path, table)
            ? ncm_log_table_open(path, table, o->follow, o->from_end, cancel, &s->table, err)
            : ncm_rows_open(path, o, &s->rows, err);
    if (!is_open) {
        ncm_free(s);
        return false;
    }
    *out = s;
    return true;
}

bool ncm_log_source_open(const char *path, const struct ncm_rows_options *o, const char *table,
                         const atomic_bool *cancel, struct log_source **out, struct ncm_err *err)
{
    char *file, *named;
    if (!named_table(path, &file, &named)) {
        return open_source(path, o, table, cancel, out, err);
    }
    bool ok = open_source(file, o, table != NULL ? table : named, cancel, out, err);
    ncm_free(file);
    ncm_free(named);
    return ok;
}

void ncm_log_source_close(struct log_source *s)
{
    if (!s) {
        return;
    }
    if (s->rows) {
        ncm_rows_close(s->rows);
    }
    ncm_log_table_close(s->table);
    ncm_envelope_free(s->envelope);
    ncm_free(s->before);
    ncm_free(s);
}

/* The next rows of requests; s->envelope holds some of the last lines or none. */
static enum ncm_rows_got next_unwrapped(struct log_source *s, struct ncm_batch *out,
                                        const atomic_bool *cancel, struct ncm_err *err)
{
    while (!ncm_envelope_pending(s->envelope) || !ncm_envelope_next(s->envelope, out)) {
        struct ncm_batch lines;
        ncm_free(s->before);
        s->before = ncm_rows_position(s->rows);
        enum ncm_rows_got got = ncm_rows_next(s->rows, &lines, cancel, err);
        if (got != NCM_ROWS_BATCH) {
            return got;
        }
        ncm_envelope_begin(s->envelope, &lines);
    }
    return NCM_ROWS_BATCH;
}

enum ncm_rows_got ncm_log_source_next(struct log_source *s, struct ncm_batch *out,
                                      const atomic_bool *cancel, struct ncm_err *err)
{
    if (s->table) {
        return ncm_log_table_next(s->table, out, cancel, err);
    }
    if (s->envelope) {
        return next_unwrapped(s, out, cancel, err);
    }
    enum ncm_rows_got got = ncm_rows_next(s->rows, out, cancel, err);
    if (got != NCM_ROWS_BATCH || !ncm_envelope_is(out)) {
        return got;
    }
    s->envelope = ncm_envelope_new();
    ncm_envelope_begin(s->envelope, out);
    return next_unwrapped(s, out, cancel, err);
}

void ncm_log_source_wait(struct log_source *s, int wait_ms, const atomic_bool *cancel)
{
    if (s->rows) {
        ncm_rows_wait(s->rows, wait_ms, cancel);
        return;
    }
    int64_t end = ncm_mono_ms() + wait_ms;
    while (ncm_mono_ms() < end && !(cancel && atomic_load(cancel))) {
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
}

void ncm_log_source_facts(const struct log_source *s, struct ncm_log_facts *out)
{
    if (!s->rows) {
        out->rows = ncm_log_table_rows(s->table);
        out->n_files = 1;
        return;
    }
    struct ncm_rows_facts f;
    ncm_rows_facts(s->rows, &f);
    out->rows = f.rows;
    out->bad_rows = f.bad;
    out->bytes = f.bytes;
    out->total_bytes = f.total_bytes;
    out->n_files = f.n_files;
    out->n_kept = f.n_kept < NCM_BAD_ROWS_KEPT ? f.n_kept : NCM_BAD_ROWS_KEPT;
    for (size_t i = 0; i < out->n_kept; i++) {
        out->kept[i] = f.kept[i];
    }
}

char *ncm_log_source_position(const struct log_source *s)
{
    if (s->envelope && s->before && ncm_envelope_pending(s->envelope)) {
        return ncm_strdup(s->before); /* rather some rows twice than some never */
    }
    return s->rows ? ncm_rows_position(s->rows)
                   : ncm_sprintf("rowid %" PRId64, ncm_log_table_last(s->table));
}

bool ncm_log_source_resume(struct log_source *s, const char *position)
{
    if (s->rows) {
        return ncm_rows_resume(s->rows, position);
    }
    int64_t after;
    if (strncmp(position, "rowid ", 6) != 0 || !ncm_parse_i64(position + 6, &after)) {
        return false;
    }
    ncm_log_table_go_on(s->table, after);
    return true;
}
