/* attention.c - see attention.h. */
#include "src/glu.h"

#include "src/nn/attention.h"

#include <math.h>
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

/* ==== The layer ==== */

int attention_plan_create(struct attention_plan *plan, struct nn *nn,
                          const struct attention_shape *shape, const struct linear_plan *q,
                          const struct linear_plan *kv, const struct linear_plan *o)
{
    enum dnn_type type = nn->type;
    int queries = shape->queries, keys = shape->keys, d_kv = shape->d_kv;
    const struct {
        struct dnn_matmul **matmul;
        bool train;
        int m, n, k;
        enum dnn_layout src, wei, dst;
        enum dnn_type dst_type;
    } products[] = {
        {&plan->scores, false, queries, keys, d_kv, DNN_HEADS, DNN_HEADS_COLUMNS, DNN_ROWS, DNN_F32},
        {&plan->values, false, queries, d_kv, keys, DNN_ROWS, DNN_HEADS, DNN_HEADS, type},
        {&plan->diff_probabilities, true, queries, keys, d_kv, DNN_HEADS, DNN_HEADS_COLUMNS,
         DNN_ROWS, DNN_F32},
        {&plan->diff_q, true, queries, d_kv, keys, DNN_ROWS, DNN_HEADS, DNN_HEADS, type},
        {&plan->diff_k, true, keys, d_kv, queries, DNN_COLUMNS, DNN_HEADS, DNN_HEADS, type},
        {&plan->diff_v, true, keys, d_kv, queries, DNN_COLUMNS, DNN_HEADS, DNN_HEADS, type},
    };

    memset(plan, 0, sizeof *plan);
    plan->shape = *shape;
    plan->q = q;
    plan->kv = kv;
    plan->o = o;
    for (size_t i = 0; i < LENGTH_OF(products); i++) {
        struct dnn_matmul_spec spec = {.batch = shape->examples,
                                       .heads = shape->heads,
                                       .m = products[i].m,
                                       .n = products[i].n,
                                       .k = products[i].k,
                                       .src_layout = products[i].src,
                                       .wei_layout = products[i].wei,
                                       .dst_layout = products[i].dst,
                                       .src_type = type,
                                       .wei_type = type,
                                       .dst_type = products[i].dst_type};

        if (products[i].train && !nn->train)
            continue;
        if (dnn_matmul_create(products[i].matmul, nn->dnn, &spec)) {
            attention_plan_destroy(plan);
            return -1;
        }
    }
    return 0;
}

void attention_plan_destroy(struct attention_plan *plan)
{
    dnn_matmul_destroy(plan->scores);
    dnn_matmul_destroy(plan->values);
    dnn_matmul_destroy(plan->diff_probabilities);
    dnn_matmul_destroy(plan->diff_q);
    dnn_matmul_destroy(plan->diff_k);
    dnn_matmul_destroy(plan->diff_v);
    memset(plan, 0, sizeof *plan);
}

int attention_plan_list(const struct attention_plan *plan, const char *role,
                        struct primitives *primitives)
{
    const struct dnn_matmul *products[] = {plan->scores, plan->values, plan->diff_probabilities,
                                           plan->diff_q, plan->diff_k, plan->diff_v};
    static const char *const names[] = {"scores", "values", "diff_probabilities",
                                        "diff_q", "diff_k", "diff_v"};

    for (size_t i = 0; i < LENGTH_OF(products); i++)
        if (products[i] &&
            primitives_add(primitives, dnn_matmul_implementation(products[i]), role, names[i]))
            return -1;
    return 0;
}

void attention_saved_alloc(struct attention_saved *saved, const struct nn *nn, struct arena *arena,
                           const struct attention_shape *shape)
{
    int inner = shape->heads * shape->d_kv;
    size_t queries = nn_count(shape->examples, shape->queries, inner);
    size_t keys = nn_count(shape->examples, shape->keys, inner);

    saved->q = nn_alloc(nn, arena, queries);
    saved->k = nn_alloc(nn, arena, keys);
    saved->v = nn_alloc(nn, arena, keys);
    saved->mixed = nn_alloc(nn, arena, queries);
    saved->probabilities =
        nn_alloc(nn, arena,
                 nn_count(shape->examples * shape->heads, shape->queries, shape->keys));
}

void attention_scratch_alloc(struct attention_scratch *scratch, const struct nn *nn,
                             struct arena *arena, int examples, int heads, int d_kv, int length,
                             size_t scores_per_head)
{
    size_t scores = scores_per_head > SIZE_MAX / 64 / (size_t)(examples * heads)
                        ? SIZE_MAX
                        : scores_per_head * (size_t)(examples * heads);
    size_t rows = nn_count(examples, length, heads * d_kv);

    memset(scratch, 0, sizeof *scratch);
    scratch->scores = arena_alloc(arena, scores, sizeof *scratch->scores);
    if (!nn->train)
        return;
    /* In f32 the gradient of the scores takes the place of the probabilities' one. */
    scratch->diff_scores = nn->type == DNN_F32 ? scratch->scores : nn_alloc(nn, arena, scores);
    scratch->diff_mixed = nn_alloc(nn, arena, rows);
    scratch->diff_q = nn_alloc(nn, arena, rows);
    scratch->diff_k = nn_alloc(nn, arena, rows);
    scratch->diff_v = nn_alloc(nn, arena, rows);
}

