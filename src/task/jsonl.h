/* jsonl.h - tasks whose files have an object of JSON a line, and what their rows are made of. */
#ifndef GLU_TASK_JSONL_H
#define GLU_TASK_JSONL_H

#include "src/task/compose.h"
#include "src/task/text_task.h"

#include <jansson.h>

enum { JSONL_FIELDS_MAX = 4 };

struct jsonl_task {
    struct text_task task;      /* whose read is jsonl_read() */
    const char *train, *dev;    /* files; NULL: none */
    const char *prefix;         /* that the input begins with */
    const char *fields[JSONL_FIELDS_MAX + 1]; /* of a row that is an example; NULL behind the last */
    /* Add the examples of a row; one without a field that it needs adds 1 to examples->dropped.  `room` is for
     * their texts.  0, or -1 and a message without the place. */
    int (*add)(const struct jsonl_task *task, const json_t *row, enum text_split split, struct composed *room,
               struct examples *examples);
};
extern const struct jsonl_task jsonl_multirc, jsonl_record, jsonl_wsc;

int jsonl_read(const struct text_task *task, const char *directory, enum text_split split,
               struct examples *examples);

/* A string of an object: *text is NULL where there is none, or null.  0, or -1 and a message: it is something
 * else. */
int jsonl_text(const json_t *object, const char *name, const char **text) GLU_MUST_USE;
/* The class that an object's label names, as true or false, number or word.  1, 0 where there is none, -1. */
int jsonl_label(const struct text_task *task, const json_t *object, int *label) GLU_MUST_USE;

#endif
