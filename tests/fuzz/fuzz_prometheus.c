/* Whatever a Prometheus answers: it is understood or refused with a sentence; series are sorted,
 * their points too, and bins of two histograms can always be put on the same edges. The first byte
 * stands for the status. */
#include <math.h>
#include <stdlib.h>

#include "provider/prometheus/histogram.h"
#include "provider/prometheus/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void told(bool ok, const struct ncm_err *err)
{
    if (!ok && (err->code == NCM_OK || err->what[0] == '\0')) {
        abort();
    }
}

static void unite(const struct ncm_prom_histogram *h, const struct ncm_bucket *b, size_t n)
{
    struct ncm_hist_bins native, classic, one, other;
    ncm_hist_bins_of_native(h, &native);
    ncm_hist_bins_of_buckets(b, n, &classic);
    ncm_hist_bins_union(&native, &classic, &one, &other);
    if (one.n != other.n) {
        abort();
    }
    for (size_t i = 0; i < one.n; i++) {
        if (!(one.edges[i] < one.edges[i + 1]) || one.edges[i] != other.edges[i]) {
            abort();
        }
    }
    ncm_hist_bins_release(&native);
    ncm_hist_bins_release(&classic);
    ncm_hist_bins_release(&one);
    ncm_hist_bins_release(&other);
}

static void look(const struct ncm_prom_answer *a)
{
    size_t n;
    struct ncm_bucket_group *groups = ncm_bucket_groups(a, a->arena, &n);
    for (size_t i = 0; i < n; i++) {
        (void)ncm_histogram_quantile(0.5, groups[i].buckets, groups[i].n, NULL);
    }
    for (size_t i = 0; i < a->n; i++) {
        const struct ncm_prom_series *s = &a->series[i];
        if (i > 0 && ncm_str_compare(a->series[i - 1].key, s->key) > 0) {
            abort();
        }
        for (size_t k = 1; k < s->n; k++) {
            if (s->points[k - 1].t_ms > s->points[k].t_ms) {
                abort();
            }
        }
        for (size_t k = 0; k < s->n_histograms; k++) {
            unite(&s->histograms[k], n > 0 ? groups[0].buckets : NULL, n > 0 ? groups[0].n : 0);
        }
    }
}

static void take(const struct ncm_doc *doc)
{
    const struct ncm_node *data_part = ncm_node_get(ncm_doc_root(doc), "data");
    struct ncm_prom_answer answer;
    struct ncm_prom_rules rules = {.arena = ncm_arena_new()};
    struct ncm_prom_alerts alerts = {.arena = ncm_arena_new()};
    struct ncm_prom_targets targets = {.arena = ncm_arena_new()};
    struct ncm_err err = {0};
    bool ok = prom_decode(doc, &answer, &err);
    told(ok, &err);
    if (ok) {
        look(&answer);
        ncm_prom_answer_release(&answer);
    }
    err = (struct ncm_err){0};
    told(prom_decode_rules(data_part, &rules, &err), &err);
    err = (struct ncm_err){0};
    told(prom_decode_alerts(data_part, &alerts, &err), &err);
    err = (struct ncm_err){0};
    told(prom_decode_targets(data_part, &targets, &err), &err);
    ncm_prom_rules_release(&rules);
    ncm_prom_alerts_release(&alerts);
    ncm_prom_targets_release(&targets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 200, 200, 200, 400, 401, 403, 404, 422, 500, 503, 302};
    static struct ncm_prom p = {.ask = {.product = "Prometheus"}};
    struct ncm_http_answer a = {.type = "application/json"};
    struct ncm_doc *doc;
    struct ncm_err err = {0};
    if (size == 0) {
        return 0;
    }
    if (p.ask.http == NULL && !ncm_http_open("http://127.0.0.1:1", NULL, &p.ask.http, &err)) {
        abort();
    }
    a.status = statuses[data[0] % (sizeof statuses / sizeof *statuses)];
    ncm_buf_init(&a.body, 1 << 24);
    ncm_buf_add(&a.body, data + 1, size - 1);
    bool ok = prom_answer(&p, &a, &doc, &err);
    told(ok, &err);
    if (ok) {
        take(doc);
    }
    ncm_doc_free(doc);
    ncm_buf_release(&a.body);
    return 0;
}
