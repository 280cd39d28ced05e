/* dnn.c - see dnn.h.  The only file that includes oneDNN's header, and the only one that knows its
 * two API generations: 2.x describes memory by value and an operation by a descriptor of its own;
 * 3.x has opaque memory descriptors and makes primitive descriptors directly. */
#include "src/glu.h"

#include "src/nn/dnn.h"

#include <assert.h>
#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TRY(call)                                                                                  \
    do {                                                                                           \
        dnnl_status_t try_status = (call);                                                         \
        if (try_status != dnnl_success) {                                                          \
            dnn_error(#call, try_status);                                                          \
            goto fail;                                                                             \
        }                                                                                          \
    } while (0)

/* ==== The two generations ==== */

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t desc_ptr; /* owned */
typedef const_dnnl_memory_desc_t const_desc_ptr;
#else
typedef dnnl_memory_desc_t *desc_ptr; /* owned */
typedef const dnnl_memory_desc_t *const_desc_ptr;
#endif

static const struct status_name {
    dnnl_status_t status;
    const char *name;
} status_names[] = {
    {dnnl_out_of_memory, "out of memory"},
    {dnnl_invalid_arguments, "invalid arguments"},
    {dnnl_unimplemented, "not implemented for this CPU"},
    {dnnl_runtime_error, "run-time error"},
};

static void dnn_error(const char *call, dnnl_status_t status)
{
    const char *name = "failed";

    for (size_t i = 0; i < LENGTH_OF(status_names); i++)
        if (status_names[i].status == status)
            name = status_names[i].name;
    err_set("oneDNN: %.*s: %s (status %d)", (int)strcspn(call, "("), call, name, (int)status);
}

static dnnl_status_t desc_create(desc_ptr *desc, int dims, const dnnl_dims_t dim,
                                 dnnl_data_type_t type, const dnnl_dims_t strides)
{
#if DNNL_VERSION_MAJOR >= 3
    return strides ? dnnl_memory_desc_create_with_strides(desc, dims, dim, type, strides)
                   : dnnl_memory_desc_create_with_tag(desc, dims, dim, type, dnnl_format_tag_any);
#else
    *desc = malloc(sizeof **desc);
    if (!*desc)
        return dnnl_out_of_memory;
    return strides ? dnnl_memory_desc_init_by_strides(*desc, dims, dim, type, strides)
                   : dnnl_memory_desc_init_by_tag(*desc, dims, dim, type, dnnl_format_tag_any);
#endif
}

static void desc_destroy(desc_ptr desc)
{
#if DNNL_VERSION_MAJOR >= 3
    if (desc)
        dnnl_memory_desc_destroy(desc);
#else
    free(desc);
#endif
}

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

/* ==== Shared by all primitives ==== */

static pthread_once_t engine_once = PTHREAD_ONCE_INIT;
static dnnl_engine_t the_engine; /* NULL when it could not be made; lives as long as the program */
static atomic_uint_fast64_t primitives_created, memories_created;

static void engine_make(void)
{
    if (dnnl_engine_create(&the_engine, dnnl_cpu, 0) != dnnl_success)
        the_engine = NULL;
}

static dnnl_engine_t engine_get(void)
{
    pthread_once(&engine_once, engine_make);
    return the_engine;
}

struct dnn_counters dnn_counters(void)
{
    struct dnn_counters counters = {atomic_load(&primitives_created),
                                    atomic_load(&memories_created)};

    return counters;
}

size_t dnn_type_bytes(enum dnn_type type)
{
    return type == DNN_F32 ? 4 : 2;
}

static dnnl_data_type_t library_type(enum dnn_type type)
{
    return type == DNN_F32 ? dnnl_f32 : dnnl_bf16;
}

static const struct isa_name {
    unsigned isa;
    const char *name;
} isa_names[] = {
    {dnnl_cpu_isa_sse41, "sse41"},
    {dnnl_cpu_isa_avx, "avx"},
    {dnnl_cpu_isa_avx2, "avx2"},
    {dnnl_cpu_isa_avx2_vnni, "avx2_vnni"},
    {dnnl_cpu_isa_avx512_core, "avx512_core"},
    {dnnl_cpu_isa_avx512_core_vnni, "avx512_core_vnni"},
    {dnnl_cpu_isa_avx512_core_bf16, "avx512_core_bf16"},
#if DNNL_VERSION_MAJOR >= 3
    {dnnl_cpu_isa_avx2_vnni_2, "avx2_vnni_2"},
    {dnnl_cpu_isa_avx512_core_fp16, "avx512_core_fp16"},
    {dnnl_cpu_isa_avx512_core_amx_fp16, "avx512_core_amx_fp16"},
#endif
    {dnnl_cpu_isa_avx512_core_amx, "avx512_core_amx"},
};

static const char *runtime_name(unsigned runtime)
{
    static const struct {
        unsigned runtime;
        const char *name;
    } names[] = {{DNNL_RUNTIME_NONE, "none"},
                 {DNNL_RUNTIME_SEQ, "sequential"},
                 {DNNL_RUNTIME_OMP, "OpenMP"},
                 {DNNL_RUNTIME_TBB, "TBB"},
                 {DNNL_RUNTIME_THREADPOOL, "threadpool"}};

    for (size_t i = 0; i < LENGTH_OF(names); i++)
        if (names[i].runtime == runtime)
            return names[i].name;
    return "unknown";
}

void dnn_describe(struct dnn_description *description)
{
    const dnnl_version_t *version = dnnl_version();
    unsigned isa = (unsigned)dnnl_get_effective_cpu_isa();

    snprintf(description->version, sizeof description->version, "%d.%d.%d", version->major,
             version->minor, version->patch);
    snprintf(description->cpu_runtime, sizeof description->cpu_runtime, "%s",
             runtime_name(version->cpu_runtime));
    snprintf(description->isa, sizeof description->isa, "0x%x", isa);
    for (size_t i = 0; i < LENGTH_OF(isa_names); i++)
        if (isa_names[i].isa == isa)
            snprintf(description->isa, sizeof description->isa, "%s", isa_names[i].name);
}

bool dnn_has_bf16(void)
{
    unsigned isa = (unsigned)dnnl_get_effective_cpu_isa();
    unsigned need = (unsigned)dnnl_cpu_isa_avx512_core_bf16;

    return (isa & need) == need;
}

/* Objects that a primitive of any kind has. */
struct primitive {
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t primitive;
    size_t scratch_offset; /* in the worker's scratchpad: what lies before it is used otherwise */
    size_t scratch_bytes;
    dnnl_memory_t scratch; /* NULL: none needed */
};

struct dnn {
    dnnl_stream_t stream;
    void *scratch;
    size_t scratch_bytes;
};

int dnn_create(struct dnn **result)
{
    dnnl_engine_t engine = engine_get();
    struct dnn *dnn = calloc(1, sizeof *dnn);

    *result = NULL;
    if (!dnn)
        return err_set("out of memory");
    if (!engine) {
        err_set("oneDNN has no CPU engine on this machine");
        goto fail;
    }
    TRY(dnnl_stream_create(&dnn->stream, engine, dnnl_stream_default_flags));
    *result = dnn;
    return 0;
fail:
    free(dnn);
    return -1;
}

void dnn_destroy(struct dnn *dnn)
{
    if (!dnn)
        return;
    dnnl_stream_destroy(dnn->stream);
    free(dnn);
}

size_t dnn_scratch_bytes(const struct dnn *dnn)
{
    return dnn->scratch_bytes;
}

void dnn_set_scratch(struct dnn *dnn, void *scratch)
{
    dnn->scratch = scratch;
}

static dnnl_status_t memory_create(dnnl_memory_t *memory, const_desc_ptr desc, void *handle)
{
    atomic_fetch_add(&memories_created, 1);
    return dnnl_memory_create(memory, desc, engine_get(), handle);
}

static void memory_destroy(dnnl_memory_t memory)
{
    if (memory)
        dnnl_memory_destroy(memory);
}

static void memory_point(dnnl_memory_t memory, const void *data)
{
    dnnl_status_t status = dnnl_memory_set_data_handle(memory, (void *)data);

    assert(status == dnnl_success);
    (void)status;
}

static const char *implementation(dnnl_primitive_desc_t pd)
{
    const char *name = NULL;

    if (!pd || dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, (void *)&name) !=
                   dnnl_success)
        return "unknown";
    return name;
}

