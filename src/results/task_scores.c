/* task_scores.c - see task_scores.h. */
#include "src/glu.h"

#include "src/results/task_scores.h"

#include "src/results/class_likelihood.h"
#include "src/util/json_help.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ==== The paper's columns ==== */

#define ACCURACY(table, name, task, heading) {table, name "_acc", task, "accuracy", {heading, "Acc"}}
#define AVERAGE(table) {table, "average", table, AVERAGE_AT_ONE, {"Score", "Average"}}

static const struct paper_column paper_columns[] = {
    AVERAGE("glue"),
    {"glue", "cola_mcc", "cola", "mcc", {"CoLA", "MCC"}},
    ACCURACY("glue", "sst2", "sst2", "SST-2"),
    {"glue", "mrpc_f1", "mrpc", "f1", {"MRPC", "F1"}},
    ACCURACY("glue", "mrpc", "mrpc", "MRPC"),
    {"glue", "stsb_pearson", "stsb", "pearson", {"STSB", "PCC"}},
    {"glue", "stsb_spearman", "stsb", "spearman", {"STSB", "SCC"}},
    {"glue", "qqp_f1", "qqp", "f1", {"QQP", "F1"}},
    ACCURACY("glue", "qqp", "qqp", "QQP"),
    ACCURACY("glue", "mnli_m", "mnli", "MNLIm"),
    ACCURACY("glue", "mnli_mm", "mnli_mismatched", "MNLImm"),
    ACCURACY("glue", "qnli", "qnli", "QNLI"),
    ACCURACY("glue", "rte", "rte", "RTE"),
    AVERAGE("superglue"),
    ACCURACY("superglue", "boolq", "boolq", "BoolQ"),
    {"superglue", "cb_f1", "cb", "macro_f1", {"CB", "F1"}},
    ACCURACY("superglue", "cb", "cb", "CB"),
    ACCURACY("superglue", "copa", "copa", "CoPA"),
    {"superglue", "multirc_f1", "multirc", "f1a", {"MultiRC", "F1"}},
    {"superglue", "multirc_em", "multirc", "em", {"MultiRC", "EM"}},
    {"superglue", "record_f1", "record", "f1", {"ReCoRD", "F1"}},
    {"superglue", "record_em", "record", "em", {"ReCoRD", "EM"}},
    ACCURACY("superglue", "rte", "superglue_rte", "RTE"),
    ACCURACY("superglue", "wic", "wic", "WiC"),
    ACCURACY("superglue", "wsc", "wsc", "WSC"),
    {"squad", "em", "squad", "em", {"SQuAD", "EM"}},
    {"squad", "f1", "squad", "f1", {"SQuAD", "F1"}},
};

const struct paper_column *paper_column_at(int i)
{
    return i < (int)LENGTH_OF(paper_columns) ? &paper_columns[i] : NULL;
}

const char *paper_table(const char *table)
{
    static const char *const names[][2] = {
        {"glue", "table2_glue"}, {"superglue", "table3_superglue"}, {"squad", "table4_squad"}};

    for (size_t i = 0; table && i < LENGTH_OF(names); i++)
        if (strcmp(names[i][0], table) == 0)
            return names[i][1];
    return NULL;
}

static const struct paper_column *find_paper(const char *task, const char *metric)
{
    for (size_t i = 0; i < LENGTH_OF(paper_columns); i++)
        if (strcmp(paper_columns[i].task, task) == 0 && strcmp(paper_columns[i].metric, metric) == 0)
            return &paper_columns[i];
    return NULL;
}

/* The table of a results file that a task is of, or NULL. */
static const char *table_of(const char *task)
{
    for (size_t i = 0; i < LENGTH_OF(paper_columns); i++)
        if (strcmp(paper_columns[i].task, task) == 0)
            return paper_columns[i].table;
    return strcmp(task, "translation") == 0 ? "translation" : NULL;
}

/* ==== Columns ==== */

static const struct {
    const char *key;
    enum task_kind kind;
} losses[] = {
    {"label_nats", TASK_LABEL}, {"target_nats", TASK_TARGET}, {"dev_target_nats", TASK_TARGET}};

/* What stands beside the metrics of a task and is none. */
static bool is_metric(const char *key)
{
    for (size_t i = 0; i < LENGTH_OF(losses); i++)
        if (strcmp(losses[i].key, key) == 0)
            return false;
    return strncmp(key, "label_", 6) != 0 && strcmp(key, "step") != 0;
}

static const json_t *run_at(const struct matrix *matrix, int row, int column)
{
    int run = matrix->cell[row * matrix->seeds + column];
    bool ok = run >= 0 && matrix->run[run].status == RUN_OK;

    return ok ? json_array_get(json_object_get(matrix->document, "runs"), (size_t)run) : NULL;
}

static void free_column(struct task_column *column)
{
    free(column->value);
    free(column->last);
    free(column->excess);
    free(column->interval);
}

