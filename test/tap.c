/* tap.c - see tap.h. */
#include "src/glu.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "test/tap.h"

static int planned = -1, run, failed;

/* One line of output.  It is flushed at once, so that what was checked before a crash is seen. */
static void say(const char *before, const char *format, va_list args)
{
    fputs(before, stdout);
    vprintf(format, args);
    putchar('\n');
    fflush(stdout);
}

void tap_plan(int checks)
{
    planned = checks;
    printf("1..%d\n", checks);
    fflush(stdout);
}

bool tap_ok(bool ok, const char *format, ...)
{
    char before[32];
    va_list args;

    failed += !ok;
    snprintf(before, sizeof before, "%s %d - ", ok ? "ok" : "not ok", ++run);
    va_start(args, format);
    say(before, format, args);
    va_end(args);
    return ok;
}

void tap_skip(int count, const char *format, ...)
{
    char before[32];
    va_list args;

    for (int i = 0; i < count; i++) {
        snprintf(before, sizeof before, "ok %d # SKIP ", ++run);
        va_start(args, format);
        say(before, format, args);
        va_end(args);
    }
}

void tap_skip_all(const char *format, ...)
{
    va_list args;

    planned = 0;
    va_start(args, format);
    say("1..0 # SKIP ", format, args);
    va_end(args);
}

void tap_diag(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say("# ", format, args);
    va_end(args);
}

void tap_bail_out(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say("Bail out! ", format, args);
    va_end(args);
    exit(1);
}

int tap_status(void)
{
    if (planned != run)
        tap_diag("planned %d checks, ran %d", planned, run);
    return failed > 0 || planned != run;
}
