/* shards.c - see shards.h. */
#include "src/glu.h"

#include "src/text/shards.h"
#include "src/util/rng.h"

#include <inttypes.h>
#include <stdlib.h>

struct shards {
    struct source source;
    const struct file_list *files;
    const char *field;
    const struct sides *sides;
    uint64_t seed;
    int *order; /* (files): this pass' */
    int next;   /* in order; the file that is open is the one before */
    struct reader *reader; /* of that; NULL: none is open */
    bool any;              /* a document was found in this pass */
};

static void start_pass(struct source *source, uint32_t pass)
{
    struct shards *self = (struct shards *)source;
    struct rng rng;

    reader_close(self->reader);
    self->reader = NULL;
    source->pass = pass;
    self->next = 0;
    self->any = false;
    rng_start(&rng, self->seed, RNG_DOCUMENTS, pass);
    rng_order(&rng, self->order, self->files->count);
}

static int open_next(struct shards *self)
{
    const struct file *file = &self->files->files[self->order[self->next]];

    self->next++;
    return files_open(&self->reader, file, self->field, NULL);
}

/* The file that is open has been read. */
static int end_file(struct shards *self)
{
    const struct file *file = &self->files->files[self->order[self->next - 1]];
    const struct reader_lines *lines = reader_lines(self->reader);
    int status = reader_check_lines(self->reader);

    if (status == 0 && lines->first_bad)
        warn_add("%s: lines are skipped; the first: line %" PRIu64 ": %s", file->path, lines->first_bad,
                 lines->first_fault);
    if (lines->replaced)
        warn_add("%s: characters of the text, \\u0000 or half of a surrogate pair, are read as U+FFFD",
                 file->path);
    reader_close(self->reader);
    self->reader = NULL;
    return status;
}

static int end_pass(struct shards *self)
{
    if (!self->any)
        return err_set("%s: there is no training document in the corpus", self->files->files[0].path);
    start_pass(&self->source, self->source.pass + 1);
    return 0;
}

static int next(struct source *source, struct document *document)
{
    struct shards *self = (struct shards *)source;

    for (;;) {
        int got;

        if (!self->reader && self->next == self->files->count && end_pass(self))
            return -1;
        if (!self->reader && open_next(self))
            return -1;
        got = reader_next(self->reader, document);
        if (got < 0)
            return -1;
        if (got == 0 && end_file(self))
            return -1;
        if (got > 0 && !sides_hold_out(self->sides, document->hash)) {
            self->any = true;
            return 1;
        }
    }
}

static void tell_place(const struct source *source, struct source_place *place)
{
    const struct shards *self = (const struct shards *)source;

    *place = (struct source_place){.pass = source->pass, .file = (uint32_t)self->next - 1};
    reader_place(self->reader, &place->in_file);
}

static int go(struct source *source, const struct source_place *place)
{
    struct shards *self = (struct shards *)source;

    if (place->file >= (uint32_t)self->files->count)
        return err_set("%s: the corpus has %d files, and the training was in file %" PRIu32 " of them",
                       self->files->files[0].path, self->files->count, place->file + 1);
    start_pass(source, place->pass);
    self->next = (int)place->file;
    return open_next(self) || reader_go(self->reader, &place->in_file) ? -1 : 0;
}

static void close_shards(struct source *source)
{
    struct shards *self = (struct shards *)source;

    reader_close(self->reader);
    free(self->order);
    free(self);
}

int shards_source(struct source **source, const struct file_list *files, const char *field,
                  const struct sides *sides, uint64_t seed)
{
    struct shards *self = calloc(1, sizeof *self);

    *source = NULL;
    if (self)
        self->order = calloc((size_t)files->count, sizeof *self->order);
    if (!self || !self->order) {
        free(self);
        return err_set("no memory to read the corpus");
    }
    *self = (struct shards){.source = {.next = next,
                                       .close = close_shards,
                                       .endless = true,
                                       .start_pass = start_pass,
                                       .place = tell_place,
                                       .go = go},
                            .files = files,
                            .field = field,
                            .sides = sides,
                            .seed = seed,
                            .order = self->order};
    start_pass(&self->source, 0);
    *source = &self->source;
    return 0;
}
