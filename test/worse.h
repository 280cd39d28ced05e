/* worse.h - of errors the worst.  fmax(), and comparing, would drop one that is no number. */
#ifndef GLU_TEST_WORSE_H
#define GLU_TEST_WORSE_H

#include <math.h>
#include <stddef.h>

/* Is an error worse than the one before?  One that is no number is the worst of all. */
static inline bool is_worse(double error, double than)
{
    return !isnan(than) && !(error <= than);
}

static inline double worse(double a, double b)
{
    return is_worse(b, a) ? b : a;
}

/* The worst error of n elements, relative to the largest that is wanted. */
static inline double worst_of(const float *got, const double *want, size_t n)
{
    double error = 0, largest = 1e-30;

    for (size_t i = 0; i < n; i++) {
        error = worse(error, fabs((double)got[i] - want[i]));
        largest = fmax(largest, fabs(want[i]));
    }
    return error / largest;
}

#endif
