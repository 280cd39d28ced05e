/* heldout.h - the held-out documents of files, in their order: from memory while they are few. */
#ifndef GLU_TEXT_HELDOUT_H
#define GLU_TEXT_HELDOUT_H

#include "src/text/files.h"
#include "src/text/sides.h"
#include "src/text/source.h"

/* Copies of documents.  All zero but `most`: none so far. */
struct kept {
    size_t most; /* bytes; when there are more, nothing is kept */
    bool gave_up;
    char *records; /* (used): a struct record and the text, one document after the other */
    size_t used, capacity;
};

/* Keep one more document.  0, or -1 without memory. */
int kept_add(struct kept *kept, const struct document *document);
/* Keep none of them after all. */
void kept_give_up(struct kept *kept);
void kept_free(struct kept *kept);

/* The documents of the files that are held out, once: the kept ones, or read again when they were
 * too many, JSON lines by the member `field`.  Everything is borrowed.  0, or -1 without memory. */
int heldout_source(struct source **source, const struct kept *kept, const struct file_list *files,
                   const char *field, const struct sides *sides);

#endif
