/* tensors.c - see tensors.h. */
#include "src/glu.h"

#include "src/nn/tensors.h"

#include "src/nn/kernels.h"
#include "src/util/list.h"
#include "src/util/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ALIGN_ELEMENTS = 32, /* 64 bytes in bf16 too */
    INIT_PIECE = 1024    /* elements of a tensor that a thread initialises at a time */
};

struct tensor *tensors_add(struct tensors *tensors, const char *name, int rows, int cols,
                           double init_stddev)
{
    struct tensor *tensor, *list =
        list_grow(tensors->list, tensors->count, &tensors->room, sizeof *list);

    if (!list)
        return NULL;
    tensors->list = list;
    tensor = &list[tensors->count++];
    *tensor = (struct tensor){.rows = rows, .cols = cols, .init_stddev = init_stddev, .start = 1,
                              .offset = tensors->elements};
    snprintf(tensor->name, sizeof tensor->name, "%s", name);
    tensors->elements +=
        (tensor_elements(tensor) + ALIGN_ELEMENTS - 1) / ALIGN_ELEMENTS * ALIGN_ELEMENTS;
    return tensor;
}

void tensors_free(struct tensors *tensors)
{
    free(tensors->list);
    *tensors = (struct tensors){0};
}

void tensors_bind(struct tensors *tensors, float *values, float *gradients)
{
    for (int i = 0; i < tensors->count; i++) {
        struct tensor *tensor = &tensors->list[i];

        tensor->value = values + tensor->offset;
        tensor->gradient = gradients ? gradients + tensor->offset : NULL;
    }
}

/* Elements from `first` on, up to a piece. */
static void init_piece(const struct tensor *tensor, const struct rng *rng, size_t first)
{
    size_t left = tensor_elements(tensor) - first, count = left < INIT_PIECE ? left : INIT_PIECE;
    float *value = tensor->value + first;

    if (tensor->init_stddev != 0)
        kernels_get()->normals(rng, first, (int64_t)count, tensor->init_stddev, value);
    else
        for (size_t i = 0; i < count; i++)
            value[i] = (float)tensor->start;
}

void tensors_init(struct tensors *tensors, uint64_t seed, int threads)
{
#pragma omp parallel num_threads(threads)
    for (int i = 0; i < tensors->count; i++) {
        const struct tensor *tensor = &tensors->list[i];
        size_t count = tensor_elements(tensor);
        struct rng rng;

        rng_start(&rng, seed, RNG_INIT, rng_lane(tensor->name));
#pragma omp for nowait
        for (size_t first = 0; first < count; first += INIT_PIECE)
            init_piece(tensor, &rng, first);
    }
}
