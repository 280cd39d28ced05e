/* dnn_matmul.c - see dnn.h: matrix products, and weights packed for them. */
#include "src/glu.h"

#include "src/nn/dnn_private.h"

#include <assert.h>
#include <stdlib.h>

static dnnl_status_t matmul_desc(dnnl_primitive_desc_t *pd, const_desc_ptr src, const_desc_ptr wei,
                                 const_desc_ptr dst, const_dnnl_primitive_attr_t attr,
                                 dnnl_engine_t engine)
{
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_matmul_primitive_desc_create(pd, engine, src, wei, NULL, dst, attr);
#else
    dnnl_matmul_desc_t desc;
    dnnl_status_t status = dnnl_matmul_desc_init(&desc, src, wei, NULL, dst);

    return status == dnnl_success ? dnnl_primitive_desc_create(pd, &desc, attr, engine, NULL)
                                  : status;
#endif
}

/* The descriptor of a (rows, columns) matrix in a layout.  row: elements from one row of memory to the
 * next, where heads are not interleaved; 0: there is nothing between. */
static dnnl_status_t matrix_desc(desc_ptr *desc, const struct dnn_matmul_spec *spec, int rows,
                                 int columns, int row, enum dnn_layout layout, enum dnn_type type)
{
    bool transposed = layout == DNN_COLUMNS || layout == DNN_HEADS_COLUMNS;
    bool interleaved = layout == DNN_HEADS || layout == DNN_HEADS_COLUMNS;
    dnnl_dim_t major = transposed ? columns : rows, minor = transposed ? rows : columns;
    dnnl_dim_t heads = spec->all_heads ? spec->all_heads : spec->heads ? spec->heads : 1;
    dnnl_dim_t pitch = interleaved ? heads * minor : row ? row : minor; /* from one row to the next */
    dnnl_dims_t dim, stride;
    int at = 0;

    if (spec->batch) {
        dim[at] = spec->batch;
        stride[at++] = heads * major * minor;
        dim[at] = spec->heads;
        stride[at++] = interleaved ? minor : major * minor;
    }
    dim[at] = rows;
    stride[at++] = transposed ? 1 : pitch;
    dim[at] = columns;
    stride[at++] = transposed ? pitch : 1;
    return dnn_desc_create(desc, at, dim, dnn_library_type(type),
                           layout == DNN_PACKED ? NULL : stride);
}

/* The layout that the library chose for packed weights. */
static const_desc_ptr packed_desc(const struct dnn_matmul *matmul)
{
    return dnnl_primitive_desc_query_md(matmul->p.pd, dnnl_query_weights_md, 0);
}

int dnn_matmul_primitive(struct dnn_matmul *matmul)
{
    const struct dnn_matmul_spec *spec = &matmul->spec;
    desc_ptr src_desc = NULL, wei_desc = NULL, dst_desc = NULL;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_post_ops_t ops = NULL;
    int status = -1;

    TRY(matrix_desc(&src_desc, spec, spec->m, spec->k, spec->src_pitch, spec->src_layout,
                    spec->src_type));
    TRY(matrix_desc(&wei_desc, spec, spec->k, spec->n, 0, spec->wei_layout, spec->wei_type));
    TRY(matrix_desc(&dst_desc, spec, spec->m, spec->n, 0, spec->dst_layout, spec->dst_type));
    TRY(dnn_user_scratchpad(&attr));
    if (spec->accumulate) {
        TRY(dnnl_post_ops_create(&ops));
#if DNNL_VERSION_MAJOR >= 3
        TRY(dnnl_post_ops_append_sum(ops, 1.0f, 0, dnnl_data_type_undef));
#else
        TRY(dnnl_post_ops_append_sum(ops, 1.0f));
#endif
        TRY(dnnl_primitive_attr_set_post_ops(attr, ops));
    }
    TRY(matmul_desc(&matmul->p.pd, src_desc,
                    spec->packed_for ? packed_desc(spec->packed_for) : wei_desc, dst_desc, attr,
                    dnn_engine()));
    if (dnn_primitive_finish(&matmul->p, matmul->dnn))
        goto fail;
    TRY(dnn_memory_create(&matmul->src, src_desc, DNNL_MEMORY_NONE));
    if (spec->wei_layout != DNN_PACKED)
        TRY(dnn_memory_create(&matmul->wei, wei_desc, DNNL_MEMORY_NONE));
    TRY(dnn_memory_create(&matmul->dst, dst_desc, DNNL_MEMORY_NONE));
    status = 0;
fail:
    if (ops)
        dnnl_post_ops_destroy(ops);
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    dnn_desc_destroy(src_desc);
    dnn_desc_destroy(wei_desc);
    dnn_desc_destroy(dst_desc);
    return status;
}

