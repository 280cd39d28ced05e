/* stream.h - how the examples of a kind of task come: cut out of documents, or drawn from sets.  For the files of
 * this folder. */
#ifndef GLU_TASK_STREAM_H
#define GLU_TASK_STREAM_H

#include "src/task/task.h"

struct stream_type {
    /* Of a task that has begun: is there anything to train on, and what is held out.  0, or -1 and a message. */
    int (*prepare)(struct task *task);
    /* As task_stream_open() and so on; `own` is the stream's. */
    int (*open)(void **own, const struct task *task, uint64_t seed);
    int (*next)(void *own, const struct task *task, struct batch *batch);
    int (*skip)(void *own, const struct task *task, uint64_t batches);
    bool (*place)(const void *own, struct segments_place *place);         /* NULL: it has none */
    int (*go)(void *own, const struct segments_place *place, uint64_t batches, const struct task *task);
    void (*close)(void *own); /* NULL is fine */
};

/* Of documents: for kinds that write(). */
extern const struct stream_type stream_of_segments;

#endif
