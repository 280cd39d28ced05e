/* setting.c - see setting.h. */
#include "src/glu.h"

#include "src/setting/setting.h"

#include "src/util/machine.h"
#include "src/util/nearest.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- The table ------------------------------------------------------------------------------- */

static const char *const precisions[] = {"auto", "f32", "bf16", NULL};
static const char *const tokenizers[] = {"bytes", NULL};
static const char *const formats[] = {"terminal", "markdown", "csv", "latex", "json", NULL};
static const char *const tables[] = {"perplexity", "throughput", "parity",
                                     "agreement",  "pareto",     "profile",
                                     "primitives", "scaling",    NULL};

#define AT(member) offsetof(struct setting, member)
#define GROUP(text, commands) {NULL, 0, OPTION_GROUP, 0, 0, 0, NULL, NULL, text, NULL, NULL, commands}

enum { MODEL = COMMANDS_OF_MODEL, RUN_PLAN = COMMAND_RUN | COMMAND_PLAN };

static const struct setting_option options[] = {
    GROUP("What is compared", MODEL),
    {"preset", 'p', OPTION_TEXT, AT(preset), 0, 0, "NAME", NULL,
     "sizes of the model and the training; see 'glubench list'", NULL, "preset", MODEL},
    {"config", 'c', OPTION_TEXT, AT(file), 0, 0, "FILE", NULL,
     "read options from a JSON file, or from the results file of an earlier run; the command line "
     "wins over it",
     NULL, NULL, MODEL},
    {"variant", 'V', OPTION_LIST, AT(variant_names), 0, 0, "NAME", NULL,
     "a feed-forward variant, or custom:ACT[,gated][,alpha=A][,beta=B]; may be repeated",
     "the paper's eight", "variants", MODEL},
    {"all-variants", 'a', OPTION_FLAG, AT(all_variants), 0, 0, NULL, NULL,
     "the paper's eight variants, besides those of " FIELD("variant"), NULL, NULL, MODEL},
    {"baseline", 0, OPTION_TEXT, AT(baseline_name), 0, 0, "NAME", NULL,
     "the variant that the others are compared with", "relu", "baseline", MODEL},
    {"seeds", 'n', OPTION_INT, AT(recipe.seeds), 1, 10000, "N", NULL,
     "train each variant with N seeds", NULL, "seeds", MODEL},
    {"seed", 0, OPTION_INT64, AT(first_seed), 0, 9007199254740991.0, "N", NULL,
     "the first seed; the next ones follow it", NULL, NULL, MODEL},
    {"allow-unequal", 0, OPTION_FLAG, AT(allow_unequal), 0, 0, NULL, NULL,
     "accept variants whose numbers of parameters differ by more than 0.1 %", NULL,
     "allow_unequal", MODEL},

    GROUP("Model", MODEL),
    {"d-model", 0, OPTION_INT, AT(recipe.d_model), 1, 32768, "N", NULL, "width of the model", NULL,
     "model.d_model", MODEL},
    {"layers", 0, OPTION_INT, AT(recipe.layers), 1, 256, "N", NULL,
     "layers of the encoder, and again of the decoder", NULL, "model.layers", MODEL},
    {"heads", 0, OPTION_INT, AT(recipe.heads), 1, 1024, "N", NULL, "attention heads", NULL,
     "model.heads", MODEL},
    {"d-kv", 0, OPTION_INT, AT(recipe.d_kv), 1, 4096, "N", NULL, "width of one attention head",
     NULL, "model.d_kv", MODEL},
    {"d-ff", 0, OPTION_INT, AT(recipe.d_ff), 1, 262144, "N", NULL,
     "hidden width of an ungated feed-forward layer; gated ones take 2/3 of it", NULL,
     "model.d_ff", MODEL},
    {"gated-d-ff", 0, OPTION_INT, AT(recipe.gated_d_ff), 1, 262144, "N", NULL,
     "hidden width of a gated layer; ungated ones take 3/2 of it", "2/3 of " FIELD("d_ff"),
     "model.gated_d_ff", MODEL},

    GROUP("Training", MODEL),
    {"steps", 's', OPTION_INT64, AT(recipe.steps), 0, 1e9, "N", NULL,
     "training steps; 0 evaluates the initial weights", NULL, "training.steps", MODEL},
    {"batch", 'b', OPTION_INT, AT(recipe.batch), 1, 65536, "N", NULL, "examples of a step", NULL,
     "training.batch", MODEL},
    {"input-length", 0, OPTION_INT, AT(recipe.input_length), 2, 16384, "N", NULL,
     "input tokens of an example", NULL, "training.input_length", MODEL},
    {"target-length", 0, OPTION_INT, AT(recipe.target_length), 2, 16384, "N", NULL,
     "target tokens of an example", "what T5's rule gives", "training.target_length", MODEL},
    {"learning-rate", 'l', OPTION_REAL, AT(recipe.learning_rate), 1e-12, 1e6, "X", NULL,
     "learning rate at the end of the warm-up", NULL, "training.learning_rate", MODEL},
    {"warmup-steps", 'w', OPTION_INT64, AT(recipe.warmup_steps), 1, 1e9, "N", NULL,
     "steps of constant learning rate before it falls as 1/sqrt(step)", NULL,
     "training.warmup_steps", MODEL},
    {"decay-fraction", 0, OPTION_REAL, AT(recipe.decay_fraction), 0, 1, "X", NULL,
     "share of the steps, the last ones, over which the learning rate falls to zero", NULL,
     "training.decay_fraction", MODEL},
    {"evaluate-every", 0, OPTION_INT64, AT(evaluate_every), 1, 1e9, "N", NULL,
     "held-out evaluation after every N steps, and at the end", "11 times a run",
     "training.evaluate_every", RUN_PLAN},

    GROUP("Data", MODEL),
    {"corpus", 'C', OPTION_LIST, AT(corpus), 0, 0, "PATH", NULL,
     "training text: a file or directory of plain text or C4 JSON lines, plain or gzip; may be "
     "repeated",
     "a built-in language", "corpus.paths", MODEL},
    {"heldout", 'H', OPTION_LIST, AT(heldout), 0, 0, "PATH", NULL,
     "held-out text, in the same formats; may be repeated", "a share of the corpus",
     "heldout.paths", MODEL},
    {"heldout-share", 0, OPTION_REAL, AT(heldout_share), 0.0001, 0.5, "X", NULL,
     "share of the documents that is held out when there is no " FIELD("heldout"), NULL,
     "heldout.share", MODEL},
    {"heldout-examples", 0, OPTION_INT, AT(recipe.heldout_examples), 1, 1000000, "N", NULL,
     "evaluate on at most N held-out examples", NULL, "heldout.max_examples", MODEL},
    {"tokenizer", 0, OPTION_TEXT, AT(tokenizer), 0, 0, "NAME", tokenizers,
     "how text becomes tokens", NULL, "tokenizer", MODEL},
    {"noise-density", 0, OPTION_REAL, AT(noise_density), 0.01, 0.9, "X", NULL,
     "share of the tokens that is corrupted", NULL, "training.noise_density", MODEL},
    {"mean-span", 0, OPTION_REAL, AT(mean_span), 1, 100, "X", NULL,
     "mean length of a corrupted span, in tokens", NULL, "training.mean_span", MODEL},

    GROUP("Execution", MODEL),
    {"threads", 't', OPTION_INT, AT(threads), 1, 1024, "N", NULL, "threads, of all jobs together",
     "one per core", "threads", MODEL},
    {"jobs", 'j', OPTION_INT, AT(recipe.jobs), 1, 1024, "N", NULL,
     "trainings side by side, each with its share of the threads", "one per thread", "jobs",
     RUN_PLAN},
    {"precision", 0, OPTION_TEXT, AT(precision_name), 0, 0, "NAME", precisions,
     "of the matrix products; bf16 keeps f32 master weights, auto is bf16 where the CPU has it",
     NULL, "precision", MODEL},
    {"micro-batch", 0, OPTION_INT, AT(micro_batch), 1, 65536, "N", NULL,
     "examples that a thread handles at once", "chosen by size", "micro_batch", MODEL},
    {"samples", 0, OPTION_INT, AT(recipe.samples), 0, 10000, "N", NULL,
     "throughput samples of each variant and pass; 0 measures none", NULL, "samples", MODEL},
    {"ffn", 0, OPTION_FLAG, AT(ffn), 0, 0, NULL, NULL,
     "time one feed-forward layer of the paper's shape in place of the model", NULL, NULL,
     COMMAND_BENCH},
    {"profile", 0, OPTION_FLAG, AT(profile), 0, 0, NULL, NULL,
     "tell where the time of a training step goes, in place of the throughput", NULL, NULL,
     COMMAND_BENCH},
    {"sweep", 0, OPTION_FLAG, AT(scaling), 0, 0, NULL, NULL,
     "time the training step over threads, d_model, input length and batch, in place of the "
     "throughput; without " FIELD("variant") " of the baseline alone",
     NULL, NULL, COMMAND_BENCH},
    {"sweep-d-model", 0, OPTION_INT, AT(scaling_d_model), 64, 4096, "N", NULL,
     "the widest model of " FIELD("sweep"), NULL, NULL, COMMAND_BENCH},

    GROUP("Power", COMMAND_PLAN),
    {"detect", 0, OPTION_REAL, AT(detect_nats), 1e-6, 100, "NATS", NULL,
     "tell how many seeds would resolve a difference of NATS; the spread of the differences is "
     "that of the results file given by " FIELD("config") ", or else the paper's",
     "not asked", NULL, COMMAND_PLAN},

    GROUP("Files", MODEL),
    {"output", 'o', OPTION_TEXT, AT(output), 0, 0, "FILE", NULL, "the results file",
     "glubench.json, or glubench-bench.json of bench", NULL, COMMAND_RUN | COMMAND_BENCH},
    {"dump-batches", 0, OPTION_TEXT, AT(dump_batches), 0, 0, "FILE", NULL,
     "write the token ids and the losses of every step as JSON lines", NULL, NULL, COMMAND_RUN},
    {"save-checkpoint", 0, OPTION_TEXT, AT(save_checkpoint), 0, 0, "DIR", NULL,
     "write the final weights as model.safetensors and setting.json; with several runs into "
     "DIR/VARIANT-sSEED",
     NULL, NULL, COMMAND_RUN},
    {"init-checkpoint", 0, OPTION_TEXT, AT(init_checkpoint), 0, 0, "DIR", NULL,
     "start from the weights of such a directory", NULL, "init_checkpoint", RUN_PLAN},

    {"checkpoint-every", 0, OPTION_INT64, AT(checkpoint_every), 1, 1e9, "N", NULL,
     "save what it takes to go on, after every N steps, in FILE.run beside the results file",
     "2 minutes", NULL, COMMAND_RUN},
    {"resume", 'r', OPTION_FLAG, AT(resume), 0, 0, NULL, NULL,
     "go on with a sweep that was stopped, with the results that it would have had; runs that are "
     "done are not repeated",
     NULL, NULL, COMMAND_RUN},
    {"restart", 0, OPTION_FLAG, AT(restart), 0, 0, NULL, NULL,
     "throw away a sweep that was stopped, and start anew", NULL, NULL, COMMAND_RUN},

    GROUP("Tables", COMMAND_PLAN | COMMAND_LIST | COMMAND_REPORT | COMMAND_COMPARE),
    {"table", 0, OPTION_TEXT, AT(table), 0, 0, "NAME", tables,
     "which table", NULL, NULL, COMMAND_REPORT},
    {"format", 'f', OPTION_TEXT, AT(format), 0, 0, "NAME", formats,
     "how a table is written; 'list' knows terminal and json", NULL, NULL,
     COMMAND_PLAN | COMMAND_LIST | COMMAND_REPORT | COMMAND_COMPARE},
    {"fail-on", 0, OPTION_REAL, AT(fail_on_percent), 0, 1000, "PERCENT", NULL,
     "exit with status 3 when the second file is significantly worse by more than PERCENT", "never",
     NULL, COMMAND_COMPARE},

    GROUP("General", COMMANDS_ALL),
    {"quiet", 'q', OPTION_FLAG, AT(quiet), 0, 0, NULL, NULL, "no progress, no warnings", NULL, NULL,
     COMMANDS_ALL},
    {"verbose", 'v', OPTION_FLAG, AT(verbose), 0, 0, NULL, NULL,
     "one line for every evaluation", NULL, NULL, COMMANDS_ALL},
    {"help", 'h', OPTION_HELP, 0, 0, 0, NULL, NULL, "print this help and exit", NULL, NULL,
     COMMANDS_ALL},
    {"version", 0, OPTION_VERSION, 0, 0, 0, NULL, NULL, "print the version and exit", NULL, NULL,
     COMMANDS_ALL},
};
_Static_assert(LENGTH_OF(options) <= SETTING_OPTIONS_MAX, "struct setting has an origin for each");

