/* machine.c - see machine.h. */
#include "src/glu.h"

#include "src/util/machine.h"

#include "src/util/cgroup.h"
#include "src/util/clock.h"

#include <fcntl.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined __GLIBC__ && defined __GLIBC_PREREQ
#define HAS_MALLINFO2 __GLIBC_PREREQ(2, 33)
#else
#define HAS_MALLINFO2 0
#endif

/* The number after `key` (which may be "") in a small file; 0 when it is not there. */
static size_t read_number(const char *path, const char *key)
{
    char line[256];
    size_t number = 0, length = strlen(key);
    FILE *file = fopen(path, "re");

    if (!file)
        return 0;
    while (fgets(line, sizeof line, file))
        if (strncmp(line, key, length) == 0 && sscanf(line + length, "%zu", &number) == 1)
            break;
    fclose(file);
    return number;
}

size_t machine_memory_bytes(void)
{
    const double limit = cgroup_memory_bytes("");
    long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
    size_t bytes = pages > 0 && page_bytes > 0 ? (size_t)pages * (size_t)page_bytes : 0;

    /* Version 1 says about 2^63 for none. */
    if (limit < 0x1p62 && (bytes == 0 || limit < (double)bytes))
        bytes = (size_t)limit;
    return bytes;
}

size_t machine_peak_bytes(void)
{
    size_t kib = read_number("/proc/self/status", "VmHWM:");
    struct rusage usage;

    if (kib == 0 && getrusage(RUSAGE_SELF, &usage) == 0)
        kib = (size_t)usage.ru_maxrss;
    return kib * 1024;
}

size_t machine_resident_bytes(void)
{
    return read_number("/proc/self/status", "VmRSS:") * 1024;
}

void machine_peak_reset(void)
{
    int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    ssize_t ignored;

    if (fd < 0)
        return;
    ignored = write(fd, "5", 1); /* resets VmHWM; see proc(5) */
    (void)ignored;
    close(fd);
}

bool machine_heap_bytes(size_t *bytes)
{
#if HAS_MALLINFO2
    struct mallinfo2 info = mallinfo2();

    *bytes = info.uordblks + info.hblkhd;
    return true;
#else
    *bytes = 0;
    return false;
#endif
}

long machine_page_faults(void)
{
    struct rusage usage;

    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_minflt + usage.ru_majflt : 0;
}

void machine_times(struct machine_times *times)
{
    /* user, nice, system, idle, iowait, irq, softirq, steal; see proc_stat(5) */
    enum { IDLE = 3, IOWAIT = 4, KINDS = 8 };
    unsigned long long ticks[KINDS] = {0}, spent = 0;
    FILE *file = fopen("/proc/stat", "re");
    int found = 0;

    if (file) {
        found = fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &ticks[0], &ticks[1],
                       &ticks[2], &ticks[3], &ticks[4], &ticks[5], &ticks[6], &ticks[7]);
        fclose(file);
    }
    for (int i = 0; i < found; i++)
        if (i != IDLE && i != IOWAIT)
            spent += ticks[i];
    times->all_s = found == KINDS ? (double)spent / (double)sysconf(_SC_CLK_TCK) : NAN;
    times->own_s = clock_process_s();
    times->clock_s = clock_now_s();
}

double machine_others_share(const struct machine_times *start, const struct machine_times *end)
{
    double there_s = (end->clock_s - start->clock_s) * (double)sysconf(_SC_NPROCESSORS_ONLN);
    double others_s = (end->all_s - start->all_s) - (end->own_s - start->own_s);
    double share = others_s / there_s;

    /* The kernel counts in ticks of 10 ms: nothing is known of a moment. */
    return !(there_s > 0.2) || isnan(share) ? NAN : fmin(fmax(share, 0), 1);
}
