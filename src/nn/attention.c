/* attention.c - see attention.h. */
#include "src/glu.h"

#include "src/nn/attention.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ==== Relative positions ==== */

int position_bucket(int distance, bool bidirectional)
{
    int buckets = POSITION_BUCKETS, bucket = 0, exact, far;

    if (bidirectional) {
        buckets /= 2;
        bucket = distance > 0 ? buckets : 0;
        distance = distance < 0 ? -distance : distance;
    } else {
        distance = distance < 0 ? -distance : 0;
    }
    exact = buckets / 2;
    if (distance < exact)
        return bucket + distance;
    /* f32 as in the code bases that made the published models: the edge of a bucket counts. */
    far = exact + (int)(logf((float)distance / (float)exact) /
                        logf((float)POSITION_MAX_DISTANCE / (float)exact) *
                        (float)(buckets - exact));
    return bucket + (far < buckets - 1 ? far : buckets - 1);
}

void position_bias_alloc(struct position_bias *bias, const struct nn *nn, struct arena *arena,
                         int heads, int queries, int keys, bool bidirectional, size_t offset)
{
    size_t count;

    memset(bias, 0, sizeof *bias);
    bias->heads = heads;
    bias->queries = queries;
    bias->keys = keys;
    bias->pitch = queries + keys - 1;
    bias->zero = queries - 1;
    bias->bidirectional = bidirectional;
    bias->offset = offset;
    count = nn_count(heads, bias->pitch, 1);
    bias->line = arena_alloc(arena, count, sizeof *bias->line);
    bias->diff = nn->train ? arena_alloc(arena, count, sizeof *bias->diff) : NULL;
    bias->bucket = arena_alloc(arena, (size_t)bias->pitch, sizeof *bias->bucket);
    if (bias->bucket)
        for (int i = 0; i < bias->pitch; i++)
            bias->bucket[i] = position_bucket(i - bias->zero, bidirectional);
}

void position_bias_load(struct position_bias *bias, const float *table)
{
    for (int h = 0; h < bias->heads; h++)
        for (int i = 0; i < bias->pitch; i++)
            bias->line[h * bias->pitch + i] = table[bias->bucket[i] * bias->heads + h];
    if (bias->diff)
        memset(bias->diff, 0, nn_count(bias->heads, bias->pitch, 1) * sizeof *bias->diff);
}

void position_bias_flush(const struct position_bias *bias, struct nn *nn)
{
    float *table = nn->diff + bias->offset;

    for (int h = 0; h < bias->heads; h++)
        for (int i = 0; i < bias->pitch; i++)
            table[bias->bucket[i] * bias->heads + h] += bias->diff[h * bias->pitch + i];
}

/* ==== Ranges of queries ==== */

enum { BLOCKS = 8, BLOCK_MIN = 16, BLOCK_MAX = 128 };

/* Few enough queries that little is computed above the diagonal, enough that the products are worth
 * their calls. */
int attention_block_choose(int length)
{
    int block = (length / BLOCKS + BLOCK_MIN - 1) / BLOCK_MIN * BLOCK_MIN;

    return block < BLOCK_MIN ? BLOCK_MIN : block > BLOCK_MAX ? BLOCK_MAX : block;
}

static int range_queries(const struct attention_shape *shape)
{
    return shape->block && shape->block < shape->queries ? shape->block : shape->queries;
}

int attention_ranges(const struct attention_shape *shape)
{
    int queries = range_queries(shape);

    return (shape->queries + queries - 1) / queries;
}

struct attention_range attention_range(const struct attention_shape *shape, int i)
{
    int queries = range_queries(shape), first = i * queries, left = shape->queries - first;
    struct attention_range range = {first, left < queries ? left : queries, shape->keys};

    if (queries < shape->queries)
        range.keys = first + range.queries;
    return range;
}

/* Scores of a range, of all heads and examples. */
static size_t range_cells(const struct attention_shape *shape, const struct attention_range *range)
{
    return nn_count(shape->examples * shape->heads, range->queries, range->keys);
}

/* ==== The layer ==== */