/* What setting_json() adds that is not an option; a configuration file may hold it, to no effect. */
static const char *const derived_keys[] = {
    "corpus.kind",     "corpus.files",   "corpus.bytes",     "corpus.documents",
    "corpus.bad_lines", "corpus.sha256", "heldout.kind",     "heldout.files",
    "heldout.bytes",   "heldout.documents", "heldout.bad_lines", "heldout.sha256",
    "model.vocabulary", "training.dropout", "threads_per_run",
};

/* Are these the name of one option, be it an option's or a field's? */
static bool same_name(const char *a, const char *b)
{
    while (*a && (*a == *b || (*a == '_' && *b == '-') || (*a == '-' && *b == '_')))
        a++, b++;
    return *a == *b;
}

int setting_option_find(const char *name)
{
    for (int i = 0; i < (int)LENGTH_OF(options); i++)
        if (options[i].name && same_name(options[i].name, name))
            return i;
    return -1;
}

void setting_option_field(int option, char *text, size_t size)
{
    snprintf(text, size, FIELD("%s"), options[option].name);
    for (; *text; text++)
        if (*text == '-')
            *text = '_';
}

int setting_option_count(void)
{
    return (int)LENGTH_OF(options);
}

const struct setting_option *setting_option_at(int i)
{
    return &options[i];
}

