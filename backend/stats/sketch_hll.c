#include "stats/sketch_hll.h"

#include <math.h>
#include <string.h>

#include "base/i18n.h"
#include "stats/sketch_bytes.h"

#define MAGIC     0x314C4C48u /* "HLL1" */
#define REST      (64 - NCM_HLL_BITS)
#define MOST_RANK (REST + 1)
#define SEED      0x9E3779B97F4A7C15u

static void add_hash(struct ncm_hll *s, uint64_t h)
{
    size_t at = (size_t)(h >> REST);
    /* The bit below what is left ends the count of leading zeros at MOST_RANK. */
    uint64_t left = h << NCM_HLL_BITS | (uint64_t)1 << (NCM_HLL_BITS - 1);
    uint8_t rank = (uint8_t)(__builtin_clzll(left) + 1);
    if (rank > s->rank[at])
        s->rank[at] = rank;
}

void ncm_hll_add(struct ncm_hll *s, const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double v = values[i] + 0.0; /* -0 becomes 0 */
        uint64_t bits;
        memcpy(&bits, &v, sizeof bits);
        if (isfinite(v))
            add_hash(s, ncm_mix64(bits + SEED));
    }
}

void ncm_hll_add_bytes(struct ncm_hll *s, const char *p, size_t len)
{
    uint64_t h = SEED + len;
    for (; len >= 8; p += 8, len -= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        h = ncm_mix64(h ^ word) + SEED;
    }
    uint64_t tail = 0;
    if (len > 0)
        memcpy(&tail, p, len);
    add_hash(s, ncm_mix64(ncm_mix64(h ^ tail) + SEED));
}

void ncm_hll_merge(struct ncm_hll *s, const struct ncm_hll *from)
{
    for (size_t i = 0; i < NCM_HLL_REGISTERS; i++)
        if (from->rank[i] > s->rank[i])
            s->rank[i] = from->rank[i];
}

/* x + Σ x^(2^k) 2^(k-1), as long as it changes; infinite for 1. */
static double sigma(double x)
{
    double y = 1;
    double z = x;
    double before = -1;
    if (x >= 1)
        return INFINITY;
    while (z > before) {
        x *= x;
        before = z;
        z += x * y;
        y += y;
    }
    return z;
}

/* (1 - x - Σ (1 - x^(2^-k))² 2^-k) / 3 */
static double tau(double x)
{
    double y = 1;
    double z = 1 - x;
    double before = 2;
    if (x <= 0 || x >= 1)
        return 0;
    while (z < before) {
        x = sqrt(x);
        before = z;
        y /= 2;
        z -= (1 - x) * (1 - x) * y;
    }
    return z / 3;
}

double ncm_hll_count(const struct ncm_hll *s)
{
    const double m = NCM_HLL_REGISTERS;
    double with[MOST_RANK + 1] = {0}; /* registers of each rank */
    for (size_t i = 0; i < NCM_HLL_REGISTERS; i++)
        with[s->rank[i]]++;
    double z = m * tau(1 - with[MOST_RANK] / m);
    for (int k = REST; k >= 1; k--)
        z = (z + with[k]) / 2;
    z += m * sigma(with[0] / m);
    return m * m / (2 * log(2)) / z;
}

bool ncm_hll_write(const struct ncm_hll *s, struct ncm_buf *out)
{
    ncm_put_u32(out, MAGIC);
    ncm_buf_add(out, s->rank, sizeof s->rank);
    return !out->full;
}

bool ncm_hll_read(const void *bytes, size_t len, struct ncm_hll *out, struct ncm_err *err)
{
    struct ncm_take t = {.p = bytes, .left = len};
    uint32_t magic = ncm_take_u32(&t);
    const unsigned char *rank = ncm_take_bytes(&t, NCM_HLL_REGISTERS);
    if (rank == NULL || magic != MAGIC || t.left > 0)
        return ncm_not_a_sketch(err, "HyperLogLog", _("a wrong beginning or length"));
    for (size_t i = 0; i < NCM_HLL_REGISTERS; i++)
        if (rank[i] > MOST_RANK)
            return ncm_not_a_sketch(err, "HyperLogLog", _("a register is too high"));
    memcpy(out->rank, rank, sizeof out->rank);
    return true;
}
