/* batch.h - token ids of a few examples, ready for the model. */
#ifndef GLU_DATA_BATCH_H
#define GLU_DATA_BATCH_H

#include <stdint.h>

/* Token ids that every tokenizer shares (T5's). */
enum { TOKEN_PAD = 0, TOKEN_EOS = 1, TOKEN_UNK = 2 };

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
