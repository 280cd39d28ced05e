/* optimizer.c - the table of optimizers, and what they share.  See optimizer.h. */
#include "src/glu.h"

#include "src/nn/optimizer.h"

#include <math.h>
#include <string.h>

static const struct optimizer_type *const types[] = {
    &optimizer_adafactor,
    &optimizer_adamw,
};

const struct optimizer_type *optimizer_type_at(int i)
{
    return i >= 0 && i < (int)LENGTH_OF(types) ? types[i] : NULL;
}

const struct optimizer_type *optimizer_type_find(const char *name)
{
    for (size_t i = 0; i < LENGTH_OF(types); i++)
        if (strcmp(types[i]->name, name) == 0)
            return types[i];
    return NULL;
}

/* ==== The norm of the gradient ==== */

/* Of the flat array, whose padding is 0; cut without regard to tensors or parts. */
enum { NORM_BLOCK_ELEMENTS = 1 << 15, NORM_PHASES = 2 };

static size_t norm_blocks(const struct optimizer *optimizer)
{
    return (optimizer->tensors->elements + NORM_BLOCK_ELEMENTS - 1) / NORM_BLOCK_ELEMENTS;
}

/* A part's blocks: their sums over the workers, if nobody has made them, and of their squares. */
static void norm_sums(struct optimizer *optimizer, struct nn *nn, int part)
{
    size_t elements = optimizer->tensors->elements, blocks = norm_blocks(optimizer);
    int floats = optimizer->sum ? optimizer->gradients + optimizer->gradients / 2 : 1;
    double start = clock_now_s(), summed = 0;

    for (size_t i = (size_t)part; i < blocks; i += (size_t)optimizer->parts) {
        size_t at = i * NORM_BLOCK_ELEMENTS;
        size_t count = elements - at < NORM_BLOCK_ELEMENTS ? elements - at : NORM_BLOCK_ELEMENTS;

        if (optimizer->sum)
            optimizer->sum(optimizer->context, nn, at, count);
        optimizer->squares[i] = nn->kernels->square_sum((int64_t)count, optimizer->gradient + at);
        summed += (double)count;
    }
    nn_book(nn, PROFILE_OPTIMIZER, &start, 0, sizeof(float) * floats * summed);
}

/* From the sums, in their order, to the factor; of a norm that is no number, 1. */
static void norm_limit(struct optimizer *optimizer)
{
    double squares = 0;

    for (size_t i = 0; i < norm_blocks(optimizer); i++)
        squares += optimizer->squares[i];
    optimizer->clip = (float)fmin(1, optimizer->options.clip_norm / sqrt(squares));
}

/* ==== Any optimizer ==== */

size_t optimizer_state_floats(const struct optimizer_type *type, const struct tensor *tensor)
{
    return tensor->frozen ? 0 : type->state_floats(tensor);
}

int optimizer_open(struct optimizer *optimizer, const struct optimizer_type *type,
                   const struct optimizer_options *options, const struct tensors *tensors, int parts,
                   struct arena *arena)
{
    *optimizer = (struct optimizer){
        .type = type, .options = *options, .tensors = tensors, .parts = parts, .clip = 1};
    for (int i = 0; i < tensors->count; i++)
        optimizer->state_count += optimizer_state_floats(type, &tensors->list[i]);
    optimizer->state = arena_alloc(arena, optimizer->state_count, sizeof *optimizer->state);
    if (options->clip_norm > 0)
        optimizer->squares = arena_alloc(arena, norm_blocks(optimizer), sizeof *optimizer->squares);
    return type->open(optimizer, arena);
}

void optimizer_close(struct optimizer *optimizer)
{
    if (optimizer->type)
        optimizer->type->close(optimizer);
    *optimizer = (struct optimizer){0};
}

static int norm_phases(const struct optimizer *optimizer)
{
    return optimizer->options.clip_norm > 0 ? NORM_PHASES : 0;
}

int optimizer_phases(const struct optimizer *optimizer)
{
    return norm_phases(optimizer) + optimizer->type->phases;
}

void optimizer_phase(struct optimizer *optimizer, struct nn *nn, const struct update *update, int phase,
                     int part)
{
    int before = norm_phases(optimizer);

    if (phase >= before)
        optimizer->type->phase(optimizer, nn, update, phase - before, part);
    else if (phase == 0)
        norm_sums(optimizer, nn, part);
    else if (part == 0)
        norm_limit(optimizer);
}

const float *optimizer_take(const struct optimizer *optimizer, struct nn *nn, size_t offset,
                            size_t count)
{
    float *gradient = optimizer->gradient + offset;

    if (optimizer->sum && norm_phases(optimizer) == 0)
        optimizer->sum(optimizer->context, nn, offset, count);
    if (optimizer->clip < 1)
        nn->kernels->type[DNN_F32].scale((int64_t)count, optimizer->clip, gradient);
    return gradient;
}

int optimizer_take_floats(const struct optimizer *optimizer)
{
    if (optimizer->sum && norm_phases(optimizer) == 0)
        return optimizer->gradients - 1 + optimizer->gradients / 2;
    return optimizer->clip < 1 ? 1 : 0;
}