static dnnl_status_t user_scratchpad(dnnl_primitive_attr_t *attr)
{
    dnnl_status_t status = dnnl_primitive_attr_create(attr);

    return status == dnnl_success
               ? dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user)
               : status;
}

/* Make the primitive of p->pd and note its scratchpad.  The thread count of the caller is baked
 * into a primitive, so callers come through single_thread_begin(). */
static int primitive_finish(struct primitive *p, struct dnn *dnn)
{
    const_desc_ptr scratch;

    TRY(dnnl_primitive_create(&p->primitive, p->pd));
    atomic_fetch_add(&primitives_created, 1);
    scratch = dnnl_primitive_desc_query_md(p->pd, dnnl_query_scratchpad_md, 0);
    p->scratch_bytes = scratch ? dnnl_memory_desc_get_size(scratch) : 0;
    if (p->scratch_bytes)
        TRY(memory_create(&p->scratch, scratch, DNNL_MEMORY_NONE));
    if (p->scratch_offset + p->scratch_bytes > dnn->scratch_bytes)
        dnn->scratch_bytes = p->scratch_offset + p->scratch_bytes;
    return 0;
fail:
    return -1;
}

static void primitive_destroy(struct primitive *p)
{
    memory_destroy(p->scratch);
    if (p->primitive)
        dnnl_primitive_destroy(p->primitive);
    if (p->pd)
        dnnl_primitive_desc_destroy(p->pd);
}

