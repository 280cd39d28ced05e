/* results.h - the results file, schema_version 1: what the rest of the program fills in, what
 * becomes JSON, and what is done with such files.  Time values are in seconds, sizes in bytes,
 * losses in nats.
 *
 * The tables and the agreement with the paper are computed from the document's own variants, runs
 * and throughput samples, so that merging, checking and printing work on any results file.
 *
 * What includes what in this folder: a line what stands in the lines above it, and nothing back.
 *
 *     results.h, layout (a JSON object as a struct), schema, embedded.h
 *     run_result, environment, document (what is measured, as JSON; files), published
 *     matrix (a document as arrays)
 *     distributions; power, statistics, equivalence, random_effects, sequential, signed_rank
 *     contrasts, curves, decisions, worth (the statistics of a matrix)        sheet, cells, formats/
 *     task_scores (the columns of tasks)
 *     tables/: quality, throughput.h, scores.h, beside, a file for each other table, tables.c (the list of them)
 *     check (a document against itself)
 *     changes (a document against another)
 *     results.c, read, report, compare, merge, validate, detection
 *     studies/: collection (several documents), a file for each table, tables.c (their list), report
 *
 * This header is of the types that all share, and of what the rest of the program calls. */
#ifndef GLU_RESULTS_RESULTS_H
#define GLU_RESULTS_RESULTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "src/util/affects.h"
#include "variants/variant.h"

enum { RESULTS_SCHEMA_VERSION = 1 };

/* ==== What a run and a measurement give ==== */

struct curve_point {
    int64_t step;
    double train_loss_nats;               /* NAN: not measured; null in the file */
    double heldout_log_perplexity_nats;   /* NAN: not measured */
    double train_s;                       /* training time up to here, evaluation not counted */
};

enum run_status { RUN_OK, RUN_DIVERGED, RUN_FAILED, RUN_INTERRUPTED };
const char *run_status_name(enum run_status status);   /* in files and messages: "ok" */
enum run_status run_status_of(const char *name);       /* RUN_FAILED for any other text and NULL */

/* One training of one variant at one seed.  Owns curve, example_nats, error and repro. */
struct run_result {
    const struct variant *variant;
    uint64_t seed; /* below 2^63 */
    enum run_status status;
    char *error; /* NULL when ok */
    int64_t steps, tokens_seen;
    int64_t shared_steps; /* the first of the steps, where a longer training did them; train_s is of all */
    double heldout_log_perplexity_nats; /* NAN when diverged, failed or interrupted */
    int heldout_examples;
    int64_t heldout_target_tokens;
    int64_t heldout_target_bytes; /* of their text; 0: not told, as by earlier versions */
    double *example_nats; /* (heldout_examples): mean nats of each held-out example at the end; NULL
                           * when there are none */
    double train_s;
    double evaluate_s; /* NaN: of a program that did not tell; since it went on, where it did */
    double train_tokens_per_s; /* input and target tokens */
    size_t peak_memory_bytes;
    char init_sha256[65];       /* of the weights file that it started from; "" when there is none */
    char parameters_sha256[65]; /* of the final weights; "" when there are none */
    struct curve_point *curve;
    int curve_count;
    char *repro; /* the command that does this run alone; may be NULL */
    json_t *scoring; /* members of its row besides, of tasks with scores; owned; NULL: none */
};
void run_result_free(struct run_result *result); /* frees what it owns, not the struct */

/* What each of so many examples' losses is rounded to in a file: a hundredth of a nat, or a finer power
 * of ten, to a millionth, where 20 KiB hold them all.  The differences of two variants on one example
 * have a standard deviation of 0.03 to 0.12 nats in the files of results/, so that even a hundredth
 * adds less than 2 % to the variance of a difference. */
double results_example_step_nats(int examples);
/* A run as it stands in a results file.  New reference, or NULL and a message (memory). */
json_t *results_run_json(const struct run_result *run);
/* And back, of the variant that it names: results_run_json() of it gives the same again.  0, or -1
 * and a message (memory) and nothing to free. */
int run_result_restore(struct run_result *result, const json_t *run, const struct variant *variant);
/* Its curve alone, the caller's to free.  0, or -1, a message and NULL. */
int run_curve_restore(struct curve_point **curve, int *count, const json_t *run);

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
    const char *pass; /* "train" or "forward", "ffn_train", "ffn_forward", "decode", "decode_anew" */
    const char *precision;
    int threads, batch;
    int64_t tokens_per_sample;  /* padding counted */
    double examples_per_sample;
    double padding_share;       /* of the tokens */
    double flops_per_sample; /* of the matrix products */
    double *samples_s;       /* (samples), in the order measured; owned */
    int samples;
    double gemm_peak_gflop_per_s; /* NAN when not measured */
};

/* What oneDNN says of itself; "" becomes null. */
struct onednn_facts {
    char version[32], cpu_runtime[32], isa[64];
};

/* A whole results file being made.  Everything is borrowed for the time of the call. */
struct results {
    json_t *environment; /* from environment_json(), taken before the first step; NULL: taken now */
    const struct onednn_facts *onednn; /* NULL: null in the file */
    json_t *command; /* array of argv; NULL: null */
    json_t *inputs;  /* array: the files that were read, as in results/schema.json; NULL: none */
    json_t *config;  /* the resolved configuration, DESIGN's "config" object; NULL: {} */
    const struct variant *baseline;
    const struct variant_result *variants;
    int variant_count;
    const struct run_result *runs;
    int run_count;
    const struct run_result *slope_runs; /* of half of the steps; NULL: they are not asked for */
    int slope_run_count;
    const struct throughput_result *throughput;
    int throughput_count;
    json_t *throughput_before; /* rows of a file that is gone on with, where nothing was measured; NULL: none */
    json_t *profile; /* array, one object a variant, as in results/schema.json; NULL: not measured */
    json_t *scaling; /* array, one object a measured point; NULL: not measured */
    json_t *exchange, *rank_steps; /* arrays, likewise, of what ranks cost */
};

