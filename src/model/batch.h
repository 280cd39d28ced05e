/* batch.h - token ids of a few examples, ready for the model. */
#ifndef GLU_MODEL_BATCH_H
#define GLU_MODEL_BATCH_H

#include "src/util/tokens.h"

#include <stdint.h>

struct batch {
    int examples, input_length, target_length;
    int32_t *inputs;  /* (examples, input_length) */
    int32_t *targets; /* (examples, target_length); the decoder's input is this shifted right */
};

/* A batch of pad tokens.  0, or -1 when there is no memory for it. */
int batch_create(struct batch **batch, int examples, int input_length, int target_length);
/* Frees a batch of batch_create(); NULL is fine. */
void batch_destroy(struct batch *batch);

#endif
