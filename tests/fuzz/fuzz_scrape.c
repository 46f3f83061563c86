/* Any two texts of /metrics, one after the other: rates come out that are numbers or unknown. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "provider/scrape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add(struct ncm_scrapes *s, const uint8_t *p, size_t n, int64_t at_ms)
{
    struct ncm_metrics m;
    struct ncm_err err;
    char *text = ncm_strndup((const char *)p, n);
    if (ncm_metrics_parse("text", text, strlen(text), &m, &err)) {
        ncm_scrapes_add(s, &m, at_ms);
        ncm_metrics_release(&m);
    }
    ncm_free(text);
}

static void check(const struct ncm_rates *r)
{
    for (size_t i = 0; r->n > 0 && i <= r->n; i++) {
        if (!(r->counts[i] >= 0) || (i > 0 && i < r->n && !(r->le_ms[i - 1] < r->le_ms[i]))) {
            abort();
        }
    }
    if (r->known && (r->requests < 0 || r->errors < 0 || r->error_rate < 0 || r->error_rate > 1 ||
                     !(r->window_s > 0))) {
        abort();
    }
    if (!r->known && (!isnan(r->requests) || r->n != 0)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *cut = size > 0 ? memchr(data, '\f', size) : NULL;
    size_t first = cut != NULL ? (size_t)(cut - data) : size;
    struct ncm_scrapes *s = ncm_scrapes_new(0);
    struct ncm_arena *a = ncm_arena_new();
    struct ncm_str values[3];
    struct ncm_rates r;
    add(s, data, first, 1000);
    add(s, cut != NULL ? cut + 1 : data, cut != NULL ? size - first - 1 : size, 2000);
    ncm_scrapes_rates(s, NULL, 0, a, &r);
    check(&r);
    size_t n = ncm_scrapes_values(s, "version", a, values, 3);
    for (size_t i = 0; i < n; i++) {
        struct ncm_kv want = {ncm_arena_cstr(a, "version"), values[i]};
        ncm_scrapes_rates(s, &want, 1, a, &r);
        check(&r);
    }
    ncm_arena_free(a);
    ncm_scrapes_free(s);
    return 0;
}
