/* main.c - the program: parse, dispatch, report, exit. */
#include "src/glu.h"

#include "src/cli/cli.h"
#include "src/util/printable.h"
#include "src/util/progress.h"

#include <errno.h>
#include <stdio_ext.h>
#include <string.h>
#include <unistd.h>

static void print_message(const char *kind, const char *text)
{
    bool color = terminal_has_color(stderr);
    char safe[2048];

    snprintf(safe, sizeof safe, "%s", text);
    printable(safe);
    progress_clear();
    fprintf(stderr, "%sglubench:%s%s %s\n", color ? "\033[1;31m" : "", color ? "\033[0m" : "", kind,
            safe);
}

static void print_warning(const char *text)
{
    print_message(" warning:", text);
}

/* Output that could not be written is a failure, even when all else went well. */
static int close_stdout(int status)
{
    bool written = __fpending(stdout) > 0, failed = ferror(stdout);

    /* A standard output that was never open matters only to those who wrote to it. */
    errno = 0;
    if ((fclose(stdout) != 0 && (written || errno != EBADF)) || failed) {
        if (errno)
            err_system("cannot write to standard output");
        else /* an earlier write failed, whose reason is forgotten */
            err_set("cannot write all of standard output; is the disk full?");
        print_message("", err_get());
        return status == EXIT_OK ? EXIT_FAILED : status;
    }
    return status;
}

int main(int argc, char **argv)
{
    static char buffer[1 << 16]; /* of standard output */
    struct invocation invocation;
    int status = EXIT_OK;

    err_set_namer(cli_name_field);
    err_set("%s", "");
    /* One write at the end, so that the reason is known when it fails. */
    if (!isatty(STDOUT_FILENO))
        setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    if (cli_parse(&invocation, argc, argv)) {
        status = EXIT_USAGE;
    } else if (invocation.version) {
        puts(PACKAGE_STRING);
    } else if (invocation.help) {
        help_print(stdout, &invocation);
    } else {
        progress_start(invocation.request.quiet, invocation.request.verbose);
        warn_set_sink(invocation.request.quiet ? NULL : print_warning);
        status = invocation.command->function(&invocation);
        progress_clear();
    }
    if (status != EXIT_OK && err_get()[0])
        print_message("", err_get());
    if (status == EXIT_USAGE)
        fputs("Try 'glubench --help' for more information.\n", stderr);
    status = close_stdout(status);
    cli_free(&invocation);
    warn_clear();
    return status;
}
