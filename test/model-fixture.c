/* model-fixture.c - see model-fixture.h. */
#include "src/glu.h"

#include "test/model-fixture.h"
#include "test/tap.h"

struct model *model_fixture(const char *variant, int d_ff, uint64_t seed)
{
    static struct variant_storage storage;
    struct model_options options = {
        .model = {.vocabulary = 13, .d_model = 6, .layers = 1, .heads = 2, .d_kv = 4, .d_ff = d_ff,
                  .input_length = 8, .target_length = 4},
        .variant = variant_find(variant, &storage),
        .batch = 2,
        .threads = 1,
        .precision = PRECISION_F32,
    };
    struct model *model;

    if (model_create(&model, &options))
        tap_bail_out("model_create: %s", err_get());
    model_init(model, seed);
    return model;
}
