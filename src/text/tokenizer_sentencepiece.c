/* tokenizer_sentencepiece.c - the pieces of a model of SentencePiece, with sentinels where T5 has them. */
#include "src/glu.h"

#include "src/text/tokenizer.h"

#include "src/text/hf_tokenizer.h"
#include "src/text/spm.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *const files[] = {"spiece.model", HF_TOKENIZER_FILE, NULL};

#ifdef HAVE_SENTENCEPIECE

enum { PIECES_MAX = 1000000 };

struct sentencepiece_tokenizer {
    struct tokenizer tokenizer;
    struct spm_model *model;
    char *file; /* its bytes, owned */
};

static const struct sentencepiece_tokenizer *own_of(const struct tokenizer *tokenizer)
{
    return (const struct sentencepiece_tokenizer *)tokenizer;
}

/* Pieces have a byte each or more, and there may be one for the space before the first; only characters
 * that are normalised to many more (U+FDFA is 18 letters) have more. */
static size_t sentencepiece_ids_max(const struct tokenizer *tokenizer, size_t bytes)
{
    (void)tokenizer;
    return bytes + 1;
}

static size_t sentencepiece_encode(const struct tokenizer *tokenizer, const char *text, size_t bytes,
                                   int32_t *ids, size_t capacity)
{
    char why[SPM_ERROR_BYTES] = "";
    size_t count = spm_encode(own_of(tokenizer)->model, text, bytes, ids, capacity, why);

    if (count == SIZE_MAX)
        err_set("a text of %zu bytes cannot be encoded: %s", bytes, why);
    return count;
}

static size_t sentencepiece_decode(const struct tokenizer *tokenizer, const int32_t *ids, size_t count,
                                   char *text, size_t capacity)
{
    int32_t *known = malloc((count + 1) * sizeof *known);
    char why[SPM_ERROR_BYTES] = "out of memory";
    size_t kept = 0, bytes = SIZE_MAX;

    for (size_t i = 0; known && i < count; i++)
        if (ids[i] >= 0 && ids[i] < tokenizer->pieces)
            known[kept++] = ids[i];
    if (known)
        bytes = spm_decode(own_of(tokenizer)->model, known, kept, text, capacity, why);
    free(known);
    if (bytes == SIZE_MAX)
        err_set("%zu ids cannot be decoded: %s", count, why);
    return bytes;
}

/* ---- For others ------------------------------------------------------------------------------ */

/* What Hugging Face's T5Tokenizer takes.  It gives its N extra tokens the ids behind the pieces, backwards.
 * What follows one of them is the text that stood there, without a space that was not ("legacy"), and
 * decoded text keeps its spaces. */
static json_t *config_json(const struct sentencepiece_tokenizer *own)
{
    json_t *extra = hf_tokenizer_sentinels(TOKEN_SENTINELS, false);

    return json_pack("{s:s, s:s, s:s, s:s, s:i, s:o, s:{}, s:b, s:b, s:s}", "tokenizer_class", "T5Tokenizer",
                     "pad_token", spm_name(own->model, TOKEN_PAD), "eos_token",
                     spm_name(own->model, TOKEN_EOS), "unk_token", spm_name(own->model, TOKEN_UNK),
                     "extra_ids", TOKEN_SENTINELS, "additional_special_tokens", extra, "sp_model_kwargs",
                     "legacy", 0, "clean_up_tokenization_spaces", 0, "glubench_tokenizer_sha256",
                     own->tokenizer.file.sha256);
}

