/* Feeds: wants that keep showing their last answer while another loads, and can be paused. */
#include <string.h>

#include "runs.h"

#define DIM_AFTER_MS 250 /* an answer that comes quicker than this never flickers */

static void take_want(struct feed *f)
{
    struct ncm_want *before = f->want;
    bool ask = f->session != NULL && f->query != NULL;
    f->want = ask ? ncm_session_want(f->session, f->query) : NULL;
    ncm_want_release(before);
    f->wants++;
    if (f->want != NULL && f->query->topic == NCM_T_RUNS) /* until a table says what it shows */
        ncm_want_window(f->want, 0, f->query->limit > 0 ? (size_t)f->query->limit : NCM_RUNS_PAGE);
}

void feed_ask(struct feed *f, struct ncm_session *s, struct ncm_query *q)
{
    ncm_query_free(f->query);
    f->query = q;
    f->session = s;
    f->old = f->snap != NULL;
    f->asked_ms = ncm_mono_ms();
    take_want(f);
    feed_update(f);
}

void feed_stop(struct feed *f)
{
    ncm_want_release(f->want);
    f->want = NULL;
    ncm_query_free(f->query);
    f->query = NULL;
}

void feed_release(struct feed *f)
{
    feed_stop(f);
    ncm_snapshot_unref(f->snap);
    memset(f, 0, sizeof *f);
}

void feed_pause(struct feed *f, bool paused)
{
    if (paused) {
        ncm_want_release(f->want);
        f->want = NULL;
    } else if (f->want == NULL && f->query != NULL) {
        f->asked_ms = ncm_mono_ms();
        take_want(f);
    }
}

bool feed_update(struct feed *f)
{
    const void *now = f->want != NULL ? ncm_want_get(f->want) : NULL;
    if (now == NULL)
        return false;
    f->old = false;
    if (now == f->snap)
        return false;
    ncm_snapshot_unref(f->snap);
    f->snap = ncm_snapshot_ref(now);
    return true;
}

bool feed_asked(const struct feed *f)
{
    return f->query != NULL;
}

const struct ncm_err *feed_error(const struct feed *f)
{
    return f->want != NULL ? ncm_want_error(f->want) : NULL;
}

bool feed_dim(const struct feed *f)
{
    if (f->want == NULL)
        return false;
    if (f->old)
        return ncm_mono_ms() - f->asked_ms > DIM_AFTER_MS;
    enum ncm_freshness state = ncm_want_freshness(f->want).state;
    return state == NCM_STALE || state == NCM_OFFLINE;
}

struct ncm_freshness_info feed_freshness(const struct feed *f)
{
    if (f->want != NULL) {
        struct ncm_freshness_info info = ncm_want_freshness(f->want);
        if (info.age_ms < 0 && f->snap != NULL) { /* the last answer is shown until another comes */
            int64_t age = ncm_now_ms() - ((const struct ncm_snapshot *)f->snap)->taken_ms;
            info.age_ms = age > 0 ? age : 0;
        }
        return info;
    }
    return (struct ncm_freshness_info){.state = NCM_LIVE, .age_ms = -1, .retry_ms = -1};
}

struct ncm_freshness_info freshness_worse(struct ncm_freshness_info a, struct ncm_freshness_info b)
{
    static const int rank[] = {
        [NCM_LIVE] = 0, [NCM_LOADING] = 1, [NCM_STALE] = 2, [NCM_OFFLINE] = 3};
    if (rank[a.state] != rank[b.state])
        return rank[a.state] > rank[b.state] ? a : b;
    return a.age_ms >= b.age_ms ? a : b;
}

static void paint_error(const struct canvas *c, const struct ncm_err *err)
{
    struct ncm_buf text;
    ncm_buf_init(&text, 4096);
    ncm_buf_printf(&text, "%s %s", sign(SIGN_CROSS), err->what);
    if (err->hint[0] != '\0')
        ncm_buf_printf(&text, "\n\n%s", err->hint);
    if (err->detail[0] != '\0')
        ncm_buf_printf(&text, "\n\n%s", err->detail);
    struct textview view = {0};
    struct canvas in = canvas_part(c, 1, 2, -1, c->w - 4);
    textview_draw(&view, text.p, text.len, &in, false);
    ncm_buf_release(&text);
}

void feed_paint_empty(const struct feed *f, const struct canvas *c, const char *nothing)
{
    const struct ncm_err *err = feed_error(f);
    if (c->h < 1 || c->w < 5)
        return;
    if (err != NULL) {
        paint_error(c, err);
        return;
    }
    bool loading = f->snap == NULL || f->old || ((const struct ncm_snapshot *)f->snap)->provisional;
    const char *text = loading ? _("loading…") : nothing;
    struct textview view = {0};
    struct canvas in = canvas_part(c, c->h > 4 ? 1 : 0, 2, -1, c->w - 4);
    textview_draw(&view, text, strlen(text), &in, false);
}
