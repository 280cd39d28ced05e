/* results-fixture.h - made-up measurements for the tests of src/results: not results of anything.
 *
 * All eight variants; the loss of a run is the paper's mean, plus an effect of the seed, plus noise,
 * all from a fixed stream of random numbers, so the numbers are the same every time. */
#ifndef GLU_TEST_RESULTS_FIXTURE_H
#define GLU_TEST_RESULTS_FIXTURE_H

#include "src/glu.h"
#include "src/results/results.h"

enum fixture_flags {
    FIXTURE_DIVERGED = 1,     /* swiglu at the last seed diverged */
    FIXTURE_NO_EXAMPLES = 2,  /* without losses per held-out example */
    FIXTURE_NO_SPEED = 4,     /* without throughput samples */
    FIXTURE_ALIKE = 8,        /* no variant differs from another but by noise */
    FIXTURE_REVERSED = 16,    /* the paper's order upside down */
    FIXTURE_WINNER = 32,      /* geglu is far below all others */
    FIXTURE_WORSE = 64,       /* 2 % more loss and 10 % more seconds */
    FIXTURE_SLOPE = 128,      /* with runs of half of the steps, 0.03 nats per e-fold behind */
    FIXTURE_FLAT = 256,       /* the same, but nothing behind */
    FIXTURE_SCORES = 512,     /* with scores of tasks: SST-2, RTE (without a signal; a subset), SQuAD, a translation */
    FIXTURE_GLUE = 1024,      /* with them of every task of GLUE, all complete */
};

struct fixture {
    struct results results;
    struct variant_result variants[16];
    struct run_result runs[128], slope_runs[12];
    struct throughput_result throughput[32];
};

/* Seeds first_seed .. first_seed + seeds - 1 (at most 12).  Bails out without memory. */
void fixture_open(struct fixture *fixture, int first_seed, int seeds, int flags);
void fixture_close(struct fixture *fixture);

/* The document of such a fixture; new reference. */
json_t *fixture_document(int first_seed, int seeds, int flags);

/* What its configuration affects: preset, seeds, variants, threads and jobs no result, and
 * threads_per_run the last bits. */
enum affects fixture_affects(const char *path);

/* A row of tables.scores, borrowed. */
json_t *fixture_score(json_t *document, const char *task, const char *metric, const char *variant);

/* The row of a table of a document, borrowed: fixture_row(document, "table1", "relu"). */
json_t *fixture_row(json_t *document, const char *table, const char *variant);

#endif
