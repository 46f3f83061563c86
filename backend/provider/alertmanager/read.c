/* Topics ALERTS and SILENCES. */
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/alertmanager/internal.h"

bool am_read_silences(struct ncm_conn *c, const struct ncm_control *control, struct ncm_arena *a,
                      struct ncm_silence **items, size_t *n, struct ncm_err *err)
{
    struct ncm_doc *doc;
    bool ok = am_call(c, NCM_HTTP_GET, "/silences", NULL, control, &doc, err) &&
              am_decode_silences(doc != NULL ? ncm_doc_root(doc) : NULL, a, items, n, err);
    ncm_doc_free(doc);
    return ok;
}

bool am_read_silence(struct ncm_conn *c, const char *id, const struct ncm_control *control,
                     struct ncm_arena *a, struct ncm_silence *out, struct ncm_err *err)
{
    struct ncm_doc *doc;
    struct ncm_buf path;
    ncm_buf_init(&path, 4096);
    ncm_buf_puts(&path, "/silence/");
    ncm_http_encode(&path, id);
    bool ok = am_call(c, NCM_HTTP_GET, path.p, NULL, control, &doc, err);
    if (ok) {
        ok = am_decode_silence(doc != NULL ? ncm_doc_root(doc) : NULL, a, out, err);
    } else if (err->code == NCM_NOT_FOUND || err->code == NCM_REFUSED) {
        ncm_fail(err, NCM_NOT_FOUND, _("there is no silence %.60s"), id);
    }
    ncm_doc_free(doc);
    ncm_buf_release(&path);
    return ok;
}

/* When the last of the silences that keep an alert quiet ends. */
static void set_until(struct ncm_alert *alert, const struct ncm_silence *silences, size_t n)
{
    for (size_t i = 0; i < alert->n_silenced_by; i++) {
        for (size_t k = 0; k < n; k++) {
            if (ncm_str_eq(silences[k].id, alert->silenced_by[i]) &&
                silences[k].ends_ms > alert->until_ms) {
                alert->until_ms = silences[k].ends_ms;
            }
        }
    }
}

bool am_read_alerts(struct ncm_conn *c, const struct ncm_control *control, struct ncm_arena *a,
                    struct ncm_alert **items, size_t *n, struct ncm_err *err)
{
    struct ncm_doc *doc;
    struct ncm_silence *silences;
    struct ncm_err ignored;
    size_t n_silences;
    bool quiet = false;
    bool ok = am_call(c, NCM_HTTP_GET, "/alerts", NULL, control, &doc, err) &&
              am_decode_alerts(doc != NULL ? ncm_doc_root(doc) : NULL, a, items, n, err);
    ncm_doc_free(doc);
    for (size_t i = 0; ok && i < *n; i++) {
        quiet = quiet || (*items)[i].n_silenced_by > 0;
    }
    /* How long it stays quiet is worth one more question, but not the list. */
    if (quiet && am_read_silences(c, control, a, &silences, &n_silences, &ignored)) {
        for (size_t i = 0; i < *n; i++) {
            set_until(&(*items)[i], silences, n_silences);
        }
    }
    return ok;
}
