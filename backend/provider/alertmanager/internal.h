/* What the files of this folder share. */
#ifndef NCM_ALERTMANAGER_INTERNAL_H
#define NCM_ALERTMANAGER_INTERNAL_H

#include "model/alert.h"
#include "provider/alertmanager/alertmanager.h"
#include "provider/ask.h"

#define AM_API "/api/v2"

struct ncm_conn {
    struct ncm_ask ask;
    uint64_t prints[2];     /* of alerts and silences at the last look */
    unsigned printed;       /* topics that have one */
    int64_t looked_mono_ms; /* 0: not yet */
};

/* What an answer of any kind means. *doc: the JSON of a 2xx, NULL where its body is empty. Errors
 * come as a bare text, as {code, message} or with nothing: 400 and 422 NCM_REFUSED with the
 * server's words, 404 NCM_NOT_FOUND, 410 NCM_UNSUPPORTED, the others by their status. */
bool am_answer(struct ncm_conn *c, const struct ncm_http_answer *a, struct ncm_doc **doc,
               struct ncm_err *err);
/* One call below AM_API; body may be NULL. *doc as above. */
bool am_call(struct ncm_conn *c, enum ncm_http_method method, const char *path, const char *body,
             const struct ncm_control *control, struct ncm_doc **doc, struct ncm_err *err);

/* Lists into an arena, sorted (ncm_alert_compare, am_silence_compare). NCM_INVALID_DATA. */
bool am_decode_alerts(const struct ncm_node *root, struct ncm_arena *a, struct ncm_alert **items,
                      size_t *n, struct ncm_err *err);
bool am_decode_silences(const struct ncm_node *root, struct ncm_arena *a,
                        struct ncm_silence **items, size_t *n, struct ncm_err *err);
/* One silence, as the server or a change writes it (id and status may be missing). */
bool am_decode_silence(const struct ncm_node *n, struct ncm_arena *a, struct ncm_silence *out,
                       struct ncm_err *err);
int am_silence_compare(const void *a, const void *b);
/* Whether the matchers are the same, in any order. */
bool am_same_matchers(const struct ncm_silence *a, const struct ncm_silence *b);

bool am_read_alerts(struct ncm_conn *c, const struct ncm_control *control, struct ncm_arena *a,
                    struct ncm_alert **items, size_t *n, struct ncm_err *err);
bool am_read_silences(struct ncm_conn *c, const struct ncm_control *control, struct ncm_arena *a,
                      struct ncm_silence **items, size_t *n, struct ncm_err *err);
/* GET of one; NCM_NOT_FOUND. */
bool am_read_silence(struct ncm_conn *c, const char *id, const struct ncm_control *control,
                     struct ncm_arena *a, struct ncm_silence *out, struct ncm_err *err);

/* The text of a change as a silence. NCM_USAGE where it is none. */
bool am_silence_of_change(const struct ncm_change *ch, struct ncm_arena *a, struct ncm_silence *out,
                          struct ncm_err *err);
bool am_apply(struct ncm_conn *c, const struct ncm_changes *changes, const struct ncm_mark *mark,
              const struct ncm_control *control, struct ncm_receipt *receipt, struct ncm_err *err);
bool am_check(struct ncm_conn *c, const struct ncm_changes *changes, struct ncm_err *err);
bool am_present(struct ncm_conn *c, const struct ncm_change *change, char **value,
                struct ncm_err *err);
void am_examine(const struct ncm_place *place, const struct ncm_control *control, ncm_check_fn say,
                void *to);

#endif