static int products_create(struct attention_products *made, struct nn *nn,
                           const struct attention_plan *plan, int i)
{
    const struct attention_shape *shape = &plan->shape;
    struct attention_range range = attention_range(shape, i);
    int queries = range.queries, keys = range.keys, d_kv = shape->d_kv;
    bool whole = attention_ranges(shape) == 1, add = i + 1 < attention_ranges(shape);
    enum dnn_type type = nn->type, diff = plan->rotary ? DNN_F32 : type;
    const struct {
        struct dnn_matmul **matmul;
        bool train;
        int m, n, k;
        enum dnn_layout src, wei, dst;
        enum dnn_type dst_type;
        bool accumulate;
    } products[] = {
        {&made->scores, false, queries, keys, d_kv, DNN_HEADS, DNN_HEADS_COLUMNS, DNN_ROWS, DNN_F32,
         false},
        {&made->values, false, queries, d_kv, keys, DNN_ROWS, DNN_HEADS, DNN_HEADS, type, false},
        {&made->diff_probabilities, true, queries, keys, d_kv, DNN_HEADS, DNN_HEADS_COLUMNS,
         DNN_ROWS, DNN_F32, false},
        {&made->diff_q, true, queries, d_kv, keys, DNN_ROWS, DNN_HEADS, DNN_HEADS, diff, false},
        {&made->diff_k, true, keys, d_kv, queries, DNN_COLUMNS, DNN_HEADS, DNN_HEADS, diff, add},
        {&made->diff_v, true, keys, d_kv, queries, DNN_COLUMNS, DNN_HEADS, DNN_HEADS, diff, add},
    };

    for (size_t p = 0; p < LENGTH_OF(products); p++) {
        struct dnn_matmul_spec spec = {.batch = shape->examples,
                                       .heads = shape->heads,
                                       .m = products[p].m,
                                       .n = products[p].n,
                                       .k = products[p].k,
                                       .src_layout = products[p].src,
                                       .wei_layout = products[p].wei,
                                       .dst_layout = products[p].dst,
                                       .src_type = type,
                                       .wei_type = type,
                                       .dst_type = products[p].dst_type,
                                       .accumulate = products[p].accumulate,
                                       .length = whole ? 0 : shape->queries};

        if ((!products[p].train || nn->train) &&
            dnn_matmul_create(products[p].matmul, nn->dnn, &spec))
            return -1;
    }
    return 0;
}

int attention_plan_create(struct attention_plan *plan, struct nn *nn,
                          const struct attention_shape *shape, const struct linear_plan *q,
                          const struct linear_plan *kv, const struct linear_plan *o,
                          const struct rotary *rotary)
{
    int ranges = attention_ranges(shape);

    assert(attention_ranges(shape) == 1 || (shape->causal && shape->queries == shape->keys && rotary));
    *plan = (struct attention_plan){.shape = *shape, .q = q, .kv = kv, .o = o, .rotary = rotary};
    plan->products = calloc((size_t)ranges, sizeof *plan->products);
    if (!plan->products)
        return err_set("out of memory");
    for (int i = 0; i < ranges; i++)
        if (products_create(&plan->products[i], nn, plan, i)) {
            attention_plan_destroy(plan);
            return -1;
        }
    return 0;
}

void attention_plan_destroy(struct attention_plan *plan)
{
    for (int i = 0; plan->products && i < attention_ranges(&plan->shape); i++) {
        struct attention_products *products = &plan->products[i];

        dnn_matmul_destroy(products->scores);
        dnn_matmul_destroy(products->values);
        dnn_matmul_destroy(products->diff_probabilities);
        dnn_matmul_destroy(products->diff_q);
        dnn_matmul_destroy(products->diff_k);
        dnn_matmul_destroy(products->diff_v);
    }
    free(plan->products);
    memset(plan, 0, sizeof *plan);
}

int attention_plan_list(const struct attention_plan *plan, const char *role,
                        struct primitives *primitives)
{
    static const char *const names[] = {"scores", "values", "diff_probabilities",
                                        "diff_q", "diff_k", "diff_v"};

