/* span.h - T5's denoising task: spans of a segment are cut out of the input and asked for.
 *
 *     segment   Thank you for inviting me to your party last week
 *     input     Thank you <383> me to your party <382> week EOS
 *     target    <383> for inviting <382> last EOS
 *
 * `noise_density` of the tokens, rounded, are noise; they lie in spans of `mean_span` tokens on
 * average.  How noise and the rest are divided over the spans is uniformly random over all ways
 * to do it with no empty part, and a segment starts with a token that is kept. */
#ifndef GLU_TASK_SPAN_H
#define GLU_TASK_SPAN_H

#include "src/util/rng.h"
#include "src/util/tokens.h"

#include <stdint.h>

struct span_shape {
    int segment_tokens; /* noise and the rest together */
    int noise_tokens, spans;
    int input_used;  /* segment_tokens - noise_tokens + spans + EOS */
    int target_used; /* noise_tokens + spans + EOS */
    int input_length, target_length; /* the same, or one more: a pad token */
};

/* The longest segment whose input has input_length tokens: 512 gives 568 tokens, 85 of them noise
 * in 28 spans, and 114 target tokens.  A noise density of exactly 0.5 has targets no longer than
 * the inputs, as T5 does it: 64 gives 94 tokens and 64 target tokens.  0, or -1 when there is no
 * span, when there are more spans than sentinels, or when a number is out of range. */
int span_shape_set(struct span_shape *shape, int input_length, double noise_density,
                   double mean_span);

/* Corrupt a segment.  The sentinels are first_sentinel, first_sentinel - 1, ... */
void span_corrupt(const struct span_shape *shape, int first_sentinel, struct rng *rng,
                  const int32_t *segment, /* (segment_tokens) */
                  int32_t *input,         /* (input_length) */
                  int32_t *target);       /* (target_length) */

#endif
