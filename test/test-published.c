/* test-published.c - weights in the shapes that other programs publish: copies and other names of the
 * embedding, what is left over from older versions, and what config.json says of them. */
#include "src/glu.h"

#include "src/model/weights.h"
#include "src/model/weights_hf.h"
#include "test/model-fixture.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WEIGHTS "published/model.safetensors"
#define CONFIG "published/config.json"
#define SHARED "shared.weight"
#define ENCODER "encoder.embed_tokens.weight"
#define DECODER "decoder.embed_tokens.weight"
#define HEAD "lm_head.weight"
#define CROSS ".layer.1.EncDecAttention.relative_attention_bias.weight"
#define SELF ".layer.0.SelfAttention."

static const char *directory;

/* ---- Files ----------------------------------------------------------------------------------- */

/* A safetensors file in memory. */
struct file {
    json_t *header;
    char *data;
    size_t bytes;
};

static struct file load_file(void)
{
    struct file file = {.header = NULL};
    size_t bytes, start = 8;
    char *text = scratch_load(scratch_path(WEIGHTS), &bytes);

    for (int i = 0; i < 4; i++)
        start += (size_t)(unsigned char)text[i] << 8 * i;
    file.header = json_loadb(text + 8, start - 8, 0, NULL);
    file.bytes = bytes - start;
    file.data = malloc(file.bytes + 1);
    if (!file.header || !file.data)
        tap_bail_out("no header in %s", WEIGHTS);
    memcpy(file.data, text + start, file.bytes);
    free(text);
    return file;
}

static void write_file(struct file *file)
{
    char *text = json_dumps(file->header, JSON_COMPACT), *all;
    size_t length = text ? strlen(text) : 0;

    all = malloc(8 + length + file->bytes);
    if (!text || !all)
        tap_bail_out("out of memory");
    for (int i = 0; i < 8; i++)
        all[i] = (char)((uint64_t)length >> 8 * i);
    memcpy(all + 8, text, length);
    memcpy(all + 8 + length, file->data, file->bytes);
    scratch_write(WEIGHTS, all, 8 + length + file->bytes);
    free(all);
    free(text);
    free(file->data);
    json_decref(file->header);
}

/* What is done to a saved file. */
enum edit { COPY = 1, OTHER, RENAME, ALIAS, DROP };

/* One more tensor of the values of another; `OTHER`: in which the last bit differs. */
static void add_copy(struct file *file, const char *name, const char *of, bool other)
{
    json_t *entry = json_deep_copy(json_object_get(file->header, of)), *offsets;
    size_t begin, bytes;

    offsets = json_object_get(entry, "data_offsets");
    begin = (size_t)json_integer_value(json_array_get(offsets, 0));
    bytes = (size_t)json_integer_value(json_array_get(offsets, 1)) - begin;
    file->data = realloc(file->data, file->bytes + bytes);
    if (!file->data || bytes == 0)
        tap_bail_out("no tensor %s", of);
    memcpy(file->data + file->bytes, file->data + begin, bytes);
    if (other)
        file->data[file->bytes + bytes - 4] ^= 1;
    json_object_set_new(entry, "data_offsets",
                        json_pack("[I, I]", (json_int_t)file->bytes,
                                  (json_int_t)(file->bytes + bytes)));
    file->bytes += bytes;
    json_object_set_new(file->header, name, entry);
}

static void apply(struct file *file, enum edit edit, const char *name, const char *of)
{
    if (edit == COPY || edit == OTHER) {
        add_copy(file, name, of, edit == OTHER);
    } else if (edit == RENAME) {
        json_object_set(file->header, name, json_object_get(file->header, of));
        json_object_del(file->header, of);
    } else if (edit == DROP) {
        json_object_del(file->header, name);
    } else {
        json_object_set_new(json_object_get(file->header, "__metadata__"), name, json_string(of));
    }
}

/* ---- Tensors --------------------------------------------------------------------------------- */

struct file_case {
    const char *what;
    struct {
        enum edit edit;
        const char *name, *of;
    } edits[4];
    const char *name, *why; /* of the message; NULL: it is loaded */
};

