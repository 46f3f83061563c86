#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/text.h"
#include "io/node.h"

void ncm_json_init(struct ncm_json *j, struct ncm_buf *out, bool pretty)
{
    *j = (struct ncm_json){.out = out, .pretty = pretty};
}

static void new_line(struct ncm_json *j)
{
    if (!j->pretty)
        return;
    ncm_buf_putc(j->out, '\n');
    for (int i = 0; i < j->depth; i++)
        ncm_buf_puts(j->out, "  ");
}

/* Before every value and key: the comma and the line it belongs on. */
static void separate(struct ncm_json *j)
{
    if (j->after_key) {
        j->after_key = false;
        return;
    }
    if (j->depth == 0)
        return;
    if (!j->first[j->depth - 1])
        ncm_buf_putc(j->out, ',');
    j->first[j->depth - 1] = false;
    new_line(j);
}

static void open_level(struct ncm_json *j, char c)
{
    separate(j);
    if (j->depth >= (int)(sizeof j->first / sizeof j->first[0]))
        ncm_bug("JSON is written deeper than %d levels", j->depth);
    j->first[j->depth++] = true;
    ncm_buf_putc(j->out, c);
}

static void close_level(struct ncm_json *j, char c)
{
    if (j->depth <= 0)
        ncm_bug("JSON: %c without its opening", c);
    bool empty = j->first[--j->depth];
    if (!empty)
        new_line(j);
    ncm_buf_putc(j->out, c);
}

void ncm_json_obj(struct ncm_json *j)
{
    open_level(j, '{');
}

void ncm_json_end_obj(struct ncm_json *j)
{
    close_level(j, '}');
}

void ncm_json_arr(struct ncm_json *j)
{
    open_level(j, '[');
}

void ncm_json_end_arr(struct ncm_json *j)
{
    close_level(j, ']');
}

/* Controls, and what could reorder or hide text where JSON lands on a terminal: escaped, which
 * loses nothing. */
static bool must_escape(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7F && cp <= 0x9F) || cp == 0xAD || cp == 0x61C ||
           (cp >= 0x200B && cp <= 0x200F) || (cp >= 0x2028 && cp <= 0x202E) ||
           (cp >= 0x2060 && cp <= 0x206F) || cp == 0xFEFF || (cp >= 0xFFF9 && cp <= 0xFFFB) ||
           (cp >= 0xE0000 && cp <= 0xE0FFF);
}

static void escape(struct ncm_buf *out, uint32_t cp)
{
    static const char letters[] = "btn\0fr"; /* 8 … 13 */
    if (cp == '"' || cp == '\\') {
        ncm_buf_putc(out, '\\');
        ncm_buf_putc(out, (char)cp);
    } else if (cp >= 8 && cp <= 13 && letters[cp - 8]) {
        ncm_buf_putc(out, '\\');
        ncm_buf_putc(out, letters[cp - 8]);
    } else if (cp > 0xFFFF) {
        cp -= 0x10000;
        ncm_buf_printf(out, "\\u%04x\\u%04x", (unsigned)(0xD800 + (cp >> 10)),
                       (unsigned)(0xDC00 + (cp & 0x3FF)));
    } else {
        ncm_buf_printf(out, "\\u%04x", (unsigned)cp);
    }
}

static void put_string(struct ncm_buf *out, const char *p, size_t len)
{
    size_t from = 0; /* what is not yet copied */
    ncm_buf_putc(out, '"');
    for (size_t i = 0; i < len;) {
        uint32_t cp;
        size_t n = ncm_utf8_decode(p + i, len - i, &cp);
        bool bad = cp == 0xFFFD && n == 1;
        if (bad || cp == '"' || cp == '\\' || must_escape(cp)) {
            ncm_buf_add(out, p + from, i - from);
            from = i + n;
            if (bad)
                ncm_buf_puts(out, "\xEF\xBF\xBD");
            else
                escape(out, cp);
        }
        i += n;
    }
    if (len > from)
        ncm_buf_add(out, p + from, len - from);
    ncm_buf_putc(out, '"');
}

void ncm_json_key(struct ncm_json *j, const char *key)
{
    ncm_json_key_n(j, key, strlen(key));
}

void ncm_json_key_n(struct ncm_json *j, const char *key, size_t len)
{
    separate(j);
    put_string(j->out, key, len);
    ncm_buf_puts(j->out, j->pretty ? ": " : ":");
    j->after_key = true;
}

void ncm_json_str(struct ncm_json *j, const char *s)
{
    ncm_json_str_n(j, s, s ? strlen(s) : 0);
}

void ncm_json_str_n(struct ncm_json *j, const char *p, size_t len)
{
    separate(j);
    if (p)
        put_string(j->out, p, len);
    else
        ncm_buf_puts(j->out, "null");
}

void ncm_json_i64(struct ncm_json *j, int64_t v)
{
    separate(j);
    ncm_buf_printf(j->out, "%lld", (long long)v);
}

void ncm_json_num(struct ncm_json *j, double v)
{
    char text[40];
    ncm_fmt_exact(text, sizeof text, v);
    if (!isfinite(v)) {
        ncm_json_str(j, text);
        return;
    }
    separate(j);
    ncm_buf_puts(j->out, text);
}

void ncm_json_bool(struct ncm_json *j, bool v)
{
    separate(j);
    ncm_buf_puts(j->out, v ? "true" : "false");
}

void ncm_json_null(struct ncm_json *j)
{
    separate(j);
    ncm_buf_puts(j->out, "null");
}
