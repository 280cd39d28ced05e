/* test-text-tasks-memory.c - memory that runs out at the n-th call, in the readers of tasks that are told in
 * words.  Each time that is an error, and never a set with fewer examples. */
#include "src/glu.h"

#include "src/task/text_task.h"
#include "src/task/translation.h"
#include "test/memory.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <stdio.h>

static char own_table[1000], aligned[1000];

/* Read a set, which has so many examples, and compare it with itself. */
static int read_task(const char *name, enum text_split split, size_t count)
{
    const struct text_task *task;
    struct examples *examples = NULL;
    size_t shared = 0;
    int status = text_task_open(&task, name);

    if (status == 0)
        status = text_task_read(task, scratch_path(""), split, &examples) ||
                         examples_shared(examples, examples, &shared)
                     ? -1 : 0;
    if (status == 0 && (examples->count != count || shared != count))
        status = err_set("%s: %zu examples, %zu in both", name, examples->count, shared);
    examples_destroy(examples);
    text_task_close(task);
    return status;
}

static int read_mrpc(void)
{
    return read_task("mrpc", TEXT_TRAIN, 70);
}

static int read_multirc(void)
{
    return read_task("multirc", TEXT_DEV, 2);
}

static int read_record(void)
{
    return read_task("record", TEXT_TRAIN, 2);
}

static int read_wsc(void)
{
    return read_task("wsc", TEXT_DEV, 1);
}

static int read_dpr(void)
{
    return read_task("dpr", TEXT_TRAIN, 1);
}

static int read_squad(void)
{
    return read_task("squad", TEXT_DEV, 1);
}

static int read_own_table(void)
{
    return read_task(own_table, TEXT_DEV, 1);
}

static int read_translation(void)
{
    struct examples *examples;
    int status = examples_create(&examples) || translation_read(aligned, examples) ? -1 : 0;

    if (status == 0 && examples->count != 2)
        status = err_set("%zu pairs", examples->count);
    examples_destroy(examples);
    return status;
}

static const struct {
    const char *name;
    int (*read)(void);
    const char *file, *contents;
} readers[] = {
    {"a table", read_mrpc, NULL, NULL},
    {"multirc", read_multirc, "superglue/MultiRC/val.jsonl",
     "{\"passage\": {\"text\": \"<b>S</b>\", \"questions\": [{\"question\": \"Q\", \"idx\": 0, \"answers\": ["
     "{\"text\": \"a\", \"label\": 1}, {\"text\": \"b\", \"label\": 0}]}]}}\n"},
    {"record", read_record, "superglue/ReCoRD/train.jsonl",
     "{\"passage\": {\"text\": \"A and B\\n@highlight\\nA\", \"entities\": [{\"start\": 0, \"end\": 0}, {\"start\": 6, "
     "\"end\": 6}, {\"start\": 19, \"end\": 19}]}, \"qas\": [{\"query\": \"Q\", \"answers\": [{\"text\": \"B\"}, "
     "{\"text\": \"A\"}, {\"text\": \"B\"}]}]}\n"},
    {"wsc", read_wsc, "superglue/WSC/val.jsonl",
     "{\"text\": \"The man saw he was\", \"target\": {\"span1_text\": \"the man.\", \"span1_index\": 0, \"span2_text\": "
     "\"he\", \"span2_index\": 3}, \"label\": false}\n"},
    {"dpr", read_dpr, "dpr/train.c.txt", "The bee liked it.\nit\nThe bee,the flower\nthe flower\n\n"},
    {"squad", read_squad, "squad/dev-v1.1.json",
     "{\"data\": [{\"paragraphs\": [{\"context\": \"Some.\", \"qas\": [{\"question\": \"Q?\", \"answers\": ["
     "{\"text\": \"a\"}, {\"text\": \"b.\"}]}]}]}]}"},
    {"a table of one's own", read_own_table, "own.tsv", "input\ttarget\na\tb\n"},
    {"translation", read_translation, "x.en", "a\nb\n"},
};

int main(void)
{
    char table[70 * 16 + 64];
    int used = snprintf(table, sizeof table, "Quality\t#1 String\t#2 String\n");

    if (memory_skip())
        return tap_status();
    for (int i = 0; i < 70; i++)
        used += snprintf(table + used, sizeof table - (size_t)used, "1\tA %d\tB\n", i);
    scratch_text("glue/MRPC/train.tsv", table);
    for (size_t i = 1; i < LENGTH_OF(readers); i++)
        scratch_text(readers[i].file, readers[i].contents);
    scratch_text("x.de", "c\nd\n");
    snprintf(own_table, sizeof own_table, "tsv:none,%s:em", scratch_path("own.tsv"));
    snprintf(aligned, sizeof aligned, "%s,%s", scratch_path("x.en"), scratch_path("x.de"));
    tap_plan(LENGTH_OF(readers));
    for (size_t i = 0; i < LENGTH_OF(readers); i++)
        memory_try(readers[i].name, readers[i].read);
    return tap_status();
}
