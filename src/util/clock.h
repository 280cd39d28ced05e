/* clock.h - the clocks of all that is timed. */
#ifndef GLU_UTIL_CLOCK_H
#define GLU_UTIL_CLOCK_H

/* Seconds on a clock that only goes forward; tens of nanoseconds to ask. */
double clock_now_s(void);
/* Processor seconds that this process has spent. */
double clock_process_s(void);

#endif