enum { ARGS_MAX = 4 };

static void primitive_run(struct primitive *p, struct dnn *dnn, int count,
                          dnnl_exec_arg_t args[ARGS_MAX])
{
    dnnl_status_t status;

    if (p->scratch) {
        memory_point(p->scratch, (char *)dnn->scratch + p->scratch_offset);
        args[count++] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, p->scratch};
    }
    status = dnnl_primitive_execute(p->primitive, dnn->stream, count, args);
    assert(status == dnnl_success);
    (void)status;
}

static int single_thread_begin(void)
{
    int threads = omp_get_max_threads();

    omp_set_num_threads(1);
    return threads;
}

static void single_thread_end(int threads)
{
    omp_set_num_threads(threads);
}

/* ==== Matrix products ==== */

struct dnn_matmul {
    struct dnn *dnn;
    struct dnn_matmul_spec spec;
    struct primitive p;
    dnnl_memory_t src, wei, dst; /* wei: NULL when packed */
};

/* The descriptor of a (rows, columns) matrix in a layout. */
static dnnl_status_t matrix_desc(desc_ptr *desc, const struct dnn_matmul_spec *spec, int rows,
                                 int columns, enum dnn_layout layout, enum dnn_type type)
{
    bool transposed = layout == DNN_COLUMNS || layout == DNN_HEADS_COLUMNS;
    bool interleaved = layout == DNN_HEADS || layout == DNN_HEADS_COLUMNS;
    dnnl_dim_t major = transposed ? columns : rows, minor = transposed ? rows : columns;
    dnnl_dim_t heads = spec->heads ? spec->heads : 1;
    dnnl_dim_t pitch = interleaved ? heads * minor : minor; /* from one row to the next */
    dnnl_dims_t dim, stride;
    int at = 0;

    if (spec->batch) {
        dim[at] = spec->batch;
        stride[at++] = heads * major * minor;
        dim[at] = heads;
        stride[at++] = interleaved ? minor : major * minor;
    }
    dim[at] = rows;
    stride[at++] = transposed ? 1 : pitch;
    dim[at] = columns;
    stride[at++] = transposed ? pitch : 1;
    return desc_create(desc, at, dim, library_type(type), layout == DNN_PACKED ? NULL : stride);
}

static int matmul_primitive(struct primitive *p, struct dnn *dnn, const struct dnn_matmul_spec *spec,
                            dnnl_memory_t *src, dnnl_memory_t *wei, dnnl_memory_t *dst)
{
    desc_ptr src_desc = NULL, wei_desc = NULL, dst_desc = NULL;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_post_ops_t ops = NULL;
    int status = -1;

    TRY(matrix_desc(&src_desc, spec, spec->m, spec->k, spec->src_layout, spec->src_type));
    TRY(matrix_desc(&wei_desc, spec, spec->k, spec->n, spec->wei_layout, spec->wei_type));
    TRY(matrix_desc(&dst_desc, spec, spec->m, spec->n, spec->dst_layout, spec->dst_type));
    TRY(user_scratchpad(&attr));
    if (spec->accumulate) {
        TRY(dnnl_post_ops_create(&ops));
#if DNNL_VERSION_MAJOR >= 3
        TRY(dnnl_post_ops_append_sum(ops, 1.0f, 0, dnnl_data_type_undef));
#else
        TRY(dnnl_post_ops_append_sum(ops, 1.0f));
#endif
        TRY(dnnl_primitive_attr_set_post_ops(attr, ops));
    }
    TRY(matmul_desc(&p->pd, src_desc, wei_desc, dst_desc, attr, engine_get()));
    if (primitive_finish(p, dnn))
        goto fail;
    TRY(memory_create(src, src_desc, DNNL_MEMORY_NONE));
    if (spec->wei_layout != DNN_PACKED)
        TRY(memory_create(wei, wei_desc, DNNL_MEMORY_NONE));
    TRY(memory_create(dst, dst_desc, DNNL_MEMORY_NONE));
    status = 0;
fail:
    if (ops)
        dnnl_post_ops_destroy(ops);
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    desc_destroy(src_desc);
    desc_destroy(wei_desc);
    desc_destroy(dst_desc);
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
    threads = single_thread_begin();
    status = matmul_primitive(&matmul->p, dnn, spec, &matmul->src, &matmul->wei, &matmul->dst);
    single_thread_end(threads);
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
    memory_destroy(matmul->src);
    memory_destroy(matmul->wei);
    memory_destroy(matmul->dst);
    primitive_destroy(&matmul->p);
    free(matmul);
}

