/* atomic_file.h - replace a file so that a reader, a crash or a full disk meets either the old
 * content or the new one, never a part.
 *
 * The new content goes to `PATH.tmp` in the same directory, is synced to disk and renamed over
 * PATH; then the directory is synced.  The temporary file is locked while it is written, so two
 * writers of one path take turns; one that a crash left behind is reused by the next writer.
 * A symbolic link is followed, also one that leads to nothing yet, and the mode of the file that is
 * replaced is kept.  A path that is not a regular file (/dev/stdout, a pipe) is written directly. */
#ifndef GLU_UTIL_ATOMIC_FILE_H
#define GLU_UTIL_ATOMIC_FILE_H

#include "src/glu.h"

struct atomic_file {
    int fd;          /* -1: not open */
    char *path;      /* as resolved; owned */
    char *temporary; /* owned; NULL when written directly */
    bool hurried;    /* set by the caller: nothing waits for the disk, and a power failure may leave less
                      * than the whole */
};

/* Begin to replace `path`.  0, or -1 and a message that names the path. */
int atomic_open(struct atomic_file *file, const char *path) GLU_MUST_USE;

/* Write all of it to an open file; interrupted and short writes are continued.  `name` is what a
 * message calls the file.  0 or -1. */
int atomic_write_all(int fd, const char *name, const void *data, size_t bytes) GLU_MUST_USE;

/* Append, as atomic_write_all().  0 or -1; after an error only
 * atomic_abandon() is left. */
int atomic_append(struct atomic_file *file, const void *data, size_t bytes) GLU_MUST_USE;

/* Sync, rename, sync the directory.  0, or -1 with the old file still in place (or, when syncing
 * the directory is what failed, the new one).  The object is closed either way. */
int atomic_commit(struct atomic_file *file) GLU_MUST_USE;

/* Give up: the old file stays, the temporary one is removed.  Keeps the error message and accepts
 * an object that is closed already. */
void atomic_abandon(struct atomic_file *file);

/* All of the above for content that is in memory already.  0 or -1. */
int atomic_write(const char *path, const void *data, size_t bytes) GLU_MUST_USE;
/* Likewise, hurried: for what tells by itself whether it is whole, and is soon made again. */
int atomic_write_hurried(const char *path, const void *data, size_t bytes) GLU_MUST_USE;

/* A link, or whatever else at the path is not a file, goes: writing to it could change a file that is
 * somewhere else and not ours.  For what is never the user's own. */
void atomic_drop_link(const char *path);

#endif
