/* Bytes that say they are a sketch: whatever is taken can be used, merged and written again. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stats/sketch_hll.h"
#include "stats/sketch_kll.h"
#include "stats/sketch_top.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(struct ncm_buf *b, const uint8_t *data, size_t size)
{
    if (b->full || b->len != size || memcmp(b->p, data, size) != 0)
        abort();
    ncm_buf_clear(b);
}

static void check_kll(struct ncm_kll *s, struct ncm_buf *b, const uint8_t *data, size_t size)
{
    double *values, *weights;
    ncm_kll_write(s, b);
    check_same(b, data, size);
    for (int i = 0; i <= 10; i++) {
        double v = ncm_kll_quantile(s, i / 10.0);
        double r = ncm_kll_rank(s, v);
        if (ncm_kll_count(s) > 0 && (!isfinite(v) || !(r >= 0 && r <= 1)))
            abort();
    }
    ncm_kll_merge(s, s);
    for (int i = 0; i < 1000; i++) {
        double v = i;
        ncm_kll_add(s, &v, 1);
    }
    ncm_kll_dump(s, &values, &weights);
    ncm_free(values);
    ncm_free(weights);
    ncm_kll_free(s);
}

static void check_top(struct ncm_top *s, struct ncm_buf *b, const uint8_t *data, size_t size)
{
    struct ncm_top *other = ncm_top_new(3);
    struct ncm_top_entry e[4];
    ncm_top_write(s, b);
    check_same(b, data, size);
    ncm_top_merge(other, s);
    ncm_top_add(s, "one", 3, 1);
    ncm_top_list(s, e, 4);
    if (ncm_top_total(s) != ncm_top_total(other) + 1 || ncm_top_error(other) > ncm_top_total(other))
        abort();
    ncm_top_free(s);
    ncm_top_free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ncm_hll hll;
    struct ncm_err err;
    struct ncm_kll *kll;
    struct ncm_top *top;
    struct ncm_buf b;
    ncm_buf_init(&b, 8u << 20);
    if (ncm_kll_read(data, size, &kll, &err))
        check_kll(kll, &b, data, size);
    if (ncm_top_read(data, size, &top, &err))
        check_top(top, &b, data, size);
    if (ncm_hll_read(data, size, &hll, &err)) {
        ncm_hll_write(&hll, &b);
        check_same(&b, data, size);
        if (!(ncm_hll_count(&hll) >= 0))
            abort();
    }
    ncm_buf_release(&b);
    return 0;
}
