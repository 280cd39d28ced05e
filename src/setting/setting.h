/* setting.h - what a command is asked to do, fully resolved, and the one table of options behind it.
 *
 * The table drives getopt_long, --help, the configuration file and the `config` object of the
 * results file.  Later sources win: preset < configuration file < command line. */
#ifndef GLU_SETTING_SETTING_H
#define GLU_SETTING_SETTING_H

#include "src/task/data.h"
#include "src/model/model.h"
#include "variants/variant.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The numbers that a preset sets: model, training, and how it is measured. */
struct recipe {
    int d_model, layers, heads, d_kv;
    int d_ff;       /* of an ungated layer */
    int gated_d_ff; /* of a gated one; 0 until resolved: 2/3 d_ff */
    int batch, input_length;
    int target_length; /* 0 until resolved: what T5's rule gives for input_length */
    int64_t steps, warmup_steps;
    double learning_rate, decay_fraction;
    int seeds;            /* how many */
    int heldout_examples; /* at most */
    int samples;          /* throughput samples of each variant and pass */
    int jobs;             /* trainings side by side; 0 until resolved: one per thread */
};

struct preset {
    const char *name, *summary;
    const char *note; /* what its user should know; NULL: nothing */
    struct recipe recipe;
};
int preset_count(void);
const struct preset *preset_at(int i);

struct text_list { /* owned */
    char **items;
    int count;
};

/* Where an option's value comes from; a later one replaces an earlier one. */
enum origin { ORIGIN_DEFAULT, ORIGIN_PRESET, ORIGIN_FILE, ORIGIN_COMMAND_LINE };

enum { SETTING_OPTIONS_MAX = 64, SETTING_VARIANTS_MAX = 1000 };

struct setting {
    char *preset;
    struct recipe recipe;

    struct text_list variant_names;
    bool all_variants;
    char *baseline_name;
    bool allow_unequal;
    int64_t first_seed; /* seeds are first_seed, first_seed + 1, ... */

    struct text_list corpus, heldout; /* paths */
    double heldout_share;
    char *tokenizer;
    double noise_density, mean_span;
    int64_t evaluate_every; /* 0: at fixed fractions of the steps */

    int threads; /* of all jobs together; 0 until resolved: one per core */
    int micro_batch;
    char *precision_name;

    char *file; /* --config */
    int64_t checkpoint_every; /* steps; 0: by time */
    bool resume, restart;
    char *output, *dump_batches, *save_checkpoint, *init_checkpoint;
    double detect_nats; /* 0: not asked */
    bool ffn, profile, scaling;
    int scaling_d_model; /* the widest model of --sweep */
    char *table, *format;
    double fail_on_percent; /* below 0: never */
    bool quiet, verbose;

    /* Filled in by setting_resolve(). */
    const struct variant **variants; /* (variant_count), each once, in the order of the tables */
    int variant_count;
    const struct variant *baseline;
    int vocabulary;
    enum precision precision;
    struct variant_storage *storage; /* of custom: variants */

    unsigned char origin[SETTING_OPTIONS_MAX]; /* enum origin, by row of the table */
};

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

/* Commands, as bits: which of them takes an option. */
enum {
    COMMAND_RUN = 1,
    COMMAND_BENCH = 2,
    COMMAND_PLAN = 4,
    COMMAND_LIST = 8,
    COMMAND_REPORT = 16,
    COMMAND_COMPARE = 32,
    COMMAND_VALIDATE = 64,
    COMMANDS_OF_MODEL = COMMAND_RUN | COMMAND_BENCH | COMMAND_PLAN,
    COMMANDS_ALL = 127
};

struct setting_option {
    const char *name; /* long option */
    char letter;      /* short option or 0 */
    enum option_type type;
    size_t offset;   /* in struct setting */
    double min, max; /* of a number */
    const char *argument; /* what --help calls the value */
    const char *const *choices; /* of a text, NULL-terminated; NULL: any */
    const char *help;
    const char *automatic; /* what --help says when the value is 0 or NULL */
    const char *json;      /* path in the configuration file; NULL: command line only */
    unsigned commands;
};
int setting_option_count(void);
const struct setting_option *setting_option_at(int i);
/* The row of that name, with dashes or underscores, or -1. */
int setting_option_find(const char *name);
/* Its name as a field in messages. */
void setting_option_field(int option, char *text, size_t size);

/* An option as the command line gives it; text is borrowed, NULL for a flag. */
struct setting_argument {
    int option; /* row of the table */
    const char *text;
};

/* Resolve preset, configuration file and arguments, check every number and combination and find
 * the variants.  0, or -1 and a message naming the option (or the file and its key) and the legal
 * values.  The setting must be freed in either case. */
int setting_resolve(struct setting *setting, const struct setting_argument *arguments, int count)
    GLU_MUST_USE;
/* Only the defaults and the preset that the arguments ask for: what --help shows. */
int setting_defaults(struct setting *setting, const struct setting_argument *arguments, int count)
    GLU_MUST_USE;
/* Set the arguments in a setting that has its defaults, and nothing more: enough for the commands
 * that train nothing. */
int setting_assign(struct setting *setting, const struct setting_argument *arguments, int count)
    GLU_MUST_USE;
/* Where the results go when nobody said. */
int setting_set_output(struct setting *setting, const char *path) GLU_MUST_USE;
void setting_free(struct setting *setting);

/* An option's value as text, as it would be given on the command line; "" when it is not set. */
void setting_value_text(const struct setting *setting, int option, char *text, size_t size);

/* Width of a variant's hidden layer. */
int setting_d_ff(const struct setting *setting, const struct variant *variant);
/* Threads of one training. */
int setting_threads_per_run(const struct setting *setting);
/* The model of a variant, trained with `threads` threads. */
struct model_options setting_model(const struct setting *setting, const struct variant *variant,
                               int threads);
/* The data, borrowing from the setting. */
struct data_config setting_data(const struct setting *setting);
const char *precision_name(enum precision precision);
/* A preset for readers of JSON.  New reference, or NULL. */
json_t *setting_preset_json(int i);

/* The results file's `config` object, which --config reads as well.  The identities may be NULL.
 * New reference, or NULL and a message. */
json_t *setting_json(const struct setting *setting, const struct data_identity *corpus,
                    const struct data_identity *heldout);

/* The command line that does one run alone, quoted for a shell.  Owned by the caller; NULL and a
 * message when there is no memory. */
char *setting_repro(const struct setting *setting, const struct variant *variant, int64_t seed);

#endif
