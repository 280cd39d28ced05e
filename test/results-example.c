/* results-example.c - write a made-up results file: results-example SEEDS KIND FILE.
 * SEEDS is N or FIRST-LAST; KIND is plain, alike, reversed, winner, worse, diverged, bare, slope,
 * flat, scores or glue. */
#include "src/glu.h"

#include "test/results-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    int flags;
} kinds[] = {
    {"plain", 0},
    {"alike", FIXTURE_ALIKE},
    {"reversed", FIXTURE_REVERSED},
    {"winner", FIXTURE_WINNER},
    {"worse", FIXTURE_WORSE},
    {"diverged", FIXTURE_DIVERGED},
    {"bare", FIXTURE_NO_EXAMPLES | FIXTURE_NO_SPEED},
    {"slope", FIXTURE_SLOPE},
    {"flat", FIXTURE_FLAT},
    {"scores", FIXTURE_SCORES},
    {"glue", FIXTURE_GLUE},
};

int main(int argc, char **argv)
{
    int first = 1, last, rc;
    size_t kind = 0;
    json_t *document;

    if (argc != 4) {
        fputs("usage: results-example SEEDS KIND FILE\n", stderr);
        return 2;
    }
    if (sscanf(argv[1], "%d-%d", &first, &last) != 2) {
        last = atoi(argv[1]);
        first = 1;
    }
    while (kind < LENGTH_OF(kinds) && strcmp(kinds[kind].name, argv[2]) != 0)
        kind++;
    if (kind == LENGTH_OF(kinds) || first < 0 || last < first || last - first >= 12) {
        fputs("results-example: no such kind, or not 1 to 12 seeds\n", stderr);
        return 2;
    }
    document = fixture_document(first, last - first + 1, kinds[kind].flags);
    rc = results_write(argv[3], document);
    json_decref(document);
    if (rc != 0)
        fprintf(stderr, "results-example: %s\n", err_get());
    return rc != 0;
}
