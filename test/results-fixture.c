/* results-fixture.c - see results-fixture.h. */
#include "src/glu.h"

#include "test/results-fixture.h"

#include "src/util/json_help.h"
#include "src/util/rng.h"
#include "test/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EXAMPLES = 40, POINTS = 5, STEPS = 1000, SAMPLES = 9 };

static void *need(void *memory)
{
    if (!memory)
        tap_bail_out("no memory for the fixture");
    return memory;
}

static const double paper[] = {1.997, 1.983, 1.994, 1.982, 1.960, 1.942, 1.944, 1.953};

static double effect(int variant, int flags)
{
    enum { GEGLU = 5 };
    double mean = flags & FIXTURE_ALIKE ? 1.97 : paper[variant];

    if (flags & FIXTURE_WINNER && variant == GEGLU)
        mean -= 0.1;
    mean = flags & FIXTURE_REVERSED ? 3.94 - mean : mean;
    return flags & FIXTURE_WORSE ? 1.02 * mean : mean;
}

static void make_run(struct run_result *run, const struct variant *variant, int index, int seed,
                     int flags)
{
    struct rng rng;
    double seed_effect, nats, sum = 0.0;

    rng_start(&rng, (uint64_t)seed, RNG_TEST, 0);
    seed_effect = 0.02 * rng_normal(&rng); /* shared by the variants: pairing pays */
    rng_start(&rng, (uint64_t)seed, RNG_TEST, rng_lane(variant->name));
    nats = effect(index, flags) + seed_effect + 0.003 * rng_normal(&rng);

    *run = (struct run_result){
        .variant = variant,
        .seed = (uint64_t)seed,
        .steps = STEPS,
        .tokens_seen = (int64_t)STEPS * 32 * 157,
        .heldout_log_perplexity_nats = nats,
        .heldout_examples = EXAMPLES,
        .heldout_target_tokens = EXAMPLES * 29,
        .heldout_target_bytes = EXAMPLES * 25,
        .train_s = 100.0 + index,
        .train_tokens_per_s = STEPS * 32.0 * 157.0 / (100.0 + index),
        .peak_memory_bytes = 1 << 26,
        .curve_count = POINTS,
        .curve = need(calloc(POINTS, sizeof *run->curve)),
        .example_nats = need(calloc(EXAMPLES, sizeof *run->example_nats)),
        .repro = need(strdup("glubench --variant x --seed 1")),
    };
    memset(run->parameters_sha256, 'a' + index, 64);
    for (int i = 0; i < POINTS; i++)
        run->curve[i] = (struct curve_point){
            .step = STEPS * (i + 1) / POINTS,
            .train_loss_nats = i == 0 ? NAN : nats + 0.1,
            .heldout_log_perplexity_nats = nats + 0.5 * (POINTS - 1 - i),
            .train_s = run->train_s * (i + 1) / POINTS,
        };
    for (int i = 0; i < EXAMPLES; i++) {
        run->example_nats[i] = nats + 0.1 * rng_normal(&rng);
        sum += run->example_nats[i];
    }
    for (int i = 0; i < EXAMPLES; i++) /* so that their mean is the loss */
        run->example_nats[i] += nats - sum / EXAMPLES;
    if (flags & FIXTURE_NO_EXAMPLES) {
        free(run->example_nats);
        run->example_nats = NULL;
    }
}

/* ==== Scores of tasks ==== */

static const struct {
    const char *task, *metric[2]; /* {NULL}: none */
    double score, prior;          /* of the baseline; of guessing, 0: no classes */
    int flag;
    bool complete, signal, test;
} tasks[] = {
    {"cola", {"mcc", NULL}, 30.0, 0.618, FIXTURE_GLUE, true, true, false},
    {"sst2", {"accuracy", NULL}, 80.0, 0.693, FIXTURE_GLUE | FIXTURE_SCORES, true, true, false},
    {"mrpc", {"f1", "accuracy"}, 81.0, 0.624, FIXTURE_GLUE, true, true, false},
    {"stsb", {"pearson", "spearman"}, 20.0, 0.0, FIXTURE_GLUE, true, false, false},
    {"qqp", {"f1", "accuracy"}, 70.0, 0.658, FIXTURE_GLUE, true, true, false},
    {"mnli", {"accuracy", NULL}, 50.0, 1.098, FIXTURE_GLUE, true, true, false},
    {"mnli_mismatched", {"accuracy", NULL}, 51.0, 1.098, FIXTURE_GLUE, true, true, false},
    {"qnli", {"accuracy", NULL}, 60.0, 0.693, FIXTURE_GLUE, true, true, false},
    {"rte", {"accuracy", NULL}, 53.0, 0.692, FIXTURE_GLUE | FIXTURE_SCORES, false, false, false},
    {"squad", {"em", "f1"}, 20.0, 0.0, FIXTURE_SCORES, true, true, false},
    {"translation", {"bleu_13a", "chrf2"}, 15.0, 0.0, FIXTURE_SCORES, true, true, true},
};

