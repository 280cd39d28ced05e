/* curves.c - see curves.h. */
#include "src/glu.h"

#include "src/results/curves.h"

#include "src/results/statistics.h"

#include <math.h>
#include <stdlib.h>

int curve_open(struct curve *curve, int most)
{
    size_t room = (size_t)most + 1;

    *curve = (struct curve){calloc(room, sizeof(double)), calloc(room, sizeof(double)), 0};
    if (curve->cost && curve->value)
        return 0;
    err_system("a curve of %d points", most);
    curve_free(curve);
    return -1;
}

void curve_free(struct curve *curve)
{
    free(curve->cost);
    free(curve->value);
    *curve = (struct curve){0};
}

void curve_add(struct curve *curve, double cost, double value)
{
    if (!isfinite(cost) || !isfinite(value)
        || (curve->count > 0 && cost <= curve->cost[curve->count - 1]))
        return;
    curve->cost[curve->count] = cost;
    curve->value[curve->count++] = value;
}

double curve_at(const struct curve *curve, double cost)
{
    for (int i = 0; i < curve->count; i++) {
        double share;

        if (cost > curve->cost[i] * (1.0 + 1e-12))
            continue;
        if (i == 0)
            return cost >= curve->cost[0] * (1.0 - 1e-12) ? curve->value[0] : NAN;
        share = (cost - curve->cost[i - 1]) / (curve->cost[i] - curve->cost[i - 1]);
        return curve->value[i - 1] + share * (curve->value[i] - curve->value[i - 1]);
    }
    return NAN;
}

double curve_end_cost(const struct curve *curve)
{
    return curve->count > 0 ? curve->cost[curve->count - 1] : NAN;
}

double curve_end_value(const struct curve *curve)
{
    return curve->count > 0 ? curve->value[curve->count - 1] : NAN;
}

double curve_best(const struct curve *curve, const struct metric *metric, double cost)
{
    double best = curve_at(curve, cost);

    for (int i = 0; i < curve->count && curve->cost[i] <= cost; i++)
        if (isnan(best) || metric_is_better(metric, curve->value[i], best))
            best = curve->value[i];
    return best;
}

bool curve_dominates(const struct curve *curve, const struct curve *other,
                     const struct metric *metric)
{
    return metric_is_better(metric, curve_best(curve, metric, curve_end_cost(other)),
                            curve_end_value(other));
}

int curve_mean(struct curve *mean, const struct curve *curves, int count)
{
    int points = 0, n = 0;

    for (int i = 0; i < count; i++)
        points = curves[i].count > points ? curves[i].count : points;
    if (curve_open(mean, points) != 0)
        return -1;
    mean->count = points;
    for (int i = 0; i < count; i++) {
        if (curves[i].count != points)
            continue;
        for (int j = 0; j < points; j++) {
            mean->cost[j] += curves[i].cost[j];
            mean->value[j] += curves[i].value[j];
        }
        n++;
    }
    for (int j = 0; j < points; j++) {
        mean->cost[j] /= n;
        mean->value[j] /= n;
    }
    return 0;
}
