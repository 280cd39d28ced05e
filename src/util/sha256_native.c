/* sha256_native.c - SHA-256 by x86-64's instructions for it; see sha256_blocks.h.
 *
 * They keep the eight words of the state in two registers, A B E F and C D G H from the top, do two
 * rounds at once, and leave four words of the message schedule to one pair of instructions. */
#include "src/glu.h"

#include "src/util/sha256_blocks.h"

#if defined __x86_64__ && defined __GNUC__

#include <cpuid.h>
#include <immintrin.h>

#define NATIVE __attribute__((target("sha,sse4.1,ssse3")))

/* Four rounds on message words that the round constants were added to. */
NATIVE static inline void four_rounds(__m128i *abef, __m128i *cdgh, __m128i words)
{
    *cdgh = _mm_sha256rnds2_epu32(*cdgh, *abef, words);
    *abef = _mm_sha256rnds2_epu32(*abef, *cdgh, _mm_shuffle_epi32(words, 0x0e));
}

/* The four words of the schedule that follow sixteen. */
NATIVE static inline __m128i next_words(__m128i a, __m128i b, __m128i c, __m128i d)
{
    __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(a, b), _mm_alignr_epi8(d, c, 4));

    return _mm_sha256msg2_epu32(sum, d);
}

NATIVE static void native_blocks(uint32_t state[8], const uint8_t *data, size_t blocks)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    const __m128i *constants = (const __m128i *)sha256_round_constants;
    __m128i dcba = _mm_loadu_si128((const __m128i *)state);
    __m128i hgfe = _mm_loadu_si128((const __m128i *)(state + 4));
    __m128i cdab = _mm_shuffle_epi32(dcba, 0xb1), efgh = _mm_shuffle_epi32(hgfe, 0x1b);
    __m128i abef = _mm_alignr_epi8(cdab, efgh, 8), cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);

    for (; blocks > 0; blocks--, data += SHA256_BLOCK_BYTES) {
        const __m128i abef_before = abef, cdgh_before = cdgh;
        __m128i words[4];

        for (int i = 0; i < 4; i++) {
            words[i] = _mm_loadu_si128((const __m128i *)data + i);
            words[i] = _mm_shuffle_epi8(words[i], big_endian);
            four_rounds(&abef, &cdgh, _mm_add_epi32(words[i], _mm_loadu_si128(constants + i)));
        }
        for (int i = 4; i < SHA256_ROUNDS / 4; i += 4)
            for (int j = 0; j < 4; j++) {
                words[j] = next_words(words[j], words[(j + 1) % 4], words[(j + 2) % 4],
                                      words[(j + 3) % 4]);
                four_rounds(&abef, &cdgh,
                            _mm_add_epi32(words[j], _mm_loadu_si128(constants + i + j)));
            }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    efgh = _mm_shuffle_epi32(abef, 0x1b); /* now F E B A and so on, back into order */
    cdab = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(efgh, cdab, 0xf0));
    _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(cdab, efgh, 8));
}

sha256_blocks_fn *sha256_blocks_native(void)
{
    unsigned a, b, c, d, more;

    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1))
        return NULL;
    if (!__get_cpuid_count(7, 0, &a, &more, &c, &d) || !(more & bit_SHA))
        return NULL;
    return native_blocks;
}

#else

sha256_blocks_fn *sha256_blocks_native(void)
{
    return NULL;
}

#endif
