/* compare.c - `glubench compare`: two results files of one configuration. */
#include "src/glu.h"

#include "src/cli/cli.h"
#include "src/results/results.h"
#include "src/setting/option.h"
#include "src/util/standard.h"

#include <stdio.h>

int command_compare(const struct invocation *invocation)
{
    const struct request *request = &invocation->request;
    json_t *before = results_read(invocation->operands[0]);
    json_t *after = before ? results_read(invocation->operands[1]) : NULL;
    int status = EXIT_FAILED;
    bool regression;

    if (!after || results_recheck(before, invocation->operands[0]) ||
        results_recheck(after, invocation->operands[1]) ||
        results_compare(standard_data(), before, after, setting_affects, request->format,
                        request->fail_on_percent, &regression))
        goto out;
    status = regression ? EXIT_REGRESSION : EXIT_OK;
    if (regression)
        err_set("%s does not pass against %s: see the lines that say REGRESSION",
                invocation->operands[1], invocation->operands[0]);
out:
    json_decref(before);
    json_decref(after);
    return status;
}