int dnn_matmul_create(struct dnn_matmul **result, struct dnn *dnn,
                      const struct dnn_matmul_spec *spec)
{
    struct dnn_matmul *matmul = calloc(1, sizeof *matmul);
    int threads, status;

    *result = NULL;
    if (!matmul)
        return err_set("out of memory");
    matmul->dnn = dnn;
    matmul->spec = *spec;
    threads = dnn_single_thread_begin();
    status = dnn_matmul_primitive(matmul);
    dnn_single_thread_end(threads);
    matmul->spec.packed_for = NULL;
    if (status) {
        dnn_matmul_destroy(matmul);
        return err_prepend("matrix product %d x %d x %d", spec->m, spec->k, spec->n);
    }
    *result = matmul;
    return 0;
}

void dnn_matmul_destroy(struct dnn_matmul *matmul)
{
    if (!matmul)
        return;
    dnn_memory_destroy(matmul->src);
    dnn_memory_destroy(matmul->wei);
    dnn_memory_destroy(matmul->dst);
    dnn_primitive_destroy(&matmul->p);
    free(matmul);
}

const char *dnn_matmul_implementation(const struct dnn_matmul *matmul)
{
    return dnn_implementation(matmul->p.pd);
}

double dnn_matmul_flops(const struct dnn_matmul *matmul)
{
    const struct dnn_matmul_spec *spec = &matmul->spec;
    double products = spec->batch ? (double)spec->batch * spec->heads : 1;

    return 2.0 * products * spec->m * spec->n * spec->k;
}

double dnn_matmul_bytes(const struct dnn_matmul *matmul)
{
    const struct dnn_matmul_spec *spec = &matmul->spec;
    double products = spec->batch ? (double)spec->batch * spec->heads : 1;
    double m = spec->m, n = spec->n, k = spec->k;

    return products * (m * k * (double)dnn_type_bytes(spec->src_type) +
                       k * n * (double)dnn_type_bytes(spec->wei_type) +
                       m * n * (double)dnn_type_bytes(spec->dst_type) * (spec->accumulate ? 2 : 1));
}

static void matmul_run(struct dnn_matmul *matmul, const void *src, dnnl_memory_t wei, void *dst)
{
    dnnl_exec_arg_t args[ARGS_MAX] = {{DNNL_ARG_SRC, matmul->src},
                                      {DNNL_ARG_WEIGHTS, wei},
                                      {DNNL_ARG_DST, matmul->dst}};

    dnn_memory_point(matmul->src, src);
    dnn_memory_point(matmul->dst, dst);
    dnn_primitive_run(&matmul->p, matmul->dnn, 3, args);
}

void dnn_matmul_run(struct dnn_matmul *matmul, const void *src, const void *wei, void *dst)
{
    assert(matmul->spec.wei_layout != DNN_PACKED);
    dnn_memory_point(matmul->wei, wei);
    matmul_run(matmul, src, matmul->wei, dst);
}

/* ==== Packed weights ==== */

struct dnn_packed {
    dnnl_memory_t memory;
};

size_t dnn_packed_bytes(const struct dnn_matmul *matmul)
{
    return dnnl_memory_desc_get_size(packed_desc(matmul));
}

int dnn_packed_create(struct dnn_packed **result, const struct dnn_matmul *matmul, void *memory)
{
    struct dnn_packed *packed = calloc(1, sizeof *packed);

    *result = NULL;
    if (!packed)
        return err_set("out of memory");
    TRY(dnn_memory_create(&packed->memory, packed_desc(matmul), memory));
    *result = packed;
    return 0;
fail:
    free(packed);
    return -1;
}

void dnn_packed_destroy(struct dnn_packed *packed)
{
    if (!packed)
        return;
    dnn_memory_destroy(packed->memory);
    free(packed);
}

void dnn_matmul_run_packed(struct dnn_matmul *matmul, const void *src,
                           const struct dnn_packed *wei, void *dst)
{
    matmul_run(matmul, src, wei->memory, dst);
}

/* ==== Packing ==== */

struct dnn_packer {
    struct dnn *dnn;
    struct dnn_primitive p;
    dnnl_memory_t src;
    struct dnn_primitive transpose; /* before p, when takes_detour(); its src is this src ... */
    dnnl_memory_t rows;         /* ... and its dst, in the scratchpad, is the src of p */
};

