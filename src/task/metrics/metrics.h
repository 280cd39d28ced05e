/* metrics.h - the scores of tasks that are told in words (src/task/text_task.h), all times 100.
 *
 * A label is right only when the whole output is the class word, case and all; any other output is
 * of class -1, which is wrong.  Without examples every score is undefined (NAN).  Scores of labels
 * need a task with classes; without them text_metric_accuracy asks whether the output is the
 * target. */
#ifndef GLU_TASK_METRICS_METRICS_H
#define GLU_TASK_METRICS_METRICS_H

#include "src/task/text_task.h"

/* Labels. */
extern const struct text_metric text_metric_accuracy;
/* Matthews' correlation, over whatever classes occur, -1 too. */
extern const struct text_metric text_metric_mcc;
/* Of class 1; an output that is neither 0 nor 1 counts as the wrong one. */
extern const struct text_metric text_metric_f1;
extern const struct text_metric text_metric_macro_f1; /* the mean over the classes of the task */
extern const struct text_metric text_metric_f1a;      /* f1 over all answers to all questions */
/* Questions (groups) with all answers right. */
extern const struct text_metric text_metric_em_question;

/* Numbers: an output that is none, or is not finite, is -1.  NAN where either side is constant. */
extern const struct text_metric text_metric_pearson, text_metric_spearman;

/* Text, against the best of the right answers, both normalised (src/task/metrics/normalise.h). */
extern const struct text_metric text_metric_squad_em, text_metric_squad_f1;
/* Is it the referent that the target names, as the label says (0 or 1)? */
extern const struct text_metric text_metric_wsc;

/* Translations, against the target; see src/task/metrics/corpus.h for their signatures and
 * sentences. */
extern const struct text_metric text_metric_bleu_13a, text_metric_bleu_intl;
extern const struct text_metric text_metric_bleu_13a_lc, text_metric_bleu_intl_lc; /* lower-cased */
extern const struct text_metric text_metric_chrf2;

#endif
