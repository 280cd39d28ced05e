/* faulty-io.c - see faulty-io.h. */
#include "src/glu.h"

#include "test/faulty-io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* What a call is, as bits. */
enum { ROOM = 1, TRANSFER = 2, OTHER = 4 };

static const struct {
    unsigned counted; /* which calls it is about */
    int error;
    int first, last; /* of the calls that fail, from call n on */
} kinds[] = {
    [FAULTY_EIO] = {ROOM | TRANSFER | OTHER, EIO, 0, 0},
    [FAULTY_FULL] = {ROOM, ENOSPC, 0, INT_MAX},
    [FAULTY_PART] = {TRANSFER, EINTR, 1, 1},
    [FAULTY_EVENT] = {ROOM | TRANSFER | OTHER, 0, 0, -1},
};

static const char *watched_directory; /* NULL: nothing is watched */
static enum faulty_kind kind;
static int calls, when;
static void (*event)(void);
static bool watched[1024]; /* by descriptor */

void faulty_io_start(const char *directory, enum faulty_kind new_kind, int n,
                     void (*new_event)(void))
{
    watched_directory = directory;
    kind = new_kind;
    when = n;
    event = new_event;
    calls = 0;
}

int faulty_io_stop(void)
{
    watched_directory = NULL;
    return calls;
}

int faulty_io_open_files(void)
{
    int count = 0;

    for (size_t i = 0; i < LENGTH_OF(watched); i++)
        count += watched[i];
    return count;
}

static bool is_watched(int fd)
{
    return watched_directory && fd >= 0 && fd < (int)LENGTH_OF(watched) && watched[fd];
}

static bool is_below(const char *path)
{
    return watched_directory && strstr(path, watched_directory) != NULL;
}

/* A call on a watched file: does it fail?  Then errno is set.  A transfer (bytes not NULL) may be
 * halved. */
static bool fails(unsigned what, size_t *bytes)
{
    int since;

    if (!(what & kinds[kind].counted))
        return false;
    since = ++calls - when;
    if (when == 0)
        return false;
    if (since == 0 && kind == FAULTY_EVENT)
        event();
    if (since == 0 && kind == FAULTY_PART)
        *bytes = (*bytes + 1) / 2;
    if (since < kinds[kind].first || since > kinds[kind].last)
        return false;
    errno = kinds[kind].error;
    return true;
}

/* ---- The calls ------------------------------------------------------------------------------- */

#define WRAP(type, name, ...)                                                                       \
    type __real_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__)

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;
    int fd;

    va_start(args, flags);
    mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    if (is_below(path) && fails(flags & O_CREAT ? ROOM : OTHER, NULL))
        return -1;
    fd = __real_open(path, flags, mode);
    if (is_below(path) && fd >= 0 && fd < (int)LENGTH_OF(watched))
        watched[fd] = true;
    return fd;
}

WRAP(int, close, int fd)
{
    bool failed = is_watched(fd) && fails(OTHER, NULL);

    if (fd >= 0 && fd < (int)LENGTH_OF(watched))
        watched[fd] = false;
    return __real_close(fd) != 0 || failed ? -1 : 0; /* closed in either case, as on Linux */
}

WRAP(ssize_t, write, int fd, const void *data, size_t bytes)
{
    return is_watched(fd) && fails(ROOM | TRANSFER, &bytes) ? -1 : __real_write(fd, data, bytes);
}

WRAP(ssize_t, read, int fd, void *data, size_t bytes)
{
    return is_watched(fd) && fails(TRANSFER, &bytes) ? -1 : __real_read(fd, data, bytes);
}

WRAP(ssize_t, pread, int fd, void *data, size_t bytes, off_t offset)
{
    return is_watched(fd) && fails(TRANSFER, &bytes) ? -1
                                                     : __real_pread(fd, data, bytes, offset);
}

/* Nothing here need outlive the power, and the disk would take most of a test's time. */
WRAP(int, fsync, int fd)
{
    return is_watched(fd) && fails(ROOM, NULL) ? -1 : 0;
}

WRAP(int, ftruncate, int fd, off_t bytes)
{
    return is_watched(fd) && fails(OTHER, NULL) ? -1 : __real_ftruncate(fd, bytes);
}

WRAP(int, fchmod, int fd, mode_t mode)
{
    return is_watched(fd) && fails(OTHER, NULL) ? -1 : __real_fchmod(fd, mode);
}

WRAP(int, flock, int fd, int operation)
{
    return is_watched(fd) && fails(OTHER, NULL) ? -1 : __real_flock(fd, operation);
}

WRAP(int, rename, const char *from, const char *to)
{
    return is_below(to) && fails(ROOM, NULL) ? -1 : __real_rename(from, to);
}

WRAP(int, mkdir, const char *path, mode_t mode)
{
    return is_below(path) && fails(ROOM, NULL) ? -1 : __real_mkdir(path, mode);
}

WRAP(int, rmdir, const char *path)
{
    return is_below(path) && fails(OTHER, NULL) ? -1 : __real_rmdir(path);
}

WRAP(int, unlink, const char *path)
{
    return is_below(path) && fails(OTHER, NULL) ? -1 : __real_unlink(path);
}

/* ---- Streams --------------------------------------------------------------------------------- */

/* As the C library writes a buffer: what is left of a short write too.  An interrupted one is the
 * system's to take up, as src/train/signals.c asks with SA_RESTART. */
static ssize_t stream_write(void *cookie, const char *data, size_t bytes)
{
    size_t done = 0;

    while (done < bytes) {
        ssize_t n = __wrap_write((int)(intptr_t)cookie, data + done, bytes - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

static int stream_close(void *cookie)
{
    return __wrap_close((int)(intptr_t)cookie);
}

WRAP(FILE *, fopen, const char *path, const char *mode)
{
    cookie_io_functions_t functions = {.write = stream_write, .close = stream_close};
    FILE *file;
    int fd;

    if (!is_below(path) || mode[0] != 'w')
        return __real_fopen(path, mode);
    fd = __wrap_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return NULL;
    file = fopencookie((void *)(intptr_t)fd, "w", functions);
    if (!file)
        __wrap_close(fd);
    return file;
}

/* ---- The clock ------------------------------------------------------------------------------- */

/* The time of day goes back by an hour each time that it is asked. */
static time_t time_of_day(void)
{
    static time_t now = 1800000000;

    return now -= 3600;
}

WRAP(time_t, time, time_t *at)
{
    time_t now = time_of_day();

    if (at)
        *at = now;
    return now;
}

WRAP(int, clock_gettime, clockid_t clock, struct timespec *at)
{
    int status = __real_clock_gettime(clock, at);

    if (status == 0 && clock == CLOCK_REALTIME)
        at->tv_sec = time_of_day();
    return status;
}
