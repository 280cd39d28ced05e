/* report.c - `glubench report`, `compare` and `validate`. */
#include "src/glu.h"

#include "src/cli/cli.h"
#include "src/results/results.h"

#include <stdio.h>
#include <string.h>

int command_report(const struct invocation *invocation)
{
    struct config config;
    json_t *document = NULL;
    int status = EXIT_USAGE;

    if (config_defaults(&config, NULL, 0) ||
        config_assign(&config, invocation->arguments, invocation->argument_count))
        goto out;
    status = EXIT_FAILED;
    document = results_merge((const char *const *)invocation->operands, invocation->operand_count);
    if (document && report_print(stdout, document, config.table, config.format) == 0)
        status = EXIT_OK;
out:
    json_decref(document);
    config_free(&config);
    return status;
}

static bool is_given(const struct invocation *invocation, const char *name)
{
    for (int i = 0; i < invocation->argument_count; i++)
        if (strcmp(config_option_at(invocation->arguments[i].option)->name, name) == 0)
            return true;
    return false;
}

int command_compare(const struct invocation *invocation)
{
    struct config config;
    json_t *before = NULL, *after = NULL;
    bool regression = false;
    int status = EXIT_USAGE;

    if (config_defaults(&config, NULL, 0) ||
        config_assign(&config, invocation->arguments, invocation->argument_count))
        goto out;
    status = EXIT_FAILED;
    before = results_read(invocation->operands[0]);
    after = before ? results_read(invocation->operands[1]) : NULL;
    if (after && results_compare(stdout, before, after, config.format,
                                 is_given(invocation, "fail-on") ? config.fail_on_percent : -1.0,
                                 &regression) == 0)
        status = regression ? EXIT_REGRESSION : EXIT_OK;
    if (regression)
        err_set("%s is significantly worse than %s", invocation->operands[1],
                invocation->operands[0]);
out:
    json_decref(before);
    json_decref(after);
    config_free(&config);
    return status;
}

int command_validate(const struct invocation *invocation)
{
    int faulty = 0, faults;

    for (int i = 0; i < invocation->operand_count; i++) {
        if (results_validate(invocation->operands[i], stdout, &faults))
            return EXIT_FAILED;
        faulty += faults > 0;
    }
    if (faulty)
        err_set("%d of %d file%s at fault", faulty, invocation->operand_count,
                invocation->operand_count == 1 ? " is" : "s are");
    return faulty ? EXIT_FAILED : EXIT_OK;
}
