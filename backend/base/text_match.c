#include <string.h>

#include "base/text.h"
#include "base/text_char.h"

static size_t lower_at(const char *p, size_t len, uint32_t *cp)
{
    size_t n = ncm_utf8_decode(p, len, cp);
    *cp = ncm_char_lower(*cp);
    return n;
}

/* Whether hay starts with needle, letter case aside. */
static bool starts(const char *hay, size_t hay_len, const char *needle, size_t needle_len)
{
    size_t i = 0;
    for (size_t k = 0; k < needle_len;) {
        uint32_t a, b;
        if (i >= hay_len)
            return false;
        i += lower_at(hay + i, hay_len - i, &a);
        k += lower_at(needle + k, needle_len - k, &b);
        if (a != b)
            return false;
    }
    return true;
}

bool ncm_text_has(const char *hay, const char *needle)
{
    size_t hay_len = strlen(hay);
    size_t needle_len = strlen(needle);
    if (needle_len == 0)
        return true;
    for (size_t i = 0; i < hay_len;) {
        if (starts(hay + i, hay_len - i, needle, needle_len))
            return true;
        uint32_t cp;
        i += ncm_utf8_decode(hay + i, hay_len - i, &cp);
    }
    return false;
}

static bool breaks_word(uint32_t cp)
{
    return cp == ' ' || cp == '-' || cp == '_' || cp == '.' || cp == '/' || cp == ':' || cp == '@';
}

/* Greedy match of needle from hay[start] on, which is known to match the first character. */
static int score_from(const uint32_t *hay, size_t n, size_t start, const uint32_t *needle, size_t m)
{
    int score = 0;
    size_t k = 0;
    size_t last = start;
    for (size_t i = start; i < n && k < m; i++) {
        if (hay[i] != needle[k])
            continue;
        score += 10;
        if (i == 0 || breaks_word(hay[i - 1]))
            score += 20;
        if (k > 0 && i == last + 1)
            score += 20;
        else if (k > 0)
            score -= i - last > 10 ? 5 : (int)(i - last) / 2;
        last = i;
        k++;
    }
    return k < m ? -1 : score;
}

/* Decodes to lower case; at most max characters. */
static size_t letters(const char *s, uint32_t *out, size_t max, bool skip_blanks)
{
    size_t len = strlen(s);
    size_t n = 0;
    for (size_t i = 0; i < len && n < max;) {
        i += lower_at(s + i, len - i, &out[n]);
        if (!skip_blanks || out[n] != ' ')
            n++;
    }
    return n;
}

int ncm_text_fuzzy(const char *hay, const char *needle)
{
    uint32_t h[512], w[64];
    size_t n = letters(hay, h, 512, false);
    size_t m = letters(needle, w, 64, true);
    if (m == 0)
        return 0;
    int best = -1;
    for (size_t i = 0; i < n; i++) {
        if (h[i] != w[0])
            continue;
        int score = score_from(h, n, i, w, m);
        if (score < 0)
            break; /* later starts have even less text left */
        /* An early match in a short text is what was meant. */
        score += 8 - (i > 8 ? 8 : (int)i) + (n < 32 ? (int)(32 - n) / 4 : 0);
        if (score > best)
            best = score;
    }
    return best;
}
