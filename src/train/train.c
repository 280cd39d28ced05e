/* train.c - see train.h. */
#include "src/glu.h"

#include "src/train/train.h"

#include "src/model/weights.h"
#include "src/model/weights_files.h"
#include "src/train/card.h"
#include "src/train/evaluate.h"
#include "src/train/shared.h"
#include "src/train/signals.h"
#include "src/util/clock.h"
#include "src/util/json_help.h"
#include "src/util/machine.h"
#include "src/util/sha256.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A loss this many times that of guessing every token alike does not come back. */
enum { DIVERGED_FACTOR = 10 };

/* What a training works with. */
struct training {
    const struct train_job *job;
    struct comm *comm; /* rank 0 alone reads, writes and reports */
    struct run_result *result;
    struct model *model;
    struct task_stream *stream;
    struct batch *heldout; /* of the other ranks */
    struct batch *batch;   /* of all ranks */
    struct evaluation evaluation; /* the last one */
    struct train_state state;
    double saved_s;        /* when the last state was saved */
    int states_asked;      /* signals_states, as far as it was heeded */
    bool state_wanted;     /* some rank was asked */
    int64_t parting_step;  /* from the job's shorter training, the last that both have; 0: none */
};

/* How often states are saved unless checkpoint_every says otherwise. */
static const double state_interval_s = 120;

/* The weights that the study was begun with, or none. */
static int load_weights(struct training *training)
{
    const struct train_job *job = training->job;
    const char *field = setting_init_field(job->setting);
    char sha256[SHA256_HEX_BYTES];

    if (weights_sha256(job->init_directory, sha256))
        return err_prepend("%s", field);
    if (strcmp(sha256, job->init_sha256) != 0)
        return err_set("%s: %s/%s has changed since the sweep began", field, job->init_directory,
                       weights_files_name(job->init_directory));
    return weights_load(job->init_directory, training->model) ? err_prepend("%s", field) : 0;
}

static bool leads(const struct training *training)
{
    return training->comm->rank == 0;
}

static int open_heldout(struct training *training)
{
    const struct train_job *job = training->job;

    if (shared_heldout(training->comm, leads(training) ? job->task->heldout : NULL, &training->heldout))
        return -1;
    return evaluation_open(&training->evaluation, leads(training) ? job->task->heldout : training->heldout,
                           job->setting->recipe.curve_examples);
}

/* The text, and a model of values that are 0 still. */
static int open_parts(struct training *training)
{
    const struct train_job *job = training->job;
    struct model_options options = setting_model(job->setting, job->variant, job->threads);
    struct comm *comm = training->comm;

    if ((!text2text_of(job->task) && open_heldout(training)) ||
        batch_create_buckets(&training->batch, options.batch, options.model.input_length,
                             options.model.target_length, options.buckets) ||
        (leads(training) && task_stream_open(&training->stream, job->task, job->seed)))
        return -1;
    options.batch /= comm->size;
    options.comm = comm;
    if (model_create(&training->model, &options))
        return -1;
    return text2text_of(job->task) ? evaluation_open_scoring(&training->evaluation, text2text_of(job->task),
                                                             training->model)
                                   : 0;
}

/* The stream to where the training is. */
static int go_on(struct task_stream *stream, const struct train_state *state)
{
    uint64_t batches = (uint64_t)state->step;

    return state->has_place ? task_stream_go(stream, &state->place, batches)
                            : task_stream_skip(stream, batches);
}

/* Values, from the seed or from elsewhere. */
static int begin(struct training *training)
{
    const struct train_job *job = training->job;
    bool resumed = job->resume && job->states &&
                   state_load(job->states, training->model, job->setting->recipe.steps,
                              &training->state, training->evaluation.scoring, training->result);

    if (resumed) {
        model_set_seed(training->model, job->seed);
        if (go_on(training->stream, &training->state))
            return -1;
    } else {
        model_init(training->model, job->seed);
        if (job->init_directory && load_weights(training))
            return -1;
    }
    return shared_start(training->comm, resumed || job->init_directory, training->model,
                        &training->state, training->result);
}

static int open_training(struct training *training)
{
    training->saved_s = clock_now_s();
    training->states_asked = signals_states;
    if (training->job->shorter)
        training->parting_step = setting_shared_steps(training->job->setting, training->job->shorter);
    return open_parts(training) || begin(training) ? -1 : 0;
}

