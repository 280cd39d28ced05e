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
#include "test/worse.h"

/* Where the two best logits are closer than this, the order of summation may decide. */
static const float close_call = 1e-4f;

/* Of few words, so that EOS comes early, late and never. */
static const struct model_config few = {
    .vocabulary = 5, .d_model = 40, .layers = 2, .heads = 3, .d_kv = 20, .d_ff = 27,
    .input_length = 13, .target_length = 24,
};
/* Heads of two lines of a kernel and a part of one, keys of several lines; far positions. */
static const struct model_config far = {
    .vocabulary = 131, .d_model = 64, .layers = 1, .heads = 2, .d_kv = 150, .d_ff = 54,
    .input_length = 70, .target_length = 135,
};

/* A model that decodes, and its inputs: of all lengths from 1 on, with any tokens behind them. */
struct subject {
    struct model *model;
    struct batch *batch;
};

/* What the sublayers add counts for more than the token that was last: if not, it would come for ever. */
static void amplify(struct model *model)
{
    struct tensor *tensors;
    int count;

    tensors = model_tensors(model, &count);
    for (int i = 0; i < count; i++) {
        bool out = strstr(tensors[i].name, ".o.weight") || strstr(tensors[i].name, ".wo.weight");

        for (size_t k = 0; out && k < tensor_size(&tensors[i]); k++)
            tensors[i].value[k] *= 8;
    }
    model_refresh(model);
}

