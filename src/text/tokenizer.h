/* tokenizer.h - text to token ids and back.
 *
 * A kind of tokenizer is a file and a row of the table in tokenizer.c.  A tokenizer is opened by
 * the name that the configuration gives it: that of its kind, with an argument behind a colon where
 * the kind takes one ("bytes", "KIND:FILE").  It never changes, so any number of threads may use
 * one. */
#ifndef GLU_TEXT_TOKENIZER_H
#define GLU_TEXT_TOKENIZER_H

#include "src/util/sha256.h"
#include "src/util/tokens.h"

#include <stddef.h>
#include <stdint.h>

/* The first member of every kind's own. */
struct tokenizer {
    int vocabulary;     /* rows of the embedding: no id is as large */
    int pieces;         /* ids 0 .. pieces - 1 stand for text, or are pad, EOS and unk */
    int first_sentinel; /* the largest of TOKEN_SENTINELS ids, none of which is a piece */
    char sha256[SHA256_HEX_BYTES]; /* of the file that it was made from; "" when there is none */

    /* The most ids that a text of so many bytes can have. */
    size_t (*ids_max)(const struct tokenizer *tokenizer, size_t bytes);
    /* Write the ids of a text (UTF-8; at most ids_max() of them, no EOS behind) and return how
     * many, or SIZE_MAX and a message when it cannot be done. */
    size_t (*encode)(const struct tokenizer *tokenizer, const char *text, size_t bytes,
                     int32_t *ids);
    /* Write the first `capacity` bytes of the text of `count` ids, without a NUL behind, and return
     * how many bytes the whole text has, or SIZE_MAX and a message.  Ids that stand for no text,
     * pad, EOS and sentinels among them, leave nothing.  Ids that nobody encoded may give bytes
     * that are no UTF-8. */
    size_t (*decode)(const struct tokenizer *tokenizer, const int32_t *ids, size_t count,
                     char *text, size_t capacity);
    void (*close)(struct tokenizer *tokenizer);
};

struct tokenizer_type {
    const char *name;
    const char *argument; /* what the name's second part is: "FILE"; NULL: there is none */
    /* argument: NULL for a kind without one. */
    int (*open)(struct tokenizer **tokenizer, const char *argument);
};
extern const struct tokenizer_type tokenizer_bytes;

/* The i-th kind, or NULL past the last. */
const struct tokenizer_type *tokenizer_type_at(size_t i);

/* 0, or -1 and a message: there is no such kind (it lists those there are), the argument is missing
 * or too much, or what open() says. */
int tokenizer_open(struct tokenizer **tokenizer, const char *name);
/* NULL is fine. */
void tokenizer_close(struct tokenizer *tokenizer);

/* Vocabulary size of the tokenizer of that name (384 for "bytes"), or -1 and a message. */
int tokenizer_vocabulary(const char *name);

#endif
