/* answers.c - see answers.h. */
#include "src/glu.h"

#include "src/train/answers.h"

#include "src/util/utf8.h"

#include <stdlib.h>
#include <string.h>

/* T5's: of SentencePiece's tokens, of which a byte is about a quarter. */
enum { ANSWER_TOKENS = 128, BYTES_PER_PIECE = 4 };

int questions_limit(int target_length, bool bytes)
{
    int most = bytes ? BYTES_PER_PIECE * ANSWER_TOKENS : ANSWER_TOKENS;

    return target_length < most ? target_length : most;
}

/* ==== Questions ==== */

/* The class words as tokens, each with its EOS. */
static int encode_classes(struct questions *questions)
{
    const char *const *classes = questions->task->classes;
    int limit = questions->limit, count = 0;

    while (classes && classes[count])
        count++;
    if (count == 0)
        return 0;
    questions->class_tokens = calloc((size_t)count * (size_t)limit, sizeof *questions->class_tokens);
    questions->class_used = calloc((size_t)count, sizeof *questions->class_used);
    if (!questions->class_tokens || !questions->class_used)
        return err_set("out of memory");
    for (int k = 0; k < count; k++) {
        int32_t *ids;

        if (encode_text(questions->tokenizer, classes[k], limit, &ids, &questions->class_used[k]))
            return -1;
        memcpy(questions->class_tokens + (size_t)k * (size_t)limit, ids,
               (size_t)questions->class_used[k] * sizeof *ids);
        free(ids);
    }
    questions->classes = (struct candidates){.count = count,
                                             .length = limit,
                                             .tokens = questions->class_tokens,
                                             .used = questions->class_used};
    return 0;
}

int questions_open(struct questions *questions, const struct text2text *text2text, int set,
                   enum text_split split)
{
    const struct text_set *of = &text2text->sets->set[set];

    *questions = (struct questions){.task = of->task,
                                    .examples = of->examples[split],
                                    .tokenizer = text2text->task.tokenizer};
    questions->limit = questions_limit(text2text->task.options.target_length, questions->tokenizer->keeps_spaces);
    if (bucket_batches(&questions->batches, &questions->batch_count, &questions->order, &text2text->buckets,
                       text2text_encoded(text2text, set, split)) ||
        encode_classes(questions)) {
        questions_close(questions);
        return -1;
    }
    return 0;
}

void questions_close(struct questions *questions)
{
    batches_destroy(questions->batches, questions->batch_count);
    free(questions->order);
    free(questions->class_tokens);
    free(questions->class_used);
    *questions = (struct questions){NULL};
}

int questions_most(const struct questions *questions)
{
    int most = 1;

    for (int i = 0; i < questions->batch_count; i++)
        if (questions->batches[i]->examples > most)
            most = questions->batches[i]->examples;
    return most;
}

/* ==== Answers ==== */

/* A copy in which every byte that begins no character is U+FFFD. */
static char *well_formed(const char *text, size_t bytes)
{
    static const char replacement[] = "\xef\xbf\xbd";
    char *copy = malloc(3 * bytes + 1), *to = copy;

    for (size_t at = 0; copy && at < bytes;) {
        size_t count = utf8_character_bytes(text + at, bytes - at);

        if (count > 0 && text[at] != '\0') {
            memcpy(to, text + at, count);
            to += count;
        } else {
            memcpy(to, replacement, 3);
            to += 3;
        }
        at += count > 0 ? count : 1;
    }
    if (copy)
        *to = '\0';
    else
        err_set("no memory for an answer");
    return copy;
}

static char *decode_text(const struct tokenizer *tokenizer, const int32_t *ids, int count)
{
    size_t bytes = tokenizer->decode(tokenizer, ids, (size_t)count, NULL, 0), again;
    char *text, *copy = NULL;

    if (bytes == SIZE_MAX)
        return NULL;
    text = malloc(bytes + 1);
    if (!text) {
        err_set("no memory for an answer of %zu bytes", bytes);
        return NULL;
    }
    again = tokenizer->decode(tokenizer, ids, (size_t)count, text, bytes);
    if (again != SIZE_MAX)
        copy = well_formed(text, again < bytes ? again : bytes);
    free(text);
    return copy;
}