/* The row whose value lies at an offset of struct setting. */
static int option_at_offset(size_t offset)
{
    for (int i = 0; i < (int)LENGTH_OF(options); i++)
        if (options[i].type != OPTION_GROUP && options[i].type != OPTION_HELP &&
            options[i].type != OPTION_VERSION && options[i].offset == offset)
            return i;
    return -1;
}

#define ORIGIN_OF(setting, member) ((setting)->origin[option_at_offset(AT(member))])

/* ---- Values ---------------------------------------------------------------------------------- */

static void *option_value(struct setting *setting, int option)
{
    return (char *)setting + options[option].offset;
}

static const void *option_value_const(const struct setting *setting, int option)
{
    return (const char *)setting + options[option].offset;
}

static int text_set(char **text, const char *value)
{
    char *copy = value ? strdup(value) : NULL;

    if (value && !copy)
        return err_set("out of memory");
    free(*text);
    *text = copy;
    return 0;
}

static void list_clear(struct text_list *list)
{
    for (int i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    list->items = NULL;
    list->count = 0;
}

static int list_append(struct text_list *list, const char *text)
{
    char **items = realloc(list->items, (size_t)(list->count + 1) * sizeof *items);

    if (!items)
        return err_set("out of memory");
    list->items = items;
    items[list->count] = strdup(text);
    if (!items[list->count])
        return err_set("out of memory");
    list->count++;
    return 0;
}

/* An error that tells what an option would accept. */
static int number_error(const struct setting_option *option, const char *where, const char *text)
{
    if (option->type == OPTION_REAL)
        return err_set("%s: '%s' is not a number from %g to %g", where, text, option->min,
                       option->max);
    return err_set("%s: '%s' is not a whole number from %.0f to %.0f", where, text, option->min,
                   option->max);
}

static int set_number(struct setting *setting, int option, double real, int64_t whole)
{
    void *value = option_value(setting, option);
    char text[32];

    switch (options[option].type) {
    case OPTION_INT:
        *(int *)value = (int)whole;
        return 0;
    case OPTION_INT64:
        *(int64_t *)value = whole;
        return 0;
    default:
        /* As many digits as a results file keeps: it must name the very same number. */
        snprintf(text, sizeof text, "%.15g", real);
        *(double *)value = strtod(text, NULL);
        return 0;
    }
}

/* Plain decimal notation only: what strtod also takes (hexadecimal, "inf", "nan", blanks) is more
 * often a slip than a wish. */
static bool is_decimal(const char *text, bool real)
{
    return text[0] != '\0' && text[strspn(text, real ? "0123456789+-.eE" : "0123456789+-")] == '\0';
}

static int set_number_text(struct setting *setting, int option, const char *text, const char *where)
{
    const struct setting_option *row = &options[option];
    bool is_real = row->type == OPTION_REAL;
    long long whole = 0;
    double real = 0;
    char *end = NULL;

    if (!is_decimal(text, is_real))
        return number_error(row, where, text);
    errno = 0;
    if (is_real)
        real = strtod(text, &end);
    else
        real = (double)(whole = strtoll(text, &end, 10));
    if (end == text || *end || errno == ERANGE || !(real >= row->min && real <= row->max))
        return number_error(row, where, text);
    return set_number(setting, option, real, whole);
}

static int set_choice(struct setting *setting, int option, const char *text, const char *where)
{
    const char *const *choices = options[option].choices;
    int count = 0;

    if (text[0] == '\0')
        return err_set("%s: the value is empty", where);
    if (!choices)
        return text_set(option_value(setting, option), text);
    for (; choices[count]; count++)
        if (strcmp(choices[count], text) == 0)
            return text_set(option_value(setting, option), text);
    return nearest_error(where, "choice", text, choices, count);
}

static int add_to_list(struct setting *setting, int option, const char *text, const char *where,
                       enum origin origin)
{
    struct text_list *list = option_value(setting, option);

    if (text[0] == '\0')
        return err_set("%s: the value is empty", where);
    if (setting->origin[option] < origin)
        list_clear(list);
    setting->origin[option] = (unsigned char)origin;
    return list_append(list, text);
}

/* Set an option from text.  `where` names it in messages. */
static int set_text(struct setting *setting, int option, const char *text, const char *where,
                    enum origin origin)
{
    int status;

    switch (options[option].type) {
    case OPTION_FLAG:
        *(bool *)option_value(setting, option) = true;
        status = 0;
        break;
    case OPTION_TEXT:
        status = set_choice(setting, option, text, where);
        break;
    case OPTION_LIST:
        return add_to_list(setting, option, text, where, origin);
    case OPTION_INT:
    case OPTION_INT64:
    case OPTION_REAL:
        status = set_number_text(setting, option, text, where);
        break;
    default:
        return 0;
    }
    if (status == 0)
        setting->origin[option] = (unsigned char)origin;
    return status;
}

/* ---- The configuration file ------------------------------------------------------------------ */

static int set_number_json(struct setting *setting, int option, const json_t *json, const char *where)
{
    const struct setting_option *row = &options[option];
    double real = json_number_value(json);
    char text[64];

    if (!json_is_number(json))
        return err_set("%s: the value must be a number", where);
    if ((row->type != OPTION_REAL && !json_is_integer(json)) ||
        !(real >= row->min && real <= row->max)) {
        snprintf(text, sizeof text, "%.17g", real);
        return number_error(row, where, text);
    }
    return set_number(setting, option, real,
                      json_is_integer(json) ? (int64_t)json_integer_value(json) : 0);
}

static int set_list_json(struct setting *setting, int option, const json_t *json, const char *where)
{
    const json_t *item;
    size_t i;

    if (json_is_string(json))
        return add_to_list(setting, option, json_string_value(json), where, ORIGIN_FILE);
    if (!json_is_array(json))
        return err_set("%s: the value must be a text or an array of texts", where);
    json_array_foreach(json, i, item) {
        if (!json_is_string(item))
            return err_set("%s[%zu]: the value must be a text", where, i);
        if (add_to_list(setting, option, json_string_value(item), where, ORIGIN_FILE))
            return -1;
    }
    return 0;
}

/* The seeds of a results file, [3, 4, 5]: the first one and how many. */
static int set_seeds_json(struct setting *setting, const json_t *array, const char *where)
{
    int first = option_at_offset(AT(first_seed)), count = option_at_offset(AT(recipe.seeds));
    const json_t *item;
    json_t *size = json_integer((json_int_t)json_array_size(array));
    size_t i;
    int status = size ? set_number_json(setting, count, size, where) : err_set("out of memory");

    json_array_foreach(array, i, item) {
        if (status == 0 && i == 0)
            status = set_number_json(setting, first, item, where);
        if (status == 0 && json_integer_value(item) != setting->first_seed + (json_int_t)i)
            status = err_set("%s: the seeds must follow each other, as in [3, 4, 5]", where);
    }
    json_decref(size);
    if (status == 0)
        setting->origin[first] = setting->origin[count] = ORIGIN_FILE;
    return status;
}

/* Set an option from its value in a configuration file; null leaves it as it is. */
static int set_json(struct setting *setting, int option, const json_t *json, const char *where)
{
    int status = 0;

    if (json_is_null(json))
        return 0;
    switch (options[option].type) {
    case OPTION_FLAG:
        if (!json_is_boolean(json))
            return err_set("%s: the value must be true or false", where);
        *(bool *)option_value(setting, option) = json_is_true(json);
        break;
    case OPTION_TEXT:
        if (!json_is_string(json))
            return err_set("%s: the value must be a text", where);
        status = set_choice(setting, option, json_string_value(json), where);
        break;
    case OPTION_LIST:
        return set_list_json(setting, option, json, where);
    default:
        if (options[option].offset == AT(recipe.seeds) && json_is_array(json))
            return set_seeds_json(setting, json, where);
        status = set_number_json(setting, option, json, where);
    }
    if (status == 0)
        setting->origin[option] = ORIGIN_FILE;
    return status;
}

/* What a key of the file is: a row of the table, or one of these. */
enum { KEY_UNKNOWN = -1, KEY_DERIVED = -2, KEY_OBJECT = -3 };

static int find_key(const char *path)
{
    size_t length = strlen(path);

    for (int i = 0; i < (int)LENGTH_OF(options); i++) {
        const char *json = options[i].json;

        if (!json)
            continue;
        if (strcmp(json, path) == 0)
            return i;
        if (strncmp(json, path, length) == 0 && json[length] == '.')
            return KEY_OBJECT;
    }
    for (size_t i = 0; i < LENGTH_OF(derived_keys); i++)
        if (strcmp(derived_keys[i], path) == 0)
            return KEY_DERIVED;
    return KEY_UNKNOWN;
}

static int key_error(const char *file, const char *prefix, const char *name)
{
    const char *keys[LENGTH_OF(options)];
    char path[128];

    for (size_t i = 0; i < LENGTH_OF(options); i++)
        keys[i] = options[i].json;
    snprintf(path, sizeof path, "%s%s", prefix, name);
    return nearest_error(file, "key", path, keys, (int)LENGTH_OF(keys));
}

/* Apply an object of the configuration file; prefix is its path with a final dot, or "". */
static int apply_object(struct setting *setting, json_t *object, const char *file, const char *prefix)
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value) {
        char path[128], where[512];
        int key = KEY_UNKNOWN;

        if (snprintf(path, sizeof path, "%s%s", prefix, name) < (int)sizeof path)
            key = find_key(path);
        snprintf(where, sizeof where, "%s: %s", file, path);
        if (key == KEY_DERIVED)
            continue;
        if (key == KEY_OBJECT && json_is_object(value)) {
            strcat(path, "."); /* fits: a known path is far shorter than the buffer */
            if (apply_object(setting, value, file, path))
                return -1;
        } else if (key == KEY_OBJECT) {
            return err_set("%s: the value must be an object", where);
        } else if (key == KEY_UNKNOWN) {
            return key_error(file, prefix, name);
        } else if (set_json(setting, key, value, where)) {
            return -1;
        }
    }
    return 0;
}

