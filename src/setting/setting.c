/* setting.c - reading a setting; see setting.h. */
#include "src/glu.h"

#include "src/setting/setting.h"

#include "src/task/buckets.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct option_values setting_values(struct setting *setting)
{
    return (struct option_values){IN_SETTING, setting, setting->origin};
}

int setting_said(struct setting *setting, const struct setting_argument *arguments, int count)
{
    struct option_values values = setting_values(setting);

    *setting = (struct setting){.preset = NULL};
    return options_assign(&values, arguments, count);
}

int setting_set_output(struct setting *setting, const char *path)
{
    return text_set(&setting->output, path);
}

void setting_free(struct setting *setting)
{
    struct option_values values = setting_values(setting);

    options_free(&values);
    free(setting->variants);
    free(setting->storage);
    setting->variants = NULL;
    setting->storage = NULL;
    setting->variant_count = 0;
}

const char *precision_name(enum precision precision)
{
    static const char *const names[] = {[PRECISION_F32] = "f32", [PRECISION_BF16] = "bf16"};

    return (size_t)precision < LENGTH_OF(names) ? names[precision] : NULL;
}

int setting_d_ff(const struct setting *setting, const struct variant *variant)
{
    return variant->gated ? setting->recipe.gated_d_ff : setting->recipe.d_ff;
}

int setting_threads_per_run(const struct setting *setting)
{
    return setting->threads / setting->recipe.jobs;
}

const char *setting_init_field(const struct setting *setting)
{
    return setting->from ? FIELD("from") : FIELD("init_checkpoint");
}

int setting_ranks_per_run(const struct setting *setting)
{
    return setting->ranks_per_run ? setting->ranks_per_run : 1;
}

/* A number that the optimizer does not take is no number. */
static double or_none(double value)
{
    return isnan(value) ? 0 : value;
}

struct model_options setting_model(const struct setting *setting, const struct variant *variant,
                               int threads)
{
    const struct recipe *recipe = &setting->recipe;
    const struct optimizer_options *told = &setting->optimizer;
    int input_length = recipe->input_length, target_length = recipe->target_length;
    int buckets = setting->task ? buckets_choose(&input_length, &target_length) : 1;

    return (struct model_options){
        .architecture = architecture_find(setting->architecture_name),
        .model = {.vocabulary = setting->vocabulary,
                  .d_model = recipe->d_model,
                  .layers = recipe->layers,
                  .heads = recipe->heads,
                  .d_kv = recipe->d_kv,
                  .d_ff = setting_d_ff(setting, variant),
                  .input_length = input_length,
                  .target_length = target_length},
        .buckets = buckets,
        .freeze_embeddings = setting->from && !setting->train_embeddings,
        .variant = variant,
        .batch = recipe->batch,
        .threads = threads,
        .team = setting->team < threads ? setting->team : threads,
        .micro_batch = setting->micro_batch,
        .precision = setting->precision,
        .dropout = setting->dropout,
        .optimizer = optimizer_type_find(setting->optimizer_name),
        .optimizer_options = {.weight_decay = or_none(told->weight_decay),
                              .beta1 = or_none(told->beta1),
                              .beta2 = or_none(told->beta2),
                              .clip_norm = or_none(told->clip_norm)},
    };
}

struct schedule setting_schedule(const struct setting *setting)
{
    const struct recipe *recipe = &setting->recipe;

    return (struct schedule){.type = schedule_type_find(setting->schedule_name),
                             .steps = recipe->steps,
                             .learning_rate = recipe->learning_rate,
                             .warmup_steps = recipe->warmup_steps,
                             .decay_fraction = recipe->decay_fraction};
}

int64_t setting_shared_steps(const struct setting *whole, const struct setting *shorter)
{
    const struct schedule a = setting_schedule(whole), b = setting_schedule(shorter);
    int64_t shared = schedule_shared(&a, &b);

    return shared < b.steps ? shared : b.steps - 1;
}

struct dataset_options setting_dataset(const struct setting *setting)
{
    return (struct dataset_options){
        .corpus = (const char *const *)setting->corpus.items,
        .corpus_count = setting->corpus.count,
        .heldout = (const char *const *)setting->heldout.items,
        .heldout_count = setting->heldout.count,
        .heldout_share = setting->heldout_share,
        .stream = setting->recipe.stream,
        .text_field = setting->text_field,
    };
}

const char *setting_task_kind(const struct setting *setting)
{
    return setting->task ? task_text2text.name
                         : architecture_task(architecture_find(setting->architecture_name));
}

void setting_tokenizer(const struct setting *setting, char name[SETTING_TOKENIZER_BYTES])
{
    const char *file = setting->tokenizer_file;

    snprintf(name, SETTING_TOKENIZER_BYTES, "%s%s%s", setting->tokenizer, file ? ":" : "",
             file ? file : "");
}

struct task_options setting_task(const struct setting *setting)
{
    const struct recipe *recipe = &setting->recipe;

    return (struct task_options){
        .kind = setting_task_kind(setting),
        .input_length = recipe->input_length,
        .target_length = recipe->target_length,
        .batch = recipe->batch,
        .heldout_examples = recipe->heldout_examples,
        .noise_density = setting->noise_density,
        .mean_span = setting->mean_span,
        .mixture_cap = setting->mixture_cap,
    };
}

struct text_sets_options setting_text_sets(const struct setting *setting)
{
    return (struct text_sets_options){
        .name = setting->task,
        .data = setting->data,
        .heldout = setting->heldout.count > 0 ? setting->heldout.items[0] : NULL,
        .test = setting->test,
    };
}
