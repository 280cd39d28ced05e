/* sequential.h - a test that is valid at every look, so that seeds may be added until it decides.
 *
 * An e-value is a bet against "the mean is mu" whose fair price is 1: under that mean its expectation
 * stays at most 1 whenever one stops, so 1 / e is a p-value at every look (Ville's inequality; Ramdas
 * et al. 2023, Statistical Science 38:576).  This one is the Bayes factor of Student's t with a
 * normal prior of variance g times the data's on the effect (Rouder et al. 2009; as an e-process,
 * Wang and Ramdas 2023, arXiv:2310.03722). */
#ifndef GLU_RESULTS_SEQUENTIAL_H
#define GLU_RESULTS_SEQUENTIAL_H

#include "src/util/interval.h"

#include <stdbool.h>

/* The prior variance of the effect, in units of the data's variance. */
#define SEQUENTIAL_G 1.0

/* (1 + n g)^(-1/2) [(1 + t^2/v) / (1 + t^2 / ((1 + n g) v))]^(n/2) with v = n - 1, of n values with
 * this mean and standard deviation against the mean mu.  1 below n 2, where nothing is known; at no
 * spread at all its limit.  NAN when a value is NAN. */
double stats_e_value(double mean, double stddev, int n, double mu, double g);

/* 1 / e, at most 1: a p-value at every look.  NAN below n 2, which is no test. */
double stats_e_p(double e, int n);

/* {mu: e(mu) < 1 / alpha}, which covers the mean at all looks together with 1 - alpha.  None below n 2
 * and while it is the whole line, as with few values it is. */
struct interval stats_anytime_interval(double mean, double stddev, int n, double g, double alpha);

/* Which of m hypotheses are rejected with the false discovery rate alpha (e-BH, Wang and Ramdas 2022,
 * JRSS B 84:822): the k largest, where k is the largest number whose k-th largest e is at least
 * m / (alpha k).  A NAN is never rejected, and counts in m.  Returns k. */
int stats_e_bh(const double *e, int m, double alpha, bool *rejected);

#endif
