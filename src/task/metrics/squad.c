/* squad.c - scores of tasks that are answered by a piece of text, of which several may be right. */
#include "src/glu.h"

#include "src/task/metrics/metrics.h"
#include "src/task/metrics/normalise.h"

#include <math.h>

/* How near an output is to one right answer, 0 to 1, both normalised.  0, or -1 and a message. */
typedef int nearness(const struct words *output, const struct words *gold, double *near);

static int are_equal(const struct words *output, const struct words *gold, double *near)
{
    *near = output->count == gold->count;
    for (size_t i = 0; i < output->count && *near > 0; i++)
        *near = word_equal(output->word + i, gold->word + i);
    return 0;
}

static int share_of_words(const struct words *output, const struct words *gold, double *near)
{
    size_t common;

    if (words_in_common(output, gold, &common))
        return -1;
    *near = common ? 2 * (double)common / (double)(output->count + gold->count) : 0;
    return 0;
}

static int near_answer(const struct words *output, const char *answer, nearness *measure,
                       double *near)
{
    struct unicode text;
    struct words words;
    int rc = -1;

    if (!normalise(answer, &text, &words))
        rc = measure(output, &words, near);
    words_free(&words);
    unicode_free(&text);
    return rc;
}

/* The nearest of an example's answers. */
static int near_best(const struct example *example, const char *output, nearness *measure,
                     double *best)
{
    const char *const target[] = {example->target, NULL};
    const char *const *answer = example->answers ? example->answers : target;
    struct unicode text;
    struct words words;
    double near;
    int rc = -1;

    *best = 0;
    if (normalise(output, &text, &words))
        goto done;
    for (; *answer; answer++) {
        if (near_answer(&words, *answer, measure, &near))
            goto done;
        *best = fmax(*best, near);
    }
    rc = 0;
done:
    words_free(&words);
    unicode_free(&text);
    return rc;
}

static int mean_of_best(const struct text_answers *answers, nearness *measure, double *score)
{
    size_t count = answers->examples->count;
    double sum = 0, best;

    for (size_t i = 0; i < count; i++) {
        if (near_best(&answers->examples->example[i], answers->outputs[i], measure, &best))
            return -1;
        sum += best;
    }
    *score = count ? 100 * sum / (double)count : (double)NAN;
    return 0;
}

static int score_em(const struct text_answers *answers, double *score)
{
    return mean_of_best(answers, are_equal, score);
}

static int score_f1(const struct text_answers *answers, double *score)
{
    return mean_of_best(answers, share_of_words, score);
}

const struct text_metric text_metric_squad_em = {{"em", "%", true}, score_em};
const struct text_metric text_metric_squad_f1 = {{"f1", "%", true}, score_f1};
