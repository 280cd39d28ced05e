/* language.c - see language.h.
 *
 * The grammar is a table of weighted rules over one-letter symbols; every symbol that is not
 * rewritten further is a function that writes a word.  The lexicon is spelt by random numbers of
 * a fixed seed.  Only integers are used, so that the text is the same on every machine. */
#include "src/glu.h"

#include "src/data/language.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Changing anything here makes another language, and other results. */
enum {
    LEXICON_SEED = 1000,
    TOPICS = 24,
    CLASSES = 3,
    NUMBERS = 2, /* singular and plural */
    TENSES = 2,
    TOPIC_NOUNS = 64,
    TOPIC_VERBS = 16,
    TOPIC_ADJECTIVES = 16,
    PEOPLE = 512,
    PLACES = 192,
    RIVERS = 96,
    VERB_OBJECTS = 6,
    CAST = 3, /* people of a document */
    SENTENCES_MIN = 6,
    SENTENCES_MAX = 24,
    SENTENCE_BYTES = 512, /* more than any sentence has */
    ROOT_BYTES = 16,
    ZIPF_SLOTS = 1 << 13
};

enum category { NOUN, VERB, ADJECTIVE, PERSON, PLACE, RIVER, CATEGORIES };

struct root {
    char text[ROOT_BYTES];
    uint8_t length;
    uint8_t class; /* of nouns and people */
    bool back;     /* its last vowel is a, o or u: so are those of its endings */
};

static const struct {
    int count, per_topic; /* per_topic 0: no topics */
    bool capital;
} categories[CATEGORIES] = {
    [NOUN] = {TOPICS * TOPIC_NOUNS, TOPIC_NOUNS, false},
    [VERB] = {TOPICS * TOPIC_VERBS, TOPIC_VERBS, false},
    [ADJECTIVE] = {TOPICS * TOPIC_ADJECTIVES, TOPIC_ADJECTIVES, false},
    [PERSON] = {PEOPLE, 0, true},
    [PLACE] = {PLACES, 0, true},
    [RIVER] = {RIVERS, 0, true},
};

/* A random 32-bit word to a rank, rank r (from 0) having a probability of about 1 / (r + 2). */
struct zipf {
    uint16_t rank[ZIPF_SLOTS];
};

struct language {
    struct root *roots[CATEGORIES];
    struct zipf all[CATEGORIES];      /* over a whole category */
    struct zipf in_topic[CATEGORIES]; /* over the words of one topic */
    /* What is to be remembered. */
    uint16_t objects[TOPICS * TOPIC_VERBS][VERB_OBJECTS];
    uint16_t trade[PEOPLE], home[PEOPLE], river[PLACES];
};

/* ==== The lexicon ==== */

/* Common sounds stand first. */
static const char *const onsets[] = {"t", "k", "s", "n", "m", "r",  "l",  "p",  "d",
                                     "v", "b", "h", "f", "g", "st", "tr", "kl", "dr"};
static const char *const vowels[] = {"a", "e", "o", "i", "u"};
static const char *const codas[] = {"", "", "n", "r", "s", "l", "m", "k"};

/* One of n, the first ones more often: the lesser of two draws. */
static const char *pick_sound(struct rng *rng, const char *const *sounds, size_t n)
{
    uint32_t a = rng_below(rng, (uint32_t)n), b = rng_below(rng, (uint32_t)n);

    return sounds[a < b ? a : b];
}

static void append(struct root *root, const char *sound)
{
    size_t bytes = strlen(sound);

    assert(root->length + bytes < ROOT_BYTES);
    memcpy(root->text + root->length, sound, bytes + 1);
    root->length = (uint8_t)(root->length + bytes);
}

/* Frequent words are short. */
static int syllables_of(enum category category, int rank)
{
    if (categories[category].capital)
        return rank < 32 ? 2 : 3;
    return rank < 3 ? 1 : rank < 24 ? 2 : 3;
}

