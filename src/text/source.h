/* source.h - where documents come from: the interface between texts and what reads them. */
#ifndef GLU_TEXT_SOURCE_H
#define GLU_TEXT_SOURCE_H

#include "src/text/reader.h"

#include <stdbool.h>

/* Where a document begins. */
struct source_place {
    uint32_t pass, file; /* the pass' file-th, from 0 */
    struct reader_place in_file;
};

/* The first member of every source. */
struct source {
    /* 1 and the next document, which lasts until the next call; 0 at the end; -1 and a message. */
    int (*next)(struct source *source, struct document *document);
    void (*close)(struct source *source);
    bool endless; /* there is always a next document */

    /* Of a source that gives the same documents again and again, in another order every time; NULL
     * for others. */
    void (*start_pass)(struct source *source, uint32_t pass); /* go to where a pass begins */
    uint32_t pass; /* of the document that next() gave last; from 0 */

    /* Of a source that goes to where it was without reading all again; NULL for others.  place(): where
     * the document that next() gave last begins.  go(): it is the next one; 0, or -1 and a message. */
    void (*place)(const struct source *source, struct source_place *place);
    int (*go)(struct source *source, const struct source_place *place);
};

static inline int source_next(struct source *source, struct document *document)
{
    return source->next(source, document);
}

static inline void source_close(struct source *source)
{
    if (source)
        source->close(source);
}

#endif
