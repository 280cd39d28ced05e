/* share.h - the runs of a study in parts. */
#ifndef GLU_STUDY_SHARE_H
#define GLU_STUDY_SHARE_H

#include "src/glu.h"

/* Which of `count` runs the cell-th of `cells` parts has, counted from 1: *begin to *end - 1, of which there may
 * be none.  Parts differ by one run at most, and the first have the more. */
void share_of(int64_t count, int64_t cell, int64_t cells, int64_t *begin, int64_t *end);

#endif
