/* shuffle.c - see shuffle.h. */
#include "src/glu.h"

#include "src/text/shuffle.h"
#include "src/util/rng.h"

#include <stdlib.h>
#include <string.h>

enum { OPEN_FILES = 8, BUFFER_DOCUMENTS = 1024, BUFFER_BYTES = 16 << 20 };

struct shuffle {
    struct source source;
    const struct file_list *files;
    const char *field;
    const struct sides *sides;
    uint64_t seed;
    struct rng rng; /* of this pass */
    int *order;     /* (files): this pass' */
    int next_file;  /* in order */
    struct reader *open[OPEN_FILES];
    int open_count;
    bool any; /* a document was found in this pass */

    struct document buffer[BUFFER_DOCUMENTS]; /* texts owned */
    uint32_t buffered;
    size_t buffered_bytes;
    char *handed_out; /* the text of the last document */
};

/* Drop what is open and buffered. */
static void drop_pass(struct shuffle *self)
{
    while (self->open_count > 0)
        reader_close(self->open[--self->open_count]);
    while (self->buffered > 0)
        free((char *)self->buffer[--self->buffered].text);
    self->buffered_bytes = 0;
}

static void shuffle_start_pass(struct source *source, uint32_t pass)
{
    struct shuffle *self = (struct shuffle *)source;

    drop_pass(self);
    source->pass = pass;
    self->next_file = 0;
    self->any = false;
    rng_start(&self->rng, self->seed, RNG_DOCUMENTS, pass);
    rng_order(&self->rng, self->order, self->files->count);
}

/* The next document of this pass in file order, from one of the open files. */
static int read_document(struct shuffle *self, struct document *document)
{
    const struct file_list *list = self->files;

    for (;;) {
        struct reader **reader;
        int got;

        while (self->open_count < OPEN_FILES && self->next_file < list->count) {
            const struct file *file = &list->files[self->order[self->next_file]];

            if (files_open(&self->open[self->open_count], file, self->field, NULL))
                return -1;
            self->open_count++;
            self->next_file++;
        }
        if (self->open_count == 0)
            return 0;
        reader = &self->open[rng_below(&self->rng, (uint32_t)self->open_count)];
        got = reader_next(*reader, document);
        if (got < 0 || (got > 0 && !sides_hold_out(self->sides, document->hash)))
            return got;
        if (got == 0) {
            reader_close(*reader);
            *reader = self->open[--self->open_count];
        }
    }
}

static int fill_buffer(struct shuffle *self)
{
    struct document document;
    char *text;
    int got;

    while (self->buffered < BUFFER_DOCUMENTS && self->buffered_bytes < BUFFER_BYTES) {
        got = read_document(self, &document);
        if (got <= 0)
            return got;
        text = malloc(document.bytes);
        if (!text)
            return err_set("no memory for a document of %zu bytes", document.bytes);
        memcpy(text, document.text, document.bytes);
        document.text = text;
        self->buffer[self->buffered++] = document;
        self->buffered_bytes += document.bytes;
        self->any = true;
    }
    return 0;
}

static int shuffle_next(struct source *source, struct document *document)
{
    struct shuffle *self = (struct shuffle *)source;
    struct document *chosen;

    free(self->handed_out);
    self->handed_out = NULL;
    if (fill_buffer(self))
        return -1;
    if (self->buffered == 0) { /* the pass is over */
        if (!self->any)
            return err_set("%s: there is no training document in the corpus",
                           self->files->files[0].path);
        shuffle_start_pass(source, source->pass + 1);
        if (fill_buffer(self))
            return -1;
        if (self->buffered == 0)
            return err_set("%s: the corpus has become empty", self->files->files[0].path);
    }
    chosen = &self->buffer[rng_below(&self->rng, self->buffered)];
    *document = *chosen;
    self->handed_out = (char *)chosen->text;
    self->buffered_bytes -= chosen->bytes;
    *chosen = self->buffer[--self->buffered];
    return 1;
}

static void shuffle_close(struct source *source)
{
    struct shuffle *self = (struct shuffle *)source;

    drop_pass(self);
    free(self->handed_out);
    free(self->order);
    free(self);
}

int shuffle_source(struct source **source, const struct file_list *files,
                   const char *field, const struct sides *sides, uint64_t seed)
{
    struct shuffle *self = calloc(1, sizeof *self);

    *source = NULL;
    if (self)
        self->order = calloc((size_t)files->count, sizeof *self->order);
    if (!self || !self->order) {
        free(self);
        return err_set("no memory to read the corpus");
    }
    self->source = (struct source){.next = shuffle_next,
                                   .close = shuffle_close,
                                   .endless = true,
                                   .start_pass = shuffle_start_pass};
    self->files = files;
    self->field = field;
    self->sides = sides;
    self->seed = seed;
    shuffle_start_pass(&self->source, 0);
    *source = &self->source;
    return 0;
}
