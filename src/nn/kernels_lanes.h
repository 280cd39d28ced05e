/* kernels_lanes.h - what the activations are computed in, and what else becomes numbers of the type.
 * kernels_typed.h includes this once per type.
 *
 * LANE is a float, of whose loops the compiler makes vectors; or, in bf16 where hardware rounds to it, a vector
 * of its own: there the conversions of a compiler that knows no bf16 take longer than the activations.
 *
 *     AS_LANE(x)             a number for all, or one of each
 *     ABOVE(x, y, yes, no)   x > y ? yes : no
 *     MAGNITUDE(x)           |x|
 *     RECIPROCAL(x)          1 / x, to what the type tells apart
 *     EACH(i, from, to)      a loop over elements, a LANE at a time
 *     EACH_SUM(i, from, to, sums...)   one that adds to sums, each a LANE
 *     GET(p, i, to)          elements of the type, from i on; 0 behind the last
 *     PUT(p, i, to, x)       likewise
 *     GET_F32(p, i, to)      of floats
 *     PUT_F32(p, i, to, x)
 *     TOTAL(sum)             of a LANE, a float */

#ifdef HAS_LANES

#define LANE __m512

static inline LANE T(fill)(float x)
{
    return _mm512_set1_ps(x);
}

static inline LANE T(same)(LANE x)
{
    return x;
}

#define AS_LANE(x) _Generic((x), float: T(fill), default: T(same))(x)

static inline LANE T(above)(LANE x, LANE y, LANE yes, LANE no)
{
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, y, _CMP_GT_OQ), no, yes);
}

/* Of the `left` elements from p on, LANES at most.  A mask makes a store of all of them slower. */
static inline LANE T(get_lanes)(const STORAGE *p, int64_t left)
{
    __m256i words = left >= LANES ? _mm256_loadu_si256((const void *)p)
                                  : _mm256_maskz_loadu_epi16(lanes_seen(left, 0), p);

    return (LANE)_mm512_slli_epi32(_mm512_cvtepu16_epi32(words), 16);
}

static inline void T(put_lanes)(STORAGE *p, int64_t left, LANE x)
{
    __m256i words = (__m256i)_mm512_cvtneps_pbh(x);

    if (left >= LANES)
        _mm256_storeu_si256((void *)p, words);
    else
        _mm256_mask_storeu_epi16(p, lanes_seen(left, 0), words);
}

static inline LANE T(get_floats)(const float *p, int64_t left)
{
    return left >= LANES ? _mm512_loadu_ps(p) : _mm512_maskz_loadu_ps(lanes_seen(left, 0), p);
}

static inline void T(put_floats)(float *p, int64_t left, LANE x)
{
    if (left >= LANES)
        _mm512_storeu_ps(p, x);
    else
        _mm512_mask_storeu_ps(p, lanes_seen(left, 0), x);
}

#define ABOVE(x, y, yes, no) T(above)(AS_LANE(x), AS_LANE(y), AS_LANE(yes), AS_LANE(no))
#define MAGNITUDE(x) _mm512_abs_ps(x)
#define RECIPROCAL(x) _mm512_rcp14_ps(x)
#define EACH(i, from, to) for (int64_t i = (from); i < (to); i += LANES)
#define EACH_SUM(i, from, to, ...) EACH(i, from, to)
#define GET(p, i, to) T(get_lanes)((const STORAGE *)(p) + (i), (to) - (i))
#define PUT(p, i, to, x) T(put_lanes)((STORAGE *)(p) + (i), (to) - (i), AS_LANE(x))
#define GET_F32(p, i, to) T(get_floats)((p) + (i), (to) - (i))
#define PUT_F32(p, i, to, x) T(put_floats)((p) + (i), (to) - (i), x)
#define TOTAL(sum) _mm512_reduce_add_ps(sum)

#else

#define LANE float
#define AS_LANE(x) (x)
#define PRAGMA(text) _Pragma(#text)
#define ABOVE(x, y, yes, no) ((x) > (y) ? (yes) : (no))
#define MAGNITUDE(x) fabsf(x)
#define RECIPROCAL(x) (1.0f / (x))
#define EACH(i, from, to) PRAGMA(omp simd) for (int64_t i = (from); i < (to); i++)
#define EACH_SUM(i, from, to, ...)                                                                 \
    PRAGMA(omp simd reduction(+ : __VA_ARGS__)) for (int64_t i = (from); i < (to); i++)
#define GET(p, i, to) LOAD(p, i)
#define PUT(p, i, to, x) STORE(p, i, x)
#define GET_F32(p, i, to) ((p)[i])
#define PUT_F32(p, i, to, x) ((p)[i] = (x))
#define TOTAL(sum) (sum)

#endif