static const struct file_case file_cases[] = {
    {"copies", {{COPY, HEAD, SHARED}, {COPY, ENCODER, SHARED}, {COPY, DECODER, SHARED}}, NULL, NULL},
    {"an encoder embedding of its own", {{OTHER, ENCODER, SHARED}}, ENCODER, "encoder has"},
    {"a decoder embedding of its own", {{OTHER, DECODER, SHARED}}, DECODER, "decoder has"},
    {"an output layer of its own", {{OTHER, HEAD, SHARED}}, HEAD, "not tied"},
    {"save_model", {{RENAME, DECODER, SHARED}, {ALIAS, SHARED, DECODER}, {ALIAS, ENCODER, DECODER}},
     NULL, NULL},
    {"save_model, which kept the output layer", {{RENAME, HEAD, SHARED}, {ALIAS, SHARED, HEAD}}, NULL,
     NULL},
    {"another name for any tensor",
     {{RENAME, "q", "encoder.block.0" SELF "q.weight"}, {ALIAS, "encoder.block.0" SELF "q.weight", "q"}},
     NULL, NULL},
    {"the embedding under the encoder's name alone", {{RENAME, ENCODER, SHARED}}, NULL, NULL},
    {"two embeddings and none that is shared", {{OTHER, DECODER, SHARED}, {RENAME, ENCODER, SHARED}},
     DECODER, ENCODER},
    {"a leftover of the first T5's", {{COPY, "decoder.block.0" CROSS,
      "decoder.block.0" SELF "relative_attention_bias.weight"}}, NULL, NULL},
    {"the same where no T5 has it", {{COPY, "encoder.block.0" CROSS,
      "decoder.block.0" SELF "relative_attention_bias.weight"}}, "encoder.block.0" CROSS, "no tensor"},
    {"one tensor in place of two",
     {{DROP, "encoder.block.0" SELF "q.weight", NULL},
      {ALIAS, "encoder.block.0" SELF "q.weight", "encoder.block.0" SELF "k.weight"}},
     "model.safetensors", "overlap"},
    {"the metadata in place of a tensor", {{RENAME, "x", SHARED}, {ALIAS, SHARED, "__metadata__"}}, "x",
     "no tensor"},
};

static bool same_weights(struct model *a, struct model *b)
{
    int count, count_b;
    struct tensor *ta = model_tensors(a, &count), *tb = model_tensors(b, &count_b);
    bool same = count == count_b;

    for (int i = 0; same && i < count; i++)
        same = memcmp(ta[i].value, tb[i].value, tensor_elements(&ta[i]) * sizeof(float)) == 0;
    return same;
}

static void test_tensors(void)
{
    struct model *saved = model_fixture("relu", 12, 1);

    for (size_t i = 0; i < LENGTH_OF(file_cases); i++) {
        const struct file_case *c = &file_cases[i];
        struct model *loaded = model_fixture("relu", 12, 2);
        struct file file;
        int checked, status;

        warn_clear();
        if (weights_save(directory, saved))
            tap_bail_out("%s", err_get());
        file = load_file();
        for (size_t k = 0; k < LENGTH_OF(c->edits) && c->edits[k].edit; k++)
            apply(&file, c->edits[k].edit, c->edits[k].name, c->edits[k].of);
        write_file(&file);
        err_set("%s", "");
        checked = weights_check(directory, model_get_options(loaded));
        status = weights_load(directory, loaded);
        if (!tap_ok(c->name ? checked < 0 && status == -1 && strstr(err_get(), c->name) &&
                                  strstr(err_get(), c->why)
                            : checked == 0 && status == 0 && same_weights(saved, loaded) &&
                                  !warn_get(0),
                    "%s: %s", c->name ? "refused" : "loaded", c->what))
            tap_diag("%d, %d: %s", checked, status, err_get());
        model_destroy(loaded);
    }
    model_destroy(saved);
}

/* ---- What config.json says ------------------------------------------------------------------- */

struct config_case {
    const char *variant, *config;
    int status;
    const char *says; /* in the warning or the message; NULL: there is none */
};

