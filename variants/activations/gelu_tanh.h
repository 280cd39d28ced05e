/* gelu_tanh.h - GELU's approximation x/2 (1 + tanh(u)), u = sqrt(2 / pi) (x + 0.044715 x^3).
 *
 * x/2 (1 + tanh(u)) is x sigmoid(2 u), which has no cancellation. */
ACTIVATION(ACT_GELU_TANH, gelu_tanh, .parameters = 0,
           .hf_names = {{"gelu_new", 0, 0}, {"gelu_pytorch_tanh", 0, 0}, {"gelu_python_tanh", 0, 0},
                        {"gelu_fast", 0, 0}, {"gelu_accurate", 0, 0}})
ACTIVATION_FUSED(ACT_GELU_TANH, gelu_tanh)
ACTIVATION_ONEDNN(ACT_GELU_TANH, dnnl_eltwise_gelu_tanh, alpha, beta)

#ifdef ACTIVATION_SCALAR

static const double sqrt_2_over_pi = 0.79788456080286535588;

/* 2 u. */
static double gelu_tanh_argument(double x)
{
    return 2.0 * sqrt_2_over_pi * x * (1.0 + 0.044715 * x * x);
}

SCALAR_VALUE(gelu_tanh)
{
    return damped(x, sigmoid(gelu_tanh_argument(x)));
}

SCALAR_SLOPE(gelu_tanh)
{
    double z = gelu_tanh_argument(x);
    double dz = 2.0 * sqrt_2_over_pi * (1.0 + 3.0 * 0.044715 * x * x);

    return sigmoid(z) + damped(sigmoid_slope(z), x * dz);
}

#endif
#ifdef ACTIVATION_VECTOR

VECTOR_SLOPE(gelu_tanh)
{
    struct T(sigmoid) g = T(sigmoid)(1.59576912f * x * (1.0f + 0.044715f * x * x));
    LANE inner = 1.59576912f * (1.0f + 0.134145f * x * x);

    return (struct T(value_slope)){x * g.s, g.s + x * g.s * g.rest * inner};
}

VECTOR_VALUE(gelu_tanh)
{
    return T(slope_gelu_tanh)(x, alpha, beta).value;
}

#endif
