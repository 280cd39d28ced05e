/* text2text.c - see text2text.h. */
#include "src/glu.h"

#include "src/setting/text2text.h"

#include "src/comm/ranks.h"
#include "src/model/decode.h"
#include "src/setting/presets.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define AT(member) offsetof(struct setting, member)
#define ORIGIN_OF(setting, member)                                                                 \
    ((setting)->origin[setting_option_of_member(IN_SETTING, AT(member))])

/* A piece of SentencePiece's is about four bytes long. */
enum { BYTES_PER_PIECE = 4 };

/* Options of one side, of which none may be given on the other. */
static const size_t of_text[] = {AT(corpus), AT(text_field), AT(heldout_share), AT(recipe.heldout_examples),
                                 AT(recipe.curve_examples), AT(noise_density), AT(mean_span)};
static const size_t of_tasks[] = {AT(data), AT(test), AT(mixture_cap), AT(predictions)};

static int refuse(const struct setting *setting, const size_t *rows, size_t count, const char *why)
{
    for (size_t i = 0; i < count; i++) {
        int option = setting_option_of_member(IN_SETTING, rows[i]);
        char field[64];

        if (setting->origin[option] < ORIGIN_COMMAND_LINE)
            continue;
        setting_option_field(option, field, sizeof field);
        return err_set("%s: %s; leave it out", field, why);
    }
    return 0;
}

static bool is_translation(const struct setting *setting)
{
    return strncmp(setting->task, "translation:", strlen("translation:")) == 0;
}

/* Answers are given by one process: several would have to share the dev set. */
static int check_ranks(const struct setting *setting)
{
    int all = ranks_get()->all->size, ranks = setting->ranks_per_run;

    if (ranks == 0 || ORIGIN_OF(setting, ranks_per_run) < ORIGIN_COMMAND_LINE)
        ranks = all;
    return ranks > 1 ? err_set(FIELD("ranks_per_run") ": %d ranks do not train one model together on a "
                               FIELD("task") "; give 1, and each trains models of its own",
                               ranks)
                     : 0;
}

static int check(const struct setting *setting)
{
    struct model_options model = setting_model(setting, setting->baseline, 1);
    struct text_sets_options sets = setting_text_sets(setting);

    if (!decoder_exists(&model))
        return err_set(FIELD("task") ": a model that answers with text needs an encoder and a decoder: choose "
                       FIELD("architecture") " t5");
    if (refuse(setting, of_text, LENGTH_OF(of_text), "a task of pairs of texts has none"))
        return -1;
    if (check_ranks(setting) || text_sets_check(&sets))
        return -1;
    if (!is_translation(setting) && setting->heldout.count > 0)
        return err_set(FIELD("heldout") ": task %s has a dev set of its own; leave it out", setting->task);
    if (setting->heldout.count > 1)
        return err_set(FIELD("heldout") ": of a translation it is one SOURCE,TARGET, and there are %d",
                       setting->heldout.count);
    return 0;
}

/* A step has as many tokens as the preset's, whatever the length of an example. */
static void resolve_batch(struct setting *setting)
{
    const struct recipe *preset = &preset_find(setting->preset)->recipe;
    int64_t tokens = (int64_t)preset->batch * preset->input_length;
    int64_t batch = tokens / setting->recipe.input_length;

    if (ORIGIN_OF(setting, recipe.batch) == ORIGIN_PRESET)
        setting->recipe.batch = batch > 0 ? (int)batch : 1;
}

static int resolve_lengths(struct setting *setting)
{
    struct recipe *recipe = &setting->recipe;
    bool bytes = setting->tokenizer_file == NULL;
    int input_length, target_length;

    if (text_sets_lengths(setting->task, &input_length, &target_length))
        return -1;
    if (ORIGIN_OF(setting, recipe.input_length) == ORIGIN_PRESET)
        recipe->input_length = bytes ? BYTES_PER_PIECE * input_length : input_length;
    if (ORIGIN_OF(setting, recipe.target_length) <= ORIGIN_PRESET)
        recipe->target_length = bytes ? BYTES_PER_PIECE * target_length : target_length;
    return 0;
}

int text2text_resolve(struct setting *setting)
{
    if (!setting->task)
        return refuse(setting, of_tasks, LENGTH_OF(of_tasks), "it goes with " FIELD("task") " alone");
    if (check(setting) || resolve_lengths(setting))
        return -1;
    resolve_batch(setting);
    setting->noise_density = setting->mean_span = NAN;
    setting->recipe.no_slope = true; /* half of a fine-tuning is none of half the data */
    return 0;
}
