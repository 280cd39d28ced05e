/* report.c - `glubench report`, `compare` and `validate`. */
#include "src/glu.h"

#include "src/cli/cli.h"
#include "src/results/results.h"

#include <stdio.h>
#include <string.h>

/* Read the options of a command that trains nothing. */
static int read_options(const struct invocation *invocation, struct setting *setting)
{
    return setting_defaults(setting, NULL, 0) ||
                   setting_assign(setting, invocation->arguments, invocation->argument_count)
               ? -1
               : 0;
}

int command_report(const struct invocation *invocation)
{
    struct setting setting;
    json_t *document = NULL;
    int status = EXIT_USAGE;

    if (read_options(invocation, &setting))
        goto out;
    document = results_merge((const char *const *)invocation->operands, invocation->operand_count);
    status = document && report_print(stdout, document, setting.table, setting.format) == 0
                 ? EXIT_OK
                 : EXIT_FAILED;
out:
    json_decref(document);
    setting_free(&setting);
    return status;
}

int command_compare(const struct invocation *invocation)
{
    struct setting setting;
    json_t *before = NULL, *after = NULL;
    bool regression;
    int status = EXIT_USAGE;

    if (read_options(invocation, &setting))
        goto out;
    status = EXIT_FAILED;
    before = results_read(invocation->operands[0]);
    after = before ? results_read(invocation->operands[1]) : NULL;
    if (!after || results_compare(stdout, before, after, setting.format, setting.fail_on_percent,
                                  &regression))
        goto out;
    status = regression ? EXIT_REGRESSION : EXIT_OK;
    if (regression)
        err_set("%s is significantly worse than %s", invocation->operands[1],
                invocation->operands[0]);
out:
    json_decref(before);
    json_decref(after);
    setting_free(&setting);
    return status;
}

int command_validate(const struct invocation *invocation)
{
    int bad = 0;

    for (int i = 0; i < invocation->operand_count; i++) {
        int faults;

        if (results_validate(invocation->operands[i], stdout, &faults))
            return EXIT_FAILED;
        bad += faults > 0;
    }
    if (bad > 0)
        err_set("%d of %d files %s not valid", bad, invocation->operand_count,
                bad == 1 ? "is" : "are");
    return bad > 0 ? EXIT_FAILED : EXIT_OK;
}
