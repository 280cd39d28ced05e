/* test-buckets.c - pairs of texts as tokens, mixtures of sets of them, and batches by length. */
#include "src/glu.h"

#include "src/task/mixture.h"
#include "src/task/buckets.h"
#include "src/util/rng.h"
#include "test/tap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(int status)
{
    if (status != 0)
        tap_bail_out("%s", err_get());
}

/* ==== Pairs ==== */

enum { EXAMPLES = 500 };

/* Examples whose texts tell their number, of very different lengths. */
static struct example examples_of[EXAMPLES];
static char inputs[EXAMPLES][200], targets[EXAMPLES][64];

static struct encoded *make_encoded(const struct tokenizer *tokenizer, int first, int count)
{
    struct examples set = {.example = examples_of + first, .count = (size_t)count};
    struct encoded *encoded;

    check(encoded_open(&encoded, &set, tokenizer, 100, 32));
    return encoded;
}

static void make_examples(void)
{
    struct rng rng;

    rng_start(&rng, 1, RNG_TEST, 1);
    for (int i = 0; i < EXAMPLES; i++) {
        int length = (int)rng_below(&rng, i % 10 == 0 ? 150 : 30);

        snprintf(inputs[i], sizeof inputs[i], "%03d%.*s", i, length,
                 "....................................................................................."
                 ".....................................................................");
        snprintf(targets[i], sizeof targets[i], "%03d%.*s", i, (int)rng_below(&rng, i % 10 == 1 ? 40 : 5),
                 "++++++++++++++++++++++++++++++++++++++++");
        examples_of[i] = (struct example){inputs[i], targets[i], -1, -1, 0, NULL};
    }
}

static void test_encoded(const struct tokenizer *tokenizer)
{
    struct encoded *encoded = make_encoded(tokenizer, 0, EXAMPLES);
    size_t wrong = 0, inputs_cut = 0, targets_cut = 0;

    for (size_t i = 0; i < encoded->count; i++) {
        struct ids input = encoded_input(encoded, i), target = encoded_target(encoded, i);
        size_t in = strlen(inputs[i]), out = strlen(targets[i]);
        size_t in_kept = in > 99 ? 99 : in, out_kept = out > 31 ? 31 : out;

        inputs_cut += in > 99;
        targets_cut += out > 31;
        wrong += input.count != (int)in_kept + 1 || target.count != (int)out_kept + 1 ||
                 input.id[in_kept] != TOKEN_EOS || target.id[out_kept] != TOKEN_EOS;
        for (size_t j = 0; j < in_kept; j++)
            wrong += input.id[j] != (unsigned char)inputs[i][j] + 3;
        for (size_t j = 0; j < out_kept; j++)
            wrong += target.id[j] != (unsigned char)targets[i][j] + 3;
    }
    tap_ok(wrong == 0 && inputs_cut > 0 && targets_cut > 0,
           "tokens of both sides, cut on the right, with EOS behind (%zu are not so)", wrong);
    tap_ok(encoded->inputs_cut == inputs_cut && encoded->targets_cut == targets_cut,
           "%zu inputs and %zu targets that were too long are counted", encoded->inputs_cut,
           encoded->targets_cut);
    encoded_close(encoded);
}

/* ==== Mixtures ==== */

static void test_shares(void)
{
    const size_t counts[] = {300, 0, 100, 4000};
    double shares[4];

    mixture_shares(counts, 4, 0, shares);
    tap_ok(shares[0] == 300.0 / 4400 && shares[1] == 0 && shares[3] == 4000.0 / 4400,
           "sets are drawn in proportion to their sizes");
    mixture_shares(counts, 4, 600, shares);
    tap_ok(shares[0] == 0.3 && shares[1] == 0 && shares[2] == 0.1 && shares[3] == 0.6,
           "with a cap a large one counts as that many");
}

