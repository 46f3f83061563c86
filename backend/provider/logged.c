#include "provider/logged.h"

#include <string.h>

#include "base/text.h"

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

void ncm_logged_versions(const char *old, const char *name, int64_t version, struct ncm_buf *out)
{
    size_t len = old != NULL ? strlen(old) : 0;
    if (len >= 2 && old[0] == '[' && old[len - 1] == ']') {
        ncm_buf_add(out, old, len - 1);
        ncm_buf_puts(out, len > 2 ? ", " : "");
    } else {
        ncm_buf_putc(out, '[');
    }
    ncm_buf_puts(out, "{\"name\": ");
    json_ascii(out, name);
    ncm_buf_printf(out, ", \"version\": %lld}]", (long long)version);
}
