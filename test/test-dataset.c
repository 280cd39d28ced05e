/* test-dataset.c - which documents there are, on which side and in which order, and what is said of
 * them; a dataset is opened once, and all that read it share it. */
#include "src/glu.h"

#include "src/text/dataset.h"
#include "test/data-fixture.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static void test_sides(const struct config *config, const char *what, int heldout_expected)
{
    static int training[DOCUMENTS], heldout[DOCUMENTS], order[DOCUMENTS], next[DOCUMENTS];
    struct dataset *dataset;
    struct source *source;
    int held, passes, both = 0, once = 0, moved = 0, near = 0;

    memset(training, 0, sizeof training);
    memset(heldout, 0, sizeof heldout);
    if (dataset_open(&dataset, &config->text) || dataset_heldout_source(&source, dataset))
        tap_bail_out("%s", err_get());
    held = count_documents(source, DOCUMENTS, heldout, order);
    source_close(source);
    if (heldout_expected)
        tap_ok(held == heldout_expected, "%s: %d documents are held out", what, held);
    else
        tap_ok(held > 240 && held < 360, "%s: %d of %d documents are held out, a share of 0.1", what,
               held, DOCUMENTS);
    tap_ok(dataset_heldout(dataset)->documents == (uint64_t)held &&
               (int)dataset_training(dataset)->documents == DOCUMENTS - held,
           "%s: the identities count the same", what);

    if (dataset_training_source(&source, dataset, 3))
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
    dataset_close(dataset);
}

/* ==== Identities ==== */

static void test_identity(void)
{
    const char *paths[] = {scratch_text("one.txt", "abc"),
                           scratch_text("two/a.jsonl", "{\"text\": \"A document for a segment.\"}\n"
                                                       "{\"text\": \"And another, no shorter one\"}\n"
                                                       "broken\n")};
    const char *heldout = scratch_text("three.txt", "This is held-out text, long enough for one.");
    struct config config = with(paths, 2, &heldout, 1);
    struct data_identity a, b;
    struct dataset *dataset;
    struct sha256 sha;
    char hex[SHA256_HEX_BYTES], text[256];

    warn_clear();
    if (dataset_open(&dataset, &config.text))
        tap_bail_out("%s", err_get());
    a = *dataset_training(dataset);
    b = *dataset_heldout(dataset);
    sha256_start(&sha);
    for (int i = 0; i < 2; i++)
        sha256_add(&sha, text, scratch_read(paths[i], text, sizeof text));
    sha256_finish_hex(&sha, hex);
    tap_ok(strcmp(a.kind, "mixed") == 0 && a.files == 2 && a.bytes == 3 + 38 + 40 + 7 &&
               a.documents == 3 && a.text_bytes == 3 + 25 + 27 && a.bad_lines == 1,
           "identity: %s, %d files, %" PRIu64 " bytes, %" PRIu64 " documents of %" PRIu64, a.kind,
           a.files, a.bytes, a.documents, a.text_bytes);
    tap_ok(strcmp(a.sha256, hex) == 0 &&
               strcmp(hex, "055231b9158431d121704fa616a72cc48e6b7bf6a1c289a751b54d2075cbf48b") == 0,
           "checksum of the files in order");
    tap_ok(strcmp(b.kind, "text") == 0 && b.files == 1 && b.documents == 1 && b.bytes == 43,
           "identity of the held-out text");
    tap_ok(warn_get(0) && strstr(warn_get(0), "1 line of the corpus is skipped; the first: ") &&
               strstr(warn_get(0), "two/a.jsonl:3: "), "%s", warn_get(0) ? warn_get(0) : "");
    warn_clear();
    dataset_close(dataset);
}

