/* test-task.c - text to batches: that a seed gives the same ones whatever is skipped, and that a
 * task is opened once and shared by all streams and threads. */
#include "src/glu.h"

#include "src/task/span.h"
#include "src/task/task.h"
#include "src/text/language.h"
#include "test/data-fixture.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ==== Batches ==== */

static struct batch *new_batch(void)
{
    struct span_shape shape;
    struct batch *batch;

    if (span_shape_set(&shape, INPUT, 0.15, 3.0) ||
        batch_create(&batch, BATCH, INPUT, shape.target_length))
        tap_bail_out("%s", err_get());
    return batch;
}

static bool same(const struct batch *a, const struct batch *b)
{
    return a->examples == b->examples &&
           memcmp(a->inputs, b->inputs,
                  (size_t)(a->examples * a->input_length) * sizeof *a->inputs) == 0 &&
           memcmp(a->targets, b->targets,
                  (size_t)(a->examples * a->target_length) * sizeof *a->targets) == 0;
}

static struct task_stream *open_stream(const struct task *task, uint64_t seed)
{
    struct task_stream *stream;

    if (task_stream_open(&stream, task, seed))
        tap_bail_out("%s", err_get());
    return stream;
}

static uint64_t hash_batches(const struct task *task, uint64_t seed, uint64_t skip, int count)
{
    struct task_stream *stream = open_stream(task, seed);
    struct batch *batch = new_batch();
    uint64_t hash = 0;

    if (task_stream_skip(stream, skip))
        tap_bail_out("%s", err_get());
    for (int i = 0; i < count; i++) {
        if (task_stream_next(stream, batch))
            tap_bail_out("%s", err_get());
        hash = hash * 31 + document_hash((char *)batch->inputs, sizeof(int32_t) * BATCH * INPUT);
        hash = hash * 31 + document_hash((char *)batch->targets,
                                         sizeof(int32_t) * BATCH * (size_t)batch->target_length);
    }
    task_stream_close(stream);
    batch_destroy(batch);
    return hash;
}

struct job {
    const struct task *task;
    uint64_t seed, hash;
};

static void *run_job(void *argument)
{
    struct job *job = argument;

    job->hash = hash_batches(job->task, job->seed, 0, 60);
    return NULL;
}

static void test_stream(const struct config *config, const char *what)
{
    struct opened opened, other;
    const struct task *task;
    struct task_stream *stream;
    struct batch *batch = new_batch(), *again = new_batch();
    struct job jobs[4];
    pthread_t threads[4];
    bool skips = true, apart = true;

    open_all(&opened, config);
    open_all(&other, config);
    task = opened.task;
    tap_ok(hash_batches(task, 1, 0, 60) == hash_batches(other.task, 1, 0, 60),
           "%s: a seed gives the same batches every time", what);
    tap_ok(hash_batches(task, 1, 0, 60) != hash_batches(task, 2, 0, 60),
           "%s: another seed gives others", what);
    for (uint64_t skip = 0; skip < 400; skip += 57) {
        stream = open_stream(task, 7);
        for (uint64_t i = 0; i <= skip; i++)
            if (task_stream_next(stream, batch))
                tap_bail_out("%s", err_get());
        task_stream_close(stream);
        stream = open_stream(task, 7);
        if (task_stream_skip(stream, skip) || task_stream_next(stream, again))
            tap_bail_out("%s", err_get());
        task_stream_close(stream);
        skips = skips && same(batch, again);
    }
    tap_ok(skips, "%s: skipping leads to the same batch as reading", what);

    for (size_t i = 0; i < LENGTH_OF(jobs); i++) {
        jobs[i] = (struct job){task, i, 0};
        if (pthread_create(&threads[i], NULL, run_job, &jobs[i]))
            tap_bail_out("no threads");
    }
    for (size_t i = 0; i < LENGTH_OF(jobs); i++) {
        pthread_join(threads[i], NULL);
        apart = apart && jobs[i].hash == hash_batches(other.task, i, 0, 60);
    }
    tap_ok(apart, "%s: streams of a task in threads do not disturb each other", what);
    batch_destroy(batch);
    batch_destroy(again);
    close_all(&opened);
    close_all(&other);
}

