/* gather.c - `glubench gather`: the results files of a study whose runs were done by many programs. */
#include "src/glu.h"

#include "src/cli/cli.h"

#include "src/study/gather.h"
#include "src/util/json_help.h"
#include "src/util/printable.h"
#include "src/util/progress.h"
#include "src/util/shell.h"
#include "src/util/standard.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The command of a missing run, and behind it what it is, as a shell's comment. */
static int print_missing(const struct gathered *gathered, const struct store *store, const json_t *cell,
                         const char *program, const char *directory)
{
    FILE *out = standard_data();
    const json_t *commands = json_object_get(gathered->study, "commands");
    int64_t at = integer_at(cell, "command", -1);
    const char *command = json_string_value(at < 0 ? NULL : json_array_get(commands, (size_t)at));
    const char *number = text_at(cell, "cell");
    char *text = command ? strdup(command) : NULL, what[400];

    if (command && !text)
        return err_set("out of memory");
    if (text && number) {
        printable(text); /* it is a file's, and must not steer a terminal */
        shell_print(out, program);
        fprintf(out, " %s -o ", text);
        shell_print(out, directory);
        fprintf(out, " --cell %.40s  ", number);
    }
    free(text);
    snprintf(what, sizeof what, "# %.200s: %.96s, seed %" PRId64 "%s%s", text_at(cell, "setting"),
             text_at(cell, "variant"), integer_at(cell, "seed", 0),
             json_is_true(json_object_get(cell, "slope")) ? ", half of the steps" : "",
             gather_is_claimed(store, cell) ? ", which another program is at work on" : "");
    printable(what);
    fprintf(out, "%s\n", what);
    return 0;
}

static int print_all_missing(const struct gathered *gathered, const struct store *store,
                             const char *program, const char *directory)
{
    size_t count = json_array_size(gathered->missing);

    for (size_t i = 0; i < count; i++)
        if (print_missing(gathered, store, json_array_get(gathered->missing, i), program, directory))
            return -1;
    return count == 0 ? 0
                      : err_set("%zu of %d runs of %s are missing; standard output has their commands",
                                count, gathered->cells, directory);
}

int command_gather(const struct invocation *invocation)
{
    const char *directory = invocation->operands[0];
    struct gathered gathered;
    struct store *store;
    int status = EXIT_FAILED;

    if (store_open_gathering(&store, directory))
        return EXIT_FAILED;
    if (gather_open(&gathered, store) == 0 && gather_write(&gathered, store) == 0) {
        progress_print("results: %s", directory);
        if (print_all_missing(&gathered, store, invocation->argv[0], directory) == 0)
            status = EXIT_OK;
    }
    gather_close(&gathered);
    store_close(store);
    return status;
}
