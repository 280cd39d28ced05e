/* scoring.c - see scoring.h. */
#include "src/glu.h"

#include "src/train/scoring_private.h"

#include "src/train/predictions.h"
#include "src/util/json_help.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_translation(const struct judged *judged)
{
    return judged->task == &text_task_translation;
}

bool scoring_has_test(const struct scoring *scoring, const struct judged *judged)
{
    return scoring->text2text->sets->set[judged->set].examples[TEXT_TEST] != NULL;
}

/* ==== Opening ==== */

static int count_metrics(const struct text_task *task)
{
    int count = 0;

    while (task->metrics && task->metrics[count])
        count++;
    return count;
}

/* The tasks with a dev set that are scored. */
static int list_tasks(struct scoring *scoring)
{
    const struct text_sets *sets = scoring->text2text->sets;

    scoring->judged = calloc((size_t)sets->count, sizeof *scoring->judged);
    if (!scoring->judged)
        return err_set("out of memory");
    for (int i = 0; i < sets->count; i++) {
        const struct text_task *task = sets->set[i].task;
        struct judged *judged = &scoring->judged[scoring->count];

        if (!sets->set[i].examples[TEXT_DEV] || !task->metrics)
            continue;
        scoring->count++;
        *judged = (struct judged){.set = i, .task = task, .column = scoring->columns,
                                  .columns = count_metrics(task), .step = -1};
        scoring->columns += judged->columns;
        if (questions_open(&judged->dev, scoring->text2text, i, TEXT_DEV))
            return -1;
    }
    return scoring->count > 0 ? 0 : err_set(FIELD("task") ": no task of it has a dev set to be judged by");
}

static int name_columns(struct scoring *scoring)
{
    scoring->groups = calloc((size_t)scoring->columns + 1, sizeof *scoring->groups);
    scoring->names = calloc((size_t)scoring->columns + 1, sizeof *scoring->names);
    if (!scoring->groups || !scoring->names)
        return err_set("out of memory");
    for (int i = 0; i < scoring->count; i++) {
        const struct judged *judged = &scoring->judged[i];

        for (int k = 0; k < judged->columns; k++) {
            scoring->groups[judged->column + k] = judged->task->group ? judged->task->group
                                                                      : judged->task->name;
            snprintf(scoring->names[judged->column + k], sizeof *scoring->names, "%.40s.%.50s",
                     judged->task->name, judged->task->metrics[k]->metric.name);
        }
    }
    return 0;
}

/* The decoder takes what any of the questions asks. */
static int open_decoder(struct scoring *scoring)
{
    struct decoder_options options = {.limit = 1, .examples = 1};

    for (int i = 0; i < scoring->count; i++) {
        const struct questions *dev = &scoring->judged[i].dev;
        int most = questions_most(dev);

        options.limit = dev->limit > options.limit ? dev->limit : options.limit;
        options.examples = most > options.examples ? most : options.examples;
    }
    return decoder_create(&scoring->decoder, scoring->model, &options);
}

static size_t count_weights(struct model *model)
{
    int count;
    struct tensor *tensors = model_tensors(model, &count);
    size_t sum = 0;

    for (int i = 0; i < count; i++)
        sum += (size_t)tensors[i].rows * (size_t)tensors[i].cols;
    return sum;
}

/* Room for the best weights, where a test set waits for them. */
static int open_weights(struct scoring *scoring)
{
    bool needed = false;

    for (int i = 0; i < scoring->count; i++)
        needed = needed || scoring_has_test(scoring, &scoring->judged[i]);
    if (!needed)
        return 0;
    scoring->weight_count = count_weights(scoring->model);
    scoring->weights = calloc(scoring->weight_count, sizeof *scoring->weights);
    return scoring->weights ? 0 : err_set("no memory for the weights of the best checkpoint");
}

int scoring_open(struct scoring **result, const struct text2text *text2text, struct model *model)
{
    struct scoring *scoring = calloc(1, sizeof *scoring);

    *result = NULL;
    if (!scoring)
        return err_set("out of memory");
    scoring->text2text = text2text;
    scoring->model = model;
    if (list_tasks(scoring) || name_columns(scoring) || open_decoder(scoring) || open_weights(scoring)) {
        scoring_close(scoring);
        return -1;
    }
    *result = scoring;
    return 0;
}