/* One more column, without values.  NULL: no memory. */
static struct task_column *add(struct task_scores *scores, const char *task, const char *key,
                               enum task_kind kind)
{
    size_t cells = (size_t)(scores->matrix->variants * scores->matrix->seeds) + 1;
    bool is_loss = kind == TASK_LABEL || kind == TASK_TARGET;
    struct task_column *grown = realloc(scores->column, ((size_t)scores->columns + 1) * sizeof *grown);
    struct task_column column = {
        .kind = kind,
        .table = table_of(task),
        .task = task,
        .metric = {key, is_loss ? "nats" : "points", !is_loss},
        .paper = find_paper(task, key),
        .ranked = true,
        .prior = NAN,
    };

    if (!grown)
        return NULL;
    scores->column = grown;
    column.value = calloc(cells, sizeof *column.value);
    column.last = calloc(cells, sizeof *column.last);
    column.excess = calloc(cells, sizeof *column.excess);
    column.interval = calloc(cells, sizeof *column.interval);
    if (!column.value || !column.last || !column.excess || !column.interval) {
        free_column(&column);
        return NULL;
    }
    grown[scores->columns] = column;
    return &grown[scores->columns++];
}

/* A task's metric in all runs. */
static int fill_task(struct task_scores *scores, const char *task, const char *key, enum task_kind kind)
{
    const struct matrix *matrix = scores->matrix;
    struct task_column *column = add(scores, task, key, kind);

    if (!column)
        return err_set("not enough memory for the scores");
    for (int i = 0; i < matrix->variants * matrix->seeds; i++) {
        const json_t *run = run_at(matrix, i / matrix->seeds, i % matrix->seeds);
        const json_t *best = json_object_get(json_object_get(run, "scores"), task);
        const json_t *last = json_object_get(json_object_get(run, "scores_last"), task);
        double nats = number_at(best, "label_nats"), prior = number_at(best, "label_prior_nats");

        column->value[i] = number_at(best, key);
        /* Where there is a test set, the last checkpoint's are of another one. */
        column->last[i] = json_object_get(best, "dev_target_nats") ? NAN : number_at(last, key);
        column->excess[i] = nats - prior;
        column->interval[i] = interval_at(best, "label_minus_prior_ci95_nats");
        column->prior = isnan(column->prior) ? prior : column->prior;
    }
    return 0;
}

static const char average_prefix[] = "average_";

/* An average of a benchmark, where a run has it. */
static int fill_average(struct task_scores *scores, const char *table, const char *key)
{
    const struct matrix *matrix = scores->matrix;
    struct task_column *column = add(scores, table, key, TASK_AVERAGE);
    bool found = false;

    if (!column)
        return err_set("not enough memory for the scores");
    column->table = table;
    for (int i = 0; i < matrix->variants * matrix->seeds; i++) {
        const json_t *run = run_at(matrix, i / matrix->seeds, i % matrix->seeds);
        const json_t *averages = json_object_get(json_object_get(run, "score_averages"), table);

        column->value[i] = number_at(averages, key + sizeof average_prefix - 1);
        column->last[i] = column->excess[i] = NAN;
        column->interval[i] = (struct interval){NAN, NAN};
        found |= !isnan(column->value[i]);
    }
    if (!found)
        free_column(&scores->column[--scores->columns]);
    return 0;
}

/* ==== Which there are ==== */

/* The first run that has scores of the task. */
static const json_t *find_scores(const struct matrix *matrix, const char *task)
{
    for (int i = 0; i < matrix->variants * matrix->seeds; i++) {
        const json_t *run = run_at(matrix, i / matrix->seeds, i % matrix->seeds);
        const json_t *found = json_object_get(json_object_get(run, "scores"), task);

        if (json_is_object(found))
            return found;
    }
    return NULL;
}

/* The columns of a task that is measured; none of one that is not, or is there. */
static int add_task(struct task_scores *scores, const char *task)
{
    json_t *found = (json_t *)find_scores(scores->matrix, task), *value;
    const char *key;

    for (int i = 0; i < scores->columns; i++)
        if (strcmp(scores->column[i].task, task) == 0 && scores->column[i].kind != TASK_AVERAGE)
            return 0;
    if (!found)
        return 0;
    json_object_foreach (found, key, value)
        if (is_metric(key) && fill_task(scores, task, key, TASK_SCORE) != 0)
            return -1;
    for (size_t k = 0; k < LENGTH_OF(losses); k++)
        if (json_object_get(found, losses[k].key) &&
            fill_task(scores, task, losses[k].key, losses[k].kind) != 0)
            return -1;
    return 0;
}

