/* decode.c - greedy decoding as a kind of rig; see rig.h. */
#include "src/glu.h"

#include "src/bench/rig.h"

#include "src/util/rng.h"

#include <stdlib.h>

static int decode_of(const struct setting *setting, const struct variant *variant,
                     struct model_options *model)
{
    *model = setting_model(setting, variant, setting->threads);
    model->model.target_length = setting->decode;
    model->forward_only = true;
    if (!decoder_exists(model))
        return err_set(FIELD("decode") ": %s models do not decode", setting->architecture_name);
    return 0;
}

/* Tokens by chance, all inputs full. */
static int decode_batch(struct batch **batch, const struct model_options *model)
{
    const struct model_config *config = &model->model;
    struct rng rng;

    if (batch_create(batch, model->batch, config->input_length, config->target_length))
        return -1;
    rng_start(&rng, 0, RNG_BENCH, 1);
    for (int64_t i = 0; i < (int64_t)model->batch * config->input_length; i++)
        (*batch)->inputs[i] = (int32_t)rng_below(&rng, (uint32_t)config->vocabulary);
    return 0;
}

static int decode_tokens(const struct model_options *model)
{
    return model->model.target_length;
}

static int decode_open(struct rig *rig, struct rig_subject *subject)
{
    struct decoder_options options = {.limit = rig->options.setting->decode,
                                      .examples = subject->options.batch,
                                      .endless = true};

    if (decoder_create(&subject->decoders[RIG_TRAIN], subject->model, &options))
        return -1;
    options.anew = true;
    return decoder_create(&subject->decoders[RIG_FORWARD], subject->model, &options);
}

static int decode_once(struct rig *rig, struct rig_subject *subject, enum rig_pass pass)
{
    int examples = subject->options.batch, status;
    struct decoded decoded = {0};

    decoded.tokens = calloc((size_t)examples * (size_t)rig->options.setting->decode,
                            sizeof *decoded.tokens);
    decoded.lengths = calloc((size_t)examples, sizeof *decoded.lengths);
    if (decoded.tokens && decoded.lengths)
        status = decoder_run(subject->decoders[pass], rig->batches[0], &decoded);
    else
        status = err_set("out of memory");
    free(decoded.tokens);
    free(decoded.lengths);
    return status;
}

static int decode_kept(struct rig *rig, struct rig_subject *subject)
{
    return decode_once(rig, subject, RIG_TRAIN);
}

static int decode_anew(struct rig *rig, struct rig_subject *subject)
{
    return decode_once(rig, subject, RIG_FORWARD);
}

const struct rig_kind rig_decode = {
    .pass = {"decode", "decode_anew"},
    .batch = decode_batch,
    .model = decode_of,
    .tokens = decode_tokens,
    .open = decode_open,
    .once = {decode_kept, decode_anew},
};
