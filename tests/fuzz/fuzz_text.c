/* Whatever comes in, what comes out may be painted: no control, no bidi, no hidden character; the
 * width is the sum of its parts; cuts are whole. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void check_clean(const char *p, size_t len, bool lines)
{
    int cells = 0;
    for (size_t i = 0; i < len;) {
        uint32_t cp;
        char back[5];
        size_t n = ncm_utf8_decode(p + i, len - i, &cp);
        check(!(cp == 0xFFFD && n == 1));
        check(ncm_utf8_encode(cp, back) == n);
        check(cp >= 0x20 || (lines && cp == '\n'));
        check(cp < 0x7F || cp > 0x9F);
        check(!(cp >= 0x200B && cp <= 0x200F) && !(cp >= 0x2028 && cp <= 0x202E));
        check(!(cp >= 0x2060 && cp <= 0x206F) && cp != 0xFEFF && cp != 0xAD && cp != 0x61C);
        check(!(cp >= 0xE000 && cp <= 0xF8FF) && cp < 0xE0000);
        check(!(cp >= 0xFE00 && cp <= 0xFE0F));
        int w = ncm_text_width_n(p + i, n);
        check(w >= 0 && w <= 2);
        cells += w;
        i += n;
    }
    check(cells == ncm_text_width_n(p, len));
}

static void check_cuts(const char *in, size_t size, int cells)
{
    char out[256];
    int used = ncm_text_clip(out, sizeof out, in, size, cells);
    check(used <= (cells > 0 ? cells : 0) && used == ncm_text_width(out));
    check_clean(out, strlen(out), false);
    used = ncm_text_clip_middle(out, sizeof out, in, size, cells);
    check(used <= (cells > 0 ? cells : 0) && used == ncm_text_width(out));
    check_clean(out, strlen(out), false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *in = (const char *)data;
    struct ncm_buf a, b;
    ncm_buf_init(&a, SIZE_MAX / 4);
    ncm_buf_init(&b, SIZE_MAX / 4);
    bool odd = ncm_text_clean(&a, in, size, NCM_CLEAN_LINE);
    check(odd == ncm_text_is_odd(in, size));
    check_clean(a.p, a.len, false);
    /* Clean text stays as it is. */
    ncm_text_clean(&b, a.p, a.len, NCM_CLEAN_LINE);
    check(a.len == b.len && memcmp(a.p, b.p, a.len) == 0);
    ncm_buf_clear(&b);
    ncm_text_clean(&b, in, size, NCM_CLEAN_LINES);
    check_clean(b.p, b.len, true);
    int cells = ncm_text_width(a.p);
    ncm_buf_clear(&b);
    ncm_text_clean(&b, in, size, NCM_CLEAN_ASCII);
    check(b.len == (size_t)cells);
    ncm_buf_clear(&b);
    ncm_text_escape(&b, in, size);
    check_clean(b.p, b.len, false);
    ncm_buf_clear(&b);
    ncm_text_utf8_repair(&b, in, size);
    for (size_t i = 0; i < b.len;) {
        uint32_t cp;
        size_t n = ncm_utf8_decode(b.p + i, b.len - i, &cp);
        check(!(cp == 0xFFFD && n == 1));
        i += n;
    }
    check_cuts(in, size, size > 0 ? data[0] % 80 : 0);
    check(ncm_text_has(a.p, a.p));
    (void)ncm_text_fuzzy(a.p, "ab");
    ncm_buf_release(&a);
    ncm_buf_release(&b);
    return 0;
}
