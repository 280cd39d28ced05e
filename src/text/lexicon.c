/* lexicon.c - see lexicon.h.
 *
 * The words are spelt by random numbers of a fixed seed. */
#include "src/glu.h"

#include "src/text/lexicon.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Changing anything here makes another language, and other results. */
enum { LEXICON_SEED = 1000 };

static const struct category_info {
    int bases; /* of a topic; nouns, verbs and adjectives are made from the same */
    int forms;
    struct {
        struct ending ending;
        int class; /* -1: the base's */
    } form[FORMS_MAX];
} categories[CATEGORIES] = {
    [NOUN] = {TOPIC_BASES, 4,
              {{{"", ""}, -1},
               {{"rete", "ralo"}, 0},
               {{"niki", "nafo"}, 1},
               {{"rege", "rowu"}, 2}}},
    [VERB] = {TOPIC_BASES, 2, {{{"", ""}, -1}, {{"remi", "rajo"}, -1}}},
    [ADJECTIVE] = {TOPIC_BASES, 2, {{{"nily", "nalo"}, -1}, {{"nege", "nova"}, -1}}},
    [PERSON] = {PEOPLE, 1, {{{"", ""}, -1}}},
    [PLACE] = {PLACES, 1, {{{"rily", "rova"}, -1}}},
    [RIVER] = {RIVERS, 1, {{{"nete", "nuza"}, -1}}},
};

/* The words of a category in a topic (or all, where there are no topics), by rank. */
static int words_of(enum category category)
{
    return categories[category].bases * categories[category].forms;
}

/* A syllable is a consonant and the vowel that goes with it. */
static const struct syllable {
    char consonant;
    char front, back; /* the vowel */
} syllables[] = {
    {'t', 'e', 'a'}, {'k', 'i', 'o'}, {'s', 'e', 'u'}, {'m', 'i', 'a'}, {'l', 'y', 'o'},
    {'p', 'e', 'u'}, {'d', 'i', 'a'}, {'b', 'e', 'u'}, {'h', 'y', 'a'}, {'f', 'i', 'o'},
    {'g', 'e', 'u'}, {'z', 'y', 'a'}, {'j', 'i', 'o'}, {'w', 'e', 'u'}, {'v', 'i', 'o'},
    {'x', 'y', 'u'},
};

/* The consonants that may follow a vowel, or start a word; few of them are in both kinds. */
static const char first_consonants[2][5] = {"tksm", "lfvw"}; /* front, back */
static const struct follower {
    char vowel;
    const char *consonants;
} followers[] = {
    {'e', "tmg"}, {'i', "klb"}, {'y', "sdp"}, {'a', "lfj"}, {'o', "vwh"}, {'u', "xzd"},
};

static const char *may_follow(char vowel)
{
    const struct follower *follower = followers;

    while (follower->vowel != vowel)
        follower++;
    return follower->consonants;
}

static void spell(struct base *base, struct rng *rng, int length, bool back, bool capital)
{
    const char *consonants = first_consonants[back];

    base->back = back;
    base->class = (uint8_t)rng_below(rng, CLASSES);
    assert(2 * length <= BASE_BYTES);
    for (int i = 0; i < length; i++) {
        char consonant = consonants[rng_below(rng, (uint32_t)strlen(consonants))];
        const struct syllable *syllable = syllables;

        while (syllable->consonant != consonant)
            syllable++;
        base->text[base->length++] = consonant;
        base->text[base->length++] = back ? syllable->back : syllable->front;
        consonants = may_follow(base->text[base->length - 1]);
    }
    if (capital)
        base->text[0] = (char)(base->text[0] - 'a' + 'A');
}

/* The bases of a topic, or the names of a kind.  Frequent ones are short. */
static void spell_all(struct base *bases, int count, struct rng *rng, bool back, bool capital)
{
    for (int i = 0; i < count; i++)
        spell(&bases[i], rng, i < count / 4 ? 3 : 4, capital ? rng_below(rng, 2) : back, capital);
}

bool lexicon_topic_is_back(int topic)
{
    return topic % 2;
}