/* The `config` object of a file: the file itself, or that member of a results file.  New reference,
 * or NULL and a message. */
static json_t *read_config_file(const char *path)
{
    json_error_t error;
    json_t *root, *inner, *setting;
    FILE *file = fopen(path, "re");

    if (!file) {
        err_system(FIELD("config") ": cannot open %s", path);
        return NULL;
    }
    errno = 0;
    root = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
    if (!root)
        err_set("%s:%d: not a JSON file: %s", path, error.line, err_cause(error.text));
    fclose(file);
    if (!root)
        return NULL;
    inner = json_object_get(root, "schema_version") ? json_object_get(root, "config") : NULL;
    setting = json_incref(inner ? inner : root);
    json_decref(root);
    if (!json_is_object(setting)) {
        err_set("%s: a configuration file holds one JSON object, such as {\"model\": "
                "{\"d_model\": 64}}",
                path);
        json_decref(setting);
        return NULL;
    }
    return setting;
}

/* ---- Resolving ------------------------------------------------------------------------------- */

static const char *last_argument(const struct setting_argument *arguments, int count, size_t offset)
{
    int option = option_at_offset(offset);
    const char *text = NULL;

    for (int i = 0; i < count; i++)
        if (arguments[i].option == option)
            text = arguments[i].text;
    return text;
}

