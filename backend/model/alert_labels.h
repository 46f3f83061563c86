/* What alerts of Prometheus' family say by their labels: a stable id, a key that reads as a
 * selector, and the fields of an alert that people look at. Pure. */
#ifndef NCM_MODEL_ALERT_LABELS_H
#define NCM_MODEL_ALERT_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/alert.h"

/* Sorts labels by name (bytes); of two with one name the first stays. Returns how many are left.
 * O(n log n). */
size_t ncm_labels_sort(struct ncm_kv *labels, size_t n);
/* The fingerprint Alertmanager gives to sorted labels: FNV-1a of 64 bits over name 0xFF value 0xFF
 * of each (prometheus/common, model/signature.go), 16 digits. */
void ncm_labels_fingerprint(const struct ncm_kv *labels, size_t n, char out[17]);
/* Sorted labels as a selector: name{a="b",c="d"}; {"odd name",a="b"} where the name needs quotes.
 * The same series has the same key in every answer. */
void ncm_labels_key(const struct ncm_kv *labels, size_t n, struct ncm_buf *out);
/* "b" with \, " and line feeds escaped as PromQL and matchers write them. */
void ncm_labels_quote(const char *p, size_t len, struct ncm_buf *out);

/* Fills rule (alertname), subject (the first of model, model_name, service; else job and instance),
 * severity and its text (label severity), summary (the first of the annotations summary,
 * description, message; else the rule) from sorted labels and annotations. Strings are borrowed
 * from them but for a subject made of two, which goes to the arena. */
void ncm_alert_describe(struct ncm_alert *alert, struct ncm_arena *arena);
/* The PromQL in a generatorURL (…/graph?g0.expr=up+%3D%3D+0&…), decoded; absent without one. */
struct ncm_str ncm_alert_expr(struct ncm_arena *arena, const char *url);
/* The number that a query is compared with at its end ("x > 0.2", "up == 0"); UNSET where it does
 * not end so. */
struct ncm_value ncm_alert_threshold(struct ncm_str query);
/* Order for lists: firing, acknowledged, pending, silenced, resolved; then the gravest, the newest,
 * the id. For qsort of struct ncm_alert. */
int ncm_alert_compare(const void *a, const void *b);

#endif
