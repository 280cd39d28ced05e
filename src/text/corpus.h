/* corpus.h - the files of training and of held-out text, and which document is on which side.
 *
 * With held-out paths, a training document whose text is a held-out document's too is left out of
 * training.  Without, a document is held out when the hash of its text falls into the lowest
 * `share` of all hashes.  Either way no text is on both sides, however often it occurs. */
#ifndef GLU_TEXT_CORPUS_H
#define GLU_TEXT_CORPUS_H

#include "src/task/data.h"
#include "src/text/files.h"
#include "src/text/source.h"

struct corpus {
    struct file_list training, heldout; /* heldout: empty when a share is held out */
    uint64_t threshold;                 /* hashes below it are held out */
    uint64_t *hashes;                   /* (hash_count), ascending: of the held-out documents */
    size_t hash_count;
};

/* Find the files and, with held-out paths, read their documents' hashes.  -1 also when a file is
 * on both sides. */
int corpus_open(struct corpus *corpus, const struct data_config *config);
/* Frees what the corpus owns; a zeroed corpus is fine. */
void corpus_free(struct corpus *corpus);

bool corpus_holds_out(const struct corpus *corpus, const struct document *document);

/* Read everything and fill the identities.  -1: a file is broken, most lines of one are, or most
 * of the held-out text is training text.  *training_bytes, *heldout_bytes: of the documents. */
int corpus_check(const struct corpus *corpus, struct data_identity *training,
                 struct data_identity *heldout);

/* The held-out documents, once, in the order of the files.  The corpus is borrowed. */
int corpus_heldout_source(struct source **source, const struct corpus *corpus);

/* The training documents without end, every pass in another order: files in a random order, a few
 * of them open at a time, and documents drawn from a buffer of up to 1,024 (and 16 MiB).
 * The corpus is borrowed. */
int corpus_training_source(struct source **source, const struct corpus *corpus, uint64_t seed);

#endif
