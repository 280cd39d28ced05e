/* score-predictions.c - the scores of predictions that are kept: of a task, and of a file with an
 * object on each line (see test/score_predictions.py), as JSON.
 *
 *     ./score-predictions TASK FILE */
#include "src/glu.h"

#include "src/results/class_likelihood.h"
#include "src/task/metrics/corpus.h"
#include "src/task/metrics/metrics.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct text_task translation = {
    .name = "translation",
    .metrics = (const struct text_metric *const[]){&text_metric_bleu_13a, &text_metric_bleu_intl,
                                                   &text_metric_bleu_13a_lc,
                                                   &text_metric_bleu_intl_lc, &text_metric_chrf2,
                                                   NULL},
};

static void die(const char *what)
{
    fprintf(stderr, "score-predictions: %s\n", what);
    exit(1);
}

static void *memory(size_t count, size_t bytes)
{
    void *new = calloc(count + 1, bytes);

    if (!new)
        die("no memory");
    return new;
}

static const char *text_of(const json_t *row, const char *field)
{
    const char *text = json_string_value(json_object_get(row, field));

    if (!text)
        die("a line without input, target or output");
    return text;
}

/* The number of the class of a word, -1 of none. */
static int class_of(const struct text_task *task, const char *word)
{
    for (int k = 0; task->classes && task->classes[k]; k++)
        if (strcmp(task->classes[k], word) == 0)
            return k;
    return -1;
}

static const char *const *answers_of(const json_t *row)
{
    const json_t *answers = json_object_get(row, "answers");
    const char **list;

    if (!answers)
        return NULL;
    list = memory(json_array_size(answers), sizeof *list);
    for (size_t i = 0; i < json_array_size(answers); i++)
        list[i] = json_string_value(json_array_get(answers, i));
    return list;
}

/* An example as the task has read it; what its target does not tell has fields of its own. */
static struct example example_of(const struct text_task *task, const json_t *row)
{
    const json_t *label = json_object_get(row, "label"), *group = json_object_get(row, "group");
    const char *target = text_of(row, "target");

    return (struct example){
        .input = text_of(row, "input"),
        .target = target,
        .label = label ? (int)json_integer_value(label) : class_of(task, target),
        .group = group ? (int)json_integer_value(group) : -1,
        .number = strtod(target, NULL),
        .answers = answers_of(row),
    };
}

static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

/* What the likelihoods of the class words say, where every line has them. */
static void score_classes(const struct text_task *task, const json_t *rows,
                          const struct example *example, json_t *scores)
{
    int classes = 0, *tokens, *label;
    size_t count = json_array_size(rows);
    double *log_p;
    struct class_likelihood seen;

    while (task->classes && task->classes[classes])
        classes++;
    if (classes == 0 || count == 0 || !json_object_get(json_array_get(rows, 0), "class_nll_nats"))
        return;
    tokens = memory((size_t)classes, sizeof *tokens);
    label = memory(count, sizeof *label);
    log_p = memory(count * (size_t)classes, sizeof *log_p);
    for (int k = 0; k < classes; k++)
        tokens[k] = 1;
    for (size_t i = 0; i < count; i++) {
        const json_t *nats = json_object_get(json_array_get(rows, i), "class_nll_nats");

        label[i] = example[i].label;
        for (int k = 0; k < classes; k++)
            log_p[i * (size_t)classes + (size_t)k] = -json_number_value(
                json_object_get(nats, task->classes[k]));
    }
    if (class_likelihood(&(struct class_scores){(int)count, classes, log_p, label, tokens}, &seen))
        die(err_get());
    json_object_set_new(scores, "label_nats", number(seen.nats));
    json_object_set_new(scores, "label_accuracy", number(seen.accuracy));
    json_object_set_new(scores, "label_prior_nats", number(seen.prior_nats));
    json_object_set_new(scores, "label_difference_low", number(seen.difference.low));
    json_object_set_new(scores, "label_difference_high", number(seen.difference.high));
    json_object_set_new(scores, "label_signal", json_string(class_signal_text(seen.signal)));
    free(tokens);
    free(label);
    free(log_p);
}

static json_t *read_rows(const char *path)
{
    FILE *file = fopen(path, "r");
    json_t *rows = json_array(), *row;
    json_error_t error;

    if (!file)
        die("no such file");
    while ((row = json_loadf(file, JSON_DISABLE_EOF_CHECK, &error)) != NULL)
        json_array_append_new(rows, row);
    if (!feof(file))
        die(error.text);
    fclose(file);
    return rows;
}

int main(int argc, char **argv)
{
    const struct text_task *task;
    struct examples examples = {0};
    struct text_answers answers;
    const char **outputs;
    json_t *rows, *scores = json_object();
    double score;

    if (argc != 3)
        die("usage: score-predictions TASK FILE");
    task = strcmp(argv[1], translation.name) == 0 ? &translation : text_task_find(argv[1]);
    if (!task || !task->metrics)
        die(task ? "the task is not scored" : err_get());
    rows = read_rows(argv[2]);
    examples.count = json_array_size(rows);
    examples.example = memory(examples.count, sizeof *examples.example);
    outputs = memory(examples.count, sizeof *outputs);
    for (size_t i = 0; i < examples.count; i++) {
        examples.example[i] = example_of(task, json_array_get(rows, i));
        outputs[i] = text_of(json_array_get(rows, i), "output");
    }
    answers = (struct text_answers){task, &examples, (char *const *)outputs};
    for (const struct text_metric *const *metric = task->metrics; *metric; metric++) {
        if ((*metric)->score(&answers, &score))
            die(err_get());
        json_object_set_new(scores, (*metric)->metric.name, number(score));
    }
    score_classes(task, rows, examples.example, scores);
    json_dumpf(scores, stdout, JSON_REAL_PRECISION(17) | JSON_SORT_KEYS);
    putchar('\n');
    for (size_t i = 0; i < examples.count; i++)
        free((void *)examples.example[i].answers);
    free(examples.example);
    free(outputs);
    json_decref(scores);
    json_decref(rows);
    return 0;
}
