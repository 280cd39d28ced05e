/* cluster.h - how long trainings take on machines that train one model together, by ranks, one on each. */
#ifndef GLU_STUDY_CLUSTER_H
#define GLU_STUDY_CLUSTER_H

#include "src/study/forecast.h"

/* Nothing is done while a gradient is exchanged, and what a rank does for itself whatever its share of the
 * batch, such as the update, is not counted. */
struct cluster {
    int ranks;                 /* 0: there is none */
    double network_gbit_per_s; /* of a machine, each way; of a rank alone it does not count */
    double node_gflop_per_s;   /* that a training reaches on one of them */
};
struct cluster_step {
    double compute_s, exchange_s, step_s;
    double exchange_share; /* of step_s */
};
/* A step of so many FLOPs on all ranks together, and a gradient of so many bytes, of which each rank sends,
 * and gets, all but its own part twice. */
struct cluster_step cluster_step(const struct cluster *cluster, double flops, double bytes);
/* The same of a variant. */
struct cluster_step cluster_step_of(const struct cluster *cluster, const struct forecast_row *row);
/* Seconds that one training takes, and all of them, as forecast_sweep_s() has them, one after the other. */
double cluster_run_s(const struct cluster *cluster, const struct forecast_row *row,
                     const struct setting *setting);
double cluster_sweep_s(const struct cluster *cluster, const struct forecast_row *rows,
                       const struct setting *setting, int slopes);

#endif
