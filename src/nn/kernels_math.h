/* kernels_math.h - elementary functions of the kernels and of the activations' vector forms, within a
 * few units of the last place and free of branches, so that a loop over them becomes vectors. */
#ifndef GLU_NN_KERNELS_MATH_H
#define GLU_NN_KERNELS_MATH_H

#include <stdint.h>

/* exp(x) for |x| <= 60, and exp(+-60) beyond: next to a sum of 1 or more that is 0 and infinity,
 * and its products stay clear of the denormals, which cost a hundred cycles each.  2^n times a
 * polynomial of degree 6 on [-ln 2 / 2, ln 2 / 2] (Chebyshev fit, relative error 4e-9). */
static inline float exp_f(float x)
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
    p = p * r * r + r + 1.0f;
    return p * scale.f;
}

struct sigmoid {
    float s, rest; /* sigmoid(x), 1 - sigmoid(x): the latter without cancellation */
};

static inline struct sigmoid sigmoid_f(float x)
{
    float e = exp_f(-x), s = 1.0f / (1.0f + e);

    return (struct sigmoid){s, e * s};
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
