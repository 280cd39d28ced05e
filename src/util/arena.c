/* arena.c - see arena.h. */
#include "src/glu.h"

#include "src/util/arena.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64, HUGE_PAGE_BYTES = 2 << 20 };

/* Mappings of small arenas that were closed, for the next ones of their size: pages that are there are cleared
 * faster than the kernel finds and clears new ones.  Large ones go back: other programs may want them. */
enum { KEPT = 2, KEPT_BYTES = 32 << 20 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct arena kept[KEPT]; /* base and size_bytes, under the lock */

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

/* One of that size that was kept, or NULL. */
static char *take_kept(size_t bytes)
{
    char *base = NULL;

    pthread_mutex_lock(&lock);
    for (int i = 0; i < KEPT && !base; i++)
        if (kept[i].base && kept[i].size_bytes == bytes) {
            base = kept[i].base;
            kept[i].base = NULL;
        }
    pthread_mutex_unlock(&lock);
    return base;
}

/* In the place of what was kept longest; *arena becomes that. */
static void keep(struct arena *arena)
{
    struct arena last;

    pthread_mutex_lock(&lock);
    last = kept[KEPT - 1];
    memmove(kept + 1, kept, (KEPT - 1) * sizeof *kept);
    kept[0] = *arena;
    pthread_mutex_unlock(&lock);
    *arena = last;
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
        keep(arena);
    if (arena->base)
        munmap(arena->base, arena->size_bytes);
    arena_measure(arena);
}
