/* test-input-memory.c - memory that runs out at the n-th call, in all that takes in what a user
 * gives: command line, configuration, plan and corpora.  Each time that is an error, and never
 * another configuration or another text. */
#include "src/glu.h"

#include "src/cli/cli.h"
#include "src/setting/presets.h"
#include "src/study/forecast.h"
#include "test/memory.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Command line and configuration ---------------------------------------------------------- */

static const char *config_file;

/* The words of a command line, resolved.  The config is to be freed in either case. */
static int resolve(struct setting *setting, struct invocation *invocation)
{
    char *argv[] = {"glubench", "run", "--config", (char *)config_file, "-V", "swiglu", "-V",
                    "custom:mish,gated", "-n3", "-o", "x.json", "--threads=1", "--corpus", "a",
                    "--corpus", "b c", "--d-ff", "48", NULL};

    optind = 0; /* begin anew */
    memset(setting, 0, sizeof *setting);
    return cli_parse(invocation, LENGTH_OF(argv) - 1, argv) ||
                   setting_resolve(setting, invocation->arguments, invocation->argument_count)
               ? -1
               : 0;
}

/* Call use() with the configuration of that command line. */
static int with_config(int (*use)(const struct setting *setting))
{
    struct invocation invocation;
    struct setting setting;
    int status = resolve(&setting, &invocation);

    if (status == 0)
        status = use(&setting);
    setting_free(&setting);
    cli_free(&invocation);
    return status;
}

/* Is it what was asked for, whatever ran out? */
static int check_config(const struct setting *setting)
{
    return setting->variant_count == 2 && strcmp(setting->variants[0]->name, "swiglu") == 0 &&
                   setting->corpus.count == 2 && strcmp(setting->corpus.items[1], "b c") == 0 &&
                   setting->recipe.d_model == 24 && setting->recipe.seeds == 3
               ? 0
               : err_set("another configuration");
}

static int write_json(const struct setting *setting)
{
    struct data_identity identity = {.kind = "text"};
    json_t *document = setting_json(setting, &identity, &identity);

    json_decref(document);
    return document ? 0 : -1;
}

static int write_repro(const struct setting *setting)
{
    char *text = setting_repro(setting, setting->variants[1], 7, NULL);

    free(text);
    return text ? 0 : -1;
}

static int do_resolve(void)
{
    return with_config(check_config);
}

static int do_json(void)
{
    return with_config(write_json);
}

static int do_repro(void)
{
    return with_config(write_repro);
}

static int do_preset(void)
{
    json_t *preset = preset_json(0);

    json_decref(preset);
    return preset ? 0 : -1;
}

/* ---- Corpora --------------------------------------------------------------------------------- */

static const char *corpus[1], *heldout[1];
static char expected[2][65]; /* checksums, with and without a file of held-out text */

/* Open, hold out and stream: all that a run does with its text.  keep_bytes as in
 * dataset_options. */
static int read_all(bool builtin, bool share, size_t keep_bytes)
{
    struct dataset_options text = {.corpus = corpus,
                                   .corpus_count = !builtin,
                                   .heldout = heldout,
                                   .heldout_count = !builtin && !share,
                                   .heldout_share = 0.3,
                                   .keep_bytes = keep_bytes};
    struct task_options options = {.kind = "span",
                                   .input_length = 32,
                                   .batch = 2,
                                   .heldout_examples = 3,
                                   .noise_density = 0.15,
                                   .mean_span = 3};
    struct dataset *dataset = NULL;
    struct tokenizer *tokenizer = NULL;
    struct task *task = NULL;
    struct task_stream *stream = NULL;
    struct batch *batch = NULL;
    const char *sha256;
    int status = -1;

    if (dataset_open(&dataset, &text) || tokenizer_open(&tokenizer, "bytes") ||
        task_open(&task, &options, dataset, tokenizer) || task_stream_open(&stream, task, 1) ||
        batch_create(&batch, options.batch, options.input_length, task->options.target_length) ||
        task_stream_next(stream, batch) || task_stream_skip(stream, 20) ||
        task_stream_next(stream, batch))
        goto out;
    sha256 = dataset_heldout(dataset)->sha256;
    /* A line that could not be parsed must not have been taken for a bad one. */
    if (!builtin && dataset_training(dataset)->bad_lines != 1)
        err_set("%d lines were lost", (int)dataset_training(dataset)->bad_lines - 1);
    else if (!builtin && expected[share][0] && strcmp(expected[share], sha256) != 0)
        err_set("another held-out text");
    else
        status = 0;
    if (!builtin && !expected[share][0]) /* the first time, with memory */
        memcpy(expected[share], sha256, sizeof expected[share]);
out:
    batch_destroy(batch);
    task_stream_close(stream);
    task_close(task);
    tokenizer_close(tokenizer);
    dataset_close(dataset);
    return status;
}

