/* results.h - the results file, schema_version 1: what the rest of the program fills in and what
 * becomes JSON.  Time values are in seconds, sizes in bytes, losses in nats. */
#ifndef GLU_RESULTS_RESULTS_H
#define GLU_RESULTS_RESULTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "variants/variant.h"

struct curve_point {
    int64_t step;
    double train_loss_nats;               /* NAN: not measured; null in the file */
    double heldout_log_perplexity_nats;   /* NAN: not measured */
    double train_s;                       /* training time up to here, evaluation not counted */
};

enum run_status { RUN_OK, RUN_DIVERGED, RUN_FAILED, RUN_INTERRUPTED };

/* One training of one variant at one seed.  Owns curve, example_nats and error. */
struct run_result {
    const struct variant *variant;
    uint64_t seed;
    enum run_status status;
    char *error; /* NULL when ok */
    int64_t steps, tokens_seen;
    double heldout_log_perplexity_nats; /* NAN when diverged, failed or interrupted */
    int heldout_examples;
    int64_t heldout_target_tokens;
    double *example_nats; /* (heldout_examples): mean nats of each held-out example at the end */
    double train_s;
    double train_tokens_per_s; /* input and target tokens */
    size_t peak_memory_bytes;
    char parameters_sha256[65]; /* of the final weights; "" when there are none */
    struct curve_point *curve;
    int curve_count;
    char *repro; /* the command that does this run alone */
};
void run_result_free(struct run_result *result); /* frees what it owns, not the struct */

/* What is the same for all runs of a variant. */
struct variant_result {
    const struct variant *variant;
    int d_ff;
    int64_t parameters, ffn_parameters, train_flops_per_step;
    double parameter_difference_vs_baseline; /* relative: 0.001 is 0.1 % */
};

/* Throughput samples of one variant and pass. */
struct throughput_result {
    const struct variant *variant;
    const char *pass; /* "train" or "forward", "ffn_train", "ffn_forward" */
    const char *precision;
    int threads, batch;
    int64_t tokens_per_sample;
    double flops_per_sample; /* of the matrix products */
    double *samples_s;       /* (samples), in the order measured; owned */
    int samples;
    double gemm_peak_gflop_per_s; /* NAN when not measured */
};

/* A whole results file being made.  Arrays are borrowed for the time of the call. */
struct results {
    json_t *command; /* array of argv; borrowed references, NULL: null */
    json_t *config;  /* the resolved configuration, DESIGN's "config" object */
    const struct variant *baseline;
    const struct variant_result *variants;
    int variant_count;
    const struct run_result *runs;
    int run_count;
    const struct throughput_result *throughput;
    int throughput_count;
};

/* The whole document: program, environment, command, config, warnings, variants, runs, tables,
 * agreement.  New reference, or NULL and a message. */
json_t *results_json(const struct results *results);
/* Write a document atomically (temporary file, fsync, rename).  0 or -1. */
int results_write(const char *path, json_t *document);
/* Read and check the version of one.  New reference, or NULL and a message naming path and line. */
json_t *results_read(const char *path);

/* The tables for people, made from the JSON document (so that `report` prints what `run` did).
 * format: "markdown", "csv", "latex", "json", "terminal".
 * table: "perplexity", "throughput", "parity", "agreement".  0 or -1. */
#include <stdio.h>
int report_print(FILE *out, json_t *document, const char *table, const char *format);

#endif
