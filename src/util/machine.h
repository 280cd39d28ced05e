/* machine.h - memory that this process may use, and the work of others.  Processors: cpus.h. */
#ifndef GLU_UTIL_MACHINE_H
#define GLU_UTIL_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

/* Memory that this process may use, of the machine or of its control group, whichever is less;
 * 0 when it cannot be told. */
size_t machine_memory_bytes(void);

/* The most memory this process has had resident since machine_peak_reset(), or since its start
 * where the kernel cannot reset it. */
size_t machine_peak_bytes(void);
void machine_peak_reset(void);

/* Memory that this process has resident now; 0 when it cannot be told. */
size_t machine_resident_bytes(void);

/* Bytes of the heap in use: all that malloc() has given to this program and its libraries and not
 * got back.  False where the C library does not tell. */
bool machine_heap_bytes(size_t *bytes);
/* Pages that this process has had mapped in by touching them for the first time. */
long machine_page_faults(void);

/* Processor seconds spent since the system started. */
struct machine_times {
    double own_s; /* by this process */
    double all_s; /* by all processes, and by others on the same hardware where that is known */
    double clock_s;
};
void machine_times(struct machine_times *times);
/* The share, 0 to 1, of all processors' time that others than this process took between two such
 * readings; NAN when it cannot be told. */
double machine_others_share(const struct machine_times *start, const struct machine_times *end);

#endif
