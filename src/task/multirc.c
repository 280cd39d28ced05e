/* multirc.c - MultiRC of SuperGLUE: a passage with questions, each with answers to be judged one by one. */
#include "src/glu.h"

#include "src/task/jsonl.h"
#include "src/task/metrics/metrics.h"

#include <limits.h>
#include <string.h>

/* Add a text without its marks: <br> becomes a space, <b> and </b> nothing. */
static void add_plain(struct composed *input, const char *text)
{
    static const struct {
        const char *mark, *instead;
    } marks[] = {{"<br>", " "}, {"<b>", ""}, {"</b>", ""}};

    while (*text) {
        size_t plain = 1 + strcspn(text + 1, "<"), i = 0;

        while (i < LENGTH_OF(marks) && strncmp(text, marks[i].mark, strlen(marks[i].mark)) != 0)
            i++;
        if (i < LENGTH_OF(marks)) {
            composed_add(input, marks[i].instead);
            text += strlen(marks[i].mark);
        } else {
            composed_add_bytes(input, text, plain);
            text += plain;
        }
    }
}

static int add_answer(const struct jsonl_task *own, const char *passage, const char *question, int number,
                      const json_t *answer, struct composed *input, struct examples *examples)
{
    struct example example = {.group = number};
    const char *text;
    int labelled = jsonl_label(&own->task, answer, &example.label);

    if (labelled < 0 || jsonl_text(answer, "text", &text))
        return -1;
    if (!labelled || !text) {
        examples->dropped++;
        return 0;
    }
    composed_clear(input);
    composed_add(input, "multirc question: ");
    add_plain(input, question);
    composed_add(input, " answer: ");
    add_plain(input, text);
    composed_add(input, " paragraph: ");
    add_plain(input, passage);
    example.target = own->task.classes[example.label];
    example.input = composed_text(input);
    return example.input ? examples_add(examples, &example) : -1;
}

static int add_question(const struct jsonl_task *own, const char *passage, const json_t *question,
                        struct composed *input, struct examples *examples)
{
    const json_t *answers = json_object_get(question, "answers"), *number = json_object_get(question, "idx");
    const json_t *answer;
    const char *text;
    size_t i;

    if (jsonl_text(question, "question", &text))
        return -1;
    if (!text || !json_is_array(answers) || !json_is_integer(number)) {
        examples->dropped++;
        return 0;
    }
    if (json_integer_value(number) < 0 || json_integer_value(number) > INT_MAX)
        return err_set("the 'idx' of a question must be a number of 0 to %d", INT_MAX);
    json_array_foreach(answers, i, answer)
        if (add_answer(own, passage, text, (int)json_integer_value(number), answer, input, examples))
            return -1;
    return 0;
}

static int add_row(const struct jsonl_task *own, const json_t *row, enum text_split split,
                   struct composed *input, struct examples *examples)
{
    const json_t *passage = json_object_get(row, "passage"), *questions = json_object_get(passage, "questions");
    const json_t *question;
    const char *text;
    size_t i;

    (void)split;
    if (jsonl_text(passage, "text", &text))
        return -1;
    if (!text || !json_is_array(questions)) {
        examples->dropped++;
        return 0;
    }
    json_array_foreach(questions, i, question)
        if (add_question(own, text, question, input, examples))
            return -1;
    return 0;
}

const struct jsonl_task jsonl_multirc = {
    .task = {.name = "multirc", .group = "multirc", .classes = (const char *const[]) {"False", "True", NULL},
             .metrics = (const struct text_metric *const[]) {&text_metric_f1a, &text_metric_em_question, NULL},
             .prior_nats = 0.683, .train_examples = 27243, .dev_examples = 4848, .read = jsonl_read},
    .train = "superglue/MultiRC/train.jsonl", .dev = "superglue/MultiRC/val.jsonl", .add = add_row,
};