/* oneDNN 3.7.2's reorder "jit:uni" of transposed f32 weights writes only one row of sixteen when
 * the packed layout has padding.  They are transposed first, then packed from rows. */
static bool takes_detour(const struct dnn_matmul *matmul, enum dnn_layout src_layout)
{
    const struct dnn_matmul_spec *spec = &matmul->spec;
    size_t plain_bytes = (size_t)spec->k * (size_t)spec->n * dnn_type_bytes(spec->wei_type);

    return DNNL_VERSION_MAJOR >= 3 && src_layout == DNN_COLUMNS && spec->wei_type == DNN_F32 &&
           dnn_packed_bytes(matmul) > plain_bytes;
}

static int reorder_primitive(struct dnn_primitive *p, struct dnn *dnn, const_desc_ptr src,
                             const_desc_ptr dst, dnnl_primitive_attr_t attr)
{
    TRY(dnnl_reorder_primitive_desc_create(&p->pd, src, dnn_engine(), dst, dnn_engine(), attr));
    return dnn_primitive_finish(p, dnn);
fail:
    return -1;
}

static int packer_primitives(struct dnn_packer *packer, const struct dnn_matmul *matmul,
                             enum dnn_layout src_layout)
{
    const struct dnn_matmul_spec *spec = &matmul->spec;
    desc_ptr src_desc = NULL, rows_desc = NULL;
    dnnl_primitive_attr_t attr = NULL;
    int status = -1;

    TRY(matrix_desc(&src_desc, spec, spec->k, spec->n, 0, src_layout, spec->wei_type));
    TRY(matrix_desc(&rows_desc, spec, spec->k, spec->n, 0, DNN_ROWS, spec->wei_type));
    TRY(dnn_user_scratchpad(&attr));
    TRY(dnn_memory_create(&packer->src, src_desc, DNNL_MEMORY_NONE));
    if (takes_detour(matmul, src_layout)) {
        packer->p.scratch_offset = packer->transpose.scratch_offset =
            (dnnl_memory_desc_get_size(rows_desc) + 63) / 64 * 64;
        TRY(dnn_memory_create(&packer->rows, rows_desc, DNNL_MEMORY_NONE));
        if (reorder_primitive(&packer->transpose, packer->dnn, src_desc, rows_desc, attr))
            goto fail;
    }
    status = reorder_primitive(&packer->p, packer->dnn, packer->rows ? rows_desc : src_desc,
                               packed_desc(matmul), attr);
fail:
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    dnn_desc_destroy(rows_desc);
    dnn_desc_destroy(src_desc);
    return status;
}

int dnn_packer_create(struct dnn_packer **result, struct dnn *dnn, const struct dnn_matmul *matmul,
                      enum dnn_layout src_layout)
{
    struct dnn_packer *packer = calloc(1, sizeof *packer);
    int threads, status;

    *result = NULL;
    if (!packer)
        return err_set("out of memory");
    packer->dnn = dnn;
    threads = dnn_single_thread_begin();
    status = packer_primitives(packer, matmul, src_layout);
    dnn_single_thread_end(threads);
    if (status) {
        dnn_packer_destroy(packer);
        return err_prepend("packing weights of %d x %d", matmul->spec.k, matmul->spec.n);
    }
    *result = packer;
    return 0;
}

void dnn_packer_destroy(struct dnn_packer *packer)
{
    if (!packer)
        return;
    dnn_memory_destroy(packer->src);
    dnn_memory_destroy(packer->rows);
    dnn_primitive_destroy(&packer->transpose);
    dnn_primitive_destroy(&packer->p);
    free(packer);
}

const char *dnn_packer_implementation(const struct dnn_packer *packer)
{
    return dnn_implementation(packer->p.pd);
}

void dnn_packer_run(struct dnn_packer *packer, const void *src, struct dnn_packed *dst)
{
    dnnl_exec_arg_t args[ARGS_MAX] = {{DNNL_ARG_FROM, packer->src}, {DNNL_ARG_TO, dst->memory}};

    dnn_memory_point(packer->src, src);
    if (packer->rows) {
        dnnl_exec_arg_t transpose[ARGS_MAX] = {{DNNL_ARG_FROM, packer->src},
                                               {DNNL_ARG_TO, packer->rows}};

        dnn_memory_point(packer->rows, packer->dnn->scratch);
        dnn_primitive_run(&packer->transpose, packer->dnn, 2, transpose);
        args[0].memory = packer->rows;
    }
    dnn_primitive_run(&packer->p, packer->dnn, 2, args);
}
