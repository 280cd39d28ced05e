/* machine.h - what this process may use: cores and memory. */
#ifndef GLU_RUN_MACHINE_H
#define GLU_RUN_MACHINE_H

#include <stddef.h>

/* Cores that the scheduler may give this process; at least 1. */
int machine_cores(void);

/* Memory that this process may use, of the machine or of its control group, whichever is less;
 * 0 when it cannot be told. */
size_t machine_memory_bytes(void);

/* The most memory this process has had resident since machine_peak_reset(), or since its start
 * where the kernel cannot reset it. */
size_t machine_peak_bytes(void);
void machine_peak_reset(void);

/* Seconds on a clock that only goes forward. */
double machine_clock_s(void);

#endif
