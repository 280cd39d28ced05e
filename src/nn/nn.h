/* nn.h - what every layer needs from the worker thread that runs it, and where its time goes.
 *
 * Layers come in three parts: a plan (the primitives for one shape; a worker's own), weights
 * (packed once per step, read by all workers) and what forward keeps for backward (a worker's
 * own).  Weight gradients accumulate into the worker's `diff`. */
#ifndef GLU_NN_NN_H
#define GLU_NN_NN_H

#include "src/nn/dnn.h"
#include "src/nn/dropout.h"
#include "src/nn/kernels.h"
#include "src/util/clock.h"

#include <stdint.h>

enum profile_kind {
    PROFILE_PROJECTION, /* q, k, v, o */
    PROFILE_ATTENTION,  /* scores and values */
    PROFILE_FFN,
    PROFILE_LOGITS,
    PROFILE_GATE,
    PROFILE_NORM,
    PROFILE_SOFTMAX,
    PROFILE_LOSS,
    PROFILE_EMBEDDING,
    PROFILE_OPTIMIZER, /* sum of the workers' gradients, update */
    PROFILE_PACK,      /* weights to the storage type and the library's layout */
    PROFILE_WAIT,      /* for the other workers */
    PROFILE_KINDS
};

struct profile_row {
    double s;     /* of all workers together */
    double flops; /* of matrix products */
    double bytes; /* read and written by memory-bound kernels */
};

/* "matrix products: feed-forward" and the like. */
const char *profile_name(enum profile_kind kind);

struct nn {
    struct dnn *dnn;
    const struct kernels *kernels;
    const struct typed_kernels *typed; /* kernels->type[type] */
    enum dnn_type type;                /* of activations */
    bool train;                        /* false: forward alone */
    float *diff;                       /* this worker's gradient of all parameters */
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

/* Run a product and book it. */
void nn_product(struct nn *nn, enum profile_kind kind, struct dnn_matmul *matmul, const void *src,
                const void *wei, void *dst);

/* Allocate `count` activations of the worker's storage type. */
void *nn_alloc(const struct nn *nn, struct arena *arena, size_t count);

/* a * b * c as a size; SIZE_MAX when it does not fit, which no arena gives. */
size_t nn_count(int a, int b, int c);

#endif
