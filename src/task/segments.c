/* segments.c - see segments.h. */
#include "src/glu.h"

#include "src/task/segments.h"
#include "src/util/rng.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct segments {
    struct source *source; /* owned */
    const struct tokenizer *tokenizer;
    size_t segment_tokens;
    int32_t *tokens; /* (capacity): start to end wait to be cut */
    size_t start, end, capacity;
    uint64_t number; /* of the next segment */
    size_t document_tokens; /* of the last document, the EOS included; all that wait are its */
};

int segments_open(struct segments **result, struct source *source,
                  const struct tokenizer *tokenizer, int segment_tokens)
{
    struct segments *segments = calloc(1, sizeof *segments);

    *result = segments;
    if (!segments) {
        source_close(source);
        err_set("no memory to read the text");
        return -1;
    }
    segments->source = source;
    segments->tokenizer = tokenizer;
    segments->segment_tokens = (size_t)segment_tokens;
    return 0;
}

void segments_close(struct segments *segments)
{
    if (!segments)
        return;
    source_close(segments->source);
    free(segments->tokens);
    free(segments);
}

uint64_t segments_number(const struct segments *segments)
{
    return segments->number;
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

/* Append the tokens of a document.  Few have more than they usually have at most. */
static int add_tokens(struct segments *segments, const struct document *document)
{
    const struct tokenizer *tokenizer = segments->tokenizer;
    size_t room = tokenizer->ids_max(tokenizer, document->bytes), count = room;

    do {
        room = count;
        if (make_room(segments, room + 1))
            return -1;
        count = tokenizer->encode(tokenizer, document->text, document->bytes,
                                  segments->tokens + segments->end, room);
        if (count == SIZE_MAX)
            return -1;
    } while (count > room);
    segments->end += count;
    segments->tokens[segments->end++] = TOKEN_EOS;
    segments->document_tokens = count + 1;
    return 0;
}

/* Append the next document; 1, 0 at the end of the text, or -1. */
static int add_document(struct segments *segments)
{
    struct document document;
    int got = source_next(segments->source, &document);

    if (got <= 0)
        return got;
    return add_tokens(segments, &document) ? -1 : 1;
}

int segments_next(struct segments *segments, const int32_t **segment)
{
    while (segments->end - segments->start < segments->segment_tokens) {
        int got = add_document(segments);

        if (got <= 0)
            return got;
    }
    *segment = segments->tokens + segments->start;
    segments->start += segments->segment_tokens;
    segments->number++;
    return 1;
}

/* ==== Skipping ==== */

/* A pass of the source that a skip goes through. */
struct pass {
    uint32_t number;
    bool whole;     /* its beginning was seen */
    uint64_t begun; /* tokens to be skipped at its beginning */
};

/* The document that was just read is the first of another pass, and `tokens` are to be skipped from
 * there.  When it is known how long a pass is, jump over those that are skipped wholly.  Returns
 * what is to be skipped then, from where the source is. */
static uint64_t begin_pass(struct segments *segments, struct pass *pass, uint64_t tokens)
{
    struct source *source = segments->source;
    uint64_t length = pass->begun - tokens, jump = pass->whole ? tokens / length : 0;

    *pass = (struct pass){source->pass, true, tokens};
    if (jump == 0)
        return tokens;
    if (jump > UINT32_MAX - source->pass)
        jump = UINT32_MAX - source->pass;
    source->start_pass(source, source->pass + (uint32_t)jump);
    segments->end = segments->start = 0;
    *pass = (struct pass){.number = source->pass};
    return tokens - jump * length;
}

int segments_skip(struct segments *segments, uint64_t count)
{
    size_t waiting = segments->end - segments->start;
    uint64_t tokens = count * segments->segment_tokens;
    struct pass pass = {segments->source->pass, segments->number == 0 && waiting == 0, 0};

    if (tokens / segments->segment_tokens != count)
        return err_set("%" PRIu64 " segments are too many to be skipped", count);
    segments->number += count;
    if (tokens <= waiting) {
        segments->start += (size_t)tokens;
        return 0;
    }
    tokens -= waiting;
    pass.begun = tokens;
    segments->start = segments->end = 0;
    while (tokens > 0) {
        int got = add_document(segments);

        if (got <= 0)
            return got < 0 ? -1 : err_set("the text has come to an end");
        if (segments->source->pass != pass.number)
            tokens = begin_pass(segments, &pass, tokens);
        if (segments->end > tokens) {
            segments->start = (size_t)tokens;
            return 0;
        }
        tokens -= segments->end;
        segments->end = 0;
    }
    return 0;
}

/* ==== Places ==== */

bool segments_place(const struct segments *segments, struct segments_place *place)
{
    const struct source *source = segments->source;

    if (!source->place || segments->document_tokens == 0)
        return false;
    source->place(source, &place->document);
    place->tokens = segments->document_tokens - (segments->end - segments->start);
    return true;
}

int segments_go(struct segments *segments, const struct segments_place *place, uint64_t number)
{
    struct source *source = segments->source;
    int got;

    if (!source->go)
        return err_set("the text is not read as a stream, and the place of a training is one in a stream");
    segments->start = segments->end = 0;
    if (source->go(source, &place->document))
        return -1;
    got = add_document(segments);
    if (got < 0)
        return -1;
    if (got == 0 || place->tokens > segments->end)
        return err_set("the text has changed: the document that the training was in has fewer tokens");
    segments->start = (size_t)place->tokens;
    segments->number = number;
    return 0;
}

/* ==== Held-out segments ==== */

/* Of text without end, so many times as many segments as are asked for are looked at. */
enum { ENDLESS_SPREAD = 8 };

static int by_number(const void *a, const void *b)
{
    const struct choice *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

/* Choose in one pass (Vitter's algorithm R).  *count: how many, also when it fails. */
static int choose(struct segments *segments, uint64_t limit, int wanted, struct choice *choices,
                  int *count)
{
    const size_t bytes = segments->segment_tokens * sizeof(int32_t);
    const int32_t *segment;
    struct rng rng;
    int got = 1;

    *count = 0;
    rng_start(&rng, HELDOUT_SEED, RNG_HELDOUT, UINT32_MAX);
    while (segments->number < limit && (got = segments_next(segments, &segment)) > 0) {
        uint64_t number = segments->number - 1;
        uint32_t place = number < UINT32_MAX ? rng_below(&rng, (uint32_t)number + 1) : UINT32_MAX;

        if (*count < wanted) {
            place = (uint32_t)*count;
            choices[place].tokens = malloc(bytes);
            if (!choices[place].tokens)
                return err_set("no memory for %d held-out examples", wanted);
            ++*count;
        }
        if (place < (uint32_t)wanted) {
            choices[place].number = number;
            memcpy(choices[place].tokens, segment, bytes);
        }
    }
    if (got < 0)
        return -1;
    qsort(choices, (size_t)*count, sizeof *choices, by_number);
    return 0;
}

/* No text of so many bytes and documents has more tokens than this. */
static bool is_too_short(const struct data_identity *identity, const struct tokenizer *tokenizer,
                         int segment_tokens)
{
    uint64_t ids = tokenizer->ids_max(tokenizer, (size_t)identity->text_bytes);

    return ids + identity->documents < (uint64_t)segment_tokens;
}

int segments_check(const struct dataset *dataset, const struct tokenizer *tokenizer,
                   int segment_tokens)
{
    const struct dataset_options *options = dataset_options(dataset);
    const struct data_identity *training = dataset_training(dataset);

    if (options->stream) /* nobody knows */
        return 0;
    if (options->corpus_count && is_too_short(training, tokenizer, segment_tokens))
        return err_set(FIELD("corpus") " %s: %" PRIu64 " bytes of text for training are fewer than "
                       "one segment of %d tokens: give more text or a smaller "
                       FIELD("input_length"),
                       options->corpus[0], training->text_bytes, segment_tokens);
    return 0;
}

static int heldout_is_too_short(const struct dataset_options *options, int segment_tokens)
{
    if (options->heldout_count)
        return err_set(FIELD("heldout") " %s: the text is shorter than one segment of %d tokens: "
                       "hold out more text, or give a smaller " FIELD("input_length"),
                       options->heldout[0], segment_tokens);
    return err_set(FIELD("corpus") " %s: the documents that are held out, a share of %g, are "
                   "shorter than one segment of %d tokens: give " FIELD("heldout")
                   " FILE, a larger " FIELD("heldout_share") ", more text or a smaller "
                   FIELD("input_length"),
                   options->corpus[0], options->heldout_share, segment_tokens);
}

int segments_choose(const struct dataset *dataset, const struct tokenizer *tokenizer,
                    int segment_tokens, int wanted, struct choice **choices, int *count)
{
    struct segments *segments = NULL;
    struct source *source;
    uint64_t limit;
    int result = -1;

    *count = 0;
    *choices = calloc((size_t)wanted, sizeof **choices);
    if (!*choices)
        return err_set("no memory for %d held-out examples", wanted);
    if (dataset_heldout_source(&source, dataset))
        goto out;
    limit = source->endless ? (uint64_t)wanted * ENDLESS_SPREAD : UINT64_MAX;
    if (segments_open(&segments, source, tokenizer, segment_tokens) ||
        choose(segments, limit, wanted, *choices, count))
        goto out;
    result = *count ? 0 : heldout_is_too_short(dataset_options(dataset), segment_tokens);
out:
    segments_close(segments);
    if (result) {
        choices_free(*choices, *count);
        *choices = NULL;
        *count = 0;
    }
    return result;
}

void choices_free(struct choice *choices, int count)
{
    for (int i = 0; i < count; i++)
        free(choices[i].tokens);
    free(choices);
}
