/* Any bytes as a report of Evidently or as its service's answer: series whose points are in order,
 * or a sentence. */
#include <stdlib.h>

#include "provider/evidently/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct ncm_evidently *e)
{
    for (size_t i = 0; i < e->n; i++) {
        const struct ncm_evidently_series *s = &e->series[i];
        if (s->n == 0 || s->method.p == NULL) {
            abort();
        }
        for (size_t k = 1; k < s->n; k++) {
            if (s->points[k - 1].time_ms > s->points[k].time_ms) {
                abort();
            }
        }
    }
}

static void as_series(const char *p, size_t len)
{
    struct ncm_doc *doc;
    struct ncm_evidently e = {0};
    struct ev_builder b;
    struct ncm_err err;
    if (!ncm_json_parse("answer", p, len, &doc, &err)) {
        return;
    }
    ev_builder_init(&b);
    if (ev_read_series(&b, ncm_doc_root(doc)) && ev_finish(&b, &e, &err)) {
        check(&e);
    }
    ncm_evidently_release(&e);
    ev_builder_release(&b);
    ncm_doc_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ncm_evidently e;
    struct ncm_err err = {0};
    const char *text = size > 0 ? (const char *)data : "";
    bool ok = ncm_evidently_report("report", text, size, 0, &e, &err);
    if (ok) {
        check(&e);
        ncm_evidently_release(&e);
    } else if (err.code == NCM_OK || err.what[0] == '\0') {
        abort();
    }
    as_series(text, size);
    return 0;
}
