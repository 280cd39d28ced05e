/* data-fixture.c - see data-fixture.h. */
#include "src/glu.h"

#include "test/data-fixture.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct config with(const char *const *corpus, int corpus_count, const char *const *heldout,
                          int heldout_count)
{
    return (struct config){
        .text = {.corpus = corpus,
                 .corpus_count = corpus_count,
                 .heldout = heldout,
                 .heldout_count = heldout_count,
                 .heldout_share = 0.1},
        .task = {.kind = "span",
                 .input_length = INPUT,
                 .batch = BATCH,
                 .heldout_examples = 50,
                 .noise_density = 0.15,
                 .mean_span = 3.0},
        .tokenizer = "bytes",
    };
}

void close_all(struct opened *opened)
{
    task_close(opened->task);
    tokenizer_close(opened->tokenizer);
    dataset_close(opened->dataset);
}

/* To be closed in either case. */
int try_to_open(struct opened *opened, const struct config *config)
{
    *opened = (struct opened){0};
    return dataset_open(&opened->dataset, &config->text) ||
                   tokenizer_open(&opened->tokenizer, config->tokenizer) ||
                   task_open(&opened->task, &config->task, opened->dataset, opened->tokenizer)
               ? -1
               : 0;
}

void open_all(struct opened *opened, const struct config *config)
{
    if (try_to_open(opened, config))
        tap_bail_out("%s", err_get());
}

void expect_error(const struct config *config, const char *says)
{
    struct opened opened;
    int status = try_to_open(&opened, config);

    tap_ok(status == -1 && strstr(err_get(), says), "%s", status ? err_get() : "no error");
    tap_ok(!opened.task, "... and there is no task");
    close_all(&opened);
}

/* Document n's text, which tells its number. */
static int describe(char *text, size_t capacity, int n)
{
    return snprintf(text, capacity, "document %d of the test, with number %d", n, n);
}

int number_of(const struct document *document)
{
    return atoi(document->text + strlen("document "));
}

void write_json(const char *directory, int first, int count)
{
    char *text = malloc((size_t)count * 128), line[96], name[96];

    for (int f = 0; f < FILES; f++) {
        size_t used = 0;

        for (int i = first + f; i < first + count; i += FILES) {
            describe(line, sizeof line, i);
            used += (size_t)sprintf(text + used, "{\"text\": \"%s\"}\n", line);
        }
        snprintf(name, sizeof name, "%s/%02d.json%s", directory, f, f % 2 ? ".gz" : "");
        (f % 2 ? scratch_gzip : scratch_write)(name, text, used);
    }
    free(text);
}

void write_corpora(struct corpora *corpora)
{
    corpora->json = scratch_path("json");
    corpora->part = scratch_path("part");
    corpora->heldout = scratch_path("heldout");
    write_json("json", 0, DOCUMENTS);
    write_json("part", 0, DOCUMENTS - 1000);
    write_json("heldout", DOCUMENTS - 2000, 2000);
    corpora->builtin = with(NULL, 0, NULL, 0);
    corpora->shared = with(&corpora->json, 1, NULL, 0);
    corpora->apart = with(&corpora->part, 1, &corpora->heldout, 1);
}
