/* corpus.c - see corpus.h. */
#include "src/glu.h"

#include "src/text/corpus.h"
#include "src/util/sha256.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ==== Which side a document is on ==== */

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* Index of a hash among the held-out documents', or SIZE_MAX. */
static size_t find_hash(const struct corpus *corpus, uint64_t hash)
{
    const uint64_t *found = NULL;

    if (corpus->hash_count)
        found = bsearch(&hash, corpus->hashes, corpus->hash_count, sizeof hash, by_value);
    return found ? (size_t)(found - corpus->hashes) : SIZE_MAX;
}

bool corpus_holds_out(const struct corpus *corpus, const struct document *document)
{
    return document->hash < corpus->threshold || find_hash(corpus, document->hash) != SIZE_MAX;
}

/* Call take() with every document of a file, and tell how many lines were skipped (NULL: not
 * wanted). */
static int for_documents(const char *path, struct sha256 *sha, uint64_t *bad_lines,
                         int (*take)(void *context, const struct document *document),
                         void *context)
{
    struct reader *reader;
    struct document document;
    uint64_t lines, bad;
    int got;

    if (reader_open(&reader, path, sha))
        return -1;
    while ((got = reader_next(reader, &document)) > 0) {
        got = take(context, &document);
        if (got)
            break;
    }
    if (got == 0)
        got = reader_check_lines(reader);
    if (bad_lines) {
        reader_lines(reader, &lines, &bad);
        *bad_lines += bad;
    }
    reader_close(reader);
    return got;
}

/* ==== Opening ==== */

struct hash_list {
    uint64_t *hashes;
    size_t count, capacity;
};

static int take_hash(void *context, const struct document *document)
{
    struct hash_list *list = context;

    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 1024;
        uint64_t *grown = NULL;

        if (capacity <= SIZE_MAX / sizeof *grown)
            grown = realloc(list->hashes, capacity * sizeof *grown);
        if (!grown)
            return err_set("no memory for the hashes of %zu held-out documents", capacity);
        list->hashes = grown;
        list->capacity = capacity;
    }
    list->hashes[list->count++] = document->hash;
    return 0;
}

static int read_hashes(struct corpus *corpus)
{
    struct hash_list list = {0};
    int result = 0;

    for (int i = 0; i < corpus->heldout.count && result == 0; i++)
        result = for_documents(corpus->heldout.files[i].path, NULL, NULL, take_hash, &list);
    corpus->hashes = list.hashes;
    if (result || list.count == 0)
        return result;
    qsort(list.hashes, list.count, sizeof *list.hashes, by_value);
    corpus->hash_count = 1;
    for (size_t i = 1; i < list.count; i++)
        if (list.hashes[i] != list.hashes[corpus->hash_count - 1])
            list.hashes[corpus->hash_count++] = list.hashes[i];
    return 0;
}

static int check_files_apart(const struct corpus *corpus)
{
    for (int i = 0; i < corpus->heldout.count; i++)
        for (int j = 0; j < corpus->training.count; j++)
            if (file_same(&corpus->heldout.files[i], &corpus->training.files[j]))
                return err_set("held-out text is also training text: %s and %s are the same file: "
                               "name a file in one of " FIELD("corpus") " and " FIELD("heldout")
                               " only",
                               corpus->heldout.files[i].path, corpus->training.files[j].path);
    return 0;
}

int corpus_open(struct corpus *corpus, const struct data_config *config)
{
    memset(corpus, 0, sizeof *corpus);
    if (files_find(&corpus->training, config->corpus, config->corpus_count, FIELD("corpus")) ||
        files_find(&corpus->heldout, config->heldout, config->heldout_count, FIELD("heldout")))
        goto fail;
    if (corpus->heldout.count == 0)
        corpus->threshold = (uint64_t)ldexp(config->heldout_share, 64);
    else if (check_files_apart(corpus) || read_hashes(corpus))
        goto fail;
    return 0;
fail:
    corpus_free(corpus);
    return -1;
}

void corpus_free(struct corpus *corpus)
{
    files_free(&corpus->training);
    files_free(&corpus->heldout);
    free(corpus->hashes);
    memset(corpus, 0, sizeof *corpus);
}

/* ==== Checking ==== */

struct scan {
    const struct corpus *corpus;
    struct data_identity *training, *heldout;
    struct sha256 heldout_sha; /* over held-out documents that have no files of their own */
    unsigned char *met;        /* (hash_count): which held-out documents training text has too */
    uint64_t dropped;          /* training documents */
};

static void count_document(struct data_identity *identity, const struct document *document)
{
    identity->documents++;
    identity->text_bytes += document->bytes;
}

