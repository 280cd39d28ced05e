/* test-weights.c - weights as Hugging Face's T5 has them, written and read, and files that are
 * not what they should be. */
#include "src/glu.h"

#include "src/model/weights.h"
#include "test/model-fixture.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names in the scratch directory. */
#define WEIGHTS "checkpoint/model.safetensors"
#define CONFIG "checkpoint/config.json"

static const char *directory; /* the checkpoint's path */

static bool same_weights(struct model *a, struct model *b)
{
    int count, count_b;
    struct tensor *ta = model_tensors(a, &count), *tb = model_tensors(b, &count_b);

    if (count != count_b)
        return false;
    for (int i = 0; i < count; i++)
        if (memcmp(ta[i].value, tb[i].value,
                   (size_t)ta[i].rows * (size_t)ta[i].cols * sizeof(float)) != 0)
            return false;
    return true;
}

static void test_round_trip(void)
{
    struct model *saved = model_fixture("swiglu", 8, 1), *loaded = model_fixture("swiglu", 8, 2);
    bool differed = !same_weights(saved, loaded);

    tap_ok(weights_save(directory, saved) == 0, "saved");
    tap_ok(weights_check(directory, model_get_options(loaded)) == 0, "checked");
    tap_ok(weights_load(directory, loaded) == 0 && differed && same_weights(saved, loaded),
           "loaded, bit by bit");
    model_destroy(saved);
    model_destroy(loaded);
}

/* The bytes are where and what the format says: a gate weight is (d_ff, d_model) in the file and
 * (d_model, d_ff) in memory. */
static void test_layout(void)
{
    static const char name[] = "encoder.block.0.layer.1.DenseReluDense.wi_0.weight";
    struct model *model = model_fixture("swiglu", 8, 1);
    int count;
    struct tensor *tensors = model_tensors(model, &count), *gate = NULL;
    size_t bytes, header_bytes;
    char *file = scratch_load(scratch_path(WEIGHTS), &bytes);
    json_t *header, *entry;
    const float *data;
    bool same = true;

    header_bytes = (size_t)(unsigned char)file[0] | (size_t)(unsigned char)file[1] << 8 |
                   (size_t)(unsigned char)file[2] << 16;
    header = json_loadb(file + 8, header_bytes, 0, NULL);
    entry = json_object_get(header, name);
    tap_ok(header_bytes % 8 == 0 && json_is_object(entry), "a padded header with %s", name);
    tap_ok(json_integer_value(json_array_get(json_object_get(entry, "shape"), 0)) == 8 &&
               json_integer_value(json_array_get(json_object_get(entry, "shape"), 1)) == 6 &&
               strcmp(json_string_value(json_object_get(entry, "dtype")), "F32") == 0,
           "its shape is (out, in), its type F32");
    tap_ok(json_object_get(header, "shared.weight") &&
               json_object_get(header, "decoder.block.0.layer.2.DenseReluDense.wo.weight") &&
               json_object_get(header, "decoder.block.0.layer.1.EncDecAttention.q.weight") &&
               json_object_get(header, "encoder.block.0.layer.0.SelfAttention."
                                       "relative_attention_bias.weight") &&
               json_object_get(header, "decoder.final_layer_norm.weight"),
           "the other names are Hugging Face's");
    for (int i = 0; i < count; i++)
        if (strcmp(tensors[i].name, name) == 0)
            gate = &tensors[i];
    data = (const float *)(const void *)(file + 8 + header_bytes +
                                         json_integer_value(json_array_get(
                                             json_object_get(entry, "data_offsets"), 0)));
    for (int out = 0; gate && out < 8; out++)
        for (int in = 0; in < 6; in++)
            same = same && data[out * 6 + in] == gate->value[in * 8 + out];
    tap_ok(gate && same, "its values are transposed");
    json_decref(header);
    free(file);
    model_destroy(model);
}