/* Every example of a set once in each pass over it, in another order. */
static void test_mixture(void)
{
    enum { DRAWS = 44000 };
    const size_t counts[] = {300, 0, 100, 4000};
    size_t drawn[4] = {0}, first[2][300], at, same = 0, wrong = 0;
    struct mixture *mixture, *again, *other;
    unsigned char seen[300] = {0};
    int apart = 0;

    check(mixture_open(&mixture, counts, 4, 0, 7));
    check(mixture_open(&again, counts, 4, 0, 7));
    check(mixture_open(&other, counts, 4, 0, 8));
    for (int i = 0; i < DRAWS; i++) {
        size_t example, example_again, example_other;
        int set, set_again, set_other;

        mixture_next(mixture, &set, &example);
        mixture_next(again, &set_again, &example_again);
        mixture_next(other, &set_other, &example_other);
        wrong += set != set_again || example != example_again || example >= counts[set];
        apart += set != set_other || example != example_other;
        at = drawn[set]++;
        if (set != 0 || at >= 600)
            continue;
        first[at / 300][at % 300] = example;
        wrong += seen[example] != at / 300;
        seen[example]++;
    }
    for (int i = 0; i < 300; i++)
        same += first[0][i] == first[1][i];
    tap_ok(wrong == 0 && apart > DRAWS / 2, "one seed draws the same again, another seed others");
    tap_ok(same < 10, "every example once in a pass, and each pass in another order (%zu alike)", same);
    tap_ok(fabs((double)drawn[0] - 3000) < 250 && fabs((double)drawn[2] - 1000) < 150 && drawn[1] == 0,
           "%zu, %zu, %zu, %zu are drawn of sets of 300, 0, 100, 4000", drawn[0], drawn[1], drawn[2],
           drawn[3]);
    mixture_close(mixture);
    mixture_close(again);
    mixture_close(other);
}

/* ==== Batches ==== */

static struct bucket_options options_of(int batch)
{
    struct bucket_options options = {.batch = batch, .input_length = 100, .target_length = 32};

    options.buckets = buckets_choose(&options.input_length, &options.target_length);
    return options;
}

static void test_lengths(void)
{
    struct bucket_options options = options_of(2);
    int in = 15, out = 15;

    tap_ok(options.buckets == 3 && options.input_length == 100 && options.target_length == 32,
           "lengths of 100 and 32 have 3 buckets (%d, %d, %d)", options.buckets, options.input_length,
           options.target_length);
    options.input_length = 510;
    options.target_length = 62;
    options.buckets = buckets_choose(&options.input_length, &options.target_length);
    tap_ok(options.buckets == 5 && options.input_length == 512 && options.target_length == 64,
           "lengths of 510 and 62 are rounded up to 512 and 64 for 5 buckets (%d, %d, %d)",
           options.buckets, options.input_length, options.target_length);
    tap_ok(buckets_choose(&in, &out) == 1 && in == 15 && out == 15, "short ones have one");
    tap_ok(buckets_fit(&options, 32, 4) == 4 && buckets_fit(&options, 33, 4) == 3 &&
               buckets_fit(&options, 2, 5) == 3 && buckets_fit(&options, 512, 2) == 0,
           "an example goes where both of its sides just fit");
}

/* Is a row of a batch such an example? */
static bool is_example(const struct batch *batch, int row, const struct encoded *encoded, size_t i)
{
    struct ids input = encoded_input(encoded, i), target = encoded_target(encoded, i);
    const int32_t *in = batch->inputs + row * batch->input_length;
    const int32_t *out = batch->targets + row * batch->target_length;
    bool same = batch->inputs_used[row] == input.count && batch->targets_used[row] == target.count &&
                memcmp(in, input.id, (size_t)input.count * sizeof *in) == 0 &&
                memcmp(out, target.id, (size_t)target.count * sizeof *out) == 0;

    for (int j = input.count; j < batch->input_length; j++)
        same = same && in[j] == TOKEN_PAD;
    for (int j = target.count; j < batch->target_length; j++)
        same = same && out[j] == TOKEN_PAD;
    return same;
}

/* The number that a row's text tells. */
static size_t number_of_row(const struct batch *batch, int row)
{
    const int32_t *in = batch->inputs + row * batch->input_length;

    return (size_t)((in[0] - 3 - '0') * 100 + (in[1] - 3 - '0') * 10 + in[2] - 3 - '0');
}