static void spell(struct root *root, enum category category, int index)
{
    int rank = categories[category].per_topic ? index % categories[category].per_topic : index;
    int syllables = syllables_of(category, rank);
    const char *vowel = "";
    struct rng rng;

    rng_start(&rng, LEXICON_SEED, RNG_LANGUAGE, (uint32_t)category << 16 | (uint32_t)index);
    for (int i = 0; i < syllables; i++) {
        append(root, pick_sound(&rng, onsets, LENGTH_OF(onsets)));
        vowel = pick_sound(&rng, vowels, LENGTH_OF(vowels));
        append(root, vowel);
    }
    append(root, pick_sound(&rng, codas, LENGTH_OF(codas)));
    if (categories[category].capital)
        root->text[0] = (char)(root->text[0] - 'a' + 'A');
    root->back = strchr("aou", *vowel) != NULL;
    root->class = (uint8_t)rng_below(&rng, CLASSES);
}

static void zipf_set(struct zipf *zipf, int ranks)
{
    const uint64_t scale = UINT64_C(1) << 40;
    uint64_t total = 0, sum = 0;
    int slot = 0;

    for (int r = 0; r < ranks; r++)
        total += scale / (uint64_t)(r + 2);
    for (int r = 0; r < ranks; r++) {
        sum += scale / (uint64_t)(r + 2);
        while (slot < ZIPF_SLOTS && (uint64_t)slot * (total / ZIPF_SLOTS) < sum)
            zipf->rank[slot++] = (uint16_t)r;
    }
    assert(slot == ZIPF_SLOTS);
}

static int zipf_draw(const struct zipf *zipf, struct rng *rng)
{
    return zipf->rank[rng_u32(rng) % ZIPF_SLOTS];
}

/* A word of the topic three times of four, else any.  Over all topics, the first word of each
 * comes first, then the second of each, and so on. */
static int draw_word(const struct language *language, enum category category, int topic,
                     struct rng *rng)
{
    int per_topic = categories[category].per_topic, rank;

    if (rng_below(rng, 4))
        return topic * per_topic + zipf_draw(&language->in_topic[category], rng);
    rank = zipf_draw(&language->all[category], rng);
    return rank % TOPICS * per_topic + rank / TOPICS;
}

static void make_facts(struct language *language)
{
    struct rng rng;

    rng_start(&rng, LEXICON_SEED, RNG_LANGUAGE, CATEGORIES << 16);
    for (int verb = 0; verb < categories[VERB].count; verb++)
        for (int i = 0; i < VERB_OBJECTS; i++)
            language->objects[verb][i] =
                (uint16_t)draw_word(language, NOUN, verb / TOPIC_VERBS, &rng);
    for (int person = 0; person < PEOPLE; person++) {
        int topic = (int)rng_below(&rng, TOPICS);

        language->trade[person] = (uint16_t)draw_word(language, NOUN, topic, &rng);
        language->home[person] = (uint16_t)rng_below(&rng, PLACES);
    }
    for (int place = 0; place < PLACES; place++)
        language->river[place] = (uint16_t)rng_below(&rng, RIVERS);
}

int language_create(struct language **result)
{
    struct language *language = calloc(1, sizeof *language);

    *result = NULL;
    if (!language)
        goto fail;
    for (int c = 0; c < CATEGORIES; c++) {
        language->roots[c] = calloc((size_t)categories[c].count, sizeof(struct root));
        if (!language->roots[c])
            goto fail;
        for (int i = 0; i < categories[c].count; i++)
            spell(&language->roots[c][i], (enum category)c, i);
        zipf_set(&language->all[c], categories[c].count);
        zipf_set(&language->in_topic[c],
                 categories[c].per_topic ? categories[c].per_topic : categories[c].count);
    }
    make_facts(language);
    *result = language;
    return 0;
fail:
    language_destroy(language);
    return err_set("no memory for the built-in language");
}

void language_destroy(struct language *language)
{
    if (!language)
        return;
    for (int c = 0; c < CATEGORIES; c++)
        free(language->roots[c]);
    free(language);
}

/* ==== Endings and little words ==== */

/* Endings by vowel harmony: front, back. */
struct ending {
    const char *front, *back;
};

static const struct ending plural_ending[CLASSES] = {{"ni", "nu"}, {"et", "at"}, {"is", "os"}};
static const struct ending adjective_ending[CLASSES][NUMBERS] = {
    {{"e", "a"}, {"en", "an"}}, {{"i", "o"}, {"it", "ot"}}, {{"el", "al"}, {"eli", "alu"}}};
