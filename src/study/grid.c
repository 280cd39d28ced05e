/* grid.c - see grid.h. */
#include "src/glu.h"

#include "src/study/grid.h"

#include "src/model/weights.h"
#include "src/util/sealed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Keys ------------------------------------------------------------------------------------ */

static bool is_decisive(const char *path)
{
    enum affects affects = setting_affects(path);

    return affects == AFFECTS_RESULT || affects == AFFECTS_BITS;
}

/* The decisive members of an object whose own path is `path`; NULL when there is no memory. */
static json_t *decisive(json_t *object, const char *path)
{
    json_t *made = json_object(), *value;
    const char *key;

    json_object_foreach (object, key, value) {
        char member[160];
        json_t *kept = NULL;

        snprintf(member, sizeof member, "%s%s%s", path, path[0] ? "." : "", key);
        if (json_is_object(value))
            kept = decisive(value, member);
        else if (is_decisive(member))
            kept = json_incref(value);
        else
            continue;
        if (json_object_set_new(made, key, kept)) {
            json_decref(made);
            return NULL;
        }
    }
    return made;
}

json_t *cell_config(const json_t *config)
{
    json_t *made = decisive((json_t *)config, "");

    if (!made)
        err_set("out of memory");
    return made;
}

int cell_key(char key[CELL_KEY_BYTES], json_t *config, const char *variant, uint64_t seed)
{
    json_t *all = json_pack("{s:O, s:s, s:I}", "config", config, "variant", variant, "seed",
                            (json_int_t)seed);
    int status = all ? sealed_checksum(all, key) : err_set("out of memory");

    json_decref(all);
    return status;
}

/* ---- Cells ----------------------------------------------------------------------------------- */

static int add_cell(struct grid *grid, const struct setting *setting, json_t *config,
                    const struct variant *variant, uint64_t seed)
{
    struct cell *cell = &grid->cells[grid->count];

    *cell = (struct cell){.setting = setting, .variant = variant, .seed = seed};
    if (cell_key(cell->key, config, variant->name, seed))
        return -1;
    cell->config = json_incref(config);
    grid->count++;
    return 0;
}

int grid_add(struct grid *grid, const struct setting *setting, const json_t *config)
{
    int more = setting->variant_count * setting->recipe.seeds, status = 0;
    struct cell *cells = realloc(grid->cells, (size_t)(grid->count + more) * sizeof *cells);
    json_t *decisive_config;

    if (!cells)
        return err_set("out of memory");
    grid->cells = cells;
    decisive_config = cell_config(config);
    if (!decisive_config)
        return -1;
    for (int i = 0; i < more && status == 0; i++)
        status = add_cell(grid, setting, decisive_config,
                          setting->variants[i % setting->variant_count],
                          (uint64_t)setting->first_seed + (uint64_t)(i / setting->variant_count));
    json_decref(decisive_config);
    return status;
}

int cell_add_weights(struct cell *cell, const char *directory)
{
    json_t *config;

    if (weights_sha256(directory, cell->init_sha256))
        return -1;
    config = json_copy(cell->config);
    if (!config ||
        json_object_set_new(config, "init_checkpoint_sha256", json_string(cell->init_sha256))) {
        json_decref(config);
        return err_set("out of memory");
    }
    json_decref(cell->config);
    cell->config = config;
    return cell_key(cell->key, config, cell->variant->name, cell->seed);
}

void grid_free(struct grid *grid)
{
    for (int i = 0; i < grid->count; i++)
        json_decref(grid->cells[i].config);
    free(grid->cells);
    *grid = (struct grid){0};
}
