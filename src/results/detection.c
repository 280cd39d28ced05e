/* detection.c - how many seeds a question takes. */
#include "src/glu.h"

#include "src/results/results.h"

#include "src/results/power.h"
#include "src/results/published.h"
#include "src/results/statistics.h"
#include "src/results/tables/quality.h"

#include <math.h>

/* The root mean square of a document's spreads of differences; NAN when there is none. */
static int file_spread(const json_t *document, double *spread)
{
    struct table1 table1;
    double sum = 0.0;
    int n = 0;

    if (table1_read(&table1, document) != 0)
        return -1;
    for (int i = 0; i < table1.rows; i++) {
        double x = table1.row[i].delta_stddev_nats;

        if (x > 0.0) {
            sum += x * x;
            n++;
        }
    }
    table1_free(&table1);
    *spread = n ? sqrt(sum / n) : NAN;
    return 0;
}

/* The paper gives the spread of each variant over runs that are not paired, so a difference of two
 * spreads by sqrt(2) of it. */
static int paper_spread(double *spread)
{
    const struct published_metric *printed;
    const struct published *all = published_all();
    double sum = 0.0;

    if (!all)
        return -1;
    printed = published_nats(published_find(all, PUBLISHED_PAPER), NAN);
    for (int i = 0; printed && i < printed->values; i++)
        sum += printed->value[i].stddev * printed->value[i].stddev;
    *spread = printed ? sqrt(2.0 * sum / printed->values) : NAN;
    return 0;
}

int results_detection(double difference_nats, const json_t *document, int contrasts,
                      struct detection *detection)
{
    double stddev;

    if (!(difference_nats > 0.0) || !isfinite(difference_nats))
        return err_set("the difference to detect must be a number of nats above 0");
    if ((document ? file_spread(document, &stddev) : paper_spread(&stddev)) != 0)
        return -1;
    if (!(stddev > 0.0))
        return err_set("the results have no spread of differences; it takes two seeds that both the "
                       "baseline and another variant finished");
    contrasts = contrasts > 0 ? contrasts : 1;
    *detection = (struct detection){
        .difference_nats = difference_nats,
        .stddev_nats = stddev,
        .contrasts = contrasts,
        .seeds = stats_pairs_needed(difference_nats, stddev, STATS_ALPHA / contrasts, STATS_POWER),
        .source = document ? "the paired differences of the results file"
                           : "the paper's standard deviations, taken as not paired",
    };
    return 0;
}
