/* crew.c - see crew.h. */
#include "src/glu.h"

#include "src/nn/crew.h"

#include <sched.h>

/* Members come within microseconds of each other, unless there are more threads than cores. */
enum { SPINS = 2000 };

void crew_open(struct crew *crew, int size)
{
    crew->size = size;
    atomic_init(&crew->there, 0);
    atomic_init(&crew->rounds, 0);
    crew->gains = NULL;
    crew->scalars = NULL;
}

void crew_alloc(struct crew *crew, struct arena *arena, int columns)
{
    if (crew->size == 1)
        return;
    crew->gains = arena_alloc(arena, (size_t)crew->size * (size_t)columns, sizeof *crew->gains);
    crew->scalars =
        arena_alloc(arena, (size_t)crew->size * CREW_SCALARS, sizeof *crew->scalars);
}

void crew_wait(struct crew *crew)
{
    unsigned round = atomic_load_explicit(&crew->rounds, memory_order_relaxed);

    if (crew->size == 1)
        return;
    if (atomic_fetch_add_explicit(&crew->there, 1, memory_order_acq_rel) + 1 == crew->size) {
        atomic_store_explicit(&crew->there, 0, memory_order_relaxed);
        atomic_store_explicit(&crew->rounds, round + 1, memory_order_release);
        return;
    }
    for (int spins = 0; atomic_load_explicit(&crew->rounds, memory_order_acquire) == round; spins++)
        if (spins >= SPINS)
            sched_yield();
}

struct share crew_share(int whole, int part, int parts)
{
    int first = (int)((int64_t)whole * part / parts);

    return (struct share){first, (int)((int64_t)whole * (part + 1) / parts) - first};
}

struct share crew_share_of_example(struct share rows, int i, int length)
{
    int start = i * length, first = rows.first > start ? rows.first - start : 0;
    int end = rows.first + rows.count - start;

    end = end < length ? end : length;
    return (struct share){first, end > first ? end - first : 0};
}