    for (int r = 0; r < attention_ranges(&plan->shape); r++) {
        const struct attention_products *p = &plan->products[r];
        const struct dnn_matmul *products[] = {p->scores, p->values, p->diff_probabilities,
                                               p->diff_q, p->diff_k, p->diff_v};

        for (size_t i = 0; i < LENGTH_OF(products); i++)
            if (products[i] && primitives_add(primitives, dnn_matmul_implementation(products[i]),
                                              role, names[i]))
                return -1;
    }
    return 0;
}

void attention_saved_alloc(struct attention_saved *saved, const struct nn *nn, struct arena *arena,
                           const struct attention_shape *shape)
{
    int inner = shape->heads * shape->d_kv;
    size_t queries = nn_count(shape->examples, shape->queries, inner);
    size_t keys = nn_count(shape->examples, shape->keys, inner), cells = 0;

    saved->q = nn_alloc(nn, arena, queries);
    saved->k = nn_alloc(nn, arena, keys);
    saved->v = nn_alloc(nn, arena, keys);
    saved->mixed = nn_alloc(nn, arena, queries);
    for (int i = 0; i < attention_ranges(shape); i++) {
        struct attention_range range = attention_range(shape, i);
        size_t more = range_cells(shape, &range);

        cells = more > SIZE_MAX - cells ? SIZE_MAX : cells + more;
    }
    saved->probabilities = nn_alloc(nn, arena, cells);
}

void attention_scratch_alloc(struct attention_scratch *scratch, const struct nn *nn,
                             struct arena *arena, const struct attention_shape *longest, bool rotary)
{
    size_t scores = nn_count(longest->examples * longest->heads, range_queries(longest),
                             longest->keys);
    size_t rows = nn_count(longest->examples, longest->queries, longest->heads * longest->d_kv);
    bool f32 = nn->type == DNN_F32;

    memset(scratch, 0, sizeof *scratch);
    scratch->scores = arena_alloc(arena, scores, sizeof *scratch->scores);
    if (!nn->train)
        return;
    /* In f32 the gradient of the scores takes the place of the probabilities' one. */
    scratch->diff_scores = f32 ? scratch->scores : nn_alloc(nn, arena, scores);
    scratch->diff_mixed = nn_alloc(nn, arena, rows);
    scratch->diff_q = nn_alloc(nn, arena, rows);
    scratch->diff_k = nn_alloc(nn, arena, rows);
    scratch->diff_v = nn_alloc(nn, arena, rows);
    if (!rotary)
        return;
    scratch->sum_q = f32 ? scratch->diff_q : arena_alloc(arena, rows, sizeof(float));
    scratch->sum_k = f32 ? scratch->diff_k : arena_alloc(arena, rows, sizeof(float));
    scratch->sum_v = f32 ? scratch->diff_v : arena_alloc(arena, rows, sizeof(float));
}

/* Bytes of the softmax passes: f32 on one side, the storage type on the other. */
static double softmax_bytes(const struct nn *nn, size_t cells, int typed)
{
    return (double)cells * (4 + typed * (double)dnn_type_bytes(nn->type));
}

static int keys_used(const struct attention_range *range, const struct attention_memory *memory,
                     int example)
{
    return memory->used && memory->used[example] < range->keys ? memory->used[example]
                                                               : range->keys;
}

/* Keys that the first query of a range sees; 0: all do that are used. */
static int first_sees(const struct attention_shape *shape, const struct attention_range *range)
{
    return shape->causal ? range->first + 1 : 0;
}

/* Dropout of the attention weights.  A mask is one for all queries, and so P' V = P (mask V): scaling
 * the values, forward, and their gradient, backward, is all there is to do. */
static void drop_values(struct nn *nn, const struct attention_shape *shape, enum dropout_site site,
                        void *values)
{
    int heads = shape->heads, d_kv = shape->d_kv;
    size_t row = (size_t)d_kv * dnn_type_bytes(nn->type);
    double start = clock_now_s();
    char *at = values;

    if (!nn->dropout.active)
        return;
    for (int i = 0; i < shape->examples; i++) {
        dropout_mask(&nn->dropout, site, i, shape->keys * heads, nn->dropout.mask);
        for (int j = 0; j < shape->keys * heads; j++, at += row)
            nn->typed->scale(d_kv, nn->dropout.mask[j], at);
    }
    nn_book(nn, PROFILE_SOFTMAX, &start, 0, 0);
}

