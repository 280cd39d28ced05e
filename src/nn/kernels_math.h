/* kernels_math.h - elementary functions of the kernels and of the activations' vector forms, within a
 * few units of the last place and free of branches, so that a loop over them becomes vectors. */
#ifndef GLU_NN_KERNELS_MATH_H
#define GLU_NN_KERNELS_MATH_H

#include <math.h>
#include <stdint.h>

/* exp(x) for |x| <= 60, and exp(+-60) beyond: next to a sum of 1 or more that is 0 and infinity,
 * and its products stay clear of the denormals, which cost a hundred cycles each.  2^n times a
 * polynomial of degree 6 on [-ln 2 / 2, ln 2 / 2] (Chebyshev fit, relative error 4e-9). */
struct exp_parts {
    float scale, r, rest; /* exp(x) = scale (rest + r + 1), rest nearly r^2 / 2 */
};

static inline struct exp_parts exp_parts_f(float x)
{
    const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
    float n, r, p;
    union {
        float f;
        int32_t i;
    } scale;

    x = x < -60.0f ? -60.0f : x;
    x = x > 60.0f ? 60.0f : x;
    n = x * 1.44269504f + magic;
    scale.f = n;
    scale.i = (int32_t)((uint32_t)scale.i << 23) + 0x3f800000;
    n -= magic;
    r = x - n * 0.693145752f;
    r = r - n * 1.42860677e-6f;
    p = 1.375140789e-03f;
    p = p * r + 8.368916341e-03f;
    p = p * r + 4.166953311e-02f;
    p = p * r + 1.666651846e-01f;
    p = p * r + 4.999998860e-01f;
    return (struct exp_parts){scale.f, r, p * r * r};
}

static inline float exp_f(float x)
{
    struct exp_parts e = exp_parts_f(x);

    return (e.rest + e.r + 1.0f) * e.scale;
}

/* exp(x), and where x <= 0 also exp(x) - 1 and exp(x) - 1 - x without cancellation near 0. */
struct exponential {
    float value, less_1, less_line;
};

static inline struct exponential exponential_f(float x)
{
    struct exp_parts e = exp_parts_f(x);
    float below = e.scale - 1.0f;

    return (struct exponential){(e.rest + e.r + 1.0f) * e.scale, e.scale * (e.rest + e.r) + below,
                                e.scale * e.rest + (e.scale * e.r - x + below)};
}

struct sigmoid {
    float s, rest; /* sigmoid(x), 1 - sigmoid(x): the latter without cancellation */
};

static inline struct sigmoid sigmoid_f(float x)
{
    float e = exp_f(-x), s = 1.0f / (1.0f + e);

    return (struct sigmoid){s, e * s};
}

/* log(1 + exp(x)): log(1 + e) is 2 atanh(e / (2 + e)), of which the square is at most 1/9 for e <= 1
 * (Chebyshev fit, relative error 8e-9). */
static inline float softplus_f(float x)
{
    float e = exp_f(-fabsf(x)), s = e / (2.0f + e), z = s * s, p;

    p = 1.407888979e-01f;
    p = p * z + 1.398257911e-01f;
    p = p * z + 2.001229823e-01f;
    p = p * z + 3.333316147e-01f;
    return (x > 0.0f ? x : 0.0f) + 2.0f * (s * z * p + s);
}

/* (atan(z) / z - 1) / z^2 for w = z^2 <= 1 (Chebyshev fit of atan, relative error 4e-9). */
static inline float atan_bend_f(float w)
{
    float p = 1.057607355e-03f;

    p = p * w - 7.030669134e-03f;
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
 * (relative error 7e-8; the product with exp(-z^2) is 0 beyond). */
static inline float erfcx_f(float z)
{
    float t = 1.0f / (1.0f + 0.4f * z), p;

    p = 4.194180337e-02f;
    p = p * t - 1.435891295e-01f;
    p = p * t + 9.055944200e-02f;
    p = p * t + 8.068357269e-02f;
    p = p * t + 8.460270064e-02f;
    p = p * t + 1.914151358e-01f;
    p = p * t + 2.023696410e-01f;
    p = p * t + 2.263791328e-01f;
    p = p * t + 2.256377676e-01f;
    return p * t;
}

#endif
