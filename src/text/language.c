/* language.c - see language.h.
 *
 * Only integers are used, so that the text is the same on every machine. */
#include "src/glu.h"

#include "src/text/language.h"

#include <stdlib.h>
#include <string.h>

enum { LETTERS = sizeof LANGUAGE_LETTERS - 1, SHARE = 1 << 24 /* of rank 1, where that is 1 */ };

/* Shares are kept as running sums: of rank r (from 0) those of all up to it. */
struct language {
    uint32_t topic_sums[LANGUAGE_TOPICS];
    char topic_letters[LANGUAGE_TOPICS][LANGUAGE_TOPIC_LETTERS];
    uint32_t topic_letter_sums[LANGUAGE_TOPIC_LETTERS];
    char letters[LETTERS];
    uint32_t letter_sums[LETTERS];
};

/* The largest integer not above SHARE / sqrt(rank). */
static uint32_t share_of_root(uint64_t rank)
{
    uint64_t root = 0;

    for (uint64_t bit = SHARE; bit; bit >>= 1)
        if ((root + bit) * (root + bit) * rank <= (uint64_t)SHARE * SHARE)
            root += bit;
    return (uint32_t)root;
}

static void sum_up(uint32_t *shares, int count)
{
    for (int i = 1; i < count; i++)
        shares[i] += shares[i - 1];
}

/* A rank, from 0: the first whose sum is above a number below the last. */
static int draw(const uint32_t *sums, int count, struct rng *rng)
{
    uint32_t at = rng_below(rng, sums[count - 1]);
    int rank = 0, end = count - 1;

    while (rank < end) {
        int middle = (rank + end) / 2;

        if (at < sums[middle])
            end = middle;
        else
            rank = middle + 1;
    }
    return rank;
}

/* `count` of all letters, different ones, in a random order. */
static void draw_letters(char *letters, int count, struct rng *rng)
{
    int order[LETTERS];

    rng_order(rng, order, LETTERS);
    for (int i = 0; i < count; i++)
        letters[i] = LANGUAGE_LETTERS[order[i]];
}

int language_create(struct language **language)
{
    struct language *self = *language = calloc(1, sizeof *self);
    struct rng rng;

    if (!self)
        return err_set("no memory for the built-in language");
    rng_start(&rng, LANGUAGE_SEED, RNG_LANGUAGE, 0);
    draw_letters(self->letters, LETTERS, &rng);
    for (int i = 0; i < LETTERS; i++)
        self->letter_sums[i] = share_of_root((uint64_t)i + 1);
    for (int i = 0; i < LANGUAGE_TOPIC_LETTERS; i++)
        self->topic_letter_sums[i] = SHARE / (i + 1);
    for (int i = 0; i < LANGUAGE_TOPICS; i++) {
        draw_letters(self->topic_letters[i], LANGUAGE_TOPIC_LETTERS, &rng);
        self->topic_sums[i] = SHARE / (i + LANGUAGE_TOPICS_FLAT);
    }
    sum_up(self->letter_sums, LETTERS);
    sum_up(self->topic_letter_sums, LANGUAGE_TOPIC_LETTERS);
    sum_up(self->topic_sums, LANGUAGE_TOPICS);
    return 0;
}

void language_destroy(struct language *language)
{
    free(language);
}

const char *language_letters(const struct language *language, int topic)
{
    return topic < 0 ? language->letters : language->topic_letters[topic];
}

/* ==== Documents ==== */

/* The first thing that is drawn of a document. */
static void draw_topics(const struct language *language, int topics[LANGUAGE_DOCUMENT_TOPICS],
                        struct rng *rng)
{
    for (int i = 0; i < LANGUAGE_DOCUMENT_TOPICS; i++)
        topics[i] = draw(language->topic_sums, LANGUAGE_TOPICS, rng);
}

void language_topics(const struct language *language, uint64_t seed, enum rng_purpose purpose,
                     uint32_t number, int topics[LANGUAGE_DOCUMENT_TOPICS])
{
    struct rng rng;

    rng_start(&rng, seed, purpose, number);
    draw_topics(language, topics, &rng);
}

static char draw_letter(const struct language *language, const int topics[LANGUAGE_DOCUMENT_TOPICS],
                        struct rng *rng)
{
    uint32_t from = rng_below(rng, 1000), mille = LANGUAGE_MAIN_MILLE;

    for (int i = 0; i < LANGUAGE_DOCUMENT_TOPICS; i++, from -= mille, mille /= 2)
        if (from < mille)
            return language->topic_letters[topics[i]][draw(language->topic_letter_sums,
                                                           LANGUAGE_TOPIC_LETTERS, rng)];
    return language->letters[draw(language->letter_sums, LETTERS, rng)];
}

size_t language_write(const struct language *language, uint64_t seed, enum rng_purpose purpose,
                      uint32_t number, char text[LANGUAGE_DOCUMENT_BYTES])
{
    struct rng rng;
    size_t bytes;
    int topics[LANGUAGE_DOCUMENT_TOPICS];

    rng_start(&rng, seed, purpose, number);
    draw_topics(language, topics, &rng);
    bytes = LANGUAGE_DOCUMENT_MIN + rng_below(&rng, LANGUAGE_DOCUMENT_BYTES - LANGUAGE_DOCUMENT_MIN + 1);
    for (size_t i = 0; i < bytes; i++)
        text[i] = draw_letter(language, topics, &rng);
    return bytes;
}

/* ==== As a source ==== */

struct language_stream {
    struct source source;
    const struct language *language;
    uint64_t seed;
    enum rng_purpose purpose;
    uint32_t number;
    char text[LANGUAGE_DOCUMENT_BYTES];
};

static int stream_next(struct source *source, struct document *document)
{
    struct language_stream *self = (struct language_stream *)source;

    document->text = self->text;
    document->bytes = language_write(self->language, self->seed, self->purpose, self->number++, self->text);
    document->hash = 0; /* nothing is compared with it */
    return 1;
}

static void stream_close(struct source *source)
{
    free(source);
}

int language_source(struct source **source, const struct language *language, uint64_t seed,
                    enum rng_purpose purpose)
{
    struct language_stream *self = calloc(1, sizeof *self);

    *source = NULL;
    if (!self)
        return err_set("no memory for the built-in language");
    self->source = (struct source){.next = stream_next, .close = stream_close, .endless = true};
    self->language = language;
    self->seed = seed;
    self->purpose = purpose;
    *source = &self->source;
    return 0;
}

int language_checksum(char hex[SHA256_HEX_BYTES])
{
    enum { DOCUMENTS = 64 };
    char text[LANGUAGE_DOCUMENT_BYTES];
    struct language *language;
    struct sha256 sha;

    if (language_create(&language))
        return -1;
    sha256_start(&sha);
    for (uint32_t i = 0; i < DOCUMENTS; i++)
        sha256_add(&sha, text, language_write(language, 0, RNG_LANGUAGE, i, text));
    sha256_finish_hex(&sha, hex);
    language_destroy(language);
    return 0;
}