/* Where the rows of a range begin in a matrix of all queries. */
static size_t row_bytes(const struct nn *nn, const struct attention_shape *shape,
                        const struct attention_range *range)
{
    return nn_count(range->first, shape->heads, shape->d_kv) * dnn_type_bytes(nn->type);
}

static void range_forward(struct nn *nn, const struct attention_plan *plan, int r,
                          const struct attention_memory *memory, const struct position_bias *bias,
                          const struct attention_saved *saved, char *probabilities,
                          const struct attention_scratch *scratch)
{
    const struct attention_shape *shape = &plan->shape;
    struct attention_range range = attention_range(shape, r);
    size_t cells = (size_t)range.queries * (size_t)range.keys;
    size_t bytes = dnn_type_bytes(nn->type), rows = row_bytes(nn, shape, &range);
    double start;

    nn_product(nn, PROFILE_ATTENTION, plan->products[r].scores, (char *)saved->q + rows, saved->k,
               scratch->scores);
    start = clock_now_s();
    for (int i = 0; i < shape->examples * shape->heads; i++) {
        int head = i % shape->heads;

        nn->typed->softmax_forward(range.queries, range.keys,
                                   keys_used(&range, memory, i / shape->heads),
                                   first_sees(shape, &range), scratch->scores + (size_t)i * cells,
                                   bias ? bias->line + head * bias->pitch + bias->zero : NULL,
                                   probabilities + (size_t)i * cells * bytes);
    }
    nn_book(nn, PROFILE_SOFTMAX, &start, 0, softmax_bytes(nn, range_cells(shape, &range), 1));
    nn_product(nn, PROFILE_ATTENTION, plan->products[r].values, probabilities, saved->v,
               (char *)saved->mixed + rows);
}

/* Of the scores: 1 / sqrt(d_kv), given to q as it turns. */
static float query_factor(const struct attention_shape *shape)
{
    return (float)(1.0 / sqrt(shape->d_kv));
}

void attention_forward(struct nn *nn, const struct attention_plan *plan,
                       const struct attention_weights *weights, const void *src,
                       const struct attention_memory *memory, const struct position_bias *bias,
                       struct attention_saved *saved, const struct attention_scratch *scratch,
                       float *dst)
{
    const struct attention_shape *shape = &plan->shape;
    char *probabilities = saved->probabilities;

    linear_forward(nn, plan->q, &weights->q, src, saved->q);
    linear_forward(nn, plan->kv, &weights->k, memory->src, saved->k);
    linear_forward(nn, plan->kv, &weights->v, memory->src, saved->v);
    if (plan->rotary) {
        rotary_forward(nn, plan->rotary, shape->examples, shape->heads, query_factor(shape), saved->q);
        rotary_forward(nn, plan->rotary, shape->examples, shape->heads, 1, saved->k);
    }
    drop_values(nn, shape, memory->site, saved->v);
    for (int r = 0; r < attention_ranges(shape); r++) {
        struct attention_range range = attention_range(shape, r);

        range_forward(nn, plan, r, memory, bias, saved, probabilities, scratch);
        probabilities += range_cells(shape, &range) * dnn_type_bytes(nn->type);
    }
    linear_forward(nn, plan->o, &weights->o, saved->mixed, dst);
}

