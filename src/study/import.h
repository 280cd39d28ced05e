/* import.h - runs that a results file has and no record: of a file that is from before its study, or
 * whose records are gone. */
#ifndef GLU_STUDY_IMPORT_H
#define GLU_STUDY_IMPORT_H

#include "src/study/study.h"

#include <jansson.h>

/* Take the runs of a part's results file, if there is one, as done; what the file warns of is kept, and
 * throughput.  `known`: its directory is for something, so that the file may be of something else, and is
 * left out of account then.  0, or -1 and a message: it is of another configuration, has what nobody asks
 * for now, or cannot be read. */
int import_results(struct study *study, struct part *part, bool known) GLU_MUST_USE;

/* Where somebody looked before seeds were added, as `config` tells, their number was chosen by looking,
 * and stays so.  0 or -1 (memory). */
int import_looks(const struct part *part, const json_t *config) GLU_MUST_USE;

#endif
