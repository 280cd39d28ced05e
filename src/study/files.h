/* files.h - the files of a study: which it reads, which it writes, and where its weights are. */
#ifndef GLU_STUDY_FILES_H
#define GLU_STUDY_FILES_H

#include "src/study/options.h"

#include <limits.h>

/* Where the weights of a run are below a directory that the user gave: the directory itself, which may
 * be NULL, when it is the only one of `runs`, else one of its own in it, written to `path`.  `part` is
 * the name of its setting; NULL: there is one. */
const char *files_of_weights(const char *directory, const char *part, const struct variant *variant,
                             uint64_t seed, int runs, char path[PATH_MAX]);

/* Where a run looks for the weights that it begins from, which others may have put there: as above, or, where
 * there is no such directory, in that of its variant and seed alone.  NULL: it begins from its seed. */
const char *files_of_init(const char *directory, const char *part, const struct variant *variant, uint64_t seed,
                          int runs, char path[PATH_MAX]);

/* Check all that a study would write against what it reads, see util/outputs.h, before any of it is
 * opened.  Settings without an output write none.  0, or -1 and a message. */
int study_files_check(const struct study_options *options) GLU_MUST_USE;

#endif