/* ... also where a pass over the text is short and most of them are not read. */
static void test_passes(void)
{
    enum { FAR = 1 << 24 };
    static const uint64_t firsts[] = {0, 1, 3, 40}, skips[] = {0, 1, 2, 30, 77, 4096, 1};
    char text[40000];
    const char *path;
    struct config config;
    struct opened opened;
    struct batch *batch = new_batch(), *again = new_batch();
    struct task_stream *far, *twice;
    int wrong = 0;

    for (size_t i = 0; i < sizeof text; i++) /* paragraphs of which no two are the same */
        text[i] = i % 61 > 58 ? '\n' : (char)('a' + (i * i / 61 + i / 7) % 26);
    path = scratch_write("passes.txt", text, sizeof text);
    config = with(&path, 1, NULL, 0);
    config.text.heldout_share = 0.4;
    open_all(&opened, &config);
    tap_ok(dataset_training(opened.dataset)->documents > 1, "a pass of %d documents, %d bytes",
           (int)dataset_training(opened.dataset)->documents,
           (int)dataset_training(opened.dataset)->text_bytes);
    for (size_t i = 0; i < LENGTH_OF(firsts); i++) {
        struct task_stream *reader = open_stream(opened.task, i);
        struct task_stream *skipper = open_stream(opened.task, i);

        for (uint64_t k = 0; k < firsts[i]; k++)
            if (task_stream_next(reader, batch) || task_stream_next(skipper, again))
                tap_bail_out("%s", err_get());
        for (size_t j = 0; j < LENGTH_OF(skips); j++) {
            for (uint64_t k = 0; k <= skips[j]; k++)
                if (task_stream_next(reader, batch))
                    tap_bail_out("%s", err_get());
            if (task_stream_skip(skipper, skips[j]) || task_stream_next(skipper, again))
                tap_bail_out("%s", err_get());
            wrong += !same(batch, again);
        }
        task_stream_close(reader);
        task_stream_close(skipper);
    }
    tap_ok(wrong == 0, "skipping passes leads to the same batches as reading them");
    far = open_stream(opened.task, 9);
    twice = open_stream(opened.task, 9);
    if (task_stream_skip(far, 2 * FAR) || task_stream_next(far, batch) ||
        task_stream_skip(twice, FAR) || task_stream_skip(twice, FAR) ||
        task_stream_next(twice, again))
        tap_bail_out("%s", err_get());
    tap_ok(same(batch, again), "so does skipping gigabytes, which nobody reads");
    task_stream_close(far);
    task_stream_close(twice);
    batch_destroy(batch);
    batch_destroy(again);
    close_all(&opened);
}

/* Put a segment together again from input and target. */
static void restore(const int32_t *input, const int32_t *target, int32_t *segment)
{
    for (; *input != TOKEN_EOS; input++) {
        if (*input < VOCABULARY - TOKEN_SENTINELS) {
            *segment++ = *input;
            continue;
        }
        for (target++; *target != TOKEN_EOS && *target < VOCABULARY - TOKEN_SENTINELS; target++)
            *segment++ = *target;
    }
}

/* The batches hold the documents of the language, an EOS behind each, and nothing else.  With an
 * EOS inside an input or target, restore() would stop, so EOS is made a space on both sides. */
