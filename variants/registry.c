/* registry.c - the list of variants, finding one by name, and `custom:`. */
#include "src/glu.h"

#include <assert.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "src/util/nearest.h"
#include "variants/variant.h"

/* A variant is a file of its own and a line here. */
#define VARIANTS(X)                                                                                \
    /* the paper's, in the order of our tables */                                                  \
    X(relu)                                                                                        \
    X(gelu)                                                                                        \
    X(swish)                                                                                       \
    X(glu)                                                                                         \
    X(bilinear)                                                                                    \
    X(geglu)                                                                                       \
    X(swiglu)                                                                                      \
    X(reglu)                                                                                       \
    /* beyond the paper */                                                                         \
    X(gelu_tanh)                                                                                   \
    X(geglu_tanh)                                                                                  \
    X(relu2)                                                                                       \
    X(elu)                                                                                         \
    X(selu)                                                                                        \
    X(sigmoid)                                                                                     \
    X(softplus)                                                                                    \
    X(leaky_relu2)                                                                                 \
    X(reglu2)                                                                                      \
    X(swiglu_oai)                                                                                  \
    X(swish_beta)                                                                                  \
    X(xielu)                                                                                       \
    X(xatlu)

#define DECLARE(name) extern const struct variant variant_##name;
#define ADDRESS(name) &variant_##name,
VARIANTS(DECLARE)
static const struct variant *const variants[] = {VARIANTS(ADDRESS)};

#define CUSTOM "custom:"
#define CUSTOM_USAGE CUSTOM "ACT[,gated][,alpha=NUMBER][,beta=NUMBER]"

int variant_count(void)
{
    return (int)LENGTH_OF(variants);
}

const struct variant *variant_at(int i)
{
    assert(i >= 0 && i < variant_count());
    return variants[i];
}

/* ==== Groups ==== */

static bool is_any(const struct variant *variant)
{
    return variant != NULL;
}

static bool is_in_paper(const struct variant *variant)
{
    return variant->in_paper;
}

static bool is_in_narang2021(const struct variant *variant)
{
    return variant->in_narang2021;
}

static const struct {
    const char *name;
    bool (*has)(const struct variant *variant);
} groups[] = {
    {"paper", is_in_paper},
    {"narang2021", is_in_narang2021},
    {"all", is_any},
};

const char *variant_group_name(int i)
{
    return i >= 0 && i < (int)LENGTH_OF(groups) ? groups[i].name : NULL;
}

bool variant_is_in(const struct variant *variant, const char *group)
{
    for (size_t i = 0; i < LENGTH_OF(groups); i++)
        if (strcmp(groups[i].name, group) == 0)
            return groups[i].has(variant);
    return false;
}

/* ==== Names in messages ==== */

/* NAME_BYTES holds any of the names with its NUL. */
enum {
    VARIANT_COUNT = LENGTH_OF(variants),
    NAMES_MAX = (int)VARIANT_COUNT > (int)ACT_COUNT ? (int)VARIANT_COUNT : (int)ACT_COUNT,
    NAME_BYTES = 24,
    LIST_BYTES = NAMES_MAX * (NAME_BYTES + 1),
    HINT_BYTES = NAME_BYTES + 20
};

#define FITS(name) _Static_assert(sizeof #name <= NAME_BYTES, "the name " #name " is too long");
#define ACTIVATION(id, name, ...) FITS(name)
VARIANTS(FITS)
#include "variants/activations/list.h"

struct names {
    const char *name[NAMES_MAX];
    int count;
};

static struct names variant_names(void)
{
    struct names names = {.count = 0};

    for (int i = 0; i < variant_count(); i++)
        names.name[names.count++] = variants[i]->name;
    return names;
}

static struct names activation_names(void)
{
    struct names names = {.count = 0};

    for (int i = 0; i < ACT_COUNT; i++)
        names.name[names.count++] = activation_get(i)->name;
    return names;
}

/* "a, b, c" in text. */
static const char *names_list(const struct names *names, char text[LIST_BYTES])
{
    size_t used = 0;

    text[0] = '\0';
    for (int i = 0; i < names->count && used < LIST_BYTES; i++)
        used += (size_t)snprintf(text + used, LIST_BYTES - used, "%s%s", i ? ", " : "",
                                 names->name[i]);
    return text;
}

