/* test-decode.c - decoding with kept keys and values against running the whole decoder anew for every token,
 * and given targets against the evaluation. */
#include "src/glu.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/model/decode.h"
#include "src/nn/dnn.h"
#include "src/util/rng.h"
#include "src/util/tokens.h"
#include "test/t5-pair.h"
#include "test/tap.h"

/* Where the two best logits are closer than this, the order of summation may decide. */
static const float close_call = 1e-4f;

/* A model of the odd sizes that decodes, and its inputs: of all lengths from 1 on. */
struct subject {
    struct model *model;
    struct batch *batch;
};

static void subject_open(struct subject *subject, const struct model_options *options, int examples)
{
    struct model_options of_batch = *options;
    int length = options->model.input_length;

    check(model_create(&subject->model, options));
    randomise(subject->model);
    of_batch.batch = examples;
    subject->batch = random_batch(&of_batch, 3);
    for (int i = 0; i < examples; i++) {
        int used = 1 + i * 5 % length;

        subject->batch->inputs_used[i] = used;
        memset(subject->batch->inputs + i * length + used, 0,
               (size_t)(length - used) * sizeof *subject->batch->inputs);
    }
}

static void subject_close(struct subject *subject)
{
    model_destroy(subject->model);
    batch_destroy(subject->batch);
}

struct outputs {
    int examples, limit;
    int32_t *tokens;
    int *lengths;
    float *margins;
};

static void *room(size_t count, size_t size)
{
    void *made = calloc(count, size);

    if (!made)
        tap_bail_out("out of memory");
    return made;
}

static struct outputs decode(const struct subject *subject, const struct decoder_options *options,
                             const struct batch *batch)
{
    struct outputs outputs = {.examples = batch->examples, .limit = options->limit};
    size_t cells = (size_t)batch->examples * (size_t)options->limit;
    struct decoded decoded;
    struct decoder *decoder;
    struct dnn_counters before;

    outputs.tokens = room(cells, sizeof *outputs.tokens);
    outputs.lengths = room((size_t)batch->examples, sizeof *outputs.lengths);
    outputs.margins = room(cells, sizeof *outputs.margins);
    decoded = (struct decoded){outputs.tokens, outputs.lengths, outputs.margins};
    check(decoder_create(&decoder, subject->model, options));
    before = dnn_counters();
    check(decoder_run(decoder, batch, &decoded));
    if (dnn_counters().primitives != before.primitives || dnn_counters().memories != before.memories)
        tap_bail_out("decoding makes primitives");
    decoder_destroy(decoder);
    return outputs;
}

static void outputs_free(struct outputs *outputs)
{
    free(outputs->tokens);
    free(outputs->lengths);
    free(outputs->margins);
}

/* How many examples differ, those aside that part at a close call. */
static int differences(const struct outputs *a, const struct outputs *b, int *agreed, int *cells)
{
    int wrong = 0;

    *agreed = *cells = 0;
    for (int i = 0; i < a->examples; i++) {
        const int32_t *x = a->tokens + i * a->limit, *y = b->tokens + i * b->limit;
        int length = b->lengths[i] < b->limit ? b->lengths[i] + 1 : b->limit, t = 0;

        while (t < length && x[t] == y[t])
            t++;
        *agreed += t;
        *cells += length;
        if (t < length)
            wrong += b->margins[i * b->limit + t] >= close_call;
        else
            wrong += a->lengths[i] != b->lengths[i];
    }
    return wrong;
}

static void test_kept(const char *what, const struct model_config *model, const char *variant, int examples,
                      int threads, int micro_batch, int slots, enum precision precision, double dropout)
{
    struct model_options options = options_of(model, find(variant), 4, threads);
    struct decoder_options kept = {.limit = model->target_length, .examples = examples, .slots = slots};
    struct decoder_options anew = kept;
    struct outputs fast, plain;
    struct subject subject;
    int wrong, agreed, cells, ended = 0;

    options.micro_batch = micro_batch;
    options.precision = precision;
    options.dropout = dropout;
    subject_open(&subject, &options, examples);
    anew.anew = true;
    fast = decode(&subject, &kept, subject.batch);
    plain = decode(&subject, &anew, subject.batch);
    wrong = differences(&fast, &plain, &agreed, &cells);
    for (int i = 0; i < examples; i++)
        ended += fast.lengths[i] < fast.limit;
    tap_ok(precision == PRECISION_BF16 ? agreed > cells / 2 : wrong == 0,
           "%s, %s, %d example(s), %d thread(s), micro-batch %d: %d differ", what, variant, examples,
           threads, micro_batch, wrong);
    tap_diag("%d of %d tokens before the first difference; %d of %d reach EOS", agreed, cells, ended, examples);
    outputs_free(&fast);
    outputs_free(&plain);
    subject_close(&subject);
}

int main(void)
{
    tap_plan(1);
    test_kept("f32", &odd, "swiglu", 9, 2, 1, 0, PRECISION_F32, 0);
    return tap_status();
}
