/* model-fixture.h - the smallest model that has everything a model has. */
#ifndef GLU_TEST_MODEL_FIXTURE_H
#define GLU_TEST_MODEL_FIXTURE_H

#include "src/model/model.h"

/* A model of 13 token ids and batches of 2 examples of 8/4 tokens, with initial weights; d_ff is the
 * variant's own.  A custom: variant lasts until the next model. */
struct model *model_fixture(const char *variant, int d_ff, uint64_t seed);

#endif
