/* metric.h - a number that a trained model is judged by. */
#ifndef GLU_UTIL_METRIC_H
#define GLU_UTIL_METRIC_H

#include <stdbool.h>

struct metric {
    const char *name; /* the field's: "heldout_log_perplexity_nats" */
    const char *unit; /* "nats" */
    bool higher_is_better;
};

#endif