static void test_token_stream(void)
{
    enum { BATCHES = 100 };
    struct config config = with(NULL, 0, NULL, 0);
    struct language *language;
    struct opened opened;
    struct task_stream *stream;
    struct span_shape shape;
    struct batch *batch = new_batch();
    char text[LANGUAGE_DOCUMENT_BYTES];
    int32_t segment[2 * INPUT];
    size_t at = 0, bytes = 0;
    uint32_t number = 0;
    int tokens, target, wrong = 0;

    if (span_shape_set(&shape, INPUT, 0.15, 3.0) || language_create(&language))
        tap_bail_out("%s", err_get());
    tokens = shape.segment_tokens;
    target = shape.target_length;
    open_all(&opened, &config);
    stream = open_stream(opened.task, 5);
    for (int b = 0; b < BATCHES; b++) {
        if (task_stream_next(stream, batch))
            tap_bail_out("%s", err_get());
        for (int e = 0; e < BATCH; e++) {
            int32_t *in = batch->inputs + e * INPUT, *out = batch->targets + e * target;

            for (int i = 0; i < INPUT - 1; i++)
                in[i] = in[i] == TOKEN_EOS ? 3 + ' ' : in[i];
            for (int i = 0; i < target - 1; i++)
                out[i] = out[i] == TOKEN_EOS ? 3 + ' ' : out[i];
            restore(in, out, segment);
            for (int i = 0; i < tokens; i++) {
                if (at > bytes || number == 0) {
                    bytes = language_write(language, 5, RNG_LANGUAGE, number++, text);
                    at = 0;
                }
                wrong += segment[i] != 3 + (at == bytes ? ' ' : (unsigned char)text[at]);
                at++;
            }
        }
    }
    tap_ok(wrong == 0 && number > 10, "the batches hold the documents, an EOS behind each");
    task_stream_close(stream);
    close_all(&opened);
    batch_destroy(batch);
    language_destroy(language);
}

/* ==== Held-out examples ==== */

static void test_heldout(const struct config *config, const char *what)
{
    struct config larger = *config, none = *config;
    struct opened first, second, all, bare;
    int64_t bytes = 0;

    open_all(&first, config);
    open_all(&second, config);
    tap_ok(first.task->heldout->examples == config->task.heldout_examples &&
               same(first.task->heldout, second.task->heldout),
           "%s: %d held-out examples, the same every time", what, first.task->heldout->examples);
    for (int i = 0; i < first.task->heldout->examples * first.task->heldout->target_length; i++)
        bytes += first.task->heldout->targets[i] > 2 && first.task->heldout->targets[i] < 3 + 256;
    tap_ok(bytes > 0 && first.task->heldout_bytes == bytes, "%s: their targets are of %d bytes of text", what,
           (int)bytes);
    larger.task.heldout_examples = 1000;
    larger.task.batch = 1; /* does not matter here */
    open_all(&all, &larger);
    tap_ok(all.task->heldout->examples > first.task->heldout->examples,
           "%s: more when more are wanted (%d)", what, all.task->heldout->examples);
    none.task.heldout_examples = 0;
    open_all(&bare, &none);
    tap_ok(!bare.task->heldout &&
               hash_batches(bare.task, 1, 0, 9) == hash_batches(first.task, 1, 0, 9),
           "%s: none when none are wanted, and the same training", what);
    close_all(&first);
    close_all(&second);
    close_all(&all);
    close_all(&bare);
}

/* The examples come from all over the text: of a file of blocks a, b, c ... all letters occur. */
static void test_spread(void)
{
    enum { BLOCK = 4000 };
    char *text = malloc(26 * BLOCK);
    const char *corpus = scratch_text("other.txt", "Some other text, long enough for a segment or two"
                                                   ", so that there is something to train on.");
    const char *paths[1];
    struct config config;
    struct opened opened;
    const struct batch *batch;
    int letters = 0;

    for (int i = 0; i < 26 * BLOCK; i++)
        text[i] = i % 50 == 49 ? '\n' : (char)('a' + i / BLOCK);
    paths[0] = scratch_write("blocks.txt", text, 26 * BLOCK);
    config = with(&corpus, 1, paths, 1);
    config.task.heldout_examples = 200;
    open_all(&opened, &config);
    batch = opened.task->heldout;
    for (int letter = 'a'; letter <= 'z'; letter++)
        for (int i = 0; i < batch->examples * INPUT; i++)
            if (batch->inputs[i] == letter + 3) {
                letters++;
                break;
            }
    tap_ok(letters == 26, "held-out examples are spread over the text (%d of 26 parts)", letters);
    close_all(&opened);
    free(text);
}

