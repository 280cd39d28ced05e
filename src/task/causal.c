/* causal.c - the task of a language model: every token from those before it.
 *
 *     segment   Thank you for inviting me EOS The
 *     input     <0> Thank you for inviting me EOS
 *     target    Thank you for inviting me EOS The
 *
 * The documents are one stream, an EOS behind each, cut into segments of input_length. */
#include "src/glu.h"

#include "src/task/stream.h"

#include <string.h>

static const struct metric metrics[] = {{"heldout_log_perplexity_nats", "nats", false}};

static int causal_lengths(struct task_options *options)
{
    if (options->input_length < 1)
        return err_set("input length %d: it must be at least 1 token", options->input_length);
    if (options->target_length && options->target_length != options->input_length)
        return err_set("target length %d does not go with input length %d, which makes as many "
                       "targets: leave out " FIELD("target_length"),
                       options->target_length, options->input_length);
    options->target_length = options->input_length;
    return 0;
}

static int causal_begin(struct task *task)
{
    task->segment_tokens = task->options.input_length;
    return 0;
}

static void causal_write(const struct task *task, const int32_t *segment, struct rng *rng,
                         struct batch *batch, int row)
{
    size_t length = (size_t)batch->input_length, at = (size_t)row * length;

    (void)task;
    (void)rng;
    memcpy(batch->targets + at, segment, length * sizeof *segment);
    batch->inputs[at] = TOKEN_PAD;
    memcpy(batch->inputs + at + 1, segment, (length - 1) * sizeof *segment);
    batch->inputs_used[row] = batch->targets_used[row] = batch->input_length;
}

const struct task_type task_causal = {
    .name = "causal",
    .metrics = metrics,
    .metric_count = LENGTH_OF(metrics),
    .bytes = sizeof(struct task),
    .lengths = causal_lengths,
    .begin = causal_begin,
    .stream = &stream_of_segments,
    .write = causal_write,
};
