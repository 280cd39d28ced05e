/* arena.h - one mapping that holds all buffers of a model; nothing is freed singly.
 *
 * An arena of size 0 measures: arena_alloc() returns NULL but counts.  Running the same set-up
 * code over a measuring arena and then over a real one gives the exact size first, and lets `plan`
 * tell the memory of a model without allocating it. */
#ifndef GLU_UTIL_ARENA_H
#define GLU_UTIL_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena {
    char *base;        /* NULL while measuring */
    size_t size_bytes; /* 0 while measuring */
    size_t used_bytes;
    bool overflow; /* a size did not fit size_t, or a real arena ran out */
};

/* a * b in *product; -1 (and an error message) when it does not fit. */
int size_multiply(size_t a, size_t b, size_t *product);

/* Start measuring. */
void arena_measure(struct arena *arena);

/* Get `bytes` of zeroed memory, on huge pages where the kernel gives them.  0, or -1 when the
 * memory is not to be had. */
int arena_open(struct arena *arena, size_t bytes);

/* `count` objects of `size` bytes, aligned to 64 bytes and zeroed on a fresh arena.  NULL while
 * measuring; NULL and `overflow` set when a real arena is too small or the size overflows. */
void *arena_alloc(struct arena *arena, size_t count, size_t size);

/* Give the same again from a former used_bytes on: to somebody who makes the same calls. */
void arena_again(struct arena *arena, size_t used_bytes);

/* Unmap, or keep a small mapping for the next arena of its size; this one measures again afterwards.  Accepts an
 * arena that was never opened. */
void arena_close(struct arena *arena);

#endif
