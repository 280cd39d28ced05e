/* detection.c - how many seeds a question takes. */
#include "src/glu.h"

#include "src/util/json_help.h"
#include "src/results/power.h"
#include "src/results/results.h"
#include "src/results/tables.h"

#include <math.h>

/* The root mean square of what the rows have under a key; NAN when none has it. */
static double pooled(const json_t *rows, const char *key)
{
    double sum = 0.0;
    int n = 0;

    for (size_t i = 0; i < json_array_size(rows); i++) {
        double x = number_at(json_array_get(rows, i), key);

        if (x > 0.0) {
            sum += x * x;
            n++;
        }
    }
    return n ? sqrt(sum / n) : NAN;
}

/* The paper gives the spread of each variant over runs that are not paired, so a difference of two
 * spreads by sqrt(2) of it. */
static double paper_spread(void)
{
    json_t *paper = paper_json(), *table = json_object_get(paper, "table1_log_perplexity"), *row;
    const char *name;
    double sum = 0.0;
    int n = 0;

    json_object_foreach (table, name, row) {
        double stddev = number_at(row, "steps_65536_stddev");

        sum += stddev * stddev;
        n++;
    }
    json_decref(paper);
    return n ? sqrt(2.0 * sum / n) : NAN;
}

int results_detection(double difference_nats, const json_t *document, int contrasts,
                      struct detection *detection)
{
    static const double alpha = 0.05, power = 0.8;
    double stddev = document ? pooled(value_at(document, "tables.table1"), "delta_stddev_nats")
                             : paper_spread();

    if (!(difference_nats > 0.0) || !isfinite(difference_nats))
        return err_set("the difference to detect must be a number of nats above 0");
    if (!(stddev > 0.0))
        return err_set("the results have no spread of differences; it takes two seeds that both the "
                       "baseline and another variant finished");
    contrasts = contrasts > 0 ? contrasts : 1;
    *detection = (struct detection){
        .difference_nats = difference_nats,
        .stddev_nats = stddev,
        .contrasts = contrasts,
        .seeds = stats_pairs_needed(difference_nats, stddev, alpha / contrasts, power),
        .source = document ? "the paired differences of the results file"
                           : "the paper's standard deviations, taken as not paired",
    };
    return 0;
}
