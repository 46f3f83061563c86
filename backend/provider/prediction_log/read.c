#include "provider/prediction_log/read.h"

#include <string.h>

#include "base/i18n.h"
#include "provider/prediction_log/source.h"

#define MOST_PASSES 3

static bool has_column(const struct ncm_frame_builder *b, const char *name, const char *path,
                       struct ncm_err *err)
{
    if (ncm_frame_builder_has(b, name)) {
        return true;
    }
    return ncm_fail(err, NCM_USAGE, _("%s has no column \"%s\""), path, name);
}

/* A name that is not there is a slip of the pen, not a column without values. */
static bool check_names(const struct ncm_frame_builder *b, const char *path,
                        const struct ncm_frame_options *o, struct ncm_err *err)
{
    if (o->time_name && !o->may_lack_time && !has_column(b, o->time_name, path, err)) {
        return false;
    }
    for (size_t i = 0; !o->may_lack && i < o->n_wanted; i++) {
        if (!has_column(b, o->wanted[i], path, err)) {
            return false;
        }
    }
    for (size_t i = 0; !o->may_lack && i < o->n_types; i++) {
        if (!has_column(b, o->types[i].name, path, err)) {
            return false;
        }
    }
    return true;
}

/* Rows of all, from the bytes that were read so far. */
static void expect(struct ncm_frame_builder *b, const struct ncm_log_facts *f)
{
    if (f->bytes > 0 && f->total_bytes >= f->bytes) {
        double share = (double)f->rows / (double)f->bytes;
        double rows = share * (double)f->total_bytes * 1.02 + 64;
        ncm_frame_builder_expect(b, rows < 1e12 ? (size_t)rows : 0);
    }
}

struct pass {
    const char *path;
    const struct ncm_log_options *o;
    const atomic_bool *cancel;
    ncm_log_progress *progress;
    void *data;
};

static bool read_once(const struct pass *p, struct ncm_frame_builder *b,
                      struct ncm_log_facts *facts, struct ncm_err *err)
{
    struct log_source *s;
    struct ncm_rows_options rows = p->o->rows;
    rows.follow = false;
    if (!ncm_log_source_open(p->path, &rows, p->o->table, p->cancel, &s, err)) {
        return false;
    }
    enum ncm_rows_got got;
    struct ncm_batch batch;
    bool is_done = true;
    while ((got = ncm_log_source_next(s, &batch, p->cancel, err)) == NCM_ROWS_BATCH) {
        ncm_log_source_facts(s, facts);
        expect(b, facts);
        is_done = ncm_frame_builder_add(b, &batch, err);
        if (!is_done) {
            break;
        }
        ncm_frame_builder_facts(b, &facts->values);
        if (p->progress) {
            p->progress(p->data, facts);
        }
    }
    ncm_log_source_facts(s, facts);
    ncm_log_source_close(s);
    return is_done && got == NCM_ROWS_END;
}

bool ncm_log_read(const char *path, const struct ncm_log_options *o, struct ncm_frame **out,
                  struct ncm_log_facts *facts, const atomic_bool *cancel,
                  ncm_log_progress *progress, void *data, struct ncm_err *err)
{
    struct pass p = {path, o, cancel, progress, data};
    *facts = (struct ncm_log_facts){.total_bytes = -1};
    struct ncm_frame_builder *b = ncm_frame_builder_new(&o->frame);
    bool is_done = read_once(&p, b, facts, err);
    bool again = strcmp(path, "-") != 0;
    for (int i = 1; is_done && again && i < MOST_PASSES && ncm_frame_builder_turned(b); i++) {
        ncm_frame_builder_restart(b);
        facts->again = true;
        is_done = read_once(&p, b, facts, err);
    }
    ncm_frame_builder_facts(b, &facts->values);
    is_done = is_done && check_names(b, path, &o->frame, err);
    if (is_done) {
        *out = ncm_frame_builder_finish(b);
    }
    ncm_frame_builder_free(b);
    return is_done;
}
