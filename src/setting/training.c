/* training.c - see training.h. */
#include "src/glu.h"

#include "src/setting/training.h"

#include "src/util/json_help.h"

#include <math.h>

#define ROW(member) setting_option_of_member(IN_SETTING, offsetof(struct setting, member))

/* The options that an optimizer may have or not. */
static const struct {
    size_t in_setting, in_options;
    unsigned takes; /* its bit; 0: every optimizer has it */
} rows[] = {
#define OPTION(member, bit)                                                                        \
    {offsetof(struct setting, optimizer.member), offsetof(struct optimizer_options, member), bit}
    OPTION(weight_decay, TAKES_WEIGHT_DECAY),
    OPTION(beta1, TAKES_BETA1),
    OPTION(beta2, TAKES_BETA2),
    OPTION(clip_norm, 0),
};

static bool takes(const struct optimizer_type *type, size_t row)
{
    return (type->takes & rows[row].takes) == rows[row].takes;
}

/* The optimizer's own value of an option. */
static void take_default(struct setting *setting, const struct optimizer_type *type, size_t row)
{
    const void *own = (const char *)&type->defaults + rows[row].in_options;
    void *value = (char *)setting + rows[row].in_setting;
    int option = setting_option_of_member(IN_SETTING, rows[row].in_setting);

    *(double *)value = takes(type, row) ? *(const double *)own : NAN;
    setting->origin[option] = ORIGIN_DEFAULT;
}

int training_preset(struct setting *setting, const char *optimizer, const char *schedule)
{
    const struct optimizer_type *type = optimizer_type_find(optimizer);

    setting->preset_optimizer = type;
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        take_default(setting, type, i);
    setting->origin[ROW(optimizer_name)] = setting->origin[ROW(schedule_name)] = ORIGIN_PRESET;
    return text_set(&setting->optimizer_name, type->name) ||
                   text_set(&setting->schedule_name, schedule)
               ? -1
               : 0;
}

struct training_before training_before(const struct setting *setting)
{
    return (struct training_before){optimizer_type_find(setting->optimizer_name),
                                    setting->origin[ROW(optimizer_name)] == ORIGIN_FILE};
}

/* The optimizer that a value was given for, by its source. */
static const struct optimizer_type *given_for(const struct setting *setting, enum origin origin,
                                              const struct training_before *before)
{
    if (origin == ORIGIN_COMMAND_LINE)
        return optimizer_type_find(setting->optimizer_name);
    if (origin == ORIGIN_FILE)
        return before->type;
    return setting->preset_optimizer;
}

static void resolve_rate(struct setting *setting, const struct optimizer_type *type,
                         const struct training_before *before)
{
    unsigned char *origin = &setting->origin[ROW(recipe.learning_rate)];
    const struct optimizer_type *whose = given_for(setting, *origin, before);
    double rate = setting->recipe.learning_rate;

    if (whose == type || type->learning_rate <= 0)
        return;
    setting->recipe.learning_rate = type->learning_rate;
    if (rate != type->learning_rate)
        warn_add("%s %s is of %s: " FIELD("learning_rate") " is %g, which is %s's own, and not %g",
                 *origin == ORIGIN_FILE ? "file" : "preset",
                 *origin == ORIGIN_FILE ? setting->file : setting->preset, whose->name,
                 type->learning_rate, type->name, rate);
    *origin = ORIGIN_PRESET;
}

/* From here on the product is the rate that was asked for, as results files and command lines have it:
 * who reads it there trains with the same bits. */
static int scale_rate(struct setting *setting)
{
    unsigned char *origin = &setting->origin[ROW(recipe.learning_rate)];

    if (setting->origin[ROW(rate_factor)] < ORIGIN_COMMAND_LINE)
        return 0;
    if (*origin == ORIGIN_COMMAND_LINE)
        return err_set(FIELD("learning_rate_factor") " multiplies the learning rate of preset and "
                       "optimizer; leave out " FIELD("learning_rate"));
    setting->recipe.learning_rate = json_rounded(setting->recipe.learning_rate * setting->rate_factor);
    *origin = ORIGIN_COMMAND_LINE;
    return 0;
}

int training_resolve(struct setting *setting, const struct training_before *before)
{
    const struct optimizer_type *type = optimizer_type_find(setting->optimizer_name);

    resolve_rate(setting, type, before);
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        int option = setting_option_of_member(IN_SETTING, rows[i].in_setting);
        enum origin origin = setting->origin[option];

        if (origin < ORIGIN_FILE || (origin == ORIGIN_FILE && before->by_file && before->type != type))
            take_default(setting, type, i);
        else if (!takes(type, i)) {
            char field[64];

            setting_option_field(option, field, sizeof field);
            return err_set("%s: %s has none; leave it out, or choose another " FIELD("optimizer"),
                           field, type->name);
        }
    }
    return scale_rate(setting);
}