/* Those of the paper's tables first, then the others as they come. */
static int add_all(struct task_scores *scores)
{
    const struct matrix *matrix = scores->matrix;
    const struct paper_column *paper;

    for (int i = 0; (paper = paper_column_at(i)) != NULL; i++) {
        bool is_average = strcmp(paper->metric, AVERAGE_AT_ONE) == 0;

        if (is_average && (fill_average(scores, paper->table, AVERAGE_AT_ONE) != 0 ||
                           fill_average(scores, paper->table, AVERAGE_OF_BEST) != 0))
            return -1;
        if (!is_average && add_task(scores, paper->task) != 0)
            return -1;
    }
    for (int i = 0; i < matrix->variants * matrix->seeds; i++) {
        json_t *all = json_object_get(run_at(matrix, i / matrix->seeds, i % matrix->seeds), "scores"), *of;
        const char *task;

        json_object_foreach (all, task, of)
            if (add_task(scores, task) != 0)
                return -1;
    }
    return 0;
}

/* ==== What is told of them ==== */

static bool is_complete(const json_t *document, const char *task)
{
    const json_t *tasks = value_at(document, "config.tasks");

    for (size_t i = 0; i < json_array_size(tasks); i++)
        if (texts_equal(text_at(json_array_get(tasks, i), "task"), task))
            return json_is_true(json_object_get(json_array_get(tasks, i), "complete"));
    return false;
}

/* An average is complete where all of its tasks are. */
static bool is_complete_table(const struct task_scores *scores, const char *table)
{
    for (int i = 0; i < scores->columns; i++)
        if (scores->column[i].kind == TASK_SCORE && texts_equal(scores->column[i].table, table) &&
            !scores->column[i].complete)
            return false;
    return true;
}

static void judge(struct task_scores *scores)
{
    for (int i = 0; i < scores->columns; i++) {
        struct task_column *column = &scores->column[i];
        struct excess excess = task_excess(scores, column, -1);

        if (column->kind == TASK_AVERAGE)
            continue;
        column->complete = is_complete(scores->matrix->document, column->task);
        /* A translation, or a number, has no classes that could be guessed. */
        column->ranked = isnan(column->prior) || excess.interval.high < 0.0;
    }
    for (int i = 0; i < scores->columns; i++)
        if (scores->column[i].kind == TASK_AVERAGE)
            scores->column[i].complete = is_complete_table(scores, scores->column[i].table);
}

int task_scores_open(struct task_scores *scores, const struct matrix *matrix)
{
    *scores = (struct task_scores){.matrix = matrix};
    if (add_all(scores) != 0) {
        task_scores_close(scores);
        return -1;
    }
    judge(scores);
    return 0;
}

void task_scores_close(struct task_scores *scores)
{
    for (int i = 0; i < scores->columns; i++)
        free_column(&scores->column[i]);
    free(scores->column);
    *scores = (struct task_scores){NULL, NULL, 0};
}

/* ==== Asking ==== */

double task_scores_counted(const struct task_scores *scores, const struct task_column *column, int row, int seed)
{
    const json_t *all = json_object_get(run_at(scores->matrix, row, seed), "scores");
    bool undefined = json_is_null(json_object_get(json_object_get(all, column->task), column->metric.name));

    return undefined ? 0.0 : column->value[row * scores->matrix->seeds + seed];
}

struct scores task_scores_of(const struct task_scores *scores, const struct task_column *column)
{
    return (struct scores){&column->metric, scores->matrix->variants, scores->matrix->seeds, column->value,
                           scores->matrix->sequential};
}

const struct task_column *task_scores_find(const struct task_scores *scores, const char *task,
                                           const char *metric)
{
    for (int i = 0; i < scores->columns; i++)
        if (strcmp(scores->column[i].task, task) == 0 && strcmp(scores->column[i].metric.name, metric) == 0)
            return &scores->column[i];
    return NULL;
}

struct excess task_excess(const struct task_scores *scores, const struct task_column *column, int row)
{
    const int seeds = scores->matrix->seeds, all = scores->matrix->variants * seeds;
    struct excess sum = {0, 0.0, {0.0, 0.0}};

    for (int i = row < 0 ? 0 : row * seeds; i < (row < 0 ? all : (row + 1) * seeds); i++) {
        if (isnan(column->excess[i]))
            continue;
        sum.n++;
        sum.mean += column->excess[i];
        sum.interval.low += column->interval[i].low;
        sum.interval.high += column->interval[i].high;
    }
    if (sum.n == 0)
        return (struct excess){0, NAN, {NAN, NAN}};
    return (struct excess){sum.n, sum.mean / sum.n, {sum.interval.low / sum.n, sum.interval.high / sum.n}};
}

const char *task_signal(const struct excess *excess)
{
    if (excess->n == 0)
        return NULL;
    return class_signal_text(excess->interval.high < 0.0  ? CLASS_SIGNAL
                             : excess->interval.low > 0.0 ? CLASS_MISLEADING
                                                          : CLASS_NO_SIGNAL);
}
