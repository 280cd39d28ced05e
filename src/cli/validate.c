/* validate.c - `glubench validate`: are results files what they claim to be? */
#include "src/glu.h"

#include "src/cli/cli.h"
#include "src/results/results.h"
#include "src/util/standard.h"

#include <stdio.h>

int command_validate(const struct invocation *invocation)
{
    int bad = 0;

    for (int i = 0; i < invocation->operand_count; i++) {
        int faults;

        if (results_validate(invocation->operands[i], standard_data(), &faults))
            return EXIT_FAILED;
        bad += faults > 0;
    }
    if (bad > 0)
        err_set("%d of %d files %s not valid", bad, invocation->operand_count,
                bad == 1 ? "is" : "are");
    return bad > 0 ? EXIT_FAILED : EXIT_OK;
}
