/* table.c - the one table of options, and what is asked of its rows. */
#include "src/glu.h"

#include "src/setting/option.h"

#include "src/setting/presets.h"
#include "src/setting/request.h"
#include "src/setting/setting.h"

#include "src/results/published.h"
#include "src/results/results.h"
#include "src/text/tokenizer.h"

#include <stdio.h>
#include <string.h>

/* ---- Choices, from the registries ------------------------------------------------------------ */

static const char *tokenizer_choice(int i)
{
    static char names[8][64]; /* with an argument: "KIND:FILE" */
    const struct tokenizer_type *type = tokenizer_type_at((size_t)i);

    if (!type || i >= (int)LENGTH_OF(names) || !type->argument)
        return type ? type->name : NULL;
    snprintf(names[i], sizeof names[i], "%s:%s", type->name, type->argument);
    return names[i];
}

static const char *precision_choice(int i)
{
    return i == 0 ? PRECISION_AUTO : precision_name((enum precision)(i - 1));
}

/* Those of a results file, then those of a study. */
static const char *table_choice(int i)
{
    int own = 0;

    while (report_table_name(own, NULL))
        own++;
    return i < own ? report_table_name(i, NULL) : study_table_name(i - own, NULL);
}

static const char *format_choice(int i)
{
    return report_format_name(i, NULL);
}

static const char *optimizer_choice(int i)
{
    const struct optimizer_type *type = optimizer_type_at(i);

    return type ? type->name : NULL;
}

static const char *schedule_choice(int i)
{
    const char *name;

    return schedule_type_at(i, &name) ? name : NULL;
}

/* ---- The table ------------------------------------------------------------------------------- */

#define SETTING(member) IN_SETTING, offsetof(struct setting, member)
#define REQUEST(member) IN_REQUEST, offsetof(struct request, member)
#define NOWHERE IN_NOTHING, 0
#define GROUP(text, who) {.type = OPTION_GROUP, .help = text, .commands = who}

enum {
    MODEL = COMMANDS_OF_MODEL,
    RUN_PLAN = COMMAND_RUN | COMMAND_PLAN,
    PRINTING = COMMAND_PLAN | COMMAND_LIST | COMMAND_REPORT | COMMAND_COMPARE | COMMAND_SCORE
};

