/* rows.h - what the readers of tasks share: where a file is, and which class a label names. */
#ifndef GLU_TASK_ROWS_H
#define GLU_TASK_ROWS_H

#include "src/task/text_task.h"

#include <limits.h>

/* "directory/name" of a file that the task needs and that can be read.  0, or -1 and a message. */
int rows_path(char path[PATH_MAX], const struct text_task *task, const char *directory,
              const char *name) GLU_MUST_USE;
/* The two names of files in "ONE,OTHER".  0, or -1 and a message. */
int rows_two_files(const char *files, char path[2][PATH_MAX]) GLU_MUST_USE;

/* The class of a word, or of a number that a file has in its place.  0, or -1 and a message that does not
 * tell where. */
int rows_label_of_word(const struct text_task *task, const char *word, int *label) GLU_MUST_USE;
int rows_label_of_number(const struct text_task *task, int64_t number, int *label) GLU_MUST_USE;
/* A whole number that begins a text and ends it.  False: it is none. */
bool rows_whole_number(const char *text, int64_t *number);

/* A number that is finite.  False: it is none. */
bool rows_number(const char *text, double *number);

enum { ROWS_EXCERPT_BYTES = 64 };
/* A text of a file for a message: its beginning, as a terminal can show it. */
const char *rows_excerpt(const char *text, char excerpt[ROWS_EXCERPT_BYTES]);

#endif
