/* test-util.c - the small helpers: lists that grow, ends of names, clocks, arenas. */
#include "src/glu.h"

#include "src/util/arena.h"
#include "src/util/clock.h"
#include "src/util/ends_with.h"
#include "src/util/list.h"
#include "test/tap.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static void test_list(void)
{
    enum { ITEMS = 1000 };
    int *list = NULL, room = 0, moves = 0;
    bool kept = true, enough = true;

    for (int count = 0; count < ITEMS; count++) {
        int before = room, *grown = list_grow(list, count, &room, sizeof *list);

        if (!grown)
            tap_bail_out("%s", err_get());
        moves += room != before;
        enough = enough && count < room;
        list = grown;
        list[count] = count;
    }
    for (int i = 0; i < ITEMS; i++)
        kept = kept && list[i] == i;
    tap_ok(kept && enough, "list: %d items, all there", ITEMS);
    tap_ok(moves < 10, "list: it grows by more than one: %d times", moves);

    tap_ok(!list_grow(list, room, &room, SIZE_MAX / 4) && strcmp(err_get(), "out of memory") == 0 &&
               list[ITEMS - 1] == ITEMS - 1,
           "list: one that does not fit is refused, and the old one stays");
    room = INT_MAX;
    tap_ok(!list_grow(list, INT_MAX, &room, 1) && room == INT_MAX, "list: nor one of more than int");
    free(list);
}

static void test_ends(void)
{
    tap_ok(ends_with("a.json", ".json") && ends_with(".json", ".json") && ends_with("a", ""),
           "ends: what ends so");
    tap_ok(!ends_with("a.jso", ".json") && !ends_with("json", ".json") && !ends_with("", ".json") &&
               !ends_with("a.json.tmp", ".json"),
           "ends: what does not");
}

static void test_clocks(void)
{
    double now_s = clock_now_s(), process_s = clock_process_s(), last_s = now_s;
    bool forward = true;

    while (clock_process_s() < process_s + 0.01) {
        double next_s = clock_now_s();

        forward = forward && next_s >= last_s;
        last_s = next_s;
    }
    tap_ok(forward, "clocks: never back");
    tap_ok(last_s > now_s, "clocks: work takes time");
}

/* Arenas open and close, of sizes that are kept for the next and that are not: each is zeroed, whatever the one
 * before it left. */
static void test_arenas(void)
{
    static const size_t sizes[] = {1, 5 << 20, 5 << 20, 3 << 20, 5 << 20, 1, 40 << 20, 40 << 20, 3 << 20};
    struct arena arena, other;
    size_t wrong = 0;

    arena_measure(&arena);
    arena_close(&arena);
    for (size_t s = 0; s < LENGTH_OF(sizes); s++) {
        unsigned char *x, *y;

        if (arena_open(&arena, sizes[s]) || arena_open(&other, sizes[s]))
            tap_bail_out("%s", err_get());
        x = arena_alloc(&arena, sizes[s], 1);
        y = arena_alloc(&other, sizes[s], 1);
        if (!x || !y)
            tap_bail_out("no memory of an open arena");
        for (size_t i = 0; i < sizes[s]; i++)
            wrong += x[i] != 0;
        memset(x, 1, sizes[s]);
        for (size_t i = 0; i < sizes[s]; i++)
            wrong += y[i] != 0;
        memset(y, 2, sizes[s]);
        wrong += x[0] != 1 || x[sizes[s] - 1] != 1;
        arena_close(&arena);
        arena_close(&other);
    }
    tap_ok(wrong == 0, "arenas: zeroed and apart, however often they are opened");
    tap_ok(arena_open(&arena, SIZE_MAX - 1) != 0 && !arena.base, "arenas: one of more than there is is refused");
}

int main(void)
{
    tap_plan(10);
    test_list();
    test_ends();
    test_clocks();
    test_arenas();
    return tap_status();
}
