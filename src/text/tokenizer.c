/* tokenizer.c - see tokenizer.h. */
#include "src/glu.h"

#include "src/text/tokenizer.h"

#include <stdio.h>
#include <string.h>

static const struct tokenizer_type *const types[] = {
    &tokenizer_bytes,
};

const struct tokenizer_type *tokenizer_type_at(size_t i)
{
    return i < LENGTH_OF(types) ? types[i] : NULL;
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
    const char *colon = strchr(name, ':');
    size_t length = colon ? (size_t)(colon - name) : strlen(name);

    *tokenizer = NULL;
    for (size_t i = 0; i < LENGTH_OF(types); i++) {
        if (strlen(types[i]->name) != length || memcmp(types[i]->name, name, length) != 0)
            continue;
        if ((types[i]->argument == NULL) != (colon == NULL))
            break;
        return types[i]->open(tokenizer, colon ? colon + 1 : NULL);
    }
    return unknown(name);
}

void tokenizer_close(struct tokenizer *tokenizer)
{
    if (tokenizer)
        tokenizer->close(tokenizer);
}

int tokenizer_vocabulary(const char *name)
{
    struct tokenizer *tokenizer;
    int vocabulary;

    if (tokenizer_open(&tokenizer, name))
        return -1;
    vocabulary = tokenizer->vocabulary;
    tokenizer_close(tokenizer);
    return vocabulary;
}
