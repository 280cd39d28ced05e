/* weights.c - model.safetensors and config.json, read into a tiny model. */
#include "src/glu.h"

#include "src/model/weights.h"
#include "src/model/weights_hf.h"
#include "test/fuzz/fuzz.h"
#include "test/model-fixture.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <stdlib.h>
#include <string.h>

int fuzz_safetensors(const uint8_t *data, size_t size);
int fuzz_hf_config(const uint8_t *data, size_t size);
int fuzz_tensor_header(const uint8_t *data, size_t size);
int fuzz_weights_index(const uint8_t *data, size_t size);

enum { LENGTH_BYTES = 8 };

static struct model *the_model(void)
{
    static struct model *model;

    if (!model)
        model = model_fixture("swiglu", 8, 1);
    return model;
}

int fuzz_safetensors(const uint8_t *data, size_t size)
{
    scratch_write("weights/model.safetensors", data, size);
    return weights_load(scratch_path("weights"), the_model());
}

int fuzz_tensor_header(const uint8_t *data, size_t size)
{
    int count, status;
    struct tensor *tensors = model_tensors(the_model(), &count);
    size_t bytes = LENGTH_BYTES + size;
    uint8_t *file;

    for (int i = 0; i < count; i++) {
        bytes += (size_t)tensors[i].rows * (size_t)tensors[i].cols * sizeof(float);
        tensors[i].value[0] = 1;
    }
    file = calloc(1, bytes);
    if (!file)
        tap_bail_out("no memory");
    for (int i = 0; i < LENGTH_BYTES; i++)
        file[i] = (uint8_t)((uint64_t)size >> 8 * i);
    if (size)
        memcpy(file + LENGTH_BYTES, data, size);
    status = fuzz_safetensors(file, bytes);
    for (int i = 0; status == 0 && i < count; i++)
        fuzz_check(tensors[i].value[0] == 0, "every tensor is read");
    free(file);
    return status;
}

/* All tensors in a.safetensors, and none in b.safetensors. */
static void make_shards(void)
{
    static const char empty[] = "\2\0\0\0\0\0\0\0{}";
    struct model *model = model_fixture("swiglu", 8, 2);
    size_t bytes;
    char *file;

    if (weights_save(scratch_path("shards"), model))
        tap_bail_out("%s", err_get());
    file = scratch_load(scratch_path("shards/model.safetensors"), &bytes);
    scratch_write("shards/a.safetensors", file, bytes);
    scratch_write("shards/b.safetensors", empty, sizeof empty - 1);
    scratch_remove(scratch_path("shards/model.safetensors"));
    free(file);
    model_destroy(model);
}

int fuzz_weights_index(const uint8_t *data, size_t size)
{
    static bool made;
    char hex[SHA256_HEX_BYTES];
    struct tensor *tensors;
    int count, status;

    if (!made)
        make_shards();
    made = true;
    tensors = model_tensors(the_model(), &count);
    for (int i = 0; i < count; i++)
        tensors[i].value[0] = 9;
    scratch_write("shards/model.safetensors.index.json", data, size);
    status = weights_load(scratch_path("shards"), the_model());
    for (int i = 0; status == 0 && i < count; i++)
        fuzz_check(tensors[i].value[0] != 9, "every tensor is read");
    fuzz_check(status || weights_sha256(scratch_path("shards"), hex) == 0, "what is read has a checksum");
    return status;
}

int fuzz_hf_config(const uint8_t *data, size_t size)
{
    const struct model_options *options = model_get_options(the_model());
    const char *path = scratch_path("weights");
    struct weights_hf_model model;
    int status;

    scratch_write("weights/config.json", data, size);
    err_set("a reason");
    weights_hf_explain(path, options);
    fuzz_check(strncmp(err_get(), "a reason", 8) == 0, "a reason comes first");
    if (weights_hf_read(&model, path) == 0)
        fuzz_check(model.options.variant && model.options.model.d_kv > 0 && model.options.model.d_ff > 0,
                   "a model is whole");
    status = weights_hf_check(path, options);
    scratch_remove(scratch_path("weights/config.json"));
    return status;
}
