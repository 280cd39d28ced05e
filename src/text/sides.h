/* sides.h - which side a document is on, training or held out, told by the hash of its text. */
#ifndef GLU_TEXT_SIDES_H
#define GLU_TEXT_SIDES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero: no document is held out. */
struct sides {
    uint64_t threshold; /* hashes below it are held out */
    uint64_t *hashes;   /* (count): of documents that are held out by name; ascending once sorted */
    size_t count, capacity;
};

/* Hold out a document by its hash.  0, or -1 without memory. */
int sides_add(struct sides *sides, uint64_t hash);
/* All are added: sort the hashes and keep each once, for what follows. */
void sides_sort(struct sides *sides);
/* Frees what `sides` owns. */
void sides_free(struct sides *sides);

/* Index of a hash among those that were added, or SIZE_MAX. */
size_t sides_find(const struct sides *sides, uint64_t hash);
bool sides_hold_out(const struct sides *sides, uint64_t hash);

#endif
