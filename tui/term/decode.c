#include "term/decode.h"

#include <string.h>

#include "term/term.h"

enum {
    MAX_PASTE = 1 << 20,
    SPLIT_MS = 100, /* an ESC that came alone may still be followed by the rest of its sequence */
    SEQUENCE_MS = 500, /* a sequence cut in two by the network */
    STRING_MS = 1000,
    PASTE_MS = 10000,
};

void decode_init(struct decoder *d, int escdelay_ms)
{
    *d = (struct decoder){.escdelay_ms = escdelay_ms, .lone_esc_ms = INT64_MIN / 2};
    ncm_buf_init(&d->paste, MAX_PASTE);
}

void decode_release(struct decoder *d)
{
    ncm_buf_release(&d->paste);
}

static void key(int code, bool alt, decode_fn emit, void *ctx)
{
    emit(ctx, &(struct decoded){.kind = DECODED_KEY, .key = code, .alt = alt});
}

/* ---- sequences ---- */

struct final {
    char byte;
    int key;
};

/* CSI and SS3 agree on these; a-d are rxvt's arrows with Shift or Control. */
static const struct final cursor_keys[] = {
    {'A', TK_UP},  {'B', TK_DOWN}, {'C', TK_RIGHT}, {'D', TK_LEFT}, {'H', TK_HOME},
    {'F', TK_END}, {'P', TK_F1},   {'Q', TK_F2},    {'R', TK_F3},   {'S', TK_F4},
    {'a', TK_UP},  {'b', TK_DOWN}, {'c', TK_RIGHT}, {'d', TK_LEFT}, {'Z', TK_BTAB},
};

static int cursor_key(char byte)
{
    for (size_t i = 0; i < sizeof cursor_keys / sizeof *cursor_keys; i++)
        if (cursor_keys[i].byte == byte)
            return cursor_keys[i].key;
    return -1;
}

/* CSI n ~ */
static int numbered_key(int n)
{
    static const int keys[] = {
        [1] = TK_HOME, [2] = TK_INS,  [3] = TK_DEL,  [4] = TK_END,  [5] = TK_PGUP,
        [6] = TK_PGDN, [7] = TK_HOME, [8] = TK_END,  [11] = TK_F1,  [12] = TK_F2,
        [13] = TK_F3,  [14] = TK_F4,  [15] = TK_F5,  [17] = TK_F6,  [18] = TK_F7,
        [19] = TK_F8,  [20] = TK_F9,  [21] = TK_F10, [23] = TK_F11, [24] = TK_F12,
    };
    if (n < 0 || n >= (int)(sizeof keys / sizeof *keys) || keys[n] == 0)
        return -1;
    return keys[n];
}

/* Numbers between ';'; absent ones are 0. A sub-parameter (':') ends its number. */
static size_t numbers(const char *p, size_t len, int *out, size_t max)
{
    size_t n = 0;
    int v = 0;
    bool sub = false;
    for (size_t i = 0; i <= len && n < max; i++) {
        if (i == len || p[i] == ';') {
            out[n++] = v;
            v = 0;
            sub = false;
        } else if (p[i] == ':') {
            sub = true;
        } else if (!sub && p[i] >= '0' && p[i] <= '9' && v < 1000000) {
            v = v * 10 + (p[i] - '0');
        }
    }
    return len == 0 ? 0 : n;
}

static bool is_alt(int modifiers)
{
    return modifiers > 1 && ((modifiers - 1) & 2);
}

/* A key told by its code point (CSI u, modifyOtherKeys). */
static void coded_key(struct decoder *d, int cp, int modifiers, decode_fn emit, void *ctx)
{
    bool alt = d->alt || is_alt(modifiers), control = modifiers > 1 && ((modifiers - 1) & 4);
    bool shift = modifiers > 1 && ((modifiers - 1) & 1);
    int code = cp;
    if (cp == 9)
        code = shift ? TK_BTAB : TK_TAB;
    else if (cp == 13)
        code = TK_ENTER;
    else if (cp == 27)
        code = TK_ESC;
    else if (cp == 8 || cp == 127)
        code = TK_BACKSPACE;
    else if (cp < 32 || (cp > 127 && cp < 0xA0) || (cp > 0xD7FF && cp < 0xF900) || cp > 0x10FFFF)
        return; /* controls, surrogates, private use: keys we have no name for */
    else if (control && cp >= '@' && cp < 127)
        code = cp & 31;
    key(code, alt, emit, ctx);
}

