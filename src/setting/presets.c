/* presets.c - the table of presets.
 *
 * Every d_ff is divisible by 3 * 16, so that 2/3 of it is whole and fills the vectors: parameters
 * and floating-point operations of gated and ungated variants are then exactly equal. */
#include "src/glu.h"

#include "src/setting/presets.h"
#include "src/setting/training.h"

#include <string.h>

static const struct preset presets[] = {
    {"smoke",
     "all eight variants in seconds: a first contact, and for tests",
     NULL,
     {.d_model = 32, .layers = 1, .heads = 2, .d_kv = 16, .d_ff = 144,
      .batch = 8, .input_length = 64, .steps = 30, .warmup_steps = 10,
      .learning_rate = 0.02, .decay_fraction = 0.1,
      .seeds = 1, .heldout_examples = 16, .curve_examples = 16, .samples = 6, .no_slope = true},
     "adafactor", "inverse-sqrt", "t5", false},
    {"tiny",
     "the whole ablation, 8 variants and 3 seeds, in minutes on 2 cores",
     NULL,
     {.d_model = 64, .layers = 2, .heads = 4, .d_kv = 16, .d_ff = 384,
      .batch = 16, .input_length = 128, .steps = 2000, .warmup_steps = 400,
      .learning_rate = 0.02, .decay_fraction = 0.1,
      .seeds = 3, .heldout_examples = 4096, .curve_examples = 512, .samples = 7},
     "adafactor", "inverse-sqrt", "t5", true},
    {"mini",
     "hours on 2 cores",
     NULL,
     {.d_model = 128, .layers = 3, .heads = 4, .d_kv = 32, .d_ff = 768,
      .batch = 32, .input_length = 128, .steps = 8000, .warmup_steps = 1000,
      .learning_rate = 0.02, .decay_fraction = 0.1,
      .seeds = 5, .heldout_examples = 4096, .curve_examples = 512, .samples = 7},
     "adafactor", "inverse-sqrt", "t5", false},
    {"small",
     "T5-small's width; days on a few cores",
     NULL,
     {.d_model = 512, .layers = 6, .heads = 8, .d_kv = 64, .d_ff = 2304,
      .batch = 64, .input_length = 256, .steps = 32768, .warmup_steps = 5000,
      .learning_rate = 0.01, .decay_fraction = 0.1,
      .seeds = 3, .heldout_examples = 4096, .curve_examples = 512, .samples = 7, .jobs = 1},
     "adafactor", "inverse-sqrt", "t5", false},
    {"base",
     "the paper's model and 65,536 steps",
     "the paper's model has a SentencePiece vocabulary of 32,000, and its losses are of such tokens",
     {.d_model = 768, .layers = 12, .heads = 12, .d_kv = 64, .d_ff = 3072,
      .batch = 128, .input_length = 512, .steps = 65536, .warmup_steps = 10000,
      .learning_rate = 0.01, .decay_fraction = 0.1,
      .seeds = 1, .heldout_examples = 4096, .curve_examples = 512, .samples = 7, .stream = true, .jobs = 1},
     "adafactor", "inverse-sqrt", "t5", false},
    {"lm-smoke",
     "smoke of a decoder-only language model: all eight variants in seconds",
     NULL,
     {.d_model = 32, .layers = 1, .heads = 2, .d_kv = 16, .d_ff = 144,
      .batch = 8, .input_length = 64, .steps = 30, .warmup_steps = 10,
      .learning_rate = 0.003,
      .seeds = 1, .heldout_examples = 16, .curve_examples = 16, .samples = 6, .no_slope = true},
     "adamw", "cosine", "lm", false},
    {"lm-tiny",
     "tiny of a decoder-only language model, the default of its architecture",
     NULL,
     {.d_model = 64, .layers = 2, .heads = 4, .d_kv = 16, .d_ff = 384,
      .batch = 16, .input_length = 128, .steps = 2000, .warmup_steps = 100,
      .learning_rate = 0.003,
      .seeds = 3, .heldout_examples = 4096, .curve_examples = 512, .samples = 7},
     "adamw", "cosine", "lm", true},
    {"lm-mini",
     "a language model of 4 layers; hours to days on 2 cores",
     NULL,
     {.d_model = 256, .layers = 4, .heads = 4, .d_kv = 64, .d_ff = 1152,
      .batch = 32, .input_length = 256, .steps = 8000, .warmup_steps = 400,
      .learning_rate = 0.001,
      .seeds = 3, .heldout_examples = 4096, .curve_examples = 512, .samples = 7},
     "adamw", "cosine", "lm", false},
    {"lm-base",
     "a language model of 12 layers, as large as GPT-2's smallest; many cores",
     "a model of that size is one of pieces of words",
     {.d_model = 768, .layers = 12, .heads = 12, .d_kv = 64, .d_ff = 3072,
      .batch = 64, .input_length = 1024, .steps = 32768, .warmup_steps = 2000,
      .learning_rate = 0.0006,
      .seeds = 1, .heldout_examples = 4096, .curve_examples = 512, .samples = 7, .stream = true, .jobs = 1},
     "adamw", "cosine", "lm", false},
};

