/* attention_heads.c - see attention_heads.h. */
#include "src/glu.h"

#include "src/nn/attention_heads.h"

bool attention_heads_exist(const struct nn *nn, const struct attention_shape *shape)
{
    return nn->typed->attention_forward && attention_head_fits(shape->keys, shape->d_kv) &&
           !nn_has_tiles(nn);
}

static struct attention_head head_of(const struct attention_shape *shape)
{
    return (struct attention_head){.queries = shape->queries,
                                   .keys = shape->keys,
                                   .d = shape->d_kv,
                                   .pitch = shape->heads * shape->d_kv,
                                   .used = shape->keys,
                                   .causal = shape->causal,
                                   .block = shape->block};
}

size_t attention_heads_kept(const struct attention_shape *shape, int lengths)
{
    struct attention_head head = head_of(shape);
    int64_t heads = (int64_t)shape->examples * shape->heads;
    size_t most = 0, all;

    for (int i = 0; i < lengths; i++, heads *= 2, head.queries /= 2, head.keys /= 2) {
        if (size_multiply((size_t)heads, attention_head_kept(&head), &all))
            return SIZE_MAX;
        most = all > most ? all : most;
    }
    return most;
}

size_t attention_heads_scratch(const struct nn *nn, const struct attention_shape *longest)
{
    struct attention_head head = head_of(longest);

    if (!nn->typed->attention_scratch)
        return 0;
    head.keys = head.keys < ATTENTION_COLUMNS ? head.keys : ATTENTION_COLUMNS;
    return nn->typed->attention_scratch(&head);
}

/* A head of an example: elements before it in what forward keeps, in rows of queries and in rows of keys. */
struct place {
    size_t kept, queries, keys;
};

static struct place place_of(const struct attention_shape *shape, size_t kept, int example, int head)
{
    size_t row = nn_count(shape->heads, shape->d_kv, 1), first = nn_count(head, shape->d_kv, 1);

    return (struct place){((size_t)example * (size_t)shape->heads + (size_t)head) * kept,
                          nn_count(example, shape->queries, 1) * row + first,
                          nn_count(example, shape->keys, 1) * row + first};
}

static void *at(enum dnn_type type, void *x, size_t elements)
{
    return (char *)x + elements * dnn_type_bytes(type);
}

static struct attention_head example_head(const struct attention_shape *shape,
                                          const struct attention_memory *memory,
                                          const struct position_bias *bias, int example, int h)
{
    struct attention_head head = head_of(shape);

    if (memory->used && memory->used[example] < head.used)
        head.used = memory->used[example];
    if (bias)
        head.bias = bias->line + h * bias->pitch + bias->zero;
    return head;
}

/* Scores of so many heads of all examples. */
static double heads_cells(const struct attention_shape *shape, int heads)
{
    struct attention_head head = head_of(shape);
    struct attention_strip strip = {0};
    double cells = 0;

    while ((strip = attention_strip_next(&head, &strip)).queries > 0)
        cells += (double)strip.queries * strip.keys;
    return cells * heads * shape->examples;
}

void attention_heads_forward(struct nn *nn, const struct attention_shape *shape, struct share heads,
                             const struct attention_memory *memory, const struct position_bias *bias,
                             const struct attention_saved *saved,
                             const struct attention_scratch *scratch)
{
    struct attention_head whole = head_of(shape);
    size_t kept = attention_head_kept(&whole);
    double cells = heads_cells(shape, heads.count), start = clock_now_s();

    for (int i = 0; i < shape->examples; i++)
        for (int h = heads.first; h < heads.first + heads.count; h++) {
            struct attention_head head = example_head(shape, memory, bias, i, h);
            struct place place = place_of(shape, kept, i, h);

            nn->typed->attention_forward(
                &head, at(nn->type, saved->q, place.queries), at(nn->type, saved->k, place.keys),
                at(nn->type, saved->v, place.keys), at(nn->type, saved->probabilities, place.kept),
                at(nn->type, saved->mixed, place.queries), scratch->heads);
        }
    nn_book(nn, PROFILE_HEADS, &start, 2 * 2 * cells * shape->d_kv, 0);
    nn_book_exponentials(nn, PROFILE_HEADS, cells);
}

void attention_heads_backward(struct nn *nn, const struct attention_shape *shape, struct share heads,
                              const struct attention_memory *memory, struct position_bias *bias,
                              const struct attention_saved *saved,
                              const struct attention_scratch *scratch)
{
    struct attention_head whole = head_of(shape);
    size_t kept = attention_head_kept(&whole);
    bool wide = scratch->sum_q != NULL;
    enum dnn_type type = wide ? DNN_F32 : nn->type;
    void *diff_q = wide ? scratch->sum_q : scratch->diff_q;
    void *diff_k = wide ? scratch->sum_k : scratch->diff_k;
    void *diff_v = wide ? scratch->sum_v : scratch->diff_v;
    double start = clock_now_s();

    for (int i = 0; i < shape->examples; i++)
        for (int h = heads.first; h < heads.first + heads.count; h++) {
            struct attention_head head = example_head(shape, memory, bias, i, h);
            struct place place = place_of(shape, kept, i, h);

            nn->typed->attention_backward(
                &head, at(nn->type, saved->q, place.queries), at(nn->type, saved->k, place.keys),
                at(nn->type, saved->v, place.keys), at(nn->type, saved->probabilities, place.kept),
                at(nn->type, scratch->diff_mixed, place.queries), wide,
                at(type, diff_q, place.queries), at(type, diff_k, place.keys),
                at(type, diff_v, place.keys),
                bias ? bias->diff + h * bias->pitch + bias->zero : NULL, scratch->heads);
        }
    nn_book(nn, PROFILE_HEADS, &start, 2 * 4 * heads_cells(shape, heads.count) * shape->d_kv, 0);
}
