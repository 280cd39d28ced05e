/* report.c - `glubench report`, `compare` and `validate`. */
#include "src/glu.h"

#include "src/cli/cli.h"
#include "src/results/results.h"

#include <stdio.h>

int command_report(const struct invocation *invocation)
{
    struct config config;
    int status = EXIT_USAGE;

    if (config_defaults(&config, NULL, 0) ||
        config_assign(&config, invocation->arguments, invocation->argument_count))
        goto out;
    status = EXIT_OK;
    for (int i = 0; i < invocation->operand_count && status == EXIT_OK; i++) {
        json_t *document = results_read(invocation->operands[i]);

        if (!document || report_print(stdout, document, config.table, config.format))
            status = EXIT_FAILED;
        json_decref(document);
    }
out:
    config_free(&config);
    return status;
}

int command_compare(const struct invocation *invocation)
{
    (void)invocation;
    err_set("compare: not in this version");
    return EXIT_FAILED;
}

int command_validate(const struct invocation *invocation)
{
    (void)invocation;
    err_set("validate: not in this version");
    return EXIT_FAILED;
}
