#include "ops/download.h"

#include "base/mem.h"
#include "io/file.h"
#include "ops/parts.h"

struct ncm_download *ncm_download_new(const char *run_id, const char *path, const char *file)
{
    struct ncm_download *d = ncm_alloc(1, sizeof *d);
    d->run_id = ncm_strdup(run_id);
    d->path = ncm_strdup(path);
    d->file = ncm_strdup(file);
    atomic_init(&d->bytes, 0);
    return d;
}

void ncm_download_free(void *arg)
{
    struct ncm_download *d = arg;
    if (d == NULL) {
        return;
    }
    ncm_free(d->run_id);
    ncm_free(d->path);
    ncm_free(d->file);
    ncm_free(d);
}

struct pouring {
    struct ncm_download *d;
    struct ncm_file_out *out;
};

static bool put(void *to, const char *p, size_t len, struct ncm_err *err)
{
    struct pouring *x = to;
    if (!ncm_file_out_put(x->out, p, len, err)) {
        return false;
    }
    atomic_fetch_add(&x->d->bytes, (long long)len);
    return true;
}

static void drop(void *to, struct ncm_snapshot *s)
{
    (void)to;
    ncm_snapshot_unref(s);
}

static bool job(struct ncm_job_context *ctx, void *arg, struct ncm_err *err)
{
    struct pouring x = {.d = arg};
    struct ncm_lane lane;
    if (!ncm_lane_begin(ctx, &lane, err)) {
        return false;
    }
    struct ncm_query *q = ncm_query_artifact(x.d->run_id, x.d->path, 0);
    struct ncm_fetch f = {
        .query = q,
        .control = {.cancel = ctx->control.cancel}, /* however long it takes */
        .sink = put,
        .sink_to = &x,
        .publish = drop,
    };
    bool ok = ncm_file_out_open(x.d->file, 0666, &x.out, err);
    if (ok) {
        ok = ctx->provider->fetch(lane.conn, &f, err);
        if (ok) {
            ok = ncm_file_out_commit(x.out, err);
        } else {
            ncm_file_out_abort(x.out);
        }
    }
    ncm_query_free(q);
    ncm_lane_end(ctx, &lane);
    return ok;
}

uint64_t ncm_download_start(struct ncm_session *s, struct ncm_download *d)
{
    return ncm_session_submit(s, job, d, ncm_download_free);
}

bool ncm_download_wait(struct ncm_session *s, struct ncm_download *d, int64_t *bytes,
                       struct ncm_err *err)
{
    struct ncm_job_result r;
    uint64_t id = ncm_download_start(s, d);
    long long before = -1;
    while (!ncm_session_result_wait(s, id, &r, err)) {
        long long now = atomic_load(&d->bytes);
        if (now == before) {
            return false; /* the job still has d */
        }
        before = now;
    }
    *bytes = (int64_t)atomic_load(&d->bytes);
    *err = r.err;
    ncm_download_free(r.arg);
    return r.ok;
}