static void close_training(struct training *training)
{
    evaluation_close(&training->evaluation); /* it may decode with the model */
    model_destroy(training->model);
    task_stream_close(training->stream);
    batch_destroy(training->batch);
    batch_destroy(training->heldout);
}

static void report(const struct training *training, double train_loss_nats, double heldout_nats)
{
    const struct train_job *job = training->job;
    struct train_progress progress = {training->state.step, job->setting->recipe.steps, train_loss_nats,
                                      heldout_nats};

    if (job->report)
        job->report(job->context, &progress);
}

static int add_curve_point(struct training *training, double heldout_nats)
{
    struct run_result *result = training->result;
    struct curve_point *curve =
        realloc(result->curve, (size_t)(result->curve_count + 1) * sizeof *curve);

    if (!curve)
        return err_set("out of memory");
    result->curve = curve;
    curve[result->curve_count++] = (struct curve_point){
        .step = training->state.step,
        .train_loss_nats = training->state.interval_steps > 0
                               ? training->state.interval_nats / (double)training->state.interval_steps
                               : NAN,
        .heldout_log_perplexity_nats = heldout_nats,
        .train_s = result->train_s,
    };
    training->state.interval_nats = 0;
    training->state.interval_steps = 0;
    return 0;
}

static int64_t tokens_seen(const struct training *training)
{
    const struct train_job *job = training->job;
    struct model_options options = setting_model(job->setting, job->variant, job->threads);

    return training->state.step * (int64_t)options.batch * model_tokens(&options);
}

static void set_diverged(struct training *training, const char *what, double loss_nats)
{
    char text[160], nats[40] = "no number";

    if (isfinite(loss_nats))
        snprintf(nats, sizeof nats, "%g nats", loss_nats);
    snprintf(text, sizeof text, "%s was %s after step %lld, far above guessing (%.2f)", what, nats,
             (long long)training->state.step, log(training->job->setting->vocabulary));
    training->result->status = RUN_DIVERGED;
    training->result->error = strdup(text);
}

static bool has_diverged(const struct training *training, double loss_nats)
{
    return !(loss_nats <= DIVERGED_FACTOR * log(training->job->setting->vocabulary));
}

/* How often there is a line when nobody says it: a hundred of a run, besides those of evaluations. */
static bool line_is_due(const struct setting *setting, int64_t step)
{
    int64_t every = setting->log_every > 0 ? setting->log_every : setting->recipe.steps / 100;

    return step % (every > 0 ? every : 1) == 0;
}

static void add_line(const struct training *training, double train_loss_nats, double heldout_nats)
{
    const struct train_job *job = training->job;
    const struct schedule schedule = setting_schedule(job->setting);
    int64_t step = training->state.step;

    journal_add(job->journal, &(struct journal_line){
                                  .setting = job->setting_name,
                                  .variant = job->variant,
                                  .seed = job->seed,
                                  .step = step,
                                  .tokens_seen = tokens_seen(training),
                                  .learning_rate = step > 0 ? schedule_rate(&schedule, step) : NAN,
                                  .train_loss_nats = train_loss_nats,
                                  .heldout_log_perplexity_nats = heldout_nats,
                                  .train_s = training->result->train_s,
                              });
}

/* Evaluate on the held-out examples, all of them at the end, and add a point to the curve. */
static int evaluate(struct training *training, double train_loss_nats)
{
    struct evaluation *evaluation = &training->evaluation;
    bool all = training->state.step == training->job->setting->recipe.steps;
    double nats, start_s = clock_now_s();

    if (evaluation_make(evaluation, training->model, training->state.step, all))
        return -1;
    training->result->evaluate_s += clock_now_s() - start_s;
    nats = all ? evaluation->mean_nats : evaluation->curve_nats;
    if (has_diverged(training, nats)) {
        set_diverged(training, "the held-out loss", nats);
        evaluation->curve_nats = evaluation->mean_nats = NAN;
    }
    training->result->heldout_log_perplexity_nats = evaluation->mean_nats;
    report(training, NAN, all ? evaluation->mean_nats : evaluation->curve_nats);
    add_line(training, train_loss_nats, evaluation->curve_nats);
    return add_curve_point(training, evaluation->curve_nats);
}

/* What of the batch is no padding. */
static void count_used(struct training *training)
{
    const struct batch *batch = training->batch;

    training->state.examples += batch->examples;
    for (int i = 0; i < batch->examples; i++)
        training->state.used_tokens += batch->inputs_used[i] + batch->targets_used[i];
}

