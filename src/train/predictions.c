/* predictions.c - see predictions.h. */
#include "src/glu.h"

#include "src/train/predictions.h"

#include "src/util/atomic_file.h"
#include "src/util/io.h"
#include "src/util/json_help.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static json_t *classes_json(const struct questions *questions, const struct answers *answers, size_t i)
{
    json_t *o = json_object();
    int bad = 0;

    for (int k = 0; k < answers->classes; k++)
        bad |= json_put(o, questions->task->classes[k],
                        json_number(answers->class_nats[i * (size_t)answers->classes + (size_t)k]));
    return json_finish(o, bad);
}

static json_t *list_json(const char *const *texts)
{
    json_t *list = json_array();
    int bad = 0;

    for (; *texts; texts++)
        bad |= json_push(list, json_text(*texts));
    return json_finish(list, bad);
}

static json_t *example_json(const struct questions *questions, const struct answers *answers, size_t i,
                            int64_t step)
{
    const struct example *example = &questions->examples->example[i];
    json_t *o = json_object();
    int bad = 0;

    bad |= json_put(o, "input", json_text(example->input));
    bad |= json_put(o, "target", json_text(example->target));
    bad |= json_put(o, "output", json_text(answers->outputs[i]));
    bad |= json_put(o, "step", json_integer(step));
    if (answers->classes > 0)
        bad |= json_put(o, "class_nll_nats", classes_json(questions, answers, i));
    else if (example->label >= 0)
        bad |= json_put(o, "label", json_integer(example->label));
    if (example->group >= 0)
        bad |= json_put(o, "group", json_integer(example->group));
    if (example->answers)
        bad |= json_put(o, "answers", list_json(example->answers));
    return json_finish(o, bad);
}

/* All of the file as text, owned by the caller; NULL and a message. */
static char *file_text(const struct questions *questions, const struct answers *answers, int64_t step,
                       size_t *bytes)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, bytes);
    int bad = out == NULL;

    for (size_t i = 0; !bad && i < answers->count; i++) {
        json_t *o = example_json(questions, answers, i, step);

        bad = !o || json_dumpf(o, out, JSON_COMPACT) || putc('\n', out) == EOF;
        json_decref(o);
    }
    if (out && fclose(out) != 0)
        bad = 1;
    if (!bad)
        return text;
    free(text);
    err_set("out of memory for predictions");
    return NULL;
}

int predictions_prepare(const char *directory)
{
    if (io_make_directories(directory) ||
        (access(directory, W_OK | X_OK) != 0 && err_system("cannot write to %s", directory)))
        return err_prepend(FIELD("predictions"));
    return 0;
}

int predictions_write(const char *directory, const char *name, const struct questions *questions,
                      const struct answers *answers, int64_t step)
{
    char folder[PATH_MAX], path[PATH_MAX], file[NAME_MAX + 1];
    size_t bytes;
    char *text;
    int status;

    snprintf(file, sizeof file, "%.200s.jsonl", name);
    if (io_join(folder, directory, questions->task->name) || io_join(path, folder, file) ||
        io_make_directories(folder))
        return err_prepend(FIELD("predictions"));
    text = file_text(questions, answers, step, &bytes);
    if (!text)
        return -1;
    status = atomic_write(path, text, bytes) ? err_prepend(FIELD("predictions")) : 0;
    free(text);
    return status;
}