/* What the rows of a batch gave, by example. */
struct rows {
    double *nats;       /* (rows) */
    double *class_nats; /* (rows, classes) */
    int32_t *tokens;    /* (rows, limit) */
    int *lengths;       /* (rows) */
};

static void rows_free(struct rows *rows)
{
    free(rows->nats);
    free(rows->class_nats);
    free(rows->tokens);
    free(rows->lengths);
}

static int rows_make(struct rows *rows, const struct questions *questions, const struct batch *batch,
                     struct model *model, struct decoder *decoder)
{
    size_t count = (size_t)batch->examples;

    *rows = (struct rows){
        .nats = calloc(count, sizeof *rows->nats),
        .class_nats = calloc(count * (size_t)questions->classes.count + 1, sizeof *rows->class_nats),
        .tokens = calloc(count * (size_t)decoder_limit(decoder), sizeof *rows->tokens),
        .lengths = calloc(count, sizeof *rows->lengths),
    };
    if (!rows->nats || !rows->class_nats || !rows->tokens || !rows->lengths)
        return err_set("no memory for %zu answers", count);
    if (model_evaluate(model, batch, rows->nats) ||
        decoder_run(decoder, batch, &(struct decoded){rows->tokens, rows->lengths, NULL}))
        return -1;
    return questions->classes.count > 0
               ? decoder_nats(decoder, batch, &questions->classes, rows->class_nats)
               : 0;
}

/* Rows `first` on of all batches into the answers. */
static int take_rows(struct answers *answers, const struct questions *questions, const struct batch *batch,
                     const struct rows *rows, size_t first, int limit)
{
    size_t classes = (size_t)questions->classes.count;

    for (size_t i = 0; i < (size_t)batch->examples; i++) {
        size_t example = questions->order[first + i];

        answers->target_nats[example] = rows->nats[i];
        answers->target_tokens[example] = batch_targets(batch, (int)i);
        if (classes > 0)
            memcpy(answers->class_nats + example * classes, rows->class_nats + i * classes,
                   classes * sizeof *rows->class_nats);
        answers->outputs[example] =
            decode_text(questions->tokenizer, rows->tokens + i * (size_t)limit, rows->lengths[i]);
        if (!answers->outputs[example])
            return -1;
    }
    return 0;
}

int answers_make(struct answers *answers, const struct questions *questions, struct model *model,
                 struct decoder *decoder)
{
    size_t count = questions->examples->count, done = 0;
    int status = 0;

    *answers = (struct answers){
        .count = count,
        .classes = questions->classes.count,
        .outputs = calloc(count, sizeof *answers->outputs),
        .target_nats = calloc(count, sizeof *answers->target_nats),
        .target_tokens = calloc(count, sizeof *answers->target_tokens),
        .class_nats = calloc(count * (size_t)questions->classes.count + 1, sizeof *answers->class_nats),
    };
    if (!answers->outputs || !answers->target_nats || !answers->target_tokens || !answers->class_nats)
        status = err_set("no memory for %zu answers", count);
    for (int b = 0; b < questions->batch_count && status == 0; b++) {
        const struct batch *batch = questions->batches[b];
        struct rows rows;

        status = rows_make(&rows, questions, batch, model, decoder);
        if (status == 0)
            status = take_rows(answers, questions, batch, &rows, done, decoder_limit(decoder));
        rows_free(&rows);
        done += (size_t)batch->examples;
    }
    if (status)
        answers_free(answers);
    return status;
}

void answers_free(struct answers *answers)
{
    for (size_t i = 0; answers->outputs && i < answers->count; i++)
        free(answers->outputs[i]);
    free(answers->outputs);
    free(answers->target_nats);
    free(answers->target_tokens);
    free(answers->class_nats);
    *answers = (struct answers){0};
}
