/* tokens.h - the token ids that every tokenizer shares (T5's). */
#ifndef GLU_UTIL_TOKENS_H
#define GLU_UTIL_TOKENS_H

enum { TOKEN_PAD = 0, TOKEN_EOS = 1, TOKEN_UNK = 2 };

#endif
