/* words.h - texts cut into words, and what two of them have in common. */
#ifndef GLU_TASK_METRICS_WORDS_H
#define GLU_TASK_METRICS_WORDS_H

#include "src/util/unicode.h"

struct word {
    const uint32_t *points; /* (count), in the text that it was cut from */
    size_t count;
};

struct words {
    struct word *word; /* (count), own memory */
    size_t count;
};

/* The words between white space of any kind; none is empty.  They point into `text`, which must
 * stay.  0, or -1 and a message; then there are none. */
int words_cut(struct words *words, const struct unicode *text) GLU_MUST_USE;
/* The words between single spaces; where two spaces meet is an empty one, and no text is one empty
 * word. */
int words_cut_at_spaces(struct words *words, const struct unicode *text) GLU_MUST_USE;
/* No words are fine. */
void words_free(struct words *words);

bool word_equal(const struct word *a, const struct word *b);
/* Is it this ASCII text? */
bool word_is(const struct word *word, const char *text);

/* A number for each word of both, equal words having equal ones: a[i] of the i-th of `first`, b[i]
 * of `second`.  0, or -1 and a message. */
int words_number(const struct words *first, const struct words *second, uint32_t *a,
                 uint32_t *b) GLU_MUST_USE;

/* How many runs of `order` numbers (1 or more) are in both lists, each counted as often as in the
 * list that has fewer of it.  0, or -1 and a message. */
int runs_in_common(const uint32_t *a, size_t a_count, const uint32_t *b, size_t b_count,
                   size_t order, size_t *common) GLU_MUST_USE;
/* How many such runs a list has. */
static inline size_t runs_count(size_t count, size_t order)
{
    return count < order ? 0 : count - order + 1;
}

/* How many words two texts have in common, as often as in the one that has fewer.  0, or -1 and a
 * message. */
int words_in_common(const struct words *a, const struct words *b, size_t *common) GLU_MUST_USE;

#endif
