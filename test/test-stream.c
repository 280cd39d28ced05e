/* test-stream.c - a corpus that is read once, while training: in which order, and from any place in it. */
#include "src/glu.h"

#include "src/text/dataset.h"
#include "src/text/shards.h"
#include "test/data-fixture.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TRAINING = 1000 }; /* documents of `apart` that are not held out */

static struct dataset *open_dataset(const struct config *config)
{
    struct dataset *dataset;

    if (dataset_open(&dataset, &config->text))
        tap_bail_out("%s", err_get());
    return dataset;
}

static struct source *open_source(const struct dataset *dataset, uint64_t seed)
{
    struct source *source;

    if (dataset_training_source(&source, dataset, seed))
        tap_bail_out("%s", err_get());
    return source;
}

static struct document next(struct source *source)
{
    struct document document;

    if (source_next(source, &document) <= 0)
        tap_bail_out("%s", err_get());
    return document;
}

/* ==== Order ==== */

/* A pass' documents by number, and its files in their order. */
static bool read_pass(struct source *source, int files[FILES])
{
    int count[TRAINING] = {0}, last = -1, n = 0;
    bool good = true;

    for (int i = 0; i < TRAINING; i++) {
        struct document document = next(source);
        int number = number_of(&document);

        if (number < 0 || number >= TRAINING || count[number]++)
            return false;
        if (last < 0 || number % FILES != last % FILES) {
            good = good && n < FILES && number / FILES == 0; /* the file's first */
            files[n < FILES ? n++ : 0] = number % FILES;
        } else {
            good = good && number == last + FILES;
        }
        last = number;
    }
    return good && n == FILES;
}

static void test_order(const struct config *config)
{
    struct dataset *dataset = open_dataset(config);
    const struct data_identity *identity = dataset_training(dataset);
    struct source *first = open_source(dataset, 1), *same = open_source(dataset, 1),
                  *other = open_source(dataset, 2);
    int a[FILES], b[FILES], c[FILES], again[FILES];

    tap_ok(identity->shards && identity->shards->count == FILES && identity->files == FILES &&
               strcmp(identity->shards->files[3].name, "03.json.gz") == 0 && !identity->sha256[0] &&
               identity->documents == 0 && strcmp(identity->kind, "c4") == 0,
           "the identity is the names of %d files, %s, ...", identity->files,
           identity->shards->files[0].name);
    tap_ok(dataset_heldout(dataset)->documents == 2000 && dataset_heldout(dataset)->sha256[0] &&
               !dataset_heldout(dataset)->shards,
           "held-out text is read whole");
    tap_ok(read_pass(first, a) && read_pass(same, b) && memcmp(a, b, sizeof a) == 0,
           "a pass has every document that is not held out once, file by file, as they stand there");
    tap_ok(read_pass(first, again) && memcmp(a, again, sizeof a) != 0 && first->pass == 1,
           "so has the next, its files in another order");
    tap_ok(read_pass(other, c) && memcmp(a, c, sizeof a) != 0, "so has another seed");
    source_close(first);
    source_close(same);
    source_close(other);
    dataset_close(dataset);
}

/* ==== Places ==== */

/* From each of the first `count` documents on, in a source that was just opened and in one that was
 * elsewhere, there come the same three. */
static void test_places(const char *what, const struct dataset *dataset, int count)
{
    struct source *reader = open_source(dataset, 7), *wanderer = open_source(dataset, 7);
    struct source_place *places = malloc((size_t)count * sizeof *places);
    uint64_t *hashes = malloc(((size_t)count + 2) * sizeof *hashes);
    int wrong = 0;

    for (int i = 0; i < count + 2; i++) {
        hashes[i] = next(reader).hash;
        if (i < count)
            reader->place(reader, &places[i]);
    }
    for (int i = count - 1; i >= 0; i--) {
        struct source *fresh = open_source(dataset, 7);

        if (fresh->go(fresh, &places[i]) || wanderer->go(wanderer, &places[i]))
            tap_bail_out("%s", err_get());
        for (int k = 0; k < 3; k++)
            wrong += next(fresh).hash != hashes[i + k] || next(wanderer).hash != hashes[i + k];
        wrong += fresh->pass != wanderer->pass;
        source_close(fresh);
    }
    tap_ok(wrong == 0 && places[count - 1].pass > 0,
           "%s: from the place of each of %d documents on, in %d passes, there come the same", what, count,
           (int)places[count - 1].pass + 1);
    source_close(reader);
    source_close(wanderer);
    free(places);
    free(hashes);
}

