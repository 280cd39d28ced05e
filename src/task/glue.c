/* glue.c - the tasks of GLUE (Wang et al. 2018): a table of text each, labels as words or as their numbers. */
#include "src/glu.h"

#include "src/task/compose.h"
#include "src/task/metrics/metrics.h"
#include "src/task/rows.h"
#include "src/task/tsv.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIELDS_MAX = 2 };

struct glue_task {
    struct text_task task;
    const char *prefix;         /* that the input begins with */
    const char *train, *dev;    /* files; NULL: none */
    struct {
        const char *label;        /* in the input */
        struct tsv_column column; /* in the file */
    } fields[FIELDS_MAX];         /* in the order of the data set's names for them; label NULL: no more */
    struct tsv_column label;
    bool numbered; /* labels are the numbers of classes */
};

/* What is to come out for a row, and which class or number it is.  0, or -1 and a message without the place. */
static int read_label(const struct glue_task *glue, const char *field, struct example *example,
                      char number[16])
{
    const struct text_task *task = &glue->task;
    char excerpt[ROWS_EXCERPT_BYTES];
    int64_t class;
    double score;

    if (!task->classes) {
        /* Fifths, in the arithmetic that the published targets were made in. */
        if (!rows_number(field, &score) || score < 0 || score > 5)
            return err_set("the score '%s' is no number of 0 to 5: correct the row, or leave it out",
                           rows_excerpt(field, excerpt));
        snprintf(number, 16, "%.1f", (double)(rintf((float)score * 5.0f) / 5.0f));
        example->target = number;
        example->label = -1;
        example->number = strtod(number, NULL);
        return 0;
    }
    if (glue->numbered && rows_whole_number(field, &class)) {
        if (rows_label_of_number(task, class, &example->label))
            return -1;
    } else if (rows_label_of_word(task, field, &example->label))
        return -1;
    example->target = task->classes[example->label];
    return 0;
}

static int add_row(const struct glue_task *glue, const char *const *row, int fields, struct composed *input,
                   struct examples *examples)
{
    struct example example = {.group = -1};
    char number[16];

    if (read_label(glue, row[fields], &example, number))
        return -1;
    composed_clear(input);
    composed_add(input, glue->prefix);
    for (int i = 0; i < fields; i++) {
        composed_join(input, glue->fields[i].label);
        composed_join(input, row[i]);
    }
    example.input = composed_text(input);
    return example.input ? examples_add(examples, &example) : -1;
}

static int read_glue(const struct text_task *task, const char *directory, enum text_split split,
                     struct examples *examples)
{
    const struct glue_task *glue = (const struct glue_task *)task;
    struct tsv_column columns[FIELDS_MAX + 1];
    const char *row[TSV_COLUMNS_MAX];
    struct composed input = {NULL};
    char path[PATH_MAX];
    struct tsv *tsv;
    int fields = 0, got;

    if (rows_path(path, task, directory, split == TEXT_TRAIN ? glue->train : glue->dev))
        return -1;
    for (; fields < FIELDS_MAX && glue->fields[fields].label; fields++)
        columns[fields] = glue->fields[fields].column;
    columns[fields] = glue->label;
    if (tsv_open(&tsv, path, columns, fields + 1))
        return -1;
    while ((got = tsv_next(tsv, row)) > 0)
        if (add_row(glue, row, fields, &input, examples)) {
            got = tsv_blame(tsv);
            break;
        }
    examples->dropped += tsv_dropped(tsv);
    composed_free(&input);
    tsv_close(tsv);
    return got;
}

#define METRICS(...) (const struct text_metric *const[]) {__VA_ARGS__, NULL}
#define CLASSES(...) (const char *const[]) {__VA_ARGS__, NULL}

static const struct glue_task cola = {
    {.name = "cola", .group = "cola", .classes = CLASSES("unacceptable", "acceptable"),
     .metrics = METRICS(&text_metric_mcc), .prior_nats = 0.618,
     .train_examples = 8551, .dev_examples = 1043, .read = read_glue},
    "cola", "glue/CoLA/train.tsv", "glue/CoLA/dev.tsv",
    {{"sentence:", {NULL, 3}}}, {NULL, 1}, true,
};

