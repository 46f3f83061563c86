#include "base/num_fast.h"

#include <float.h>
#include <math.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/num.h"

/* A decimal number: ±w × 10^q, with more digits behind w where cut. */
struct decimal {
    uint64_t w;
    int64_t q;
    bool negative, cut;
};

#define MOST_DIGITS 19 /* of a decimal that always fit into 64 bits */

static inline bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

static inline uint64_t load8(const char *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

static inline bool are_8_digits(uint64_t v)
{
    return ((v & 0xF0F0F0F0F0F0F0F0u) | (((v + 0x0606060606060606u) & 0xF0F0F0F0F0F0F0F0u) >> 4)) ==
           0x3333333333333333u;
}

/* Of eight digits at once: pairs, then fours, then all. */
static inline uint64_t value_of_8(uint64_t v)
{
    v -= 0x3030303030303030u;
    v = v * 10 + (v >> 8);
    v = (v & 0x000000FF000000FFu) * 0x000F424000000064u +
        ((v >> 16) & 0x000000FF000000FFu) * 0x0000271000000001u;
    return v >> 32;
}

static inline const char *take_digits(const char *p, const char *end, uint64_t *w)
{
    uint64_t v = *w;
    while (end - p >= 8) {
        uint64_t eight = load8(p);
        if (!are_8_digits(eight)) {
            break;
        }
        v = v * 100000000u + value_of_8(eight);
        p += 8;
    }
    for (; p < end && is_digit(*p); p++) {
        v = v * 10 + (uint64_t)(*p - '0');
    }
    *w = v;
    return p;
}

/* The mantissa anew, where it has more digits than fit: the first of them that count. */
static void take_most(const char *p, const char *end, struct decimal *d)
{
    bool behind = false;
    int n = 0;
    d->w = 0;
    d->q = 0;
    for (; p < end; p++) {
        if (*p == '.') {
            behind = true;
            continue;
        }
        if (n < MOST_DIGITS) {
            d->w = d->w * 10 + (uint64_t)(*p - '0');
            n += d->w != 0;
            d->q -= behind;
        } else {
            d->cut |= *p != '0';
            d->q += !behind;
        }
    }
}

static bool take_exponent(const char *p, const char *end, int64_t *q)
{
    bool negative = false;
    int64_t e = 0;
    if (p < end && (*p == '-' || *p == '+')) {
        negative = *p++ == '-';
    }
    if (p == end) {
        return false;
    }
    for (; p < end && is_digit(*p); p++) {
        if (e < INT64_C(100000000000)) { /* beyond any text's length: more changes nothing */
            e = e * 10 + (*p - '0');
        }
    }
    *q += negative ? -e : e;
    return p == end;
}

static inline bool take_decimal(const char *p, const char *end, struct decimal *d)
{
    *d = (struct decimal){0};
    if (p < end && (*p == '-' || *p == '+')) {
        d->negative = *p++ == '-';
    }
    const char *start = p;
    p = take_digits(p, end, &d->w);
    ptrdiff_t digits = p - start;
    if (p < end && *p == '.') {
        const char *point = ++p;
        p = take_digits(p, end, &d->w);
        d->q = point - p;
        digits += p - point;
    }
    if (digits == 0) {
        return false;
    }
    if (digits > MOST_DIGITS) {
        take_most(start, p, d);
    }
    if (p == end) {
        return true;
    }
    return (*p == 'e' || *p == 'E') && take_exponent(p + 1, end, &d->q);
}

/* ---- powers of five, 128 bits each ------------------------------------------------------------*/
#define LEAST_POWER    (-342)
#define GREATEST_POWER 308
#define WORDS          16

/* 5^q = (high:low) × 2^something with the uppermost bit set: cut off for q >= 0, rounded up for
 * the small reciprocals, as the proof of the method asks for. */
static struct power {
    uint64_t high, low;
} powers[GREATEST_POWER - LEAST_POWER + 1];
static pthread_once_t powers_once = PTHREAD_ONCE_INIT;

/* The uppermost 128 bits of a long number, least word first. */
static struct power top_of(const uint64_t big[WORDS])
{
    int i = WORDS - 1;
    while (big[i] == 0) {
        i--;
    }
    int shift = __builtin_clzll(big[i]);
    uint64_t a = big[i], b = i > 0 ? big[i - 1] : 0, c = i > 1 ? big[i - 2] : 0;
    if (shift == 0) {
        return (struct power){a, b};
    }
    return (struct power){a << shift | b >> (64 - shift), b << shift | c >> (64 - shift)};
}

__extension__ typedef unsigned __int128 wide;

static void make_powers(void)
{
    uint64_t big[WORDS] = {1};
    for (int q = 0; q <= GREATEST_POWER; q++) {
        powers[q - LEAST_POWER] = top_of(big);
        wide carry = 0;
        for (int i = 0; i < WORDS; i++) {
            carry += (wide)big[i] * 5;
            big[i] = (uint64_t)carry;
            carry >>= 64;
        }
    }
    /* 2^960 / 5^k, cut off at each step, is the same as cut off once. */
    memset(big, 0, sizeof big);
    big[WORDS - 1] = 1;
    for (int q = -1; q >= LEAST_POWER; q--) {
        wide rest = 0;
        for (int i = WORDS - 1; i >= 0; i--) {
            rest = rest << 64 | big[i];
            big[i] = (uint64_t)(rest / 5);
            rest %= 5;
        }
        struct power *p = &powers[q - LEAST_POWER];
        *p = top_of(big);
        if (q >= -27) {
            p->high += ++p->low == 0;
        }
    }
}

/* ---- the nearest double -----------------------------------------------------------------------*/
#define INFINITE_BITS UINT64_C(0x7FF0000000000000)
#define HIDDEN_BIT    (UINT64_C(1) << 52)

/* w × 5^q, its upper 128 bits; the second product only where the first leaves the rounding open. */
static wide product_of(int64_t q, uint64_t w)
{
    const struct power *p = &powers[q - LEAST_POWER];
    wide first = (wide)w * p->high;
    if (((uint64_t)(first >> 64) & 0x1FF) == 0x1FF) {
        first += (uint64_t)(((wide)w * p->low) >> 64);
    }
    return first;
}

/* The bits of the double nearest to w × 10^q. */
static uint64_t nearest(int64_t q, uint64_t w)
{
    if (w == 0 || q < LEAST_POWER) {
        return 0;
    }
    if (q > GREATEST_POWER) {
        return INFINITE_BITS;
    }
    int zeros = __builtin_clzll(w);
    wide product = product_of(q, w << zeros);
    uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product;
    int upper = (int)(high >> 63);
    int shift = upper + 64 - 52 - 3;
    uint64_t m = high >> shift;
    /* 217706 / 65536 is log2(10), near enough for every q here. */
    int exponent = (int)((217706 * q - (q < 0 ? 65535 : 0)) / 65536) + 63 + upper - zeros + 1023;
    if (exponent <= 0) {
        if (exponent <= -63) {
            return 0;
        }
        m >>= 1 - exponent;
        m = (m + (m & 1)) >> 1;
        return m; /* as great as the hidden bit: the least normal number, whose bits these are */
    }
    /* Exactly between two doubles, which only these powers allow: to the even one. */
    if (low <= 1 && q >= -4 && q <= 23 && (m & 3) == 1 && m << shift == high) {
        m &= ~UINT64_C(1);
    }
    m = (m + (m & 1)) >> 1;
    if (m >= HIDDEN_BIT * 2) {
        m = HIDDEN_BIT;
        exponent++;
    }
    return exponent >= 0x7FF ? INFINITE_BITS : (uint64_t)exponent << 52 | (m & (HIDDEN_BIT - 1));
}

static bool slowly(const char *p, size_t len, double *out)
{
    char *copy = ncm_strndup(p, len);
    bool is_number = ncm_parse_double(copy, out);
    ncm_free(copy);
    return is_number;
}

bool ncm_parse_number_fast(const char *p, size_t len, double *out)
{
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    struct decimal d;
    if (!take_decimal(p, p + len, &d)) {
        return false;
    }
#if FLT_EVAL_METHOD == 0
    if (d.w < UINT64_C(1) << 53 && d.q >= -22 && d.q <= 22 && !d.cut) {
        double v = d.q < 0 ? (double)d.w / tens[-d.q] : (double)d.w * tens[d.q];
        *out = d.negative ? -v : v;
        return true;
    }
#endif
    pthread_once(&powers_once, make_powers);
    uint64_t bits = nearest(d.q, d.w);
    if (d.cut && bits != nearest(d.q, d.w + 1)) {
        return slowly(p, len, out);
    }
    bits |= (uint64_t)d.negative << 63;
    memcpy(out, &bits, sizeof bits);
    return true;
}

bool ncm_parse_number_word(const char *p, size_t len, double *out)
{
    bool negative = len > 0 && *p == '-';
    if (len > 0 && (*p == '-' || *p == '+')) {
        p++;
        len--;
    }
    if ((len == 3 && strncasecmp(p, "inf", 3) == 0) ||
        (len == 8 && strncasecmp(p, "infinity", 8) == 0)) {
        *out = negative ? -INFINITY : INFINITY;
        return true;
    }
    if (len == 3 && strncasecmp(p, "nan", 3) == 0) {
        *out = NAN;
        return true;
    }
    return false;
}
