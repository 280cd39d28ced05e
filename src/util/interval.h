/* interval.h - an interval of numbers, or none. */
#ifndef GLU_UTIL_INTERVAL_H
#define GLU_UTIL_INTERVAL_H

#include <math.h>
#include <stdbool.h>

struct interval {
    double low, high; /* NAN at either end: there is none */
};

static inline bool interval_exists(struct interval interval)
{
    return !isnan(interval.low) && !isnan(interval.high);
}

#endif
