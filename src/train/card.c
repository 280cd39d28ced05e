/* card.c - see card.h.  What the hub reads of it: https://huggingface.co/docs/hub/model-cards */
#include "src/glu.h"

#include "src/train/card.h"

#include "src/model/weights_hf.h"
#include "src/task/text2text.h"
#include "src/util/atomic_file.h"
#include "src/util/io.h"
#include "src/util/json_help.h"
#include "src/util/own.h"
#include "src/util/printable.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAMES_MAX = 4, NAME_BYTES = 256 };

/* What a card is about. */
struct card {
    const struct setting *setting;
    const struct task *task;
    const struct model_options *model;
    struct model_counts counts;
    const struct run_result *result;
    json_t *row;                          /* of the result, as results files have it; owned */
    char class[WEIGHTS_HF_CLASS_BYTES];   /* Hugging Face's; "" where it has none */
    char name[160];
};

bool card_is_due(const char *directory, bool force)
{
    char path[PATH_MAX];

    return force || io_join(path, directory, CARD_FILE) || access(path, F_OK) != 0 || own_file(path);
}

/* ---- Words ----------------------------------------------------------------------------------- */

/* A text in quotation marks, as JSON and YAML have it. */
static void print_quoted(FILE *out, const char *text)
{
    json_t *value = json_text(text); /* UTF-8 now */
    char *copy = value ? strdup(json_string_value(value)) : NULL, *quoted = NULL;

    if (copy) {
        json_t *clean;

        printable(copy);
        clean = json_string(copy);
        quoted = clean ? json_dumps(clean, JSON_ENCODE_ANY) : NULL;
        json_decref(clean);
    }
    fputs(quoted ? quoted : "\"?\"", out);
    free(quoted);
    free(copy);
    json_decref(value);
}

/* A figure of the result, as its results file has it. */
static void print_figure(FILE *out, const struct card *card, const char *key)
{
    char text[REAL_BYTES];

    text_of_real(number_at(card->row, key), text);
    fputs(text, out);
}

/* The last part of a path: where it lies is nobody else's. */
static void name_path(char name[NAME_BYTES], const char *path)
{
    size_t end = strlen(path), begin;

    while (end > 1 && path[end - 1] == '/')
        end--;
    for (begin = end; begin > 0 && path[begin - 1] != '/'; begin--)
        ;
    snprintf(name, NAME_BYTES, "%.*s", (int)(end - begin), path + begin);
}

/* What the text of a list of paths is called, and how many more there are. */
static void name_paths(char *text, size_t bytes, const struct text_list *paths)
{
    char name[NAME_BYTES];
    size_t used = 0;

    text[0] = '\0';
    for (int i = 0; i < paths->count && i < NAMES_MAX && used < bytes; i++) {
        name_path(name, paths->items[i]);
        used += (size_t)snprintf(text + used, bytes - used, "%s%s", i > 0 ? ", " : "", name);
    }
    if (paths->count > NAMES_MAX && used < bytes)
        snprintf(text + used, bytes - used, " and %d more", paths->count - NAMES_MAX);
}

/* A task's name; of files, those without where they lie. */
static void name_task(char *text, size_t bytes, const char *task)
{
    const char *files = strchr(task, ':');
    char *list = files ? strdup(files + 1) : NULL, *next = list, *path;
    size_t used = (size_t)snprintf(text, bytes, "%.*s", files ? (int)(files - task) : 200, task);

    for (int i = 0; list && i < NAMES_MAX && (path = strsep(&next, ",")) != NULL && used < bytes; i++) {
        char name[NAME_BYTES];

        name_path(name, path);
        used += (size_t)snprintf(text + used, bytes - used, "%s%s", i > 0 ? "," : ":", name);
    }
    free(list);
}

static void name_text(char *text, size_t bytes, const struct setting *setting)
{
    if (setting->task)
        name_task(text, bytes, setting->task);
    else if (setting->corpus.count == 0)
        snprintf(text, bytes, "the built-in language of " PACKAGE_NAME);
    else
        name_paths(text, bytes, &setting->corpus);
}