static const struct glue_task sst2 = {
    {.name = "sst2", .group = "sst2", .classes = CLASSES("negative", "positive"),
     .metrics = METRICS(&text_metric_accuracy), .prior_nats = 0.693,
     .train_examples = 67349, .dev_examples = 872, .read = read_glue},
    "sst2", "glue/SST-2/train.tsv", "glue/SST-2/dev.tsv",
    {{"sentence:", {"sentence", 0}}}, {"label", 0}, true,
};

static const struct glue_task mrpc = {
    {.name = "mrpc", .group = "mrpc", .classes = CLASSES("not_equivalent", "equivalent"),
     .metrics = METRICS(&text_metric_f1, &text_metric_accuracy), .prior_nats = 0.624,
     .train_examples = 3668, .dev_examples = 408, .read = read_glue},
    "mrpc", "glue/MRPC/train.tsv", "glue/MRPC/dev.tsv",
    {{"sentence1:", {"#1 String", 0}}, {"sentence2:", {"#2 String", 0}}}, {"Quality", 0}, true,
};

static const struct glue_task stsb = {
    {.name = "stsb", .group = "stsb", .metrics = METRICS(&text_metric_pearson, &text_metric_spearman),
     .train_examples = 5749, .dev_examples = 1500, .read = read_glue},
    "stsb", "glue/STS-B/train.tsv", "glue/STS-B/dev.tsv",
    {{"sentence1:", {"sentence1", 0}}, {"sentence2:", {"sentence2", 0}}}, {"score", 0}, false,
};

/* The dev set has 14,885 duplicates. */
static const struct glue_task qqp = {
    {.name = "qqp", .group = "qqp", .classes = CLASSES("not_duplicate", "duplicate"),
     .metrics = METRICS(&text_metric_f1, &text_metric_accuracy), .prior_nats = 0.658,
     .train_examples = 363849, .dev_examples = 40430, .read = read_glue},
    "qqp", "glue/QQP/train.tsv", "glue/QQP/dev.tsv",
    {{"question1:", {"question1", 0}}, {"question2:", {"question2", 0}}}, {"is_duplicate", 0}, true,
};

#define MNLI_CLASSES CLASSES("entailment", "neutral", "contradiction")
#define MNLI_FIELDS {{"hypothesis:", {"sentence2", 0}}, {"premise:", {"sentence1", 0}}}

static const struct glue_task mnli = {
    {.name = "mnli", .group = "mnli", .classes = MNLI_CLASSES,
     .metrics = METRICS(&text_metric_accuracy), .prior_nats = 1.098,
     .train_examples = 392702, .dev_examples = 9815, .read = read_glue},
    "mnli", "glue/MNLI/train.tsv", "glue/MNLI/dev_matched.tsv", MNLI_FIELDS, {"gold_label", 0}, false,
};

static const struct glue_task mnli_mismatched = {
    {.name = "mnli_mismatched", .group = "mnli", .classes = MNLI_CLASSES,
     .metrics = METRICS(&text_metric_accuracy), .prior_nats = 1.098,
     .dev_examples = 9832, .read = read_glue},
    "mnli", NULL, "glue/MNLI/dev_mismatched.tsv", MNLI_FIELDS, {"gold_label", 0}, false,
};

static const struct glue_task qnli = {
    {.name = "qnli", .group = "qnli", .classes = CLASSES("entailment", "not_entailment"),
     .metrics = METRICS(&text_metric_accuracy), .prior_nats = 0.693,
     .train_examples = 104743, .dev_examples = 5463, .read = read_glue},
    "qnli", "glue/QNLI/train.tsv", "glue/QNLI/dev.tsv",
    {{"question:", {"question", 0}}, {"sentence:", {"sentence", 0}}}, {"label", 0}, false,
};

static const struct glue_task rte = {
    {.name = "rte", .group = "rte", .classes = CLASSES("entailment", "not_entailment"),
     .metrics = METRICS(&text_metric_accuracy), .prior_nats = 0.692,
     .train_examples = 2490, .dev_examples = 277, .read = read_glue},
    "rte", "glue/RTE/train.tsv", "glue/RTE/dev.tsv",
    {{"sentence1:", {"sentence1", 0}}, {"sentence2:", {"sentence2", 0}}}, {"label", 0}, false,
};

static const struct text_task *const tasks[] = {
    &cola.task, &sst2.task, &mrpc.task, &stsb.task, &qqp.task, &mnli.task, &mnli_mismatched.task, &qnli.task,
    &rte.task, NULL,
};

const struct text_benchmark text_benchmark_glue = {"glue", tasks};
