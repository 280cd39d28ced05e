/* test-hf-model.c - a model made as config.json tells of it. */
#include "src/glu.h"

#include "src/model/weights.h"
#include "src/model/weights_hf.h"
#include "test/model-fixture.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <stdio.h>
#include <string.h>

#define T5 "\"model_type\": \"t5\", \"d_model\": 512, \"d_kv\": 64, \"num_layers\": 6, \"num_heads\": 8, " \
           "\"vocab_size\": 32128"
#define LLAMA "\"model_type\": \"llama\", \"hidden_size\": 64, \"num_hidden_layers\": 3, " \
              "\"num_attention_heads\": 4, \"intermediate_size\": 172, \"vocab_size\": 32000"

struct example {
    const char *config;
    const char *variant; /* by name */
    struct model_config model;
    double dropout;
};

static const struct example examples[] = {
    /* t5-small, with what others have that is nothing to this model. */
    {"{" T5 ", \"d_ff\": 2048, \"dropout_rate\": 0.1, \"n_positions\": 512, \"feed_forward_proj\": \"relu\","
     " \"num_decoder_layers\": 6, \"task_specific_params\": {}}",
     "relu", {32128, 512, 6, 8, 64, 2048, 0, 0}, 0.1},
    {"{" T5 ", \"d_ff\": 2048}", "relu", {32128, 512, 6, 8, 64, 2048, 0, 0}, 0},
    {"{" T5 ", \"d_ff\": 1024, \"feed_forward_proj\": \"gated-gelu\", \"dense_act_fn\": \"gelu_new\","
     " \"is_gated_act\": true}",
     "geglu_tanh", {32128, 512, 6, 8, 64, 1024, 0, 0}, 0},
    {"{" T5 ", \"d_ff\": 1024.0, \"feed_forward_proj\": \"gated-silu\", \"num_decoder_layers\": null}",
     "swiglu", {32128, 512, 6, 8, 64, 1024, 0, 0}, 0},
    {"{" T5 ", \"d_ff\": 9, \"feed_forward_proj\": \"gelu\"}", "gelu",
     {32128, 512, 6, 8, 64, 9, 0, 0}, 0},
    {"{" T5 ", \"d_ff\": 9, \"feed_forward_proj\": \"gated-linear\"}", "bilinear",
     {32128, 512, 6, 8, 64, 9, 0, 0}, 0},
    {"{" T5 ", \"d_ff\": 9, \"feed_forward_proj\": \"leaky_relu\"}", "custom:relu,alpha=0.01",
     {32128, 512, 6, 8, 64, 9, 0, 0}, 0},
    {"{" T5 ", \"d_ff\": 9, \"feed_forward_proj\": \"gated-quick_gelu\"}",
     "custom:swish,gated,alpha=1.702", {32128, 512, 6, 8, 64, 9, 0, 0}, 0},
    {"{" T5 ", \"d_ff\": 9, \"glubench_variant\": \"geglu\", \"feed_forward_proj\": \"gated-gelu_python\"}",
     "geglu", {32128, 512, 6, 8, 64, 9, 0, 0}, 0},
    {"{" LLAMA ", \"hidden_act\": \"silu\", \"attention_dropout\": 0.0}", "swiglu",
     {32000, 64, 3, 4, 16, 172, 0, 0}, 0},
    {"{" LLAMA ", \"head_dim\": 32, \"num_key_value_heads\": 4}", "swiglu",
     {32000, 64, 3, 4, 32, 172, 0, 0}, 0},
};

