/* adafactor.c - Adafactor without momentum (Shazeer and Stern 2018, algorithms 4 and 5):
 *
 *     beta2_t = 1 - t^-0.8,  v_t = beta2_t v_{t-1} + (1 - beta2_t) (g^2 + 1e-30)
 *     u = g / sqrt(v_t),  u /= max(1, RMS(u)),  w -= lr max(1e-3, RMS(w)) u
 *
 * and of a scalar, which may begin at 0, w -= lr max(1, RMS(w)) u.  v is factored into row and column
 * means for matrices with both dimensions >= 128. */
#include "src/glu.h"

#include "src/nn/optimizer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_ELEMENTS = 1 << 15, FACTORED_MINIMUM = 128 };

static const float epsilon1 = 1e-30f;
static const double epsilon2 = 1e-3, epsilon2_scalar = 1, clip_threshold = 1.0, decay_exponent = 0.8;

/* What is kept of a tensor. */
struct moments {
    int rows, columns;
    size_t offset; /* of the tensor in the flat arrays */
    bool factored, scalar;
    size_t state;      /* offset in the state: rows then columns when factored, else all elements */
    int first, blocks; /* its blocks */
    float *row_factor, *column_factor; /* of this update, when factored */
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
    struct moments *tensors;
    struct block *blocks;
    int tensor_count, block_count;
};

static bool is_factored(const struct tensor *tensor)
{
    return tensor->rows >= FACTORED_MINIMUM && tensor->cols >= FACTORED_MINIMUM;
}

static size_t state_floats(const struct tensor *tensor)
{
    return is_factored(tensor) ? (size_t)tensor->rows + (size_t)tensor->cols
                               : tensor_elements(tensor);
}

static size_t elements(const struct moments *tensor)
{
    return (size_t)tensor->rows * (size_t)tensor->columns;
}

/* Elements of a block: whole rows of a factored matrix. */
static size_t block_elements(const struct moments *tensor)
{
    size_t columns = (size_t)tensor->columns, rows = BLOCK_ELEMENTS / columns;

    return tensor->factored ? columns * (rows ? rows : 1) : BLOCK_ELEMENTS;
}

static void tensor_prepare(struct adafactor *adafactor, struct moments *moments,
                           const struct tensor *tensor, size_t state, struct arena *arena)
{
    size_t piece;

    *moments = (struct moments){.rows = tensor->rows,
                                .columns = tensor->cols,
                                .offset = tensor->offset,
                                .factored = is_factored(tensor) && !tensor->frozen,
                                .scalar = tensor->scalar,
                                .state = state,
                                .first = adafactor->block_count};
    piece = block_elements(moments);
    moments->blocks = (int)((tensor_trained(tensor) + piece - 1) / piece);
    adafactor->block_count += moments->blocks;
    if (moments->factored) {
        moments->row_factor = arena_alloc(arena, (size_t)moments->rows, sizeof(float));
        moments->column_factor = arena_alloc(arena, (size_t)moments->columns, sizeof(float));
        moments->row_sum = arena_alloc(arena, (size_t)moments->rows, sizeof(double));
    }
}

static void tensor_cut(struct adafactor *adafactor, int index, struct arena *arena)
{
    struct moments *tensor = &adafactor->tensors[index];
    size_t count = elements(tensor), piece = block_elements(tensor);

    for (int i = 0; i < tensor->blocks; i++) {
        struct block *block = &adafactor->blocks[tensor->first + i];

        block->tensor = index;
        block->start = (size_t)i * piece;
        block->count = count - block->start < piece ? count - block->start : piece;
        if (tensor->factored)
            block->column_sum = arena_alloc(arena, (size_t)tensor->columns, sizeof(float));
    }
}

static void adafactor_close(struct optimizer *optimizer)
{
    struct adafactor *adafactor = optimizer->own;

    if (!adafactor)
        return;
    free(adafactor->tensors);
    free(adafactor->blocks);
    free(adafactor);
    optimizer->own = NULL;
}

static int adafactor_open(struct optimizer *optimizer, struct arena *arena)
{
    const struct tensors *tensors = optimizer->tensors;
    struct adafactor *adafactor = calloc(1, sizeof *adafactor);
    size_t state = 0;

    if (!adafactor)
        return err_set("out of memory");
    optimizer->own = adafactor;
    adafactor->tensor_count = tensors->count;
    adafactor->tensors = calloc((size_t)tensors->count, sizeof *adafactor->tensors);
    if (!adafactor->tensors)
        return err_set("out of memory");
    for (int i = 0; i < tensors->count; i++) {
        tensor_prepare(adafactor, &adafactor->tensors[i], &tensors->list[i], state, arena);
        state += optimizer_state_floats(optimizer->type, &tensors->list[i]);
    }
    adafactor->blocks = calloc((size_t)adafactor->block_count, sizeof *adafactor->blocks);
    if (!adafactor->blocks)
        return err_set("out of memory");
    for (int i = 0; i < tensors->count; i++)
        tensor_cut(adafactor, i, arena);
    return 0;
}

static float beta2(int64_t t)
{
    return (float)(1.0 - pow((double)t, -decay_exponent));
}

static void block_squares(struct optimizer *optimizer, struct nn *nn, const struct update *update,
                          struct block *block)
{
    const struct adafactor *adafactor = optimizer->own;
    const struct moments *tensor = &adafactor->tensors[block->tensor];
    size_t offset = tensor->offset + block->start;
    const float *g = optimizer_take(optimizer, nn, offset, block->count);