static int train_step(struct training *training, double *nats)
{
    const struct train_job *job = training->job;
    struct run_result *result = training->result;
    int64_t step = training->state.step + 1;
    const struct schedule schedule = setting_schedule(job->setting);
    struct batch part;
    double start_s = clock_now_s(), loss_nats;

    *nats = NAN;
    if ((leads(training) && task_stream_next(training->stream, training->batch)) ||
        batch_share(training->batch, training->comm))
        return -1;
    part = batch_part(training->batch, training->comm);
    if (model_train_step(training->model, &part, step, schedule_rate(&schedule, step), &loss_nats))
        return -1;
    result->train_s += clock_now_s() - start_s;
    training->state.step = step;
    count_used(training);
    dump_train(job->dump, job->variant, job->seed, step, training->batch, loss_nats);
    if (has_diverged(training, loss_nats)) {
        set_diverged(training, "the training loss", loss_nats);
        return 0;
    }
    *nats = loss_nats;
    training->state.interval_nats += loss_nats;
    training->state.interval_steps++;
    report(training, loss_nats, NAN);
    return 0;
}

static bool state_is_due(const struct training *training)
{
    int64_t every = training->job->setting->checkpoint_every;

    if (!training->job->states)
        return false;
    if (training->state_wanted || training->states_asked != signals_states)
        return true;
    return every > 0 ? training->state.step % every == 0
                     : clock_now_s() - training->saved_s >= state_interval_s;
}

/* Where the training is, with such a result so far. */
static int write_state(const struct training *training, const struct state_place *place,
                       const struct run_result *result)
{
    struct train_state state = training->state;

    state.has_place = task_stream_place(training->stream, &state.place);
    return state_save(place, training->model, &state, training->evaluation.scoring, result);
}

/* A state that cannot be saved must not end the training: the disk may have room again. */
static void save_state(struct training *training)
{
    training->states_asked = signals_states;
    training->state_wanted = false;
    training->saved_s = clock_now_s();
    if (write_state(training, training->job->states, training->result))
        warn_add("no checkpoint was written: %s", err_get());
}

/* Where a shorter training and this one part, the other's first state is this one's. */
static void save_for_shorter(const struct training *training)
{
    const struct train_job *job = training->job;
    int64_t step = training->state.step, latest;
    struct run_result result;

    if (!job->shorter_states || step != training->parting_step ||
        (state_steps(job->shorter_states, &latest, 1) > 0 && latest >= step))
        return;
    result = *training->result;
    result.shared_steps = step;
    if (write_state(training, job->shorter_states, &result))
        warn_add("a training of %lld steps begins anew: %s", (long long)job->shorter->recipe.steps, err_get());
}

/* What was asked for since the last step; *stop is the same on all ranks. */
static int heed_signals(struct training *training, int *stop)
{
    int asked = signals_states;
    bool wanted = training->states_asked != asked;

    if (shared_signals(training->comm, stop, &wanted))
        return -1;
    if (!training->job->states) /* nobody to write it */
        training->states_asked = asked;
    else if (wanted)
        training->state_wanted = true;
    return 0;
}

static int train_loop(struct training *training)
{
    struct run_result *result = training->result;
    const struct setting *setting = training->job->setting;
    double loss_nats;
    int stop;

    /* A training that goes on has its first points already. */
    if (result->curve_count == 0 && evaluate(training, NAN))
        return -1;
    while (result->status == RUN_OK && training->state.step < setting->recipe.steps) {
        if (heed_signals(training, &stop))
            return -1;
        if (stop) {
            result->status = RUN_INTERRUPTED;
            if (training->job->states)
                save_state(training);
            break;
        }
        if (train_step(training, &loss_nats))
            return -1;
        if (result->status != RUN_OK)
            break;
        if (evaluation_is_due(setting, training->state.step)) {
            if (evaluate(training, loss_nats))
                return -1;
        } else if (line_is_due(setting, training->state.step)) {
            add_line(training, loss_nats, NAN);
        }
        if (result->status != RUN_OK || training->state.step == setting->recipe.steps)
            continue;
        save_for_shorter(training);
        if (state_is_due(training))
            save_state(training);
    }
    return 0;
}

