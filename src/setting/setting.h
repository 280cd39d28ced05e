/* setting.h - what a command is asked to train or to measure, fully resolved: everything but the
 * variant and the seed of a run, and which of those there are.
 *
 * Later sources win: preset < configuration file < command line. */
#ifndef GLU_SETTING_SETTING_H
#define GLU_SETTING_SETTING_H

#include "src/model/model.h"
#include "src/nn/schedule.h"
#include "src/setting/option.h"
#include "src/task/task.h"
#include "src/task/text_sets.h"
#include "src/util/io.h"
#include "variants/variant.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The numbers that a preset sets: model, training, and how it is measured. */
struct recipe {
    int d_model, layers, heads, d_kv;
    int d_ff;       /* of an ungated layer */
    int gated_d_ff; /* of a gated one; 0 until resolved: 2/3 d_ff */
    int batch, input_length;
    int target_length; /* 0 until resolved: what the task gives for input_length */
    int64_t steps, warmup_steps;
    double learning_rate, decay_fraction;
    int seeds;            /* how many */
    int heldout_examples; /* of the last evaluation, at most */
    int curve_examples;   /* of the curve's points, at most */
    int samples;          /* throughput samples of each variant and pass */
    int jobs;             /* trainings side by side; 0 until resolved: one per thread */
    bool stream;          /* see text/dataset.h; resolved: of a corpus alone */
    bool no_slope;        /* without the runs of half of the steps, see study/slope.h */
};

enum { SETTING_VARIANTS_MAX = 1000 };

/* --precision that leaves it to the program. */
#define PRECISION_AUTO "auto"

struct setting {
    char *preset;
    char *architecture_name; /* the preset's until somebody says */
    struct recipe recipe;

    struct text_list variant_names;
    bool all_variants;
    char *group; /* --group; NULL: none */
    char *baseline_name;
    bool allow_unequal;
    double equivalence_nats; /* a difference within this is none */
    struct text_list beside; /* papers whose figures stand beside ours, by key */
    int64_t first_seed; /* seeds are first_seed, first_seed + 1, ... */
    bool until_decided; /* recipe.seeds are the most: there is a look after each */

    struct text_list corpus, heldout; /* paths */
    double heldout_share;
    bool no_stream; /* against the preset's; resolved: it has one */
    char *text_field; /* of JSON lines; NULL: "text" */
    char *tokenizer, *tokenizer_file; /* its kind; the model file, or NULL where the kind has none */
    double noise_density, mean_span; /* NAN where the task has none */
    int64_t evaluate_every; /* 0: at fixed fractions of the steps */

    char *task; /* pairs of texts, see task/text_sets.h; NULL: the architecture's own */
    char *data, *test;
    int64_t mixture_cap; /* 0: none */
    char *from;          /* the weights that are fine-tuned; NULL: it is no fine-tuning */
    bool control;        /* ... as if there were none */
    bool train_embeddings;
    char *predictions;

    const struct optimizer_type *preset_optimizer;
    char *optimizer_name, *schedule_name; /* the preset's until somebody says */
    struct optimizer_options optimizer;   /* NAN: what this optimizer does not take */
    double dropout;
    double rate_factor; /* of --learning-rate-factor; recipe.learning_rate is the product */

    int threads; /* of all jobs of a process together; 0 until resolved: OMP_NUM_THREADS, or one per core */
    int team;    /* threads of a worker; 0 until resolved, and when it is 1 as nobody asked for more */
    int ranks_per_run; /* of MPI; 0 until resolved: all; and when it is one process after all */
    int micro_batch;
    char *precision_name;

    char *file; /* --config */
    struct io_facts file_facts; /* what was read of it */
    int64_t checkpoint_every; /* steps; 0: by time */
    int64_t log_every;        /* steps; 0: a hundredth of them */
    bool resume, restart, force;
    char *output, *dump_batches, *log, *save_checkpoint, *init_checkpoint;
    bool ffn, profile, scaling, exchange;
    int decode; /* tokens of --decode; 0: not asked */
    int scaling_d_model; /* the widest model of --scaling */
    double exchange_size; /* MB; 0: of the gradient */

