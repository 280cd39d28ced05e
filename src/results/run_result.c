/* run_result.c - a finished run as it stands in a results file, and back. */
#include "src/glu.h"

#include "src/results/results.h"

#include "src/util/json_help.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const status_names[] = {
    [RUN_OK] = "ok",
    [RUN_DIVERGED] = "diverged",
    [RUN_FAILED] = "failed",
    [RUN_INTERRUPTED] = "interrupted",
};

const char *run_status_name(enum run_status status)
{
    return status_names[status];
}

enum run_status run_status_of(const char *name)
{
    for (size_t i = 0; name && i < LENGTH_OF(status_names); i++)
        if (strcmp(name, status_names[i]) == 0)
            return (enum run_status)i;
    return RUN_FAILED;
}

void run_result_free(struct run_result *result)
{
    free(result->error);
    free(result->example_nats);
    free(result->curve);
    free(result->repro);
    json_decref(result->scoring);
    result->scoring = NULL;
    result->error = result->repro = NULL;
    result->example_nats = NULL;
    result->curve = NULL;
    result->curve_count = 0;
}

/* ==== To JSON ==== */

static json_t *curve_json(const struct run_result *run)
{
    json_t *points = json_array();
    int bad = 0;

    for (int i = 0; i < run->curve_count; i++) {
        const struct curve_point *point = &run->curve[i];
        json_t *o = json_object();

        bad |= json_put(o, "step", json_integer(point->step));
        bad |= json_put(o, "train_loss_nats", json_number(point->train_loss_nats));
        bad |= json_put(o, "heldout_log_perplexity_nats",
                        json_number(point->heldout_log_perplexity_nats));
        bad |= json_put(o, "train_s", json_number(point->train_s));
        bad |= json_push(points, o);
    }
    return json_finish(points, bad);
}

double results_example_step_nats(int examples)
{
    /* The digit before the point, the point and a comma are of each value too. */
    const int room = 20480, most = 6, least = 2;
    int digits = room / (examples > 0 ? examples : 1) - 3;

    return pow(10.0, -(double)(digits > most ? most : digits < least ? least : digits));
}

static json_t *examples_json(const struct run_result *run)
{
    /* Divided by, it gives the nearest number of so many digits. */
    double steps_a_nat = round(1.0 / results_example_step_nats(run->heldout_examples));
    json_t *list;
    int bad = 0;

    if (!run->example_nats)
        return json_null();
    list = json_array();
    for (int i = 0; i < run->heldout_examples; i++)
        bad |= json_push(list, json_number(round(run->example_nats[i] * steps_a_nat) / steps_a_nat));
    return json_finish(list, bad);
}

/* Of the targets' text, whatever its tokens are. */
static double nats_per_byte(const struct run_result *run, double nats)
{
    return nats * (double)run->heldout_target_tokens / (double)run->heldout_target_bytes;
}

json_t *results_run_json(const struct run_result *run)
{
    bool ok = run->status == RUN_OK;
    double nats = json_rounded(ok ? run->heldout_log_perplexity_nats : NAN);
    const char *sha256 = run->parameters_sha256;
    json_t *o = json_object();
    int bad = 0;

    bad |= json_put(o, "variant", json_text(run->variant->name));
    bad |= json_put(o, "seed", json_integer((json_int_t)run->seed));
    bad |= json_put(o, "status", json_text(run_status_name(run->status)));
    bad |= json_put(o, "error", json_text(run->error));
    bad |= json_put(o, "steps", json_integer(run->steps));
    if (run->shared_steps > 0)
        bad |= json_put(o, "shared_steps", json_integer(run->shared_steps));
    bad |= json_put(o, "tokens_seen", json_integer(run->tokens_seen));
    bad |= json_put(o, "heldout_log_perplexity_nats", json_number(nats));
    bad |= json_put(o, "heldout_perplexity", json_number(exp(nats)));
    bad |= json_put(o, "heldout_examples", json_integer(run->heldout_examples));
    bad |= json_put(o, "heldout_target_tokens", json_integer(run->heldout_target_tokens));
    if (run->heldout_target_bytes > 0) {
        bad |= json_put(o, "heldout_target_bytes", json_integer(run->heldout_target_bytes));
        bad |= json_put(o, "heldout_nats_per_byte", json_number(nats_per_byte(run, nats)));
    }
    bad |= json_put(o, "train_s", json_number(run->train_s));
    bad |= json_put(o, "evaluate_s", json_number(run->evaluate_s));
    bad |= json_put(o, "train_tokens_per_s", json_number(run->train_tokens_per_s));
    bad |= json_put(o, "peak_memory_bytes", json_integer((json_int_t)run->peak_memory_bytes));
    bad |= json_put(o, "init_checkpoint_sha256",
                    json_text(run->init_sha256[0] ? run->init_sha256 : NULL));
    bad |= json_put(o, "parameters_sha256", json_text(sha256[0] ? sha256 : NULL));
    bad |= json_put(o, "curve", curve_json(run));
    bad |= json_put(o, "heldout_example_nats", examples_json(run));
    bad |= json_put(o, "repro", json_text(run->repro));
    if (run->scoring)
        bad |= json_object_update(o, run->scoring);
    return json_finish(o, bad);
}

