/* tap.h - the Test Anything Protocol, as much of it as the tests here need.
 *
 *     int main(void)
 *     {
 *         tap_plan(2);
 *         tap_ok(1 + 1 == 2, "one and one");
 *         tap_ok(error < 1e-6, "%s: diff_src, error %g", name, error);
 *         return tap_status();
 *     }
 *
 * A program prints one line per check; the test harness (build-aux/tap-driver.sh) counts them. */
#ifndef GLU_TEST_TAP_H
#define GLU_TEST_TAP_H

#include "src/glu.h"

/* How many checks will follow.  Call it first, or last when the number is known only then;
 * without a plan the harness fails the program, so one that dies half-way cannot pass. */
void tap_plan(int checks);

/* One check: passed when `ok`.  Returns ok, so that `if (!tap_ok(..)) tap_diag(..)` explains. */
bool tap_ok(bool ok, const char *format, ...) GLU_PRINTF(2, 3);

/* `count` checks that cannot run here, and why. */
void tap_skip(int count, const char *format, ...) GLU_PRINTF(2, 3);

/* All of the program's checks cannot run here: prints the plan 1..0 with the reason. */
void tap_skip_all(const char *format, ...) GLU_PRINTF(1, 2);

/* A line of talk, to explain a failure. */
void tap_diag(const char *format, ...) GLU_PRINTF(1, 2);

/* The test cannot go on: prints why and exits with failure. */
void tap_bail_out(const char *format, ...) GLU_PRINTF(1, 2);

/* What main() returns: 0 when every planned check ran and passed, else 1. */
int tap_status(void);

#endif
