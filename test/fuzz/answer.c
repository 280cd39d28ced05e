/* answer.c - what a model says, scored by every metric. */
#include "src/glu.h"

#include "src/task/metrics/metrics.h"
#include "test/fuzz/fuzz.h"
#include "test/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int fuzz_answer(const uint8_t *data, size_t size);

static const char *const classes[] = {"no", "yes", NULL};
static const struct text_task task = {.name = "fuzz", .classes = classes};

static const struct text_metric *const metrics[] = {
    &text_metric_accuracy,  &text_metric_mcc,         &text_metric_f1,
    &text_metric_macro_f1,  &text_metric_f1a,         &text_metric_em_question,
    &text_metric_pearson,   &text_metric_spearman,    &text_metric_squad_em,
    &text_metric_squad_f1,  &text_metric_wsc,         &text_metric_bleu_13a,
    &text_metric_bleu_intl, &text_metric_bleu_13a_lc, &text_metric_bleu_intl_lc,
    &text_metric_chrf2,
};

int fuzz_answer(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), *target;
    char *outputs[2];
    struct example example[2];
    struct examples examples = {.example = example, .count = 2};
    struct text_answers answers = {&task, &examples, outputs};
    double score;

    if (!text)
        tap_bail_out("no memory");
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    target = strrchr(text, '\n');
    if (target)
        *target++ = '\0';
    else
        target = text;
    for (int i = 0; i < 2; i++) {
        outputs[i] = i ? target : text;
        example[i] = (struct example){"", target, i, i, i, NULL};
    }
    for (size_t i = 0; i < LENGTH_OF(metrics); i++) {
        fuzz_check(metrics[i]->score(&answers, &score) == 0, "any answer has a score");
        fuzz_check(isnan(score) || (score >= -100 - 1e-6 && score <= 100 + 1e-6), "of -100 to 100");
    }
    free(text);
    return 0;
}