static void name_heldout(char *text, size_t bytes, const struct setting *setting)
{
    char name[NAME_BYTES];

    if (setting->heldout.count == 0 && setting->task) {
        name_task(name, sizeof name, setting->task);
        snprintf(text, bytes, "dev set of %s", name);
    } else if (setting->heldout.count > 0 && setting->task)
        name_task(text, bytes, setting->heldout.items[0]);
    else if (setting->corpus.count == 0)
        snprintf(text, bytes, "held-out text of the built-in language of " PACKAGE_NAME);
    else if (setting->heldout.count > 0)
        name_paths(text, bytes, &setting->heldout);
    else
        snprintf(text, bytes, "a share of %g of the documents, chosen by hash", setting->heldout_share);
}

/* What it was trained on, and what judged it. */
static const struct data_identity *text_of(const struct card *card)
{
    const struct text2text *text2text = text2text_of(card->task);

    return text2text ? &text2text->sets->training : dataset_training(card->task->dataset);
}

static const struct data_identity *heldout_of(const struct card *card)
{
    const struct text2text *text2text = text2text_of(card->task);

    return text2text ? &text2text->sets->heldout : dataset_heldout(card->task->dataset);
}

/* Hugging Face's word for what such a model does. */
static const char *task_word(const struct card *card)
{
    return architecture_is_shifted(card->model->architecture) ? "text-generation" : "text2text-generation";
}

/* ---- For programs ---------------------------------------------------------------------------- */

static void print_metric(FILE *out, const struct card *card, const char *type, const char *name,
                         const char *key)
{
    fprintf(out, "    - type: %s\n      name: \"%s, of %" PRId64 " target tokens\"\n      value: ", type, name,
            card->result->heldout_target_tokens);
    print_figure(out, card, key);
    putc('\n', out);
}

/* Every metric of the weights' own scores on dev sets. */
static void print_scores(FILE *out, const struct card *card,
                         void (*print)(FILE *out, const char *task, const char *metric, double value))
{
    json_t *scores = json_object_get(card->row, "scores_last"), *of, *value;
    const char *task, *metric;

    json_object_foreach (scores, task, of)
        json_object_foreach (of, metric, value)
            if (json_is_number(value) && strcmp(metric, "step") != 0)
                print(out, task, metric, json_number_value(value));
}

static void print_score_front(FILE *out, const char *task, const char *metric, double value)
{
    fprintf(out, "    - type: %s\n      name: \"%s.%s, of the dev set\"\n      value: %.6g\n", metric, task, metric,
            value);
}

static void print_datasets(FILE *out, const struct setting *setting)
{
    const struct text_list *corpus = &setting->corpus;
    char name[NAME_BYTES];

    fputs("datasets:\n", out);
    if (setting->task) {
        name_task(name, sizeof name, setting->task);
        fputs("- ", out);
        print_quoted(out, name);
        putc('\n', out);
    } else if (corpus->count == 0)
        fputs("- " PACKAGE_NAME "-builtin\n", out);
    for (int i = 0; i < corpus->count && i < NAMES_MAX; i++) {
        name_path(name, corpus->items[i]);
        fputs("- ", out);
        print_quoted(out, name);
        putc('\n', out);
    }
}

static void print_front(FILE *out, const struct card *card)
{
    const struct data_identity *heldout = heldout_of(card);
    char text[1024];

    fprintf(out, "---\n%s " PACKAGE_VERSION ".\nlibrary_name: %s\nlicense: unknown\n", OWN_CARD_MARK,
            card->class[0] ? "transformers" : PACKAGE_NAME);
    if (card->class[0])
        fprintf(out, "pipeline_tag: %s\n", task_word(card));
    fprintf(out, "tags:\n- " PACKAGE_NAME "\n- %s\n- ", card->setting->architecture_name);
    print_quoted(out, card->model->variant->name);
    putc('\n', out);
    print_datasets(out, card->setting);
    fputs("model-index:\n- name: ", out);
    print_quoted(out, card->name);
    fprintf(out, "\n  results:\n  - task:\n      type: %s\n      name: %s\n    dataset:\n      type: %s\n"
                 "      name: ", task_word(card), card->task->options.kind, heldout->kind);
    name_heldout(text, sizeof text, card->setting);
    print_quoted(out, text);
    fputs("\n      split: held-out\n    metrics:\n", out);
    print_metric(out, card, "log-perplexity", "log-perplexity in nats", "heldout_log_perplexity_nats");
    print_metric(out, card, "perplexity", "perplexity", "heldout_perplexity");
    print_scores(out, card, print_score_front);
    fputs("---\n", out);
}

