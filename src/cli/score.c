/* score.c - `glubench score`: predictions that were kept, scored again, and what the first file's differ from the
 * others' by. */
#include "src/glu.h"

#include "src/cli/cli.h"

#include "src/results/formats/format.h"
#include "src/results/paired_bootstrap.h"
#include "src/results/sheet.h"
#include "src/setting/setting.h"
#include "src/task/metrics/corpus.h"
#include "src/task/text_sets.h"
#include "src/train/predictions.h"
#include "src/util/json_help.h"
#include "src/util/standard.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ==== Which task ==== */

/* The folder that a file is in, which is called like its task: DIR/TASK/NAME.jsonl. */
static void folder_of(const char *path, char name[NAME_MAX + 1])
{
    char absolute[PATH_MAX];
    const char *slash, *before;

    name[0] = '\0';
    if (!realpath(path, absolute) || (slash = strrchr(absolute, '/')) == absolute)
        return;
    for (before = slash; before > absolute && before[-1] != '/'; before--)
        continue;
    snprintf(name, NAME_MAX + 1, "%.*s", (int)(slash - before), before);
}

/* NULL and a message: there is no such task, or no such file. */
static const struct text_task *task_of(const char *given, const char *path)
{
    char folder[NAME_MAX + 1];
    const struct text_task *task;

    folder_of(path, folder);
    if (strcmp(given ? given : folder, text_task_translation.name) == 0)
        return &text_task_translation;
    if (!given && !folder[0]) {
        err_set("%s: there is no such file", path);
        return NULL;
    }
    task = text_task_find(given ? given : folder);
    if (!task && !given)
        err_prepend("%s is not in a folder that is called like its task, which can be told instead", path);
    if (task && !task->metrics) {
        err_set(FIELD("task") ": %s is not scored", task->name);
        return NULL;
    }
    return task;
}

static const struct text_task *find_task(const struct invocation *invocation)
{
    const struct text_task *task = NULL;
    struct setting setting;

    if (setting_said(&setting, invocation->arguments, invocation->argument_count) == 0)
        task = task_of(setting.task, invocation->operands[0]);
    setting_free(&setting);
    return task;
}

/* ==== Scores ==== */

/* {"file": ..., "accuracy": ..., ...} of a file.  New reference, or NULL and a message. */
static json_t *row_of(const char *path, const struct predicted *predicted)
{
    double values[16];
    json_t *scores, *row = json_object();
    int bad = json_put(row, "file", json_text(path));

    scores = answers_scores(&predicted->questions, &predicted->answers, values);
    bad |= !scores || json_object_del(scores, "target_nats") || json_object_update(row, scores);
    json_decref(scores);
    if (!bad)
        return row;
    json_decref(row);
    return NULL;
}

/* Are they answers to the same questions? */
static int check_same(const struct predicted *a, const struct predicted *b, const char *const paths[2])
{
    size_t count = a->examples->count;

    if (b->examples->count != count)
        return err_set("%s has %zu predictions, and %s %zu: they are not of the same examples", paths[0], count,
                       paths[1], b->examples->count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(a->examples->example[i].input, b->examples->example[i].input) != 0 ||
            strcmp(a->examples->example[i].target, b->examples->example[i].target) != 0)
            return err_set("line %zu of %s is another example than that of %s", i + 1, paths[0], paths[1]);
    return 0;
}

/* One score of a file against the first one's, by drawing sentences again. */
static int put_bootstrap(json_t *row, const struct corpus_metric *metric, const struct predicted *first,
                         const struct predicted *other)
{
    const struct predicted *const sides[2] = {other, first};
    double *sums[2] = {NULL, NULL};
    struct paired_bootstrap result;
    char key[96];
    int status = 0;

    for (int i = 0; i < 2 && status == 0; i++) {
        struct text_answers of = {sides[i]->questions.task, sides[i]->examples, sides[i]->answers.outputs};

        status = corpus_sums(metric, &of, &sums[i]);
    }
    if (status == 0)
        status = paired_bootstrap(sums[0], sums[1], (int)first->examples->count, metric->sums, metric->score,
                                  &result);
    if (status == 0) {
        snprintf(key, sizeof key, "%s_difference", metric->metric->metric.name);
        status |= json_put(row, key, json_number(result.difference));
        snprintf(key, sizeof key, "%s_difference_ci95", metric->metric->metric.name);
        status |= json_put(row, key, json_interval(result.interval));
        snprintf(key, sizeof key, "%s_p", metric->metric->metric.name);
        status |= json_put(row, key, json_number(result.p));
    }
    free(sums[0]);
    free(sums[1]);
    return status ? -1 : 0;
}

