/* tokenizer_bytes.c - a token for each byte: no model to be had, every text can be written. */
#include "src/glu.h"

#include "src/text/tokenizer.h"

#include "src/text/hf_tokenizer.h"

#include <jansson.h>
#include <stdlib.h>

enum {
    FIRST_BYTE_ID = TOKEN_UNK + 1,
    PIECES = FIRST_BYTE_ID + 256,
    /* Rounded up to a multiple of 128: what matrix products like. */
    VOCABULARY = (PIECES + TOKEN_SENTINELS + 127) / 128 * 128
};

static size_t bytes_ids_max(const struct tokenizer *tokenizer, size_t bytes)
{
    (void)tokenizer;
    return bytes;
}

static size_t bytes_encode(const struct tokenizer *tokenizer, const char *text, size_t bytes,
                           int32_t *ids, size_t capacity)
{
    (void)tokenizer;
    for (size_t i = 0; i < bytes && i < capacity; i++)
        ids[i] = (unsigned char)text[i] + FIRST_BYTE_ID;
    return bytes;
}

static size_t bytes_decode(const struct tokenizer *tokenizer, const int32_t *ids, size_t count,
                           char *text, size_t capacity)
{
    size_t bytes = 0;

    (void)tokenizer;
    for (size_t i = 0; i < count; i++) {
        if (ids[i] < FIRST_BYTE_ID || ids[i] >= PIECES)
            continue;
        if (bytes < capacity)
            text[bytes] = (char)(ids[i] - FIRST_BYTE_ID);
        bytes++;
    }
    return bytes;
}

/* The ids are those of ByT5, whose class in Hugging Face's library gives its additional tokens the ids behind
 * the bytes, in their order; the first sentinel is the last id of all, as it was in ByT5's training. */
static int bytes_save(const struct tokenizer *tokenizer, const char *directory)
{
    json_t *extra = hf_tokenizer_sentinels(VOCABULARY - PIECES, true);

    (void)tokenizer;
    return hf_tokenizer_write(directory,
                              json_pack("{s:s, s:s, s:s, s:s, s:i, s:o, s:s}", "tokenizer_class", "ByT5Tokenizer",
                                        "pad_token", "<pad>", "eos_token", "</s>", "unk_token", "<unk>",
                                        "extra_ids", VOCABULARY - PIECES, "additional_special_tokens", extra,
                                        "glubench_tokenizer", "bytes"));
}

static void bytes_close(struct tokenizer *tokenizer)
{
    free(tokenizer);
}

static int bytes_open(struct tokenizer **tokenizer, const char *argument)
{
    struct tokenizer *new = malloc(sizeof *new);

    (void)argument;
    *tokenizer = new;
    if (!new)
        return err_set("no memory for a tokenizer");
    *new = (struct tokenizer){.vocabulary = VOCABULARY,
                              .pieces = PIECES,
                              .first_sentinel = VOCABULARY - 1,
                              .ids_max = bytes_ids_max,
                              .encode = bytes_encode,
                              .decode = bytes_decode,
                              .save = bytes_save,
                              .close = bytes_close};
    return 0;
}

static const char *const files[] = {HF_TOKENIZER_FILE, NULL};

const struct tokenizer_type tokenizer_bytes = {"bytes", NULL, bytes_open, files};
