/* atomic_file.c - see atomic_file.h. */
#include "src/glu.h"

#include "src/util/atomic_file.h"

#include "src/util/file_identity.h"
#include "src/util/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void atomic_close(struct atomic_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    free(file->path);
    free(file->temporary);
    *file = (struct atomic_file){.fd = -1};
}

static int lock(int fd)
{
    int rc;

    do
        rc = flock(fd, LOCK_EX);
    while (rc != 0 && errno == EINTR);
    /* A file system without locks still replaces atomically; only two writers could clash. */
    return rc == 0 || errno == ENOLCK || errno == EINVAL || errno == EOPNOTSUPP ? 0 : -1;
}

/* Open and lock the temporary file.  Another writer may rename it away between the two, so the
 * name has to lead to the locked file still. */
static int open_temporary(const char *temporary)
{
    for (;;) {
        struct stat named, opened;
        int fd = open(temporary, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);

        if (fd < 0)
            return -1;
        if (lock(fd) != 0 || fstat(fd, &opened) != 0) {
            close(fd);
            return -1;
        }
        if (lstat(temporary, &named) == 0 && file_status_same(&named, &opened))
            return fd;
        close(fd);
    }
}

/* What an interrupted writer left.  A file that is truncated, be it empty, is written to the disk before close()
 * returns on ext4, which keeps a sweep of short runs waiting. */
static int clear(int fd)
{
    struct stat info;

    return fstat(fd, &info) != 0 || (info.st_size > 0 && ftruncate(fd, 0) != 0) ? -1 : 0;
}

int atomic_open(struct atomic_file *file, const char *path)
{
    struct stat old;
    size_t bytes;
    bool exists;

    *file = (struct atomic_file){.fd = -1};
    exists = stat(path, &old) == 0;
    if (exists && S_ISDIR(old.st_mode))
        return err_set("%s: is a directory; name a file in it", path);
    file->path = exists && !S_ISREG(old.st_mode) ? strdup(path) : io_follow(path);
    if (!file->path) {
        err_prepend("cannot write %s", path);
        goto fail;
    }
    if (exists && !S_ISREG(old.st_mode)) {
        file->fd = open(path, O_WRONLY | O_CLOEXEC);
        if (file->fd < 0) {
            err_system("cannot write %s", path);
            goto fail;
        }
        return 0;
    }
    bytes = strlen(file->path) + sizeof ".tmp";
    file->temporary = malloc(bytes);
    if (!file->temporary) {
        err_system("%s", path);
        goto fail;
    }
    snprintf(file->temporary, bytes, "%s.tmp", file->path);
    if (exists && access(file->path, W_OK) != 0) { /* rename() alone would not mind */
        err_system("cannot write %s", path);
        goto fail;
    }
    file->fd = open_temporary(file->temporary);
    if (file->fd < 0) {
        err_system("cannot write %s", file->temporary);
        goto fail;
    }
    if (clear(file->fd) != 0 || (exists && fchmod(file->fd, old.st_mode & 0777) != 0)) {
        err_system("cannot write %s", file->temporary);
        goto fail;
    }
    return 0;
fail:
    atomic_abandon(file);
    return -1;
}

static const char *written_name(const struct atomic_file *file)
{
    return file->temporary ? file->temporary : file->path;
}

int atomic_write_all(int fd, const char *name, const void *data, size_t bytes)
{
    const char *at = data;

    while (bytes > 0) {
        ssize_t written = write(fd, at, bytes);

        if (written < 0 && errno == EINTR)
            continue;
        if (written == 0)
            errno = EIO; /* POSIX does not let a regular file do that; do not spin on it */
        if (written <= 0)
            return err_system("cannot write %s", name);
        at += written;
        bytes -= (size_t)written;
    }
    return 0;
}

int atomic_append(struct atomic_file *file, const void *data, size_t bytes)
{
    return atomic_write_all(file->fd, written_name(file), data, bytes);
}

/* Make the new name last.  Some file systems cannot sync a directory and say EINVAL. */
static int sync_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *directory = !slash         ? strdup(".")
                      : slash == path ? strdup("/")
                                      : strndup(path, (size_t)(slash - path));
    int fd, rc = -1;

    if (!directory)
        return -1;
    fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        rc = fsync(fd) == 0 || errno == EINVAL ? 0 : -1;
        close(fd);
    }
    free(directory);
    return rc;
}

int atomic_commit(struct atomic_file *file)
{
    int rc;

    if (!file->hurried && fsync(file->fd) != 0 && (file->temporary || (errno != EINVAL && errno != EROFS))) {
        err_system("cannot write %s", written_name(file));
        goto fail;
    }
    if (file->temporary) {
        if (rename(file->temporary, file->path) != 0) {
            err_system("cannot rename %s to %s", file->temporary, file->path);
            goto fail;
        }
        free(file->temporary);
        file->temporary = NULL;
        if (!file->hurried && sync_directory(file->path) != 0) {
            err_system("cannot sync the directory of %s", file->path);
            goto fail;
        }
    }
    rc = close(file->fd);
    file->fd = -1;
    if (rc != 0 && errno != EINTR) {
        err_system("cannot write %s", file->path);
        goto fail;
    }
    atomic_close(file);
    return 0;
fail:
    atomic_abandon(file);
    return -1;
}

void atomic_abandon(struct atomic_file *file)
{
    if (file->temporary && file->fd >= 0)
        unlink(file->temporary);
    atomic_close(file);
}

static int write_whole(const char *path, const void *data, size_t bytes, bool hurried)
{
    struct atomic_file file;

    if (atomic_open(&file, path) != 0)
        return -1;
    file.hurried = hurried;
    if (atomic_append(&file, data, bytes) != 0) {
        atomic_abandon(&file);
        return -1;
    }
    return atomic_commit(&file);
}

int atomic_write(const char *path, const void *data, size_t bytes)
{
    return write_whole(path, data, bytes, false);
}

int atomic_write_hurried(const char *path, const void *data, size_t bytes)
{
    return write_whole(path, data, bytes, true);
}

void atomic_drop_link(const char *path)
{
    struct stat info;

    if (lstat(path, &info) == 0 && !S_ISREG(info.st_mode))
        unlink(path);
}
