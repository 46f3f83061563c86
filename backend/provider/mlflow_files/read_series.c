/* Topic SERIES: one metric's history, thinned while it is read so that any length fits. */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "io/file.h"
#include "provider/mlflow_files/internal.h"
#include "stats/thin.h"

#define PIECE (4 << 20)

/* Points are logged in the order of their steps almost always: then they can be thinned as they
 * come. Where one is not, all are held and put in order first. */
struct reader {
    struct ncm_thin thin;
    bool sorted, hold;
    bool any;
    struct ncm_sample last;
    struct ncm_sample *held;
    size_t n, cap;
};

static void take(void *to, const struct ncm_sample *s)
{
    struct reader *r = to;
    if (r->hold) {
        r->held = ncm_grow(r->held, r->n, &r->cap, sizeof(*r->held));
        r->held[r->n++] = *s;
        return;
    }
    r->sorted = r->sorted && (!r->any || ncm_sample_order(&r->last, s) <= 0);
    r->any = true;
    r->last = *s;
    if (r->sorted)
        ncm_thin_push(&r->thin, s);
}

static bool read_all(struct ncm_conn *c, struct ncm_fetch *f, const char *path, struct reader *r,
                     struct ncm_err *err)
{
    struct files_lines lines = {0};
    struct ncm_buf piece;
    bool more = true, ok = true;
    ncm_buf_init(&piece, PIECE + 1);
    while (ok && more && r->sorted) {
        ncm_buf_clear(&piece);
        ok = files_go_on(c, &f->control, err) &&
             ncm_file_read(path, lines.offset, PIECE, &piece, &more, err);
        if (ok)
            files_lines_take(&lines, piece.p, piece.len, more, take, r);
        if (f->progress != NULL && lines.n > 100000)
            f->progress(f->to, lines.n, -1);
    }
    ncm_buf_release(&piece);
    return ok;
}

static bool read_in_order(struct ncm_conn *c, struct ncm_fetch *f, const char *path,
                          struct reader *r, struct ncm_err *err)
{
    r->sorted = true;
    if (!read_all(c, f, path, r, err))
        return false;
    if (r->sorted)
        return true;
    struct ncm_series_snapshot *unused = ncm_snapshot_new(NCM_T_SERIES, sizeof(*unused));
    size_t limit = r->thin.limit;
    ncm_thin_finish(&r->thin, unused);
    ncm_snapshot_unref(unused);
    *r = (struct reader){.thin = {.limit = limit}, .sorted = true, .hold = true};
    bool ok = read_all(c, f, path, r, err);
    if (ok && r->n > 1)
        qsort(r->held, r->n, sizeof(*r->held), ncm_sample_order);
    for (size_t i = 0; ok && i < r->n; i++)
        ncm_thin_push(&r->thin, &r->held[i]);
    return ok;
}

bool files_read_series(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    const char *key = f->query->key != NULL ? f->query->key : "";
    struct files_run *run;
    if (!files_scan_experiments(c, &f->control, err) ||
        !files_find_run(c, f->query->id != NULL ? f->query->id : "", &run, err))
        return false;
    struct ncm_series_snapshot *s = ncm_snapshot_new(NCM_T_SERIES, sizeof(*s));
    struct reader r = {.thin = {.limit = f->query->limit > 0 ? (size_t)f->query->limit : 0}};
    char *dir = files_run_dir(c, run);
    char *path = ncm_sprintf("%s/metrics/%s", dir, key);
    s->run_id = ncm_arena_cstr(s->head.arena, f->query->id);
    s->key = ncm_arena_cstr(s->head.arena, key);
    /* A metric that nobody logged has no points. */
    bool ok =
        !files_is_key(key) || read_in_order(c, f, path, &r, err) || err->code == NCM_NOT_FOUND;
    ncm_thin_finish(&r.thin, s);
    ncm_free(r.held);
    ncm_free(path);
    ncm_free(dir);
    if (!ok) {
        ncm_snapshot_unref(s);
        return false;
    }
    f->publish(f->to, &s->head);
    return true;
}