/* ==== Files ==== */

/* The machine and its state now: the file's "environment".  Warns (warn_add) of what spoils
 * timings: a loaded machine, a build without optimisation.  New reference, or NULL. */
json_t *environment_json(void);

/* The document of what is measured: program, environment, command, config, warnings, variants,
 * runs, throughput samples.  It takes no more time than copying.  Nothing that was borrowed is
 * changed by what is done with it, and the environment may get other members meanwhile.  New
 * reference, or NULL and a message. */
json_t *results_document(const struct results *results);
/* Put the runs of half of the steps into a document, from rows as they would stand in its `runs`.  Their
 * losses by example, of which nothing is made, are left out.  0, or -1 and a message (memory). */
int results_put_slope_runs(json_t *document, const json_t *rows);
/* Compute all of a document that follows from what is measured: its tables (but for those of
 * fine-tuning that are there), and the agreement with the paper.  With many seeds it takes seconds.
 * 0, or -1, a message, and tables as they were but for rows of throughput. */
int tables_compute(json_t *document);
/* Put the figures of these papers beside a document's own, in place of those that its configuration
 * names: an array of keys (published.h).  tables.beside follows.  0, or -1 and a message. */
int results_put_beside(json_t *document, json_t *keys);
/* The whole document: both of these. */
json_t *results_json(const struct results *results);
/* Write a document atomically (temporary file, fsync, rename).  0 or -1. */
int results_write(const char *path, json_t *document);
/* Write it to an open pipe or device, which messages call `name`.  0 or -1. */
int results_write_to(int fd, const char *name, json_t *document);
/* Read one, check its version and its form against the schema and what was measured against itself,
 * and compute anew all that follows from it; a warning (warn_add) tells where the file had something
 * else (check.h has the rule).  New reference, or NULL and a message naming the path, and the line or
 * the JSON path of the first fault. */
json_t *results_read(const char *path);
/* Hold a document to the same rule, once it was put together or because what it lacks matters: runs
 * that its configuration names and that are not there are told (warn_add), under `name`.  0, or -1
 * and a message. */
int results_recheck(const json_t *document, const char *name);
/* The same without a word of what is not there, for who tells it otherwise. */
int results_check(const json_t *document, const char *name);

/* Read several and make one document of them: the runs of all, and tables computed anew.  Their
 * configurations must agree in all that affects the result of a run, its last bits too, and a run
 * that is in two of them must be the same in both; otherwise NULL and a message naming the
 * differing fields.  Held to results_recheck(), one path too.  New reference. */
json_t *results_merge(const char *const *paths, int count, affects_fn *affects);

/* Check a file against the schema and against itself: n against the runs, differences against the
 * means, every table against what its runs give, equal parameters, one row per variant and seed.
 * Each fault is one line `FILE: JSON.path: what is wrong` on `out`.  *faults counts them; -1 only
 * when the check itself could not be made (memory).  A file that cannot be read is one fault. */
int results_validate(const char *path, FILE *out, int *faults);

/* ==== For people ==== */

/* The tables for people, made from the JSON document (so that `report` prints what `run` did).
 * table and format: names of report_table_name() and report_format_name().  0, or -1 and a message
 * that lists what exists. */
int report_print(FILE *out, json_t *document, const char *table, const char *format);
/* The i-th name with one line of help each, or NULL past the last. */
const char *report_table_name(int i, const char **help);
const char *report_format_name(int i, const char **help);

/* A table over the directory of a study, a name of study_table_name(); any table of report_print() is
 * printed for each setting, after results_put_beside() unless `beside` is NULL.  `documents`:
 * {SETTING: results} in place of its results files; NULL: those.  0, or -1 and a message. */
int study_report_print(FILE *out, const char *directory, json_t *documents, const char *table,
                       const char *format, json_t *beside);
const char *study_table_name(int i, const char **help);
/* All of them as JSON, {name: rows}: new reference, or NULL and a message. */
json_t *study_tables_json(const char *directory);

/* The differences from `before` to `after`, two documents whose configurations agree in all that
 * affects a result (but for its last bits): quality (paired by seed) and speed, each with a 95 %
 * interval and a test, Holm over all lines; printed in one of report_print()'s formats.  What only
 * one of them has is a line too.
 * *regression: something is worse by more than fail_on_percent (of the loss, of the throughput),
 * significantly or without a test of it; or a run that was ok is not any more; or a run or a
 * measurement of `before` is missing.  A negative fail_on_percent never fails.
 * -1 and a message when the configurations, the variants of one name or the held-out texts differ,
 * or when there is nothing that both have. */
int results_compare(FILE *out, json_t *before, json_t *after, affects_fn *affects,
                    const char *format, double fail_on_percent, bool *regression);

/* How many seeds would resolve a difference of log-perplexity (paired test, two-sided 5 %, Holm
 * over the contrasts, power 80 %). */
struct detection {
    double difference_nats;
    double stddev_nats; /* of the paired differences */
    int contrasts;
    int seeds;           /* INT_MAX: more than a million */
    const char *source;  /* where the standard deviation comes from */
};
/* The spread is that of `document`'s runs, or the paper's when it is NULL.  0 or -1 (no spread). */
int results_detection(double difference_nats, const json_t *document, int contrasts,
                      struct detection *detection);

#endif
