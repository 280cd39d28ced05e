/* arena.c - see arena.h. */
#include "src/glu.h"

#include "src/util/arena.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64, HUGE_PAGE_BYTES = 2 << 20 };

/* The mapping of a small arena that was closed, for the next one if it is of the same size: pages that are there are
 * cleared faster than the kernel finds and clears new ones.  Of another size it goes back, as a large one does: no
 * run's memory is counted with that of the one before it. */
enum { KEPT_BYTES = 32 << 20 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct arena kept; /* base and size_bytes, under the lock */

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

/* Keep this arena's mapping, or none, in the place of what was kept, which it becomes. */
static void exchange(struct arena *arena)
{
    struct arena before;

    pthread_mutex_lock(&lock);
    before = kept;
    kept = *arena;
    pthread_mutex_unlock(&lock);
    *arena = before;
}

static void unmap(struct arena *arena)
{
    if (arena->base)
        munmap(arena->base, arena->size_bytes);
    arena_measure(arena);
}

/* The mapping of that size that was kept, or NULL. */
static char *take_kept(size_t bytes)
{
    struct arena arena;

    arena_measure(&arena);
    exchange(&arena);
    if (arena.size_bytes == bytes)
        return arena.base;
    unmap(&arena);
    return NULL;
}

static void *map(size_t bytes)
{
    void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (base == MAP_FAILED)
        return NULL;
#ifdef MADV_HUGEPAGE
    (void)madvise(base, bytes, MADV_HUGEPAGE); /* a wish: small pages work too */
#endif
    return base;
}

int arena_open(struct arena *arena, size_t bytes)
{
    char *base;

    arena_measure(arena);
    if (bytes > SIZE_MAX - HUGE_PAGE_BYTES)
        return err_set("%zu bytes do not fit this machine's memory", bytes);
    bytes = (bytes + HUGE_PAGE_BYTES - 1) / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
    base = take_kept(bytes);
    if (base)
        memset(base, 0, bytes);
    else if (!(base = map(bytes)))
        return err_set("cannot get %.1f MiB of memory: %s (try a smaller " FIELD("batch")
                       " or model)",
                       (double)bytes / (1 << 20), strerror(errno));
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
    if (arena->base && arena->size_bytes <= KEPT_BYTES)
        exchange(arena);
    unmap(arena);
}
