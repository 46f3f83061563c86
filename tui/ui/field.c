/* The one-line editor. Bytes inside, cells outside; never splits a character from its marks. */
#include <string.h>

#include "api/text.h"
#include "term/term.h"
#include "ui/widget.h"

#define FIELD_MAX 65536

static void reserve(struct field *f, size_t more)
{
    if (f->len + more + 1 > f->cap) {
        f->cap = (f->len + more + 1) * 2;
        f->text = ncm_resize(f->text, f->cap, 1);
    }
}

void field_init(struct field *f, const char *initial)
{
    memset(f, 0, sizeof *f);
    reserve(f, 32);
    f->text[0] = '\0';
    if (initial != NULL) {
        field_insert(f, initial);
    }
}

void field_release(struct field *f)
{
    ncm_free(f->text);
    memset(f, 0, sizeof *f);
}

/* Marks belong to the base before them. */
static bool is_mark(const char *p, size_t len)
{
    uint32_t cp;
    size_t n = ncm_utf8_decode(p, len, &cp);

    return cp >= 0x300 && ncm_text_width_n(p, n) == 0;
}

static size_t before(const struct field *f, size_t at)
{
    while (at > 0) {
        at--;
        while (at > 0 && ((unsigned char)f->text[at] & 0xC0) == 0x80) {
            at--;
        }
        if (!is_mark(f->text + at, f->len - at)) {
            break;
        }
    }
    return at;
}

/* Cleans text as it will stand at the cursor: a mark alone belongs to the character before it. */
static void clean_here(const struct field *f, const char *text, struct ncm_buf *out)
{
    size_t from = f->cursor;

    if (*text != '\0' && is_mark(text, strlen(text))) {
        from = before(f, f->cursor);
    }
    struct ncm_buf joined;
    ncm_buf_init(&joined, FIELD_MAX);
    ncm_buf_add(&joined, f->text + from, f->cursor - from);
    ncm_buf_puts(&joined, text);
    size_t base = f->cursor - from;
    struct ncm_buf clean;
    ncm_buf_init(&clean, FIELD_MAX);
    ncm_text_clean(&clean, joined.p, joined.len, NCM_CLEAN_LINE);
    if (clean.len >= base) {
        ncm_buf_add(out, clean.p + base, clean.len - base);
    }
    ncm_buf_release(&clean);
    ncm_buf_release(&joined);
}

void field_insert(struct field *f, const char *text)
{
    struct ncm_buf clean;

    ncm_buf_init(&clean, FIELD_MAX);
    clean_here(f, text, &clean);
    if (f->len + clean.len <= FIELD_MAX) {
        reserve(f, clean.len);
        memmove(f->text + f->cursor + clean.len, f->text + f->cursor, f->len - f->cursor + 1);
        memcpy(f->text + f->cursor, clean.p, clean.len);
        f->len += clean.len;
        f->cursor += clean.len;
    }
    ncm_buf_release(&clean);
}

static size_t after(const struct field *f, size_t at)
{
    uint32_t cp;

    if (at < f->len) {
        at += ncm_utf8_decode(f->text + at, f->len - at, &cp);
    }
    while (at < f->len && is_mark(f->text + at, f->len - at)) {
        at += ncm_utf8_decode(f->text + at, f->len - at, &cp);
    }
    return at;
}

static void cut(struct field *f, size_t from, size_t to)
{
    memmove(f->text + from, f->text + to, f->len - to + 1);
    f->len -= to - from;
    f->cursor = from;
}

static size_t word_before(const struct field *f)
{
    size_t at = f->cursor;

    while (at > 0 && f->text[at - 1] == ' ') {
        at--;
    }
    while (at > 0 && f->text[at - 1] != ' ') {
        at--;
    }
    return at;
}

enum { CTRL_A = 1, CTRL_E = 5, CTRL_H = 8, CTRL_K = 11, CTRL_U = 21, CTRL_W = 23, DELETE = 127 };

bool field_key(struct field *f, int key)
{
    switch (key) {
    case TK_LEFT:
        f->cursor = before(f, f->cursor);
        return true;
    case TK_RIGHT:
        f->cursor = after(f, f->cursor);
        return true;
    case TK_HOME:
    case CTRL_A:
        f->cursor = 0;
        return true;
    case TK_END:
    case CTRL_E:
        f->cursor = f->len;
        return true;
    case TK_BACKSPACE:
    case CTRL_H:
    case DELETE:
        cut(f, before(f, f->cursor), f->cursor);
        return true;
    case TK_DEL:
        cut(f, f->cursor, after(f, f->cursor));
        return true;
    case CTRL_U:
        cut(f, 0, f->cursor);
        return true;
    case CTRL_K:
        cut(f, f->cursor, f->len);
        return true;
    case CTRL_W:
        cut(f, word_before(f), f->cursor);
        return true;
    default:
        break;
    }
    if (key < 32 || key >= KEY_BASE_) {
        return false;
    }
    char text[5];
    size_t n = ncm_utf8_encode((uint32_t)key, text);
    text[n] = '\0';
    field_insert(f, text);
    return true;
}

void field_draw(struct field *f, const struct canvas *c, int y, int x, int w, bool focused)
{
    if (w < 2) {
        return;
    }
    int at = ncm_text_width_n(f->text, f->cursor);
    if (at < f->left) {
        f->left = at > w / 3 ? at - w / 3 : 0;
    }
    if (at - f->left > w - 2) {
        f->left = at - w + 2 + w / 4;
    }
    int skipped = 0;
    size_t from = ncm_text_fit(f->text, f->left, &skipped);
    if (skipped < f->left && from < f->len) { /* half of a wide character is scrolled away */
        size_t n = after(f, from);
        skipped += ncm_text_width_n(f->text + from, n - from);
        from = n;
    }
    paint_fill(c, y, x, 1, w, ROLE_INPUT);
    int used = 0;
    size_t fit = ncm_text_fit(f->text + from, w - (skipped - f->left), &used);
    char *shown = ncm_strndup(f->text + from, fit);
    paint(c, y, x + skipped - f->left, ROLE_INPUT, 0, shown);
    ncm_free(shown);
    if (focused) {
        paint_cursor(c, y, x + at - f->left, true);
    }
}
