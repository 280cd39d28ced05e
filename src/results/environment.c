/* environment.c - the machine that a result was made on. */
#include "src/glu.h"

#include "src/util/cpus.h"
#include "src/util/json_help.h"
#include "src/results/results.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 256, CPUS_MAX = 4096 };

/* The first line of a small file of /proc or /sys, without its newline.  False when there is none. */
static bool read_line(char line[LINE_BYTES], const char *format, ...) GLU_PRINTF(2, 3);
static bool read_line(char line[LINE_BYTES], const char *format, ...)
{
    char path[LINE_BYTES];
    va_list args;
    FILE *file;
    bool found;

    va_start(args, format);
    vsnprintf(path, sizeof path, format, args);
    va_end(args);
    file = fopen(path, "r");
    if (!file)
        return false;
    found = fgets(line, LINE_BYTES, file) != NULL;
    fclose(file);
    if (found)
        line[strcspn(line, "\n")] = '\0';
    return found;
}

/* The text after "key : " in /proc/cpuinfo, or NULL.  The caller frees it. */
static char *cpuinfo(const char *key)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    char *line = NULL, *found = NULL;
    size_t size = 0, length = strlen(key);

    if (!file)
        return NULL;
    while (!found && getline(&line, &size, file) >= 0) {
        const char *rest = line + length;

        if (strncmp(line, key, length) != 0)
            continue;
        rest += strspn(rest, " \t");
        if (*rest != ':')
            continue;
        rest += 1 + strspn(rest + 1, " \t");
        found = strndup(rest, strcspn(rest, "\n"));
    }
    free(line);
    fclose(file);
    return found;
}

/* The instruction sets that matter to matrix products, of those that the kernel lists. */
static json_t *isa_json(void)
{
    static const char *const known[] = {
        "sse4_2",      "avx",       "avx2",     "fma",      "avx_vnni",
        "avx512f",     "avx512bw",  "avx512dq", "avx512vl", "avx512_vnni",
        "avx512_bf16", "avx512_fp16", "amx_tile", "amx_int8", "amx_bf16",
        "asimd",       "asimdhp",   "sve",      "sve2",     "bf16"};
    char *flags = cpuinfo("flags"), *rest, isa[LINE_BYTES] = "";

    if (!flags)
        flags = cpuinfo("Features");
    for (char *flag = flags ? strtok_r(flags, " ", &rest) : NULL; flag;
         flag = strtok_r(NULL, " ", &rest))
        for (size_t i = 0; i < LENGTH_OF(known); i++)
            if (strcmp(flag, known[i]) == 0)
                snprintf(isa + strlen(isa), sizeof isa - strlen(isa), "%s%s", isa[0] ? " " : "", flag);
    free(flags);
    return isa[0] ? json_text(isa) : json_null();
}

static json_t *cpu_model_json(void)
{
    char *model = cpuinfo("model name");
    struct utsname name;
    json_t *value = model                ? json_text(model)
                    : uname(&name) == 0 ? json_text(name.machine)
                                        : json_null();

    free(model);
    return value;
}

