/* shards.h - the documents of many files without end, one file after the other. */
#ifndef GLU_TEXT_SHARDS_H
#define GLU_TEXT_SHARDS_H

#include "src/text/files.h"
#include "src/text/sides.h"
#include "src/text/source.h"

/* The documents that are not held out.  A pass reads the files in a random order, one at a time, and the
 * documents of each as they stand there: each is read when its turn comes, and not before.  The order is
 * a function of the number of files, the seed and the number of the pass.  The source knows its place.
 * Files (one or more), the name of the member of JSON lines and sides are borrowed.  0, or -1 without
 * memory.  A file of which most lines are no documents is an error at its end; fewer are a warning. */
int shards_source(struct source **source, const struct file_list *files, const char *field,
                  const struct sides *sides, uint64_t seed);

#endif