/* What was said of the same text before, bit for bit. */
static void test_same_as_ever(const struct corpora *corpora)
{
    const struct {
        const struct config *config;
        const char *kind, *heldout_kind;
        int files;
        uint64_t documents, text_bytes, heldout_documents, heldout_bytes;
        const char *heldout_sha256; /* NULL: of files that zlib has written */
    } rows[] = {
        {&corpora->builtin, "builtin", "builtin", 0, 0, 0, 0, 0,
         "7d17eb6e880ef4efea67b4ac0a040f060407321a188a81ff63d310a00403899e"},
        {&corpora->shared, "c4", "c4", FILES, 2708, 114418, 292, 12362,
         "143e2932ae8673cd60ad9626d62980ebd031c3aad9512194360109fda8bca5f6"},
        {&corpora->apart, "c4", "c4", FILES, 1000, 40780, 2000, 86000, NULL},
    };

    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        const struct data_identity *a, *b;
        struct dataset *dataset;

        if (dataset_open(&dataset, &rows[i].config->text))
            tap_bail_out("%s", err_get());
        a = dataset_training(dataset);
        b = dataset_heldout(dataset);
        if (!tap_ok(strcmp(a->kind, rows[i].kind) == 0 && strcmp(b->kind, rows[i].heldout_kind) == 0 &&
                    a->files == rows[i].files && b->files == rows[i].files &&
                    a->documents == rows[i].documents && a->text_bytes == rows[i].text_bytes &&
                    b->documents == rows[i].heldout_documents &&
                    b->text_bytes == rows[i].heldout_bytes && a->bad_lines == 0 &&
                    strlen(a->sha256) == 64 &&
                    (!rows[i].heldout_sha256 || strcmp(b->sha256, rows[i].heldout_sha256) == 0),
                "%s: %" PRIu64 " and %" PRIu64 " documents, %.16s..., as ever", a->kind,
                a->documents, b->documents, b->sha256))
            tap_diag("held-out text is %s", b->sha256);
        dataset_close(dataset);
    }
}

/* ==== Sharing ==== */

/* What a source gives, in one number. */
static uint64_t digest(struct source *source, int limit)
{
    struct document document;
    uint64_t sum = 1;
    int got = 0;

    while (limit-- > 0 && (got = source_next(source, &document)) > 0)
        sum = 31 * sum + document.hash + document_hash(document.text, document.bytes);
    if (got < 0)
        tap_bail_out("%s", err_get());
    source_close(source);
    return sum;
}

static uint64_t training_digest(const struct dataset *dataset, uint64_t seed)
{
    struct source *source;

    if (dataset_training_source(&source, dataset, seed))
        tap_bail_out("%s", err_get());
    return digest(source, 2 * DOCUMENTS);
}

static uint64_t heldout_digest(const struct dataset *dataset)
{
    struct source *source;

    if (dataset_heldout_source(&source, dataset))
        tap_bail_out("%s", err_get());
    return digest(source, DOCUMENTS);
}

struct reading {
    const struct dataset *dataset;
    uint64_t seed, training, heldout;
};

static void *read_both(void *argument)
{
    struct reading *reading = argument;

    reading->training = training_digest(reading->dataset, reading->seed);
    reading->heldout = heldout_digest(reading->dataset);
    return NULL;
}

static void test_sharing(const struct config *config, const char *what)
{
    struct reading readings[6];
    pthread_t threads[LENGTH_OF(readings)];
    struct dataset *dataset, *reread;
    struct dataset_options options = config->text;
    uint64_t again;
    int wrong = 0, apart = 0;

    options.keep_bytes = 100;
    if (dataset_open(&dataset, &config->text) || dataset_open(&reread, &options))
        tap_bail_out("%s", err_get());
    for (size_t i = 0; i < LENGTH_OF(readings); i++) {
        readings[i] = (struct reading){i % 2 ? reread : dataset, i / 2, 0, 0};
        if (pthread_create(&threads[i], NULL, read_both, &readings[i]))
            tap_bail_out("no threads");
    }
    for (size_t i = 0; i < LENGTH_OF(readings); i++) {
        pthread_join(threads[i], NULL);
        wrong += readings[i].training != training_digest(dataset, i / 2);
        apart += i >= 2 && readings[i].training != readings[i - 2].training;
    }
    tap_ok(wrong == 0 && apart == LENGTH_OF(readings) - 2,
           "%s: sources in threads do not disturb each other", what);
    for (size_t i = 0; i < LENGTH_OF(readings); i++)
        wrong += readings[i].heldout != heldout_digest(dataset);
    again = heldout_digest(dataset);
    dataset_forget_heldout(dataset);
    tap_ok(wrong == 0 && again == heldout_digest(reread) && again == heldout_digest(dataset),
           "%s: held-out text is the same from memory and read again", what);
    dataset_close(dataset);
    dataset_close(reread);
}

