/* dropout.c - see dropout.h. */
#include "src/glu.h"

#include "src/nn/dropout.h"

#include "src/util/rng.h"

/* A stream of random words for each (layer, site, example); a step's columns begin at its own
 * position.  No layer has more columns than the 2^32 between two steps. */
enum { SITE_BITS = 3 };

_Static_assert(DROPOUT_SITES <= 1 << SITE_BITS, "a site fits its bits of the lane");

void dropout_mask(const struct dropout *dropout, enum dropout_site site, int example, int columns,
                  float *mask)
{
    uint32_t place = (uint32_t)dropout->layer << SITE_BITS | (uint32_t)site;
    uint32_t lane = place << DROPOUT_EXAMPLE_BITS | (uint32_t)(dropout->example + example);
    uint32_t limit = (uint32_t)(dropout->rate * 0x1p32); /* words below it drop */
    float kept = (float)(1.0 / (1.0 - dropout->rate));
    struct rng rng;

    rng_start(&rng, dropout->seed, RNG_DROPOUT, lane);
    rng.position = (uint64_t)dropout->step << 32;
    for (int i = 0; i < columns; i++)
        mask[i] = rng_u32(&rng) < limit ? 0.0f : kept;
}