static int apply_preset(struct setting *setting, const char *name, const char *where)
{
    const char *names[16];
    int count = preset_count();

    for (int i = 0; i < count; i++) {
        names[i] = preset_at(i)->name;
        if (strcmp(names[i], name) != 0)
            continue;
        setting->recipe = preset_at(i)->recipe;
        for (int k = 0; k < (int)LENGTH_OF(options); k++)
            if (options[k].offset >= AT(recipe) &&
                options[k].offset < AT(recipe) + sizeof setting->recipe)
                setting->origin[k] = ORIGIN_PRESET;
        return text_set(&setting->preset, name);
    }
    return nearest_error(where, "preset", name, names, count);
}

static int set_defaults(struct setting *setting)
{
    memset(setting, 0, sizeof *setting);
    setting->first_seed = 1;
    setting->heldout_share = 0.05;
    setting->noise_density = 0.15;
    setting->mean_span = 3;
    setting->fail_on_percent = -1;
    setting->scaling_d_model = 768;
    if (text_set(&setting->tokenizer, "bytes") || text_set(&setting->precision_name, "auto") ||
        text_set(&setting->table, "perplexity") ||
        text_set(&setting->format, "terminal"))
        return -1;
    return 0;
}

static const char default_preset[] = "tiny";

int setting_defaults(struct setting *setting, const struct setting_argument *arguments, int count)
{
    const char *name = last_argument(arguments, count, AT(preset));

    if (set_defaults(setting))
        return -1;
    return apply_preset(setting, name ? name : default_preset, FIELD("preset"));
}

static int apply_file(struct setting *setting, const char *path, bool preset_is_given)
{
    json_t *object = read_config_file(path);
    json_t *preset = json_object_get(object, "preset");
    char where[512];
    int status = -1;

    if (!object)
        return -1;
    snprintf(where, sizeof where, "%s: preset", path);
    if (preset && !json_is_null(preset) && !json_is_string(preset)) {
        err_set("%s: the value must be a text", where);
        goto out;
    }
    if (!preset_is_given && json_is_string(preset) &&
        apply_preset(setting, json_string_value(preset), where))
        goto out;
    json_object_del(object, "preset");
    status = apply_object(setting, object, path, "");
out:
    json_decref(object);
    return status;
}

int setting_assign(struct setting *setting, const struct setting_argument *arguments, int count)
{
    for (int i = 0; i < count; i++) {
        int option = arguments[i].option;
        char where[64];

        setting_option_field(option, where, sizeof where);
        if (options[option].offset == AT(preset))
            continue; /* applied first */
        if (set_text(setting, option, arguments[i].text, where, ORIGIN_COMMAND_LINE))
            return -1;
    }
    return 0;
}

static bool setting_has(const struct setting *setting, const struct variant *variant)
{
    for (int i = 0; i < setting->variant_count; i++)
        if (setting->variants[i] == variant ||
            strcmp(setting->variants[i]->name, variant->name) == 0)
            return true;
    return false;
}

/* Find the variants that are asked for and put them in the order of the tables: the registry's,
 * custom ones last. */
