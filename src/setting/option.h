/* option.h - the one table of options: what a user can say, on the command line and in a file.
 *
 * The table drives getopt_long, --help, the configuration file and the `config` object of the
 * results file.  A row belongs to a struct setting, which describes trainings, or to a struct
 * request, which says what else a command is to do; the functions that read and write values take
 * the one of the two that the row belongs to, as struct option_values or as `owner`. */
#ifndef GLU_SETTING_OPTION_H
#define GLU_SETTING_OPTION_H

#include "src/glu.h"
#include "src/util/affects.h"

#include <jansson.h>

enum option_type {
    OPTION_GROUP, /* a heading of --help: `help` is its text */
    OPTION_INT,
    OPTION_INT64,
    OPTION_REAL,
    OPTION_TEXT,
    OPTION_LIST, /* may be given several times */
    OPTION_FLAG,
    OPTION_HELP, /* --help and --version: nothing is stored */
    OPTION_VERSION
};

/* Whose member an option is. */
enum option_place { IN_NOTHING, IN_SETTING, IN_REQUEST };

/* Commands, as bits: which of them takes an option. */
enum {
    COMMAND_RUN = 1,
    COMMAND_BENCH = 2,
    COMMAND_PLAN = 4,
    COMMAND_LIST = 8,
    COMMAND_REPORT = 16,
    COMMAND_COMPARE = 32,
    COMMAND_VALIDATE = 64,
    COMMAND_GATHER = 128,
    COMMAND_RUN_ITSELF = 256, /* `run`, but not `cells`, which prints command lines of it */
    COMMAND_FINETUNE = 512,
    COMMAND_SCORE = 1024,
    COMMANDS_OF_MODEL = COMMAND_RUN | COMMAND_BENCH | COMMAND_PLAN,
    COMMANDS_ALL = 2047
};

struct setting_option {
    const char *name; /* long option */
    char letter;      /* short option or 0 */
    enum option_type type;
    enum affects affects; /* what another value changes in a run */
    enum option_place place;
    size_t offset; /* in its struct */
    unsigned commands;    /* 0: configuration file only */
    const char *json;     /* path in the configuration file; NULL: command line only */
    double min, max;      /* of a number */
    const char *argument; /* what --help calls the value; NULL: it takes none */
    /* The texts that it can be, NULL past the last; NULL: any.  "KIND:FILE" is KIND, with or without any
     * text behind a colon. */
    const char *(*choice)(int i);
    const char *noun;             /* what a message calls such a text; NULL: "choice" */
    bool listed; /* `glubench list` tells the choices, so that --help need not */
    bool own;    /* the command line of one run alone has its own value */
    bool many;   /* an OPTION_LIST whose values may stand in one, with commas between */
    bool sparse; /* the `config` object has it when it has a value: older ones do not know it */
    const char *initial;   /* the value when nobody gives one; NULL: 0, none, or the preset's */
    const char *automatic; /* what --help says when the value is 0 or NULL */
    const char *help;      /* this and `automatic` may hold fields of util/error.h */
    const char *alias;     /* an older name, understood and not shown; NULL: none */
};

enum { SETTING_OPTIONS_MAX = 128 };

int setting_option_count(void);
const struct setting_option *setting_option_at(int i);
/* The row of that name, with dashes or underscores, or -1. */
int setting_option_find(const char *name);
/* The row of that path in the configuration file, or -1. */
int setting_option_of_path(const char *path);
/* The row whose value lies there. */
int setting_option_of_member(enum option_place place, size_t offset);
/* Its name as a field in messages. */
void setting_option_field(int option, char *text, size_t size);

/* Is this a path of what the `config` object tells beside the options, such as corpus.sha256? */
bool setting_is_derived(const char *path);
/* What a field of the `config` object affects, by its path: an option's row says it, and a table
 * for what is derived.  A path that is not known affects the result. */
enum affects setting_affects(const char *path);

/* ---- Values ---------------------------------------------------------------------------------- */

/* An option as the command line gives it; text is borrowed, NULL for a flag. */
struct setting_argument {
    int option; /* row of the table */
    const char *text;
};

struct text_list { /* owned */
    char **items;
    int count;
};

/* Where an option's value comes from; a later one replaces an earlier one. */
enum origin { ORIGIN_DEFAULT, ORIGIN_PRESET, ORIGIN_FILE, ORIGIN_COMMAND_LINE };

/* Where the rows of one place find their values. */
struct option_values {
    enum option_place place;
    void *owner;           /* the struct */
    unsigned char *origin; /* (SETTING_OPTIONS_MAX) enum origin, by row; in the struct */
};

/* Set an option from text, or from its value in a configuration file, where null leaves it as it
 * is.  `where` names it in messages.  0, or -1 and a message with what would be right. */
int option_set_text(const struct option_values *values, int option, const char *text,
                    const char *where, enum origin origin) GLU_MUST_USE;
int option_set_json(const struct option_values *values, int option, const json_t *json,
                    const char *where) GLU_MUST_USE;
/* Give all rows of a zeroed struct their initial values. */
int options_begin(const struct option_values *values) GLU_MUST_USE;
/* Set those of the arguments that belong there. */
int options_assign(const struct option_values *values, const struct setting_argument *arguments,
                   int count) GLU_MUST_USE;
/* Free the texts and lists. */
void options_free(const struct option_values *values);

/* The value in its struct. */
const void *option_value(const void *owner, int option);
/* A value as text, as it would be given on the command line; "" when it is not set. */
void option_value_text(const void *owner, int option, char *text, size_t size);
/* A value as JSON; null when it is left to the program.  New reference or NULL. */
json_t *option_value_json(const void *owner, int option);
/* Put the value at its path into a document, or anything at "a" or "a.b", taking the reference.  -1
 * when memory ran out, or a value is NULL. */
int option_put_json(json_t *document, const void *owner, int option);
int option_put_path(json_t *document, const char *path, json_t *value);

/* "there is no NOUN 'TEXT'", and what there is instead.  Returns -1. */
int option_choice_error(int option, const char *text, const char *where);

/* Replace a text by a copy; NULL: by none. */
int text_set(char **text, const char *value) GLU_MUST_USE;
int text_list_append(struct text_list *list, const char *text) GLU_MUST_USE;
void text_list_clear(struct text_list *list);
/* As an array.  New reference, or NULL and a message. */
json_t *text_list_json(const struct text_list *list);
bool text_list_equal(const struct text_list *a, const struct text_list *b);

#endif
