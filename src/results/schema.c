/* schema.c - see schema.h. */
#include "src/glu.h"

#include "src/results/schema.h"

#include "src/results/embedded.h"
#include "src/util/json_help.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 256, DEPTH_MAX = 32 };

struct check {
    const json_t *root; /* the schema that $ref refers into */
    schema_fault_fn *fault;
    void *context;
    char path[PATH_BYTES];
    int depth;
};

static int check_value(struct check *check, const json_t *schema, const json_t *value);

static void report(const struct check *check, const char *format, ...) GLU_PRINTF(2, 3);
static void report(const struct check *check, const char *format, ...)
{
    char what[256];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    check->fault(check->context, check->path[0] ? check->path : "(top)", what);
}

/* Check a member one level down; `format` is what the path grows by. */
static int descend(struct check *check, const json_t *schema, const json_t *value,
                   const char *format, ...) GLU_PRINTF(4, 5);
static int descend(struct check *check, const json_t *schema, const json_t *value,
                   const char *format, ...)
{
    size_t length = strlen(check->path);
    va_list args;
    int rc;

    va_start(args, format);
    vsnprintf(check->path + length, sizeof check->path - length, format, args);
    va_end(args);
    rc = check_value(check, schema, value);
    check->path[length] = '\0';
    return rc;
}

/* ==== One function a keyword ==== */

static bool is_type(const json_t *value, const char *type)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return strcmp(type, "object") == 0;
    case JSON_ARRAY:
        return strcmp(type, "array") == 0;
    case JSON_STRING:
        return strcmp(type, "string") == 0;
    case JSON_INTEGER:
        return strcmp(type, "integer") == 0 || strcmp(type, "number") == 0;
    case JSON_REAL:
        return strcmp(type, "number") == 0 || (is_whole(value) && strcmp(type, "integer") == 0);
    case JSON_TRUE:
    case JSON_FALSE:
        return strcmp(type, "boolean") == 0;
    case JSON_NULL:
        return strcmp(type, "null") == 0;
    }
    return false;
}

static const char *type_name(const json_t *value)
{
    static const char *const names[] = {"object", "array", "string", "integer", "number", "boolean",
                                        "null"};

    for (size_t i = 0; i < LENGTH_OF(names); i++)
        if (is_type(value, names[i]))
            return names[i];
    return "nothing";
}

static int check_type(struct check *check, const json_t *schema, const json_t *rule,
                      const json_t *value)
{
    char wanted[128] = "";

    (void)schema;
    if (json_is_string(rule)) {
        snprintf(wanted, sizeof wanted, "%s", json_string_value(rule));
        if (is_type(value, wanted))
            return 0;
    }
    for (size_t i = 0; i < json_array_size(rule); i++) {
        const char *type = json_string_value(json_array_get(rule, i));
        size_t length = strlen(wanted);

        if (type && is_type(value, type))
            return 0;
        snprintf(wanted + length, sizeof wanted - length, "%s%s", i ? " or " : "", type ? type : "?");
    }
    report(check, "is %s, must be %s", type_name(value), wanted);
    return 0;
}

static int check_required(struct check *check, const json_t *schema, const json_t *rule,
                          const json_t *value)
{
    (void)schema;
    for (size_t i = 0; json_is_object(value) && i < json_array_size(rule); i++) {
        const char *key = json_string_value(json_array_get(rule, i));

        if (key && !json_object_get(value, key))
            report(check, "lacks \"%s\"", key);
    }
    return 0;
}

static int check_properties(struct check *check, const json_t *schema, const json_t *rule,
                            const json_t *value)
{
    json_t *member, *all = (json_t *)value;
    const char *key;

    (void)schema;
    json_object_foreach (all, key, member) {
        const json_t *own = json_object_get(rule, key);

        if (own && descend(check, own, member, check->path[0] ? ".%s" : "%s", key) != 0)
            return -1;
    }
    return 0;
}

static int check_additional(struct check *check, const json_t *schema, const json_t *rule,
                            const json_t *value)
{
    const json_t *properties = json_object_get(schema, "properties");
    json_t *member, *all = (json_t *)value;
    const char *key;

    json_object_foreach (all, key, member) {
        if (json_object_get(properties, key))
            continue;
        if (json_is_false(rule))
            report(check, "has \"%s\", which is unknown", key);
        else if (json_is_object(rule)
                 && descend(check, rule, member, check->path[0] ? ".%s" : "%s", key) != 0)
            return -1;
    }
    return 0;
}

static int check_items(struct check *check, const json_t *schema, const json_t *rule,
                       const json_t *value)
{
    (void)schema;
    for (size_t i = 0; i < json_array_size(value); i++)
        if (descend(check, rule, json_array_get(value, i), "[%zu]", i) != 0)
            return -1;
    return 0;
}

static int check_min_items(struct check *check, const json_t *schema, const json_t *rule,
                           const json_t *value)
{
    (void)schema;
    if (json_is_array(value) && json_array_size(value) < (size_t)json_integer_value(rule))
        report(check, "has %zu elements, must have %lld or more", json_array_size(value),
               (long long)json_integer_value(rule));
    return 0;
}

