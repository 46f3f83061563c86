/* A radix sort of doubles: their bits, made to sort as whole numbers. */
#include "stats/sort.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

#define SIGN       (UINT64_C(1) << 63)
#define DIGIT_BITS 11
#define RADIX      (1u << DIGIT_BITS)
#define N_DIGITS   6
#define SMALL      48 /* up to here insertion is faster */
#define TOP_BITS   34 /* from the first bit in which keys differ: few are equal in so many */

static inline uint64_t to_key(double v)
{
    uint64_t bits;
    v += 0.0; /* -0.0 is 0.0 */
    memcpy(&bits, &v, sizeof(bits));
    return bits ^ ((0 - (bits >> 63)) | SIGN); /* negative: all bits turn */
}

static inline double of_key(uint64_t key)
{
    double v;
    uint64_t bits = key ^ (((key >> 63) - 1) | SIGN);
    memcpy(&v, &bits, sizeof(v));
    return v;
}

static inline uint64_t load(const double *p)
{
    uint64_t key;
    memcpy(&key, p, sizeof(key));
    return key;
}

static inline void store(double *p, uint64_t key)
{
    memcpy(p, &key, sizeof(key));
}

static void sort_small(double *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double x = v[i] + 0.0;
        size_t j = i;
        for (; j > 0 && v[j - 1] > x; j--)
            v[j] = v[j - 1];
        v[j] = x;
    }
}

/* What one look at all keys tells. */
struct census {
    uint32_t counts[N_DIGITS][RADIX]; /* how often each digit has each value */
    uint64_t differ;                  /* the bits in which any two keys differ */
    bool ordered;                     /* nothing is left to do */
};

static void take_census(const double *v, size_t n, struct census *c)
{
    uint64_t first = to_key(v[0]), last = 0, differ = 0;
    bool ordered = true;
    memset(c->counts, 0, sizeof(c->counts));
    for (size_t i = 0; i < n; i++) {
        uint64_t key = to_key(v[i]);
        ordered &= key >= last;
        last = key;
        differ |= key ^ first;
        c->counts[0][key & (RADIX - 1)]++;
        c->counts[1][key >> 11 & (RADIX - 1)]++;
        c->counts[2][key >> 22 & (RADIX - 1)]++;
        c->counts[3][key >> 33 & (RADIX - 1)]++;
        c->counts[4][key >> 44 & (RADIX - 1)]++;
        c->counts[5][key >> 55]++;
    }
    c->ordered = ordered;
    c->differ = differ;
}

/* Counts become first places; false where all keys have the same digit. */
static bool places(uint32_t counts[RADIX], size_t n)
{
    uint32_t at = 0;
    for (unsigned i = 0; i < RADIX; i++) {
        uint32_t count = counts[i];
        if (count == n)
            return false;
        counts[i] = at;
        at += count;
    }
    return true;
}

static void scatter(const double *from, double *to, size_t n, unsigned digit, uint32_t at[RADIX],
                    bool first)
{
    unsigned shift = digit * DIGIT_BITS;
    if (first)
        for (size_t i = 0; i < n; i++) {
            uint64_t key = to_key(from[i]);
            store(&to[at[key >> shift & (RADIX - 1)]++], key);
        }
    else
        for (size_t i = 0; i < n; i++) {
            uint64_t key = load(&from[i]);
            store(&to[at[key >> shift & (RADIX - 1)]++], key);
        }
}

/* Sorts by the digits from `lowest` on; the keys must not be in order yet. */
static void sort_digits(double *v, size_t n, double *scratch, struct census *c, unsigned lowest)
{
    double *from = v, *to = scratch;
    bool first = true;
    for (unsigned d = lowest; d < N_DIGITS; d++) {
        if (!places(c->counts[d], n))
            continue;
        scatter(from, to, n, d, c->counts[d], first);
        first = false;
        double *t = from;
        from = to;
        to = t;
    }
    for (size_t i = 0; i < n && !first; i++)
        v[i] = of_key(load(&from[i]));
}

/* Mends an array that is nearly in order; false where that takes more than 2n moves. */
static bool mend(double *v, size_t n)
{
    size_t moves = 0;
    for (size_t i = 1; i < n; i++) {
        if (v[i - 1] <= v[i])
            continue;
        double x = v[i];
        size_t j = i;
        for (; j > 0 && v[j - 1] > x; j--)
            v[j] = v[j - 1];
        v[j] = x;
        moves += i - j;
        if (moves > 2 * n)
            return false;
    }
    return true;
}

/* The lowest digit that is worth a pass. */
static unsigned lowest_digit(uint64_t differ)
{
    unsigned top = 0;
    for (; differ > 1; differ >>= 1)
        top++;
    return top < TOP_BITS ? 0 : (top + 1 - TOP_BITS) / DIGIT_BITS;
}

static void sort_radix(double *v, size_t n, double *scratch)
{
    struct census c;
    take_census(v, n, &c);
    if (c.ordered) {
        for (size_t i = 0; i < n; i++)
            v[i] += 0.0;
        return;
    }
    unsigned lowest = lowest_digit(c.differ);
    sort_digits(v, n, scratch, &c, lowest);
    if (lowest > 0 && !mend(v, n)) {
        take_census(v, n, &c);
        sort_digits(v, n, scratch, &c, 0);
    }
}

void ncm_sort(double *v, size_t n, double *scratch)
{
    if (n <= SMALL) {
        sort_small(v, n);
        return;
    }
    if (n > UINT32_MAX)
        ncm_bug("a sort of %zu numbers", n);
    double *own = scratch == NULL ? ncm_resize(NULL, n, sizeof(*own)) : NULL;
    sort_radix(v, n, scratch != NULL ? scratch : own);
    ncm_free(own);
}

size_t ncm_keep_finite(double *v, size_t n, size_t *missing, size_t *infinite)
{
    size_t kept = 0, nans = 0;
    for (size_t i = 0; i < n; i++) {
        double x = v[i];
        nans += isnan(x) != 0;
        v[kept] = x;
        kept += isfinite(x) != 0;
    }
    *missing = nans;
    *infinite = n - kept - nans;
    return kept;
}

size_t ncm_distinct(const double *sorted, size_t n)
{
    size_t distinct = n > 0;
    for (size_t i = 1; i < n; i++)
        distinct += sorted[i] != sorted[i - 1];
    return distinct;
}
