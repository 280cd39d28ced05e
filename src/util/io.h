/* io.h - files and directories, with the message when something goes wrong.  What writes so that a
 * crash leaves no half of a file is atomic_file.h. */
#ifndef GLU_UTIL_IO_H
#define GLU_UTIL_IO_H

#include "src/glu.h"
#include "src/util/sha256.h"

#include <limits.h>

/* "directory/name".  0, or -1 when that is too long for a path. */
int io_join(char path[PATH_MAX], const char *directory, const char *name) GLU_MUST_USE;

/* Where a symbolic link leads, relative to where it stands, in `to`.  1, or 0 when `path` is no link
 * (or is not there), or -1 and a message. */
enum { IO_LINKS_MAX = 40 }; /* in a row, as the kernel has it */
int io_read_link(const char *path, char to[PATH_MAX]) GLU_MUST_USE;

/* One name for a file, however it is written: absolute, without links, "." and "..".  What is not
 * there yet gets the name that it will have: links that lead nowhere are followed, and directories
 * may be missing.  0, or -1 and a message. */
int io_canonical(const char *path, char to[PATH_MAX]) GLU_MUST_USE;

/* The file that is replaced when a path is written to: where links lead, be it to nothing; a path that
 * is neither file nor link is returned as it is.  New memory, or NULL and a message. */
char *io_follow(const char *path);

/* Open a regular file for reading, and nothing that would block or never end; *bytes is its size.
 * The descriptor, or -1. */
int io_open_regular(const char *path, uint64_t *bytes) GLU_MUST_USE;
/* Read exactly so many bytes at an offset; `path` is for the message.  0 or -1. */
int io_read_at(int fd, const char *path, void *data, size_t bytes, uint64_t offset) GLU_MUST_USE;

/* More than any JSON file of this program, and less than what never ends. */
enum { IO_JSON_MAX_BYTES = 1 << 30 };

/* All of a file, which may be a pipe, of `most` bytes at most.  *text is new memory with a NUL
 * behind its *bytes.  0 or -1. */
int io_read_file(const char *path, size_t most, char **text, size_t *bytes) GLU_MUST_USE;
/* What a file was when it was read whole. */
struct io_facts {
    uint64_t bytes;
    char sha256[SHA256_HEX_BYTES];
};
/* The same of JSON that others may have written: without the mark that some programs put before UTF-8;
 * UTF-16 is refused.  `facts` may be NULL. */
int io_read_json(const char *path, char **text, size_t *bytes, struct io_facts *facts) GLU_MUST_USE;
/* The same of a regular file, as it is. */
int io_read_regular(const char *path, size_t most, char **text, struct io_facts *facts) GLU_MUST_USE;

/* Make a directory, or that and those above it; one that is there is fine.  0 or -1. */
int io_make_directory(const char *path) GLU_MUST_USE;
int io_make_directories(const char *path) GLU_MUST_USE;

#endif
