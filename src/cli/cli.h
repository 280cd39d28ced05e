/* cli.h - the command line: from argv to a command and its options. */
#ifndef GLU_CLI_CLI_H
#define GLU_CLI_CLI_H

#include "src/setting/option.h"
#include "src/setting/request.h"

#include <stdio.h>

/* Exit statuses. */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_REGRESSION = 3 };

/* What was asked for. */
struct invocation {
    const struct command *command;
    bool command_given;
    struct setting_argument *arguments; /* in the order of argv; owned */
    int argument_count;
    struct request request; /* what they say besides of trainings */
    char **operands; /* borrowed from argv */
    int operand_count;
    int argc;
    char **argv;
    bool help, version;
    const struct setting_option *asked; /* its choices, by "--preset ?"; NULL: none */
};

struct command {
    const char *name;
    unsigned bit; /* COMMAND_... of the options' table */
    const char *operands; /* in the usage line; NULL: none */
    int operands_min, operands_max;
    const char *summary;
    /* Do it.  Returns an exit status; EXIT_FAILED and EXIT_USAGE with a message set. */
    int (*function)(const struct invocation *invocation);
};
int command_count(void);
const struct command *command_at(int i); /* the first one is the default */

/* Parse argv.  0, or -1 and a message.  cli_free() in either case. */
int cli_parse(struct invocation *invocation, int argc, char **argv) GLU_MUST_USE;
void cli_free(struct invocation *invocation);

/* Print --help for a command, or for all when none was given. */
void help_print(FILE *out, const struct invocation *invocation);

/* How a field of a message is called: by its option, when there is one.  An err_namer_fn. */
void cli_name_field(const char *field, char *text, size_t size);

/* The commands, by file. */
int command_run(const struct invocation *invocation);
int command_finetune(const struct invocation *invocation);
int command_bench(const struct invocation *invocation);
int command_plan(const struct invocation *invocation);
int command_cells(const struct invocation *invocation);
int command_gather(const struct invocation *invocation);
int command_list(const struct invocation *invocation);
/* Print the choices of an option whose row is `listed`.  An exit status, with a message. */
int list_choices_of(const struct setting_option *option);
int command_report(const struct invocation *invocation);
int command_compare(const struct invocation *invocation);
int command_score(const struct invocation *invocation);
int command_validate(const struct invocation *invocation);

#endif
