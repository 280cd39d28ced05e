/* lock.c - see lock.h. */
#include "src/glu.h"

#include "src/study/lock.h"

#include "src/util/atomic_file.h"
#include "src/util/file_identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int lock_open(const char *path, bool wait, int *fd)
{
    struct stat ours, named;
    int status;

    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (*fd < 0)
        return err_system("cannot open %s", path);
    if (flock(*fd, LOCK_EX | (wait ? 0 : LOCK_NB)) != 0) {
        if (!wait && errno == EWOULDBLOCK)
            return 1;
        status = err_system("cannot lock %s", path);
    } else {
        if (fstat(*fd, &ours) == 0 && stat(path, &named) == 0 && file_status_same(&ours, &named))
            return 0;
        status = 2;
    }
    close(*fd);
    *fd = -1;
    return status;
}

/* A lock that is free is held for a moment. */
bool lock_is_held(int directory, const char *name)
{
    int fd = openat(directory, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    bool held = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;

    if (fd >= 0)
        close(fd);
    return held;
}

long lock_owner(int fd)
{
    char text[32] = "";
    ssize_t n = pread(fd, text, sizeof text - 1, 0);

    return n > 0 ? strtol(text, NULL, 10) : 0;
}

int lock_write_owner(int fd, const char *path)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());

    return ftruncate(fd, 0) != 0 ? err_system("cannot write %s", path)
                                 : atomic_write_all(fd, path, text, (size_t)length);
}
