/* tokenizer.h - text to token ids.  A tokenizer is a row of a table. */
#ifndef GLU_TEXT_TOKENIZER_H
#define GLU_TEXT_TOKENIZER_H

#include <stddef.h>
#include <stdint.h>

struct tokenizer {
    const char *name;
    int vocabulary; /* pad, EOS, unk, the pieces, and at the end SPAN_SENTINELS sentinels */
    /* Writes at most `bytes` ids and returns how many. */
    size_t (*encode)(const char *text, size_t bytes, int32_t *ids);
};

/* By name; NULL and a message that lists the names when there is none. */
const struct tokenizer *tokenizer_find(const char *name);
/* The i-th tokenizer, or NULL past the last. */
const struct tokenizer *tokenizer_get(size_t i);

/* Vocabulary size of the tokenizer of that name (384 for "bytes"), or -1 and a message. */
int tokenizer_vocabulary(const char *name);

#endif
