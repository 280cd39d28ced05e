/* extend.h - the directory of a study, which is gone on with and extended, and never narrowed. */
#ifndef GLU_STUDY_EXTEND_H
#define GLU_STUDY_EXTEND_H

#include "src/study/study.h"

#include <jansson.h>

/* What is done of this study is done from now on; the directory of another one is refused, and one that
 * has more than is asked for.  0, or -1 and a message; changes nothing. */
int extend_enter(struct study *study) GLU_MUST_USE;

/* Has the study.json that is there all the cells of one that is made to be written? */
bool extend_is_known(const struct study *study, const json_t *made);

/* Add to a study.json that is to be written what the one that is there has besides: values, settings
 * and cells.  0, or -1 and a message. */
int extend_keep(const struct study *study, json_t *made) GLU_MUST_USE;

/* Put the tables of the study, as its results files are now, into its study.json, where figures find
 * them.  What fails is a warning. */
void extend_note_tables(struct store *store);

#endif
