/* The cleaning table: what of untrusted text may reach a terminal, and as what. */
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/text_char.h"

enum class {
    KEEP,
    BLANK,   /* TAB LF CR */
    BAD,     /* shown as a replacement character, so that the attempt is seen */
    DROP,    /* invisible; would make two different names look equal */
    TONE,    /* a skin tone: dropped after an emoji (terminals disagree on the width) */
    BRAILLE, /* blank braille: looks like nothing when alone */
};

/* Sorted; what is not here is kept if it has a width. */
static const struct range {
    uint32_t first, last;
    enum class class;
} ranges[] = {
    {0x0000, 0x0008, BAD},     {0x0009, 0x000A, BLANK},  {0x000B, 0x000C, BAD},
    {0x000D, 0x000D, BLANK},   {0x000E, 0x001F, BAD},    {0x007F, 0x009F, BAD},
    {0x00AD, 0x00AD, DROP},    {0x061C, 0x061C, DROP},   {0x115F, 0x1160, BAD},
    {0x180E, 0x180E, DROP},    {0x200B, 0x200F, DROP},   {0x2028, 0x202E, BAD},
    {0x2060, 0x2065, DROP},    {0x2066, 0x2069, BAD},    {0x206A, 0x206F, DROP},
    {0x2800, 0x2800, BRAILLE}, {0x3164, 0x3164, BAD},    {0xE000, 0xF8FF, BAD},
    {0xFDD0, 0xFDEF, BAD},     {0xFE00, 0xFE0F, DROP},   {0xFEFF, 0xFEFF, DROP},
    {0xFFA0, 0xFFA0, BAD},     {0xFFF9, 0xFFFB, DROP},   {0xFFFE, 0xFFFF, BAD},
    {0x1F3FB, 0x1F3FF, TONE},  {0xE0000, 0xE0FFF, DROP}, {0xF0000, 0x10FFFF, BAD},
};

static enum class class_of(uint32_t cp) {
    size_t low = 0; size_t high = sizeof ranges / sizeof ranges[0];
    while (low < high){size_t mid = (low + high) / 2; if (cp > ranges[mid].last) low = mid + 1;
                       else if (cp < ranges[mid].first) high = mid; else return ranges[mid].class;}
return (cp & 0xFFFE) == 0xFFFE ? BAD : KEEP;
}

/* A walk over raw text that decides about each code point in its surroundings. */
struct walk {
    const char *p;
    size_t len, at;
    uint32_t base;      /* what a mark would attach to; 0 at the start of a line */
    int marks;          /* already on it */
    size_t braille_end; /* the decision below holds up to here */
    bool braille_inked;
};

/* After next(): the code point, its bytes, what happens to it and its cells when kept. */
struct step {
    uint32_t cp;
    const char *bytes;
    size_t n;
    enum class what; /* KEEP, BLANK, BAD or DROP */
    int width;
};

/* Whether the run of braille at w->at has a dot anywhere; decided once a run. */
static bool braille_inked(struct walk *w)
{
    if (w->at < w->braille_end)
        return w->braille_inked;
    size_t i = w->at;
    w->braille_inked = false;
    while (i < w->len) {
        uint32_t cp;
        size_t n = ncm_utf8_decode(w->p + i, w->len - i, &cp);
        if (cp < 0x2800 || cp > 0x28FF)
            break;
        w->braille_inked |= cp != 0x2800;
        i += n;
    }
    w->braille_end = i;
    /* Ink before this place counts as well: a run is entered at its first blank only. */
    w->braille_inked |= w->base > 0x2800 && w->base <= 0x28FF;
    return w->braille_inked;
}

static bool takes_tone(uint32_t base)
{
    return base == 0x261D || base == 0x26F9 || (base >= 0x270A && base <= 0x270D) ||
           (base >= 0x1F300 && base <= 0x1FAFF);
}

static enum class resolve(struct walk *w, struct step *s) {
    enum class class = class_of(s->cp);
    if (class == TONE) class = takes_tone(w->base) ? DROP : KEEP;
    else if (class == BRAILLE) class = braille_inked(w) ? KEEP : BAD;
    if (class != KEEP) return class;
    s->width = ncm_char_width(s->cp);
    if (s->width < 0) return BAD;
    if (s->width == 0) return w->base == 0 || w->marks >= 3 ? DROP : KEEP;
    return KEEP;
}

