/* normalise.c - see normalise.h. */
#include "src/glu.h"

#include "src/task/metrics/normalise.h"

static bool is_ascii_punctuation(uint32_t point)
{
    return (point >= '!' && point <= '/') || (point >= ':' && point <= '@') ||
           (point >= '[' && point <= '`') || (point >= '{' && point <= '~');
}

/* Is it of a word?  An article is deleted where what is beside it is not. */
static bool is_of_word(uint32_t point)
{
    return unicode_is_letter(point) || unicode_is_number(point);
}

static bool is_article(const struct word *word)
{
    return word_is(word, "a") || word_is(word, "an") || word_is(word, "the");
}

static void delete_punctuation(struct unicode *text)
{
    size_t kept = 0;

    for (size_t i = 0; i < text->count; i++)
        if (!is_ascii_punctuation(text->points[i]))
            text->points[kept++] = text->points[i];
    text->count = kept;
}

static void blank_articles(struct unicode *text)
{
    size_t end;

    for (size_t i = 0; i < text->count; i = end + 1) {
        for (end = i; end < text->count && is_of_word(text->points[end]); end++)
            ;
        if (is_article(&(struct word){text->points + i, end - i}))
            for (size_t j = i; j < end; j++)
                text->points[j] = ' ';
    }
}

int normalise(const char *answer, struct unicode *text, struct words *words)
{
    *text = (struct unicode){NULL, 0};
    *words = (struct words){NULL, 0};
    if (unicode_read(text, answer) || unicode_lower(text))
        return -1;
    delete_punctuation(text);
    blank_articles(text);
    return words_cut(words, text);
}
