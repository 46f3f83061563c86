/* Matchers of silences (Alertmanager's): which labels they hit, their text, and what to propose for
 * an alert. Pure. */
#ifndef NCM_MODEL_MATCHER_H
#define NCM_MODEL_MATCHER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "model/alert.h"

/* Parses one matcher: name="value", name!="value", name=~"regex", name!~"regex"; quotes may be left
 * out where the value has no blank, comma, quote or brace. Names may be quoted. Strings go to the
 * arena. NCM_USAGE with the column of what is wrong. O(len). */
bool ncm_matcher_parse(const char *text, struct ncm_arena *arena, struct ncm_matcher *out,
                       struct ncm_err *err);
/* Several, separated by commas, in braces or without: {a="b",c!~"d"}. NCM_USAGE; none at all is
 * one, too. *items in the arena. */
bool ncm_matchers_parse(const char *text, struct ncm_arena *arena, struct ncm_matcher **items,
                        size_t *n, struct ncm_err *err);
/* name="value": what ncm_matcher_parse reads back as the same. */
void ncm_matcher_format(const struct ncm_matcher *m, struct ncm_buf *out);
/* All of them with ", " between. */
void ncm_matchers_format(const struct ncm_matcher *m, size_t n, struct ncm_buf *out);

/* A set of matchers made ready. Alertmanager's regular expressions are RE2 and hold for the whole
 * value (^(?:…)$); here they are carried out as POSIX extended ones. */
struct ncm_matching;
/* NCM_USAGE where an expression is wrong, NCM_UNSUPPORTED where it uses what RE2 has and POSIX has
 * not (groups like (?:…) or (?i), \d \w \s \b \pL and other letters after a backslash, lazy
 * quantifiers): the server alone can say what that hits. Free with ncm_matching_free. */
bool ncm_matching_new(const struct ncm_matcher *m, size_t n, struct ncm_matching **out,
                      struct ncm_err *err);
void ncm_matching_free(struct ncm_matching *m); /* NULL allowed */
/* Whether all matchers hold for sorted labels; a label that is absent has the empty value. No
 * matchers hit nothing. */
bool ncm_matching_hits(const struct ncm_matching *m, const struct ncm_kv *labels, size_t n);

/* What to silence an alert by: its labels as equal-matchers, sorted, but those that change with the
 * machine it ran on (instance, pod, pod_name, container, container_id, replica, endpoint, node,
 * host, hostname, uid, prometheus, prometheus_replica, …) and empty ones. Where only those are
 * left, all labels. In the arena; strings are borrowed from the labels. */
struct ncm_matcher *ncm_matchers_propose(const struct ncm_kv *labels, size_t n_labels,
                                         struct ncm_arena *arena, size_t *n);

#endif
