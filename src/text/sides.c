/* sides.c - see sides.h. */
#include "src/glu.h"

#include "src/text/sides.h"

#include <stdlib.h>
#include <string.h>

int sides_add(struct sides *sides, uint64_t hash)
{
    if (sides->count == sides->capacity) {
        size_t capacity = sides->capacity ? 2 * sides->capacity : 1024;
        uint64_t *grown = NULL;

        if (capacity <= SIZE_MAX / sizeof *grown)
            grown = realloc(sides->hashes, capacity * sizeof *grown);
        if (!grown)
            return err_set("no memory for the hashes of %zu held-out documents", capacity);
        sides->hashes = grown;
        sides->capacity = capacity;
    }
    sides->hashes[sides->count++] = hash;
    return 0;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

void sides_sort(struct sides *sides)
{
    size_t kept = 0;

    if (sides->count == 0)
        return;
    qsort(sides->hashes, sides->count, sizeof *sides->hashes, by_value);
    for (size_t i = 1; i < sides->count; i++)
        if (sides->hashes[i] != sides->hashes[kept])
            sides->hashes[++kept] = sides->hashes[i];
    sides->count = kept + 1;
}

void sides_free(struct sides *sides)
{
    free(sides->hashes);
    memset(sides, 0, sizeof *sides);
}

size_t sides_find(const struct sides *sides, uint64_t hash)
{
    const uint64_t *found = NULL;

    if (sides->count)
        found = bsearch(&hash, sides->hashes, sides->count, sizeof hash, by_value);
    return found ? (size_t)(found - sides->hashes) : SIZE_MAX;
}

bool sides_hold_out(const struct sides *sides, uint64_t hash)
{
    return hash < sides->threshold || sides_find(sides, hash) != SIZE_MAX;
}
