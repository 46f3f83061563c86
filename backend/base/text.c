#include "base/text.h"

#include <langinfo.h>
#include <locale.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>
#include <wctype.h>

#include "base/text_char.h"

static bool utf8 = true;

/* A UTF-8 character table for when the process runs under another locale; 0 when not needed. */
static locale_t table;
static pthread_once_t table_once = PTHREAD_ONCE_INIT;
static bool have_table;

static bool is_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static void load_table(void)
{
    static const char *const names[] = {"C.UTF-8", "C.utf8", "en_US.UTF-8", "ko_KR.UTF-8"};
    if (is_utf8()) {
        have_table = true;
        return;
    }
    for (size_t i = 0; !table && i < sizeof names / sizeof names[0]; i++)
        table = newlocale(LC_CTYPE_MASK, names[i], (locale_t)0);
    have_table = table != (locale_t)0;
}

/* Whether the environment asks for UTF-8, whatever is installed. */
static bool environment_wants_utf8(void)
{
    const char *names[] = {getenv("LC_ALL"), getenv("LC_CTYPE"), getenv("LANG")};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i] && *names[i])
            return strcasestr(names[i], "utf-8") || strcasestr(names[i], "utf8");
    return false;
}

void ncm_text_init(const char *lang, bool force_ascii)
{
    bool found = setlocale(LC_ALL, "") != NULL;
    bool foreign = lang && *lang && strncmp(lang, "en", 2) != 0;
    if (!force_ascii && (!found || !is_utf8()) && (environment_wants_utf8() || foreign)) {
        if (!setlocale(LC_ALL, "C.UTF-8"))
            (void)setlocale(LC_ALL, "en_US.UTF-8");
    }
    /* Under "C" messages are never translated, whatever --lang says. */
    if (foreign && is_utf8() && strcmp(setlocale(LC_MESSAGES, NULL), "C") == 0)
        (void)setlocale(LC_MESSAGES, "C.UTF-8");
    /* Numbers are written and read by base/num.c alone; libraries that use printf see a point. */
    (void)setlocale(LC_NUMERIC, "C");
    utf8 = is_utf8() && !force_ascii;
    pthread_once(&table_once, load_table);
}

bool ncm_text_utf8(void)
{
    return utf8;
}

/* Without any UTF-8 locale on the machine: wide scripts are wide, the rest is one cell. */
static int width_by_range(uint32_t cp)
{
    static const struct {
        uint32_t first, last;
    } wide[] = {{0x1100, 0x115F},  {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xA960, 0xA97C},
                {0xAC00, 0xD7A3},  {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
                {0xFFE0, 0xFFE6},  {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF},
                {0x20000, 0x3FFFD}};
    if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0))
        return -1;
    if ((cp >= 0x300 && cp <= 0x36F) || (cp >= 0x1160 && cp <= 0x11FF))
        return 0;
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (cp >= wide[i].first && cp <= wide[i].last)
            return 2;
    return 1;
}

int ncm_char_width(uint32_t cp)
{
    if (cp >= 0x20 && cp < 0x7F)
        return 1;
    pthread_once(&table_once, load_table);
    if (!have_table)
        return width_by_range(cp);
    if (!table)
        return wcwidth((wchar_t)cp);
    locale_t old = uselocale(table);
    int w = wcwidth((wchar_t)cp);
    uselocale(old);
    return w;
}

uint32_t ncm_char_lower(uint32_t cp)
{
    if (cp < 0x80)
        return cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;
    pthread_once(&table_once, load_table);
    if (!table)
        return have_table ? (uint32_t)towlower((wint_t)cp) : cp;
    return (uint32_t)towlower_l((wint_t)cp, table);
}

size_t ncm_utf8_decode(const char *p, size_t len, uint32_t *cp)
{
    const unsigned char *s = (const unsigned char *)p;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (s[0] < 0x80) {
        *cp = s[0];
        return 1;
    }
    size_t n = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    *cp = 0xFFFD;
    if (s[0] < 0xC2 || s[0] > 0xF4 || n > len)
        return 1;
    uint32_t v = s[0] & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 1;
        v = v << 6 | (s[i] & 0x3Fu);
    }
    if (v < least[n] || v > 0x10FFFF || (v >= 0xD800 && v <= 0xDFFF))
        return 1;
    *cp = v;
    return n;
}

size_t ncm_utf8_encode(uint32_t cp, char out[5])
{
    size_t n = 0;
    if (cp < 0x80) {
        out[n++] = (char)cp;
    } else if (cp < 0x800) {
        out[n++] = (char)(0xC0 | cp >> 6);
        out[n++] = (char)(0x80 | (cp & 0x3F));
    } else if (cp < 0x10000 && (cp < 0xD800 || cp > 0xDFFF)) {
        out[n++] = (char)(0xE0 | cp >> 12);
        out[n++] = (char)(0x80 | (cp >> 6 & 0x3F));
        out[n++] = (char)(0x80 | (cp & 0x3F));
    } else if (cp >= 0x10000 && cp <= 0x10FFFF) {
        out[n++] = (char)(0xF0 | cp >> 18);
        out[n++] = (char)(0x80 | (cp >> 12 & 0x3F));
        out[n++] = (char)(0x80 | (cp >> 6 & 0x3F));
        out[n++] = (char)(0x80 | (cp & 0x3F));
    }
    out[n] = '\0';
    return n;
}

/* Cleaned text holds no control but LF, which takes no cell. */
static int cells_of(uint32_t cp)
{
    int w = ncm_char_width(cp);
    return w >= 0 ? w : cp < 0x20 ? 0 : 1;
}

int ncm_text_width_n(const char *s, size_t len)
{
    int cells = 0;
    for (size_t i = 0; i < len && s[i];) {
        if ((unsigned char)s[i] >= 0x20 && (unsigned char)s[i] < 0x7F) {
            cells++;
            i++;
            continue;
        }
        uint32_t cp;
        i += ncm_utf8_decode(s + i, len - i, &cp);
        cells += cells_of(cp);
    }
    return cells;
}

int ncm_text_width(const char *s)
{
    return ncm_text_width_n(s, strlen(s));
}

size_t ncm_text_fit(const char *s, int cells, int *used)
{
    size_t i = 0;
    size_t len = strlen(s);
    int w = 0;
    while (i < len) {
        uint32_t cp;
        size_t n = ncm_utf8_decode(s + i, len - i, &cp);
        int cw = cells_of(cp);
        if (w + cw > cells)
            break;
        w += cw;
        i += n;
    }
    *used = w;
    return i;
}
