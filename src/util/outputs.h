/* outputs.h - what a command reads and what it will write, checked before anything is opened for
 * writing.  One rule for every output:
 *
 *     - it is no input, be it named or in a folder that is: a file is one by device and inode,
 *       however its path is spelled and through whatever links it is reached;
 *     - it is no other output, nor the temporary file of one, nor in the run directory of one;
 *     - a file that is there and not empty is one that this program wrote (own.h), or else the user
 *       said --force, which helps against nothing else;
 *     - it is a regular file, or, for what is written at one stroke or one behind the other, a pipe
 *       or a character device; "-" and the like are standard output (standard.h).
 *
 * Files of ours in a folder of text are no inputs: they are left out there (own_found). */
#ifndef GLU_UTIL_OUTPUTS_H
#define GLU_UTIL_OUTPUTS_H

#include "src/glu.h"

enum output_kind {
    OUTPUT_ANY,  /* a file, a pipe, a character device, standard output */
    OUTPUT_FILE, /* a file: it is replaced, or made */
    OUTPUT_RUN   /* a run directory, which is made, and all that is in it */
};

struct output_place;

/* All zero: none so far. */
struct outputs {
    struct output_place *places; /* owned */
    int count, capacity;
};

/* Add a path that is read: a file, or a directory for all files below it.  `field` is what messages
 * call it, FIELD("corpus"), and is borrowed.  What is not there is another one's to find.  0, or -1
 * without memory. */
int outputs_add_input(struct outputs *outputs, const char *field, const char *path) GLU_MUST_USE;
/* Add one that will be written.  0, or -1 without memory. */
int outputs_add(struct outputs *outputs, const char *field, const char *path,
                enum output_kind kind) GLU_MUST_USE;
/* Add standard output and standard error, where the caller's shell made them files. */
int outputs_add_standard(struct outputs *outputs) GLU_MUST_USE;

/* 0, or -1 and a message that names both of them and the remedy.  It may change their order. */
int outputs_check(struct outputs *outputs, bool force) GLU_MUST_USE;
void outputs_free(struct outputs *outputs);

/* Open what is written directly, a pipe, a device or standard output; a pipe waits for its reader.
 * *fd is -1 for a regular file, and for what is not there.  0, or -1 and a message. */
int output_open_direct(const char *path, int *fd) GLU_MUST_USE;

#endif
