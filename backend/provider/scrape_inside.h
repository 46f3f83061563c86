/* The table of metric families of model servers. */
#ifndef NCM_PROVIDER_SCRAPE_INSIDE_H
#define NCM_PROVIDER_SCRAPE_INSIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/value.h"

/* What a metric is in its family. */
enum ncm_scrape_part {
    NCM_SCRAPE_REQUESTS,
    NCM_SCRAPE_ERRORS,
    NCM_SCRAPE_BUCKET,
    NCM_SCRAPE_COUNT,
    NCM_SCRAPE_QUANTILE,
    NCM_SCRAPE_PARTS,
};
struct ncm_scrape_name {
    size_t family;
    enum ncm_scrape_part part;
};

struct ncm_scrape_family {
    const char *requests;  /* counter of all requests; NULL: the durations' count */
    const char *errors;    /* counter of failed ones; NULL: by the status label, if there is one */
    bool apart;            /* `requests` does not include them */
    const char *durations; /* histogram or summary; NULL */
    double to_ms;          /* one unit of it */
    const char *also;      /* another name of the durations; NULL */
    const char *only;      /* part of the path that a prediction has; NULL: any but health pages */
};
/* The more telling before the more general: the first that a server has is used. */
extern const struct ncm_scrape_family ncm_scrape_families[];
extern const size_t ncm_scrape_n_families;

enum ncm_scrape_status { NCM_SCRAPE_NO_STATUS, NCM_SCRAPE_GOOD, NCM_SCRAPE_ERROR };
/* By the label that says how a request ended: 5xx and gRPC's codes of a failing server are errors;
 * 4xx is the client's. */
enum ncm_scrape_status ncm_scrape_status(const struct ncm_kv *labels, size_t n);
/* Whether the series counts something else than predictions: health pages, metrics, our probes. */
bool ncm_scrape_aside(const struct ncm_scrape_family *f, const struct ncm_kv *labels, size_t n);

#endif
