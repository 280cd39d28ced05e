/* sealed.h - a JSON object in a file that tells whether it is whole: its member "checksum" is the
 * SHA-256 of the others, printed with their keys in order and without spaces.  So it may be printed
 * anew by any program, but not changed. */
#ifndef GLU_UTIL_SEALED_H
#define GLU_UTIL_SEALED_H

#include "src/glu.h"
#include "src/util/sha256.h"

#include <jansson.h>

/* The checksum of any value, so printed; a real number counts to the 15 digits that files have, so
 * that it does not matter whether it was written and read in between.  0, or -1 without memory. */
int sealed_checksum(const json_t *value, char hex[SHA256_HEX_BYTES]) GLU_MUST_USE;

/* Seal the object and write it atomically; a link of that name is replaced and not followed.  0, or
 * -1 and a message that names the path. */
int sealed_write(const char *path, json_t *object) GLU_MUST_USE;
/* Likewise by atomic_write_hurried(). */
int sealed_write_hurried(const char *path, json_t *object) GLU_MUST_USE;

/* Read one and check its seal: new reference, without the checksum, or NULL and a message that names
 * the path and the fault. */
json_t *sealed_read(const char *path) GLU_MUST_USE;

#endif
