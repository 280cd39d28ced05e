/* rundir.c - see rundir.h. */
#include "src/glu.h"

#include "src/study/rundir.h"

#include "src/util/record.h"
#include "src/util/atomic_file.h"
#include "src/util/ends_with.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct rundir {
    char path[PATH_MAX - 300]; /* leaves room for the names in it */
    int lock;                  /* the lock file, open and locked */
};

#define SWEEP_NAME "sweep.record"
#define STATE_SUFFIX ".state"

/* ---- The lock -------------------------------------------------------------------------------- */

/* Who holds the lock, for the message: the number in the file, or 0. */
static long lock_owner(int fd)
{
    char text[32] = "";
    ssize_t n = pread(fd, text, sizeof text - 1, 0);

    return n > 0 ? strtol(text, NULL, 10) : 0;
}

static int write_owner(int fd, const char *path)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());

    return ftruncate(fd, 0) != 0 ? err_system("cannot write %s", path)
                                 : atomic_write_all(fd, path, text, (size_t)length);
}

/* Remove the lock and the directory, which stays when somebody put something into it. */
static void leave(const struct rundir *rundir)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/lock", rundir->path);
    unlink(path);
    rmdir(rundir->path);
}

/* Take the lock of the directory.  The file may be removed by its last owner between our opening
 * and our locking it; then it is not the lock any more, and we try again. */
static int take_lock(struct rundir *rundir, const char *output)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/lock", rundir->path);
    for (int attempt = 0; attempt < 100; attempt++) {
        struct stat ours, named;

        if (mkdir(rundir->path, 0777) != 0 && errno != EEXIST)
            return err_system(FIELD("output") ": cannot make the run directory %s", rundir->path);
        rundir->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (rundir->lock < 0 && errno == ENOENT)
            continue;
        if (rundir->lock < 0)
            return err_system(FIELD("output") ": cannot open %s", path);
        if (flock(rundir->lock, LOCK_EX | LOCK_NB) != 0) {
            if (errno != EWOULDBLOCK)
                return err_system(FIELD("output") ": cannot lock %s", path);
            return err_set(FIELD("output") ": another glubench (process %ld) is writing %s; give "
                           "another " FIELD("output") ", or wait for it",
                           lock_owner(rundir->lock), output);
        }
        if (fstat(rundir->lock, &ours) == 0 && stat(path, &named) == 0 &&
            ours.st_ino == named.st_ino && ours.st_dev == named.st_dev) {
            if (write_owner(rundir->lock, path) == 0)
                return 0;
            leave(rundir);
            return err_prepend(FIELD("output"));
        }
        close(rundir->lock);
        rundir->lock = -1;
    }
    return err_set(FIELD("output") ": cannot lock %s: it comes and goes", path);
}

int rundir_open(struct rundir **rundir, const char *output)
{
    struct stat info;
    bool exists = stat(output, &info) == 0;
    char *resolved;
    struct rundir *made;
    int length;

    *rundir = NULL;
    if (exists && !S_ISREG(info.st_mode))
        return 0;
    made = calloc(1, sizeof *made);
    resolved = exists ? realpath(output, NULL) : strdup(output);
    if (!made || !resolved) {
        free(made);
        free(resolved);
        return err_system(FIELD("output") ": %s", output);
    }
    made->lock = -1;
    length = snprintf(made->path, sizeof made->path, "%s.run", resolved);
    free(resolved);
    if (length >= (int)sizeof made->path || take_lock(made, output)) {
        if (length >= (int)sizeof made->path)
            err_set(FIELD("output") ": %.100s...: the path is too long", output);
        if (made->lock >= 0)
            close(made->lock);
        free(made);
        return -1;
    }
    *rundir = made;
    return 0;
}

/* ---- What is in it --------------------------------------------------------------------------- */

const char *rundir_path(const struct rundir *rundir)
{
    return rundir->path;
}

/* Is this one of our files?  Nothing else in the directory is ever removed. */
static bool is_state(const char *name)
{
    return ends_with(name, STATE_SUFFIX);
}