static void zipf_set(struct zipf *zipf, int ranks)
{
    const uint64_t scale = UINT64_C(1) << 40;
    uint64_t total = 0, sum = 0;
    int slot = 0;

    for (int r = 0; r < ranks; r++)
        total += scale / (uint64_t)(r + 1);
    for (int r = 0; r < ranks; r++) {
        sum += scale / (uint64_t)(r + 1);
        while (slot < ZIPF_SLOTS && (uint64_t)slot * (total / ZIPF_SLOTS) < sum)
            zipf->rank[slot++] = (uint16_t)r;
    }
    assert(slot == ZIPF_SLOTS);
}

static int zipf_draw(const struct zipf *zipf, struct rng *rng)
{
    return zipf->rank[rng_u32(rng) % ZIPF_SLOTS];
}

int lexicon_draw_word(const struct language *language, enum category category, int topic,
                      struct rng *rng)
{
    if (rng_below(rng, 16) == 0)
        topic = (int)rng_below(rng, TOPICS);
    return topic * words_of(category) + zipf_draw(&language->ranks[category], rng);
}

int lexicon_draw_name(const struct language *language, enum category category, struct rng *rng)
{
    return zipf_draw(&language->ranks[category], rng);
}

/* A base's rank is that of its word without ending; its other words are
 * as far down the ranks as there are bases. */
struct word lexicon_word(const struct language *language, enum category category, int number)
{
    const struct category_info *info = &categories[category];
    int rank = number % words_of(category), topic = number / words_of(category);
    int base = rank % info->bases, form = rank / info->bases;
    struct word word = {.form = &info->form[form].ending, .class = info->form[form].class};

    switch (category) {
    case PERSON: word.base = &language->people[base]; break;
    case PLACE: word.base = &language->places[base]; break;
    case RIVER: word.base = &language->rivers[base]; break;
    default: word.base = &language->bases[topic * TOPIC_BASES + base];
    }
    if (word.class < 0)
        word.class = word.base->class;
    return word;
}

/* Words of category `to` that go with each word of category `from`. */
static void draw_habits(const struct language *language, enum category from, enum category to,
                        uint16_t habits[][HABITS], struct rng *rng)
{
    for (int word = 0; word < TOPICS * words_of(from); word++)
        for (int i = 0; i < HABITS; i++)
            habits[word][i] = (uint16_t)lexicon_draw_word(language, to, word / words_of(from), rng);
}

static void make_facts(struct language *language, struct rng *rng)
{
    draw_habits(language, VERB, NOUN, language->objects, rng);
    draw_habits(language, NOUN, VERB, language->verbs, rng);
    draw_habits(language, NOUN, ADJECTIVE, language->adjectives, rng);
    for (int person = 0; person < PEOPLE; person++) {
        int topic = (int)rng_below(rng, TOPICS);

        language->trade[person] = (uint16_t)lexicon_draw_word(language, NOUN, topic, rng);
        language->home[person] = (uint16_t)rng_below(rng, PLACES);
    }
    for (int place = 0; place < PLACES; place++)
        language->river[place] = (uint16_t)rng_below(rng, RIVERS);
}

int lexicon_create(struct language **result)
{
    struct language *language = calloc(1, sizeof *language);
    struct rng rng;

    *result = NULL;
    if (!language)
        return err_set("no memory for the built-in language");
    rng_start(&rng, LEXICON_SEED, RNG_LANGUAGE, 0);
    for (int topic = 0; topic < TOPICS; topic++)
        spell_all(language->bases + topic * TOPIC_BASES, TOPIC_BASES, &rng,
                  lexicon_topic_is_back(topic), false);
    spell_all(language->people, PEOPLE, &rng, false, true);
    spell_all(language->places, PLACES, &rng, false, true);
    spell_all(language->rivers, RIVERS, &rng, false, true);
    for (int c = 0; c < CATEGORIES; c++)
        zipf_set(&language->ranks[c], words_of((enum category)c));
    make_facts(language, &rng);
    *result = language;
    return 0;
}

void lexicon_destroy(struct language *language)
{
    free(language);
}
