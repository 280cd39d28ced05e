/* test-machine.c - what the process is told of the machine: memory, and the work of others. */
#include "src/glu.h"

#include "src/util/machine.h"
#include "test/tap.h"

#include <math.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void test_memory(void)
{
    const size_t bytes = 64 << 20;
    size_t before = machine_resident_bytes(), with, peak;
    volatile char *memory = malloc(bytes); /* volatile: or the compiler does without it */

    if (!memory)
        tap_bail_out("out of memory");
    for (size_t i = 0; i < bytes; i += 1024)
        memory[i] = 1;
    with = machine_resident_bytes();
    free((void *)memory);
    peak = machine_peak_bytes();
    tap_ok(before > 0 && with >= before + bytes / 2, "64 MiB that are touched are resident: %zu, then %zu",
           before, with);
    /* The kernel notes the peak from counters that lag behind by some pages. */
    tap_ok(peak + (1 << 20) >= with, "the peak is not below: %zu", peak);
}

static void test_share(void)
{
    double processors = (double)sysconf(_SC_NPROCESSORS_ONLN);
    struct machine_times start = {.own_s = 1, .all_s = 10, .clock_s = 100}, end;
    double share;

    end = (struct machine_times){.own_s = 3, .all_s = 10 + 2 + processors, .clock_s = 104};
    share = machine_others_share(&start, &end);
    tap_ok(fabs(share - 0.25) < 1e-12, "others took a quarter: %g", share);
    end.all_s = 10 + 1.9; /* ticks are coarse: own time can seem more than all */
    tap_ok(machine_others_share(&start, &end) == 0, "never less than nothing");
    end.all_s = NAN;
    tap_ok(isnan(machine_others_share(&start, &end)), "unknown when the kernel does not tell");
    end = start;
    tap_ok(isnan(machine_others_share(&start, &end)), "unknown of no time at all");
}

/* Another process that computes for so long, in processor time. */
static void compute_elsewhere(double seconds)
{
    pid_t child = fork();

    if (child == 0) {
        while ((double)clock() / CLOCKS_PER_SEC < seconds)
            ;
        _exit(0);
    }
    if (child > 0)
        waitpid(child, NULL, 0);
}

static void test_others(void)
{
    struct machine_times start, end;

    machine_times(&start);
    if (isnan(start.all_s)) {
        tap_skip(2, "no /proc/stat");
        return;
    }
    compute_elsewhere(0.5);
    machine_times(&end);
    tap_ok(end.all_s - start.all_s > 0.3, "another process' half second is counted: %g",
           end.all_s - start.all_s);
    tap_ok(end.own_s - start.own_s < 0.3, "and not as this process' own: %g",
           end.own_s - start.own_s);
}

int main(void)
{
    tap_plan(8);
    test_memory();
    test_share();
    test_others();
    return tap_status();
}
