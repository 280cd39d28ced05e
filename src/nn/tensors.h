/* tensors.h - the parameters of a model: names and shapes in a table, values in flat arrays.
 *
 * A flat array holds all tensors one after the other, each at its offset, 64-byte aligned in f32 and in
 * bf16; there is one of values, one of gradients for each worker, and what an optimizer keeps. */
#ifndef GLU_NN_TENSORS_H
#define GLU_NN_TENSORS_H

#include "src/glu.h"

/* One parameter tensor.  Values and gradients are f32 (rows, cols) = (in, out); a vector has rows 1. */
struct tensor {
    char name[96]; /* Hugging Face's: "encoder.block.0.layer.1.DenseReluDense.wi_0.weight" */
    int rows, cols;
    bool transposed;    /* Hugging Face stores it (cols, rows): every matrix but the embeddings */
    bool vector;        /* one-dimensional there: the norms */
    bool scalar;        /* of one element, which is no norm's */
    bool ffn;           /* belongs to a feed-forward layer */
    bool frozen;        /* keeps its values: has neither gradient nor an optimizer's state */
    double init_stddev; /* of the initial normal distribution; 0: all are `start` */
    double start;       /* 1 unless it is set */
    size_t offset;      /* of its first element in the flat arrays */
    float *value;       /* (rows, cols); NULL until tensors_bind() */
    float *gradient;    /* (rows, cols), of the last gradient or step; NULL in a forward-only model */
};

/* Zeroed: an empty table. */
struct tensors {
    struct tensor *list; /* (count), in the order of their offsets */
    int count, room;
    size_t elements; /* of a flat array, padding included */
};

/* Append a tensor, which lasts until the next one is added.  NULL and a message without memory. */
struct tensor *tensors_add(struct tensors *tensors, const char *name, int rows, int cols,
                           double init_stddev);
void tensors_free(struct tensors *tensors);

/* Say where the values and gradients lie; gradients may be NULL. */
void tensors_bind(struct tensors *tensors, float *values, float *gradients);

/* Initial values from a seed.  A tensor's depend on the seed, its name and its shape alone, so that
 * variants share what they have in common; it is the same of any number of threads. */
void tensors_init(struct tensors *tensors, uint64_t seed, int threads);

static inline size_t tensor_elements(const struct tensor *tensor)
{
    return (size_t)tensor->rows * (size_t)tensor->cols;
}

/* Those that training changes. */
static inline size_t tensor_trained(const struct tensor *tensor)
{
    return tensor->frozen ? 0 : tensor_elements(tensor);
}

#endif
