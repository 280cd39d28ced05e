/* data.c - see data.h. */
#include "src/glu.h"

#include "src/text/corpus.h"
#include "src/task/data.h"
#include "src/text/language.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ==== Configuration ==== */

static bool is_builtin(const struct data_config *config)
{
    return config->corpus_count == 0;
}

/* Check the numbers, and what follows from them. */
static int set_up(const struct data_config *config, struct span_shape *shape,
                  const struct tokenizer **tokenizer)
{
    *tokenizer = tokenizer_find(config->tokenizer);
    if (!*tokenizer ||
        span_shape_set(shape, config->input_length, config->noise_density, config->mean_span))
        return -1;
    if (config->target_length && config->target_length != shape->target_length)
        return err_set("target length %d does not go with input length %d, which makes %d target "
                       "tokens: leave out " FIELD("target_length"),
                       config->target_length, config->input_length, shape->target_length);
    if (config->batch < 1)
        return err_set(FIELD("batch") " %d: it must be at least 1", config->batch);
    if (config->heldout_examples < 1)
        return err_set(FIELD("heldout_examples") " %d: it must be at least 1",
                       config->heldout_examples);
    if (is_builtin(config) && config->heldout_count)
        return err_set(FIELD("heldout") " %s goes with " FIELD("corpus")
                       ": the built-in language has held-out text "
                       "of its own", config->heldout[0]);
    if (!is_builtin(config) && !config->heldout_count &&
        !(config->heldout_share > 0.0 && config->heldout_share <= 0.5))
        return err_set("held-out share %g: it must be above 0 and at most 0.5",
                       config->heldout_share);
    return 0;
}

/* ==== Segments: the documents of a source as one stream of tokens, cut to pieces ==== */

struct segments {
    struct source *source; /* owned */
    const struct tokenizer *tokenizer;
    size_t segment_tokens;
    int32_t *tokens; /* (capacity): start to end wait to be cut */
    size_t start, end, capacity;
    uint64_t number; /* of the next segment */
};

static void segments_close(struct segments *segments)
{
    source_close(segments->source);
    free(segments->tokens);
}

/* Room for `more` tokens behind those that wait. */
static int make_room(struct segments *segments, size_t more)
{
    size_t waiting = segments->end - segments->start, capacity = segments->capacity;

    if (segments->start) /* fewer than a segment wait */
        memmove(segments->tokens, segments->tokens + segments->start,
                waiting * sizeof *segments->tokens);
    segments->start = 0;
    segments->end = waiting;
    if (capacity - waiting < more) {
        int32_t *grown;

        capacity = 2 * (waiting + more);
        grown = realloc(segments->tokens, capacity * sizeof *grown);
        if (!grown)
            return err_set("no memory for a document of %zu tokens", more);
        segments->tokens = grown;
        segments->capacity = capacity;
    }
    return 0;
}

/* 1 and the next segment, which lasts until the next call; 0 when the text ends before it is
 * full; -1. */
static int segments_next(struct segments *segments, const int32_t **segment)
{
    while (segments->end - segments->start < segments->segment_tokens) {
        struct document document;
        int got = source_next(segments->source, &document);

        if (got <= 0)
            return got;
        if (make_room(segments, document.bytes + 1))
            return -1;
        segments->end += segments->tokenizer->encode(document.text, document.bytes,
                                                     segments->tokens + segments->end);
        segments->tokens[segments->end++] = TOKEN_EOS;
    }
    *segment = segments->tokens + segments->start;
    segments->start += segments->segment_tokens;
    segments->number++;
    return 1;
}

/* ==== The training stream ==== */

struct data_stream {
    struct corpus corpus;
    struct segments segments;
    struct span_shape shape;
    uint64_t seed;
    int batch;
};

