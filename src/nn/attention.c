/* attention.c - see attention.h. */
#include "src/glu.h"

#include "src/nn/attention.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ==== Ranges of queries ==== */

enum { BLOCKS = 8, BLOCK_MIN = 32, BLOCK_MAX = 128 };

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

/* Examples that a product takes at once.  With several ranges the rows of an example that it takes do
 * not follow those of the one before, which the library's fast implementations ask for; nor do they where
 * a thread has some of the heads alone, of which oneDNN 3.7 makes something else. */
static int range_examples(const struct attention_shape *shape, int heads)
{
    return attention_ranges(shape) > 1 || heads < shape->heads ? 1 : shape->examples;
}

/* Scores of a range of so many examples, the heads of all threads. */
static size_t range_cells(const struct attention_shape *shape, const struct attention_range *range,
                          int examples)
{
    return nn_count(examples * shape->heads, range->queries, range->keys);
}

/* ==== The layer ==== */

static int products_create(struct attention_products *made, struct nn *nn,
                           const struct attention_plan *plan, int i)
{
    const struct attention_shape *shape = &plan->shape;
    struct attention_range range = attention_range(shape, i);
    int queries = range.queries, keys = range.keys, d_kv = shape->d_kv;
    bool add = i + 1 < attention_ranges(shape);
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
        struct dnn_matmul_spec spec = {.batch = range_examples(shape, plan->heads.count),
                                       .heads = plan->heads.count,
                                       .all_heads = shape->heads,
                                       .m = products[p].m,
                                       .n = products[p].n,
                                       .k = products[p].k,
                                       .src_layout = products[p].src,
                                       .wei_layout = products[p].wei,
                                       .dst_layout = products[p].dst,
                                       .src_type = type,
                                       .wei_type = type,
                                       .dst_type = products[p].dst_type,
                                       .accumulate = products[p].accumulate};

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

    assert(!shape->block || (shape->causal && shape->queries == shape->keys && rotary));
    *plan = (struct attention_plan){.shape = *shape, .q = q, .kv = kv, .o = o, .rotary = rotary,
                                    .heads = nn_share(nn, shape->heads)};
    if (attention_heads_exist(nn, shape))
        return 0;
    plan->products = calloc((size_t)ranges, sizeof *plan->products);
    if (!plan->products)
        return err_set("out of memory");
    for (int i = 0; plan->heads.count > 0 && i < ranges; i++)
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

    for (int r = 0; plan->products && r < attention_ranges(&plan->shape); r++) {
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
                           const struct attention_shape *shape, int lengths)
{
    int inner = shape->heads * shape->d_kv;
    size_t queries = nn_count(shape->examples, shape->queries, inner);
    size_t keys = nn_count(shape->examples, shape->keys, inner), cells = 0;

    saved->q = nn_alloc(nn, arena, queries);
    saved->k = nn_alloc(nn, arena, keys);
    saved->v = nn_alloc(nn, arena, keys);
    saved->mixed = nn_alloc(nn, arena, queries);
    if (attention_heads_exist(nn, shape)) {
        saved->probabilities = nn_alloc(nn, arena, attention_heads_kept(shape, lengths));
        return;
    }
    for (int i = 0; i < attention_ranges(shape); i++) {
        struct attention_range range = attention_range(shape, i);
        size_t more = range_cells(shape, &range, shape->examples);

        cells = more > SIZE_MAX - cells ? SIZE_MAX : cells + more;
    }
    saved->probabilities = nn_alloc(nn, arena, cells);
}

void attention_scratch_alloc(struct attention_scratch *scratch, const struct nn *nn,
                             struct arena *arena, const struct attention_shape *longest, bool rotary)
{
    size_t scores = nn_count(range_examples(longest, longest->heads) * longest->heads, range_queries(longest),
                             longest->keys);
    size_t rows = nn_count(longest->examples, longest->queries, longest->heads * longest->d_kv);
    bool f32 = nn->type == DNN_F32, heads = attention_heads_exist(nn, longest);

    memset(scratch, 0, sizeof *scratch);
    scratch->heads = nn_room(nn, arena, attention_heads_scratch(nn, longest));
    if (!heads)
        scratch->scores = arena_alloc(arena, scores, sizeof *scratch->scores);
    if (!nn->train)
        return;
    /* In f32 the gradient of the scores takes the place of the probabilities' one. */
    if (!heads)
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

/* Dropout of the attention weights, of this thread's keys.  A mask is one for all queries, and so P' V = P (mask V): scaling
 * the values, forward, and their gradient, backward, is all there is to do. */
static void drop_values(struct nn *nn, const struct attention_shape *shape, enum dropout_site site,
                        void *values)
{
    int heads = shape->heads, d_kv = shape->d_kv;
    struct share all = nn_share(nn, shape->examples * shape->keys);
    double start = clock_now_s();

    if (!nn->dropout.active)
        return;
    for (int i = 0; i < shape->examples; i++) {
        struct share rows = crew_share_of_example(all, i, shape->keys);

        if (rows.count == 0)
            continue;
        dropout_mask(&nn->dropout, site, i, shape->keys * heads, nn->dropout.mask);
        for (int j = rows.first * heads; j < (rows.first + rows.count) * heads; j++)
            nn->typed->scale(d_kv, nn->dropout.mask[j],
                             nn_row(values, i * shape->keys * heads + j, d_kv, nn->type));
    }
    nn_book(nn, PROFILE_SOFTMAX, &start, 0, 0);
}

/* A range of some examples, this thread's heads: where it is in what forward keeps. */
struct piece {
    struct attention_range range;
    int first, examples;
    size_t cells;         /* of one head's scores */
    size_t scores;        /* elements before its own in the scratch, where all ranges take the same place */
    size_t queries, keys; /* of the first example: elements before them in q and mixed, in k and v */
    size_t probabilities; /* elements before its own */
};

/* before: elements of the probabilities of the ranges before. */
static struct piece piece_of(const struct attention_plan *plan, int r, int first, size_t before)
{
    const struct attention_shape *shape = &plan->shape;
    struct piece piece = {.range = attention_range(shape, r),
                          .first = first,
                          .examples = range_examples(shape, plan->heads.count)};
    size_t row = nn_count(shape->heads, shape->d_kv, 1);
    size_t head = nn_count(plan->heads.first, shape->d_kv, 1);

    piece.cells = nn_count(piece.range.queries, piece.range.keys, 1);
    piece.scores = nn_count(plan->heads.first, range_queries(shape), shape->keys);
    piece.queries = (nn_count(first, shape->queries, 1) + (size_t)piece.range.first) * row + head;
    piece.keys = nn_count(first, shape->keys, 1) * row + head;
    piece.probabilities = before + range_cells(shape, &piece.range, first) +
                          (size_t)plan->heads.first * piece.cells;
    return piece;
}

/* Of the i-th of a piece's heads, counted over its examples: which it is, whose, and elements before it in
 * the scores from the piece's first on. */
struct piece_head {
    int head, example;
    size_t cells;
};

static int piece_heads(const struct attention_plan *plan, const struct piece *piece)
{
    return piece->examples * plan->heads.count;
}

static struct piece_head piece_head(const struct attention_plan *plan, const struct piece *piece, int i)
{
    int example = i / plan->heads.count, head = i % plan->heads.count;

    return (struct piece_head){plan->heads.first + head, piece->first + example,
                               nn_count(example, plan->shape.heads, 1) * piece->cells +
                                   (size_t)head * piece->cells};
}

static void *at(const struct nn *nn, void *x, size_t elements)
{
    return (char *)x + elements * dnn_type_bytes(nn->type);
}

static void piece_forward(struct nn *nn, const struct attention_plan *plan,
                          const struct attention_products *products, const struct piece *piece,
                          const struct attention_memory *memory, const struct position_bias *bias,
                          const struct attention_saved *saved,
                          const struct attention_scratch *scratch)
{
    const struct attention_shape *shape = &plan->shape;
    const struct attention_range *range = &piece->range;
    char *probabilities = at(nn, saved->probabilities, piece->probabilities);
    float *scores = scratch->scores + piece->scores;
    double start;

    nn_product(nn, PROFILE_ATTENTION, products->scores, at(nn, saved->q, piece->queries),
               at(nn, saved->k, piece->keys), scores);
    start = clock_now_s();
    for (int i = 0; i < piece_heads(plan, piece); i++) {
        struct piece_head own = piece_head(plan, piece, i);

        nn->typed->softmax_forward(range->queries, range->keys, keys_used(range, memory, own.example),
                                   shape->causal ? range->first : range->keys, scores + own.cells,
                                   bias ? bias->line + own.head * bias->pitch + bias->zero : NULL,
                                   at(nn, probabilities, own.cells));
    }
    nn_book(nn, PROFILE_SOFTMAX, &start, 0,
            softmax_bytes(nn, (size_t)piece_heads(plan, piece) * piece->cells, 1));
    nn_book_exponentials(nn, PROFILE_SOFTMAX, (double)piece_heads(plan, piece) * (double)piece->cells);
    nn_product(nn, PROFILE_ATTENTION, products->values, probabilities,
               at(nn, saved->v, piece->keys), at(nn, saved->mixed, piece->queries));
}

/* All ranges of all examples, this thread's heads. */
static void products_forward(struct nn *nn, const struct attention_plan *plan,
                             const struct attention_memory *memory, const struct position_bias *bias,
                             const struct attention_saved *saved,
                             const struct attention_scratch *scratch)
{
    const struct attention_shape *shape = &plan->shape;
    size_t before = 0;

    for (int r = 0; r < attention_ranges(shape); r++) {
        struct attention_range range = attention_range(shape, r);

        for (int i = 0; i < shape->examples; i += range_examples(shape, plan->heads.count)) {
            struct piece piece = piece_of(plan, r, i, before);

            piece_forward(nn, plan, &plan->products[r], &piece, memory, bias, saved, scratch);
        }
        before += range_cells(shape, &range, shape->examples);
    }
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

    linear_forward(nn, plan->q, &weights->q, src, saved->q);
    linear_forward(nn, plan->kv, &weights->k, memory->src, saved->k);
    linear_forward(nn, plan->kv, &weights->v, memory->src, saved->v);
    if (plan->rotary) {
        rotary_forward(nn, plan->rotary, shape->examples, shape->heads, query_factor(shape), saved->q);
        rotary_forward(nn, plan->rotary, shape->examples, shape->heads, 1, saved->k);
    }
    drop_values(nn, shape, memory->site, saved->v);
    nn_wait(nn); /* from here on by heads */
    if (plan->products)
        products_forward(nn, plan, memory, bias, saved, scratch);
    else
        attention_heads_forward(nn, shape, plan->heads, memory, bias, saved, scratch);
    nn_wait(nn);
    linear_forward(nn, plan->o, &weights->o, saved->mixed, dst);
}

/* Gradients of q (the range's own), k and v (those of later ranges are there, to be added to). */
static void piece_backward(struct nn *nn, const struct attention_plan *plan,
                           const struct attention_products *products, const struct piece *piece,
                           const struct attention_memory *memory, struct position_bias *bias,
                           const struct attention_saved *saved,
                           const struct attention_scratch *scratch)
{
    const struct attention_shape *shape = &plan->shape;
    const struct attention_range *range = &piece->range;
    char *probabilities = at(nn, saved->probabilities, piece->probabilities);
    char *diff_mixed = at(nn, scratch->diff_mixed, piece->queries);
    bool turned = plan->rotary != NULL;
    float *scores = scratch->scores + piece->scores;
    void *diff_scores = at(nn, scratch->diff_scores, piece->scores);
    double start;

    nn_product(nn, PROFILE_ATTENTION, products->diff_v, probabilities, diff_mixed,
               turned ? (void *)(scratch->sum_v + piece->keys)
                      : at(nn, scratch->diff_v, piece->keys));
    nn_product(nn, PROFILE_ATTENTION, products->diff_probabilities, diff_mixed,
               at(nn, saved->v, piece->keys), scores);
    start = clock_now_s();
    for (int i = 0; i < piece_heads(plan, piece); i++) {
        struct piece_head own = piece_head(plan, piece, i);

        nn->typed->softmax_backward(range->queries, range->keys, keys_used(range, memory, own.example),
                                    shape->causal && !shape->block, at(nn, probabilities, own.cells),
                                    scores + own.cells, at(nn, diff_scores, own.cells),
                                    bias ? bias->diff + own.head * bias->pitch + bias->zero : NULL);
    }
    nn_book(nn, PROFILE_SOFTMAX, &start, 0,
            softmax_bytes(nn, (size_t)piece_heads(plan, piece) * piece->cells, 2));
    nn_product(nn, PROFILE_ATTENTION, products->diff_q, diff_scores,
               at(nn, saved->k, piece->keys),
               turned ? (void *)(scratch->sum_q + piece->queries)
                      : at(nn, scratch->diff_q, piece->queries));
    nn_product(nn, PROFILE_ATTENTION, products->diff_k, diff_scores,
               at(nn, saved->q, piece->queries),
               turned ? (void *)(scratch->sum_k + piece->keys)
                      : at(nn, scratch->diff_k, piece->keys));
}

static void products_backward(struct nn *nn, const struct attention_plan *plan,
                              const struct attention_memory *memory, struct position_bias *bias,
                              const struct attention_saved *saved,
                              const struct attention_scratch *scratch)
{
    const struct attention_shape *shape = &plan->shape;
    size_t before = 0;

    for (int r = 0; r < attention_ranges(shape); r++) {
        struct attention_range range = attention_range(shape, r);

        before += range_cells(shape, &range, shape->examples);
    }
    /* The last range has all keys: it sets what the others add to. */
    for (int r = attention_ranges(shape) - 1; r >= 0; r--) {
        struct attention_range range = attention_range(shape, r);

        before -= range_cells(shape, &range, shape->examples);
        for (int i = 0; i < shape->examples; i += range_examples(shape, plan->heads.count)) {
            struct piece piece = piece_of(plan, r, i, before);

            piece_backward(nn, plan, &plan->products[r], &piece, memory, bias, saved, scratch);
        }
    }
}

/* From the sums in f32 to gradients of what came before the turn. */
static void turn_back(struct nn *nn, const struct attention_plan *plan,
                      const struct attention_scratch *scratch)
{
    const struct attention_shape *shape = &plan->shape;
    int inner = shape->heads * shape->d_kv;
    struct share rows = nn_share(nn, shape->examples * shape->keys);
    int64_t count = (int64_t)rows.count * inner;
    double start;

    rotary_backward(nn, plan->rotary, shape->examples, shape->heads, query_factor(shape),
                    scratch->sum_q, scratch->diff_q);
    rotary_backward(nn, plan->rotary, shape->examples, shape->heads, 1, scratch->sum_k,
                    scratch->diff_k);
    if (scratch->diff_v == scratch->sum_v)
        return;
    start = clock_now_s();
    nn->typed->convert(count, scratch->sum_v + nn_count(rows.first, inner, 1),
                       nn_row(scratch->diff_v, rows.first, inner, nn->type));
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

    nn_wait(nn);
    linear_weights(nn, plan->o, &weights->o, saved->mixed, diff_dst);
    linear_backward(nn, plan->o, &weights->o, diff_dst, scratch->diff_mixed);
    nn_wait(nn); /* from here on by heads */
    if (plan->products)
        products_backward(nn, plan, memory, bias, saved, scratch);
    else
        attention_heads_backward(nn, shape, plan->heads, memory, bias, saved, scratch);
    nn_wait(nn);
    if (plan->rotary)
        turn_back(nn, plan, scratch);
    drop_values(nn, shape, memory->site, scratch->diff_v);
    if (plan->rotary || nn->dropout.active)
        nn_wait(nn);
    linear_weights(nn, plan->q, &weights->q, src, scratch->diff_q);
    linear_weights(nn, plan->kv, &weights->k, memory->src, scratch->diff_k);
    linear_weights(nn, plan->kv, &weights->v, memory->src, scratch->diff_v);
    linear_backward(nn, plan->q, &weights->q, scratch->diff_q, diff_src);
    linear_backward(nn, plan->kv, &weights->k, scratch->diff_k, diff_memory);
    linear_backward(nn, plan->kv, &weights->v, scratch->diff_v, diff_memory);
}
