/* chrf.c - chrF2 of a corpus: F with recall counted twice, of runs of characters (Popovic 2015 and
 * 2016; as sacreBLEU has it). */
#include "src/glu.h"

#include "src/task/metrics/corpus.h"
#include "src/task/metrics/metrics.h"
#include "src/task/metrics/words.h"

enum { ORDERS = 6 };

/* What a sentence gives: runs of the output, of the reference and of both, by order. */
enum { OUTPUT, REFERENCE = OUTPUT + ORDERS, COMMON = REFERENCE + ORDERS, SUMS = COMMON + ORDERS };
_Static_assert((int)SUMS <= (int)CORPUS_SUMS_MAX, "too many sums");

/* The characters of a sentence but white space. */
static int read_characters(const char *sentence, struct unicode *text)
{
    size_t kept = 0;

    if (unicode_read(text, sentence))
        return -1;
    for (size_t i = 0; i < text->count; i++)
        if (!unicode_is_space(text->points[i]))
            text->points[kept++] = text->points[i];
    text->count = kept;
    return 0;
}

static int chrf_count(const struct corpus_metric *row, const char *output, const char *reference,
                      double *sums)
{
    struct unicode a = {NULL, 0}, b = {NULL, 0};
    size_t common;
    int rc = -1;

    (void)row;
    if (read_characters(output, &a) || read_characters(reference, &b))
        goto done;
    for (size_t order = 1; order <= ORDERS; order++) {
        if (runs_in_common(a.points, a.count, b.points, b.count, order, &common))
            goto done;
        sums[COMMON + order - 1] = (double)common;
        sums[REFERENCE + order - 1] = (double)runs_count(b.count, order);
        /* A reference too short for the order says nothing of what the output has. */
        if (sums[REFERENCE + order - 1] > 0)
            sums[OUTPUT + order - 1] = (double)runs_count(a.count, order);
    }
    rc = 0;
done:
    unicode_free(&a);
    unicode_free(&b);
    return rc;
}

static double chrf_score(const double *sums)
{
    double precision = 0, recall = 0;
    int orders = 0;

    for (int i = 0; i < ORDERS; i++) {
        if (!(sums[OUTPUT + i] > 0 && sums[REFERENCE + i] > 0))
            continue;
        precision += sums[COMMON + i] / sums[OUTPUT + i];
        recall += sums[COMMON + i] / sums[REFERENCE + i];
        orders++;
    }
    if (!(precision + recall > 0))
        return 0;
    precision /= orders;
    recall /= orders;
    return 500 * precision * recall / (4 * precision + recall);
}

static int score_chrf2(const struct text_answers *answers, double *score)
{
    return corpus_score(&corpus_chrf2, answers, score);
}

const struct text_metric text_metric_chrf2 = {{"chrf2", "points", true}, score_chrf2};

const struct corpus_metric corpus_chrf2 = {
    .metric = &text_metric_chrf2,
    .signature = "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0",
    .sums = SUMS,
    .count = chrf_count,
    .score = chrf_score,
};