/* Put one word in place of another of its length, wherever it stands in a file. */
static void replace(const char *path, const char *word, const char *other)
{
    size_t bytes, length = strlen(word);
    char *text = scratch_load(path, &bytes);

    for (size_t i = 0; i + length <= bytes; i++)
        if (memcmp(text + i, word, length) == 0)
            memcpy(text + i, other, length);
    scratch_store(path, text, bytes);
    free(text);
}

/* What is before a place is not read: that there is no text any more is not seen. */
static void test_unread(const struct config *config)
{
    struct dataset *dataset = open_dataset(config);
    struct source *source = open_source(dataset, 7);
    struct source_place place = {.file = 0};
    char name[32] = "";
    uint64_t hash = 0;

    while (place.file < 4) {
        struct document document = next(source);
        int file = number_of(&document) % FILES;

        if (!name[0] && file % 2 == 0) /* a plain one */
            snprintf(name, sizeof name, "part/%02d.json", file);
        hash = document.hash;
        source->place(source, &place);
    }
    source_close(source);
    dataset_close(dataset);
    replace(scratch_path(name), "\"text\"", "\"none\"");
    dataset = open_dataset(config);
    source = open_source(dataset, 7);
    if (source->go(source, &place))
        tap_bail_out("%s", err_get());
    tap_ok(next(source).hash == hash, "what is before a place is not read again, such as %s", name);
    source_close(source);
    dataset_close(dataset);
    replace(scratch_path(name), "\"none\"", "\"text\"");
}

/* Plain text with a byte order mark, long enough for buffers to be filled again, as it is and as gzip. */
static void test_places_of_text(const char *heldout)
{
    enum { BYTES = 300000 };
    char *text = malloc(BYTES);
    const char *paths[2];
    struct config config;
    struct dataset *dataset;

    for (size_t i = 0; i < BYTES; i++)
        text[i] = i % 61 > 58 ? '\n' : (char)('a' + (i * i / 61 + i / 7) % 26);
    memcpy(text, "\xef\xbb\xbf", 3);
    paths[0] = scratch_write("long.txt", text, BYTES);
    memcpy(text, "\xef\xbb\xbf" "another", 10);
    paths[1] = scratch_gzip("long.txt.gz", text, BYTES);
    config = with(paths, 2, &heldout, 1);
    config.text.stream = true;
    dataset = open_dataset(&config);
    test_places("plain text", dataset, 250);
    dataset_close(dataset);
    free(text);
}

/* Lines that are skipped, before places and behind them: what is said at the end of the file is the same. */
static void test_bad_lines(const char *heldout)
{
    static const char good[] = "{\"text\": \"a document of some length\"}\n", bad[] = "{}\n\n";
    struct config config;
    struct dataset *dataset;
    struct source *source, *other;
    struct source_place place;
    struct document document;
    char text[4000] = "";
    const char *path;
    int got;

    for (int i = 0; i < 20; i++)
        strcat(text, i < 5 ? bad : good);
    for (int i = 0; i < 20; i++)
        strcat(text, bad);
    path = scratch_text("bad.jsonl", text);
    config = with(&path, 1, &heldout, 1);
    config.text.stream = true;
    dataset = open_dataset(&config);
    source = open_source(dataset, 1);
    other = open_source(dataset, 1);
    for (int i = 0; i < 15; i++)
        next(source);
    source->place(source, &place);
    if (other->go(other, &place))
        tap_bail_out("%s", err_get());
    next(other);
    got = source_next(source, &document);
    tap_ok(got == -1 && strstr(err_get(), "bad.jsonl:1: has no \"text\"") &&
               strstr(err_get(), "25 of the file's 40 lines"),
           "most of a file's lines are bad: %s", err_get());
    got = source_next(other, &document);
    tap_ok(got == -1 && strstr(err_get(), "bad.jsonl:26: ") && strstr(err_get(), "25 of the file's 40 lines"),
           "going on in it: %s", err_get());
    source_close(source);
    source_close(other);
    dataset_close(dataset);

    text[strlen(text) - 15 * strlen(bad)] = '\0';
    path = scratch_text("some.jsonl", text);
    config = with(&path, 1, &heldout, 1);
    config.text.stream = true;
    dataset = open_dataset(&config);
    source = open_source(dataset, 1);
    warn_clear();
    for (int i = 0; i < 40; i++)
        next(source);
    tap_ok(warn_get(0) && strstr(warn_get(0), "some.jsonl: lines are skipped; the first: line 1: has no") &&
               !warn_get(1),
           "few are told of once: %s", warn_get(0) ? warn_get(0) : "no warning");
    source_close(source);
    dataset_close(dataset);
}

