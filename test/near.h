/* near.h - checks that a number, or an interval, is what is expected of it. */
#ifndef GLU_TEST_NEAR_H
#define GLU_TEST_NEAR_H

#include "src/util/interval.h"

/* One check each: passed when no value is further off than the tolerance; NAN is. */
void near(double seen, double expected, double tolerance, const char *what);
void near_interval(struct interval seen, double low, double high, double tolerance, const char *what);

#endif
