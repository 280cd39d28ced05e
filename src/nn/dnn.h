/* dnn.h - the little of oneDNN that glubench needs, for API generations 2.x and 3.x alike.
 *
 * A `struct dnn` belongs to one worker thread: its primitives are created for a single thread
 * and run on that worker's own stream and scratchpad.  Nothing here allocates or creates a
 * primitive after set-up; dnn_counters() lets a test prove it. */
#ifndef GLU_NN_DNN_H
#define GLU_NN_DNN_H

#include "src/util/arena.h"
#include "variants/variant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dnn_type { DNN_F32, DNN_BF16 };

size_t dnn_type_bytes(enum dnn_type type);

struct dnn_description {
    char version[32];     /* "2.6.3" */
    char built[32];       /* of the headers: the same, unless the library was changed since */
    char cpu_runtime[32]; /* "OpenMP" */
    char isa[64];         /* effective: "avx512_core_bf16" */
};
/* Facts about the library and this CPU. */
void dnn_describe(struct dnn_description *description);

/* True when matrix products in bf16 run in hardware (avx512_core_bf16 or better). */
bool dnn_has_bf16(void);

/* Since the start of the program: primitives created and bytes of memory handed to them. */
struct dnn_counters {
    uint64_t primitives, memories;
};
struct dnn_counters dnn_counters(void);

struct dnn; /* a worker's engine, stream and scratchpad */

int dnn_create(struct dnn **dnn);
void dnn_destroy(struct dnn *dnn);
/* Bytes of scratchpad that the primitives made so far need, and the memory to use (64-byte
 * aligned, owned by the caller, shared by all primitives of this worker). */
size_t dnn_scratch_bytes(const struct dnn *dnn);
void dnn_set_scratch(struct dnn *dnn, void *scratch);

/* How a matrix lies in memory.  `t` and `h` below: rows and heads. */
enum dnn_layout {
    DNN_ROWS,          /* (batch, heads, rows, columns), row-major */
    DNN_COLUMNS,       /* the transpose lies there row-major: (batch, heads, columns, rows) */
    DNN_HEADS,         /* (batch, rows, heads, columns): heads interleaved */
    DNN_HEADS_COLUMNS, /* the transpose lies there with interleaved heads: (batch, columns, heads, rows) */
    DNN_PACKED         /* weights alone, without batch: the layout the library likes best */
};

struct dnn_matmul;

/* dst = src wei, or dst += src wei:  src (m, k), wei (k, n), dst (m, n). */
struct dnn_matmul_spec {
    int batch, heads; /* both 0: one product */
    int m, n, k;
    enum dnn_layout src_layout, wei_layout, dst_layout;
    enum dnn_type src_type, wei_type, dst_type;
    bool accumulate;
    /* Of packed weights: take those that were packed for this one, of the same k and n; NULL: have a layout
     * of its own.  Needed for the creation alone. */
    const struct dnn_matmul *packed_for;
    int all_heads; /* that lie in memory, of which the product is of `heads` neighbours; 0: no others */
    int src_pitch; /* of src in DNN_COLUMNS: elements from one row to the next; 0: m */
};

int dnn_matmul_create(struct dnn_matmul **matmul, struct dnn *dnn, const struct dnn_matmul_spec *spec);
void dnn_matmul_destroy(struct dnn_matmul *matmul);
/* The library's name of what computes it: "brg:avx512_core". */
const char *dnn_matmul_implementation(const struct dnn_matmul *matmul);
/* Multiply-adds count twice. */
double dnn_matmul_flops(const struct dnn_matmul *matmul);
void dnn_matmul_run(struct dnn_matmul *matmul, const void *src, const void *wei, void *dst);

/* Weights in the layout of a matmul with wei_layout DNN_PACKED; any worker may read them. */
struct dnn_packed;
size_t dnn_packed_bytes(const struct dnn_matmul *matmul);
int dnn_packed_create(struct dnn_packed **packed, const struct dnn_matmul *matmul, void *memory);
void dnn_packed_destroy(struct dnn_packed *packed);
void dnn_matmul_run_packed(struct dnn_matmul *matmul, const void *src,
                           const struct dnn_packed *wei, void *dst);

/* Copies plain weights, of the matmul's weight type, into the packed layout. */
struct dnn_packer;
/* src_layout: DNN_ROWS when the plain weights are (k, n), DNN_COLUMNS when they are (n, k). */
int dnn_packer_create(struct dnn_packer **packer, struct dnn *dnn, const struct dnn_matmul *matmul,
                      enum dnn_layout src_layout);
void dnn_packer_destroy(struct dnn_packer *packer);
const char *dnn_packer_implementation(const struct dnn_packer *packer);
void dnn_packer_run(struct dnn_packer *packer, const void *src, struct dnn_packed *dst);

/* An element-wise activation over `count` elements, forward and backward. */
struct dnn_eltwise;
/* Has the library an algorithm for it?  Where not, dnn_eltwise_create() gives -1. */
bool dnn_eltwise_exists(enum act act);
int dnn_eltwise_create(struct dnn_eltwise **eltwise, struct dnn *dnn, enum act act, double alpha,
                       double beta, enum dnn_type type, int64_t count);
void dnn_eltwise_destroy(struct dnn_eltwise *eltwise);
const char *dnn_eltwise_implementation(const struct dnn_eltwise *eltwise, bool backward);
void dnn_eltwise_forward(struct dnn_eltwise *eltwise, const void *src, void *dst);
/* diff_src may be diff_dst. */
void dnn_eltwise_backward(struct dnn_eltwise *eltwise, const void *src, const void *diff_dst,
                          void *diff_src);

/* The best rate of the library's own matrix product over a few large shapes with `threads`
 * threads, in GFLOP/s: the limit that the rest is measured against.  About a second.  -1 and a
 * message when it cannot be measured. */
int dnn_gemm_peak(enum dnn_type type, int threads, double *gflop_per_s);

#endif