static const struct setting_option options[] = {
    GROUP("What is compared", MODEL),
    {"preset", 'p', OPTION_TEXT, AFFECTS_NOTHING /* what it sets does */, SETTING(preset), MODEL,
     .json = "preset", .argument = "NAME", .choice = preset_name, .noun = "preset", .listed = true,
     .own = true, .help = "sizes of the model and the training; see 'glubench list'"},
    {"config", 'c', OPTION_TEXT, AFFECTS_NOTHING, SETTING(file), MODEL, .argument = "FILE",
     .help = "read options from a JSON file, or from the results file of an earlier run; the "
             "command line wins over it"},
    {"variant", 'V', OPTION_LIST, AFFECTS_NOTHING, SETTING(variant_names), MODEL,
     .json = "variants", .argument = "NAME", .own = true, .automatic = "the paper's eight",
     .help = "a feed-forward variant, or custom:ACT[,gated][,alpha=A][,beta=B]; may be repeated"},
    {"all-variants", 'a', OPTION_FLAG, AFFECTS_NOTHING, SETTING(all_variants), MODEL,
     .help = "the paper's eight variants, besides those of " FIELD("variant")},
    {"group", 0, OPTION_TEXT, AFFECTS_NOTHING, SETTING(group), MODEL, .argument = "NAME",
     .choice = variant_group_name, .noun = "group",
     .help = "the variants of a paper, or all that there are, besides those of " FIELD("variant")},
    {"baseline", 0, OPTION_TEXT, AFFECTS_NOTHING, SETTING(baseline_name), MODEL,
     .json = "baseline", .argument = "NAME", .own = true, .automatic = "relu",
     .help = "the variant that the others are compared with"},
    {"seeds", 'n', OPTION_INT, AFFECTS_NOTHING, SETTING(recipe.seeds), MODEL, .json = "seeds",
     .min = 1, .max = 10000, .argument = "N", .own = true,
     .help = "train each variant with N seeds"},
    {"seed", 0, OPTION_INT64, AFFECTS_NOTHING, SETTING(first_seed), MODEL,
     .min = 0, .max = 9007199254740991.0, .argument = "N", .own = true, .initial = "1",
     .help = "the first seed; the next ones follow it"},
    {"until-decided", 0, OPTION_FLAG, AFFECTS_NOTHING, SETTING(until_decided), RUN_PLAN,
     .json = "until_decided", .own = true, .sparse = true,
     .help = "look after each seed, by a rule that is valid at every look, and stop when every variant is "
             "better, worse or equal; " FIELD("seeds") " is the most then"},
    {"equivalence", 0, OPTION_REAL, AFFECTS_NOTHING, SETTING(equivalence_nats), RUN_PLAN,
     .json = "equivalence_nats", .min = 1e-9, .max = 100, .argument = "NATS", .initial = "0.005",
     .own = true,
     .help = "in the table of verdicts, and with " FIELD("until_decided") ", a variant is equal to the "
             "baseline when it is shown to differ by less than NATS"},
    {"no-slope", 0, OPTION_FLAG, AFFECTS_NOTHING, SETTING(recipe.no_slope), RUN_PLAN,
     .json = "no_slope", .own = true,
     .help = "do not train the baseline for half of the steps too, from which the table of verdicts "
             "tells how many times the steps a difference is worth; smoke presets never do"},
    {"allow-unequal", 0, OPTION_FLAG, AFFECTS_RESULT, SETTING(allow_unequal), MODEL,
     .json = "allow_unequal",
     .help = "accept variants whose numbers of parameters differ by more than 0.1 %"},

    GROUP("Studies", RUN_PLAN),
    {"vary", 0, OPTION_LIST, AFFECTS_NOTHING, REQUEST(vary), RUN_PLAN,
     .argument = "OPTION=V1,V2,...", .automatic = "one setting",
     .help = "repeat everything with each of the values of an option; several are all combinations"},
    {"study", 0, OPTION_TEXT, AFFECTS_NOTHING, REQUEST(study), RUN_PLAN, .argument = "FILE",
     .help = "the same of a JSON file, whose values may set several options each; with either, "
             FIELD("output") " is a directory, which is gone on with when it is there"},
    {"cell", 0, OPTION_TEXT, AFFECTS_NOTHING, REQUEST(cell), COMMAND_RUN_ITSELF, .argument = "K/N",
     .automatic = "all of them",
     .help = "do the K-th of N parts of the runs and leave the rest to other programs, as 'glubench cells' "
             "prints it; " FIELD("output") " is the directory of a study, also of one setting"},

    GROUP("Model", MODEL),
    {"architecture", 0, OPTION_TEXT, AFFECTS_RESULT, SETTING(architecture_name), MODEL,
     .json = "model.architecture", .argument = "NAME", .choice = architecture_name,
     .noun = "architecture",
     .help = "t5, an encoder and a decoder trained to fill in spans, or lm, a decoder alone trained to "
             "tell the next token, with a " FIELD("preset") " of its own"},
    {"d-model", 0, OPTION_INT, AFFECTS_RESULT, SETTING(recipe.d_model), MODEL,
     .json = "model.d_model", .min = 1, .max = 32768, .argument = "N",
     .help = "width of the model"},
    {"layers", 0, OPTION_INT, AFFECTS_RESULT, SETTING(recipe.layers), MODEL,
     .json = "model.layers", .min = 1, .max = 256, .argument = "N",
     .help = "layers; with t5 of the encoder, and again of the decoder"},
    {"heads", 0, OPTION_INT, AFFECTS_RESULT, SETTING(recipe.heads), MODEL, .json = "model.heads",
     .min = 1, .max = 1024, .argument = "N", .help = "attention heads"},
    {"d-kv", 0, OPTION_INT, AFFECTS_RESULT, SETTING(recipe.d_kv), MODEL, .json = "model.d_kv",
     .min = 1, .max = 4096, .argument = "N", .help = "width of one attention head"},
    {"d-ff", 0, OPTION_INT, AFFECTS_RESULT, SETTING(recipe.d_ff), MODEL, .json = "model.d_ff",
     .min = 1, .max = 262144, .argument = "N",
     .help = "hidden width of an ungated feed-forward layer; gated ones take 2/3 of it"},
    {"gated-d-ff", 0, OPTION_INT, AFFECTS_RESULT, SETTING(recipe.gated_d_ff), MODEL,
     .json = "model.gated_d_ff", .min = 1, .max = 262144, .argument = "N",
     .automatic = "2/3 of " FIELD("d_ff"),
     .help = "hidden width of a gated layer; ungated ones take 3/2 of it"},

    GROUP("Training", MODEL),
    {"steps", 's', OPTION_INT64, AFFECTS_RESULT, SETTING(recipe.steps), MODEL,
     .json = "training.steps", .min = 0, .max = 1e9, .argument = "N",
     .help = "training steps; 0 evaluates the initial weights"},
    {"batch", 'b', OPTION_INT, AFFECTS_RESULT, SETTING(recipe.batch), MODEL,
     .json = "training.batch", .min = 1, .max = 65536, .argument = "N",
     .help = "examples of a step"},
    {"input-length", 0, OPTION_INT, AFFECTS_RESULT, SETTING(recipe.input_length), MODEL,
     .json = "training.input_length", .min = 2, .max = 16384, .argument = "N",
     .help = "input tokens of an example; with lm all of them"},
    {"target-length", 0, OPTION_INT, AFFECTS_RESULT, SETTING(recipe.target_length), MODEL,
     .json = "training.target_length", .min = 2, .max = 16384, .argument = "N",
     .automatic = "what T5's rule gives", .help = "of t5: target tokens of an example"},
    {"learning-rate", 'l', OPTION_REAL, AFFECTS_RESULT, SETTING(recipe.learning_rate), MODEL,
     .json = "training.learning_rate", .min = 1e-12, .max = 1e6, .argument = "X",
     .help = "learning rate at the end of the warm-up"},
    {"learning-rate-factor", 0, OPTION_REAL, AFFECTS_RESULT, SETTING(rate_factor), MODEL,
     .min = 1e-6, .max = 1e6, .argument = "X", .initial = "1",
     .help = "times the learning rate of preset and optimizer, for studies over several of these; "
             "recorded is the product"},
    {"warmup-steps", 'w', OPTION_INT64, AFFECTS_RESULT, SETTING(recipe.warmup_steps), MODEL,
     .json = "training.warmup_steps", .min = 1, .max = 1e9, .argument = "N",
     .help = "steps of warm-up, in which the rate rises to that of " FIELD("learning_rate")
             ", or stands where " FIELD("schedule") " is inverse-sqrt"},
    {"decay-fraction", 0, OPTION_REAL, AFFECTS_RESULT, SETTING(recipe.decay_fraction), MODEL,
     .json = "training.decay_fraction", .min = 0, .max = 1, .argument = "X",
     .help = "share of the steps, the last ones, over which the learning rate falls to zero"},
    {"schedule", 0, OPTION_TEXT, AFFECTS_RESULT, SETTING(schedule_name), MODEL,
     .json = "training.schedule", .argument = "NAME", .choice = schedule_choice, .noun = "schedule",
     .help = "how the learning rate falls after the warm-up"},
    {"optimizer", 0, OPTION_TEXT, AFFECTS_RESULT, SETTING(optimizer_name), MODEL,
     .json = "training.optimizer", .argument = "NAME", .choice = optimizer_choice,
     .noun = "optimizer",
     .help = "how the weights follow their gradients; another one than the preset's takes a "
             FIELD("learning_rate") " of its own"},
    {"weight-decay", 0, OPTION_REAL, AFFECTS_RESULT, SETTING(optimizer.weight_decay), MODEL,
     .json = "training.weight_decay", .min = 0, .max = 100, .argument = "X",
     .automatic = "0.1 with adamw",
     .help = "of adamw: what matrices lose in a step, times the learning rate"},
    {"beta1", 0, OPTION_REAL, AFFECTS_RESULT, SETTING(optimizer.beta1), MODEL,
     .json = "training.beta1", .min = 0, .max = 0.999999, .argument = "X",
     .automatic = "0.9 with adamw", .help = "of adamw: decay of the mean gradient"},
    {"beta2", 0, OPTION_REAL, AFFECTS_RESULT, SETTING(optimizer.beta2), MODEL,
     .json = "training.beta2", .min = 0, .max = 0.999999, .argument = "X",
     .automatic = "0.95 with adamw", .help = "of adamw: decay of the mean squared gradient"},
    {"clip-norm", 0, OPTION_REAL, AFFECTS_RESULT, SETTING(optimizer.clip_norm), MODEL,
     .json = "training.clip_norm", .min = 0, .max = 1e9, .argument = "X",
     .automatic = "1 with adamw, else none",
     .help = "scale the gradient of a step down to a norm of X where it is larger; 0: never"},
    {"dropout", 0, OPTION_REAL, AFFECTS_RESULT, SETTING(dropout), MODEL,
     .json = "training.dropout", .min = 0, .max = 0.99, .argument = "X", .initial = "0",
     .help = "share of the activations that a training step leaves out"},
    {"evaluate-every", 0, OPTION_INT64, AFFECTS_RESULT, SETTING(evaluate_every), RUN_PLAN,
     .json = "training.evaluate_every", .min = 1, .max = 1e9, .argument = "N",
     .automatic = "11 times a run",
     .help = "held-out evaluation after every N steps, and at the end"},

    GROUP("Data", MODEL),
    {"corpus", 'C', OPTION_LIST, AFFECTS_NOTHING /* the text does */, SETTING(corpus), MODEL,
     .json = "corpus.paths", .argument = "PATH", .automatic = "a built-in language",
     .help = "training text: a file or directory of plain text or JSON lines as C4 has them, plain "
             "or gzip; may be repeated"},
    {"heldout", 'H', OPTION_LIST, AFFECTS_NOTHING, SETTING(heldout), MODEL,
     .json = "heldout.paths", .argument = "PATH", .automatic = "a share of the corpus",
     .help = "held-out text, in the same formats; may be repeated"},
    {"stream", 0, OPTION_FLAG, AFFECTS_RESULT, SETTING(recipe.stream), MODEL, .json = "corpus.stream",
     .sparse = true,
     .help = "read the corpus once, while training, in place of reading all of it first: its files in an "
             "order by seed, the documents as they stand there; names and sizes of the files stand for a "
             "checksum, " FIELD("heldout") " must be given, and a place in the stream is gone on from; base "
             "and lm-base do so"},
    {"no-stream", 0, OPTION_FLAG, AFFECTS_NOTHING, SETTING(no_stream), MODEL, .json = "corpus.no_stream",
     .sparse = true, .help = "do not, in spite of the preset"},
    {"text-field", 0, OPTION_TEXT, AFFECTS_RESULT, SETTING(text_field), MODEL,
     .json = "corpus.text_field", .argument = "NAME", .automatic = "text", .sparse = true,
     .help = "what JSON lines call their text"},
    {"heldout-share", 0, OPTION_REAL, AFFECTS_RESULT, SETTING(heldout_share), MODEL,
     .json = "heldout.share", .min = 0.0001, .max = 0.5, .argument = "X", .initial = "0.05",
     .help = "share of the documents that is held out when there is no " FIELD("heldout")},
    {"heldout-examples", 0, OPTION_INT, AFFECTS_RESULT, SETTING(recipe.heldout_examples), MODEL,
     .json = "heldout.max_examples", .min = 1, .max = 1000000, .argument = "N",
     .help = "at most N held-out examples of the last evaluation, which is the result"},
    {"curve-examples", 0, OPTION_INT, AFFECTS_RESULT, SETTING(recipe.curve_examples), MODEL,
     .json = "heldout.curve_examples", .min = 1, .max = 1000000, .argument = "N",
     .help = "at most N of these for each other point of the curve"},
    {"tokenizer", 0, OPTION_TEXT, AFFECTS_RESULT, SETTING(tokenizer), MODEL, .json = "tokenizer",
     .argument = "NAME", .choice = tokenizer_choice, .initial = "bytes",
     .help = "how text becomes tokens: bytes, or the pieces of a SentencePiece model whose pad, EOS and "
             "unk are 0, 1 and 2, as T5's are"},
    {"tokenizer-file", 0, OPTION_TEXT, AFFECTS_NOTHING /* its content does */, SETTING(tokenizer_file), 0,
     .json = "tokenizer_file", .argument = "FILE", .sparse = true},
    {"noise-density", 0, OPTION_REAL, AFFECTS_RESULT, SETTING(noise_density), MODEL,
     .json = "training.noise_density", .min = 0.01, .max = 0.9, .argument = "X", .initial = "0.15",
     .help = "of t5: share of the tokens that is corrupted"},
    {"mean-span", 0, OPTION_REAL, AFFECTS_RESULT, SETTING(mean_span), MODEL,
     .json = "training.mean_span", .min = 1, .max = 100, .argument = "X", .initial = "3",
     .help = "of t5: mean length of a corrupted span, in tokens"},

    GROUP("Tasks", RUN_PLAN | COMMAND_SCORE),
    {"task", 0, OPTION_TEXT, AFFECTS_NOTHING /* its texts do */, SETTING(task), RUN_PLAN | COMMAND_SCORE,
     .json = "task", .argument = "NAME", .automatic = "the architecture's own; of score the folder's name", .sparse = true,
     .help = "a text in, a text out, in place of spans: glue, superglue, squad, paper (all three), one or more "
             "of their tasks with commas between, tsv:TRAIN,DEV[:METRIC], or translation:SOURCE,TARGET with "
             FIELD("heldout") " and " FIELD("test")},
    {"data", 0, OPTION_TEXT, AFFECTS_NOTHING, SETTING(data), RUN_PLAN, .json = "task_data",
     .argument = "DIR", .automatic = "none", .sparse = true,
     .help = "where tasks have their files, in glue/, superglue/ and squad/ as the distributions have them"},
    {"test", 0, OPTION_TEXT, AFFECTS_NOTHING, SETTING(test), RUN_PLAN, .json = "task_test",
     .argument = "SOURCE,TARGET", .automatic = "none", .sparse = true,
     .help = "of a translation: the test set, which is read once, when the training has ended"},
    {"mixture-cap", 0, OPTION_INT64, AFFECTS_RESULT, SETTING(mixture_cap), RUN_PLAN,
     .json = "training.mixture_cap", .min = 1, .max = 9007199254740991.0, .argument = "N",
     .automatic = "none", .sparse = true,
     .help = "tasks are drawn in proportion to their examples; a larger one counts as N"},
    {"from", 0, OPTION_TEXT, AFFECTS_NOTHING /* the weights do */, SETTING(from), COMMAND_FINETUNE,
     .json = "finetune.from", .argument = "DIR", .automatic = "none", .sparse = true,
     .help = "the weights that are fine-tuned: of a run, or DIR/VARIANT-sSEED of many, as "
             FIELD("save_checkpoint") " writes them; sizes, variants, seeds and tokenizer are theirs"},
    {"control", 0, OPTION_FLAG, AFFECTS_RESULT, SETTING(control), COMMAND_FINETUNE,
     .json = "finetune.control", .sparse = true,
     .help = "the same without the pre-training: start from the seed, with the sizes of those weights"},
    {"train-embeddings", 0, OPTION_FLAG, AFFECTS_RESULT, SETTING(train_embeddings), COMMAND_FINETUNE,
     .json = "finetune.train_embeddings", .sparse = true,
     .help = "train the embedding matrix too, which is the softmax's; the paper kept it fixed"},
    {"predictions", 0, OPTION_TEXT, AFFECTS_NOTHING, SETTING(predictions), COMMAND_RUN, .argument = "DIR",
     .automatic = "none",
     .help = "keep what the models answered, and how likely the classes were, in DIR/TASK/VARIANT-sSEED.jsonl"},

    GROUP("Execution", MODEL),
    {"threads", 't', OPTION_INT, AFFECTS_SPEED /* not those of a run */, SETTING(threads), MODEL,
     .json = "threads", .min = 1, .max = 1024, .argument = "N", .own = true,
     .automatic = "OMP_NUM_THREADS, or one per core", .help = "threads, of all jobs together; of MPI, of each rank"},
    {"team", 0, OPTION_INT, AFFECTS_BITS, SETTING(team), MODEL, .json = "team", .min = 1, .max = 1024,
     .argument = "N", .own = true, .sparse = true,
     .automatic = "1, or more where there are several for an example or memory is short",
     .help = "threads that do an example together, in place of one each"},
    {"jobs", 'j', OPTION_INT, AFFECTS_SPEED, SETTING(recipe.jobs), RUN_PLAN, .json = "jobs",
     .min = 1, .max = 1024, .argument = "N", .own = true, .automatic = "one per thread",
     .help = "trainings side by side, each with its share of the threads"},
    {"ranks-per-run", 0, OPTION_INT, AFFECTS_SPEED /* as threads */, SETTING(ranks_per_run), COMMAND_RUN,
     .json = "ranks_per_run", .min = 1, .max = 1000000, .argument = "R", .sparse = true,
     .automatic = "all", .help = "of glubench_mpi: processes that do one training together, each with its "
     "share of the batch; other groups of so many do other runs"},
    {"precision", 0, OPTION_TEXT, AFFECTS_RESULT, SETTING(precision_name), MODEL,
     .json = "precision", .argument = "NAME", .choice = precision_choice, .own = true,
     .initial = PRECISION_AUTO,
     .help = "of the matrix products; bf16 keeps f32 master weights, auto is bf16 where the CPU "
             "has it"},
    {"micro-batch", 0, OPTION_INT, AFFECTS_RESULT, SETTING(micro_batch), MODEL,
     .json = "micro_batch", .min = 1, .max = 65536, .argument = "N",
     .automatic = "chosen by size", .help = "examples that a thread handles at once"},
    {"samples", 0, OPTION_INT, AFFECTS_NOTHING, SETTING(recipe.samples), MODEL, .json = "samples",
     .min = 0, .max = 10000, .argument = "N", .own = true,
     .help = "throughput samples of each variant and pass; 0 measures none"},
    {"ffn", 0, OPTION_FLAG, AFFECTS_NOTHING, SETTING(ffn), COMMAND_BENCH,
     .help = "time one feed-forward layer of the paper's shape in place of the model"},
    {"decode", 0, OPTION_INT, AFFECTS_NOTHING, SETTING(decode), COMMAND_BENCH,
     .min = 1, .max = 4096, .argument = "N", .automatic = "not asked",
     .help = "time greedy decoding of N tokens an example in place of training steps: with keys and values "
             "that are kept, and by running the whole decoder anew for every token"},
    {"profile", 0, OPTION_FLAG, AFFECTS_NOTHING, SETTING(profile), COMMAND_BENCH,
     .help = "tell where the time of a training step goes, in place of the throughput"},
    {"scaling", 0, OPTION_FLAG, AFFECTS_NOTHING, SETTING(scaling), COMMAND_BENCH, .alias = "sweep",
     .help = "time the training step over threads, d_model, input length and batch, in place of "
             "the throughput; without " FIELD("variant") " of the baseline alone"},
    {"scaling-d-model", 0, OPTION_INT, AFFECTS_NOTHING, SETTING(scaling_d_model), COMMAND_BENCH,
     .min = 64, .max = 4096, .argument = "N", .initial = "768", .alias = "sweep-d-model",
     .help = "the widest model of " FIELD("scaling")},
    {"exchange", 0, OPTION_FLAG, AFFECTS_NOTHING, SETTING(exchange), COMMAND_BENCH,
     .help = "of glubench_mpi: time the exchange of a gradient between all ranks and a training step by "
             "them, in place of the throughput; without " FIELD("variant") " of the baseline alone"},
    {"exchange-size", 0, OPTION_REAL, AFFECTS_NOTHING, SETTING(exchange_size), COMMAND_BENCH,
     .min = 0.001, .max = 4000, .argument = "MB", .automatic = "the gradient's",
     .help = "time the exchange of so much, and no step, as " FIELD("exchange") " does"},

    GROUP("Power", COMMAND_PLAN),
    {"detect", 0, OPTION_REAL, AFFECTS_NOTHING, REQUEST(detect_nats), COMMAND_PLAN,
     .min = 1e-6, .max = 100, .argument = "NATS", .automatic = "not asked",
     .help = "tell how many seeds would resolve a difference of NATS; the spread of the "
             "differences is that of the results file given by " FIELD("config") ", or else the paper's"},

    GROUP("Cluster", COMMAND_PLAN),
    {"ranks", 0, OPTION_INT, AFFECTS_NOTHING, REQUEST(ranks), COMMAND_PLAN,
     .min = 1, .max = 1000000, .argument = "R", .automatic = "not asked",
     .help = "tell what trainings take on so many machines, one rank of glubench_mpi on each, one training "
             "after the other"},
    {"network", 0, OPTION_REAL, AFFECTS_NOTHING, REQUEST(network_gbit_per_s), COMMAND_PLAN,
     .min = 0.001, .max = 1e6, .argument = "GBIT", .automatic = "none",
     .help = "what each of the " FIELD("ranks") " sends and gets a second; needed where there are several"},
    {"node-gflops", 0, OPTION_REAL, AFFECTS_NOTHING, REQUEST(node_gflop_per_s), COMMAND_PLAN,
     .min = 0.001, .max = 1e9, .argument = "X", .automatic = "as this machine",
     .help = "GFLOP a second that a training reaches on each of the " FIELD("ranks")},

    GROUP("Files", MODEL),
    {"output", 'o', OPTION_TEXT, AFFECTS_NOTHING, SETTING(output), COMMAND_RUN | COMMAND_BENCH,
     .argument = "FILE", .automatic = "glubench.json, glubench-bench.json of bench, glubench-study of a study",
     .help = "the results file; - is standard output, and then nothing else is there"},
    {"dump-batches", 0, OPTION_TEXT, AFFECTS_NOTHING, SETTING(dump_batches), COMMAND_RUN_ITSELF,
     .argument = "FILE",
     .help = "write the token ids and the losses of every step as JSON lines"},
    {"log", 0, OPTION_TEXT, AFFECTS_NOTHING, SETTING(log), COMMAND_RUN_ITSELF, .argument = "FILE",
     .help = "write how trainings go as JSON lines, one for every evaluation and for every "
             FIELD("log_every") " steps, as it happens; " FIELD("resume") " goes on with it"},
    {"log-every", 0, OPTION_INT64, AFFECTS_NOTHING, SETTING(log_every), COMMAND_RUN_ITSELF, .min = 1,
     .max = 1e9, .argument = "N", .automatic = "a hundredth of the steps",
     .help = "steps from one line of " FIELD("log") " to the next"},
    {"save-checkpoint", 0, OPTION_TEXT, AFFECTS_NOTHING, SETTING(save_checkpoint), COMMAND_RUN,
     .argument = "DIR",
     .help = "write the final weights as model.safetensors and config.json, the tokenizer's files and a "
             "README.md that tells what they are; with several runs into DIR/VARIANT-sSEED"},
    {"init-checkpoint", 0, OPTION_TEXT, AFFECTS_RESULT, SETTING(init_checkpoint), RUN_PLAN,
     .json = "init_checkpoint", .argument = "DIR",
     .help = "start from the weights of such a directory, or of one in Hugging Face's layout"},
    {"checkpoint-every", 0, OPTION_INT64, AFFECTS_NOTHING, SETTING(checkpoint_every), COMMAND_RUN,
     .min = 1, .max = 1e9, .argument = "N", .automatic = "2 minutes",
     .help = "save what it takes to go on, after every N steps, in FILE.run beside the results "
             "file"},
    {"resume", 'r', OPTION_FLAG, AFFECTS_NOTHING, SETTING(resume), COMMAND_RUN,
     .help = "go on with a sweep that was stopped, with the results that it would have had; runs "
             "that are done are not repeated"},
    {"restart", 0, OPTION_FLAG, AFFECTS_NOTHING, SETTING(restart), COMMAND_RUN_ITSELF,
     .help = "throw away a sweep that was stopped, and start anew"},
    {"force", 0, OPTION_FLAG, AFFECTS_NOTHING, SETTING(force), COMMAND_RUN | COMMAND_BENCH,
     .help = "replace files that glubench did not write; never one that is read"},

    GROUP("Tables", PRINTING | COMMAND_RUN),
    {"table", 0, OPTION_TEXT, AFFECTS_NOTHING, REQUEST(table), COMMAND_REPORT, .argument = "NAME",
     .choice = table_choice, .automatic = "perplexity, or transfer of a study",
     .help = "which table"},
    {"format", 'f', OPTION_TEXT, AFFECTS_NOTHING, REQUEST(format), PRINTING, .argument = "NAME",
     .choice = format_choice, .initial = "terminal",
     .help = "how a table is written; 'list' knows terminal and json"},
    {"beside", 0, OPTION_LIST, AFFECTS_NOTHING, SETTING(beside), RUN_PLAN | COMMAND_REPORT,
     .json = "beside", .argument = "KEY[,KEY]", .choice = published_key, .noun = "paper",
     .listed = true, .own = true, .many = true, .sparse = true,
     .automatic = "those that the results name; shazeer2020 always has its columns",
     .help = "put the figures of these papers beside ours; see 'glubench list', or ask for ?"},
    {"fail-on", 0, OPTION_REAL, AFFECTS_NOTHING, REQUEST(fail_on_percent), COMMAND_COMPARE,
     .min = 0, .max = 1000, .argument = "PERCENT", .automatic = "never",
     .help = "exit with status 3 when the second file is worse by more than PERCENT, significantly "
             "or untested, or lacks what the first has"},

    GROUP("General", COMMANDS_ALL),
    {"quiet", 'q', OPTION_FLAG, AFFECTS_NOTHING, REQUEST(quiet), COMMANDS_ALL,
     .help = "no progress, no warnings"},
    {"verbose", 'v', OPTION_FLAG, AFFECTS_NOTHING, REQUEST(verbose), COMMANDS_ALL,
     .help = "one line for every evaluation"},
    {"help", 'h', OPTION_HELP, AFFECTS_NOTHING, NOWHERE, COMMANDS_ALL,
     .help = "print this help and exit"},
    {"version", 0, OPTION_VERSION, AFFECTS_NOTHING, NOWHERE, COMMANDS_ALL,
     .help = "print the versions of the program and its libraries and exit"},
};
_Static_assert(LENGTH_OF(options) <= SETTING_OPTIONS_MAX, "there is an origin for each");