/* What a layer trains of its activation is a vector of one number, and comes back. */
static void test_scalars(void)
{
    static const char name[] = "decoder.block.0.layer.2.DenseReluDense.act.alpha_n";
    struct model *saved = model_fixture("xielu", 12, 1), *loaded = model_fixture("xielu", 12, 2);
    int count, scalars = 0;
    struct tensor *tensors = model_tensors(saved, &count);
    size_t bytes, header_bytes;
    json_t *header, *shape;
    char *file;

    for (int i = 0; i < count; i++)
        if (tensors[i].scalar)
            tensors[i].value[0] = (float)++scalars / 8;
    tap_ok(scalars == 4 && weights_save(directory, saved) == 0 && weights_load(directory, loaded) == 0 &&
               same_weights(saved, loaded),
           "two scalars of each of two layers, saved and loaded");
    file = scratch_load(scratch_path(WEIGHTS), &bytes);
    header_bytes = (size_t)(unsigned char)file[0] | (size_t)(unsigned char)file[1] << 8;
    header = json_loadb(file + 8, header_bytes, 0, NULL);
    shape = json_object_get(json_object_get(header, name), "shape");
    tap_ok(json_array_size(shape) == 1 && json_integer_value(json_array_get(shape, 0)) == 1 &&
               json_object_get(header, "encoder.block.0.layer.1.DenseReluDense.act.alpha_p"),
           "a scalar is a vector of one: %s", name);
    json_decref(header);
    free(file);
    model_destroy(saved);
    model_destroy(loaded);
}

static void test_config(void)
{
    json_t *config = json_load_file(scratch_path(CONFIG), 0, NULL);

    tap_ok(json_integer_value(json_object_get(config, "d_ff")) == 8 &&
               json_integer_value(json_object_get(config, "d_kv")) == 4 &&
               json_integer_value(json_object_get(config, "vocab_size")) == 13 &&
               strcmp(json_string_value(json_object_get(config, "feed_forward_proj")),
                      "gated-silu") == 0 &&
               strcmp(json_string_value(json_object_get(config, "model_type")), "t5") == 0,
           "config.json as a T5Config");
    json_decref(config);
}

static void expect_rejected(const char *name, int d_ff, const char *message, const char *what)
{
    struct model *model = model_fixture(name, d_ff, 1);
    int status = weights_load(directory, model);
    char loaded[1024];

    snprintf(loaded, sizeof loaded, "%s", err_get());
    if (!tap_ok(status == -1 && strstr(loaded, message) && strstr(loaded, "model.safetensors"),
                "rejected: %s", what))
        tap_diag("status %d: %s", status, loaded);
    err_set("%s", "");
    status = weights_check(directory, model_get_options(model));
    if (!tap_ok(status < 0 && strcmp(loaded, err_get()) == 0, "... and before there is a model"))
        tap_diag("status %d: %s", status, err_get());
    model_destroy(model);
}

static void test_other_models(void)
{
    struct model *geglu = model_fixture("geglu", 8, 1);

    expect_rejected("relu", 12, "wi_0", "an ungated model");
    expect_rejected("swiglu", 10, "[8, 6]", "another width");
    tap_ok(weights_load(directory, geglu) == 0 && warn_get(0) && strstr(warn_get(0), "swiglu"),
           "another variant of the same shape, with a warning");
    model_destroy(geglu);
}

/* Replace the text `from` in the header by one of the same length. */
static void edit(char *file, size_t bytes, const char *from, const char *to)
{
    char *at = memmem(file, bytes, from, strlen(from));

    if (!at || strlen(from) != strlen(to))
        tap_bail_out("no %s in the header", from);
    memcpy(at, to, strlen(to));
}

struct edit {
    const char *from, *to, *message, *what;
};

static const struct edit edits[] = {
    {"\"dtype\":\"F32\"", "\"dtype\":\"F64\"", "F64", "another type"},
    {"\"shape\":[13,6]", "\"shape\":[6,13]", "shape", "a shape that is turned round"},
    {"\"data_offsets\":[0,", "\"data_offsets\":[4,", "data_offsets", "offsets of another length"},
    {"\"data_offsets\":[0,", "\"data_offsets\":[-,", "JSON", "a broken header"},
    {"{\"__metadata__\"", "[\"__metadata__\"", "JSON", "a header that is no object"},
    {"shared.weight", "shared.weighs", "shared.weig", "a missing tensor"},
};

