/* Which of the next 64 bytes are one of four: a bit each, the first byte's the lowest. SSE2 where
 * the machine has it (every x86-64), else eight bytes at a time in a word. */
#ifndef NCM_IO_ROWS_SCAN_H
#define NCM_IO_ROWS_SCAN_H

#include <stdint.h>
#include <string.h>

#define NCM_SCAN_STEP 64 /* bytes that are read, whether or not they belong to the text */

#ifdef __SSE2__
#include <emmintrin.h>

struct ncm_scan {
    __m128i a, b, c, d;
};

static inline struct ncm_scan ncm_scan_for(char a, char b, char c, char d)
{
    struct ncm_scan s = {_mm_set1_epi8(a), _mm_set1_epi8(b), _mm_set1_epi8(c), _mm_set1_epi8(d)};
    return s;
}

static inline uint64_t ncm_scan_16(const struct ncm_scan *s, const char *p)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i ab = _mm_or_si128(_mm_cmpeq_epi8(v, s->a), _mm_cmpeq_epi8(v, s->b));
    __m128i cd = _mm_or_si128(_mm_cmpeq_epi8(v, s->c), _mm_cmpeq_epi8(v, s->d));
    return (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_or_si128(ab, cd));
}

static inline uint64_t ncm_scan_64(const struct ncm_scan *s, const char *p)
{
    return ncm_scan_16(s, p) | ncm_scan_16(s, p + 16) << 16 | ncm_scan_16(s, p + 32) << 32 |
           ncm_scan_16(s, p + 48) << 48;
}

/* How many of the next bytes can stand in a JSON string as they are: up to the first quote,
 * backslash or control character. */
static inline size_t ncm_scan_string(const char *p)
{
    const __m128i quote = _mm_set1_epi8('"'), back = _mm_set1_epi8('\\'), low = _mm_set1_epi8(0x1f);
    for (size_t n = 0;; n += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + n));
        __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, back)),
                                   _mm_cmpeq_epi8(_mm_min_epu8(v, low), v));
        unsigned m = (unsigned)_mm_movemask_epi8(hit);
        if (m)
            return n + (unsigned)__builtin_ctz(m);
    }
}
#else
struct ncm_scan {
    uint64_t a, b, c, d;
};

static inline struct ncm_scan ncm_scan_for(char a, char b, char c, char d)
{
    const uint64_t every = UINT64_C(0x0101010101010101);
    struct ncm_scan s = {every * (unsigned char)a, every * (unsigned char)b,
                         every * (unsigned char)c, every * (unsigned char)d};
    return s;
}

/* 0x80 in each byte that is 0; exact, as no carry leaves a byte. */
static inline uint64_t ncm_scan_zeros(uint64_t x)
{
    const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
    return ~(((x & low) + low) | x | low);
}

static inline uint64_t ncm_scan_8(const struct ncm_scan *s, const char *p)
{
    uint64_t w;
    memcpy(&w, p, sizeof w);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    w = __builtin_bswap64(w);
#endif
    uint64_t hit = ncm_scan_zeros(w ^ s->a) | ncm_scan_zeros(w ^ s->b) | ncm_scan_zeros(w ^ s->c) |
                   ncm_scan_zeros(w ^ s->d);
    return ((hit >> 7) * UINT64_C(0x0102040810204080)) >> 56;
}

static inline uint64_t ncm_scan_64(const struct ncm_scan *s, const char *p)
{
    uint64_t m = 0;
    for (unsigned i = 0; i < 8; i++)
        m |= ncm_scan_8(s, p + 8 * i) << (8 * i);
    return m;
}

static inline size_t ncm_scan_string(const char *p)
{
    size_t n = 0;
    while ((unsigned char)p[n] >= 0x20 && p[n] != '"' && p[n] != '\\')
        n++;
    return n;
}
#endif

/* The place of the lowest bit; m is not 0. */
static inline unsigned ncm_scan_first(uint64_t m)
{
    return (unsigned)__builtin_ctzll(m);
}

#endif
