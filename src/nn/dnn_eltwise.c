/* dnn_eltwise.c - see dnn.h: element-wise activations. */
#include "src/glu.h"

#include "src/nn/dnn_private.h"

#include <stdlib.h>

static dnnl_status_t eltwise_desc(dnnl_primitive_desc_t *pd, bool backward, dnnl_alg_kind_t algorithm,
                                  const_desc_ptr data, float alpha, float beta,
                                  const_dnnl_primitive_attr_t attr, dnnl_engine_t engine,
                                  const_dnnl_primitive_desc_t hint)
{
#if DNNL_VERSION_MAJOR >= 3
    return backward ? dnnl_eltwise_backward_primitive_desc_create(pd, engine, algorithm, data, data,
                                                                  data, alpha, beta, hint, attr)
                    : dnnl_eltwise_forward_primitive_desc_create(
                          pd, engine, dnnl_forward_training, algorithm, data, data, alpha, beta,
                          attr);
#else
    dnnl_eltwise_desc_t desc;
    dnnl_status_t status =
        backward ? dnnl_eltwise_backward_desc_init(&desc, algorithm, data, data, alpha, beta)
                 : dnnl_eltwise_forward_desc_init(&desc, dnnl_forward_training, algorithm, data,
                                                  alpha, beta);

    return status == dnnl_success ? dnnl_primitive_desc_create(pd, &desc, attr, engine, hint)
                                  : status;
#endif
}

static const struct algorithm {
    enum act act;
    dnnl_alg_kind_t kind;
} algorithms[] = {
    {ACT_LINEAR, dnnl_eltwise_linear},       {ACT_RELU, dnnl_eltwise_relu},
    {ACT_GELU_ERF, dnnl_eltwise_gelu_erf},   {ACT_GELU_TANH, dnnl_eltwise_gelu_tanh},
    {ACT_SWISH, dnnl_eltwise_swish},         {ACT_LOGISTIC, dnnl_eltwise_logistic},
    {ACT_TANH, dnnl_eltwise_tanh},           {ACT_ELU, dnnl_eltwise_elu},
    {ACT_SQUARE, dnnl_eltwise_square},       {ACT_ABS, dnnl_eltwise_abs},
    {ACT_SOFT_RELU, dnnl_eltwise_soft_relu}, {ACT_MISH, dnnl_eltwise_mish},
    {ACT_HARDSWISH, dnnl_eltwise_hardswish}, {ACT_EXP, dnnl_eltwise_exp},
    {ACT_CLIP, dnnl_eltwise_clip},
};

/* Parameters that 3.x takes from the caller and 2.x has built in. */
static void library_parameters(enum act act, double *alpha, double *beta)
{
#if DNNL_VERSION_MAJOR >= 3
    if (act == ACT_SOFT_RELU)
        *alpha = 1;
    if (act == ACT_HARDSWISH) {
        *alpha = 1.0 / 6;
        *beta = 0.5;
    }
#else
    (void)act;
    (void)alpha;
    (void)beta;
#endif
}

struct dnn_eltwise {
    struct dnn *dnn;
    struct primitive forward, backward;
    dnnl_memory_t src, dst, diff; /* one descriptor; diff: diff_src, dst: also diff_dst */
};

static int eltwise_primitives(struct dnn_eltwise *eltwise, dnnl_alg_kind_t kind, double alpha,
                              double beta, enum dnn_type type, int64_t count)
{
    dnnl_dims_t dim = {count}, stride = {1};
    desc_ptr desc = NULL;
    dnnl_primitive_attr_t attr = NULL;
    int status = -1;

    TRY(dnn_desc_create(&desc, 1, dim, dnn_library_type(type), stride));
    TRY(dnn_user_scratchpad(&attr));
    TRY(eltwise_desc(&eltwise->forward.pd, false, kind, desc, (float)alpha, (float)beta, attr,
                     dnn_engine(), NULL));
    TRY(eltwise_desc(&eltwise->backward.pd, true, kind, desc, (float)alpha, (float)beta, attr,
                     dnn_engine(), eltwise->forward.pd));
    if (dnn_primitive_finish(&eltwise->forward, eltwise->dnn) ||
        dnn_primitive_finish(&eltwise->backward, eltwise->dnn))
        goto fail;
    TRY(dnn_memory_create(&eltwise->src, desc, DNNL_MEMORY_NONE));
    TRY(dnn_memory_create(&eltwise->dst, desc, DNNL_MEMORY_NONE));
    TRY(dnn_memory_create(&eltwise->diff, desc, DNNL_MEMORY_NONE));
    status = 0;
fail:
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    dnn_desc_destroy(desc);
    return status;
}

int dnn_eltwise_create(struct dnn_eltwise **result, struct dnn *dnn, enum act act, double alpha,
                       double beta, enum dnn_type type, int64_t count)
{
    const struct algorithm *algorithm = NULL;
    struct dnn_eltwise *eltwise;
    int threads, status;

    *result = NULL;
    for (size_t i = 0; i < LENGTH_OF(algorithms); i++)
        if (algorithms[i].act == act)
            algorithm = &algorithms[i];
    if (!algorithm)
        return err_set("oneDNN has no element-wise algorithm %s", activation_get(act)->name);
    eltwise = calloc(1, sizeof *eltwise);
    if (!eltwise)
        return err_set("out of memory");
    eltwise->dnn = dnn;
    library_parameters(act, &alpha, &beta);
    threads = dnn_single_thread_begin();
    status = eltwise_primitives(eltwise, algorithm->kind, alpha, beta, type, count);
    dnn_single_thread_end(threads);
    if (status) {
        dnn_eltwise_destroy(eltwise);
        return err_prepend("activation %s", activation_get(act)->name);
    }
    *result = eltwise;
    return 0;
}

void dnn_eltwise_destroy(struct dnn_eltwise *eltwise)
{
    if (!eltwise)
        return;
    dnn_memory_destroy(eltwise->src);
    dnn_memory_destroy(eltwise->dst);
    dnn_memory_destroy(eltwise->diff);
    dnn_primitive_destroy(&eltwise->backward);
    dnn_primitive_destroy(&eltwise->forward);
    free(eltwise);
}

const char *dnn_eltwise_implementation(const struct dnn_eltwise *eltwise, bool backward)
{
    return dnn_implementation(backward ? eltwise->backward.pd : eltwise->forward.pd);
}

void dnn_eltwise_forward(struct dnn_eltwise *eltwise, const void *src, void *dst)
{
    dnnl_exec_arg_t args[ARGS_MAX] = {{DNNL_ARG_SRC, eltwise->src}, {DNNL_ARG_DST, eltwise->dst}};

    dnn_memory_point(eltwise->src, src);
    dnn_memory_point(eltwise->dst, dst);
    dnn_primitive_run(&eltwise->forward, eltwise->dnn, 2, args);
}

void dnn_eltwise_backward(struct dnn_eltwise *eltwise, const void *src, const void *diff_dst,
                          void *diff_src)
{
    dnnl_exec_arg_t args[ARGS_MAX] = {{DNNL_ARG_SRC, eltwise->src},
                                      {DNNL_ARG_DIFF_DST, eltwise->dst},
                                      {DNNL_ARG_DIFF_SRC, eltwise->diff}};

    dnn_memory_point(eltwise->src, src);
    dnn_memory_point(eltwise->dst, diff_dst);
    dnn_memory_point(eltwise->diff, diff_src);
    dnn_primitive_run(&eltwise->backward, eltwise->dnn, 3, args);
}
