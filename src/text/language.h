/* language.h - the built-in language: unlimited text to train on where there is none.
 *
 * It is invented, and has nothing but letters.  A topic is a few of them; a document has three
 * topics, each half as frequent as the one before, and each of its letters is drawn alone, from a
 * topic or from all letters.  So what tells a letter is which ones its document uses, and not its
 * neighbours, nor its place.
 * For example, document 0 of seed 1:
 *
 *     ff7ff57f77TT5f5Tff7Xfoofef7ffTofTfefTff7fTeff5fT7Tefff5ff5ff7efTfffff54dfTf7ffT77ofoff77e5
 *     Tffffffeo5eooTo77Tf7off7Te5IoeFfff5TefffofT7fTo77fTffffTfT7T5fffTo7T7ffT55fTf7fo7ff7fTffff
 *     fTTff5T7777fffTToGf5
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
    LANGUAGE_TOPICS = 1024,       /* those of a document are drawn with shares of 1 / flat, */
    LANGUAGE_TOPICS_FLAT = 4,     /* 1 / (flat + 1) and so on, and may be the same one */
    LANGUAGE_TOPIC_LETTERS = 2,   /* different ones, met with shares of 1, 1/2, 1/3 and so on */
    LANGUAGE_DOCUMENT_TOPICS = 3, /* by frequency */
    LANGUAGE_MAIN_MILLE = 560,    /* how many letters of 1,000 come from the first of them, half as */
                                  /* many from the second, and so on; the others come from all */
                                  /* letters, with shares of 1 / sqrt(rank) in one order */
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

/* What that document is about: its topics by frequency, numbered from 0 by rank. */
void language_topics(const struct language *language, uint64_t seed, enum rng_purpose purpose,
                     uint32_t number, int topics[LANGUAGE_DOCUMENT_TOPICS]);

/* The letters of a topic by rank, or, of -1, all of them; not NUL-terminated. */
const char *language_letters(const struct language *language, int topic);

/* All documents of a stream, from number 0 on; it has no end.  The language is borrowed. */
int language_source(struct source **source, const struct language *language, uint64_t seed,
                    enum rng_purpose purpose);

/* A checksum that changes when the language does: over its first documents. */
int language_checksum(char hex[SHA256_HEX_BYTES]);

#endif