static int do_builtin(void)
{
    return read_all(true, true, 0);
}

static int do_heldout(void)
{
    return read_all(false, false, 0);
}

static int do_share(void)
{
    return read_all(false, true, 0);
}

static int do_reread(void)
{
    return read_all(false, true, 1);
}

/* Some 40 documents in plain text and JSON lines, plain and gzip, one line of which is bad. */
static void make_corpora(void)
{
    char *text, *lines;
    size_t text_bytes, lines_bytes;
    FILE *text_out = open_memstream(&text, &text_bytes);
    FILE *lines_out = open_memstream(&lines, &lines_bytes);

    if (!text_out || !lines_out)
        tap_bail_out("no memory");
    for (int i = 0; i < 300; i++)
        fprintf(text_out, "This is paragraph %d, and the next one follows it.\n\n", i);
    for (int i = 0; i < 20; i++)
        fprintf(lines_out, "{\"url\": \"x\", \"text\": \"Document %d has its own \\u00e4 text.\"}\n",
                i);
    fputs("{\"text\": 5}\n", lines_out);
    fclose(text_out);
    fclose(lines_out);
    scratch_write("corpus/a.txt", text, text_bytes);
    scratch_gzip("corpus/b.txt.gz", text, text_bytes / 3);
    scratch_gzip("corpus/c.json.gz", lines, lines_bytes);
    corpus[0] = scratch_path("corpus");
    heldout[0] = scratch_text("heldout.txt", "Something else that is long enough for a segment, and "
                                             "then some more of it, to be sure that it is.\n");
    free(text);
    free(lines);
}

/* ---- The plan -------------------------------------------------------------------------------- */

static int make_plan(const struct setting *setting)
{
    struct forecast_row *rows = NULL;
    int status = forecast_make(&rows, setting) || forecast_check(rows, setting) ? -1 : 0;

    free(rows);
    return status;
}

static int do_plan(void)
{
    return with_config(make_plan);
}

int main(void)
{
    if (memory_skip())
        return 0;
    make_corpora();
    config_file = scratch_text("config.json", "{\"preset\": \"smoke\", \"variants\": [\"relu\"], "
                                              "\"seeds\": [4, 5], \"model\": {\"d_model\": 24}, "
                                              "\"corpus\": {\"paths\": [\"z\"]}}");
    memory_try("command line and configuration", do_resolve);
    memory_try("the configuration as JSON", do_json);
    memory_try("the command of one run", do_repro);
    memory_try("a preset as JSON", do_preset);
    memory_try("the built-in language", do_builtin);
    memory_try("a corpus and held-out text", do_heldout);
    memory_try("a corpus of which a share is held out", do_share);
    memory_try("the same, too much to be kept", do_reread);
#ifdef BUILT_WITH_SANITIZERS
    memory_try("the plan", do_plan);
#else /* oneDNN's calls would fail too, and it ends the program then */
    tap_skip(1, "the plan: our own calls alone can fail in a build with sanitizers only");
    (void)do_plan;
#endif
    warn_clear();
    tap_plan(9);
    return tap_status();
}
