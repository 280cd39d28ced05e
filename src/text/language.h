/* language.h - the built-in language: unlimited text to train on where there is none.
 *
 * It is invented, but has what makes real text worth modelling, each part learnt at its own pace:
 * sounds that only some others may follow, not the same in all topics; some 1,600 words, made
 * from bases and endings, with Zipf's frequencies; endings that follow noun class, number, tense
 * and vowel harmony; a grammar in which subject and verb agree across clauses; words that go with
 * certain others; a topic and a mood for each document; people with a trade and a home, and
 * places on rivers, all to be remembered; people who recur, pronouns, quotations that are
 * repeated word for word; and sums.
 * For example:
 *
 *     Mibetemi mit "te milypege tegemilyrer te kily" lysemi. Gele milydibenir te semibe lysemi.
 *     Vovovowurova pet gy Wuxuxunuza lysemi. Mibetemi mimit "te milypege tegemilyrer te kily"
 *     lysemi. 12 + 30 = 42 lysemi.
 *
 * Bytes are less uncertain than English ones, given those before, so that a small model gets far
 * within minutes: that is for comparing models where there is no text, and says nothing of how
 * they do on real text.
 *
 * The language itself never changes; its documents are drawn from (seed, purpose, number), so
 * training and held-out documents come from streams that never meet. */
#ifndef GLU_TEXT_LANGUAGE_H
#define GLU_TEXT_LANGUAGE_H

#include "src/text/source.h"
#include "src/util/rng.h"
#include "src/util/sha256.h"

#include <stddef.h>

enum { LANGUAGE_DOCUMENT_BYTES = 4096 }; /* no document is longer */

struct language;

/* Make the lexicon, always the same one; about a megabyte at most.  0, or -1 without memory. */
int language_create(struct language **language);
void language_destroy(struct language *language);

/* Write document `number` of the stream (seed, purpose) and return its length in bytes.
 * Any number of threads may write from one language. */
size_t language_write(const struct language *language, uint64_t seed, enum rng_purpose purpose,
                      uint32_t number, char text[LANGUAGE_DOCUMENT_BYTES]);

/* All documents of a stream, from number 0 on; it has no end.  The language is borrowed. */
int language_source(struct source **source, const struct language *language, uint64_t seed,
                    enum rng_purpose purpose);

/* A checksum that changes when the language does: over its first documents. */
int language_checksum(char hex[SHA256_HEX_BYTES]);

#endif
