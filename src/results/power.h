/* power.h - what a number of seeds can find. */
#ifndef GLU_RESULTS_POWER_H
#define GLU_RESULTS_POWER_H

/* Power of the two-sided paired t test at n pairs for a true difference (exact, noncentral t). */
double stats_paired_power(double difference, double stddev, int n, double alpha);
/* The smallest true difference that n pairs detect with that power.  NAN below n 2. */
double stats_detectable(double stddev, int n, double alpha, double power);
/* The fewest pairs that detect `difference` (> 0) with that power; INT_MAX above a million. */
int stats_pairs_needed(double difference, double stddev, double alpha, double power);

#endif