const char *dnn_matmul_implementation(const struct dnn_matmul *matmul)
{
    return implementation(matmul->p.pd);
}

double dnn_matmul_flops(const struct dnn_matmul *matmul)
{
    const struct dnn_matmul_spec *spec = &matmul->spec;
    double products = spec->batch ? (double)spec->batch * spec->heads : 1;

    return 2.0 * products * spec->m * spec->n * spec->k;
}

static void matmul_run(struct dnn_matmul *matmul, const void *src, dnnl_memory_t wei, void *dst)
{
    dnnl_exec_arg_t args[ARGS_MAX] = {{DNNL_ARG_SRC, matmul->src},
                                      {DNNL_ARG_WEIGHTS, wei},
                                      {DNNL_ARG_DST, matmul->dst}};

    memory_point(matmul->src, src);
    memory_point(matmul->dst, dst);
    primitive_run(&matmul->p, matmul->dnn, 3, args);
}

void dnn_matmul_run(struct dnn_matmul *matmul, const void *src, const void *wei, void *dst)
{
    assert(matmul->spec.wei_layout != DNN_PACKED);
    memory_point(matmul->wei, wei);
    matmul_run(matmul, src, matmul->wei, dst);
}

struct dnn_packed {
    dnnl_memory_t memory;
};

static const_desc_ptr packed_desc(const struct dnn_matmul *matmul)
{
    return dnnl_primitive_desc_query_md(matmul->p.pd, dnnl_query_weights_md, 0);
}

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
    TRY(memory_create(&packed->memory, packed_desc(matmul), memory));
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
    memory_destroy(packed->memory);
    free(packed);
}

void dnn_matmul_run_packed(struct dnn_matmul *matmul, const void *src,
                           const struct dnn_packed *wei, void *dst)
{
    matmul_run(matmul, src, wei->memory, dst);
}

struct dnn_packer {
    struct dnn *dnn;
    struct primitive p;
    dnnl_memory_t src;
    struct primitive transpose; /* before p, when takes_detour(); its src is this src ... */
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

static int reorder_primitive(struct primitive *p, struct dnn *dnn, const_desc_ptr src,
                             const_desc_ptr dst, dnnl_primitive_attr_t attr)
{
    TRY(dnnl_reorder_primitive_desc_create(&p->pd, src, engine_get(), dst, engine_get(), attr));
    return primitive_finish(p, dnn);
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

    TRY(matrix_desc(&src_desc, spec, spec->k, spec->n, src_layout, spec->wei_type));
    TRY(matrix_desc(&rows_desc, spec, spec->k, spec->n, DNN_ROWS, spec->wei_type));
    TRY(user_scratchpad(&attr));
    TRY(memory_create(&packer->src, src_desc, DNNL_MEMORY_NONE));
    if (takes_detour(matmul, src_layout)) {
        packer->p.scratch_offset = packer->transpose.scratch_offset =
            (dnnl_memory_desc_get_size(rows_desc) + 63) / 64 * 64;
        TRY(memory_create(&packer->rows, rows_desc, DNNL_MEMORY_NONE));
        if (reorder_primitive(&packer->transpose, packer->dnn, src_desc, rows_desc, attr))
            goto fail;
    }
    status = reorder_primitive(&packer->p, packer->dnn, packer->rows ? rows_desc : src_desc,
                               packed_desc(matmul), attr);
fail:
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    desc_destroy(rows_desc);
    desc_destroy(src_desc);
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
    threads = single_thread_begin();
    status = packer_primitives(packer, matmul, src_layout);
    single_thread_end(threads);
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
    memory_destroy(packer->src);
    memory_destroy(packer->rows);
    primitive_destroy(&packer->transpose);
    primitive_destroy(&packer->p);
    free(packer);
}

const char *dnn_packer_implementation(const struct dnn_packer *packer)
{
    return implementation(packer->p.pd);
}

void dnn_packer_run(struct dnn_packer *packer, const void *src, struct dnn_packed *dst)
{
    dnnl_exec_arg_t args[ARGS_MAX] = {{DNNL_ARG_FROM, packer->src}, {DNNL_ARG_TO, dst->memory}};

    memory_point(packer->src, src);
    if (packer->rows) {
        dnnl_exec_arg_t transpose[ARGS_MAX] = {{DNNL_ARG_FROM, packer->src},
                                               {DNNL_ARG_TO, packer->rows}};

        memory_point(packer->rows, packer->dnn->scratch);
        primitive_run(&packer->transpose, packer->dnn, 2, transpose);
        args[0].memory = packer->rows;
    }
    primitive_run(&packer->p, packer->dnn, 2, args);
}

/* ==== Element-wise activations ==== */

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