    /* Filled in by setting_resolve(). */
    const struct variant **variants; /* (variant_count), each once, in the order of the tables */
    int variant_count;
    const struct variant *baseline;
    const char *threads_from; /* what decides them: "given", "OMP_NUM_THREADS", or see util/cpus.h */
    struct io_facts tokenizer_facts; /* of the model file */
    int vocabulary;
    enum precision precision;
    struct variant_storage *storage; /* of custom: variants */

    unsigned char origin[SETTING_OPTIONS_MAX]; /* enum origin, by row of the table */
};

/* Resolve preset, configuration file and arguments, check every number and combination and find
 * the variants.  0, or -1 and a message naming the field (or the file and its key) and the legal
 * values.  The setting must be freed in either case. */
int setting_resolve(struct setting *setting, const struct setting_argument *arguments, int count)
    GLU_MUST_USE;
/* Only the defaults and the preset that the arguments ask for: what --help shows.  The same of
 * freeing. */
int setting_defaults(struct setting *setting, const struct setting_argument *arguments, int count)
    GLU_MUST_USE;
/* Nothing but what the arguments say, for commands that train nothing.  The same of freeing. */
int setting_said(struct setting *setting, const struct setting_argument *arguments, int count)
    GLU_MUST_USE;
/* Where the results go when nobody said. */
int setting_set_output(struct setting *setting, const char *path) GLU_MUST_USE;
void setting_free(struct setting *setting);

/* Where the rows of the table find its values. */
struct option_values setting_values(struct setting *setting);

/* Width of a variant's hidden layer. */
int setting_d_ff(const struct setting *setting, const struct variant *variant);
/* Threads of one training, in each of its processes. */
int setting_threads_per_run(const struct setting *setting);
/* Its processes. */
int setting_ranks_per_run(const struct setting *setting);
/* The field that says what its runs begin from, for messages. */
const char *setting_init_field(const struct setting *setting);
/* Does the number of ranks, which the option of that field gives, divide the batch?  0; -1 and a message with
 * the nearest that it does. */
int setting_check_ranks(const struct setting *setting, int ranks, const char *field) GLU_MUST_USE;
/* The model of a variant, trained with `threads` threads, in teams as large as a run's where there are so
 * many. */
struct model_options setting_model(const struct setting *setting, const struct variant *variant,
                               int threads);
/* Its learning rates. */
struct schedule setting_schedule(const struct setting *setting);
/* Of two that differ in their steps alone: how many steps of the shorter one, less than all, are the first of the
 * other as well. */
int64_t setting_shared_steps(const struct setting *whole, const struct setting *shorter);
/* The kind of task: that which its architecture is trained on, unless it has one. */
const char *setting_task_kind(const struct setting *setting);
/* The text and the task, borrowing from the setting. */
struct dataset_options setting_dataset(const struct setting *setting);
struct task_options setting_task(const struct setting *setting);
/* The pairs of texts, of a setting with a task. */
struct text_sets_options setting_text_sets(const struct setting *setting);
/* What tokenizer_open() calls the tokenizer. */
enum { SETTING_TOKENIZER_BYTES = PATH_MAX + 64 };
void setting_tokenizer(const struct setting *setting, char name[SETTING_TOKENIZER_BYTES]);
/* "f32", "bf16"; NULL when there is no such precision. */
const char *precision_name(enum precision precision);

/* The results file's `config` object, which --config reads as well.  The identities may be NULL.
 * New reference, or NULL and a message. */
json_t *setting_json(const struct setting *setting, const struct data_identity *corpus,
                    const struct data_identity *heldout);

/* The command line that does one run alone, quoted for a shell, from the weights in init_directory (NULL:
 * from the seed).  Owned by the caller; NULL and a message when there is no memory. */
char *setting_repro(const struct setting *setting, const struct variant *variant, int64_t seed,
                    const char *init_directory);

#endif
