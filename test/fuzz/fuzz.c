/* fuzz.c - see fuzz.h. */
#include "src/glu.h"

#include "test/fuzz/fuzz.h"
#include "test/tap.h"

#include <stdlib.h>

#define DECLARE(target) int fuzz_##target(const uint8_t *data, size_t size);
#define ROW(target) {#target, fuzz_##target},
FUZZ_TARGETS(DECLARE)
const struct fuzz_target fuzz_targets[] = {FUZZ_TARGETS(ROW)};
const int fuzz_target_count = LENGTH_OF(fuzz_targets);

int fuzz_feed(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    int status = target->feed(data, size);

    fuzz_check(status == 0 || err_get()[0], "what is refused has a message");
    err_set("%s", "");
    warn_clear();
    return status;
}

void fuzz_check(bool kept, const char *promise)
{
    if (kept)
        return;
    fprintf(stderr, "broken promise: %s\nmessage: %s\n", promise, err_get());
    abort();
}

FILE *fuzz_sink(void)
{
    static FILE *sink;

    if (!sink && !(sink = fopen("/dev/null", "w")))
        tap_bail_out("cannot open /dev/null");
    return sink;
}
