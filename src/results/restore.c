/* restore.c - a run of a results file, back in memory. */
#include "src/glu.h"

#include "src/util/json_help.h"
#include "src/results/results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const status_names[] = {
    [RUN_OK] = "ok",
    [RUN_DIVERGED] = "diverged",
    [RUN_FAILED] = "failed",
    [RUN_INTERRUPTED] = "interrupted",
};

static enum run_status status_at(const json_t *run)
{
    const char *text = text_at(run, "status");

    for (size_t i = 0; text && i < LENGTH_OF(status_names); i++)
        if (strcmp(text, status_names[i]) == 0)
            return (enum run_status)i;
    return RUN_FAILED;
}

static int restore_curve(struct run_result *result, const json_t *curve)
{
    size_t count = json_array_size(curve);

    result->curve = calloc(count + 1, sizeof *result->curve);
    if (!result->curve)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const json_t *point = json_array_get(curve, i);

        result->curve[i] = (struct curve_point){
            .step = integer_at(point, "step", 0),
            .train_loss_nats = number_at(point, "train_loss_nats"),
            .heldout_log_perplexity_nats = number_at(point, "heldout_log_perplexity_nats"),
            .train_s = number_at(point, "train_s"),
        };
    }
    result->curve_count = (int)count;
    return 0;
}

static int restore_examples(struct run_result *result, const json_t *examples)
{
    size_t count = json_array_size(examples);

    if (count == 0 || count != (size_t)result->heldout_examples)
        return 0;
    result->example_nats = calloc(count, sizeof *result->example_nats);
    if (!result->example_nats)
        return -1;
    for (size_t i = 0; i < count; i++)
        result->example_nats[i] = json_number_value(json_array_get(examples, i));
    return 0;
}

/* A copy of a text member in *copy; NULL when there is none. */
static int restore_text(char **copy, const json_t *run, const char *key)
{
    const char *text = text_at(run, key);

    *copy = text ? strdup(text) : NULL;
    return text && !*copy ? -1 : 0;
}

int run_result_restore(struct run_result *result, const json_t *run, const struct variant *variant)
{
    const char *sha256 = text_at(run, "parameters_sha256");

    *result = (struct run_result){
        .variant = variant,
        .seed = (uint64_t)integer_at(run, "seed", 0),
        .status = status_at(run),
        .steps = integer_at(run, "steps", 0),
        .tokens_seen = integer_at(run, "tokens_seen", 0),
        .heldout_log_perplexity_nats = number_at(run, "heldout_log_perplexity_nats"),
        .heldout_examples = (int)integer_at(run, "heldout_examples", 0),
        .heldout_target_tokens = integer_at(run, "heldout_target_tokens", 0),
        .train_s = number_at(run, "train_s"),
        .train_tokens_per_s = number_at(run, "train_tokens_per_s"),
        .peak_memory_bytes = (size_t)integer_at(run, "peak_memory_bytes", 0),
    };
    if (sha256)
        snprintf(result->parameters_sha256, sizeof result->parameters_sha256, "%s", sha256);
    if (restore_text(&result->error, run, "error") || restore_text(&result->repro, run, "repro") ||
        restore_curve(result, json_object_get(run, "curve")) ||
        restore_examples(result, json_object_get(run, "heldout_example_nats"))) {
        run_result_free(result);
        return err_set("out of memory");
    }
    return 0;
}
