/* model-fixture.c - see model-fixture.h. */
#include "src/glu.h"

#include "test/model-fixture.h"
#include "test/tap.h"

struct t5 *model_fixture(const char *variant, int d_ff, uint64_t seed)
{
    struct t5_options options = {
        .model = {.vocabulary = 13, .d_model = 6, .layers = 1, .heads = 2, .d_kv = 4, .d_ff = d_ff,
                  .input_length = 8, .target_length = 4},
        .variant = variant_find(variant, NULL),
        .batch = 2,
        .threads = 1,
        .precision = PRECISION_F32,
    };
    struct t5 *model;

    if (t5_create(&model, &options))
        tap_bail_out("t5_create: %s", err_get());
    t5_init(model, seed);
    return model;
}