void scoring_close(struct scoring *scoring)
{
    if (!scoring)
        return;
    for (int i = 0; i < scoring->count; i++) {
        struct judged *judged = &scoring->judged[i];

        questions_close(&judged->dev);
        answers_free(&judged->answers);
        json_decref(judged->scores);
        json_decref(judged->last);
    }
    decoder_destroy(scoring->decoder);
    free(scoring->judged);
    free(scoring->groups);
    free(scoring->names);
    free(scoring->score);
    free(scoring->nats);
    free(scoring->steps);
    free(scoring->weights);
    free(scoring);
}

void scoring_sizes(const struct scoring *scoring, int64_t *examples, int64_t *tokens)
{
    *examples = *tokens = 0;
    for (int i = 0; i < scoring->count; i++) {
        const struct questions *dev = &scoring->judged[i].dev;

        *examples += (int64_t)dev->examples->count;
        for (int b = 0; b < dev->batch_count; b++)
            *tokens += batch_all_targets(dev->batches[b]);
    }
}

/* ==== A checkpoint ==== */

static int grow(double **numbers, size_t count)
{
    double *grown = realloc(*numbers, count * sizeof *grown);

    if (!grown)
        return err_set("out of memory");
    *numbers = grown;
    return 0;
}

int scoring_add_checkpoint(struct scoring *scoring, int64_t step)
{
    size_t count = (size_t)scoring->checkpoints + 1, columns = (size_t)scoring->columns;
    int64_t *steps = realloc(scoring->steps, count * sizeof *steps);

    if (!steps)
        return err_set("out of memory");
    scoring->steps = steps;
    if (grow(&scoring->score, count * columns) || grow(&scoring->nats, count))
        return -1;
    scoring->steps[scoring->checkpoints] = step;
    scoring->nats[scoring->checkpoints] = NAN;
    scoring->checkpoints++;
    return 0;
}

struct checkpoints scoring_table(const struct scoring *scoring)
{
    return (struct checkpoints){.count = scoring->checkpoints,
                                .columns = scoring->columns,
                                .group = scoring->groups,
                                .score = scoring->score};
}

/* The checkpoint with the lowest loss, the first of equals. */
static int lowest(const struct scoring *scoring)
{
    int best = -1;

    for (int i = 0; i < scoring->checkpoints; i++)
        if (isfinite(scoring->nats[i]) && (best < 0 || scoring->nats[i] < scoring->nats[best]))
            best = i;
    return best;
}

/* Is the last checkpoint the best of the task's group so far? */
static bool is_best(const struct scoring *scoring, const struct judged *judged)
{
    const struct checkpoints table = scoring_table(scoring);
    int last = scoring->checkpoints - 1;

    if (is_translation(judged))
        return lowest(scoring) == last;
    return checkpoint_best(&table, scoring->groups[judged->column]) == last;
}

static void keep_weights(struct scoring *scoring)
{
    int count;
    struct tensor *tensors = model_tensors(scoring->model, &count);
    float *to = scoring->weights;

    for (int i = 0; to && i < count; i++) {
        size_t elements = (size_t)tensors[i].rows * (size_t)tensors[i].cols;

        memcpy(to, tensors[i].value, elements * sizeof *to);
        to += elements;
    }
}

/* A task's part of a checkpoint, and what all have in common added up. */
static int score_task(struct scoring *scoring, struct judged *judged, double *values, struct answers *answers,
                      double *nats, double *tokens)
{
    if (answers_make(answers, &judged->dev, scoring->model, scoring->decoder))
        return -1;
    for (size_t i = 0; i < answers->count; i++) {
        *nats += answers->target_nats[i];
        *tokens += answers->target_tokens[i];
    }
    json_decref(judged->last);
    judged->last = answers_scores(&judged->dev, answers, values);
    return judged->last ? 0 : -1;
}