static const struct ending verb_ending[TENSES][CLASSES][NUMBERS] = {
    {{{"ir", "ur"}, {"iren", "uran"}}, {{"im", "um"}, {"imet", "umat"}}, {{"ik", "uk"}, {"ikis", "ukos"}}},
    {{{"ed", "ad"}, {"eden", "adan"}}, {{"ev", "av"}, {"evet", "avat"}}, {{"eb", "ab"}, {"ebis", "abos"}}}};

static const char *const article[2][CLASSES][NUMBERS] = { /* indefinite, definite */
    {{"un", "uni"}, {"ot", "ote"}, {"is", "iso"}},
    {{"ta", "tan"}, {"lo", "los"}, {"mi", "mir"}}};
static const char *const pronoun[CLASSES][NUMBERS] = {{"ela", "elan"}, {"olo", "olos"}, {"imi", "imir"}};
static const char *const relative[CLASSES][NUMBERS] = {{"ka", "kan"}, {"ko", "kos"}, {"ki", "kir"}};
static const char *const says[TENSES] = {"sar", "sarad"}, *const repeats[TENSES] = {"resar", "resarad"};
static const char *const is[TENSES] = {"es", "esad"}, *const lies[TENSES] = {"vel", "velad"};
static const char *const prepositions[] = {"na", "vo", "tir", "sul", "em", "ober", "pro", "andu"};

/* ==== Writing ==== */

struct noun_phrase {
    int class, number;
};

struct writer {
    const struct language *language;
    struct rng rng;
    char *text;
    size_t used;
    bool sentence_start, tight; /* the next word gets a capital, or no space before it */
    int topic, tense;
    int cast[CAST], speaker; /* people; the one named last */
    struct noun_phrase subject;
    int verb;                       /* written last */
    size_t quote_start, quote_bytes; /* the last quotation in the text; 0 bytes: none */
};

static void put(struct writer *writer, const char *text, size_t bytes)
{
    assert(writer->used + bytes <= LANGUAGE_DOCUMENT_BYTES);
    memcpy(writer->text + writer->used, text, bytes);
    writer->used += bytes;
}

/* What stands between words; a capital where a sentence starts is made by the caller's word. */
static void begin_word(struct writer *writer)
{
    if (!writer->tight)
        put(writer, " ", 1);
    writer->tight = false;
}

static void end_word(struct writer *writer, size_t start)
{
    char *first = writer->text + start;

    if (writer->sentence_start && *first >= 'a' && *first <= 'z')
        *first = (char)(*first - 'a' + 'A');
    writer->sentence_start = false;
}

static void word(struct writer *writer, const char *text)
{
    size_t start;

    begin_word(writer);
    start = writer->used;
    put(writer, text, strlen(text));
    end_word(writer, start);
}

static void inflected(struct writer *writer, const struct root *root, const struct ending *ending)
{
    size_t start;

    begin_word(writer);
    start = writer->used;
    put(writer, root->text, root->length);
    if (ending) {
        const char *text = root->back ? ending->back : ending->front;

        put(writer, text, strlen(text));
    }
    end_word(writer, start);
}

static uint32_t below(struct writer *writer, uint32_t n)
{
    return rng_below(&writer->rng, n);
}

static const struct root *root_of(const struct writer *writer, enum category category, int index)
{
    return &writer->language->roots[category][index];
}

/* Article, perhaps an adjective, and the noun, all agreeing. */
static struct noun_phrase write_noun(struct writer *writer, int noun)
{
    const struct root *root = root_of(writer, NOUN, noun);
    struct noun_phrase phrase = {root->class, below(writer, 3) == 0};

    word(writer, article[below(writer, 4) > 0][phrase.class][phrase.number]);
    if (below(writer, 3) == 0) {
        int adjective = draw_word(writer->language, ADJECTIVE, writer->topic, &writer->rng);

        inflected(writer, root_of(writer, ADJECTIVE, adjective),
                  &adjective_ending[phrase.class][phrase.number]);
    }
    inflected(writer, root, phrase.number ? &plural_ending[phrase.class] : NULL);
    return phrase;
}

static struct noun_phrase write_any_noun(struct writer *writer)
{
    return write_noun(writer, draw_word(writer->language, NOUN, writer->topic, &writer->rng));
}

/* The symbols of the grammar that write. */

static void write_subject(struct writer *writer)
{
    writer->subject = write_any_noun(writer);
}

