/* t5-pair.h - a fast T5 (or language model), its plain double-precision twin with the same weights, and
 * a batch for both.  What cannot be made ends the test. */
#ifndef GLU_TEST_T5_PAIR_H
#define GLU_TEST_T5_PAIR_H

#include "src/model/model.h"
#include "test/ref/ref.h"

extern const double f32_tolerance, bf16_tolerance, bf16_kink_tolerance;
extern const struct model_config odd, wide;

struct pair {
    struct model_options options;
    struct model *fast;
    struct ref_t5 *ref; /* of a T5 ... */
    struct ref_lm *lm;  /* ... or of a language model; the other is NULL */
    struct batch *batch;
};

/* Bail out with the error message unless the status is 0. */
void check(int status);
/* A variant by name; one custom: at a time. */
const struct variant *find(const char *name);
/* model.d_ff is the ungated width. */
struct model_options options_of(const struct model_config *model, const struct variant *variant,
                                int batch, int threads);
/* Random ids, none of them pad; of a language model the inputs are the targets shifted right. */
struct batch *random_batch(const struct model_options *options, uint64_t seed);
/* The first `examples` of a batch, which it borrows from. */
struct batch batch_head(const struct batch *batch, int examples);
size_t tensor_size(const struct tensor *tensor);
/* Weights that differ in every tensor; of seed 7. */
void randomise(struct model *model);

void pair_create(struct pair *pair, const struct model_options *options);
void pair_destroy(struct pair *pair);
/* The twin's loss, its gradients being set. */
double ref_gradient(const struct pair *pair);
/* The worst tensor's error of gradients (or values), and its name. */
double worst_error(const struct pair *pair, bool gradients, const char **where);
bool same_weights(struct model *a, struct model *b);

#endif
