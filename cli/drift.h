/* Between the files of `drift check` and `drift measures`. */
#ifndef NCM_CLI_DRIFT_H
#define NCM_CLI_DRIFT_H

#include "api/drift.h"
#include "cli.h"

/* The result with what was asked for. */
struct cli_drift {
    const struct ncm_drift_check *check;
    const char *reference, *current; /* as they were named */
    const char *method;              /* its word */
};

/* drift_json.c: the whole, by the contract; one column of it. */
void cli_drift_json(struct ncm_json *j, const void *item);
void cli_drift_column_json(struct ncm_json *j, const void *item);

/* drift_text.c. All append to out, cleaned; numbers as people read them. */
/* Which feature moved, how much, does it matter: one or two sentences. */
void cli_drift_answer(struct ncm_buf *out, const struct cli_drift *d);
/* The method's figure: "0.413", or a dash. */
void cli_drift_number(struct ncm_buf *out, double v);
/* An edge of a bin: a great one keeps the digits before its point. */
void cli_drift_edge(struct ncm_buf *out, double v);
/* "(12, 45] 10 % → 31 %", the bin or category that adds most; nothing where none moved. rank 0 is
 * the greatest. false where there is none of that rank. */
bool cli_drift_moved(struct ncm_buf *out, const struct ncm_drift_column *c, size_t rank);
/* "ok", "warning"…, translated. */
const char *cli_drift_state(enum ncm_drift_state s);
/* The figure that the threshold is held against: a p-value as corrected, where it was. */
double cli_drift_judged(const struct ncm_drift_column *c);
/* "1.2 %" of the rows are missing, "1.2 → 5 %" where it was another share before. */
void cli_drift_missing(struct ncm_buf *out, const struct ncm_drift_column *c);
/* ", since 2026-11-21 14:00"; nothing where it is not known. */
void cli_drift_since_words(struct ncm_buf *out, const struct ncm_drift_column *c);
/* "2026-11-21 14:00", or a dash. */
void cli_drift_since(struct ncm_buf *out, const struct ncm_drift_column *c);

/* drift_report.c, drift_html.c: documents of their own. */
void cli_drift_markdown(struct ncm_buf *out, const struct cli_drift *d);
void cli_drift_html(struct ncm_buf *out, const struct cli_drift *d);

#endif