/* ==== Batches ==== */

static struct task_stream *open_stream(const struct task *task)
{
    struct task_stream *stream;

    if (task_stream_open(&stream, task, 5))
        tap_bail_out("%s", err_get());
    return stream;
}

static bool same(const struct batch *a, const struct batch *b)
{
    return memcmp(a->inputs, b->inputs, BATCH * INPUT * sizeof *a->inputs) == 0 &&
           memcmp(a->targets, b->targets,
                  (size_t)BATCH * (size_t)a->target_length * sizeof *a->targets) == 0;
}

/* Whatever the lengths of documents, shorter than a segment or of many batches. */
static void test_batches(const char *what, const struct config *config, int count)
{
    struct opened opened;
    struct task_stream *reader, *skipper;
    struct batch *batch, *again;
    struct segments_place place;
    bool none;
    int wrong = 0;

    open_all(&opened, config);
    if (batch_create(&batch, BATCH, INPUT, opened.task->options.target_length) ||
        batch_create(&again, BATCH, INPUT, opened.task->options.target_length))
        tap_bail_out("%s", err_get());
    reader = open_stream(opened.task);
    none = !task_stream_place(reader, &place);
    for (int i = 0; i < count; i++) {
        struct task_stream *other = open_stream(opened.task);

        if (i && task_stream_go(other, &place, (uint64_t)i))
            tap_bail_out("%s", err_get());
        if (task_stream_next(reader, batch) || task_stream_next(other, again))
            tap_bail_out("%s", err_get());
        wrong += !same(batch, again) || !task_stream_place(reader, &place);
        task_stream_close(other);
    }
    tap_ok(none && wrong == 0 && place.document.pass > 0,
           "%s: each of %d batches, in %d passes, from its place", what, count, (int)place.document.pass + 1);
    skipper = open_stream(opened.task);
    if (task_stream_skip(skipper, (uint64_t)count - 1) || task_stream_next(skipper, again))
        tap_bail_out("%s", err_get());
    tap_ok(same(batch, again), "%s: the last one by skipping the others", what);
    task_stream_close(reader);
    task_stream_close(skipper);
    batch_destroy(batch);
    batch_destroy(again);
    close_all(&opened);
}

/* Documents of some tens of batches each, whose tokens are another number than a pass of them divides. */
static void test_long_documents(const char *heldout)
{
    char *text = malloc(60000);
    size_t used = 0;
    const char *path;
    struct config config;

    for (int i = 0; i < 7; i++) {
        used += (size_t)sprintf(text + used, "{\"text\": \"%d ", i);
        for (int k = 0; k < 1000 * i + 500; k++)
            text[used++] = (char)('a' + (k * k / 61 + k / 7 + i) % 26);
        used += (size_t)sprintf(text + used, "\"}\n");
    }
    path = scratch_gzip("documents.gz", text, used);
    config = with(&path, 1, &heldout, 1);
    config.text.stream = true;
    test_batches("long documents", &config, 400);
    free(text);
}

/* ==== Errors ==== */

