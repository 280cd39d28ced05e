/* weights_hf.c - see weights_hf.h. */
#include "src/glu.h"

#include "src/model/weights_hf.h"

#include "src/model/architecture.h"
#include "src/util/atomic_file.h"
#include "src/util/io.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OURS "glubench-"
#define GATED "gated-"

enum { CONFIG_MAX_BYTES = 1 << 16, DIFFERENCES_BYTES = 400 };

/* ---- Names of functions ---------------------------------------------------------------------- */

bool weights_hf_projection(char text[WEIGHTS_HF_NAME_BYTES], const struct variant *variant)
{
    const char *name = variant_hf_name(variant, 0);

    if (name && variant->gated && strcmp(name, "gelu") == 0) /* which would be gelu_new */
        name = variant_hf_name(variant, 1);
    snprintf(text, WEIGHTS_HF_NAME_BYTES, "%s%s", !name ? OURS : variant->gated ? GATED : "",
             name ? name : variant->name);
    return name != NULL;
}

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_activation_of(const struct variant *variant, const char *text)
{
    const char *name;

    for (int i = 0; (name = variant_hf_name(variant, i)); i++)
        if (strcmp(name, text) == 0)
            return true;
    return false;
}

/* Is that one of our names of the same function? */
static bool is_ours(const struct variant *variant, const char *text)
{
    struct variant_storage storage;
    const struct variant *other = variant_find(text, &storage);

    return other && variant_computes_same(other, variant);
}

/* Is what config.json says of a function so in this variant?  *gated: -1 when it says nothing of that. */
static bool is_function_of(const struct variant *variant, const struct hf_function *function,
                           const json_t *value, int *gated)
{
    const char *text = json_string_value(value);

    *gated = -1;
    if (function->form == HF_GATED && json_is_boolean(value))
        *gated = json_is_true(value);
    if (function->form == HF_GATED)
        return *gated == (int)variant->gated;
    if (!text)
        return false;
    if (has_prefix(text, OURS))
        return is_ours(variant, text + strlen(OURS));
    if (function->form == HF_ACTIVATION)
        return is_activation_of(variant, text);
    *gated = has_prefix(text, GATED);
    if (strcmp(text, GATED "gelu") == 0)
        text = GATED "gelu_new";
    return *gated == (int)variant->gated &&
           is_activation_of(variant, text + (*gated ? strlen(GATED) : 0));
}

/* ---- Writing --------------------------------------------------------------------------------- */

static json_t *make_config(const struct model_options *options)
{
    const struct variant *variant = options->variant;
    json_t *config = options->architecture->hf_config(options);
    json_t *ours = json_pack("{s:s, s:s, s:f, s:f}", "torch_dtype", "float32", "glubench_variant",
                             variant->name, "glubench_alpha", variant->alpha, "glubench_beta",
                             variant->beta);

    if (!config || !ours || json_object_update(config, ours)) {
        json_decref(config);
        config = NULL;
    }
    json_decref(ours);
    return config;
}

void weights_hf_class(char text[WEIGHTS_HF_CLASS_BYTES], const struct model_options *options)
{
    json_t *config = options->architecture->hf_config(options);
    const char *name = json_string_value(json_array_get(json_object_get(config, "architectures"), 0));
    const char *type = json_string_value(json_object_get(config, "model_type"));
    char projection[WEIGHTS_HF_NAME_BYTES];
    bool known = name && type && strncmp(type, "glubench", 8) != 0 &&
                 weights_hf_projection(projection, options->variant);

    snprintf(text, WEIGHTS_HF_CLASS_BYTES, "%s", known ? name : "");
    json_decref(config);
}