static int resolve_variants(struct setting *setting)
{
    struct text_list *names = &setting->variant_names;
    bool one = setting->scaling && !setting->all_variants && names->count == 0, all;
    const struct variant **found;
    int status = -1;

    if (names->count > SETTING_VARIANTS_MAX)
        return err_set(FIELD("variant") ": %d are more than the %d that can be compared",
                       names->count, SETTING_VARIANTS_MAX);
    if (one && list_append(names, setting->baseline_name ? setting->baseline_name : "relu"))
        return -1;
    all = setting->all_variants || names->count == 0;

    if (setting->all_variants && ORIGIN_OF(setting, variant_names) < ORIGIN_OF(setting, all_variants))
        list_clear(names);
    found = calloc((size_t)names->count + 1, sizeof *found);
    setting->storage = calloc((size_t)names->count + 1, sizeof *setting->storage);
    setting->variants =
        calloc((size_t)(names->count + variant_count()) + 1, sizeof *setting->variants);
    if (!found || !setting->storage || !setting->variants) {
        err_set("out of memory");
        goto out;
    }
    for (int i = 0; i < names->count; i++) {
        found[i] = variant_find(names->items[i], &setting->storage[i]);
        if (!found[i]) {
            err_prepend(FIELD("variant"));
            goto out;
        }
    }
    for (int i = 0; i < variant_count(); i++) {
        const struct variant *variant = variant_at(i);
        bool wanted = all && variant->in_paper;

        for (int k = 0; k < names->count; k++)
            wanted = wanted || found[k] == variant;
        if (wanted)
            setting->variants[setting->variant_count++] = variant;
    }
    for (int k = 0; k < names->count; k++)
        if (!setting_has(setting, found[k]))
            setting->variants[setting->variant_count++] = found[k];

    /* From here on the list of names is the list of variants: setting_json() writes it. */
    list_clear(names);
    for (int i = 0; i < setting->variant_count; i++)
        if (list_append(names, setting->variants[i]->name))
            goto out;
    status = 0;
out:
    free(found);
    return status;
}

static int resolve_baseline(struct setting *setting)
{
    const char *name = setting->baseline_name ? setting->baseline_name : "relu";

    for (int i = 0; i < setting->variant_count; i++)
        if (strcmp(setting->variants[i]->name, name) == 0)
            setting->baseline = setting->variants[i];
    if (!setting->baseline && setting->baseline_name)
        return err_set(FIELD("baseline") ": '%s' is not among the variants of this run; add "
                       FIELD("variant") " %s",
                       name, name);
    if (!setting->baseline)
        setting->baseline = setting->variants[0];
    return text_set(&setting->baseline_name, setting->baseline->name);
}

/* The two widths from the one that was given last (or both, if they agree). */
static int resolve_d_ff(struct setting *setting)
{
    struct recipe *recipe = &setting->recipe;
    enum origin plain = ORIGIN_OF(setting, recipe.d_ff);
    enum origin gated = ORIGIN_OF(setting, recipe.gated_d_ff);

    if (recipe->gated_d_ff > 0 && gated > plain) {
        if (recipe->gated_d_ff % 2 != 0 && !setting->allow_unequal)
            return err_set(FIELD("gated_d_ff") ": %d is odd, so an ungated layer of 3/2 the width "
                           "does not exist; the nearest are %d and %d (or give "
                           FIELD("allow_unequal") ")",
                           recipe->gated_d_ff, recipe->gated_d_ff - 1, recipe->gated_d_ff + 1);
        recipe->d_ff = (int)((int64_t)recipe->gated_d_ff * 3 / 2);
    } else if (recipe->gated_d_ff == 0 || gated < plain) {
        for (int i = 0; i < setting->variant_count && !setting->allow_unequal; i++)
            if (variant_d_ff(setting->variants[i], recipe->d_ff) < 0)
                return err_prepend(FIELD("d_ff"));
        recipe->gated_d_ff = (int)((int64_t)recipe->d_ff * 2 / 3);
        if (recipe->gated_d_ff == 0)
            return err_set(FIELD("d_ff") ": %d leaves no width for a gated layer", recipe->d_ff);
    } else if ((int64_t)recipe->gated_d_ff * 3 != (int64_t)recipe->d_ff * 2 &&
               !setting->allow_unequal) {
        return err_set(FIELD("gated_d_ff") ": %d is not 2/3 of " FIELD("d_ff")
                       " %d, so the variants would differ in parameters; give one of the two, or "
                       FIELD("allow_unequal"),
                       recipe->gated_d_ff, recipe->d_ff);
    }
    return 0;
}

static int resolve_lengths(struct setting *setting)
{
    struct recipe *recipe = &setting->recipe;
    int segment_tokens, target_length;

    if (span_lengths(recipe->input_length, setting->noise_density, setting->mean_span,
                     &segment_tokens, &target_length))
        return -1; /* its message names the options */
    if (recipe->target_length == 0 ||
        ORIGIN_OF(setting, recipe.target_length) < ORIGIN_OF(setting, recipe.input_length))
        recipe->target_length = target_length;
    if (recipe->target_length < target_length)
        return err_set(FIELD("target_length")
                       ": %d is less than the %d tokens that an input of %d needs",
                       recipe->target_length, target_length, recipe->input_length);
    setting->vocabulary = tokenizer_vocabulary(setting->tokenizer);
    return setting->vocabulary < 0 ? err_prepend(FIELD("tokenizer")) : 0;
}

static int resolve_threads(struct setting *setting)
{
    int cores = machine_cores(), runs = setting->variant_count * setting->recipe.seeds;

    if (setting->threads == 0)
        setting->threads = cores;
    if (setting->threads > cores)
        warn_add(FIELD("threads") " %d is more than the %d core%s that this process may use; it "
                 "will be slower, not faster",
                 setting->threads, cores, cores == 1 ? "" : "s");
    if (setting->recipe.jobs == 0)
        setting->recipe.jobs = setting->threads < runs ? setting->threads : runs;
    if (setting->recipe.jobs > setting->threads)
        return err_set(FIELD("jobs") ": %d trainings side by side need %d threads, and there are "
                       "%d; give " FIELD("threads") " %d or fewer jobs",
                       setting->recipe.jobs, setting->recipe.jobs, setting->threads,
                       setting->recipe.jobs);
    return 0;
}

static int resolve_precision(struct setting *setting)
{
    bool has_bf16 = model_has_bf16();
    const char *name = setting->precision_name;

    if (strcmp(name, "bf16") == 0 && !has_bf16)
        return err_set(FIELD("precision") ": this CPU or this oneDNN does not multiply bf16 in "
                       "hardware; use f32 or auto");
    setting->precision =
        strcmp(name, "bf16") == 0 || (strcmp(name, "auto") == 0 && has_bf16) ? PRECISION_BF16
                                                                             : PRECISION_F32;
    return text_set(&setting->precision_name, precision_name(setting->precision));
}