static int check_max_items(struct check *check, const json_t *schema, const json_t *rule,
                           const json_t *value)
{
    (void)schema;
    if (json_is_array(value) && json_array_size(value) > (size_t)json_integer_value(rule))
        report(check, "has %zu elements, must have %lld or fewer", json_array_size(value),
               (long long)json_integer_value(rule));
    return 0;
}

static int check_enum(struct check *check, const json_t *schema, const json_t *rule,
                      const json_t *value)
{
    char wanted[160] = "";

    (void)schema;
    for (size_t i = 0; i < json_array_size(rule); i++) {
        const json_t *allowed = json_array_get(rule, i);
        size_t length = strlen(wanted);

        if (json_same(allowed, value))
            return 0;
        if (json_is_string(allowed))
            snprintf(wanted + length, sizeof wanted - length, "%s\"%s\"", length ? ", " : "",
                     json_string_value(allowed));
        else
            snprintf(wanted + length, sizeof wanted - length, "%s%.15g", length ? ", " : "",
                     json_number_value(allowed));
    }
    if (json_is_string(value))
        report(check, "is \"%.60s\", must be one of %s", json_string_value(value), wanted);
    else
        report(check, "must be one of %s", wanted);
    return 0;
}

static int check_minimum(struct check *check, const json_t *schema, const json_t *rule,
                         const json_t *value)
{
    (void)schema;
    if (json_is_number(value) && json_number_value(value) < json_number_value(rule))
        report(check, "is %.15g, must be %.15g or more", json_number_value(value),
               json_number_value(rule));
    return 0;
}

static int check_maximum(struct check *check, const json_t *schema, const json_t *rule,
                         const json_t *value)
{
    (void)schema;
    if (json_is_number(value) && json_number_value(value) > json_number_value(rule))
        report(check, "is %.15g, must be %.15g or less", json_number_value(value),
               json_number_value(rule));
    return 0;
}

static int check_ref(struct check *check, const json_t *schema, const json_t *rule,
                     const json_t *value)
{
    static const char prefix[] = "#/$defs/";
    const char *name = json_string_value(rule);
    const json_t *target = NULL;

    (void)schema;
    if (name && strncmp(name, prefix, sizeof prefix - 1) == 0)
        target = json_object_get(json_object_get(check->root, "$defs"), name + sizeof prefix - 1);
    if (!target)
        return err_set("the schema refers to %s, which is not there", name ? name : "nothing");
    return check_value(check, target, value);
}

static int check_nothing(struct check *check, const json_t *schema, const json_t *rule,
                         const json_t *value)
{
    (void)check;
    (void)schema;
    (void)rule;
    (void)value;
    return 0;
}

static const struct {
    const char *word;
    int (*check)(struct check *check, const json_t *schema, const json_t *rule, const json_t *value);
} keywords[] = {
    {"type", check_type},
    {"required", check_required},
    {"properties", check_properties},
    {"additionalProperties", check_additional},
    {"items", check_items},
    {"minItems", check_min_items},
    {"maxItems", check_max_items},
    {"enum", check_enum},
    {"minimum", check_minimum},
    {"maximum", check_maximum},
    {"$ref", check_ref},
    {"$defs", check_nothing},
    {"$schema", check_nothing},
    {"$id", check_nothing},
    {"title", check_nothing},
    {"description", check_nothing},
};

static int check_value(struct check *check, const json_t *schema, const json_t *value)
{
    json_t *rule, *rules = (json_t *)schema;
    const char *word;
    int rc = 0;

    if (++check->depth > DEPTH_MAX)
        return err_set("%s: nested too deeply", check->path);
    json_object_foreach (rules, word, rule) {
        size_t i = 0;

        while (i < LENGTH_OF(keywords) && strcmp(keywords[i].word, word) != 0)
            i++;
        if (i == LENGTH_OF(keywords))
            return err_set("the schema uses \"%s\", which is not implemented", word);
        rc = keywords[i].check(check, schema, rule, value);
        if (rc != 0)
            return rc;
    }
    check->depth--;
    return 0;
}

int schema_check(const json_t *schema, const json_t *value, schema_fault_fn *fault, void *context)
{
    struct check check = {.root = schema, .fault = fault, .context = context};

    return check_value(&check, schema, value);
}

/* results/schema.json, which is part of the program: new reference, or NULL and a message. */
static json_t *results_schema(void)
{
    json_error_t error;
    json_t *schema;

    errno = 0;
    schema = json_loads(embedded_schema, 0, &error);
    if (!schema)
        err_set("results/schema.json:%d: %s", error.line, err_cause(error.text));
    return schema;
}

int schema_check_results(const json_t *document, schema_fault_fn *fault, void *context)
{
    json_t *schema = results_schema();
    int rc = schema ? schema_check(schema, document, fault, context) : -1;

    json_decref(schema);
    return rc;
}

int schema_check_run(const json_t *run, schema_fault_fn *fault, void *context)
{
    json_t *schema = results_schema();
    struct check check = {.root = schema, .fault = fault, .context = context};
    const json_t *rule = json_object_get(json_object_get(schema, "$defs"), "run");
    int rc = -1;

    if (rule)
        rc = check_value(&check, rule, run);
    else if (schema)
        err_set("results/schema.json: $defs.run is missing");
    json_decref(schema);
    return rc;
}
