/* norm.c - see norm.h. */
#include "src/glu.h"

#include "src/nn/norm.h"

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
    double start = clock_now_s();
    double cells = (double)tokens * d_model;

    nn->typed->norm_forward(tokens, d_model, saved->src, parameters + norm->offset, norm->scale,
                            saved->dst, saved->rstd, next);
    nn_book(nn, PROFILE_NORM, &start, 0,
            cells * (4 + (next ? 4 : 0) + (double)dnn_type_bytes(nn->type)));
}

void norm_backward(struct nn *nn, const struct norm *norm, const float *parameters, int tokens,
                   int d_model, const struct norm_saved *saved, const float *diff_dst,
                   float *diff_src, void *diff_copy)
{
    double start = clock_now_s();
    double cells = (double)tokens * d_model;

    nn->typed->norm_backward(tokens, d_model, diff_dst, saved->src, parameters + norm->offset,
                             norm->scale, saved->rstd, diff_src, nn->diff + norm->offset,
                             diff_copy);
    nn_book(nn, PROFILE_NORM, &start, 0, cells * (16 + (diff_copy ? 2 : 0)));
}
