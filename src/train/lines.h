/* lines.h - a file of lines that trainings write beside their results: threads take turns, and a line that
 * cannot be written is told once, hours before the end, and holds up no training. */
#ifndef GLU_TRAIN_LINES_H
#define GLU_TRAIN_LINES_H

#include "src/glu.h"

#include <pthread.h>
#include <stdio.h>

struct lines {
    const char *field; /* of the configuration, for messages: FIELD("log"); borrowed */
    FILE *file;
    char *path;
    int error; /* of the first write that failed; 0: none has */
    pthread_mutex_t lock;
};

/* Open a file, or standard output, for writing.  `keep`: the file is there, what is in it stays and can be
 * read, and the stream is at its beginning.  0, or -1 and a message and nothing to close. */
int lines_open(struct lines *lines, const char *field, const char *path, bool keep) GLU_MUST_USE;
/* 0, or -1 and a message when something could not be written. */
int lines_close(struct lines *lines) GLU_MUST_USE;

/* Take the file to write to it; false when an earlier write has failed. */
bool lines_begin(struct lines *lines);
/* Give it back.  `failed`: a line was not made for other reasons than the file's, which errno tells. */
void lines_end(struct lines *lines, bool failed);

#endif
