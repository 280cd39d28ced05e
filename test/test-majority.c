/* test-majority.c - what the same answer to all of a distribution's dev set scores, and what guessing the shares of
 * its classes costs: published numbers, where GLUBENCH_DATA has the whole set. */
#include "src/glu.h"

#include "src/results/class_likelihood.h"
#include "src/task/metrics/metrics.h"
#include "test/near.h"
#include "test/tap.h"

#include <stdlib.h>

static const struct {
    const char *name;
    double prior_nats, accuracy;
    const struct text_metric *metric; /* and another score of that answer; NULL: none */
    double score;
} tasks[] = {
    {"sst2", 0.693, 50.9, NULL, 0},
    {"cola", 0.618, 69.1, &text_metric_mcc, 0},
    {"mrpc", 0.624, 68.4, &text_metric_f1, 81.2},
    {"qqp", 0, 63.2, NULL, 0},
    {"qnli", 0.693, 50.5, NULL, 0},
    {"rte", 0.692, 52.7, NULL, 0},
    {"superglue_rte", 0.692, 52.7, NULL, 0},
    {"mnli", 1.098, 35.4, NULL, 0},
    {"boolq", 0.663, 62.2, NULL, 0},
    {"cb", 0.928, 50.0, NULL, 0},
    {"copa", 0.688, 55.0, NULL, 0},
    {"wic", 0.693, 50.0, NULL, 0},
    {"wsc", 0.657, 63.5, NULL, 0},
    {"multirc", 0.683, 57.2, NULL, 0},
};

static int checks;

/* The label that most examples have. */
static int most_frequent(const struct examples *examples)
{
    size_t count[8] = {0};
    int most = 0;

    for (size_t i = 0; i < examples->count; i++)
        count[examples->example[i].label]++;
    for (int k = 1; k < (int)LENGTH_OF(count); k++)
        most = count[k] > count[most] ? k : most;
    return most;
}

static double score_of(const struct text_metric *metric, const struct text_answers *answers)
{
    double score;

    if (metric->score(answers, &score))
        tap_bail_out("%s", err_get());
    return score;
}

/* What a model says of which all classes are equally likely; only the labels decide the prior. */
static double prior_of(const struct examples *examples, int classes)
{
    double *log_p = calloc(examples->count * (size_t)classes, sizeof *log_p);
    int *label = calloc(examples->count, sizeof *label), tokens[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    struct class_likelihood seen;

    if (!log_p || !label)
        tap_bail_out("no memory");
    for (size_t i = 0; i < examples->count; i++)
        label[i] = examples->example[i].label;
    if (class_likelihood(
            &(struct class_scores){(int)examples->count, classes, log_p, label, tokens}, &seen))
        tap_bail_out("%s", err_get());
    free(log_p);
    free(label);
    return seen.prior_nats;
}

static void check_task(size_t row, const struct text_task *task, const struct examples *examples)
{
    int most = most_frequent(examples), classes = 2;
    char **outputs = calloc(examples->count, sizeof *outputs);
    struct text_answers answers = {task, examples, outputs};

    if (!outputs)
        tap_bail_out("no memory");
    while (task->classes && task->classes[classes])
        classes++;
    for (size_t i = 0; i < examples->count; i++)
        outputs[i] = (char *)(task->classes ? task->classes[most] : "junk");
    near(score_of(task->classes ? &text_metric_accuracy : &text_metric_wsc, &answers),
         tasks[row].accuracy, 0.0501, task->name);
    checks++;
    if (tasks[row].prior_nats > 0) {
        near(prior_of(examples, classes), tasks[row].prior_nats, 0.0006, "its prior");
        checks++;
    }
    if (tasks[row].metric) {
        near(score_of(tasks[row].metric, &answers), tasks[row].score, 0.0501,
             tasks[row].metric->metric.name);
        checks++;
    }
    free(outputs);
}

int main(void)
{
    const char *data = getenv("GLUBENCH_DATA");

    if (!data || !*data) {
        tap_skip_all("GLUBENCH_DATA is not set");
        return 0;
    }
    for (size_t i = 0; i < LENGTH_OF(tasks); i++) {
        const struct text_task *task = text_task_find(tasks[i].name);
        struct examples *examples = NULL;

        if (!task)
            tap_bail_out("%s", err_get());
        if (!text_task_read(task, data, TEXT_DEV, &examples) &&
            examples->count == task->dev_examples) {
            check_task(i, task, examples);
        } else {
            tap_skip(1, "%s: not the whole dev set", tasks[i].name);
            checks++;
        }
        examples_destroy(examples);
    }
    tap_plan(checks);
    return tap_status();
}
