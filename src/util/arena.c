/* arena.c - see arena.h. */
#include "src/glu.h"

#include "src/util/arena.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64, HUGE_PAGE_BYTES = 2 << 20 };

int size_multiply(size_t a, size_t b, size_t *product)
{
    if (__builtin_mul_overflow(a, b, product))
        return err_set("a size of %zu times %zu does not fit this machine's memory", a, b);
    return 0;
}

void arena_measure(struct arena *arena)
{
    memset(arena, 0, sizeof *arena);
}

int arena_open(struct arena *arena, size_t bytes)
{
    void *base;

    arena_measure(arena);
    if (bytes > SIZE_MAX - HUGE_PAGE_BYTES)
        return err_set("%zu bytes do not fit this machine's memory", bytes);
    bytes = (bytes + HUGE_PAGE_BYTES - 1) / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
    base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return err_set("cannot get %.1f MiB of memory: %s (try a smaller " FIELD("batch")
                       " or model)",
                       (double)bytes / (1 << 20), strerror(errno));
#ifdef MADV_HUGEPAGE
    (void)madvise(base, bytes, MADV_HUGEPAGE); /* a wish: small pages work too */
#endif
    arena->base = base;
    arena->size_bytes = bytes;
    return 0;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
    size_t bytes, offset = arena->used_bytes;

    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2 - ALIGNMENT - offset) {
        arena->overflow = true;
        return NULL;
    }
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (arena->base && offset + bytes > arena->size_bytes) {
        arena->overflow = true;
        return NULL;
    }
    arena->used_bytes = offset + bytes;
    return arena->base ? arena->base + offset : NULL;
}

void arena_again(struct arena *arena, size_t used_bytes)
{
    arena->used_bytes = used_bytes;
}

void arena_close(struct arena *arena)
{
    if (arena->base)
        munmap(arena->base, arena->size_bytes);
    arena_measure(arena);
}
