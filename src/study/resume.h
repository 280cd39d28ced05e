/* resume.h - going on where an earlier program stopped. */
#ifndef GLU_STUDY_RESUME_H
#define GLU_STUDY_RESUME_H

#include "src/study/study.h"

/* Settle what becomes of a study that was stopped.  With --resume the runs that it has done are done
 * from now on: those of its cells' records, and those of the results file when that agrees in all
 * that decides a result.  A results file of something else, which that study was about to replace, is
 * left out of account.  0, or -1 and a message: it is another one, or nobody said what is to become
 * of it.  Changes nothing that would be missed. */
int resume_enter(struct study *study) GLU_MUST_USE;

/* All is checked: note the study in its directory, in place of what --restart throws away, and the
 * runs that came from a results file as cells that are done.  0 or -1. */
int resume_note(const struct study *study) GLU_MUST_USE;

/* Is there work in the directory that nobody has taken up? */
bool resume_is_unfinished(const struct study *study);

#endif