    TRY(desc_create(&desc, 1, dim, library_type(type), stride));
    TRY(user_scratchpad(&attr));
    TRY(eltwise_desc(&eltwise->forward.pd, false, kind, desc, (float)alpha, (float)beta, attr,
                     engine_get(), NULL));
    TRY(eltwise_desc(&eltwise->backward.pd, true, kind, desc, (float)alpha, (float)beta, attr,
                     engine_get(), eltwise->forward.pd));
    if (primitive_finish(&eltwise->forward, eltwise->dnn) ||
        primitive_finish(&eltwise->backward, eltwise->dnn))
        goto fail;
    TRY(memory_create(&eltwise->src, desc, DNNL_MEMORY_NONE));
    TRY(memory_create(&eltwise->dst, desc, DNNL_MEMORY_NONE));
    TRY(memory_create(&eltwise->diff, desc, DNNL_MEMORY_NONE));
    status = 0;
fail:
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    desc_destroy(desc);
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
    threads = single_thread_begin();
    status = eltwise_primitives(eltwise, algorithm->kind, alpha, beta, type, count);
    single_thread_end(threads);
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
    memory_destroy(eltwise->src);
    memory_destroy(eltwise->dst);
    memory_destroy(eltwise->diff);
    primitive_destroy(&eltwise->backward);
    primitive_destroy(&eltwise->forward);
    free(eltwise);
}

const char *dnn_eltwise_implementation(const struct dnn_eltwise *eltwise, bool backward)
{
    return implementation(backward ? eltwise->backward.pd : eltwise->forward.pd);
}

void dnn_eltwise_forward(struct dnn_eltwise *eltwise, const void *src, void *dst)
{
    dnnl_exec_arg_t args[ARGS_MAX] = {{DNNL_ARG_SRC, eltwise->src}, {DNNL_ARG_DST, eltwise->dst}};

    memory_point(eltwise->src, src);
    memory_point(eltwise->dst, dst);
    primitive_run(&eltwise->forward, eltwise->dnn, 2, args);
}

void dnn_eltwise_backward(struct dnn_eltwise *eltwise, const void *src, const void *diff_dst,
                          void *diff_src)
{
    dnnl_exec_arg_t args[ARGS_MAX] = {{DNNL_ARG_SRC, eltwise->src},
                                      {DNNL_ARG_DIFF_DST, eltwise->dst},
                                      {DNNL_ARG_DIFF_SRC, eltwise->diff}};

    memory_point(eltwise->src, src);
    memory_point(eltwise->dst, diff_dst);
    memory_point(eltwise->diff, diff_src);
    primitive_run(&eltwise->backward, eltwise->dnn, 3, args);
}

/* ==== The limit ==== */

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

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
    if (matmul_primitive(&matmul.p, dnn, shape, &matmul.src, &matmul.wei, &matmul.dst))
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
            double start = now_s(), time;

            dnn_matmul_run_packed(&matmul, src, packed, dst);
            time = now_s() - start;
            spent += time;
            if (best < 0 || time < best)
                best = time;
        }
    }
cleanup:
    dnn_packed_destroy(packed);
    memory_destroy(matmul.src);
    memory_destroy(matmul.dst);
    primitive_destroy(&matmul.p);
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
