/* test-tokenizer.c - text to ids and back, and what every tokenizer promises. */
#include "src/glu.h"

#include "src/text/tokenizer.h"
#include "src/util/rng.h"
#include "test/tap.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST = 600 };

static struct tokenizer *open_tokenizer(const char *name)
{
    struct tokenizer *tokenizer;

    if (tokenizer_open(&tokenizer, name))
        tap_bail_out("%s", err_get());
    return tokenizer;
}

/* Decode `count` ids into room for `capacity` bytes, with a guard behind. */
static size_t decode(const struct tokenizer *tokenizer, const int32_t *ids, size_t count,
                     char *text, size_t capacity)
{
    size_t bytes;

    text[capacity] = '\1';
    bytes = tokenizer->decode(tokenizer, ids, count, text, capacity);
    if (text[capacity] != '\1')
        tap_bail_out("decode() wrote beyond %zu bytes", capacity);
    return bytes;
}

/* Sizes that go together, and text of ASCII and of other letters that comes back. */
static void test_promises(const char *name)
{
    static const char *const letters[] = {"a", "b", "Z", "0", " ", "\n", ".", "\xc3\xa4",
                                          "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    struct tokenizer *tokenizer = open_tokenizer(name);
    int last_sentinel = tokenizer->first_sentinel - TOKEN_SENTINELS + 1;
    int wrong = 0, outside = 0, cut = 0;

    tap_ok(tokenizer->pieces > TOKEN_UNK && last_sentinel >= tokenizer->pieces &&
               tokenizer->first_sentinel < tokenizer->vocabulary,
           "%s: %d pieces, sentinels %d to %d, %d ids", name, tokenizer->pieces, last_sentinel,
           tokenizer->first_sentinel, tokenizer->vocabulary);
    for (uint32_t round = 0; round < 200; round++) {
        char text[LONGEST], again[LONGEST + 1];
        size_t bytes = 0, count, most;
        struct rng rng;
        int32_t *ids;

        rng_start(&rng, 1, RNG_TEST, round);
        for (uint32_t left = rng_below(&rng, 100); left > 0; left--) {
            const char *letter = letters[rng_below(&rng, LENGTH_OF(letters))];

            memcpy(text + bytes, letter, strlen(letter));
            bytes += strlen(letter);
        }
        most = tokenizer->ids_max(tokenizer, bytes);
        ids = malloc((most + 1) * sizeof *ids);
        if (!ids)
            tap_bail_out("no memory");
        count = tokenizer->encode(tokenizer, text, bytes, ids, most);
        for (size_t i = 0; i < count && count <= most; i++)
            outside += ids[i] < TOKEN_UNK || ids[i] >= tokenizer->pieces;
        wrong += count > most || decode(tokenizer, ids, count, again, LONGEST) != bytes ||
                 memcmp(text, again, bytes) != 0;
        memset(again, 0, sizeof again);
        cut += decode(tokenizer, ids, count, again, bytes / 2) != bytes ||
               memcmp(text, again, bytes / 2) != 0;
        cut += decode(tokenizer, ids, count, again, 0) != bytes;
        ids[bytes / 2] = -7; /* not written to */
        cut += tokenizer->encode(tokenizer, text, bytes, ids, bytes / 2) != count ||
               ids[bytes / 2] != -7;
        free(ids);
    }
    tap_ok(wrong == 0, "%s: encoded and decoded, a text is the same", name);
    tap_ok(outside == 0, "%s: its ids are those of pieces", name);
    tap_ok(cut == 0, "%s: where there is no room the text is cut and its length told", name);
    tokenizer_close(tokenizer);
}

static void test_bytes(void)
{
    static const char text[] = "a\x00\xff\n";
    static const int32_t special[] = {TOKEN_PAD, 100,  TOKEN_EOS, TOKEN_UNK, 383, 284,
                                      283,       258, 259,       -1,        384, 3};
    struct tokenizer *bytes = open_tokenizer("bytes");
    int32_t ids[4] = {0};
    char back[8];

    tap_ok(bytes->vocabulary == 384 && bytes->pieces == 259 && bytes->first_sentinel == 383 &&
               bytes->file.sha256[0] == '\0' && bytes->save,
           "bytes: 384 ids, sentinels from 383");
    tap_ok(bytes->ids_max(bytes, 4) == 4 && bytes->encode(bytes, text, 4, ids, 4) == 4 &&
               ids[0] == 100 && ids[1] == 3 && ids[2] == 258 && ids[3] == 13,
           "bytes are the ids 3 to 258");
    tap_ok(decode(bytes, ids, 4, back, 7) == 4 && memcmp(back, text, 4) == 0,
           "and back, whatever they are");
    tap_ok(decode(bytes, special, LENGTH_OF(special), back, 7) == 3 &&
               memcmp(back, "a\xff\0", 3) == 0,
           "ids of no text leave nothing");
    tokenizer_close(bytes);
}

static void test_names(void)
{
    struct tokenizer *tokenizer;

    tap_ok(tokenizer_open(&tokenizer, "words") == -1 && !tokenizer && strstr(err_get(), "words") &&
               strstr(err_get(), "bytes") && strstr(err_get(), "sentencepiece:FILE"),
           "an unknown tokenizer: %s", err_get());
    tap_ok(tokenizer_open(&tokenizer, "bytes:x") == -1 && !tokenizer, "%s", err_get());
    tap_ok(tokenizer_open(&tokenizer, "byte") == -1 && tokenizer_open(&tokenizer, "") == -1,
           "part of a name is none: %s", err_get());
    tap_ok(tokenizer_open(&tokenizer, "sentencepiece") == -1 && !tokenizer &&
               strstr(err_get(), "sentencepiece:FILE") &&
               tokenizer_open(&tokenizer, "sentencepiece:") == -1 && !tokenizer,
           "without its file: %s", err_get());
    tap_ok(tokenizer_type_find("sentencepiece:x") == &tokenizer_sentencepiece &&
               tokenizer_type_find("sentencepiece") == &tokenizer_sentencepiece &&
               tokenizer_type_find("bytes") == &tokenizer_bytes && !tokenizer_type_find("byte"),
           "kinds are found by name, with an argument or without");
}

int main(void)
{
    int types = 0, whole = 0; /* those that need no file; test/sentencepiece.sh has the others */

    while (tokenizer_type_at((size_t)types))
        types++;
    for (int i = 0; i < types; i++)
        whole += !tokenizer_type_at((size_t)i)->argument;
    tap_plan(4 * whole + 4 + 5);
    for (int i = 0; i < types; i++)
        if (!tokenizer_type_at((size_t)i)->argument)
            test_promises(tokenizer_type_at((size_t)i)->name);
    test_bytes();
    test_names();
    return tap_status();
}