static int sentencepiece_save(const struct tokenizer *tokenizer, const char *directory)
{
    const struct sentencepiece_tokenizer *own = own_of(tokenizer);

    return hf_tokenizer_write_file(directory, files[0], own->file, (size_t)own->tokenizer.file.bytes) ||
                   hf_tokenizer_write(directory, config_json(own))
               ? -1
               : 0;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static void sentencepiece_close(struct tokenizer *tokenizer)
{
    struct sentencepiece_tokenizer *own = (struct sentencepiece_tokenizer *)tokenizer;

    spm_close(own->model);
    free(own->file);
    free(own);
}

/* A number as protocol buffers have it, low bits first, 7 in a byte; false when the bytes end before
 * it does. */
static bool read_number(const char **at, const char *end, uint64_t *number)
{
    *number = 0;
    for (int shift = 0; *at < end && shift < 64; shift += 7) {
        unsigned char byte = (unsigned char)*(*at)++;

        *number |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return true;
    }
    return false;
}

/* Parts of a model follow each other, and the library takes a file that ends between two of them for
 * another, whole model.  0, or -1 when one of the three that every model has is not there. */
static int check_parts(const char *path, const char *file, size_t bytes)
{
    enum { PIECE = 1, TRAINER = 2, NORMALIZER = 3, TEXT = 2 };
    const char *at = file, *end = file + bytes;
    bool is_there[NORMALIZER + 1] = {false}, whole = true;

    while (at < end && whole) {
        uint64_t tag, size = 0;

        whole = read_number(&at, end, &tag) && tag % 8 == TEXT && read_number(&at, end, &size) &&
                size <= (size_t)(end - at);
        if (!whole)
            break;
        at += size;
        if (tag / 8 >= PIECE && tag / 8 <= NORMALIZER)
            is_there[tag / 8] = true;
    }
    if (whole && is_there[PIECE] && is_there[TRAINER] && is_there[NORMALIZER])
        return 0;
    return err_set("%s: it is no model of SentencePiece, or was cut: its %s; take the file that "
                   "spm_train wrote, or download it again", path,
                   !whole ? "parts do not end where it does"
                   : !is_there[PIECE] ? "pieces are missing"
                   : !is_there[TRAINER] ? "options of training are missing"
                                        : "rules of normalisation are missing");
}

static int check_sizes(const char *path, const struct spm_sizes *sizes)
{
    if (sizes->pad != TOKEN_PAD || sizes->eos != TOKEN_EOS || sizes->unk != TOKEN_UNK)
        return err_set("%s: its pad, EOS and unk are the ids %d, %d and %d, where T5 and this program "
                       "have %d, %d and %d; train the model by 'spm_train --pad_id=%d --eos_id=%d "
                       "--unk_id=%d --bos_id=-1'", path, sizes->pad, sizes->eos, sizes->unk,
                       TOKEN_PAD, TOKEN_EOS, TOKEN_UNK, TOKEN_PAD, TOKEN_EOS, TOKEN_UNK);
    if (sizes->pieces > PIECES_MAX)
        return err_set("%s: it has %d pieces; at most %d can be", path, sizes->pieces, PIECES_MAX);
    return 0;
}

static int open_model(struct sentencepiece_tokenizer *own, const char *path)
{
    struct tokenizer *tokenizer = &own->tokenizer;
    char why[SPM_ERROR_BYTES] = "";
    struct spm_sizes sizes;
    size_t bytes;

    if (io_read_regular(path, TOKENIZER_FILE_MAX_BYTES, &own->file, &tokenizer->file))
        return -1;
    bytes = (size_t)tokenizer->file.bytes;
    if (check_parts(path, own->file, bytes))
        return -1;
    own->model = spm_open(own->file, bytes, why);
    if (!own->model)
        return err_set("%s: libsentencepiece cannot read it: %s", path, why);
    spm_look(own->model, &sizes);
    if (check_sizes(path, &sizes))
        return -1;
    tokenizer->pieces = sizes.pieces;
    /* As T5 has them: 32,000 pieces and 100 sentinels in 32,128 rows. */
    tokenizer->first_sentinel = sizes.pieces + TOKEN_SENTINELS - 1;
    tokenizer->vocabulary = (sizes.pieces + TOKEN_SENTINELS + 127) / 128 * 128;
    return 0;
}

static int sentencepiece_open(struct tokenizer **tokenizer, const char *argument)
{
    struct sentencepiece_tokenizer *own = calloc(1, sizeof *own);

    *tokenizer = NULL;
    if (!own)
        return err_set("no memory for a tokenizer");
    own->tokenizer = (struct tokenizer){.ids_max = sentencepiece_ids_max,
                                        .encode = sentencepiece_encode,
                                        .decode = sentencepiece_decode,
                                        .save = sentencepiece_save,
                                        .close = sentencepiece_close};
    if (open_model(own, argument)) {
        sentencepiece_close(&own->tokenizer);
        return -1;
    }
    *tokenizer = &own->tokenizer;
    return 0;
}

#else

static int sentencepiece_open(struct tokenizer **tokenizer, const char *argument)
{
    *tokenizer = NULL;
    return err_set("%s: this glubench was built without SentencePiece; install its library (Debian: "
                   "apt-get install g++ libsentencepiece-dev) and build again: ./configure "
                   "--with-sentencepiece=yes && make", argument);
}

#endif

const struct tokenizer_type tokenizer_sentencepiece = {"sentencepiece", "FILE", sentencepiece_open,
                                                        files};
