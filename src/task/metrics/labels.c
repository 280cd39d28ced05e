/* labels.c - scores of tasks that are answered by a class word. */
#include "src/glu.h"

#include "src/task/metrics/metrics.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NO_CLASS = -1 };

static const struct example *example_of(const struct text_answers *answers, size_t i)
{
    return &answers->examples->example[i];
}

static int classes_of(const struct text_task *task)
{
    int count = 0;

    while (task->classes && task->classes[count])
        count++;
    return count;
}

/* 0, or -1 and a message when the answers are not of classes. */
static int need_classes(const struct text_answers *answers, const char *metric)
{
    if (answers->task->classes)
        return 0;
    return err_set("%s: %s is a score of classes, and the task has none", answers->task->name,
                   metric);
}

/* The class that the i-th output names. */
static int class_of(const struct text_answers *answers, size_t i)
{
    const char *const *word = answers->task->classes;

    for (int k = 0; word && word[k]; k++)
        if (strcmp(answers->outputs[i], word[k]) == 0)
            return k;
    return NO_CLASS;
}

static bool is_right(const struct text_answers *answers, size_t i)
{
    const struct example *example = example_of(answers, i);

    if (!answers->task->classes)
        return strcmp(answers->outputs[i], example->target) == 0;
    return example->label != NO_CLASS && class_of(answers, i) == example->label;
}

static double share(size_t part, size_t whole)
{
    return whole ? 100 * (double)part / (double)whole : (double)NAN;
}

static int score_accuracy(const struct text_answers *answers, double *score)
{
    size_t right = 0;

    for (size_t i = 0; i < answers->examples->count; i++)
        right += is_right(answers, i);
    *score = share(right, answers->examples->count);
    return 0;
}

/* How often a class is the right one, and how often it is named. */
struct tally {
    double gold, named;
};

/* Of every class, and behind the last of them of no class. */
static void tally_classes(const struct text_answers *answers, struct tally *tally, int classes)
{
    for (int k = 0; k <= classes; k++)
        tally[k] = (struct tally){0, 0};
    for (size_t i = 0; i < answers->examples->count; i++) {
        int gold = example_of(answers, i)->label, named = class_of(answers, i);

        assert(gold < classes);
        tally[gold == NO_CLASS ? classes : gold].gold++;
        tally[named == NO_CLASS ? classes : named].named++;
    }
}

static int score_mcc(const struct text_answers *answers, double *score)
{
    int classes = classes_of(answers->task);
    double s = (double)answers->examples->count, right = 0, both = 0, gold = 0, named = 0, root;
    struct tally *tally;

    if (need_classes(answers, "mcc"))
        return -1;
    tally = malloc(((size_t)classes + 1) * sizeof *tally);
    if (!tally)
        return err_set("no memory for %d classes", classes);
    tally_classes(answers, tally, classes);
    for (size_t i = 0; i < answers->examples->count; i++)
        right += example_of(answers, i)->label == class_of(answers, i);
    for (int k = 0; k <= classes; k++) {
        both += tally[k].gold * tally[k].named;
        gold += tally[k].gold * tally[k].gold;
        named += tally[k].named * tally[k].named;
    }
    free(tally);
    root = sqrt((s * s - named) * (s * s - gold));
    *score = s == 0 ? (double)NAN : root > 0 ? 100 * (right * s - both) / root : 0;
    return 0;
}

/* The F1 of a class out of what is right about it and wrong. */
static double f1(double true_positive, double false_positive, double false_negative)
{
    return true_positive > 0
               ? 2 * true_positive / (2 * true_positive + false_positive + false_negative)
               : 0;
}

static int score_f1_named(const struct text_answers *answers, double *score, const char *metric)
{
    double true_positive = 0, false_positive = 0, false_negative = 0;

    if (need_classes(answers, metric))
        return -1;
    for (size_t i = 0; i < answers->examples->count; i++) {
        bool gold = example_of(answers, i)->label == 1;
        int named = class_of(answers, i);
        bool positive = named == 0 || named == 1 ? named == 1 : !gold;

        true_positive += gold && positive;
        false_positive += !gold && positive;
        false_negative += gold && !positive;
    }
    *score = answers->examples->count ? 100 * f1(true_positive, false_positive, false_negative)
                                      : (double)NAN;
    return 0;
}

static int score_f1(const struct text_answers *answers, double *score)
{
    return score_f1_named(answers, score, "f1");
}

static int score_f1a(const struct text_answers *answers, double *score)
{
    return score_f1_named(answers, score, "f1a");
}

static int score_macro_f1(const struct text_answers *answers, double *score)
{
    int classes = classes_of(answers->task);
    double sum = 0;

    if (need_classes(answers, "macro_f1"))
        return -1;
    for (int k = 0; k < classes; k++) {
        double true_positive = 0, false_positive = 0, false_negative = 0;

        for (size_t i = 0; i < answers->examples->count; i++) {
            bool gold = example_of(answers, i)->label == k, named = class_of(answers, i) == k;

            true_positive += gold && named;
            false_positive += !gold && named;
            false_negative += gold && !named;
        }
        sum += f1(true_positive, false_positive, false_negative);
    }
    *score = answers->examples->count && classes ? 100 * sum / classes : (double)NAN;
    return 0;
}

/* An answer to a question, and whether it is right. */
struct judged {
    int group;
    bool right;
};

static int by_group(const void *a, const void *b)
{
    int x = ((const struct judged *)a)->group, y = ((const struct judged *)b)->group;

    return (x > y) - (x < y);
}

static int score_em_question(const struct text_answers *answers, double *score)
{
    size_t count = answers->examples->count, questions = 0, right = 0, next;
    struct judged *judged = malloc((count + 1) * sizeof *judged);

    if (!judged)
        return err_set("no memory for %zu answers", count);
    for (size_t i = 0; i < count; i++)
        judged[i] = (struct judged){example_of(answers, i)->group, is_right(answers, i)};
    qsort(judged, count, sizeof *judged, by_group);
    for (size_t i = 0; i < count; i = next) {
        bool all = judged[i].right;

        /* Group -1: each by itself. */
        for (next = i + 1;
             next < count && judged[i].group >= 0 && judged[next].group == judged[i].group; next++)
            all = all && judged[next].right;
        questions++;
        right += all;
    }
    free(judged);
    *score = share(right, questions);
    return 0;
}

const struct text_metric text_metric_accuracy = {{"accuracy", "%", true}, score_accuracy};
const struct text_metric text_metric_mcc = {{"mcc", "points", true}, score_mcc};
const struct text_metric text_metric_f1 = {{"f1", "%", true}, score_f1};
const struct text_metric text_metric_f1a = {{"f1a", "%", true}, score_f1a};
const struct text_metric text_metric_macro_f1 = {{"macro_f1", "%", true}, score_macro_f1};
const struct text_metric text_metric_em_question = {{"em", "%", true}, score_em_question};