int data_open(struct data_stream **result, const struct data_config *config, uint64_t seed)
{
    struct data_stream *stream = calloc(1, sizeof *stream);
    int status;

    *result = NULL;
    if (!stream)
        return err_set("no memory to read the corpus");
    if (set_up(config, &stream->shape, &stream->segments.tokenizer))
        goto fail;
    stream->seed = seed;
    stream->batch = config->batch;
    stream->segments.segment_tokens = (size_t)stream->shape.segment_tokens;
    if (is_builtin(config))
        status = language_source(&stream->segments.source, seed, RNG_LANGUAGE);
    else if ((status = corpus_open(&stream->corpus, config)) == 0)
        status = corpus_training_source(&stream->segments.source, &stream->corpus, seed);
    if (status)
        goto fail;
    *result = stream;
    return 0;
fail:
    data_close(stream);
    return -1;
}

void data_close(struct data_stream *stream)
{
    if (!stream)
        return;
    segments_close(&stream->segments);
    corpus_free(&stream->corpus);
    free(stream);
}

/* One example into row `row` of the batch, or nowhere when batch is NULL. */
static int next_example(struct data_stream *stream, struct batch *batch, size_t row)
{
    uint32_t lane = (uint32_t)stream->segments.number;
    const struct span_shape *shape = &stream->shape;
    const int32_t *segment;
    struct rng rng;
    int got = segments_next(&stream->segments, &segment);

    if (got <= 0)
        return got < 0 ? -1 : err_set("the training text has come to an end");
    if (batch) {
        rng_start(&rng, stream->seed, RNG_SPANS, lane);
        span_corrupt(shape, stream->segments.tokenizer->vocabulary, &rng, segment,
                     batch->inputs + row * (size_t)shape->input_length,
                     batch->targets + row * (size_t)shape->target_length);
    }
    return 0;
}

int data_next(struct data_stream *stream, struct batch *batch)
{
    if (batch->examples != stream->batch || batch->input_length != stream->shape.input_length ||
        batch->target_length != stream->shape.target_length)
        return err_set("a batch of %d examples of %d and %d tokens was asked of a stream of %d of "
                       "%d and %d", batch->examples, batch->input_length, batch->target_length,
                       stream->batch, stream->shape.input_length, stream->shape.target_length);
    for (int i = 0; i < stream->batch; i++)
        if (next_example(stream, batch, (size_t)i))
            return -1;
    return 0;
}

int data_skip(struct data_stream *stream, uint64_t batches)
{
    while (batches--)
        for (int i = 0; i < stream->batch; i++)
            if (next_example(stream, NULL, 0))
                return -1;
    return 0;
}

/* ==== Held-out examples ==== */

enum {
    HELDOUT_SEED = 0,
    /* Of the built-in language, so many times as many segments as are asked for are looked at. */
    BUILTIN_SPREAD = 8
};

/* A segment and its number in the held-out text. */
struct choice {
    uint64_t number;
    int32_t *tokens; /* (segment_tokens) */
};

