/* help.c - --help, from the tables of commands and options, with the defaults of the preset. */
#include "src/glu.h"

#include "src/cli/cli.h"
#include "src/setting/setting.h"

#include <string.h>

enum { TEXT_COLUMN = 30, LAST_COLUMN = 79 };

/* Text from TEXT_COLUMN on, wrapped between words; `column` is where the cursor is. */
static void print_wrapped(FILE *out, const char *text, int column)
{
    if (column > TEXT_COLUMN - 2)
        column = fprintf(out, "\n") * 0;
    fprintf(out, "%*s", TEXT_COLUMN - column, "");
    column = TEXT_COLUMN;
    while (*text) {
        int word = (int)strcspn(text, " ");

        if (column > TEXT_COLUMN && column + 1 + word > LAST_COLUMN) {
            fprintf(out, "\n%*s", TEXT_COLUMN, "");
            column = TEXT_COLUMN;
        } else if (column > TEXT_COLUMN) {
            putc(' ', out);
            column++;
        }
        fprintf(out, "%.*s", word, text);
        column += word;
        text += word;
        text += strspn(text, " ");
    }
    putc('\n', out);
}

/* Only these commands take the option, for readers of the help of all of them. */
static void append_commands(char *text, size_t size, unsigned commands)
{
    size_t used = strlen(text);
    const char *separator = " [";

    for (int i = 0; i < command_count() && used < size; i++) {
        if (!(commands & command_at(i)->bit))
            continue;
        used += (size_t)snprintf(text + used, size - used, "%s%s", separator, command_at(i)->name);
        separator = ", ";
    }
    if (used < size)
        snprintf(text + used, size - used, "]");
}

/* The choices of an option, after and between these, in `text`; "" when there are none, or a list of
 * them elsewhere.  Returns whether there was room for all. */
static bool list_choices(const struct setting_option *option, const char *first, const char *between,
                         char *text, size_t size)
{
    const char *name;
    size_t used = 0;

    text[0] = '\0';
    for (int i = 0; option->choice && !option->listed && (name = option->choice(i)) != NULL; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s%s", i == 0 ? first : between, name);
        if (used >= size)
            return false;
    }
    return true;
}

/* Choices that are too many for the line of the option's name go into its help. */
enum { CHOICES_BYTES = 60 };

/* What an option can be given. */
static int print_argument(FILE *out, const struct setting_option *option)
{
    char choices[CHOICES_BYTES];

    if (list_choices(option, "=", "|", choices, sizeof choices) && choices[0])
        return fprintf(out, "%s", choices);
    return option->argument ? fprintf(out, "=%s", option->argument) : 0;
}

static void append_choices(char *text, size_t size, const struct setting_option *option)
{
    char choices[CHOICES_BYTES];
    size_t used = strlen(text);

    if (!list_choices(option, "=", "|", choices, sizeof choices))
        list_choices(option, ": ", ", ", text + used, size - used);
}

/* The defaults of all options. */
struct defaults {
    struct setting setting; /* only when an option of it is printed */
    struct request request;
};

static void default_text(const struct defaults *defaults, int row, char *text, size_t size)
{
    enum option_place place = setting_option_at(row)->place;

    text[0] = '\0';
    if (place == IN_SETTING)
        option_value_text(&defaults->setting, row, text, size);
    else if (place == IN_REQUEST)
        option_value_text(&defaults->request, row, text, size);
}

static void print_option(FILE *out, const struct defaults *defaults, int row, bool with_commands)
{
    const struct setting_option *option = setting_option_at(row);
    char value[256], text[1024];
    int column;

    column = option->letter ? fprintf(out, "  -%c, ", option->letter) : fprintf(out, "      ");
    column += fprintf(out, "--%s", option->name);
    column += print_argument(out, option);

    default_text(defaults, row, value, sizeof value);
    if (option->automatic && (value[0] == '\0' || strcmp(value, "0") == 0 || value[0] == '-'))
        snprintf(value, sizeof value, "%s", option->automatic);
    snprintf(text, sizeof text, "%s", option->help);
    append_choices(text, sizeof text, option);
    if (value[0])
        snprintf(text + strlen(text), sizeof text - strlen(text), " (default: %s)", value);
    if (with_commands)
        append_commands(text, sizeof text, option->commands);
    err_name_fields(text, sizeof text);
    print_wrapped(out, text, column);
}

static void print_usage(FILE *out, const struct invocation *invocation)
{
    const struct command *command = invocation->command;

    if (!invocation->command_given)
        fputs("Usage: glubench [COMMAND] [OPTION]...\n"
              "Train the feed-forward variants of \"GLU Variants Improve Transformer\" (Shazeer 2020)\n"
              "at equal parameters in a small T5 or a language model, and compare them with intervals\n"
              "and paired tests.\n",
              out);
    else
        fprintf(out, "Usage: glubench %s [OPTION]...%s%s\n%c%s.\n", command->name,
                command->operands ? " " : "", command->operands ? command->operands : "",
                command->summary[0] - 'a' + 'A', command->summary + 1);
}

static void print_commands(FILE *out)
{
    fputs("\nCommands:\n", out);
    for (int i = 0; i < command_count(); i++) {
        int column = fprintf(out, "  %s", command_at(i)->name);

        print_wrapped(out, command_at(i)->summary, column);
    }
}

/* To be freed in either case. */
static int find_defaults(struct defaults *defaults, const struct invocation *invocation,
                         bool setting)
{
    *defaults = (struct defaults){.setting.preset = NULL};
    if (request_read(&defaults->request, NULL, 0))
        return -1;
    if (!setting || setting_defaults(&defaults->setting, invocation->arguments,
                                     invocation->argument_count) == 0)
        return 0;
    setting_free(&defaults->setting); /* an unknown preset: show the defaults of the default one */
    return setting_defaults(&defaults->setting, NULL, 0);
}

void help_print(FILE *out, const struct invocation *invocation)
{
    bool all = !invocation->command_given;
    struct defaults defaults;
    unsigned group = 0;

    if (find_defaults(&defaults, invocation, invocation->command->bit & COMMANDS_OF_MODEL))
        goto out;
    print_usage(out, invocation);
    if (all)
        print_commands(out);
    for (int i = 0; i < setting_option_count(); i++) {
        const struct setting_option *option = setting_option_at(i);

        if (!(option->commands & (all ? COMMANDS_ALL : invocation->command->bit)))
            continue;
        if (option->type == OPTION_GROUP) {
            fprintf(out, "\n%s:\n", option->help);
            group = option->commands;
        } else {
            print_option(out, &defaults, i, all && option->commands != group);
        }
    }
    if (all)
        fputs("\nExit status: 0 all is well, 1 a run failed or diverged, 2 wrong usage,\n"
              "3 a regression beyond --fail-on, 128 and its number when a signal ended it.\n"
              "Standard output holds data only; NO_COLOR in the environment turns colours off.\n"
              "\n"
              "Examples:\n"
              "  $ glubench --preset smoke\n"
              "  $ glubench --all-variants --corpus book.txt --seeds 5 --output book.json\n"
              "  $ glubench plan --preset base --tokenizer sentencepiece:spiece.model\n",
              out);
out:
    setting_free(&defaults.setting);
    request_free(&defaults.request);
}