static bool is_sweep_or_state(const char *name)
{
    return is_state(name) || ends_with(name, STATE_SUFFIX ".tmp") ||
           strcmp(name, SWEEP_NAME) == 0 || strcmp(name, SWEEP_NAME ".tmp") == 0;
}

/* How many names the directory has that `accept` takes; removes them too if asked to. */
static int count_names(const struct rundir *rundir, bool (*accept)(const char *name), bool remove)
{
    DIR *directory = opendir(rundir->path);
    struct dirent *entry;
    int count = 0;

    if (!directory)
        return 0;
    while ((entry = readdir(directory)) != NULL) {
        if (!accept(entry->d_name))
            continue;
        count++;
        if (remove)
            unlinkat(dirfd(directory), entry->d_name, 0);
    }
    closedir(directory);
    return count;
}

bool rundir_has_states(const struct rundir *rundir)
{
    return count_names(rundir, is_state, false) > 0;
}

void rundir_clear(const struct rundir *rundir)
{
    count_names(rundir, is_sweep_or_state, true);
}

static void unlock(struct rundir *rundir)
{
    close(rundir->lock);
    free(rundir);
}

void rundir_remove(struct rundir *rundir)
{
    if (!rundir)
        return;
    rundir_clear(rundir);
    leave(rundir);
    unlock(rundir);
}

void rundir_close(struct rundir *rundir)
{
    if (!rundir)
        return;
    if (count_names(rundir, is_sweep_or_state, false) == 0)
        rundir_remove(rundir);
    else
        unlock(rundir);
}

int rundir_read_sweep(const struct rundir *rundir, json_t **sweep)
{
    char path[PATH_MAX];
    struct record record;
    int status;

    *sweep = NULL;
    snprintf(path, sizeof path, "%s/" SWEEP_NAME, rundir->path);
    if (access(path, F_OK) != 0)
        return 0;
    status = record_open(&record, path);
    if (status == 0)
        *sweep = json_incref(record.header);
    record_close(&record);
    return status;
}

int rundir_write_sweep(const struct rundir *rundir, json_t *sweep)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/" SWEEP_NAME, rundir->path);
    return record_write(path, sweep, NULL, 0);
}

void rundir_state_path(const struct rundir *rundir, const struct variant *variant, uint64_t seed,
                       int64_t step, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/%.96s-s%" PRIu64 ".%012" PRId64 STATE_SUFFIX, rundir->path,
             variant->name, seed, step);
}

/* The step in the name of a state of this training, or -1. */
static int64_t step_of_name(const char *name, const char *prefix)
{
    size_t length = strlen(prefix);
    char *end;
    long long step;

    if (strncmp(name, prefix, length) != 0 || !is_state(name))
        return -1;
    errno = 0;
    step = strtoll(name + length, &end, 10);
    return end > name + length && strcmp(end, STATE_SUFFIX) == 0 && errno == 0 ? step : -1;
}

static int later_first(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x < y) - (x > y);
}

int rundir_states(const struct rundir *rundir, const struct variant *variant, uint64_t seed,
                  int64_t *steps, int max)
{
    DIR *directory = opendir(rundir->path);
    struct dirent *entry;
    char prefix[160];
    int count = 0;

    if (!directory)
        return 0;
    snprintf(prefix, sizeof prefix, "%.96s-s%" PRIu64 ".", variant->name, seed);
    while (count < max && (entry = readdir(directory)) != NULL) {
        steps[count] = step_of_name(entry->d_name, prefix);
        count += steps[count] >= 0;
    }
    closedir(directory);
    qsort(steps, (size_t)count, sizeof *steps, later_first);
    return count;
}

void rundir_prune(const struct rundir *rundir, const struct variant *variant, uint64_t seed,
                  int64_t step, int keep)
{
    int64_t steps[64];
    int count = rundir_states(rundir, variant, seed, steps, (int)LENGTH_OF(steps));

    for (int i = 0, kept = 0; i < count; i++) {
        char path[PATH_MAX];

        if (steps[i] <= step && kept < keep) {
            kept++;
            continue;
        }
        rundir_state_path(rundir, variant, seed, steps[i], path);
        unlink(path);
    }
}
