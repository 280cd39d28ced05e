/* dataset.c - see dataset.h. */
#include "src/glu.h"

#include "src/text/dataset.h"
#include "src/text/files.h"
#include "src/text/heldout.h"
#include "src/text/language.h"
#include "src/text/shards.h"
#include "src/text/shuffle.h"
#include "src/text/sides.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEEP_BYTES = 64 << 20, LANGUAGE_HELDOUT_SEED = 0 };

struct dataset {
    struct dataset_options options;
    struct language *language; /* NULL: files */
    struct file_list training_files;
    struct file_list heldout_files; /* empty when a share is held out */
    struct sides sides;
    struct kept kept;
    struct data_identity training, heldout;
};

/* ==== Reading files ==== */

/* What the pass over the training files finds out beside their identity. */
struct scan {
    struct dataset *dataset;
    struct sha256 heldout_sha; /* over held-out documents that have no files of their own */
    unsigned char *met;        /* (sides.count): which held-out documents training text has too */
    uint64_t dropped;          /* training documents */
    uint64_t bad_lines, replaced;
    char first_bad[1000]; /* line: where it is, and why */
};

typedef int take_function(struct scan *scan, const struct document *document);

static void count_document(struct data_identity *identity, const struct document *document)
{
    identity->documents++;
    identity->text_bytes += document->bytes;
}

static int take_heldout(struct scan *scan, const struct document *document)
{
    struct dataset *dataset = scan->dataset;

    count_document(&dataset->heldout, document);
    return sides_add(&dataset->sides, document->hash) || kept_add(&dataset->kept, document) ? -1
                                                                                            : 0;
}

static int take_training(struct scan *scan, const struct document *document)
{
    struct dataset *dataset = scan->dataset;
    size_t index = sides_find(&dataset->sides, document->hash);

    if (index != SIZE_MAX) {
        scan->met[index] = 1;
        scan->dropped++;
        return 0;
    }
    if (!sides_hold_out(&dataset->sides, document->hash)) {
        count_document(&dataset->training, document);
        return 0;
    }
    count_document(&dataset->heldout, document);
    sha256_add(&scan->heldout_sha, document->text, document->bytes);
    sha256_add(&scan->heldout_sha, "\n", 1);
    return kept_add(&dataset->kept, document);
}

/* What a file's lines have that a warning will tell. */
static void note_lines(struct scan *scan, const struct file *file, const struct reader_lines *lines)
{
    if (lines->bad && scan->bad_lines == 0)
        snprintf(scan->first_bad, sizeof scan->first_bad, "%s:%" PRIu64 ": %s", file->path,
                 lines->first_bad, lines->first_fault);
    scan->bad_lines += lines->bad;
    scan->replaced += lines->replaced;
}

/* Of files, of which there are some unless it is "", and one more. */
static const char *kind_of_both(const char *before, const char *kind)
{
    return !*before ? kind : strcmp(before, kind) == 0 ? before : "mixed";
}

/* *kind: of this file and those before, of which there are some unless it is "". */
static int scan_file(struct file *file, struct input_sums *sums, const char **kind,
                     uint64_t *bad_lines, take_function *take, struct scan *scan)
{
    struct reader *reader;
    struct document document;
    int got;

    if (files_open(&reader, file, scan->dataset->options.text_field, sums))
        return -1;
    *kind = kind_of_both(*kind, reader_kind(reader));
    while ((got = reader_next(reader, &document)) > 0) {
        got = take(scan, &document);
        if (got)
            break;
    }
    if (got == 0)
        got = reader_check_lines(reader);
    *bad_lines += reader_lines(reader)->bad;
    note_lines(scan, file, reader_lines(reader));
    reader_close(reader);
    sha256_finish_hex(&sums->file, file->sha256);
    return got;
}

/* What is said of the files themselves, and their documents through take(). */
static int scan_files(struct data_identity *identity, struct file_list *list,
                      take_function *take, struct scan *scan)
{
    struct input_sums sums;
    const char *kind = "";

    sha256_start(&sums.all);
    for (int i = 0; i < list->count; i++) {
        struct file *file = &list->files[i];

        identity->bytes += file->identity.bytes;
        if (scan_file(file, &sums, &kind, &identity->bad_lines, take, scan))
            return -1;
    }
    identity->files = list->count;
    memcpy(identity->kind, kind, strlen(kind) + 1);
    sha256_finish_hex(&sums.all, identity->sha256);
    return 0;
}