/* What setting_json() adds that is no option; a configuration file may hold it, to no effect. */
static const struct {
    const char *path;
    enum affects affects;
} derived[] = {
    {"seeds_max", AFFECTS_NOTHING},
    {"model.vocabulary", AFFECTS_RESULT},
    {"training.task", AFFECTS_RESULT},
    {"tasks", AFFECTS_NOTHING},
    {"tokenizer_sha256", AFFECTS_RESULT},
    {"threads_per_run", AFFECTS_BITS},
    {"threads_from", AFFECTS_NOTHING},
    {"corpus.kind", AFFECTS_RESULT},
    {"corpus.files", AFFECTS_RESULT},
    {"corpus.bytes", AFFECTS_RESULT},
    {"corpus.documents", AFFECTS_RESULT},
    {"corpus.bad_lines", AFFECTS_RESULT},
    {"corpus.shards", AFFECTS_RESULT},
    {"corpus.sha256", AFFECTS_RESULT},
    {"heldout.kind", AFFECTS_RESULT},
    {"heldout.files", AFFECTS_RESULT},
    {"heldout.bytes", AFFECTS_RESULT},
    {"heldout.documents", AFFECTS_RESULT},
    {"heldout.bad_lines", AFFECTS_RESULT},
    {"heldout.sha256", AFFECTS_RESULT},
};

