/* test-tap.c - the parts below everything else: errors and the TAP library itself. */
#include "src/glu.h"

#include <string.h>

#include "test/tap.h"

int main(void)
{
    tap_plan(3);
    tap_ok(err_set("%s: line %d", "file", 3) == -1, "err_set returns -1");
    tap_ok(strcmp(err_get(), "file: line 3") == 0, "err_get gives the message: %s", err_get());
    tap_ok(err_prepend("reading") == -1 && strcmp(err_get(), "reading: file: line 3") == 0,
           "err_prepend puts the context before it: %s", err_get());
    return tap_status();
}