static void warn_of_lines(const struct scan *scan)
{
    if (scan->bad_lines)
        warn_add("%" PRIu64 " line%s of the corpus %s skipped; the first: %s", scan->bad_lines,
                 scan->bad_lines == 1 ? "" : "s", scan->bad_lines == 1 ? "is" : "are",
                 scan->first_bad);
    if (scan->replaced)
        warn_add("%" PRIu64 " character%s of the text, \\u0000 or half of a surrogate pair, %s read "
                 "as U+FFFD", scan->replaced, scan->replaced == 1 ? "" : "s",
                 scan->replaced == 1 ? "is" : "are");
}

/* ==== Checking ==== */

static int check_files_apart(const struct dataset *dataset)
{
    const struct file_list *heldout = &dataset->heldout_files, *training = &dataset->training_files;

    for (int i = 0; i < heldout->count; i++)
        for (int j = 0; j < training->count; j++)
            if (file_identity_same(&heldout->files[i].identity, &training->files[j].identity))
                return err_set("held-out text is also training text: %s and %s are the same file: "
                               "name a file in one of " FIELD("corpus") " and " FIELD("heldout")
                               " only",
                               heldout->files[i].path, training->files[j].path);
    return 0;
}

/* Held-out and training text must not be the same; a few documents may be, and are dropped. */
static int judge_overlap(const struct scan *scan)
{
    size_t met = 0, count = scan->dataset->sides.count;

    for (size_t i = 0; i < count; i++)
        met += scan->met[i];
    if (met > count / 2)
        return err_set("held-out text is also training text: %zu of the %zu held-out documents are "
                       "in the corpus too (first held-out file: %s): hold out other text, or leave "
                       "out " FIELD("heldout") " to hold out a share of the corpus",
                       met, count, scan->dataset->heldout_files.files[0].path);
    if (scan->dropped)
        warn_add("%" PRIu64 " training documents are held-out text too and are left out of "
                 "training", scan->dropped);
    return 0;
}

static int check_options(const struct dataset_options *options)
{
    if (options->corpus_count == 0 && options->heldout_count)
        return err_set(FIELD("heldout") " %s goes with " FIELD("corpus") ": the built-in language "
                       "has held-out text of its own", options->heldout[0]);
    if (options->corpus_count && !options->heldout_count &&
        !(options->heldout_share > 0.0 && options->heldout_share <= 0.5))
        return err_set("held-out share %g: it must be above 0 and at most 0.5",
                       options->heldout_share);
    if (options->stream && (!options->corpus_count || !options->heldout_count))
        return err_set(FIELD("stream") " goes with " FIELD("corpus") " and " FIELD("heldout"));
    return 0;
}

/* ==== Opening ==== */

/* A share of the corpus is held out. */
static void identify_share(struct dataset *dataset, struct scan *scan)
{
    struct data_identity *heldout = &dataset->heldout;

    memcpy(heldout->kind, dataset->training.kind, sizeof heldout->kind);
    heldout->files = dataset->training.files;
    heldout->bytes = heldout->text_bytes;
    sha256_finish_hex(&scan->heldout_sha, heldout->sha256);
}

/* What each begins with, so that one that is no text is told of now. */
static int look_at_shards(struct dataset *dataset)
{
    const struct file_list *list = &dataset->training_files;
    struct data_identity *identity = &dataset->training;
    const char *kind = "";

    for (int i = 0; i < list->count; i++) {
        struct reader *reader;

        if (files_open(&reader, &list->files[i], dataset->options.text_field, NULL))
            return -1;
        identity->bytes += list->files[i].identity.bytes;
        kind = kind_of_both(kind, reader_kind(reader));
        reader_close(reader);
    }
    identity->files = list->count;
    identity->shards = list;
    memcpy(identity->kind, kind, strlen(kind) + 1);
    return 0;
}

