/* task.h - what a model is trained to do: text in, batches out.
 *
 *     dataset -> tokenizer -> task (lengths, held-out examples) -> a stream for each run -> batches
 *
 * A kind of task is a file and a row of the table in task.c: it tells the lengths, and makes an
 * example of a segment of the text (segments.h); all else is the same for every kind.  A task is opened
 * once over a dataset and a tokenizer, both borrowed, and never changes after that: any number of
 * threads may open streams of it.  A stream is a function of (options, text, tokenizer, seed): opening it again and
 * skipping n batches gives batch n again.  Memory does not grow with the size of the corpus. */
#ifndef GLU_TASK_TASK_H
#define GLU_TASK_TASK_H

#include "src/model/batch.h"
#include "src/task/segments.h"
#include "src/text/dataset.h"
#include "src/text/tokenizer.h"
#include "src/util/metric.h"
#include "src/util/rng.h"

#include <stddef.h>
#include <stdint.h>

struct task_options {
    const char *kind; /* "span", "causal", "text2text" */
    int input_length;
    int target_length; /* 0: what input_length gives */
    int batch;         /* examples of a batch of training */
    int heldout_examples; /* at most so many; fewer when the text is shorter; 0: none are made */
    double noise_density, mean_span; /* span: 0.15 and 3 */
    const struct text_sets *sets;    /* text2text: its examples; borrowed */
    int64_t mixture_cap;             /* text2text: see mixture_open() */
};

struct task_type;
struct stream_type; /* see stream.h */
struct text_sets;   /* see text_sets.h */

/* The first member of every kind's own. */
struct task {
    const struct task_type *type;
    struct task_options options; /* with target_length filled in */
    const struct dataset *dataset;
    const struct tokenizer *tokenizer;
    int segment_tokens; /* of the text that an example is made of */
    /* The same for every seed and variant, heldout->examples <= heldout_examples of them; NULL when
     * none were asked for. */
    struct batch *heldout;
    int64_t heldout_bytes; /* of the text of its targets, so that tokenizers can be compared; 0: of none */
};

struct task_type {
    const char *name;
    const struct metric *metrics; /* the first ranks */
    int metric_count;
    size_t bytes; /* of the kind's own struct */
    /* Fill in options->target_length when it is 0; -1: the numbers do not go together. */
    int (*lengths)(struct task_options *options);
    /* Fill in segment_tokens, at least 1, and what the kind has of its own.  The options have gone
     * through lengths(), and all but `heldout` is there.  0 or -1. */
    int (*begin)(struct task *task);
    /* Free what begin() made, also when it failed; NULL: nothing. */
    void (*end)(struct task *task);
    const struct stream_type *stream; /* how its examples come */
    /* Of segments: make row `row` of a batch of the task's lengths, its tokens and how many of them are used, of a
     * segment, (segment_tokens).  The random numbers are the segment's own. */
    void (*write)(const struct task *task, const int32_t *segment, struct rng *rng,
                  struct batch *batch, int row);
};
extern const struct task_type task_span, task_causal, task_text2text;

/* The i-th kind, or NULL past the last. */
const struct task_type *task_type_at(size_t i);
/* By name; NULL and a message that lists the names when there is none. */
const struct task_type *task_type_find(const char *name);

/* Check the lengths and fill in what is 0, without any text.  0 or -1 and a message. */
int task_lengths(struct task_options *options);

/* Open a task and make its held-out examples; a text2text task has sets in place of a dataset, which is NULL.
 *  0, or -1 and a message: a number is out of range,
 * the lengths do not go together, or there is too little text of either side. */
int task_open(struct task **task, const struct task_options *options,
              const struct dataset *dataset, const struct tokenizer *tokenizer);
/* NULL is fine. */
void task_close(struct task *task);

/* The endless stream of training batches of a seed; the task is borrowed.  0 or -1. */
struct task_stream;
int task_stream_open(struct task_stream **stream, const struct task *task, uint64_t seed);
/* Fill a batch of the task's shape (its arrays are the caller's).  0 or -1 (a file vanished or
 * broke). */
int task_stream_next(struct task_stream *stream, struct batch *batch);
/* As task_stream_next() so many times, but without the batches, and faster. */
int task_stream_skip(struct task_stream *stream, uint64_t batches);
/* Where the next batch begins in the text, of a dataset that is a stream; false: there is no telling.  Going there
 * is to have skipped `batches`, without reading what is before.  0 or -1. */
bool task_stream_place(const struct task_stream *stream, struct segments_place *place);
int task_stream_go(struct task_stream *stream, const struct segments_place *place, uint64_t batches);
/* NULL is fine. */
void task_stream_close(struct task_stream *stream);

#endif
