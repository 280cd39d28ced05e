/* dnn_eltwise.c - see dnn.h: element-wise activations. */
#include "src/glu.h"

#include "src/nn/dnn_private.h"

#include <stdlib.h>

/* What the library computes an activation by. */
struct algorithm {
    dnnl_alg_kind_t kind; /* dnnl_alg_kind_undef: it has no such function */
    float alpha, beta;
};

static struct algorithm algorithm_of(enum act act, double alpha, double beta)
{
    switch (act) {
#define ACTIVATION_ONEDNN(id, its_kind, its_alpha, its_beta)                                       \
    case id:                                                                                       \
        return (struct algorithm){its_kind, (float)(its_alpha), (float)(its_beta)};
#include "variants/activations/list.h"
    default:
        return (struct algorithm){.kind = dnnl_alg_kind_undef};
    }
}

bool dnn_eltwise_exists(enum act act)
{
    return algorithm_of(act, 0, 0).kind != dnnl_alg_kind_undef;
}

static dnnl_status_t eltwise_desc(dnnl_primitive_desc_t *pd, bool backward,
                                  const struct algorithm *algorithm, const_desc_ptr data,
                                  const_dnnl_primitive_attr_t attr,
                                  const_dnnl_primitive_desc_t hint)
{
    dnnl_alg_kind_t kind = algorithm->kind;
    float alpha = algorithm->alpha, beta = algorithm->beta;
#if DNNL_VERSION_MAJOR >= 3
    dnnl_engine_t engine = dnn_engine();

    return backward ? dnnl_eltwise_backward_primitive_desc_create(pd, engine, kind, data, data,
                                                                  data, alpha, beta, hint, attr)
                    : dnnl_eltwise_forward_primitive_desc_create(pd, engine, dnnl_forward_training,
                                                                 kind, data, data, alpha, beta,
                                                                 attr);
#else
    dnnl_eltwise_desc_t desc;
    dnnl_status_t status =
        backward ? dnnl_eltwise_backward_desc_init(&desc, kind, data, data, alpha, beta)
                 : dnnl_eltwise_forward_desc_init(&desc, dnnl_forward_training, kind, data, alpha,
                                                  beta);

    return status == dnnl_success
               ? dnnl_primitive_desc_create(pd, &desc, attr, dnn_engine(), hint)
               : status;
#endif
}

struct dnn_eltwise {
    struct dnn *dnn;
    struct dnn_primitive forward, backward;
    dnnl_memory_t src, dst, diff; /* one descriptor; diff: diff_src, dst: also diff_dst */
};

static int eltwise_primitives(struct dnn_eltwise *eltwise, const struct algorithm *algorithm,
                              enum dnn_type type, int64_t count)
{
    dnnl_dims_t dim = {count}, stride = {1};
    desc_ptr desc = NULL;
    dnnl_primitive_attr_t attr = NULL;
    int status = -1;

    TRY(dnn_desc_create(&desc, 1, dim, dnn_library_type(type), stride));
    TRY(dnn_user_scratchpad(&attr));
    TRY(eltwise_desc(&eltwise->forward.pd, false, algorithm, desc, attr, NULL));
    TRY(eltwise_desc(&eltwise->backward.pd, true, algorithm, desc, attr, eltwise->forward.pd));
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
    struct algorithm algorithm = algorithm_of(act, alpha, beta);
    struct dnn_eltwise *eltwise;
    int threads, status;

    *result = NULL;
    if (!dnn_eltwise_exists(act))
        return err_set("oneDNN has no element-wise algorithm %s", activation_get(act)->name);
    eltwise = calloc(1, sizeof *eltwise);
    if (!eltwise)
        return err_set("out of memory");
    eltwise->dnn = dnn;
    threads = dnn_single_thread_begin();
    status = eltwise_primitives(eltwise, &algorithm, type, count);
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