static void test_damage(void)
{
    size_t bytes;
    char *good = scratch_load(scratch_path(WEIGHTS), &bytes), *bad = malloc(bytes);
    static const size_t lengths[] = {0, 7, 8, 100};

    if (!bad)
        tap_bail_out("out of memory");
    for (size_t i = 0; i < LENGTH_OF(edits); i++) {
        memcpy(bad, good, bytes);
        edit(bad, bytes, edits[i].from, edits[i].to);
        scratch_write(WEIGHTS, bad, bytes);
        expect_rejected("swiglu", 8, edits[i].message, edits[i].what);
    }
    for (size_t i = 0; i < LENGTH_OF(lengths); i++) {
        scratch_write(WEIGHTS, good, lengths[i]);
        expect_rejected("swiglu", 8, "", "a file that is cut short");
    }
    scratch_write(WEIGHTS, good, bytes - 1);
    expect_rejected("swiglu", 8, "data_offsets", "a last byte that is missing");
    memcpy(bad, good, bytes);
    memset(bad, 0xff, 8);
    scratch_write(WEIGHTS, bad, bytes);
    expect_rejected("swiglu", 8, "header", "a header of 2^64 - 1 bytes");
    unlink(scratch_path(WEIGHTS));
    expect_rejected("swiglu", 8, "cannot open", "no file");
    free(good);
    free(bad);
}

/* Write model.safetensors anew with another header, before the same data. */
static void write_header(const char *header, const char *file, size_t bytes)
{
    size_t old = (size_t)(unsigned char)file[0] | (size_t)(unsigned char)file[1] << 8 |
                 (size_t)(unsigned char)file[2] << 16;
    size_t length = strlen(header), data = bytes - 8 - old;
    char *made = calloc(1, 8 + length + data);

    if (!made)
        tap_bail_out("out of memory");
    for (int i = 0; i < 8; i++)
        made[i] = (char)((uint64_t)length >> 8 * i);
    memcpy(made + 8, header, length);
    memcpy(made + 8 + length, file + 8 + old, data);
    scratch_write(WEIGHTS, made, 8 + length + data);
    free(made);
}

/* Headers that fit the format and that nobody writes. */
static void test_hostile(void)
{
    enum { LISTS = 1 << 20 };
    static const char *const names[] = {"encoder.block.0.layer.0.SelfAttention.q.weight",
                                        "encoder.block.0.layer.0.SelfAttention.k.weight"};
    struct model *model = model_fixture("swiglu", 8, 1);
    size_t bytes;
    char *file, *text = calloc(1, 3 * LISTS + 64), *to = text;
    json_t *header;
    char *dump;

    if (!text || weights_save(directory, model))
        tap_bail_out("%s", err_get());
    file = scratch_load(scratch_path(WEIGHTS), &bytes);
    header = json_loadb(file + 8, bytes - 8, JSON_DISABLE_EOF_CHECK, NULL);
    json_object_set(json_object_get(header, names[0]), "data_offsets",
                    json_object_get(json_object_get(header, names[1]), "data_offsets"));
    dump = json_dumps(header, JSON_COMPACT);
    write_header(dump, file, bytes);
    free(dump);
    expect_rejected("swiglu", 8, "overlap", "two tensors of the same bytes");

    to += sprintf(to, "{\"__metadata__\": [");
    for (int i = 0; i < LISTS; i++)
        to += sprintf(to, "[],");
    sprintf(to, "[]]}");
    write_header(text, file, bytes);
    expect_rejected("swiglu", 8, "values", "a header of a million lists");

    scratch_write(WEIGHTS, file, bytes);
    unlink(scratch_path(CONFIG));
    tap_ok(mkfifo(scratch_path(CONFIG), 0666) == 0 && weights_load(directory, model) == 0,
           "a config.json that is a pipe is not waited for");
    json_decref(header);
    free(file);
    free(text);
    model_destroy(model);
}

int main(void)
{
    tap_plan((int)(3 + 4 + 1 + 5 + 2 * (LENGTH_OF(edits) + 4 + 3) + 2 * 2 + 1 + 2));
    directory = scratch_path("checkpoint");
    test_scalars();
    test_round_trip();
    test_layout();
    test_config();
    test_other_models();
    test_damage();
    test_hostile();
    return tap_status();
}
