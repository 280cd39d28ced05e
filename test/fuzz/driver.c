/* driver.c - the targets for clang's libFuzzer: FUZZ_TARGET=NAME fuzz-driver [libFuzzer's options].
 * Without FUZZ_TARGET it lists them. */
#include "src/glu.h"

#include "test/fuzz/fuzz.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const struct fuzz_target *target;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *name = getenv("FUZZ_TARGET");

    (void)argc;
    (void)argv;
    for (int i = 0; i < fuzz_target_count; i++) {
        if (!name)
            puts(fuzz_targets[i].name);
        else if (strcmp(fuzz_targets[i].name, name) == 0)
            target = &fuzz_targets[i];
    }
    if (!target) {
        if (name)
            fprintf(stderr, "fuzz-driver: there is no target %s\n", name);
        exit(name ? 2 : 0);
    }
    json_object_seed(1); /* the same input takes the same way every time */
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_feed(target, data, size);
    return 0;
}