/* Old style and SGR agree on the button's bits. */
static void mouse(int bits, int x, int y, bool press, decode_fn emit, void *ctx)
{
    static const int buttons[4] = {1, 2, 3, 0};
    int button = bits & 64 ? ((bits & 3) == 0 ? 4 : (bits & 3) == 1 ? 5 : 0) : buttons[bits & 3];
    if (!press || button == 0 || (bits & 32) || x < 0 || y < 0)
        return;
    emit(ctx, &(struct decoded){.kind = DECODED_MOUSE, .y = y, .x = x, .button = button});
}

static void start_paste(struct decoder *d)
{
    ncm_buf_clear(&d->paste);
    d->paste.full = false;
    d->state = IN_PASTE;
    d->n = 0;
    d->seq[0] = 0;
}

static void csi_numbered(struct decoder *d, const int *v, size_t n, decode_fn emit, void *ctx)
{
    if (n == 1 && v[0] == 200) {
        start_paste(d);
    } else if (n == 3 && v[0] == 27) {
        coded_key(d, v[2], v[1], emit, ctx);
    } else if (n >= 1 && numbered_key(v[0]) >= 0) {
        key(numbered_key(v[0]), d->alt || (n > 1 && is_alt(v[1])), emit, ctx);
    }
}

static void csi_done(struct decoder *d, char final, decode_fn emit, void *ctx)
{
    int v[4] = {0};
    bool private = d->n > 0 && d->seq[0] >= '<' && d->seq[0] <= '?';
    size_t n = numbers(d->seq + private, d->n - private, v, 4);
    d->state = IN_GROUND;
    if (d->alt && (private || !strchr("~^$@uABCDEFGHPQRSZabcd", final))) {
        /* what the terminal says by itself, right behind an Esc that somebody pressed */
        d->alt = false;
        key(TK_ESC, false, emit, ctx);
    }
    if (private) {
        if (d->seq[0] == '<' && (final == 'M' || final == 'm') && n == 3)
            mouse(v[0], v[1] - 1, v[2] - 1, final == 'M', emit, ctx);
        return;
    }
    for (size_t i = 0; i < d->n; i++)
        if (d->seq[i] < '0')
            return; /* intermediates: no key sends them */
    if (final == 'I' || final == 'O') {
        emit(ctx, &(struct decoded){.kind = DECODED_FOCUS, .focused = final == 'I'});
    } else if (final == 'n') {
        if (n == 1 && (v[0] == 0 || v[0] == 3))
            emit(ctx, &(struct decoded){.kind = DECODED_ANSWER});
    } else if (final == 'M' && n == 0) {
        d->state = IN_X10;
        d->n = 0;
    } else if (final == '~' || final == '^' || final == '$' || final == '@') {
        csi_numbered(d, v, n, emit, ctx);
    } else if (final == 'u') {
        if (n >= 1)
            coded_key(d, v[0], v[1], emit, ctx);
    } else if (cursor_key(final) >= 0 && (n == 0 || (v[0] <= 1 && (n == 1 || v[1] > 1)))) {
        /* n = 2 with a 1 is a cursor report: the terminal's answer to somebody else */
        key(cursor_key(final), d->alt || is_alt(v[1]), emit, ctx);
    }
}

static void ss3_done(struct decoder *d, char final, decode_fn emit, void *ctx)
{
    static const char keypad[] = "*+,-./0123456789"; /* j … y */
    d->state = IN_GROUND;
    if (final == 'M')
        key(TK_ENTER, d->alt, emit, ctx);
    else if (final >= 'j' && final <= 'y')
        key(keypad[final - 'j'], d->alt, emit, ctx);
    else if (cursor_key(final) >= 0)
        key(cursor_key(final), d->alt, emit, ctx);
}

/* ---- pasted text ---- */

/* Adds a byte; CR and CR LF become LF, TAB a blank, other controls go. */
static void paste_byte(struct decoder *d, char c)
{
    unsigned char u = (unsigned char)c;
    size_t len = d->paste.len;
    if (c == '\r')
        ncm_buf_putc(&d->paste, '\n');
    else if (c == '\n')
        ncm_buf_putc(&d->paste, c);
    else if (c == '\t')
        ncm_buf_putc(&d->paste, ' ');
    else if (u >= 0x80 && u < 0xA0 && len > 0 && (unsigned char)d->paste.p[len - 1] == 0xC2)
        d->paste.p[--d->paste.len] = 0; /* C1 control in UTF-8 */
    else if (u >= 0x20 && u != 0x7F)
        ncm_buf_putc(&d->paste, c);
}

