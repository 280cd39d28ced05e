/* lexicon.h - the words of the built-in language, and what is to be remembered of them.
 *
 * For language.c alone; others see language.h. */
#ifndef GLU_TEXT_LEXICON_H
#define GLU_TEXT_LEXICON_H

#include "src/util/rng.h"

#include <stdbool.h>
#include <stdint.h>

/* Changing anything here makes another language, and other results. */
enum {
    TOPICS = 24,
    TOPIC_BASES = 6,
    CLASSES = 3,
    NUMBERS = 2, /* singular and plural */
    TENSES = 2,
    FORMS_MAX = 4,
    TOPIC_WORDS_MAX = TOPICS * TOPIC_BASES * FORMS_MAX,
    PEOPLE = 256,
    PLACES = 128,
    RIVERS = 64,
    HABITS = 3, /* words that mostly go with a word */
    BASE_BYTES = 8,
    ZIPF_SLOTS = 1 << 13
};

/* Vowels come in two kinds, e, i and y in front, a, o and u at the back of the mouth.  A word has
 * vowels of one kind only, and so have the words of a topic.  Endings and little words have two
 * forms for that. */
struct ending {
    const char *front, *back;
};

/* What words are made from. */
struct base {
    char text[BASE_BYTES]; /* not NUL-terminated */
    uint8_t length;
    uint8_t class;
    bool back;
};

/* A kind of words: bases, each with every one of the forms. */
enum category { NOUN, VERB, ADJECTIVE, PERSON, PLACE, RIVER, CATEGORIES };

/* Words are numbered: topic * (words of a topic) + rank. */
struct word {
    const struct base *base;
    const struct ending *form;
    int class;
};

/* A random 32-bit word to a rank, rank r (from 0) having a probability of about 1 / (r + 1). */
struct zipf {
    uint16_t rank[ZIPF_SLOTS];
};

struct language {
    struct base bases[TOPICS * TOPIC_BASES];
    struct base people[PEOPLE], places[PLACES], rivers[RIVERS];
    struct zipf ranks[CATEGORIES]; /* over all words of a category in a topic */
    /* What is to be remembered: words by number. */
    uint16_t objects[TOPIC_WORDS_MAX][HABITS];    /* of a verb */
    uint16_t verbs[TOPIC_WORDS_MAX][HABITS];      /* of a noun that is subject */
    uint16_t adjectives[TOPIC_WORDS_MAX][HABITS]; /* of a noun */
    uint16_t trade[PEOPLE], home[PEOPLE], river[PLACES];
};

/* Has a topic vowels of the back? */
bool lexicon_topic_is_back(int topic);
/* A word of the topic fifteen times of sixteen, else of any. */
int lexicon_draw_word(const struct language *language, enum category category, int topic,
                      struct rng *rng);
/* People, places and rivers know no topic. */
int lexicon_draw_name(const struct language *language, enum category category, struct rng *rng);
/* The word of a number. */
struct word lexicon_word(const struct language *language, enum category category, int number);

/* As language_create() and language_destroy() say. */
int lexicon_create(struct language **language);
void lexicon_destroy(struct language *language);

#endif
