/* optimizer.h - from the summed gradient to the next values.  An optimizer is a row and a file.
 *
 * An update goes in phases.  All workers call each of them in order with a barrier between; work is
 * cut into blocks of fixed size, and sums over blocks go in a fixed order, so that the result does not
 * depend on the number of workers. */
#ifndef GLU_NN_OPTIMIZER_H
#define GLU_NN_OPTIMIZER_H

#include "src/nn/nn.h"
#include "src/nn/tensors.h"

/* One update. */
struct update {
    int64_t t; /* from 1 */
    double learning_rate;
};

struct optimizer {
    const struct optimizer_type *type;
    const struct tensors *tensors; /* borrowed, like all pointers to floats */
    int workers;
    float *parameters;
    const float *gradient; /* summed over workers and processes, or summed as it is taken */
    /* Where one process trains, the workers' gradients are summed piece by piece as the first phase
     * comes to them, and are in cache then: sums `count` elements from `offset` on.  NULL: they are
     * summed. */
    void (*sum)(void *context, struct nn *nn, size_t offset, size_t count);
    void *context;
    void *plain;  /* parameters in the storage type, to be kept up to date; NULL in f32 */
    float *state; /* (state_count): what is kept from update to update, tensor by tensor */
    size_t state_count;
    void *own; /* of the type */
};

struct optimizer_type {
    const char *name; /* "adafactor" */
    int phases;
    /* Numbers of state that a tensor has. */
    size_t (*state_floats)(const struct tensor *tensor);
    /* Set optimizer->own; buffers come from the arena, and with a measuring arena are only counted.
     * close() takes what open() has made, in either case. */
    int (*open)(struct optimizer *optimizer, struct arena *arena);
    void (*close)(struct optimizer *optimizer);
    /* A worker's part of a phase; `worker` counts to optimizer->workers. */
    void (*phase)(struct optimizer *optimizer, struct nn *nn, const struct update *update, int phase,
                  int worker);
};

/* The i-th of all optimizers, or NULL past the last; the first is the default. */
const struct optimizer_type *optimizer_type_at(int i);

/* An optimizer of zeroed state for all tensors; its arrays are set by the caller before the first
 * phase.  0 or -1; optimizer_close() in either case. */
int optimizer_open(struct optimizer *optimizer, const struct optimizer_type *type,
                   const struct tensors *tensors, int workers, struct arena *arena) GLU_MUST_USE;
/* A zeroed optimizer is fine. */
void optimizer_close(struct optimizer *optimizer);

/* `count` elements of the gradient from `offset` on.  The first phase takes each piece once through
 * this, before anything reads it; later phases read optimizer->gradient. */
const float *optimizer_take(const struct optimizer *optimizer, struct nn *nn, size_t offset,
                            size_t count);

/* The rows, by file. */
extern const struct optimizer_type optimizer_adafactor;

#endif