static void paste_done(struct decoder *d, decode_fn emit, void *ctx)
{
    d->state = IN_GROUND;
    if (d->paste.len)
        emit(ctx, &(struct decoded){.kind = DECODED_PASTE, .text = d->paste.p});
    ncm_buf_clear(&d->paste);
}

static void in_paste(struct decoder *d, char c, decode_fn emit, void *ctx)
{
    static const char end[] = "\033[201~";
    if (c == end[d->n]) {
        if (end[++d->n] == 0)
            paste_done(d, emit, ctx);
        return;
    }
    for (size_t i = 0; i < d->n; i++)
        paste_byte(d, end[i]);
    d->n = c == end[0];
    if (d->n == 0 && !(c == '\n' && d->seq[0] == '\r'))
        paste_byte(d, c);
    d->seq[0] = c;
}

/* ---- bytes ---- */

static void plain(struct decoder *d, unsigned char c, bool alt, decode_fn emit, void *ctx)
{
    d->utf8_need = 0;
    if (c == 27) {
        d->state = IN_ESC;
        d->alt = false;
    } else if (c == 9) {
        key(TK_TAB, alt, emit, ctx);
    } else if (c == 13 || c == 10) {
        key(TK_ENTER, alt, emit, ctx);
    } else if (c == 8 || c == 127) {
        key(TK_BACKSPACE, alt, emit, ctx);
    } else if (c < 0x80) {
        key(c, alt, emit, ctx);
    } else if (c >= 0xC2 && c <= 0xF4) {
        d->utf8[0] = (char)c;
        d->utf8_n = 1;
        d->utf8_need = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
        d->utf8_alt = alt;
    }
}

static void continued(struct decoder *d, unsigned char c, decode_fn emit, void *ctx)
{
    uint32_t cp = 0;
    d->utf8[d->utf8_n++] = (char)c;
    if (d->utf8_n < d->utf8_need)
        return;
    size_t len = d->utf8_need;
    d->utf8_need = 0;
    if (ncm_utf8_decode(d->utf8, len, &cp) == len && cp >= 0xA0)
        key((int)cp, d->utf8_alt, emit, ctx);
}

static bool sequence_start(struct decoder *d, unsigned char c)
{
    d->n = 0;
    d->string_esc = false;
    d->string_osc = c == ']';
    if (c == '[')
        d->state = IN_CSI;
    else if (c == 'O')
        d->state = IN_SS3;
    else if (c == ']' || c == 'P' || c == '_' || c == '^' || c == 'X')
        d->state = IN_STRING;
    else
        return false;
    return true;
}

static void in_esc(struct decoder *d, unsigned char c, decode_fn emit, void *ctx)
{
    if (c == 27) {
        if (d->alt)
            key(TK_ESC, false, emit, ctx);
        d->alt = true;
        return;
    }
    if (sequence_start(d, c))
        return;
    d->state = IN_GROUND;
    if (d->alt)
        key(TK_ESC, false, emit, ctx);
    plain(d, c, true, emit, ctx);
}

static void in_csi(struct decoder *d, unsigned char c, decode_fn emit, void *ctx)
{
    if (c == '[' && d->n == 0) {
        d->seq[d->n++] = '['; /* Linux console: CSI [ A … E are F1 … F5 */
    } else if (d->n == 1 && d->seq[0] == '[') {
        d->state = IN_GROUND;
        if (c >= 'A' && c <= 'E')
            key(TK_F1 + (c - 'A'), d->alt, emit, ctx);
    } else if (c == 27) {
        d->state = IN_ESC;
        d->alt = false;
    } else if (c >= 0x20 && c < 0x40) {
        if (d->n < sizeof d->seq)
            d->seq[d->n++] = (char)c;
    } else if (c >= 0x40 && c < 0x7F && d->n < sizeof d->seq) {
        csi_done(d, (char)c, emit, ctx);
    } else {
        d->state = IN_GROUND; /* cancelled, or longer than any real one */
    }
}

/* "rrrr/…" of one to four digits → 0…255, and past the slash; -1 where it is no such. */
static int channel(const char **p)
{
    static const char digits[] = "0123456789abcdef";
    int v = 0, n = 0, most = 0;
    for (; **p && n < 4; n++, (*p)++) {
        const char *at = strchr(digits, **p | 0x20);
        if (!at || **p == '/')
            break;
        v = v * 16 + (int)(at - digits);
        most = most * 16 + 15;
    }
    *p += **p == '/';
    return n ? v * 255 / most : -1;
}

