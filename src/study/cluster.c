/* cluster.c - see cluster.h. */
#include "src/glu.h"

#include "src/study/cluster.h"

struct cluster_step cluster_step(const struct cluster *cluster, double flops, double bytes)
{
    double others = 1 - 1.0 / cluster->ranks; /* of a gradient, what is not a rank's own part */
    struct cluster_step step = {.compute_s = flops / cluster->ranks / (1e9 * cluster->node_gflop_per_s)};

    if (cluster->ranks > 1)
        step.exchange_s = 2 * others * bytes / (1e9 / 8 * cluster->network_gbit_per_s);
    step.step_s = step.compute_s + step.exchange_s;
    step.exchange_share = step.exchange_s / step.step_s;
    return step;
}

struct cluster_step cluster_step_of(const struct cluster *cluster, const struct forecast_row *row)
{
    return cluster_step(cluster, (double)row->counts.train_flops,
                        (double)row->counts.parameters * sizeof(float));
}

double cluster_run_s(const struct cluster *cluster, const struct forecast_row *row,
                     const struct setting *setting)
{
    struct cluster_step step = cluster_step_of(cluster, row);

    return forecast_run_flops(row, setting) / cluster->ranks / (1e9 * cluster->node_gflop_per_s) +
           (double)setting->recipe.steps * step.exchange_s;
}

static double one_s(const void *cluster, const struct forecast_row *row, const struct setting *setting)
{
    return cluster_run_s(cluster, row, setting);
}

double cluster_sweep_s(const struct cluster *cluster, const struct forecast_row *rows,
                       const struct setting *setting, int slopes)
{
    return forecast_all_s(rows, setting, slopes, one_s, cluster);
}
