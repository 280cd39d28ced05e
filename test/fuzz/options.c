/* options.c - the command line. */
#include "src/glu.h"

#include "src/cli/cli.h"
#include "src/setting/setting.h"
#include "test/fuzz/fuzz.h"
#include "test/tap.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

int fuzz_options(const uint8_t *data, size_t size);

enum { WORDS_MAX = 64 };

/* Resolve the options as the command would; those of commands that train nothing are parsed. */
static int resolve(const struct invocation *invocation)
{
    struct setting setting;
    int status;

    if (!(invocation->command->bit & COMMANDS_OF_MODEL))
        return 0;
    status = setting_resolve(&setting, invocation->arguments, invocation->argument_count);
    setting_free(&setting);
    return status;
}

int fuzz_options(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), *argv[WORDS_MAX + 2] = {(char[]){"glubench"}}, *next;
    struct invocation invocation;
    int argc = 1, status;

    if (!text)
        tap_bail_out("no memory");
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    next = size ? text : NULL;
    while (argc <= WORDS_MAX && next)
        argv[argc++] = strsep(&next, "\n");
    optind = 0; /* start anew */
    status = cli_parse(&invocation, argc, argv);
    if (status == 0 && !invocation.version) {
        help_print(fuzz_sink(), &invocation);
        if (!invocation.help)
            status = resolve(&invocation);
    }
    cli_free(&invocation);
    free(text);
    return status;
}