int weights_hf_write(const char *directory, const struct model *model)
{
    const struct variant *variant = model_get_options(model)->variant;
    json_t *config = make_config(model_get_options(model));
    char path[PATH_MAX], *text = config ? json_dumps(config, JSON_INDENT(2)) : NULL;
    char projection[WEIGHTS_HF_NAME_BYTES];
    int status = -1;

    json_decref(config);
    if (!text)
        return err_set("%s/config.json: out of memory", directory);
    if (io_join(path, directory, "config.json") == 0)
        status = atomic_write(path, text, strlen(text));
    free(text);
    if (status == 0 && !weights_hf_projection(projection, variant))
        warn_add("transformers has no name for the function of %s: config.json says %s, and other "
                 "programs cannot load its weights",
                 variant->name, projection);
    return status;
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* An object, new reference, or NULL and a message. */
static json_t *load_config(const char *path)
{
    uint64_t bytes = 0;
    json_error_t error;
    json_t *config;
    int fd = io_open_regular(path, &bytes);

    if (fd < 0)
        return NULL;
    if (bytes > CONFIG_MAX_BYTES) {
        err_set("%s: it has more than %d bytes and is not read", path, CONFIG_MAX_BYTES);
        close(fd);
        return NULL;
    }
    errno = 0;
    config = json_loadfd(fd, 0, &error);
    close(fd);
    if (json_is_object(config))
        return config;
    err_set("%s: it is no JSON object: %s", path, config ? "another type" : err_cause(error.text));
    json_decref(config);
    return NULL;
}

/* DIRECTORY/config.json, or NULL.  One that is there and cannot be read is a warning. */
static json_t *read_config(const char *directory, char path[PATH_MAX])
{
    json_t *config;

    if (io_join(path, directory, "config.json") || access(path, F_OK) != 0)
        return NULL;
    config = load_config(path);
    if (!config)
        warn_add("%s; the weights are taken as they are", err_get());
    return config;
}

/* A list of what is there and what is here. */
struct differences {
    char text[DIFFERENCES_BYTES];
    bool gated; /* one of them is whether there is a gate */
    bool flagged; /* this model cannot be what is there; the message says why */
};

/* "d_model 512 (here 32)"; ours: "" when there is nothing to say. */
static void add(struct differences *differences, const char *field, const json_t *theirs,
                const char *ours)
{
    size_t used = strlen(differences->text);
    char *text = json_dumps(theirs, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII);

    snprintf(differences->text + used, sizeof differences->text - used, "%s%s %.60s (here %s)",
             used ? ", " : "", field, text ? text : "?", ours);
    free(text);
}

/* Fields that tell nothing of what the weights are, and those that have rules of their own. */
static bool is_compared(const struct architecture *architecture, const char *field)
{
    static const char *const others[] = {"architectures", "dropout_rate", "attention_dropout",
                                         "initializer_range", "max_position_embeddings"};
    const struct hf_function *function = architecture->hf_functions;

    for (size_t i = 0; i < LENGTH_OF(others); i++)
        if (strcmp(others[i], field) == 0)
            return false;
    for (; function && function->field; function++)
        if (strcmp(function->field, field) == 0)
            return false;
    return true;
}

static bool is_equal(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b))
        return json_number_value(a) == json_number_value(b);
    return json_equal(a, b);
}

static void compare_fields(struct differences *differences, const json_t *config, json_t *ours,
                           const struct architecture *architecture)
{
    const char *field;
    json_t *here;

    json_object_foreach (ours, field, here) {
        const json_t *there = json_object_get(config, field);
        char *text;

        if (!there || json_is_null(there) || !is_compared(architecture, field) ||
            is_equal(there, here))
            continue;
        text = json_dumps(here, JSON_ENCODE_ANY | JSON_COMPACT);
        add(differences, field, there, text ? text : "?");
        free(text);
    }
}

/* Our own name decides; the others', where it is not there.  Whether there is a gate is always told. */
static void compare_functions(struct differences *differences, const json_t *config,
                              const json_t *ours, const struct model_options *options)
{
    const json_t *named = json_object_get(config, "glubench_variant");
    const struct hf_function *function = options->architecture->hf_functions;
    const char *type = json_string_value(json_object_get(ours, "model_type"));
    const char *their_type = json_string_value(json_object_get(config, "model_type"));
    bool other = named && (!json_is_string(named) ||
                           !is_ours(options->variant, json_string_value(named)));

    if (other)
        add(differences, "glubench_variant", named, options->variant->name);
    for (; function && function->field; function++) {
        const json_t *there = json_object_get(config, function->field);
        json_t *absent = NULL;
        int gated;

        if (!there && !named && function->when_absent && type && their_type &&
            strcmp(type, their_type) == 0)
            there = absent = json_string(function->when_absent);
        if (there && !is_function_of(options->variant, function, there, &gated)) {
            bool gate = gated >= 0 && gated != (int)options->variant->gated;

            if (gate || !other)
                add(differences, function->field, there, options->variant->name);
            differences->gated |= gate && !absent;
        }
        json_decref(absent);
    }
}

