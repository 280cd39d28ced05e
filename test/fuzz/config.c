/* config.c - configuration files. */
#include "src/glu.h"

#include "src/setting/setting.h"
#include "src/study/forecast.h"
#include "test/fuzz/fuzz.h"
#include "test/scratch.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int fuzz_config(const uint8_t *data, size_t size);

/* What a file resolves to, as a results file would tell it; NULL when it is refused. */
static json_t *resolve(const char *path)
{
    struct setting_argument arguments[] = {{setting_option_find("config"), path},
                                           {setting_option_find("threads"), "1"}};
    struct setting setting;
    struct forecast_row *rows = NULL;
    json_t *resolved = NULL;
    char *repro;

    if (setting_resolve(&setting, arguments, (int)LENGTH_OF(arguments)) == 0) {
        resolved = setting_json(&setting, NULL, NULL);
        fuzz_check(resolved != NULL, "what is resolved can be written");
        repro = setting_repro(&setting, setting.variants[0], setting.first_seed,
                              setting.init_checkpoint);
        fuzz_check(repro != NULL, "what is resolved can be repeated");
        free(repro);
        if (forecast_make(&rows, &setting) == 0)
            free(rows);
    }
    setting_free(&setting);
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
