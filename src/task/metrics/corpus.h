/* corpus.h - scores of a corpus that are no mean over its sentences: a sentence gives a few sums,
 * and the score is a function of those of all sentences.  Sums are kept by sentence, so that
 * sentences can be drawn again. */
#ifndef GLU_TASK_METRICS_CORPUS_H
#define GLU_TASK_METRICS_CORPUS_H

#include "src/task/text_task.h"

struct corpus_metric {
    const struct text_metric *metric;
    const char *signature; /* as sacreBLEU writes it */
    int sums;              /* that a sentence gives, CORPUS_SUMS_MAX at most */
    /* Those of a sentence.  `own` is the row's.  0, or -1 and a message. */
    int (*count)(const struct corpus_metric *row, const char *output, const char *reference,
                 double *sums);
    double (*score)(const double *sums); /* 0 to 100 */
    const void *own;
    bool lower;
};

enum { CORPUS_SUMS_MAX = 18 };

/* The i-th, or NULL past the last. */
const struct corpus_metric *corpus_metric_at(size_t i);
/* By the metric's name; NULL when it is none of a corpus. */
const struct corpus_metric *corpus_metric_find(const char *name);

/* What every sentence gives: sums, (examples, row->sums), is new memory.  0, or -1 and a
 * message. */
int corpus_sums(const struct corpus_metric *row, const struct text_answers *answers,
                double **sums) GLU_MUST_USE;

/* The score of answers; NAN without any.  0, or -1 and a message. */
int corpus_score(const struct corpus_metric *row, const struct text_answers *answers,
                 double *score) GLU_MUST_USE;

/* The rows, by file. */
extern const struct corpus_metric corpus_bleu_13a, corpus_bleu_intl, corpus_bleu_13a_lc,
    corpus_bleu_intl_lc;
extern const struct corpus_metric corpus_chrf2;

#endif
