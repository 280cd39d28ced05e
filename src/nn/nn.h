/* nn.h - what every layer needs from the thread that runs it, and where its time goes.
 *
 * Layers come in three parts: a plan (the primitives for one shape; a thread's own), weights
 * (packed once per step, read by all workers) and what forward keeps for backward (a worker's
 * own).  Weight gradients accumulate into the worker's `diff`.  A worker is one thread, or a crew of
 * several, each of which calls every layer and does its share of it. */
#ifndef GLU_NN_NN_H
#define GLU_NN_NN_H

#include "src/nn/crew.h"
#include "src/nn/dnn.h"
#include "src/nn/dropout.h"
#include "src/nn/kernels.h"
#include "src/util/clock.h"

#include <stdint.h>

enum profile_kind {
    PROFILE_PROJECTION, /* q, k, v, o */
    PROFILE_ATTENTION,  /* scores and values */
    PROFILE_HEADS,      /* both and what is between them, where heads go one by one */
    PROFILE_FFN,
    PROFILE_LOGITS,
    PROFILE_GATE,
    PROFILE_NORM,
    PROFILE_SOFTMAX, /* what attention does besides */
    PROFILE_LOSS,
    PROFILE_EMBEDDING,
    PROFILE_OPTIMIZER, /* sum of the workers' gradients, update */
    PROFILE_PACK,      /* weights to the storage type and the library's layout */
    PROFILE_WAIT,      /* for other threads */
    PROFILE_KINDS
};

struct profile_row {
    double s;     /* of all workers together */
    double flops; /* of matrix products */
    double bytes; /* of operands, read and written */
    double exponentials;
    double calls; /* of primitives and kernels, with a clock between them */
};

/* "matrix products: feed-forward" and the like. */
const char *profile_name(enum profile_kind kind);

struct nn {
    struct dnn *dnn;
    const struct kernels *kernels;
    const struct typed_kernels *typed; /* kernels->type[type] */
    enum dnn_type type;                /* of activations */
    bool train;                        /* false: forward alone */
    float *diff;                       /* the worker's gradient of all parameters */
    float *panels;                     /* (GRADIENT_ROOM) of this thread where nn_has_gradient() */
    struct crew *crew;                 /* the worker's threads; NULL: this one */
    int member;                        /* of the crew */
    struct dropout dropout;
    struct profile_row profile[PROFILE_KINDS];
};

/* What a primitive is for, and which of the library's implementations it resolved to. */
struct primitive {
    char role[64];
    const char *implementation; /* lives as long as the primitive */
};

/* Zeroed: an empty list. */
struct primitives {
    struct primitive *list; /* (count) */
    int count, room;
};

/* Note a primitive of the role "FIRST SECOND".  0, or -1 and a message without memory. */
int primitives_add(struct primitives *primitives, const char *implementation, const char *first,
                   const char *second);
void primitives_free(struct primitives *primitives);

/* Book the time since *start_s under a kind and restart the clock. */
void nn_book(struct nn *nn, enum profile_kind kind, double *start_s, double flops, double bytes);

/* So many exponentials were taken, too. */
void nn_book_exponentials(struct nn *nn, enum profile_kind kind, double count);

/* Are activations multiplied in tiles?  They are eight times as fast as vectors: oneDNN has them. */
bool nn_has_tiles(const struct nn *nn);
/* Is there a kernel for the gradient of weights, which is faster than oneDNN's product? */
bool nn_has_gradient(const struct nn *nn);

/* This thread's share of a whole; which is all of it when the worker is one thread. */
struct share nn_share(const struct nn *nn, int whole);
/* Zero this thread's rows of (rows, columns) numbers. */
void nn_zero(const struct nn *nn, float *x, int rows, int columns);
/* Wait for the worker's other threads, and book the time. */
void nn_wait(struct nn *nn);

/* Run a product and book it.  NULL: a share of nothing. */
void nn_product(struct nn *nn, enum profile_kind kind, struct dnn_matmul *matmul, const void *src,
                const void *wei, void *dst);

/* This thread's scratch, when all its primitives are made. */
void nn_scratch_alloc(struct nn *nn, struct arena *arena);
/* Allocate `count` activations of the worker's storage type. */
void *nn_alloc(const struct nn *nn, struct arena *arena, size_t count);

/* Where row `row` of a (rows, columns) matrix of a type begins. */
static inline void *nn_row(const void *matrix, int row, int columns, enum dnn_type type)
{
    return (char *)matrix + (size_t)row * (size_t)columns * dnn_type_bytes(type);
}

/* Floats of this thread alone, of those of all the worker's threads. */
float *nn_room(const struct nn *nn, struct arena *arena, size_t floats);
/* Room for masks of so many columns: this thread's, of those of all the worker's threads. */
float *nn_mask_alloc(const struct nn *nn, struct arena *arena, int columns);

/* a * b * c as a size; SIZE_MAX when it does not fit, which no arena gives. */
size_t nn_count(int a, int b, int c);

#endif
