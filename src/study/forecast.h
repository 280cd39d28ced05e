/* forecast.h - what would run: sizes, operations and memory per variant, and whether it may run. */
#ifndef GLU_STUDY_FORECAST_H
#define GLU_STUDY_FORECAST_H

#include "src/setting/setting.h"

struct forecast_row {
    const struct variant *variant;
    int d_ff;
    struct model_counts counts;
    struct model_memory memory; /* of one training */
    size_t answers; /* bytes besides: what it takes to answer the questions of a task */
    double parameter_difference; /* relative to the baseline: 0.001 is 0.1 % */
};

/* Count every variant of a setting: new array of setting->variant_count rows, freed by free().
 * 0 or -1. */
int forecast_make(struct forecast_row **rows, const struct setting *setting) GLU_MUST_USE;

/* The most memory that the program has at one time while it trains: the jobs' models, whichever
 * variants meet, and what it needs besides, which is what it has resident now: to be called after
 * forecast_make() and before models are made. */
size_t forecast_peak_bytes(const struct forecast_row *rows, const struct setting *setting);
/* The same while it measures throughput, when the models of several variants are there; 0 when it
 * does not. */
size_t forecast_throughput_bytes(const struct setting *setting);

/* Refuse variants that differ in parameters by more than 0.1 % (unless --allow-unequal) and jobs
 * that do not fit the machine's memory.  0 or -1. */
int forecast_check(const struct forecast_row *rows, const struct setting *setting) GLU_MUST_USE;

/* Matrix-multiplication FLOPs of a whole run, its held-out evaluations included. */
double forecast_run_flops(const struct forecast_row *row, const struct setting *setting);

/* Seconds that one training takes, from the machine's matrix-product speed on its threads.  A rough
 * figure: narrow models reach less of that speed than wide ones. */
double forecast_run_s(const struct forecast_row *row, const struct setting *setting,
                  double gemm_peak_gflop_per_s);
/* The matrix-product speed that a training reaches of such a peak. */
double forecast_reached_gflop_per_s(const struct setting *setting, double gemm_peak_gflop_per_s);
/* The same for all trainings, with as many side by side as there are jobs, and so many of half of the
 * steps, see slope.h. */
double forecast_sweep_s(const struct forecast_row *rows, const struct setting *setting, int slopes,
                    double gemm_peak_gflop_per_s);

/* All trainings one after the other, and so many of half of the steps, which begin where
 * these part from the whole ones; `one` tells of one of them. */
typedef double forecast_one_s(const void *with, const struct forecast_row *row,
                              const struct setting *setting);
double forecast_all_s(const struct forecast_row *rows, const struct setting *setting, int slopes,
                      forecast_one_s *one, const void *with);

#endif
