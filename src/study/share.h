/* share.h - a study that many programs do, each the K-th of N parts of its runs: which those are, and what
 * is said of them.  Results files are nobody's of these; see gather.h. */
#ifndef GLU_STUDY_SHARE_H
#define GLU_STUDY_SHARE_H

#include "src/study/run.h"
#include "src/study/study.h"

/* Which of `count` runs the cell-th of `cells` parts has, counted from 1: *begin to *end - 1, of which there may
 * be none.  Parts differ by one run at most, and the first have the more. */
void share_of(int64_t count, int64_t cell, int64_t cells, int64_t *begin, int64_t *end);

/* Say which runs this program does, and how many of them are done. */
void share_say(const struct study *study);

/* How the part ended; a message is set unless it is STUDY_OK. */
enum study_status share_conclude(const struct study *study);

#endif
