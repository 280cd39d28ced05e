/* kernels_math.h - elementary functions of the kernels and of the activations' vector forms, of a LANE each and
 * free of branches.  In f32 they are within a few units of the last place; where LANE is a vector of bf16, they
 * may be wrong by a tenth of what bf16 tells apart.  kernels_typed.h includes this once per type. */

/* exp(x) for |x| <= 60, and exp(+-60) beyond: next to a sum of 1 or more that is 0 and infinity,
 * and its products stay clear of the denormals, which cost a hundred cycles each.  2^n times a
 * polynomial of degree 6 on [-ln 2 / 2, ln 2 / 2] (Chebyshev fit, relative error 4e-9). */
struct T(exp_parts) {
    LANE scale, r, rest; /* exp(x) = scale (rest + r + 1), rest nearly r^2 / 2 */
};

#ifdef HAS_LANES

/* The integer next to x, and 2 to the power of it. */
static inline LANE T(nearest)(LANE x, LANE *power)
{
    LANE n = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT);

    *power = _mm512_scalef_ps(_mm512_set1_ps(1.0f), n);
    return n;
}

#else

static inline LANE T(nearest)(LANE x, LANE *power)
{
    const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
    union {
        float f;
        int32_t i;
    } word;
    float n = x + magic;

    word.f = n;
    word.i = (int32_t)((uint32_t)word.i << 23) + 0x3f800000;
    *power = word.f;
    return n - magic;
}

#endif

static inline struct T(exp_parts) T(exp_parts)(LANE x)
{
    LANE n, r, p, scale;

    x = ABOVE(-60.0f, x, -60.0f, x);
    x = ABOVE(x, 60.0f, 60.0f, x);
    n = T(nearest)(x * 1.44269504f, &scale);
    r = x - n * 0.693145752f;
    r = r - n * 1.42860677e-6f;
    p = 1.375140789e-03f * r + 8.368916341e-03f;
    p = p * r + 4.166953311e-02f;
    p = p * r + 1.666651846e-01f;
    p = p * r + 4.999998860e-01f;
    return (struct T(exp_parts)){scale, r, p * r * r};
}

#ifdef HAS_LANES

static inline LANE T(exp)(LANE x)
{
    return T(words_exp)(_mm512_min_ps(_mm512_set1_ps(60.0f), x));
}

#else

static inline LANE T(exp)(LANE x)
{
    struct T(exp_parts) e = T(exp_parts)(x);

    return (e.rest + e.r + 1.0f) * e.scale;
}

#endif

/* exp(x), and where x <= 0 also exp(x) - 1 and exp(x) - 1 - x without cancellation near 0. */
struct T(exponential) {
    LANE value, less_1, less_line;
};

static inline struct T(exponential) T(exponential)(LANE x)
{
    struct T(exp_parts) e = T(exp_parts)(x);
    LANE below = e.scale - 1.0f;

    return (struct T(exponential)){(e.rest + e.r + 1.0f) * e.scale, e.scale * (e.rest + e.r) + below,
                                   e.scale * e.rest + (e.scale * e.r - x + below)};
}

struct T(sigmoid) {
    LANE s, rest; /* sigmoid(x), 1 - sigmoid(x): the latter without cancellation */
};

static inline struct T(sigmoid) T(sigmoid)(LANE x)
{
    LANE e = T(exp)(-x), s = RECIPROCAL(1.0f + e);

    return (struct T(sigmoid)){s, e * s};
}

/* log(1 + exp(x)): log(1 + e) is 2 atanh(e / (2 + e)), of which the square is at most 1/9 for e <= 1
 * (Chebyshev fit, relative error 8e-9). */
static inline LANE T(softplus)(LANE x)
{
    LANE e = T(exp)(-MAGNITUDE(x)), s = e / (2.0f + e), z = s * s, p;

    p = 1.407888979e-01f * z + 1.398257911e-01f;
    p = p * z + 2.001229823e-01f;
    p = p * z + 3.333316147e-01f;
    return ABOVE(x, 0.0f, x, 0.0f) + 2.0f * (s * z * p + s);
}

/* (atan(z) / z - 1) / z^2 for w = z^2 <= 1 (Chebyshev fit of atan, relative error 4e-9). */
static inline LANE T(atan_bend)(LANE w)
{
    LANE p = 1.057607355e-03f * w - 7.030669134e-03f;

    p = p * w + 2.191294543e-02f;
    p = p * w - 4.392841086e-02f;
    p = p * w + 6.685281545e-02f;
    p = p * w - 8.785042912e-02f;
    p = p * w + 1.105077118e-01f;
    p = p * w - 1.427857578e-01f;
    p = p * w + 1.999955773e-01f;
    p = p * w - 3.333332241e-01f;
    return p;
}

/* erfc(z) exp(z^2) for z >= 0: t times a polynomial in t = 1 / (1 + 0.4 z), fitted on z <= 10
 * (relative error 7e-8, of a vector of bf16 2e-4; the product with exp(-z^2) is 0 beyond). */
static inline LANE T(erfcx)(LANE z)
{
    LANE t = RECIPROCAL(1.0f + 0.4f * z), p;

#ifdef HAS_LANES
    p = 1.0710901e-01f * t + 3.1921179e-01f;
    p = p * t + 9.298228e-02f;
    p = p * t + 2.5833959e-01f;
    p = p * t + 2.2254102e-01f;
#else
    p = 4.194180337e-02f * t - 1.435891295e-01f;
    p = p * t + 9.055944200e-02f;
    p = p * t + 8.068357269e-02f;
    p = p * t + 8.460270064e-02f;
    p = p * t + 1.914151358e-01f;
    p = p * t + 2.023696410e-01f;
    p = p * t + 2.263791328e-01f;
    p = p * t + 2.256377676e-01f;
#endif
    return p * t;
}
