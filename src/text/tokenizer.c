/* tokenizer.c - see tokenizer.h. */
#include "src/glu.h"

#include "src/text/tokenizer.h"

#include <stdio.h>
#include <string.h>

static const struct tokenizer_type *const types[] = {
    &tokenizer_bytes,
    &tokenizer_sentencepiece,
};

const struct tokenizer_type *tokenizer_type_at(size_t i)
{
    return i < LENGTH_OF(types) ? types[i] : NULL;
}

const struct tokenizer_type *tokenizer_type_find(const char *name)
{
    size_t length = strcspn(name, ":");

    for (size_t i = 0; i < LENGTH_OF(types); i++)
        if (strlen(types[i]->name) == length && memcmp(types[i]->name, name, length) == 0)
            return types[i];
    return NULL;
}

static int unknown(const char *name)
{
    char names[256] = "";

    for (size_t i = 0; i < LENGTH_OF(types); i++) {
        size_t used = strlen(names);

        snprintf(names + used, sizeof names - used, "%s%s%s%s", i ? ", " : "", types[i]->name,
                 types[i]->argument ? ":" : "", types[i]->argument ? types[i]->argument : "");
    }
    err_set("unknown tokenizer '%s': the known ones are: %s", name, names);
    return -1;
}

int tokenizer_open(struct tokenizer **tokenizer, const char *name)
{
    const struct tokenizer_type *type = tokenizer_type_find(name);
    const char *colon = strchr(name, ':'), *argument = colon ? colon + 1 : NULL;

    *tokenizer = NULL;
    if (!type || (!type->argument && argument))
        return unknown(name);
    if (type->argument && (!argument || !*argument))
        return err_set("'%s' is without its %s: give %s:%s", name, type->argument, type->name,
                       type->argument);
    return type->open(tokenizer, argument);
}

void tokenizer_close(struct tokenizer *tokenizer)
{
    if (tokenizer)
        tokenizer->close(tokenizer);
}
