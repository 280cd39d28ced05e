/* attention_head.h - one head of one example, as the kernels of attention take it: its queries in strips,
 * each of which has the scores of as many keys as any of its queries sees. */
#ifndef GLU_NN_ATTENTION_HEAD_H
#define GLU_NN_ATTENTION_HEAD_H

#include <stdbool.h>
#include <stddef.h>

enum {
    ATTENTION_LANES = 16,   /* a head's width is a multiple of it, and what is kept of a strip is padded to it */
    ATTENTION_STRIP = 64,   /* queries, at most */
    ATTENTION_COLUMNS = 2048 /* keys, at most */
};

struct attention_head {
    int queries, keys, d;
    int pitch;  /* elements from a token to the next: of queries, keys, values and all that is like them */
    int used;   /* keys that count, at least 1 */
    bool causal; /* a query sees the keys up to its own position */
    int block;  /* so many queries are computed with the keys up to their own end alone; 0: with all */
    const float *bias; /* bias[j - i] is added to the score of query i and key j, and is read, but does not
                        * count, up to ATTENTION_LANES behind the last key; NULL: none */
};

/* Do the kernels take heads of that kind? */
static inline bool attention_head_fits(int keys, int d)
{
    return keys <= ATTENTION_COLUMNS && d % ATTENTION_LANES == 0;
}

struct attention_strip {
    int first, queries; /* 0 queries: past the last */
    int keys, columns;  /* columns: the keys padded */
    size_t kept;        /* elements of what is kept before it */
};

/* The strip after `strip`, or the first one after a zeroed one. */
static inline struct attention_strip attention_strip_next(const struct attention_head *head,
                                                          const struct attention_strip *strip)
{
    struct attention_strip next = {.first = strip->first + strip->queries, .keys = head->keys};
    int end = head->queries;

    next.kept = strip->kept + (size_t)(strip->queries + strip->queries % 2) * (size_t)strip->columns;
    if (head->block > 0) {
        int block_end = (next.first / head->block + 1) * head->block;

        end = block_end < end ? block_end : end;
        next.keys = end < head->keys ? end : head->keys;
    }
    next.queries = end - next.first < ATTENTION_STRIP ? end - next.first : ATTENTION_STRIP;
    next.columns = (next.keys + ATTENTION_LANES - 1) / ATTENTION_LANES * ATTENTION_LANES;
    return next;
}

/* Elements that forward keeps for backward. */
static inline size_t attention_head_kept(const struct attention_head *head)
{
    struct attention_strip strip = {0};

    do
        strip = attention_strip_next(head, &strip);
    while (strip.queries > 0);
    return strip.kept;
}

#endif
