/* adafactor.c - see adafactor.h. */
#include "src/glu.h"

#include "src/nn/adafactor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_ELEMENTS = 1 << 15 };

static const float epsilon1 = 1e-30f;
static const double epsilon2 = 1e-3, clip_threshold = 1.0, decay_exponent = 0.8;

struct tensor {
    struct adafactor_shape shape;
    bool factored;
    size_t state;      /* offset in the state: rows then columns when factored, else all elements */
    int first, blocks; /* its blocks */
    float *row_factor, *column_factor; /* of this step's update, when factored */
    double *row_sum;                   /* of squared gradients */
};

/* A run of whole rows when factored, of elements otherwise. */
struct block {
    int tensor;
    size_t start, count;   /* elements, from the tensor's first */
    float *column_sum;     /* (columns), when factored */
    double update_squares; /* sum of u^2 */
    double value_squares;  /* sum of w^2 */
};

struct adafactor {
    struct tensor *tensors;
    struct block *blocks;
    int tensor_count, block_count;
    float *state;
    size_t state_count;
};

static size_t elements(const struct adafactor_shape *shape)
{
    return (size_t)shape->rows * (size_t)shape->columns;
}

/* Elements of a block: whole rows of a factored matrix. */
static size_t block_elements(const struct tensor *tensor)
{
    size_t columns = (size_t)tensor->shape.columns, rows = BLOCK_ELEMENTS / columns;

    return tensor->factored ? columns * (rows ? rows : 1) : BLOCK_ELEMENTS;
}

static void tensor_prepare(struct adafactor *adafactor, struct tensor *tensor,
                           const struct adafactor_shape *shape, struct arena *arena)
{
    size_t count = elements(shape), piece;

    tensor->shape = *shape;
    tensor->factored = shape->rows >= ADAFACTOR_FACTORED_MINIMUM &&
                       shape->columns >= ADAFACTOR_FACTORED_MINIMUM;
    tensor->state = adafactor->state_count;
    adafactor->state_count +=
        tensor->factored ? (size_t)shape->rows + (size_t)shape->columns : count;
    piece = block_elements(tensor);
    tensor->first = adafactor->block_count;
    tensor->blocks = (int)((count + piece - 1) / piece);
    adafactor->block_count += tensor->blocks;
    if (tensor->factored) {
        tensor->row_factor = arena_alloc(arena, (size_t)shape->rows, sizeof(float));
        tensor->column_factor = arena_alloc(arena, (size_t)shape->columns, sizeof(float));
        tensor->row_sum = arena_alloc(arena, (size_t)shape->rows, sizeof(double));
    }
}

static void tensor_cut(struct adafactor *adafactor, int index, struct arena *arena)
{
    struct tensor *tensor = &adafactor->tensors[index];
    size_t count = elements(&tensor->shape), piece = block_elements(tensor);

    for (int i = 0; i < tensor->blocks; i++) {
        struct block *block = &adafactor->blocks[tensor->first + i];

        block->tensor = index;
        block->start = (size_t)i * piece;
        block->count = count - block->start < piece ? count - block->start : piece;
        if (tensor->factored)
            block->column_sum = arena_alloc(arena, (size_t)tensor->shape.columns, sizeof(float));
    }
}

int adafactor_create(struct adafactor **result, struct arena *arena,
                     const struct adafactor_shape *shapes, int count)
{
    struct adafactor *adafactor = calloc(1, sizeof *adafactor);

    *result = NULL;
    if (!adafactor)
        return err_set("out of memory");
    adafactor->tensors = calloc((size_t)count, sizeof *adafactor->tensors);
    if (!adafactor->tensors)
        goto fail;
    adafactor->tensor_count = count;
    for (int i = 0; i < count; i++)
        tensor_prepare(adafactor, &adafactor->tensors[i], &shapes[i], arena);
    adafactor->blocks = calloc((size_t)adafactor->block_count, sizeof *adafactor->blocks);
    if (!adafactor->blocks)
        goto fail;
    for (int i = 0; i < count; i++)
        tensor_cut(adafactor, i, arena);
    adafactor->state = arena_alloc(arena, adafactor->state_count, sizeof *adafactor->state);
    *result = adafactor;
    return 0;
fail:
    adafactor_destroy(adafactor);
    return err_set("out of memory");
}

void adafactor_destroy(struct adafactor *adafactor)
{
    if (!adafactor)
        return;
    free(adafactor->tensors);
    free(adafactor->blocks);
    free(adafactor);
}

float *adafactor_state(struct adafactor *adafactor, size_t *count)
{
    *count = adafactor->state_count;
    return adafactor->state;
}

static float beta2(int64_t t)
{
    return (float)(1.0 - pow((double)t, -decay_exponent));
}

static void sum_block(struct nn *nn, const struct adafactor_step *step, size_t offset, size_t count)
{
    for (int i = 1; i < step->workers; i++)
        nn->kernels->add((int64_t)count, step->gradients[i] + offset, step->gradients[0] + offset);
}

static void block_squares(struct adafactor *adafactor, struct nn *nn,
                          const struct adafactor_step *step, struct block *block)
{
    struct tensor *tensor = &adafactor->tensors[block->tensor];
    size_t offset = tensor->shape.offset + block->start;
    const float *g = step->gradients[0] + offset;

    sum_block(nn, step, offset, block->count);
    block->value_squares = nn->kernels->square_sum((int64_t)block->count, step->parameters + offset);
    if (tensor->factored) {
        size_t columns = (size_t)tensor->shape.columns;

        memset(block->column_sum, 0, columns * sizeof(float));
        nn->kernels->factor_sums((int64_t)(block->count / columns), (int64_t)columns, g, epsilon1,
                                 tensor->row_sum + block->start / columns, block->column_sum);
    } else {
        block->update_squares =
            nn->kernels->moment_update((int64_t)block->count, g, epsilon1, beta2(step->t),
                                       adafactor->state + tensor->state + block->start);
    }
}