static void test_stream(const struct tokenizer *tokenizer)
{
    enum { BATCHES = 200 };
    struct encoded *sets[2] = {make_encoded(tokenizer, 0, 100), make_encoded(tokenizer, 100, 400)};
    struct encoded *all = make_encoded(tokenizer, 0, EXAMPLES);
    struct bucket_options options = options_of(3);
    struct bucket_stream *stream, *skipped;
    struct batch *batch, *later;
    int drawn[EXAMPLES] = {0}, wrong = 0, buckets = 0, apart = 0, most = 0, least = 1000;
    double used = 0, slots = 0;

    check(bucket_stream_open(&stream, &options, (const struct encoded *const *)sets, 2, 5));
    check(bucket_stream_open(&skipped, &options, (const struct encoded *const *)sets, 2, 5));
    check(batch_create_buckets(&batch, options.batch, options.input_length, options.target_length,
                               options.buckets));
    check(batch_create_buckets(&later, options.batch, options.input_length, options.target_length,
                               options.buckets));
    bucket_stream_skip(skipped, BATCHES / 2);
    for (int i = 0; i < BATCHES; i++) {
        bucket_stream_next(stream, batch);
        buckets |= 1 << batch->bucket;
        wrong += batch->examples * batch->input_length != options.batch * options.input_length ||
                 batch->examples * batch->target_length != options.batch * options.target_length;
        for (int row = 0; row < batch->examples; row++) {
            size_t number = number_of_row(batch, row);

            wrong += !is_example(batch, row, all, number);
            drawn[number]++;
            used += batch->inputs_used[row];
            slots += batch->input_length;
        }
        if (i < BATCHES / 2)
            continue;
        bucket_stream_next(skipped, later);
        apart += later->bucket != batch->bucket ||
                 memcmp(later->inputs, batch->inputs,
                        (size_t)(batch->examples * batch->input_length) * sizeof *batch->inputs) != 0;
    }
    for (int i = 0; i < EXAMPLES; i++) {
        most = drawn[i] > most ? drawn[i] : most;
        least = drawn[i] < least ? drawn[i] : least;
    }
    tap_ok(wrong == 0, "every row is an example, padded, and every batch has as many places (%d are not so)",
           wrong);
    tap_ok(buckets == (1 << options.buckets) - 1, "all buckets are filled");
    tap_ok(least > 0 && most - least <= 4, "all examples come about as often (%d to %d times)", least, most);
    tap_ok(used / slots > 0.5, "%.0f %% of the inputs are tokens", 100 * used / slots);
    tap_ok(apart == 0, "a stream that skips goes on as one that does not");
    batch_destroy(batch);
    batch_destroy(later);
    bucket_stream_close(stream);
    bucket_stream_close(skipped);
    encoded_close(all);
    encoded_close(sets[0]);
    encoded_close(sets[1]);
}

static void test_batches(const struct tokenizer *tokenizer)
{
    struct encoded *encoded = make_encoded(tokenizer, 0, EXAMPLES);
    struct bucket_options options = options_of(3);
    struct batch **batches;
    int count, wrong = 0, seen[EXAMPLES] = {0};
    size_t *order, at = 0;

    check(bucket_batches(&batches, &count, &order, &options, encoded));
    for (int b = 0; b < count; b++)
        for (int row = 0; row < batches[b]->examples; row++, at++) {
            wrong += !is_example(batches[b], row, encoded, order[at]);
            seen[order[at]]++;
        }
    for (int i = 0; i < EXAMPLES; i++)
        wrong += seen[i] != 1;
    tap_ok(wrong == 0 && at == EXAMPLES && count == options.buckets,
           "for an evaluation every example once, in %d batches", count);
    batches_destroy(batches, count);
    free(order);
    encoded_close(encoded);
}

int main(void)
{
    struct tokenizer *tokenizer;

    tap_plan(2 + 2 + 3 + 4 + 5 + 1);
    make_examples();
    check(tokenizer_open(&tokenizer, "bytes"));
    test_encoded(tokenizer);
    test_shares();
    test_mixture();
    test_lengths();
    test_stream(tokenizer);
    test_batches(tokenizer);
    tokenizer_close(tokenizer);
    return tap_status();
}
