/* distributions.h - the distributions that the statistics need. */
#ifndef GLU_RESULTS_DISTRIBUTIONS_H
#define GLU_RESULTS_DISTRIBUTIONS_H

/* Regularised incomplete beta I_x(a, b) for a, b > 0, by its continued fraction (Press et al.,
 * Numerical Recipes, section 6.4; Lentz's evaluation). */
double stats_beta_incomplete(double a, double b, double x);
double stats_normal_cdf(double z);
double stats_normal_quantile(double p);
/* Student's t; df > 0, need not be whole. */
double stats_t_cdf(double t, double df);
double stats_t_quantile(double p, double df);
/* P(|T| >= |t|), accurate far out in the tails. */
double stats_t_two_sided_p(double t, double df);
/* Noncentral t, P(T <= t), by integrating the normal over the chi distribution of the sample's
 * standard deviation (Johnson, Kotz and Balakrishnan 1995, chapter 31). */
double stats_noncentral_t_cdf(double t, double df, double noncentrality);

/* Where an increasing function reaches `target` in [low, high], to the last bits. */
double stats_root(double (*f)(double x, const double *parameters), const double *parameters,
                  double target, double low, double high);

#endif
