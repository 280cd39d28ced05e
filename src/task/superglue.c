/* superglue.c - the tasks of SuperGLUE (Wang et al. 2019), and the one that is trained on beside them; those
 * with rules of their own are files of their own. */
#include "src/glu.h"

#include "src/task/dpr.h"
#include "src/task/jsonl.h"
#include "src/task/metrics/metrics.h"

/* A row that is one example: the fields behind their names. */
static int add_row(const struct jsonl_task *own, const json_t *row, enum text_split split,
                   struct composed *input, struct examples *examples)
{
    struct example example = {.group = -1};
    const char *text;
    int labelled = jsonl_label(&own->task, row, &example.label);
    bool whole = labelled > 0;

    (void)split;
    if (labelled < 0)
        return -1;
    composed_clear(input);
    composed_add(input, own->prefix);
    for (int i = 0; own->fields[i]; i++) {
        if (jsonl_text(row, own->fields[i], &text))
            return -1;
        composed_join(input, own->fields[i]);
        composed_add(input, ": ");
        composed_add(input, text ? text : "");
        whole = whole && text;
    }
    if (!whole) {
        examples->dropped++;
        return 0;
    }
    example.target = own->task.classes[example.label];
    example.input = composed_text(input);
    return example.input ? examples_add(examples, &example) : -1;
}

#define METRICS(...) (const struct text_metric *const[]) {__VA_ARGS__, NULL}
#define CLASSES(...) (const char *const[]) {__VA_ARGS__, NULL}

static const struct jsonl_task boolq = {
    .task = {.name = "boolq", .group = "boolq", .classes = CLASSES("False", "True"),
             .metrics = METRICS(&text_metric_accuracy), .prior_nats = 0.663,
             .train_examples = 9427, .dev_examples = 3270, .read = jsonl_read},
    .train = "superglue/BoolQ/train.jsonl", .dev = "superglue/BoolQ/val.jsonl",
    .prefix = "boolq", .fields = {"passage", "question"}, .add = add_row,
};

static const struct jsonl_task cb = {
    .task = {.name = "cb", .group = "cb", .classes = CLASSES("entailment", "contradiction", "neutral"),
             .metrics = METRICS(&text_metric_macro_f1, &text_metric_accuracy), .prior_nats = 0.928,
             .train_examples = 250, .dev_examples = 56, .read = jsonl_read},
    .train = "superglue/CB/train.jsonl", .dev = "superglue/CB/val.jsonl",
    .prefix = "cb", .fields = {"hypothesis", "premise"}, .add = add_row,
};

static const struct jsonl_task copa = {
    .task = {.name = "copa", .group = "copa", .classes = CLASSES("choice1", "choice2"),
             .metrics = METRICS(&text_metric_accuracy), .prior_nats = 0.688,
             .train_examples = 400, .dev_examples = 100, .read = jsonl_read},
    .train = "superglue/COPA/train.jsonl", .dev = "superglue/COPA/val.jsonl",
    .prefix = "copa", .fields = {"choice1", "choice2", "premise", "question"}, .add = add_row,
};

/* GLUE has the same rows, with other names for their fields. */
static const struct jsonl_task rte = {
    .task = {.name = "superglue_rte", .group = "rte", .classes = CLASSES("entailment", "not_entailment"),
             .metrics = METRICS(&text_metric_accuracy), .prior_nats = 0.692,
             .train_examples = 2490, .dev_examples = 277, .read = jsonl_read},
    .train = "superglue/RTE/train.jsonl", .dev = "superglue/RTE/val.jsonl",
    .prefix = "rte", .fields = {"hypothesis", "premise"}, .add = add_row,
};

static const struct jsonl_task wic = {
    .task = {.name = "wic", .group = "wic", .classes = CLASSES("False", "True"),
             .metrics = METRICS(&text_metric_accuracy), .prior_nats = 0.693,
             .train_examples = 5428, .dev_examples = 638, .read = jsonl_read},
    .train = "superglue/WiC/train.jsonl", .dev = "superglue/WiC/val.jsonl",
    .prefix = "wic", .fields = {"sentence1", "sentence2", "word"}, .add = add_row,
};

static const struct text_task *const tasks[] = {
    &boolq.task, &cb.task, &copa.task, &jsonl_multirc.task, &jsonl_record.task, &rte.task, &wic.task,
    &jsonl_wsc.task, &dpr_task, NULL,
};

const struct text_benchmark text_benchmark_superglue = {"superglue", tasks};
