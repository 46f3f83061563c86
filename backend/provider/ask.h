/* What the readers of monitoring systems have in common: one request, what an answer that is none
 * means, times and labels as these systems write them. */
#ifndef NCM_PROVIDER_ASK_H
#define NCM_PROVIDER_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/http.h"
#include "io/node.h"
#include "model/value.h"
#include "provider/provider.h"

/* A client and whom it asks. `product` is for sentences: "Prometheus". */
struct ncm_ask {
    struct ncm_http *http;
    const char *product;
};

/* NCM_CANCELLED or NCM_TIMEOUT where the lane is to end; control may be NULL. */
bool ncm_ask_go_on(const struct ncm_control *control, struct ncm_err *err);
/* A request that ends as control says. */
struct ncm_http_request ncm_ask_request(enum ncm_http_method method, const char *path,
                                        const struct ncm_control *control);
/* Whether the body begins like a JSON object, array or string: labels are no proof. */
bool ncm_ask_is_json(const struct ncm_http_answer *a);
/* The first line of what a server said, at most outsz - 1 bytes of whole characters, our own secret
 * starred out. */
void ncm_ask_line(const struct ncm_ask *k, const char *text, char *out, size_t outsz);
/* A status that is no 2xx, with the server's own words or NULL: as ncm_http_refused, with hints
 * that fit a monitoring system. The text of a text/plain body is taken where says is NULL. false.
 */
bool ncm_ask_refused(const struct ncm_ask *k, const struct ncm_http_answer *a, const char *says,
                     struct ncm_err *err);
/* A 2xx whose body is not the JSON that was asked for. NCM_INVALID_DATA; false. */
bool ncm_ask_no_json(const struct ncm_ask *k, const struct ncm_http_answer *a, struct ncm_err *err);

/* RFC 3339 or ISO 8601 → ms; UTC where it names no zone (Evidently). NCM_NO_TIME where it is no
 * time, absent, or a zero time (year 1), as Go writes what is not set. */
int64_t ncm_ask_time(const char *text);
/* A map of texts as labels sorted by name; values that are no texts are left out. */
struct ncm_kv *ncm_ask_labels(struct ncm_arena *a, const struct ncm_node *map, size_t *n);
/* A list of texts (or of {"name": text}); what is no text is left out. */
struct ncm_str *ncm_ask_texts(struct ncm_arena *a, const struct ncm_node *list, size_t *n);
/* A member's text, absent where it is none. */
struct ncm_str ncm_ask_text(struct ncm_arena *a, const struct ncm_node *map, const char *key);

#endif
