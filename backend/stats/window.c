#include "stats/window.h"

static int64_t plus(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return b > 0 ? INT64_MAX : INT64_MIN;
    return sum;
}

static int64_t minus(int64_t a, int64_t b)
{
    int64_t rest;
    if (__builtin_sub_overflow(a, b, &rest))
        return b > 0 ? INT64_MIN : INT64_MAX;
    return rest;
}

static int64_t times(int64_t a, int64_t b)
{
    int64_t product;
    if (__builtin_mul_overflow(a, b, &product))
        return (a > 0) == (b > 0) ? INT64_MAX : INT64_MIN;
    return product;
}

/* Rounded down; b > 0. */
static int64_t quotient(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

struct ncm_window ncm_window_at(const struct ncm_window_plan *p, int64_t index)
{
    int64_t from = plus(p->origin, times(index, p->step));
    return (struct ncm_window){index, from, plus(from, p->size)};
}

bool ncm_windows_of(const struct ncm_window_plan *p, int64_t t, int64_t *first, int64_t *last)
{
    int64_t since = minus(t, p->origin);
    int64_t into = since % p->step; /* how far into window *last */
    into += into < 0 ? p->step : 0;
    *last = quotient(since, p->step);
    *first = into < p->size ? minus(*last, (p->size - 1 - into) / p->step) : *last + 1;
    return *first <= *last;
}

bool ncm_window_closed(const struct ncm_window_plan *p, int64_t index, int64_t newest)
{
    return newest >= plus(ncm_window_at(p, index).to, p->lateness);
}

bool ncm_window_late(const struct ncm_window_plan *p, int64_t t, int64_t newest)
{
    int64_t first, last;
    return ncm_windows_of(p, t, &first, &last) && ncm_window_closed(p, last, newest);
}

int64_t ncm_window_last_closed(const struct ncm_window_plan *p, int64_t newest)
{
    int64_t since = minus(minus(newest, p->lateness), p->origin);
    return quotient(minus(since, p->size), p->step);
}

struct ncm_window ncm_window_weeks_before(const struct ncm_window_plan *p, int64_t index,
                                          int64_t weeks)
{
    struct ncm_window w = ncm_window_at(p, index);
    w.from = minus(w.from, times(weeks, NCM_WEEK_MS));
    w.to = plus(w.from, p->size);
    w.index = quotient(minus(w.from, p->origin), p->step);
    return w;
}
