/* fuzz.h - what reads files, fed with bytes that nobody meant for it.
 *
 * A target hands an input to one of the program's readers and goes on as the program would.  It
 * must not crash, hang, leak or break a promise of the headers, whatever the input.  "make fuzz"
 * lets libFuzzer look for inputs that do; test-fuzz gives every target its seeds and the inputs
 * that once broke it, as part of "make check".
 *
 * A new target is a function and a line in the table, with its seeds in test/fuzz/seeds/NAME. */
#ifndef GLU_TEST_FUZZ_H
#define GLU_TEST_FUZZ_H

#include "src/glu.h"

#include <stdio.h>

#define FUZZ_TARGETS(X)                                                                            \
    X(json_lines)    /* the lines of a corpus */                                                   \
    X(gzip_lines)    /* the same, compressed: must read as they do plain */                        \
    X(gzip)          /* a compressed corpus */                                                     \
    X(text)          /* a corpus of plain text */                                                  \
    X(safetensors)   /* model.safetensors */                                                       \
    X(tensor_header) /* its JSON header alone, with data that fit the model */                     \
    X(weights_index) /* model.safetensors.index.json of files that are whole */                    \
    X(hf_config)     /* config.json beside it */                                                   \
    X(record)        /* the files of a study's directory */                                        \
    X(cell)          /* the run in a cell's record, in a file that is whole */                     \
    X(state)         /* the JSON header of a training's state, in a file that is whole */          \
    X(config)        /* --config FILE */                                                           \
    X(results)       /* a results file */                                                          \
    X(results_edits) /* lines "path value": changes of a valid results file */                     \
    X(options)       /* the command line, a word a line */

struct fuzz_target {
    const char *name;
    /* 0: the input was accepted, -1: it was refused. */
    int (*feed)(const uint8_t *data, size_t size);
};
extern const struct fuzz_target fuzz_targets[];
extern const int fuzz_target_count;

/* Feed a target; it leaves nothing behind.  Returns what the target did. */
int fuzz_feed(const struct fuzz_target *target, const uint8_t *data, size_t size);

/* A promise of the program; abort when it is broken. */
void fuzz_check(bool kept, const char *promise);

/* Where output goes that nobody reads. */
FILE *fuzz_sink(void);

#endif
