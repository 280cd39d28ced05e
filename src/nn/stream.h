/* stream.h - the memory-bound counterpart of the matrix product's peak. */
#ifndef GLU_NN_STREAM_H
#define GLU_NN_STREAM_H

#include "src/glu.h"

/* The best rate of dst += src over f32 arrays, with `threads` threads that have `bytes` of arrays
 * each (source and destination together): what the memory-bound kernels can reach when their
 * operands lie in the level of the memory hierarchy that holds so much.  12 bytes an element are
 * counted: two read, one written.  *gb_per_s is that of all threads together, in 1e9 bytes per
 * second.  About a tenth of a second.  0 or -1. */
int stream_peak(size_t bytes, int threads, double *gb_per_s) GLU_MUST_USE;

#endif
