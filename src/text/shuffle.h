/* shuffle.h - the documents of files without end, every pass over them in another order. */
#ifndef GLU_TEXT_SHUFFLE_H
#define GLU_TEXT_SHUFFLE_H

#include "src/text/files.h"
#include "src/text/sides.h"
#include "src/text/source.h"

/* The documents that are not held out.  A pass reads the files in a random order, a few of them
 * open at a time, and draws from a buffer of up to 1,024 documents (and 16 MiB); its order is a
 * function of the files, the seed and the number of the pass.  Files (one or more), the name of the
 * member of JSON lines and sides are borrowed.  0, or -1 without memory. */
int shuffle_source(struct source **source, const struct file_list *files,
                   const char *field, const struct sides *sides, uint64_t seed);

#endif
