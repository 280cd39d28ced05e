/* tokens.h - the token ids that every tokenizer shares (T5's). */
#ifndef GLU_UTIL_TOKENS_H
#define GLU_UTIL_TOKENS_H

enum {
    TOKEN_PAD = 0,
    TOKEN_EOS = 1,
    TOKEN_UNK = 2,
    /* How many ids stand for spans that were cut out, in descending order from the one that the
     * tokenizer names first. */
    TOKEN_SENTINELS = 100
};

#endif
