/* How likely a Kolmogorov–Smirnov distance is between two samples of one law. */
#include <math.h>

#include "base/mem.h"
#include "stats/ecdf.h"

#define SMIRNOV_MOST 20000

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Whole-number division that rounds down, for negative numbers too; b > 0. */
static int64_t div_down(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Diagonal s holds V(i, s-i) at v[i+1]; v[0] stands for i = -1. In place from the far end: V(i,j)
 * needs the last diagonal's i and i-1. Outside of the band V is 1. */
static double leave_band(int64_t n, int64_t m, int64_t dn, int64_t dm, int64_t h)
{
    double *v = ncm_resize(NULL, (size_t)n + 2, sizeof(*v));
    int64_t was = 0;
    for (int64_t i = 0; i < n + 2; i++)
        v[i] = 1;
    v[1] = 0;
    for (int64_t s = 1; s <= n + m; s++) {
        int64_t from = div_down(s * dn - h, dn + dm) + 1,
                to = -div_down(-(s * dn + h), dn + dm) - 1;
        from = from > s - m ? from : s - m;
        from = from > 0 ? from : 0;
        to = to < n ? to : n;
        to = to < s ? to : s;
        double one = 1 / (double)s;
        for (int64_t i = to; i >= from; i--)
            v[i + 1] = ((double)i * v[i] + (double)(s - i) * v[i + 1]) * one;
        for (; was < from; was++)
            v[was + 1] = 1;
    }
    double p = v[n + 1];
    ncm_free(v);
    return p < 1 ? p : 1;
}

double ncm_ks_p_exact(double d, size_t n, size_t m)
{
    if (n == 0 || m == 0 || isnan(d))
        return NAN;
    uint64_t g = common_divisor(n, m);
    int64_t dn = (int64_t)(n / g), dm = (int64_t)(m / g);
    int64_t h = llround(d * (double)dn * (double)m);
    if (h <= 0)
        return 1;
    /* P(D >= d) <= e * exp(-2*N*d²), and that is below any double. */
    if (2 * ((double)n * (double)m / (double)(n + m)) * d * d > 750)
        return 0;
    return n <= m ? leave_band((int64_t)n, (int64_t)m, dn, dm, h)
                  : leave_band((int64_t)m, (int64_t)n, dm, dn, h);
}

/* P(|D| >= z/√N) by Kolmogorov's series. */
static double kolmogorov(double z)
{
    double sum = 0;
    if (z < 1.18) {
        double y = exp(-M_PI * M_PI / (8 * z * z));
        return z <= 0 ? 1 : 1 - sqrt(2 * M_PI) / z * (y + pow(y, 9) + pow(y, 25) + pow(y, 49));
    }
    for (int k = 4; k >= 1; k--)
        sum += (k % 2 != 0 ? 2 : -2) * exp(-2.0 * k * k * z * z);
    return sum;
}

/* Pelz and Good: 1 minus the first four terms in powers of 1/√N of the law of D. */
static double pelz_good(double z, double n)
{
    double z2 = z * z, z4 = z2 * z2, z6 = z4 * z2, k0 = 0, k1 = 0, k2 = 0, k3 = 0, k2b = 0, k3b = 0;
    double pi2 = M_PI * M_PI, pi4 = pi2 * pi2, pi6 = pi4 * pi2;
    for (int k = 8; k >= 0; k--) {
        double u = (k + 0.5) * (k + 0.5), w = (double)k * k;
        double e = exp(-pi2 * u / (2 * z2)), f = exp(-pi2 * w / (2 * z2));
        k0 += e;
        k1 += (pi2 * u - z2) * e;
        k2 += (6 * z6 + 2 * z4 + pi2 * (2 * z4 - 5 * z2) * u + pi4 * (1 - 2 * z2) * u * u) * e;
        k3 += (pi6 * u * u * u * (5 - 30 * z2) + pi4 * u * u * (-60 * z2 + 212 * z4) +
               pi2 * u * (135 * z4 - 96 * z6) - 30 * z6 - 90 * z6 * z2) *
              e;
        k2b += pi2 * w * f;
        k3b += (3 * pi2 * w * z2 - pi4 * w * w) * f;
    }
    /* The sums run over both signs of k, so each counts twice. */
    double root = sqrt(M_PI / 2), r = sqrt(n);
    k0 = 2 * root / z * k0;
    k1 = 2 * root / (6 * z4) * k1;
    k2 = 2 * root / (72 * z6 * z) * k2 - 2 * root / (36 * z2 * z) * k2b;
    k3 = 2 * root / (6480 * z6 * z4) * k3 + 2 * root / (108 * z6) * k3b;
    return 1 - (k0 + k1 / r + k2 / n + k3 / (n * r));
}

/* One-sided, exact: P(D+ >= d) = d * Σ_j C(n,j) (d + j/n)^(j-1) (1 - d - j/n)^(n-j). */
static double smirnov(double d, double n)
{
    double sum = 0, log_choose = 0;
    for (double j = 0; j <= floor(n * (1 - d)); j++) {
        double rest = 1 - d - j / n;
        if (rest <= 0)
            break;
        sum += exp(log_choose + (j - 1) * log(d + j / n) + (n - j) * log(rest));
        log_choose += log((n - j) / (j + 1));
    }
    return d * sum;
}

double ncm_ks_p_asymptotic(double d, size_t n, size_t m)
{
    if (n == 0 || m == 0 || isnan(d))
        return NAN;
    double en = nearbyint((double)n * (double)m / (double)(n + m)), z = d * sqrt(en), p;
    if (en < 1)
        en = 1;
    if (d <= 0 || z < 0.15)
        return 1;
    if (en * d * d < 2.2)
        p = pelz_good(z, en);
    else if (en <= SMIRNOV_MOST)
        p = 2 * smirnov(d, en);
    else
        p = kolmogorov(z + 1 / (6 * sqrt(en)) + (z - 1) / (4 * en));
    return fmin(fmax(p, 0), 1);
}

double ncm_ks_p(double d, size_t n, size_t m)
{
    return n <= NCM_KS_EXACT_MOST && m <= NCM_KS_EXACT_MOST ? ncm_ks_p_exact(d, n, m)
                                                            : ncm_ks_p_asymptotic(d, n, m);
}
