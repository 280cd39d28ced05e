/* own.h - is a file one that this program wrote?  Its content tells, never its name:
 *
 *     results       an object with "schema_version" whose "program" has the "name" glubench
 *     batches       a first line with "phase", "variant", "seed", "step" and "inputs"
 *     a log         a first line with "variant", "seed", "step", "learning_rate" and "train_s"
 *     weights       safetensors whose "__metadata__" has a "producer" glubench
 *     config.json   an object with "glubench_variant"
 *     tokenizer_config.json   an object with "glubench_tokenizer_sha256" or "glubench_tokenizer"
 *     a model card  YAML whose first line is OWN_CARD_MARK
 *     a study       an object with "program", "axes", "settings" and "cells"
 *     a cell of it  an object with "key", "config", "variant", "seed" and "run"
 *     a state       what record.h writes
 *
 * in the order, the spacing and the state in which other programs, an editor or a crash left it.  It
 * is asked of files that would be replaced (outputs.h), and of those that lie in a folder of text. */
#ifndef GLU_UTIL_OWN_H
#define GLU_UTIL_OWN_H

#include "src/glu.h"

#include <sys/stat.h>

#define OWN_CARD_MARK "# A card by " PACKAGE_NAME

/* Is it such a file?  Reads as much of it as it takes; false for what cannot be read, or is no
 * regular file. */
bool own_file(const char *path);

/* Is it the directory of a study, whose study.json is ours, or that of a sweep, NAME.run: by a lock
 * where a sweep has it, or because there is nothing in it that has not the name of such a file? */
bool own_run_directory(const char *path);

/* A file or directory is found in a folder of text: is it ours all the same?  It is also when it is
 * standard output, standard error or noted. */
bool own_found(const char *path, const struct stat *status);

/* Note a file that will be ours: an output that is there.  For the beginning of the program, before
 * there are threads.  0, or -1 without memory. */
int own_note(const struct stat *status) GLU_MUST_USE;

#endif