/* Gradients of q (the range's own), k and v (the others' are there, or to be added). */
static void range_backward(struct nn *nn, const struct attention_plan *plan, int r,
                           const struct attention_memory *memory, struct position_bias *bias,
                           const struct attention_saved *saved, const char *probabilities,
                           const struct attention_scratch *scratch)
{
    const struct attention_shape *shape = &plan->shape;
    const struct attention_products *products = &plan->products[r];
    struct attention_range range = attention_range(shape, r);
    size_t cells = (size_t)range.queries * (size_t)range.keys;
    size_t bytes = dnn_type_bytes(nn->type), rows = row_bytes(nn, shape, &range);
    const char *diff_mixed = (char *)scratch->diff_mixed + rows;
    bool turned = plan->rotary != NULL;
    double start;

    nn_product(nn, PROFILE_ATTENTION, products->diff_v, probabilities, diff_mixed,
               turned ? (void *)scratch->sum_v : scratch->diff_v);
    nn_product(nn, PROFILE_ATTENTION, products->diff_probabilities, diff_mixed, saved->v,
               scratch->scores);
    start = clock_now_s();
    for (int i = 0; i < shape->examples * shape->heads; i++) {
        int head = i % shape->heads;
        size_t at = (size_t)i * cells;

        nn->typed->softmax_backward(range.queries, range.keys,
                                    keys_used(&range, memory, i / shape->heads),
                                    first_sees(shape, &range), probabilities + at * bytes,
                                    scratch->scores + at, (char *)scratch->diff_scores + at * bytes,
                                    bias ? bias->diff + head * bias->pitch + bias->zero : NULL);
    }
    nn_book(nn, PROFILE_SOFTMAX, &start, 0, softmax_bytes(nn, range_cells(shape, &range), 2));
    nn_product(nn, PROFILE_ATTENTION, products->diff_q, scratch->diff_scores, saved->k,
               turned ? (void *)(scratch->sum_q + rows / bytes) : (char *)scratch->diff_q + rows);
    nn_product(nn, PROFILE_ATTENTION, products->diff_k, scratch->diff_scores,
               (char *)saved->q + rows, turned ? (void *)scratch->sum_k : scratch->diff_k);
}

/* From the sums in f32 to gradients of what came before the turn. */
static void turn_back(struct nn *nn, const struct attention_plan *plan,
                      const struct attention_scratch *scratch)
{
    const struct attention_shape *shape = &plan->shape;
    int64_t count = (int64_t)shape->examples * shape->keys * shape->heads * shape->d_kv;
    double start;

    rotary_backward(nn, plan->rotary, shape->examples, shape->heads, query_factor(shape),
                    scratch->sum_q, scratch->diff_q);
    rotary_backward(nn, plan->rotary, shape->examples, shape->heads, 1, scratch->sum_k,
                    scratch->diff_k);
    if (scratch->diff_v == scratch->sum_v)
        return;
    start = clock_now_s();
    nn->typed->convert(count, scratch->sum_v, scratch->diff_v);
    nn_book(nn, PROFILE_SOFTMAX, &start, 0, (double)count * (4 + (double)dnn_type_bytes(nn->type)));
}

void attention_backward(struct nn *nn, const struct attention_plan *plan,
                        const struct attention_weights *weights, const void *src,
                        const struct attention_memory *memory, struct position_bias *bias,
                        const struct attention_saved *saved,
                        const struct attention_scratch *scratch, const void *diff_dst,
                        float *diff_src, float *diff_memory)
{
    const struct attention_shape *shape = &plan->shape;
    const char *probabilities = saved->probabilities;
    int ranges = attention_ranges(shape);

    linear_weights(nn, plan->o, &weights->o, saved->mixed, diff_dst);
    linear_backward(nn, plan->o, &weights->o, diff_dst, scratch->diff_mixed);
    for (int r = 0; r + 1 < ranges; r++) {
        struct attention_range range = attention_range(shape, r);

        probabilities += range_cells(shape, &range) * dnn_type_bytes(nn->type);
    }
    /* The last range has all keys: it sets what the others add to. */
    for (int r = ranges - 1; r >= 0; r--) {
        range_backward(nn, plan, r, memory, bias, saved, probabilities, scratch);
        if (r > 0) {
            struct attention_range before = attention_range(shape, r - 1);

            probabilities -= range_cells(shape, &before) * dnn_type_bytes(nn->type);
        }
    }
    if (plan->rotary)
        turn_back(nn, plan, scratch);
    linear_weights(nn, plan->q, &weights->q, src, scratch->diff_q);
    drop_values(nn, shape, memory->site, scratch->diff_v);
    linear_weights(nn, plan->kv, &weights->k, memory->src, scratch->diff_k);
    linear_weights(nn, plan->kv, &weights->v, memory->src, scratch->diff_v);
    linear_backward(nn, plan->q, &weights->q, scratch->diff_q, diff_src);
    linear_backward(nn, plan->kv, &weights->k, scratch->diff_k, diff_memory);
    linear_backward(nn, plan->kv, &weights->v, scratch->diff_v, diff_memory);
}
