/* normalise.h - answers as SQuAD's and ReCoRD's scorers compare them: in lower case; without ASCII
 * punctuation; without the words a, an and the; white space between words alone. */
#ifndef GLU_TASK_METRICS_NORMALISE_H
#define GLU_TASK_METRICS_NORMALISE_H

#include "src/task/metrics/words.h"

/* The words of an answer, which point into *text.  The caller frees both, after a failure too.  0,
 * or -1 and a message. */
int normalise(const char *answer, struct unicode *text, struct words *words) GLU_MUST_USE;

#endif
