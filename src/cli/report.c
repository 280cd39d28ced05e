/* report.c - `glubench report`: tables from results files. */
#include "src/glu.h"

#include "src/cli/cli.h"
#include "src/results/results.h"
#include "src/setting/option.h"

#include <stdio.h>

int command_report(const struct invocation *invocation)
{
    const struct request *request = &invocation->request;
    json_t *document = results_merge((const char *const *)invocation->operands,
                                     invocation->operand_count, setting_affects);
    int status = document && report_print(stdout, document, request->table, request->format) == 0
                     ? EXIT_OK
                     : EXIT_FAILED;

    json_decref(document);
    return status;
}
