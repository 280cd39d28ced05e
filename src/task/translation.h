/* translation.h - sentences and their translations, from two files that go together line by line. */
#ifndef GLU_TASK_TRANSLATION_H
#define GLU_TASK_TRANSLATION_H

#include "src/task/examples.h"

/* Add a pair for every line of "SOURCE,TARGET", two files, each plain or gzip.  What their names end in, en,
 * de, fr or ro (before .gz), gives the words before the input; with any other there are none.  Lines that are
 * empty on both sides are dropped, and counted.  0, or -1 and a message with file and line: one of them is
 * empty where the other is not, or is longer, or there is no pair at all. */
int translation_read(const char *files, struct examples *examples) GLU_MUST_USE;

#endif