    block->value_squares =
        nn->kernels->square_sum((int64_t)block->count, optimizer->parameters + offset);
    if (tensor->factored) {
        size_t columns = (size_t)tensor->columns;

        memset(block->column_sum, 0, columns * sizeof(float));
        nn->kernels->factor_sums((int64_t)(block->count / columns), (int64_t)columns, g, epsilon1,
                                 tensor->row_sum + block->start / columns, block->column_sum);
    } else {
        block->update_squares =
            nn->kernels->moment_update((int64_t)block->count, g, epsilon1, beta2(update->t),
                                       optimizer->state + tensor->state + block->start);
    }
}

/* Row and column means into the state, and from them the factors of this step's update:
 * u_ij = g_ij / sqrt(r_i c_j / mean(r)). */
static void tensor_factors(struct optimizer *optimizer, const struct moments *tensor, int64_t t)
{
    const struct adafactor *adafactor = optimizer->own;
    int rows = tensor->rows, columns = tensor->columns;
    float *r = optimizer->state + tensor->state, *c = r + rows, decay = beta2(t);
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

static void block_update_squares(struct optimizer *optimizer, struct nn *nn,
                                 const struct update *update, struct block *block)
{
    const struct adafactor *adafactor = optimizer->own;
    const struct moments *tensor = &adafactor->tensors[block->tensor];
    size_t columns = (size_t)tensor->columns, row = block->start / columns;

    (void)update;
    block->update_squares = nn->kernels->factored_square_sum(
        (int64_t)(block->count / columns), (int64_t)columns,
        optimizer->gradient + tensor->offset + block->start, tensor->row_factor + row,
        tensor->column_factor);
}

/* What a tensor's u is multiplied by. */
static float tensor_step(const struct adafactor *adafactor, const struct moments *tensor,
                         double learning_rate)
{
    double updates = 0, values = 0, count = (double)elements(tensor), rms_update, rms_value;

    for (int b = 0; b < tensor->blocks; b++) {
        updates += adafactor->blocks[tensor->first + b].update_squares;
        values += adafactor->blocks[tensor->first + b].value_squares;
    }
    rms_update = sqrt(updates / count);
    rms_value = sqrt(values / count);
    return (float)(learning_rate * fmax(tensor->scalar ? epsilon2_scalar : epsilon2, rms_value) /
                   fmax(1.0, rms_update / clip_threshold));
}

static void block_apply(struct optimizer *optimizer, struct nn *nn, const struct update *update,
                        struct block *block)
{
    const struct adafactor *adafactor = optimizer->own;
    const struct moments *tensor = &adafactor->tensors[block->tensor];
    size_t columns = (size_t)tensor->columns, offset = tensor->offset + block->start;
    float factor = tensor_step(adafactor, tensor, update->learning_rate);
    const float *g = optimizer->gradient + offset;
    float *value = optimizer->parameters + offset;

    if (tensor->factored)
        nn->kernels->factored_apply((int64_t)(block->count / columns), (int64_t)columns, g,
                                    tensor->row_factor + block->start / columns,
                                    tensor->column_factor, factor, value);
    else
        nn->kernels->moment_apply((int64_t)block->count, g,
                                  optimizer->state + tensor->state + block->start, factor, value);
    if (optimizer->plain)
        nn->typed->convert((int64_t)block->count, value,
                           (char *)optimizer->plain + offset * dnn_type_bytes(nn->type));
}

/* Pointers and numbers come in pairs: of a tensor that is whole, and of one that is factored. */
static const struct phase {
    void (*block[2])(struct optimizer *optimizer, struct nn *nn, const struct update *update,
                     struct block *block); /* NULL: nothing to do */
    void (*tensor)(struct optimizer *optimizer, const struct moments *tensor, int64_t t); /* factored */
    int floats[2]; /* of each element that are read and written */
} phases[] = {
    {.block = {block_squares, block_squares}, .floats = {4, 2}},
    {.tensor = tensor_factors},
    {.block = {NULL, block_update_squares}, .floats = {0, 1}},
    {.block = {block_apply, block_apply}, .floats = {4, 3}},
};

static void adafactor_phase(struct optimizer *optimizer, struct nn *nn, const struct update *update,
                            int phase, int part)
{
    struct adafactor *adafactor = optimizer->own;
    const struct phase *p = &phases[phase];
    int taken = phase == 0 ? optimizer_take_floats(optimizer) : 0;
    double start = clock_now_s(), floats = 0;

    for (int i = part; p->tensor && i < adafactor->tensor_count; i += optimizer->parts)
        if (adafactor->tensors[i].factored)
            p->tensor(optimizer, &adafactor->tensors[i], update->t);
    for (int i = part; i < adafactor->block_count; i += optimizer->parts) {
        struct block *block = &adafactor->blocks[i];
        bool factored = adafactor->tensors[block->tensor].factored;

        if (!p->block[factored])
            continue;
        p->block[factored](optimizer, nn, update, block);
        floats += (double)block->count * (p->floats[factored] + taken);
    }
    nn_book(nn, PROFILE_OPTIMIZER, &start, 0, sizeof(float) * floats);
}

const struct optimizer_type optimizer_adafactor = {
    .name = "adafactor",
    .learning_rate = 0.02,
    .phases = (int)LENGTH_OF(phases),
    .state_floats = state_floats,
    .open = adafactor_open,
    .close = adafactor_close,
    .phase = adafactor_phase,
};
