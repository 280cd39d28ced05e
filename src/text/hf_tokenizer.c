/* hf_tokenizer.c - see hf_tokenizer.h. */
#include "src/glu.h"

#include "src/text/hf_tokenizer.h"

#include "src/text/tokenizer.h"
#include "src/util/atomic_file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

json_t *hf_tokenizer_sentinels(int count, bool backwards)
{
    json_t *names = json_array();

    for (int i = 0; i < count; i++)
        if (json_array_append_new(names, json_sprintf("<extra_id_%d>", backwards ? count - 1 - i : i))) {
            json_decref(names);
            return NULL;
        }
    return names;
}

int hf_tokenizer_write_file(const char *directory, const char *name, const char *text, size_t bytes)
{
    char path[PATH_MAX], *there = NULL;
    struct io_facts facts;
    bool same;

    if (io_join(path, directory, name))
        return -1;
    same = access(path, F_OK) == 0 && io_read_regular(path, TOKENIZER_FILE_MAX_BYTES, &there, &facts) == 0 &&
           facts.bytes == bytes && memcmp(there, text, bytes) == 0;
    free(there);
    return same ? 0 : atomic_write(path, text, bytes);
}

int hf_tokenizer_write(const char *directory, json_t *content)
{
    char *text = content ? json_dumps(content, JSON_INDENT(2)) : NULL;
    int status = text ? hf_tokenizer_write_file(directory, HF_TOKENIZER_FILE, text, strlen(text))
                      : err_set("%s/%s: out of memory", directory, HF_TOKENIZER_FILE);

    json_decref(content);
    free(text);
    return status;
}