static const struct {
    const char *config, *says;
} refused[] = {
    {"{" LLAMA ", \"num_key_value_heads\": 2}", "num_key_value_heads is 2"},
    {"{" LLAMA ", \"num_attention_heads\": 5}", "5 heads do not divide 64"},
    {"{" T5 ", \"d_ff\": 9, \"tie_word_embeddings\": false}", "not tied"},
    {"{" T5 ", \"d_ff\": 9, \"num_decoder_layers\": 8}", "num_decoder_layers is 8"},
    {"{" T5 "}", "d_ff is not there"},
    {"{" T5 ", \"d_ff\": 0}", "d_ff is none that can be"},
    {"{" T5 ", \"d_ff\": 1.5}", "d_ff is none that can be"},
    {"{" T5 ", \"d_ff\": 1e300}", "d_ff is none that can be"},
    {"{" T5 ", \"d_ff\": \"9\"}", "d_ff is none that can be"},
    {"{" T5 ", \"d_ff\": 9, \"feed_forward_proj\": \"gated-laplace\"}", "'gated-laplace'"},
    {"{" T5 ", \"d_ff\": 9, \"feed_forward_proj\": 3}", "feed_forward_proj is 'none'"},
    {"{" T5 ", \"d_ff\": 9, \"feed_forward_proj\": \"glubench-custom:relu,alpha=x\"}", "glubench-custom"},
    {"{" T5 ", \"d_ff\": 9, \"glubench_variant\": \"none\"}", "glubench_variant is 'none'"},
    {"{" T5 ", \"d_ff\": 9, \"glubench_variant\": \"relu\", \"is_gated_act\": true}", "is_gated_act"},
    {"{" T5 ", \"d_ff\": 9, \"dropout_rate\": 1}", "dropout_rate"},
    {"{\"model_type\": \"mt5\"}", "model_type is mt5"},
    {"{\"model_type\": 5}", "model_type"},
    {"[]", "no JSON object"},
    {"{", "no JSON object"},
};

static bool is_as(const struct weights_hf_model *model, const struct example *example)
{
    return strcmp(model->options.variant->name, example->variant) == 0 &&
           memcmp(&model->options.model, &example->model, sizeof example->model) == 0 &&
           model->options.dropout == example->dropout &&
           model->options.architecture ==
               architecture_find(strstr(example->config, "llama") ? "lm" : "t5");
}

static int read_text(struct weights_hf_model *model, const char *config)
{
    scratch_write("hf/config.json", config, strlen(config));
    err_set("%s", "");
    return weights_hf_read(model, scratch_path("hf"));
}

static void test_examples(void)
{
    struct weights_hf_model model;

    for (size_t i = 0; i < LENGTH_OF(examples); i++) {
        int status = read_text(&model, examples[i].config);

        if (!tap_ok(status == 0 && is_as(&model, &examples[i]), "%s", examples[i].config))
            tap_diag("%s", status ? err_get() : model.options.variant->name);
    }
    for (size_t i = 0; i < LENGTH_OF(refused); i++)
        if (!tap_ok(read_text(&model, refused[i].config) == -1 && strstr(err_get(), refused[i].says) &&
                        strstr(err_get(), "hf/config.json"),
                    "refused: %s", refused[i].config))
            tap_diag("%s", err_get());
}

/* What was written is made again, whatever the variant, and has the weights. */
static void test_ours(void)
{
    static const char *const names[] = {"relu", "swish", "swiglu", "geglu", "geglu_tanh", "custom:elu,alpha=3",
                                        "custom:clip,gated,alpha=0,beta=6", "xielu"};
    const char *directory = scratch_path("ours");

    for (size_t i = 0; i < LENGTH_OF(names); i++) {
        struct model *saved = model_fixture(names[i], 12, 1), *made = NULL;
        struct weights_hf_model model;
        struct model_options *options = &model.options;

        warn_clear();
        if (weights_save(directory, saved))
            tap_bail_out("%s", err_get());
        warn_clear();
        if (weights_hf_read(&model, directory))
            tap_bail_out("%s", err_get());
        options->model.input_length = 8;
        options->model.target_length = 4;
        options->batch = options->threads = 1;
        if (!tap_ok(variant_computes_same(options->variant, model_get_options(saved)->variant) &&
                        model_create(&made, options) == 0 && weights_load(directory, made) == 0 &&
                        !warn_get(0),
                    "%s: made as it was written", names[i]))
            tap_diag("%s: %s", err_get(), warn_get(0) ? warn_get(0) : "");
        model_destroy(made);
        model_destroy(saved);
    }
    tap_ok(weights_hf_read(&(struct weights_hf_model){.options = {.batch = 0}}, scratch_path("nowhere")) == -1 &&
               strstr(err_get(), "config.json"),
           "no directory");
}

int main(void)
{
    tap_plan((int)(LENGTH_OF(examples) + LENGTH_OF(refused)) + 8 + 1);
    test_examples();
    test_ours();
    return tap_status();
}