static int check_resume(const struct setting *setting)
{
    if (setting->resume && setting->restart)
        return err_set(FIELD("resume") " and " FIELD("restart") " exclude each other");
    if (setting->resume && setting->dump_batches)
        return err_set(FIELD("resume") " cannot fill in the " FIELD("dump_batches")
                       " of steps that are past; give one of the two");
    return 0;
}

int setting_resolve(struct setting *setting, const struct setting_argument *arguments, int count)
{
    const char *preset = last_argument(arguments, count, AT(preset));
    const char *file = last_argument(arguments, count, AT(file));

    if (setting_defaults(setting, arguments, count) ||
        (file && apply_file(setting, file, preset != NULL)) ||
        setting_assign(setting, arguments, count) || resolve_variants(setting) ||
        resolve_baseline(setting) || resolve_d_ff(setting) || resolve_lengths(setting) ||
        resolve_threads(setting) || resolve_precision(setting) ||
        check_resume(setting))
        return -1;
    for (int i = 0; i < preset_count(); i++)
        if (preset_at(i)->note && strcmp(preset_at(i)->name, setting->preset) == 0)
            warn_add("%s", preset_at(i)->note);
    return 0;
}

int setting_set_output(struct setting *setting, const char *path)
{
    return text_set(&setting->output, path);
}

void setting_free(struct setting *setting)
{
    for (int i = 0; i < (int)LENGTH_OF(options); i++) {
        if (options[i].type == OPTION_TEXT) {
            char **text = option_value(setting, i);

            free(*text);
            *text = NULL;
        } else if (options[i].type == OPTION_LIST) {
            list_clear(option_value(setting, i));
        }
    }
    free(setting->variants);
    free(setting->storage);
    setting->variants = NULL;
    setting->storage = NULL;
    setting->variant_count = 0;
}

/* ---- Reading it ------------------------------------------------------------------------------ */

const char *precision_name(enum precision precision)
{
    return precision == PRECISION_BF16 ? "bf16" : "f32";
}

int setting_d_ff(const struct setting *setting, const struct variant *variant)
{
    return variant->gated ? setting->recipe.gated_d_ff : setting->recipe.d_ff;
}

int setting_threads_per_run(const struct setting *setting)
{
    return setting->threads / setting->recipe.jobs;
}

struct model_options setting_model(const struct setting *setting, const struct variant *variant,
                               int threads)
{
    const struct recipe *recipe = &setting->recipe;

    return (struct model_options){
        .model = {.vocabulary = setting->vocabulary,
                  .d_model = recipe->d_model,
                  .layers = recipe->layers,
                  .heads = recipe->heads,
                  .d_kv = recipe->d_kv,
                  .d_ff = setting_d_ff(setting, variant),
                  .input_length = recipe->input_length,
                  .target_length = recipe->target_length},
        .variant = variant,
        .batch = recipe->batch,
        .threads = threads,
        .micro_batch = setting->micro_batch,
        .precision = setting->precision,
    };
}

struct data_config setting_data(const struct setting *setting)
{
    const struct recipe *recipe = &setting->recipe;

    return (struct data_config){
        .corpus = (const char *const *)setting->corpus.items,
        .corpus_count = setting->corpus.count,
        .heldout = (const char *const *)setting->heldout.items,
        .heldout_count = setting->heldout.count,
        .heldout_share = setting->heldout_share,
        .tokenizer = setting->tokenizer,
        .input_length = recipe->input_length,
        .target_length = recipe->target_length,
        .batch = recipe->batch,
        .heldout_examples = recipe->heldout_examples,
        .noise_density = setting->noise_density,
        .mean_span = setting->mean_span,
    };
}

void setting_value_text(const struct setting *setting, int option, char *text, size_t size)
{
    const void *value = option_value_const(setting, option);

    text[0] = '\0';
    switch (options[option].type) {
    case OPTION_INT:
        snprintf(text, size, "%d", *(const int *)value);
        break;
    case OPTION_INT64:
        snprintf(text, size, "%" PRId64, *(const int64_t *)value);
        break;
    case OPTION_REAL:
        snprintf(text, size, "%.15g", *(const double *)value);
        break;
    case OPTION_TEXT:
        if (*(char *const *)value)
            snprintf(text, size, "%s", *(char *const *)value);
        break;
    default:
        break;
    }
}

/* A value as JSON; null when it is left to the program.  New reference or NULL. */
static json_t *option_json(const struct setting *setting, int option)
{
    const struct setting_option *row = &options[option];
    const void *value = option_value_const(setting, option);
    const struct text_list *list = value;
    json_t *array;

    switch (row->type) {
    case OPTION_INT:
        return row->automatic && *(const int *)value == 0 ? json_null()
                                                          : json_integer(*(const int *)value);
    case OPTION_INT64:
        return row->automatic && *(const int64_t *)value == 0
                   ? json_null()
                   : json_integer(*(const int64_t *)value);
    case OPTION_REAL:
        return json_real(*(const double *)value);
    case OPTION_TEXT:
        return *(char *const *)value ? json_string(*(char *const *)value) : json_null();
    case OPTION_FLAG:
        return json_boolean(*(const bool *)value);
    default:
        array = json_array();
        for (int i = 0; array && i < list->count; i++)
            if (json_array_append_new(array, json_string(list->items[i]))) {
                json_decref(array);
                array = NULL;
            }
        return array;
    }
}

