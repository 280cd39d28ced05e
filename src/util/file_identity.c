/* file_identity.c - see file_identity.h. */
#include "src/glu.h"

#include "src/util/file_identity.h"

struct file_identity file_identity(const struct stat *status)
{
    return (struct file_identity){.device = status->st_dev,
                                  .inode = status->st_ino,
                                  .bytes = (uint64_t)status->st_size,
                                  .changed = status->st_mtim};
}

bool file_identity_same(const struct file_identity *a, const struct file_identity *b)
{
    return a->device == b->device && a->inode == b->inode;
}

bool file_status_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static int check(const struct file_identity *identity, const struct stat *status, const char *path)
{
    const struct file_identity now = file_identity(status);
    const char *how = NULL;

    if (!file_identity_same(identity, &now))
        how = "it is another file";
    else if (identity->bytes != now.bytes)
        how = now.bytes > identity->bytes ? "it is longer" : "it is shorter";
    else if (identity->changed.tv_sec != now.changed.tv_sec ||
             identity->changed.tv_nsec != now.changed.tv_nsec)
        how = "it was written to";
    if (how)
        return err_set("%s has changed since it was read first (%s): start again, with files that "
                       "stay as they are", path, how);
    return 0;
}

int file_identity_check(const struct file_identity *identity, int fd, const char *path)
{
    struct stat status;

    if (fstat(fd, &status))
        return err_system("cannot look at %s", path);
    return check(identity, &status, path);
}

int file_identity_check_path(const struct file_identity *identity, const char *path)
{
    struct stat status;

    if (stat(path, &status))
        return err_system("%s has changed since it was read first", path);
    return check(identity, &status, path);
}
