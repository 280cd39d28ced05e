/* test-span.c - span corruption: lengths against T5's, and every segment put together again. */
#include "src/glu.h"

#include "src/task/span.h"
#include "src/task/task.h"
#include "test/tap.h"

#include <math.h>
#include <string.h>

enum { VOCABULARY = 384, LONGEST = 2048, BYTE_A = 3 + 'a' };

/* Worked out by hand from T5's formulas: noise = round(tokens * density), spans = round(noise /
 * mean), input = tokens - noise + spans + 1, target = noise + spans + 1. */
static const struct {
    int input_length;
    double density, mean;
    int segment, noise, spans, target;
} shapes[] = {
    {512, 0.15, 3.0, 568, 85, 28, 114}, {128, 0.15, 3.0, 141, 21, 7, 29},
    {256, 0.15, 3.0, 284, 43, 14, 58},  {10, 0.15, 3.0, 10, 2, 1, 4},
    {512, 0.50, 3.0, 768, 384, 128, 0}, /* more than 100 spans: refused */
    /* Of density 0.5, T5's targets are no longer than its inputs: a token less of each. */
    {64, 0.50, 3.0, 94, 47, 16, 64},    {63, 0.50, 3.0, 93, 46, 15, 62},
    {11, 0.50, 3.0, 14, 7, 2, 11}, /* a span less too: 10 of 11 places are used */
};

static const struct {
    int input_length;
    double density, mean;
    const char *says;
} refused[] = {
    {0, 0.15, 3.0, "input length 0"},         {-5, 0.15, 3.0, "input length -5"},
    {9, 0.15, 3.0, "too short"},              {2147483647, 0.15, 3.0, "input length 2147483647"},
    {128, 0.0, 3.0, "noise density 0"},       {128, 1.0, 3.0, "noise density 1"},
    {128, NAN, 3.0, "noise density"},         {128, 0.15, 0.5, "mean span 0.5"},
    {128, 0.15, NAN, "mean span"},            {128, 0.15, INFINITY, "mean span"},
    {4096, 0.15, 3.0, "sentinels"},           {60, 0.8, 1.0, "no token between"},
    {1048576, 0.999999, 1e6, "noise density"}, {128, 0.15, 1e5, "too short"},
};

/* Interleave input and target again; false when they do not belong together. */
static bool restore(const struct span_shape *shape, const int32_t *input, const int32_t *target,
                    int32_t *segment)
{
    const int32_t *input_end = input + shape->input_used - 1;
    const int32_t *target_end = target + shape->target_used - 1;
    int32_t *to = segment;
    int sentinel = VOCABULARY - 1;

    for (int i = shape->input_used; i < shape->input_length; i++)
        if (input[i] != TOKEN_PAD)
            return false;
    for (int i = shape->target_used; i < shape->target_length; i++)
        if (target[i] != TOKEN_PAD)
            return false;
    if (*input_end != TOKEN_EOS || *target_end != TOKEN_EOS || *input > VOCABULARY - 101)
        return false;
    while (input < input_end) {
        if (*input < VOCABULARY - TOKEN_SENTINELS) {
            *to++ = *input++;
            continue;
        }
        if (*input++ != sentinel || *target++ != sentinel--)
            return false;
        if (target == target_end || *target >= VOCABULARY - TOKEN_SENTINELS)
            return false; /* an empty span */
        while (target < target_end && *target < VOCABULARY - TOKEN_SENTINELS)
            *to++ = *target++;
    }
    return target == target_end && to == segment + shape->segment_tokens;
}

static bool restores_all(const struct span_shape *shape, int rounds)
{
    int32_t segment[LONGEST], input[LONGEST], target[LONGEST], again[LONGEST];
    struct rng rng;

    for (int i = 0; i < shape->segment_tokens; i++)
        segment[i] = BYTE_A + i % 26;
    for (int i = 0; i < rounds; i++) {
        rng_start(&rng, 3, RNG_SPANS, (uint32_t)i);
        span_corrupt(shape, VOCABULARY - 1, &rng, segment, input, target);
        if (!restore(shape, input, target, again) ||
            memcmp(segment, again, (size_t)shape->segment_tokens * sizeof *segment) != 0)
            return false;
    }
    return true;
}

