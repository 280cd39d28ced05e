/* source.h - where documents come from: the interface between the corpora and the stream. */
#ifndef GLU_TEXT_SOURCE_H
#define GLU_TEXT_SOURCE_H

#include "src/text/reader.h"

/* The first member of every source. */
struct source {
    /* 1 and the next document, which lasts until the next call; 0 at the end; -1 and a message. */
    int (*next)(struct source *source, struct document *document);
    void (*close)(struct source *source);
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
