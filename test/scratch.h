/* scratch.h - a directory of its own for a test that needs files; it is removed at exit. */
#ifndef GLU_TEST_SCRATCH_H
#define GLU_TEST_SCRATCH_H

#include "src/glu.h"

/* Path of a name in the scratch directory, which is made on the first call; owned by scratch.c
 * and valid until exit. */
const char *scratch_path(const char *name);
/* Write a file, plain or gzip, and return its path.  A '/' in the name makes directories. */
const char *scratch_write(const char *name, const void *data, size_t bytes);
const char *scratch_gzip(const char *name, const void *data, size_t bytes);
/* scratch_write() of a string. */
const char *scratch_text(const char *name, const char *text);
/* Write to a path that there already is a directory for. */
void scratch_store(const char *path, const void *data, size_t bytes);
/* Remove a file or a directory with all that is in it; none is fine. */
void scratch_remove(const char *path);
/* Read a whole file of at most `capacity` bytes; how many. */
size_t scratch_read(const char *path, void *data, size_t capacity);
/* Read a whole file into new memory. */
char *scratch_load(const char *path, size_t *bytes);

#endif
