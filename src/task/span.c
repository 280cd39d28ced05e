/* span.c - see span.h. */
#include "src/glu.h"

#include "src/model/batch.h"
#include "src/task/span.h"

#include <math.h>
#include <string.h>

enum { SEGMENT_TOKENS_MAX = 1 << 20 };

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

    kept = shape->segment_tokens - shape->noise_tokens;
    if (shape->spans < 1)
        return err_set("input length %d is too short for one span of noise: give a larger "
                       FIELD("input_length"), input_length);
    if (shape->spans > SPAN_SENTINELS)
        return err_set("input length %d makes %d spans of noise, and there are %d sentinels: give "
                       "a smaller " FIELD("input_length"),
                       input_length, shape->spans, SPAN_SENTINELS);
    if (shape->spans > kept || shape->input_length != input_length)
        return err_set("noise density %g with mean span %g leaves no token between the spans: "
                       "give a lower density or longer spans", noise_density, mean_span);
    return 0;
}

int span_lengths(int input_length, double noise_density, double mean_span, int *segment_tokens,
                 int *target_length)
{
    struct span_shape shape;

    if (span_shape_set(&shape, input_length, noise_density, mean_span))
        return -1;
    *segment_tokens = shape.segment_tokens;
    *target_length = shape.target_length;
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

void span_corrupt(const struct span_shape *shape, int vocabulary, struct rng *rng,
                  const int32_t *segment, int32_t *input, int32_t *target)
{
    int kept[SPAN_SENTINELS], noise[SPAN_SENTINELS];

    divide(rng, shape->noise_tokens, shape->spans, noise);
    divide(rng, shape->segment_tokens - shape->noise_tokens, shape->spans, kept);
    for (int i = 0; i < shape->spans; i++) {
        input = copy_tokens(input, segment, kept[i]);
        segment += kept[i];
        *input++ = *target++ = vocabulary - 1 - i;
        target = copy_tokens(target, segment, noise[i]);
        segment += noise[i];
    }
    *input = *target = TOKEN_EOS;
}
