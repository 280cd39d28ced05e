/* test-cluster.c - the forecast for machines that train one model together: base, 128 examples of 512/114
 * tokens, on nodes that reach 20 TFLOP/s. */
#include "src/glu.h"

#include "src/study/cluster.h"
#include "test/tap.h"

#include <math.h>

static const double flops = 54.5e12, bytes = 892e6;

/* The share of the exchange, rounded to a percent. */
static void shows(int ranks, double scale, double compute_s, const double share[3])
{
    static const double networks[] = {10, 25, 100};

    for (int i = 0; i < 3; i++) {
        struct cluster cluster = {ranks, networks[i], 20000};
        struct cluster_step step = cluster_step(&cluster, scale * flops, bytes);
        double exchange_s = 2 * bytes * 8 / (networks[i] * 1e9) * (ranks - 1) / ranks;

        tap_ok(fabs(step.compute_s / compute_s - 1) < 0.01 && fabs(step.exchange_s / exchange_s - 1) < 1e-9 &&
                   step.step_s == step.compute_s + step.exchange_s,
               "%d ranks at %g Gbit/s: %.3f s, and %.3f s of exchange", ranks, networks[i], step.compute_s,
               step.exchange_s);
        tap_ok(lround(100 * step.exchange_share) == lround(share[i]), "it is %.0f %%, %.1f %%", share[i],
               100 * step.exchange_share);
    }
}

int main(void)
{
    struct cluster one = {.ranks = 1, .node_gflop_per_s = 20000}, faster = {32, 10, 40000};
    struct cluster_step step;

    tap_plan(4 * 6 + 2);
    shows(8, 1, 0.34, (const double[]){79, 59, 27});
    shows(32, 1, 0.085, (const double[]){94, 87, 62});
    shows(128, 1, 0.0213, (const double[]){99, 96, 87});
    /* 128 examples on each. */
    shows(32, 32, 2.7, (const double[]){34, 17, 5});
    step = cluster_step(&one, flops, bytes);
    tap_ok(step.exchange_s == 0 && step.exchange_share == 0 && step.step_s == flops / 20e12,
           "a rank alone exchanges nothing");
    tap_ok(fabs(cluster_step(&faster, flops, bytes).compute_s - flops / 32 / 40e12) < 1e-12,
           "faster nodes compute faster");
    return tap_status();
}