const char *preset_default(const char *architecture)
{
    const char *first = NULL;

    for (int i = 0; i < preset_count(); i++) {
        if (!presets[i].is_default)
            continue;
        first = first ? first : presets[i].name;
        if (architecture && strcmp(presets[i].architecture, architecture) == 0)
            return presets[i].name;
    }
    return first;
}

int preset_count(void)
{
    return (int)LENGTH_OF(presets);
}

const struct preset *preset_at(int i)
{
    return &presets[i];
}

const char *preset_name(int i)
{
    return i >= 0 && i < preset_count() ? presets[i].name : NULL;
}

const struct preset *preset_find(const char *name)
{
    for (int i = 0; i < preset_count(); i++)
        if (strcmp(presets[i].name, name) == 0)
            return &presets[i];
    return NULL;
}

/* Is the row a number of the recipe? */
static bool is_of_recipe(const struct setting_option *row)
{
    size_t begin = offsetof(struct setting, recipe);

    return row->place == IN_SETTING && row->offset >= begin &&
           row->offset < begin + sizeof(struct recipe);
}

int preset_apply(struct setting *setting, const char *name, const char *where)
{
    const struct preset *preset = preset_find(name);

    if (!preset)
        return option_choice_error(
            setting_option_of_member(IN_SETTING, offsetof(struct setting, preset)), name, where);
    setting->recipe = preset->recipe;
    for (int i = 0; i < setting_option_count(); i++)
        if (is_of_recipe(setting_option_at(i)))
            setting->origin[i] = ORIGIN_PRESET;
    setting->origin[setting_option_of_member(IN_SETTING,
                                             offsetof(struct setting, architecture_name))] =
        ORIGIN_PRESET;
    return text_set(&setting->preset, name) ||
                   text_set(&setting->architecture_name, preset->architecture) ||
                   training_preset(setting, preset->optimizer, preset->schedule)
               ? -1
               : 0;
}

json_t *preset_json(int i)
{
    const struct preset *preset = preset_at(i);
    struct setting setting = {.preset = NULL};
    json_t *document = json_object();
    int failed = preset_apply(&setting, preset->name, FIELD("preset")) || !document ||
                 json_object_set_new(document, "name", json_string(preset->name)) ||
                 json_object_set_new(document, "summary", json_string(preset->summary));

    for (int k = 0; !failed && k < setting_option_count(); k++)
        if (setting_option_at(k)->json && setting.origin[k] == ORIGIN_PRESET)
            failed = option_put_json(document, &setting, k);
    setting_free(&setting);
    if (failed) {
        json_decref(document);
        err_set("out of memory for preset %s", preset->name);
        return NULL;
    }
    return document;
}
