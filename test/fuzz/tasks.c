/* tasks.c - the files of tasks that are told in words. */
#include "src/glu.h"

#include "src/task/text_task.h"
#include "src/task/translation.h"
#include "src/util/utf8.h"
#include "test/fuzz/fuzz.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <math.h>
#include <string.h>

int fuzz_task_table(const uint8_t *data, size_t size);
int fuzz_task_json_lines(const uint8_t *data, size_t size);
int fuzz_task_squad(const uint8_t *data, size_t size);
int fuzz_task_dpr(const uint8_t *data, size_t size);
int fuzz_task_translation(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
    fuzz_check(text && utf8_valid_bytes(text, strlen(text)) == strlen(text), "a text is UTF-8");
}

/* What is in a set, as the headers promise it. */
static void check_examples(const struct examples *examples, const struct text_task *task)
{
    int classes = 0;

    while (task && task->classes && task->classes[classes])
        classes++;
    for (size_t i = 0; i < examples->count; i++) {
        const struct example *one = &examples->example[i];

        check_text(one->input);
        check_text(one->target);
        if (classes)
            fuzz_check(one->label >= 0 && one->label < classes &&
                           strcmp(one->target, task->classes[one->label]) == 0,
                       "the target is the word of the class");
        fuzz_check(one->group >= -1 && isfinite(one->number), "groups and numbers are some");
        for (size_t j = 0; one->answers && one->answers[j]; j++)
            check_text(one->answers[j]);
        fuzz_check(!one->answers || (one->answers[0] && strcmp(one->answers[0], one->target) == 0),
                   "the target is the first answer");
    }
}

/* Feed a task's file; 0, or -1 when it is refused. */
static int feed(const char *name, enum text_split split, const char *file, const uint8_t *data, size_t size)
{
    const struct text_task *task = text_task_find(name);
    struct examples *examples;
    size_t shared;

    scratch_write(file, data, size);
    if (!task || text_task_read(task, scratch_path(""), split, &examples))
        return -1;
    fuzz_check(examples->count > 0, "a set that is read is not empty");
    check_examples(examples, task);
    fuzz_check(examples_shared(examples, examples, &shared) == 0 && shared == examples->count,
               "a set shares all with itself");
    examples_destroy(examples);
    return 0;
}

/* As a table without names of columns, with words and with numbers for labels; one must take it. */
int fuzz_task_table(const uint8_t *data, size_t size)
{
    int status = feed("cola", TEXT_TRAIN, "glue/CoLA/train.tsv", data, size);

    status = feed("rte", TEXT_DEV, "glue/RTE/dev.tsv", data, size) == 0 ? 0 : status;
    return feed("stsb", TEXT_DEV, "glue/STS-B/dev.tsv", data, size) == 0 ? 0 : status;
}

/* As rows of every form; one must take them. */
int fuzz_task_json_lines(const uint8_t *data, size_t size)
{
    static const struct {
        const char *task, *folder;
    } tasks[] = {{"copa", "COPA"}, {"multirc", "MultiRC"}, {"record", "ReCoRD"}, {"wsc", "WSC"}};
    int status = -1;

    for (size_t i = 0; i < LENGTH_OF(tasks); i++)
        for (int split = TEXT_TRAIN; split <= TEXT_DEV; split++) {
            char file[64];

            snprintf(file, sizeof file, "superglue/%s/%s.jsonl", tasks[i].folder,
                     split == TEXT_TRAIN ? "train" : "val");
            if (feed(tasks[i].task, (enum text_split)split, file, data, size) == 0)
                status = 0;
        }
    return status;
}

int fuzz_task_squad(const uint8_t *data, size_t size)
{
    return feed("squad", TEXT_DEV, "squad/dev-v1.1.json", data, size);
}

int fuzz_task_dpr(const uint8_t *data, size_t size)
{
    return feed("dpr", TEXT_TRAIN, "dpr/train.c.txt", data, size);
}

/* Two files with the first '|' between them. */
int fuzz_task_translation(const uint8_t *data, size_t size)
{
    const uint8_t *cut = size ? memchr(data, '|', size) : NULL;
    size_t first = cut ? (size_t)(cut - data) : size, second = cut ? size - first - 1 : 0;
    char names[1000];
    struct examples *examples;
    int status;

    snprintf(names, sizeof names, "%s,%s", scratch_write("x.en", data, first),
             scratch_write("x.de", cut ? cut + 1 : data, second));
    if (examples_create(&examples))
        return -1;
    status = translation_read(names, examples);
    check_examples(examples, NULL);
    examples_destroy(examples);
    return status;
}