static void subject_open(struct subject *subject, const struct model_options *options, int examples)
{
    struct model_options of_batch = *options;
    int length = options->model.input_length;

    check(model_create(&subject->model, options));
    randomise(subject->model);
    amplify(subject->model);
    of_batch.batch = examples;
    subject->batch = random_batch(&of_batch, 3);
    for (int i = 0; i < examples; i++)
        subject->batch->inputs_used[i] = 1 + i * 5 % length;
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

/* With a decoder of its own, or that one. */
static struct outputs decode(const struct subject *subject, const struct decoder_options *options,
                             const struct batch *batch, struct decoder *given)
{
    struct outputs outputs = {.examples = batch->examples, .limit = options->limit};
    size_t cells = (size_t)batch->examples * (size_t)options->limit;
    struct decoded decoded;
    struct decoder *decoder = given;
    struct dnn_counters before;

    outputs.tokens = room(cells, sizeof *outputs.tokens);
    outputs.lengths = room((size_t)batch->examples, sizeof *outputs.lengths);
    outputs.margins = room(cells, sizeof *outputs.margins);
    decoded = (struct decoded){outputs.tokens, outputs.lengths, outputs.margins};
    if (!given)
        check(decoder_create(&decoder, subject->model, options));
    before = dnn_counters();
    check(decoder_run(decoder, batch, &decoded));
    if (dnn_counters().primitives != before.primitives || dnn_counters().memories != before.memories)
        tap_bail_out("decoding makes primitives");
    if (!given)
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

/* ==== Kept keys and values ==== */

struct form {
    const char *variant;
    int examples, threads, micro_batch, slots;
    enum precision precision;
    double dropout;
    bool unfused;
    int team; /* threads of a worker; 0: 1 */
};

static void test_kept(const struct model_config *model, const struct form *form)
{
    struct model_options options = options_of(model, find(form->variant), 8, form->threads);
    struct decoder_options kept = {.limit = model->target_length, .examples = form->examples,
                                   .slots = form->slots};
    struct decoder_options anew = kept;
    bool bf16 = form->precision == PRECISION_BF16;
    int wrong, agreed, cells, ended = 0;
    struct outputs fast, plain;
    struct subject subject;

    options.micro_batch = form->micro_batch;
    options.precision = form->precision;
    options.dropout = form->dropout;
    options.unfused = form->unfused;
    options.team = form->team;
    subject_open(&subject, &options, form->examples);
    anew.anew = true;
    fast = decode(&subject, &kept, subject.batch, NULL);
    plain = decode(&subject, &anew, subject.batch, NULL);
    wrong = differences(&fast, &plain, &agreed, &cells);
    for (int i = 0; i < form->examples; i++)
        ended += fast.lengths[i] < fast.limit;
    tap_ok(bf16 ? agreed > cells / 2 : wrong == 0,
           "%s %s, vocabulary %d, %d example(s), %d thread(s), team %d, micro-batch %d, %d slot(s): "
           "%d differ",
           form->variant, bf16 ? "bf16" : "f32", model->vocabulary, form->examples, form->threads,
           form->team, form->micro_batch, form->slots, wrong);
    tap_diag("%d of %d tokens agree; %d of %d outputs reach EOS", agreed, cells, ended, form->examples);
    outputs_free(&fast);
    outputs_free(&plain);
    subject_close(&subject);
}

static const struct form forms[] = {
    {"swiglu", 9, 2, 0, 0, PRECISION_F32, 0, false, 0},   {"relu", 19, 2, 1, 3, PRECISION_F32, 0, false, 0},
    {"geglu", 7, 1, 3, 5, PRECISION_F32, 0, false, 0},    {"reglu", 1, 3, 2, 0, PRECISION_F32, 0, false, 0},
    {"swiglu", 23, 1, 4, 16, PRECISION_F32, 0.1, false, 0}, {"gelu", 5, 1, 1, 4, PRECISION_F32, 0, true, 0},
    {"bilinear", 5, 2, 2, 2, PRECISION_F32, 0, true, 0},  {"xielu", 6, 2, 0, 0, PRECISION_F32, 0, false, 0},
    {"swiglu", 9, 2, 0, 0, PRECISION_F32, 0, false, 2}, {"relu", 19, 4, 2, 5, PRECISION_F32, 0, false, 2},
    {"geglu", 7, 4, 1, 3, PRECISION_F32, 0, true, 4},
};
static const struct form forms_bf16[] = {
    {"swiglu", 19, 2, 2, 4, PRECISION_BF16, 0, false, 0},
    {"relu", 19, 2, 1, 16, PRECISION_BF16, 0.1, false, 0},
};

static void test_forms(void)
{
    for (size_t i = 0; i < LENGTH_OF(forms); i++)
        test_kept(&few, &forms[i]);
    test_kept(&odd, &forms[0]);
    test_kept(&far, &forms[2]);
    for (size_t i = 0; i < LENGTH_OF(forms_bf16); i++)
        if (model_has_bf16())
            test_kept(i ? &odd : &few, &forms_bf16[i]);
        else
            tap_skip(1, "this CPU or oneDNN has no bf16");
}

/* ==== Outputs ==== */

static void subject_of_few(struct subject *subject, int examples)
{
    struct model_options options = options_of(&few, find("swiglu"), 4, 2);

    options.micro_batch = 1;
    subject_open(subject, &options, examples);
}

/* Up to EOS, that included, and pad behind; the whole limit where EOS does not count. */
static void test_ends(void)
{
    enum { EXAMPLES = 24 };
    struct decoder_options options = {.limit = 16, .examples = EXAMPLES};
    int early = 0, whole = 0, wrong = 0, endless = 0;
    struct outputs ends, goes_on;
    struct subject subject;

    subject_of_few(&subject, EXAMPLES);
    ends = decode(&subject, &options, subject.batch, NULL);
    options.endless = true;
    goes_on = decode(&subject, &options, subject.batch, NULL);
    for (int i = 0; i < EXAMPLES; i++) {
        const int32_t *tokens = ends.tokens + i * options.limit;

        early += ends.lengths[i] < options.limit;
        whole += ends.lengths[i] == options.limit;
        for (int t = 0; t < options.limit; t++)
            wrong += t < ends.lengths[i]    ? tokens[t] == TOKEN_EOS
                     : t == ends.lengths[i] ? tokens[t] != TOKEN_EOS
                                            : tokens[t] != TOKEN_PAD;
        endless += goes_on.lengths[i] == options.limit &&
                   memcmp(goes_on.tokens + i * options.limit, tokens,
                          (size_t)ends.lengths[i] * sizeof *tokens) == 0;
    }
    tap_ok(early > 0 && whole > 0 && wrong == 0,
           "%d of %d outputs end with EOS, %d at the limit; pad behind", early, EXAMPLES, whole);
    tap_ok(endless == EXAMPLES, "endless ones go on behind EOS, up to the limit");
    outputs_free(&ends);
    outputs_free(&goes_on);
    subject_close(&subject);
}

/* Each example by itself, and the limit above the training's targets. */
static void test_alone(void)
{
    enum { EXAMPLES = 11 };
    struct decoder_options options = {.limit = 70, .examples = EXAMPLES, .slots = 4};
    int agreed, cells, wrong = 0;
    struct outputs all, one;
    struct subject subject;
    struct decoder *decoder;

    subject_of_few(&subject, EXAMPLES);
    check(decoder_create(&decoder, subject.model, &options));
    all = decode(&subject, &options, subject.batch, decoder);
    for (int i = 0; i < EXAMPLES; i++) {
        struct outputs same = {1, options.limit, all.tokens + i * options.limit, all.lengths + i,
                               all.margins + i * options.limit};
        struct batch alone = *subject.batch;

        alone.examples = 1;
        alone.inputs += i * few.input_length;
        alone.inputs_used += i;
        one = decode(&subject, &options, &alone, decoder);
        wrong += differences(&one, &same, &agreed, &cells);
        outputs_free(&one);
    }
    tap_ok(wrong == 0, "an output is what its example alone has");
    one = decode(&subject, &options, subject.batch, decoder);
    tap_ok(memcmp(one.tokens, all.tokens, EXAMPLES * 70 * sizeof *all.tokens) == 0 &&
               memcmp(one.margins, all.margins, EXAMPLES * 70 * sizeof *all.margins) == 0,
           "the same again, to the bits");
    tap_ok(decoder_bytes(decoder) > 0, "it took %zu bytes", decoder_bytes(decoder));
    outputs_free(&one);
    outputs_free(&all);
    decoder_destroy(decoder);
    subject_close(&subject);
}

/* A decoder goes on with what its model becomes. */
static void test_trained(void)
{
    struct decoder_options options = {.limit = 24, .examples = 4};
    struct outputs before, after, fresh;
    struct subject subject;
    struct decoder *decoder;
    double loss;

    subject_of_few(&subject, 4);
    check(decoder_create(&decoder, subject.model, &options));
    before = decode(&subject, &options, subject.batch, decoder);
    for (int step = 1; step <= 20; step++)
        check(model_train_step(subject.model, subject.batch, step, 0.05, &loss));
    after = decode(&subject, &options, subject.batch, decoder);
    fresh = decode(&subject, &options, subject.batch, NULL);
    tap_ok(memcmp(before.margins, after.margins, 4 * 24 * sizeof *after.margins) != 0 &&
               memcmp(fresh.margins, after.margins, 4 * 24 * sizeof *after.margins) == 0,
           "training goes on under a decoder, which follows it");
    outputs_free(&before);
    outputs_free(&after);
    outputs_free(&fresh);
    decoder_destroy(decoder);
    subject_close(&subject);
}

/* ==== Several processes ==== */

/* One of two processes, which are one after the other: what the first one has, the second adds. */
struct other {
    struct comm comm; /* first */
    double had[1 << 14];
    int count;
    bool second;
};

static int agree(struct comm *comm, double *x, int n)
{
    struct other *other = (struct other *)comm;

    for (int i = 0; i < n; i++) {
        if (other->count == 1 << 14)
            return err_set("too many numbers");
        if (other->second)
            x[i] += other->had[other->count];
        else
            other->had[other->count] = x[i];
        other->count++;
    }
    return 0;
}

static void test_processes(void)
{
    enum { EXAMPLES = 10, LIMIT = 24, COUNT = 2 };
    static const int32_t tokens[COUNT] = {4, 1};
    static const int used[COUNT] = {1, 1};
    static struct other other = {.comm = {.size = 2, .rank = 1, .agree = agree}};
    struct candidates candidates = {COUNT, 1, tokens, used};
    struct model_options options = options_of(&few, find("swiglu"), 4, 2);
    struct decoder_options decoding = {.limit = LIMIT, .examples = EXAMPLES};
    double nats[3][EXAMPLES * COUNT];
    struct outputs outputs[3]; /* of rank 1 alone, of both, and of one process */
    struct subject subject;
    int agreed, cells;

    options.micro_batch = 1;
    for (int i = 0; i < 3; i++) {
        struct decoder *decoder;

        options.comm = i < 2 ? &other.comm : NULL;
        subject_open(&subject, &options, EXAMPLES);
        check(decoder_create(&decoder, subject.model, &decoding));
        outputs[i] = decode(&subject, &decoding, subject.batch, decoder);
        check(decoder_nats(decoder, subject.batch, &candidates, nats[i]));
        decoder_destroy(decoder);
        subject_close(&subject);
        other.second = true;
        other.comm.rank = 0;
        other.count = 0;
    }
    for (int i = 0; i < EXAMPLES * COUNT; i++)
        nats[1][i] -= nats[2][i];
    tap_ok(differences(&outputs[1], &outputs[2], &agreed, &cells) == 0 &&
               differences(&outputs[0], &outputs[2], &agreed, &cells) > 0 &&
               fabs(outputs[1].margins[9 * LIMIT] - outputs[2].margins[9 * LIMIT]) < 1e-4 &&
               fabs(nats[1][2]) < 1e-5 && fabs(nats[1][EXAMPLES * COUNT - 1]) < 1e-5,
           "two processes have the outputs of one");
    for (int i = 0; i < 3; i++)
        outputs_free(&outputs[i]);
}

/* ==== Given targets ==== */

static void test_nats(enum precision precision, int micro_batch, int slots, bool anew)
{
    enum { EXAMPLES = 9, COUNT = 4, LENGTH = 5 };
    static const int32_t tokens[COUNT][LENGTH] = {{3, 4, 2, 1}, {2, 1}, {1}, {4, 4, 3, 2, 1}};
    static const int used[COUNT] = {4, 2, 1, 5};
    struct candidates candidates = {COUNT, LENGTH, tokens[0], used};
    struct model_options options = options_of(&few, find("geglu"), 4, 2);
    struct decoder_options decoding = {.limit = 6, .examples = EXAMPLES, .slots = slots, .anew = anew};
    double nats[EXAMPLES][COUNT], evaluated[EXAMPLES], worst = 0;
    double tolerance = precision == PRECISION_F32 ? 1e-5 : 0.05;
    struct decoder *decoder;
    struct subject subject;

    options.micro_batch = micro_batch;
    options.precision = precision;
    subject_open(&subject, &options, EXAMPLES);
    check(decoder_create(&decoder, subject.model, &decoding));
    check(decoder_nats(decoder, subject.batch, &candidates, nats[0]));
    for (int k = 0; k < COUNT; k++) {
        for (int i = 0; i < EXAMPLES; i++)
            for (int t = 0; t < few.target_length; t++)
                subject.batch->targets[i * few.target_length + t] = t < used[k] ? tokens[k][t] : TOKEN_PAD;
        check(model_evaluate(subject.model, subject.batch, evaluated));
        for (int i = 0; i < EXAMPLES; i++)
            worst = worse(worst, fabs(nats[i][k] - evaluated[i]) / evaluated[i]);
    }
    tap_ok(worst < tolerance, "%s, micro-batch %d, %d slot(s)%s: candidates as evaluated, off by %.1e",
           precision == PRECISION_F32 ? "f32" : "bf16", micro_batch, slots, anew ? ", anew" : "", worst);
    decoder_destroy(decoder);
    subject_close(&subject);
}

/* ==== Shorter batches ==== */

/* Lengths that can be halved twice. */
static const struct model_config halves = {
    .vocabulary = 5, .d_model = 40, .layers = 2, .heads = 3, .d_kv = 20, .d_ff = 27,
    .input_length = 16, .target_length = 24,
};

/* The same examples, of so few tokens that they fit a bucket, filled up to these lengths. */
static struct batch *filled_up(int examples, int most, int input_length, int target_length)
{
    struct batch *batch;
    struct rng rng;

    check(batch_create(&batch, examples, input_length, target_length));
    rng_start(&rng, 5, RNG_EXAMPLES, (uint32_t)most);
    for (int i = 0; i < examples; i++) {
        batch->inputs_used[i] = 1 + i % most;
        for (int t = 0; t < input_length; t++)
            batch->inputs[i * input_length + t] =
                t < batch->inputs_used[i] ? 2 + (int32_t)rng_below(&rng, 3) : TOKEN_PAD;
    }
    return batch;
}

/* Answers and likelihoods do not depend on how far the batch is filled up. */
static void test_bucket(int bucket, int threads, int micro_batch, int slots)
{
    enum { EXAMPLES = 21, COUNT = 2, LENGTH = 3 };
    static const int32_t tokens[COUNT][LENGTH] = {{3, 4, 1}, {2, 1}};
    static const int used[COUNT] = {3, 2};
    struct candidates candidates = {COUNT, LENGTH, tokens[0], used};
    struct model_options options = options_of(&halves, find("swiglu"), 2, threads);
    struct decoder_options decoding = {.limit = 20, .examples = EXAMPLES, .slots = slots};
    int most = halves.input_length >> bucket, wrong, agreed, cells;
    double nats[2][EXAMPLES][COUNT], worst = 0;
    struct batch *part, *whole;
    struct outputs outputs[2];
    struct decoder *decoder;
    struct subject subject;

    options.buckets = 3;
    options.micro_batch = micro_batch;
    subject_open(&subject, &options, EXAMPLES);
    part = filled_up(EXAMPLES, most, most, halves.target_length >> bucket);
    whole = filled_up(EXAMPLES, most, halves.input_length, halves.target_length);
    check(decoder_create(&decoder, subject.model, &decoding));
    outputs[0] = decode(&subject, &decoding, part, decoder);
    outputs[1] = decode(&subject, &decoding, whole, decoder);
    wrong = differences(&outputs[0], &outputs[1], &agreed, &cells);
    check(decoder_nats(decoder, part, &candidates, nats[0][0]));
    check(decoder_nats(decoder, whole, &candidates, nats[1][0]));
    for (int i = 0; i < EXAMPLES; i++)
        for (int k = 0; k < COUNT; k++)
            worst = worse(worst, fabs(nats[0][i][k] - nats[1][i][k]) / nats[1][i][k]);
    tap_ok(wrong == 0 && agreed > cells / 2 && worst < 1e-5,
           "bucket %d, %d thread(s), micro-batch %d, %d slot(s): %d of %d differ from the full length's, nats by %.1e",
           bucket, threads, micro_batch, slots, wrong, EXAMPLES, worst);
    outputs_free(&outputs[0]);
    outputs_free(&outputs[1]);
    decoder_destroy(decoder);
    batch_destroy(part);
    batch_destroy(whole);
    subject_close(&subject);
}

/* What a decoder takes with so many threads of a model whose largest batch has 4 short examples, or 1 long one,
 * both of which are trained on. */
static size_t bytes_with(int threads)
{
    struct model_options options = options_of(&halves, find("relu"), 1, threads);
    struct decoder_options decoding = {.limit = 8, .examples = 8};
    struct decoder *decoder;
    struct batch *batch;
    struct model *model;
    size_t bytes;
    double loss;

    options.buckets = 3;
    check(model_create(&model, &options));
    randomise(model);
    check(batch_create_buckets(&batch, 1, halves.input_length, halves.target_length, options.buckets));
    for (int bucket = 0; bucket < options.buckets; bucket++) {
        batch_set_bucket(batch, bucket);
        for (int i = 0; i < batch->examples; i++)
            batch->inputs_used[i] = batch->targets_used[i] = 1;
        for (int i = 0; i < batch->examples * batch->input_length; i++)
            batch->inputs[i] = 2 + i % 3;
        for (int i = 0; i < batch->examples * batch->target_length; i++)
            batch->targets[i] = 2 + i % 3;
        check(model_train_step(model, batch, 1 + bucket, 0.01, &loss));
        if (!isfinite(loss))
            tap_bail_out("the loss is no number");
    }
    check(decoder_create(&decoder, model, &decoding));
    bytes = decoder_bytes(decoder);
    decoder_destroy(decoder);
    batch_destroy(batch);
    model_destroy(model);
    return bytes;
}

static void test_workers(void)
{
    size_t one = bytes_with(1), three = bytes_with(3), nine = bytes_with(9);

    tap_ok(three > one && nine > three && nine < 2 * three,
           "as many workers as a batch of short examples has use for: %zu, %zu, %zu bytes", one, three, nine);
}

/* ==== What is refused ==== */

static void refused(int status, const char *message)
{
    tap_ok(status == -1 && strstr(err_get(), message), "refused: %s", err_get());
}

static void test_refused(void)
{
    struct model_options lm = options_of(&few, find("relu"), 2, 1);
    struct decoder_options options = {.limit = 8, .examples = 2};
    int32_t tokens[2 * 8], candidate[] = {1, 5};
    int lengths[2], used = 2;
    struct decoded decoded = {tokens, lengths, NULL};
    struct candidates candidates = {1, 2, candidate, &used};
    struct decoder *decoder;
    struct subject subject;
    struct model *other;
    double nats[2];

    subject_of_few(&subject, 2);
    options.limit = 0;
    refused(decoder_create(&decoder, subject.model, &options), "outputs of 0 tokens");
    options = (struct decoder_options){.limit = 25, .examples = 2, .anew = true};
    refused(decoder_create(&decoder, subject.model, &options), "longer than the model's targets");
    options = (struct decoder_options){.limit = 8, .examples = 2};
    check(decoder_create(&decoder, subject.model, &options));
    refused(decoder_nats(decoder, subject.batch, &candidates, nats), "token 1 of candidate 0 is 5");
    used = 3;
    refused(decoder_nats(decoder, subject.batch, &candidates, nats), "candidate 0 has 3 tokens");
    subject.batch->inputs_used[1] = 0;
    refused(decoder_run(decoder, subject.batch, &decoded), "example 1 of the batch uses 0");
    subject.batch->inputs_used[1] = 1;
    subject.batch->inputs[3] = 5;
    refused(decoder_run(decoder, subject.batch, &decoded), "input token 3 of the batch is 5");
    subject.batch->input_length--;
    refused(decoder_run(decoder, subject.batch, &decoded), "do not fit a model of 13");
    decoder_destroy(decoder);
    subject_close(&subject);

    lm.architecture = architecture_find("lm");
    lm.model.input_length = lm.model.target_length;
    check(model_create(&other, &lm));
    refused(decoder_create(&decoder, other, &options), "lm models do not decode");
    model_destroy(other);
}

int main(void)
{
    tap_plan((int)(LENGTH_OF(forms) + LENGTH_OF(forms_bf16)) + 2 + 2 + 3 + 1 + 4 + 1 + 4 + 8);
    test_forms();
    test_ends();
    test_alone();
    test_trained();
    test_processes();
    test_nats(PRECISION_F32, 1, 0, false);
    test_nats(PRECISION_F32, 3, 3, false);
    test_nats(PRECISION_F32, 2, 0, true);
    if (model_has_bf16())
        test_nats(PRECISION_BF16, 2, 4, false);
    else
        tap_skip(1, "this CPU or oneDNN has no bf16");
    test_bucket(0, 1, 1, 0);
    test_bucket(1, 2, 1, 9);
    test_bucket(2, 2, 2, 0);
    test_workers();
    test_refused();
    return tap_status();
}
