/* scoring_result.c - what a results file tells of a run with scores.  See scoring.h. */
#include "src/glu.h"

#include "src/train/scoring_private.h"

#include "src/results/class_likelihood.h"
#include "src/util/json_help.h"
#include "src/util/spread.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Losses of a task's examples that a results file has, at most, and the step that they are rounded to. */
enum { EXAMPLES_TOLD = 512 };
static const double example_step_nats = 0.01;

/* ==== Averages ==== */

/* The columns of a benchmark's average, each group once. */
static int groups_of(const struct text_benchmark *benchmark, const char *groups[], int most)
{
    int count = 0;

    for (const struct text_task *const *task = benchmark->tasks; *task; task++) {
        bool known = !(*task)->group;

        for (int i = 0; i < count && !known; i++)
            known = strcmp(groups[i], (*task)->group) == 0;
        if (!known && count < most)
            groups[count++] = (*task)->group;
    }
    return count;
}

/* Groups of one name are of two benchmarks, RTE's: a table of those of this one alone. */
static bool is_of(const struct text_benchmark *benchmark, const struct text_task *of)
{
    for (const struct text_task *const *task = benchmark->tasks; *task; task++)
        if (*task == of)
            return true;
    return false;
}

/* Is every task of the benchmark judged that has a column? */
static bool is_complete(const struct scoring *scoring, const struct text_benchmark *benchmark)
{
    for (const struct text_task *const *task = benchmark->tasks; *task; task++) {
        bool found = !(*task)->group;

        for (int i = 0; i < scoring->count && !found; i++)
            found = scoring->judged[i].task == *task;
        if (!found)
            return false;
    }
    return true;
}

enum { GROUPS_MAX = 32 };

static json_t *average_json(const struct scoring *scoring, const struct text_benchmark *benchmark)
{
    const char *groups[GROUPS_MAX], **own = calloc((size_t)scoring->columns + 1, sizeof *own);
    struct checkpoints table = scoring_table(scoring);
    int count = groups_of(benchmark, groups, GROUPS_MAX), best, bad = 0;
    bool whole = own && is_complete(scoring, benchmark);
    json_t *o = json_object();

    for (int i = 0; own && i < scoring->count; i++)
        for (int k = 0; k < scoring->judged[i].columns; k++) {
            int column = scoring->judged[i].column + k;

            own[column] = is_of(benchmark, scoring->judged[i].task) ? scoring->groups[column] : "";
        }
    table.group = own;
    best = whole ? checkpoint_best_average(&table, groups, count) : -1;
    bad |= json_put(o, "at_one_checkpoint",
                    json_number(best >= 0 ? checkpoint_average(&table, best, groups, count) : NAN));
    bad |= json_put(o, "of_best", json_number(whole ? checkpoint_average_of_best(&table, groups, count) : NAN));
    free(own);
    return json_finish(o, bad);
}

static json_t *averages_json(const struct scoring *scoring)
{
    const struct text_benchmark *benchmark;
    json_t *o = json_object();
    int bad = 0;

    for (size_t i = 0; (benchmark = text_benchmark_at(i)) != NULL; i++)
        bad |= json_put(o, benchmark->name, average_json(scoring, benchmark));
    return json_finish(o, bad);
}

/* Every checkpoint's scores, by column. */
static json_t *curve_json(const struct scoring *scoring)
{
    json_t *points = json_array();
    int bad = 0;

    for (int i = 0; i < scoring->checkpoints; i++) {
        json_t *o = json_object();

        bad |= json_put(o, "step", json_integer(scoring->steps[i]));
        bad |= json_put(o, "target_nats", json_number(scoring->nats[i]));
        for (int k = 0; k < scoring->columns; k++)
            bad |= json_put(o, scoring->names[k], json_number(scoring->score[i * scoring->columns + k]));
        bad |= json_push(points, o);
    }
    return json_finish(points, bad);
}

/* An example's loss: of its class among the classes, or of a target token. */
static double example_nats(const struct questions *questions, const struct answers *answers, size_t i)
{
    int classes = answers->classes;
    double log_p[64];

    if (classes == 0 || classes > (int)LENGTH_OF(log_p))
        return answers->target_nats[i] / answers->target_tokens[i];
    for (int k = 0; k < classes; k++)
        log_p[k] = -answers->class_nats[i * (size_t)classes + (size_t)k];
    return class_nats(log_p, classes, questions->examples->example[i].label);
}

static json_t *examples_json(const struct questions *questions, const struct answers *answers)
{
    size_t told = answers->count < EXAMPLES_TOLD ? answers->count : EXAMPLES_TOLD;
    double steps_a_nat = round(1 / example_step_nats);
    json_t *list = json_array();
    int bad = 0;

    for (size_t i = 0; i < told; i++) {
        double nats = example_nats(questions, answers, spread_at(answers->count, told, i));

        bad |= json_push(list, json_number(round(nats * steps_a_nat) / steps_a_nat));
    }
    return json_finish(list, bad);
}

/* A task's scores with the step that they are of. */
static json_t *with_step(json_t *scores, int64_t step)
{
    json_t *copy = json_copy(scores);

    return json_finish(copy, json_put(copy, "step", json_integer(step)));
}

json_t *scoring_result(struct scoring *scoring)
{
    json_t *result = json_object(), *best = json_object(), *last = json_object(), *examples = json_object();
    int64_t end = scoring->checkpoints > 0 ? scoring->steps[scoring->checkpoints - 1] : 0;
    int bad = 0;

    for (int i = 0; i < scoring->count && !bad; i++) {
        struct judged *judged = &scoring->judged[i];
        const char *name = judged->task->name;

        if (!judged->scores)
            continue;
        bad = scoring_has_test(scoring, judged) && scoring_test(scoring, judged);
        if (bad)
            break;
        bad = json_put(best, name, with_step(judged->scores, judged->step)) |
              json_put(last, name, with_step(judged->last, end)) |
              json_put(examples, name, examples_json(&judged->dev, &judged->answers));
    }
    if (bad && err_get()[0] == '\0')
        err_set("out of memory for the scores");
    bad |= json_put(result, "scores", best) | json_put(result, "scores_last", last) |
           json_put(result, "score_averages", averages_json(scoring)) |
           json_put(result, "score_curve", curve_json(scoring)) |
           json_put(result, "score_examples", examples);
    if (bad) {
        json_decref(result);
        return NULL;
    }
    return result;
}