/* A pass begins in the same way whether those before it were read or not. */
static void test_passes(const struct config *config)
{
    struct dataset *dataset;
    struct source *reader, *jumper;
    struct document document, other;
    bool same = true;
    uint32_t pass = 0;

    if (dataset_open(&dataset, &config->text) || dataset_training_source(&reader, dataset, 5) ||
        dataset_training_source(&jumper, dataset, 5))
        tap_bail_out("%s", err_get());
    while (reader->pass < 4) {
        if (source_next(reader, &document) <= 0)
            tap_bail_out("%s", err_get());
        if (reader->pass == pass)
            continue;
        pass = reader->pass; /* the first document of a pass */
        jumper->start_pass(jumper, pass);
        same = same && source_next(jumper, &other) > 0 && other.hash == document.hash &&
               jumper->pass == pass;
        for (int i = 0; i < 20; i++) /* to be dropped at the next jump */
            same = same && source_next(jumper, &other) > 0;
    }
    tap_ok(same, "a pass can be begun without the ones before");
    source_close(reader);
    source_close(jumper);
    dataset_close(dataset);
}

/* ==== Errors ==== */

/* A file that is gone when its documents are wanted. */
static void test_vanished(void)
{
    const char *path = scratch_path("json/01.json.gz"), *away = scratch_path("away.json.gz");
    const char *corpus = scratch_path("json");
    struct config config = with(&corpus, 1, NULL, 0);
    struct dataset *dataset;
    struct source *source;
    struct document document;
    int got;

    config.text.keep_bytes = 1; /* so that held-out text is read again */
    if (dataset_open(&dataset, &config.text) || rename(path, away))
        tap_bail_out("%s", err_get());
    if (dataset_training_source(&source, dataset, 1))
        tap_bail_out("%s", err_get());
    while ((got = source_next(source, &document)) > 0 && source->pass < 2)
        ;
    tap_ok(got == -1 && strstr(err_get(), "01.json.gz"), "training text: %s", err_get());
    source_close(source);
    if (dataset_heldout_source(&source, dataset))
        tap_bail_out("%s", err_get());
    while ((got = source_next(source, &document)) > 0)
        ;
    tap_ok(got == -1 && strstr(err_get(), "01.json.gz"), "held-out text: %s", err_get());
    source_close(source);
    if (rename(away, path))
        tap_bail_out("cannot put %s back", path);
    dataset_close(dataset);
}

int main(void)
{
    struct corpora corpora;

    tap_plan(2 * 6 + 1 + 4 + 3 + 2 * 2 + 1 + 2);
    write_corpora(&corpora);
    test_sides(&corpora.shared, "a share", 0);
    warn_clear();
    test_sides(&corpora.apart, "held-out files", 2000);
    tap_ok(warn_get(0) && strstr(warn_get(0), "1000 training documents"), "%s",
           warn_get(0) ? warn_get(0) : "no warning");
    test_identity();
    test_same_as_ever(&corpora);
    test_sharing(&corpora.shared, "a share");
    test_sharing(&corpora.apart, "held-out files");
    test_passes(&corpora.shared);
    test_vanished();
    warn_clear();
    return tap_status();
}