/* ---- For people ------------------------------------------------------------------------------ */

/* Text that Markdown would take for something else stands between backticks, which it does not hold. */
static void print_code(FILE *out, const char *text)
{
    char copy[1024];

    snprintf(copy, sizeof copy, "%s", text);
    printable(copy);
    for (char *c = copy; *c; c++)
        if (*c == '`' || *c == '|')
            *c = '?';
    fprintf(out, "`%s`", copy);
}

static void print_text_row(FILE *out, const char *what, const char *name, const struct data_identity *text)
{
    fprintf(out, "| %s | ", what);
    print_code(out, name);
    if (text->documents > 0)
        fprintf(out, ", %" PRIu64 " %s of %" PRIu64 " bytes of text", text->documents,
                strcmp(text->kind, "tasks") == 0 ? "examples" : "documents", text->text_bytes);
    fprintf(out, "; SHA-256 `%s` |\n", text->sha256);
}

static void print_tokenizer(FILE *out, const struct card *card)
{
    const struct tokenizer *tokenizer = card->task->tokenizer;

    fprintf(out, "| tokenizer | %s, %d pieces in %d rows", card->setting->tokenizer, tokenizer->pieces,
            tokenizer->vocabulary);
    if (tokenizer->file.sha256[0])
        fprintf(out, "; SHA-256 `%s`", tokenizer->file.sha256);
    fputs(" |\n", out);
}

static void print_sizes(FILE *out, const struct card *card)
{
    const struct model_config *c = &card->model->model;

    fputs("| feed-forward layers | ", out);
    print_code(out, card->model->variant->formula);
    fprintf(out, ", variant `%s` |\n", card->model->variant->name);
    fprintf(out, "| sizes | d_model %d, d_ff %d, layers %d%s, heads %d, d_kv %d |\n", c->d_model, c->d_ff,
            c->layers, architecture_is_shifted(card->model->architecture) ? "" : " (encoder and decoder each)",
            c->heads, c->d_kv);
    fprintf(out, "| parameters | %" PRId64 ", %" PRId64 " of them of feed-forward layers |\n",
            card->counts.parameters, card->counts.ffn_parameters);
}

static void print_training(FILE *out, const struct card *card)
{
    const struct setting *setting = card->setting;
    const struct recipe *recipe = &setting->recipe;
    const struct run_result *result = card->result;
    char text[1024];

    fputs("\n## How it was trained\n\n| | |\n|---|---|\n", out);
    print_sizes(out, card);
    print_tokenizer(out, card);
    name_text(text, sizeof text, setting);
    print_text_row(out, "text", text, text_of(card));
    fprintf(out, "| task | %s, examples of %d tokens of input and %d of target |\n", card->task->options.kind,
            recipe->input_length, recipe->target_length);
    fprintf(out, "| steps | %" PRId64 " of %d examples, %" PRId64 " tokens in all |\n", result->steps,
            recipe->batch, result->tokens_seen);
    fprintf(out, "| optimizer | %s, learning rate %g, schedule %s with %" PRId64 " steps of warm-up; dropout "
                 "%g |\n", setting->optimizer_name, recipe->learning_rate, setting->schedule_name,
            recipe->warmup_steps, setting->dropout);
    fprintf(out, "| precision | %s, weights in f32 |\n", precision_name(card->model->precision));
    fprintf(out, "| seed | %" PRIu64 " |\n", result->seed);
    if (result->init_sha256[0])
        fprintf(out, "| begun with | the weights of SHA-256 `%s` |\n", result->init_sha256);
    fprintf(out, "| these weights | SHA-256 of the values, as results files have it, `%s` |\n",
            result->parameters_sha256);
    fputs("\nThe results file that " PACKAGE_NAME " wrote has the command that does this training again.\n", out);
}

