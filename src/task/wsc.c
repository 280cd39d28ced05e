/* wsc.c - WSC of SuperGLUE: whom a marked pronoun means.  The answer is the referent; whether it is right is
 * known only where the label is true, so other rows are not trained on. */
#include "src/glu.h"

#include "src/task/jsonl.h"
#include "src/task/metrics/metrics.h"
#include "src/task/rows.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Rows of the distribution whose pronoun is not the word that they say. */
static const struct {
    const char *text, *marked;
} astray[] = {
    {"Good for him,\" he said.", "Good for *him* ,\" he said."},
    {"want to use it , but", "want to use *it* , but"},
};

struct span {
    const char *text;
    size_t index; /* of its first word */
};

/* Word `index` of a text that single spaces cut up, and its bytes; NULL: it has not as many. */
static const char *find_word(const char *text, size_t index, size_t *bytes)
{
    for (; index; index--) {
        text = strchr(text, ' ');
        if (!text)
            return NULL;
        text++;
    }
    *bytes = strcspn(text, " ");
    return text;
}

/* The same without spaces at the end, when it is one of those rows; whether it is. */
static bool mark_astray(struct composed *input, const char *text)
{
    size_t bytes = strlen(text);

    while (bytes && text[bytes - 1] == ' ')
        bytes--;
    for (size_t i = 0; i < LENGTH_OF(astray); i++) {
        const char *found = strstr(text, astray[i].text);

        if (!found)
            continue;
        composed_add_bytes(input, text, (size_t)(found - text));
        composed_add(input, astray[i].marked);
        found += strlen(astray[i].text);
        composed_add_bytes(input, found, bytes - (size_t)(found - text));
        return true;
    }
    return false;
}

static int make_input(struct composed *input, const char *text, const struct span *pronoun)
{
    char excerpt[ROWS_EXCERPT_BYTES];
    size_t bytes;
    const char *word = find_word(text, pronoun->index, &bytes);

    composed_clear(input);
    composed_add(input, "wsc: ");
    if (word && bytes == strlen(pronoun->text) && memcmp(word, pronoun->text, bytes) == 0) {
        composed_add_bytes(input, text, (size_t)(word - text));
        composed_add(input, "*");
        composed_add_bytes(input, word, bytes);
        composed_add(input, "*");
        composed_add(input, word + bytes);
    } else if (!mark_astray(input, text)) {
        return err_set("word %zu of the text is not the pronoun '%s': correct span2_index, which counts the "
                       "words between single spaces from 0", pronoun->index, rows_excerpt(pronoun->text, excerpt));
    }
    return 0;
}

/* The referent as the text has it, which may write its first letter in another way.  New memory, or NULL and
 * a message. */
static char *make_target(const char *text, const struct span *referent)
{
    char *target = strdup(referent->text);
    size_t bytes;
    const char *word = find_word(text, referent->index, &bytes);

    if (!target) {
        err_set("no memory for an example");
        return NULL;
    }
    if (strstr(text, target) || !word)
        return target;
    target[0] = (char)(*word >= 'a' && *word <= 'z' ? tolower((unsigned char)target[0])
                                                    : toupper((unsigned char)target[0]));
    for (bytes = strlen(target); bytes && target[bytes - 1] == '.'; bytes--)
        target[bytes - 1] = '\0';
    for (char *end; (end = strchr(target, '\n'));)
        *end = ' ';
    return target;
}

/* 1, 0 when something is missing, or -1. */
static int find_span(const json_t *row, const char *text_name, const char *index_name, struct span *span)
{
    const json_t *target = json_object_get(row, "target"), *index = json_object_get(target, index_name);

    if (jsonl_text(target, text_name, &span->text))
        return -1;
    if (!span->text || !index || json_is_null(index))
        return 0;
    if (!json_is_integer(index) || json_integer_value(index) < 0)
        return err_set("'%s' must be a whole number, 0 or more", index_name);
    span->index = (size_t)json_integer_value(index);
    return 1;
}

/* true, false, 1 or 0: 1, 0 when it is missing, or -1. */
static int find_label(const json_t *row, int *label)
{
    const json_t *value = json_object_get(row, "label");

    if (!value || json_is_null(value))
        return 0;
    *label = json_is_true(value) || json_integer_value(value) == 1;
    if (json_is_boolean(value) || (json_is_integer(value) && json_integer_value(value) == *label))
        return 1;
    return err_set("'label' must be true or false");
}

static int add_row(const struct jsonl_task *own, const json_t *row, enum text_split split,
                   struct composed *input, struct examples *examples)
{
    struct example example = {.group = -1};
    struct span pronoun, referent;
    const char *text;
    int labelled = find_label(row, &example.label), one, two, status;
    char *target;

    (void)own;
    if (labelled < 0 || jsonl_text(row, "text", &text))
        return -1;
    one = find_span(row, "span1_text", "span1_index", &referent);
    two = one < 0 ? -1 : find_span(row, "span2_text", "span2_index", &pronoun);
    if (one < 0 || two < 0)
        return -1;
    if (!labelled || !text || !one || !two) {
        examples->dropped++;
        return 0;
    }
    if (split == TEXT_TRAIN && !example.label)
        return 0;
    if (make_input(input, text, &pronoun))
        return -1;
    target = make_target(text, &referent);
    example.target = target;
    example.input = composed_text(input);
    status = target && example.input ? examples_add(examples, &example) : -1;
    free(target);
    return status;
}

const struct jsonl_task jsonl_wsc = {
    .task = {.name = "wsc", .group = "wsc",
             .metrics = (const struct text_metric *const[]) {&text_metric_wsc, NULL},
             .train_examples = 259, .dev_examples = 104, .read = jsonl_read},
    .train = "superglue/WSC/train.jsonl", .dev = "superglue/WSC/val.jsonl", .add = add_row,
};
