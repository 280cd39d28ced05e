/* data-fixture.h - corpora that tests read, and a small task over them. */
#ifndef GLU_TEST_DATA_FIXTURE_H
#define GLU_TEST_DATA_FIXTURE_H

#include "src/task/task.h"

enum { BATCH = 4, INPUT = 32, DOCUMENTS = 3000, FILES = 12, VOCABULARY = 384 };

/* What to open, and what is open. */
struct config {
    struct dataset_options text;
    struct task_options task;
    const char *tokenizer;
};

struct opened {
    struct dataset *dataset;
    struct tokenizer *tokenizer;
    struct task *task;
};

/* BATCH examples of INPUT tokens, 50 of them held out; a share of 0.1 without held-out paths. */
struct config with(const char *const *corpus, int corpus_count, const char *const *heldout,
                   int heldout_count);

/* To be closed in either case. */
int try_to_open(struct opened *opened, const struct config *config);
/* Ends the program when it cannot be opened. */
void open_all(struct opened *opened, const struct config *config);
void close_all(struct opened *opened);

/* Opening fails, and the message says so; two checks. */
void expect_error(const struct config *config, const char *says);

/* FILES files of JSON lines in a scratch directory with the documents first .. first + count - 1,
 * half of them gzip.  The text of a document tells its number. */
void write_json(const char *directory, int first, int count);
int number_of(const struct document *document);

/* Three corpora: the built-in language; `shared`, all DOCUMENTS, of which a share is held out;
 * `apart`, 2,000 held-out documents, half of which are in the corpus of 2,000 documents too. */
struct corpora {
    const char *json, *part, *heldout; /* directories */
    struct config builtin, shared, apart;
};
void write_corpora(struct corpora *corpora);

#endif
