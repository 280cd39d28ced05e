/* config.c - configuration files. */
#include "src/glu.h"

#include "src/run/config.h"
#include "src/run/plan.h"
#include "test/fuzz/fuzz.h"
#include "test/scratch.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int fuzz_config(const uint8_t *data, size_t size);

static int option_named(const char *name)
{
    for (int i = 0; i < config_option_count(); i++)
        if (config_option_at(i)->name && strcmp(config_option_at(i)->name, name) == 0)
            return i;
    return -1;
}

/* What a file resolves to, as a results file would tell it; NULL when it is refused. */
static json_t *resolve(const char *path)
{
    struct config_argument arguments[] = {{option_named("config"), path},
                                          {option_named("threads"), "1"}};
    struct config config;
    struct plan_row *rows = NULL;
    json_t *resolved = NULL;
    char *repro;

    if (config_resolve(&config, arguments, (int)LENGTH_OF(arguments)) == 0) {
        resolved = config_json(&config, NULL, NULL);
        fuzz_check(resolved != NULL, "what is resolved can be written");
        repro = config_repro(&config, config.variants[0], config.first_seed);
        fuzz_check(repro != NULL, "what is resolved can be repeated");
        free(repro);
        if (plan_make(&rows, &config) == 0)
            free(rows);
    }
    config_free(&config);
    return resolved;
}

int fuzz_config(const uint8_t *data, size_t size)
{
    json_t *resolved = resolve(scratch_write("config.json", data, size)), *again;
    char *text;

    if (!resolved)
        return -1;
    text = json_dumps(resolved, JSON_REAL_PRECISION(15));
    fuzz_check(text != NULL, "what is resolved can be written");
    again = resolve(scratch_text("resolved.json", text));
    fuzz_check(json_equal(resolved, again), "what a results file says resolves to the same");
    free(text);
    json_decref(again);
    json_decref(resolved);
    return 0;
}