/* " (did you mean swiglu?)" in text, or "". */
static const char *names_hint(const struct names *names, const char *wrong, char text[HINT_BYTES])
{
    const char *nearest = nearest_name(wrong, names->name, names->count);

    text[0] = '\0';
    if (nearest)
        snprintf(text, HINT_BYTES, " (did you mean %s?)", nearest);
    return text;
}

/* ==== custom: ==== */

/* What is known of a custom variant while its text is read. */
struct custom {
    const struct activation *activation;
    bool gated, has_alpha, has_beta;
    double alpha, beta;
};

/* text is all of a number that a float can hold. */
static int parse_number(const char *key, const char *text, double *value)
{
    char *end;

    errno = 0;
    *value = strtod(text, &end);
    if (end == text || *end || strchr(" \t\n\v\f\r", *text))
        return err_set("%s=%s is not a number; write for example %s=1.5", key, text, key);
    if (!isfinite(*value) || fabs(*value) > FLT_MAX)
        return err_set("%s=%s is out of range; it must be finite and fit a float", key, text);
    *value += 0.0; /* -0 is 0 */
    return 0;
}

/* One of alpha and beta, which the activation must have and the text may give once. */
static int parse_parameter(const struct activation *activation, int needed, const char *key,
                           const char *text, bool *given, double *value)
{
    if (*given)
        return err_set("%s is given twice", key);
    *given = true;
    if (activation->parameters < needed)
        return err_set("%s has no %s%s; leave %s=%s out", activation->name, key,
                       activation->parameters ? ", only alpha" : "", key, text);
    return parse_number(key, text, value);
}

static int parse_activation(struct custom *custom, const char *text)
{
    struct names names = activation_names();
    char list[LIST_BYTES], hint[HINT_BYTES];

    custom->activation = activation_find(text);
    if (!custom->activation)
        return err_set("unknown activation '%s'%s; there are %s", text,
                       names_hint(&names, text, hint), names_list(&names, list));
    custom->alpha = custom->activation->default_alpha;
    custom->beta = custom->activation->default_beta;
    return 0;
}

static int parse_item(struct custom *custom, const char *text)
{
    if (!custom->activation)
        return parse_activation(custom, text);
    if (strcasecmp(text, "gated") == 0) {
        if (custom->gated)
            return err_set("gated is given twice");
        custom->gated = true;
        return 0;
    }
    if (strncasecmp(text, "alpha=", 6) == 0)
        return parse_parameter(custom->activation, 1, "alpha", text + 6, &custom->has_alpha,
                               &custom->alpha);
    if (strncasecmp(text, "beta=", 5) == 0)
        return parse_parameter(custom->activation, 2, "beta", text + 5, &custom->has_beta,
                               &custom->beta);
    return err_set("'%s' is not known here; after the activation come gated, alpha=NUMBER and "
                   "beta=NUMBER, separated by commas", text);
}

static int custom_parse(struct custom *custom, const char *text)
{
    char copy[128];

    if (strlen(text) >= sizeof copy)
        return err_set("the text is longer than %zu characters", sizeof copy - 1);
    strcpy(copy, text);
    for (char *item = copy, *comma; item; item = comma ? comma + 1 : NULL) {
        comma = strchr(item, ',');
        if (comma)
            *comma = '\0';
        if (parse_item(custom, item) != 0)
            return -1;
    }
    if (custom->activation->ordered && custom->alpha > custom->beta)
        return err_set("%s needs alpha <= beta, not alpha=%g and beta=%g",
                       custom->activation->name, custom->alpha, custom->beta);
    return 0;
}

/* ",alpha=1.5": the shortest decimal that reads back as the same number. */
static void parameter_print(char *dst, size_t bytes, const char *before, double value)
{
    size_t used = strlen(dst);
    char number[32];

    for (int digits = 1; digits <= 17; digits++) {
        snprintf(number, sizeof number, "%.*g", digits, value);
        if (strtod(number, NULL) == value)
            break;
    }
    snprintf(dst + used, bytes - used, "%s%s", before, number);
}

/* The longest number that parameter_print() writes is -1.2345678901234567e-300. */
enum {
    NUMBER_BYTES = 25,
    INNER_BYTES = NAME_BYTES + sizeof ",gated,alpha=,beta=" + 2 * NUMBER_BYTES,
    FUNCTION_BYTES = NAME_BYTES + sizeof "[,]" + 2 * NUMBER_BYTES
};