static int take_training(void *context, const struct document *document)
{
    struct scan *scan = context;
    size_t index = find_hash(scan->corpus, document->hash);

    if (index != SIZE_MAX) {
        scan->met[index] = 1;
        scan->dropped++;
    } else if (corpus_holds_out(scan->corpus, document)) {
        count_document(scan->heldout, document);
        sha256_add(&scan->heldout_sha, document->text, document->bytes);
        sha256_add(&scan->heldout_sha, "\n", 1);
    } else {
        count_document(scan->training, document);
    }
    return 0;
}

static int take_heldout(void *context, const struct document *document)
{
    struct scan *scan = context;

    count_document(scan->heldout, document);
    return 0;
}

/* What is said of the files themselves, and their documents through take(). */
static int scan_files(struct data_identity *identity, const struct file_list *list,
                      int (*take)(void *context, const struct document *document),
                      struct scan *scan)
{
    struct sha256 sha;
    const char *kind = "text";

    sha256_start(&sha);
    for (int i = 0; i < list->count; i++) {
        const struct file *file = &list->files[i];

        if (i == 0)
            kind = reader_kind(file->path);
        else if (strcmp(kind, reader_kind(file->path)) != 0)
            kind = "mixed";
        identity->bytes += file->bytes;
        if (for_documents(file->path, &sha, &identity->bad_lines, take, scan))
            return -1;
    }
    identity->files = list->count;
    memcpy(identity->kind, kind, strlen(kind) + 1);
    sha256_finish_hex(&sha, identity->sha256);
    return 0;
}

/* Held-out and training text must not be the same; a few documents may be, and are dropped. */
static int judge_overlap(const struct scan *scan)
{
    size_t met = 0, count = scan->corpus->hash_count;

    for (size_t i = 0; i < count; i++)
        met += scan->met[i];
    if (met > count / 2)
        return err_set("held-out text is also training text: %zu of the %zu held-out documents are "
                       "in the corpus too (first held-out file: %s): hold out other text, or leave "
                       "out " FIELD("heldout") " to hold out a share of the corpus",
                       met, count, scan->corpus->heldout.files[0].path);
    if (scan->dropped)
        warn_add("%" PRIu64 " training documents are held-out text too and are left out of "
                 "training", scan->dropped);
    return 0;
}

int corpus_check(const struct corpus *corpus, struct data_identity *training,
                 struct data_identity *heldout)
{
    struct scan scan = {.corpus = corpus, .training = training, .heldout = heldout};
    int result = -1;

    memset(training, 0, sizeof *training);
    memset(heldout, 0, sizeof *heldout);
    sha256_start(&scan.heldout_sha);
    scan.met = calloc(corpus->hash_count + 1, 1);
    if (!scan.met)
        return err_set("no memory to compare %zu documents", corpus->hash_count);
    if (scan_files(training, &corpus->training, take_training, &scan) || judge_overlap(&scan))
        goto out;
    if (corpus->heldout.count) {
        if (scan_files(heldout, &corpus->heldout, take_heldout, &scan))
            goto out;
    } else {
        memcpy(heldout->kind, training->kind, sizeof heldout->kind);
        heldout->files = training->files;
        heldout->bytes = heldout->text_bytes;
        sha256_finish_hex(&scan.heldout_sha, heldout->sha256);
    }
    if (training->bad_lines || heldout->bad_lines)
        warn_add("%" PRIu64 " lines of the corpus are no JSON with a \"text\" and are skipped",
                 training->bad_lines + heldout->bad_lines);
    result = 0;
out:
    free(scan.met);
    return result;
}

/* ==== Held-out documents in order ==== */

struct heldout_source {
    struct source source;
    const struct corpus *corpus;
    const struct file_list *list;
    int next_file;
    struct reader *reader; /* NULL: open the next file */
};

static int heldout_next(struct source *source, struct document *document)
{
    struct heldout_source *self = (struct heldout_source *)source;

    for (;;) {
        int got;

        if (!self->reader) {
            if (self->next_file == self->list->count)
                return 0;
            if (reader_open(&self->reader, self->list->files[self->next_file++].path, NULL))
                return -1;
        }
        got = reader_next(self->reader, document);
        if (got < 0 || (got > 0 && corpus_holds_out(self->corpus, document)))
            return got;
        if (got == 0) {
            reader_close(self->reader);
            self->reader = NULL;
        }
    }
}

static void heldout_close(struct source *source)
{
    struct heldout_source *self = (struct heldout_source *)source;

    reader_close(self->reader);
    free(self);
}

int corpus_heldout_source(struct source **source, const struct corpus *corpus)
{
    struct heldout_source *self = calloc(1, sizeof *self);

    *source = NULL;
    if (!self)
        return err_set("no memory to read the held-out text");
    self->source = (struct source){heldout_next, heldout_close};
    self->corpus = corpus;
    self->list = corpus->heldout.count ? &corpus->heldout : &corpus->training;
    *source = &self->source;
    return 0;
}

