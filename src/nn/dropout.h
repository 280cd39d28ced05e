/* dropout.h - which activations a training step leaves out (Srivastava et al. 2014).
 *
 * A mask is shared over the positions of an example, as Mesh TensorFlow shares it in T5: it has a
 * number for each column, 0 with the probability `rate` and else 1 / (1 - rate).  Its bits depend on
 * (seed, step, layer, site, example, column) alone: neither on the split over workers nor on the
 * width, so that variants share what they can.  Masks are not kept: backward makes them again. */
#ifndef GLU_NN_DROPOUT_H
#define GLU_NN_DROPOUT_H

#include "src/glu.h"

/* The places of T5 (Raffel et al. 2019, section 3.1.2).  The numbers are part of the results'
 * reproducibility: only append. */
enum dropout_site {
    DROPOUT_EMBEDDED,      /* the embedded input of a stack */
    DROPOUT_SELF,          /* the output of self-attention, before the residual */
    DROPOUT_CROSS,         /* ... of cross-attention */
    DROPOUT_FFN,           /* ... of the feed-forward layer */
    DROPOUT_LAST,          /* the output of a stack, after its last norm */
    DROPOUT_HIDDEN,        /* the hidden layer, before W2 */
    DROPOUT_SELF_WEIGHTS,  /* the attention weights: column = key * heads + head */
    DROPOUT_CROSS_WEIGHTS,
    DROPOUT_SITES
};

enum { DROPOUT_EXAMPLE_BITS = 17 }; /* a batch with dropout has at most 2^17 examples */

/* Where a worker is; what stands here decides the masks. */
struct dropout {
    double rate; /* 0: there is no dropout, and no room for it */
    bool active; /* false: evaluation, all masks are 1 */
    uint64_t seed;
    int64_t step;
    int example; /* of the batch: the first one of the micro-batch */
    int layer;   /* counted over all stacks */
    float *mask; /* (most columns of a site) */
};

/* The columns of a mask of one example, counted from the micro-batch's first.  mask is (columns). */
void dropout_mask(const struct dropout *dropout, enum dropout_site site, int example, int columns,
                  float *mask);

#endif
