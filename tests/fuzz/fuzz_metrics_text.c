/* Any bytes as the text of /metrics: read or refused with a place; what was read has names, sorted
 * labels and a family each, and written down plainly it reads as the same again. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/num.h"
#include "model/alert_labels.h"
#include "provider/metrics_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_down(const struct ncm_metrics *m, struct ncm_buf *out)
{
    char number[40];
    for (size_t i = 0; i < m->n; i++) {
        const struct ncm_metrics_sample *s = &m->samples[i];
        ncm_buf_putc(out, '{');
        ncm_labels_quote(s->name.p, s->name.len, out);
        for (size_t k = 0; k < s->n_labels; k++) {
            ncm_buf_putc(out, ',');
            ncm_labels_quote(s->labels[k].key.p, s->labels[k].key.len, out);
            ncm_buf_putc(out, '=');
            ncm_labels_quote(s->labels[k].value.p, s->labels[k].value.len, out);
        }
        ncm_buf_printf(out, "} %s\n", ncm_fmt_exact(number, sizeof number, s->value));
    }
}

static void check(const struct ncm_metrics *m)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct ncm_metrics_sample *s = &m->samples[i];
        if (s->name.len == 0 || s->family >= m->n_families) {
            abort();
        }
        for (size_t k = 1; k < s->n_labels; k++) {
            if (ncm_str_compare(s->labels[k - 1].key, s->labels[k].key) >= 0) {
                abort();
            }
        }
    }
}

static void again(const struct ncm_metrics *m)
{
    struct ncm_buf b;
    struct ncm_metrics back;
    struct ncm_err err;
    ncm_buf_init(&b, 1 << 26);
    write_down(m, &b);
    if (!ncm_metrics_parse("again", b.p, b.len, &back, &err) || back.n != m->n) {
        abort();
    }
    for (size_t i = 0; i < m->n; i++) {
        const struct ncm_metrics_sample *x = &m->samples[i], *y = &back.samples[i];
        bool same = x->value == y->value || (isnan(x->value) && isnan(y->value));
        if (!same || !ncm_str_eq(x->name, y->name) || x->n_labels != y->n_labels) {
            abort();
        }
        for (size_t k = 0; k < x->n_labels; k++) {
            if (!ncm_str_eq(x->labels[k].value, y->labels[k].value)) {
                abort();
            }
        }
    }
    ncm_metrics_release(&back);
    ncm_buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ncm_metrics m;
    struct ncm_err err = {0};
    char *copy = ncm_alloc(size + 1, 1);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    if (ncm_metrics_parse("text", copy, size, &m, &err)) {
        check(&m);
        again(&m);
        ncm_metrics_release(&m);
    } else if (strncmp(err.what, "text:", 5) != 0) {
        abort();
    }
    ncm_free(copy);
    return 0;
}
