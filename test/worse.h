/* worse.h - of errors the worst.  fmax() would drop one that is no number. */
#ifndef GLU_TEST_WORSE_H
#define GLU_TEST_WORSE_H

#include <math.h>

/* The larger of two errors; one that is no number is the worse, and stays so. */
static inline double worse(double a, double b)
{
    return isnan(a) || b <= a ? a : b;
}

#endif
