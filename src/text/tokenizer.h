/* tokenizer.h - text to token ids and back.
 *
 * A kind of tokenizer is a file and a row of the table in tokenizer.c.  A tokenizer is opened by
 * the name that the configuration gives it: that of its kind, with an argument behind a colon where
 * the kind takes one ("bytes", "KIND:FILE").  It never changes, so any number of threads may use
 * one. */
#ifndef GLU_TEXT_TOKENIZER_H
#define GLU_TEXT_TOKENIZER_H

#include "src/util/io.h"
#include "src/util/tokens.h"

#include <stddef.h>
#include <stdint.h>

/* Far more than any model's file. */
enum { TOKENIZER_FILE_MAX_BYTES = 1 << 28 };

/* The first member of every kind's own. */
struct tokenizer {
    int vocabulary;     /* rows of the embedding: no id is as large */
    int pieces;         /* ids 0 .. pieces - 1 stand for text, or are pad, EOS and unk */
    int first_sentinel; /* the largest of TOKEN_SENTINELS ids, none of which is a piece */
    struct io_facts file; /* that it was made from; all 0 when there is none */

    /* The most ids that a text of so many bytes has, but for texts that hardly anybody writes. */
    size_t (*ids_max)(const struct tokenizer *tokenizer, size_t bytes);
    /* Write the first `capacity` ids of a text (UTF-8, no EOS behind), and return how many the whole
     * has, or SIZE_MAX and a message when it cannot be done. */
    size_t (*encode)(const struct tokenizer *tokenizer, const char *text, size_t bytes, int32_t *ids,
                     size_t capacity);
    /* Write the first `capacity` bytes of the text of `count` ids, without a NUL behind, and return
     * how many bytes the whole text has, or SIZE_MAX and a message.  Ids that stand for no text,
     * pad, EOS and sentinels among them, leave nothing.  Ids that nobody encoded may give bytes
     * that are no UTF-8. */
    size_t (*decode)(const struct tokenizer *tokenizer, const int32_t *ids, size_t count,
                     char *text, size_t capacity);
    /* Write the type's files into a directory, each atomically; one that has the content already is left
     * alone.  0, or -1 and a message that names the file.  NULL: it has none. */
    int (*save)(const struct tokenizer *tokenizer, const char *directory);
    void (*close)(struct tokenizer *tokenizer);
};

struct tokenizer_type {
    const char *name;
    const char *argument; /* what the name's second part is: "FILE"; NULL: there is none */
    /* argument: NULL for a kind without one. */
    int (*open)(struct tokenizer **tokenizer, const char *argument);
    /* Names of what save() writes, by which other programs know the tokenizer, and NULL.  Of a kind
     * with an argument the first is a copy of FILE. */
    const char *const *files;
};
extern const struct tokenizer_type tokenizer_bytes;
extern const struct tokenizer_type tokenizer_sentencepiece;

/* The i-th kind, or NULL past the last. */
const struct tokenizer_type *tokenizer_type_at(size_t i);
/* The kind of a name, with an argument or without; NULL: there is none. */
const struct tokenizer_type *tokenizer_type_find(const char *name);

/* 0, or -1 and a message: there is no such kind (it lists those there are), the argument is missing
 * or too much, or what open() says. */
int tokenizer_open(struct tokenizer **tokenizer, const char *name);
/* NULL is fine. */
void tokenizer_close(struct tokenizer *tokenizer);

#endif