static bool has_task(size_t i, int flags)
{
    return (tasks[i].flag & flags) != 0;
}

/* The gated are 2 points better, and 0.02 nats. */
static json_t *make_scores(size_t i, const struct variant *variant, int step, struct rng *rng)
{
    const double better = variant->gated && (tasks[i].signal || tasks[i].prior <= 0) ? 2.0 : 0.0;
    const double nats = (tasks[i].prior > 0 ? tasks[i].prior : 2.0) - (tasks[i].signal ? 0.2 : 0.0) -
                        0.01 * better + 0.002 * rng_normal(rng);
    json_t *scores = need(json_object());

    for (int k = 0; k < 2 && tasks[i].metric[k]; k++)
        json_put(scores, tasks[i].metric[k],
                 json_number(tasks[i].score + k + better + 0.2 * rng_normal(rng)));
    json_put(scores, "target_nats", json_number(nats));
    if (tasks[i].prior > 0) {
        json_put(scores, "label_nats", json_number(nats));
        json_put(scores, "label_accuracy", json_number(tasks[i].score));
        json_put(scores, "label_prior_nats", json_number(tasks[i].prior));
        json_put(scores, "label_minus_prior_ci95_nats",
                 json_interval((struct interval){nats - tasks[i].prior - 0.05, nats - tasks[i].prior + 0.05}));
        json_put(scores, "label_signal", json_text(tasks[i].signal ? "signal" : "no signal"));
    }
    json_put(scores, "step", json_integer(step));
    return scores;
}

/* As a run with tasks has them: at two checkpoints, of which the first is the best. */
static json_t *make_scoring(const struct run_result *run, int flags)
{
    json_t *best = json_object(), *last = json_object(), *examples = json_object(), *averages = json_object();
    json_t *points[2] = {need(json_object()), need(json_object())};
    struct rng rng;

    rng_start(&rng, run->seed, RNG_TEST, rng_lane(run->variant->label));
    for (int k = 0; k < 2; k++) {
        json_put(points[k], "step", json_integer(STEPS * (k + 1) / 2));
        json_put(points[k], "target_nats", json_number(1.0));
    }
    for (size_t i = 0; i < LENGTH_OF(tasks); i++) {
        json_t *scores[2];

        if (!has_task(i, flags))
            continue;
        for (int k = 0; k < 2; k++)
            scores[k] = make_scores(i, run->variant, STEPS * (k + 1) / 2, &rng);
        for (int k = 0; k < 2 && tasks[i].metric[k]; k++)
            for (int at = 0; at < 2; at++) {
                char name[64];

                if (at == 1) /* the last is a point worse */
                    json_put(scores[1], tasks[i].metric[k],
                             json_number(number_at(scores[0], tasks[i].metric[k]) - 1.0));
                snprintf(name, sizeof name, "%s.%s", tasks[i].task, tasks[i].metric[k]);
                json_put(points[at], name, json_number(number_at(scores[at], tasks[i].metric[k])));
            }
        if (tasks[i].test)
            json_put(scores[0], "dev_target_nats", json_number(number_at(scores[1], "target_nats")));
        json_put(best, tasks[i].task, scores[0]);
        json_put(last, tasks[i].task, scores[1]);
        json_put(examples, tasks[i].task, json_pack("[f, f]", 0.25, 0.75));
    }
    json_put(averages, "glue",
             flags & FIXTURE_GLUE ? json_pack("{s:f, s:f}", "at_one_checkpoint", 55.0 + 2.0 * run->variant->gated,
                                              "of_best", 56.0)
                                  : json_pack("{s:n, s:n}", "at_one_checkpoint", "of_best"));
    return need(json_pack("{s:o, s:o, s:o, s:[o, o], s:o, s:i, s:f}", "scores", best, "scores_last", last,
                          "score_averages", averages, "score_curve", points[0], points[1], "score_examples",
                          examples, "train_examples", 32 * STEPS, "padding_share", 0.125));
}

