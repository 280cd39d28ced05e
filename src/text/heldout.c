/* heldout.c - see heldout.h. */
#include "src/glu.h"

#include "src/text/heldout.h"

#include <stdlib.h>
#include <string.h>

/* ==== Keeping ==== */

struct record {
    uint64_t hash;
    size_t bytes; /* of the text behind it */
};

int kept_add(struct kept *kept, const struct document *document)
{
    struct record record = {document->hash, document->bytes};
    size_t left = kept->most - kept->used;

    if (kept->gave_up)
        return 0;
    if (left < sizeof record || left - sizeof record < document->bytes) {
        kept_give_up(kept);
        return 0;
    }
    if (kept->capacity - kept->used < sizeof record + document->bytes) {
        size_t capacity = 2 * (kept->used + sizeof record + document->bytes);
        char *grown = realloc(kept->records, capacity);

        if (!grown)
            return err_set("no memory for %zu bytes of held-out text", capacity);
        kept->records = grown;
        kept->capacity = capacity;
    }
    memcpy(kept->records + kept->used, &record, sizeof record);
    memcpy(kept->records + kept->used + sizeof record, document->text, document->bytes);
    kept->used += sizeof record + document->bytes;
    return 0;
}

void kept_give_up(struct kept *kept)
{
    kept_free(kept);
    kept->gave_up = true;
}

void kept_free(struct kept *kept)
{
    free(kept->records);
    kept->records = NULL;
    kept->used = kept->capacity = 0;
}

/* ==== The source ==== */

struct heldout {
    struct source source;
    const struct kept *kept;
    size_t at; /* in kept->records */
    const struct file_list *files;
    const char *field;
    const struct sides *sides;
    int next_file;
    struct reader *reader; /* NULL: open the next file */
};

static int next_kept(struct source *source, struct document *document)
{
    struct heldout *self = (struct heldout *)source;
    struct record record;

    if (self->at == self->kept->used)
        return 0;
    memcpy(&record, self->kept->records + self->at, sizeof record);
    *document = (struct document){.text = self->kept->records + self->at + sizeof record,
                                  .bytes = record.bytes,
                                  .hash = record.hash};
    self->at += sizeof record + record.bytes;
    return 1;
}

static int next_read(struct source *source, struct document *document)
{
    struct heldout *self = (struct heldout *)source;

    for (;;) {
        int got;

        if (!self->reader && self->next_file == self->files->count)
            return 0;
        if (!self->reader &&
            files_open(&self->reader, &self->files->files[self->next_file++], self->field, NULL))
            return -1;
        got = reader_next(self->reader, document);
        if (got < 0 || (got > 0 && sides_hold_out(self->sides, document->hash)))
            return got;
        if (got == 0) {
            reader_close(self->reader);
            self->reader = NULL;
        }
    }
}

static void heldout_close(struct source *source)
{
    struct heldout *self = (struct heldout *)source;

    reader_close(self->reader);
    free(self);
}

int heldout_source(struct source **source, const struct kept *kept, const struct file_list *files,
                   const char *field, const struct sides *sides)
{
    struct heldout *self = calloc(1, sizeof *self);

    *source = NULL;
    if (!self)
        return err_set("no memory to read the held-out text");
    self->source.next = kept->gave_up ? next_read : next_kept;
    self->source.close = heldout_close;
    self->kept = kept;
    self->files = files;
    self->field = field;
    self->sides = sides;
    *source = &self->source;
    return 0;
}
