/* nn.c - see nn.h. */
#include "src/glu.h"

#include "src/nn/nn.h"

#include "src/util/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *profile_name(enum profile_kind kind)
{
    static const char *const names[PROFILE_KINDS] = {
        [PROFILE_PROJECTION] = "products: attention projections",
        [PROFILE_ATTENTION] = "products: attention scores and values",
        [PROFILE_HEADS] = "products: attention scores, softmax and values",
        [PROFILE_FFN] = "products: feed-forward",
        [PROFILE_LOGITS] = "products: logits",
        [PROFILE_GATE] = "activations and gates",
        [PROFILE_NORM] = "norms and residuals",
        [PROFILE_SOFTMAX] = "softmax, bias, mask and rotation",
        [PROFILE_LOSS] = "cross-entropy",
        [PROFILE_EMBEDDING] = "embedding",
        [PROFILE_OPTIMIZER] = "gradient sum and optimizer",
        [PROFILE_PACK] = "weights to layout and precision",
        [PROFILE_WAIT] = "waiting for other workers",
    };

    return names[kind];
}

void nn_book(struct nn *nn, enum profile_kind kind, double *start_s, double flops, double bytes)
{
    double now = clock_now_s();

    nn->profile[kind].s += now - *start_s;
    nn->profile[kind].flops += flops;
    nn->profile[kind].bytes += bytes;
    nn->profile[kind].calls++;
    *start_s = now;
}

void nn_book_exponentials(struct nn *nn, enum profile_kind kind, double count)
{
    nn->profile[kind].exponentials += count;
}

bool nn_has_tiles(const struct nn *nn)
{
    return nn->type == DNN_BF16 && dnn_has_tiles();
}

bool nn_has_gradient(const struct nn *nn)
{
    return nn->train && nn->typed->gradient && !nn_has_tiles(nn);
}

struct share nn_share(const struct nn *nn, int whole)
{
    return nn->crew ? crew_share(whole, nn->member, nn->crew->size) : (struct share){0, whole};
}

void nn_zero(const struct nn *nn, float *x, int rows, int columns)
{
    struct share own = nn_share(nn, rows);

    memset(x + nn_count(own.first, columns, 1), 0, nn_count(own.count, columns, 1) * sizeof *x);
}

void nn_wait(struct nn *nn)
{
    double start;

    if (!nn->crew || nn->crew->size == 1)
        return;
    start = clock_now_s();
    crew_wait(nn->crew);
    nn_book(nn, PROFILE_WAIT, &start, 0, 0);
}

void nn_product(struct nn *nn, enum profile_kind kind, struct dnn_matmul *matmul, const void *src,
                const void *wei, void *dst)
{
    double start = clock_now_s();

    if (!matmul)
        return;
    dnn_matmul_run(matmul, src, wei, dst);
    nn_book(nn, kind, &start, dnn_matmul_flops(matmul), dnn_matmul_bytes(matmul));
}

void nn_scratch_alloc(struct nn *nn, struct arena *arena)
{
    dnn_set_scratch(nn->dnn, arena_alloc(arena, dnn_scratch_bytes(nn->dnn), 1));
    nn->panels = nn_has_gradient(nn) ? arena_alloc(arena, GRADIENT_ROOM, sizeof *nn->panels) : NULL;
}

void *nn_alloc(const struct nn *nn, struct arena *arena, size_t count)
{
    return arena_alloc(arena, count, dnn_type_bytes(nn->type));
}

float *nn_room(const struct nn *nn, struct arena *arena, size_t floats)
{
    int threads = nn->crew ? nn->crew->size : 1;
    size_t all;
    float *room;

    if (size_multiply(floats, (size_t)threads, &all))
        all = SIZE_MAX;
    room = arena_alloc(arena, all, sizeof *room);
    return room ? room + floats * (size_t)nn->member : NULL;
}

float *nn_mask_alloc(const struct nn *nn, struct arena *arena, int columns)
{
    return nn_room(nn, arena, (size_t)columns);
}

size_t nn_count(int a, int b, int c)
{
    size_t product;

    if (__builtin_mul_overflow((size_t)a, (size_t)b, &product) ||
        __builtin_mul_overflow(product, (size_t)c, &product))
        return SIZE_MAX;
    return product;
}

int primitives_add(struct primitives *primitives, const char *implementation, const char *first,
                   const char *second)
{
    struct primitive *primitive, *list =
        list_grow(primitives->list, primitives->count, &primitives->room, sizeof *list);

    if (!list)
        return -1;
    primitives->list = list;
    primitive = &list[primitives->count++];
    snprintf(primitive->role, sizeof primitive->role, "%s %s", first, second);
    primitive->implementation = implementation;
    return 0;
}

void primitives_free(struct primitives *primitives)
{
    free(primitives->list);
    *primitives = (struct primitives){0};
}
