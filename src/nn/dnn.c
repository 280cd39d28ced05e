/* dnn.c - see dnn.h: the engine, memory and primitives of any kind, and what the library is. */
#include "src/glu.h"

#include "src/nn/dnn_private.h"

#include <assert.h>
#include <omp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ==== Errors ==== */

static const struct status_name {
    dnnl_status_t status;
    const char *name;
} status_names[] = {
    {dnnl_out_of_memory, "out of memory"},
    {dnnl_invalid_arguments, "invalid arguments"},
    {dnnl_unimplemented, "not implemented for this CPU"},
    {dnnl_runtime_error, "run-time error"},
};

void dnn_error(const char *call, dnnl_status_t status)
{
    const char *name = "failed";

    for (size_t i = 0; i < LENGTH_OF(status_names); i++)
        if (status_names[i].status == status)
            name = status_names[i].name;
    err_set("oneDNN: %.*s: %s (status %d)", (int)strcspn(call, "("), call, name, (int)status);
}

/* ==== Memory descriptors ==== */

dnnl_status_t dnn_desc_create(desc_ptr *desc, int dims, const dnnl_dims_t dim,
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

void dnn_desc_destroy(desc_ptr desc)
{
#if DNNL_VERSION_MAJOR >= 3
    if (desc)
        dnnl_memory_desc_destroy(desc);
#else
    free(desc);
#endif
}

/* ==== The library ==== */

static pthread_once_t engine_once = PTHREAD_ONCE_INIT;
static dnnl_engine_t the_engine; /* NULL when it could not be made; lives as long as the program */
static atomic_uint_fast64_t primitives_created, memories_created;

static void engine_make(void)
{
    if (dnnl_engine_create(&the_engine, dnnl_cpu, 0) != dnnl_success)
        the_engine = NULL;
}

dnnl_engine_t dnn_engine(void)
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

dnnl_data_type_t dnn_library_type(enum dnn_type type)
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
    snprintf(description->built, sizeof description->built, "%d.%d.%d", DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR,
             DNNL_VERSION_PATCH);
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

/* ==== Workers ==== */

int dnn_create(struct dnn **result)
{
    dnnl_engine_t engine = dnn_engine();
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

/* ==== Memory and primitives of any kind ==== */

dnnl_status_t dnn_memory_create(dnnl_memory_t *memory, const_desc_ptr desc, void *handle)
{
    atomic_fetch_add(&memories_created, 1);
    return dnnl_memory_create(memory, desc, dnn_engine(), handle);
}

void dnn_memory_destroy(dnnl_memory_t memory)
{
    if (memory)
        dnnl_memory_destroy(memory);
}

void dnn_memory_point(dnnl_memory_t memory, const void *data)
{
    dnnl_status_t status = dnnl_memory_set_data_handle(memory, (void *)data);

    assert(status == dnnl_success);
    (void)status;
}

const char *dnn_implementation(dnnl_primitive_desc_t pd)
{
    const char *name = NULL;

    if (!pd || dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, (void *)&name) !=
                   dnnl_success)
        return "unknown";
    return name;
}

dnnl_status_t dnn_user_scratchpad(dnnl_primitive_attr_t *attr)
{
    dnnl_status_t status = dnnl_primitive_attr_create(attr);

    return status == dnnl_success
               ? dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user)
               : status;
}

int dnn_primitive_finish(struct dnn_primitive *p, struct dnn *dnn)
{
    const_desc_ptr scratch;

    TRY(dnnl_primitive_create(&p->primitive, p->pd));
    atomic_fetch_add(&primitives_created, 1);
    scratch = dnnl_primitive_desc_query_md(p->pd, dnnl_query_scratchpad_md, 0);
    p->scratch_bytes = scratch ? dnnl_memory_desc_get_size(scratch) : 0;
    if (p->scratch_bytes)
        TRY(dnn_memory_create(&p->scratch, scratch, DNNL_MEMORY_NONE));
    if (p->scratch_offset + p->scratch_bytes > dnn->scratch_bytes)
        dnn->scratch_bytes = p->scratch_offset + p->scratch_bytes;
    return 0;
fail:
    return -1;
}

void dnn_primitive_destroy(struct dnn_primitive *p)
{
    dnn_memory_destroy(p->scratch);
    if (p->primitive)
        dnnl_primitive_destroy(p->primitive);
    if (p->pd)
        dnnl_primitive_desc_destroy(p->pd);
}

void dnn_primitive_run(struct dnn_primitive *p, struct dnn *dnn, int count,
                       dnnl_exec_arg_t args[ARGS_MAX])
{
    dnnl_status_t status;

    if (p->scratch) {
        dnn_memory_point(p->scratch, (char *)dnn->scratch + p->scratch_offset);
        args[count++] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, p->scratch};
    }
    status = dnnl_primitive_execute(p->primitive, dnn->stream, count, args);
    assert(status == dnnl_success);
    (void)status;
}

int dnn_single_thread_begin(void)
{
    int threads = omp_get_max_threads();

    omp_set_num_threads(1);
    return threads;
}

void dnn_single_thread_end(int threads)
{
    omp_set_num_threads(threads);
}