/* ---- Its rows -------------------------------------------------------------------------------- */

int setting_option_count(void)
{
    return (int)LENGTH_OF(options);
}

const struct setting_option *setting_option_at(int i)
{
    return &options[i];
}

/* Are these the name of one option, be it an option's or a field's? */
static bool same_name(const char *a, const char *b)
{
    while (*a && (*a == *b || (*a == '_' && *b == '-') || (*a == '-' && *b == '_'))) {
        a++;
        b++;
    }
    return *a == *b;
}

int setting_option_find(const char *name)
{
    for (int i = 0; i < (int)LENGTH_OF(options); i++)
        if (options[i].name && same_name(options[i].name, name))
            return i;
    return -1;
}

int setting_option_of_path(const char *path)
{
    for (int i = 0; i < (int)LENGTH_OF(options); i++)
        if (options[i].json && strcmp(options[i].json, path) == 0)
            return i;
    return -1;
}

int setting_option_of_member(enum option_place place, size_t offset)
{
    for (int i = 0; i < (int)LENGTH_OF(options); i++)
        if (options[i].place == place && options[i].offset == offset)
            return i;
    return -1;
}

void setting_option_field(int option, char *text, size_t size)
{
    snprintf(text, size, FIELD("%s"), options[option].name);
    for (; *text; text++)
        if (*text == '-')
            *text = '_';
}

/* ---- What they affect ------------------------------------------------------------------------ */

static int find_derived(const char *path)
{
    for (int i = 0; i < (int)LENGTH_OF(derived); i++)
        if (strcmp(derived[i].path, path) == 0)
            return i;
    return -1;
}

bool setting_is_derived(const char *path)
{
    return find_derived(path) >= 0;
}

enum affects setting_affects(const char *path)
{
    int option = setting_option_of_path(path), i = find_derived(path);

    if (option >= 0)
        return options[option].affects;
    return i >= 0 ? derived[i].affects : AFFECTS_RESULT;
}
