/* older.h - what versions without records of cells left beside a results file: FILE.run/sweep.record,
 * which says what was being done, and states of trainings, FILE.run/VARIANT-sSEED.STEP.state. */
#ifndef GLU_STUDY_OLDER_H
#define GLU_STUDY_OLDER_H

#include "src/study/grid.h"
#include "src/train/state.h"

#include <jansson.h>

#define OLDER_STUDY_NAME "sweep.record"

/* What it says, as study.json does: new reference in *study, NULL when there is none.  0 or -1. */
int older_read_study(const char *directory, json_t **study) GLU_MUST_USE;

/* Move the states of a cell's training to where they are now. */
void older_take_states(const char *directory, const struct cell *cell,
                       const struct state_place *place);
/* The rest of it goes. */
void older_remove_study(const char *directory);

#endif
