#include "stats/special.h"

#include <float.h>
#include <math.h>

#define MOST_STEPS 1000000 /* never reached: both converge in about sqrt(a) steps */

/* e^-x x^a / Γ(a) */
static double front(double a, double x)
{
    int sign;
    return exp(-x + a * log(x) - lgamma_r(a, &sign));
}

static double series_p(double a, double x)
{
    double term = 1 / a;
    double sum = term;
    for (int k = 1; k < MOST_STEPS && term > sum * DBL_EPSILON; k++) {
        term *= x / (a + k);
        sum += term;
    }
    return sum * front(a, x);
}

static double fraction_q(double a, double x)
{
    const double tiny = DBL_MIN / DBL_EPSILON;
    double b = x + 1 - a;
    double c = 1 / tiny;
    double d = 1 / b;
    double h = d;
    for (int i = 1; i < MOST_STEPS; i++) {
        double an = -i * (i - a);
        b += 2;
        d = an * d + b;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = b + an / c;
        c = fabs(c) < tiny ? tiny : c;
        h *= c * d;
        if (fabs(c * d - 1) <= DBL_EPSILON)
            break;
    }
    return h * front(a, x);
}

double ncm_gamma_q(double a, double x)
{
    if (!(a > 0) || !(x >= 0) || isinf(a))
        return NAN;
    if (x == 0)
        return 1;
    if (isinf(x))
        return 0;
    if (x >= a + 1)
        return fraction_q(a, x);
    double q = 1 - series_p(a, x);
    return q < 0 ? 0 : q;
}

double ncm_chi2_p(double x, double dof)
{
    return dof >= 1 ? ncm_gamma_q(dof / 2, x / 2) : NAN;
}

double ncm_normal_p2(double z)
{
    return erfc(fabs(z) / sqrt(2));
}

struct ncm_z ncm_two_proportions(double k1, double n1, double k2, double n2)
{
    if (!(n1 > 0) || !(n2 > 0))
        return (struct ncm_z){NAN, NAN};
    double pooled = (k1 + k2) / (n1 + n2);
    double root = sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2));
    if (!(root > 0))
        return (struct ncm_z){0, 1};
    double z = (k1 / n1 - k2 / n2) / root;
    return (struct ncm_z){z, ncm_normal_p2(z)};
}