/* A value that this model cannot be: -1 and a message. */
static int check_flags(const json_t *config, const struct architecture *architecture, const char *path)
{
    const struct hf_flag *row = architecture->hf_flags;

    for (; row && row->field; row++) {
        const json_t *value = json_object_get(config, row->field);

        if (json_is_boolean(value) && json_is_true(value) == row->refused)
            return err_set("%s says %s %s: %s; these weights cannot be used", path, row->field,
                           row->refused ? "true" : "false", row->why);
    }
    return 0;
}

/* Compare; false when there is nothing to say.  Sets a message when it is flagged. */
static bool compare(struct differences *differences, const char *directory,
                    const struct model_options *options, char path[PATH_MAX])
{
    json_t *config = read_config(directory, path);
    json_t *ours = config ? options->architecture->hf_config(options) : NULL;

    *differences = (struct differences){.gated = false};
    if (config) {
        compare_functions(differences, config, ours, options);
        compare_fields(differences, config, ours, options->architecture);
    }
    differences->flagged = config && check_flags(config, options->architecture, path);
    json_decref(ours);
    json_decref(config);
    return differences->flagged || differences->text[0] != '\0';
}

int weights_hf_check(const char *directory, const struct model_options *options)
{
    struct differences differences;
    char path[PATH_MAX];

    if (!compare(&differences, directory, options, path))
        return 0;
    if (differences.flagged)
        return -1;
    if (differences.gated)
        return err_set("%s says %s; weights of a gated layer are none of an ungated one: correct it, "
                       "or choose another variant",
                       path, differences.text);
    warn_add("%s says %s; the weights are used all the same", path, differences.text);
    return 0;
}

void weights_hf_explain(const char *directory, const struct model_options *options)
{
    struct differences differences;
    char path[PATH_MAX], message[1024];

    snprintf(message, sizeof message, "%s", err_get());
    if (compare(&differences, directory, options, path) && differences.text[0])
        err_set("%s; config.json says %s", message, differences.text);
    else
        err_set("%s", message);
}

/* ---- A model of it --------------------------------------------------------------------------- */

static int find_architecture(struct weights_hf_model *model, const json_t *config, const char *path)
{
    const char *type = json_string_value(json_object_get(config, "model_type"));
    const char *name;

    for (int i = 0; type && (name = architecture_name(i)); i++) {
        const struct architecture *architecture = architecture_find(name);

        for (int k = 0; architecture->hf_types && architecture->hf_types[k]; k++)
            if (strcmp(architecture->hf_types[k], type) == 0) {
                model->options.architecture = architecture;
                return 0;
            }
    }
    return err_set("%s: the model_type is %.40s; this program has t5, llama and glubench_lm", path,
                   type ? type : "no text");
}

static int read_sizes(struct weights_hf_model *model, const json_t *config, const char *path)
{
    struct model_config *c = &model->options.model;

    for (const struct hf_size *row = model->options.architecture->hf_sizes; row && row->field; row++) {
        int *size = (int *)(void *)((char *)c + row->offset);
        const json_t *value = json_object_get(config, row->field);
        double number = json_number_value(value);

        if (!row->is_needed && (!value || json_is_null(value)))
            continue;
        if (!json_is_number(value) || number < 1 || number > WEIGHTS_HF_SIZE_MAX ||
            number != (double)(int)number)
            return err_set("%s: %s is %s; a whole number from 1 to %d is needed", path, row->field,
                           value ? "none that can be" : "not there", WEIGHTS_HF_SIZE_MAX);
        if (*size > 0 && *size != (int)number)
            return err_set("%s: %s is %d where another size, which is the same in this model, is %d", path,
                           row->field, (int)number, *size);
        *size = (int)number;
    }
    if (c->d_kv == 0 && c->d_model % c->heads != 0)
        return err_set("%s: there is no size of heads, and %d heads do not divide %d", path, c->heads,
                       c->d_model);
    if (c->d_kv == 0)
        c->d_kv = c->d_model / c->heads;
    return 0;
}