static void write_verb(struct writer *writer)
{
    const struct noun_phrase *subject = &writer->subject;

    writer->verb = draw_word(writer->language, VERB, writer->topic, &writer->rng);
    inflected(writer, root_of(writer, VERB, writer->verb),
              &verb_ending[writer->tense][subject->class][subject->number]);
}

static void write_object(struct writer *writer)
{
    if (below(writer, 3))
        write_noun(writer, writer->language->objects[writer->verb][below(writer, VERB_OBJECTS)]);
    else
        write_any_noun(writer);
}

/* A preposition goes with the verb: the verb's own one, mostly. */
static void write_place_or_thing(struct writer *writer)
{
    uint32_t own = (uint32_t)writer->verb, any = below(writer, 4 * LENGTH_OF(prepositions));

    word(writer, prepositions[(any < LENGTH_OF(prepositions) ? any : own) % LENGTH_OF(prepositions)]);
    if (below(writer, 3))
        write_any_noun(writer);
    else
        inflected(writer, root_of(writer, PLACE, zipf_draw(&writer->language->all[PLACE], &writer->rng)),
                  NULL);
}

static void be_subject(struct writer *writer, int person)
{
    writer->speaker = person;
    writer->subject = (struct noun_phrase){root_of(writer, PERSON, person)->class, 0};
}

/* One of the cast by name, the one named last half of the time. */
static void write_person(struct writer *writer)
{
    if (below(writer, 2))
        be_subject(writer, writer->cast[below(writer, CAST)]);
    else
        be_subject(writer, writer->speaker);
    inflected(writer, root_of(writer, PERSON, writer->speaker), NULL);
}

static void write_pronoun(struct writer *writer)
{
    be_subject(writer, writer->speaker);
    word(writer, pronoun[writer->subject.class][0]);
}

static void write_relative(struct writer *writer)
{
    word(writer, relative[writer->subject.class][writer->subject.number]);
}

static void write_trade_and_home(struct writer *writer)
{
    word(writer, is[writer->tense]);
    inflected(writer, root_of(writer, NOUN, writer->language->trade[writer->speaker]), NULL);
    word(writer, prepositions[0]);
    inflected(writer, root_of(writer, PLACE, writer->language->home[writer->speaker]), NULL);
}

static void write_place_and_river(struct writer *writer)
{
    int place = zipf_draw(&writer->language->all[PLACE], &writer->rng);

    inflected(writer, root_of(writer, PLACE, place), NULL);
    word(writer, lies[writer->tense]);
    word(writer, prepositions[1]);
    inflected(writer, root_of(writer, RIVER, writer->language->river[place]), NULL);
}

static void write_sum(struct writer *writer)
{
    unsigned a = below(writer, 100), b = below(writer, 100);
    char text[40];

    snprintf(text, sizeof text, "%u + %u = %u", a, b, a + b);
    word(writer, text);
}

static void write_says(struct writer *writer)
{
    word(writer, says[writer->tense]);
}

static void write_and(struct writer *writer)
{
    word(writer, "eda");
}

static void expand(struct writer *writer, char symbol);

static void open_quote(struct writer *writer)
{
    begin_word(writer);
    put(writer, "\"", 1);
    writer->tight = true;
}

static void write_quotation(struct writer *writer)
{
    struct noun_phrase subject = writer->subject;

    open_quote(writer);
    writer->quote_start = writer->used;
    expand(writer, 'C');
    writer->quote_bytes = writer->used - writer->quote_start;
    put(writer, "\"", 1);
    writer->subject = subject;
}

static void write_quotation_again(struct writer *writer)
{
    if (!writer->quote_bytes) {
        write_says(writer);
        write_quotation(writer);
        return;
    }
    word(writer, repeats[writer->tense]);
    open_quote(writer);
    put(writer, writer->text + writer->quote_start, writer->quote_bytes);
    put(writer, "\"", 1);
    writer->tight = false;
}

/* ==== The grammar ==== */

static const struct {
    char symbol;
    void (*write)(struct writer *writer);
} words[] = {
    {'S', write_subject},     {'V', write_verb},
    {'O', write_object},      {'P', write_place_or_thing},
    {'N', write_person},      {'H', write_pronoun},
    {'r', write_relative},    {'T', write_trade_and_home},
    {'R', write_place_and_river}, {'M', write_sum},
    {'s', write_says},        {'c', write_and},
    {'Q', write_quotation},   {'q', write_quotation_again},
};

