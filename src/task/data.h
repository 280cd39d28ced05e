/* data.h - text in, batches of corrupted spans out.
 *
 *     corpus reader -> tokenizer -> segments -> span corruption -> batch
 *
 * The stream is a function of (configuration, seed): opening it again and skipping n batches gives
 * batch n again.  Memory does not grow with the size of the corpus. */
#ifndef GLU_TASK_DATA_H
#define GLU_TASK_DATA_H

#include "src/model/batch.h"
#include "src/task/span.h"
#include "src/text/tokenizer.h"

#include <stddef.h>
#include <stdint.h>

struct data_config {
    /* Paths of files or directories; none: the built-in language.  The kind of a file is told by
     * its content and name: C4 JSON lines (*.json, *.jsonl, plain or gzip) or plain text. */
    const char *const *corpus;
    int corpus_count;
    const char *const *heldout; /* none: heldout_share of the corpus' documents, chosen by hash */
    int heldout_count;
    double heldout_share;      /* 0 .. 0.5, used when there are no held-out paths */
    const char *tokenizer;     /* "bytes" */
    int input_length, target_length; /* target_length 0: what input_length gives */
    int batch;
    int heldout_examples; /* at most so many; fewer when the text is shorter */
    double noise_density, mean_span; /* 0.15 and 3 */
};

/* What the results file tells about a corpus. */
struct data_identity {
    char kind[16]; /* "builtin", "text", "c4" or "mixed" */
    int files;
    uint64_t bytes;      /* on disk; of the documents when a share of the corpus is held out */
    uint64_t documents;  /* read in one pass; 0 for the built-in language */
    uint64_t text_bytes; /* of these documents; 0 for the built-in language */
    uint64_t bad_lines;  /* JSON lines that were skipped */
    /* Over the files' contents in order, as `cat FILES | sha256sum` gives it.  A held-out share:
     * over its documents, each with a line feed behind it.  Built in: over documents that the
     * generator makes. */
    char sha256[65];
};

/* Check everything once before training: files exist, can be decoded, are long enough, held-out
 * and training text are apart.  Fills both identities.  Reads the whole corpus (for the checksum).
 * 0 or -1. */
int data_check(const struct data_config *config, struct data_identity *corpus,
               struct data_identity *heldout);

struct data_stream;
/* The endless stream of training batches of a seed; documents are reshuffled every pass. */
int data_open(struct data_stream **stream, const struct data_config *config, uint64_t seed);
/* Fill the batch (its arrays are the caller's).  0 or -1 (a file vanished or broke). */
int data_next(struct data_stream *stream, struct batch *batch);
/* As data_next() n times, without keeping the result. */
int data_skip(struct data_stream *stream, uint64_t batches);
void data_close(struct data_stream *stream);

/* The held-out examples, the same for every seed and variant; owned by the caller, freed by
 * batch_destroy().  batch->examples <= heldout_examples. */
int data_heldout(const struct data_config *config, struct batch **heldout);

#endif
