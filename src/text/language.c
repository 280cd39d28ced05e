/* language.c - see language.h; the words are the lexicon's.
 *
 * The grammar is a table of weighted rules over one-letter symbols; every symbol that is not
 * rewritten further is a function that writes a word.  Only integers are used, so that the text is
 * the same on every machine. */
#include "src/glu.h"

#include "src/text/language.h"
#include "src/text/lexicon.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int language_create(struct language **language)
{
    return lexicon_create(language);
}

void language_destroy(struct language *language)
{
    lexicon_destroy(language);
}

/* Changing anything here makes another language, and other results. */
enum {
    CAST = 3, /* people of a document */
    SENTENCES_MIN = 6,
    SENTENCES_MAX = 24,
    SENTENCE_BYTES = 512 /* more than any sentence has */
};

/* ==== Endings and little words ==== */

static const struct ending plural_ending[CLASSES] = {{"ni", "na"}, {"re", "ro"}, {"nire", "naro"}};
static const struct ending adjective_ending[CLASSES][NUMBERS] = {
    {{"ni", "na"}, {"nini", "nana"}},
    {{"re", "ro"}, {"rere", "roro"}},
    {{"nire", "naro"}, {"reni", "rona"}}};
static const struct ending verb_ending[TENSES][CLASSES][NUMBERS] = {
    {{{"nin", "nan"}, {"ninini", "nanana"}}, {{"ren", "ron"}, {"renere", "ronoro"}},
     {{"niren", "naron"}, {"nirene", "narono"}}},
    {{{"nir", "nar"}, {"niriri", "narara"}}, {{"rer", "ror"}, {"rerene", "rorono"}},
     {{"nirer", "naror"}, {"nirere", "naroro"}}}};

static const struct ending article[2][CLASSES][NUMBERS] = { /* indefinite, definite */
    {{{"se", "ha"}, {"seni", "hana"}}, {{"si", "ho"}, {"sire", "horo"}},
     {{"sy", "hu"}, {"syni", "huna"}}},
    {{{"te", "va"}, {"teni", "vana"}}, {{"ti", "vo"}, {"tire", "voro"}},
     {{"ty", "vu"}, {"tyni", "vuna"}}}};
static const struct ending relative[CLASSES][NUMBERS] = {
    {{"ke", "fa"}, {"keni", "fana"}},
    {{"ki", "fo"}, {"kire", "foro"}},
    {{"ky", "fu"}, {"kyni", "funa"}}};
static const struct ending pronoun[CLASSES] = {
    {"gele", "lawa"}, {"gili", "lowo"}, {"gyly", "luwu"}};
static const struct ending says[TENSES] = {{"mis", "dos"}, {"mit", "dot"}};
static const struct ending repeats[TENSES] = {{"mimis", "dodos"}, {"mimit", "dodot"}};
static const struct ending is[TENSES] = {{"ges", "las"}, {"get", "lat"}};
static const struct ending lies[TENSES] = {{"pes", "wos"}, {"pet", "wot"}};
static const struct ending and = {"ne", "na"};
static const struct ending prepositions[] = {{"ge", "la"},     {"gy", "lo"},    {"me", "da"},
                                             {"mi", "do"},     {"pe", "wa"},    {"py", "wo"},
                                             {"kily", "falo"}, {"mety", "dolu"}};
/* Every sentence of a document ends with the same one. */
static const struct ending moods[] = {
    {"temiki", "vafowu"}, {"kibege", "fowalo"}, {"lysemi", "lovaju"}, {"pemibe", "wudajo"}};

/* ==== Writing ==== */

struct noun_phrase {
    int class, number;
    int noun; /* -1: a person */
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

static const char *harmonize(const struct ending *ending, bool back)
{
    return back ? ending->back : ending->front;
}

static void write_text(struct writer *writer, const char *text)
{
    size_t start;

    begin_word(writer);
    start = writer->used;
    put(writer, text, strlen(text));
    end_word(writer, start);
}

/* A little word, in harmony with the document's topic. */
static void word(struct writer *writer, const struct ending *forms)
{
    write_text(writer, harmonize(forms, lexicon_topic_is_back(writer->topic)));
}

/* A word of the lexicon with an ending or NULL. */
static void write_word(struct writer *writer, struct word entry, const struct ending *ending)
{
    const struct ending *parts[] = {entry.form, ending};
    size_t start;

    begin_word(writer);
    start = writer->used;
    put(writer, entry.base->text, entry.base->length);
    for (size_t i = 0; i < LENGTH_OF(parts) && parts[i]; i++) {
        const char *text = harmonize(parts[i], entry.base->back);

        put(writer, text, strlen(text));
    }
    end_word(writer, start);
}

static uint32_t below(struct writer *writer, uint32_t n)
{
    return rng_below(&writer->rng, n);
}

static int draw(struct writer *writer, enum category category)
{
    return lexicon_draw_word(writer->language, category, writer->topic, &writer->rng);
}

/* Three times of four one of the habits, else any word. */
static int draw_habitual(struct writer *writer, enum category category,
                         const uint16_t habits[HABITS])
{
    return below(writer, 4) ? habits[below(writer, HABITS)] : draw(writer, category);
}

static void write_name(struct writer *writer, enum category category, int number)
{
    write_word(writer, lexicon_word(writer->language, category, number), NULL);
}

/* Article, perhaps an adjective, and the noun, all agreeing. */
static struct noun_phrase write_noun(struct writer *writer, int noun)
{
    const struct language *language = writer->language;
    struct word entry = lexicon_word(language, NOUN, noun);
    struct noun_phrase phrase = {entry.class, below(writer, 4) == 0, noun};

