#include "provider/prediction_log/follow.h"

#include "base/mem.h"
#include "provider/prediction_log/source.h"

struct ncm_log_follow {
    struct log_source *source;
    struct ncm_frame_builder *builder;
    bool failed;
    struct ncm_err err;
};

bool ncm_log_follow_open(const char *path, const struct ncm_log_options *o,
                         struct ncm_log_follow **out, struct ncm_err *err)
{
    struct ncm_rows_options rows = o->rows;
    struct log_source *source;
    rows.follow = true;
    if (!ncm_log_source_open(path, &rows, o->table, NULL, &source, err)) {
        return false;
    }
    struct ncm_log_follow *f = ncm_alloc(1, sizeof *f);
    f->source = source;
    f->builder = ncm_frame_builder_new(&o->frame);
    *out = f;
    return true;
}

void ncm_log_follow_close(struct ncm_log_follow *f)
{
    if (!f) {
        return;
    }
    ncm_log_source_close(f->source);
    ncm_frame_builder_free(f->builder);
    ncm_free(f);
}

static enum ncm_rows_got keep_error(struct ncm_log_follow *f, const struct ncm_err *err)
{
    if (err->code != NCM_CANCELLED) {
        f->failed = true;
        f->err = *err;
    }
    return NCM_ROWS_ERROR;
}

enum ncm_rows_got ncm_log_follow_next(struct ncm_log_follow *f, struct ncm_frame **chunk,
                                      const atomic_bool *cancel, struct ncm_err *err)
{
    struct ncm_batch batch;
    if (f->failed) {
        *err = f->err;
        return NCM_ROWS_ERROR;
    }
    enum ncm_rows_got got = ncm_log_source_next(f->source, &batch, cancel, err);
    if (got == NCM_ROWS_ERROR) {
        return keep_error(f, err);
    }
    if (got != NCM_ROWS_BATCH) {
        return got;
    }
    if (!ncm_frame_builder_add(f->builder, &batch, err)) {
        return keep_error(f, err);
    }
    *chunk = ncm_frame_builder_take(f->builder);
    return NCM_ROWS_BATCH;
}

void ncm_log_follow_wait(struct ncm_log_follow *f, int wait_ms, const atomic_bool *cancel)
{
    ncm_log_source_wait(f->source, wait_ms, cancel);
}

char *ncm_log_follow_position(const struct ncm_log_follow *f)
{
    return ncm_log_source_position(f->source);
}

bool ncm_log_follow_resume(struct ncm_log_follow *f, const char *position)
{
    return ncm_log_source_resume(f->source, position);
}

void ncm_log_follow_facts(const struct ncm_log_follow *f, struct ncm_log_facts *out)
{
    *out = (struct ncm_log_facts){.total_bytes = -1};
    ncm_log_source_facts(f->source, out);
    ncm_frame_builder_facts(f->builder, &out->values);
}
