#include "provider/window.h"

/* Pages on either side of the window that are not let go: for who scrolls back. */
#define PAGES_KEPT 16

static bool load_window(const struct ncm_fetch *f, struct ncm_runs_snapshot *s, ncm_page_fn load,
                        void *to, struct ncm_err *err)
{
    if (s->n == 0 || f->count == 0 || f->first >= s->n)
        return true;
    size_t last = f->count > s->n - f->first ? s->n - 1 : f->first + f->count - 1;
    for (size_t p = f->first / NCM_RUNS_PAGE; p <= last / NCM_RUNS_PAGE; p++)
        if (s->pages[p] == NULL && !load(to, s, p, err))
            return false;
    return true;
}

bool ncm_window_publish(struct ncm_fetch *f, struct ncm_runs_snapshot *s, ncm_page_fn load,
                        void *to, struct ncm_err *err)
{
    if (!load_window(f, s, load, to, err)) {
        ncm_snapshot_unref(s);
        return false;
    }
    f->publish(f->to, &s->head);
    return true;
}

static bool is_near(const struct ncm_fetch *f, size_t page)
{
    size_t first = f->first / NCM_RUNS_PAGE, last = (f->first + f->count) / NCM_RUNS_PAGE;
    return page + PAGES_KEPT >= first && page <= last + PAGES_KEPT;
}

bool ncm_window_move(struct ncm_fetch *f, const struct ncm_runs_snapshot *previous,
                     ncm_page_fn load, void *to, struct ncm_err *err)
{
    struct ncm_runs_snapshot *s = ncm_runs_same_rows(previous);
    for (size_t i = 0; i < s->n_pages; i++)
        s->pages[i] = is_near(f, i) ? ncm_runs_page_share(previous->pages[i]) : NULL;
    return ncm_window_publish(f, s, load, to, err);
}