static void expect_no_place(const struct task *task, const struct segments_place *place, const char *says)
{
    struct task_stream *stream = open_stream(task);
    int status = task_stream_go(stream, place, 3);

    tap_ok(status == -1 && strstr(err_get(), says), "no place: %s", status ? err_get() : "no error");
    task_stream_close(stream);
}

static void test_no_places(const struct config *config, const struct config *shuffled)
{
    struct segments_place far = {.document.file = FILES}, behind = {.document.in_file.position = 1 << 20},
                          tokens = {.tokens = 1000}, lines = {.document.in_file = {90, 1, 2, 1}}, zero = {0};
    struct opened opened;

    open_all(&opened, config);
    expect_no_place(opened.task, &far, "the corpus has 12 files, and the training was in file 13");
    expect_no_place(opened.task, &behind, "ends before byte 1048576");
    behind.document.file = 1; /* of both kinds, plain and gzip */
    expect_no_place(opened.task, &behind, "ends before byte 1048576");
    expect_no_place(opened.task, &tokens, "has fewer tokens");
    expect_no_place(opened.task, &lines, "no document begins at byte 90");
    close_all(&opened);
    open_all(&opened, shuffled);
    expect_no_place(opened.task, &zero, "not read as a stream");
    close_all(&opened);
}

/* Files that go, come back and change while they are read. */
static void test_changes(const struct config *config)
{
    struct dataset *dataset = open_dataset(config);
    struct source *source = open_source(dataset, 3);
    const char *path = scratch_path("part/05.json.gz"), *away = scratch_path("away.gz");
    struct document document;
    int got, count = 0;

    if (rename(path, away))
        tap_bail_out("cannot rename %s", path);
    while ((got = source_next(source, &document)) > 0)
        count++;
    tap_ok(got == -1 && count < TRAINING && strstr(err_get(), "part/05.json.gz"), "a file is gone: %s",
           err_get());
    tap_ok(dataset_check(dataset) == 0, "one that was read may be");
    source_close(source);
    if (rename(away, path) || truncate(path, 600))
        tap_bail_out("cannot change %s", path);
    source = open_source(dataset, 3);
    while ((got = source_next(source, &document)) > 0)
        ;
    tap_ok(got == -1 && strstr(err_get(), "part/05.json.gz has changed") && strstr(err_get(), "shorter"),
           "a file is cut: %s", err_get());
    tap_ok(dataset_check(dataset) == -1 && strstr(err_get(), "05.json.gz"), "at the end of a training: %s",
           err_get());
    source_close(source);
    dataset_close(dataset);
    tap_ok(dataset_open(&dataset, &config->text) == -1 && strstr(err_get(), "part/05.json.gz") &&
               strstr(err_get(), "cut off"),
           "one that is short is seen at once to be cut: %s", err_get());
}

static void test_refused(const struct config *config)
{
    struct config lone = *config, builtin = with(NULL, 0, NULL, 0);
    const char *paths[2] = {config->text.corpus[0], scratch_gzip("nothing.json.gz", "\x7f" "ELF\0\0\0\0", 8)};
    struct config junk = with(paths, 2, config->text.heldout, 1);

    lone.text.heldout_count = 0;
    builtin.text.stream = junk.text.stream = true;
    expect_error(&lone, "heldout");
    expect_error(&builtin, "corpus");
    expect_error(&junk, "nothing.json.gz");
}

int main(void)
{
    struct corpora corpora;
    struct config stream;
    struct dataset *dataset;

    tap_plan(5 + 3 + 3 + 2 * 2 + 6 + 5 + 6);
    write_corpora(&corpora);
    stream = corpora.apart;
    stream.text.stream = true;
    test_order(&stream);
    dataset = open_dataset(&stream);
    test_places("JSON lines", dataset, TRAINING + 200);
    dataset_close(dataset);
    test_unread(&stream);
    test_places_of_text(corpora.heldout);
    test_bad_lines(corpora.heldout);
    test_batches("short documents", &stream, 400);
    test_long_documents(corpora.heldout);
    test_no_places(&stream, &corpora.apart);
    test_refused(&stream);
    test_changes(&stream);
    warn_clear();
    return tap_status();
}