    word(writer, &article[below(writer, 4) > 0][phrase.class][phrase.number]);
    if (below(writer, 3) == 0) {
        int adjective = draw_habitual(writer, ADJECTIVE, language->adjectives[noun]);

        write_word(writer, lexicon_word(language, ADJECTIVE, adjective),
                   &adjective_ending[phrase.class][phrase.number]);
    }
    write_word(writer, entry, phrase.number ? &plural_ending[phrase.class] : NULL);
    return phrase;
}

/* The symbols of the grammar that write. */

static void write_subject(struct writer *writer)
{
    writer->subject = write_noun(writer, draw(writer, NOUN));
}

static void write_verb(struct writer *writer)
{
    const struct noun_phrase *subject = &writer->subject;

    if (subject->noun < 0)
        writer->verb = draw(writer, VERB);
    else
        writer->verb = draw_habitual(writer, VERB, writer->language->verbs[subject->noun]);
    write_word(writer, lexicon_word(writer->language, VERB, writer->verb),
               &verb_ending[writer->tense][subject->class][subject->number]);
}

static void write_object(struct writer *writer)
{
    write_noun(writer, draw_habitual(writer, NOUN, writer->language->objects[writer->verb]));
}

/* A preposition, three times of four the one that goes with the verb, and what it stands for. */
static void write_adverbial(struct writer *writer)
{
    uint32_t which = (uint32_t)writer->verb % LENGTH_OF(prepositions);

    if (below(writer, 4) == 0)
        which = below(writer, LENGTH_OF(prepositions));
    word(writer, &prepositions[which]);
    if (below(writer, 3))
        write_noun(writer, draw(writer, NOUN));
    else
        write_name(writer, PLACE, lexicon_draw_name(writer->language, PLACE, &writer->rng));
}

static void be_subject(struct writer *writer, int person)
{
    writer->speaker = person;
    writer->subject = (struct noun_phrase){writer->language->people[person].class, 0, -1};
}

/* One of the cast by name, the one named last half of the time. */
static void write_person(struct writer *writer)
{
    if (below(writer, 2))
        be_subject(writer, writer->cast[below(writer, CAST)]);
    else
        be_subject(writer, writer->speaker);
    write_name(writer, PERSON, writer->speaker);
}

static void write_pronoun(struct writer *writer)
{
    be_subject(writer, writer->speaker);
    word(writer, &pronoun[writer->subject.class]);
}

static void write_relative(struct writer *writer)
{
    word(writer, &relative[writer->subject.class][writer->subject.number]);
}

static void write_trade_and_home(struct writer *writer)
{
    const struct language *language = writer->language;

    word(writer, &is[writer->tense]);
    write_word(writer, lexicon_word(language, NOUN, language->trade[writer->speaker]), NULL);
    word(writer, &prepositions[0]);
    write_name(writer, PLACE, language->home[writer->speaker]);
}

static void write_place_and_river(struct writer *writer)
{
    int place = lexicon_draw_name(writer->language, PLACE, &writer->rng);

    write_name(writer, PLACE, place);
    word(writer, &lies[writer->tense]);
    word(writer, &prepositions[1]);
    write_name(writer, RIVER, writer->language->river[place]);
}

static void write_sum(struct writer *writer)
{
    unsigned a = below(writer, 100), b = below(writer, 100);
    char text[40];

    snprintf(text, sizeof text, "%u + %u = %u", a, b, a + b);
    write_text(writer, text);
}

static void write_says(struct writer *writer)
{
    word(writer, &says[writer->tense]);
}

static void write_and(struct writer *writer)
{
    word(writer, &and);
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
    word(writer, &repeats[writer->tense]);
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
    {'O', write_object},      {'P', write_adverbial},
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
    struct noun_phrase outer = {0, 0, -1};

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
    uint32_t sentences, mood;

    rng_start(&writer.rng, seed, purpose, number);
    writer.topic = (int)below(&writer, TOPICS);
    writer.tense = (int)below(&writer, TENSES);
    for (int i = 0; i < CAST; i++)
        writer.cast[i] = lexicon_draw_name(language, PERSON, &writer.rng);
    writer.speaker = writer.cast[0];
    mood = below(&writer, LENGTH_OF(moods));
    sentences = SENTENCES_MIN + below(&writer, SENTENCES_MAX - SENTENCES_MIN + 1);
    while (sentences-- && writer.used + SENTENCE_BYTES <= LANGUAGE_DOCUMENT_BYTES) {
        writer.sentence_start = true;
        expand(&writer, 'X');
        word(&writer, &moods[mood]);
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
    document->bytes =
        language_write(self->language, self->seed, self->purpose, self->number++, self->text);
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