/* [{level, type, bytes}] of the first processor. */
static json_t *caches_json(void)
{
    json_t *caches = json_array();
    char level[LINE_BYTES], type[LINE_BYTES], size[LINE_BYTES], *unit;
    int bad = 0;

    for (int i = 0; i < 16; i++) {
        static const char folder[] = "/sys/devices/system/cpu/cpu0/cache";
        json_int_t bytes;

        if (!read_line(level, "%s/index%d/level", folder, i)
            || !read_line(type, "%s/index%d/type", folder, i)
            || !read_line(size, "%s/index%d/size", folder, i))
            break;
        bytes = strtoll(size, &unit, 10);
        bytes *= *unit == 'K' ? 1024 : *unit == 'M' ? 1024 * 1024 : 1;
        bad |= json_push(caches, json_pack("{s:i, s:o, s:I}", "level", atoi(level), "type",
                                           json_text(type), "bytes", bytes));
    }
    return json_finish(caches, bad);
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Physical cores: processors that differ in (package, core).  As many as there are threads when
 * the kernel does not say. */
static int count_cores(int threads)
{
    enum { ID_BYTES = 64 };
    char package[LINE_BYTES], core[LINE_BYTES];
    char(*ids)[ID_BYTES] = calloc(CPUS_MAX, sizeof *ids);
    int n = 0, cores = 0;

    if (!ids)
        return threads;
    for (int i = 0; i < CPUS_MAX && n < threads; i++) {
        if (!read_line(package, "/sys/devices/system/cpu/cpu%d/topology/physical_package_id", i)
            || !read_line(core, "/sys/devices/system/cpu/cpu%d/topology/core_id", i))
            continue;
        snprintf(ids[n++], ID_BYTES, "%.20s:%.20s", package, core);
    }
    qsort(ids, (size_t)n, sizeof *ids, compare_text);
    for (int i = 0; i < n; i++)
        cores += i == 0 || strcmp(ids[i], ids[i - 1]) != 0;
    free(ids);
    return cores > 0 ? cores : threads;
}

/* The processors that the program may use, and how many threads that makes. */
static int put_cpus(json_t *environment)
{
    struct cpus cpus;
    int bad;

    cpus_find(&cpus);
    bad = json_put(environment, "affinity", json_text(cpus.affinity[0] ? cpus.affinity : NULL));
    bad |= json_put(environment, "places", json_text(cpus.places[0] ? cpus.places : NULL));
    bad |= json_put(environment, "cpu_quota", json_number(cpus.quota));
    bad |= json_put(environment, "usable_threads", json_integer(cpus.usable));
    bad |= json_put(environment, "usable_threads_from", json_text(cpus.from));
    return bad;
}

static json_t *date_json(void)
{
    time_t now = time(NULL);
    char text[32];
    struct tm utc;

    if (!gmtime_r(&now, &utc) || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        return json_null();
    return json_text(text);
}

/* What spoils timings is said before the results are.  The load average is of the last minute and
 * also counts what has just ended; runnable, this process included, is of this moment. */
static void warn_of_noise(double load, int runnable, int cores, const char *governor)
{
#ifndef __OPTIMIZE__
    warn_add("built without optimisation: timings mean nothing; configure without -O0");
#endif
#if defined BUILT_WITH_SANITIZERS || defined BUILT_WITH_COVERAGE
    warn_add("built with sanitizers or coverage: timings mean nothing; configure without them");
#endif
    if (load > 0.5 * cores && runnable > 1)
        warn_add("other work runs on this machine, load average %.1f on %d core%s: timings are "
                 "unreliable; repeat them on a quiet machine",
                 load, cores, cores == 1 ? "" : "s");
    if (governor && strcmp(governor, "powersave") == 0)
        warn_add("the frequency governor is powersave: timings may drift; "
                 "set it to performance (cpupower frequency-set -g performance)");
}

json_t *environment_json(void)
{
    json_t *environment = json_object();
    int threads = (int)sysconf(_SC_NPROCESSORS_ONLN), cores = count_cores(threads), bad = 0;
    long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
    char host[LINE_BYTES] = "", governor[LINE_BYTES];
    bool governed = read_line(governor, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    char loads[LINE_BYTES];
    double load = NAN;
    int runnable = 1;

    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = '\0';
    if (!read_line(loads, "/proc/loadavg") ||
        sscanf(loads, "%lf %*f %*f %d/", &load, &runnable) != 2)
        load = NAN;
    bad |= json_put(environment, "date_utc", date_json());
    bad |= json_put(environment, "host", json_text(host[0] ? host : NULL));
    bad |= json_put(environment, "cpu_model", cpu_model_json());
    bad |= json_put(environment, "isa", isa_json());
    bad |= json_put(environment, "caches", caches_json());
    bad |= json_put(environment, "cores", json_integer(cores));
    bad |= json_put(environment, "threads", json_integer(threads));
    bad |= put_cpus(environment);
    bad |= json_put(environment, "governor", json_text(governed ? governor : NULL));
    bad |= json_put(environment, "memory_bytes",
                    pages > 0 && page_bytes > 0 ? json_integer((json_int_t)pages * page_bytes)
                                                : json_null());
    bad |= json_put(environment, "load_average_1min", json_number(load));
    warn_of_noise(load, runnable, cores, governed ? governor : NULL);
    return json_finish(environment, bad);
}
