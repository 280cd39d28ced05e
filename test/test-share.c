/* test-share.c - the runs of a study in parts. */
#include "src/glu.h"

#include "src/study/share.h"
#include "test/tap.h"

/* Do the parts follow each other through all runs, none longer by two than another, the longer first? */
static bool is_balanced(int64_t count, int64_t cells)
{
    int64_t next = 0, before = count;

    for (int64_t cell = 1; cell <= cells; cell++) {
        int64_t begin, end;

        share_of(count, cell, cells, &begin, &end);
        if (begin != next || end - begin > before || end - begin < count / cells)
            return false;
        before = end - begin;
        next = end;
    }
    return next == count;
}

int main(void)
{
    bool balanced = true;
    int64_t begin, end;

    tap_plan(4);
    for (int64_t count = 1; count <= 30; count++)
        for (int64_t cells = 1; cells <= 40; cells++)
            balanced = balanced && is_balanced(count, cells);
    tap_ok(balanced, "parts: all runs, each once, in balance");
    share_of(24, 5, 24, &begin, &end);
    tap_ok(begin == 4 && end == 5, "parts: as many as runs, a run each");
    share_of(3, 4, 9, &begin, &end);
    tap_ok(begin == end, "parts: more than runs, the last ones empty");
    share_of(INT64_C(100000000), INT64_MAX, INT64_MAX, &begin, &end);
    tap_ok(begin == end && end == 100000000, "parts: as many as there can be");
    return tap_status();
}