static void hash_parameters(struct model *model, char hex[SHA256_HEX_BYTES])
{
    int count;
    struct tensor *tensors = model_tensors(model, &count);
    struct sha256 sha;

    sha256_start(&sha);
    for (int i = 0; i < count; i++)
        sha256_add(&sha, tensors[i].value,
                   (size_t)tensors[i].rows * (size_t)tensors[i].cols * sizeof(float));
    sha256_finish_hex(&sha, hex);
}

/* How far it came, which is told of one that failed as well: its curve goes as far. */
static void count_steps(const struct training *training)
{
    struct run_result *result = training->result;

    result->steps = training->state.step;
    result->tokens_seen = tokens_seen(training);
    if (result->train_s > 0)
        result->train_tokens_per_s = (double)result->tokens_seen / result->train_s;
}

/* The weights, how text becomes their tokens, and what they are. */
static int save_weights(struct training *training)
{
    const struct train_job *job = training->job;
    const char *directory = job->save_directory;
    const struct tokenizer *tokenizer = job->task->tokenizer;

    if (weights_save(directory, training->model))
        return -1;
    count_steps(training);
    return (tokenizer->save && tokenizer->save(tokenizer, directory)) ||
                   card_write(directory, job->setting, job->task, training->model, training->result)
               ? err_prepend(FIELD("save_checkpoint"))
               : 0;
}

/* The scores, and how much of the work was padding. */
static int finish_scoring(struct training *training)
{
    const struct train_job *job = training->job;
    const struct train_state *state = &training->state;
    struct run_result *result = training->result;
    struct scoring *scoring = training->evaluation.scoring;
    const char *predictions = job->setting->predictions;
    char name[PATH_MAX];

    result->scoring = scoring_result(scoring);
    if (!result->scoring)
        return -1;
    if (json_put(result->scoring, "train_examples", json_integer(state->examples)) ||
        json_put(result->scoring, "padding_share",
                 json_number(1 - (double)state->used_tokens / (double)tokens_seen(training))))
        return err_set("out of memory");
    snprintf(name, sizeof name, "%s%s%s-s%llu", job->setting_name ? job->setting_name : "",
             job->setting_name ? "-" : "", job->variant->name, (unsigned long long)job->seed);
    if (predictions && scoring_predict(scoring, predictions, name))
        return -1;
    return job->save_directory ? save_weights(training) : 0;
}

/* What there is to tell when the training has ended and did not fail. */
static int finish(struct training *training)
{
    const struct train_job *job = training->job;
    struct evaluation *evaluation = &training->evaluation;
    struct run_result *result = training->result;

    hash_parameters(training->model, result->parameters_sha256);
    if (shared_check(training->comm, result->parameters_sha256))
        return -1;
    if (result->status != RUN_OK) {
        result->heldout_log_perplexity_nats = NAN;
        return 0;
    }
    if (!leads(training))
        return 0;
    result->heldout_examples = (int)evaluation->examples;
    result->heldout_target_tokens = evaluation->target_tokens;
    result->heldout_target_bytes = job->task->heldout_bytes;
    if (evaluation->scoring)
        return finish_scoring(training);
    dump_heldout(job->dump, job->variant, job->seed, training->state.step,
                 evaluation->heldout, evaluation->example_nats);
    result->example_nats = evaluation->example_nats;
    evaluation->example_nats = NULL;
    return job->save_directory ? save_weights(training) : 0;
}

void train_run(const struct train_job *job, struct run_result *result)
{
    struct training training = {.job = job,
                                .comm = job->comm ? job->comm : comm_type_at(0)->get(),
                                .result = result};
    bool alone = job->setting->recipe.jobs == 1;

    *result = (struct run_result){.variant = job->variant,
                                  .seed = job->seed,
                                  .heldout_log_perplexity_nats = NAN};
    if (job->init_directory)
        snprintf(result->init_sha256, sizeof result->init_sha256, "%s", job->init_sha256);
    result->repro = setting_repro(job->setting, job->variant, (int64_t)job->seed, job->init_directory);
    if (alone)
        machine_peak_reset();
    if (open_training(&training) || train_loop(&training) ||
        (job->task && job->task->dataset && dataset_check(job->task->dataset)) ||
        finish(&training)) {
        result->status = RUN_FAILED;
        result->heldout_log_perplexity_nats = NAN;
        free(result->error);
        result->error = strdup(err_get());
    }
    count_steps(&training);
    result->peak_memory_bytes = machine_peak_bytes();
    close_training(&training);
}