static void test_errors(void)
{
    static char text[5000];
    const char *good = scratch_path("json"), *paths[2] = {good, NULL}, *heldout[1];
    struct config config = with(paths, 1, NULL, 0);
    struct opened opened;
    struct task_stream *stream;
    struct source *source;
    struct document document;
    struct batch *batch;

    config.tokenizer = "words";
    expect_error(&config, "unknown tokenizer 'words'");
    config = with(paths, 1, NULL, 0);
    config.task.kind = "riddles";
    expect_error(&config, "there is no kind 'riddles'; there is: span");
    config = with(paths, 1, NULL, 0);
    config.task.batch = 0;
    expect_error(&config, "batch 0");
    config.task.batch = BATCH;
    config.text.heldout_share = 0.0;
    expect_error(&config, "held-out share 0");
    config.text.heldout_share = 1.5;
    expect_error(&config, "held-out share 1.5");
    config.text.heldout_share = 0.1;
    config.task.target_length = 5;
    expect_error(&config, "target length 5");
    config.task.target_length = 0;
    config.task.heldout_examples = -1;
    expect_error(&config, "heldout_examples -1");
    config.task.heldout_examples = 1;

    paths[0] = scratch_path("nothing-here.txt");
    expect_error(&config, "nothing-here.txt: No such file");
    paths[0] = scratch_text("void.txt", "");
    expect_error(&config, "fewer than one segment");
    if (dataset_open(&opened.dataset, &config.text) ||
        dataset_training_source(&source, opened.dataset, 1))
        tap_bail_out("%s", err_get());
    tap_ok(source_next(source, &document) == -1 && strstr(err_get(), "void.txt"),
           "source_next: %s", err_get());
    source_close(source);
    dataset_close(opened.dataset);
    paths[0] = scratch_text("short.txt", "Too short.");
    expect_error(&config, "fewer than one segment");
    memset(text, 'x', sizeof text);
    paths[0] = scratch_write("two-documents.txt", text, sizeof text);
    config.text.heldout_share = 1e-9;
    expect_error(&config, "heldout FILE");

    paths[0] = scratch_path("json");
    heldout[0] = scratch_path("json/03.json.gz");
    config = with(paths, 1, heldout, 1);
    expect_error(&config, "held-out text is also training text: ");
    heldout[0] = scratch_path("link.json.gz");
    if (symlink("json/03.json.gz", heldout[0]))
        tap_bail_out("no symbolic links");
    expect_error(&config, "held-out text is also training text: ");
    write_json("copy", 0, DOCUMENTS / 10);
    heldout[0] = scratch_path("copy/05.json.gz");
    expect_error(&config, "held-out text is also training text: 25 of the 25");
    heldout[0] = scratch_text("brief.txt", "Brief.");
    expect_error(&config, "brief.txt: the text is shorter");
    heldout[0] = scratch_text("bad.txt", "\xff");
    expect_error(&config, "bad.txt is not UTF-8");
    config = with(NULL, 0, heldout, 1);
    expect_error(&config, "goes with corpus");

    config = with(NULL, 0, NULL, 0);
    open_all(&opened, &config);
    stream = open_stream(opened.task, 1);
    if (batch_create(&batch, BATCH, INPUT, 5))
        tap_bail_out("%s", err_get());
    tap_ok(task_stream_next(stream, batch) == -1, "a batch of another shape: %s", err_get());
    tap_ok(task_stream_skip(stream, UINT64_MAX / 2) == -1, "%s", err_get());
    batch_destroy(batch);
    task_stream_close(stream);
    close_all(&opened);
}

/* ==== The same as ever ==== */

static uint64_t add_ids(uint64_t hash, const int32_t *ids, int count)
{
    for (int i = 0; i < count; i++)
        hash = (hash ^ (uint32_t)ids[i]) * UINT64_C(1099511628211);
    return hash;
}

static uint64_t add_batch(uint64_t hash, const struct batch *batch)
{
    hash = add_ids(hash, batch->inputs, batch->examples * batch->input_length);
    return add_ids(hash, batch->targets, batch->examples * batch->target_length);
}

