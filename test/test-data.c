/* test-data.c - corpora to batches: what is read, in which order, and that held-out text stays
 * held out. */
#include "src/glu.h"

#include "src/text/corpus.h"
#include "src/task/data.h"
#include "src/text/language.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BATCH = 4, INPUT = 32, DOCUMENTS = 3000, FILES = 12, VOCABULARY = 384 };

static const struct data_config defaults = {
    .heldout_share = 0.1,
    .tokenizer = "bytes",
    .input_length = INPUT,
    .batch = BATCH,
    .heldout_examples = 50,
    .noise_density = 0.15,
    .mean_span = 3.0,
};

static struct data_config with(const char *const *corpus, int corpus_count,
                               const char *const *heldout, int heldout_count)
{
    struct data_config config = defaults;

    config.corpus = corpus;
    config.corpus_count = corpus_count;
    config.heldout = heldout;
    config.heldout_count = heldout_count;
    return config;
}

/* Document n's text, which tells its number. */
static int describe(char *text, size_t capacity, int n)
{
    return snprintf(text, capacity, "document %d of the test, with number %d", n, n);
}

static int number_of(const struct document *document)
{
    return atoi(document->text + strlen("document "));
}

/* FILES files of JSON lines with the documents first .. first + count - 1, half of them gzip. */
static void write_json(const char *directory, int first, int count)
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

static uint64_t hash_batches(const struct data_config *config, uint64_t seed, uint64_t skip, int count)
{
    struct data_stream *stream;
    struct batch *batch = new_batch();
    uint64_t hash = 0;

    if (data_open(&stream, config, seed) || data_skip(stream, skip))
        tap_bail_out("%s", err_get());
    for (int i = 0; i < count; i++) {
        if (data_next(stream, batch))
            tap_bail_out("%s", err_get());
        hash = hash * 31 + document_hash((char *)batch->inputs, sizeof(int32_t) * BATCH * INPUT);
        hash = hash * 31 + document_hash((char *)batch->targets,
                                         sizeof(int32_t) * BATCH * (size_t)batch->target_length);
    }
    data_close(stream);
    batch_destroy(batch);
    return hash;
}

struct job {
    const struct data_config *config;
    uint64_t seed, hash;
};

static void *run_job(void *argument)
{
    struct job *job = argument;

    job->hash = hash_batches(job->config, job->seed, 0, 60);
    return NULL;
}

static void test_stream(const struct data_config *config, const char *what)
{
    struct data_stream *stream;
    struct batch *batch = new_batch(), *again = new_batch();
    struct job jobs[4];
    pthread_t threads[4];
    bool skips = true, apart = true;

    tap_ok(hash_batches(config, 1, 0, 60) == hash_batches(config, 1, 0, 60),
           "%s: a seed gives the same batches every time", what);
    tap_ok(hash_batches(config, 1, 0, 60) != hash_batches(config, 2, 0, 60),
           "%s: another seed gives others", what);
    for (uint64_t skip = 0; skip < 400; skip += 57) {
        if (data_open(&stream, config, 7))
            tap_bail_out("%s", err_get());
        for (uint64_t i = 0; i <= skip; i++)
            if (data_next(stream, batch))
                tap_bail_out("%s", err_get());
        data_close(stream);
        if (data_open(&stream, config, 7) || data_skip(stream, skip) || data_next(stream, again))
            tap_bail_out("%s", err_get());
        data_close(stream);
        skips = skips && same(batch, again);
    }
    tap_ok(skips, "%s: skipping leads to the same batch as reading", what);

    for (size_t i = 0; i < LENGTH_OF(jobs); i++) {
        jobs[i] = (struct job){config, i, 0};
        if (pthread_create(&threads[i], NULL, run_job, &jobs[i]))
            tap_bail_out("no threads");
    }
    for (size_t i = 0; i < LENGTH_OF(jobs); i++) {
        pthread_join(threads[i], NULL);
        apart = apart && jobs[i].hash == hash_batches(config, i, 0, 60);
    }
    tap_ok(apart, "%s: streams in threads do not disturb each other", what);
    batch_destroy(batch);
    batch_destroy(again);
}

/* Put a segment together again from input and target. */
static void restore(const int32_t *input, const int32_t *target, int32_t *segment)
{
    for (; *input != TOKEN_EOS; input++) {
        if (*input < VOCABULARY - SPAN_SENTINELS) {
            *segment++ = *input;
            continue;
        }
        for (target++; *target != TOKEN_EOS && *target < VOCABULARY - SPAN_SENTINELS; target++)
            *segment++ = *target;
    }
}

