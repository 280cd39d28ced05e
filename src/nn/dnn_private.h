/* dnn_private.h - what dnn*.c share.  They alone include it, and it alone includes oneDNN's header.
 *
 * They are also the only files that know the library's two API generations: 2.x describes memory by
 * value and an operation by a descriptor of its own; 3.x has opaque memory descriptors and makes
 * primitive descriptors directly.  The library's names begin with dnnl_, ours with dnn_. */
#ifndef GLU_NN_DNN_PRIVATE_H
#define GLU_NN_DNN_PRIVATE_H

#include "src/nn/dnn.h"

#include <oneapi/dnnl/dnnl.h>

/* Goes to fail with a message when a call of the library does not succeed. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        dnnl_status_t try_status = (call);                                                         \
        if (try_status != dnnl_success) {                                                          \
            dnn_error(#call, try_status);                                                          \
            goto fail;                                                                             \
        }                                                                                          \
    } while (0)

void dnn_error(const char *call, dnnl_status_t status);

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t desc_ptr; /* owned */
typedef const_dnnl_memory_desc_t const_desc_ptr;
#else
typedef dnnl_memory_desc_t *desc_ptr; /* owned */
typedef const dnnl_memory_desc_t *const_desc_ptr;
#endif

/* strides: NULL for the layout that the library likes best. */
dnnl_status_t dnn_desc_create(desc_ptr *desc, int dims, const dnnl_dims_t dim,
                              dnnl_data_type_t type, const dnnl_dims_t strides);
void dnn_desc_destroy(desc_ptr desc); /* NULL: nothing */

dnnl_engine_t dnn_engine(void); /* NULL when there is none */
dnnl_data_type_t dnn_library_type(enum dnn_type type);

/* A memory object of desc over handle, which dnn_memory_point() changes. */
dnnl_status_t dnn_memory_create(dnnl_memory_t *memory, const_desc_ptr desc, void *handle);
void dnn_memory_destroy(dnnl_memory_t memory); /* NULL: nothing */
void dnn_memory_point(dnnl_memory_t memory, const void *data);

struct dnn {
    dnnl_stream_t stream;
    void *scratch;
    size_t scratch_bytes;
};

/* Objects that a primitive of any kind has. */
struct dnn_primitive {
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t primitive;
    size_t scratch_offset; /* in the worker's scratchpad: what lies before it is used otherwise */
    size_t scratch_bytes;
    dnnl_memory_t scratch; /* NULL: none needed */
};

/* Attributes of a primitive whose scratchpad is the worker's. */
dnnl_status_t dnn_user_scratchpad(dnnl_primitive_attr_t *attr);
/* Make the primitive of p->pd and note its scratchpad.  The thread count of the caller is baked
 * into a primitive, so callers come through dnn_single_thread_begin(). */
int dnn_primitive_finish(struct dnn_primitive *p, struct dnn *dnn);
void dnn_primitive_destroy(struct dnn_primitive *p);
/* The library's name of what computes it. */
const char *dnn_implementation(dnnl_primitive_desc_t pd);

enum { ARGS_MAX = 4 }; /* the scratchpad, which dnn_primitive_run() adds, included */
void dnn_primitive_run(struct dnn_primitive *p, struct dnn *dnn, int count,
                       dnnl_exec_arg_t args[ARGS_MAX]);

/* What is created between the two is for one thread.  begin() gives what end() wants. */
int dnn_single_thread_begin(void);
void dnn_single_thread_end(int threads);

struct dnn_matmul {
    struct dnn *dnn;
    struct dnn_matmul_spec spec;
    struct dnn_primitive p;
    dnnl_memory_t src, wei, dst; /* wei: NULL when packed */
};
/* From dnn and spec: the primitive, for the caller's number of threads, and the memory objects.
 * What was made before an error is the caller's to destroy. */
int dnn_matmul_primitive(struct dnn_matmul *matmul);

#endif