static bool lengths_are_full(const struct batch *batch)
{
    for (int i = 0; i < batch->examples; i++)
        if (batch->inputs_used[i] != batch->input_length ||
            batch->targets_used[i] != batch->target_length)
            return false;
    return true;
}

/* Every token of 3,000 batches, several passes over the text, and of the held-out examples. */
static void test_tokens(const struct config *config, uint64_t heldout, uint64_t training,
                        const char *what)
{
    struct opened opened;
    struct task_stream *stream;
    struct batch *batch = new_batch();
    uint64_t hash = 1;
    bool full;

    open_all(&opened, config);
    stream = open_stream(opened.task, 7);
    full = lengths_are_full(opened.task->heldout);
    for (int i = 0; i < 3000; i++) {
        for (int row = 0; row < BATCH; row++)
            batch->inputs_used[row] = batch->targets_used[row] = 1; /* of another task's batch */
        if (task_stream_next(stream, batch))
            tap_bail_out("%s", err_get());
        full = full && lengths_are_full(batch);
        hash = add_batch(hash, batch);
    }
    if (!tap_ok(add_batch(1, opened.task->heldout) == heldout && hash == training,
                "%s: the tokens that there were ever", what))
        tap_diag("they are 0x%016" PRIx64 ", 0x%016" PRIx64, add_batch(1, opened.task->heldout), hash);
    tap_ok(full, "%s: all of them are used", what);
    task_stream_close(stream);
    batch_destroy(batch);
    close_all(&opened);
}

/* ==== Real text, where there is some ==== */

static void test_c4(void)
{
    const char *data = getenv("GLUBENCH_DATA"), *corpus, *heldout;
    char paths[2][5000];
    const struct data_identity *a, *b;
    struct config config;
    struct opened opened;

    if (!data || !*data) {
        tap_skip(3, "GLUBENCH_DATA does not say where C4 is");
        return;
    }
    snprintf(paths[0], sizeof paths[0], "%s/c4-en/c4-train.00003-of-00020.json.gz", data);
    snprintf(paths[1], sizeof paths[1], "%s/c4-en/c4-validation.00000-of-00001.json.gz", data);
    corpus = paths[0];
    heldout = paths[1];
    config = with(&corpus, 1, &heldout, 1);
    config.task.heldout_examples = 256;
    open_all(&opened, &config);
    a = dataset_training(opened.dataset);
    b = dataset_heldout(opened.dataset);
    tap_ok(strcmp(a->kind, "c4") == 0 && a->documents > 1000 && a->bad_lines == 0 &&
               b->documents > 500,
           "C4: %" PRIu64 " and %" PRIu64 " documents", a->documents, b->documents);
    tap_ok(opened.task->heldout->examples == 256, "C4: 256 held-out examples");
    tap_ok(hash_batches(opened.task, 1, 500, 20) == hash_batches(opened.task, 1, 500, 20),
           "C4: batches are the same every time");
    close_all(&opened);
}

int main(void)
{
    struct corpora corpora;

    tap_plan(2 * 4 + 3 + 1 + 3 * 4 + 1 + 17 * 2 + 3 + 3 * 2 + 3);
    write_corpora(&corpora);
    test_stream(&corpora.builtin, "built in");
    test_stream(&corpora.shared, "JSON lines");
    test_passes();
    test_token_stream();
    test_heldout(&corpora.builtin, "built in");
    test_heldout(&corpora.shared, "a share");
    test_heldout(&corpora.apart, "held-out files");
    test_spread();
    test_errors();
    test_tokens(&corpora.builtin, 0x97497c13259e8d13, 0x2466968f3104e299, "built in");
    test_tokens(&corpora.shared, 0x7dcfba3a611996ae, 0xd6ccaba716dd6a15, "a share");
    test_tokens(&corpora.apart, 0x02cee84fd3193878, 0x3f2b3c2d41725d46, "held-out files");
    test_c4();
    warn_clear();
    return tap_status();
}
