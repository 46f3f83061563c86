/* A radix sort of doubles: their bits, made to sort as whole numbers. */
#include "stats/sort.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

#define DIGIT_BITS 11
#define RADIX      (1u << DIGIT_BITS)
#define N_DIGITS   6
#define SMALL      48 /* up to here insertion is faster */

static inline uint64_t to_key(double v)
{
    uint64_t bits;
    v += 0.0; /* -0.0 is 0.0 */
    memcpy(&bits, &v, sizeof(bits));
    return bits ^ ((uint64_t)((int64_t)bits >> 63) | UINT64_C(1) << 63);
}

static inline double of_key(uint64_t key)
{
    double v;
    uint64_t bits = key ^ ((uint64_t)((int64_t)~key >> 63) | UINT64_C(1) << 63);
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

/* How often each digit has each value; *ordered: nothing is left to do. */
static void count_digits(const double *v, size_t n, uint32_t counts[N_DIGITS][RADIX],
                         bool *ordered)
{
    uint64_t last = 0;
    bool in_order = true;
    for (size_t i = 0; i < n; i++) {
        uint64_t key = to_key(v[i]);
        in_order &= key >= last;
        last = key;
        counts[0][key & (RADIX - 1)]++;
        counts[1][key >> 11 & (RADIX - 1)]++;
        counts[2][key >> 22 & (RADIX - 1)]++;
        counts[3][key >> 33 & (RADIX - 1)]++;
        counts[4][key >> 44 & (RADIX - 1)]++;
        counts[5][key >> 55]++;
    }
    *ordered = in_order;
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

static void sort_radix(double *v, size_t n, double *scratch)
{
    uint32_t counts[N_DIGITS][RADIX] = {{0}};
    double *from = v, *to = scratch;
    bool ordered, first = true;
    count_digits(v, n, counts, &ordered);
    for (unsigned d = 0; d < N_DIGITS && !ordered; d++) {
        if (!places(counts[d], n))
            continue;
        scatter(from, to, n, d, counts[d], first);
        first = false;
        double *t = from;
        from = to;
        to = t;
    }
    if (first)
        for (size_t i = 0; i < n; i++)
            v[i] += 0.0;
    else
        for (size_t i = 0; i < n; i++)
            v[i] = of_key(load(&from[i]));
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