static bool next(struct walk *w, struct step *s)
{
    if (w->at >= w->len)
        return false;
    s->bytes = w->p + w->at;
    unsigned char c = (unsigned char)*s->bytes;
    if (c >= 0x20 && c < 0x7F) {
        s->cp = c;
        s->n = 1;
        s->what = KEEP;
        s->width = 1;
    } else {
        s->n = ncm_utf8_decode(s->bytes, w->len - w->at, &s->cp);
        s->width = 1;
        bool broken = s->cp == 0xFFFD && s->n == 1;
        s->what = broken ? BAD : resolve(w, s);
    }
    w->at += s->n;
    if (s->what == DROP)
        return true;
    if (s->what != KEEP)
        s->width = 1;
    if (s->width > 0) {
        w->base = s->what == KEEP ? s->cp : s->what == BAD ? 0xFFFD : ' ';
        w->marks = 0;
    } else {
        w->marks++;
    }
    return true;
}

/* What is put out for a step: at most 8 bytes. */
struct piece {
    char p[9];
    size_t n;
    int width;
};

static void fill(struct piece *out, char c, int cells)
{
    memset(out->p, c, (size_t)cells);
    out->n = (size_t)cells;
    out->width = cells;
}

static void render(const struct step *s, bool ascii, struct piece *out)
{
    if (s->what == BLANK) {
        fill(out, ' ', 1);
    } else if (s->what == DROP) {
        fill(out, ' ', 0);
    } else if (ascii && (s->what == BAD || s->cp >= 0x80)) {
        fill(out, '?', s->width);
    } else if (s->what == BAD) {
        memcpy(out->p, "\xEF\xBF\xBD", 3);
        out->n = 3;
        out->width = 1;
    } else {
        memcpy(out->p, s->bytes, s->n);
        out->n = s->n;
        out->width = s->width;
    }
}

static size_t plain_run(const char *p, size_t len)
{
    size_t i = 0;
    while (i < len && (unsigned char)p[i] >= 0x20 && (unsigned char)p[i] < 0x7F)
        i++;
    return i;
}

/* Multi-line text: LF stays, CR before LF goes, TAB runs to the next column of eight. */
static void render_line_break(struct walk *w, const struct step *s, int column, struct piece *out)
{
    if (s->cp == '\n') {
        fill(out, '\n', 1);
        out->width = 0;
        w->base = 0;
    } else if (s->cp == '\t') {
        fill(out, ' ', 8 - column % 8);
    } else {
        fill(out, ' ', w->at < w->len && w->p[w->at] == '\n' ? 0 : 1);
    }
}

bool ncm_text_clean(struct ncm_buf *out, const char *p, size_t len, unsigned flags)
{
    bool ascii = (flags & NCM_CLEAN_ASCII) || !ncm_text_utf8();
    bool lines = flags & NCM_CLEAN_LINES;
    bool altered = false;
    int column = 0;
    struct walk w = {.p = p, .len = p ? len : 0};
    struct step s;
    while (w.at < w.len) {
        size_t run = plain_run(p + w.at, w.len - w.at);
        if (run > 0) {
            ncm_buf_add(out, p + w.at, run);
            w.at += run;
            w.base = (unsigned char)p[w.at - 1];
            w.marks = 0;
            column = (column + (int)(run % 8)) % 8;
            continue;
        }
        struct piece piece;
        next(&w, &s);
        if (lines && s.what == BLANK)
            render_line_break(&w, &s, column, &piece);
        else
            render(&s, ascii, &piece);
        altered |= s.what == BAD || s.what == DROP;
        column = lines && s.cp == '\n' ? 0 : (column + piece.width) % 8;
        ncm_buf_add(out, piece.p, piece.n);
    }
    return altered;
}

bool ncm_text_is_odd(const char *p, size_t len)
{
    struct walk w = {.p = p, .len = p ? len : 0};
    struct step s;
    while (next(&w, &s))
        if (s.what == BAD || s.what == DROP)
            return true;
    return false;
}

static const char *ellipsis(int *cells)
{
    *cells = ncm_text_utf8() ? 1 : 3;
    return ncm_text_utf8() ? "\xE2\x80\xA6" : "...";
}

/* Ends out (len bytes, cells wide) with as much of the ellipsis as goes into room cells. */
static int end_with_ellipsis(char *out, size_t outsz, size_t len, int cells, int room)
{
    int w;
    const char *dots = ellipsis(&w);
    size_t n = strlen(dots);
    if (w > room) {
        w = room;
        n = (size_t)room;
    }
    if (n >= outsz - len)
        w = 0, n = 0;
    memcpy(out + len, dots, n);
    out[len + n] = '\0';
    return cells + w;
}

