/* tokenizer.c - see tokenizer.h. */
#include "src/glu.h"

#include "src/util/tokens.h"
#include "src/task/span.h"
#include "src/text/tokenizer.h"

#include <stdio.h>
#include <string.h>

enum {
    FIRST_BYTE_ID = TOKEN_UNK + 1,
    /* 3 + 256 + 100 ids, rounded up to a multiple of 128: what matrix products like. */
    BYTES_VOCABULARY = (FIRST_BYTE_ID + 256 + SPAN_SENTINELS + 127) / 128 * 128
};

static size_t encode_bytes(const char *text, size_t bytes, int32_t *ids)
{
    for (size_t i = 0; i < bytes; i++)
        ids[i] = (unsigned char)text[i] + FIRST_BYTE_ID;
    return bytes;
}

static const struct tokenizer tokenizers[] = {
    {"bytes", BYTES_VOCABULARY, encode_bytes},
};

const struct tokenizer *tokenizer_get(size_t i)
{
    return i < LENGTH_OF(tokenizers) ? &tokenizers[i] : NULL;
}

const struct tokenizer *tokenizer_find(const char *name)
{
    const struct tokenizer *tokenizer;
    char names[256] = "";

    for (size_t i = 0; (tokenizer = tokenizer_get(i)); i++) {
        size_t used = strlen(names);

        if (strcmp(tokenizer->name, name) == 0)
            return tokenizer;
        snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", tokenizer->name);
    }
    err_set("unknown tokenizer '%s': the known ones are: %s", name, names);
    return NULL;
}

int tokenizer_vocabulary(const char *name)
{
    const struct tokenizer *tokenizer = tokenizer_find(name);

    return tokenizer ? tokenizer->vocabulary : -1;
}
