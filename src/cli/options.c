/* options.c - argv, by getopt_long over the table of options. */
#include "src/glu.h"

#include "src/cli/cli.h"
#include "src/util/nearest.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* What getopt_long returns for row i of the table: above every short option. */
enum { FIRST_ROW = 256 };

static bool takes_value(const struct setting_option *option)
{
    return option->argument != NULL;
}

/* Of rows, their older names and the end. */
enum { LONGS_MAX = 2 * SETTING_OPTIONS_MAX + 1 };

/* The table as getopt_long wants it.  longs has room for LONGS_MAX. */
static void make_getopt_tables(struct option *longs, char *shorts)
{
    int n = 0;

    *shorts++ = ':'; /* a missing value is reported apart from an unknown option */
    for (int i = 0; i < setting_option_count(); i++) {
        const struct setting_option *option = setting_option_at(i);
        int has_arg = takes_value(option) ? required_argument : no_argument;

        if (option->type == OPTION_GROUP || !option->commands)
            continue;
        longs[n++] = (struct option){option->name, has_arg, NULL, FIRST_ROW + i};
        if (option->alias)
            longs[n++] = (struct option){option->alias, has_arg, NULL, FIRST_ROW + i};
        if (option->letter) {
            *shorts++ = option->letter;
            if (takes_value(option))
                *shorts++ = ':';
        }
    }
    longs[n] = (struct option){0};
    *shorts = '\0';
}

static int row_of_result(int result)
{
    if (result >= FIRST_ROW)
        return result - FIRST_ROW;
    for (int i = 0; i < setting_option_count(); i++)
        if (setting_option_at(i)->letter && setting_option_at(i)->letter == result)
            return i;
    return -1;
}

/* Is the text, of `length` bytes, the beginning of one of the option's names? */
static bool begins(const struct setting_option *option, const char *text, size_t length)
{
    return strncmp(option->name, text, length) == 0 ||
           (option->alias && strncmp(option->alias, text, length) == 0);
}

static int unknown_option(const char *word)
{
    const char *names[SETTING_OPTIONS_MAX], *nearest;
    size_t length = strcspn(word, "=");
    char text[64], matches[400] = "";
    size_t used = 0;
    int count = 0;

    if (optopt) /* a letter; the word may be the one before, as long as letters follow */
        return err_set("there is no option '-%c'", optopt);
    for (int i = 0; i < setting_option_count(); i++) {
        const struct setting_option *option = setting_option_at(i);

        if (!option->name || !option->commands)
            continue;
        names[count++] = option->name;
        if (begins(option, word + 2, length - 2) && used < sizeof matches)
            used += (size_t)snprintf(matches + used, sizeof matches - used, "%s--%s",
                                     used ? ", " : "", option->name);
    }
    if (used > 0)
        return err_set("option '%.*s' could be any of %s", (int)length, word, matches);
    snprintf(text, sizeof text, "%.*s", (int)length - 2, word + 2);
    nearest = nearest_name(text, names, count);
    if (nearest)
        return err_set("there is no option '%.*s' (did you mean --%s?)", (int)length, word,
                       nearest);
    return err_set("there is no option '%.*s'", (int)length, word);
}

/* Read the options; argv's operands end up behind optind. */
static int parse_options(struct invocation *invocation)
{
    struct option longs[LONGS_MAX];
    char shorts[2 * SETTING_OPTIONS_MAX + 2];
    int result;

    make_getopt_tables(longs, shorts);
    opterr = 0;
    while ((result = getopt_long(invocation->argc, invocation->argv, shorts, longs, NULL)) != -1) {
        const char *word = invocation->argv[optind - 1];
        int row = row_of_result(result == '?' || result == ':' ? optopt : result);

        if (result == ':')
            return err_set("option '--%s' needs a value: --%s %s", setting_option_at(row)->name,
                           setting_option_at(row)->name, setting_option_at(row)->argument);
        if (result == '?' && row >= 0 && optopt >= FIRST_ROW)
            return err_set("option '--%s' takes no value", setting_option_at(row)->name);
        if (result == '?')
            return unknown_option(word);
        if (setting_option_at(row)->type == OPTION_HELP)
            invocation->help = true;
        else if (setting_option_at(row)->type == OPTION_VERSION)
            invocation->version = true;
        else if (setting_option_at(row)->listed && strcmp(optarg, "?") == 0)
            invocation->asked = setting_option_at(row);
        else
            invocation->arguments[invocation->argument_count++] =
                (struct setting_argument){row, takes_value(setting_option_at(row)) ? optarg : NULL};
    }
    return 0;
}

static int find_command(struct invocation *invocation)
{
    const char *names[16], *name = invocation->argv[optind];

    invocation->command = command_at(0);
    if (optind == invocation->argc)
        return 0;
    for (int i = 0; i < command_count(); i++) {
        names[i] = command_at(i)->name;
        if (strcmp(names[i], name) == 0) {
            invocation->command = command_at(i);
            invocation->command_given = true;
            optind++;
            return 0;
        }
    }
    return nearest_error("command line", "command", name, names, command_count());
}

static int check_operands(const struct invocation *invocation)
{
    const struct command *command = invocation->command;

    if (invocation->operand_count < command->operands_min)
        return err_set("%s: a file is missing; usage: glubench %s %s", command->name,
                       command->name, command->operands);
    if (invocation->operand_count > command->operands_max)
        return err_set("%s: '%s' is one argument too many; usage: glubench %s [OPTION]...%s%s",
                       command->name, invocation->operands[command->operands_max], command->name,
                       command->operands ? " " : "", command->operands ? command->operands : "");
    return 0;
}

static int check_applicable(const struct invocation *invocation)
{
    for (int i = 0; i < invocation->argument_count; i++) {
        const struct setting_option *option = setting_option_at(invocation->arguments[i].option);

        if (!(option->commands & invocation->command->bit))
            return err_set("option '--%s' does not apply to '%s'", option->name,
                           invocation->command->name);
    }
    return 0;
}

void cli_name_field(const char *field, char *text, size_t size)
{
    int option = setting_option_find(field);

    if (option >= 0)
        snprintf(text, size, "--%s", setting_option_at(option)->name);
    else
        snprintf(text, size, "%s", field);
}

int cli_parse(struct invocation *invocation, int argc, char **argv)
{
    *invocation = (struct invocation){.argc = argc, .argv = argv, .command = command_at(0)};
    /* A word can hold several short options, so count letters, not words. */
    size_t capacity = 1;
    for (int i = 1; i < argc; i++)
        capacity += strlen(argv[i]) + 1;
    invocation->arguments = calloc(capacity, sizeof *invocation->arguments);
    if (!invocation->arguments)
        return err_set("out of memory");
    if (parse_options(invocation))
        return -1;
    if (invocation->version || invocation->asked)
        return 0;
    if (find_command(invocation))
        return -1;
    invocation->operands = argv + optind;
    invocation->operand_count = argc - optind;
    if (invocation->help)
        return 0;
    return check_operands(invocation) || check_applicable(invocation) ||
                   request_read(&invocation->request, invocation->arguments,
                                invocation->argument_count)
               ? -1
               : 0;
}

void cli_free(struct invocation *invocation)
{
    request_free(&invocation->request);
    free(invocation->arguments);
    invocation->arguments = NULL;
}