int ncm_text_clip(char *out, size_t outsz, const char *p, size_t len, int cells)
{
    if (outsz == 0)
        return 0;
    out[0] = '\0';
    if (!p || cells <= 0)
        return 0;
    if (len <= (size_t)cells && len < outsz && plain_run(p, len) == len) {
        memcpy(out, p, len);
        out[len] = '\0';
        return (int)len;
    }
    int dots;
    ellipsis(&dots);
    struct walk w = {.p = p, .len = len};
    struct step s;
    size_t at = 0;
    size_t cut = 0; /* where the ellipsis would go: always before a base, never before a mark */
    int used = 0;
    int cut_used = 0;
    while (next(&w, &s)) {
        struct piece piece;
        render(&s, !ncm_text_utf8(), &piece);
        if (piece.n == 0)
            continue;
        if (piece.width > 0 && used + dots <= cells && at + 4 <= outsz) {
            cut = at;
            cut_used = used;
        }
        if (used + piece.width > cells || at + piece.n >= outsz)
            return end_with_ellipsis(out, outsz, cut, cut_used, cells - cut_used);
        memcpy(out + at, piece.p, piece.n);
        at += piece.n;
        used += piece.width;
    }
    out[at] = '\0';
    return used;
}

/* Where a suffix of at most `cells` starts: always at a base. */
static size_t suffix(const char *s, size_t len, int total, int cells)
{
    int before = 0;
    for (size_t i = 0; i < len;) {
        uint32_t cp;
        size_t n = ncm_utf8_decode(s + i, len - i, &cp);
        int w = ncm_char_width(cp);
        if (w > 0 && total - before <= cells)
            return i;
        before += w > 0 ? w : 0;
        i += n;
    }
    return len;
}

int ncm_text_clip_middle(char *out, size_t outsz, const char *p, size_t len, int cells)
{
    if (outsz == 0)
        return 0;
    out[0] = '\0';
    if (!p || cells <= 0)
        return 0;
    int dots;
    const char *mark = ellipsis(&dots);
    struct ncm_buf clean;
    ncm_buf_init(&clean, len > SIZE_MAX / 16 ? SIZE_MAX / 2 : len * 8 + 8);
    ncm_text_clean(&clean, p, len, NCM_CLEAN_LINE);
    int total = ncm_text_width_n(clean.p, clean.len);
    int tail = (cells - dots) / 3;
    int used = total;
    if ((total <= cells && clean.len < outsz) || tail < 1) {
        used = ncm_text_clip(out, outsz, clean.p, clean.len, cells);
    } else {
        size_t from = suffix(clean.p, clean.len, total, tail);
        int tail_used = ncm_text_width_n(clean.p + from, clean.len - from);
        int head_used;
        size_t head = ncm_text_fit(clean.p, cells - dots - tail_used, &head_used);
        size_t n = strlen(mark);
        if (head + n + (clean.len - from) < outsz) {
            memcpy(out, clean.p, head);
            memcpy(out + head, mark, n);
            memcpy(out + head + n, clean.p + from, clean.len - from + 1);
            used = head_used + dots + tail_used;
        } else {
            used = ncm_text_clip(out, outsz, clean.p, clean.len, cells);
        }
    }
    ncm_buf_release(&clean);
    return used;
}

static void escape_one(struct ncm_buf *out, const struct step *s)
{
    bool broken = s->n == 1 && (unsigned char)*s->bytes >= 0x80;
    if (s->cp == '\n')
        ncm_buf_puts(out, "\\n");
    else if (s->cp == '\t')
        ncm_buf_puts(out, "\\t");
    else if (s->cp == '\r')
        ncm_buf_puts(out, "\\r");
    else if (broken || s->cp < 0x80)
        ncm_buf_printf(out, "\\x%02x", (unsigned)(unsigned char)*s->bytes);
    else if (s->cp <= 0xFFFF)
        ncm_buf_printf(out, "\\u%04x", (unsigned)s->cp);
    else
        ncm_buf_printf(out, "\\U%08x", (unsigned)s->cp);
}

void ncm_text_escape(struct ncm_buf *out, const char *p, size_t len)
{
    bool ascii = !ncm_text_utf8();
    struct walk w = {.p = p, .len = p ? len : 0};
    struct step s;
    while (next(&w, &s)) {
        if (s.cp == '\\')
            ncm_buf_puts(out, "\\\\");
        else if (s.what != KEEP || (ascii && s.cp >= 0x80))
            escape_one(out, &s);
        else
            ncm_buf_add(out, s.bytes, s.n);
    }
}

void ncm_text_utf8_repair(struct ncm_buf *out, const char *p, size_t len)
{
    size_t from = 0;
    for (size_t i = 0; i < len;) {
        uint32_t cp;
        size_t n = ncm_utf8_decode(p + i, len - i, &cp);
        if (cp == 0xFFFD && n == 1) {
            ncm_buf_add(out, p + from, i - from);
            ncm_buf_puts(out, "\xEF\xBF\xBD");
            from = i + 1;
        }
        i += n;
    }
    if (len > from)
        ncm_buf_add(out, p + from, len - from);
}
