/* inputs.c - see inputs.h. */
#include "src/glu.h"

#include "src/study/inputs.h"

#include "src/util/json_help.h"

static int add(json_t *inputs, const char *role, const char *path, uint64_t bytes,
               const char *sha256)
{
    json_t *o = json_object();
    int bad = json_put(o, "role", json_text(role)) | json_put(o, "path", json_text(path)) |
              json_put(o, "bytes", json_integer((json_int_t)bytes)) |
              json_put(o, "sha256", json_text(*sha256 ? sha256 : NULL));

    return bad | json_push(inputs, o);
}

static int add_text(json_t *inputs, const char *role, const struct file_list *list)
{
    int bad = 0;

    for (int i = 0; i < list->count; i++)
        bad |= add(inputs, role, list->files[i].path, list->files[i].identity.bytes,
                   list->files[i].sha256);
    return bad;
}

json_t *inputs_json(const struct study_options *options, const struct setting *setting,
                    const struct dataset *dataset)
{
    json_t *inputs = json_array();
    int bad = add_text(inputs, "corpus", dataset_files(dataset, false)) |
              add_text(inputs, "heldout", dataset_files(dataset, true));

    if (setting->tokenizer_file)
        bad |= add(inputs, "tokenizer", setting->tokenizer_file, setting->tokenizer_facts.bytes,
                   setting->tokenizer_facts.sha256);
    if (setting->file)
        bad |= add(inputs, "config", setting->file, setting->file_facts.bytes,
                   setting->file_facts.sha256);
    if (options->axes && options->file)
        bad |= add(inputs, "study", options->file, options->axes->file_facts.bytes,
                   options->axes->file_facts.sha256);
    return json_finish(inputs, bad);
}