static int put_bootstraps(json_t *row, const struct predicted *first, const struct predicted *other)
{
    for (const struct text_metric *const *metric = first->questions.task->metrics; *metric; metric++) {
        const struct corpus_metric *corpus = corpus_metric_find((*metric)->metric.name);

        if (corpus && put_bootstrap(row, corpus, first, other))
            return -1;
    }
    return 0;
}

/* ==== The table ==== */

/* A score as people read it. */
static void add_value(struct sheet *sheet, const char *score, const json_t *value)
{
    int digits = strstr(score, "nats") || strstr(score, "_p") ? 4 : 2;

    if (json_is_string(value))
        sheet_cell(sheet, "%s", json_string_value(value));
    else if (json_is_array(value))
        sheet_cell(sheet, "[%.*f, %.*f]", digits, number_of(json_array_get(value, 0)), digits,
                   number_of(json_array_get(value, 1)));
    else if (json_is_number(value))
        sheet_cell(sheet, "%.*f", digits, number_of(value));
    else
        sheet_cell(sheet, "-");
}

/* All scores of a file. */
static void add_scores(struct sheet *sheet, const json_t *row)
{
    const json_t *value;
    const char *score;

    json_object_foreach((json_t *)row, score, value) {
        if (strcmp(score, "file") == 0)
            continue;
        sheet_cell(sheet, "%s", text_at(row, "file"));
        sheet_cell(sheet, "%s", score);
        add_value(sheet, score, value);
    }
}

/* A file is a row in JSON; for people, whose lines are short, a score is. */
static int print_rows(const struct invocation *invocation, const struct text_task *task, json_t *rows)
{
    static const struct sheet_heading headings[] = {{'l', "file", 0}, {'l', "score", 0}, {'r', "value", 0}};
    const struct sheet_format *format = format_find(invocation->request.format);
    struct sheet sheet = {.data = json_incref(rows)};
    int status;

    snprintf(sheet.title, sizeof sheet.title, "Predictions of task %s, scored again", task->name);
    sheet_columns(&sheet, headings, LENGTH_OF(headings));
    for (size_t i = 0; i < json_array_size(rows); i++)
        add_scores(&sheet, json_array_get(rows, i));
    if (json_array_size(rows) > 1 && task == &text_task_translation)
        sheet_note(&sheet, "difference: from the first file, with the 95 %% interval and p of %d bootstraps over "
                           "sentences (Koehn 2004).", PAIRED_BOOTSTRAP_RESAMPLES);
    status = sheet.bad ? err_set("out of memory") : format->print(standard_data(), &sheet);
    sheet_free(&sheet);
    return status;
}

int command_score(const struct invocation *invocation)
{
    const struct text_task *task = find_task(invocation);
    struct predicted first = {NULL}, other = {NULL};
    json_t *rows = json_array();
    int status = EXIT_USAGE;

    if (!task)
        goto out;
    status = EXIT_FAILED;
    for (int i = 0; i < invocation->operand_count; i++) {
        const char *const paths[2] = {invocation->operands[0], invocation->operands[i]};
        struct predicted *predicted = i == 0 ? &first : &other;
        json_t *row = NULL;

        if (predictions_read(predicted, paths[1], task) || (i > 0 && check_same(&first, &other, paths)) ||
            !(row = row_of(paths[1], predicted)) || (i > 0 && put_bootstraps(row, &first, &other))) {
            json_decref(row);
            goto out;
        }
        if (i > 0)
            predictions_free(&other);
        if (json_push(rows, row)) {
            err_set("out of memory");
            goto out;
        }
    }
    if (print_rows(invocation, task, rows) == 0)
        status = EXIT_OK;
out:
    predictions_free(&first);
    predictions_free(&other);
    json_decref(rows);
    return status;
}
