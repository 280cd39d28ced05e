/* dataset.h - the text of training and the text that is held out.
 *
 * A dataset is opened once: every file is read from end to end, checked and counted, and it is
 * found out which document is on which side; of a stream, only the held-out files are, and what the
 * others begin with.  After that it never changes, and any number of
 * threads may take sources of documents from it.  It is either the built-in language or the files
 * of a corpus: with held-out paths, a training document whose text is a held-out document's too is
 * left out of training; without, a document is held out when the hash of its text falls into the
 * lowest `share` of all hashes.  Either way no text is on both sides, however often it occurs. */
#ifndef GLU_TEXT_DATASET_H
#define GLU_TEXT_DATASET_H

#include "src/text/files.h"
#include "src/text/source.h"
#include "src/util/sha256.h"

#include <stddef.h>
#include <stdint.h>

struct dataset_options {
    /* Paths of files or directories; none: the built-in language.  The content of a file tells what
     * it is: JSON lines or plain text, plain or gzip. */
    const char *const *corpus;
    int corpus_count;
    const char *const *heldout; /* none: heldout_share of the corpus' documents, chosen by hash */
    int heldout_count;
    double heldout_share; /* above 0, at most 0.5; used when there are no held-out paths */
    bool stream; /* the corpus is read when it is trained on; it goes with held-out paths */
    const char *text_field; /* what JSON lines call their text; NULL: "text" */
    /* Held-out text of up to so many bytes stays in memory; of more, the files are read again for
     * each source.  0: 64 MiB. */
    size_t keep_bytes;
};

/* What the results file tells about a side. */
struct data_identity {
    char kind[16]; /* "builtin", "text", "c4" or "mixed" */
    int files;
    uint64_t bytes;      /* on disk; of the documents when a share of the corpus is held out */
    uint64_t documents;  /* read in one pass; 0 for the built-in language and a stream */
    uint64_t text_bytes; /* of these documents; 0 for the built-in language and a stream */
    uint64_t bad_lines;  /* JSON lines that were skipped; 0 of a stream */
    /* Of a stream, whose names and sizes stand for what is in it; else NULL.  Borrowed. */
    const struct file_list *shards;
    /* "" of a stream.  Over the files' contents in order, as `cat FILES | sha256sum` gives it.  A held-out share:
     * over its documents, each with a line feed behind it.  Built in: over documents that the
     * generator makes. */
    char sha256[SHA256_HEX_BYTES];
};

struct dataset;

/* Find the files and read all of them, the held-out ones first.  The strings of the options are
 * borrowed for the dataset's life.  0, or -1 and a message: a file is missing or broken, most lines
 * of one are, or most of the held-out text is training text. */
int dataset_open(struct dataset **dataset, const struct dataset_options *options);
/* NULL is fine. */
void dataset_close(struct dataset *dataset);

/* Every task has its held-out examples: give back the memory of the held-out text.  A later source of
 * it reads the files again.  For who opened the dataset, while no other thread uses it. */
void dataset_forget_heldout(struct dataset *dataset);

/* The files of a side, read whole and with their checksums, unless they are a stream's; none of the
 * built-in language, and none of a held-out share. */
const struct file_list *dataset_files(const struct dataset *dataset, bool heldout);

/* Are the files still what they were when the dataset was opened?  Whoever reads one that is not gets
 * an error; this tells of those that are read no more.  Those of a stream may be gone.  0, or -1 and a message
 * with the file. */
int dataset_check(const struct dataset *dataset);

const struct dataset_options *dataset_options(const struct dataset *dataset);
const struct data_identity *dataset_training(const struct dataset *dataset);
const struct data_identity *dataset_heldout(const struct dataset *dataset);

/* The training documents of a seed, without end; the dataset is borrowed.  Every pass over files
 * has another order: files in a random order, a few of them open at a time, and documents drawn
 * from a buffer of up to 1,024 (and 16 MiB); of a stream, files in a random order, and the documents
 * of each as they stand there. */
int dataset_training_source(struct source **source, const struct dataset *dataset, uint64_t seed);
/* The held-out documents, always in the same order: those of files once, as they stand there; the
 * built-in language has no end.  The dataset is borrowed. */
int dataset_heldout_source(struct source **source, const struct dataset *dataset);

#endif
