/* test-segments.c - documents to pieces of one length, from sources and tokenizers that end or fail. */
#include "src/glu.h"

#include "src/task/segments.h"
#include "test/tap.h"

#include <stdlib.h>
#include <string.h>

/* A source of the documents "0", "11", "222" and so on, again and again or once. */
struct counting {
    struct source source;
    int next, documents; /* a pass */
    int fails_at;        /* -1: never */
    bool once;
    int read; /* in all */
    char text[16];
    bool *closed;
};

static int counting_next(struct source *source, struct document *document)
{
    struct counting *self = (struct counting *)source;

    if (self->read == self->fails_at)
        return err_set("the source has failed");
    if (self->next == self->documents) {
        if (self->once)
            return 0;
        self->next = 0;
        source->pass++;
    }
    self->read++;
    memset(self->text, '0' + self->next, sizeof self->text);
    *document = (struct document){.text = self->text, .bytes = (size_t)self->next + 1};
    self->next++;
    return 1;
}

static void counting_start_pass(struct source *source, uint32_t pass)
{
    source->pass = pass;
    ((struct counting *)source)->next = 0;
}

static void counting_close(struct source *source)
{
    *((struct counting *)source)->closed = true;
    free(source);
}

static struct counting *counting(int documents, bool once, int fails_at, bool *closed)
{
    struct counting *self = calloc(1, sizeof *self);

    if (!self)
        tap_bail_out("no memory");
    self->source = (struct source){.next = counting_next,
                                   .close = counting_close,
                                   .start_pass = once ? NULL : counting_start_pass};
    self->documents = documents;
    self->once = once;
    self->fails_at = fails_at;
    self->closed = closed;
    *closed = false;
    return self;
}

/* Each letter is a token, but '5' cannot be encoded. */
static size_t letters_max(const struct tokenizer *tokenizer, size_t bytes)
{
    (void)tokenizer;
    return bytes % 2 ? bytes / 2 : 3 * bytes; /* fewer than there will be, or more */
}

static size_t letters_encode(const struct tokenizer *tokenizer, const char *text, size_t bytes,
                             int32_t *ids, size_t capacity)
{
    (void)tokenizer;
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] == '5') {
            err_set("there is no 5");
            return SIZE_MAX;
        }
        if (i < capacity)
            ids[i] = text[i];
    }
    return bytes;
}

static const struct tokenizer letters = {
    .vocabulary = 128, .pieces = 100, .ids_max = letters_max, .encode = letters_encode};

static struct segments *open_segments(struct counting *source, int tokens)
{
    struct segments *segments;

    if (segments_open(&segments, &source->source, &letters, tokens))
        tap_bail_out("%s", err_get());
    return segments;
}

/* The next segment as text, EOS as '|'; "" at the end, "!" when it failed. */
static const char *next(struct segments *segments, int tokens)
{
    static char text[32];
    const int32_t *segment;
    int got = segments_next(segments, &segment);

    for (int i = 0; got > 0 && i < tokens; i++)
        text[i] = segment[i] == TOKEN_EOS ? '|' : (char)segment[i];
    text[got > 0 ? tokens : 0] = '\0';
    return got < 0 ? "!" : text;
}

static void test_cutting(void)
{
    static const char *const pieces[] = {"0|11|", "222|3", "333|0", "|11|2", "22|33"};
    bool closed;
    struct segments *segments = open_segments(counting(4, false, -1, &closed), 5);
    int wrong = 0;

    for (size_t i = 0; i < LENGTH_OF(pieces); i++)
        wrong += segments_number(segments) != i || strcmp(next(segments, 5), pieces[i]) != 0;
    tap_ok(wrong == 0, "documents are cut to pieces and numbered");
    segments_close(segments);
    tap_ok(closed, "the source is closed");

    segments = open_segments(counting(3, true, -1, &closed), 4);
    tap_ok(strcmp(next(segments, 4), "0|11") == 0 && strcmp(next(segments, 4), "|222") == 0 &&
               strcmp(next(segments, 4), "") == 0 && strcmp(next(segments, 4), "") == 0,
           "what is left when the text ends is no segment");
    segments_close(segments);
}

/* From every place, so many segments on. */
static void test_skipping(int documents, int tokens)
{
    bool closed, other;
    int wrong = 0, most = 0;

    for (uint64_t first = 0; first < 8; first++)
        for (uint64_t skip = 0; skip < 300; skip += 1 + skip / 7) {
            struct counting *source = counting(documents, false, -1, &other);
            struct segments *skipper = open_segments(source, tokens);
            struct segments *reader =
                open_segments(counting(documents, false, -1, &closed), tokens);
            char expected[32];

            for (uint64_t i = 0; i < first; i++)
                next(skipper, tokens);
            for (uint64_t i = 0; i < first + skip; i++)
                next(reader, tokens);
            wrong += segments_skip(skipper, skip) != 0 ||
                     segments_number(skipper) != segments_number(reader);
            for (int i = 0; i < 3; i++) {
                strcpy(expected, next(reader, tokens));
                wrong += strcmp(next(skipper, tokens), expected) != 0;
            }
            most = source->read > most ? source->read : most;
            segments_close(reader);
            segments_close(skipper);
        }
    tap_ok(wrong == 0, "%d documents, %d tokens: skipping is as reading", documents, tokens);
    tap_ok(most < 7 * documents + 8 * tokens, "and reads no more than %d documents", most);
}

static void test_failures(void)
{
    bool closed;
    struct segments *segments = open_segments(counting(9, false, 2, &closed), 5);

    tap_ok(strcmp(next(segments, 5), "0|11|") == 0 && strcmp(next(segments, 5), "!") == 0,
           "reading: %s", err_get());
    segments_close(segments);
    segments = open_segments(counting(9, false, 2, &closed), 5);
    tap_ok(segments_skip(segments, 3) == -1 && strstr(err_get(), "source"), "skipping: %s",
           err_get());
    segments_close(segments);
    segments = open_segments(counting(9, false, -1, &closed), 30);
    tap_ok(strcmp(next(segments, 30), "!") == 0 && strstr(err_get(), "no 5"), "encoding: %s",
           err_get());
    segments_close(segments);
    segments = open_segments(counting(3, true, -1, &closed), 4);
    tap_ok(segments_skip(segments, 3) == -1 && strstr(err_get(), "end"), "skipping: %s",
           err_get());
    segments_close(segments);
    segments = open_segments(counting(3, true, -1, &closed), 4);
    tap_ok(segments_skip(segments, UINT64_MAX) == -1 && segments_number(segments) == 0,
           "skipping: %s", err_get());
    segments_close(segments);
}

int main(void)
{
    tap_plan(3 + 3 * 2 + 5);
    test_cutting();
    test_skipping(4, 5);
    test_skipping(1, 7);
    test_skipping(5, 3);
    test_failures();
    return tap_status();
}