static void print_score_row(FILE *out, const char *task, const char *metric, double value)
{
    fprintf(out, "| %s.%s, of the dev set | %.6g |\n", task, metric, value);
}

static void print_results(FILE *out, const struct card *card)
{
    const struct data_identity *heldout = heldout_of(card);
    char text[1024];

    name_heldout(text, sizeof text, card->setting);
    fputs("\n## What it reached\n\n| | |\n|---|---|\n| log-perplexity, nats per target token | ", out);
    print_figure(out, card, "heldout_log_perplexity_nats");
    fputs(" |\n| perplexity | ", out);
    print_figure(out, card, "heldout_perplexity");
    fprintf(out, " |\n| measured on | %d held-out examples, %" PRId64 " target tokens |\n",
            card->result->heldout_examples, card->result->heldout_target_tokens);
    print_text_row(out, "held-out text", text, heldout);
    print_scores(out, card, print_score_row);
    fputs("\nThat is one training.  How far two of them differ by their seeds alone, and whether one variant is\n"
          "better than another, takes several seeds of each, which `" PACKAGE_NAME " report` compares.\n", out);
}

static void print_loading(FILE *out, const struct card *card)
{
    char again[200] = "`" PACKAGE_NAME " run " FIELD("init_checkpoint") " DIR`, with the sizes above, begins a "
                      "training with them.\n";

    err_name_fields(again, sizeof again);
    fputs("\n## How to load it\n\n", out);
    if (card->class[0])
        fprintf(out, "```python\nfrom transformers import AutoTokenizer, %s\n\n"
                     "tokenizer = AutoTokenizer.from_pretrained(\"DIR\")\n"
                     "model = %s.from_pretrained(\"DIR\")\n```\n\n", card->class, card->class);
    else
        fputs("The transformers library has no name for the function of these layers, so that it cannot load\n"
              "them.  The tensors have the names that it would give them.\n\n", out);
    fputs(again, out);
}

static void print_card(FILE *out, const struct card *card)
{
    print_front(out, card);
    fprintf(out, "\n# %s\n\nA %s trained by " PACKAGE_NAME ", which compares feed-forward layers of Transformers by\n"
                 "trainings of equal cost.\n\n"
                 "It is no general-purpose model: it was trained to be measured, on the text below and no more, and\n"
                 "to do nothing else than the task below.  What it writes is not to be relied on, and nobody has\n"
                 "looked for what it may have taken from the text.  Whose text that is decides its license.\n",
            card->name, architecture_is_shifted(card->model->architecture) ? "language model" : "T5");
    print_training(out, card);
    print_results(out, card);
    print_loading(out, card);
}

static int write_card(const char *path, const struct card *card)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    int status;

    if (!out)
        return err_set("%s: out of memory", path);
    print_card(out, card);
    if (ferror(out) | fclose(out))
        status = err_set("%s: out of memory", path);
    else
        status = atomic_write(path, text, bytes);
    free(text);
    return status;
}

int card_write(const char *directory, const struct setting *setting, const struct task *task,
               const struct model *model, const struct run_result *result)
{
    struct card card = {.setting = setting, .task = task, .model = model_get_options(model), .result = result};
    char path[PATH_MAX];
    int status = -1;

    if (io_join(path, directory, CARD_FILE))
        return -1;
    if (!card_is_due(directory, setting->force)) {
        warn_add("%s was not written by " PACKAGE_NAME " and stays as it is: it does not tell of the weights "
                 "that are beside it now", path);
        return 0;
    }
    snprintf(card.name, sizeof card.name, "%s-%s-s%" PRIu64, setting->architecture_name,
             card.model->variant->name, result->seed);
    weights_hf_class(card.class, card.model);
    card.row = results_run_json(result);
    if (card.row && model_counts(card.model, &card.counts) == 0)
        status = write_card(path, &card);
    json_decref(card.row);
    return status;
}
