/* test-util.c - the small helpers: lists that grow, ends of names, clocks. */
#include "src/glu.h"

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

int main(void)
{
    tap_plan(8);
    test_list();
    test_ends();
    test_clocks();
    return tap_status();
}
