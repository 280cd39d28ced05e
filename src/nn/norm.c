/* norm.c - see norm.h. */
#include "src/glu.h"

#include "src/nn/norm.h"

#include <string.h>

void norm_saved_alloc(struct norm_saved *saved, const struct nn *nn, struct arena *arena,
                      int tokens, int d_model)
{
    size_t count = nn_count(tokens, d_model, 1);

    saved->src = arena_alloc(arena, count, sizeof *saved->src);
    saved->rstd = arena_alloc(arena, (size_t)tokens, sizeof *saved->rstd);
    saved->dst = nn_alloc(nn, arena, count);
}

void norm_forward(struct nn *nn, const struct norm *norm, const float *parameters, int tokens,
                  int d_model, struct norm_saved *saved, float *next)
{
    struct share rows = nn_share(nn, tokens);
    size_t at = nn_count(rows.first, d_model, 1);
    double start = clock_now_s();
    double cells = (double)rows.count * d_model;

    nn->typed->norm_forward(rows.count, d_model, saved->src + at, parameters + norm->offset,
                            norm->scale, nn_row(saved->dst, rows.first, d_model, nn->type),
                            saved->rstd + rows.first, next ? next + at : NULL);
    nn_book(nn, PROFILE_NORM, &start, 0,
            cells * (4 + (next ? 4 : 0) + (double)dnn_type_bytes(nn->type)));
}

/* Where this thread adds up the gain's gradient: the first one in place, others aside. */
static float *gain_begin(struct nn *nn, const struct norm *norm, int d_model)
{
    float *gain;

    if (nn->member == 0)
        return nn->diff + norm->offset;
    gain = nn->crew->gains + nn_count(nn->member, d_model, 1);
    memset(gain, 0, (size_t)d_model * sizeof *gain);
    return gain;
}

/* Add what the others have: this thread's columns. */
static void gain_end(struct nn *nn, const struct norm *norm, int d_model)
{
    struct share columns = nn_share(nn, d_model);

    nn_wait(nn);
    for (int member = 1; nn->crew && member < nn->crew->size; member++)
        nn->kernels->add(columns.count,
                         nn->crew->gains + nn_count(member, d_model, 1) + columns.first,
                         nn->diff + norm->offset + columns.first);
}

void norm_backward(struct nn *nn, const struct norm *norm, const float *parameters, int tokens,
                   int d_model, const struct norm_saved *saved, const float *diff_dst,
                   float *diff_src, void *diff_copy)
{
    struct share rows = nn_share(nn, tokens);
    size_t at = nn_count(rows.first, d_model, 1);
    double start = clock_now_s();
    double cells = (double)rows.count * d_model;

    nn->typed->norm_backward(rows.count, d_model, diff_dst + at, saved->src + at,
                             parameters + norm->offset, norm->scale, saved->rstd + rows.first,
                             diff_src + at, gain_begin(nn, norm, d_model),
                             diff_copy ? nn_row(diff_copy, rows.first, d_model, nn->type) : NULL);
    nn_book(nn, PROFILE_NORM, &start, 0, cells * (16 + (diff_copy ? 2 : 0)));
    gain_end(nn, norm, d_model);
}
