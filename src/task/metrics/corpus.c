/* corpus.c - see corpus.h. */
#include "src/glu.h"

#include "src/task/metrics/corpus.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct corpus_metric *const rows[] = {
    &corpus_bleu_13a, &corpus_bleu_intl, &corpus_bleu_13a_lc, &corpus_bleu_intl_lc, &corpus_chrf2,
};

const struct corpus_metric *corpus_metric_at(size_t i)
{
    return i < LENGTH_OF(rows) ? rows[i] : NULL;
}

const struct corpus_metric *corpus_metric_find(const char *name)
{
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        if (strcmp(rows[i]->metric->metric.name, name) == 0)
            return rows[i];
    return NULL;
}

int corpus_sums(const struct corpus_metric *row, const struct text_answers *answers, double **sums)
{
    size_t count = answers->examples->count;

    *sums = calloc(count * (size_t)row->sums + 1, sizeof **sums);
    if (!*sums)
        return err_set("no memory for the sums of %zu sentences", count);
    for (size_t i = 0; i < count; i++) {
        if (row->count(row, answers->outputs[i], answers->examples->example[i].target,
                       *sums + i * (size_t)row->sums)) {
            free(*sums);
            *sums = NULL;
            return -1;
        }
    }
    return 0;
}

int corpus_score(const struct corpus_metric *row, const struct text_answers *answers, double *score)
{
    double total[CORPUS_SUMS_MAX] = {0}, *sums;

    if (corpus_sums(row, answers, &sums))
        return -1;
    for (size_t i = 0; i < answers->examples->count; i++)
        for (int j = 0; j < row->sums; j++)
            total[j] += sums[i * (size_t)row->sums + (size_t)j];
    free(sums);
    *score = answers->examples->count ? row->score(total) : NAN;
    return 0;
}
