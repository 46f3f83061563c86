/* From what a model server counts about itself (/metrics) to rates: deltas of two scrapes. Knows
 * the metric families of the usual servers (scrape_families.c) and generic ones. Pure. */
#ifndef NCM_PROVIDER_SCRAPE_H
#define NCM_PROVIDER_SCRAPE_H

#include "model/rates.h"
#include "provider/metrics_text.h"

/* Keeps scrapes of the last window of one server. */
struct ncm_scrapes;
struct ncm_scrapes *ncm_scrapes_new(int64_t window_ms); /* 0: 5 min */
void ncm_scrapes_free(struct ncm_scrapes *s);           /* NULL allowed */
/* Takes what it needs of m; at_ms: when it was read, by a clock that only goes on. A counter that fell
 * was restarted. */
void ncm_scrapes_add(struct ncm_scrapes *s, const struct ncm_metrics *m, int64_t at_ms);

/* Rates of the samples whose labels include all of `want` (n_want may be 0); all unknown before the
 * second scrape. Of the whole window; where nothing was asked for in its last minute, of that minute:
 * 0 requests, and no share of errors or durations. Arrays in the arena. */
void ncm_scrapes_rates(const struct ncm_scrapes *s, const struct ncm_kv *want, size_t n_want,
                       struct ncm_arena *a, struct ncm_rates *out);
/* Values of one label over the families in use ("model_version"), sorted; for splits. */
size_t ncm_scrapes_values(const struct ncm_scrapes *s, const char *label, struct ncm_arena *a,
                          struct ncm_str *out, size_t most);

#endif
