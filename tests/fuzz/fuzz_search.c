/* Any bytes as a filter and as an order: never a crash, an error has its offset within the text,
 * and what is taken can be evaluated. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "model/search.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define S(text) ((struct ncm_str){text, sizeof(text) - 1})

static void check(const char *text, size_t len)
{
    struct ncm_metric metric = {.key = S("auc"), .value = {.kind = NCM_V_NUMBER, .num = 0.5}};
    struct ncm_kv kv[2] = {{S("lr"), S("0.1")}, {S("none"), {NULL, 0}}};
    struct ncm_run a = {.id = S("a"),
                        .name = S("n"),
                        .metrics = &metric,
                        .n_metrics = 1,
                        .params = kv,
                        .n_params = 2,
                        .tags = kv,
                        .n_tags = 2,
                        .start_ms = 5,
                        .end_ms = NCM_NO_TIME};
    struct ncm_run b = {.id = S("b"), .start_ms = NCM_NO_TIME, .end_ms = 7};
    struct ncm_filter f;
    struct ncm_orders o;
    struct ncm_err err;
    size_t at = 0;
    if (ncm_filter_parse(text, &f, &at, &err)) {
        bool first = ncm_filter_match(&f, &a);
        if (first != ncm_filter_match(&f, &a))
            abort();
        (void)ncm_filter_match(&f, &b);
        ncm_filter_release(&f);
    } else if (at > len || err.code != NCM_USAGE || err.what[0] == '\0') {
        abort();
    }
    if (ncm_orders_parse(&text, 1, &o, &at, &err)) {
        int d = ncm_orders_compare(&o, &a, &b), back = ncm_orders_compare(&o, &b, &a);
        if ((d > 0) != (back < 0) || (d < 0) != (back > 0) || ncm_orders_compare(&o, &a, &a) != 0)
            abort();
        ncm_orders_release(&o);
    } else if (at > len) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = ncm_strndup(size > 0 ? (const char *)data : "", size);
    check(text, strlen(text));
    ncm_free(text);
    return 0;
}
