/* attention_next.h - attention of one query an example at a time, to keys and values that were kept: what
 * decoding needs of attention.h. */
#ifndef GLU_NN_ATTENTION_NEXT_H
#define GLU_NN_ATTENTION_NEXT_H

#include "src/nn/attention.h"

/* Of one layer, in the storage type: a slot is an example's. */
struct attention_cache {
    int room, heads, d_kv; /* room: for tokens */
    void *k;               /* (slots, heads, d_kv, room) */
    void *v;               /* (slots, heads, room, d_kv) */
};
void attention_cache_alloc(struct attention_cache *cache, const struct nn *nn, struct arena *arena,
                           int slots, int tokens, int heads, int d_kv);
/* The room that so many tokens are given. */
int attention_cache_room(int tokens);
/* Keep `tokens` keys and values, (tokens, heads * d_kv) each, as those of a slot from `first` on. */
void attention_cache_put(const struct attention_cache *cache, struct nn *nn, int slot, int first,
                         int tokens, const void *k, const void *v);

/* Whose query a row is, and how many keys it meets. */
struct attention_query {
    int slot, keys;
};
/* q, mixed: (rows, heads * d_kv) storage type, one query a row, mixed before Wo.  bias: of self-attention,
 * whose query is the last of its keys; NULL: none.  scores: (cache->room), scratch. */
void attention_next(struct nn *nn, const struct attention_cache *cache,
                    const struct attention_query *queries, int rows, const struct position_bias *bias,
                    const void *q, float *scores, void *mixed);

#endif
