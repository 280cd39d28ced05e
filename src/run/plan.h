/* plan.h - what would run: sizes, operations and memory per variant, and whether it may run. */
#ifndef GLU_RUN_PLAN_H
#define GLU_RUN_PLAN_H

#include "src/run/config.h"

struct plan_row {
    const struct variant *variant;
    int d_ff;
    struct t5_counts counts;
    struct t5_memory memory; /* of one training */
    double parameter_difference; /* relative to the baseline: 0.001 is 0.1 % */
};

/* Count every variant of a config: new array of config->variant_count rows, freed by free().
 * 0 or -1. */
int plan_make(struct plan_row **rows, const struct config *config) GLU_MUST_USE;

/* The most memory that the program has at one time while it trains: the jobs' models, whichever
 * variants meet, and what it needs besides, which is what it has resident now: to be called after
 * plan_make() and before models are made. */
size_t plan_peak_bytes(const struct plan_row *rows, const struct config *config);
/* The same while it measures throughput, when the models of several variants are there; 0 when it
 * does not. */
size_t plan_throughput_bytes(const struct config *config);

/* Refuse variants that differ in parameters by more than 0.1 % (unless --allow-unequal) and jobs
 * that do not fit the machine's memory.  0 or -1. */
int plan_check(const struct plan_row *rows, const struct config *config) GLU_MUST_USE;

/* Matrix-multiplication FLOPs of a whole run, its held-out evaluations included. */
double plan_run_flops(const struct plan_row *row, const struct config *config);

/* Seconds that one training takes, from the machine's matrix-product speed on its threads.  A rough
 * figure: narrow models reach less of that speed than wide ones. */
double plan_run_s(const struct plan_row *row, const struct config *config,
                  double gemm_peak_gflop_per_s);
/* The same for all trainings, with as many side by side as there are jobs. */
double plan_sweep_s(const struct plan_row *rows, const struct config *config,
                    double gemm_peak_gflop_per_s);

#endif
