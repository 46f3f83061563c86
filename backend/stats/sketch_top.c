#include "stats/sketch_top.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/map.h"
#include "base/mem.h"
#include "stats/sketch_bytes.h"

#define MAGIC      0x31504F54u /* "TOP1" */
#define MOST_TOTAL (UINT64_MAX >> 8)

struct counter {
    char *key;
    size_t len;
    uint64_t rows;
};

/* Up to 2*most counters are held; then those are dropped that a sketch of `most` would not hold. */
struct ncm_top {
    uint32_t most;
    uint64_t total, error;
    struct counter *counters;
    size_t n, cap;
    struct ncm_map *at;
};

struct ncm_top *ncm_top_new(uint32_t most)
{
    struct ncm_top *s = ncm_alloc(1, sizeof(*s));
    s->most = most < 1 ? 1 : most > NCM_TOP_MOST_LIMIT ? NCM_TOP_MOST_LIMIT : most;
    s->at = ncm_map_new();
    return s;
}

void ncm_top_free(struct ncm_top *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->n; i++)
        ncm_free(s->counters[i].key);
    ncm_free(s->counters);
    ncm_map_free(s->at);
    ncm_free(s);
}

static int by_rows(const void *x, const void *y)
{
    const struct counter *a = x, *b = y;
    if (a->rows != b->rows)
        return a->rows > b->rows ? -1 : 1;
    int c = memcmp(a->key, b->key, a->len < b->len ? a->len : b->len);
    return c != 0 ? c : (a->len > b->len) - (a->len < b->len);
}

/* Takes the rows of the heaviest counter beyond `most` from all, so that at most `most` are left.
 * That takes them from at least most+1 counters at once, whence the bound of the error. */
static void prune(struct ncm_top *s)
{
    if (s->n <= s->most)
        return;
    qsort(s->counters, s->n, sizeof(*s->counters), by_rows);
    uint64_t less = s->counters[s->most].rows;
    size_t n = 0;
    ncm_map_free(s->at);
    s->at = ncm_map_new();
    for (size_t i = 0; i < s->n; i++) {
        struct counter *c = &s->counters[i];
        if (c->rows <= less) {
            ncm_free(c->key);
            continue;
        }
        c->rows -= less;
        ncm_map_set(s->at, c->key, c->len, n);
        s->counters[n++] = *c;
    }
    s->n = n;
    s->error += less;
}

static void count(struct ncm_top *s, const char *p, size_t len, uint64_t rows)
{
    size_t i;
    if (ncm_map_get(s->at, p, len, &i)) {
        s->counters[i].rows += rows;
        return;
    }
    s->counters = ncm_grow(s->counters, s->n, &s->cap, sizeof(*s->counters));
    s->counters[s->n] = (struct counter){ncm_strndup(p, len), len, rows};
    ncm_map_set(s->at, p, len, s->n++);
    if (s->n > 2 * (size_t)s->most)
        prune(s);
}

void ncm_top_add(struct ncm_top *s, const char *p, size_t len, uint64_t rows)
{
    if (rows == 0)
        return;
    s->total += rows;
    if (len > NCM_TOP_KEY_MOST)
        s->error += rows;
    else
        count(s, p, len, rows);
}

void ncm_top_merge(struct ncm_top *s, const struct ncm_top *from)
{
    for (size_t i = 0; i < from->n; i++)
        count(s, from->counters[i].key, from->counters[i].len, from->counters[i].rows);
    s->total += from->total;
    s->error += from->error;
}

uint64_t ncm_top_total(const struct ncm_top *s)
{
    return s->total;
}

uint64_t ncm_top_error(const struct ncm_top *s)
{
    return s->error;
}

uint64_t ncm_top_count(const struct ncm_top *s, const char *p, size_t len)
{
    size_t i;
    return ncm_map_get(s->at, p, len, &i) ? s->counters[i].rows : 0;
}

size_t ncm_top_list(const struct ncm_top *s, struct ncm_top_entry *out, size_t n)
{
    struct counter *all = ncm_alloc(s->n + 1, sizeof(*all));
    for (size_t i = 0; i < s->n; i++)
        all[i] = s->counters[i];
    qsort(all, s->n, sizeof(*all), by_rows);
    n = n < s->n ? n : s->n;
    for (size_t i = 0; i < n; i++)
        out[i] = (struct ncm_top_entry){all[i].key, all[i].len, all[i].rows};
    ncm_free(all);
    return n;
}

bool ncm_top_write(const struct ncm_top *s, struct ncm_buf *out)
{
    ncm_put_u32(out, MAGIC);
    ncm_put_u32(out, s->most);
    ncm_put_u64(out, s->total);
    ncm_put_u64(out, s->error);
    ncm_put_u32(out, (uint32_t)s->n);
    for (size_t i = 0; i < s->n; i++) {
        ncm_put_u64(out, s->counters[i].rows);
        ncm_put_u32(out, (uint32_t)s->counters[i].len);
        ncm_buf_add(out, s->counters[i].key, s->counters[i].len);
    }
    return !out->full;
}

/* Why it is no sketch, or NULL. */
static const char *read_all(struct ncm_take *t, struct ncm_top *s)
{
    s->total = ncm_take_u64(t);
    s->error = ncm_take_u64(t);
    size_t n = ncm_take_u32(t);
    if (t->bad || n > 2 * (size_t)s->most || n > t->left / 12)
        return _("too many counters or too few bytes");
    uint64_t left = s->total;
    if (left > MOST_TOTAL || s->error > left)
        return _("the total is too great, or less than the error");
    for (size_t i = 0; i < n; i++) {
        uint64_t rows = ncm_take_u64(t);
        size_t len = ncm_take_u32(t);
        const unsigned char *key = ncm_take_bytes(t, len);
        if (key == NULL || len > NCM_TOP_KEY_MOST)
            return _("a category is cut short or too long");
        if (rows == 0 || rows > left)
            return _("the rows of a category are not part of the total");
        left -= rows;
        count(s, (const char *)key, len, rows);
        if (s->n != i + 1)
            return _("a category comes twice");
    }
    return t->left > 0 ? _("something follows it") : NULL;
}

bool ncm_top_read(const void *bytes, size_t len, struct ncm_top **out, struct ncm_err *err)
{
    struct ncm_take t = {.p = bytes, .left = len};
    uint32_t magic = ncm_take_u32(&t);
    uint32_t most = ncm_take_u32(&t);
    if (t.bad || magic != MAGIC || most < 1 || most > NCM_TOP_MOST_LIMIT)
        return ncm_not_a_sketch(err, "Misra-Gries", _("a wrong beginning"));
    struct ncm_top *s = ncm_top_new(most);
    const char *what = read_all(&t, s);
    if (what != NULL) {
        ncm_top_free(s);
        return ncm_not_a_sketch(err, "Misra-Gries", what);
    }
    *out = s;
    return true;
}
