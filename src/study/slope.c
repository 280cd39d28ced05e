/* slope.c - see slope.h. */
#include "src/glu.h"

#include "src/study/slope.h"

#include "src/util/json_help.h"

#include <string.h>

bool slope_is_asked(const struct setting *setting)
{
    return setting->recipe.steps >= 2 && !setting->recipe.no_slope;
}

void slope_halve(struct slope *slope, const struct setting *setting)
{
    size_t steps = offsetof(struct setting, recipe.steps);

    *slope = (struct slope){.setting = *setting, .baseline = {setting->baseline}};
    slope->setting.recipe.steps = setting->recipe.steps / 2;
    /* For the command line of one run, which tells what is not the preset's. */
    slope->setting.origin[setting_option_of_member(IN_SETTING, steps)] = ORIGIN_COMMAND_LINE;
    slope->setting.variants = slope->baseline;
    slope->setting.variant_count = 1;
    slope->setting.save_checkpoint = NULL;
}

int slope_open(struct slope *slope, const struct setting *setting, const struct data_identity *corpus,
               const struct data_identity *heldout)
{
    json_t *config;
    int status;

    slope_halve(slope, setting);
    if (setting->recipe.steps < 2)
        return 0;
    config = setting_json(&slope->setting, corpus, heldout);
    status = config ? grid_add(&slope->grid, &slope->setting, config) : -1;
    json_decref(config);
    return status;
}

void slope_close(struct slope *slope)
{
    grid_free(&slope->grid);
}

bool slope_has(const struct slope *slope, const struct cell *cell)
{
    uint64_t i = cell->seed - (uint64_t)slope->setting.first_seed;

    return i < (uint64_t)slope->grid.count && strcmp(slope->grid.cells[i].key, cell->key) == 0;
}

/* ---- A forecast ------------------------------------------------------------------------------ */

static bool has_variant(const struct setting *setting, const char *name)
{
    for (int i = 0; i < setting->variant_count; i++)
        if (strcmp(setting->variants[i]->name, name) == 0)
            return true;
    return false;
}

/* Do both give the same bits, of a variant at a seed?  Their texts are not read yet. */
static int trains_alike(const struct setting *a, const struct setting *b, bool *alike)
{
    json_t *configs[] = {setting_json(a, NULL, NULL), setting_json(b, NULL, NULL)};
    json_t *decisive[] = {configs[0] ? cell_config(configs[0]) : NULL,
                          configs[1] ? cell_config(configs[1]) : NULL};
    int status = decisive[0] && decisive[1] ? 0 : -1;

    *alike = json_same(decisive[0], decisive[1]) && text_list_equal(&a->corpus, &b->corpus) &&
             text_list_equal(&a->heldout, &b->heldout) && !a->init_checkpoint;
    for (int i = 0; i < 2; i++) {
        json_decref(configs[i]);
        json_decref(decisive[i]);
    }
    return status;
}

/* How many of the first seeds of `half` has the other setting? */
static int shared(const struct setting *half, const struct setting *other)
{
    int64_t from = half->first_seed, to = from + half->recipe.seeds;
    int64_t low = other->first_seed > from ? other->first_seed : from;
    int64_t end = other->first_seed + other->recipe.seeds;
    int64_t high = end < to ? end : to;

    return high > low ? (int)(high - low) : 0;
}

int slope_count(const struct setting *settings, int count, int i)
{
    struct slope slope, other;
    int most = 0;

    if (!slope_is_asked(&settings[i]))
        return 0;
    slope_halve(&slope, &settings[i]);
    for (int k = 0; k < count; k++) {
        bool alike = false, earlier = false;

        if (k != i && has_variant(&settings[k], settings[i].baseline->name) &&
            trains_alike(&slope.setting, &settings[k], &alike))
            return -1;
        slope_halve(&other, &settings[k]);
        if (k < i && slope_is_asked(&settings[k]) &&
            strcmp(settings[k].baseline->name, settings[i].baseline->name) == 0 &&
            trains_alike(&slope.setting, &other.setting, &earlier))
            return -1;
        if ((alike || earlier) && shared(&slope.setting, &settings[k]) > most)
            most = shared(&slope.setting, &settings[k]);
    }
    return slope.setting.recipe.seeds - most;
}