/* A variant of an activation that has one of these names there: the first registered one, or else the
 * first. */
static const struct variant *find_variant(struct variant_storage *storage, const char *text, bool gated)
{
    const struct variant *found = NULL;

    for (int i = 0; i < ACT_COUNT; i++) {
        const struct activation *act = activation_get((enum act)i);

        for (int k = 0; k < ACTIVATION_HF_NAMES && act->hf_names[k].name; k++) {
            const struct hf_name *row = &act->hf_names[k];
            const struct variant *variant;
            struct variant_storage made;
            char name[160];
            int parameters = act->scalars ? 0 : act->parameters;

            if (strcmp(row->name, text) != 0)
                continue;
            snprintf(name, sizeof name, parameters > 1 ? "custom:%s%s,alpha=%.17g,beta=%.17g"
                                        : parameters == 1 ? "custom:%s%s,alpha=%.17g" : "custom:%s%s",
                     act->name, gated ? ",gated" : "", row->alpha, row->beta);
            variant = variant_find(name, &made);
            if (variant && variant != &made.variant)
                return variant;
            if (variant && !found)
                found = variant_find(name, storage);
        }
    }
    return found;
}

/* What the member that names the function means, by its form. */
static const struct variant *variant_of(struct variant_storage *storage, const struct hf_function *function,
                                        const char *text)
{
    bool gated = function->form == HF_ACTIVATION || has_prefix(text, GATED);

    if (has_prefix(text, OURS))
        return variant_find(text + strlen(OURS), storage);
    if (strcmp(text, GATED "gelu") == 0)
        text = GATED "gelu_new";
    return find_variant(storage, text + (has_prefix(text, GATED) ? strlen(GATED) : 0), gated);
}

static int read_variant(struct weights_hf_model *model, const json_t *config, const char *path)
{
    const struct hf_function *function = model->options.architecture->hf_functions;
    const char *ours = json_string_value(json_object_get(config, "glubench_variant"));
    const char *text = json_string_value(json_object_get(config, function->field));
    const struct variant *variant;

    if (!text && !json_object_get(config, function->field))
        text = function->when_absent;
    variant = ours ? variant_find(ours, &model->storage)
              : text ? variant_of(&model->storage, function, text) : NULL;
    if (!variant)
        return err_set("%s: %s is '%.100s', a function that this program does not have; 'glubench list' "
                       "shows what it has",
                       path, ours ? "glubench_variant" : function->field, ours ? ours : text ? text : "none");
    for (; function->field; function++) {
        const json_t *value = json_object_get(config, function->field);
        int gated;

        if (value && !is_function_of(variant, function, value, &gated))
            return err_set("%s: %s is of another function than that of the variant %s, which the rest of it "
                           "tells",
                           path, function->field, variant->name);
    }
    model->options.variant = variant;
    return 0;
}

static int read_dropout(struct weights_hf_model *model, const json_t *config, const char *path)
{
    const char *field = model->options.architecture->hf_dropout;
    const json_t *value = field ? json_object_get(config, field) : NULL;
    double dropout = json_number_value(value);

    if (!value || json_is_null(value))
        return 0;
    if (!json_is_number(value) || !(dropout >= 0 && dropout < 1))
        return err_set("%s: %s is none that can be; a number from 0 to less than 1 is needed", path, field);
    model->options.dropout = dropout;
    return 0;
}

int weights_hf_read(struct weights_hf_model *model, const char *directory)
{
    char path[PATH_MAX];
    json_t *config;
    int status;

    *model = (struct weights_hf_model){.options = {.architecture = NULL}};
    if (io_join(path, directory, "config.json"))
        return -1;
    config = load_config(path);
    if (!config)
        return -1;
    status = find_architecture(model, config, path) ||
                     check_flags(config, model->options.architecture, path) ||
                     read_sizes(model, config, path) || read_variant(model, config, path) ||
                     read_dropout(model, config, path)
                 ? -1
                 : 0;
    json_decref(config);
    return status;
}