_Static_assert(sizeof CUSTOM + INNER_BYTES <= sizeof((struct variant_storage *)0)->name,
               "any name and label fit");
_Static_assert(sizeof "((x W) * x V) W2" + FUNCTION_BYTES <=
                   sizeof((struct variant_storage *)0)->formula,
               "any formula fits");

/* The name spells out every parameter that the activation has, so that equal names are equal
 * variants, however they were written. */
static const struct variant *custom_build(const struct custom *custom,
                                          struct variant_storage *storage)
{
    const struct activation *a = custom->activation;
    char inner[INNER_BYTES], function[FUNCTION_BYTES];

    snprintf(inner, sizeof inner, "%s%s", a->name, custom->gated ? ",gated" : "");
    snprintf(function, sizeof function, "%s", a->name);
    if (a->parameters >= 1) {
        parameter_print(inner, sizeof inner, ",alpha=", custom->alpha);
        parameter_print(function, sizeof function, "[", custom->alpha);
    }
    if (a->parameters >= 2) {
        parameter_print(inner, sizeof inner, ",beta=", custom->beta);
        parameter_print(function, sizeof function, ",", custom->beta);
    }
    if (a->parameters >= 1)
        strcat(function, "]");
    snprintf(storage->name, sizeof storage->name, CUSTOM "%s", inner);
    snprintf(storage->label, sizeof storage->label, "FFN_%s", inner);
    snprintf(storage->formula, sizeof storage->formula,
             custom->gated ? "(%s(x W) * x V) W2" : "%s(x W1) W2", function);
    storage->variant = (struct variant){
        .name = storage->name,
        .label = storage->label,
        .formula = storage->formula,
        .citation = "given on the command line",
        .gated = custom->gated,
        .in_paper = false,
        .act = a->act,
        .alpha = custom->alpha,
        .beta = custom->beta,
    };
    return &storage->variant;
}

/* ==== Finding ==== */

/* The registered variant that a custom one spells out, or NULL. */
static const struct variant *custom_registered(const struct custom *custom)
{
    for (int i = 0; i < variant_count(); i++) {
        const struct variant *v = variants[i];

        if (v->act == custom->activation->act && v->gated == custom->gated &&
            v->alpha == custom->alpha && v->beta == custom->beta)
            return v;
    }
    return NULL;
}

const struct variant *variant_find(const char *name, struct variant_storage *storage)
{
    struct names names = variant_names();
    char list[LIST_BYTES], hint[HINT_BYTES];

    for (int i = 0; i < variant_count(); i++)
        if (strcasecmp(variants[i]->name, name) == 0)
            return variants[i];

    if (strncasecmp(name, CUSTOM, strlen(CUSTOM)) == 0) {
        struct custom custom = {.activation = NULL};

        if (custom_parse(&custom, name + strlen(CUSTOM)) == 0) {
            const struct variant *registered = custom_registered(&custom);

            return registered ? registered : custom_build(&custom, storage);
        }
        err_prepend("variant '%.120s'", name);
        return NULL;
    }
    err_set("unknown variant '%.80s'%s; there are %s and " CUSTOM_USAGE, name,
            names_hint(&names, name, hint), names_list(&names, list));
    return NULL;
}

bool variant_same(const char *a, const char *b)
{
    struct variant_storage of_a, of_b;
    char before[512];
    const struct variant *x, *y;

    if (!a || !b)
        return false;
    if (strcmp(a, b) == 0)
        return true;
    if (strncasecmp(a, CUSTOM, strlen(CUSTOM)) != 0 && strncasecmp(b, CUSTOM, strlen(CUSTOM)) != 0)
        return false; /* what is not custom has one name in files */
    snprintf(before, sizeof before, "%s", err_get());
    x = variant_find(a, &of_a);
    y = variant_find(b, &of_b);
    err_set("%s", before);
    return x && y && strcmp(x->name, y->name) == 0;
}

int variant_d_ff(const struct variant *variant, int d_ff)
{
    if (d_ff < 1)
        return err_set("d_ff %d must be positive", d_ff);
    if (!variant->gated)
        return d_ff;
    if (d_ff % 3 != 0)
        return err_set("d_ff %d cannot be matched: %s has three matrices of 2/3 d_ff where the "
                       "ungated layer has two; use a multiple of 3, such as %d",
                       d_ff, variant->name, d_ff < 3 ? 3 : d_ff - d_ff % 3);
    return d_ff / 3 * 2;
}
