/* segments.h - the documents of a source as one stream of tokens, an EOS behind each, cut into
 * pieces of the same length: what tasks make examples of. */
#ifndef GLU_TASK_SEGMENTS_H
#define GLU_TASK_SEGMENTS_H

#include "src/text/dataset.h"
#include "src/text/source.h"
#include "src/text/tokenizer.h"

#include <stddef.h>
#include <stdint.h>

/* The seed of the random numbers that held-out examples are made with, in every run. */
enum { HELDOUT_SEED = 0 };

/* Where the next segment begins, of a source that knows its place. */
struct segments_place {
    struct source_place document;
    uint64_t tokens; /* of the document, before the segment */
};

struct segments;

/* Takes the source, also when it fails; the tokenizer is borrowed.  segment_tokens > 0. */
int segments_open(struct segments **segments, struct source *source,
                  const struct tokenizer *tokenizer, int segment_tokens);
/* NULL is fine. */
void segments_close(struct segments *segments);

/* 1 and the next segment, (segment_tokens), which lasts until the next call; 0 when the text ends
 * before it is full; -1. */
int segments_next(struct segments *segments, const int32_t **segment);
/* Go on by so many segments.  How many tokens a pass over the text has is found out in one of them;
 * those that are skipped wholly after that are not read.  0, or -1, also when the text ends. */
int segments_skip(struct segments *segments, uint64_t count);
/* Where the next segment begins.  False: nothing was read yet, or the source does not know. */
bool segments_place(const struct segments *segments, struct segments_place *place);
/* Go to where the segment of that number begins, by its place: only the document there is read.  0, or -1
 * and a message: there is no such place. */
int segments_go(struct segments *segments, const struct segments_place *place, uint64_t number);
/* The number of the segment that comes next, from 0. */
uint64_t segments_number(const struct segments *segments);

/* Is there enough text of training for a segment?  0, or -1 and a message. */
int segments_check(const struct dataset *dataset, const struct tokenizer *tokenizer,
                   int segment_tokens);

/* A segment that was chosen, and its number in the text. */
struct choice {
    uint64_t number;
    int32_t *tokens; /* (segment_tokens) */
};

/* Choose up to `wanted` (1 or more) segments of the held-out text, any as likely as another, the
 * same every time, and put them in order; of text without end, eight times as many are looked at.
 * New array of *count (1 or more), freed by choices_free().  0, or -1 and a message, also when the
 * text is shorter than a segment. */
int segments_choose(const struct dataset *dataset, const struct tokenizer *tokenizer,
                    int segment_tokens, int wanted, struct choice **choices, int *count);
/* NULL is fine. */
void choices_free(struct choice *choices, int count);

#endif