/* The batches hold the documents of the language, an EOS behind each, and nothing else.  With an
 * EOS inside an input or target, restore() would stop, so EOS is made a space on both sides. */
static void test_token_stream(void)
{
    enum { BATCHES = 100 };
    struct data_config config = with(NULL, 0, NULL, 0);
    struct language *language;
    struct data_stream *stream;
    struct batch *batch = new_batch();
    char text[LANGUAGE_DOCUMENT_BYTES];
    int32_t segment[2 * INPUT];
    size_t at = 0, bytes = 0;
    uint32_t number = 0;
    int tokens, target, wrong = 0;

    if (span_lengths(INPUT, 0.15, 3.0, &tokens, &target) || language_create(&language) ||
        data_open(&stream, &config, 5))
        tap_bail_out("%s", err_get());
    for (int b = 0; b < BATCHES; b++) {
        if (data_next(stream, batch))
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
    data_close(stream);
    batch_destroy(batch);
    language_destroy(language);
}

/* ==== Sides and order ==== */

/* Count the documents of a source by number, up to `limit` of them, and tell their order. */
static int count_documents(struct source *source, int limit, int *count, int *order)
{
    struct document document;
    int got, n = 0;

    while (n < limit && (got = source_next(source, &document)) > 0) {
        int number = number_of(&document);

        if (number < 0 || number >= DOCUMENTS)
            tap_bail_out("a document that is none: %.*s", (int)document.bytes, document.text);
        count[number]++;
        order[n++] = number;
    }
    return n;
}

static void test_sides(const struct data_config *config, const char *what, int heldout_expected)
{
    static int training[DOCUMENTS], heldout[DOCUMENTS], order[DOCUMENTS], next[DOCUMENTS];
    struct data_identity identity, heldout_identity;
    struct corpus corpus;
    struct source *source;
    int held, passes, both = 0, once = 0, moved = 0, near = 0;

    memset(training, 0, sizeof training);
    memset(heldout, 0, sizeof heldout);
    if (data_check(config, &identity, &heldout_identity) || corpus_open(&corpus, config) ||
        corpus_heldout_source(&source, &corpus))
        tap_bail_out("%s", err_get());
    held = count_documents(source, DOCUMENTS, heldout, order);
    source_close(source);
    if (heldout_expected)
        tap_ok(held == heldout_expected, "%s: %d documents are held out", what, held);
    else
        tap_ok(held > 240 && held < 360, "%s: %d of %d documents are held out, a share of 0.1", what,
               held, DOCUMENTS);
    tap_ok(heldout_identity.documents == (uint64_t)held &&
               (int)identity.documents == DOCUMENTS - held,
           "%s: data_check() counts the same", what);

    if (corpus_training_source(&source, &corpus, 3))
        tap_bail_out("%s", err_get());
    passes = count_documents(source, DOCUMENTS - held, training, order) == DOCUMENTS - held;
    for (int i = 0; i < DOCUMENTS; i++) {
        both += training[i] && heldout[i];
        once += training[i] + heldout[i] == 1;
    }
    tap_ok(both == 0, "%s: no document is on both sides", what);
    tap_ok(once == DOCUMENTS, "%s: a pass has every other document once", what);

    passes += count_documents(source, DOCUMENTS - held, training, next) == DOCUMENTS - held;
    for (int i = 0; i < DOCUMENTS - held; i++) {
        moved += order[i] != next[i];
        near += i && abs(order[i] - order[i - 1]) <= FILES;
    }
    once = 0;
    for (int i = 0; i < DOCUMENTS; i++)
        once += training[i] == (heldout[i] ? 0 : 2);
    tap_ok(passes == 2 && once == DOCUMENTS && moved > (DOCUMENTS - held) / 2,
           "%s: so has the next pass, in another order (%d places differ)", what, moved);
    tap_ok(near < DOCUMENTS / 20, "%s: neighbours in a file are apart (%d are not)", what, near);
    source_close(source);
    corpus_free(&corpus);
}

/* ==== Held-out examples ==== */

static void test_heldout(const struct data_config *config, const char *what)
{
    struct data_config larger = *config;
    struct batch *first, *second, *all;

    if (data_heldout(config, &first) || data_heldout(config, &second))
        tap_bail_out("%s", err_get());
    tap_ok(first->examples == config->heldout_examples && same(first, second),
           "%s: %d held-out examples, the same every time", what, first->examples);
    larger.heldout_examples = 1000;
    larger.batch = 1; /* does not matter here */
    if (data_heldout(&larger, &all))
        tap_bail_out("%s", err_get());
    tap_ok(all->examples > first->examples, "%s: more when more are wanted (%d)", what,
           all->examples);
    batch_destroy(first);
    batch_destroy(second);
    batch_destroy(all);
}

/* The examples come from all over the text: of a file of blocks a, b, c ... all letters occur. */
static void test_spread(void)
{
    enum { BLOCK = 4000 };
    char *text = malloc(26 * BLOCK);
    const char *corpus = scratch_text("other.txt", "Some other text, long enough for a segment or two"
                                                   ", so that there is something to train on.");
    const char *paths[1];
    struct data_config config;
    struct batch *batch;
    int letters = 0;

    for (int i = 0; i < 26 * BLOCK; i++)
        text[i] = i % 50 == 49 ? '\n' : (char)('a' + i / BLOCK);
    paths[0] = scratch_write("blocks.txt", text, 26 * BLOCK);
    config = with(&corpus, 1, paths, 1);
    config.heldout_examples = 200;
    if (data_heldout(&config, &batch))
        tap_bail_out("%s", err_get());
    for (int letter = 'a'; letter <= 'z'; letter++)
        for (int i = 0; i < batch->examples * INPUT; i++)
            if (batch->inputs[i] == letter + 3) {
                letters++;
                break;
            }
    tap_ok(letters == 26, "held-out examples are spread over the text (%d of 26 parts)", letters);
    batch_destroy(batch);
    free(text);
}

/* ==== Identities and errors ==== */

static void test_identity(void)
{
    const char *paths[] = {scratch_text("one.txt", "abc"),
                           scratch_text("two/a.jsonl", "{\"text\": \"A document for a segment.\"}\n"
                                                       "{\"text\": \"And another, no shorter one\"}\n"
                                                       "broken\n")};
    const char *heldout = scratch_text("three.txt", "This is held-out text, long enough for one.");
    struct data_config config = with(paths, 2, &heldout, 1);
    struct data_identity a, b;
    struct sha256 sha;
    char hex[SHA256_HEX_BYTES], text[256];

    warn_clear();
    if (data_check(&config, &a, &b))
        tap_bail_out("%s", err_get());
    sha256_start(&sha);
    for (int i = 0; i < 2; i++)
        sha256_add(&sha, text, scratch_read(paths[i], text, sizeof text));
    sha256_finish_hex(&sha, hex);
    tap_ok(strcmp(a.kind, "mixed") == 0 && a.files == 2 && a.bytes == 3 + 38 + 40 + 7 &&
               a.documents == 3 && a.text_bytes == 3 + 25 + 27 && a.bad_lines == 1,
           "identity: %s, %d files, %" PRIu64 " bytes, %" PRIu64 " documents of %" PRIu64, a.kind,
           a.files, a.bytes, a.documents, a.text_bytes);
    tap_ok(strcmp(a.sha256, hex) == 0, "checksum of the files in order");
    tap_ok(strcmp(b.kind, "text") == 0 && b.files == 1 && b.documents == 1 && b.bytes == 43,
           "identity of the held-out text");
    tap_ok(warn_get(0) && strstr(warn_get(0), "1 lines"), "%s", warn_get(0) ? warn_get(0) : "");
    warn_clear();
}

static void expect_error(const struct data_config *config, const char *says)
{
    struct data_identity a, b;
    int status = data_check(config, &a, &b);

    tap_ok(status == -1 && strstr(err_get(), says), "%s", status ? err_get() : "no error");
}

static void test_errors(void)
{
    static char text[5000];
    const char *good = scratch_path("json"), *paths[2] = {good, NULL}, *heldout[1];
    struct data_config config = with(paths, 1, NULL, 0);
    struct data_stream *stream;
    struct batch *batch;

    config.tokenizer = "words";
    expect_error(&config, "unknown tokenizer 'words'");
    config = with(paths, 1, NULL, 0);
    config.batch = 0;
    expect_error(&config, "batch 0");
    config.batch = BATCH;
    config.heldout_share = 0.0;
    expect_error(&config, "held-out share 0");
    config.heldout_share = 1.5;
    expect_error(&config, "held-out share 1.5");
    config.heldout_share = 0.1;
    config.target_length = 5;
    expect_error(&config, "target length 5");
    config.target_length = 0;
    config.heldout_examples = -1;
    expect_error(&config, "heldout_examples -1");
    config.heldout_examples = 1;

    paths[0] = scratch_path("nothing-here.txt");
    expect_error(&config, "nothing-here.txt: No such file");
    tap_ok(data_open(&stream, &config, 1) == -1 && !stream && strstr(err_get(), "nothing-here.txt"),
           "data_open: %s", err_get());
    tap_ok(data_heldout(&config, &batch) == -1 && !batch && strstr(err_get(), "nothing-here.txt"),
           "data_heldout: %s", err_get());
    paths[0] = scratch_text("void.txt", "");
    expect_error(&config, "fewer than one segment");
    tap_ok(data_open(&stream, &config, 1) == 0 && (batch = new_batch()) &&
               data_next(stream, batch) == -1 && strstr(err_get(), "void.txt"),
           "data_next: %s", err_get());
    data_close(stream);
    batch_destroy(batch);
    paths[0] = scratch_text("short.txt", "Too short.");
    expect_error(&config, "fewer than one segment");
    memset(text, 'x', sizeof text);
    paths[0] = scratch_write("two-documents.txt", text, sizeof text);
    config.heldout_share = 1e-9;
    expect_error(&config, "heldout FILE");
    tap_ok(data_heldout(&config, &batch) == -1 && strstr(err_get(), "heldout FILE"),
           "data_heldout: %s", err_get());

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
    if (data_open(&stream, &config, 1) || batch_create(&batch, BATCH, INPUT, 5))
        tap_bail_out("%s", err_get());
    tap_ok(data_next(stream, batch) == -1, "a batch of another shape: %s", err_get());
    batch_destroy(batch);
    data_close(stream);
}

/* ==== Real text, where it lies beside the source tree ==== */

static void test_c4(void)
{
    const char *srcdir = getenv("srcdir"), *corpus, *heldout;
    char directory[4096], paths[2][5000];
    struct data_identity a, b;
    struct data_config config;
    struct batch *batch;

    snprintf(directory, sizeof directory, "%s/../shared/data/c4-en", srcdir ? srcdir : ".");
    snprintf(paths[0], sizeof paths[0], "%s/c4-train.00003-of-00020.json.gz", directory);
    snprintf(paths[1], sizeof paths[1], "%s/c4-validation.00000-of-00001.json.gz", directory);
    if (access(paths[0], R_OK) || access(paths[1], R_OK)) {
        tap_skip(3, "no C4 in %s", directory);
        return;
    }
    corpus = paths[0];
    heldout = paths[1];
    config = with(&corpus, 1, &heldout, 1);
    config.heldout_examples = 256;
    if (data_check(&config, &a, &b))
        tap_bail_out("%s", err_get());
    tap_ok(strcmp(a.kind, "c4") == 0 && a.documents > 1000 && a.bad_lines == 0 && b.documents > 500,
           "C4: %" PRIu64 " and %" PRIu64 " documents", a.documents, b.documents);
    if (data_heldout(&config, &batch))
        tap_bail_out("%s", err_get());
    tap_ok(batch->examples == 256, "C4: 256 held-out examples");
    batch_destroy(batch);
    tap_ok(hash_batches(&config, 1, 500, 20) == hash_batches(&config, 1, 500, 20),
           "C4: batches are the same every time");
}

int main(void)
{
    const char *json, *part, *heldout;
    struct data_config builtin = with(NULL, 0, NULL, 0), shared, apart;

    tap_plan(2 * 4 + 1 + 2 * 6 + 1 + 3 * 2 + 1 + 4 + 21 + 3);
    write_json("json", 0, DOCUMENTS);
    json = scratch_path("json");
    shared = with(&json, 1, NULL, 0);
    /* 2,000 held-out documents, half of which are in the corpus of 2,000 documents too. */
    write_json("part", 0, DOCUMENTS - 1000);
    part = scratch_path("part");
    write_json("heldout", DOCUMENTS - 2000, 2000);
    heldout = scratch_path("heldout");
    apart = with(&part, 1, &heldout, 1);

    test_stream(&builtin, "built in");
    test_stream(&shared, "JSON lines");
    test_token_stream();
    test_sides(&shared, "a share", 0);
    warn_clear();
    test_sides(&apart, "held-out files", 2000);
    tap_ok(warn_get(0) && strstr(warn_get(0), "1000 training documents"), "%s",
           warn_get(0) ? warn_get(0) : "no warning");
    test_heldout(&builtin, "built in");
    test_heldout(&shared, "a share");
    test_heldout(&apart, "held-out files");
    test_spread();
    test_identity();
    test_errors();
    test_c4();
    warn_clear();
    return tap_status();
}