static json_t *make_tasks(int flags)
{
    json_t *list = need(json_array());

    for (size_t i = 0; i < LENGTH_OF(tasks); i++)
        if (has_task(i, flags))
            json_push(list, json_pack("{s:s, s:i, s:i, s:o, s:b, s:i}", "task", tasks[i].task, "train_examples",
                                      1000, "dev_examples", 100, "test_examples",
                                      tasks[i].test ? json_integer(100) : json_null(), "complete",
                                      tasks[i].complete, "dev_examples_in_training", 0));
    for (size_t i = 0; i < json_array_size(list); i++)
        if (texts_equal(text_at(json_array_get(list, i), "task"), "translation"))
            json_put(json_array_get(list, i), "signatures", json_pack("{s:s}", "bleu_13a", "nrefs:1|tok:13a"));
    return list;
}

json_t *fixture_score(json_t *document, const char *task, const char *metric, const char *variant)
{
    json_t *rows = value_at(document, "tables.scores");

    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i);

        if (texts_equal(text_at(row, "task"), task) && texts_equal(text_at(row, "metric"), metric) &&
            texts_equal(text_at(row, "variant"), variant))
            return row;
    }
    return NULL;
}

/* ==== Runs ==== */

/* The baseline at one seed for half of the steps, from its run for all of them. */
static void make_half(struct run_result *half, const struct run_result *run, int flags)
{
    struct rng rng;
    double nats;

    rng_start(&rng, run->seed, RNG_TEST, rng_lane("half"));
    nats = run->heldout_log_perplexity_nats + (flags & FIXTURE_SLOPE ? 0.03 * log(2.0) : 0.0) +
           0.003 * rng_normal(&rng);
    make_run(half, run->variant, 0, (int)run->seed, flags | FIXTURE_NO_EXAMPLES);
    half->steps = STEPS / 2;
    half->tokens_seen /= 2;
    half->heldout_log_perplexity_nats = nats;
    half->curve_count = 1;
    half->parameters_sha256[0] = 'h';
}

static void diverge(struct run_result *run)
{
    run->status = RUN_DIVERGED;
    run->error = need(strdup("the loss was not finite at step 412"));
    run->steps = 411;
    run->heldout_log_perplexity_nats = NAN;
    run->parameters_sha256[0] = '\0';
    free(run->example_nats);
    run->example_nats = NULL;
    run->curve_count = 2;
}

static void make_throughput(struct throughput_result *row, const struct variant *variant, int index,
                            bool train, int flags)
{
    double unit_s = (train ? 0.03 : 0.01) * (flags & FIXTURE_WORSE ? 1.1 : 1.0);
    struct rng rng;

    rng_start(&rng, 7, RNG_TEST, rng_lane(variant->name));
    *row = (struct throughput_result){
        .variant = variant,
        .pass = train ? "train" : "forward",
        .precision = "f32",
        .threads = 2,
        .batch = 32,
        .tokens_per_sample = 32 * 157,
        .flops_per_sample = train ? 3e9 : 1e9,
        .samples = SAMPLES,
        .samples_s = need(calloc(SAMPLES, sizeof *row->samples_s)),
        .gemm_peak_gflop_per_s = 200.0,
    };
    for (int i = 0; i < SAMPLES; i++)
        row->samples_s[i] = unit_s * (1.0 + 0.01 * index + 0.005 * rng_uniform(&rng));
}

