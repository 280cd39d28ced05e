/* kernels_select.c - which of the compiled kernel sets this CPU runs. */
#include "src/glu.h"

#include "src/nn/kernels.h"

#include <stdlib.h>
#include <string.h>

#ifdef HAVE_KERNELS_AVX512
static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}
#endif

#ifdef HAVE_KERNELS_AVX512_BF16
static bool has_avx512_bf16(void)
{
    return has_avx512() && __builtin_cpu_supports("avx512bf16");
}
#endif

#ifdef HAVE_KERNELS_AVX2
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi2");
}
#endif

static bool has_nothing_special(void)
{
    return true;
}

static const struct {
    const struct kernels *kernels;
    bool (*runs_here)(void);
} sets[] = {
#ifdef HAVE_KERNELS_AVX512_BF16
    {&kernels_avx512_bf16, has_avx512_bf16},
#endif
#ifdef HAVE_KERNELS_AVX512
    {&kernels_avx512, has_avx512},
#endif
#ifdef HAVE_KERNELS_AVX2
    {&kernels_avx2, has_avx2},
#endif
    {&kernels_generic, has_nothing_special},
};

const struct kernels *kernels_at(int i)
{
    for (size_t at = 0; at < LENGTH_OF(sets); at++)
        if (sets[at].runs_here() && i-- == 0)
            return sets[at].kernels;
    return NULL;
}

const struct kernels *kernels_get(void)
{
    const char *wanted = getenv("GLUBENCH_ISA");
    const struct kernels *kernels;

    for (int i = 0; wanted && (kernels = kernels_at(i)); i++)
        if (strcmp(kernels->isa, wanted) == 0)
            return kernels;
    return kernels_at(0);
}
