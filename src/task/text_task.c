/* text_task.c - see text_task.h. */
#include "src/glu.h"

#include "src/task/text_task.h"

#include "src/util/nearest.h"

#include <string.h>

static const struct text_benchmark *const benchmarks[] = {
    &text_benchmark_glue,
    &text_benchmark_superglue,
    &text_benchmark_squad,
};

const struct text_benchmark *text_benchmark_at(size_t i)
{
    return i < LENGTH_OF(benchmarks) ? benchmarks[i] : NULL;
}

enum { NAMES_MAX = 64 };

/* The names of all rows, as many as fit; how many. */
static int list_names(const char *names[NAMES_MAX])
{
    int count = 0;

    for (size_t i = 0; i < LENGTH_OF(benchmarks); i++)
        for (const struct text_task *const *task = benchmarks[i]->tasks; *task && count < NAMES_MAX; task++)
            names[count++] = (*task)->name;
    return count;
}

const struct text_task *text_task_find(const char *name)
{
    const char *names[NAMES_MAX];

    for (size_t i = 0; i < LENGTH_OF(benchmarks); i++)
        for (const struct text_task *const *task = benchmarks[i]->tasks; *task; task++)
            if (strcmp((*task)->name, name) == 0)
                return *task;
    nearest_error(FIELD("task"), "task", name, names, list_names(names));
    return NULL;
}

static const struct text_maker *const makers[] = {
    &text_maker_tsv,
};

int text_task_open(const struct text_task **task, const char *name)
{
    *task = NULL;
    for (size_t i = 0; i < LENGTH_OF(makers); i++) {
        size_t bytes = strlen(makers[i]->name);

        if (strncmp(name, makers[i]->name, bytes) == 0 && name[bytes] == ':')
            return makers[i]->open(task, name, name + bytes + 1);
        if (strcmp(name, makers[i]->name) == 0)
            return err_set(FIELD("task") " %s: give %s:%s", name, name, makers[i]->argument);
    }
    *task = text_task_find(name);
    return *task ? 0 : -1;
}

void text_task_close(const struct text_task *task)
{
    if (task && task->close)
        task->close((struct text_task *)task); /* it came from malloc() */
}

static const char *split_name(enum text_split split)
{
    return split == TEXT_TRAIN ? "training" : "dev";
}

int text_task_read(const struct text_task *task, const char *directory, enum text_split split,
                   struct examples **result)
{
    struct examples *examples;

    *result = NULL;
    if (!task->close && !(split == TEXT_TRAIN ? task->train_examples : task->dev_examples))
        return err_set("task %s has no %s examples", task->name, split_name(split));
    if (examples_create(&examples))
        return -1;
    if (task->read(task, directory, split, examples))
        goto fail;
    if (examples->count == 0) {
        err_set("task %s: its file of %s examples%s%s has none (%zu rows lack a field): is it the right file, with "
                "labels?", task->name, split_name(split), task->close ? "" : " in ", task->close ? "" : directory,
                examples->dropped);
        goto fail;
    }
    *result = examples;
    return 0;
fail:
    examples_destroy(examples);
    return -1;
}
