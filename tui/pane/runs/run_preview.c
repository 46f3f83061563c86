/* JSON laid out for reading. Works on the text itself, so that numbers stay digit for digit what
 * the file says and a cut-off file is still readable. */
#include <string.h>

#include "runs.h"

#define SHORT 76 /* a list or object this short stays on one line */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Bytes of the string that begins at p. */
static size_t string_len(const char *p, size_t len)
{
    size_t i = 1;
    while (i < len && p[i] != '"')
        i += p[i] == '\\' && i + 1 < len ? 2 : 1;
    return i < len ? i + 1 : len;
}

static void new_line(struct ncm_buf *out, int depth)
{
    ncm_buf_putc(out, '\n');
    for (int i = 0; i < depth && i < 40; i++)
        ncm_buf_puts(out, "  ");
}

/* Length up to and with the closing bracket where what p opens is flat and short; else 0. */
static size_t flat_len(const char *p, size_t len)
{
    for (size_t i = 1; i < len && i < SHORT;) {
        if (p[i] == '}' || p[i] == ']')
            return i + 1;
        if (p[i] == '{' || p[i] == '[')
            return 0;
        i += p[i] == '"' ? string_len(p + i, len - i) : 1;
    }
    return 0;
}

static void copy_flat(struct ncm_buf *out, const char *p, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t n = p[i] == '"' ? string_len(p + i, len - i) : 1;
        if (n > 1)
            ncm_buf_add(out, p + i, n);
        else if (!is_blank(p[i]))
            ncm_buf_putc(out, p[i]);
        if (n == 1 && (p[i] == ',' || p[i] == ':'))
            ncm_buf_putc(out, ' ');
        i += n;
    }
}

void json_layout(struct ncm_buf *out, const char *p, size_t len)
{
    int depth = 0;
    for (size_t i = 0; i < len;) {
        char c = p[i];
        size_t n = 1;
        if (c == '"') {
            n = string_len(p + i, len - i);
            ncm_buf_add(out, p + i, n);
        } else if (c == '{' || c == '[') {
            n = flat_len(p + i, len - i);
            if (n > 0) {
                copy_flat(out, p + i, n);
            } else {
                n = 1;
                ncm_buf_putc(out, c);
                new_line(out, ++depth);
            }
        } else if (c == '}' || c == ']') {
            new_line(out, depth > 0 ? --depth : 0);
            ncm_buf_putc(out, c);
        } else if (c == ',') {
            ncm_buf_putc(out, c);
            new_line(out, depth);
        } else if (c == ':') {
            ncm_buf_puts(out, ": ");
        } else if (!is_blank(c)) {
            ncm_buf_putc(out, c);
        }
        i += n;
    }
}