/* 10 kept and 4 noise tokens in 2 spans: 9 * 3 equally likely outcomes. */
static bool divisions_are_uniform(void)
{
    enum { ROUNDS = 27000, OUTCOMES = 27 };
    struct span_shape shape = {14, 4, 2, 13, 7, 13, 7};
    int32_t segment[14], input[13], target[7];
    int count[OUTCOMES] = {0};
    double chi2 = 0.0, expected = (double)ROUNDS / OUTCOMES;

    for (int i = 0; i < 14; i++)
        segment[i] = BYTE_A + i;
    for (int i = 0; i < ROUNDS; i++) {
        int kept = 0, noise = 0;
        struct rng rng;

        rng_start(&rng, 11, RNG_SPANS, (uint32_t)i);
        span_corrupt(&shape, VOCABULARY - 1, &rng, segment, input, target);
        while (input[kept] != VOCABULARY - 1)
            kept++;
        while (target[noise + 1] != VOCABULARY - 2)
            noise++;
        count[(kept - 1) * 3 + noise - 1]++;
    }
    for (int i = 0; i < OUTCOMES; i++)
        chi2 += (count[i] - expected) * (count[i] - expected) / expected;
    tap_diag("chi-square %.1f for 26 degrees of freedom", chi2);
    return chi2 < 26.0 + 5.0 * sqrt(2.0 * 26.0);
}

int main(void)
{
    struct span_shape shape;
    struct task_options options = {
        .kind = "span", .input_length = 512, .noise_density = 0.15, .mean_span = 3.0};
    int exact = 0, lengths = 0;

    tap_plan((int)LENGTH_OF(shapes) * 2 - 1 + (int)LENGTH_OF(refused) + 1 + 3);
    for (size_t i = 0; i < LENGTH_OF(shapes); i++) {
        int status = span_shape_set(&shape, shapes[i].input_length, shapes[i].density,
                                    shapes[i].mean);

        if (!shapes[i].target) {
            tap_ok(status == -1, "%d at %g: %s", shapes[i].input_length, shapes[i].density,
                   err_get());
            continue;
        }
        tap_ok(status == 0 && shape.segment_tokens == shapes[i].segment &&
                   shape.noise_tokens == shapes[i].noise && shape.spans == shapes[i].spans &&
                   shape.input_length == shapes[i].input_length &&
                   shape.target_length == shapes[i].target,
               "%d tokens -> %d and %d", shape.segment_tokens, shape.input_length,
               shape.target_length);
        tap_ok(restores_all(&shape, 500), "input and target of %d tokens give the segment again",
               shape.segment_tokens);
    }
    for (size_t i = 0; i < LENGTH_OF(refused); i++)
        tap_ok(span_shape_set(&shape, refused[i].input_length, refused[i].density,
                              refused[i].mean) == -1 &&
                   strstr(err_get(), refused[i].says),
               "refused: %s", err_get());

    for (int length = 10; length <= 1800; length++, lengths++)
        exact += span_shape_set(&shape, length, 0.15, 3.0) == 0 && shape.input_length == length &&
                 shape.input_length + shape.target_length ==
                     shape.segment_tokens + 2 * shape.spans + 2;
    tap_ok(exact == lengths, "every input length from 10 to 1800 is filled exactly");

    tap_ok(task_lengths(&options) == 0 && options.target_length == 114 &&
               task_lengths(&options) == 0,
           "the task of 512 input tokens has 114 target tokens");
    options.target_length = 115;
    tap_ok(task_lengths(&options) == -1, "%s", err_get());
    tap_ok(divisions_are_uniform(), "all divisions into spans are equally likely");
    return tap_status();
}