/* Those whose group has its best here keep it. */
static void keep_best(struct scoring *scoring, struct answers *answers, int64_t step)
{
    for (int i = 0; i < scoring->count; i++) {
        struct judged *judged = &scoring->judged[i];

        if (!is_best(scoring, judged))
            continue;
        judged->step = step;
        json_decref(judged->scores);
        judged->scores = json_incref(judged->last);
        answers_free(&judged->answers);
        judged->answers = answers[i];
        answers[i] = (struct answers){0};
        if (scoring_has_test(scoring, judged))
            keep_weights(scoring);
    }
}

int scoring_make(struct scoring *scoring, int64_t step, bool counts, double *nats)
{
    struct answers *answers = calloc((size_t)scoring->count, sizeof *answers);
    double *values = calloc((size_t)scoring->columns, sizeof *values), sum = 0, tokens = 0;
    int status = -1;

    if (!answers || !values) {
        err_set("out of memory");
        goto out;
    }
    status = 0;
    for (int i = 0; i < scoring->count && status == 0; i++)
        status = score_task(scoring, &scoring->judged[i], values + scoring->judged[i].column, &answers[i],
                            &sum, &tokens);
    *nats = sum / tokens;
    if (status == 0 && counts)
        status = scoring_add_checkpoint(scoring, step);
    if (status == 0 && counts) {
        memcpy(scoring->score + (size_t)(scoring->checkpoints - 1) * (size_t)scoring->columns, values,
               (size_t)scoring->columns * sizeof *values);
        scoring->nats[scoring->checkpoints - 1] = *nats;
        keep_best(scoring, answers, step);
    }
out:
    for (int i = 0; answers && i < scoring->count; i++)
        answers_free(&answers[i]);
    free(answers);
    free(values);
    return status;
}

/* ==== The test set ==== */

static void exchange_weights(struct scoring *scoring)
{
    int count;
    struct tensor *tensors = model_tensors(scoring->model, &count);
    float *kept = scoring->weights;

    for (int i = 0; i < count; i++)
        for (size_t k = 0; k < (size_t)tensors[i].rows * (size_t)tensors[i].cols; k++, kept++) {
            float value = tensors[i].value[k];

            tensors[i].value[k] = *kept;
            *kept = value;
        }
    model_refresh(scoring->model);
}

/* The scores of a translation become those of its test set, by the weights that the dev set chose; the dev
 * set's own stay beside them. */
int scoring_test(struct scoring *scoring, struct judged *judged)
{
    double *values = calloc((size_t)judged->columns, sizeof *values);
    struct questions test = {NULL};
    struct answers answers = {0};
    json_t *scores = NULL;
    int status = -1;

    if (!values) {
        err_set("out of memory");
        goto out;
    }
    if (questions_open(&test, scoring->text2text, judged->set, TEXT_TEST))
        goto out;
    exchange_weights(scoring);
    status = answers_make(&answers, &test, scoring->model, scoring->decoder);
    exchange_weights(scoring);
    if (status)
        goto out;
    scores = answers_scores(&test, &answers, values);
    status = scores ? json_put(scores, "dev_target_nats",
                               json_number(number_at(judged->scores, "target_nats")))
                    : -1;
    if (status)
        goto out;
    json_decref(judged->scores);
    judged->scores = scores;
    scores = NULL;
    questions_close(&judged->dev); /* what was asked last is what is predicted */
    judged->dev = test;
    test = (struct questions){NULL};
    answers_free(&judged->answers);
    judged->answers = answers;
    answers = (struct answers){0};
out:
    json_decref(scores);
    answers_free(&answers);
    questions_close(&test);
    free(values);
    return status;
}

int scoring_predict(const struct scoring *scoring, const char *directory, const char *name)
{
    for (int i = 0; i < scoring->count; i++) {
        const struct judged *judged = &scoring->judged[i];

        if (judged->answers.outputs &&
            predictions_write(directory, name, &judged->dev, &judged->answers, judged->step))
            return -1;
    }
    return 0;
}

float *scoring_weights(struct scoring *scoring, size_t *count)
{
    *count = scoring->weight_count;
    return scoring->weights;
}
