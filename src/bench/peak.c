/* peak.c - see peak.h. */
#include "src/glu.h"

#include "src/bench/peak.h"

#include "src/nn/dnn.h"
#include "src/nn/stream.h"

#include <math.h>

double peak_gemm_gflop_per_s(enum precision precision, int threads)
{
    double gflop_per_s;

    if (dnn_gemm_peak(precision == PRECISION_BF16 ? DNN_BF16 : DNN_F32, threads, &gflop_per_s)) {
        warn_add("the peak of the matrix product was not measured: %s", err_get());
        return NAN;
    }
    return gflop_per_s;
}

int peak_stream(struct peak_stream *peak, size_t bytes, int threads)
{
    peak->bytes = bytes;
    return stream_peak(bytes, threads, &peak->gb_per_s);
}