/* ==== And back ==== */

int run_curve_restore(struct curve_point **curve, int *count, const json_t *run)
{
    const json_t *points = json_object_get(run, "curve");
    size_t size = json_array_size(points);

    *count = 0;
    *curve = calloc(size + 1, sizeof **curve);
    if (!*curve)
        return err_set("out of memory");
    for (size_t i = 0; i < size; i++) {
        const json_t *point = json_array_get(points, i);

        (*curve)[(*count)++] = (struct curve_point){
            .step = integer_at(point, "step", 0),
            .train_loss_nats = number_at(point, "train_loss_nats"),
            .heldout_log_perplexity_nats = number_at(point, "heldout_log_perplexity_nats"),
            .train_s = number_at(point, "train_s"),
        };
    }
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

/* The members of a run with scores. */
static int restore_scoring(struct run_result *result, const json_t *run)
{
    static const char *const members[] = {"scores", "scores_last", "score_averages", "score_curve",
                                          "score_examples", "train_examples", "padding_share"};

    if (!json_object_get(run, "scores"))
        return 0;
    result->scoring = json_object();
    for (size_t i = 0; i < LENGTH_OF(members); i++) {
        json_t *member = json_object_get(run, members[i]);

        if (member && json_object_set(result->scoring, members[i], member))
            return -1;
    }
    return result->scoring ? 0 : -1;
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
    const char *init = text_at(run, "init_checkpoint_sha256");

    *result = (struct run_result){
        .variant = variant,
        .seed = (uint64_t)integer_at(run, "seed", 0),
        .status = run_status_of(text_at(run, "status")),
        .steps = integer_at(run, "steps", 0),
        .tokens_seen = integer_at(run, "tokens_seen", 0),
        .shared_steps = integer_at(run, "shared_steps", 0),
        .heldout_log_perplexity_nats = number_at(run, "heldout_log_perplexity_nats"),
        .heldout_examples = (int)integer_at(run, "heldout_examples", 0),
        .heldout_target_tokens = integer_at(run, "heldout_target_tokens", 0),
        .heldout_target_bytes = integer_at(run, "heldout_target_bytes", 0),
        .train_s = number_at(run, "train_s"),
        .evaluate_s = number_at(run, "evaluate_s"),
        .train_tokens_per_s = number_at(run, "train_tokens_per_s"),
        .peak_memory_bytes = (size_t)integer_at(run, "peak_memory_bytes", 0),
    };
    if (sha256)
        snprintf(result->parameters_sha256, sizeof result->parameters_sha256, "%s", sha256);
    if (init)
        snprintf(result->init_sha256, sizeof result->init_sha256, "%s", init);
    if (restore_text(&result->error, run, "error") || restore_text(&result->repro, run, "repro") ||
        run_curve_restore(&result->curve, &result->curve_count, run) || restore_scoring(result, run) ||
        restore_examples(result, json_object_get(run, "heldout_example_nats"))) {
        run_result_free(result);
        return err_set("out of memory");
    }
    return 0;
}
