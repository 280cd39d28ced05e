/* record.c - ReCoRD of SuperGLUE: which of a passage's entities a sentence about it leaves out. */
#include "src/glu.h"

#include "src/task/jsonl.h"
#include "src/task/metrics/metrics.h"

#include <stdlib.h>
#include <string.h>

/* Texts without repetition, in the order of their code points, which is that of their UTF-8. */
struct texts {
    char **text;
    size_t count;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_and_thin(struct texts *texts)
{
    size_t kept = 0;

    qsort(texts->text, texts->count, sizeof *texts->text, by_text);
    for (size_t i = 0; i < texts->count; i++)
        if (kept && strcmp(texts->text[kept - 1], texts->text[i]) == 0)
            free(texts->text[i]);
        else
            texts->text[kept++] = texts->text[i];
    texts->count = kept;
    texts->text[kept] = NULL;
}

/* Room for `count` texts and a NULL.  0 or -1. */
static int texts_reserve(struct texts *texts, size_t count)
{
    texts->count = 0;
    texts->text = calloc(count + 1, sizeof *texts->text);
    if (texts->text)
        return 0;
    err_set("no memory for an example");
    return -1;
}

static void texts_free(struct texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        free(texts->text[i]);
    free(texts->text);
}

static int texts_add(struct texts *texts, const char *text, size_t bytes)
{
    texts->text[texts->count] = strndup(text, bytes);
    if (!texts->text[texts->count])
        return err_set("no memory for an example");
    texts->count++;
    return 0;
}

/* Where each character of a text begins, and where the last one ends; new memory, or NULL and a message. */
static size_t *find_characters(const char *text, size_t *count)
{
    size_t bytes = strlen(text);
    size_t *starts = malloc((bytes + 1) * sizeof *starts);

    *count = 0;
    if (!starts) {
        err_set("no memory for an example");
        return NULL;
    }
    for (size_t i = 0; i < bytes; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            starts[(*count)++] = i;
    starts[*count] = bytes;
    return starts;
}

/* One of them, text[start..end], its end included. */
static int add_entity(struct texts *texts, const char *text, const size_t *starts, size_t characters,
                      const json_t *entity)
{
    const json_t *start = json_object_get(entity, "start"), *end = json_object_get(entity, "end");
    json_int_t first = json_integer_value(start), last = json_integer_value(end);

    if (!json_is_integer(start) || !json_is_integer(end) || first < 0 || last < first ||
        (uint64_t)first >= characters)
        return err_set("an entity must have 'start' and 'end', numbers of characters of the passage, which "
                       "has %zu", characters);
    if ((uint64_t)last >= characters)
        last = (json_int_t)characters - 1;
    return texts_add(texts, text + starts[first], starts[last + 1] - starts[first]);
}

static int find_entities(struct texts *texts, const char *text, const json_t *entities)
{
    const json_t *entity;
    size_t characters, i;
    size_t *starts = find_characters(text, &characters);
    int status = starts ? texts_reserve(texts, json_array_size(entities)) : -1;

    if (status == 0)
        json_array_foreach(entities, i, entity)
            if (add_entity(texts, text, starts, characters, entity)) {
                status = -1;
                break;
            }
    free(starts);
    if (status == 0)
        sort_and_thin(texts);
    return status;
}

static int find_answers(struct texts *texts, const json_t *answers)
{
    const json_t *answer;
    size_t i;

    if (texts_reserve(texts, json_array_size(answers)))
        return -1;
    json_array_foreach(answers, i, answer) {
        const char *text;

        if (jsonl_text(answer, "text", &text) || (text && texts_add(texts, text, strlen(text))))
            return -1;
    }
    sort_and_thin(texts);
    return 0;
}

/* Add the passage with what its highlights become: the next sentence. */
static void add_passage(struct composed *input, const char *text)
{
    static const char mark[] = "\n@highlight\n";
    const char *found;

    for (; (found = strstr(text, mark)); text = found + strlen(mark)) {
        bool ended = found > text && strchr(".?!\"'", found[-1]);

        composed_add_bytes(input, text, (size_t)(found - text));
        composed_add(input, ended ? " " : ". ");
    }
    composed_add(input, text);
}

static const char *make_input(struct composed *input, const char *passage, const struct texts *entities,
                              const char *query)
{
    composed_clear(input);
    composed_add(input, "record query: ");
    composed_add(input, query);
    composed_add(input, " entities: ");
    for (size_t i = 0; i < entities->count; i++) {
        composed_add(input, i ? ", " : "");
        composed_add(input, entities->text[i]);
    }
    composed_add(input, " passage: ");
    add_passage(input, passage);
    return composed_text(input);
}

/* An example for each answer to train on, or one with all of them to be scored. */
static int add_query(const char *passage, const struct texts *entities, const json_t *query,
                     enum text_split split, struct composed *input, struct examples *examples)
{
    struct example example = {.label = -1, .group = -1};
    struct texts answers = {NULL, 0};
    const char *text;
    int status = jsonl_text(query, "query", &text) || find_answers(&answers, json_object_get(query, "answers"))
                     ? -1 : 0;

    if (status == 0 && (!text || answers.count == 0)) {
        examples->dropped++;
    } else if (status == 0) {
        example.input = make_input(input, passage, entities, text);
        status = example.input ? 0 : -1;
        if (split == TEXT_DEV)
            example.answers = (const char *const *)answers.text;
        for (size_t i = 0; status == 0 && i < (split == TEXT_DEV ? 1 : answers.count); i++) {
            example.target = answers.text[i];
            status = examples_add(examples, &example);
        }
    }
    texts_free(&answers);
    return status;
}

static int add_row(const struct jsonl_task *own, const json_t *row, enum text_split split,
                   struct composed *input, struct examples *examples)
{
    const json_t *passage = json_object_get(row, "passage"), *queries = json_object_get(row, "qas"), *query;
    struct texts entities = {NULL, 0};
    const char *text;
    size_t i;
    int status;

    (void)own;
    if (jsonl_text(passage, "text", &text))
        return -1;
    if (!text || !json_is_array(queries) || !json_is_array(json_object_get(passage, "entities"))) {
        examples->dropped++;
        return 0;
    }
    status = find_entities(&entities, text, json_object_get(passage, "entities"));
    if (status == 0)
        json_array_foreach(queries, i, query)
            if (add_query(text, &entities, query, split, input, examples)) {
                status = -1;
                break;
            }
    texts_free(&entities);
    return status;
}

const struct jsonl_task jsonl_record = {
    .task = {.name = "record", .group = "record",
             .metrics = (const struct text_metric *const[]) {&text_metric_squad_f1, &text_metric_squad_em,
                                                             NULL},
             .train_examples = 138854, .dev_examples = 10000, .read = jsonl_read},
    .train = "superglue/ReCoRD/train.jsonl", .dev = "superglue/ReCoRD/val.jsonl", .add = add_row,
};
