/* records.h - the runs of a study that are done, to and from its directory. */
#ifndef GLU_STUDY_RECORDS_H
#define GLU_STUDY_RECORDS_H

#include "src/study/study.h"

/* Write the record of a run that is settled; what fails is a warning.  Returns whether it is
 * recorded. */
bool records_put(const struct study *study, const struct run *run);
/* The result of a run that is done, from its row of a results file or its record.  0 or -1 (memory). */
int records_restore(struct run *run, const json_t *row) GLU_MUST_USE;
/* Take the records of all cells that are done; one that is damaged is told and not used.  0, or -1 and a
 * message (memory). */
int records_take(struct study *study) GLU_MUST_USE;
/* Say how many runs are done. */
void records_say(const struct study *study);

#endif
