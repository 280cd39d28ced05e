/* wsc.c - whether an output is the referent of a pronoun, as T5 judges it. */
#include "src/glu.h"

#include "src/task/metrics/metrics.h"
#include "src/task/metrics/wsc.h"
#include "src/task/metrics/words.h"

#include <math.h>

static bool is_determiner(const struct word *word)
{
    static const char *const determiners[] = {
        "a",    "an",   "few", "her",   "his",   "each", "every", "many",  "much",  "my",   "our",
        "some", "that", "the", "their", "these", "this", "those", "which", "whose", "your",
    };

    for (size_t i = 0; i < LENGTH_OF(determiners); i++)
        if (word_is(word, determiners[i]))
            return true;
    return false;
}

/* The words of a text but determiners.  They point into *text; the caller frees both, after a
 * failure too. */
static int read_words(const char *string, struct unicode *text, struct words *words)
{
    struct unicode stripped;
    size_t start = 0, kept = 0;

    *text = (struct unicode){NULL, 0};
    *words = (struct words){NULL, 0};
    if (unicode_read(text, string) || unicode_lower(text))
        return -1;
    unicode_drop_space_at_end(text);
    while (start < text->count && unicode_is_space(text->points[start]))
        start++;
    stripped = (struct unicode){text->points + start, text->count - start};
    if (words_cut_at_spaces(words, &stripped))
        return -1;
    for (size_t i = 0; i < words->count; i++)
        if (!is_determiner(words->word + i))
            words->word[kept++] = words->word[i];
    if (kept == 0) /* as of no text at all */
        words->word[kept++] = (struct word){text->points, 0};
    words->count = kept;
    return 0;
}

static bool is_empty(const struct words *words)
{
    return words->count == 1 && words->word[0].count == 0;
}

static bool has_apostrophe(const struct words *words)
{
    for (size_t i = 0; i < words->count; i++)
        for (size_t j = 0; j < words->word[i].count; j++)
            if (words->word[i].points[j] == '\'')
                return true;
    return false;
}

/* Is every word of `part` one of `whole`? */
static bool contains(const struct words *whole, const struct words *part)
{
    for (size_t i = 0; i < part->count; i++) {
        size_t j = 0;

        while (j < whole->count && !word_equal(part->word + i, whole->word + j))
            j++;
        if (j == whole->count)
            return false;
    }
    return true;
}

int wsc_label(const char *output, const char *referent, int *label)
{
    struct unicode output_text = {NULL, 0}, referent_text = {NULL, 0};
    struct words output_words = {NULL, 0}, referent_words = {NULL, 0};
    int rc = -1;

    if (read_words(output, &output_text, &output_words) ||
        read_words(referent, &referent_text, &referent_words))
        goto done;
    if (is_empty(&output_words))
        *label = -1;
    else if (has_apostrophe(&output_words) != has_apostrophe(&referent_words))
        *label = 0;
    else
        *label = contains(&output_words, &referent_words) ||
                 contains(&referent_words, &output_words);
    rc = 0;
done:
    words_free(&output_words);
    words_free(&referent_words);
    unicode_free(&output_text);
    unicode_free(&referent_text);
    return rc;
}

static int score_wsc(const struct text_answers *answers, double *score)
{
    size_t count = answers->examples->count, right = 0;
    int label;

    for (size_t i = 0; i < count; i++) {
        const struct example *example = &answers->examples->example[i];

        if (wsc_label(answers->outputs[i], example->target, &label))
            return -1;
        right += label == example->label;
    }
    *score = count ? 100 * (double)right / (double)count : (double)NAN;
    return 0;
}

const struct text_metric text_metric_wsc = {{"accuracy", "%", true}, score_wsc};