/* Bytes of the softmax passes: f32 on one side, the storage type on the other. */
static double softmax_bytes(const struct nn *nn, const struct attention_shape *shape, int typed)
{
    double cells = (double)shape->examples * shape->heads * shape->queries * shape->keys;

    return cells * (4 + typed * (double)dnn_type_bytes(nn->type));
}

static int keys_used(const struct attention_shape *shape, const struct attention_memory *memory,
                     int example)
{
    return memory->used ? memory->used[example] : shape->keys;
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

void attention_forward(struct nn *nn, const struct attention_plan *plan,
                       const struct attention_weights *weights, const void *src,
                       const struct attention_memory *memory, const struct position_bias *bias,
                       struct attention_saved *saved, const struct attention_scratch *scratch,
                       float *dst)
{
    const struct attention_shape *shape = &plan->shape;
    size_t cells = (size_t)shape->queries * (size_t)shape->keys;
    size_t bytes = dnn_type_bytes(nn->type);
    double start;

    linear_forward(nn, plan->q, &weights->q, src, saved->q);
    linear_forward(nn, plan->kv, &weights->k, memory->src, saved->k);
    linear_forward(nn, plan->kv, &weights->v, memory->src, saved->v);
    drop_values(nn, shape, memory->site, saved->v);
    nn_product(nn, PROFILE_ATTENTION, plan->scores, saved->q, saved->k, scratch->scores);
    start = clock_now_s();
    for (int i = 0; i < shape->examples * shape->heads; i++) {
        int head = i % shape->heads;

        nn->typed->softmax_forward(shape->queries, shape->keys,
                                   keys_used(shape, memory, i / shape->heads), shape->causal,
                                   scratch->scores + (size_t)i * cells,
                                   bias ? bias->line + head * bias->pitch + bias->zero : NULL,
                                   (char *)saved->probabilities + (size_t)i * cells * bytes);
    }
    nn_book(nn, PROFILE_SOFTMAX, &start, 0, softmax_bytes(nn, shape, 1));
    nn_product(nn, PROFILE_ATTENTION, plan->values, saved->probabilities, saved->v, saved->mixed);
    linear_forward(nn, plan->o, &weights->o, saved->mixed, dst);
}

void attention_backward(struct nn *nn, const struct attention_plan *plan,
                        const struct attention_weights *weights, const void *src,
                        const struct attention_memory *memory, struct position_bias *bias,
                        const struct attention_saved *saved,
                        const struct attention_scratch *scratch, const void *diff_dst,
                        float *diff_src, float *diff_memory)
{
    const struct attention_shape *shape = &plan->shape;
    size_t cells = (size_t)shape->queries * (size_t)shape->keys;
    size_t bytes = dnn_type_bytes(nn->type);
    double start;

    linear_weights(nn, plan->o, &weights->o, saved->mixed, diff_dst);
    linear_backward(nn, plan->o, &weights->o, diff_dst, scratch->diff_mixed);
    nn_product(nn, PROFILE_ATTENTION, plan->diff_v, saved->probabilities, scratch->diff_mixed,
               scratch->diff_v);
    nn_product(nn, PROFILE_ATTENTION, plan->diff_probabilities, scratch->diff_mixed, saved->v,
               scratch->scores);
    start = clock_now_s();
    for (int i = 0; i < shape->examples * shape->heads; i++) {
        int head = i % shape->heads;
        size_t at = (size_t)i * cells;

        nn->typed->softmax_backward(shape->queries, shape->keys,
                                    keys_used(shape, memory, i / shape->heads), shape->causal,
                                    (const char *)saved->probabilities + at * bytes,
                                    scratch->scores + at, (char *)scratch->diff_scores + at * bytes,
                                    bias ? bias->diff + head * bias->pitch + bias->zero : NULL);
    }
    nn_book(nn, PROFILE_SOFTMAX, &start, 0, softmax_bytes(nn, shape, 2));
    nn_product(nn, PROFILE_ATTENTION, plan->diff_q, scratch->diff_scores, saved->k,
               scratch->diff_q);
    nn_product(nn, PROFILE_ATTENTION, plan->diff_k, scratch->diff_scores, saved->q,
               scratch->diff_k);
    linear_weights(nn, plan->q, &weights->q, src, scratch->diff_q);
    drop_values(nn, shape, memory->site, scratch->diff_v);
    linear_weights(nn, plan->kv, &weights->k, memory->src, scratch->diff_k);
    linear_weights(nn, plan->kv, &weights->v, memory->src, scratch->diff_v);
    linear_backward(nn, plan->q, &weights->q, scratch->diff_q, diff_src);
    linear_backward(nn, plan->kv, &weights->k, scratch->diff_k, diff_memory);
    linear_backward(nn, plan->kv, &weights->v, scratch->diff_v, diff_memory);
}
