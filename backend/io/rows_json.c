#include "io/rows_json.h"

#include <stdio.h>

#include "base/i18n.h"
#include "base/text.h"
#include "io/rows_scan.h"

enum { DEEPEST = 512 /* levels of what is kept as it is written */ };

static bool fault(struct rows_json *j, const char *p, const char *why)
{
    j->p = p;
    j->why = why;
    return false;
}

/* The line end is none: it ends every text. */
static inline const char *skip_blanks(const char *p)
{
    while (*p == ' ' || *p == '\t' || *p == '\r')
        p++;
    return p;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* From behind the opening quote to the closing one. */
static inline bool string(struct rows_json *j, const char *p, const char **end, bool *escaped)
{
    *escaped = false;
    for (;;) {
        p += ncm_scan_string(p);
        if (*p == '"') {
            *end = p;
            return true;
        }
        if (*p != '\\')
            return fault(j, p, _("a string that is not closed, or holds a control character"));
        *escaped = true;
        p++;
        if (*p == 'u' && is_hex(p[1]) && is_hex(p[2]) && is_hex(p[3]) && is_hex(p[4]))
            p += 5;
        else if (*p && strchr("\"\\/bfnrt", *p))
            p++;
        else
            return fault(j, p, _("an escape that JSON does not have"));
    }
}

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool number(struct rows_json *j, const char *p, const char **end)
{
    const char *start = p;
    if (*p == '-')
        p++;
    if (strncmp(p, "Infinity", 8) == 0) {
        *end = p + 8;
        return true;
    }
    if (!is_digit(*p))
        return fault(j, start, _("a value is expected"));
    if (*p == '0' && is_digit(p[1]))
        return fault(j, start, _("a number that begins with 0"));
    while (is_digit(*p))
        p++;
    if (*p == '.') {
        if (!is_digit(*++p))
            return fault(j, p, _("a digit is expected"));
        while (is_digit(*p))
            p++;
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        p += *p == '+' || *p == '-';
        if (!is_digit(*p))
            return fault(j, p, _("a digit is expected"));
        while (is_digit(*p))
            p++;
    }
    *end = p;
    return true;
}

/* A string, number or word. */
static bool scalar(struct rows_json *j, const char *p, const char **end, struct rows_value *v)
{
    static const struct {
        const char *word;
        size_t len;
        enum ncm_field_kind kind;
    } words[] = {{"true", 4, NCM_FIELD_TRUE},
                 {"false", 5, NCM_FIELD_FALSE},
                 {"null", 4, NCM_FIELD_ABSENT},
                 {"NaN", 3, NCM_FIELD_NUMBER}};
    *v = (struct rows_value){.f.p = p};
    if (*p == '"') {
        v->f.p = p + 1;
        if (!string(j, p + 1, end, &v->escaped))
            return false;
        v->f.len = (uint32_t)(*end - (p + 1));
        ++*end;
        return true;
    }
    for (size_t i = 0; *p > '9' && *p != 'I' && i < sizeof words / sizeof words[0]; i++)
        if (strncmp(p, words[i].word, words[i].len) == 0) {
            *end = p + words[i].len;
            v->f.kind = (uint8_t)words[i].kind;
            v->f.len = (uint32_t)words[i].len;
            return true;
        }
    if (!number(j, p, end))
        return false;
    v->f.kind = NCM_FIELD_NUMBER;
    v->f.len = (uint32_t)(*end - p);
    return true;
}

static struct rows_value *add(struct rows_json *j)
{
    if (j->n == j->cap)
        j->values = ncm_grow(j->values, j->n, &j->cap, sizeof *j->values);
    return &j->values[j->n++];
}

void ncm_rows_json_add(struct rows_json *j, uint32_t key, enum ncm_field_kind kind, const char *p,
                       size_t len, bool escaped)
{
    *add(j) = (struct rows_value){
        .f = {.p = p, .len = (uint32_t)len, .kind = (uint8_t)kind},
        .key = key,
        .escaped = escaped,
    };
}

/* A key and its colon; *p then stands at the value. */
static inline bool key_text(struct rows_json *j, const char **p, const char **name, size_t *len)
{
    const char *end;
    bool escaped;
    if (**p != '"')
        return fault(j, *p, _("a key in quotes is expected"));
    *name = *p + 1;
    if (!string(j, *name, &end, &escaped))
        return false;
    *len = (size_t)(end - *name);
    if (escaped) {
        ncm_buf_clear(&j->name);
        ncm_buf_add(&j->name, *name, *len);
        *len = ncm_rows_json_unescape(j->name.p, j->name.p, j->name.len);
        *name = j->name.p;
    }
    end = skip_blanks(end + 1);
    if (*end != ':')
        return fault(j, end, _("a colon is expected"));
    *p = skip_blanks(end + 1);
    return true;
}

/* Behind a value: a comma (*more) or the bracket that closes. */
static inline bool separator(struct rows_json *j, const char **p, char close, bool *more)
{
    const char *at = skip_blanks(*p);
    *more = *at == ',';
    if (!*more && *at != close)
        return fault(j, at,
                     close == '}' ? _("a comma or } is expected") : _("a comma or ] is expected"));
    *p = *more ? skip_blanks(at + 1) : at + 1;
    return true;
}

/* Checks a value of any depth without keeping anything of it. */
static bool skip_value(struct rows_json *j, const char *p, const char **end)
{
    char open[DEEPEST];
    size_t depth = 0;
    do {
        struct rows_value v;
        const char *name;
        size_t len;
        bool more = false;
        if (depth > 0 && open[depth - 1] == '}' && !key_text(j, &p, &name, &len))
            return false;
        if (*p == '{' || *p == '[') {
            if (depth == DEEPEST)
                return fault(j, p, _("it is nested too deep"));
            open[depth++] = *p == '{' ? '}' : ']';
            p = skip_blanks(p + 1);
            if (*p != open[depth - 1])
                continue;
            p++;
            depth--;
        } else if (!scalar(j, p, &p, &v)) {
            return false;
        }
        while (depth > 0 && !more) {
            if (!separator(j, &p, open[depth - 1], &more))
                return false;
            depth -= !more;
        }
    } while (depth > 0);
    *end = p;
    return true;
}

static bool keep_whole(struct rows_json *j, uint32_t key, const char *p, const char **end)
{
    if (!skip_value(j, p, end))
        return false;
    ncm_rows_json_add(j, key, NCM_FIELD_OTHER, p, (size_t)(*end - p), false);
    return true;
}

static inline uint32_t child(struct rows_json *j, uint32_t parent, uint32_t expect,
                             const char *name, size_t len, bool element)
{
    const struct rows_key *e = &j->keys->all[expect];
    if (expect && e->len == len && e->element == element && memcmp(e->name, name, len) == 0)
        return expect;
    return ncm_rows_keys_child(j->keys, parent, name, len, element);
}

/* An array of at most so many scalars becomes a value each, any other is kept as it is written. */
static bool array(struct rows_json *j, uint32_t key, const char *p, const char **end)
{
    const char *start = p;
    const size_t n = j->n;
    uint32_t expect = j->keys->all[key].first;
    bool more = true;
    p = skip_blanks(p + 1);
    if (*p == ']') {
        *end = p + 1;
        return true;
    }
    for (size_t i = 0; more; i++) {
        char name[16];
        struct rows_value v;
        if (*p == '{' || *p == '[' || i == ROWS_MAX_ARRAY) {
            j->n = n;
            return keep_whole(j, key, start, end);
        }
        if (!scalar(j, p, &p, &v) || !separator(j, &p, ']', &more))
            return false;
        int len = snprintf(name, sizeof name, "[%zu]", i);
        v.key = child(j, key, expect, name, (size_t)len, true);
        expect = j->keys->all[v.key].next;
        if (v.key)
            *add(j) = v;
        else
            j->left_out++;
    }
    *end = p;
    return true;
}

static bool object(struct rows_json *j, uint32_t key, int depth, const char *p, const char **end)
{
    uint32_t expect = j->keys->all[key].first;
    bool more = true;
    p = skip_blanks(p + 1);
    if (*p == '}') {
        *end = p + 1;
        return true;
    }
    while (more) {
        const char *name;
        size_t len;
        struct rows_value v;
        bool ok;
        if (!key_text(j, &p, &name, &len))
            return false;
        uint32_t k = child(j, key, expect, name, len, false);
        expect = j->keys->all[k].next;
        if (k == 0) {
            j->left_out++;
            ok = skip_value(j, p, &p);
        } else if (*p == '{') {
            ok = depth == ROWS_MAX_DEPTH ? keep_whole(j, k, p, &p) : object(j, k, depth + 1, p, &p);
        } else if (*p == '[') {
            ok = array(j, k, p, &p);
        } else {
            ok = scalar(j, p, &p, &v);
            v.key = k;
            if (ok)
                *add(j) = v;
        }
        if (!ok || !separator(j, &p, '}', &more))
            return false;
    }
    *end = p;
    return true;
}

bool ncm_rows_json_object(struct rows_json *j, const char *p)
{
    p = skip_blanks(p);
    if (*p != '{')
        return fault(j, p, _("an object is expected"));
    if (!object(j, 0, 1, p, &p))
        return false;
    p = skip_blanks(p);
    j->p = p;
    return *p == '\n' || *p == '\0' || fault(j, p, _("text follows the object"));
}

static uint32_t hex4(const char *p)
{
    uint32_t v = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        v = v << 4 | (uint32_t)(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return v;
}

/* The character of a \u escape whose digits are at p, with the second one of a pair; *used gets
 * how many bytes from p on. */
static uint32_t character(const char *p, size_t left, size_t *used)
{
    uint32_t c = hex4(p);
    *used = 4;
    if (c < 0xd800 || c > 0xdfff)
        return c;
    if (c < 0xdc00 && left >= 10 && p[4] == '\\' && p[5] == 'u') {
        uint32_t low = hex4(p + 6);
        if (low >= 0xdc00 && low <= 0xdfff) {
            *used = 10;
            return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    return 0xfffd;
}

size_t ncm_rows_json_unescape(char *to, const char *from, size_t len)
{
    static const char marks[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    const char *end = from + len;
    char *start = to;
    while (from < end) {
        if (*from != '\\') {
            *to++ = *from++;
            continue;
        }
        if (from[1] == 'u') {
            char out[5];
            size_t used;
            uint32_t c = character(from + 2, (size_t)(end - from) - 2, &used);
            size_t n = ncm_utf8_encode(c, out);
            memcpy(to, out, n);
            to += n;
            from += 2 + used;
        } else {
            *to++ = bytes[strchr(marks, from[1]) - marks];
            from += 2;
        }
    }
    return (size_t)(to - start);
}
