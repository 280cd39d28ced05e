/* calls.h - what a call costs that has nothing to do, and an exponential: limits beside those of products
 * (dnn_gemm_peak()) and of memory (stream.h). */
#ifndef GLU_NN_CALLS_H
#define GLU_NN_CALLS_H

#include "src/nn/dnn.h"

/* Each with the clock read once, as a profile reads it; the best of a few rounds. */
struct calls {
    double product_s;          /* of a product of 16 x 16 x 16 */
    double kernel_s;           /* of one of 16 elements */
    double wait_s;             /* of all threads for each other, when all are there; 0 with one */
    double exponentials_per_s; /* oneDNN's, in f32, over elements in the first cache; of all threads */
};

/* With activations of a type and so many threads.  Less than a tenth of a second.  0 or -1. */
int calls_measure(enum dnn_type type, int threads, struct calls *calls) GLU_MUST_USE;

#endif