/* Set `path` ("a" or "a.b") of a document; takes the reference. */
static int json_set_path(json_t *document, const char *path, json_t *value)
{
    const char *dot = strchr(path, '.');
    char outer[64];
    json_t *object;

    if (!dot)
        return json_object_set_new(document, path, value);
    snprintf(outer, sizeof outer, "%.*s", (int)(dot - path), path);
    object = json_object_get(document, outer);
    if (!object) {
        if (json_object_set_new(document, outer, json_object())) {
            json_decref(value);
            return -1;
        }
        object = json_object_get(document, outer);
    }
    return json_object_set_new(object, dot + 1, value);
}

static int json_set_identity(json_t *document, const char *name, const struct data_identity *data)
{
    json_t *object = json_object_get(document, name);

    if (!data)
        return 0;
    return json_object_set_new(object, "kind", json_string(data->kind)) ||
           json_object_set_new(object, "files", json_integer(data->files)) ||
           json_object_set_new(object, "bytes", json_integer((json_int_t)data->bytes)) ||
           json_object_set_new(object, "documents", json_integer((json_int_t)data->documents)) ||
           json_object_set_new(object, "bad_lines", json_integer((json_int_t)data->bad_lines)) ||
           json_object_set_new(object, "sha256", json_string(data->sha256));
}

static json_t *seeds_json(const struct setting *setting)
{
    json_t *seeds = json_array();

    for (int i = 0; seeds && i < setting->recipe.seeds; i++)
        if (json_array_append_new(seeds, json_integer(setting->first_seed + i))) {
            json_decref(seeds);
            return NULL;
        }
    return seeds;
}

json_t *setting_json(const struct setting *setting, const struct data_identity *corpus,
                    const struct data_identity *heldout)
{
    json_t *document = json_object();
    int failed = document == NULL;

    for (int i = 0; !failed && i < (int)LENGTH_OF(options); i++)
        if (options[i].json)
            failed = json_set_path(document, options[i].json, option_json(setting, i));
    if (failed || json_set_path(document, "model.vocabulary", json_integer(setting->vocabulary)) ||
        json_set_path(document, "seeds", seeds_json(setting)) ||
        json_set_path(document, "training.dropout", json_real(0)) ||
        json_set_path(document, "threads_per_run", json_integer(setting_threads_per_run(setting))) ||
        json_set_identity(document, "corpus", corpus) ||
        json_set_identity(document, "heldout", heldout)) {
        json_decref(document);
        err_set("out of memory, or a path that is not UTF-8");
        return NULL;
    }
    return document;
}

json_t *setting_preset_json(int i)
{
    int preset_option = option_at_offset(AT(preset));
    const char *name = preset_at(i)->name;
    struct setting_argument argument = {preset_option, name};
    struct setting setting;
    json_t *document = json_object();
    int failed = setting_defaults(&setting, &argument, 1) || !document ||
                 json_object_set_new(document, "name", json_string(name)) ||
                 json_object_set_new(document, "summary", json_string(preset_at(i)->summary));

    for (int k = 0; !failed && k < (int)LENGTH_OF(options); k++)
        if (options[k].json && setting.origin[k] == ORIGIN_PRESET)
            failed = json_set_path(document, options[k].json, option_json(&setting, k));
    setting_free(&setting);
    if (failed) {
        json_decref(document);
        err_set("out of memory for preset %s", name);
        return NULL;
    }
    return document;
}

/* ---- Reproducing one run --------------------------------------------------------------------- */

static void print_quoted(FILE *out, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_./:=,+-@%";

    if (text[0] && text[strspn(text, plain)] == '\0') {
        fputs(text, out);
        return;
    }
    putc('\'', out);
    for (; *text; text++)
        fputs(*text == '\'' ? "'\\''" : (char[]){*text, '\0'}, out);
    putc('\'', out);
}

static void print_option(FILE *out, const struct setting *setting, int option)
{
    const struct text_list *list = option_value_const(setting, option);
    char text[64];

    if (options[option].type == OPTION_FLAG) {
        if (*(const bool *)option_value_const(setting, option))
            fprintf(out, " --%s", options[option].name);
        return;
    }
    if (options[option].type == OPTION_LIST) {
        for (int i = 0; i < list->count; i++) {
            fprintf(out, " --%s ", options[option].name);
            print_quoted(out, list->items[i]);
        }
        return;
    }
    fprintf(out, " --%s ", options[option].name);
    if (options[option].type == OPTION_TEXT) {
        print_quoted(out, *(char *const *)option_value_const(setting, option));
        return;
    }
    setting_value_text(setting, option, text, sizeof text);
    fputs(text, out);
}

char *setting_repro(const struct setting *setting, const struct variant *variant, int64_t seed)
{
    /* What one run alone does not take over from the sweep. */
    static const size_t own[] = {AT(preset),        AT(variant_names), AT(baseline_name),
                                 AT(recipe.seeds),  AT(first_seed),    AT(threads),
                                 AT(recipe.jobs),   AT(precision_name), AT(recipe.samples)};
    char file[160], *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    bool failed;

    if (!out) {
        err_system("cannot write a command line");
        return NULL;
    }
    fprintf(out, "glubench run --preset %s --variant ", setting->preset);
    print_quoted(out, variant->name);
    fprintf(out, " --seed %" PRId64 " --seeds 1 --threads %d --jobs 1 --precision %s", seed,
            setting_threads_per_run(setting), setting->precision_name);
    for (int i = 0; i < (int)LENGTH_OF(options); i++) {
        bool skip = !options[i].json || setting->origin[i] < ORIGIN_FILE;

        for (size_t k = 0; k < LENGTH_OF(own); k++)
            skip = skip || options[i].offset == own[k];
        if (!skip)
            print_option(out, setting, i);
    }
    fputs(" --samples 0 --output ", out);
    snprintf(file, sizeof file, "%s-s%" PRId64 ".json", variant->name, seed);
    print_quoted(out, file);
    failed = ferror(out);
    if (fclose(out) != 0 || failed || !text) { /* no text, and no error, when the last bit is too much */
        free(text);
        err_set("out of memory for a command line");
        return NULL;
    }
    return text;
}
