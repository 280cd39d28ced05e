/* near.c - see near.h. */
#include "src/glu.h"

#include "test/near.h"

#include "test/tap.h"

#include <math.h>

void near(double seen, double expected, double tolerance, const char *what)
{
    tap_ok(fabs(seen - expected) <= tolerance, "%s: %.12g, expected %.12g", what, seen, expected);
}

void near_interval(struct interval seen, double low, double high, double tolerance, const char *what)
{
    tap_ok(fabs(seen.low - low) <= tolerance && fabs(seen.high - high) <= tolerance,
           "%s: [%.9g, %.9g], expected [%.9g, %.9g]", what, seen.low, seen.high, low, high);
}
