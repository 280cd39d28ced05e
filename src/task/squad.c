/* squad.c - SQuAD v1.1 (Rajpurkar et al. 2016): a question whose answer stands in a passage. */
#include "src/glu.h"

#include "src/task/compose.h"
#include "src/task/metrics/metrics.h"
#include "src/task/rows.h"
#include "src/util/io.h"
#include "src/util/json_bound.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES_MAX = 16 << 20 }; /* the file of training has some 500,000 */

/* What is being read. */
struct place {
    const char *path;
    size_t article, paragraph, question;
};

static void add_space(struct composed *text)
{
    if (!text->bytes || text->text[text->bytes - 1] != ' ')
        composed_add(text, " ");
}

/* Add a text with a space on both sides of every mark of punctuation, and one for all white space. */
static void add_padded(struct composed *text, const char *part)
{
    for (; *part; part++) {
        bool mark = (unsigned char)*part < 0x80 && ispunct((unsigned char)*part);

        if (mark || strchr(" \t\n\r\f", *part))
            add_space(text);
        if (mark)
            composed_add_bytes(text, part, 1);
        if (mark)
            add_space(text);
        else if (!strchr(" \t\n\r\f", *part))
            composed_add_bytes(text, part, 1);
    }
}

static int add_answers(char **padded, const json_t *answers, size_t *count)
{
    struct composed text = {NULL};
    const json_t *answer;
    size_t i;

    *count = 0;
    json_array_foreach(answers, i, answer) {
        const char *raw = json_string_value(json_object_get(answer, "text"));
        const char *whole;

        if (!raw)
            continue;
        composed_clear(&text);
        add_padded(&text, raw);
        whole = composed_text(&text);
        padded[*count] = whole ? strdup(whole) : NULL;
        if (!padded[*count])
            break;
        ++*count;
    }
    composed_free(&text);
    return i < json_array_size(answers) ? err_set("no memory for an example") : 0;
}

static int add_question(const char *context, const json_t *question, struct composed *input,
                        struct examples *examples)
{
    const char *text = json_string_value(json_object_get(question, "question"));
    const json_t *answers = json_object_get(question, "answers");
    struct example example = {.label = -1, .group = -1};
    char **padded = calloc(json_array_size(answers) + 1, sizeof *padded);
    size_t count = 0;
    int status = padded ? add_answers(padded, answers, &count) : err_set("no memory for an example");

    if (status == 0 && (!text || count == 0)) {
        examples->dropped++;
    } else if (status == 0) {
        composed_clear(input);
        composed_add(input, "question: ");
        add_padded(input, text);
        add_space(input);
        composed_add(input, "context: ");
        add_padded(input, context);
        example.input = composed_text(input);
        example.target = padded[0];
        example.answers = (const char *const *)padded;
        status = example.input ? examples_add(examples, &example) : -1;
    }
    for (size_t i = 0; i < count; i++)
        free(padded[i]);
    free(padded);
    return status;
}

static int misses(const struct place *at, const char *what)
{
    return err_set("%s: paragraph %zu of article %zu has no '%s': is this SQuAD's JSON, version 1.1?", at->path,
                   at->paragraph, at->article, what);
}

static int add_paragraph(const struct place *at, const json_t *paragraph, struct composed *input,
                         struct examples *examples)
{
    const char *context = json_string_value(json_object_get(paragraph, "context"));
    const json_t *questions = json_object_get(paragraph, "qas"), *question;
    size_t i;

    if (!context || !json_is_array(questions))
        return misses(at, context ? "qas" : "context");
    json_array_foreach(questions, i, question)
        if (add_question(context, question, input, examples))
            return -1;
    return 0;
}

static int add_articles(const char *path, const json_t *tree, struct examples *examples)
{
    const json_t *articles = json_object_get(tree, "data"), *article, *paragraph;
    struct place at = {.path = path};
    struct composed input = {NULL};
    int status = 0;

    if (!json_is_array(articles))
        return err_set("%s: it has no list 'data': is this SQuAD's JSON, version 1.1?", path);
    json_array_foreach(articles, at.article, article) {
        const json_t *paragraphs = json_object_get(article, "paragraphs");

        if (!json_is_array(paragraphs)) {
            err_set("%s: article %zu has no list 'paragraphs': is this SQuAD's JSON, version 1.1?", path,
                    at.article);
            status = -1;
        }
        json_array_foreach(paragraphs, at.paragraph, paragraph) {
            status = add_paragraph(&at, paragraph, &input, examples);
            if (status)
                break;
        }
        if (status)
            break;
    }
    composed_free(&input);
    return status;
}

static int read_squad(const struct text_task *task, const char *directory, enum text_split split,
                      struct examples *examples)
{
    char path[PATH_MAX];
    json_error_t error;
    json_t *tree = NULL;
    size_t bytes;
    char *text;
    int status;

    if (rows_path(path, task, directory,
                  split == TEXT_TRAIN ? "squad/train-v1.1.json" : "squad/dev-v1.1.json") ||
        io_read_json(path, &text, &bytes, NULL))
        return -1;
    if (json_has_more_values(text, bytes, VALUES_MAX)) {
        status = err_set("%s: it has more than %d values: is this SQuAD's JSON, version 1.1?", path,
                         VALUES_MAX);
    } else {
        errno = 0;
        tree = json_loadb(text, bytes, 0, &error);
        status = tree ? add_articles(path, tree, examples)
                      : err_set("%s:%d: it is no JSON: %s; get the file again", path, error.line,
                                err_cause(error.text));
    }
    json_decref(tree);
    free(text);
    return status;
}

static const struct text_task squad = {
    .name = "squad", .group = "squad",
    .metrics = (const struct text_metric *const[]) {&text_metric_squad_em, &text_metric_squad_f1, NULL},
    .train_examples = 87599, .dev_examples = 10570, .read = read_squad,
};

static const struct text_task *const tasks[] = {&squad, NULL};

const struct text_benchmark text_benchmark_squad = {"squad", tasks};
