/* The configuration as text: names near a wrong one, quoting. */
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "engine/config_file.h"

enum { WORD_MAX = 64 };

/* The part of a row's path below parent where it is exactly one part; else NULL. */
static const char *below(const struct ncm_setting *row, const char *parent)
{
    size_t len = strlen(parent);
    const char *rest = row->path;
    if (len > 0) {
        if (strncmp(rest, parent, len) != 0 || rest[len] != '.') {
            return NULL;
        }
        rest += len + 1;
    }
    return strchr(rest, '.') == NULL ? rest : NULL;
}

const struct ncm_setting *ncm_config_row(const char *parent, const char *key)
{
    const struct ncm_setting *any = NULL;
    for (const struct ncm_setting *row = ncm_settings; row->path != NULL; row++) {
        const char *name = below(row, parent);
        if (name != NULL && strcmp(name, key) == 0) {
            return row;
        }
        if (name != NULL && strcmp(name, "*") == 0) {
            any = row;
        }
    }
    return any;
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* How many letters must be typed, removed or changed to make one of the other. */
static size_t distance(const char *a, const char *b)
{
    size_t row[WORD_MAX + 1];
    size_t la = strlen(a), lb = strlen(b);
    if (la > WORD_MAX || lb > WORD_MAX) {
        return WORD_MAX;
    }
    for (size_t j = 0; j <= lb; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= la; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            size_t above = row[j];
            row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[lb];
}

const char *ncm_config_nearest(const char *parent, const char *key)
{
    const char *best = NULL;
    size_t best_distance = strlen(key) / 3 + 2;
    for (const struct ncm_setting *row = ncm_settings; row->path != NULL; row++) {
        const char *name = below(row, parent);
        if (name == NULL || strcmp(name, "*") == 0) {
            continue;
        }
        size_t d = distance(key, name);
        if (d < best_distance) {
            best = name;
            best_distance = d;
        }
    }
    return best;
}

bool ncm_config_one_of(const char *list, const char *word)
{
    size_t len = strlen(word);
    while (*list != '\0') {
        size_t part = strcspn(list, "|");
        if (part == len && strncmp(list, word, len) == 0) {
            return true;
        }
        list += part + (list[part] == '|');
    }
    return false;
}

/* What a YAML reader would refuse or take for the end of a line. */
static bool is_escaped(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 || cp == 0x2029 || cp == 0xfeff ||
           cp == 0xfffe || cp == 0xffff;
}

void ncm_config_quote(struct ncm_buf *out, const char *s)
{
    size_t len = strlen(s);
    ncm_buf_putc(out, '"');
    while (len > 0) {
        uint32_t cp;
        size_t n = ncm_utf8_decode(s, len, &cp);
        if (is_escaped(cp)) {
            ncm_buf_printf(out, cp < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)cp);
        } else {
            ncm_buf_puts(out, cp == '"' || cp == '\\' ? "\\" : "");
            ncm_buf_add(out, s, n);
        }
        s += n;
        len -= n;
    }
    ncm_buf_putc(out, '"');
}
