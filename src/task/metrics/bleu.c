/* bleu.c - BLEU of a corpus (Papineni et al. 2002), of one reference, exponential smoothing and
 * sacreBLEU's tokenisations (Post 2018). */
#include "src/glu.h"

#include "src/task/metrics/corpus.h"
#include "src/task/metrics/metrics.h"
#include "src/task/metrics/tokenise.h"
#include "src/task/metrics/words.h"

#include <math.h>
#include <stdlib.h>

enum { ORDERS = 4 };

/* What a sentence gives: matches by order, candidates by order, words of the output and of the
 * reference. */
enum { MATCHES, CANDIDATES = MATCHES + ORDERS, LENGTH = CANDIDATES + ORDERS, REFERENCE, SUMS };
_Static_assert((int)SUMS <= (int)CORPUS_SUMS_MAX, "too many sums");

static int cut_sentence(const struct corpus_metric *row, const char *sentence, struct unicode *text,
                        struct words *words)
{
    if (unicode_read(text, sentence) || (row->lower && unicode_lower(text)) ||
        tokenise(row->own, text))
        return -1;
    return words_cut(words, text);
}

static int count_runs(const struct words *output, const struct words *reference, double *sums)
{
    uint32_t *numbers = malloc((output->count + reference->count + 1) * sizeof *numbers);
    size_t common;
    int rc = -1;

    if (!numbers)
        return err_set("no memory for a sentence of %zu words", output->count);
    if (words_number(output, reference, numbers, numbers + output->count))
        goto done;
    for (size_t order = 1; order <= ORDERS; order++) {
        if (runs_in_common(numbers, output->count, numbers + output->count, reference->count, order,
                           &common))
            goto done;
        sums[MATCHES + order - 1] = (double)common;
        sums[CANDIDATES + order - 1] = (double)runs_count(output->count, order);
    }
    sums[LENGTH] = (double)output->count;
    sums[REFERENCE] = (double)reference->count;
    rc = 0;
done:
    free(numbers);
    return rc;
}

static int bleu_count(const struct corpus_metric *row, const char *output, const char *reference,
                      double *sums)
{
    struct unicode output_text = {NULL, 0}, reference_text = {NULL, 0};
    struct words output_words = {NULL, 0}, reference_words = {NULL, 0};
    int rc = -1;

    if (!cut_sentence(row, output, &output_text, &output_words) &&
        !cut_sentence(row, reference, &reference_text, &reference_words))
        rc = count_runs(&output_words, &reference_words, sums);
    words_free(&output_words);
    words_free(&reference_words);
    unicode_free(&output_text);
    unicode_free(&reference_text);
    return rc;
}

/* An order without a match counts as half a match, the next such one as a quarter, and so on. */
static double bleu_score(const double *sums)
{
    double logarithms = 0, part = 1, any = 0;

    for (int i = 0; i < ORDERS; i++)
        any += sums[MATCHES + i];
    if (!(any > 0))
        return 0;
    for (int i = 0; i < ORDERS; i++) {
        double matches = sums[MATCHES + i];

        if (!(sums[CANDIDATES + i] > 0))
            return 0;
        if (!(matches > 0))
            matches = part /= 2;
        logarithms += log(matches / sums[CANDIDATES + i]);
    }
    if (sums[LENGTH] < sums[REFERENCE])
        logarithms += ORDERS * (1 - sums[REFERENCE] / sums[LENGTH]);
    return 100 * exp(logarithms / ORDERS);
}

#define SIGNATURE(letters, tokens) \
    "nrefs:1|case:" letters "|eff:no|tok:" tokens "|smooth:exp|version:2.6.0"

/* A row, and its metric. */
#define BLEU(id, letters, tokens, lower_case)                                        \
    static int score_##id(const struct text_answers *answers, double *score)         \
    {                                                                                \
        return corpus_score(&corpus_##id, answers, score);                           \
    }                                                                                \
    const struct text_metric text_metric_##id = {{#id, "points", true}, score_##id}; \
    const struct corpus_metric corpus_##id = {                                       \
        .metric = &text_metric_##id,                                                 \
        .signature = SIGNATURE(letters, #tokens),                                    \
        .sums = SUMS,                                                                \
        .count = bleu_count,                                                         \
        .score = bleu_score,                                                         \
        .own = &tokenise_##tokens,                                                   \
        .lower = lower_case,                                                         \
    }

BLEU(bleu_13a, "mixed", 13a, false);
BLEU(bleu_intl, "mixed", intl, false);
BLEU(bleu_13a_lc, "lc", 13a, true);
BLEU(bleu_intl_lc, "lc", intl, true);