/* Row and column means into the state, and from them the factors of this step's update:
 * u_ij = g_ij / sqrt(r_i c_j / mean(r)). */
static void tensor_factors(struct adafactor *adafactor, const struct tensor *tensor, int64_t t)
{
    int rows = tensor->shape.rows, columns = tensor->shape.columns;
    float *r = adafactor->state + tensor->state, *c = r + rows, decay = beta2(t);
    double mean = 0;

    for (int i = 0; i < rows; i++) {
        r[i] = decay * r[i] + (1 - decay) * (float)(tensor->row_sum[i] / columns);
        mean += r[i];
    }
    mean /= rows;
    for (int i = 0; i < rows; i++)
        tensor->row_factor[i] = (float)sqrt(mean / r[i]);
    for (int j = 0; j < columns; j++) {
        double sum = 0;

        for (int b = 0; b < tensor->blocks; b++)
            sum += adafactor->blocks[tensor->first + b].column_sum[j];
        c[j] = decay * c[j] + (1 - decay) * (float)(sum / rows);
        tensor->column_factor[j] = 1.0f / sqrtf(c[j]);
    }
}

static void block_update_squares(struct adafactor *adafactor, struct nn *nn,
                                 const struct adafactor_step *step, struct block *block)
{
    const struct tensor *tensor = &adafactor->tensors[block->tensor];
    size_t columns = (size_t)tensor->shape.columns, row = block->start / columns;

    block->update_squares = nn->kernels->factored_square_sum(
        (int64_t)(block->count / columns), (int64_t)columns,
        step->gradients[0] + tensor->shape.offset + block->start, tensor->row_factor + row,
        tensor->column_factor);
}

/* What a tensor's u is multiplied by. */
static float tensor_step(const struct adafactor *adafactor, const struct tensor *tensor,
                         double learning_rate)
{
    double updates = 0, values = 0, count = (double)elements(&tensor->shape), rms_update, rms_value;

    for (int b = 0; b < tensor->blocks; b++) {
        updates += adafactor->blocks[tensor->first + b].update_squares;
        values += adafactor->blocks[tensor->first + b].value_squares;
    }
    rms_update = sqrt(updates / count);
    rms_value = sqrt(values / count);
    return (float)(learning_rate * fmax(epsilon2, rms_value) /
                   fmax(1.0, rms_update / clip_threshold));
}

static void block_apply(struct adafactor *adafactor, struct nn *nn,
                        const struct adafactor_step *step, struct block *block)
{
    const struct tensor *tensor = &adafactor->tensors[block->tensor];
    size_t columns = (size_t)tensor->shape.columns, offset = tensor->shape.offset + block->start;
    float factor = tensor_step(adafactor, tensor, step->learning_rate);
    const float *g = step->gradients[0] + offset;
    float *value = step->parameters + offset;

    if (tensor->factored)
        nn->kernels->factored_apply((int64_t)(block->count / columns), (int64_t)columns, g,
                                    tensor->row_factor + block->start / columns,
                                    tensor->column_factor, factor, value);
    else
        nn->kernels->moment_apply((int64_t)block->count, g,
                                  adafactor->state + tensor->state + block->start, factor, value);
    if (step->plain)
        nn->typed->convert((int64_t)block->count, value,
                           (char *)step->plain + offset * dnn_type_bytes(nn->type));
}

/* Pointers and numbers come in pairs: of a tensor that is whole, and of one that is factored. */
static const struct phase {
    void (*block[2])(struct adafactor *adafactor, struct nn *nn, const struct adafactor_step *step,
                     struct block *block); /* NULL: nothing to do */
    void (*tensor)(struct adafactor *adafactor, const struct tensor *tensor, int64_t t); /* factored */
    bool sums;     /* reads the gradients of all workers; */
    int floats[2]; /* of each element, besides these, are read and written */
} phases[ADAFACTOR_PHASES] = {
    {.block = {block_squares, block_squares}, .sums = true, .floats = {4, 2}},
    {.tensor = tensor_factors},
    {.block = {NULL, block_update_squares}, .floats = {0, 1}},
    {.block = {block_apply, block_apply}, .floats = {4, 3}},
};

void adafactor_phase(struct adafactor *adafactor, struct nn *nn, const struct adafactor_step *step,
                     int phase, int worker)
{
    const struct phase *p = &phases[phase];
    double start = profile_now_s(), floats = 0;

    for (int i = worker; p->tensor && i < adafactor->tensor_count; i += step->workers)
        if (adafactor->tensors[i].factored)
            p->tensor(adafactor, &adafactor->tensors[i], step->t);
    for (int i = worker; i < adafactor->block_count; i += step->workers) {
        struct block *block = &adafactor->blocks[i];
        bool factored = adafactor->tensors[block->tensor].factored;

        if (!p->block[factored])
            continue;
        p->block[factored](adafactor, nn, step, block);
        floats += (double)block->count * (p->floats[factored] + (p->sums ? step->workers : 0));
    }
    nn_book(nn, PROFILE_OPTIMIZER, &start, 0, sizeof(float) * floats);
}

void adafactor_sum(struct adafactor *adafactor, struct nn *nn, const struct adafactor_step *step,
                   int worker)
{
    double start = profile_now_s();

    for (int i = worker; i < adafactor->block_count; i += step->workers) {
        const struct block *block = &adafactor->blocks[i];

        sum_block(nn, step, adafactor->tensors[block->tensor].shape.offset + block->start,
                  block->count);
    }
    nn_book(nn, PROFILE_OPTIMIZER, &start, 0, 0);
}
