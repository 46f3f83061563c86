#include "model/search_like.h"

#include <stdint.h>

#include "base/text.h"
#include "base/text_char.h"

/* Lower-case letters that Python's re takes for the same one. */
static uint32_t same_letter(uint32_t cp)
{
    static const struct {
        uint32_t from, to;
    } pairs[] = {
        {0xB5, 0x3BC},   {0x131, 'i'},     {0x17F, 's'},     {0x345, 0x3B9},  {0x3C2, 0x3C3},
        {0x3D0, 0x3B2},  {0x3D1, 0x3B8},   {0x3D5, 0x3C6},   {0x3D6, 0x3C0},  {0x3F0, 0x3BA},
        {0x3F1, 0x3C1},  {0x3F5, 0x3B5},   {0x1E9B, 0x1E61}, {0x1FBE, 0x3B9}, {0x1FD3, 0x390},
        {0x1FE3, 0x3B0}, {0xFB06, 0xFB05},
    };
    for (size_t i = 0; cp >= 0xB5 && i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (pairs[i].from == cp)
            return pairs[i].to;
    return cp;
}

static size_t decode(struct ncm_str s, size_t at, bool fold, uint32_t *cp)
{
    size_t n = ncm_utf8_decode(s.p + at, s.len - at, cp);
    if (fold)
        *cp = same_letter(ncm_char_lower(*cp));
    return n;
}

/* Whether everything was used up, but for one newline at the very end. */
static bool is_end(struct ncm_str text, size_t t)
{
    return t == text.len || (t + 1 == text.len && text.p[t] == '\n');
}

/* Only the last % is gone back to: an earlier one could gain nothing, as none passes a newline. */
bool ncm_like_files(struct ncm_str text, struct ncm_str pattern, bool fold)
{
    size_t t = 0, p = 0, mark_t = 0, mark_p = 0;
    bool marked = false;
    for (;;) {
        uint32_t a = 0, b = 0;
        if (p < pattern.len && pattern.p[p] == '%') {
            marked = true;
            mark_p = ++p;
            mark_t = t;
            if (p == pattern.len)
                return true;
            continue;
        }
        if (p == pattern.len && is_end(text, t))
            return true;
        if (p < pattern.len && t < text.len) {
            size_t n_text = decode(text, t, fold, &a), n_pattern = decode(pattern, p, fold, &b);
            if (pattern.p[p] == '_' ? a != '\n' : a == b) {
                t += n_text;
                p += n_pattern;
                continue;
            }
        }
        if (!marked || mark_t >= text.len || text.p[mark_t] == '\n')
            return false;
        mark_t += decode(text, mark_t, false, &a);
        t = mark_t;
        p = mark_p;
    }
}
