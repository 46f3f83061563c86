/* JSON by cJSON, made fit for what real systems send. cJSON reads every number as a double, refuses
 * NaN, and cuts strings at \u0000. So the text is rewritten first: each string gets an "s" after
 * its opening quote, each number becomes a string that starts with "n"; what cJSON then returns
 * is converted into our own tree with nothing lost. */
#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/num.h"
#include "base/text.h"
#include "io/node_doc.h"

struct scan {
    const char *in;
    size_t len, at;
    struct ncm_buf out;
    int depth;
    size_t nodes;
    bool too_deep, too_many;
    bool words;  /* a bare NaN or infinity was seen */
    bool broken; /* at is where */
};

static bool broken(struct scan *s)
{
    s->broken = true;
    return false;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of "\uXXXX" at offset i, or -1. */
static long escape_at(const struct scan *s, size_t i)
{
    if (i + 6 > s->len || s->in[i] != '\\' || s->in[i + 1] != 'u')
        return -1;
    long v = 0;
    for (size_t k = 2; k < 6; k++) {
        int h = hex(s->in[i + k]);
        if (h < 0)
            return -1;
        v = v * 16 + h;
    }
    return v;
}

/* An escape within a string. NUL and lone surrogates have no UTF-8 of ours: U+FFFD. */
static bool scan_escape(struct scan *s)
{
    if (s->at + 1 >= s->len)
        return broken(s);
    if (s->in[s->at + 1] != 'u') {
        if (!strchr("\"\\/bfnrt", s->in[s->at + 1]) || s->in[s->at + 1] == '\0')
            return broken(s);
        ncm_buf_add(&s->out, s->in + s->at, 2);
        s->at += 2;
        return true;
    }
    long v = escape_at(s, s->at);
    if (v < 0)
        return broken(s);
    size_t n = 6;
    if (v >= 0xD800 && v <= 0xDBFF) {
        long low = escape_at(s, s->at + 6);
        if (low >= 0xDC00 && low <= 0xDFFF)
            n = 12;
        else
            v = 0;
    } else if (v >= 0xDC00 && v <= 0xDFFF) {
        v = 0;
    }
    if (v == 0)
        ncm_buf_puts(&s->out, "\\ufffd");
    else
        ncm_buf_add(&s->out, s->in + s->at, n);
    s->at += n;
    return true;
}

static bool scan_string(struct scan *s)
{
    size_t start = s->at++;
    ncm_buf_puts(&s->out, "\"s");
    while (s->at < s->len) {
        unsigned char c = (unsigned char)s->in[s->at];
        if (c == '"') {
            s->at++;
            return ncm_buf_putc(&s->out, '"');
        }
        if (c == '\0')
            return broken(s);
        if (c == '\\') {
            if (!scan_escape(s))
                return false;
        } else if (c < 0x80) {
            ncm_buf_putc(&s->out, (char)c);
            s->at++;
        } else {
            uint32_t cp;
            char utf8[5];
            s->at += ncm_utf8_decode(s->in + s->at, s->len - s->at, &cp);
            ncm_buf_add(&s->out, utf8, ncm_utf8_encode(cp, utf8));
        }
    }
    s->at = start; /* the quote that is never closed */
    return broken(s);
}

static size_t digits(const struct scan *s, size_t i)
{
    size_t n = 0;
    while (i + n < s->len && s->in[i + n] >= '0' && s->in[i + n] <= '9')
        n++;
    return n;
}

/* The length of the number at s->at by JSON's grammar, 0 where there is none. */
static size_t number_length(const struct scan *s)
{
    size_t i = s->at;
    if (i < s->len && s->in[i] == '-')
        i++;
    size_t n = digits(s, i);
    if (n == 0)
        return 0;
    i += s->in[i] == '0' ? 1 : n;
    if (i < s->len && s->in[i] == '.') {
        n = digits(s, i + 1);
        if (n == 0)
            return 0;
        i += 1 + n;
    }
    if (i < s->len && (s->in[i] | 0x20) == 'e') {
        size_t k = i + 1;
        if (k < s->len && (s->in[k] == '+' || s->in[k] == '-'))
            k++;
        n = digits(s, k);
        if (n == 0)
            return 0;
        i = k + n;
    }
    return i - s->at;
}

static size_t word_length(const struct scan *s)
{
    static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t n = strlen(words[i]);
        if (s->len - s->at >= n && memcmp(s->in + s->at, words[i], n) == 0)
            return n;
    }
    return 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool scan_number(struct scan *s)
{
    size_t n = word_length(s);
    if (n > 0)
        s->words = true;
    else
        n = number_length(s);
    if (n == 0)
        return broken(s);
    size_t after = s->at + n;
    while (after < s->len && is_blank(s->in[after]))
        after++;
    if (after < s->len && s->in[after] == ':')
        return broken(s); /* a number is no key */
    ncm_buf_puts(&s->out, "\"n");
    ncm_buf_add(&s->out, s->in + s->at, n);
    s->at += n;
    return ncm_buf_putc(&s->out, '"');
}

static bool scan_other(struct scan *s)
{
    char c = s->in[s->at];
    if ((unsigned char)c < 0x20 && !is_blank(c))
        return broken(s);
    if (c == '[' || c == '{') {
        s->too_deep = ++s->depth > NCM_NODE_MAX_DEPTH;
        s->nodes++;
    } else if (c == ']' || c == '}') {
        s->depth--;
    } else if (c == ',') {
        s->nodes++;
    }
    s->too_many = s->nodes >= NCM_NODE_MAX_COUNT;
    s->at++;
    return ncm_buf_putc(&s->out, c) && !s->too_deep && !s->too_many;
}

/* Rewrites the text; stops at a fault, a limit, or once out holds more than `until` bytes. */
static bool scan(struct scan *s, const char *p, size_t len, size_t until)
{
    *s = (struct scan){.in = p, .len = len};
    ncm_buf_init(&s->out, len + (NCM_NODE_MAX_COUNT + 16) * 8);
    if (len >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0)
        s->at = 3;
    bool ok = true;
    while (ok && s->at < len && s->out.len <= until) {
        char c = p[s->at];
        if (c == '"')
            ok = scan_string(s);
        else if (c == '-' || (c >= '0' && c <= '9') || c == 'N' || c == 'I')
            ok = scan_number(s);
        else
            ok = scan_other(s);
        if (s->out.full)
            s->too_many = true;
    }
    return ok && !s->too_many;
}

static bool fail_at(const char *name, const char *p, size_t at, struct ncm_err *err)
{
    size_t line = 1;
    size_t column = 1;
    for (size_t i = 0; i < at;) {
        uint32_t cp;
        i += ncm_utf8_decode(p + i, at - i, &cp);
        column++;
        if (cp == '\n') {
            line++;
            column = 1;
        }
    }
    return ncm_fail(err, NCM_INVALID_DATA, _("%s:%zu:%zu: this is not valid JSON"), name, line,
                    column);
}

static void convert_number(struct ncm_node *n, const char *text)
{
    /* "-0" stays a number with its sign: no integer has one. */
    if (!strpbrk(text, ".eEN") && strcmp(text, "-0") != 0 && ncm_parse_i64(text, &n->i)) {
        n->kind = NCM_NODE_INT;
        n->num = (double)n->i;
        return;
    }
    n->kind = NCM_NODE_NUM;
    if (!ncm_parse_double(text, &n->num))
        n->num = NAN;
}

static void convert(struct ncm_arena *a, const cJSON *from, struct ncm_node *n)
{
    if (cJSON_IsString(from)) {
        if (from->valuestring[0] == 'n') {
            convert_number(n, from->valuestring + 1);
            return;
        }
        struct ncm_str s = ncm_arena_cstr(a, from->valuestring + 1);
        n->kind = NCM_NODE_STR;
        n->str = s.p;
        n->len = s.len;
        return;
    }
    if (cJSON_IsBool(from)) {
        n->kind = NCM_NODE_BOOL;
        n->boolean = cJSON_IsTrue(from);
        return;
    }
    if (!cJSON_IsArray(from) && !cJSON_IsObject(from))
        return;
    bool map = cJSON_IsObject(from);
    n->kind = map ? NCM_NODE_MAP : NCM_NODE_LIST;
    for (const cJSON *c = from->child; c; c = c->next)
        n->n++;
    struct ncm_node *items = ncm_arena_alloc(a, n->n, sizeof *items);
    size_t i = 0;
    for (const cJSON *c = from->child; c; c = c->next, i++) {
        convert(a, c, &items[i]);
        if (map)
            items[i].key = ncm_arena_cstr(a, c->string + 1).p;
    }
    n->items = items;
}

bool ncm_json_parse(const char *name, const char *p, size_t len, struct ncm_doc **out,
                    struct ncm_err *err)
{
    struct scan s;
    if (len > NCM_NODE_MAX_BYTES)
        return ncm_node_too_long(name, err);
    if (!scan(&s, p, len, SIZE_MAX)) {
        bool ok = s.too_deep   ? ncm_node_too_deep(name, err)
                  : s.too_many ? ncm_node_too_many(name, err)
                               : fail_at(name, p, s.at, err);
        ncm_buf_release(&s.out);
        return ok;
    }
    const char *end = NULL;
    cJSON *tree = cJSON_ParseWithLengthOpts(s.out.p, s.out.len + 1, &end, 1);
    size_t at = end ? (size_t)(end - s.out.p) : 0;
    ncm_buf_release(&s.out);
    if (!tree) {
        /* The same walk again, up to the place that cJSON stumbled over. */
        (void)scan(&s, p, len, at);
        size_t from = s.at > 0 && s.at < len ? s.at - 1 : s.at;
        ncm_buf_release(&s.out);
        return fail_at(name, p, from, err);
    }
    struct ncm_doc *d = ncm_doc_new();
    struct ncm_node *root = ncm_arena_alloc(d->arena, 1, sizeof *root);
    convert(d->arena, tree, root);
    cJSON_Delete(tree);
    d->root = root;
    if (s.words)
        ncm_log("%s: has a bare NaN or Infinity, which is not JSON", name);
    *out = d;
    return true;
}
