/* identity.h - what a study is, as its directory tells it, and whether it is the one that is asked for. */
#ifndef GLU_STUDY_IDENTITY_H
#define GLU_STUDY_IDENTITY_H

#include "src/study/study.h"

#include <jansson.h>

/* study.json: what is varied, what is not, and the program whose bits it has.  New reference, or NULL
 * and a message. */
json_t *identity_json(const struct study *study) GLU_MUST_USE;

/* Does a configuration agree with a part's in all that decides a result?  Lists in `text` what does
 * not. */
bool identity_agrees(const struct part *part, json_t *config, char *text, size_t bytes);

/* Is that a cell's, a row of a results file or of study.json's cells, and did it start from the weights
 * that the cell starts from? */
bool identity_is_row_of(const json_t *row, const struct cell *cell);
bool identity_starts_alike(const json_t *row, const struct cell *cell);

/* Weights that have changed would give runs that cannot be compared with those that are done.  0, or -1
 * and a message.  `theirs` is a study.json. */
int identity_check_weights(const struct study *study, const json_t *theirs) GLU_MUST_USE;
/* Another build gives other last bits.  `theirs`: the program of a study.json. */
void identity_warn_of_program(const struct study *study, json_t *theirs);

#endif
