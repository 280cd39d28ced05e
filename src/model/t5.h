/* t5.h - what t5.c, its training, and t5_decode.c share. */
#ifndef GLU_MODEL_T5_H
#define GLU_MODEL_T5_H

#include "src/model/architecture.h"
#include "src/model/block.h"
#include "src/nn/loss.h"

enum { ENCODER, DECODER, STACKS };

struct t5 {
    struct stack stack[STACKS];
    struct linear table; /* the shared embedding as softmax matrix */
};

struct t5_worker {
    struct stack_saved stack[STACKS];
    struct stack_scratch scratch;
    struct loss_scratch loss;
    int32_t *inputs, *decoder_inputs, *targets; /* (m, Ti), (m, To), (m, To) */
    int *inputs_used;                           /* (m) */
    float *diff_memory; /* gradient of the encoder's output, (m Ti, d_model) */
};

void t5_begin(struct model *model, struct worker *worker);
/* The slice's inputs through the encoder, for t5_memory(). */
void t5_encode(struct model *model, struct worker *worker, const struct slice *slice);
/* What cross-attention reads: the encoder's output. */
struct attention_memory t5_memory(const struct t5_worker *own);

extern const struct decoding t5_decoding;

#endif
