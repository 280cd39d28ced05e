/* words.c - see words.h. */
#include "src/glu.h"

#include "src/task/metrics/words.h"

#include <stdlib.h>
#include <string.h>

static bool is_one_space(uint32_t point)
{
    return point == ' ';
}

static int cut(struct words *words, const struct unicode *text, bool (*between)(uint32_t),
               bool empty)
{
    size_t start = 0;

    words->count = 0;
    words->word = malloc((text->count + 1) * sizeof *words->word);
    if (!words->word)
        return err_set("no memory for the words of %zu characters", text->count);
    for (size_t i = 0; i <= text->count; i++) {
        if (i < text->count && !between(text->points[i]))
            continue;
        if (i > start || empty)
            words->word[words->count++] = (struct word){text->points + start, i - start};
        start = i + 1;
    }
    return 0;
}

int words_cut(struct words *words, const struct unicode *text)
{
    return cut(words, text, unicode_is_space, false);
}

int words_cut_at_spaces(struct words *words, const struct unicode *text)
{
    return cut(words, text, is_one_space, true);
}

void words_free(struct words *words)
{
    free(words->word);
    *words = (struct words){NULL, 0};
}

/* Some order: by length, then by code points. */
static int word_order(const struct word *a, const struct word *b)
{
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    return a->count ? memcmp(a->points, b->points, a->count * sizeof *a->points) : 0;
}

bool word_equal(const struct word *a, const struct word *b)
{
    return word_order(a, b) == 0;
}

bool word_is(const struct word *word, const char *text)
{
    size_t i = 0;

    while (i < word->count && text[i] && word->points[i] == (unsigned char)text[i])
        i++;
    return i == word->count && !text[i];
}

/* A word, and where its number goes. */
struct numbered {
    struct word word;
    uint32_t *number;
};

static int numbered_order(const void *a, const void *b)
{
    return word_order(&((const struct numbered *)a)->word, &((const struct numbered *)b)->word);
}

int words_number(const struct words *first, const struct words *second, uint32_t *a, uint32_t *b)
{
    size_t count = first->count + second->count;
    struct numbered *all = malloc((count + 1) * sizeof *all);
    uint32_t number = 0;

    if (!all)
        return err_set("no memory to number %zu words", count);
    for (size_t i = 0; i < first->count; i++)
        all[i] = (struct numbered){first->word[i], a + i};
    for (size_t i = 0; i < second->count; i++)
        all[first->count + i] = (struct numbered){second->word[i], b + i};
    qsort(all, count, sizeof *all, numbered_order);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && !word_equal(&all[i - 1].word, &all[i].word))
            number++;
        *all[i].number = number;
    }
    free(all);
    return 0;
}

static int run_order(const void *a, const void *b)
{
    return word_order(a, b);
}

/* Sorted runs of a list; the memory is the caller's. */
static void sort_runs(struct word *run, const uint32_t *list, size_t runs, size_t order)
{
    for (size_t i = 0; i < runs; i++)
        run[i] = (struct word){list + i, order};
    qsort(run, runs, sizeof *run, run_order);
}

int runs_in_common(const uint32_t *a, size_t a_count, const uint32_t *b, size_t b_count,
                   size_t order, size_t *common)
{
    size_t a_runs = runs_count(a_count, order), b_runs = runs_count(b_count, order), i = 0, j = 0;
    struct word *run, *other;

    *common = 0;
    if (a_runs == 0 || b_runs == 0)
        return 0;
    run = malloc((a_runs + b_runs) * sizeof *run);
    if (!run)
        return err_set("no memory for %zu runs of %zu", a_runs + b_runs, order);
    other = run + a_runs;
    sort_runs(run, a, a_runs, order);
    sort_runs(other, b, b_runs, order);
    while (i < a_runs && j < b_runs) {
        int side = run_order(run + i, other + j);

        *common += side == 0;
        i += side <= 0;
        j += side >= 0;
    }
    free(run);
    return 0;
}

int words_in_common(const struct words *a, const struct words *b, size_t *common)
{
    uint32_t *numbers = malloc((a->count + b->count + 1) * sizeof *numbers);
    int rc = -1;

    if (!numbers)
        return err_set("no memory for %zu words", a->count + b->count);
    if (!words_number(a, b, numbers, numbers + a->count))
        rc = runs_in_common(numbers, a->count, numbers + a->count, b->count, 1, common);
    free(numbers);
    return rc;
}
