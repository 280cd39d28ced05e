/* dnn_peak.c - see dnn.h: the limit that all else is measured against. */
#include "src/glu.h"

#include "src/nn/dnn_private.h"
#include "src/util/clock.h"

#include <assert.h>
#include <omp.h>
#include <string.h>

/* The best time of a few runs of one product with `threads` threads, in seconds; < 0 on error. */
static double product_time_s(struct dnn *dnn, enum dnn_type type, const struct dnn_matmul_spec *shape,
                             int threads)
{
    struct dnn_matmul matmul = {.dnn = dnn, .spec = *shape};
    struct dnn_packed *packed = NULL;
    struct arena arena;
    size_t bytes = dnn_type_bytes(type), m = (size_t)shape->m, n = (size_t)shape->n;
    size_t k = (size_t)shape->k;
    int before = omp_get_max_threads();
    double best = -1, spent = 0;

    assert(dnn);
    arena_measure(&arena);
    omp_set_num_threads(threads);
    dnn->scratch_bytes = 0;
    if (dnn_matmul_primitive(&matmul))
        goto cleanup;
    if (arena_open(&arena, (m * k + m * n) * bytes + dnn_packed_bytes(&matmul) +
                               dnn->scratch_bytes + 4096))
        goto cleanup;
    {
        void *src = arena_alloc(&arena, m * k, bytes), *dst = arena_alloc(&arena, m * n, bytes);
        void *wei = arena_alloc(&arena, dnn_packed_bytes(&matmul), 1);

        memset(src, 0x3c, m * k * bytes); /* small numbers: zeros may be faster than real work */
        memset(wei, 0x3c, dnn_packed_bytes(&matmul));
        dnn->scratch = arena_alloc(&arena, dnn->scratch_bytes, 1);
        if (dnn_packed_create(&packed, &matmul, wei))
            goto cleanup;
        dnn_matmul_run_packed(&matmul, src, packed, dst);
        for (int i = 0; i < 20 && (i < 3 || spent < 0.15); i++) {
            double start = clock_now_s(), time;

            dnn_matmul_run_packed(&matmul, src, packed, dst);
            time = clock_now_s() - start;
            spent += time;
            if (best < 0 || time < best)
                best = time;
        }
    }
cleanup:
    dnn_packed_destroy(packed);
    dnn_memory_destroy(matmul.src);
    dnn_memory_destroy(matmul.dst);
    dnn_primitive_destroy(&matmul.p);
    arena_close(&arena);
    omp_set_num_threads(before);
    return best;
}

int dnn_gemm_peak(enum dnn_type type, int threads, double *gflop_per_s)
{
    static const int shapes[][3] = {
        {2048, 2048, 2048}, {4096, 4096, 1024}, {1024, 3072, 768}, {4096, 2048, 768}};
    struct dnn *dnn;
    int status = -1;

    *gflop_per_s = 0;
    if (dnn_create(&dnn))
        return -1;
    for (size_t i = 0; i < LENGTH_OF(shapes); i++) {
        struct dnn_matmul_spec spec = {.m = shapes[i][0],
                                       .n = shapes[i][1],
                                       .k = shapes[i][2],
                                       .src_layout = DNN_ROWS,
                                       .wei_layout = DNN_PACKED,
                                       .dst_layout = DNN_ROWS,
                                       .src_type = type,
                                       .wei_type = type,
                                       .dst_type = type};
        double time = product_time_s(dnn, type, &spec, threads);
        double rate;

        if (time < 0)
            goto cleanup;
        rate = 2e-9 * spec.m * spec.n * spec.k / time;
        if (rate > *gflop_per_s)
            *gflop_per_s = rate;
    }
    status = 0;
cleanup:
    dnn_destroy(dnn);
    return status;
}
