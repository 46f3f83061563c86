/* The few functions that p-values need. Pure. */
#ifndef NCM_STATS_SPECIAL_H
#define NCM_STATS_SPECIAL_H

/* The regularised upper incomplete gamma function Q(a,x) = Γ(a,x)/Γ(a), for a > 0 and x >= 0.
 * Below x = a+1 it is 1-P with the series P = e^-x x^a/Γ(a) Σ x^k/(a(a+1)…(a+k)), else Lentz's
 * continued fraction (Numerical Recipes 6.2; shared with SciPy to about 1e-12 relative). Right down
 * to 1e-300. x = inf gives 0; arguments outside the range and NaN give NaN. O(sqrt(a)) steps. */
double ncm_gamma_q(double a, double x);

/* P(X² >= x) for dof degrees of freedom: Q(dof/2, x/2). NaN where dof < 1. */
double ncm_chi2_p(double x, double dof);

/* Two-sided p of a standard normal z: erfc(|z|/√2). */
double ncm_normal_p2(double z);

/* Two-proportion z test, pooled: k1 of n1 against k2 of n2. z = (p1-p2)/sqrt(P(1-P)(1/n1+1/n2)),
 * p two-sided; z² is the uncorrected X² of the 2×2 table. Where both shares are 0 or both are 1
 * nothing differs: z 0, p 1. An empty side: both NaN. */
struct ncm_z {
    double z, p;
};
struct ncm_z ncm_two_proportions(double k1, double n1, double k2, double n2);

#endif
