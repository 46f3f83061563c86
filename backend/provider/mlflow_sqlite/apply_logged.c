/* The link from a logged model (MLflow 3) to the registered versions made from it. */
#include <string.h>

#include "base/buf.h"
#include "base/i18n.h"
#include "base/text.h"
#include "provider/mlflow_sqlite/apply.h"

/* A JSON string with everything beyond ASCII escaped, as MLflow writes it. */
static void json_ascii(struct ncm_buf *out, const char *s)
{
    size_t len = strlen(s);
    ncm_buf_putc(out, '"');
    for (size_t at = 0; at < len;) {
        uint32_t cp;
        at += ncm_utf8_decode(s + at, len - at, &cp);
        if (cp == '"' || cp == '\\') {
            ncm_buf_putc(out, '\\');
            ncm_buf_putc(out, (char)cp);
        } else if (cp == '\n' || cp == '\r' || cp == '\t') {
            ncm_buf_puts(out, cp == '\n' ? "\\n" : cp == '\r' ? "\\r" : "\\t");
        } else if (cp >= 0x20 && cp < 0x7F) {
            ncm_buf_putc(out, (char)cp);
        } else if (cp > 0xFFFF) {
            cp -= 0x10000;
            ncm_buf_printf(out, "\\u%04x\\u%04x", 0xD800 + (unsigned)(cp >> 10),
                           0xDC00 + (unsigned)(cp & 0x3FF));
        } else {
            ncm_buf_printf(out, "\\u%04x", (unsigned)cp);
        }
    }
    ncm_buf_putc(out, '"');
}

/* A logged model (MLflow 3) remembers the versions made from it in one of its tags, as JSON. */
bool apply_link_logged_model(struct sqlite_writer *w, const char *model_id, const char *name,
                             int64_t version, struct ncm_err *err)
{
    bool found;
    char *experiment, *old;
    if (!apply_one(w, err, &found, &experiment,
                   "SELECT experiment_id FROM logged_models WHERE model_id=?", "s", model_id) ||
        !found) {
        return found || ncm_fail(err, NCM_NOT_FOUND, _("there is no logged model '%s'"), model_id);
    }
    struct ncm_buf text;
    ncm_buf_init(&text, 1 << 20);
    bool ok = apply_one(w, err, &found, &old,
                        "SELECT tag_value FROM logged_model_tags"
                        " WHERE model_id=? AND tag_key='mlflow.modelVersions'",
                        "s", model_id);
    size_t len = old != NULL ? strlen(old) : 0;
    if (len >= 2 && old[0] == '[' && old[len - 1] == ']') {
        ncm_buf_add(&text, old, len - 1);
        ncm_buf_puts(&text, len > 2 ? ", " : "");
    } else {
        ncm_buf_putc(&text, '[');
    }
    ncm_buf_puts(&text, "{\"name\": ");
    json_ascii(&text, name);
    ncm_buf_printf(&text, ", \"version\": %lld}]", (long long)version);
    ok = ok && apply_run_one(w, err,
                             "INSERT INTO logged_model_tags(model_id, experiment_id, tag_key,"
                             " tag_value) VALUES(?,?,'mlflow.modelVersions',?)"
                             " ON CONFLICT(model_id, tag_key)"
                             " DO UPDATE SET tag_value=excluded.tag_value",
                             "sss", model_id, experiment, text.p);
    ncm_free(experiment);
    ncm_free(old);
    ncm_buf_release(&text);
    return ok;
}