/* ==== Training documents, shuffled ==== */

enum { OPEN_FILES = 8, BUFFER_DOCUMENTS = 1024, BUFFER_BYTES = 16 << 20 };

struct training_source {
    struct source source;
    const struct corpus *corpus;
    uint64_t seed;
    uint32_t pass;  /* from 0 */
    struct rng rng; /* of this pass */
    int *order;     /* (files): this pass' */
    int next_file;  /* in order */
    struct reader *open[OPEN_FILES];
    int open_count;
    bool any; /* a document was found in this pass */

    struct document buffer[BUFFER_DOCUMENTS]; /* texts owned */
    uint32_t buffered;
    size_t buffered_bytes;
    char *handed_out; /* the text of the last document */
};

static void start_pass(struct training_source *self, uint32_t pass)
{
    int count = self->corpus->training.count;

    self->pass = pass;
    self->next_file = 0;
    self->any = false;
    rng_start(&self->rng, self->seed, RNG_DOCUMENTS, pass);
    for (int i = 0; i < count; i++) { /* Fisher and Yates, from the inside out */
        int j = (int)rng_below(&self->rng, (uint32_t)i + 1);

        self->order[i] = self->order[j];
        self->order[j] = i;
    }
}

/* The next document of this pass in file order, from one of the open files. */
static int read_document(struct training_source *self, struct document *document)
{
    const struct file_list *list = &self->corpus->training;

    for (;;) {
        struct reader **reader;
        int got;

        while (self->open_count < OPEN_FILES && self->next_file < list->count) {
            const char *path = list->files[self->order[self->next_file]].path;

            if (reader_open(&self->open[self->open_count], path, NULL))
                return -1;
            self->open_count++;
            self->next_file++;
        }
        if (self->open_count == 0)
            return 0;
        reader = &self->open[rng_below(&self->rng, (uint32_t)self->open_count)];
        got = reader_next(*reader, document);
        if (got < 0 || (got > 0 && !corpus_holds_out(self->corpus, document)))
            return got;
        if (got == 0) {
            reader_close(*reader);
            *reader = self->open[--self->open_count];
        }
    }
}

static int fill_buffer(struct training_source *self)
{
    struct document document;
    char *text;
    int got;

    while (self->buffered < BUFFER_DOCUMENTS && self->buffered_bytes < BUFFER_BYTES) {
        got = read_document(self, &document);
        if (got <= 0)
            return got;
        text = malloc(document.bytes);
        if (!text)
            return err_set("no memory for a document of %zu bytes", document.bytes);
        memcpy(text, document.text, document.bytes);
        document.text = text;
        self->buffer[self->buffered++] = document;
        self->buffered_bytes += document.bytes;
        self->any = true;
    }
    return 0;
}

static int training_next(struct source *source, struct document *document)
{
    struct training_source *self = (struct training_source *)source;
    struct document *chosen;

    free(self->handed_out);
    self->handed_out = NULL;
    if (fill_buffer(self))
        return -1;
    if (self->buffered == 0) { /* the pass is over */
        if (!self->any)
            return err_set("%s: there is no training document in the corpus",
                           self->corpus->training.files[0].path);
        start_pass(self, self->pass + 1);
        if (fill_buffer(self))
            return -1;
        if (self->buffered == 0)
            return err_set("%s: the corpus has become empty",
                           self->corpus->training.files[0].path);
    }
    chosen = &self->buffer[rng_below(&self->rng, self->buffered)];
    *document = *chosen;
    self->handed_out = (char *)chosen->text;
    self->buffered_bytes -= chosen->bytes;
    *chosen = self->buffer[--self->buffered];
    return 1;
}

static void training_close(struct source *source)
{
    struct training_source *self = (struct training_source *)source;

    for (int i = 0; i < self->open_count; i++)
        reader_close(self->open[i]);
    for (uint32_t i = 0; i < self->buffered; i++)
        free((char *)self->buffer[i].text);
    free(self->handed_out);
    free(self->order);
    free(self);
}

int corpus_training_source(struct source **source, const struct corpus *corpus, uint64_t seed)
{
    struct training_source *self = calloc(1, sizeof *self);

    *source = NULL;
    if (self)
        self->order = calloc((size_t)corpus->training.count, sizeof *self->order);
    if (!self || !self->order) {
        free(self);
        return err_set("no memory to read the corpus");
    }
    self->source = (struct source){training_next, training_close};
    self->corpus = corpus;
    self->seed = seed;
    start_pass(self, 0);
    *source = &self->source;
    return 0;
}
