/* What the files of this folder share. */
#ifndef NCM_PROMETHEUS_INTERNAL_H
#define NCM_PROMETHEUS_INTERNAL_H

#include "model/deploy.h"
#include "provider/ask.h"
#include "provider/prometheus/prometheus.h"

struct ncm_prom {
    struct ncm_ask ask;
    int64_t date_ms; /* of the last answer's Date header; NCM_NO_TIME: none yet */
    int64_t took_ms; /* of the last answer */
};

/* What an answer of any kind means: the document with status "success", or the error. */
bool prom_answer(struct ncm_prom *p, const struct ncm_http_answer *a, struct ncm_doc **doc,
                 struct ncm_err *err);
/* GET; *data is the member of that name. */
bool prom_get(struct ncm_prom *p, const char *path, const struct ncm_control *control,
              struct ncm_doc **doc, const struct ncm_node **data, struct ncm_err *err);
/* Something in an answer is not what it should be: NCM_INVALID_DATA that names it. false. */
bool prom_odd(const char *what, struct ncm_err *err);

/* The result of a query; *out is empty where it fails. */
bool prom_decode(const struct ncm_doc *doc, struct ncm_prom_answer *out, struct ncm_err *err);
/* Into out->arena, which the caller frees where they fail. */
bool prom_decode_rules(const struct ncm_node *data, struct ncm_prom_rules *out,
                       struct ncm_err *err);
bool prom_decode_alerts(const struct ncm_node *data, struct ncm_prom_alerts *out,
                        struct ncm_err *err);
bool prom_decode_targets(const struct ncm_node *data, struct ncm_prom_targets *out,
                         struct ncm_err *err);

/* Fills a NCM_T_RATES snapshot: rows of all families of model servers that are there. What only some
 * of them lack becomes a note. */
bool prom_read_rates(struct ncm_prom *p, const struct ncm_query *q,
                     const struct ncm_control *control, struct ncm_rates_snapshot *out,
                     struct ncm_err *err);

void prom_examine(const struct ncm_place *place, const struct ncm_control *control,
                  ncm_check_fn say, void *to);

#endif
