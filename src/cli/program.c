/* program.c - see program.h. */
#include "src/glu.h"

#include "src/cli/program.h"

#include "src/cli/cli.h"
#include "src/cli/together.h"
#include "src/cli/version.h"
#include "src/comm/ranks.h"
#include "src/util/outputs.h"
#include "src/util/printable.h"
#include "src/util/progress.h"
#include "src/util/standard.h"

#include <errno.h>
#include <signal.h>
#include <stdio_ext.h>
#include <string.h>
#include <unistd.h>

static void print_message(const char *kind, const char *text)
{
    bool color = terminal_has_color(stderr);
    char safe[2048], rank[32] = "";

    snprintf(safe, sizeof safe, "%s", text);
    printable(safe);
    if (ranks_get()->all->rank > 0)
        snprintf(rank, sizeof rank, " rank %d:", ranks_get()->all->rank);
    progress_clear();
    fprintf(stderr, "%sglubench:%s%s%s %s\n", color ? "\033[1;31m" : "", color ? "\033[0m" : "", rank, kind,
            safe);
}

static void print_warning(const char *text)
{
    print_message(" warning:", text);
}

/* Output that could not be written is a failure, even when all else went well. */
static int close_data(int status)
{
    FILE *data = standard_data();
    bool written = __fpending(data) > 0, failed = ferror(data);

    /* A standard output that was never open matters only to those who wrote to it. */
    errno = 0;
    if ((fclose(data) != 0 && (written || errno != EBADF)) || failed) {
        if (errno)
            err_system("cannot write to standard output");
        else /* an earlier write failed, whose reason is forgotten */
            err_set("cannot write all of standard output; is the disk full?");
        print_message("", err_get());
        return status == EXIT_OK ? EXIT_FAILED : status;
    }
    return status;
}

/* The files that a command is given are read, and so must not be those that our caller's shell sends
 * standard output or standard error to. */
static int check_operands(const struct invocation *invocation)
{
    struct outputs outputs = {NULL};
    int status = 0;

    for (int i = 0; status == 0 && i < invocation->operand_count; i++)
        status = outputs_add_input(&outputs, "the file", invocation->operands[i]);
    if (status == 0)
        status = outputs_add_standard(&outputs);
    if (status == 0)
        status = outputs_check(&outputs, false);
    outputs_free(&outputs);
    return status;
}

void program_speak(const struct invocation *invocation)
{
    bool leads = ranks_get()->group->rank == 0 && (ranks_get()->all->rank == 0 || ranks_get()->divided);

    progress_start(invocation->request.quiet || !leads, invocation->request.verbose);
    warn_set_sink(invocation->request.quiet || !leads ? NULL : print_warning);
}

/* A command, by the ranks that it is for. */
static int run_command(const struct invocation *invocation)
{
    bool idle;

    if (together_command(invocation, &idle))
        return EXIT_USAGE;
    if (idle)
        return EXIT_OK;
    program_speak(invocation);
    return check_operands(invocation) ? EXIT_FAILED : invocation->command->function(invocation);
}

/* What is printed by one rank alone. */
static int print_help(const struct invocation *invocation)
{
    if (ranks_get()->all->rank > 0)
        return EXIT_OK;
    if (invocation->asked && !invocation->version)
        return list_choices_of(invocation->asked);
    if (invocation->version)
        version_print(standard_data());
    else
        help_print(standard_data(), invocation);
    return EXIT_OK;
}

int program_run(int argc, char **argv)
{
    static char buffer[1 << 16]; /* of standard output */
    struct invocation invocation = {.argc = argc};
    int status = EXIT_OK;

    err_set_namer(cli_name_field);
    err_set("%s", "");
    signal(SIGXFSZ, SIG_IGN); /* a file that gets too large is as a disk that is full: writes fail */
    standard_begin();
    /* One write at the end, so that the reason is known when it fails. */
    if (!isatty(fileno(standard_data())))
        setvbuf(standard_data(), buffer, _IOFBF, sizeof buffer);
    if (together_check(argc, argv)) {
        status = EXIT_USAGE;
    } else if (cli_parse(&invocation, argc, argv)) {
        status = EXIT_USAGE;
        if (ranks_get()->all->rank > 0)
            err_set("%s", "");
    } else if (invocation.version || invocation.asked || invocation.help) {
        status = print_help(&invocation);
    } else {
        status = run_command(&invocation);
        progress_clear();
    }
    if (status != EXIT_OK && err_get()[0])
        print_message("", err_get());
    if (status == EXIT_USAGE && ranks_get()->all->rank == 0)
        fputs("Try 'glubench --help' for more information.\n", stderr);
    status = close_data(status);
    cli_free(&invocation);
    warn_clear();
    return status;
}
