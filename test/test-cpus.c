/* test-cpus.c - which processors may be used: control groups' quotas from made-up trees, places, and
 * OMP_NUM_THREADS. */
#include "src/glu.h"

#include "src/util/cgroup.h"
#include "src/util/cpus.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define V2 "40 31 0:38 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
#define V1 "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
#define V1_CPUSET "32 31 0:29 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"

enum { FILES_MAX = 4 };

struct tree {
    const char *what, *groups, *mounts; /* /proc/self/cgroup and mountinfo */
    struct {
        const char *path, *text;
    } file[FILES_MAX];
    double quota; /* NAN: none */
};

static const struct tree trees[] = {
    {"version 2: the own group", "0::/a/b\n", V2,
     {{"/sys/fs/cgroup/a/b/cpu.max", "150000 100000\n"}}, 1.5},
    {"version 2: a group above", "0::/a/b\n", V2,
     {{"/sys/fs/cgroup/a/b/cpu.max", "max 100000\n"}, {"/sys/fs/cgroup/a/cpu.max", "50000 100000\n"}},
     0.5},
    {"version 2: the least of all", "0::/a/b\n", V2,
     {{"/sys/fs/cgroup/a/b/cpu.max", "200000 100000\n"},
      {"/sys/fs/cgroup/a/cpu.max", "300000 100000\n"}}, 2},
    {"version 2: no quota", "0::/a\n", V2, {{"/sys/fs/cgroup/a/cpu.max", "max 100000\n"}}, NAN},
    {"version 2: another group's", "0::/a\n", V2, {{"/sys/fs/cgroup/b/cpu.max", "1000 100000\n"}},
     NAN},
    {"version 2: the root of a namespace", "0::/\n", V2,
     {{"/sys/fs/cgroup/cpu.max", "100000 100000\n"}}, 1},
    {"version 2: out of the namespace", "0::/../../other\n", V2,
     {{"/sys/fs/cgroup/cpu.max", "100000 100000\n"}}, 1},
    {"version 2: the own group alone is mounted", "0::/docker/abc\n",
     "40 31 0:38 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
     {{"/sys/fs/cgroup/cpu.max", "250000 100000\n"}}, 2.5},
    {"version 2: a group below the mounted one", "0::/docker/abc/x\n",
     "40 31 0:38 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
     {{"/sys/fs/cgroup/x/cpu.max", "30000 10000\n"}, {"/sys/fs/cgroup/cpu.max", "max 100000\n"}}, 3},
    {"version 2: a name that only begins like the mounted one", "0::/docker/abcd\n",
     "40 31 0:38 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
     {{"/sys/fs/cgroup/cpu.max", "100000 100000\n"}}, 1},
    {"version 2: a mount point with a blank", "0::/a\n",
     "40 31 0:38 / /my\\040groups rw - cgroup2 cgroup2 rw\n",
     {{"/my groups/a/cpu.max", "100000 100000\n"}}, 1},
    {"version 1: the own group", "4:memory:/m\n3:cpuset:/s\n1:cpu,cpuacct:/a\n", V1_CPUSET V1,
     {{"/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "150000\n"},
      {"/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n"}}, 1.5},
    {"version 1: a group above", "1:cpu,cpuacct:/a/b\n", V1,
     {{"/sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us", "-1\n"},
      {"/sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us", "100000\n"},
      {"/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "200000\n"},
      {"/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n"}}, 2},
    {"version 1: no quota", "1:cpu:/\n", V1,
     {{"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n"},
      {"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"}}, NAN},
    {"version 1: Docker", "1:cpu,cpuacct:/docker/abc\n",
     "33 31 0:30 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n",
     {{"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "50000\n"},
      {"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"}}, 0.5},
    {"both versions", "1:cpu:/a\n0::/b\n", V1 "41 31 0:38 / /two rw - cgroup2 cgroup2 rw\n",
     {{"/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "300000\n"},
      {"/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n"},
      {"/two/b/cpu.max", "200000 100000\n"}}, 2},
    {"a file of something else", "0::/a\n", V2, {{"/sys/fs/cgroup/a/cpu.max", "many\n"}}, NAN},
    {"an empty file", "0::/a\n", V2, {{"/sys/fs/cgroup/a/cpu.max", ""}}, NAN},
    {"a period of nothing", "0::/a\n", V2, {{"/sys/fs/cgroup/a/cpu.max", "100000 0\n"}}, NAN},
    {"a quota of nothing", "0::/a\n", V2, {{"/sys/fs/cgroup/a/cpu.max", "-5 100000\n"}}, NAN},
    {"lines of something else", "0\n::\nx:y\n0::/a", "40 31\n - \n - cgroup2\na b c - cgroup2 x y\n" V2,
     {{"/sys/fs/cgroup/a/cpu.max", "100000 100000\n"}}, 1},
    {"no group", "", V2, {{"/sys/fs/cgroup/cpu.max", "100000 100000\n"}}, NAN},
    {"no mount", "0::/a\n", "", {{"/sys/fs/cgroup/a/cpu.max", "100000 100000\n"}}, NAN},
};

#define V1_MEMORY "34 31 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"

/* Of memory; `quota` is in bytes. */
static const struct tree memory_trees[] = {
    {"memory, version 2: the own group", "0::/a/b\n", V2,
     {{"/sys/fs/cgroup/a/b/memory.max", "1048576\n"}, {"/sys/fs/cgroup/a/memory.max", "max\n"}},
     1048576},
    {"memory, version 2: a group above", "0::/a/b\n", V2,
     {{"/sys/fs/cgroup/a/b/memory.max", "max\n"}, {"/sys/fs/cgroup/a/memory.max", "4096\n"}}, 4096},
    {"memory, version 2: where the kernel slows down", "0::/a\n", V2,
     {{"/sys/fs/cgroup/a/memory.max", "8192\n"}, {"/sys/fs/cgroup/a/memory.high", "4096\n"}}, 4096},
    {"memory, version 2: none", "0::/a\n", V2, {{"/sys/fs/cgroup/a/memory.max", "max\n"}}, NAN},
    {"memory, version 1: a group above", "4:memory:/m/n\n1:cpu:/a\n", V1 V1_MEMORY,
     {{"/sys/fs/cgroup/memory/m/n/memory.limit_in_bytes", "9223372036854771712\n"},
      {"/sys/fs/cgroup/memory/m/memory.limit_in_bytes", "65536\n"},
      {"/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1\n"}}, 65536},
};

static void put(int i, const char *path, const char *text)
{
    char name[256];

    snprintf(name, sizeof name, "%d%s", i, path);
    scratch_text(name, text);
}

static void test_trees(const struct tree *trees_of, int count, int first,
                       double (*limit)(const char *root))
{
    for (int i = 0; i < count; i++) {
        const struct tree *tree = &trees_of[i];
        int at = first + i;
        char name[16];
        double found;

        put(at, "/proc/self/cgroup", tree->groups);
        put(at, "/proc/self/mountinfo", tree->mounts);
        for (int k = 0; k < FILES_MAX && tree->file[k].path; k++)
            put(at, tree->file[k].path, tree->file[k].text);
        snprintf(name, sizeof name, "%d", at);
        found = limit(scratch_path(name));
        tap_ok(isnan(tree->quota) ? isnan(found) : found == tree->quota, "%s: %g", tree->what, found);
    }
    tap_ok(isnan(limit(scratch_path("nowhere"))), "no files at all");
}

static void test_limit(void)
{
    static const struct {
        double quota;
        int of_four;
        const char *from;
    } limits[] = {{NAN, 4, "affinity"}, {8, 4, "affinity"}, {4, 4, "affinity"}, {2.5, 2, "quota"},
                  {1.5, 1, "quota"},    {1, 1, "quota"},    {0.25, 1, "quota"}, {1e30, 4, "affinity"}};
    int wrong = 0;

    for (size_t i = 0; i < LENGTH_OF(limits); i++) {
        struct cpus cpus = {.usable = 4, .from = "affinity"};

        cpus_limit(&cpus, limits[i].quota);
        wrong += cpus.usable != limits[i].of_four || strcmp(cpus.from, limits[i].from) != 0;
    }
    tap_ok(wrong == 0, "of a quota, whole processors count, and one at least");
}

static void test_asked(void)
{
    static const struct {
        const char *text;
        int threads;
    } asked[] = {{NULL, 0},  {"", 0},    {" ", 0},   {"3", 3},       {" 3 ", 3}, {"+3", 3},
                 {"-3", 0},  {"0", 0},   {"4,2", 4}, {"4 , 2", 4},   {"4,", 0},  {"4,0", 0},
                 {",4", 0},  {"4;2", 0}, {"4x", 0},  {"4.0", 0},     {"0x4", 0}, {"4,2,1", 4},
                 {"four", 0}, {"99999999999999999999999", 0}};
    int wrong = 0;

    for (size_t i = 0; i < LENGTH_OF(asked); i++)
        if (cpus_asked(asked[i].text) != asked[i].threads) {
            tap_diag("'%s': %d", asked[i].text ? asked[i].text : "none", cpus_asked(asked[i].text));
            wrong++;
        }
    tap_ok(wrong == 0, "OMP_NUM_THREADS as OpenMP reads it");
}

static void test_found(void)
{
    struct cpus cpus;

    cpus_find(&cpus);
    tap_ok(cpus.usable >= 1 && cpus.affinity[0] && cpus.from, "this machine: %s, %d by %s",
           cpus.affinity, cpus.usable, cpus.from);
}

int main(void)
{
    tap_plan((int)LENGTH_OF(trees) + 1 + (int)LENGTH_OF(memory_trees) + 1 + 3);
    test_trees(trees, LENGTH_OF(trees), 0, cgroup_cpu_quota);
    test_trees(memory_trees, LENGTH_OF(memory_trees), LENGTH_OF(trees), cgroup_memory_bytes);
    test_limit();
    test_asked();
    test_found();
    return tap_status();
}
