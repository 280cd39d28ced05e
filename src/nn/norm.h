/* norm.h - RMSNorm with the residual sum around it:  dst = src rstd gain scale.  Of this thread's tokens. */
#ifndef GLU_NN_NORM_H
#define GLU_NN_NORM_H

#include "src/nn/nn.h"

struct norm {
    size_t offset; /* of the gain (d_model) in the parameter and gradient arrays */
    float scale;   /* 1, or d_model^-0.5 before the softmax matrix */
};

struct norm_saved {
    float *src;  /* (tokens, d_model), the residual stream before the norm */
    float *rstd; /* (tokens) */
    void *dst;   /* (tokens, d_model), storage type */
};

void norm_saved_alloc(struct norm_saved *saved, const struct nn *nn, struct arena *arena,
                      int tokens, int d_model);

/* Reads saved->src, fills saved->rstd and dst; next, when not NULL, receives a copy of src. */
void norm_forward(struct nn *nn, const struct norm *norm, const float *parameters, int tokens,
                  int d_model, struct norm_saved *saved, float *next);
/* diff_src += ; the gain's gradient goes to nn->diff.  diff_copy: diff_src in the storage type;
 * NULL when that is f32 already.  Waits for the worker's other threads. */
void norm_backward(struct nn *nn, const struct norm *norm, const float *parameters, int tokens,
                   int d_model, const struct norm_saved *saved, const float *diff_dst,
                   float *diff_src, void *diff_copy);

#endif
