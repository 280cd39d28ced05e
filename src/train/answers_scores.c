/* answers_scores.c - how good answers are.  See answers.h. */
#include "src/glu.h"

#include "src/train/answers.h"

#include "src/results/class_likelihood.h"
#include "src/util/json_help.h"

#include <stdlib.h>

/* What the likelihoods of the classes tell, into the scores. */
static int put_classes(json_t *scores, const struct questions *questions, const struct answers *answers)
{
    size_t count = answers->count * (size_t)answers->classes;
    double *log_p = calloc(count + 1, sizeof *log_p);
    int *label = calloc(answers->count + 1, sizeof *label);
    struct class_scores of = {.examples = (int)answers->count, .classes = answers->classes, .log_p = log_p,
                              .label = label, .tokens = questions->class_used};
    struct class_likelihood told;
    int bad = -1;

    if (!log_p || !label) {
        err_set("out of memory");
        goto out;
    }
    for (size_t i = 0; i < count; i++)
        log_p[i] = -answers->class_nats[i];
    for (size_t i = 0; i < answers->count; i++)
        label[i] = questions->examples->example[i].label;
    bad = class_likelihood(&of, &told);
    if (!bad)
        bad = json_put(scores, "label_nats", json_number(told.nats)) |
              json_put(scores, "label_accuracy", json_number(told.accuracy)) |
              json_put(scores, "label_prior_nats", json_number(told.prior_nats)) |
              json_put(scores, "label_minus_prior_ci95_nats", json_interval(told.difference)) |
              json_put(scores, "label_signal", json_text(class_signal_text(told.signal)));
out:
    free(log_p);
    free(label);
    return bad ? -1 : 0;
}

static double mean_nats(const struct answers *answers)
{
    double nats = 0, tokens = 0;

    for (size_t i = 0; i < answers->count; i++) {
        nats += answers->target_nats[i];
        tokens += answers->target_tokens[i];
    }
    return nats / tokens;
}

json_t *answers_scores(const struct questions *questions, const struct answers *answers, double *values)
{
    const struct text_answers of = {questions->task, questions->examples, answers->outputs};
    json_t *scores = json_object();
    int bad = 0;

    for (int k = 0; scores && !bad && questions->task->metrics[k]; k++) {
        const struct text_metric *metric = questions->task->metrics[k];

        bad = metric->score(&of, &values[k]) != 0 ||
              json_put(scores, metric->metric.name, json_number(values[k])) != 0;
    }
    bad = bad || json_put(scores, "target_nats", json_number(mean_nats(answers)));
    bad = bad || (answers->classes > 0 && put_classes(scores, questions, answers));
    if (bad || !scores) {
        json_decref(scores);
        err_set("out of memory for the scores of task %s", questions->task->name);
        return NULL;
    }
    return scores;
}