static const struct config_case config_cases[] = {
    {"swiglu", "{\"feed_forward_proj\": \"gated-silu\", \"is_gated_act\": true}", 0, NULL},
    {"swiglu", "{\"feed_forward_proj\": \"gated-swish\", \"dense_act_fn\": \"swish\"}", 0, NULL},
    {"swiglu", "{\"feed_forward_proj\": \"gated-gelu\"}", 0,
     "feed_forward_proj \"gated-gelu\" (here swiglu)"},
    {"swiglu", "{\"dense_act_fn\": \"gelu_new\"}", 0, "dense_act_fn \"gelu_new\" (here swiglu)"},
    {"geglu_tanh", "{\"feed_forward_proj\": \"gated-gelu\", \"dense_act_fn\": \"gelu_new\"}", 0, NULL},
    {"geglu", "{\"feed_forward_proj\": \"gated-gelu\"}", 0, "gated-gelu"},
    {"geglu", "{\"feed_forward_proj\": \"gated-gelu_python\"}", 0, NULL},
    {"gelu", "{\"feed_forward_proj\": \"gelu\"}", 0, NULL},
    {"gelu", "{\"model_type\": \"t5\"}", 0, "feed_forward_proj \"relu\" (here gelu)"},
    {"gelu", "{\"model_type\": \"mt5\"}", 0, "model_type \"mt5\" (here \"t5\")"},
    {"swiglu", "{\"feed_forward_proj\": \"gated-xielu\"}", 0, "gated-xielu"},
    {"swiglu", "{\"feed_forward_proj\": 3}", 0, "feed_forward_proj 3"},
    {"relu", "{\"feed_forward_proj\": \"gated-gelu\"}", -1, "feed_forward_proj \"gated-gelu\""},
    {"relu", "{\"is_gated_act\": true}", -1, "is_gated_act true (here relu)"},
    {"reglu", "{\"feed_forward_proj\": \"relu\"}", -1, "feed_forward_proj \"relu\" (here reglu)"},
    {"reglu", "{\"glubench_variant\": \"custom:relu,gated,alpha=0\"}", 0, NULL},
    {"reglu", "{\"glubench_variant\": \"geglu\", \"feed_forward_proj\": \"gated-gelu_python\"}", 0,
     "glubench_variant \"geglu\" (here reglu)"},
    {"custom:elu,alpha=3", "{\"feed_forward_proj\": \"glubench-custom:elu,alpha=3\"}", 0, NULL},
    {"custom:elu,alpha=3", "{\"feed_forward_proj\": \"glubench-custom:elu,alpha=2\"}", 0, "alpha=2"},
    {"relu", "{\"d_model\": 6.0, \"layer_norm_epsilon\": 0.000001, \"num_decoder_layers\": null}", 0,
     NULL},
    {"relu", "{\"d_model\": 512, \"vocab_size\": 32128}", 0, "d_model 512 (here 6)"},
    {"relu", "{\"vocab_size\": 32128, \"tie_word_embeddings\": false}", -1, "says tie_word_embeddings false"},
    {"relu", "{\"scale_decoder_outputs\": false}", -1, "says scale_decoder_outputs false"},
    {"relu", "{\"tie_word_embeddings\": true, \"scale_decoder_outputs\": true}", 0, NULL},
    {"relu", "{\"layer_norm_epsilon\": 0.01}", 0, "layer_norm_epsilon 0.01"},
    {"relu", "{\"relative_attention_max_distance\": 64}", 0, "(here 128)"},
    {"relu", "{\"dropout_rate\": 0.9, \"n_positions\": 512, \"task_specific_params\": {}}", 0, NULL},
    {"relu", "{", 0, "no JSON object"},
    {"relu", "[]", 0, "no JSON object"},
    {"relu", NULL, 0, NULL},
};

static void test_configs(void)
{
    for (size_t i = 0; i < LENGTH_OF(config_cases); i++) {
        const struct config_case *c = &config_cases[i];
        struct model *model = model_fixture(c->variant, 12, 1);
        const char *said;
        int status;

        if (weights_save(directory, model))
            tap_bail_out("%s", err_get());
        unlink(scratch_path(CONFIG));
        if (c->config)
            scratch_write(CONFIG, c->config, strlen(c->config));
        warn_clear();
        err_set("%s", "");
        status = weights_load(directory, model);
        said = c->status == 0 ? warn_get(0) : err_get();
        if (!tap_ok(status == c->status &&
                        (c->says ? said && strstr(said, c->says) && strstr(said, "config.json")
                                 : !said),
                    "%s, config.json %s: %s", c->variant, c->config ? c->config : "is not there",
                    c->status ? "refused" : c->says ? "warned" : "loaded"))
            tap_diag("status %d: %s", status, said ? said : "nothing is said");
        model_destroy(model);
    }
}

/* Sizes that differ are told with the tensor that does not fit. */
static void test_sizes(void)
{
    struct model *saved = model_fixture("relu", 12, 1), *other = model_fixture("relu", 10, 1);

    if (weights_save(directory, saved))
        tap_bail_out("%s", err_get());
    if (!tap_ok(weights_load(directory, other) == -1 && strstr(err_get(), "[12, 6]") &&
                    strstr(err_get(), "d_ff 12 (here 10)"),
                "another width: the tensor's shape and config.json's size"))
        tap_diag("%s", err_get());
    model_destroy(saved);
    model_destroy(other);
}

/* ---- What we write --------------------------------------------------------------------------- */