static int read_files(struct dataset *dataset)
{
    struct scan scan = {.dataset = dataset};
    int result = -1;

    sha256_start(&scan.heldout_sha);
    if (dataset->heldout_files.count) {
        if (scan_files(&dataset->heldout, &dataset->heldout_files, take_heldout, &scan))
            return -1;
        sides_sort(&dataset->sides);
    } else {
        dataset->sides.threshold = (uint64_t)ldexp(dataset->options.heldout_share, 64);
    }
    if (dataset->options.stream) {
        warn_of_lines(&scan);
        return look_at_shards(dataset);
    }
    scan.met = calloc(dataset->sides.count + 1, 1);
    if (!scan.met)
        return err_set("no memory to compare %zu documents", dataset->sides.count);
    if (scan_files(&dataset->training, &dataset->training_files, take_training, &scan) ||
        judge_overlap(&scan))
        goto out;
    if (dataset->heldout_files.count == 0)
        identify_share(dataset, &scan);
    warn_of_lines(&scan);
    result = 0;
out:
    free(scan.met);
    return result;
}

static int open_files(struct dataset *dataset)
{
    const struct dataset_options *options = &dataset->options;

    dataset->kept.most = options->keep_bytes ? options->keep_bytes : KEEP_BYTES;
    if (files_find(&dataset->training_files, options->corpus, options->corpus_count,
                   FIELD("corpus")) ||
        files_find(&dataset->heldout_files, options->heldout, options->heldout_count,
                   FIELD("heldout")) ||
        check_files_apart(dataset))
        return -1;
    return read_files(dataset);
}

static int open_language(struct dataset *dataset)
{
    if (language_create(&dataset->language) || language_checksum(dataset->training.sha256))
        return -1;
    memcpy(dataset->training.kind, "builtin", sizeof "builtin");
    dataset->heldout = dataset->training;
    return 0;
}

int dataset_open(struct dataset **result, const struct dataset_options *options)
{
    struct dataset *dataset = calloc(1, sizeof *dataset);

    *result = NULL;
    if (!dataset)
        return err_set("no memory to read the corpus");
    dataset->options = *options;
    if (check_options(options) ||
        (options->corpus_count ? open_files(dataset) : open_language(dataset))) {
        dataset_close(dataset);
        return -1;
    }
    *result = dataset;
    return 0;
}

void dataset_close(struct dataset *dataset)
{
    if (!dataset)
        return;
    language_destroy(dataset->language);
    files_free(&dataset->training_files);
    files_free(&dataset->heldout_files);
    sides_free(&dataset->sides);
    kept_free(&dataset->kept);
    free(dataset);
}

/* ==== Once it is open ==== */

void dataset_forget_heldout(struct dataset *dataset)
{
    kept_give_up(&dataset->kept);
}

const struct file_list *dataset_files(const struct dataset *dataset, bool heldout)
{
    return heldout ? &dataset->heldout_files : &dataset->training_files;
}

int dataset_check(const struct dataset *dataset)
{
    int status = (dataset->options.stream ? files_check_left : files_check)(&dataset->training_files);

    return status || files_check(&dataset->heldout_files) ? -1 : 0;
}

const struct dataset_options *dataset_options(const struct dataset *dataset)
{
    return &dataset->options;
}

const struct data_identity *dataset_training(const struct dataset *dataset)
{
    return &dataset->training;
}

const struct data_identity *dataset_heldout(const struct dataset *dataset)
{
    return &dataset->heldout;
}

int dataset_training_source(struct source **source, const struct dataset *dataset, uint64_t seed)
{
    if (dataset->language)
        return language_source(source, dataset->language, seed, RNG_LANGUAGE);
    return (dataset->options.stream ? shards_source : shuffle_source)(
        source, &dataset->training_files, dataset->options.text_field, &dataset->sides, seed);
}

int dataset_heldout_source(struct source **source, const struct dataset *dataset)
{
    if (dataset->language)
        return language_source(source, dataset->language, LANGUAGE_HELDOUT_SEED, RNG_HELDOUT);
    return heldout_source(source, &dataset->kept,
                          dataset->heldout_files.count ? &dataset->heldout_files
                                                       : &dataset->training_files,
                          dataset->options.text_field, &dataset->sides);
}
