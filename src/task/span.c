/* span.c - see span.h. */
#include "src/glu.h"

#include "src/task/span.h"
#include "src/task/stream.h"

#include <math.h>
#include <string.h>

enum { SEGMENT_TOKENS_MAX = 1 << 20 };

/* ==== Corruption ==== */

static void shape_of_segment(struct span_shape *shape, int segment_tokens, double noise_density,
                             double mean_span)
{
    /* rint() rounds halves to even, as the Python of T5 does. */
    int noise = (int)rint(segment_tokens * noise_density);
    int spans = (int)rint(noise / mean_span);

    *shape = (struct span_shape){
        .segment_tokens = segment_tokens,
        .noise_tokens = noise,
        .spans = spans,
        .input_length = segment_tokens - noise + spans + 1,
        .target_length = noise + spans + 1,
    };
    shape->input_used = shape->input_length;
    shape->target_used = shape->target_length;
}

/* T5's way to have targets as long as the inputs when half of the tokens are noise: a segment of a
 * token less.  Where that takes a span away too, both lengths keep a place that is pad. */
static void make_targets_no_longer(struct span_shape *shape, double noise_density, double mean_span)
{
    const struct span_shape whole = *shape;

    if (noise_density != 0.5 || whole.target_length <= whole.input_length)
        return;
    shape_of_segment(shape, whole.segment_tokens - 1, noise_density, mean_span);
    shape->input_length = whole.input_length;
    shape->target_length = whole.target_length - 1;
}

int span_shape_set(struct span_shape *shape, int input_length, double noise_density,
                   double mean_span)
{
    struct span_shape longer;
    int kept;

    if (!(noise_density > 0.0 && noise_density < 1.0))
        return err_set("noise density %g: it must lie between 0 and 1 (T5's is 0.15)",
                       noise_density);
    if (!(mean_span >= 1.0 && mean_span <= SEGMENT_TOKENS_MAX))
        return err_set("mean span %g: it must be at least 1 token (T5's is 3)", mean_span);
    if (input_length < 1 || input_length > SEGMENT_TOKENS_MAX)
        return err_set("input length %d: it must lie between 1 and %d tokens", input_length,
                       SEGMENT_TOKENS_MAX);

    /* A token more makes the input longer by one token or none, so no length is jumped over. */
    shape_of_segment(&longer, 0, noise_density, mean_span);
    do {
        *shape = longer;
        shape_of_segment(&longer, shape->segment_tokens + 1, noise_density, mean_span);
    } while (longer.input_length <= input_length && longer.segment_tokens <= SEGMENT_TOKENS_MAX);
    make_targets_no_longer(shape, noise_density, mean_span);

    kept = shape->segment_tokens - shape->noise_tokens;
    if (shape->spans < 1)
        return err_set("input length %d is too short for one span of noise: give a larger "
                       FIELD("input_length"), input_length);
    if (shape->spans > TOKEN_SENTINELS)
        return err_set("input length %d makes %d spans of noise, and there are %d sentinels: give "
                       "a smaller " FIELD("input_length"),
                       input_length, shape->spans, TOKEN_SENTINELS);
    if (shape->spans > kept || shape->input_length != input_length)
        return err_set("noise density %g with mean span %g leaves no token between the spans: "
                       "give a lower density or longer spans", noise_density, mean_span);
    return 0;
}

/* Divide `items` into `parts` that are not empty, each way equally likely: choose parts - 1 of the
 * items - 1 gaps between items, walking over them once. */
static void divide(struct rng *rng, int items, int parts, int *length)
{
    int start = 0, cuts = parts - 1;

    for (int gap = 1; cuts > 0; gap++) {
        if (rng_below(rng, (uint32_t)(items - gap)) >= (uint32_t)cuts)
            continue;
        *length++ = gap - start;
        start = gap;
        cuts--;
    }
    *length = items - start;
}

static int32_t *copy_tokens(int32_t *dst, const int32_t *src, int count)
{
    memcpy(dst, src, (size_t)count * sizeof *dst);
    return dst + count;
}

void span_corrupt(const struct span_shape *shape, int first_sentinel, struct rng *rng,
                  const int32_t *segment, int32_t *input, int32_t *target)
{
    int kept[TOKEN_SENTINELS], noise[TOKEN_SENTINELS];

    divide(rng, shape->noise_tokens, shape->spans, noise);
    divide(rng, shape->segment_tokens - shape->noise_tokens, shape->spans, kept);
    for (int i = 0; i < shape->spans; i++) {
        input = copy_tokens(input, segment, kept[i]);
        segment += kept[i];
        *input++ = *target++ = first_sentinel - i;
        target = copy_tokens(target, segment, noise[i]);
        segment += noise[i];
    }
    *input++ = *target++ = TOKEN_EOS;
    for (int i = shape->input_used; i < shape->input_length; i++)
        *input++ = TOKEN_PAD;
    for (int i = shape->target_used; i < shape->target_length; i++)
        *target++ = TOKEN_PAD;
}

/* ==== The task ==== */

static const struct metric metrics[] = {{"heldout_log_perplexity_nats", "nats", false}};

struct span_task {
    struct task task;
    struct span_shape shape;
};

static int set_shape(struct span_shape *shape, const struct task_options *options)
{
    return span_shape_set(shape, options->input_length, options->noise_density,
                          options->mean_span);
}

static int span_lengths(struct task_options *options)
{
    struct span_shape shape;

    if (set_shape(&shape, options))
        return -1;
    if (options->target_length && options->target_length != shape.target_length)
        return err_set("target length %d does not go with input length %d, which makes %d target "
                       "tokens: leave out " FIELD("target_length"),
                       options->target_length, options->input_length, shape.target_length);
    options->target_length = shape.target_length;
    return 0;
}

static int span_begin(struct task *task)
{
    struct span_task *self = (struct span_task *)task;

    if (set_shape(&self->shape, &task->options))
        return -1;
    task->segment_tokens = self->shape.segment_tokens;
    return 0;
}

static void span_write(const struct task *task, const int32_t *segment, struct rng *rng,
                       struct batch *batch, int row)
{
    const struct span_shape *shape = &((const struct span_task *)task)->shape;

    span_corrupt(shape, task->tokenizer->first_sentinel, rng, segment,
                 batch->inputs + (size_t)row * (size_t)batch->input_length,
                 batch->targets + (size_t)row * (size_t)batch->target_length);
    batch->inputs_used[row] = shape->input_used;
    batch->targets_used[row] = shape->target_used;
}

const struct task_type task_span = {
    .name = "span",
    .metrics = metrics,
    .metric_count = LENGTH_OF(metrics),
    .bytes = sizeof(struct span_task),
    .lengths = span_lengths,
    .begin = span_begin,
    .stream = &stream_of_segments,
    .write = span_write,
};