static const struct {
    const char *variant, *projection;
} names[] = {
    {"relu", "relu"},
    {"gelu", "gelu"},
    {"swish", "silu"},
    {"glu", "gated-sigmoid"},
    {"bilinear", "gated-linear"},
    {"geglu", "gated-gelu_python"},
    {"swiglu", "gated-silu"},
    {"reglu", "gated-relu"},
    {"gelu_tanh", "gelu_new"},
    {"geglu_tanh", "gated-gelu_new"},
    {"relu2", "relu2"},
    {"custom:swish,gated,alpha=1.702", "gated-quick_gelu"},
    {"custom:swish,gated,alpha=1.7", "glubench-custom:swish,gated,alpha=1.7"},
    {"custom:relu,alpha=0.01", "leaky_relu"},
    {"custom:relu,alpha=0.1", "glubench-custom:relu,alpha=0.1"},
    {"custom:clip,alpha=0,beta=6", "relu6"},
    {"custom:clip,alpha=0,beta=1", "glubench-custom:clip,alpha=0,beta=1"},
    {"custom:elu,alpha=2", "glubench-custom:elu,alpha=2"},
    {"custom:linear,alpha=1,beta=1", "glubench-custom:linear,alpha=1,beta=1"},
    {"custom:softplus", "glubench-softplus"},
    {"custom:hardswish", "glubench-custom:hardswish"},
    {"custom:mish,gated", "gated-mish"},
};

static void test_names(void)
{
    for (size_t i = 0; i < LENGTH_OF(names); i++) {
        struct model *model = model_fixture(names[i].variant, 12, 1);
        bool nameless = strncmp(names[i].projection, "glubench-", 9) == 0;
        const char *projection;
        json_t *config;

        warn_clear();
        if (weights_save(directory, model))
            tap_bail_out("%s", err_get());
        config = json_load_file(scratch_path(CONFIG), 0, NULL);
        projection = json_string_value(json_object_get(config, "feed_forward_proj"));
        if (!tap_ok(projection && strcmp(projection, names[i].projection) == 0 &&
                        nameless == (warn_get(0) && strstr(warn_get(0), "other programs")),
                    "%s is %s%s", names[i].variant, names[i].projection,
                    nameless ? ", with a warning" : ""))
            tap_diag("%s: %s", projection ? projection : "nothing", warn_get(0) ? warn_get(0) : "");
        json_decref(config);
        warn_clear();
        if (weights_load(directory, model) || warn_get(0))
            tap_bail_out("%s: not read back: %s", names[i].variant, warn_get(0) ? warn_get(0) : "");
        model_destroy(model);
    }
}

/* transformers/activations.py, as far as we have its functions, by their definitions there. */
static double their_value(const char *name, double x)
{
    double gelu = 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    double sigmoid = 1 / (1 + exp(-x));
    const struct {
        const char *name;
        double value;
    } table[] = {
        {"gelu", 0.5 * x * (1 + erf(x / sqrt(2)))},
        {"gelu_python", 0.5 * x * (1 + erf(x / sqrt(2)))},
        {"gelu_new", gelu}, {"gelu_pytorch_tanh", gelu}, {"gelu_python_tanh", gelu},
        {"gelu_fast", 0.5 * x * (1 + tanh(x * 0.7978845608 * (1 + 0.044715 * x * x)))},
        {"gelu_accurate", gelu},
        {"leaky_relu", x < 0 ? 0.01 * x : x},
        {"linear", x},
        {"mish", x * tanh(log(1 + exp(x)))},
        {"quick_gelu", x / (1 + exp(-1.702 * x))},
        {"relu", x < 0 ? 0 : x},
        {"relu2", x < 0 ? 0 : x * x},
        {"relu6", x < 0 ? 0 : x > 6 ? 6 : x},
        {"sigmoid", sigmoid},
        {"silu", x * sigmoid}, {"swish", x * sigmoid},
        {"tanh", tanh(x)},
        {"xielu", 0.5 * x + 0.8 * (x > 0 ? x * x : expm1(x) - x)},
    };

    for (size_t i = 0; i < LENGTH_OF(table); i++)
        if (strcmp(table[i].name, name) == 0)
            return table[i].value;
    return NAN;
}

/* Every name of every function is one of theirs, and theirs computes the same. */
static void test_functions(void)
{
    int different = 0, count = 0;

    for (int a = 0; a < ACT_COUNT; a++) {
        const struct activation *act = activation_get(a);

        for (int k = 0; k < ACTIVATION_HF_NAMES && act->hf_names[k].name; k++, count++)
            for (double x = -9; x <= 9; x += 0.375) {
                const struct hf_name *row = &act->hf_names[k];
                double alpha = act->scalars ? act->default_alpha : row->alpha; /* trained: as they begin */
                double beta = act->scalars ? act->default_beta : row->beta;
                double ours = act->value(x, alpha, beta);

                if (!(fabs(ours - their_value(row->name, x)) <= 1e-8)) {
                    tap_diag("%s is not %s at %g", act->name, row->name, x);
                    different++;
                }
            }
    }
    tap_ok(different == 0 && count > 0, "%d names stand for the same function there", count);
}

int main(void)
{
    tap_plan((int)(LENGTH_OF(file_cases) + LENGTH_OF(config_cases) + 1 + LENGTH_OF(names) + 1));
    directory = scratch_path("published");
    test_tensors();
    test_configs();
    test_sizes();
    test_names();
    test_functions();
    return tap_status();
}
