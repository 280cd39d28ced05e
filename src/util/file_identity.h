/* file_identity.h - is this file still what it was when it was first looked at? */
#ifndef GLU_UTIL_FILE_IDENTITY_H
#define GLU_UTIL_FILE_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct file_identity {
    dev_t device; /* with the inode, which file it is: another path may lead to it too */
    ino_t inode;
    uint64_t bytes;
    struct timespec changed; /* when something was last written to it */
};

struct file_identity file_identity(const struct stat *status);

/* Is it the same file, whatever is in it now? */
bool file_identity_same(const struct file_identity *a, const struct file_identity *b);
bool file_status_same(const struct stat *a, const struct stat *b);

/* 0 when the file that is open, or that the path leads to, is the same and was not written to since;
 * -1 and a message that names it. */
int file_identity_check(const struct file_identity *identity, int fd, const char *path);
int file_identity_check_path(const struct file_identity *identity, const char *path);

#endif