/* "11;rgb:ffff/ffff/ffff": the only answer that says something to us. */
static void string_done(struct decoder *d, decode_fn emit, void *ctx)
{
    static const char head[] = "11;rgb:";
    d->seq[d->n] = 0;
    if (!d->string_osc || strncmp(d->seq, head, sizeof head - 1) != 0)
        return;
    const char *p = d->seq + sizeof head - 1;
    int r = channel(&p), g = channel(&p), b = channel(&p);
    if (r >= 0 && g >= 0 && b >= 0 && *p == 0)
        emit(ctx, &(struct decoded){.kind = DECODED_BACKGROUND,
                                    .light = 30 * r + 59 * g + 11 * b > 100 * 128});
}

static void in_string(struct decoder *d, unsigned char c, decode_fn emit, void *ctx)
{
    if (d->string_esc && c != '\\') { /* what begins anew ends the string, as in terminals */
        d->string_esc = false;
        d->state = IN_ESC;
        d->alt = false;
        in_esc(d, c, emit, ctx);
        return;
    }
    if (c == 7 || d->string_esc)
        string_done(d, emit, ctx);
    if (c == 7 || c == 0x18 || c == 0x1A || d->string_esc)
        d->state = IN_GROUND;
    else if (c != 27 && d->n < sizeof d->seq - 1)
        d->seq[d->n++] = (char)c;
    d->string_esc = c == 27;
}

static void byte(struct decoder *d, unsigned char c, int64_t now_ms, decode_fn emit, void *ctx)
{
    switch (d->state) {
    case IN_GROUND:
        if (d->utf8_need && (c & 0xC0) == 0x80)
            continued(d, c, emit, ctx);
        else if (now_ms - d->lone_esc_ms <= SPLIT_MS && (c == '[' || c == 'O') &&
                 sequence_start(d, c))
            d->alt = false;
        else
            plain(d, c, false, emit, ctx);
        d->lone_esc_ms = INT64_MIN / 2;
        break;
    case IN_ESC:
        in_esc(d, c, emit, ctx);
        break;
    case IN_CSI:
        in_csi(d, c, emit, ctx);
        break;
    case IN_SS3:
        if (c == 27) {
            d->state = IN_ESC;
            d->alt = false;
        } else if (c < '0' || c > '9') { /* a digit is a modifier of old terminals */
            ss3_done(d, (char)c, emit, ctx);
        }
        break;
    case IN_STRING:
        in_string(d, c, emit, ctx);
        break;
    case IN_X10:
        d->seq[d->n++] = (char)c;
        if (d->n == 3) {
            d->state = IN_GROUND;
            mouse((unsigned char)d->seq[0] - 32, (unsigned char)d->seq[1] - 33,
                  (unsigned char)d->seq[2] - 33, true, emit, ctx);
        }
        break;
    case IN_PASTE:
        in_paste(d, (char)c, emit, ctx);
        break;
    }
}

void decode_feed(struct decoder *d, const char *p, size_t len, int64_t now_ms, decode_fn emit,
                 void *ctx)
{
    for (size_t i = 0; i < len; i++)
        byte(d, (unsigned char)p[i], now_ms, emit, ctx);
    d->since_ms = now_ms;
}

static int patience(const struct decoder *d)
{
    switch (d->state) {
    case IN_GROUND:
        return -1;
    case IN_ESC:
        return d->escdelay_ms;
    case IN_CSI:
    case IN_SS3:
    case IN_X10:
        return SEQUENCE_MS;
    case IN_STRING:
        return STRING_MS;
    case IN_PASTE:
        return PASTE_MS;
    }
    return -1;
}

int decode_due(const struct decoder *d, int64_t now_ms)
{
    int wait = patience(d);
    if (wait < 0)
        return -1;
    int64_t left = d->since_ms + wait - now_ms;
    return left < 0 ? 0 : (int)left;
}

void decode_expire(struct decoder *d, int64_t now_ms, decode_fn emit, void *ctx)
{
    if (decode_due(d, now_ms) != 0)
        return;
    if (d->state == IN_ESC) {
        if (d->alt)
            key(TK_ESC, false, emit, ctx);
        key(TK_ESC, false, emit, ctx);
        d->lone_esc_ms = now_ms;
    } else if (d->state == IN_STRING && d->string_esc) {
        key(TK_ESC, false, emit, ctx);
    } else if (d->state == IN_PASTE) {
        paste_done(d, emit, ctx);
    }
    d->state = IN_GROUND;
}
