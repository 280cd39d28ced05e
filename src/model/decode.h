/* decode.h - a model's own answers: greedy decoding, and how likely given ones are.
 *
 * Keys and values of what went before are kept, so that a token costs a row of products and not a pass over
 * the whole.  A decoder takes a model's weights as they are packed for training: it stays valid while the model
 * is trained on.  Examples that are done make room for others. */
#ifndef GLU_MODEL_DECODE_H
#define GLU_MODEL_DECODE_H

#include "src/model/model.h"

struct decoder_options {
    int limit;    /* tokens of an output at most */
    int examples; /* of a call, about: more than these are not done at once */
    int slots;    /* examples that a worker does at once at most, made a multiple of the model's
                   * micro_batch; 0: chosen */
    bool endless; /* EOS is a token like others, every output has the limit's tokens: for measuring */
    bool anew;    /* keep nothing, but run the whole decoder anew for every token: what the other form is
                   * measured and tested against.  The limit is the model's target_length at most. */
};

struct decoder;

/* Does the model's architecture decode? */
bool decoder_exists(const struct model_options *options);
/* The model is borrowed, and outlives the decoder; one of them works at a time.  Room for everything is taken
 * here, and every primitive made.  0, or -1 and a message. */
int decoder_create(struct decoder **decoder, struct model *model, const struct decoder_options *options)
    GLU_MUST_USE;
void decoder_destroy(struct decoder *decoder);
/* Bytes that one of such a model takes, without making either.  0, or -1 and a message. */
int decoder_memory(const struct model_options *model, const struct decoder_options *options, size_t *bytes)
    GLU_MUST_USE;
/* Tokens of an output at most. */
int decoder_limit(const struct decoder *decoder);
/* Bytes that it took. */
size_t decoder_bytes(const struct decoder *decoder);

/* Outputs, (examples, limit), and what they were taken from. */
struct decoded {
    int32_t *tokens; /* up to EOS, that included where it came within the limit; pad behind */
    int *lengths;    /* (examples): tokens before EOS */
    float *margins;  /* (examples, limit): by how much a token's logit exceeds the next best one's; NULL:
                      * not asked */
};

/* Take the likeliest token, again and again, up to EOS or the limit.  Of the batch the inputs count alone, any
 * number of examples from 1 on.  Ties go to the smaller id.  With several processes all have the same batch, do
 * a share of it each and get all of its outputs.  The same batch gives the same outputs with the same number of
 * workers.  0, or -1 and a message. */
int decoder_run(struct decoder *decoder, const struct batch *batch, const struct decoded *decoded)
    GLU_MUST_USE;

/* Targets that could follow any input, EOS included. */
struct candidates {
    int count, length;
    const int32_t *tokens; /* (count, length) */
    const int *used;       /* (count): 1 to length, at most the limit */
};

/* nats[i][k] is the sum of -log p over the tokens of candidate k, each given those before it: what
 * model_evaluate() gives for it as target of example i.  (examples, count).  0, or -1 and a message. */
int decoder_nats(struct decoder *decoder, const struct batch *batch, const struct candidates *candidates,
                 double *nats) GLU_MUST_USE;

#endif