static int by_number(const void *a, const void *b)
{
    const struct choice *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

/* Choose up to `wanted` segments of the held-out text, any as likely as another, in one pass over
 * it (Vitter's algorithm R), and put them in order.  Returns how many, or -1. */
static int choose_segments(struct segments *segments, uint64_t limit, int wanted,
                           struct choice *choices)
{
    const size_t bytes = segments->segment_tokens * sizeof(int32_t);
    const int32_t *segment;
    struct rng rng;
    int count = 0, got = 1;

    rng_start(&rng, HELDOUT_SEED, RNG_HELDOUT, UINT32_MAX);
    while (segments->number < limit && (got = segments_next(segments, &segment)) > 0) {
        uint64_t number = segments->number - 1;
        uint32_t place = number < UINT32_MAX ? rng_below(&rng, (uint32_t)number + 1) : UINT32_MAX;

        if (count < wanted) {
            place = (uint32_t)count;
            choices[place].tokens = malloc(bytes);
            if (!choices[place].tokens)
                return err_set("no memory for %d held-out examples", wanted);
            count++;
        }
        if (place < (uint32_t)wanted) {
            choices[place].number = number;
            memcpy(choices[place].tokens, segment, bytes);
        }
    }
    if (got < 0)
        return -1;
    qsort(choices, (size_t)count, sizeof *choices, by_number);
    return count;
}

static int corrupt_choices(struct batch **heldout, const struct choice *choices, int count,
                           const struct span_shape *shape, int vocabulary)
{
    struct batch *batch;
    struct rng rng;

    if (batch_create(&batch, count, shape->input_length, shape->target_length))
        return -1;
    for (int i = 0; i < count; i++) {
        rng_start(&rng, HELDOUT_SEED, RNG_HELDOUT, (uint32_t)choices[i].number);
        span_corrupt(shape, vocabulary, &rng, choices[i].tokens,
                     batch->inputs + (size_t)i * (size_t)shape->input_length,
                     batch->targets + (size_t)i * (size_t)shape->target_length);
    }
    *heldout = batch;
    return 0;
}

static int heldout_is_too_short(const struct data_config *config, const struct span_shape *shape)
{
    if (config->heldout_count)
        return err_set(FIELD("heldout") " %s: the text is shorter than one segment of %d tokens: "
                       "hold out more text, or give a smaller " FIELD("input_length"),
                       config->heldout[0], shape->segment_tokens);
    return err_set(FIELD("corpus") " %s: the documents that are held out, a share of %g, are "
                   "shorter than one segment of %d tokens: give " FIELD("heldout")
                   " FILE, a larger " FIELD("heldout_share") ", more text or a smaller "
                   FIELD("input_length"),
                   config->corpus[0], config->heldout_share, shape->segment_tokens);
}

int data_heldout(const struct data_config *config, struct batch **heldout)
{
    struct segments segments = {0};
    struct corpus corpus = {0};
    struct span_shape shape;
    struct choice *choices = NULL;
    uint64_t limit = UINT64_MAX;
    int count, result = -1;

    *heldout = NULL;
    if (set_up(config, &shape, &segments.tokenizer))
        return -1;
    segments.segment_tokens = (size_t)shape.segment_tokens;
    choices = calloc((size_t)config->heldout_examples, sizeof *choices);
    if (!choices) {
        err_set("no memory for %d held-out examples", config->heldout_examples);
        goto out;
    }
    if (is_builtin(config)) {
        limit = (uint64_t)config->heldout_examples * BUILTIN_SPREAD;
        if (language_source(&segments.source, HELDOUT_SEED, RNG_HELDOUT))
            goto out;
    } else if (corpus_open(&corpus, config) || corpus_heldout_source(&segments.source, &corpus)) {
        goto out;
    }
    count = choose_segments(&segments, limit, config->heldout_examples, choices);
    if (count == 0)
        heldout_is_too_short(config, &shape);
    else if (count > 0)
        result = corrupt_choices(heldout, choices, count, &shape, segments.tokenizer->vocabulary);
out:
    for (int i = 0; choices && i < config->heldout_examples; i++)
        free(choices[i].tokens);
    free(choices);
    segments_close(&segments);
    corpus_free(&corpus);
    return result;
}

/* ==== The check ==== */

static int check_builtin(struct data_identity *training, struct data_identity *heldout)
{
    memset(training, 0, sizeof *training);
    memcpy(training->kind, "builtin", sizeof "builtin");
    if (language_checksum(training->sha256))
        return -1;
    *heldout = *training;
    return 0;
}

/* Every byte and every end of a document is a token at most. */
static bool is_too_short(const struct data_identity *identity, const struct span_shape *shape)
{
    return identity->text_bytes + identity->documents < (uint64_t)shape->segment_tokens;
}

int data_check(const struct data_config *config, struct data_identity *training,
               struct data_identity *heldout)
{
    const struct tokenizer *tokenizer;
    struct span_shape shape;
    struct corpus corpus;
    int result;

    if (set_up(config, &shape, &tokenizer))
        return -1;
    if (is_builtin(config))
        return check_builtin(training, heldout);
    if (corpus_open(&corpus, config))
        return -1;
    result = corpus_check(&corpus, training, heldout);
    corpus_free(&corpus);
    if (result)
        return -1;
    if (is_too_short(training, &shape))
        return err_set(FIELD("corpus") " %s: %" PRIu64 " bytes of text for training are fewer than "
                       "one segment of %d tokens: give more text or a smaller "
                       FIELD("input_length"),
                       config->corpus[0], training->text_bytes, shape.segment_tokens);
    if (is_too_short(heldout, &shape))
        return heldout_is_too_short(config, &shape);
    return 0;
}