/* A sentence, and a clause to quote.  What stands in parentheses has a subject of its own, and
 * the verb after it agrees with the one before it. */
static const struct rule {
    char symbol;
    uint8_t weight;
    const char *expansion;
} rules[] = {
    {'X', 12, "SVO"},      {'X', 8, "SVOP"},      {'X', 6, "SPVO"},     {'X', 4, "SV"},
    {'X', 4, "SVOcVO"},    {'X', 4, "SrVO,VP"},   {'X', 4, "Sr(SV),VO"}, {'X', 10, "NVO"},
    {'X', 6, "NVOP"},      {'X', 8, "HVO"},       {'X', 4, "HVP"},      {'X', 6, "NsQ"},
    {'X', 6, "Nq"},        {'X', 5, "NT"},        {'X', 5, "R"},        {'X', 4, "M"},
    {'C', 3, "SVO"},       {'C', 2, "SV"},        {'C', 1, "SVP"},      {'C', 1, "HVO"},
};

static const char *choose_rule(struct writer *writer, char symbol)
{
    uint32_t total = 0, at;

    for (size_t i = 0; i < LENGTH_OF(rules); i++)
        if (rules[i].symbol == symbol)
            total += rules[i].weight;
    at = below(writer, total);
    for (size_t i = 0;; i++) {
        if (rules[i].symbol != symbol)
            continue;
        if (at < rules[i].weight)
            return rules[i].expansion;
        at -= rules[i].weight;
    }
}

static void write_symbol(struct writer *writer, char symbol)
{
    for (size_t i = 0; i < LENGTH_OF(words); i++)
        if (words[i].symbol == symbol) {
            words[i].write(writer);
            return;
        }
    put(writer, &symbol, 1);
}

static void expand(struct writer *writer, char symbol)
{
    struct noun_phrase outer = {0, 0};

    for (const char *s = choose_rule(writer, symbol); *s; s++) {
        if (*s == '(')
            outer = writer->subject;
        else if (*s == ')')
            writer->subject = outer;
        else
            write_symbol(writer, *s);
    }
}

size_t language_write(const struct language *language, uint64_t seed, enum rng_purpose purpose,
                      uint32_t number, char text[LANGUAGE_DOCUMENT_BYTES])
{
    struct writer writer = {.language = language, .text = text, .tight = true};
    uint32_t sentences;

    rng_start(&writer.rng, seed, purpose, number);
    writer.topic = (int)below(&writer, TOPICS);
    writer.tense = (int)below(&writer, TENSES);
    for (int i = 0; i < CAST; i++)
        writer.cast[i] = zipf_draw(&language->all[PERSON], &writer.rng);
    writer.speaker = writer.cast[0];
    sentences = SENTENCES_MIN + below(&writer, SENTENCES_MAX - SENTENCES_MIN + 1);
    while (sentences-- && writer.used + SENTENCE_BYTES <= LANGUAGE_DOCUMENT_BYTES) {
        writer.sentence_start = true;
        expand(&writer, 'X');
        put(&writer, ".", 1);
        if (below(&writer, 6) == 0) { /* a paragraph */
            put(&writer, "\n", 1);
            writer.tight = true;
        }
    }
    if (text[writer.used - 1] == '\n')
        writer.used--;
    return writer.used;
}

/* ==== As a source ==== */

struct language_stream {
    struct source source;
    struct language *language;
    uint64_t seed;
    enum rng_purpose purpose;
    uint32_t number;
    char text[LANGUAGE_DOCUMENT_BYTES];
};

static int stream_next(struct source *source, struct document *document)
{
    struct language_stream *self = (struct language_stream *)source;

    document->text = self->text;
    document->bytes =
        language_write(self->language, self->seed, self->purpose, self->number++, self->text);
    document->hash = 0; /* nothing is compared with it */
    return 1;
}

static void stream_close(struct source *source)
{
    struct language_stream *self = (struct language_stream *)source;

    language_destroy(self->language);
    free(self);
}

int language_source(struct source **source, uint64_t seed, enum rng_purpose purpose)
{
    struct language_stream *self = calloc(1, sizeof *self);

    *source = NULL;
    if (!self)
        return err_set("no memory for the built-in language");
    if (language_create(&self->language)) {
        free(self);
        return -1;
    }
    self->source = (struct source){stream_next, stream_close};
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