static json_t *make_config(int first_seed, int seeds)
{
    json_t *config = json_pack(
        "{s:s, s:{s:s, s:i, s:i, s:s}, s:{s:s, s:i, s:i, s:s}, s:s,"
        " s:{s:i, s:i, s:i, s:i, s:i, s:i},"
        " s:{s:i, s:i, s:i, s:i, s:f, s:i, s:f, s:f}, s:[], s:s, s:i, s:i}",
        "preset", "tiny", "corpus", "kind", "builtin", "files", 0, "bytes", 0, "sha256", "00",
        "heldout", "kind", "builtin", "files", 0, "bytes", 0, "sha256", "11", "tokenizer", "bytes",
        "model", "d_model", 64, "layers", 2, "heads", 4, "d_kv", 16, "d_ff", 384, "vocabulary", 384,
        "training", "steps", STEPS, "batch", 32, "input_length", 128, "target_length", 29,
        "learning_rate", 0.02, "warmup_steps", 300, "decay_fraction", 0.1, "dropout", 0.0, "seeds",
        "precision", "f32", "threads", 2, "jobs", 1);

    for (int i = 0; i < seeds; i++)
        json_push(json_object_get(config, "seeds"), json_integer(first_seed + i));
    return need(config);
}

void fixture_open(struct fixture *fixture, int first_seed, int seeds, int flags)
{
    struct results *results = &fixture->results;
    int last = -1;

    memset(fixture, 0, sizeof *fixture);
    for (int i = 0; i < variant_count(); i++) {
        const struct variant *variant = variant_at(i);
        int index = results->variant_count;

        if (!variant->in_paper)
            continue;
        fixture->variants[results->variant_count++] = (struct variant_result){
            variant, variant->gated ? 256 : 384, 500000, 196608, 3000000000, 0.0};
        for (int seed = first_seed; seed < first_seed + seeds; seed++) {
            last = results->run_count++;
            make_run(&fixture->runs[last], variant, index, seed, flags);
            if (flags & (FIXTURE_SCORES | FIXTURE_GLUE))
                fixture->runs[last].scoring = make_scoring(&fixture->runs[last], flags);
        }
        if (flags & FIXTURE_DIVERGED && strcmp(variant->name, "swiglu") == 0)
            diverge(&fixture->runs[last]);
        for (int k = 0; k < seeds && index == 0 && flags & (FIXTURE_SLOPE | FIXTURE_FLAT); k++)
            make_half(&fixture->slope_runs[results->slope_run_count++], &fixture->runs[k], flags);
        for (int train = 0; train < 2 && !(flags & FIXTURE_NO_SPEED); train++)
            make_throughput(&fixture->throughput[results->throughput_count++], variant, index, train,
                            flags);
    }
    results->baseline = fixture->variants[0].variant;
    results->variants = fixture->variants;
    results->runs = fixture->runs;
    results->slope_runs = results->slope_run_count > 0 ? fixture->slope_runs : NULL;
    results->throughput = fixture->throughput;
    results->config = make_config(first_seed, seeds);
    if (flags & (FIXTURE_SCORES | FIXTURE_GLUE))
        json_put(results->config, "tasks", make_tasks(flags));
}

void fixture_close(struct fixture *fixture)
{
    for (int i = 0; i < fixture->results.run_count; i++)
        run_result_free(&fixture->runs[i]);
    for (int i = 0; i < fixture->results.slope_run_count; i++)
        run_result_free(&fixture->slope_runs[i]);
    for (int i = 0; i < fixture->results.throughput_count; i++)
        free(fixture->throughput[i].samples_s);
    json_decref(fixture->results.config);
    memset(fixture, 0, sizeof *fixture);
}

json_t *fixture_document(int first_seed, int seeds, int flags)
{
    struct fixture *fixture = need(malloc(sizeof *fixture));
    json_t *document;

    fixture_open(fixture, first_seed, seeds, flags);
    document = results_json(&fixture->results);
    if (!document)
        tap_bail_out("%s", err_get());
    fixture_close(fixture);
    free(fixture);
    return document;
}

enum affects fixture_affects(const char *path)
{
    static const char *const nothing[] = {"preset",  "seeds", "seeds_max",    "until_decided",
                                          "variants", "threads", "jobs"};

    for (size_t i = 0; i < LENGTH_OF(nothing); i++)
        if (strcmp(nothing[i], path) == 0)
            return AFFECTS_NOTHING;
    return strcmp(path, "threads_per_run") == 0 ? AFFECTS_BITS : AFFECTS_RESULT;
}

json_t *fixture_row(json_t *document, const char *table, const char *variant)
{
    json_t *rows = json_object_get(json_object_get(document, "tables"), table);

    for (size_t i = 0; i < json_array_size(rows); i++)
        if (texts_equal(text_at(json_array_get(rows, i), "variant"), variant))
            return json_array_get(rows, i);
    return NULL;
}
