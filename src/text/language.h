/* language.h - the built-in language: unlimited text to train on where there is none.
 *
 * It is invented, and has nothing but letters.  A topic uses few of them; a document has two
 * topics, and each of its letters is drawn alone, from one topic, the other, or all letters.  So
 * what tells a letter is which ones its document uses, and not its neighbours, nor its place.
 * For example, document 0 of seed 1:
 *
 *     7J67fTf7f6f6ofo67ffXf7ffJ7ff66J76fofTf6f77Tffof776Tf77TffJfffTf7f7f7794df777f7676fff6fffJT
 *     77f6f76TTTT76fT7fT7ffffff3oIfJFf6fJ7T7ff6ff6ff6fffTff7fff7f70667fff7f67foTff766fff7f667f7f
 *     6Jff7Tf7T6ffT6f7ff7fff7ffff6fff76ff6ffff67f777bf77TT67Totf766o66fff77f767feT7f7ff7f6f7f7Jf
 *     oofT77ff7ffo77ff767ffff7f66fffTff7T76ff6fff67f766JT7ff
 *
 * Every topic adds a little to what there is to learn, the rarer the less, so that losses fall
 * smoothly, and seeds differ little: that is for comparing models where there is no text.  There
 * are no words, no grammar and no order, and it says nothing of how they do on real text.
 *
 * The language itself never changes; its documents are drawn from (seed, purpose, number), so
 * training and held-out documents come from streams that never meet. */
#ifndef GLU_TEXT_LANGUAGE_H
#define GLU_TEXT_LANGUAGE_H

#include "src/text/source.h"
#include "src/util/rng.h"
#include "src/util/sha256.h"

#include <stddef.h>

#define LANGUAGE_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* Changing anything here makes another language, and other results. */
enum {
    LANGUAGE_SEED = 1000,         /* of what the topics' letters, and the order of all, come from */
    LANGUAGE_TOPICS = 1024,       /* a document's two are drawn with shares of 1 / flat, */
    LANGUAGE_TOPICS_FLAT = 4,     /* 1 / (flat + 1) and so on, and may be the same one */
    LANGUAGE_TOPIC_LETTERS = 3,   /* different ones, met with shares of 1, 1/2, 1/3 and so on */
    LANGUAGE_MAIN_MILLE = 776,    /* how many letters of 1,000 come from a document's main topic, */
    LANGUAGE_SECOND_MILLE = 194,  /* and from its second; the others come from all letters, with */
                                  /* shares of 1 / sqrt(rank) in one order */
    LANGUAGE_DOCUMENT_MIN = 200,  /* bytes of a document: any number from this one */
    LANGUAGE_DOCUMENT_BYTES = 400 /* to this one */
};

struct language;

/* Make the topics, always the same ones; some ten kilobytes.  0, or -1 without memory. */
int language_create(struct language **language);
void language_destroy(struct language *language);

/* Write document `number` of the stream (seed, purpose) and return its length in bytes.
 * Any number of threads may write from one language. */
size_t language_write(const struct language *language, uint64_t seed, enum rng_purpose purpose,
                      uint32_t number, char text[LANGUAGE_DOCUMENT_BYTES]);

/* What that document is about: its main topic and its second, numbered from 0 by rank. */
void language_topics(const struct language *language, uint64_t seed, enum rng_purpose purpose,
                     uint32_t number, int topics[2]);

/* The letters of a topic by rank, or, of -1, all of them; not NUL-terminated. */
const char *language_letters(const struct language *language, int topic);

/* All documents of a stream, from number 0 on; it has no end.  The language is borrowed. */
int language_source(struct source **source, const struct language *language, uint64_t seed,
                    enum rng_purpose purpose);

/* A checksum that changes when the language does: over its first documents. */
int language_checksum(char hex[SHA256_HEX_BYTES]);

#endif
