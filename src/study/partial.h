/* partial.h - what is said of a part of a study's runs, by one of the many programs that do it.  None of these
 * writes a results file; see gather.h. */
#ifndef GLU_STUDY_PARTIAL_H
#define GLU_STUDY_PARTIAL_H

#include "src/study/status.h"
#include "src/study/study.h"

/* Say how many runs this program does, which may be none, and how many of them are done. */
void partial_say(const struct study *study);

/* How the part ended; a message is set unless it is STUDY_OK. */
enum study_status partial_conclude(const struct study *study);

#endif
