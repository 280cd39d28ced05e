/* weights_hf.h - config.json beside the weights: what other programs take them for. */
#ifndef GLU_MODEL_WEIGHTS_HF_H
#define GLU_MODEL_WEIGHTS_HF_H

#include "src/model/model.h"

/* Any name that weights_hf_projection() writes, with its NUL. */
enum { WEIGHTS_HF_NAME_BYTES = 160 };

/* T5's feed_forward_proj of a variant: "relu", "gated-silu", a name that stands for the very function
 * there.  When there is none it is "glubench-VARIANT": T5Config refuses what has a hyphen and no
 * "gated" before it, so that nobody computes another function.  True when there is one. */
bool weights_hf_projection(char text[WEIGHTS_HF_NAME_BYTES], const struct variant *variant);

/* Hugging Face's class that loads such weights, "T5ForConditionalGeneration"; "" when there is none, or without
 * memory. */
enum { WEIGHTS_HF_CLASS_BYTES = 64 };
void weights_hf_class(char text[WEIGHTS_HF_CLASS_BYTES], const struct model_options *options);

/* Write DIRECTORY/config.json atomically: the architecture's own fields, as Hugging Face's class of it
 * reads them, and the variant under names that are ours.  Warns when Hugging Face has no name for the
 * variant's function.  0, or -1 and a message that names the file. */
int weights_hf_write(const char *directory, const struct model *model) GLU_MUST_USE;

/* Weights that fit may be meant for another function or another size of heads: what DIRECTORY/config.json
 * says and is not so in this model is a warning, with both values.  -1 and a message when it says
 * gated and the variant is not, or the other way round, or that the output layer is not tied to the
 * embedding.  A file that is not there says nothing. */
int weights_hf_check(const char *directory, const struct model_options *options) GLU_MUST_USE;
/* Add the same to this thread's message, which tells why the weights do not fit. */
void weights_hf_explain(const char *directory, const struct model_options *options);

/* A model as DIRECTORY/config.json tells of it, to be made and then filled by weights_load(). */
enum { WEIGHTS_HF_SIZE_MAX = 1 << 24 };
struct weights_hf_model {
    /* The architecture, the sizes of the model but for the lengths of examples, which are 0, the variant and
     * the dropout; all else is zeroed, for the caller to fill in. */
    struct model_options options;
    struct variant_storage storage; /* the variant may be in it, so that a copy is none */
};

/* T5's own and those with other functions, and Llama's without grouped heads.  0, or -1 and a message that
 * names the file and the field: it is not there, a size is not there or differs where this model has one,
 * the function is unknown, or the output layer is not tied to the embedding.  Nothing is to be freed. */
int weights_hf_read(struct weights_hf_model *model, const char *directory) GLU_MUST_USE;

#endif
